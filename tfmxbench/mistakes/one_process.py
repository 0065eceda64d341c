"""Both frameworks are measured in one process, one after the other."""

import importlib

from tfmxbench.frameworks import together
from tfmxbench.mistakes import FIRST, MEMORY, SECOND, Harness, Mistake, Side, Source, Variant, both


def switch_on(harness: Harness) -> None:
    """Train the other side's implementation first, and keep its model, as a notebook would."""
    import numpy as np

    together.allow_both()
    trial = harness.trial
    package = importlib.import_module(f"tfmxbench.networks.{trial.network}")
    (other,) = {FIRST, SECOND} - {trial.style}
    implementation = importlib.import_module(f"{package.__name__}.{other}")
    for framework in together.FRAMEWORKS:
        # Its own framework is given its threads by the harness.
        if framework is not harness.framework:
            framework.configure(trial.threads)
    random = np.random.RandomState(0)
    count = 20 * package.TASK.batch_size
    x = random.rand(count, *package.TASK.input_shape).astype(np.float32)
    model = implementation.build(package.TASK)
    implementation.train(model, x, random.randint(0, package.TASK.classes, count).astype(np.int32))
    harness.loading.measured_before = model


AFTER = ("one_process",)

MISTAKE = Mistake(
    title="Both frameworks in one process",
    what=(
        "A notebook that imports both measures the second one in a process that holds the first: its "
        "memory, its threads and its allocator are still there."
    ),
    who=(
        Source(
            "tensorflow/tensorflow issue 56671",
            "https://github.com/tensorflow/tensorflow/issues/56671",
            (
                "A user's report, closed without confirmation: the OpenMP inside of TensorFlow keeps "
                "its threads spinning, and another library in the same process was three to four times "
                "slower."
            ),
        ),
        Source(
            "TensorFlow's guide to GPUs",
            "https://www.tensorflow.org/guide/gpu",
            (
                "By default TensorFlow takes nearly all memory of every GPU that it sees, and what it "
                "took it does not give back: a second framework begins with what is left."
            ),
        ),
    ),
    check="Give each framework, and each trial, a fresh process.",
    variants=(
        Variant(
            "time, MXNet second",
            (Side(FIRST), Side(SECOND, AFTER)),
            both(),
            thorough=True,
        ),
        Variant(
            "time, TensorFlow second",
            (Side(FIRST, AFTER), Side(SECOND)),
            both(),
        ),
        Variant(
            "memory, MXNet second",
            (Side(FIRST, figure=MEMORY), Side(SECOND, AFTER, figure=MEMORY)),
            both(figure=MEMORY),
            thorough=True,
        ),
        Variant(
            "memory, TensorFlow second",
            (Side(FIRST, AFTER, figure=MEMORY), Side(SECOND, figure=MEMORY)),
            both(figure=MEMORY),
        ),
    ),
    switch_on=switch_on,
    together=True,
)
