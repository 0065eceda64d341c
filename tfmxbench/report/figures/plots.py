"""The plots of a campaign."""

from __future__ import annotations

import dataclasses
import math
import textwrap
from collections.abc import Callable, Sequence

from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullLocator

from tfmxbench import frameworks
from tfmxbench.analysis import quantities
from tfmxbench.analysis.arms import Arm
from tfmxbench.analysis.estimates import Estimate
from tfmxbench.records.trial import Measurement
from tfmxbench.report.figures import drawing
from tfmxbench.report.figures.fragments import Fragment


def colour(framework: str) -> str:
    """A framework's colour, the same in every plot."""
    return drawing.PALETTE[frameworks.names().index(framework) % len(drawing.PALETTE)]


# Half the height of a trial's tick, in rows.
TICK = 0.2


@dataclasses.dataclass(frozen=True)
class Line:
    """A row of a plot of intervals.

    Attributes
    ----------
    label, framework : str
    values : list of float
        One for each trial or round.
    estimate : Estimate
    """

    label: str
    framework: str
    values: list[float]
    estimate: Estimate


def intervals(
    arms: Sequence[Arm],
    quantity: Callable[[Measurement], float | None],
    name: str,
    axis: str,
    description: str,
) -> Fragment:
    """A quantity of each arm, with its interval and its trials. The smallest is at the top.

    Parameters
    ----------
    arms : sequence of Arm
        Those without a completed trial are left out.
    quantity : callable
        The quantity to show, as a function of a measurement.
    name : str
        Unique on the page.
    axis, description : str
        What the axis and the plot show.
    """
    rows = [
        Line(_name(arm, arms), arm.framework, list(arm.values(quantity).values()), estimate)
        for arm in arms
        if (estimate := arm.estimate(quantity)) is not None
    ]
    return lines(sorted(rows, key=lambda line: line.estimate.value), name, axis, description)


def lines(
    rows: Sequence[Line], name: str, axis: str, description: str, baseline: float | None = None
) -> Fragment:
    """Estimates with their intervals and their single values, from top to bottom.

    Parameters
    ----------
    rows : sequence of Line
    name : str
        Unique on the page.
    axis, description : str
        What the axis and the plot show.
    baseline : float or None
        Position of a vertical line; None for no line. With a line, the axis then need not begin at 0.
    """
    figure, (axes,) = drawing.new(7.0, 0.9 + 0.3 * max(len(rows), 1))
    labelled: set[str] = set()
    for position, line in enumerate(reversed(rows)):
        tint = colour(line.framework)
        axes.plot(*_ticks(line.values, position), color=tint, alpha=0.7, linewidth=1)
        if line.estimate.has_interval:
            axes.plot([line.estimate.low, line.estimate.high], [position] * 2, color=tint, linewidth=2)
        title = frameworks.load(line.framework).TITLE
        axes.plot(
            [line.estimate.value], [position], "o", color=tint, label=None if title in labelled else title
        )
        labelled.add(title)
    # The axis follows the values, so that one very long interval does not squeeze everything else.
    values = [value for line in rows for value in line.values]
    greatest = max(values, default=1.0)
    if baseline is None:
        axes.set_xlim(0, greatest * 1.15)
    else:
        drawing.upright(axes, baseline)
        reach = max([0.02, *(abs(value - baseline) for value in values)])
        # Only ratios have a baseline, and a ratio is never less than 0.
        axes.set_xlim(max(baseline - 4 * reach, 0), baseline + 4 * reach)
    axes.set_yticks(range(len(rows)), [line.label for line in reversed(rows)])
    axes.set_ylim(-0.6, len(rows) - 0.4)
    drawing.label(axes, x=axis)
    if labelled:
        drawing.legend(axes, loc="best")
    description += _cut_off([line.estimate for line in rows], *axes.get_xlim())
    return drawing.fragment(figure, name, description)


def _cut_off(estimates: Sequence[Estimate], low: float, high: float) -> str:
    """A sentence on intervals that extend beyond the axis; empty if there are none."""
    beyond = any(item.has_interval and (item.low < low or item.high > high) for item in estimates)
    return " A line that reaches the edge of the plot continues beyond it." if beyond else ""


