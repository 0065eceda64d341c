"""What a worker does with a trial: ``measure`` times an implementation, ``parity`` steps through it,
``products`` times matrix products, ``probe`` tries the framework on the device.

These functions run in the framework's environment.
"""

from __future__ import annotations

import contextlib
import dataclasses
import hashlib
import importlib
import importlib.metadata
import math
import os
import pathlib
import platform
import time
from types import ModuleType
from typing import Any

import numpy as np

from tfmxbench import frameworks
from tfmxbench.networks import Task
from tfmxbench.records.trial import MatrixProducts, Measurement, Memory, Pass, Span, Trial, to_json
from tfmxbench.worker import energy, inputs, memory, prepared

# The first time may trace, the second counts.
INFERENCE_REPEATS = 2
PARITY_STEPS = 50
PARITY_IMAGES = 256
# Larger batches take fewer steps, of about as many images in all.
PARITY_TRAINING_IMAGES = 6400
PRODUCT_SIZE = 2048
PRODUCT_WARM_UP = 3
PRODUCT_REPEATS = 12


class Stopwatch:
    """Wall and processor seconds since it was made."""

    def __init__(self) -> None:
        self.wall, self.cpu = time.perf_counter(), time.process_time()

    def span(self) -> Span:
        return Span(time.perf_counter() - self.wall, time.process_time() - self.cpu)


class Subject:
    """An implementation, imported in this process, on the trial's device and threads."""

    def __init__(self, trial: Trial) -> None:
        self.trial = trial
        restrict_processors(trial.threads)
        schedule_as_batch()
        stopwatch = Stopwatch()
        self.framework: ModuleType = frameworks.load(trial.framework)
        self.framework.configure(trial.threads)
        name = f"tfmxbench.networks.{trial.network}"
        self.implementation = importlib.import_module(f"{name}.{trial.style}")
        self.imported = stopwatch.span()
        self.memory_imported = memory.resident()
        self.task: Task = importlib.import_module(name).TASK
        if trial.batch_size is not None:
            self.task = dataclasses.replace(self.task, batch_size=trial.batch_size)
        problem = self.framework.device_problem(trial.device)
        if problem:
            raise RuntimeError(problem)
        self.initial_parameters = inputs.initial_parameters(self.task, trial.seed)

    def build(self) -> Any:
        """A model that holds the initial values."""
        model = self.implementation.build(self.task)
        self.implementation.set_parameters(model, self.initial_parameters)
        self.framework.synchronise()
        return model

    def facts(self, data: dict[str, np.ndarray], order: np.ndarray) -> dict[str, Any]:
        """What the record states of the trial's inputs and environment."""
        source = pathlib.Path(str(self.implementation.__file__)).read_bytes()
        return {
            "hashes": {
                "data": inputs.hash_arrays(data),
                "initial_parameters": inputs.hash_arrays(self.initial_parameters),
                "batch_order": inputs.hash_arrays([order]),
                "source": hashlib.sha256(source).hexdigest(),
            },
            "versions": versions(self.framework),
            "device_name": self.framework.device_name(self.trial.device),
        }


def run(trial: Trial, interpreter: dict[str, float], result_path: str) -> dict[str, Any]:
    """Run a trial's program and return what it adds to the result.

    Raises
    ------
    ValueError
        If the trial names no program that there is.
    """
    if trial.mistakes:
        # Imported here, so that a trial without mistakes does not even load them.
        from tfmxbench.worker import planted

        planted.switch_on(trial)
    if trial.purpose in ("measure", "accuracy", "goal", "mistake"):
        return measure(trial, Span(**interpreter))
    if trial.purpose == "products":
        return products(trial)
    if trial.purpose == "parity":
        return parity(trial, pathlib.Path(result_path).with_suffix(".npz"))
    if trial.purpose == "probe":
        return probe(trial)
    raise ValueError(
        f"there is no program {trial.purpose!r}; "
        "there are measure, accuracy, goal, mistake, products, parity and probe"
    )


def probe(trial: Trial) -> dict[str, Any]:
    """Compute something in the framework on the device; say what does not work."""
    framework = frameworks.load(trial.framework)
    framework.configure(trial.threads)
    facts = {"hashes": {}, "versions": versions(framework), "device_name": ""}
    problem = framework.device_problem(trial.device)
    if problem:
        return {**facts, "status": "failed", "reason": problem}
    return {**facts, "device_name": framework.device_name(trial.device)}


