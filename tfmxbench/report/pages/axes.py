"""The pages on threads, batch sizes and devices: implementations under other conditions."""

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
        Label of the plot's axis.
    place : callable
        An arm's position on the axis.
    quantity : callable
        The quantity that is shown, as a function of a measurement.
    unit : str
        Unit of the quantity, and what it is.
    """

    condition: str
    title: str
    place: Callable[[Arm], int]
    quantity: Callable[[Measurement], float | None]
    unit: str


def _batch_size(arm: Arm) -> int:
    return arm.batch_size or catalogue.task(arm.network).batch_size


EPOCH_SECONDS = "seconds per epoch, after warm-up"
AXES = {
    "threads": Axis(
        THREADS,
        "threads",
        lambda arm: arm.threads,
        quantities.epoch_seconds,
        "seconds per epoch, after warm-up",
    ),
    "batch size": Axis(
        BATCH_SIZE,
        "images per batch",
        _batch_size,
        quantities.epoch_seconds,
        "seconds per epoch, after warm-up",
    ),
}


def axis(name: str) -> Fragment:
    """The plot and the table of one axis, for each network.

    Parameters
    ----------
    name : str
        ``threads`` or ``batch size``.
    """
    chosen = AXES[name]
    varied = arms_of(published.results().records, chosen.condition)
    if not varied:
        return fragments.paragraph(
            f"This build did not vary the {name}. The quick profile never does, the default profile does "
            "with a few styles, and the thorough profile with all."
        )
    shown = Fragment("")
    for network, device, arms in _groups(chosen):
        shown += Fragment(
            f"<h3>{fragments.text(catalogue.task(network).title)}, {fragments.text(device.upper())}</h3>"
        )
        shown += _plot(network, device, arms, chosen) + _table(network, device, arms, chosen) + _failed(arms)
    missing = sorted(
        {arm.network for arm in arms_of(published.results().records)} - {arm.network for arm in varied}
    )
    if missing:
        titles = " and ".join(catalogue.task(network).title for network in missing)
        shown += fragments.paragraph(
            f"This build did not vary the {name} with {titles}. The thorough profile does with all networks."
        )
    return shown


def pictures(name: str) -> Fragment:
    """The plots of one axis, without tables; empty if the axis was not varied."""
    chosen = AXES[name]
    shown = Fragment("")
    for network, device, arms in _groups(chosen):
        shown += _plot(network, device, arms, chosen)
    return shown


def _groups(chosen: Axis) -> list[tuple[str, str, list[Arm]]]:
    """The varied arms of each network and device, and the arms that they are compared with.

    These controls are the unvaried arms, whose passes are equally short. Older results have no unvaried
    arms: there, the arms of the comparison take their place.
    """
    records = published.results().records
    varied = arms_of(records, chosen.condition)
    groups = []
    for network, device in sorted({(arm.network, arm.device) for arm in varied}):
        group = [arm for arm in varied if (arm.network, arm.device) == (network, device)]
        for condition in (UNVARIED, STANDARD):
            lacking = {arm.style for arm in group} - {
                arm.style for arm in group if arm.condition != chosen.condition
            }
            group += [
                arm
                for arm in arms_of(records, condition)
                if (arm.network, arm.device) == (network, device) and arm.style in lacking
            ]
        group.sort(key=lambda arm: (arm.framework, arm.style, chosen.place(arm)))
        groups.append((network, device, group))
    return groups


def _plot(network: str, device: str, arms: list[Arm], chosen: Axis) -> Fragment:
    styles = list(dict.fromkeys((arm.style, arm.framework) for arm in arms))
    curves = []
    for style, framework in styles:
        points = [
            (float(chosen.place(arm)), estimate)
            for arm in arms
            if arm.style == style and (estimate := arm.estimate(chosen.quantity)) is not None
        ]
        curves.append((f"{frameworks.load(framework).TITLE} {style}", framework, points))
    title = catalogue.task(network).title
    return plots.series(
        curves,
        f"axis-{chosen.condition}-{network}-{device}",
        chosen.title,
        chosen.unit,
        f"{title} on the {device.upper()}: {chosen.unit}, by {chosen.title}, with 95% intervals.",
    )


def _table(network: str, device: str, arms: list[Arm], chosen: Axis) -> Fragment:
    title = catalogue.task(network).title
    rows: list[list[tuple[str, float | str]]] = []
    for arm in arms:
        control = next(
            (item for item in arms if item.style == arm.style and item.condition != chosen.condition), None
        )
        rows.append(
            [
                (arm.style, arm.style),
                (str(chosen.place(arm)), float(chosen.place(arm))),
                _estimate(arm, chosen.quantity),
                _ratio(arm, control, chosen.quantity),
                _estimate(arm, quantities.images_per_second),
                _estimate(arm, quantities.cores_busy),
                (str(len(arm.measurements)), float(len(arm.measurements))),
            ]
        )
    headings = [
        ("style", "style of the implementation"),
        (chosen.title, "the condition that is varied"),
        ("epoch, s", chosen.unit),
        ("ratio", "to the seconds with the comparison's own setting, paired by round"),
        ("images/s, training", "training images per second, after warm-up"),
        ("cores used", "CPU seconds per second, after warm-up"),
        ("trials", "number of completed trials"),
    ]
    return fragments.table(
        f"{title} on the {device.upper()} by {chosen.title}, with 95% intervals", headings, rows
    )


def _estimate(arm: Arm, quantity: Callable[[Measurement], float | None]) -> tuple[str, float | str]:
    estimate = arm.estimate(quantity)
    return tables.with_interval(estimate), estimate.value if estimate else float("inf")


def _ratio(
    arm: Arm, control: Arm | None, quantity: Callable[[Measurement], float | None]
) -> tuple[str, float | str]:
    if control is None:
        return "not measured", float("inf")
    numerator, denominator = arm.values(quantity), control.values(quantity)
    if arm is control:
        return "1", 1.0
    if not numerator.keys() & denominator.keys():
        return "not measured", float("inf")
    ratio = estimates.ratio(numerator, denominator)
    return tables.with_interval(ratio), ratio.value


def _failed(arms: list[Arm]) -> Fragment:
    sentences = [
        f"{record.trial.identifier}: {record.reason}"
        for arm in arms
        if arm.condition != STANDARD
        for record in arm.failures
    ]
    return published.failures(sentences)


def devices() -> Fragment:
    """Each implementation on the CPU and on the GPU, if there is a GPU."""
    results = published.results()
    measured = arms_of(results.records)
    on_gpu = {arm.name: arm for arm in measured if arm.device != "cpu"}
    if not on_gpu:
        gpu = results.machine.get("gpu", "none")
        has = "no GPU" if gpu == "none" else f"a GPU that was not used: {gpu}"
        return fragments.paragraph(
            f"This build measured on the CPU only. This machine has {has}. With an NVIDIA GPU and its "
            "driver, or with TFMXBENCH_DEVICE=gpu, everything is measured on both."
        )
    rows: list[list[tuple[str, float | str]]] = []
    for arm in measured:
        gpu_arm = on_gpu.get(arm.name)
        if arm.device != "cpu" or gpu_arm is None:
            continue
        rows.append(
            [
                (arm.name, arm.name),
                _estimate(arm, quantities.epoch_seconds),
                _estimate(gpu_arm, quantities.epoch_seconds),
                _ratio(gpu_arm, arm, quantities.epoch_seconds),
                _estimate(gpu_arm, quantities.first_epoch_seconds),
                _estimate(gpu_arm, quantities.device_megabytes),
            ]
        )
    headings = [
        ("implementation", "network and style"),
        ("CPU epoch, s", "seconds per epoch on the CPU, after warm-up"),
        (
            "GPU epoch, s",
            "seconds per epoch on the GPU, after warm-up, including the transfer from host memory",
        ),
        ("GPU / CPU", "ratio of the GPU's seconds to the CPU's, paired by round"),
        ("first GPU epoch, s", "seconds of the first epoch on the GPU"),
        ("device memory, MB", "peak memory in use on the GPU, in 10⁶ bytes"),
    ]
    return fragments.table("CPU and GPU, with 95% intervals", headings, rows) + published.failed()
