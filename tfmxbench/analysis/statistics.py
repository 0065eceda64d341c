"""Estimates with intervals. The trial is the sampling unit: its values are summarised first."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterable, Sequence

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
    measurement multiplies it, and with the three to ten trials of a campaign no interval that
    resamples or ranks the values can reach 95%.

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
