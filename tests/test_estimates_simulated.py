"""The error rates of intervals and verdicts, on simulated campaigns like ours.

A trial's time is the median of its implementation, times noise with heavier tails than log-normal
(Student's t with 5 degrees of freedom), times a drift that all trials of a round share. One trial in
fifty takes 1.3 times as long.
"""

import itertools
import math

import numpy as np
import pytest
import scipy.optimize
import scipy.stats

from tfmxbench.analysis.estimates import (
    compare_independent,
    estimate,
    ratio,
    rounds_needed,
    smallest_difference,
)
from tfmxbench.analysis.multiple_comparisons import compare, family_confidence, holm

# This number of repetitions measures a coverage of 95% to within 0.7 points, three standard errors.
REPETITIONS = 10_000
FREEDOM = 5
SLOW_SHARE = 0.02
SLOWER = math.log(1.3)
# Standard deviation of the drift: 19 of 20 rounds lie within 30% of the typical one.
DRIFT = math.log(1.3) / 2
# The share of a round's drift that comes from the round before.
PERSISTENCE = 0.8


def noise(random, spread, shape, slow_share=SLOW_SHARE, slower=SLOWER):
    """Logarithms of the noise factors. `spread` is their standard deviation, without the slow trials."""
    usual = random.standard_t(FREEDOM, shape) * spread * math.sqrt((FREEDOM - 2) / FREEDOM)
    return usual + slower * (random.random_sample(shape) < slow_share)


def median(spread):
    """The median of the noise, which is a little above 0 because of the slow trials."""
    usual = scipy.stats.t(FREEDOM, scale=spread * math.sqrt((FREEDOM - 2) / FREEDOM)).cdf
    return scipy.optimize.brentq(
        lambda x: (1 - SLOW_SHARE) * usual(x) + SLOW_SHARE * usual(x - SLOWER) - 0.5, -1, 1
    )


def drift(random, repetitions, rounds):
    """Logarithms of the machine's drift: an autoregressive process, by repetition and round."""
    state = random.normal(0, DRIFT, (repetitions, rounds))
    for number in range(1, rounds):
        state[:, number] *= math.sqrt(1 - PERSISTENCE**2)
        state[:, number] += PERSISTENCE * state[:, number - 1]
    return state


def coverage(found, truth):
    return np.mean([item.low <= truth <= item.high for item in found])


def ratios(first, second):
    """Ratios of campaigns given as logarithms, by repetition and round."""
    return [
        ratio(dict(enumerate(one)), dict(enumerate(other)))
        for one, other in zip(np.exp(first).tolist(), np.exp(second).tolist(), strict=True)
    ]


def paired_probabilities(differences):
    """The p-values of the paired t tests along the last axis, all at once."""
    return scipy.stats.ttest_1samp(differences, 0, axis=-1).pvalue


def crossed(names, first, second):
    """All pairs from two lists as parameters. Pairs off the diagonal run only in the sweeps."""
    return pytest.mark.parametrize(
        names,
        [
            pytest.param(one, other, marks=() if place == number else pytest.mark.sweep)
            for place, one in enumerate(first)
            for number, other in enumerate(second)
        ],
    )


@crossed(("rounds", "spread"), [3, 5, 10], [0.05, 0.02, 0.15])
def test_intervals_of_a_time_cover_the_median(spread, rounds):
    random = np.random.RandomState(rounds)
    times = 0.7 * np.exp(noise(random, spread, (REPETITIONS, rounds)))
    found = [estimate(row) for row in times.tolist()]
    assert 0.93 < coverage(found, 0.7 * math.exp(median(spread))) < 0.97


@crossed(("rounds", "spreads"), [3, 5, 10], [(0.02, 0.05), (0.05, 0.05), (0.05, 0.15)])
def test_intervals_of_a_ratio_cover_it_in_spite_of_drift(spreads, rounds):
    random = np.random.RandomState(100 + rounds)
    shared = drift(random, REPETITIONS, rounds)
    one, other = (noise(random, spread, shared.shape) for spread in spreads)
    found = ratios(math.log(1.25) + shared + one, shared + other)
    assert 0.93 < coverage(found, 1.25) < 0.97


def test_drift_is_not_in_the_interval_of_a_time():
    """Neighbouring rounds resemble each other, and vary less than the machine. Only ratios are reliable."""
    random = np.random.RandomState(1)
    times = np.exp(drift(random, 2000, 5) + noise(random, 0.05, (2000, 5)))
    assert coverage([estimate(row) for row in times.tolist()], math.exp(median(0.05))) < 0.7


@pytest.mark.parametrize("rounds", [3, 5, 10])
def test_many_slow_trials_make_intervals_wide_rather_than_wrong(rounds):
    """One trial in ten takes twice as long."""
    random = np.random.RandomState(200 + rounds)
    one, other = (noise(random, 0.05, (REPETITIONS, rounds), 0.1, math.log(2)) for _ in range(2))
    assert np.mean(paired_probabilities(one - other) >= 0.05) > 0.96


@pytest.mark.parametrize("trials", [3, 5])
def test_the_geometric_mean_of_few_trials_is_nearer_to_the_median_than_the_middle_one(trials):
    random = np.random.RandomState(trials)
    logarithms = noise(random, 0.05, (100_000, trials), slow_share=0)
    errors = np.abs(logarithms.mean(axis=1)).mean(), np.abs(np.median(logarithms, axis=1)).mean()
    assert errors[0] < 0.98 * errors[1]


@pytest.mark.parametrize("rounds", [3, 5, 10])
def test_a_single_null_pair_seems_to_differ_in_one_campaign_of_twenty(rounds):
    random = np.random.RandomState(300 + rounds)
    one, other = (noise(random, spread, (REPETITIONS, rounds)) for spread in (0.02, 0.05))
    assert 0.03 < np.mean(paired_probabilities(one - other) < 0.05) < 0.055


