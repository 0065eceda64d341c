"""Estimates with intervals. The trial is the sampling unit: its values are summarised first."""

from __future__ import annotations

import dataclasses
import math
import warnings
from collections.abc import Iterable, Mapping, Sequence

import numpy as np
import scipy  # Loads its parts on first use: importing scipy.stats takes longer than all the rest.

CONFIDENCE = 0.95
# A ratio is inconclusive if its interval contains 1 and reaches further from 1 than this share.
TOO_WIDE = 0.10
# Limits of the number of rounds that `rounds_needed` returns.
FEWEST_ROUNDS = 3
MOST_ROUNDS = 1000
# Logarithms closer together than this differ only by rounding: no clock is that fine.
ROUNDING = 1e-12


@dataclasses.dataclass(frozen=True)
class Estimate:
    """A typical value and its interval.

    Attributes
    ----------
    value : float
        The geometric mean of the trials, or the ratio of two.
    low, high : float
        Ends of the interval, 95% by default; NaN with only one trial.
    trials : int
        The number of trials behind it.
    """

    value: float
    low: float
    high: float
    trials: int

    @property
    def has_interval(self) -> bool:
        return not math.isnan(self.low)


def estimate(values: Sequence[float], confidence: float = CONFIDENCE) -> Estimate:
    """Estimate the median over trials of positive measurements such as times.

    The estimate is the geometric mean, with Student's t interval of the logarithms. Disturbances multiply
    a time. If their logarithms are symmetric, the geometric mean of all possible trials is their median.
    The geometric mean of three trials is closer to it, on average, than the middle trial, unless one trial
    is disturbed far more than the others; such a trial widens the interval. An interval between ranked
    values cannot reach 95% with fewer than six trials: from the least to the greatest of n trials, it
    covers the median with probability 1 - 2**(1 - n).

    The trials must be independent. The interval does not cover a drift of the machine that outlasts a
    round; in a `ratio` such a drift cancels.

    Parameters
    ----------
    values : sequence of float
        One value per trial, all greater than 0.
    confidence : float
        Between 0 and 1.

    Returns
    -------
    Estimate

    Raises
    ------
    ValueError
        If there is no value, or a value is not a positive number.
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
    return Estimate(math.exp(centre), power(centre - reach), power(centre + reach), len(values))


def power(logarithm: float) -> float:
    """The number with this natural logarithm, kept finite and above 0."""
    # exp(700) is near the greatest float: an extreme interval must not become an error.
    return math.exp(min(max(logarithm, -700), 700))


def _check_positive(values: Iterable[float]) -> None:
    wrong = [value for value in values if not (value > 0 and math.isfinite(value))]
    if wrong:
        raise ValueError(f"{wrong[0]!r} is not a positive number")


def ratio(
    numerator: dict[int, float], denominator: dict[int, float], confidence: float = CONFIDENCE
) -> Estimate:
    """Estimate a ratio from the rounds in which both were measured, paired by round.

    Pairing cancels whatever slowed a whole round.

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
    return estimate(quotients(numerator, denominator), confidence)


def quotients(numerator: Mapping[int, float], denominator: Mapping[int, float]) -> list[float]:
    """The ratios of two sets of values, paired by round.

    Parameters
    ----------
    numerator, denominator : mapping of int to float
        Values by round, all greater than 0.

    Returns
    -------
    list of float
        One ratio for each round that has both, in the order of the rounds.

    Raises
    ------
    ValueError
        If the two share no round, or a value is not a positive number.
    """
    rounds = sorted(numerator.keys() & denominator.keys())
    if not rounds:
        raise ValueError("the two were measured in no common round")
    _check_positive([*numerator.values(), *denominator.values()])
    return [numerator[number] / denominator[number] for number in rounds]


def inverse(ratio: Estimate) -> Estimate:
    """The estimate of the inverse ratio."""
    return Estimate(1 / ratio.value, 1 / ratio.high, 1 / ratio.low, ratio.trials)


def verdict(ratio: Estimate) -> str:
    """The verdict of a ratio of times on its numerator, without a correction for other comparisons.

    Returns
    -------
    str
        ``faster``, ``slower``, ``no clear difference``, or ``not known`` from one round.
    """
    if not ratio.has_interval:
        return "not known"
    if ratio.high < 1:
        return "faster"
    if ratio.low > 1:
        return "slower"
    return "no clear difference"


def paired_probability(ratios: Sequence[float]) -> float:
    """The p-value: the probability of ratios at least as far from 1 if the two do not differ.

    It comes from the two-sided paired t test of their logarithms.

    Parameters
    ----------
    ratios : sequence of float
        One per round, at least one, all greater than 0.

    Returns
    -------
    float
        NaN with one round.
    """
    logarithms = np.log(ratios)
    if len(logarithms) == 1:
        return math.nan
    if _all_equal(logarithms):
        return float(_all_equal([0.0, logarithms[0]]))
    return float(scipy.stats.ttest_1samp(logarithms, 0).pvalue)


def _all_equal(logarithms: Sequence[float] | np.ndarray) -> bool:
    return bool(np.ptp(logarithms) <= ROUNDING * max(1, np.abs(logarithms).max()))


