"""Accuracies after different numbers of epochs are compared."""

from tfmxbench.mistakes import ERROR, FIRST, LAST_ERROR, SECOND, Mistake, Side, Source, Variant, both

MISTAKE = Mistake(
    title="Accuracy after different numbers of epochs",
    what=(
        "Tables that collect accuracies from several sources compare networks that were trained for "
        "different lengths of time. Here one side is evaluated after its first pass, the other after all."
    ),
    who=(
        Source(
            "apache/mxnet issue 407",
            "https://github.com/apache/mxnet/issues/407",
            (
                "In an early Python binding of MXNet an epoch was a single batch; its own developers "
                "noticed that the literature means a whole pass, and changed it."
            ),
        ),
        Source(
            "apache/mxnet issue 3120",
            "https://github.com/apache/mxnet/issues/3120",
            (
                "By the letter of another project's epochs a user reckoned with 57 years of training; "
                "there, too, an epoch was a batch."
            ),
        ),
    ),
    check="State after how many steps an accuracy was taken, and compare after equal ones.",
    variants=(
        Variant(
            "errors, TensorFlow trained for longer",
            (Side(FIRST, figure=LAST_ERROR), Side(SECOND, figure=ERROR)),
            both(figure=ERROR),
        ),
        Variant(
            "errors, MXNet trained for longer",
            (Side(FIRST, figure=ERROR), Side(SECOND, figure=LAST_ERROR)),
            both(figure=ERROR),
        ),
    ),
)
