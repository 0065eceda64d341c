"""What the parity page shows: the gate's judgements, computed from the build's results."""

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

# Ends of the axis of deviations.
LEAST, GREATEST = 1e-18, 1e6


def _found(network: str | None = None) -> list[Parity]:
    return [item for item in published.results().parity if network is None or item.network == network]


def _networks() -> list[str]:
    present = {item.network for item in _found()}
    return [network for network in catalogue.networks() if network in present]


def _scientific(value: float | None) -> str:
    return "-" if value is None else f"{value:.1e}"


def verdict() -> Fragment:
    """How many passed, and why the others did not."""
    found = _found()
    passed = [item for item in found if item.passed]
    failed = [f"{item.name} on the {item.device.upper()}: {item.reason}" for item in found if not item.passed]
    shown = fragments.paragraph(f"{len(passed)} of {len(found)} implementations passed in this build.")
    unavailable = {
        (record.trial.implementation, record.trial.device)
        for record in published.results().records
        if record.status == "unavailable"
    }
    if unavailable:
        shown += fragments.paragraph(f"{len(unavailable)} more could not be run here, and were not compared.")
    return shown + fragments.items(failed) if failed else shown


def divergence() -> Fragment:
    """Deviation by step, one line for each implementation, a picture for each network."""
    shown = Fragment("")
    for network in _networks():
        drawn, (axes,) = drawing.new(7.0, 3.6)
        labelled: set[str] = set()
        for item in _found(network):
            title = frameworks.load(item.framework).TITLE
            # Zero has no place on a logarithmic axis; what no axis has room for is drawn at its edge.
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
        bar = parity.TOLERANCES[catalogue.task(network).optimizer].losses
        axes.axhline(bar, linestyle="--", color="#7f7f7f", label=f"bar, {bar:.0e}")
        axes.set_yscale("log")
        drawing.label(axes, title=catalogue.task(network).title, x="step", y="relative deviation of the loss")
        drawing.legend(axes, loc="lower right")
        worst = max((item.worst or 0.0 for item in _found(network)), default=0.0)
        shown += drawing.fragment(
            drawn,
            f"divergence-{network}",
            f"Deviation of the loss of {network} from the float64 reference at each of the first steps, one "
            f"line for each implementation. The greatest is {worst:.1e}; the bar is {bar:.0e}.",
        )
    return shown


def table() -> Fragment:
    """The greatest deviations of each implementation."""
    rows: list[list[tuple[str, float | str]]] = []
    for item in _found():
        figures_shown = [
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
                *((_scientific(value), math.inf if value is None else value) for value in figures_shown),
                (accuracy, item.accuracy or 0.0),
                (
                    "passed" if item.passed else f"failed: {item.reason}",
                    "passed" if item.passed else "failed",
                ),
            ]
        )
    headings = [
        ("implementation", "network and style"),
        ("device", "on what it computed"),
        ("logits", "before training, relative to the greatest logit"),
        ("loss, 50 steps", "greatest deviation of a single step's loss"),
        ("loss, one pass", "mean loss of the same steps in one pass"),
        ("parameters", "greatest deviation of a parameter after the steps, by norm"),
        ("loss, epoch", "mean loss of the first epoch"),
        ("accuracy", "test accuracy after the first epoch"),
        ("verdict", "passed, or the first thing that differs"),
    ]
    bars = "; ".join(
        f"{network}: logits {bar.logits:.0e}, losses {bar.losses:.0e}, parameters {bar.parameters:.0e}, "
        f"epoch {bar.epoch_loss:.0e}, accuracy {100 * bar.accuracy:.1f} points"
        for network in _networks()
        for bar in [parity.TOLERANCES[catalogue.task(network).optimizer]]
    )
    return fragments.table("Greatest deviations from the reference", headings, rows) + fragments.paragraph(
        f"Bars: {bars}."
    )


