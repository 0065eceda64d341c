"""Sentences that state results. Each is computed from the records."""

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
NO_PAIR = "This campaign has no pair of counterparts to compare."
USE_REAL = (
    "To use MNIST, build with access to the internet, or set TFMXBENCH_DATA_DIR to a folder that holds "
    "the four MNIST files."
)


def data(results: Results) -> str:
    """The data that the campaign trained on; if it is not MNIST, how to use MNIST."""
    if results.data.name != REAL:
        return (
            f"Trained on {results.data.name}, not on MNIST: {results.data.source}. "
            f"Its accuracies say nothing about MNIST. {USE_REAL}"
        )
    return f"Data set {results.data.name}: {results.data.source}."


def machine(results: Results) -> str:
    """The machine and the date, in one short sentence."""
    machine, settings = results.machine, results.settings
    return (
        f"Measured on {machine.get('processor', 'an unknown processor')}, {settings.threads} of "
        f"{machine.get('processors', '?')} processors, GPU: {machine.get('gpu', '?')}; "
        f"{results.created[:10]}."
    )


def conditions(results: Results) -> str:
    """The machine, the settings, and the number of trials and rounds."""
    settings, machine = results.settings, results.machine
    completed = sum(record.completed for record in results.records)
    rounds = len({record.trial.round for record in results.records})
    failed = len(results.records) - completed
    started = results.created[:16].replace("T", " ")
    return (
        f"Measured from {started} UTC on {machine.get('processor', 'an unknown processor')}, "
        f"{settings.threads} of {machine.get('processors', '?')} processors, "
        f"{machine.get('memory', '?')} of memory, GPU: {machine.get('gpu', '?')}, "
        f"{machine.get('system', '?')}. Profile {settings.profile}, seed {settings.seed}: "
        f"{completed if failed or completed < 2 else f'all {completed}'} trials completed, in {rounds} "
        f"{'round' if rounds == 1 else 'rounds'}{f'; {failed} did not' if failed else ''}."
    )


def compare(pair: PairComparison) -> str:
    """Which of two arms trains faster, by how much, and how certain that is."""
    first, second, comparison = pair.first, pair.second, pair.comparison
    device = first.device.upper()
    names = f"{_title(first)} and {_title(second)} on the {device}"
    if comparison is None:
        return f"{names}: not compared, because there is no round in which both completed."
    ratio = comparison.ratio
    if comparison.verdict == "not known":
        return f"{names}: measured in one round only, so a difference cannot be judged."
    interval = f"95% interval {significant(ratio.low)} to {significant(ratio.high)}"
    certainty = f"p {probability(comparison.adjusted)}{_correction(pair.family)}"
    if comparison.verdict == "no clear difference":
        sentence = (
            f"{names}: no clear difference in the time per epoch; "
            f"the ratio is {significant(ratio.value)} ({interval}, {certainty})."
        )
        if not ratio.low <= 1 <= ratio.high:
            sentence += (
                f" The uncorrected interval excludes 1, but after correction for {pair.family} pairs this is "
                "not significant."
            )
        return sentence + _warning(pair)
    if comparison.verdict == "slower":
        first, second = second, first
        ratio = estimates.inverse(ratio)
        interval = f"95% interval {significant(ratio.low)} to {significant(ratio.high)}"
    return (
        f"{_title(first)} is faster than {_title(second)} on the {device}: an epoch takes "
        f"{significant(ratio.value)} of the time ({interval}, {certainty})."
    )


def score(pairs: Sequence[PairComparison]) -> str:
    """The number of pairs in which each framework is faster, and the largest difference."""
    judged = [item for item in pairs if item.comparison and item.comparison.verdict != "not known"]
    if not judged:
        if not pairs:
            return NO_PAIR
        measured = (
            "1 pair of counterparts was" if len(pairs) == 1 else f"{len(pairs)} pairs of counterparts were"
        )
        return f"{measured} measured in too few rounds to say which is faster."
    wins: dict[str, list[tuple[float, PairComparison]]] = {}
    undecided = 0
    for item in judged:
        comparison = item.comparison
        assert comparison is not None
        if comparison.verdict == "no clear difference":
            undecided += 1
        elif comparison.verdict == "faster":
            wins.setdefault(item.first.framework, []).append((1 / comparison.ratio.value, item))
        else:
            wins.setdefault(item.second.framework, []).append((comparison.ratio.value, item))
    counts = [
        f"{frameworks.load(framework).TITLE} is faster in {len(items)}"
        for framework, items in sorted(wins.items(), key=lambda win: -len(win[1]))
    ]
    if undecided:
        counts.append(f"there is no clear difference in {undecided}")
    count = "1 pair" if len(judged) == 1 else f"{len(judged)} pairs"
    sentence = f"Among {count} of counterparts, {', '.join(counts)}."
    if wins:
        factor, item = max((win for items in wins.values() for win in items), key=lambda win: win[0])
        fast, slow = item.first, item.second
        if item.comparison is not None and item.comparison.verdict == "slower":
            fast, slow = slow, fast
        sentence += (
            f" The largest difference: {_title(fast)} is {significant(factor, 2)} times as fast as "
            f"{_title(slow)} ({item.pair}; {catalogue.task(fast.network).title}, {fast.device.upper()})."
        )
    return sentence


