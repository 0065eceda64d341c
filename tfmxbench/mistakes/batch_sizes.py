"""The two sides train with batches of different sizes."""

from tfmxbench.mistakes import FIRST, SECOND, Mistake, Side, Source, Variant, both

LARGE = 1024

MISTAKE = Mistake(
    title="Different batch sizes",
    description=(
        "Larger batches mean fewer steps, and less overhead per image in Python and in starting operations. "
        "Throughput at 1024 against throughput at 128 compares the sizes, not the frameworks. The larger "
        "batch also learns less per epoch, which throughput does not show."
    ),
    sources=(
        Source(
            "apache/mxnet issue 8823",
            "https://github.com/apache/mxnet/issues/8823",
            (
                "A user asked why a paper's numbers were far from MXNet's own. A reader found batches "
                "of 512 per GPU in one and 1024 in the other."
            ),
        ),
        Source(
            "apache/mxnet issue 595",
            "https://github.com/apache/mxnet/issues/595",
            "Not a mistake, but a trap: one table gave the batch per machine (96), the other per GPU (48).",
        ),
    ),
    check="State the batch size with every number, and compare at equal batch sizes.",
    variants=(
        Variant(
            f"TensorFlow with batches of {LARGE}, MXNet with the standard size",
            (Side(FIRST, batch_size=LARGE, published=True), Side(SECOND, published=True)),
            both(published=True),
        ),
        Variant(
            f"MXNet with batches of {LARGE}, TensorFlow with the standard size",
            (Side(FIRST, published=True), Side(SECOND, batch_size=LARGE, published=True)),
            both(published=True),
        ),
    ),
)
