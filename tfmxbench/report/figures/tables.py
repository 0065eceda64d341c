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

# The greatest reach of an interval, as a share of its estimate, that is printed as a number.
MOST_REACH = 100.0


@dataclasses.dataclass(frozen=True)
class Cell:
    """The text of a cell, and the value that it sorts by.

    Attributes
    ----------
    text : str
    order : float or str
    brief : str
        The text for narrow tables.
    """

    text: str
    order: float | str
    brief: str


@dataclasses.dataclass(frozen=True)
class Row:
    """The cells of one arm, in the order of the requested columns."""

    arm: Arm
    cells: list[Cell]


@dataclasses.dataclass(frozen=True)
class Column:
    """A heading, its meaning, and a function that makes the cell of an arm.

    Attributes
    ----------
    heading, meaning : str
    text : bool
        Whether the cells are words rather than numbers.
    cell : callable
    core : bool
        Whether the short table of one network has the column.
    """

    heading: str
    meaning: str
    text: bool
    cell: Callable[[Arm], Cell]
    core: bool = True


def significant(value: float, digits: int = 3) -> str:
    """A number rounded to some significant digits: ``0.500``, ``12.3``, ``1410``.

    Only very large and very small numbers have an exponent: ``1.00e+16``, ``1.00e-10``.
    """
    if value == 0 or not math.isfinite(value):
        return str(value)
    rounded = float(f"{value:.{digits}g}")
    if not 1e-9 <= abs(rounded) < 1e15:
        return f"{rounded:.{digits - 1}e}"
    decimals = max(digits - 1 - math.floor(math.log10(abs(rounded))), 0)
    return f"{rounded:.{decimals}f}"


def with_interval(estimate: Estimate | None, digits: int = 3) -> str:
    """An estimate as text: ``1.23 (1.20 to 1.26)``."""
    if estimate is None:
        return "not measured"
    if not estimate.has_interval:
        return f"{significant(estimate.value, digits)} (one trial)"
    low, high = significant(estimate.low, digits), significant(estimate.high, digits)
    return f"{significant(estimate.value, digits)} ({low} to {high})"


def in_brief(estimate: Estimate | None) -> str:
    """An estimate as short text: ``1.23 ±3%``. The percentage extends to the interval's upper end."""
    if estimate is None:
        return "-"
    if not estimate.has_interval:
        return significant(estimate.value)
    reach = estimate.high / estimate.value - 1
    if reach > MOST_REACH:
        return f"{significant(estimate.value)} ±>{100 * MOST_REACH:.0f}%"
    return f"{significant(estimate.value)} ±{significant(100 * reach, 2)}%"


def _words(value: Callable[[Arm], str]) -> Callable[[Arm], Cell]:
    return lambda arm: Cell(value(arm), value(arm), value(arm))


def _number(quantity: Callable[[Measurement], float | None], scale: float = 1.0) -> Callable[[Arm], Cell]:
    def scaled(measurement: Measurement) -> float | None:
        value = quantity(measurement)
        return None if value is None else value * scale

    def cell(arm: Arm) -> Cell:
        estimate = arm.estimate(scaled)
        order = estimate.value if estimate else float("inf")
        return Cell(with_interval(estimate), order, in_brief(estimate))

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
    return _number(lambda measurement: quantities.latency_seconds(measurement, share), 1e3)


