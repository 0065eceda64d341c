"""Estimates with intervals. The trial is the sampling unit: its values are summarised first."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterable, Mapping, Sequence

import numpy as np
import scipy.stats

CONFIDENCE = 0.95


@dataclasses.dataclass(frozen=True)
class Estimate:
    """A typical value and its interval.

    Attributes
    ----------
    value : float
        The geometric mean of the trials.
    low, high : float
        Ends of the 95% interval; NaN where there is but one trial.
    trials : int
        How many trials it rests on.
    """

    value: float
    low: float
    high: float
    trials: int

    @property
    def has_interval(self) -> bool:
        return not math.isnan(self.low)


def estimate(values: Sequence[float], confidence: float = CONFIDENCE) -> Estimate:
    """Estimate the typical value of positive measurements such as times.

    The logarithms of the values are averaged, with Student's t interval: what disturbs a
    measurement multiplies it, and with fewer than six trials no interval that ranks the values can
    reach 95%.

    Parameters
    ----------
    values : sequence of float
        One value a trial, all greater than 0.
    confidence : float
        Between 0 and 1.

    Returns
    -------
    Estimate

    Raises
    ------
    ValueError
        If there is no value, or one that is not a positive number.
    """
    if not values:
        raise ValueError("there is no value to estimate from")
    _check_positive(values)
    logarithms = np.log(values)
    centre = float(logarithms.mean())
    if len(values) == 1:
        return Estimate(float(values[0]), math.nan, math.nan, 1)
    spread = float(logarithms.std(ddof=1)) / math.sqrt(len(values))
    reach = float(scipy.stats.t.ppf((1 + confidence) / 2, len(values) - 1)) * spread
    # exp(700) is about the greatest float: a wild interval must not become an error.
    return Estimate(
        math.exp(centre), math.exp(max(centre - reach, -700)), math.exp(min(centre + reach, 700)), len(values)
    )


def _check_positive(values: Iterable[float]) -> None:
    wrong = [value for value in values if not (value > 0 and math.isfinite(value))]
    if wrong:
        raise ValueError(f"{wrong[0]!r} is not a positive number")


def ratio(
    numerator: dict[int, float], denominator: dict[int, float], confidence: float = CONFIDENCE
) -> Estimate:
    """Estimate a ratio from the rounds in which both were measured, paired by round.

    Pairing takes out what slowed a whole round down.

    Parameters
    ----------
    numerator, denominator : dict of int to float
        Values by round, all greater than 0.
    confidence : float
        Between 0 and 1.

    Returns
    -------
    Estimate

    Raises
    ------
    ValueError
        If the two share no round, or a value is not a positive number.
    """
    rounds = sorted(numerator.keys() & denominator.keys())
    if not rounds:
        raise ValueError("the two were measured in no common round")
    _check_positive([*numerator.values(), *denominator.values()])
    return estimate([numerator[number] / denominator[number] for number in rounds], confidence)


def verdict(found: Estimate) -> str:
    """What a ratio of times says of its numerator.

    Returns
    -------
    str
        ``faster``, ``slower``, ``no clear difference``, or ``not known`` from one round.
    """
    if not found.has_interval:
        return "not known"
    if found.high < 1:
        return "faster"
    if found.low > 1:
        return "slower"
    return "no clear difference"


def styles_differ(accuracies: Sequence[Mapping[int, float]], level: float = 1 - CONFIDENCE) -> str:
    """Say whether any of several styles is more accurate than the others, over common seeds.

    Friedman's test: the styles are ranked within each seed, since a seed moves the accuracy of all
    of them together.

    Parameters
    ----------
    accuracies : sequence of mapping of int to float
        Of each style, the accuracy by seed.
    level : float
        The probability of finding a difference where there is none.

    Returns
    -------
    str
        A sentence with the probability.
    """
    common = sorted(set.intersection(*(set(values) for values in accuracies))) if accuracies else []
    if len(accuracies) < 3 or len(common) < 3:
        return "Fewer than three styles or three common seeds: not enough to test whether any style differs."
    rows = [[values[seed] for seed in common] for values in accuracies]
    if all(len(set(column)) == 1 for column in zip(*rows, strict=True)):
        return f"With each of {len(common)} seeds all {len(rows)} styles are equally accurate."
    probability = float(scipy.stats.friedmanchisquare(*rows).pvalue)
    found = "no style can be told from the others" if probability > level else "at least one style differs"
    return (
        f"Friedman's test over {len(common)} seeds and {len(rows)} styles: {found} (p = {probability:.2g})."
    )