def _ticks(values: Sequence[float], position: float) -> tuple[list[float], list[float]]:
    """Vertical ticks as one broken line: thousands of markers would take seconds to draw."""
    xs = [x for value in values for x in (value, value, math.nan)]
    ys = [position - TICK, position + TICK, math.nan] * len(values)
    return xs, ys


def moved(rows: Sequence[tuple[str, Estimate, Estimate]], name: str, axis: str, description: str) -> Fragment:
    """Pairs of ratios, joined by a line, on a logarithmic axis.

    Parameters
    ----------
    rows : sequence of (str, Estimate, Estimate)
        Label, the ratio without the mistake, and the ratio with it.
    name : str
        Unique on the page.
    axis, description : str
        What the axis and the plot show.
    """
    figure, (axes,) = drawing.new(8.0, 1.2 + 0.42 * max(len(rows), 1))
    for position, (_, before, after) in enumerate(reversed(rows)):
        last = position == len(rows) - 1
        axes.plot([before.value, after.value], [position] * 2, color=drawing.PALETTE[-1], linewidth=0.8)
        for number, (title, estimate) in enumerate(
            (("without the mistake", before), ("with the mistake", after))
        ):
            tint = drawing.PALETTE[1 - number]
            y = position + 0.12 * (1 - 2 * number)
            if estimate.has_interval:
                axes.plot([estimate.low, estimate.high], [y] * 2, color=tint, linewidth=2)
            axes.plot([estimate.value], [y], "o", color=tint, label=title if last else None)
    drawing.upright(axes, 1.0)
    axes.set_xscale("log")
    # The axis follows the values, so that one very long interval does not squeeze everything else.
    values = [value for _, *both in rows for estimate in both for value in (estimate.value, 1.0)]
    axes.set_xlim(min(values, default=1.0) / 1.6, max(values, default=1.0) * 1.6)
    wide = max(values, default=1.0) / min(values, default=1.0) > 200
    axes.xaxis.set_major_locator(LogLocator(subs=(1.0,) if wide else (1.0, 2.0, 5.0)))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axes.xaxis.set_minor_locator(NullLocator())
    labels = [textwrap.fill(label, 38) for label, *_ in reversed(rows)]
    axes.set_yticks(range(len(rows)), labels, fontsize="small")
    axes.set_ylim(-0.6, len(rows) - 0.4)
    drawing.label(axes, x=axis)
    if rows:
        # Above the axes, where the legend covers nothing.
        drawing.legend(axes, loc="lower left", bbox_to_anchor=(0, 1), ncols=2)
    estimates = [estimate for _, *both in rows for estimate in both]
    description += _cut_off(estimates, *axes.get_xlim())
    return drawing.fragment(figure, name, description)


def series(
    curves: Sequence[tuple[str, str, Sequence[tuple[float, Estimate]]]],
    name: str,
    x: str,
    y: str,
    description: str,
) -> Fragment:
    """Estimates with intervals, over a logarithmic axis to base 2.

    Parameters
    ----------
    curves : sequence of (str, str, sequence of (float, Estimate))
        Label, framework and points of each curve.
    name : str
        Unique on the page.
    x, y, description : str
        What the axes and the plot show.
    """
    figure, (axes,) = drawing.new(7.0, 3.6)
    places = sorted({place for _, _, points in curves for place, _ in points})
    for number, (label, framework, points) in enumerate(curves):
        xs = [place for place, _ in points]
        ys = [estimate.value for _, estimate in points]
        earlier = sum(curve[1] == framework for curve in curves[:number])
        style = ("-", "--", ":", "-.")[earlier % 4]
        axes.plot(xs, ys, "o", linestyle=style, color=colour(framework), label=label)
        for place, estimate in points:
            if estimate.has_interval:
                axes.plot([place] * 2, [estimate.low, estimate.high], color=colour(framework), linewidth=2)
    axes.set_xscale("log", base=2)
    axes.set_xticks(places, [f"{place:g}" for place in places])
    axes.minorticks_off()
    estimates = [estimate for *_, points in curves for _, estimate in points]
    # The axis follows the values, so that one very long interval does not squeeze everything else.
    axes.set_ylim(0, 1.15 * max((estimate.value for estimate in estimates), default=1))
    axes.grid(visible=True, axis="y", alpha=0.15)
    drawing.label(axes, x=x, y=y)
    if curves:
        drawing.legend(axes, loc="best")
    description += _cut_off(estimates, *axes.get_ylim())
    return drawing.fragment(figure, name, description)


