"""What the pages on threads, batch sizes and devices show: implementations under other conditions."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

from tfmxbench import frameworks
from tfmxbench.analysis import estimates, quantities
from tfmxbench.analysis.arms import Arm, arms_of
from tfmxbench.networks import catalogue
from tfmxbench.records.conditions import BATCH_SIZE, STANDARD, THREADS, UNVARIED
from tfmxbench.records.trial import Measurement
from tfmxbench.report.figures import fragments, plots, tables
from tfmxbench.report.figures.fragments import Fragment
from tfmxbench.report.pages import published


@dataclasses.dataclass(frozen=True)
class Axis:
    """A condition that a page varies.

    Attributes
    ----------
    condition : str
        The condition of the trials in which it is varied.
    title : str
        What it is called on the picture's axis.
    place : callable
        Where on the axis an arm lies.
    figure : callable
        What is shown of a measurement.
    unit : str
        Of the figure, with what it is.
    """

    condition: str
    title: str
    place: Callable[[Arm], int]
    figure: Callable[[Measurement], float | None]
    unit: str


def _batch_size(arm: Arm) -> int:
    return arm.batch_size or catalogue.task(arm.network).batch_size


AXES = {
    "threads": Axis(
        THREADS, "threads", lambda arm: arm.threads, quantities.epoch_seconds, "seconds of a steady epoch"
    ),
    "batch size": Axis(
        BATCH_SIZE, "images in a batch", _batch_size, quantities.epoch_seconds, "seconds of a steady epoch"
    ),
}


def axis(name: str) -> Fragment:
    """For each network, the picture and the table of one axis.

    Parameters
    ----------
    name : str
        ``threads`` or ``batch size``.
    """
    chosen = AXES[name]
    varied = arms_of(published.results().records, chosen.condition)
    if not varied:
        return fragments.paragraph(
            f"This build did not vary the {name}: the quick profile does not, the default one does with a "
            "few styles, the thorough one with all."
        )
    shown = Fragment("")
    for network, device, here in _groups(chosen):
        shown += Fragment(
            f"<h3>{fragments.text(catalogue.task(network).title)}, {fragments.text(device.upper())}</h3>"
        )
        shown += _drawn(network, device, here, chosen) + _table(network, device, here, chosen) + _failed(here)
    missing = sorted(
        {arm.network for arm in arms_of(published.results().records)} - {arm.network for arm in varied}
    )
    if missing:
        titles = " and ".join(catalogue.task(network).title for network in missing)
        shown += fragments.paragraph(
            f"With {titles} this build did not vary the {name}; the thorough profile does with all."
        )
    return shown


def pictures(name: str) -> Fragment:
    """The pictures of one axis alone; nothing where it was not varied."""
    chosen = AXES[name]
    shown = Fragment("")
    for network, device, here in _groups(chosen):
        shown += _drawn(network, device, here, chosen)
    return shown


def _groups(chosen: Axis) -> list[tuple[str, str, list[Arm]]]:
    """For each network and device on which it was varied, the arms, and those that they are compared with.

    Those are the unvaried ones, with passes as short; in results from before there were such, those of the
    comparison.
    """
    records = published.results().records
    varied = arms_of(records, chosen.condition)
    found = []
    for network, device in sorted({(arm.network, arm.device) for arm in varied}):
        here = [arm for arm in varied if (arm.network, arm.device) == (network, device)]
        for condition in (UNVARIED, STANDARD):
            lacking = {arm.style for arm in here} - {
                arm.style for arm in here if arm.condition != chosen.condition
            }
            here += [
                arm
                for arm in arms_of(records, condition)
                if (arm.network, arm.device) == (network, device) and arm.style in lacking
            ]
        here.sort(key=lambda arm: (arm.framework, arm.style, chosen.place(arm)))
        found.append((network, device, here))
    return found


def _drawn(network: str, device: str, arms: list[Arm], chosen: Axis) -> Fragment:
    styles = list(dict.fromkeys((arm.style, arm.framework) for arm in arms))
    found = []
    for style, framework in styles:
        points = [
            (float(chosen.place(arm)), estimate)
            for arm in arms
            if arm.style == style and (estimate := arm.estimate(chosen.figure)) is not None
        ]
        found.append((f"{frameworks.load(framework).TITLE} {style}", framework, points))
    title = catalogue.task(network).title
    return plots.series(
        found,
        f"axis-{chosen.condition}-{network}-{device}",
        chosen.title,
        chosen.unit,
        f"{chosen.unit.capitalize()} of {title} on the {device.upper()} by {chosen.title}, "
        "with 95% intervals.",
    )


def _table(network: str, device: str, arms: list[Arm], chosen: Axis) -> Fragment:
    title = catalogue.task(network).title
    rows: list[list[tuple[str, float | str]]] = []
    for arm in arms:
        unvaried = next(
            (one for one in arms if one.style == arm.style and one.condition != chosen.condition), None
        )
        rows.append(
            [
                (arm.style, arm.style),
                (str(chosen.place(arm)), float(chosen.place(arm))),
                _estimate(arm, chosen.figure),
                _ratio(arm, unvaried, chosen.figure),
                _estimate(arm, quantities.images_per_second),
                _estimate(arm, quantities.cores_busy),
                (str(len(arm.measurements)), float(len(arm.measurements))),
            ]
        )
    headings = [
        ("style", "how it is written"),
        (chosen.title, "what is varied"),
        ("epoch, s", chosen.unit),
        ("ratio", "of these seconds to those where it is as in the comparison, paired by round"),
        ("images/s", "training images in a second"),
        ("cores busy", "processor seconds in a second"),
        ("trials", "that completed"),
    ]
    return fragments.table(
        f"{title} on the {device.upper()} by {chosen.title}, with 95% intervals", headings, rows
    )


def _estimate(arm: Arm, figure: Callable[[Measurement], float | None]) -> tuple[str, float | str]:
    found = arm.estimate(figure)
    return tables.with_interval(found), found.value if found else float("inf")


def _ratio(
    arm: Arm, other: Arm | None, figure: Callable[[Measurement], float | None]
) -> tuple[str, float | str]:
    if other is None:
        return "not measured", float("inf")
    one, two = arm.values(figure), other.values(figure)
    if arm is other:
        return "1", 1.0
    if not one.keys() & two.keys():
        return "not measured", float("inf")
    found = estimates.ratio(one, two)
    return tables.with_interval(found), found.value


def _failed(arms: list[Arm]) -> Fragment:
    found = [
        f"{record.trial.identifier}: {record.reason}"
        for arm in arms
        if arm.condition != STANDARD
        for record in arm.failures
    ]
    return (
        fragments.paragraph("Trials that did not complete:") + fragments.items(found)
        if found
        else Fragment("")
    )


def devices() -> Fragment:
    """Each implementation on the CPU and on the GPU, where there is one."""
    found = published.results()
    measured = arms_of(found.records)
    on_gpu = {arm.name: arm for arm in measured if arm.device != "cpu"}
    if not on_gpu:
        gpu = found.machine.get("gpu", "none")
        return fragments.paragraph(
            f"This build measured on the CPU only. GPU of the machine: {gpu}. With an NVIDIA GPU and its "
            "driver, or with TFMXBENCH_DEVICE=gpu, everything is measured on both."
        )
    rows: list[list[tuple[str, float | str]]] = []
    for arm in measured:
        other = on_gpu.get(arm.name)
        if arm.device != "cpu" or other is None:
            continue
        rows.append(
            [
                (arm.name, arm.name),
                _estimate(arm, quantities.epoch_seconds),
                _estimate(other, quantities.epoch_seconds),
                _ratio(other, arm, quantities.epoch_seconds),
                _estimate(other, quantities.first_epoch_seconds),
                _estimate(other, quantities.device_megabytes),
            ]
        )
    headings = [
        ("implementation", "network and style"),
        ("CPU, s", "seconds of a steady epoch on the CPU"),
        ("GPU, s", "seconds of a steady epoch on the GPU, the transfer from host memory included"),
        ("ratio", "GPU over CPU, paired by round"),
        ("first epoch, s", "seconds of the first epoch on the GPU"),
        ("device memory, MB", "greatest memory in use on the GPU, in 10⁶ bytes"),
    ]
    return fragments.table("CPU and GPU, with 95% intervals", headings, rows) + published.failed()
