"""Each framework chooses its own number of threads."""

from tfmxbench.mistakes import FIRST, SECOND, Harness, Mistake, Side, Source, Variant, both

VARIABLES = ("OMP_NUM_THREADS", "MXNET_CPU_WORKER_NTHREADS")


def environment(variables: dict[str, str]) -> dict[str, str]:
    return {name: value for name, value in variables.items() if name not in VARIABLES}


def switch_on(harness: Harness) -> None:
    harness.loading.restrict_processors = lambda threads: None
    harness.framework.configure = lambda threads: None


UNDER = ("default_threads",)

MISTAKE = Mistake(
    title="Default thread counts",
    description=(
        "By default, TensorFlow uses one thread pool across operations and one within them; MXNet uses "
        "as many threads as OpenMP chooses. On a large machine, in a container, or next to another process "
        "these numbers differ. More threads are often slower for networks this small."
    ),
    sources=(
        Source(
            "apache/mxnet issue 9744",
            "https://github.com/apache/mxnet/issues/9744",
            (
                "Training took 66 to 116 s with OMP_NUM_THREADS unset, and 48 to 77 s with it set to "
                "the number of cores."
            ),
        ),
        Source(
            "apache/mxnet issue 14087",
            "https://github.com/apache/mxnet/issues/14087",
            "One inherited OpenMP variable made ResNet-50 almost twenty times slower.",
        ),
    ),
    check="Give both sides the same number of threads and processors, and vary it: scaling is a result, too.",
    variants=(
        Variant(
            "both with their defaults",
            (Side(FIRST, UNDER), Side(SECOND, UNDER)),
            both(),
        ),
        Variant(
            "only MXNet with its defaults",
            (Side(FIRST), Side(SECOND, UNDER)),
            both(),
        ),
        Variant(
            "only TensorFlow with its defaults",
            (Side(FIRST, UNDER), Side(SECOND)),
            both(),
        ),
    ),
    switch_on=switch_on,
    environment=environment,
)
