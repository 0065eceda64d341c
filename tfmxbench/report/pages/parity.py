"""The parity page: the gate's verdicts, computed from the build's results."""

from __future__ import annotations

import itertools
import math

from tfmxbench import frameworks
from tfmxbench.analysis import estimates, parity
from tfmxbench.analysis.arms import Arm, accuracies_by_seed, arms_of
from tfmxbench.networks import catalogue
from tfmxbench.records.parity import Parity
from tfmxbench.report.figures import drawing, fragments, plots
from tfmxbench.report.figures.fragments import Fragment
from tfmxbench.report.pages import published

# Limits of the axis of deviations.
LEAST, GREATEST = 1e-18, 1e6
# Stands in the cell of an arm whose first epoch is not compared with the gate's.
NOT_COMPARED = "-"


def _judged(network: str | None = None) -> list[Parity]:
    return [item for item in published.results().parity if network is None or item.network == network]


def _networks() -> list[str]:
    present = {item.network for item in _judged()}
    return [network for network in catalogue.networks() if network in present]


def _scientific(value: float | None) -> str:
    return "-" if value is None else f"{value:.1e}"


def verdict() -> Fragment:
    """The number of implementations that passed, and why the others failed."""
    judged = _judged()
    passed = [item for item in judged if item.passed]
    failed = [
        f"{item.name} on the {item.device.upper()}: {item.reason}" for item in judged if not item.passed
    ]
    shown = fragments.paragraph(f"{len(passed)} of {len(judged)} implementations passed in this build.")
    unavailable = {
        (record.trial.implementation, record.trial.device)
        for record in published.results().records
        if record.status == "unavailable"
    }
    if unavailable:
        shown += fragments.paragraph(f"{len(unavailable)} more could not run here, and were not compared.")
    return shown + fragments.items(failed) if failed else shown


def divergence() -> Fragment:
    """Deviation by step: one plot for each network, with one line for each implementation."""
    shown = Fragment("")
    for network in _networks():
        figure, (axes,) = drawing.new(7.0, 3.6)
        labelled: set[str] = set()
        for item in _judged(network):
            title = frameworks.load(item.framework).TITLE
            # A logarithmic axis has no zero. Values beyond its limits are drawn at its edge.
            points = [
                (step + 1, min(max(value, LEAST), GREATEST))
                for step, value in enumerate(item.deviations)
                if value > 0
            ]
            if not points:
                continue
            axes.plot(
                *zip(*points, strict=True),
                color=plots.colour(item.framework),
                alpha=0.55,
                linewidth=1,
                label=None if title in labelled else title,
            )
            labelled.add(title)
        tolerance = parity.TOLERANCES[catalogue.task(network).optimizer].losses
        axes.axhline(tolerance, linestyle="--", color="#7f7f7f", label=f"tolerance, {tolerance:.0e}")
        axes.set_yscale("log")
        drawing.label(axes, title=catalogue.task(network).title, x="step", y="relative deviation of the loss")
        drawing.legend(axes, loc="lower right")
        worst = max((item.worst or 0.0 for item in _judged(network)), default=0.0)
        shown += drawing.fragment(
            figure,
            f"divergence-{network}",
            f"{catalogue.task(network).title}: deviation of the loss from the float64 reference at each of "
            "the first steps, one line for each implementation. "
            f"The greatest deviation is {worst:.1e}, and the tolerance is {tolerance:.0e}.",
        )
    return shown


def table() -> Fragment:
    """The greatest deviations of each implementation."""
    rows: list[list[tuple[str, float | str]]] = []
    for item in _judged():
        deviations = [
            item.logits,
            item.worst,
            item.pass_loss,
            item.parameters,
            item.epoch_loss_deviation,
        ]
        accuracy = "-" if item.accuracy is None else f"{item.accuracy:.2%}"
        rows.append(
            [
                (item.name, item.name),
                (item.device.upper(), item.device),
                *((_scientific(value), math.inf if value is None else value) for value in deviations),
                (accuracy, item.accuracy or 0.0),
                (
                    "passed" if item.passed else f"failed: {item.reason}",
                    "passed" if item.passed else "failed",
                ),
            ]
        )
    headings = [
        ("implementation", "network and style"),
        ("device", "device that it computed on"),
        ("logits", "deviation before training, relative to the greatest logit"),
        ("loss, 50 steps", "greatest deviation of a single step's loss"),
        ("loss, one pass", "deviation of the same steps' mean loss in one pass"),
        ("parameters", "greatest deviation of a parameter after the steps, by norm"),
        ("loss, epoch", "deviation of the mean loss of the first epoch"),
        ("accuracy", "test accuracy after the first epoch"),
        ("verdict", "passed, or the first difference"),
    ]
    tolerances = [
        f"{catalogue.task(network).title}: logits {granted.logits:.0e}, losses {granted.losses:.0e}, "
        f"parameters {granted.parameters:.0e}, epoch {granted.epoch_loss:.0e}, "
        f"accuracy {100 * granted.accuracy:.1f} points."
        for network in _networks()
        for granted in [parity.TOLERANCES[catalogue.task(network).optimizer]]
    ]
    shown = fragments.table("Greatest deviations from the reference", headings, rows)
    return shown + fragments.paragraph("Tolerances:") + fragments.items(tolerances)


def between() -> Fragment:
    """The two implementations of each network whose losses differ most."""
    sentences = []
    for network in _networks():
        for device in sorted({item.device for item in _judged(network)}):
            passed = [item for item in _judged(network) if item.device == device and item.passed]
            compared = [(parity.between(*pair), pair) for pair in itertools.combinations(passed, 2)]
            pairs = [(deviation, pair) for deviation, pair in compared if math.isfinite(deviation)]
            if not pairs:
                continue
            worst, (first, second) = max(pairs, key=lambda item: item[0])
            sentences.append(
                f"{catalogue.task(network).title} on the {device.upper()}: among {len(pairs)} pairs, "
                f"{first.style} and {second.style} are farthest apart, by {worst:.1e}."
            )
    return fragments.items(sentences or ["Fewer than two implementations passed."])


