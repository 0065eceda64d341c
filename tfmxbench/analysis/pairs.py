"""Counterparts in two frameworks, and how a campaign compares each pair."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Mapping, Sequence

from tfmxbench.analysis import multiple_comparisons, quantities
from tfmxbench.analysis.arms import Arm, arms_of
from tfmxbench.analysis.multiple_comparisons import Comparison
from tfmxbench.networks import catalogue
from tfmxbench.records.conditions import NULL
from tfmxbench.records.trial import Measurement, Record


@dataclasses.dataclass(frozen=True)
class PairComparison:
    """Two arms, and the comparison of the first with the second.

    Attributes
    ----------
    first, second : Arm
        Arms of two frameworks, on the same network and device.
    pair : str
        The pair that both styles name, such as ``own loop, compiled``.
    comparison : Comparison or None
        First over second; None if no round has both.
    ratios : list of float
        First over second in each round that has both.
    family : int
        The number of pairs that were compared, for which the probability is corrected.
    """

    first: Arm
    second: Arm
    pair: str
    comparison: Comparison | None
    ratios: list[float]
    family: int


def counterparts(arms: Sequence[Arm]) -> list[tuple[Arm, Arm, str]]:
    """Arms of two frameworks that are counterparts on the same network and device, and their common pair."""
    pair_of = {item.name: item.pair for item in catalogue.select()}
    matched = []
    for first in arms:
        for second in arms:
            pair = pair_of.get(first.name)
            if (
                pair is not None
                and pair == pair_of.get(second.name)
                and (first.network, first.device) == (second.network, second.device)
                and first.framework < second.framework
            ):
                matched.append((first, second, pair))
    return matched


def compare_pairs(
    records: Iterable[Record], quantity: Callable[[Measurement], float | None] = quantities.epoch_seconds
) -> list[PairComparison]:
    """Compare all counterparts of a campaign, as one family.

    Parameters
    ----------
    records : iterable of Record
        The whole campaign's: with fewer pairs the correction would be too small.
    quantity : callable
        The quantity that is compared; less is better.
    """
    matched = counterparts(arms_of(records))
    values = [(first.values(quantity), second.values(quantity)) for first, second, _ in matched]
    family = [pair for pair in values if pair[0].keys() & pair[1].keys()]
    comparisons = iter(multiple_comparisons.compare(family))
    return [
        PairComparison(
            first,
            second,
            pair,
            next(comparisons) if (ratios := _ratios(*by_round)) else None,
            ratios,
            len(family),
        )
        for (first, second, pair), by_round in zip(matched, values, strict=True)
    ]


def null_tests(
    records: Sequence[Record], quantity: Callable[[Measurement], float | None] = quantities.epoch_seconds
) -> list[tuple[Arm, list[float]]]:
    """Each implementation that was measured as two arms (an A/A test), with their ratio in every round."""
    controls = {(arm.name, arm.device): arm for arm in arms_of(records, NULL)}
    return [
        (arm, _ratios(arm.values(quantity), control.values(quantity)))
        for arm in arms_of(records)
        if (control := controls.get((arm.name, arm.device))) is not None
    ]


def _ratios(first: Mapping[int, float], second: Mapping[int, float]) -> list[float]:
    """First over second in each round that has both."""
    return [first[number] / second[number] for number in sorted(first.keys() & second.keys())]
