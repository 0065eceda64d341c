"""The pictures of a campaign."""

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
    """A framework's colour, the same in every picture."""
    return drawing.PALETTE[frameworks.names().index(framework) % len(drawing.PALETTE)]


# How far a trial's tick reaches up and down, in rows.
TICK = 0.2


@dataclasses.dataclass(frozen=True)
class Line:
    """A line of a picture of intervals.

    Attributes
    ----------
    label, framework : str
    values : list of float
        Of the trials or rounds.
    estimate : Estimate
    """

    label: str
    framework: str
    values: list[float]
    estimate: Estimate


def intervals(
    arms: Sequence[Arm],
    figure: Callable[[Measurement], float | None],
    name: str,
    axis: str,
    description: str,
) -> Fragment:
    """A figure of each arm with its interval and its trials, the smallest at the top.

    Parameters
    ----------
    arms : sequence of Arm
        Those without a completed trial are left out.
    figure : callable
        What is shown of each measurement.
    name : str
        Unique on the page.
    axis, description : str
        What the axis and the picture show.
    """
    found = [
        Line(_name(arm, arms), arm.framework, list(arm.values(figure).values()), estimate)
        for arm in arms
        if (estimate := arm.estimate(figure)) is not None
    ]
    return lines(sorted(found, key=lambda line: line.estimate.value), name, axis, description)


def lines(
    found: Sequence[Line], name: str, axis: str, description: str, reference: float | None = None
) -> Fragment:
    """Estimates with their intervals and single values, from top to bottom.

    Parameters
    ----------
    found : sequence of Line
    name : str
        Unique on the page.
    axis, description : str
        What the axis and the picture show.
    reference : float or None
        Where to draw an upright line; the axis then need not begin at 0.
    """
    drawn, (axes,) = drawing.new(7.0, 0.9 + 0.3 * max(len(found), 1))
    labelled: set[str] = set()
    for position, line in enumerate(reversed(found)):
        tint = colour(line.framework)
        axes.plot(*_ticks(line.values, position), color=tint, alpha=0.7, linewidth=1)
        if line.estimate.has_interval:
            axes.plot([line.estimate.low, line.estimate.high], [position] * 2, color=tint, linewidth=2)
        title = frameworks.load(line.framework).TITLE
        axes.plot(
            [line.estimate.value], [position], "o", color=tint, label=None if title in labelled else title
        )
        labelled.add(title)
    # A wild interval runs off the picture instead of squeezing everything else.
    shown = [value for line in found for value in line.values]
    greatest = max(shown, default=1.0)
    if reference is None:
        axes.set_xlim(0, greatest * 1.15)
    else:
        drawing.upright(axes, reference)
        reach = max([0.02, *(abs(value - reference) for value in shown)])
        # What is compared with a reference are ratios: none is less than 0.
        axes.set_xlim(max(reference - 4 * reach, 0), reference + 4 * reach)
    axes.set_yticks(range(len(found)), [line.label for line in reversed(found)])
    axes.set_ylim(-0.6, len(found) - 0.4)
    drawing.label(axes, x=axis)
    if labelled:
        drawing.legend(axes, loc="best")
    description += _cut_off([line.estimate for line in found], *axes.get_xlim())
    return drawing.fragment(drawn, name, description)


def _cut_off(estimates: Sequence[Estimate], low: float, high: float) -> str:
    """A sentence on intervals that reach beyond what the axis shows; nothing where none does."""
    beyond = any(found.has_interval and (found.low < low or found.high > high) for found in estimates)
    return " A line that meets the edge of the picture goes on beyond it." if beyond else ""


def _ticks(values: Sequence[float], position: float) -> tuple[list[float], list[float]]:
    """Upright ticks as one broken line: thousands of markers would take seconds to draw."""
    across = [place for value in values for place in (value, value, math.nan)]
    up = [position - TICK, position + TICK, math.nan] * len(values)
    return across, up


def moved(
    found: Sequence[tuple[str, Estimate, Estimate]], name: str, axis: str, description: str
) -> Fragment:
    """Pairs of ratios, the second of each with an arrow from the first, on a logarithmic axis.

    Parameters
    ----------
    found : sequence of (str, Estimate, Estimate)
        Label, what it was, and what became of it.
    name : str
        Unique on the page.
    axis, description : str
        What the axis and the picture show.
    """
    drawn, (axes,) = drawing.new(8.0, 1.2 + 0.42 * max(len(found), 1))
    for position, (_, before, after) in enumerate(reversed(found)):
        last = position == len(found) - 1
        axes.plot([before.value, after.value], [position] * 2, color=drawing.PALETTE[-1], linewidth=0.8)
        for number, (title, estimate) in enumerate((("honest", before), ("with the mistake", after))):
            tint = drawing.PALETTE[1 - number]
            at = position + 0.12 * (1 - 2 * number)
            if estimate.has_interval:
                axes.plot([estimate.low, estimate.high], [at] * 2, color=tint, linewidth=2)
            axes.plot([estimate.value], [at], "o", color=tint, label=title if last else None)
    drawing.upright(axes, 1.0)
    axes.set_xscale("log")
    # A wild interval runs off the picture instead of squeezing everything else.
    shown = [value for _, *both in found for estimate in both for value in (estimate.value, 1.0)]
    axes.set_xlim(min(shown, default=1.0) / 1.6, max(shown, default=1.0) * 1.6)
    wide = max(shown, default=1.0) / min(shown, default=1.0) > 200
    axes.xaxis.set_major_locator(LogLocator(subs=(1.0,) if wide else (1.0, 2.0, 5.0)))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axes.xaxis.set_minor_locator(NullLocator())
    labels = [textwrap.fill(label, 38) for label, *_ in reversed(found)]
    axes.set_yticks(range(len(found)), labels, fontsize="small")
    axes.set_ylim(-0.6, len(found) - 0.4)
    drawing.label(axes, x=axis)
    if found:
        # Above the axes, where there is nothing that it could cover.
        drawing.legend(axes, loc="lower left", bbox_to_anchor=(0, 1), ncols=2)
    estimates = [estimate for _, *both in found for estimate in both]
    description += _cut_off(estimates, *axes.get_xlim())
    return drawing.fragment(drawn, name, description)