def products(trial: Trial) -> dict[str, Any]:
    """Time products of two square matrices in the framework: what the machine can do at best."""
    restrict_processors(trial.threads)
    schedule_as_batch()
    framework = frameworks.load(trial.framework)
    framework.configure(trial.threads)
    problem = framework.device_problem(trial.device)
    if problem:
        raise RuntimeError(problem)
    random = np.random.RandomState(trial.seed)
    values = random.uniform(-1, 1, (2, PRODUCT_SIZE, PRODUCT_SIZE)).astype(np.float32)
    multiply = framework.matrix_product(values[0], values[1], trial.device)
    seconds = []
    for _ in range(PRODUCT_WARM_UP + PRODUCT_REPEATS):
        start = time.perf_counter()
        multiply()
        framework.synchronise()
        seconds.append(time.perf_counter() - start)
    return {
        "hashes": {},
        "versions": versions(framework),
        "device_name": framework.device_name(trial.device),
        "products": to_json(MatrixProducts(PRODUCT_SIZE, seconds[PRODUCT_WARM_UP:])),
    }


def measure(trial: Trial, interpreter: Span) -> dict[str, Any]:
    """Time an implementation; the result holds a :class:`Measurement`."""
    memory_interpreter = memory.resident()
    subject = Subject(trial)
    stopwatch = Stopwatch()
    model = subject.build()
    built = stopwatch.span()
    memory_built = memory.resident()
    data = prepared.read_prepared(trial.data)
    test_x, test_y = as_inputs(data["test_images"], data["test_labels"], subject.task)
    memory_data = memory.resident()

    epochs, passes, accuracies = [], [], []
    first_order = inputs.batch_order(len(data["train_images"]), trial.seed, 0)
    for number in range(trial.epochs):
        epochs.append(timed_pass(subject, model, data, number, trial.epoch_batches))
        predicted = subject.implementation.predict(model, test_x).argmax(axis=1)
        accuracies.append(float((predicted == test_y).mean()))
        if trial.goal is not None and accuracies[-1] >= trial.goal:
            break
    for number in range(trial.passes):
        batches = trial.pass_batches
        if trial.first_batches and not epochs and number == 0:
            batches = trial.first_batches
        passes.append(timed_pass(subject, model, data, trial.epochs + number, batches))

    inference = []
    for _ in range(INFERENCE_REPEATS if trial.latency_samples else 0):
        stopwatch = Stopwatch()
        subject.implementation.predict(model, test_x)
        inference.append(stopwatch.span())
    latencies = []
    for index in range(trial.latency_samples):
        image = test_x[index : index + 1]
        start = time.perf_counter()
        subject.implementation.predict(model, image)
        latencies.append(time.perf_counter() - start)

    measurement = Measurement(
        interpreter=interpreter,
        imported=subject.imported,
        built=built,
        epochs=epochs,
        passes=passes,
        accuracies=accuracies,
        inference=inference,
        latencies=latencies,
        memory=Memory(
            interpreter=memory_interpreter,
            imported=subject.memory_imported,
            built=memory_built,
            data=memory_data,
            peak=memory.peak(),
            device=subject.framework.device_memory(trial.device),
        ),
        training_images=len(data["train_images"]),
        test_images=len(test_x),
    )
    return {**subject.facts(data, first_order), "measurement": to_json(measurement)}


def timed_pass(subject: Subject, model: Any, data: dict[str, np.ndarray], epoch: int, batches: int) -> Pass:
    """One pass over the training images in an epoch's order, or over its first batches."""
    order = inputs.batch_order(len(data["train_images"]), subject.trial.seed, epoch)
    batch_size = subject.task.batch_size
    if batches:
        order = order[: batches * batch_size]
    x, y = as_inputs(data["train_images"][order], data["train_labels"][order], subject.task)
    counter = energy.Counter()
    stopwatch = Stopwatch()
    loss = subject.implementation.train(model, x, y)
    subject.framework.synchronise()
    span = stopwatch.span()
    joules = counter.joules()
    loss = float(loss)
    if not math.isfinite(loss):
        raise FloatingPointError(f"the mean loss of epoch {epoch} is {loss}; it should be finite")
    count = len(x) // batch_size
    return Pass(span.wall, span.cpu, count, count * batch_size, loss, joules)


def parity(trial: Trial, path: pathlib.Path) -> dict[str, Any]:
    """Take the first steps one at a time, and again in one pass; the arrays go to an .npz file.

    The pass of many batches ends in an incomplete one: an implementation that shuffles, or that
    trains on the incomplete batch, differs there and not in the single steps.
    """
    subject = Subject(trial)
    data = prepared.read_prepared(trial.data)
    arrays = parity_arrays(subject.implementation, subject.build, subject.task, data, trial.seed)
    if trial.epochs:
        arrays |= epoch_arrays(subject.implementation, subject.build(), subject.task, data, trial.seed)
    temporary = path.with_name(path.name + ".part")
    with temporary.open("wb") as file:
        np.savez(file, **arrays)  # type: ignore[arg-type]
    temporary.replace(path)
    order = inputs.batch_order(len(data["train_images"]), trial.seed, 0)
    return {**subject.facts(data, order), "arrays": path.name}


