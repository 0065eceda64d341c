"""Tracing and compiling are counted as training."""

from tfmxbench.mistakes import FIRST_PASS, Mistake, Source, Variant, both

MISTAKE = Mistake(
    title="Tracing and compiling are counted as training",
    description=(
        "The first epoch traces functions, compiles kernels and fills the allocator. This happens once. "
        "Timing only the first epoch adds its cost to every epoch to come."
    ),
    sources=(
        Source(
            "keras-team/keras-core pull request 630",
            "https://github.com/keras-team/keras-core/pull/630",
            (
                "The first epoch took twice as long as the others. The answer was that compilation is "
                "paid for once, and that a framework that does not compile does not show it."
            ),
        ),
        Source(
            "tensorflow/tensorflow issue 48844",
            "https://github.com/tensorflow/tensorflow/issues/48844",
            (
                "A user compared TensorFlow with PyTorch over a few batches. A developer pointed to the "
                "tracing in tf.function's first call."
            ),
        ),
    ),
    check="Time the first pass separately, and report the passes after warm-up.",
    variants=(
        Variant(
            "the first epoch stands for all epochs",
            both(quantity=FIRST_PASS, published=True),
            both(published=True),
        ),
        Variant(
            "the first epoch stands for all epochs, with XLA",
            both("keras_xla", quantity=FIRST_PASS, published=True),
            both("keras_xla", published=True),
        ),
    ),
)