COLUMNS = [
    Column("implementation", "network and style", True, _words(lambda arm: arm.name)),
    Column(
        "framework",
        "framework that it is written in",
        True,
        _words(lambda arm: frameworks.load(arm.framework).TITLE),
    ),
    Column("device", "device that it computes on", True, _words(lambda arm: arm.device.upper())),
    Column(
        "epoch, s",
        "seconds per epoch, after warm-up, from NumPy arrays to trained parameters",
        False,
        _number(quantities.epoch_seconds),
    ),
    Column(
        "images/s, training",
        "training images per second, after warm-up",
        False,
        _number(quantities.images_per_second),
        core=False,
    ),
    Column(
        "CPU time, s",
        "CPU seconds per epoch, after warm-up, of all threads together",
        False,
        _number(quantities.epoch_processor_seconds),
        core=False,
    ),
    Column(
        "cores used",
        "CPU seconds per second, after warm-up",
        False,
        _number(quantities.cores_busy),
        core=False,
    ),
    Column(
        "energy, J",
        "joules per epoch, after warm-up, of all the machine's processors",
        False,
        _number(quantities.epoch_joules),
        core=False,
    ),
    Column(
        "first epoch, s",
        "seconds of the first epoch, including tracing and compilation; if an epoch is long, only its first "
        "pass is timed cold, and the rest is extrapolated from the passes after warm-up",
        False,
        _number(quantities.first_epoch_seconds),
    ),
    Column(
        "import, s",
        "seconds to import the framework and the implementation",
        False,
        _number(quantities.import_seconds),
        core=False,
    ),
    Column(
        "build, s",
        "seconds to build the model and set its initial values",
        False,
        _number(quantities.build_seconds),
        core=False,
    ),
    Column(
        "start-up, s",
        "seconds from starting Python to a model with its initial values",
        False,
        _number(quantities.start_seconds),
    ),
    Column(
        "test set, ms",
        "milliseconds to predict the test set",
        False,
        _number(quantities.inference_seconds, 1e3),
    ),
    Column(
        "images/s, inference",
        "test images predicted per second",
        False,
        _number(quantities.inference_images_per_second),
        core=False,
    ),
    Column(
        "median latency, ms",
        "milliseconds to predict a single image, median",
        False,
        _number(quantities.latency_seconds, 1e3),
    ),
    Column(
        "p95 latency, ms",
        "milliseconds to predict a single image, 95th percentile",
        False,
        _percentile(0.95),
        core=False,
    ),
    Column(
        "p99 latency, ms",
        "milliseconds to predict a single image, 99th percentile",
        False,
        _percentile(0.99),
        core=False,
    ),
    Column(
        "RSS after import, MB",
        "resident memory after importing the framework, in 10⁶ bytes",
        False,
        _number(quantities.imported_megabytes),
        core=False,
    ),
    Column(
        "RSS after build, MB",
        "resident memory after building the model, in 10⁶ bytes",
        False,
        _number(quantities.built_megabytes),
        core=False,
    ),
    Column(
        "peak memory, MB",
        "peak resident memory of the process, in 10⁶ bytes, including the images of one pass",
        False,
        _number(quantities.peak_megabytes),
    ),
    Column(
        "device memory, MB",
        "peak memory in use on the device, in 10⁶ bytes, if the framework reports it",
        False,
        _number(quantities.device_megabytes),
        core=False,
    ),
    Column(
        "test accuracy",
        "test accuracy after the first epoch; if the timed trials take no whole epoch, from the parity gate",
        False,
        _accuracy,
    ),
    Column("trials", "number of trials, each a fresh process", False, _trials),
]
QUANTITIES = [column for column in COLUMNS if not column.text]


def named(heading: str) -> Column:
    """The column with that heading.

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
    """The rows of a campaign's table: of all networks or one, with all columns or some."""
    return [
        Row(arm, [column.cell(arm) for column in columns])
        for arm in arms_of(results.records, parity=results.parity)
        if network is None or arm.network == network
    ]


def failures(results: Results) -> list[str]:
    """The trials that did not complete, one sentence for each arm and reason."""
    sentences = []
    for arm in arms_of(results.records, parity=results.parity):
        reasons: dict[str, list[int]] = {}
        for record in arm.failures:
            reasons.setdefault(f"{record.status}: {record.reason}", []).append(record.trial.round + 1)
        for reason, rounds in reasons.items():
            listed = ", ".join(map(str, rounds))
            sentences.append(f"{arm.name} on the {arm.device.upper()} in round {listed}: {reason}")
    return sentences
