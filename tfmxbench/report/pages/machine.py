"""What the page on the machine shows: how much of what it can do each implementation reaches."""

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
    """Operations in a second of matrix products, by framework and device, and by round."""
    found: dict[tuple[str, str], dict[int, float]] = {}
    for record in published.results().records:
        if record.products is not None and record.status == COMPLETED:
            seconds = standard_statistics.median(record.products.seconds)
            # No clock is finer; a file of another hand may say what it likes.
            if seconds >= 1e-9:
                rate = operations.of_product(record.products.size) / seconds
                key = record.trial.framework, record.trial.device
                found.setdefault(key, {})[record.trial.round] = rate
    return found


def _best(device: str) -> dict[int, float]:
    """The greatest rate that any framework reached on a device, by round."""
    best: dict[int, float] = {}
    for (_, on), rates in _rates().items():
        if on == device:
            for number, rate in rates.items():
                best[number] = max(rate, best.get(number, 0.0))
    return best


def counted() -> Fragment:
    """Operations of each network for one image, by kernel."""
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
            ("kernel", "of the task"),
            ("shape", "of its values"),
            ("places", "at which it is applied to an image"),
            ("forwards", "floating-point operations for predicting one image"),
            ("in training", "floating-point operations for training on one image"),
        ]
        shown += fragments.table(f"{task.title}: operations for one image", headings, rows)
    return shown


def rates() -> Fragment:
    """The rate of matrix products in each framework."""
    rows: list[list[tuple[str, float | str]]] = []
    for (framework, device), found in sorted(_rates().items()):
        rate = estimate([value / 1e9 for value in found.values()])
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
        ("framework", "whose product was called"),
        ("device", "on which"),
        ("GFLOP/s", "10⁹ operations in a second, with the 95% interval over trials"),
        ("trials", "fresh processes"),
    ]
    size = next(record.products.size for record in published.results().records if record.products is not None)
    caption = f"Products of two matrices of {size} by {size} float32 values, the median of each trial"
    return fragments.table(caption, headings, rows) + (fragments.items(failed) if failed else Fragment(""))


def fractions() -> Fragment:
    """What share of the machine's rate each implementation reaches in training."""
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
                f"Share of the machine's rate of matrix products that {network} reaches in training on the "
                f"{device.upper()}, by style. {published.SPREAD}",
            )
            leader = lines[0]
            shown += fragments.paragraph(
                f"{catalogue.task(network).title} on the {device.upper()}: {leader.label} comes nearest, "
                f"with {significant(leader.estimate.value, 2)}% of the rate; {lines[-1].label} reaches "
                f"{significant(lines[-1].estimate.value, 2)}%."
            )
    return shown or fragments.paragraph(
        "Without the rate of matrix products there is no share to state: the quick profile measures none."
    )


def cores() -> Fragment:
    """How many cores each implementation keeps busy."""
    shown = Fragment("")
    for network in catalogue.networks():
        arms: list[Arm] = published.arms(network)
        if arms:
            shown += plots.intervals(
                arms,
                quantities.cores_busy,
                f"cores-{network}",
                "processor seconds in a second of a steady epoch",
                f"Cores that {network} keeps busy in training, by style, of "
                f"{published.results().settings.threads} that it may use. {published.SPREAD}",
            )
    return shown


def energy() -> Fragment:
    """Joules of an epoch, where the machine lets them be read."""
    shown = Fragment("")
    for network in catalogue.networks():
        arms = [arm for arm in published.arms(network) if arm.estimate(quantities.epoch_joules) is not None]
        if arms:
            shown += plots.intervals(
                arms,
                quantities.epoch_joules,
                f"energy-{network}",
                "joules of the machine's processors in a steady epoch",
                f"Joules that the machine's processors take in a steady epoch of {network}, by style, "
                f"everything else on the machine included. {published.SPREAD}",
            )
    return shown or fragments.paragraph(
        "Energy was not measured: this machine does not let its processors' counters be read (they are "
        "usually readable by root only, and absent in virtual machines)."
    )


def environments() -> Fragment:
    """What the installed packages of each framework take."""
    rows: list[list[tuple[str, float | str]]] = []
    for found in published.results().environments:
        if found.framework == "numpy":
            # The reference is computed in the site's own environment, which holds much else.
            continue
        title = frameworks.load(found.framework).TITLE
        versions = ", ".join(f"{name} {version}" for name, version in found.versions.items())
        size = "not known" if found.bytes is None else f"{found.bytes / 1e6:,.0f}"
        rows.append(
            [
                (title, title),
                (found.device.upper(), found.device),
                (size, float(found.bytes or 0)),
                (versions or found.problem, versions),
            ]
        )
    if not rows:
        return fragments.paragraph("The size of the environments was not recorded.")
    headings = [
        ("framework", "with all that it depends on"),
        ("device", "for which"),
        ("MB", "10⁶ bytes of installed packages, without Python itself and without byte code"),
        ("versions", "of the most important"),
    ]
    return fragments.table("Installed environments", headings, rows)
