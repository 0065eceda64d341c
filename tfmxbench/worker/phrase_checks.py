"""The process that runs one style's phrases: ``python phrase_checks.py REQUEST.json RESULT.json``.

It runs in a framework's environment, where this package is not installed, as a trial's worker does. Its
result goes to a separate file, because frameworks print to its output too.
"""

from __future__ import annotations

import contextlib
import dataclasses
import importlib
import importlib.util
import json
import math
import numbers
import pathlib
import sys
import tempfile
import traceback
from collections.abc import Callable, Iterator, Mapping
from types import ModuleType
from typing import Any

import numpy as np

# Both sides of a step do the same operations; only the order of a sum may differ.
STEP_TOLERANCE = 1e-6
# For the loss and the parameters after two steps, compared with the float64 reference. The gate is stricter.
REFERENCE_TOLERANCE = 1e-4
STEPS = 2
IMPLEMENTATION = "implementation"

# The loss of each batch, and the parameters after all of them.
Training = tuple[list[float], dict[str, np.ndarray]]


class PhraseError(Exception):
    """A phrase does not do what it says."""


@dataclasses.dataclass(frozen=True)
class StyleUnderTest:
    """A style's phrases, and what they are compared with.

    Attributes
    ----------
    phrases, implementation, reference : module
        The phrases' file, the network in their style, and the network in NumPy.
    task : Task
    device : str
    initial, shifted : dict of str to numpy.ndarray
        Two different sets of parameters.
    batches : list of (numpy.ndarray, numpy.ndarray)
    """

    phrases: ModuleType
    implementation: ModuleType
    reference: ModuleType
    task: Any
    device: str
    initial: dict[str, np.ndarray]
    shifted: dict[str, np.ndarray]
    batches: list[tuple[np.ndarray, np.ndarray]]

    def model(self, parameters: Mapping[str, np.ndarray]) -> Any:
        """Build a model of the implementation with these parameters."""
        model = self.implementation.build(self.task)
        self.implementation.set_parameters(model, parameters)
        return model

    def train(self, module: ModuleType, model: Any) -> Training:
        """Train a model on the batches, one pass each."""
        losses = [module.train(model, x, y) for x, y in self.batches]
        return losses, self.parameters(model, module)

    def parameters(self, model: Any, module: ModuleType | None = None) -> dict[str, np.ndarray]:
        """Copy a model's parameters."""
        parameters = (module or self.implementation).get_parameters(model)
        return {name: np.array(value) for name, value in parameters.items()}


def check_implementation(style: StyleUnderTest) -> None:
    """The implementation takes the reference's steps."""
    reference_model = style.reference.build(style.task)
    style.reference.set_parameters(reference_model, style.initial)
    compare(
        style.train(style.implementation, style.model(style.initial)),
        style.train(style.reference, reference_model),
        "the reference",
        REFERENCE_TOLERANCE,
    )


def check_initialise(style: StyleUnderTest) -> None:
    """Kernels are Glorot uniform, and biases are zero."""
    model = style.model(style.shifted)
    style.phrases.initialise(model)
    for name, values in style.parameters(model).items():
        if values.ndim == 1:
            if values.any():
                raise PhraseError(f"{name} is not zero")
            continue
        limit = math.sqrt(6 / sum(values.shape))
        expected = limit / math.sqrt(3)
        # Five standard errors of the standard deviation of that many values.
        error = 5 * expected * math.sqrt(0.2 / values.size)
        if not np.abs(values).max() <= limit * (1 + 1e-6):
            raise PhraseError(f"{name} has values beyond {limit:.4f}, the limit of the Glorot distribution")
        if not abs(values.std() - expected) <= error or np.array_equal(values, style.shifted[name]):
            raise PhraseError(f"{name} has a standard deviation of {values.std():.4f}, not {expected:.4f}")
    check_training(style, model)


def check_step(style: StyleUnderTest) -> None:
    """Two steps give the same losses and parameters as training on the same batches."""
    model = style.model(style.initial)
    losses = []
    for x, y in style.batches:
        loss = style.phrases.step(model, x, y)
        if not isinstance(loss, float):
            raise PhraseError(f"returned a {type(loss).__name__}; the loss is a float")
        losses.append(loss)
    expected = style.train(style.implementation, style.model(style.initial))
    compare((losses, style.parameters(model)), expected, "train", STEP_TOLERANCE)


def check_files(style: StyleUnderTest) -> None:
    """A model that loads what another has saved predicts the same, bit by bit, and trains on as it does."""
    x, _ = style.batches[0]
    implementation = style.implementation
    model = style.model(style.initial)
    style.train(implementation, model)
    predictions = np.array(implementation.predict(model, x))
    with tempfile.TemporaryDirectory(dir=".") as name:
        folder = pathlib.Path(name).absolute()
        written, moved = folder / "written", folder / "moved"
        written.mkdir()
        with named("save"):
            style.phrases.save(model, str(written))
            size = sum(path.stat().st_size for path in written.rglob("*") if path.is_file())
            needed = style.task.parameter_count * np.dtype(np.float32).itemsize
            if size < needed:
                raise PhraseError(f"left {size} bytes in its folder; the parameters take {needed}")
            if not np.array_equal(implementation.predict(model, x), predictions):
                raise PhraseError("changed what the model predicts")
        # After the folder has moved, only files that are complete in themselves can be loaded.
        written.rename(moved)
        loaded = style.model(style.shifted)
        if np.array_equal(implementation.predict(loaded, x), predictions):
            raise RuntimeError("two models with different parameters predict the same")
        with named("load"):
            style.phrases.load(loaded, str(moved))
            if not np.array_equal(implementation.predict(loaded, x), predictions):
                raise PhraseError("the loaded model does not predict what the saved one does")
            check_training(style, loaded, model)