def repeatability() -> Fragment:
    """Whether the losses of the rounds are equal to the last digit, style by style."""
    rows: list[list[tuple[str, float | str]]] = []
    for arm in arms_of(published.results().records):
        rounds, difference = spread(arm)
        if rounds < 2:
            result = "not known: fewer than two rounds"
        elif difference == 0:
            result = "equal to the last digit"
        else:
            result = f"up to {difference:.1e} apart"
        rows.append(
            [
                (arm.name, arm.name),
                (arm.device.upper(), arm.device),
                (str(rounds), float(rounds)),
                (result, result),
                _difference_from_gate(arm),
            ]
        )
    headings = [
        ("implementation", "network and style"),
        ("device", "device that it computed on"),
        ("rounds", "number of completed rounds"),
        ("losses of all passes", "relative difference between the rounds"),
        (
            "first epoch, trials and gate",
            "relative difference of the mean loss of the first epoch, between the timed trials with their "
            "threads and the gate with one thread",
        ),
    ]
    shown = fragments.table("The same seed in several processes", headings, rows)
    networks = dict.fromkeys(row[0][0].partition("/")[0] for row in rows if row[-1][0] == NOT_COMPARED)
    if networks:
        titles = " and ".join(catalogue.task(network).title for network in networks)
        shown += fragments.paragraph(
            "A dash means that the first epoch was not compared: in this build, the timed trials or the gate "
            f"took no whole epoch. This applies to {titles}."
        )
    return shown


def _difference_from_gate(arm: Arm) -> tuple[str, float | str]:
    """How far the first epoch of the timed trials is from the gate's, which uses one thread."""
    gate = [
        item.epoch_loss
        for item in published.results().parity
        if (item.name, item.device, item.batch_size) == (arm.name, arm.device, None)
    ]
    timed = [measurement.epochs[0].loss for measurement in arm.measurements.values() if measurement.epochs]
    if not timed or not gate or not gate[0]:
        return NOT_COMPARED, float("inf")
    greatest = max(abs(loss - gate[0]) for loss in timed) / abs(gate[0])
    return f"{greatest:.1e}" if greatest else "equal to the last digit", greatest


def spread(arm: Arm) -> tuple[int, float]:
    """The number of rounds, and the greatest relative difference between the losses of their passes."""
    rounds = [
        [item.loss for item in measurement.epochs + measurement.passes]
        for measurement in arm.measurements.values()
    ]
    greatest = 0.0
    for first, second in itertools.combinations(rounds, 2):
        # A trial that is trained to an accuracy may take fewer epochs than another.
        for before, after in zip(first, second, strict=False):
            greatest = max(greatest, abs(before - after) / max(abs(before), 1e-12))
    return len(rounds), greatest


def seeds() -> Fragment:
    """Accuracy of each style over several seeds, and whether any style differs."""
    shown = Fragment("")
    for network in catalogue.networks():
        by_style = accuracies_by_seed(published.results().records, network, "cpu")
        used = sorted({seed for values in by_style.values() for seed in values})
        if len(used) < 2:
            shown += fragments.paragraph(
                f"{catalogue.task(network).title}: trained with one seed in this build."
            )
            continue
        rows: list[list[tuple[str, float | str]]] = []
        for style, values in sorted(by_style.items()):
            mean = sum(values.values()) / len(values)
            low, high = min(values.values()), max(values.values())
            rows.append(
                [
                    (style, style),
                    (str(len(values)), float(len(values))),
                    (f"{mean:.2%}", mean),
                    (f"{low:.2%} to {high:.2%}", high - low),
                ]
            )
        headings = [
            ("style", "style of the implementation"),
            ("seeds", "number of seeds"),
            ("mean accuracy", "mean test accuracy after the first epoch"),
            ("range", "lowest and highest test accuracy"),
        ]
        caption = f"{catalogue.task(network).title}: test accuracy after the first epoch, over seeds"
        verdict = estimates.styles_differ([by_style[style] for style in sorted(by_style)])
        shown += fragments.table(caption, headings, rows) + fragments.paragraph(verdict)
    return shown


def parameters() -> Fragment:
    """Name, shapes and number of values of every parameter of every network."""
    shown = Fragment("")
    kept = [name for name in frameworks.names() if frameworks.load(name).REQUIREMENTS]
    for network in catalogue.networks():
        task = catalogue.task(network)
        rows: list[list[tuple[str, float | str]]] = []
        for name, shape in task.parameters.items():
            count = math.prod(shape)
            rows.append(
                [
                    (name, name),
                    (_shape(shape), _shape(shape)),
                    *((_shape(frameworks.load(item).parameter_shape(shape)), "") for item in kept),
                    (str(count), float(count)),
                ]
            )
        total = str(task.parameter_count)
        rows.append([("all", "all"), ("", ""), *(("", "") for _ in kept), (total, float(total))])
        headings = [
            ("parameter", "name in the task"),
            ("task's shape", "shape in the task's layout"),
            *((f"{frameworks.load(name).TITLE}'s shape", "shape in the framework's layers") for name in kept),
            ("values", "number of learned values"),
        ]
        shown += fragments.table(f"{task.title}: learned parameters", headings, rows)
    return shown


def _shape(shape: tuple[int, ...]) -> str:
    return " x ".join(map(str, shape))
