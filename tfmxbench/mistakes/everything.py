"""All mistakes that favour one framework, at once."""

from tfmxbench.mistakes import ALL_PASSES, FIRST, SECOND, Mistake, Side, Variant, both

LARGE, SMALL = 1024, 32
AGAINST = ("data_feed", "loss_read_back", "evaluation_timed", "drift")

MISTAKE = Mistake(
    title="All at once",
    what=(
        "What favours one side and what hinders the other, added up: large batches and compiled code here; "
        "there small batches, imperative code, a slow feed, a loss that is read back in every step, "
        "evaluation and warming up inside the clock, and the slow hour of the machine. For MXNet's sake it "
        "is not waited for, besides."
    ),
    who=(),
    check="Publish the program, the order of the runs and the raw values: then each of these can be seen.",
    variants=(
        Variant(
            "for TensorFlow",
            (
                Side(FIRST, batch_size=LARGE),
                Side("gluon", AGAINST, ALL_PASSES, SMALL),
            ),
            both(),
        ),
        Variant(
            "for MXNet",
            (
                Side("keras_subclass", AGAINST, ALL_PASSES, SMALL),
                Side(SECOND, ("unsynchronised",), batch_size=LARGE),
            ),
            both(),
        ),
    ),
)
