"""All mistakes that favour one framework, at once."""

from tfmxbench.mistakes import ALL_PASSES, FIRST, SECOND, Mistake, Side, Variant, both

LARGE, SMALL = 1024, 32
AGAINST = ("data_feed", "loss_read_back", "evaluation_timed", "drift")

MISTAKE = Mistake(
    title="All at once",
    description=(
        "One side gets every advantage: large batches and compiled code. The other gets every handicap: "
        "small batches, imperative code, a slow data feed, a loss that is read back in every step, "
        "evaluation and warm-up on the clock, and the slow hour of the machine. In MXNet's favour, its "
        "asynchronous work is also not waited for."
    ),
    sources=(),
    check="Publish the program, the order of the runs and the raw values: readers can then see all of these.",
    variants=(
        Variant(
            "in favour of TensorFlow",
            (
                Side(FIRST, batch_size=LARGE),
                Side("gluon", AGAINST, ALL_PASSES, SMALL),
            ),
            both(),
        ),
        Variant(
            "in favour of MXNet",
            (
                Side("keras_subclass", AGAINST, ALL_PASSES, SMALL),
                Side(SECOND, ("unsynchronised",), batch_size=LARGE),
            ),
            both(),
        ),
    ),
)