def check_training(style: StyleUnderTest, model: Any, *equals: Any) -> None:
    """A model trains on like a new one with the same parameters, or like one of its equals.

    Both are right, since saved files may hold the optimiser's state or leave it out.
    """
    equals = (style.model(style.parameters(model)), *equals)
    trained = style.train(style.implementation, model)
    problem = None
    for equal in equals:
        try:
            compare(
                trained,
                style.train(style.implementation, equal),
                "a model that was given these values",
                STEP_TOLERANCE,
            )
            return
        except PhraseError as error:
            problem = problem or error
    raise PhraseError(f"when trained further, {problem}")


def check_device(style: StyleUnderTest) -> None:
    """The name is that of the device that the process was given."""
    name = style.phrases.device()
    if not isinstance(name, str) or style.device not in name.lower():
        raise PhraseError(f"returned {name!r}, which does not name the {style.device}")


def check_count(style: StyleUnderTest) -> None:
    """The count is the task's."""
    count = style.phrases.count_parameters(style.model(style.initial))
    if not isinstance(count, numbers.Integral) or count != style.task.parameter_count:
        raise PhraseError(f"returned {count!r}; there are {style.task.parameter_count}")


CHECKS: dict[str, Callable[[StyleUnderTest], None]] = {
    IMPLEMENTATION: check_implementation,
    "initialise": check_initialise,
    "step": check_step,
    "save": check_files,
    "device": check_device,
    "count_parameters": check_count,
}


def compare(actual: Training, expected: Training, name: str, tolerance: float) -> None:
    """Compare losses and parameters, relative to the greatest value of each array.

    Raises
    ------
    PhraseError
        Names the first that differs by more than the tolerance.
    """
    losses = zip(actual[0], expected[0], strict=True)
    pairs: list[tuple[str, Any, Any]] = [
        (f"the loss of step {number}", *both) for number, both in enumerate(losses, start=1)
    ]
    pairs += [(f"{key} after the steps", actual[1][key], value) for key, value in expected[1].items()]
    for place, value, right in pairs:
        difference = float(np.abs(np.subtract(value, right)).max() / np.abs(right).max())
        # Negated, so that NaN counts as a difference.
        if not difference <= tolerance:
            raise PhraseError(
                f"{place} differs from that of {name} by {difference:.1e}; the tolerance is {tolerance:.0e}"
            )


@contextlib.contextmanager
def named(phrase: str) -> Iterator[None]:
    """Tag exceptions with the phrase that raised them."""
    try:
        yield
    except BaseException as error:
        error.phrase = phrase  # type: ignore[attr-defined]
        raise


def load_file(name: str, path: str) -> ModuleType:
    """Import a file by its path."""
    specification = importlib.util.spec_from_file_location(name, path)
    assert specification is not None and specification.loader is not None
    module = importlib.util.module_from_spec(specification)
    sys.modules[name] = module
    specification.loader.exec_module(module)
    return module


def load_style(request: dict[str, Any]) -> StyleUnderTest:
    """Configure the framework, and import what the request names."""
    from tfmxbench import frameworks
    from tfmxbench.worker import inputs, loading

    loading.restrict_processors(request["threads"])
    frameworks.load(request["framework"]).configure(request["threads"])
    network = importlib.import_module(f"tfmxbench.networks.{request['network']}")
    task = network.TASK
    random = np.random.RandomState(0)
    batches = [
        (
            random.uniform(0, 1, (task.batch_size, *task.input_shape)).astype(np.float32),
            random.randint(0, task.classes, task.batch_size).astype(np.int32),
        )
        for _ in range(STEPS)
    ]
    return StyleUnderTest(
        phrases=load_file("phrases", request["phrases"]),
        implementation=load_file("implementation", request["implementation"]),
        reference=importlib.import_module(f"{network.__name__}.reference"),
        task=task,
        device=request["device"],
        initial=inputs.initial_parameters(task, 0),
        shifted={
            name: values + np.float32(0.25) for name, values in inputs.initial_parameters(task, 1).items()
        },
        batches=batches,
    )


def main(request_path: str, result_path: str) -> int:
    """Check each phrase that the request names, and write what is wrong with those that fail."""
    worker = load_file("entry", str(pathlib.Path(__file__).with_name("entry.py")))
    worker.end_with_parent()
    request = json.loads(pathlib.Path(request_path).read_text(encoding="utf-8"))
    result: dict[str, Any] = {"identifier": request["identifier"], "reason": "", "failures": {}}

    def describe(error: BaseException) -> str:
        if isinstance(error, PhraseError):
            return str(error)
        traceback.print_exc()
        return f"raised {type(error).__name__}: {worker.in_a_line(error)}".rstrip(": ")

    try:
        worker.provide_package()
        style = load_style(request)
    except BaseException as error:
        result["reason"] = describe(error)
    else:
        for name, check in CHECKS.items():
            try:
                check(style)
            except BaseException as error:
                result["failures"][getattr(error, "phrase", name)] = describe(error)
    worker.write(result_path, result)
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