def parity_arrays(
    implementation: Any, build: Any, task: Task, data: dict[str, np.ndarray], seed: int
) -> dict[str, np.ndarray]:
    """The numbers by which implementations are compared.

    Returns
    -------
    dict of str to numpy.ndarray
        ``logits`` before training, ``(images, classes)``; ``trained_logits`` after the
        single steps; ``reloaded_logits``, those of another model that was given the trained
        parameters; ``losses`` of the single steps,
        ``(steps,)``; ``pass_loss``, the mean loss of the same steps taken in one pass; and each
        parameter after the steps and after the pass, as ``step/<name>`` and ``pass/<name>``.
    """
    batch_size = task.batch_size
    steps = parity_steps(batch_size)
    order = inputs.batch_order(len(data["train_images"]), seed, 0)
    order = order[: steps * batch_size + batch_size // 2]
    x, y = as_inputs(data["train_images"][order], data["train_labels"][order], task)
    test_x, _ = as_inputs(data["test_images"][:PARITY_IMAGES], data["test_labels"][:PARITY_IMAGES], task)

    model = build()
    arrays = {"logits": np.asarray(implementation.predict(model, test_x))}
    losses = []
    for step in range(steps):
        batch = slice(step * batch_size, (step + 1) * batch_size)
        losses.append(float(implementation.train(model, x[batch], y[batch])))
    arrays["losses"] = np.array(losses, np.float64)
    trained = {name: np.array(value) for name, value in implementation.get_parameters(model).items()}
    arrays |= {f"step/{name}": value for name, value in trained.items()}

    arrays["trained_logits"] = np.asarray(implementation.predict(model, test_x))

    # All biases start from zero, so only trained ones show whether each is set in its place.
    model = build()
    implementation.set_parameters(model, trained)
    arrays["reloaded_logits"] = np.asarray(implementation.predict(model, test_x))

    model = build()
    arrays["pass_loss"] = np.array(float(implementation.train(model, x, y)), np.float64)
    for name, value in implementation.get_parameters(model).items():
        arrays[f"pass/{name}"] = np.array(value)
    return arrays


def parity_steps(batch_size: int) -> int:
    """Single steps that the gate compares: 50, and fewer of batches that are larger than 128."""
    return max(min(PARITY_STEPS, PARITY_TRAINING_IMAGES // batch_size), 5)


def epoch_arrays(
    implementation: Any, model: Any, task: Task, data: dict[str, np.ndarray], seed: int
) -> dict[str, np.ndarray]:
    """The mean loss of the first epoch as ``epoch_loss``, and the test ``accuracy`` after it."""
    order = inputs.batch_order(len(data["train_images"]), seed, 0)
    x, y = as_inputs(data["train_images"][order], data["train_labels"][order], task)
    test_x, test_y = as_inputs(data["test_images"], data["test_labels"], task)
    loss = implementation.train(model, x, y)
    accuracy = (np.asarray(implementation.predict(model, test_x)).argmax(axis=1) == test_y).mean()
    return {"epoch_loss": np.array(loss, np.float64), "accuracy": np.array(accuracy, np.float64)}


def as_inputs(images: np.ndarray, labels: np.ndarray, task: Task) -> tuple[np.ndarray, np.ndarray]:
    """Images as float32 between 0 and 1 in the task's shape, labels as int32."""
    x = images.reshape(-1, *task.input_shape).astype(np.float32)
    # In place: a second array of all images would count as memory that the framework takes.
    x /= np.float32(255)
    return x, labels.astype(np.int32)


def restrict_processors(threads: int) -> None:
    """Bind the process to as many processors as it has threads, where the system can.

    Raises
    ------
    ValueError
        If there are fewer than that.
    """
    if hasattr(os, "sched_setaffinity"):
        offered = sorted(os.sched_getaffinity(0))
        if len(offered) < threads:
            raise ValueError(
                f"{threads} threads were asked for; this machine offers {len(offered)} processors"
            )
        os.sched_setaffinity(0, offered[:threads])


def schedule_as_batch() -> None:
    """Have a thread that wakes up wait for a processor instead of taking another's, where the system can.

    After each pass TensorFlow ends the thread that tunes its input pipeline: it wakes the thread up, and
    only then notes down that it is to end. If the thread runs in between, in the place of the one that was
    about to note it down, it goes to sleep again, for up to as long as the pass has taken; and the pass
    waits for it. With as many busy threads as processors that happened in every second pass, by chance.
    """
    if hasattr(os, "sched_setscheduler"):
        # Where a container forbids it, times scatter more; they are measured all the same.
        with contextlib.suppress(OSError):
            os.sched_setscheduler(0, os.SCHED_BATCH, os.sched_param(0))


def versions(framework: ModuleType) -> dict[str, str]:
    """Versions of Python and of the framework's distributions that are installed."""
    found = {"python": platform.python_version()}
    for name in framework.DISTRIBUTIONS:
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    return found
