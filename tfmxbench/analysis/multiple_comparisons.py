"""Verdicts on several pairs at once that hold together, and intervals that do."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence

from tfmxbench.analysis.estimates import CONFIDENCE, Estimate, estimate, paired_probability, quotients


@dataclasses.dataclass(frozen=True)
class Comparison:
    """What a family of comparisons says of one of its pairs.

    Attributes
    ----------
    ratio : Estimate
        First to second, paired by round. Its interval is that of this pair alone: it may leave out
        1 where the verdict, which answers for the whole family, finds no clear difference.
    probability : float
        Of a ratio at least as far from 1 where the two do not differ (two-sided paired t test of
        the logarithms); NaN with one round.
    adjusted : float
        The probability corrected for the number of pairs, see `holm`.
    verdict : str
        What it says of the first: ``faster``, ``slower``, ``no clear difference``, or ``not known``
        from one round.
    """

    ratio: Estimate
    probability: float
    adjusted: float
    verdict: str


def compare(
    pairs: Sequence[tuple[dict[int, float], dict[int, float]]], level: float = 1 - CONFIDENCE
) -> list[Comparison]:
    """Compare the two of each pair such that all verdicts hold together.

    Parameters
    ----------
    pairs : sequence of (dict of int to float, dict of int to float)
        All pairs of the family; of each the values of the first and of the second, such as times,
        by round, all greater than 0.
    level : float
        The probability of calling any pair different where none is.

    Returns
    -------
    list of Comparison
        In the order of the pairs.

    Raises
    ------
    ValueError
        If the two of a pair share no round, or a value is not a positive number.
    """
    ratios = [quotients(first, second) for first, second in pairs]
    probabilities = [paired_probability(values) for values in ratios]
    found = []
    for values, probability, adjusted in zip(ratios, probabilities, holm(probabilities), strict=True):
        paired = estimate(values)
        if math.isnan(adjusted):
            told = "not known"
        elif adjusted < level:
            told = "faster" if paired.value < 1 else "slower"
        else:
            told = "no clear difference"
        found.append(Comparison(paired, probability, adjusted, told))
    return found


def holm(probabilities: Sequence[float]) -> list[float]:
    """Correct the probabilities of a family of tests for their number.

    Whoever rejects where the result is below a level rejects any true hypothesis with at most that
    probability, however the tests depend on each other (Holm, 1979, "A simple sequentially rejective
    multiple test procedure", Scandinavian Journal of Statistics 6, 65-70).

    Parameters
    ----------
    probabilities : sequence of float
        Between 0 and 1; NaN for a test that could not be made, which does not count.

    Returns
    -------
    list of float
        In the same order; NaN stays NaN.

    Raises
    ------
    ValueError
        If one is not between 0 and 1.
    """
    wrong = [value for value in probabilities if not (math.isnan(value) or 0 <= value <= 1)]
    if wrong:
        raise ValueError(f"{wrong[0]!r} is not a probability")
    made = [index for index, value in enumerate(probabilities) if not math.isnan(value)]
    adjusted = [math.nan] * len(probabilities)
    greatest = 0.0
    for rank, index in enumerate(sorted(made, key=lambda index: probabilities[index])):
        greatest = max(greatest, min(1.0, (len(made) - rank) * probabilities[index]))
        adjusted[index] = greatest
    return adjusted


def family_confidence(number: int, confidence: float = CONFIDENCE) -> float:
    """Confidence that each of several intervals needs for all of them to cover at once (Bonferroni).

    Parameters
    ----------
    number : int
        How many intervals, at least 1.
    confidence : float
        That of all together, between 0 and 1.

    Returns
    -------
    float

    Raises
    ------
    ValueError
        If there is no interval.
    """
    if number < 1:
        raise ValueError(f"a family of {number} intervals has no confidence")
    return 1 - (1 - confidence) / number
