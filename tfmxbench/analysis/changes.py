"""Changes between two campaigns: two machines, two versions, before and after.

The trials of two campaigns share no round, so they are not paired. An interval here covers the spread of
the trials of each campaign. It does not cover what differed for a whole campaign, such as the load of the
machine or its temperature.
"""

from __future__ import annotations

import dataclasses
import itertools
import math
from collections.abc import Iterable, Sequence

from tfmxbench.analysis import quantities
from tfmxbench.analysis.arms import Arm, arms_of
from tfmxbench.analysis.estimates import CONFIDENCE, Estimate, compare_independent, estimate
from tfmxbench.analysis.multiple_comparisons import holm
from tfmxbench.records.plain_text import one_line
from tfmxbench.records.store import Results
from tfmxbench.records.trial import Record

Pair = tuple[Arm | None, Arm | None]

# Hashes that two trials must have in common. Otherwise they timed different computations.
SAME = {
    "data": "data set",
    "initial_parameters": "initial values",
    "batch_order": "order of the images",
}


@dataclasses.dataclass(frozen=True)
class Change:
    """The change of one implementation on one device between two campaigns.

    Attributes
    ----------
    name : str
        Network and style: ``mlp/gluon``.
    device : str
    threads : int
        The first campaign's, or the second's if only the second measured the implementation.
    batch_size : int or None
        Likewise; None for the task's own.
    first, second : Estimate or None
        Seconds per epoch after warm-up in each campaign; None if they are not compared.
    ratio : Estimate or None
        Second over first: 2 if the second takes twice as long. None if they are not compared. The
        interval is that of this ratio alone. It may exclude 1 although the verdict, which accounts for all
        implementations together, is ``no clear difference``.
    probability : float
        The p-value: the probability of a ratio at least as far from 1 if the two do not differ (Welch's
        test of the logarithms, two-sided). NaN if one of them has fewer than two trials.
    adjusted : float
        The probability corrected for the number of implementations that are compared, see
        :func:`tfmxbench.analysis.multiple_comparisons.holm`.
    verdict : str
        Whether the second is ``faster`` or ``slower``, or there is ``no clear difference``. It is ``not
        known`` with fewer than two trials, or if the two are not compared.
    reason : str
        Why they are not compared; empty if they are.
    notes : list of str
        Other differences between the trials of the two campaigns.
    """

    name: str
    device: str
    threads: int
    batch_size: int | None
    first: Estimate | None
    second: Estimate | None
    ratio: Estimate | None
    probability: float
    adjusted: float
    verdict: str
    reason: str
    notes: list[str]


def compare_campaigns(first: Results, second: Results, level: float = 1 - CONFIDENCE) -> list[Change]:
    """Compare the time per epoch of each implementation that either of two campaigns timed.

    A different source, framework version or machine is a reason to compare campaigns: the notes report it.
    An implementation that did different work in the two is not compared, and its reason says why.

    Parameters
    ----------
    first, second : Results
        Campaigns such as before and after a change.
    level : float
        The probability of calling any implementation different if none is.

    Returns
    -------
    list of Change
        Ordered by network, device, framework and style.

    Raises
    ------
    ValueError
        If the campaigns used different data sets or have trials in common, or if no implementation can be
        compared. The message is a clause that says why.
    """
    _check_independent(first, second)
    pairs = _pairs(first, second)
    reasons = [_refusal(*pair) for pair in pairs]
    if all(reasons):
        raise ValueError(_nothing_to_compare(pairs, reasons))
    changes = [_change(pair, reason) for pair, reason in zip(pairs, reasons, strict=True)]
    probabilities = holm([change.probability for change in changes])
    return [
        dataclasses.replace(change, adjusted=adjusted, verdict=_verdict(change.ratio, adjusted, level))
        for change, adjusted in zip(changes, probabilities, strict=True)
    ]


def what_differs(first: Results, second: Results) -> list[str]:
    """The differences between two campaigns that may affect their times.

    Parameters
    ----------
    first, second : Results

    Returns
    -------
    list of str
        A line for each difference in machine, package, settings, framework versions and implementation
        sources, and for what the files do not record.
    """
    lines = _unlike_values(first.machine, second.machine)
    settings = [
        {
            "tfmxbench": results.package,
            "profile": results.settings.profile,
            "threads": str(results.settings.threads),
            "seed": str(results.settings.seed),
        }
        for results in (first, second)
    ]
    lines += _unlike_values(*settings)
    complete = [
        (before, after) for before, after in _pairs(first, second) if before is not None and after is not None
    ]
    lines += _framework_sentences(complete)
    names: dict[str, list[str]] = {}
    for pair in complete:
        for note in _notes_of_arms(*pair):
            names.setdefault(note, []).append(_place(pair[0]))
    lines += [one_line(f"{', '.join(places)}: {note}") for note, places in names.items()]
    if first.campaign != second.campaign:
        lines.append("the files do not record whether both used the same source of the harness")
    return lines


