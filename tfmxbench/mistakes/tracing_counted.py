"""Tracing and compiling are counted as training."""

from tfmxbench.mistakes import FIRST_PASS, Mistake, Source, Variant, both

MISTAKE = Mistake(
    title="Tracing and compiling are counted as training",
    what=(
        "The first epoch traces functions, compiles kernels and fills the allocator. It happens once, and "
        "whoever times one epoch, the first, adds it to every epoch there will be."
    ),
    who=(
        Source(
            "keras-team/keras-core pull request 630",
            "https://github.com/keras-team/keras-core/pull/630",
            (
                "The first epoch took twice as long as the others; the answer was that compiling is "
                "paid for once, and that a framework which does not compile does not show it."
            ),
        ),
        Source(
            "tensorflow/tensorflow issue 48844",
            "https://github.com/tensorflow/tensorflow/issues/48844",
            (
                "A user compared TensorFlow with PyTorch over a few batches; a developer pointed to the "
                "tracing in tf.function's first call."
            ),
        ),
    ),
    check="Time the first pass apart, and state the steady ones.",
    variants=(
        Variant(
            "the first epoch for all epochs",
            both(figure=FIRST_PASS, published=True),
            both(published=True),
        ),
        Variant(
            "the same, with XLA",
            both("keras_xla", figure=FIRST_PASS, published=True),
            both("keras_xla", published=True),
        ),
    ),
)