def abstraction(arms: Sequence[Arm]) -> str:
    """How many times as long an epoch takes in each framework's slowest style as in its fastest."""
    phrases = []
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
        slow, fast = slowest.values(quantities.epoch_seconds), fastest.values(quantities.epoch_seconds)
        if not slow.keys() & fast.keys():
            continue
        ratio = estimates.ratio(slow, fast)
        interval = (
            f"{significant(ratio.low)} to {significant(ratio.high)}" if ratio.has_interval else "one round"
        )
        phrases.append(
            f"{frameworks.load(framework).TITLE} {significant(ratio.value)} "
            f"({interval}; {slowest.style} against {fastest.style})"
        )
    return ", ".join(phrases)


def memory(arms: Sequence[Arm]) -> str:
    """Peak memory of each framework's processes in MB, from the smallest to the largest style."""
    phrases = []
    for framework in sorted({arm.framework for arm in arms}):
        peaks = [
            estimate.value
            for arm in arms
            if arm.framework == framework
            and (estimate := arm.estimate(quantities.peak_megabytes)) is not None
        ]
        if peaks:
            ends = sorted({f"{value:.0f}" for value in (min(peaks), max(peaks))}, key=float)
            phrases.append(f"{frameworks.load(framework).TITLE} {' to '.join(ends)} MB")
    return ", ".join(phrases)


def lines(arms: Sequence[Arm]) -> str:
    """Lines of code in each framework, from the shortest implementation to the longest."""
    phrases = []
    paths = {item.name: item.path for item in catalogue.select()}
    for framework in sorted({arm.framework for arm in arms}):
        styles = {arm.style: arm.name for arm in arms if arm.framework == framework}
        counted = sorted((code_size.example_lines(paths[name]), style) for style, name in styles.items())
        (fewest, shortest), (most, longest) = counted[0], counted[-1]
        phrases.append(
            f"{frameworks.load(framework).TITLE} {fewest} ({shortest}) to {most} ({longest})"
            if fewest != most
            else f"{frameworks.load(framework).TITLE} {fewest}"
        )
    return ", ".join(phrases)


def probability(value: float) -> str:
    """A probability with two digits, or an upper bound if it is very small."""
    return "< 0.0001" if value < 1e-4 else f"= {value:.2g}"


def _correction(family: int) -> str:
    return f", Holm-corrected for {family} pairs" if family > 1 else ""


def _warning(pair: PairComparison) -> str:
    """A warning that the spread is too large to conclude, with what to do; empty if it is not."""
    if pair.comparison is None or not estimates.too_wide(pair.comparison.ratio):
        return ""
    rounds = estimates.rounds_needed(pair.ratios)
    needed = f"more than {rounds}" if rounds >= estimates.MOST_ROUNDS else f"about {rounds}"
    return (
        f" The spread is too large to conclude: a difference of {estimates.TOO_WIDE:.0%} can be neither "
        f"shown nor ruled out. At this spread, narrowing the interval to ±5% would take {needed} rounds. "
        "Measure longer (TFMXBENCH_BUDGET=2h), on a machine that does nothing else."
    )


def accuracies(arms: Sequence[Arm]) -> str:
    """The range of the test accuracies after the first epoch."""
    values = [value for arm in arms for value in arm.accuracies]
    if not any(arm.measurements for arm in arms):
        return "No trial completed, so there is no accuracy to report."
    if not values:
        return (
            "This build did not train this network for a whole epoch, so there is no accuracy to report. The "
            "default profile does."
        )
    low, high = min(values), max(values)
    if low == high:
        stated = f"After the first epoch, all {len(values)} test accuracies are equal: {low:.2%}."
    else:
        stated = (
            f"After the first epoch, the {len(values)} test accuracies are between {low:.2%} and {high:.2%}: "
            f"{100 * (high - low):.2f} points apart."
        )
    return f"{stated} {_origin([arm for arm in arms if arm.accuracies])}"


def _origin(arms: Sequence[Arm]) -> str:
    """Where accuracies come from: the timed trials, or the parity gate."""
    timed = [any(measurement.accuracies for measurement in arm.measurements.values()) for arm in arms]
    if all(timed):
        return "The values come from the timed trials."
    if not any(timed):
        return "The values come from the parity gate, because the timed trials take no whole epoch."
    return "The values come from the timed trials, or from the parity gate if these take no whole epoch."


def hashes(arms: Sequence[Arm]) -> list[str]:
    """Whether all completed trials used the same inputs, and the hashes of these inputs."""
    sentences = []
    for key, title in (
        ("data", "data set"),
        ("initial_parameters", "initial values"),
        ("batch_order", "order of the images in the first epoch"),
    ):
        completed = [record for arm in arms for record in arm.records if record.completed]
        values = {record.hashes.get(key, "none") for record in completed}
        if len(values) == 1:
            sentences.append(f"All trials used the same {title}: SHA-256 {values.pop()}.")
        elif values:
            sentences.append(f"The trials did NOT all use the same {title}: {', '.join(sorted(values))}.")
    return sentences


def _title(arm: Arm) -> str:
    return f"{frameworks.load(arm.framework).TITLE} {arm.style}"
