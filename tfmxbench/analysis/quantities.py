"""Quantities: functions of one trial's `Measurement` that give a number."""

from __future__ import annotations

import statistics

from tfmxbench.records.trial import Measurement, Pass

# Number of leading latency samples that are dropped as warm-up.
WARMING_IMAGES = 10


def epochs_of(item: Pass, measurement: Measurement) -> float:
    """The share of an epoch's batches that a pass has: 1 for a whole epoch."""
    whole = measurement.training_images // (item.images // item.batches)
    return item.batches / whole


def epoch_seconds(measurement: Measurement) -> float:
    """Seconds per epoch after warm-up: the median of the trial's steady passes.

    The time of a pass over a part of the images is divided by its share of an epoch's batches.
    """
    return statistics.median(item.wall / epochs_of(item, measurement) for item in measurement.steady)


def images_per_second(measurement: Measurement) -> float:
    """Training images per second after warm-up: the median of the trial's steady passes."""
    return statistics.median(item.images / item.wall for item in measurement.steady)


def epoch_processor_seconds(measurement: Measurement) -> float | None:
    """CPU seconds of all threads together per epoch after warm-up; None if the clock counted none."""
    seconds = statistics.median(item.cpu / epochs_of(item, measurement) for item in measurement.steady)
    return seconds or None


def cores_busy(measurement: Measurement) -> float:
    """Cores in use on average: CPU seconds per second of a steady pass."""
    # A coarse clock may count no CPU time at all in a very short pass.
    return max(statistics.median(item.cpu / item.wall for item in measurement.steady), 1e-3)


def epoch_joules(measurement: Measurement) -> float | None:
    """Joules that the machine's processors use per epoch after warm-up; None if not measured."""
    joules = [
        item.energy / epochs_of(item, measurement) for item in measurement.steady if item.energy is not None
    ]
    return statistics.median(joules) if joules and min(joules) > 0 else None


def first_epoch_seconds(measurement: Measurement) -> float:
    """Seconds of the first epoch, including tracing and compiling.

    If the first pass took only a part of an epoch's batches, the rest is extrapolated from the steady passes.
    """
    first = (measurement.epochs + measurement.passes)[0]
    return first.wall + (1 - epochs_of(first, measurement)) * epoch_seconds(measurement)


def epochs_to(goal: float, measurement: Measurement) -> int | None:
    """Whole epochs until a test accuracy was reached; None if it never was."""
    return next(
        (number for number, accuracy in enumerate(measurement.accuracies, start=1) if accuracy >= goal), None
    )


def seconds_to(goal: float, measurement: Measurement) -> float | None:
    """Seconds from starting the process until a test accuracy was reached; None if it never was.

    They cover the start, building the model and the epochs until then, but not the evaluation.
    """
    epochs = epochs_to(goal, measurement)
    if epochs is None:
        return None
    return start_seconds(measurement) + sum(item.wall for item in measurement.epochs[:epochs])


def seconds_for(epochs: int, measurement: Measurement) -> float:
    """Seconds from starting the process to the end of a number of epochs, from the first and a steady one."""
    rest = (epochs - 1) * epoch_seconds(measurement)
    return start_seconds(measurement) + first_epoch_seconds(measurement) + rest


def inference_seconds(measurement: Measurement) -> float:
    """Seconds for predicting the test set. The first prediction, which may trace, is dropped."""
    return statistics.median(item.wall for item in measurement.inference[1:])


def inference_images_per_second(measurement: Measurement) -> float | None:
    """Test images predicted per second; None where the file does not record their number."""
    seconds = inference_seconds(measurement)
    return measurement.test_images / seconds if measurement.test_images and seconds else None


def latency_seconds(measurement: Measurement, share: float = 0.5) -> float:
    """Seconds for predicting one image, after warm-up: a quantile over single images.

    The first ten samples are dropped, or the first half if there are fewer than twenty.

    Parameters
    ----------
    measurement : Measurement
    share : float
        The share of images that take no longer: 0.5 for the median, 0.99 for the 99th percentile.
    """
    # Interpolated as NumPy does. NumPy itself would take a second for 10 000 trials.
    steady = sorted(measurement.latencies[min(len(measurement.latencies) // 2, WARMING_IMAGES) :])
    below, part = divmod(share * (len(steady) - 1), 1)
    low, high = steady[int(below)], steady[min(int(below) + 1, len(steady) - 1)]
    return low + part * (high - low)


def start_seconds(measurement: Measurement) -> float:
    """Seconds from starting the process to a model with its initial values."""
    return measurement.interpreter.wall + measurement.imported.wall + measurement.built.wall


def interpreter_seconds(measurement: Measurement) -> float:
    """Seconds from starting the process to its first line."""
    return measurement.interpreter.wall


def import_seconds(measurement: Measurement) -> float:
    """Seconds for importing the framework and the implementation."""
    return measurement.imported.wall


def build_seconds(measurement: Measurement) -> float:
    """Seconds for building the model and setting its initial values."""
    return measurement.built.wall


def imported_megabytes(measurement: Measurement) -> float | None:
    """Resident memory after importing the framework, in MB, 10**6 bytes."""
    return _megabytes(measurement.memory.imported)


def built_megabytes(measurement: Measurement) -> float | None:
    """Resident memory after building the model, in MB, 10**6 bytes."""
    return _megabytes(measurement.memory.built)


def peak_megabytes(measurement: Measurement) -> float | None:
    """Peak resident memory, in MB, 10**6 bytes."""
    return _megabytes(measurement.memory.peak)


def device_megabytes(measurement: Measurement) -> float | None:
    """Peak memory in use on the device, in MB, 10**6 bytes; None if the framework does not report it."""
    return _megabytes(measurement.memory.device)


def _megabytes(count: int | None) -> float | None:
    # A system that does not report memory reports 0.
    return count / 1e6 if count else None
