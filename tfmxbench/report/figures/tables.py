"""The table of a campaign: one row for each implementation on each device."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Sequence

from tfmxbench import frameworks
from tfmxbench.analysis import quantities
from tfmxbench.analysis.arms import Arm, arms_of
from tfmxbench.analysis.estimates import Estimate
from tfmxbench.records.store import Results
from tfmxbench.records.trial import Measurement

# An interval that reaches further, as a share of its estimate, says no more than that.
MOST_REACH = 100.0


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
    """One arm's cells, in the order of the columns that were asked for."""

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
    core : bool
        Whether a table of the most important figures has it.
    """

    heading: str
    meaning: str
    text: bool
    cell: Callable[[Arm], Cell]
    core: bool = True


def significant(value: float, digits: int = 3) -> str:
    """A number rounded to so many significant digits: ``0.500``, ``12.3``, ``1410``.

    It has an exponent only where it would be longer than anybody reads: ``1.00e+16``, ``1.00e-10``.
    """
    if value == 0 or not math.isfinite(value):
        return str(value)
    rounded = float(f"{value:.{digits}g}")
    if not 1e-9 <= abs(rounded) < 1e15:
        return f"{rounded:.{digits - 1}e}"
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
    reach = found.high / found.value - 1
    if reach > MOST_REACH:
        return f"{significant(found.value)} ±>{100 * MOST_REACH:.0f}%"
    return f"{significant(found.value)} ±{significant(100 * reach, 2)}%"


def _words(value: Callable[[Arm], str]) -> Callable[[Arm], Cell]:
    return lambda arm: Cell(value(arm), value(arm), value(arm))


def _figure(figure: Callable[[Measurement], float | None], scale: float = 1.0) -> Callable[[Arm], Cell]:
    def scaled(measurement: Measurement) -> float | None:
        value = figure(measurement)
        return None if value is None else value * scale

    def cell(arm: Arm) -> Cell:
        found = arm.estimate(scaled)
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


def _percentile(share: float) -> Callable[[Arm], Cell]:
    return _figure(lambda found: quantities.latency_seconds(found, share), 1e3)


COLUMNS = [
    Column("implementation", "network and style", True, _words(lambda arm: arm.name)),
    Column("framework", "in what", True, _words(lambda arm: frameworks.load(arm.framework).TITLE)),
    Column("device", "on what it computes", True, _words(lambda arm: arm.device.upper())),
    Column(
        "epoch, s",
        "seconds of a steady epoch, from NumPy arrays to trained parameters",
        False,
        _figure(quantities.epoch_seconds),
    ),
    Column(
        "images/s",
        "training images in a second of a steady epoch",
        False,
        _figure(quantities.images_per_second),
        core=False,
    ),
    Column(
        "processors, s",
        "processor seconds, of all threads together, that a steady epoch takes",
        False,
        _figure(quantities.epoch_processor_seconds),
        core=False,
    ),
    Column(
        "cores busy",
        "processor seconds in a second of a steady epoch",
        False,
        _figure(quantities.cores_busy),
        core=False,
    ),
    Column(
        "energy, J",
        "joules that the machine's processors take in a steady epoch",
        False,
        _figure(quantities.epoch_joules),
        core=False,
    ),
    Column(
        "first epoch, s",
        "seconds of the first epoch, tracing and compiling included; of a long one the first pass is timed, "
        "and the rest counts as in the steady passes",
        False,
        _figure(quantities.first_epoch_seconds),
    ),
    Column(
        "import, s",
        "seconds for importing the framework and the implementation",
        False,
        _figure(quantities.import_seconds),
        core=False,
    ),
    Column(
        "build, s",
        "seconds for building the model and setting its initial values",
        False,
        _figure(quantities.build_seconds),
        core=False,
    ),
    Column(
        "start, s",
        "seconds from starting Python to a model with its initial values",
        False,
        _figure(quantities.start_seconds),
    ),
    Column(
        "test set, ms",
        "milliseconds for predicting the test set",
        False,
        _figure(quantities.inference_seconds, 1e3),
    ),
    Column(
        "predicted/s",
        "test images that are predicted in a second",
        False,
        _figure(quantities.inference_images_per_second),
        core=False,
    ),
    Column(
        "one image, ms",
        "milliseconds for predicting a single image (median)",
        False,
        _figure(quantities.latency_seconds, 1e3),
    ),
    Column(
        "95th, ms",
        "milliseconds for predicting a single image: 95 of 100 take no longer",
        False,
        _percentile(0.95),
        core=False,
    ),
    Column(
        "99th, ms",
        "milliseconds for predicting a single image: 99 of 100 take no longer",
        False,
        _percentile(0.99),
        core=False,
    ),
    Column(
        "imported, MB",
        "resident memory after importing the framework, in 10⁶ bytes",
        False,
        _figure(quantities.imported_megabytes),
        core=False,
    ),
    Column(
        "built, MB",
        "resident memory after building the model, in 10⁶ bytes",
        False,
        _figure(quantities.built_megabytes),
        core=False,
    ),
    Column(
        "peak memory, MB",
        "greatest resident memory of the process, in 10⁶ bytes, with the images of one pass at a time",
        False,
        _figure(quantities.peak_megabytes),
    ),
    Column(
        "device memory, MB",
        "greatest memory in use on the device, in 10⁶ bytes, where the framework tells",
        False,
        _figure(quantities.device_megabytes),
        core=False,
    ),
    Column(
        "test accuracy",
        "share of test images classified rightly after the first epoch; of a long one, the gate's",
        False,
        _accuracy,
    ),
    Column("trials", "fresh processes that the row rests on", False, _trials),
]
FIGURES = [column for column in COLUMNS if not column.text]


def named(heading: str) -> Column:
    """The column with a heading.

    Raises
    ------
    ValueError
        If there is no such column.
    """
    for column in COLUMNS:
        if column.heading == heading:
            return column
    raise ValueError(f"there is no column {heading!r}")


def rows(
    results: Results, network: str | None = None, columns: Sequence[Column] = tuple(COLUMNS)
) -> list[Row]:
    """The rows of a campaign's table, of one network or of all, with all columns or with some."""
    return [
        Row(arm, [column.cell(arm) for column in columns])
        for arm in arms_of(results.records, parity=results.parity)
        if network is None or arm.network == network
    ]


def failures(results: Results) -> list[str]:
    """A sentence for each trial that did not complete; equal reasons of an arm are told once."""
    sentences = []
    for arm in arms_of(results.records, parity=results.parity):
        reasons: dict[str, list[int]] = {}
        for record in arm.failures:
            reasons.setdefault(f"{record.status}: {record.reason}", []).append(record.trial.round + 1)
        for reason, found in reasons.items():
            listed = ", ".join(map(str, found))
            sentences.append(f"{arm.name} on the {arm.device} in round {listed}: {reason}")
    return sentences
