"""What the records of a campaign say of each arm: an implementation on a device."""

from __future__ import annotations

import dataclasses
import functools
import math
import statistics as standard_statistics
from collections.abc import Callable, Iterable

from tfmxbench.analysis.estimates import Estimate, estimate
from tfmxbench.records.conditions import MEASURE, SEED, STANDARD
from tfmxbench.records.parity import Parity
from tfmxbench.records.trial import Measurement, Pass, Record

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
    return standard_statistics.median(item.wall / epochs_of(item, measurement) for item in measurement.steady)


def images_per_second(measurement: Measurement) -> float:
    """Training images in a second of a steady epoch: the median of the trial's steady passes."""
    return standard_statistics.median(item.images / item.wall for item in measurement.steady)


def epoch_processor_seconds(measurement: Measurement) -> float | None:
    """Processor seconds, of all threads together, that a steady epoch takes; None if the clock saw none."""
    found = standard_statistics.median(item.cpu / epochs_of(item, measurement) for item in measurement.steady)
    return found or None


def cores_busy(measurement: Measurement) -> float:
    """Processor seconds in a second of a steady epoch: how many cores are kept busy on average."""
    # A clock that ticks coarsely may see no processor time at all in a very short pass.
    return max(standard_statistics.median(item.cpu / item.wall for item in measurement.steady), 1e-3)


def epoch_joules(measurement: Measurement) -> float | None:
    """Joules that the machine's processors take in a steady epoch; None where not measured."""
    found = [
        item.energy / epochs_of(item, measurement) for item in measurement.steady if item.energy is not None
    ]
    return standard_statistics.median(found) if found and min(found) > 0 else None


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
    return standard_statistics.median(item.wall for item in measurement.inference[1:])


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


@dataclasses.dataclass(frozen=True)
class Arm:
    """The records of one implementation on one device, in one campaign.

    Attributes
    ----------
    network, style, framework, device : str
    records : list of Record
        All, also those that did not complete.
    condition : str
        Under which it was measured; ``standard`` is that of the comparison.
    threads : int
    batch_size : int or None
        Images in a batch; None for the task's own.
    gate_accuracy : float or None
        Test accuracy after the first epoch as the parity gate found it; None where it took no epoch.
    """

    network: str
    style: str
    framework: str
    device: str
    records: list[Record]
    condition: str
    threads: int
    batch_size: int | None
    gate_accuracy: float | None = None

    @property
    def name(self) -> str:
        """Network and style: ``mlp/gluon``."""
        return f"{self.network}/{self.style}"

    @functools.cached_property
    def measurements(self) -> dict[int, Measurement]:
        """What the completed trials measured, by round."""
        return {
            record.trial.round: record.measurement
            for record in self.records
            if record.completed and record.measurement is not None
        }

    @property
    def failures(self) -> list[Record]:
        return [record for record in self.records if not record.completed]

    def values(self, figure: Callable[[Measurement], float | None]) -> dict[int, float]:
        """A figure of each completed trial that has it, by round."""
        return {
            number: value
            for number, measurement in self.measurements.items()
            if (value := figure(measurement)) is not None
        }

    def estimate(self, figure: Callable[[Measurement], float | None]) -> Estimate | None:
        """A figure with its interval; None where no trial completed.

        None too where a trial says of it what none can measure, such as that something took no time.
        """
        values = list(self.values(figure).values())
        return estimate(values) if values and all(0 < value < math.inf for value in values) else None

    @property
    def accuracies(self) -> list[float]:
        """Test accuracy after the first epoch: of each completed trial, or if none took one, the gate's."""
        timed = [found.accuracies[0] for found in self.measurements.values() if found.accuracies]
        if timed or not self.measurements or self.gate_accuracy is None:
            return timed
        return [self.gate_accuracy]


def arms(records: Iterable[Record], condition: str = STANDARD, parity: Iterable[Parity] = ()) -> list[Arm]:
    """Group the records of timed trials by implementation and device.

    They come in the order of network, device, framework, style, threads and batch size.

    Parameters
    ----------
    records : iterable of Record
        Trials of other purposes, and under other conditions, are left out.
    condition : str
        The trials under which condition; the comparison's own unless it is asked for another.
    parity : iterable of Parity
        What the gate found, for the accuracy where the timed trials took no whole epoch.
    """
    proven = {
        (found.network, found.style, found.device): found.accuracy
        for found in parity
        if found.batch_size is None and not found.mistakes
    }
    groups: dict[tuple[str, str, str, str, int, int], list[Record]] = {}
    for record in records:
        trial = record.trial
        if trial.purpose != MEASURE or trial.condition != condition or trial.mistakes:
            continue
        key = (
            trial.network,
            trial.device,
            trial.framework,
            trial.style,
            trial.threads,
            trial.batch_size or 0,
        )
        groups.setdefault(key, []).append(record)
    return [
        Arm(
            network,
            style,
            framework,
            device,
            found,
            condition,
            threads,
            batch_size or None,
            proven.get((network, style, device)) if condition == STANDARD else None,
        )
        for (network, device, framework, style, threads, batch_size), found in sorted(groups.items())
    ]


def accuracies_by_seed(records: Iterable[Record], network: str, device: str) -> dict[str, dict[int, float]]:
    """Test accuracy after the first epoch, by style and seed.

    Parameters
    ----------
    records : iterable of Record
        Timed trials and those for the accuracy alone.
    network, device : str
        Whose accuracies.

    Returns
    -------
    dict of str to dict of int to float
        Of each style, the accuracy with each seed: of the first round, where a seed was trained
        with in several.
    """
    found: dict[str, dict[int, float]] = {}
    for record in records:
        trial = record.trial
        if (
            record.measurement is not None
            and record.measurement.accuracies
            and trial.condition in (STANDARD, SEED)
            and (trial.network, trial.device) == (network, device)
        ):
            found.setdefault(trial.style, {}).setdefault(trial.seed, record.measurement.accuracies[0])
    return found
