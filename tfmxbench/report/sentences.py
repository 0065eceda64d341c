"""Sentences that state results, each computed from the records."""

from __future__ import annotations

from collections.abc import Sequence

from tfmxbench import frameworks
from tfmxbench.analysis import statistics, summary
from tfmxbench.analysis.summary import Arm
from tfmxbench.measure.store import Results
from tfmxbench.report.tables import significant

REAL = "mnist"
USE_REAL = (
    "To use the real one, build with a network, or name a folder that holds the four MNIST files in "
    "TFMXBENCH_DATA_DIR."
)


def data(results: Results) -> str:
    """What the campaign trained on; what is not MNIST says so, and how to use MNIST."""
    if results.data.name != REAL:
        return (
            f"Trained on {results.data.name}, not on MNIST: {results.data.source}. "
            f"Accuracies here say nothing of MNIST. {USE_REAL}"
        )
    return f"Trained on {results.data.name}: {results.data.source}."


def conditions(results: Results) -> str:
    """On what, with what settings and how often was measured."""
    settings, machine = results.settings, results.machine
    completed = sum(record.completed for record in results.records)
    rounds = len({record.trial.round for record in results.records})
    started = results.created[:16].replace("T", " ")
    return (
        f"Measured from {started} UTC on {machine.get('processor', 'an unknown processor')}, "
        f"{settings.threads} of {machine.get('processors', '?')} processors, "
        f"{machine.get('memory', '?')} of memory, GPU: {machine.get('gpu', '?')}, "
        f"{machine.get('system', '?')}. Profile {settings.profile}, seed {settings.seed}: "
        f"{completed} trials completed in {rounds} {'round' if rounds == 1 else 'rounds'}, "
        f"{len(results.records) - completed} did not."
    )


def pairs(arms: Sequence[Arm]) -> list[tuple[Arm, Arm]]:
    """The arms of two frameworks that are counterparts, on the same network and device."""
    from tfmxbench.networks import catalogue

    named = {
        item.name: item.pair
        for network in catalogue.networks()
        for item in catalogue.implementations(network)
    }
    found = []
    for first in arms:
        for second in arms:
            pair = named.get(first.name)
            if (
                pair is not None
                and pair == named.get(second.name)
                and (first.network, first.device) == (second.network, second.device)
                and first.framework < second.framework
            ):
                found.append((first, second))
    return found


def compare(first: Arm, second: Arm) -> str:
    """Which of two arms trains faster, by how much, and how sure that is."""
    names = f"{_title(first)} and {_title(second)} on the {first.device.upper()}"
    one, other = first.values(summary.epoch_seconds), second.values(summary.epoch_seconds)
    if not one.keys() & other.keys():
        return f"{names}: not compared, since there is no round in which both completed."
    found = statistics.ratio(one, other)
    if not found.has_interval:
        return f"{names}: measured in one round only, so nothing can be said about a difference."
    interval = f"95% interval {significant(found.low)} to {significant(found.high)}"
    verdict = statistics.verdict(found)
    if verdict == "no clear difference":
        return (
            f"{names}: no clear difference in the time of an epoch; "
            f"the ratio is {significant(found.value)} ({interval})."
        )
    if verdict == "slower":
        first, second = second, first
        found = statistics.ratio(other, one)
        interval = f"95% interval {significant(found.low)} to {significant(found.high)}"
    return (
        f"{_title(first)} is faster than {_title(second)} on the {first.device.upper()}: an epoch takes "
        f"{significant(found.value)} times as long ({interval})."
    )


def accuracies(arms: Sequence[Arm]) -> str:
    """How far the test accuracies of all completed trials lie apart."""
    found = [value for arm in arms for value in arm.accuracies]
    if not found:
        return "No trial completed, so there is no accuracy to state."
    return (
        f"The test accuracies after the last whole epoch of all {len(found)} completed trials lie between "
        f"{min(found):.2%} and {max(found):.2%}: {100 * (max(found) - min(found)):.2f} points apart."
    )


def hashes(arms: Sequence[Arm]) -> list[str]:
    """Whether all completed trials were given the same, and the hashes of what they were given."""
    sentences = []
    for key, title in (
        ("data", "data set"),
        ("initial_parameters", "initial values"),
        ("batch_order", "order of the images in the first epoch"),
    ):
        found = {record.hashes.get(key, "none") for arm in arms for record in arm.records if record.completed}
        if len(found) == 1:
            sentences.append(f"All trials were given the same {title}: SHA-256 {found.pop()}.")
        elif found:
            sentences.append(f"The trials were NOT all given the same {title}: {', '.join(sorted(found))}.")
    return sentences


def _title(arm: Arm) -> str:
    return f"{frameworks.load(arm.framework).TITLE} {arm.style}"
