"""Sentences that state results, each computed from the records."""

from __future__ import annotations

from collections.abc import Sequence

from tfmxbench import frameworks
from tfmxbench.analysis import code_size, estimates, quantities
from tfmxbench.analysis.arms import Arm
from tfmxbench.analysis.pairs import PairComparison
from tfmxbench.networks import catalogue
from tfmxbench.records.store import Results
from tfmxbench.report.figures.tables import significant

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


def machine(results: Results) -> str:
    """In a short sentence, on what and when was measured."""
    found, settings = results.machine, results.settings
    return (
        f"Measured on {found.get('processor', 'an unknown processor')}, {settings.threads} of "
        f"{found.get('processors', '?')} processors, GPU: {found.get('gpu', '?')}; {results.created[:10]}."
    )


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


def compare(found: PairComparison) -> str:
    """Which of two arms trains faster, by how much, and how sure that is."""
    first, second, comparison = found.first, found.second, found.comparison
    device = first.device.upper()
    names = f"{_title(first)} and {_title(second)} on the {device}"
    if comparison is None:
        return f"{names}: not compared, since there is no round in which both completed."
    ratio = comparison.ratio
    if comparison.verdict == "not known":
        return f"{names}: measured in one round only, so nothing can be said about a difference."
    interval = f"95% interval {significant(ratio.low)} to {significant(ratio.high)}"
    chance = f"p {probability(comparison.adjusted)}"
    if comparison.verdict == "no clear difference":
        told = (
            f"{names}: no clear difference in the time of an epoch; "
            f"the ratio is {significant(ratio.value)} ({interval}, {chance}"
            f"{_corrected(found.family)})."
        )
        if not ratio.low <= 1 <= ratio.high:
            told += f" The interval alone would leave out 1, as one of {found.family} pairs may do by chance."
        return told + _warning(found)
    if comparison.verdict == "slower":
        first, second = second, first
        ratio = estimates.inverse(ratio)
        interval = f"95% interval {significant(ratio.low)} to {significant(ratio.high)}"
    return (
        f"{_title(first)} is faster than {_title(second)} on the {device}: an epoch takes "
        f"{significant(ratio.value)} times as long ({interval}, {chance}{_corrected(found.family)})."
    )


def score(found: Sequence[PairComparison]) -> str:
    """How many pairs each framework is faster in, and where the difference is the greatest."""
    known = [item for item in found if item.comparison and item.comparison.verdict != "not known"]
    if not known:
        return (
            f"Pairs of counterparts, measured in too few rounds to say which is faster: {len(found)}."
            if found
            else "This campaign holds no two counterparts to compare."
        )
    wins: dict[str, list[tuple[float, PairComparison]]] = {}
    undecided = 0
    for item in known:
        comparison = item.comparison
        assert comparison is not None
        if comparison.verdict == "no clear difference":
            undecided += 1
        elif comparison.verdict == "faster":
            wins.setdefault(item.first.framework, []).append((1 / comparison.ratio.value, item))
        else:
            wins.setdefault(item.second.framework, []).append((comparison.ratio.value, item))
    told = [
        f"{frameworks.load(framework).TITLE} is faster in {len(items)}"
        for framework, items in sorted(wins.items(), key=lambda pair: -len(pair[1]))
    ]
    if undecided:
        told.append(f"no clear difference in {undecided}")
    count = f"{len(known)} {'pair' if len(known) == 1 else 'pairs'}"
    sentence = f"Of {count} of counterparts, {', '.join(told)}"
    if wins:
        factor, item = max((pair for items in wins.values() for pair in items), key=lambda pair: pair[0])
        sentence += (
            f"; at most by a factor of {significant(factor, 2)} "
            f"({item.pair}, {item.first.network}, {item.first.device.upper()})"
        )
    return sentence + "."


def abstraction(arms: Sequence[Arm]) -> str:
    """What the slowest style of each framework costs over its fastest, in seconds of an epoch."""
    told = []
    for framework in sorted({arm.framework for arm in arms}):
        own = sorted(
            (
                (estimate.value, arm.style, arm)
                for arm in arms
                if arm.framework == framework
                and (estimate := arm.estimate(quantities.epoch_seconds)) is not None
            ),
            key=lambda item: item[0],
        )
        if len(own) < 2:
            continue
        (*_, fastest), (*_, slowest) = own[0], own[-1]
        one, other = slowest.values(quantities.epoch_seconds), fastest.values(quantities.epoch_seconds)
        if not one.keys() & other.keys():
            continue
        ratio = estimates.ratio(one, other)
        interval = (
            f"{significant(ratio.low)} to {significant(ratio.high)}" if ratio.has_interval else "one round"
        )
        told.append(
            f"{frameworks.load(framework).TITLE} {significant(ratio.value)} "
            f"({interval}; {slowest.style} over {fastest.style})"
        )
    return ", ".join(told)


def memory(arms: Sequence[Arm]) -> str:
    """MB that the processes of each framework held at their peak, from the least to the greatest style."""
    told = []
    for framework in sorted({arm.framework for arm in arms}):
        found = [
            estimate.value
            for arm in arms
            if arm.framework == framework
            and (estimate := arm.estimate(quantities.peak_megabytes)) is not None
        ]
        if found:
            reach = sorted({f"{value:.0f}" for value in (min(found), max(found))}, key=float)
            told.append(f"{frameworks.load(framework).TITLE} {' to '.join(reach)} MB")
    return ", ".join(told)


def lines(arms: Sequence[Arm]) -> str:
    """How long the implementations of each framework are, from the shortest to the longest."""
    told = []
    paths = {item.name: item.path for item in catalogue.select()}
    for framework in sorted({arm.framework for arm in arms}):
        styles = {arm.style: arm.name for arm in arms if arm.framework == framework}
        counted = sorted((code_size.example_lines(paths[name]), style) for style, name in styles.items())
        (fewest, shortest), (most, longest) = counted[0], counted[-1]
        told.append(
            f"{frameworks.load(framework).TITLE} {fewest} ({shortest}) to {most} ({longest})"
            if fewest != most
            else f"{frameworks.load(framework).TITLE} {fewest}"
        )
    return ", ".join(told)


def probability(value: float) -> str:
    """What a probability is, with two digits, or a bound that a very small one is below."""
    return "< 0.0001" if value < 1e-4 else f"= {value:.2g}"


def _corrected(family: int) -> str:
    return f" corrected for {family} pairs" if family > 1 else ""


def _warning(found: PairComparison) -> str:
    """Where the spread is too large to conclude: that it is, and what to do."""
    if found.comparison is None or not estimates.too_wide(found.comparison.ratio):
        return ""
    rounds = estimates.rounds_needed(found.ratios)
    wanted = f"more than {rounds}" if rounds >= estimates.MOST_ROUNDS else f"about {rounds}"
    return (
        f" The spread is too large to conclude: a difference of {estimates.TOO_WIDE:.0%} may be there or "
        f"not. With this spread an interval of 5% either way takes {wanted} rounds: measure longer "
        "(TFMXBENCH_BUDGET=2h), on a machine that does nothing else."
    )


def accuracies(arms: Sequence[Arm]) -> str:
    """How far the test accuracies after the first epoch lie apart."""
    found = [value for arm in arms for value in arm.accuracies]
    if not any(arm.measurements for arm in arms):
        return "No trial completed, so there is no accuracy to state."
    if not found:
        return (
            "This build did not train for a whole epoch here, so there is no accuracy to state; the default "
            "profile does."
        )
    return (
        f"The {len(found)} test accuracies after the first epoch, of the timed trials, or of the parity gate "
        "where those took no whole epoch, lie between "
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
