"""Each framework takes as many threads as it likes."""

from tfmxbench.mistakes import FIRST, SECOND, Harness, Mistake, Side, Source, Variant, both

VARIABLES = ("OMP_NUM_THREADS", "MXNET_CPU_WORKER_NTHREADS")


def environment(variables: dict[str, str]) -> dict[str, str]:
    return {name: value for name, value in variables.items() if name not in VARIABLES}


def switch_on(harness: Harness) -> None:
    harness.loading.restrict_processors = lambda threads: None
    harness.framework.configure = lambda threads: None


UNDER = ("default_threads",)

MISTAKE = Mistake(
    title="Threads by default",
    what=(
        "Left alone, TensorFlow takes a pool for operations and one within them, and MXNet what OpenMP "
        "finds. On a large machine, in a container, or beside another process these differ, and more is "
        "often slower for networks as small as these."
    ),
    who=(
        Source(
            "apache/mxnet issue 9744",
            "https://github.com/apache/mxnet/issues/9744",
            (
                "With OMP_NUM_THREADS unset training took 66 to 116 s, with it set to the number of "
                "cores 48 to 77 s."
            ),
        ),
        Source(
            "apache/mxnet issue 14087",
            "https://github.com/apache/mxnet/issues/14087",
            "One inherited variable of OpenMP made ResNet-50 almost twenty times slower.",
        ),
    ),
    check="Give both sides the same number of threads and of processors, and vary it: it is a result.",
    variants=(
        Variant(
            "both by their defaults",
            (Side(FIRST, UNDER), Side(SECOND, UNDER)),
            both(),
        ),
        Variant(
            "only MXNet by its defaults",
            (Side(FIRST), Side(SECOND, UNDER)),
            both(),
        ),
        Variant(
            "only TensorFlow by its defaults",
            (Side(FIRST, UNDER), Side(SECOND)),
            both(),
        ),
    ),
    switch_on=switch_on,
    environment=environment,
)
