"""The table of a campaign: one row for each implementation on each device."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable

from tfmxbench import frameworks
from tfmxbench.analysis import summary
from tfmxbench.analysis.statistics import Estimate
from tfmxbench.analysis.summary import Arm
from tfmxbench.measure.store import Results
from tfmxbench.measure.trial import Measurement


@dataclasses.dataclass(frozen=True)
class Cell:
    """What a table shows, and what it sorts by.

    Attributes
    ----------
    text : str
    order : float or str
    brief : str
        The text where there is little room.
    """

    text: str
    order: float | str
    brief: str


@dataclasses.dataclass(frozen=True)
class Row:
    """One arm's cells, in the order of ``COLUMNS``."""

    arm: Arm
    cells: list[Cell]


@dataclasses.dataclass(frozen=True)
class Column:
    """A heading, what it means, and how an arm's cell is made.

    Attributes
    ----------
    heading, meaning : str
    text : bool
        Whether the cells are words rather than numbers.
    cell : callable
    """

    heading: str
    meaning: str
    text: bool
    cell: Callable[[Arm], Cell]


def significant(value: float, digits: int = 3) -> str:
    """A number rounded to so many significant digits, without an exponent: ``0.500``, ``12.3``, ``1410``."""
    if value == 0 or not math.isfinite(value):
        return str(value)
    rounded = float(f"{value:.{digits}g}")
    decimals = max(digits - 1 - math.floor(math.log10(abs(rounded))), 0)
    return f"{rounded:.{decimals}f}"


def with_interval(found: Estimate | None, digits: int = 3) -> str:
    """An estimate as text: ``1.23 (1.20 to 1.26)``."""
    if found is None:
        return "not measured"
    if not found.has_interval:
        return f"{significant(found.value, digits)} (one trial)"
    low, high = significant(found.low, digits), significant(found.high, digits)
    return f"{significant(found.value, digits)} ({low} to {high})"


def in_brief(found: Estimate | None) -> str:
    """An estimate as short text: ``1.23 ±3%``, where the percentage reaches to the interval's upper end."""
    if found is None:
        return "-"
    if not found.has_interval:
        return significant(found.value)
    return f"{significant(found.value)} ±{significant(100 * (found.high / found.value - 1), 2)}%"


def _words(value: Callable[[Arm], str]) -> Callable[[Arm], Cell]:
    return lambda arm: Cell(value(arm), value(arm), value(arm))


def _figure(figure: Callable[[Measurement], float], scale: float = 1.0) -> Callable[[Arm], Cell]:
    def cell(arm: Arm) -> Cell:
        found = arm.estimate(lambda measurement: figure(measurement) * scale)
        return Cell(with_interval(found), found.value if found else float("inf"), in_brief(found))

    return cell


def _accuracy(arm: Arm) -> Cell:
    if not arm.accuracies:
        return Cell("not measured", float("inf"), "-")
    low, high = min(arm.accuracies), max(arm.accuracies)
    text = f"{low:.2%}" if low == high else f"{low:.2%} to {high:.2%}"
    return Cell(text, high, f"{high:.2%}")


def _trials(arm: Arm) -> Cell:
    completed = len(arm.measurements)
    failed = len(arm.failures)
    brief = f"{completed} of {completed + failed}"
    return Cell(f"{completed}, {failed} not completed" if failed else str(completed), completed, brief)


COLUMNS = [
    Column("implementation", "network and style", True, _words(lambda arm: arm.name)),
    Column("framework", "in what", True, _words(lambda arm: frameworks.load(arm.framework).TITLE)),
    Column("device", "on what it computes", True, _words(lambda arm: arm.device.upper())),
    Column(
        "epoch, s",
        "seconds of a steady epoch, from NumPy arrays to trained parameters",
        False,
        _figure(summary.epoch_seconds),
    ),
    Column(
        "first epoch, s",
        "seconds of the first epoch, tracing and compiling included",
        False,
        _figure(summary.first_epoch_seconds),
    ),
    Column(
        "start, s",
        "seconds from starting Python to a model with its initial values",
        False,
        _figure(summary.start_seconds),
    ),
    Column(
        "test set, ms",
        "milliseconds for predicting the test set",
        False,
        _figure(summary.inference_seconds, 1e3),
    ),
    Column(
        "one image, ms",
        "milliseconds for predicting a single image (median)",
        False,
        _figure(summary.latency_seconds, 1e3),
    ),
    Column(
        "peak memory, MB",
        "greatest resident memory of the process, in 10⁶ bytes",
        False,
        _figure(summary.peak_megabytes),
    ),
    Column(
        "test accuracy",
        "share of test images classified rightly after the last whole epoch",
        False,
        _accuracy,
    ),
    Column("trials", "fresh processes that the row rests on", False, _trials),
]


def rows(results: Results, network: str | None = None) -> list[Row]:
    """The rows of a campaign's table, of one network or of all."""
    return [
        Row(arm, [column.cell(arm) for column in COLUMNS])
        for arm in summary.arms(results.records)
        if network is None or arm.network == network
    ]


def failures(results: Results) -> list[str]:
    """A sentence for each trial that did not complete; equal reasons of an arm are told once."""
    sentences = []
    for arm in summary.arms(results.records):
        reasons: dict[str, list[int]] = {}
        for record in arm.failures:
            reasons.setdefault(f"{record.status}: {record.reason}", []).append(record.trial.round + 1)
        for reason, found in reasons.items():
            listed = ", ".join(map(str, found))
            sentences.append(f"{arm.name} on the {arm.device} in round {listed}: {reason}")
    return sentences
