"""Accuracies are compared after different numbers of epochs."""

from tfmxbench.mistakes import ERROR, FIRST, LAST_ERROR, SECOND, Mistake, Side, Source, Variant, both

MISTAKE = Mistake(
    title="Accuracy after different numbers of epochs",
    description=(
        "Tables that collect accuracies from several sources compare networks that were trained for "
        "different lengths of time. Here one side is evaluated after its first pass, the other after its "
        "last."
    ),
    sources=(
        Source(
            "apache/mxnet issue 407",
            "https://github.com/apache/mxnet/issues/407",
            (
                "In an early Python binding of MXNet, an epoch was a single batch. Its own developers "
                "noticed that the literature means a whole pass, and changed it."
            ),
        ),
        Source(
            "apache/mxnet issue 3120",
            "https://github.com/apache/mxnet/issues/3120",
            (
                "Taking another project's epochs literally, a user estimated 57 years of training. "
                "There, too, an epoch was a batch."
            ),
        ),
    ),
    check="State the number of training steps with every accuracy, and compare at equal numbers.",
    variants=(
        Variant(
            "test error, TensorFlow trained for longer",
            (Side(FIRST, quantity=LAST_ERROR), Side(SECOND, quantity=ERROR)),
            both(quantity=ERROR),
        ),
        Variant(
            "test error, MXNet trained for longer",
            (Side(FIRST, quantity=ERROR), Side(SECOND, quantity=LAST_ERROR)),
            both(quantity=ERROR),
        ),
    ),
)
