"""The process that runs one style's phrases: ``python phrase_checks.py QUESTION.json RESULT.json``.

It runs in a framework's environment, where this package is not installed, as a trial's worker does. What
it finds goes to a file of its own, because frameworks print what they like.
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

# The two sides of a step are the same operations; the order of a sum may differ.
STEP_BAR = 1e-6
# Of the loss and the parameters after two steps, from the reference in float64. The gate has stricter bars.
REFERENCE_BAR = 1e-4
STEPS = 2
IMPLEMENTATION = "implementation"


class Difference(Exception):
    """What a phrase did is not what it says."""


@dataclasses.dataclass(frozen=True)
class Subject:
    """What a style's phrases are held against.

    Attributes
    ----------
    phrases, implementation, reference : module
        The phrases' file, the network in their style, and in NumPy.
    task : Task
    device : str
    initial, other : dict of str to numpy.ndarray
        Two sets of parameters.
    batches : list of (numpy.ndarray, numpy.ndarray)
    """

    phrases: ModuleType
    implementation: ModuleType
    reference: ModuleType
    task: Any
    device: str
    initial: dict[str, np.ndarray]
    other: dict[str, np.ndarray]
    batches: list[tuple[np.ndarray, np.ndarray]]

    def model(self, parameters: Mapping[str, np.ndarray]) -> Any:
        """A model of the implementation with these parameters."""
        model = self.implementation.build(self.task)
        self.implementation.set_parameters(model, parameters)
        return model

    def trained(self, module: ModuleType, model: Any) -> tuple[list[float], dict[str, np.ndarray]]:
        """The losses of the batches, one pass each, and the parameters after them."""
        losses = [module.train(model, x, y) for x, y in self.batches]
        return losses, self.parameters(model, module)

    def parameters(self, model: Any, module: ModuleType | None = None) -> dict[str, np.ndarray]:
        """Copies of a model's parameters."""
        found = (module or self.implementation).get_parameters(model)
        return {name: np.array(value) for name, value in found.items()}


def check_implementation(subject: Subject) -> None:
    """The implementation takes the reference's steps."""
    expected = subject.reference.build(subject.task)
    subject.reference.set_parameters(expected, subject.initial)
    compare(
        subject.trained(subject.implementation, subject.model(subject.initial)),
        subject.trained(subject.reference, expected),
        "the reference",
        REFERENCE_BAR,
    )


def check_initialise(subject: Subject) -> None:
    """Kernels are Glorot uniform, and biases are zero."""
    model = subject.model(subject.other)
    subject.phrases.initialise(model)
    for name, values in subject.parameters(model).items():
        if values.ndim == 1:
            if values.any():
                raise Difference(f"{name} is not zero")
            continue
        limit = math.sqrt(6 / sum(values.shape))
        expected = limit / math.sqrt(3)
        # Five standard errors of the standard deviation of so many values.
        error = 5 * expected * math.sqrt(0.2 / values.size)
        if not np.abs(values).max() <= limit * (1 + 1e-6):
            raise Difference(f"{name} has values beyond {limit:.4f}, the limit of Glorot's distribution")
        if not abs(values.std() - expected) <= error or np.array_equal(values, subject.other[name]):
            raise Difference(f"{name} has a standard deviation of {values.std():.4f}, not {expected:.4f}")
    check_training(subject, model)


def check_step(subject: Subject) -> None:
    """Two steps give the losses and the parameters that training on the same batches gives."""
    model = subject.model(subject.initial)
    losses = []
    for x, y in subject.batches:
        loss = subject.phrases.step(model, x, y)
        if not isinstance(loss, float):
            raise Difference(f"returned a {type(loss).__name__}; the loss is a float")
        losses.append(loss)
    expected = subject.trained(subject.implementation, subject.model(subject.initial))
    compare((losses, subject.parameters(model)), expected, "train", STEP_BAR)


def check_files(subject: Subject) -> None:
    """What is saved from one model and loaded into another makes the two predict the same, bit by bit."""
    x, _ = subject.batches[0]
    implementation = subject.implementation
    model = subject.model(subject.initial)
    subject.trained(implementation, model)
    expected = np.array(implementation.predict(model, x))
    with tempfile.TemporaryDirectory(dir=".") as name:
        folder = pathlib.Path(name).absolute()
        written, moved = folder / "written", folder / "moved"
        written.mkdir()
        with named("save"):
            subject.phrases.save(model, str(written))
            size = sum(path.stat().st_size for path in written.rglob("*") if path.is_file())
            needed = subject.task.parameter_count * np.dtype(np.float32).itemsize
            if size < needed:
                raise Difference(f"left {size} bytes in its folder; the parameters take {needed}")
            if not np.array_equal(implementation.predict(model, x), expected):
                raise Difference("changed what the model predicts")
        # It can be read in another place only if it is whole.
        written.rename(moved)
        other = subject.model(subject.other)
        if np.array_equal(implementation.predict(other, x), expected):
            raise RuntimeError("two models with other parameters predict the same")
        with named("load"):
            subject.phrases.load(other, str(moved))
            if not np.array_equal(implementation.predict(other, x), expected):
                raise Difference("the model predicts something else than the one that was saved")
            check_training(subject, other, model)


