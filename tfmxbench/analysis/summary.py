"""What the records of a campaign say of each arm: an implementation on a device."""

from __future__ import annotations

import dataclasses
import statistics as standard_statistics
from collections.abc import Callable, Iterable

from tfmxbench.analysis.statistics import Estimate, estimate
from tfmxbench.measure.trial import Measurement, Record

MEASURE = "measure"


def epoch_seconds(measurement: Measurement) -> float:
    """Seconds that a steady epoch takes: the median of the trial's steady passes.

    A pass over a part of the images counts for as many epochs as it has of an epoch's batches.
    """
    whole = measurement.epochs[0].batches
    return standard_statistics.median(item.wall / item.batches * whole for item in measurement.steady)


def first_epoch_seconds(measurement: Measurement) -> float:
    """Seconds of the first epoch, tracing and compiling included."""
    return measurement.epochs[0].wall


def inference_seconds(measurement: Measurement) -> float:
    """Seconds for predicting the test set; the first time, which may trace, is left out."""
    return standard_statistics.median(item.wall for item in measurement.inference[1:])


def latency_seconds(measurement: Measurement) -> float:
    """Seconds for predicting one image: the median over the second half, after any tracing."""
    return standard_statistics.median(measurement.latencies[len(measurement.latencies) // 2 :])


def start_seconds(measurement: Measurement) -> float:
    """Seconds from starting the process to a model with its initial values."""
    return measurement.interpreter.wall + measurement.imported.wall + measurement.built.wall


def peak_megabytes(measurement: Measurement) -> float:
    """Greatest resident memory in MB, 10**6 bytes."""
    return measurement.memory.peak / 1e6


@dataclasses.dataclass(frozen=True)
class Arm:
    """The records of one implementation on one device, in one campaign.

    Attributes
    ----------
    network, style, framework, device : str
    records : list of Record
        All, also those that did not complete.
    """

    network: str
    style: str
    framework: str
    device: str
    records: list[Record]

    @property
    def name(self) -> str:
        """Network and style: ``mlp/gluon``."""
        return f"{self.network}/{self.style}"

    @property
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

    def values(self, figure: Callable[[Measurement], float]) -> dict[int, float]:
        """A figure of each completed trial, by round."""
        return {number: figure(measurement) for number, measurement in self.measurements.items()}

    def estimate(self, figure: Callable[[Measurement], float]) -> Estimate | None:
        """A figure with its interval; None where no trial completed."""
        values = list(self.values(figure).values())
        return estimate(values) if values else None

    @property
    def accuracies(self) -> list[float]:
        """Test accuracy of each completed trial after its last whole epoch."""
        return [measurement.accuracies[-1] for measurement in self.measurements.values()]


def arms(records: Iterable[Record]) -> list[Arm]:
    """Group the records of timed trials by implementation and device.

    They come in the order of network, device and framework.
    """
    groups: dict[tuple[str, str, str, str], list[Record]] = {}
    for record in records:
        trial = record.trial
        if trial.purpose != MEASURE:
            continue
        groups.setdefault((trial.network, trial.device, trial.framework, trial.style), []).append(record)
    return [
        Arm(network, style, framework, device, found)
        for (network, device, framework, style), found in sorted(groups.items())
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
        if record.measurement is not None and (trial.network, trial.device) == (network, device):
            found.setdefault(trial.style, {}).setdefault(trial.seed, record.measurement.accuracies[0])
    return found