def memory_curves(arm: Arm, name: str, description: str) -> Fragment:
    """Resident memory during each trial of an arm."""
    figure, (axes,) = drawing.new(7.0, 2.6)
    for number, record in enumerate(item for item in arm.records if item.memory_curve):
        seconds = [point[0] for point in record.memory_curve]
        megabytes = [point[1] / 1e6 for point in record.memory_curve]
        tint = drawing.PALETTE[number % len(drawing.PALETTE)]
        axes.plot(seconds, megabytes, color=tint, linewidth=1.2, label=f"round {record.trial.round + 1}")
    axes.set_ylim(bottom=0)
    axes.grid(visible=True, axis="y", alpha=0.15)
    drawing.label(axes, x="seconds since the process started", y="resident memory, MB")
    if axes.lines:
        drawing.legend(axes, loc="best", ncols=3)
    return drawing.fragment(figure, name, description)


def _name(arm: Arm, arms: Sequence[Arm]) -> str:
    return f"{arm.style}, {arm.device.upper()}" if len({item.device for item in arms}) > 1 else arm.style


def phases(arms: Sequence[Arm], name: str, description: str) -> Fragment:
    """Each arm's seconds from starting the process to the end of the first epoch, by phase."""
    phase_quantities: list[tuple[str, Callable[[Measurement], float]]] = [
        ("interpreter", lambda measurement: measurement.interpreter.wall),
        ("import", lambda measurement: measurement.imported.wall),
        ("build", lambda measurement: measurement.built.wall),
        ("first epoch", quantities.first_epoch_seconds),
    ]
    measured = [arm for arm in arms if arm.measurements]
    figure, (axes,) = drawing.new(7.0, 0.9 + 0.3 * max(len(measured), 1))
    for position, arm in enumerate(reversed(measured)):
        left = 0.0
        for number, (phase, quantity) in enumerate(phase_quantities):
            estimate = arm.estimate(quantity)
            width = estimate.value if estimate else 0.0
            axes.barh(
                position,
                width,
                left=left,
                height=0.6,
                color=drawing.PALETTE[number],
                label=phase if position == 0 else None,
            )
            left += width
    axes.set_yticks(range(len(measured)), [_name(arm, arms) for arm in reversed(measured)])
    drawing.label(axes, x="seconds")
    if measured:
        drawing.legend(axes, loc="best")
    return drawing.fragment(figure, name, description)


def trials(arm: Arm, name: str, description: str) -> Fragment:
    """Every timed pass of an arm's trials: the first, and those after warm-up."""
    figure, (axes,) = drawing.new(7.0, 2.6)
    for number, (round_number, measurement) in enumerate(sorted(arm.measurements.items())):
        passes = measurement.epochs + measurement.passes
        seconds = [item.wall / quantities.epochs_of(item, measurement) for item in passes]
        tint = drawing.PALETTE[number % len(drawing.PALETTE)]
        axes.plot(
            range(len(seconds)), seconds, "o-", color=tint, label=f"round {round_number + 1}", markersize=4
        )
    axes.set_ylim(bottom=0)
    axes.grid(visible=True, axis="y", alpha=0.15)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    drawing.label(axes, x="pass (0 is the first)", y="seconds per epoch")
    if arm.measurements:
        drawing.legend(axes, loc="best", ncols=3)
    return drawing.fragment(figure, name, description)


def lines_and_time(points: Sequence[tuple[Arm, int]], name: str, description: str) -> Fragment:
    """Lines of code against the seconds per epoch, after warm-up."""
    figure, (axes,) = drawing.new(7.0, 4.2)
    for arm, lines in points:
        estimate = arm.estimate(quantities.epoch_seconds)
        if estimate is None:
            continue
        axes.plot([lines], [estimate.value], "o", color=colour(arm.framework))
        drawing.annotate(
            axes,
            _name(arm, [item for item, _ in points]),
            lines,
            estimate.value,
            xytext=(5, 4),
            textcoords="offset points",
        )
    axes.margins(x=0.2)
    axes.set_ylim(bottom=0)
    axes.grid(visible=True, axis="y", alpha=0.15)
    drawing.label(axes, x="lines of code, without the parity functions", y="seconds per epoch, after warm-up")
    return drawing.fragment(figure, name, description)
