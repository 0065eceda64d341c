"""Times an implementation, or the framework's matrix products."""

from __future__ import annotations

import math
import time
from typing import Any

import numpy as np

from tfmxbench import frameworks
from tfmxbench.records.trial import MatrixProducts, Measurement, Memory, Pass, Span, Trial, to_json
from tfmxbench.worker import energy, inputs, loading, memory, prepared
from tfmxbench.worker.loading import LoadedImplementation, Stopwatch

# The first prediction may trace; the second one counts.
INFERENCE_REPEATS = 2
PRODUCT_SIZE = 2048
PRODUCT_WARM_UP = 3
PRODUCT_REPEATS = 12


def measure(trial: Trial, interpreter: Span) -> dict[str, Any]:
    """Time an implementation; the result holds a :class:`Measurement`."""
    memory_interpreter = memory.resident()
    loaded = LoadedImplementation(trial)
    stopwatch = Stopwatch()
    model = loaded.build()
    built = stopwatch.span()
    memory_built = memory.resident()
    data = prepared.read_prepared(trial.data)
    test_x, test_y = inputs.as_inputs(data["test_images"], data["test_labels"], loaded.task)
    memory_data = memory.resident()

    first_order = inputs.batch_order(len(data["train_images"]), trial.seed, 0)
    epochs, accuracies = train_epochs(loaded, model, data, test_x, test_y)
    passes = train_passes(loaded, model, data, after_epoch=bool(epochs))
    inference = time_inference(loaded, model, test_x)
    latencies = time_latencies(loaded, model, test_x)
    measurement = Measurement(
        interpreter=interpreter,
        imported=loaded.imported,
        built=built,
        epochs=epochs,
        passes=passes,
        accuracies=accuracies,
        inference=inference,
        latencies=latencies,
        memory=Memory(
            interpreter=memory_interpreter,
            imported=loaded.memory_imported,
            built=memory_built,
            data=memory_data,
            peak=memory.peak(),
            device=loaded.framework.device_memory(trial.device),
        ),
        training_images=len(data["train_images"]),
        test_images=len(test_x),
    )
    return {**loaded.facts(data, first_order), "measurement": to_json(measurement)}


def train_epochs(
    loaded: LoadedImplementation,
    model: Any,
    data: dict[str, np.ndarray],
    test_x: np.ndarray,
    test_y: np.ndarray,
) -> tuple[list[Pass], list[float]]:
    """Train the trial's epochs, or up to its goal; each epoch and the test accuracy after it."""
    trial = loaded.trial
    epochs, accuracies = [], []
    for epoch in range(trial.epochs):
        epochs.append(timed_pass(loaded, model, data, epoch, trial.epoch_batches))
        predicted = loaded.implementation.predict(model, test_x).argmax(axis=1)
        accuracies.append(float((predicted == test_y).mean()))
        if trial.goal is not None and accuracies[-1] >= trial.goal:
            break
    return epochs, accuracies


def train_passes(
    loaded: LoadedImplementation, model: Any, data: dict[str, np.ndarray], after_epoch: bool
) -> list[Pass]:
    """Train the trial's passes; without an epoch before it, the first may have its own number of batches."""
    trial = loaded.trial
    passes = []
    for number in range(trial.passes):
        batches = trial.pass_batches
        if trial.first_batches and not after_epoch and number == 0:
            batches = trial.first_batches
        passes.append(timed_pass(loaded, model, data, trial.epochs + number, batches))
    return passes


def timed_pass(
    loaded: LoadedImplementation, model: Any, data: dict[str, np.ndarray], epoch: int, batches: int
) -> Pass:
    """Train one pass over the images in an epoch's order, or over its first batches.

    Raises
    ------
    FloatingPointError
        If the mean loss is not finite.
    """
    order = inputs.batch_order(len(data["train_images"]), loaded.trial.seed, epoch)
    batch_size = loaded.task.batch_size
    if batches:
        order = order[: batches * batch_size]
    x, y = inputs.as_inputs(data["train_images"][order], data["train_labels"][order], loaded.task)
    counter = energy.Counter()
    stopwatch = Stopwatch()
    loss = loaded.implementation.train(model, x, y)
    loaded.framework.synchronise()
    span = stopwatch.span()
    joules = counter.joules()
    loss = float(loss)
    if not math.isfinite(loss):
        raise FloatingPointError(f"the mean loss of epoch {epoch} is {loss}; it should be finite")
    count = len(x) // batch_size
    return Pass(span.wall, span.cpu, count, count * batch_size, loss, joules)


def time_inference(loaded: LoadedImplementation, model: Any, test_x: np.ndarray) -> list[Span]:
    """Time predictions of all test images; none if the trial takes no latency samples."""
    spans = []
    for _ in range(INFERENCE_REPEATS if loaded.trial.latency_samples else 0):
        stopwatch = Stopwatch()
        loaded.implementation.predict(model, test_x)
        spans.append(stopwatch.span())
    return spans


def time_latencies(loaded: LoadedImplementation, model: Any, test_x: np.ndarray) -> list[float]:
    """Seconds that predicting a single image takes, for each of the first test images."""
    latencies = []
    for index in range(loaded.trial.latency_samples):
        image = test_x[index : index + 1]
        start = time.perf_counter()
        loaded.implementation.predict(model, image)
        latencies.append(time.perf_counter() - start)
    return latencies


def products(trial: Trial) -> dict[str, Any]:
    """Time products of two square matrices in the framework: the machine's practical peak."""
    loading.restrict_processors(trial.threads)
    loading.schedule_as_batch()
    framework = frameworks.load(trial.framework)
    framework.configure(trial.threads)
    loading.require_device(framework, trial.device)
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
        "versions": loading.versions(framework),
        "device_name": framework.device_name(trial.device),
        "products": to_json(MatrixProducts(PRODUCT_SIZE, seconds[PRODUCT_WARM_UP:])),
    }