def between() -> Fragment:
    """The two implementations of each network whose losses differ most."""
    sentences = []
    for network in _networks():
        for device in sorted({item.device for item in _found(network)}):
            found = [item for item in _found(network) if item.device == device and item.passed]
            compared = [(parity.between(*pair), pair) for pair in itertools.combinations(found, 2)]
            pairs = [(deviation, pair) for deviation, pair in compared if math.isfinite(deviation)]
            if not pairs:
                continue
            worst, (first, second) = max(pairs, key=lambda item: item[0])
            sentences.append(
                f"{catalogue.task(network).title} on the {device.upper()}: of {len(pairs)} pairs, "
                f"{first.style} and {second.style} lie farthest apart, by {worst:.1e}."
            )
    return fragments.items(sentences or ["Fewer than two implementations passed."])


def repeatability() -> Fragment:
    """Whether the rounds' losses are equal to the last digit, style by style."""
    rows: list[list[tuple[str, float | str]]] = []
    for arm in arms_of(published.results().records):
        rounds, difference = spread(arm)
        if rounds < 2:
            told = "not known: fewer than two rounds"
        elif difference == 0:
            told = "equal to the last digit"
        else:
            told = f"up to {difference:.1e} apart"
        rows.append(
            [
                (arm.name, arm.name),
                (arm.device.upper(), arm.device),
                (str(rounds), float(rounds)),
                (told, told),
                _against_the_gate(arm),
            ]
        )
    headings = [
        ("implementation", "network and style"),
        ("device", "on what it computed"),
        ("rounds", "that completed"),
        ("losses of all passes", "compared between the rounds, relative"),
        ("first epoch against the gate's", "its mean loss with the threads that are timed, relative"),
    ]
    return fragments.table("The same seed in several processes", headings, rows)


def _against_the_gate(arm: Arm) -> tuple[str, float | str]:
    """How far the first epoch of the timed trials is from that of the gate, which has one thread."""
    proven = [
        found.epoch_loss
        for found in published.results().parity
        if (found.name, found.device, found.batch_size) == (arm.name, arm.device, None)
    ]
    timed = [found.epochs[0].loss for found in arm.measurements.values() if found.epochs]
    if not timed or not proven or not proven[0]:
        return "not compared in this build", float("inf")
    greatest = max(abs(loss - proven[0]) for loss in timed) / abs(proven[0])
    return f"{greatest:.1e}" if greatest else "equal to the last digit", greatest


def spread(arm: Arm) -> tuple[int, float]:
    """The number of rounds, and how far the losses of their passes are apart, relative."""
    losses = [[item.loss for item in found.epochs + found.passes] for found in arm.measurements.values()]
    greatest = 0.0
    for one, other in itertools.combinations(losses, 2):
        # A trial that is trained until an accuracy may take fewer epochs than another.
        for first, second in zip(one, other, strict=False):
            greatest = max(greatest, abs(first - second) / max(abs(first), 1e-12))
    return len(losses), greatest


def seeds() -> Fragment:
    """Accuracy of each style over seeds, and whether any style differs."""
    shown = Fragment("")
    for network in catalogue.networks():
        found = accuracies_by_seed(published.results().records, network, "cpu")
        used = sorted({seed for values in found.values() for seed in values})
        if len(used) < 2:
            shown += fragments.paragraph(
                f"{catalogue.task(network).title}: trained with one seed in this build."
            )
            continue
        rows: list[list[tuple[str, float | str]]] = []
        for style, values in sorted(found.items()):
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
            ("style", "how it is written"),
            ("seeds", "how many it was trained with"),
            ("mean", "of the test accuracy after the first epoch"),
            ("from, to", "least and greatest"),
        ]
        caption = f"{catalogue.task(network).title}: test accuracy after the first epoch, over seeds"
        told = estimates.styles_differ([found[style] for style in sorted(found)])
        shown += fragments.table(caption, headings, rows) + fragments.paragraph(told)
    return shown


def parameters() -> Fragment:
    """Name, count and shapes of every parameter of every network."""
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
            ("parameter", "its name in the task"),
            ("task", "its shape in the task's layout"),
            *((frameworks.load(name).TITLE, "its shape in the framework's layers") for name in kept),
            ("values", "how many numbers are learned"),
        ]
        shown += fragments.table(f"{task.title}: what is learned", headings, rows)
    return shown


def _shape(shape: tuple[int, ...]) -> str:
    return " x ".join(map(str, shape))
