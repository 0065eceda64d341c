"""Two campaigns held against each other: two machines, two versions, before and after.

The trials of two campaigns share no round, so they are not paired. An interval here covers how the
trials of each campaign spread. What was different for a whole campaign besides, such as the load of
the machine or its temperature, is not in it.
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

# What two trials must have in common for their times to be those of the same computation.
SAME = {
    "data": "data set",
    "initial_parameters": "initial values",
    "batch_order": "order of the images",
}


@dataclasses.dataclass(frozen=True)
class Change:
    """What two campaigns say of one implementation on one device.

    Attributes
    ----------
    name : str
        Network and style: ``mlp/gluon``.
    device : str
    threads : int
        In the first campaign; in the second where the first did not measure it.
    batch_size : int or None
        Likewise; None for the task's own.
    first, second : Estimate or None
        Seconds of a steady epoch in each; None where it is not compared.
    ratio : Estimate or None
        Second to first: 2 where the second takes twice as long. None where it is not compared. Its
        interval is that of this ratio alone: it may leave out 1 where the verdict, which answers
        for all implementations together, finds no clear difference.
    probability : float
        Of a ratio at least as far from 1 where the two do not differ (Welch's test of the
        logarithms, two-sided); NaN where one of them has fewer than two trials.
    adjusted : float
        The probability corrected for the number of implementations that are compared, see
        :func:`tfmxbench.analysis.multiple_comparisons.holm`.
    verdict : str
        What it says of the second: ``faster``, ``slower``, ``no clear difference``, or ``not known``
        from fewer than two trials, or where it is not compared.
    reason : str
        Why it is not compared; empty where it is.
    notes : list of str
        What else differs between its trials in the two.
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
    """Compare the time of a steady epoch, for each implementation that either of two campaigns timed.

    Another source, framework or machine is what one compares campaigns for: it is told in the notes.
    An implementation that did not do the same work in both is not compared, and says why.

    Parameters
    ----------
    first, second : Results
        Such as before and after.
    level : float
        The probability of calling any implementation different where none is.

    Returns
    -------
    list of Change
        In the order of network, device, framework and style.

    Raises
    ------
    ValueError
        If the campaigns were given different data sets, have trials in common, or no implementation
        can be compared; the message is a clause that says why.
    """
    _check_independent(first, second)
    pairs = _pairs(first, second)
    reasons = [_refusal(*pair) for pair in pairs]
    if all(reasons):
        raise ValueError(_nothing_to_compare(pairs, reasons))
    found = [_change(pair, reason) for pair, reason in zip(pairs, reasons, strict=True)]
    adjusted = holm([item.probability for item in found])
    return [
        dataclasses.replace(item, adjusted=value, verdict=_verdict(item.ratio, value, level))
        for item, value in zip(found, adjusted, strict=True)
    ]


def what_differs(first: Results, second: Results) -> list[str]:
    """How two campaigns differ in what their times may depend on.

    Parameters
    ----------
    first, second : Results

    Returns
    -------
    list of str
        A line for each: machine, package, settings, versions of the frameworks, sources of the
        implementations, and what the files leave open.
    """
    found = _unlike_values(first.machine, second.machine)
    recorded = [
        {
            "tfmxbench": results.package,
            "profile": results.settings.profile,
            "threads": str(results.settings.threads),
            "seed": str(results.settings.seed),
        }
        for results in (first, second)
    ]
    found += _unlike_values(*recorded)
    both = [(one, other) for one, other in _pairs(first, second) if one is not None and other is not None]
    found += _framework_sentences(both)
    names: dict[str, list[str]] = {}
    for one, other in both:
        for note in _notes_of_arms(one, other):
            names.setdefault(note, []).append(f"{one.name} on the {one.device.upper()}")
    found += [one_line(f"{', '.join(arms)}: {note}") for note, arms in names.items()]
    if first.campaign != second.campaign:
        found.append("the files do not tell whether the harness's own source is the same in both")
    return found


def _check_independent(first: Results, second: Results) -> None:
    if first.data.sha256 != second.data.sha256:
        named = [f"{results.data.name} ({results.data.sha256[:12]})" for results in (first, second)]
        raise ValueError(one_line(f"they were given different data sets: {' and '.join(named)}"))
    # A campaign that was measured anew has the same key, and other trials.
    one, other = (
        {
            (record.trial.identifier, record.started, record.seconds)
            for record in results.records
            if record.completed
        }
        for results in (first, second)
    )
    if shared := len(one & other):
        raise ValueError(
            f"{shared} of the {len(other)} completed trials of the second are trials of the first too, "
            "and a campaign cannot be compared with itself"
        )


def _pairs(first: Results, second: Results) -> list[Pair]:
    """The arms of both, each with its counterpart, or with None where there is no such."""
    groups: dict[tuple[str, ...], tuple[list[Arm], list[Arm]]] = {}
    for side, results in enumerate((first, second)):
        for arm in arms_of(results.records):
            key = (arm.network, arm.device, arm.framework, arm.style)
            groups.setdefault(key, ([], []))[side].append(arm)
    return [pair for key in sorted(groups) for pair in _matched(*groups[key])]


def _matched(ones: Sequence[Arm], others: Sequence[Arm]) -> list[Pair]:
    """Pairs of the same threads and batch size; then of those that are left, as they come."""
    left = {(arm.threads, arm.batch_size): arm for arm in others}
    alike: list[Pair] = []
    alone = []
    for arm in ones:
        counterpart = left.pop((arm.threads, arm.batch_size), None)
        if counterpart is None:
            alone.append(arm)
        else:
            alike.append((arm, counterpart))
    return alike + list(itertools.zip_longest(alone, left.values()))


