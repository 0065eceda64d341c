"""The two sides train with batches of different sizes."""

from tfmxbench.mistakes import FIRST, SECOND, Mistake, Side, Source, Variant, both

LARGE = 1024

MISTAKE = Mistake(
    title="Batches of different sizes",
    what=(
        "A larger batch means fewer steps, each with less of Python and of starting operations in it. "
        "Throughput at 1024 beside throughput at 128 compares the sizes; and the larger one learns less in "
        "an epoch, which the throughput does not show."
    ),
    who=(
        Source(
            "apache/mxnet issue 8823",
            "https://github.com/apache/mxnet/issues/8823",
            (
                "A user asked why a paper's figures and MXNet's own lay far apart; a reader found "
                "batches of 512 for each GPU in the one and 1024 in the other."
            ),
        ),
        Source(
            "apache/mxnet issue 595",
            "https://github.com/apache/mxnet/issues/595",
            "Nobody's error: 96 in one table and 48 in another were batches for a machine and for a GPU.",
        ),
    ),
    check="State the batch size beside every figure, and compare at equal ones.",
    variants=(
        Variant(
            f"TensorFlow with {LARGE} images, MXNet with its own number",
            (Side(FIRST, batch_size=LARGE, published=True), Side(SECOND, published=True)),
            both(published=True),
        ),
        Variant(
            f"MXNet with {LARGE} images, TensorFlow with its own number",
            (Side(FIRST, published=True), Side(SECOND, batch_size=LARGE, published=True)),
            both(published=True),
        ),
    ),
)