def check_training(subject: Subject, other: Any, *models: Any) -> None:
    """A model goes on training as one does that was given its parameters, or as one of the models does.

    What is saved may hold the optimiser's state, or not.
    """
    models = (subject.model(subject.parameters(other)), *models)
    found = subject.trained(subject.implementation, other)
    problem = None
    for model in models:
        try:
            compare(
                found,
                subject.trained(subject.implementation, model),
                "a model that was given these values",
                STEP_BAR,
            )
            return
        except Difference as error:
            problem = problem or error
    raise Difference(f"when trained further, {problem}")


def check_device(subject: Subject) -> None:
    """The name is that of the device that the process was given."""
    found = subject.phrases.device()
    if not isinstance(found, str) or subject.device not in found.lower():
        raise Difference(f"returned {found!r}, which does not name the {subject.device}")


def check_count(subject: Subject) -> None:
    """The count is the task's."""
    found = subject.phrases.count_parameters(subject.model(subject.initial))
    if not isinstance(found, numbers.Integral) or found != subject.task.parameter_count:
        raise Difference(f"returned {found!r}; there are {subject.task.parameter_count}")


CHECKS: dict[str, Callable[[Subject], None]] = {
    IMPLEMENTATION: check_implementation,
    "initialise": check_initialise,
    "step": check_step,
    "save": check_files,
    "device": check_device,
    "count_parameters": check_count,
}


def compare(
    found: tuple[list[float], dict[str, np.ndarray]],
    expected: tuple[list[float], dict[str, np.ndarray]],
    name: str,
    bar: float,
) -> None:
    """Compare losses and parameters, the latter by their greatest value.

    Raises
    ------
    Difference
        Naming the first that differs by more than the bar.
    """
    losses = zip(found[0], expected[0], strict=True)
    pairs: list[tuple[str, Any, Any]] = [
        (f"the loss of step {number}", *both) for number, both in enumerate(losses, start=1)
    ]
    pairs += [(f"{key} after the steps", found[1][key], value) for key, value in expected[1].items()]
    for place, one, other in pairs:
        difference = float(np.abs(np.subtract(one, other)).max() / np.abs(other).max())
        # So that what is not a number differs too.
        if not difference <= bar:
            raise Difference(f"{place} differs from that of {name} by {difference:.1e}; the bar is {bar:.0e}")


@contextlib.contextmanager
def named(phrase: str) -> Iterator[None]:
    """Has what is raised within say which phrase it was."""
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


def make_subject(question: dict[str, Any]) -> Subject:
    """Configure the framework, and import what the question names."""
    from tfmxbench import frameworks
    from tfmxbench.worker import inputs, loading

    loading.restrict_processors(question["threads"])
    frameworks.load(question["framework"]).configure(question["threads"])
    network = importlib.import_module(f"tfmxbench.networks.{question['network']}")
    task = network.TASK
    random = np.random.RandomState(0)
    batches = [
        (
            random.uniform(0, 1, (task.batch_size, *task.input_shape)).astype(np.float32),
            random.randint(0, task.classes, task.batch_size).astype(np.int32),
        )
        for _ in range(STEPS)
    ]
    return Subject(
        phrases=load_file("phrases", question["phrases"]),
        implementation=load_file("implementation", question["implementation"]),
        reference=importlib.import_module(f"{network.__name__}.reference"),
        task=task,
        device=question["device"],
        initial=inputs.initial_parameters(task, 0),
        other={
            name: values + np.float32(0.25) for name, values in inputs.initial_parameters(task, 1).items()
        },
        batches=batches,
    )


def main(question_path: str, result_path: str) -> int:
    """Answer the question: what is wrong with each phrase that is not right."""
    worker = load_file("entry", str(pathlib.Path(__file__).with_name("entry.py")))
    worker.end_with_parent()
    question = json.loads(pathlib.Path(question_path).read_text(encoding="utf-8"))
    result: dict[str, Any] = {"identifier": question["identifier"], "reason": "", "failures": {}}

    def describe(error: BaseException) -> str:
        if isinstance(error, Difference):
            return str(error)
        traceback.print_exc()
        return f"raised {type(error).__name__}: {worker.in_a_line(error)}".rstrip(": ")

    try:
        worker.provide_package()
        subject = make_subject(question)
    except BaseException as error:
        result["reason"] = describe(error)
    else:
        for name, check in CHECKS.items():
            try:
                check(subject)
            except BaseException as error:
                result["failures"][getattr(error, "phrase", name)] = describe(error)
    worker.write(result_path, result)
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
