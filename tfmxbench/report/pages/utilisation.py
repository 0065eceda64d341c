"""The page on utilisation: how much of the machine's capacity each implementation uses."""

from __future__ import annotations

import statistics as standard_statistics

from tfmxbench import frameworks
from tfmxbench.analysis import operations, quantities
from tfmxbench.analysis.arms import Arm
from tfmxbench.analysis.estimates import estimate
from tfmxbench.networks import catalogue
from tfmxbench.records.trial import COMPLETED
from tfmxbench.report.figures import fragments, plots, tables
from tfmxbench.report.figures.fragments import Fragment
from tfmxbench.report.figures.tables import significant
from tfmxbench.report.pages import published


def _rates() -> dict[tuple[str, str], dict[int, float]]:
    """Operations per second of matrix products, by framework and device, and by round."""
    rates: dict[tuple[str, str], dict[int, float]] = {}
    for record in published.results().records:
        if record.products is not None and record.status == COMPLETED:
            seconds = standard_statistics.median(record.products.seconds)
            # No clock is finer, but a results file from somebody else may state anything.
            if seconds >= 1e-9:
                rate = operations.of_product(record.products.size) / seconds
                key = record.trial.framework, record.trial.device
                rates.setdefault(key, {})[record.trial.round] = rate
    return rates


def _best(device: str) -> dict[int, float]:
    """The highest rate that any framework reached on a device, by round."""
    best: dict[int, float] = {}
    for (_, place), rates in _rates().items():
        if place == device:
            for number, rate in rates.items():
                best[number] = max(rate, best.get(number, 0.0))
    return best


def counted() -> Fragment:
    """Operations for one image in each network, by kernel."""
    shown = Fragment("")
    for network in catalogue.networks():
        task = catalogue.task(network)
        rows: list[list[tuple[str, float | str]]] = [
            [
                (name, name),
                (" by ".join(map(str, task.parameters[name])), 0.0),
                (str(task.positions[name]), float(task.positions[name])),
                (f"{forwards:,}", float(forwards)),
                (f"{both:,}", float(both)),
            ]
            for name, (forwards, both) in operations.by_kernel(task).items()
        ]
        total = operations.inference(task), operations.training(task)
        rows.append(
            [("all", "all"), ("", 0.0), ("", 0.0), *((f"{value:,}", float(value)) for value in total)]
        )
        headings = [
            ("kernel", "name of the kernel in the task"),
            ("shape", "shape of the kernel"),
            ("positions", "number of positions at which it is applied to an image"),
            ("forward FLOP", "floating-point operations to predict one image"),
            ("training FLOP", "floating-point operations to train on one image"),
        ]
        shown += fragments.table(f"{task.title}: operations for one image", headings, rows)
    return shown


def rates() -> Fragment:
    """The rate of matrix products in each framework."""
    rows: list[list[tuple[str, float | str]]] = []
    for (framework, device), by_round in sorted(_rates().items()):
        rate = estimate([value / 1e9 for value in by_round.values()])
        title = frameworks.load(framework).TITLE
        rows.append(
            [
                (title, title),
                (device.upper(), device),
                (tables.with_interval(rate), rate.value),
                (str(rate.trials), float(rate.trials)),
            ]
        )
    failed = [
        f"{record.trial.framework} on the {record.trial.device.upper()}: {record.reason}"
        for record in published.results().records
        if record.trial.purpose == "products" and not record.completed
    ]
    if not rows:
        return fragments.paragraph(
            "This build did not measure the rate of matrix products."
        ) + fragments.items(failed)
    headings = [
        ("framework", "framework that computed the product"),
        ("device", "device that it computed on"),
        ("GFLOP/s", "10⁹ operations per second, with the 95% interval over trials"),
        ("trials", "number of trials, each a fresh process"),
    ]
    size = next(record.products.size for record in published.results().records if record.products is not None)
    caption = f"Products of two matrices of {size} by {size} float32 values: median of each trial"
    return fragments.table(caption, headings, rows) + (fragments.items(failed) if failed else Fragment(""))