def _refusal(one: Arm | None, other: Arm | None) -> str:
    """Why the two are not compared; empty where they are."""
    if one is None or other is None:
        return f"the {'first' if one is None else 'second'} did not measure it"
    if one.threads != other.threads:
        return f"{_threads(one)} in the first, {_threads(other)} in the second"
    for place, arm in (("first", one), ("second", other)):
        if not arm.measurements:
            why = arm.failures[0].reason if arm.failures else "they measured nothing"
            return f"no trial of it completed in the {place}: {one_line(why)}"
        if not _epoch_seconds(arm):
            return f"the {place} says that an epoch of it took no time"
    sizes = [_batch_sizes(arm) for arm in (one, other)]
    if sizes[0] != sizes[1]:
        return f"batches of {sizes[0]} images in the first, of {sizes[1]} in the second"
    seeds = [{record.trial.seed for record in _completed(arm)} for arm in (one, other)]
    for key, title in SAME.items():
        hashes = [{record.hashes.get(key, "") for record in _completed(arm)} for arm in (one, other)]
        if "" in hashes[0] | hashes[1]:
            return f"it is not recorded whether both had the same {title}"
        if len(hashes[0] | hashes[1]) > 1:
            why = f", since the seeds are {_listed(seeds[0])} and {_listed(seeds[1])}"
            return f"its trials did not all have the same {title}{why if seeds[0] != seeds[1] else ''}"
    return ""


def _change(pair: Pair, reason: str) -> Change:
    """What a pair shows by itself."""
    one, other = pair
    arm = one or other
    assert arm is not None
    first = second = ratio = None
    probability = math.nan
    if not reason and one is not None and other is not None:
        before, after = _epoch_seconds(one), _epoch_seconds(other)
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
        notes=[] if one is None or other is None else _notes(one, other),
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
    arms = [one or other for one, other in pairs]
    told = [
        f"{arm.name} on the {arm.device.upper()}: {reason}"
        for arm, reason in zip(arms, reasons, strict=True)
        if arm is not None
    ]
    more = f"; and {len(told) - 3} more" if len(told) > 3 else ""
    return one_line("; ".join(told[:3]) + more)


def _notes(one: Arm, other: Arm) -> list[str]:
    versions = _unlike_values(_versions(one.records), _versions(other.records))
    return versions + _notes_of_arms(one, other)


def _notes_of_arms(one: Arm, other: Arm) -> list[str]:
    """What differs between two arms, their versions left out."""
    notes = []
    if _sources(one) != _sources(other):
        notes.append("another source")
    devices = [_listed({record.device_name for record in _completed(arm)}) for arm in (one, other)]
    if all(devices) and devices[0] != devices[1]:
        notes.append(_unlike("device", *devices))
    passes = [
        _listed({len(measurement.steady) for measurement in arm.measurements.values()})
        for arm in (one, other)
    ]
    if all(passes) and passes[0] != passes[1]:
        notes.append(_unlike("steady passes in a trial", *passes))
    for place, arm in (("first", one), ("second", other)):
        if arm.failures and arm.measurements:
            notes.append(f"{len(arm.failures)} of {len(arm.records)} trials did not complete in the {place}")
    return notes


def _framework_sentences(both: Iterable[tuple[Arm, Arm]]) -> list[str]:
    """How the versions differ, of each framework on each device that is in both."""
    records: dict[tuple[str, str], tuple[list[Record], list[Record]]] = {}
    for pair in both:
        for side, arm in enumerate(pair):
            records.setdefault((arm.framework, arm.device), ([], []))[side].extend(arm.records)
    return [
        f"{framework} on the {device.upper()}: {clause}"
        for (framework, device), (ones, others) in sorted(records.items())
        for clause in _unlike_values(_versions(ones), _versions(others))
    ]


def _versions(records: Iterable[Record]) -> dict[str, str]:
    """Versions by distribution; several where the trials do not agree."""
    found: dict[str, set[str]] = {}
    for record in records:
        for name, version in record.versions.items():
            found.setdefault(name, set()).add(version)
    return {name: _listed(versions) for name, versions in found.items()}


def _unlike_values(one: dict[str, str], other: dict[str, str]) -> list[str]:
    """A clause for each name whose values differ; nothing where one of the two has no values at all."""
    if not one or not other:
        return []
    return [
        _unlike(name, one.get(name, "not recorded"), other.get(name, "not recorded"))
        for name in dict.fromkeys([*one, *other])
        if one.get(name) != other.get(name)
    ]


def _unlike(what: str, one: str, other: str) -> str:
    return one_line(f"{what}: {one} in the first, {other} in the second")


def _completed(arm: Arm) -> list[Record]:
    return [record for record in arm.records if record.completed and record.measurement is not None]


def _epoch_seconds(arm: Arm) -> list[float]:
    """Of each completed trial; none where one of them is 0, as a file of another hand may say."""
    found = list(arm.values(quantities.epoch_seconds).values())
    return found if all(value > 0 for value in found) else []


def _batch_sizes(arm: Arm) -> str:
    """As its passes had them: the task's own may have been changed."""
    return _listed(
        {item.images // item.batches for found in arm.measurements.values() for item in found.steady}
    )


def _sources(arm: Arm) -> set[str]:
    return {record.trial.source_sha256 for record in arm.records}


def _threads(arm: Arm) -> str:
    return f"{arm.threads} {'thread' if arm.threads == 1 else 'threads'}"


def _listed(values: Iterable[object]) -> str:
    return " and ".join(sorted(map(str, values)))
