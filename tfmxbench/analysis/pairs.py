"""Counterparts in two frameworks, and what a campaign says of each pair."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Sequence

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
        Of two frameworks, on the same network and device.
    pair : str
        What they have in common.
    comparison : Comparison or None
        Of first over second; None where no round has both.
    ratios : list of float
        Of each round that has both.
    family : int
        How many pairs were compared, so that the correction is for so many.
    """

    first: Arm
    second: Arm
    pair: str
    comparison: Comparison | None
    ratios: list[float]
    family: int


def counterparts(arms: Sequence[Arm]) -> list[tuple[Arm, Arm, str]]:
    """The arms of two frameworks that are counterparts on the same network and device, and as what."""
    named = {item.name: item.pair for item in catalogue.select()}
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
                found.append((first, second, pair))
    return found


def compare_pairs(
    records: Iterable[Record], quantity: Callable[[Measurement], float | None] = quantities.epoch_seconds
) -> list[PairComparison]:
    """Compare all counterparts of a campaign, as one family.

    Parameters
    ----------
    records : iterable of Record
        Of the whole campaign: with fewer pairs the correction would be too small.
    quantity : callable
        What is compared; less is better.
    """
    found = [
        (first, second, pair, first.values(quantity), second.values(quantity))
        for first, second, pair in counterparts(arms_of(records))
    ]
    together = [item for item in found if item[3].keys() & item[4].keys()]
    compared = iter(multiple_comparisons.compare([(one, other) for _, _, _, one, other in together]))
    return [
        PairComparison(
            first,
            second,
            pair,
            next(compared) if (common := sorted(one.keys() & other.keys())) else None,
            [one[number] / other[number] for number in common],
            len(together),
        )
        for first, second, pair, one, other in found
    ]


def null_tests(
    records: Sequence[Record], quantity: Callable[[Measurement], float | None] = quantities.epoch_seconds
) -> list[tuple[Arm, list[float]]]:
    """Each implementation that was measured as two arms, with the ratio of the two in every round."""
    others = {(arm.name, arm.device): arm for arm in arms_of(records, NULL)}
    found = []
    for arm in arms_of(records):
        other = others.get((arm.name, arm.device))
        if other is not None:
            one, two = arm.values(quantity), other.values(quantity)
            found.append((arm, [one[number] / two[number] for number in sorted(one.keys() & two.keys())]))
    return found
