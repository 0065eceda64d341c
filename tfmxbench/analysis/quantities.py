"""What a measurement says in numbers: each quantity is a function of the `Measurement` of one trial."""

from __future__ import annotations

import statistics

from tfmxbench.records.trial import Measurement, Pass

# Of the single images that are predicted, so many may trace and warm up.
WARMING_IMAGES = 10


def epochs_of(item: Pass, measurement: Measurement) -> float:
    """How many epochs a pass is: 1, or less if it took a part of an epoch's batches."""
    whole = measurement.training_images // (item.images // item.batches)
    return item.batches / whole


def epoch_seconds(measurement: Measurement) -> float:
    """Seconds that a steady epoch takes: the median of the trial's steady passes.

    A pass over a part of the images counts for as many epochs as it has of an epoch's batches.
    """
    return statistics.median(item.wall / epochs_of(item, measurement) for item in measurement.steady)


def images_per_second(measurement: Measurement) -> float:
    """Training images in a second of a steady epoch: the median of the trial's steady passes."""
    return statistics.median(item.images / item.wall for item in measurement.steady)


def epoch_processor_seconds(measurement: Measurement) -> float | None:
    """Processor seconds, of all threads together, that a steady epoch takes; None if the clock saw none."""
    found = statistics.median(item.cpu / epochs_of(item, measurement) for item in measurement.steady)
    return found or None


def cores_busy(measurement: Measurement) -> float:
    """Processor seconds in a second of a steady epoch: how many cores are kept busy on average."""
    # A clock that ticks coarsely may see no processor time at all in a very short pass.
    return max(statistics.median(item.cpu / item.wall for item in measurement.steady), 1e-3)


def epoch_joules(measurement: Measurement) -> float | None:
    """Joules that the machine's processors take in a steady epoch; None where not measured."""
    found = [
        item.energy / epochs_of(item, measurement) for item in measurement.steady if item.energy is not None
    ]
    return statistics.median(found) if found and min(found) > 0 else None


def first_epoch_seconds(measurement: Measurement) -> float:
    """Seconds of the first epoch, tracing and compiling included.

    Where the first pass took a part of an epoch's batches, the rest counts as in a steady epoch.
    """
    first = (measurement.epochs + measurement.passes)[0]
    return first.wall + (1 - epochs_of(first, measurement)) * epoch_seconds(measurement)


def epochs_to(goal: float, measurement: Measurement) -> int | None:
    """Whole epochs until a test accuracy was reached; None where it was not."""
    return next(
        (number for number, found in enumerate(measurement.accuracies, start=1) if found >= goal), None
    )


def seconds_to(goal: float, measurement: Measurement) -> float | None:
    """Seconds from starting the process until a test accuracy was reached, evaluation left out.

    Starting, building, and the epochs that it took; None where it was not reached.
    """
    epochs = epochs_to(goal, measurement)
    if epochs is None:
        return None
    return start_seconds(measurement) + sum(item.wall for item in measurement.epochs[:epochs])


def seconds_for(epochs: int, measurement: Measurement) -> float:
    """Seconds from starting the process to the end of so many epochs, by the first and a steady one."""
    rest = (epochs - 1) * epoch_seconds(measurement)
    return start_seconds(measurement) + first_epoch_seconds(measurement) + rest


def inference_seconds(measurement: Measurement) -> float:
    """Seconds for predicting the test set; the first time, which may trace, is left out."""
    return statistics.median(item.wall for item in measurement.inference[1:])


def inference_images_per_second(measurement: Measurement) -> float | None:
    """Test images that are predicted in a second; None where their number was not recorded."""
    seconds = inference_seconds(measurement)
    return measurement.test_images / seconds if measurement.test_images and seconds else None


def latency_seconds(measurement: Measurement, share: float = 0.5) -> float:
    """Seconds for predicting one image, after any tracing: the first ten are left out, or the first half.

    Parameters
    ----------
    measurement : Measurement
    share : float
        Of the images that take no longer: 0.5 for the median, 0.99 for the 99th percentile. Between two
        images the value is interpolated, as NumPy does; NumPy itself takes a second for 10 000 trials.
    """
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
    """Greatest resident memory in MB, 10**6 bytes."""
    return _megabytes(measurement.memory.peak)


def device_megabytes(measurement: Measurement) -> float | None:
    """Greatest memory in use on the device in MB, 10**6 bytes; None where the framework does not tell."""
    return _megabytes(measurement.memory.device)


def _megabytes(count: int | None) -> float | None:
    """None where the system did not tell, which it says with 0."""
    return count / 1e6 if count else None
