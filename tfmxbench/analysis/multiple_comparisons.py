"""Verdicts and intervals for several pairs at once, corrected for the number of pairs."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence

from tfmxbench.analysis.estimates import CONFIDENCE, Estimate, estimate, paired_probability, quotients


@dataclasses.dataclass(frozen=True)
class Comparison:
    """The result for one pair in a family of comparisons.

    Attributes
    ----------
    ratio : Estimate
        First over second, paired by round. The interval is that of this pair alone. It may exclude 1
        although the verdict, which accounts for the whole family, is ``no clear difference``.
    probability : float
        The p-value: the probability of a ratio at least as far from 1 if the two do not differ (two-sided
        paired t test of the logarithms). NaN with one round.
    adjusted : float
        The probability corrected for the number of pairs, see `holm`.
    verdict : str
        Whether the first is ``faster`` or ``slower``, or there is ``no clear difference``; ``not known``
        from one round.
    """

    ratio: Estimate
    probability: float
    adjusted: float
    verdict: str


def compare(
    pairs: Sequence[tuple[dict[int, float], dict[int, float]]], level: float = 1 - CONFIDENCE
) -> list[Comparison]:
    """Compare the two sides of each pair, with verdicts that are corrected for the number of pairs.

    Parameters
    ----------
    pairs : sequence of (dict of int to float, dict of int to float)
        All pairs of the family: the values of the first and of the second by round, such as times, all
        greater than 0.
    level : float
        The probability of calling any pair different if none is.

    Returns
    -------
    list of Comparison
        In the order of the pairs.

    Raises
    ------
    ValueError
        If the two sides of a pair share no round, or a value is not a positive number.
    """
    ratios = [quotients(first, second) for first, second in pairs]
    probabilities = [paired_probability(values) for values in ratios]
    comparisons = []
    for values, probability, adjusted in zip(ratios, probabilities, holm(probabilities), strict=True):
        ratio = estimate(values)
        if math.isnan(adjusted):
            verdict = "not known"
        elif adjusted < level:
            verdict = "faster" if ratio.value < 1 else "slower"
        else:
            verdict = "no clear difference"
        comparisons.append(Comparison(ratio, probability, adjusted, verdict))
    return comparisons


def holm(probabilities: Sequence[float]) -> list[float]:
    """Correct the p-values of a family of tests for their number.

    If every hypothesis is rejected whose corrected p-value is below a level, the probability of rejecting
    any true one is at most that level, however the tests depend on each other (Holm, 1979, "A simple
    sequentially rejective multiple test procedure", Scandinavian Journal of Statistics 6, 65-70).

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
        If a probability is not between 0 and 1.
    """
    wrong = [value for value in probabilities if not (math.isnan(value) or 0 <= value <= 1)]
    if wrong:
        raise ValueError(f"{wrong[0]!r} is not a probability")
    valid = [index for index, value in enumerate(probabilities) if not math.isnan(value)]
    adjusted = [math.nan] * len(probabilities)
    greatest = 0.0
    for rank, index in enumerate(sorted(valid, key=lambda index: probabilities[index])):
        greatest = max(greatest, min(1.0, (len(valid) - rank) * probabilities[index]))
        adjusted[index] = greatest
    return adjusted


def family_confidence(number: int, confidence: float = CONFIDENCE) -> float:
    """The confidence that each of several intervals needs for all to cover at once (Bonferroni).

    Parameters
    ----------
    number : int
        The number of intervals, at least 1.
    confidence : float
        The confidence of all intervals together, between 0 and 1.

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
