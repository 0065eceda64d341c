"""The arms of a campaign: the records of each implementation on each device."""

from __future__ import annotations

import dataclasses
import functools
import math
from collections.abc import Callable, Iterable

from tfmxbench.analysis.estimates import Estimate, estimate
from tfmxbench.records.conditions import MEASURE, SEED, STANDARD
from tfmxbench.records.parity import Parity
from tfmxbench.records.trial import Measurement, Record


@dataclasses.dataclass(frozen=True)
class Arm:
    """The records of one implementation on one device, in one campaign.

    Attributes
    ----------
    network, style, framework, device : str
    records : list of Record
        All of them, including those that did not complete.
    condition : str
        The condition under which it was measured; ``standard`` is that of the comparison.
    threads : int
    batch_size : int or None
        Images in a batch; None for the task's own.
    gate_accuracy : float or None
        Test accuracy after the first epoch from the parity gate; None if the gate took no epoch.
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
        """The measurements of the completed trials, by round."""
        return {
            record.trial.round: record.measurement
            for record in self.records
            if record.completed and record.measurement is not None
        }

    @property
    def failures(self) -> list[Record]:
        return [record for record in self.records if not record.completed]

    def values(self, quantity: Callable[[Measurement], float | None]) -> dict[int, float]:
        """A quantity of each completed trial, by round; trials that did not measure it are left out."""
        return {
            number: value
            for number, measurement in self.measurements.items()
            if (value := quantity(measurement)) is not None
        }

    def estimate(self, quantity: Callable[[Measurement], float | None]) -> Estimate | None:
        """A quantity with its interval; None if no trial completed.

        It is also None if a trial has an impossible value, such as a time of 0.
        """
        values = list(self.values(quantity).values())
        return estimate(values) if values and all(0 < value < math.inf for value in values) else None

    @property
    def accuracies(self) -> list[float]:
        """Test accuracy after the first epoch of each completed trial; the gate's if none took an epoch."""
        timed = [item.accuracies[0] for item in self.measurements.values() if item.accuracies]
        if timed or not self.measurements or self.gate_accuracy is None:
            return timed
        return [self.gate_accuracy]


def arms_of(records: Iterable[Record], condition: str = STANDARD, parity: Iterable[Parity] = ()) -> list[Arm]:
    """Group the records of timed trials by implementation and device.

    The arms are ordered by network, device, framework, style, threads and batch size.

    Parameters
    ----------
    records : iterable of Record
        Trials for other purposes are left out.
    condition : str
        Trials under other conditions are left out, too. The default is that of the comparison.
    parity : iterable of Parity
        The gate's verdicts: their accuracies stand in where the timed trials took no whole epoch.
    """
    gate_accuracies = {
        (verdict.network, verdict.style, verdict.device): verdict.accuracy
        for verdict in parity
        if verdict.batch_size is None and not verdict.mistakes
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
            grouped,
            condition,
            threads,
            batch_size or None,
            gate_accuracies.get((network, style, device)) if condition == STANDARD else None,
        )
        for (network, device, framework, style, threads, batch_size), grouped in sorted(groups.items())
    ]


def accuracies_by_seed(records: Iterable[Record], network: str, device: str) -> dict[str, dict[int, float]]:
    """Test accuracy after the first epoch, by style and seed.

    Parameters
    ----------
    records : iterable of Record
        Timed trials and those for the accuracy alone.
    network, device : str
        Whose accuracies to collect.

    Returns
    -------
    dict of str to dict of int to float
        The accuracy of each style with each seed. If several rounds have a seed, the first one counts.
    """
    accuracies: dict[str, dict[int, float]] = {}
    for record in records:
        trial = record.trial
        if (
            record.measurement is not None
            and record.measurement.accuracies
            and trial.condition in (STANDARD, SEED)
            and (trial.network, trial.device) == (network, device)
        ):
            accuracies.setdefault(trial.style, {}).setdefault(trial.seed, record.measurement.accuracies[0])
    return accuracies
