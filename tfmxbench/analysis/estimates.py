"""Estimates with intervals. The trial is the sampling unit: its values are summarised first."""

from __future__ import annotations

import dataclasses
import math
import warnings
from collections.abc import Iterable, Mapping, Sequence

import numpy as np
import scipy  # Its parts are imported when they are used: scipy.stats takes longer than all else together.

CONFIDENCE = 0.95
# A ratio whose interval contains 1 and reaches further from it than this share allows no conclusion.
TOO_WIDE = 0.10
# The least and the greatest answer to how many rounds are needed.
FEWEST_ROUNDS = 3
MOST_ROUNDS = 1000
# Logarithms that lie closer together than this differ by their rounding: no clock is that fine.
ROUNDING = 1e-12


@dataclasses.dataclass(frozen=True)
class Estimate:
    """A typical value and its interval.

    Attributes
    ----------
    value : float
        The geometric mean of the trials, or the ratio of two.
    low, high : float
        Ends of the interval, 95% unless another was asked for; NaN where there is but one trial.
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
    """Estimate the median over trials of positive measurements such as times.

    The estimate is the geometric mean, with Student's t interval of the logarithms. What disturbs a
    measurement multiplies it, and where the logarithm of that is symmetric, the geometric mean of
    all possible trials is their median. That of three trials is nearer to it, on average, than the
    middle one as long as no trial is disturbed far more than the others; such a trial widens the
    interval. An interval between ranked values cannot reach 95% below six trials: from the least to
    the greatest of n it covers the median in a share of 1 - 2**(1 - n).

    The trials must not depend on each other. A drift of the machine that outlasts a round is not in
    the interval; in a `ratio` it cancels.

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
    return Estimate(math.exp(centre), power(centre - reach), power(centre + reach), len(values))


def power(logarithm: float) -> float:
    """The number with that natural logarithm, which stays finite and above 0."""
    # exp(700) is about the greatest float: a wild interval must not become an error.
    return math.exp(min(max(logarithm, -700), 700))


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
    return estimate(quotients(numerator, denominator), confidence)


def quotients(numerator: Mapping[int, float], denominator: Mapping[int, float]) -> list[float]:
    """The ratios of two, paired by round.

    Parameters
    ----------
    numerator, denominator : mapping of int to float
        Values by round, all greater than 0.

    Returns
    -------
    list of float
        One of each round that has both, in the order of the rounds.

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


def inverse(found: Estimate) -> Estimate:
    """The estimate of the ratio turned over."""
    return Estimate(1 / found.value, 1 / found.high, 1 / found.low, found.trials)


def verdict(found: Estimate) -> str:
    """What a ratio of times says of its numerator, where it is the only one that is looked at.

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


def paired_probability(ratios: Sequence[float]) -> float:
    """Probability of ratios at least as far from 1 where the two do not differ.

    By the two-sided paired t test of their logarithms.

    Parameters
    ----------
    ratios : sequence of float
        One a round, at least one, all greater than 0.

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

    Welch's t interval and test of the difference of the mean logarithms, with the degrees of freedom
    of Welch and Satterthwaite: the two may differ in their spread and number (Welch, 1947, "The
    generalization of 'Student's' problem when several different population variances are involved",
    Biometrika 34, 28-35).

    Parameters
    ----------
    first, second : sequence of float
        One value a trial, all greater than 0.
    confidence : float
        Between 0 and 1.

    Returns
    -------
    ratio : Estimate
        First to second; its trials are those of the one that has fewer. Without an interval where
        one of them has but one trial.
    probability : float
        Of a ratio at least as far from 1 where the two do not differ, two-sided; NaN without an
        interval.

    Raises
    ------
    ValueError
        If one of them has no value, or one that is not a positive number.
    """
    if not first or not second:
        raise ValueError("there is no value to compare")
    _check_positive([*first, *second])
    one, other = np.log(first), np.log(second)
    difference = float(one.mean() - other.mean())
    trials = min(len(first), len(second))
    if trials == 1:
        return Estimate(power(difference), math.nan, math.nan, 1), math.nan
    if _all_equal(one) and _all_equal(other):
        probability = float(_all_equal([one[0], other[0]]))
        return Estimate(power(difference), power(difference), power(difference), trials), probability
    with warnings.catch_warnings():
        # One of the two may have no spread, which SciPy warns of; that of the other suffices.
        warnings.simplefilter("ignore", RuntimeWarning)
        test = scipy.stats.ttest_ind(one, other, equal_var=False)
        interval = test.confidence_interval(confidence)
    return Estimate(
        power(difference), power(float(interval.low)), power(float(interval.high)), trials
    ), float(test.pvalue)


def smallest_difference(found: Estimate) -> float:
    """The least difference that a ratio could have told from none, given its interval.

    Parameters
    ----------
    found : Estimate
        A ratio.

    Returns
    -------
    float
        How far the interval reaches from its value, as a share: 0.05 for 5%. NaN without an interval.
    """
    return max(found.high / found.value, found.value / found.low) - 1


def too_wide(found: Estimate) -> bool:
    """Whether the interval of a ratio is too wide to conclude either way.

    So it is where neither a difference is shown, since the interval contains 1, nor the absence of
    one of `TOO_WIDE`, since the interval reaches beyond 1 + `TOO_WIDE` or below its inverse. A wide
    interval that leaves 1 out still shows a difference. A ratio without an interval is not called
    too wide: of its spread nothing is known.

    Parameters
    ----------
    found : Estimate
        A ratio.

    Returns
    -------
    bool
    """
    return found.low <= 1 <= found.high and (found.high > 1 + TOO_WIDE or found.low < 1 / (1 + TOO_WIDE))


def rounds_needed(ratios: Sequence[float], difference: float = 0.05) -> int:
    """About how many rounds a ratio needs for its 95% interval to reach no further than a difference.

    The least n with ``t * s / sqrt(n) <= log(1 + difference)``, where s is the standard deviation of
    the logarithms seen and t Student's quantile for n rounds. From few rounds s is itself uncertain,
    and n goes with its square: from three rounds, the answer may well be half or twice what is needed.

    Parameters
    ----------
    ratios : sequence of float
        Those seen, one a round, at least two, all greater than 0.
    difference : float
        As a share, greater than 0: 0.05 for 5%.

    Returns
    -------
    int
        From 3 to 1000, which stands for 1000 or more.

    Raises
    ------
    ValueError
        If there are fewer than two ratios, one is not a positive number, or the difference is not.
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