def fractions() -> Fragment:
    """The share of the machine's rate that each implementation reaches in training."""
    shown = Fragment("")
    for network in catalogue.networks():
        arms = published.arms(network)
        each = operations.training(catalogue.task(network))
        for device in sorted({arm.device for arm in arms}):
            best = _best(device)
            lines = []
            for arm in arms:
                if arm.device != device:
                    continue
                speeds = arm.values(quantities.images_per_second)
                values = [100 * each * speeds[number] / best[number] for number in speeds if number in best]
                if values:
                    lines.append(plots.Line(arm.style, arm.framework, values, estimate(values)))
            if not lines:
                continue
            lines.sort(key=lambda line: -line.estimate.value)
            shown += plots.lines(
                lines,
                f"fraction-{network}-{device}",
                "percent of the rate of matrix products",
                f"{catalogue.task(network).title} in training on the {device.upper()}: share of the "
                f"machine's rate of matrix products, by style. {published.SPREAD}",
            )
            leader, last = lines[0], lines[-1]
            shown += fragments.paragraph(
                f"{catalogue.task(network).title} on the {device.upper()}: {leader.label} comes closest, "
                f"with {significant(leader.estimate.value, 2)}% of the rate. The lowest share is that of "
                f"{last.label}: {significant(last.estimate.value, 2)}%."
            )
    return shown or fragments.paragraph(
        "There is no share to report, because the rate of matrix products was not measured. The quick "
        "profile never measures it."
    )


def cores() -> Fragment:
    """The number of cores that each implementation uses."""
    shown = Fragment("")
    for network in catalogue.networks():
        arms: list[Arm] = published.arms(network)
        if arms:
            shown += plots.intervals(
                arms,
                quantities.cores_busy,
                f"cores-{network}",
                "cores used",
                f"{catalogue.task(network).title}: cores used in training, after warm-up, out of "
                f"{published.results().settings.threads} available, by style. {published.SPREAD}",
            )
    return shown


def energy() -> Fragment:
    """Joules per epoch, if the machine permits reading its counters."""
    shown = Fragment("")
    for network in catalogue.networks():
        arms = [arm for arm in published.arms(network) if arm.estimate(quantities.epoch_joules) is not None]
        if arms:
            shown += plots.intervals(
                arms,
                quantities.epoch_joules,
                f"energy-{network}",
                "joules per epoch, after warm-up",
                f"{catalogue.task(network).title}: joules per epoch, after warm-up, of all the machine's "
                f"processors, including everything else on the machine, by style. {published.SPREAD}",
            )
    return shown or fragments.paragraph(
        "Energy was not measured, because this machine does not permit reading its processors' counters. "
        "Usually only root can read them, and virtual machines have none."
    )


def environments() -> Fragment:
    """The disk space of the installed packages of each framework."""
    rows: list[list[tuple[str, float | str]]] = []
    for environment in published.results().environments:
        if environment.framework == "numpy":
            # The reference is computed in the site's own environment, which contains much else.
            continue
        title = frameworks.load(environment.framework).TITLE
        versions = ", ".join(f"{name} {version}" for name, version in environment.versions.items())
        size = "not known" if environment.bytes is None else f"{environment.bytes / 1e6:,.0f}"
        rows.append(
            [
                (title, title),
                (environment.device.upper(), environment.device),
                (size, float(environment.bytes or 0)),
                (versions or environment.problem, versions),
            ]
        )
    if not rows:
        return fragments.paragraph("The size of the environments was not recorded.")
    headings = [
        ("framework", "framework with all its dependencies"),
        ("device", "device that the environment is for"),
        ("disk, MB", "10⁶ bytes of installed packages, without Python itself and without byte code"),
        ("versions", "versions of the most important packages"),
    ]
    return fragments.table("Installed environments", headings, rows)
