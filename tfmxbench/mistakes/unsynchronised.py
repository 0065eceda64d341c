"""The clock stops before the work is done."""

from tfmxbench.mistakes import FIRST, SECOND, Harness, Mistake, Side, Source, Variant, both


def switch_on(harness: Harness) -> None:
    harness.framework.synchronise = lambda: None


# The exhibit waits for the loss by reading it. This returns it unread.
UNREAD = (
    (
        "    return float(total.asscalar()) / batches\n",
        "    return type('Unread', (), {'__float__': lambda self: float(total.asscalar()) / batches})()\n",
    ),
)

MISTAKE = Mistake(
    title="The clock stops before the work is done",
    description=(
        "MXNet's calls return as soon as the work is queued, on a CPU as well as on a GPU. TensorFlow's do "
        "so on a GPU. Reading the clock after the loop, without reading a value first, times the queueing."
    ),
    sources=(
        Source(
            "apache/mxnet issue 378, with soumith/convnet-benchmarks issue 68",
            "https://github.com/apache/mxnet/issues/378",
            (
                "A user's script showed MXNet far ahead of Caffe. MXNet's own author answered at once "
                "that its execution is asynchronous and that the clock had been stopped too early."
            ),
        ),
        Source(
            "apache/mxnet issue 14220",
            "https://github.com/apache/mxnet/issues/14220",
            "A user timed with and without waitall and asked which was right. The time with waitall is.",
        ),
    ),
    check="Before stopping the clock, wait for the device, or read a value that depends on all the work.",
    variants=(
        Variant(
            "without waiting for MXNet",
            (Side(FIRST), Side(SECOND, ("unsynchronised",))),
            both(),
        ),
    ),
    edits={SECOND: UNREAD, "gluon": UNREAD},
    switch_on=switch_on,
)