def _check_independent(first: Results, second: Results) -> None:
    if first.data.sha256 != second.data.sha256:
        names = [f"{results.data.name} ({results.data.sha256[:12]})" for results in (first, second)]
        raise ValueError(one_line(f"they used different data sets: {' and '.join(names)}"))
    # The key of a campaign cannot show this: a rerun has the same key and different trials.
    first_trials, second_trials = (
        {
            (record.trial.identifier, record.started, record.seconds)
            for record in results.records
            if record.completed
        }
        for results in (first, second)
    )
    if shared := len(first_trials & second_trials):
        raise ValueError(
            f"{shared} of the {len(second_trials)} completed trials of the second are also trials of the "
            "first, and a campaign cannot be compared with itself"
        )


def _pairs(first: Results, second: Results) -> list[Pair]:
    """The arms of both campaigns, each with its counterpart in the other, or with None."""
    groups: dict[tuple[str, ...], tuple[list[Arm], list[Arm]]] = {}
    for side, results in enumerate((first, second)):
        for arm in arms_of(results.records):
            key = (arm.network, arm.device, arm.framework, arm.style)
            groups.setdefault(key, ([], []))[side].append(arm)
    return [pair for key in sorted(groups) for pair in _matched(*groups[key])]


def _matched(first: Sequence[Arm], second: Sequence[Arm]) -> list[Pair]:
    """Pairs with the same threads and batch size first, then pairs of the arms that are left, in order."""
    unmatched = {(arm.threads, arm.batch_size): arm for arm in second}
    matched: list[Pair] = []
    alone = []
    for arm in first:
        counterpart = unmatched.pop((arm.threads, arm.batch_size), None)
        if counterpart is None:
            alone.append(arm)
        else:
            matched.append((arm, counterpart))
    return matched + list(itertools.zip_longest(alone, unmatched.values()))


def _refusal(first: Arm | None, second: Arm | None) -> str:
    """Why the two are not compared; empty if they are."""
    if first is None or second is None:
        return f"the {'first' if first is None else 'second'} did not measure it"
    if first.threads != second.threads:
        return f"{_threads(first)} in the first, {_threads(second)} in the second"
    for place, arm in (("first", first), ("second", second)):
        if not arm.measurements:
            why = arm.failures[0].reason if arm.failures else "they measured nothing"
            return f"none of its trials completed in the {place}: {one_line(why)}"
        if not _epoch_seconds(arm):
            return f"an epoch of it took no time in the {place}"
    sizes = [_batch_sizes(arm) for arm in (first, second)]
    if sizes[0] != sizes[1]:
        return f"batches of {sizes[0]} images in the first, of {sizes[1]} in the second"
    return _different_work(_completed(first), _completed(second))


def _different_work(first: Sequence[Record], second: Sequence[Record]) -> str:
    """Why the trials of two arms did not do the same work; empty if they did."""
    seeds = [{record.trial.seed for record in records} for records in (first, second)]
    for key, title in SAME.items():
        hashes = {record.hashes.get(key, "") for record in (*first, *second)}
        if "" in hashes:
            return f"it is not recorded whether both had the same {title}"
        if len(hashes) > 1:
            why = f", since the seeds are {_listed(seeds[0])} and {_listed(seeds[1])}"
            return f"its trials did not all have the same {title}{why if seeds[0] != seeds[1] else ''}"
    return ""


def _change(pair: Pair, reason: str) -> Change:
    """The change of one pair, before the correction for the number of pairs."""
    arm = pair[0] or pair[1]
    assert arm is not None
    first = second = ratio = None
    probability = math.nan
    if not reason and pair[0] is not None and pair[1] is not None:
        before, after = _epoch_seconds(pair[0]), _epoch_seconds(pair[1])
        first, second = estimate(before), estimate(after)
        ratio, probability = compare_independent(after, before)
    return Change(
        name=arm.name,
        device=arm.device,
        threads=arm.threads,
        batch_size=arm.batch_size,
        first=first,
        second=second,
        ratio=ratio,
        probability=probability,
        adjusted=math.nan,
        verdict="not known",
        reason=reason,
        notes=[] if pair[0] is None or pair[1] is None else _notes(pair[0], pair[1]),
    )


