"""What the page on the time to an accuracy shows."""

from __future__ import annotations

from tfmxbench import frameworks
from tfmxbench.analysis import quantities
from tfmxbench.analysis.arms import Arm
from tfmxbench.analysis.estimates import Estimate
from tfmxbench.networks import catalogue
from tfmxbench.records.trial import Measurement, Record
from tfmxbench.report.figures import fragments, plots, sentences, tables
from tfmxbench.report.figures.fragments import Fragment
from tfmxbench.report.pages import published


def _goal_trial(network: str) -> Record | None:
    """The trial that was made to see how many epochs a network takes, if there is one."""
    return next(
        (
            record
            for record in published.results().records
            if record.trial.purpose == "goal" and record.trial.network == network
        ),
        None,
    )


def _direct(network: str) -> bool:
    """Whether every timed trial of a network was trained until the accuracy."""
    trials = [record.trial for arm in published.arms(network) for record in arm.records]
    return bool(trials) and all(trial.goal is not None for trial in trials)


def time_to_accuracy() -> Fragment:
    """For each network, the epochs and seconds to its stated accuracy."""
    shown = Fragment("")
    for network in catalogue.networks():
        found = published.arms(network)
        if not found:
            continue
        task = catalogue.task(network)
        shown += Fragment(
            f"<h3>{fragments.text(task.title)}: {task.accuracy_goal:.1%} of the test images</h3>"
        )
        if published.results().data.name != sentences.REAL:
            shown += fragments.paragraph("On this data set the accuracy is not MNIST's.")
        shown += _measured(found) if _direct(network) else _computed(network, found)
    return shown or fragments.paragraph("This build measured no network.")


def _measured(arms: list[Arm]) -> Fragment:
    """Every trial was trained until it had the accuracy: its epochs and seconds are its own."""
    goal = catalogue.task(arms[0].network).accuracy_goal
    rows: list[list[tuple[str, float | str]]] = []
    for arm in arms:
        epochs = sorted({quantities.epochs_to(goal, found) or 0 for found in arm.measurements.values()})
        listed = " or ".join(str(number) if number else "not reached" for number in epochs)
        rows.append(
            _row(
                arm, listed or "not measured", arm.estimate(lambda found: quantities.seconds_to(goal, found))
            )
        )
    told = "Each trial was trained until it classified that share of the test images rightly."
    return fragments.paragraph(told) + fragments.table("Time to the accuracy, measured", HEADINGS, rows)


def _computed(network: str, arms: list[Arm]) -> Fragment:
    """One style was trained until the accuracy: its epochs, with each style's own seconds."""
    record = _goal_trial(network)
    if record is None:
        return fragments.paragraph(
            "This build did not train until this accuracy: the quick profile does not."
        )
    name = f"{frameworks.load(record.trial.framework).TITLE} {record.trial.style}"
    if record.measurement is None:
        return fragments.paragraph(
            f"{name} was to be trained until this accuracy, but {record.status}: {record.reason}"
        )
    goal = record.trial.goal or catalogue.task(network).accuracy_goal
    reached = ", ".join(f"{value:.2%}" for value in record.measurement.accuracies)
    epochs = quantities.epochs_to(goal, record.measurement)
    if epochs is None:
        return fragments.paragraph(
            f"{name} was trained for {len(record.measurement.epochs)} epochs and did not reach it. "
            f"Test accuracies after each epoch: {reached}."
        )
    told = (
        f"{name}, chosen since its epoch is short, was trained until it classified that "
        f"share of the test images rightly: {epochs} epochs, with the test accuracies {reached}. All styles "
        "are proven to compute the same, from the same initial values and batches, so the others are taken "
        "to need as many epochs. The seconds are those of starting and building, of the first epoch, and of "
        f"{epochs - 1} times a steady epoch, in the trials of each style; evaluating is left out."
    )

    def seconds(found: Measurement) -> float:
        return quantities.seconds_for(epochs, found)

    rows = [_row(arm, str(epochs), arm.estimate(seconds)) for arm in arms]
    drawn = plots.intervals(
        arms,
        seconds,
        f"accuracy-{network}",
        f"seconds from starting Python to {goal:.1%} of the test images",
        f"Seconds from starting Python until {network} classifies {goal:.1%} of the test images rightly, by "
        f"style. {published.SPREAD}",
    )
    return fragments.paragraph(told) + drawn + fragments.table("Time to the accuracy", HEADINGS, rows)


HEADINGS = [
    ("style", "how it is written"),
    ("framework", "in what"),
    ("device", "on what it computes"),
    ("epochs", "until the accuracy was reached"),
    ("seconds", "from starting Python, with the 95% interval over trials"),
]


def _row(arm: Arm, epochs: str, found: Estimate | None) -> list[tuple[str, float | str]]:
    title = frameworks.load(arm.framework).TITLE
    return [
        (arm.style, arm.style),
        (title, title),
        (arm.device.upper(), arm.device),
        (epochs, epochs),
        (tables.with_interval(found), found.value if found else float("inf")),
    ]
