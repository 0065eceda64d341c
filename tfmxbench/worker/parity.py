"""Trains an implementation step by step, and leaves the numbers that the parity gate compares."""

from __future__ import annotations

import pathlib
from typing import Any

import numpy as np

from tfmxbench.networks import Task
from tfmxbench.records.trial import Trial
from tfmxbench.worker import inputs, prepared
from tfmxbench.worker.loading import LoadedImplementation

PARITY_STEPS = 50
PARITY_IMAGES = 256
# Larger batches take fewer steps, over about as many images in total.
PARITY_TRAINING_IMAGES = 6400


def parity(trial: Trial, path: pathlib.Path) -> dict[str, Any]:
    """Take the first steps one at a time, and again in one pass; the arrays go to an .npz file.

    The pass of many batches ends in an incomplete one. An implementation that shuffles, or that
    trains on the incomplete batch, differs there and not in the single steps.
    """
    loaded = LoadedImplementation(trial)
    data = prepared.read_prepared(trial.data)
    arrays = parity_arrays(loaded.implementation, loaded.build, loaded.task, data, trial.seed)
    if trial.epochs:
        arrays |= epoch_arrays(loaded.implementation, loaded.build(), loaded.task, data, trial.seed)
    temporary = path.with_name(path.name + ".part")
    with temporary.open("wb") as file:
        np.savez(file, **arrays)  # type: ignore[arg-type]
    temporary.replace(path)
    order = inputs.batch_order(len(data["train_images"]), trial.seed, 0)
    return {**loaded.facts(data, order), "arrays": path.name}


def parity_arrays(
    implementation: Any, build: Any, task: Task, data: dict[str, np.ndarray], seed: int
) -> dict[str, np.ndarray]:
    """The numbers by which implementations are compared.

    Parameters
    ----------
    implementation : module
    build : callable
        Builds a model that holds the initial values.
    task : Task
    data : dict of str to numpy.ndarray
        The data set, as :func:`tfmxbench.worker.prepared.read_prepared` returns it.
    seed : int

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
    x, y = inputs.as_inputs(data["train_images"][order], data["train_labels"][order], task)
    test_x, _ = inputs.as_inputs(
        data["test_images"][:PARITY_IMAGES], data["test_labels"][:PARITY_IMAGES], task
    )

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
    """Number of single steps that the gate compares: 50, and fewer if batches are larger than 128."""
    return max(min(PARITY_STEPS, PARITY_TRAINING_IMAGES // batch_size), 5)


def epoch_arrays(
    implementation: Any, model: Any, task: Task, data: dict[str, np.ndarray], seed: int
) -> dict[str, np.ndarray]:
    """The mean loss of the first epoch as ``epoch_loss``, and the test ``accuracy`` after it."""
    order = inputs.batch_order(len(data["train_images"]), seed, 0)
    x, y = inputs.as_inputs(data["train_images"][order], data["train_labels"][order], task)
    test_x, test_y = inputs.as_inputs(data["test_images"], data["test_labels"], task)
    loss = implementation.train(model, x, y)
    accuracy = (np.asarray(implementation.predict(model, test_x)).argmax(axis=1) == test_y).mean()
    return {"epoch_loss": np.array(loss, np.float64), "accuracy": np.array(accuracy, np.float64)}
