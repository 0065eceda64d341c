"""The pictures of a campaign."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from matplotlib.ticker import MaxNLocator

from tfmxbench import frameworks
from tfmxbench.analysis import summary
from tfmxbench.analysis.summary import Arm
from tfmxbench.measure.trial import Measurement
from tfmxbench.report import figures
from tfmxbench.report.html import Fragment


def colour(framework: str) -> str:
    """A framework's colour, the same in every picture."""
    return figures.PALETTE[frameworks.names().index(framework) % len(figures.PALETTE)]


def intervals(
    arms: Sequence[Arm],
    figure: Callable[[Measurement], float],
    name: str,
    axis: str,
    description: str,
    logarithmic: bool = False,
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
    logarithmic : bool
        Whether the axis is.
    """
    found = [(arm, estimate) for arm in arms if (estimate := arm.estimate(figure)) is not None]
    found.sort(key=lambda pair: pair[1].value, reverse=True)
    drawn, (axes,) = figures.new(7.0, 0.9 + 0.3 * max(len(found), 1))
    labelled: set[str] = set()
    for position, (arm, estimate) in enumerate(found):
        tint = colour(arm.framework)
        values = list(arm.values(figure).values())
        axes.plot(values, [position] * len(values), "|", color=tint, alpha=0.7, markersize=9)
        if estimate.has_interval:
            axes.plot([estimate.low, estimate.high], [position] * 2, color=tint, linewidth=2)
        title = frameworks.load(arm.framework).TITLE
        axes.plot(
            [estimate.value],
            [position],
            "o",
            color=tint,
            label=None if title in labelled else title,
        )
        labelled.add(title)
    # A wild interval runs off the picture instead of squeezing everything else.
    greatest = max((max(arm.values(figure).values()) for arm, _ in found), default=1.0)
    if logarithmic:
        axes.set_xscale("log")
    else:
        axes.set_xlim(0, greatest * 1.15)
    axes.set_yticks(range(len(found)), [_name(arm, arms) for arm, _ in found])
    axes.set_ylim(-0.6, len(found) - 0.4)
    figures.label(axes, x=axis)
    if labelled:
        figures.legend(axes, loc="best")
    return figures.fragment(drawn, name, description)


def _name(arm: Arm, arms: Sequence[Arm]) -> str:
    return f"{arm.style}, {arm.device.upper()}" if len({item.device for item in arms}) > 1 else arm.style


def phases(arms: Sequence[Arm], name: str, description: str) -> Fragment:
    """The seconds from starting the process to the end of the first epoch, by phase, of each arm."""
    named: list[tuple[str, Callable[[Measurement], float]]] = [
        ("interpreter", lambda found: found.interpreter.wall),
        ("import", lambda found: found.imported.wall),
        ("build", lambda found: found.built.wall),
        ("first epoch", summary.first_epoch_seconds),
    ]
    found = [arm for arm in arms if arm.measurements]
    drawn, (axes,) = figures.new(7.0, 0.9 + 0.3 * max(len(found), 1))
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
                color=figures.PALETTE[number],
                label=phase if position == 0 else None,
            )
            left += width
    axes.set_yticks(range(len(found)), [_name(arm, arms) for arm in reversed(found)])
    figures.label(axes, x="seconds")
    if found:
        figures.legend(axes, loc="best")
    return figures.fragment(drawn, name, description)


def trials(arm: Arm, name: str, description: str) -> Fragment:
    """Every timed pass of an arm's trials: the first epoch, and the steady ones after it."""
    drawn, (axes,) = figures.new(7.0, 2.6)
    for number, (at, measurement) in enumerate(sorted(arm.measurements.items())):
        whole = measurement.epochs[0].batches
        seconds = [item.wall / item.batches * whole for item in (measurement.epochs[0], *measurement.steady)]
        tint = figures.PALETTE[number % len(figures.PALETTE)]
        axes.plot(range(len(seconds)), seconds, "o-", color=tint, label=f"round {at + 1}", markersize=4)
    axes.set_ylim(bottom=0)
    axes.grid(visible=True, axis="y", alpha=0.15)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    figures.label(axes, x="pass over the training images (0 is the first epoch)", y="seconds an epoch")
    if arm.measurements:
        figures.legend(axes, loc="best", ncols=3)
    return figures.fragment(drawn, name, description)


def lines_and_time(points: Sequence[tuple[Arm, int]], name: str, description: str) -> Fragment:
    """Lines of code against the seconds of a steady epoch."""
    drawn, (axes,) = figures.new(7.0, 4.2)
    for arm, lines in points:
        estimate = arm.estimate(summary.epoch_seconds)
        if estimate is None:
            continue
        axes.plot([lines], [estimate.value], "o", color=colour(arm.framework))
        figures.annotate(
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
    figures.label(axes, x="lines of code, without what parity needs", y="seconds an epoch")
    return figures.fragment(drawn, name, description)
