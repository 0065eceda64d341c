"""The page on the time to an accuracy."""

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
    """The trial that counts the epochs that a network takes, if there is one."""
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
        arms = published.arms(network)
        if not arms:
            continue
        task = catalogue.task(network)
        shown += Fragment(f"<h3>{fragments.text(task.title)}: {task.accuracy_goal:.1%} test accuracy</h3>")
        if published.results().data.name != sentences.REAL:
            shown += fragments.paragraph("The data set is not MNIST, so this accuracy is not MNIST's.")
        shown += _measured(arms) if _direct(network) else _computed(network, arms)
    return shown or fragments.paragraph("This build measured no network.")


def _measured(arms: list[Arm]) -> Fragment:
    """The table if every trial was trained to the accuracy, with its own epochs and seconds."""
    goal = catalogue.task(arms[0].network).accuracy_goal
    rows: list[list[tuple[str, float | str]]] = []
    for arm in arms:
        epochs = sorted({quantities.epochs_to(goal, item) or 0 for item in arm.measurements.values()})
        listed = " or ".join(str(number) if number else "not reached" for number in epochs)
        rows.append(
            _row(arm, listed or "not measured", arm.estimate(lambda item: quantities.seconds_to(goal, item)))
        )
    explanation = (
        "Each trial trained its network until it classified that share of the test images correctly."
    )
    return fragments.paragraph(explanation) + fragments.table(
        "Time to the accuracy, measured", HEADINGS, rows
    )


def _computed(network: str, arms: list[Arm]) -> Fragment:
    """The table if one style was trained to the accuracy: its epochs, with each style's own seconds."""
    record = _goal_trial(network)
    if record is None:
        return fragments.paragraph("This build did not train to this accuracy. The quick profile never does.")
    name = f"{frameworks.load(record.trial.framework).TITLE} {record.trial.style}"
    if record.measurement is None:
        return fragments.paragraph(
            f"{name} was chosen to train to this accuracy, but its trial did not complete ({record.status}): "
            f"{record.reason}"
        )
    goal = record.trial.goal or catalogue.task(network).accuracy_goal
    reached = ", ".join(f"{value:.2%}" for value in record.measurement.accuracies)
    epochs = quantities.epochs_to(goal, record.measurement)
    if epochs is None:
        return fragments.paragraph(
            f"{name} was trained for {len(record.measurement.epochs)} epochs, and did not reach it. "
            f"Test accuracy after each epoch: {reached}."
        )
    explanation = (
        f"{name} was trained to this accuracy because its epochs are short. It took {epochs} epochs, with "
        f"the test accuracies {reached}. The parity gate shows that all styles compute the same thing, from "
        "the same initial values and batches. The other styles are therefore assumed to need the same number "
        "of epochs. The seconds are the sum of the start-up, the first epoch, and "
        f"{epochs - 1} {'epoch' if epochs == 2 else 'epochs'} after warm-up, from the trials of each style. "
        "Evaluation is not included."
    )

    def seconds(measurement: Measurement) -> float:
        return quantities.seconds_for(epochs, measurement)

    rows = [_row(arm, str(epochs), arm.estimate(seconds)) for arm in arms]
    plot = plots.intervals(
        arms,
        seconds,
        f"accuracy-{network}",
        f"seconds from starting Python to {goal:.1%} test accuracy",
        f"{catalogue.task(network).title}: seconds from starting Python to {goal:.1%} test accuracy, by "
        f"style. {published.SPREAD}",
    )
    return fragments.paragraph(explanation) + plot + fragments.table("Time to the accuracy", HEADINGS, rows)


HEADINGS = [
    ("style", "style of the implementation"),
    ("framework", "framework that it is written in"),
    ("device", "device that it computes on"),
    ("epochs", "number of epochs until the accuracy was reached"),
    ("time, s", "seconds from starting Python, with the 95% interval over trials"),
]


def _row(arm: Arm, epochs: str, seconds: Estimate | None) -> list[tuple[str, float | str]]:
    title = frameworks.load(arm.framework).TITLE
    return [
        (arm.style, arm.style),
        (title, title),
        (arm.device.upper(), arm.device),
        (epochs, epochs),
        (tables.with_interval(seconds), seconds.value if seconds else float("inf")),
    ]
