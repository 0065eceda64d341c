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
    (other_style,) = {FIRST, SECOND} - {trial.style}
    implementation = importlib.import_module(f"{package.__name__}.{other_style}")
    for framework in together.FRAMEWORKS:
        # The harness sets the threads of the trial's own framework.
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
    description=(
        "A notebook that imports both frameworks measures the second in a process that still holds the "
        "memory, the threads and the allocator of the first."
    ),
    sources=(
        Source(
            "tensorflow/tensorflow issue 56671",
            "https://github.com/tensorflow/tensorflow/issues/56671",
            (
                "A user's report, closed without confirmation: the OpenMP inside TensorFlow keeps its "
                "threads spinning, and another library in the same process was three to four times "
                "slower."
            ),
        ),
        Source(
            "TensorFlow's guide to GPUs",
            "https://www.tensorflow.org/guide/gpu",
            (
                "By default, TensorFlow takes nearly all the memory of every GPU that it sees, and "
                "does not give it back. A second framework starts with what is left."
            ),
        ),
    ),
    check="Run each framework, and each trial, in a fresh process.",
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
            (Side(FIRST, quantity=MEMORY), Side(SECOND, AFTER, quantity=MEMORY)),
            both(quantity=MEMORY),
            thorough=True,
        ),
        Variant(
            "memory, TensorFlow second",
            (Side(FIRST, AFTER, quantity=MEMORY), Side(SECOND, quantity=MEMORY)),
            both(quantity=MEMORY),
        ),
    ),
    switch_on=switch_on,
    needs_both_frameworks=True,
)