def _verdict(ratio: Estimate | None, adjusted: float, level: float) -> str:
    if ratio is None or math.isnan(adjusted):
        return "not known"
    if adjusted >= level:
        return "no clear difference"
    return "faster" if ratio.value < 1 else "slower"


def _nothing_to_compare(pairs: Sequence[Pair], reasons: Sequence[str]) -> str:
    if not pairs:
        return "neither of them timed anything"
    arms = [first or second for first, second in pairs]
    clauses = [
        f"{_place(arm)}: {reason}" for arm, reason in zip(arms, reasons, strict=True) if arm is not None
    ]
    more = f"; and {len(clauses) - 3} more" if len(clauses) > 3 else ""
    return one_line("; ".join(clauses[:3]) + more)


def _place(arm: Arm) -> str:
    return f"{arm.name} on the {arm.device.upper()}"


def _notes(first: Arm, second: Arm) -> list[str]:
    versions = _unlike_values(_versions(first.records), _versions(second.records))
    return versions + _notes_of_arms(first, second)


def _notes_of_arms(first: Arm, second: Arm) -> list[str]:
    """Differences between two arms, except those in versions."""
    notes = []
    if _sources(first) != _sources(second):
        notes.append("the source differs")
    devices = [_listed({record.device_name for record in _completed(arm)}) for arm in (first, second)]
    if all(devices) and devices[0] != devices[1]:
        notes.append(_unlike("device", *devices))
    passes = [
        _listed({len(measurement.steady) for measurement in arm.measurements.values()})
        for arm in (first, second)
    ]
    if all(passes) and passes[0] != passes[1]:
        notes.append(_unlike("steady passes in a trial", *passes))
    for place, arm in (("first", first), ("second", second)):
        if arm.failures and arm.measurements:
            notes.append(f"{len(arm.failures)} of {len(arm.records)} trials did not complete in the {place}")
    return notes


def _framework_sentences(pairs: Iterable[tuple[Arm, Arm]]) -> list[str]:
    """The differences in versions, for each framework on each device that both campaigns have."""
    records: dict[tuple[str, str], tuple[list[Record], list[Record]]] = {}
    for pair in pairs:
        for side, arm in enumerate(pair):
            records.setdefault((arm.framework, arm.device), ([], []))[side].extend(arm.records)
    return [
        f"{framework} on the {device.upper()}: {clause}"
        for (framework, device), (first, second) in sorted(records.items())
        for clause in _unlike_values(_versions(first), _versions(second))
    ]


def _versions(records: Iterable[Record]) -> dict[str, str]:
    """Versions by distribution; several if the trials do not agree."""
    versions: dict[str, set[str]] = {}
    for record in records:
        for name, version in record.versions.items():
            versions.setdefault(name, set()).add(version)
    return {name: _listed(several) for name, several in versions.items()}


def _unlike_values(first: dict[str, str], second: dict[str, str]) -> list[str]:
    """A clause for each name whose values differ; none if one of the two has no values at all."""
    if not first or not second:
        return []
    return [
        _unlike(name, first.get(name, "not recorded"), second.get(name, "not recorded"))
        for name in dict.fromkeys([*first, *second])
        if first.get(name) != second.get(name)
    ]


def _unlike(name: str, first: str, second: str) -> str:
    return one_line(f"{name}: {first} in the first, {second} in the second")


def _completed(arm: Arm) -> list[Record]:
    return [record for record in arm.records if record.completed and record.measurement is not None]


def _epoch_seconds(arm: Arm) -> list[float]:
    """The value of each completed trial; none if one is 0, which a file from somebody else may hold."""
    seconds = list(arm.values(quantities.epoch_seconds).values())
    return seconds if all(value > 0 for value in seconds) else []


def _batch_sizes(arm: Arm) -> str:
    """The batch sizes that its passes had, since the task's own may have changed."""
    return _listed(
        {item.images // item.batches for trial in arm.measurements.values() for item in trial.steady}
    )


def _sources(arm: Arm) -> set[str]:
    return {record.trial.source_sha256 for record in arm.records}


def _threads(arm: Arm) -> str:
    return f"{arm.threads} {'thread' if arm.threads == 1 else 'threads'}"


def _listed(values: Iterable[object]) -> str:
    return " and ".join(sorted(map(str, values)))