def compare_independent(
    first: Sequence[float], second: Sequence[float], confidence: float = CONFIDENCE
) -> tuple[Estimate, float]:
    """Estimate a ratio from trials that share no round, such as those of two machines.

    The interval and the test are Welch's, of the difference between the mean logarithms, with the degrees
    of freedom of Welch and Satterthwaite. The two sides may differ in spread and number (Welch, 1947, "The
    generalization of 'Student's' problem when several different population variances are involved",
    Biometrika 34, 28-35).

    Parameters
    ----------
    first, second : sequence of float
        One value per trial, all greater than 0.
    confidence : float
        Between 0 and 1.

    Returns
    -------
    ratio : Estimate
        First over second, with the smaller of the two numbers of trials. It has no interval if one side
        has only one trial.
    probability : float
        The two-sided p-value: the probability of a ratio at least as far from 1 if the two do not differ.
        NaN without an interval.

    Raises
    ------
    ValueError
        If one of them has no value, or a value is not a positive number.
    """
    if not first or not second:
        raise ValueError("there is no value to compare")
    _check_positive([*first, *second])
    logarithms = np.log(first), np.log(second)
    difference = float(logarithms[0].mean() - logarithms[1].mean())
    trials = min(len(first), len(second))
    if trials == 1:
        return Estimate(power(difference), math.nan, math.nan, 1), math.nan
    if all(map(_all_equal, logarithms)):
        probability = float(_all_equal([logarithms[0][0], logarithms[1][0]]))
        return Estimate(power(difference), power(difference), power(difference), trials), probability
    with warnings.catch_warnings():
        # SciPy warns if one side has no spread; the spread of the other side is enough.
        warnings.simplefilter("ignore", RuntimeWarning)
        test = scipy.stats.ttest_ind(*logarithms, equal_var=False)
        interval = test.confidence_interval(confidence)
    return Estimate(
        power(difference), power(float(interval.low)), power(float(interval.high)), trials
    ), float(test.pvalue)


def smallest_difference(ratio: Estimate) -> float:
    """The smallest difference that a ratio could have detected, given the width of its interval.

    Parameters
    ----------
    ratio : Estimate

    Returns
    -------
    float
        How far the interval reaches from its value, as a share: 0.05 for 5%. NaN without an interval.
    """
    return max(ratio.high / ratio.value, ratio.value / ratio.low) - 1


def too_wide(ratio: Estimate) -> bool:
    """Whether the interval of a ratio is too wide for a conclusion.

    An interval that is too wide shows no difference, because it contains 1. It does not rule out a
    difference of `TOO_WIDE` either, because it reaches above 1 + `TOO_WIDE` or below the inverse. A wide
    interval that excludes 1 still shows a difference. A ratio without an interval is not too wide: its
    spread is unknown.

    Parameters
    ----------
    ratio : Estimate

    Returns
    -------
    bool
    """
    return ratio.low <= 1 <= ratio.high and (ratio.high > 1 + TOO_WIDE or ratio.low < 1 / (1 + TOO_WIDE))


def rounds_needed(ratios: Sequence[float], difference: float = 0.05) -> int:
    """About how many rounds narrow the 95% interval of a ratio to a given difference either way.

    This is the least n with ``t * s / sqrt(n) <= log(1 + difference)``. Here s is the standard deviation
    of the logarithms so far, and t is Student's quantile for n rounds. With few rounds s is itself
    uncertain, and n grows with its square: from three rounds, the answer may well be half or twice the
    number that is needed.

    Parameters
    ----------
    ratios : sequence of float
        The ratios so far, one per round, at least two, all greater than 0.
    difference : float
        As a share, greater than 0: 0.05 for 5%.

    Returns
    -------
    int
        From 3 to 1000, which stands for 1000 or more.

    Raises
    ------
    ValueError
        If there are fewer than two ratios, or a ratio or the difference is not a positive number.
    """
    if len(ratios) < 2:
        raise ValueError("fewer than two ratios have no spread")
    _check_positive([*ratios, difference])
    numbers = np.arange(FEWEST_ROUNDS, MOST_ROUNDS + 1)
    quantiles = scipy.stats.t.ppf((1 + CONFIDENCE) / 2, numbers - 1)
    reaches = quantiles * np.log(ratios).std(ddof=1) / np.sqrt(numbers)
    enough = numbers[reaches <= math.log1p(difference)]
    return int(enough[0]) if len(enough) else MOST_ROUNDS


def styles_differ(accuracies: Sequence[Mapping[int, float]], level: float = 1 - CONFIDENCE) -> str:
    """Say whether the accuracy of any of several styles differs from the others', over common seeds.

    Friedman's test ranks the styles within each seed, because a seed moves the accuracy of all styles
    together.

    Parameters
    ----------
    accuracies : sequence of mapping of int to float
        The accuracy by seed, for each style.
    level : float
        The probability of finding a difference if there is none.

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
        return f"For each of {len(common)} seeds, all {len(rows)} styles are equally accurate."
    probability = float(scipy.stats.friedmanchisquare(*rows).pvalue)
    result = "no style differs detectably" if probability > level else "at least one style differs"
    return (
        f"Friedman's test over {len(common)} seeds and {len(rows)} styles: {result} (p = {probability:.2g})."
    )