def null_campaigns(rounds, repetitions):
    """Logarithms of five implementations that do not differ. Two are noisier, and one is much noisier."""
    random = np.random.RandomState(400 + rounds)
    shared = drift(random, repetitions, rounds)
    return [shared + noise(random, spread, shared.shape) for spread in (0.02, 0.02, 0.05, 0.05, 0.15)]


@pytest.mark.parametrize("rounds", [3, 5, 10])
def test_any_of_ten_null_pairs_seems_to_differ_in_at_most_one_campaign_of_twenty(rounds):
    arms = null_campaigns(rounds, REPETITIONS)
    differences = np.stack([one - other for one, other in itertools.combinations(arms, 2)], axis=1)
    probabilities = paired_probabilities(differences)
    adjusted = np.array([holm(row) for row in probabilities.tolist()])
    assert 0.015 < np.mean(adjusted.min(axis=1) < 0.05) < 0.05
    # Without the correction, false differences are common.
    assert np.mean(probabilities.min(axis=1) < 0.05) > 0.2
    # The package's own comparison gives the same probabilities and verdicts.
    times = np.exp(np.stack(arms, axis=1)).tolist()
    for campaign in [0, *np.argsort(adjusted.min(axis=1))[:20]]:
        values = [dict(enumerate(row)) for row in times[campaign]]
        found = compare(list(itertools.combinations(values, 2)))
        assert [item.adjusted for item in found] == pytest.approx(adjusted[campaign], rel=1e-6)
        wanted = [
            "no clear difference" if value >= 0.05 else "faster" if mean < 0 else "slower"
            for value, mean in zip(adjusted[campaign], differences[campaign].mean(axis=1), strict=True)
        ]
        assert [item.verdict for item in found] == wanted


def test_all_intervals_of_a_family_cover_at_once():
    times = np.exp(np.stack(null_campaigns(5, 2000), axis=1)).tolist()
    confidence = family_confidence(10)
    covered = []
    for campaign in times:
        values = [dict(enumerate(row)) for row in campaign]
        found = [ratio(one, other, confidence) for one, other in itertools.combinations(values, 2)]
        covered.append(all(item.low <= 1 <= item.high for item in found))
    assert 0.95 < np.mean(covered) < 0.985


def power(spread, rounds, slow_share=SLOW_SHARE, pairs=1):
    """The share of campaigns that detect a pair that is 5% slower, while the other pairs are equal."""
    random = np.random.RandomState(500)
    shape = (REPETITIONS, pairs, rounds)
    differences = noise(random, spread, shape, slow_share) - noise(random, spread, shape, slow_share)
    differences[:, 0] += math.log(1.05)
    adjusted = np.array([holm(row) for row in paired_probabilities(differences).tolist()])
    return np.mean((adjusted[:, 0] < 0.05) & (differences[:, 0].mean(axis=1) > 0))


def test_a_difference_of_5_percent_is_detected_if_rounds_and_noise_allow_it():
    little, much = ([power(spread, rounds) for rounds in (3, 5, 10)] for spread in (0.02, 0.05))
    assert little == sorted(little)
    assert much == sorted(much)
    assert all(one > other for one, other in zip(little, much, strict=True))
    # Ten rounds suffice for a noise of 2%, three do not for one of 5%; slow trials cost much.
    assert power(0.02, 10, slow_share=0) > 0.97
    assert little[-1] > 0.75
    assert much[0] < 0.15


def test_a_family_of_pairs_needs_more_rounds_than_one_pair():
    assert power(0.02, 10, slow_share=0, pairs=10) > 0.85
    assert power(0.02, 3, slow_share=0, pairs=10) < 0.1 < power(0.02, 3, slow_share=0)


@pytest.mark.parametrize(
    ("spreads", "trials"),
    [
        ((0.15, 0.02), (3, 10)),
        pytest.param((0.02, 0.15), (5, 10), marks=pytest.mark.sweep),
        pytest.param((0.02, 0.05), (10, 5), marks=pytest.mark.sweep),
    ],
    ids=str,
)
def test_intervals_of_independent_trials_cover_whatever_their_spreads_and_numbers(spreads, trials):
    repetitions = 4000
    random = np.random.RandomState(600)
    first, second = (
        np.exp(noise(random, spread, (repetitions, number))).tolist()
        for spread, number in zip(spreads, trials, strict=True)
    )
    found = [compare_independent(one, other) for one, other in zip(first, second, strict=True)]
    truth = math.exp(median(spreads[0]) - median(spreads[1]))
    assert 0.93 < coverage([item for item, _ in found], truth) < 0.97
    # The probability and the interval agree about 1.
    assert all((item.low <= 1 <= item.high) == (probability >= 0.05) for item, probability in found)


def test_as_many_rounds_as_are_needed_make_a_typical_interval_narrow_enough():
    """No trial is slow here: a few slow ones would make the overall spread exceed that of most campaigns."""
    random = np.random.RandomState(700)

    def differences(repetitions, rounds):
        one, other = (noise(random, 0.05, (repetitions, rounds), slow_share=0) for _ in range(2))
        return one - other

    def typical_reach(rounds):
        found = [estimate(row) for row in np.exp(differences(2000, rounds)).tolist()]
        return np.median([smallest_difference(item) for item in found])

    needed = rounds_needed(np.exp(differences(1, 100_000))[0].tolist(), 0.05)
    assert 5 < needed < 20
    assert 0.04 < typical_reach(needed) <= 0.05
    assert typical_reach(needed // 2) > 0.065