def series(
    found: Sequence[tuple[str, str, Sequence[tuple[float, Estimate]]]],
    name: str,
    x: str,
    y: str,
    description: str,
) -> Fragment:
    """Estimates with intervals over an axis of numbers that double.

    Parameters
    ----------
    found : sequence of (str, str, sequence of (float, Estimate))
        Label, framework and points of each series.
    name : str
        Unique on the page.
    x, y, description : str
        What the axes and the picture show.
    """
    drawn, (axes,) = drawing.new(7.0, 3.6)
    places = sorted({place for _, _, points in found for place, _ in points})
    for number, (label, framework, points) in enumerate(found):
        xs = [place for place, _ in points]
        ys = [estimate.value for _, estimate in points]
        style = ("-", "--", ":", "-.")[sum(other == framework for _, other, _ in found[:number]) % 4]
        axes.plot(xs, ys, "o", linestyle=style, color=colour(framework), label=label)
        for place, estimate in points:
            if estimate.has_interval:
                axes.plot([place] * 2, [estimate.low, estimate.high], color=colour(framework), linewidth=2)
    axes.set_xscale("log", base=2)
    axes.set_xticks(places, [f"{place:g}" for place in places])
    axes.minorticks_off()
    # A wild interval runs off the picture instead of squeezing everything else.
    axes.set_ylim(
        0, 1.15 * max((estimate.value for *_, points in found for _, estimate in points), default=1)
    )
    axes.grid(visible=True, axis="y", alpha=0.15)
    drawing.label(axes, x=x, y=y)
    if found:
        drawing.legend(axes, loc="best")
    estimates = [estimate for *_, points in found for _, estimate in points]
    description += _cut_off(estimates, *axes.get_ylim())
    return drawing.fragment(drawn, name, description)


def memory_curves(arm: Arm, name: str, description: str) -> Fragment:
    """Resident memory over each trial of an arm."""
    drawn, (axes,) = drawing.new(7.0, 2.6)
    for number, record in enumerate(item for item in arm.records if item.memory_curve):
        seconds = [point[0] for point in record.memory_curve]
        megabytes = [point[1] / 1e6 for point in record.memory_curve]
        tint = drawing.PALETTE[number % len(drawing.PALETTE)]
        axes.plot(seconds, megabytes, color=tint, linewidth=1.2, label=f"round {record.trial.round + 1}")
    axes.set_ylim(bottom=0)
    axes.grid(visible=True, axis="y", alpha=0.15)
    drawing.label(axes, x="seconds since the process was started", y="resident memory, MB")
    if axes.lines:
        drawing.legend(axes, loc="best", ncols=3)
    return drawing.fragment(drawn, name, description)


def _name(arm: Arm, arms: Sequence[Arm]) -> str:
    return f"{arm.style}, {arm.device.upper()}" if len({item.device for item in arms}) > 1 else arm.style


def phases(arms: Sequence[Arm], name: str, description: str) -> Fragment:
    """The seconds from starting the process to the end of the first epoch, by phase, of each arm."""
    named: list[tuple[str, Callable[[Measurement], float]]] = [
        ("interpreter", lambda found: found.interpreter.wall),
        ("import", lambda found: found.imported.wall),
        ("build", lambda found: found.built.wall),
        ("first epoch", quantities.first_epoch_seconds),
    ]
    found = [arm for arm in arms if arm.measurements]
    drawn, (axes,) = drawing.new(7.0, 0.9 + 0.3 * max(len(found), 1))
    for position, arm in enumerate(reversed(found)):
        left = 0.0
        for number, (phase, figure) in enumerate(named):
            estimate = arm.estimate(figure)
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
    axes.set_yticks(range(len(found)), [_name(arm, arms) for arm in reversed(found)])
    drawing.label(axes, x="seconds")
    if found:
        drawing.legend(axes, loc="best")
    return drawing.fragment(drawn, name, description)


def trials(arm: Arm, name: str, description: str) -> Fragment:
    """Every timed pass of an arm's trials: the first, and the steady ones after it."""
    drawn, (axes,) = drawing.new(7.0, 2.6)
    for number, (at, measurement) in enumerate(sorted(arm.measurements.items())):
        passes = measurement.epochs + measurement.passes
        seconds = [item.wall / quantities.epochs_of(item, measurement) for item in passes]
        tint = drawing.PALETTE[number % len(drawing.PALETTE)]
        axes.plot(range(len(seconds)), seconds, "o-", color=tint, label=f"round {at + 1}", markersize=4)
    axes.set_ylim(bottom=0)
    axes.grid(visible=True, axis="y", alpha=0.15)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    drawing.label(axes, x="pass over the training images (0 is the first)", y="seconds an epoch")
    if arm.measurements:
        drawing.legend(axes, loc="best", ncols=3)
    return drawing.fragment(drawn, name, description)


def lines_and_time(points: Sequence[tuple[Arm, int]], name: str, description: str) -> Fragment:
    """Lines of code against the seconds of a steady epoch."""
    drawn, (axes,) = drawing.new(7.0, 4.2)
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
    drawing.label(axes, x="lines of code, without what parity needs", y="seconds an epoch")
    return drawing.fragment(drawn, name, description)
