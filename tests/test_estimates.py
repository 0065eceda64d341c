"""Estimates and verdicts, against formulas, SciPy and small examples; error rates on log-normal data."""

import math
import statistics

import numpy as np
import pytest
import scipy.stats

from tfmxbench.analysis.estimates import (
    MOST_ROUNDS,
    Estimate,
    compare_independent,
    estimate,
    ratio,
    rounds_needed,
    smallest_difference,
    styles_differ,
    too_wide,
    verdict,
)

REPETITIONS = 4000


@pytest.mark.parametrize("trials", [3, 5, 10])
def test_intervals_cover_the_truth_as_often_as_they_say(trials):
    """95% of log-normal campaigns; 4000 of them estimate that to within a third of a percent."""
    random = np.random.RandomState(trials)
    truth = 0.7
    samples = truth * np.exp(random.normal(0, 0.1, (REPETITIONS, trials)))
    found = [estimate(row.tolist()) for row in samples]
    covered = np.mean([item.low <= truth <= item.high for item in found])
    assert 0.93 < covered < 0.97
    # As often above as below.
    above = np.mean([item.low > truth for item in found])
    assert 0.01 < above < 0.04


def test_intervals_cover_with_the_confidence_that_is_chosen():
    random = np.random.RandomState(0)
    samples = np.exp(random.normal(0, 0.3, (REPETITIONS, 5)))
    found = [estimate(row.tolist(), confidence=0.8) for row in samples]
    assert 0.78 < np.mean([item.low <= 1 <= item.high for item in found]) < 0.82


def test_an_estimate_is_the_geometric_mean_with_students_interval():
    values = [1.0, 2.0, 4.0, 3.0]
    found = estimate(values)
    logarithms = [math.log(value) for value in values]
    low, high = scipy.stats.t.interval(
        0.95, 3, statistics.mean(logarithms), statistics.stdev(logarithms) / math.sqrt(4)
    )
    assert found.value == pytest.approx(statistics.geometric_mean(values))
    assert (found.low, found.high) == pytest.approx((math.exp(low), math.exp(high)))
    assert found.trials == 4
    assert found.has_interval


def test_one_value_has_no_interval():
    found = estimate([3.5])
    assert (found.value, found.trials, found.has_interval) == (3.5, 1, False)
    assert math.isnan(found.low)
    assert math.isnan(found.high)


def test_equal_values_have_an_interval_of_no_width():
    found = estimate([2.0, 2.0, 2.0])
    assert (found.value, found.low, found.high) == pytest.approx((2, 2, 2))


def test_wild_values_are_no_error():
    """Their interval is wider than floating point numbers reach."""
    found = estimate([1e-300, 1e300])
    assert 0 < found.low < found.value < found.high < math.inf
    assert found.value == pytest.approx(1)


@pytest.mark.parametrize(
    "values",
    [[], [0.0], [1.0, 0.0], [-1.0, 2.0], [math.nan], [1.0, math.nan], [math.inf, 1.0], [1.0, -math.inf]],
    ids=str,
)
def test_a_value_that_is_not_a_positive_number_is_a_valueerror(values):
    with pytest.raises(ValueError, match="positive number" if values else "no value"):
        estimate(values)


def test_a_ratio_pairs_by_round():
    """The order of the rounds does not matter. Each side lacks a round, and round 2 is slow for both."""
    numerator = {2: 300.0, 0: 3.0, 1: 3.3, 7: 1e6}
    denominator = {0: 1.0, 1: 1.1, 2: 100.0, 5: 1e-6}
    found = ratio(numerator, denominator)
    assert found.trials == 3
    assert (found.value, found.low, found.high) == pytest.approx((3, 3, 3))


def test_a_ratio_the_other_way_round_is_the_inverse():
    numerator, denominator = {0: 2.0, 1: 2.2, 2: 2.5}, {0: 1.0, 1: 1.3, 2: 1.1}
    found, turned = ratio(numerator, denominator), ratio(denominator, numerator)
    assert (turned.value, turned.low, turned.high) == pytest.approx(
        (1 / found.value, 1 / found.high, 1 / found.low)
    )


def test_a_ratio_without_a_common_round_is_a_valueerror():
    with pytest.raises(ValueError, match="no common round"):
        ratio({0: 1.0}, {1: 1.0})


@pytest.mark.parametrize("wrong", [0.0, -1.0, math.nan, math.inf])
def test_a_ratio_of_values_that_are_not_positive_numbers_is_a_valueerror(wrong):
    for pair in (({0: wrong}, {0: 1.0}), ({0: 1.0}, {0: wrong})):
        with pytest.raises(ValueError):
            ratio(*pair)


@pytest.mark.parametrize(
    ("numerator", "wanted"),
    [
        ({0: 0.5, 1: 0.52, 2: 0.51}, "faster"),
        ({0: 2.0, 1: 2.1, 2: 2.05}, "slower"),
        ({0: 0.5, 1: 2.0, 2: 1.0}, "no clear difference"),
        ({0: 100.0}, "not known"),
    ],
)
def test_a_verdict_says_what_the_interval_says(numerator, wanted):
    assert verdict(ratio(numerator, dict.fromkeys(range(3), 1.0))) == wanted


def campaigns(effect, rounds, seed, common=0.5):
    """Verdicts on simulated campaigns, with a noise of 5% per trial and of `common` per round."""
    random = np.random.RandomState(seed)
    shared = np.exp(random.normal(0, common, (REPETITIONS, rounds)))
    first = effect * shared * np.exp(random.normal(0, 0.05, (REPETITIONS, rounds)))
    second = shared * np.exp(random.normal(0, 0.05, (REPETITIONS, rounds)))
    return [
        verdict(ratio(dict(enumerate(a)), dict(enumerate(b))))
        for a, b in zip(first.tolist(), second.tolist(), strict=True)
    ]


@pytest.mark.parametrize("rounds", [3, 5])
def test_a_false_difference_appears_in_one_campaign_of_twenty(rounds):
    verdicts = campaigns(1.0, rounds, seed=rounds)
    for side in ("faster", "slower"):
        assert 0.015 < verdicts.count(side) / REPETITIONS < 0.035
    assert 0.03 < 1 - verdicts.count("no clear difference") / REPETITIONS < 0.07


def test_a_true_difference_is_detected_more_often_with_more_rounds():
    """10% slower, with a spread of 50% between rounds, which pairing cancels."""
    power = [campaigns(1.1, rounds, seed=9).count("slower") / REPETITIONS for rounds in (3, 5, 10)]
    assert power[0] < power[1] < power[2]
    assert power[2] > 0.95


def test_a_greater_difference_is_detected_more_often():
    power = [campaigns(effect, 3, seed=11).count("faster") / REPETITIONS for effect in (0.95, 0.9, 0.7)]
    assert power[0] < power[1] < power[2]


def test_noise_that_rounds_share_changes_no_verdict():
    assert campaigns(1.1, 3, seed=13, common=0.0).count("slower") == pytest.approx(
        campaigns(1.1, 3, seed=13, common=1.0).count("slower"), abs=3
    )


def test_independent_trials_are_compared_as_scipys_welch_test_does():
    first, second = [1.0, 1.4, 1.1], [2.0, 2.1, 2.05, 1.9, 2.2]
    found, probability = compare_independent(first, second, confidence=0.9)
    test = scipy.stats.ttest_ind(np.log(first), np.log(second), equal_var=False)
    interval = test.confidence_interval(0.9)
    assert probability == pytest.approx(test.pvalue)
    assert (found.low, found.high) == pytest.approx((math.exp(interval.low), math.exp(interval.high)))
    assert found.value == pytest.approx(statistics.geometric_mean(first) / statistics.geometric_mean(second))
    assert found.trials == 3
    turned, same = compare_independent(second, first, confidence=0.9)
    assert (turned.value, turned.low, turned.high, same) == pytest.approx(
        (1 / found.value, 1 / found.high, 1 / found.low, probability)
    )


def test_the_spread_of_one_side_is_enough_for_independent_trials():
    found, probability = compare_independent([3.0, 3.0, 3.0], [1.0, 1.1, 1.2, 1.05])
    alone = estimate([1.0, 1.1, 1.2, 1.05])
    assert (found.low, found.high) == pytest.approx((3 / alone.high, 3 / alone.low))
    assert 0 < probability < 0.001


@pytest.mark.parametrize(("second", "wanted"), [(1.5, 0), (3.0, 1)])
def test_independent_trials_without_any_spread_are_certain(second, wanted):
    found, probability = compare_independent([3.0, 3.0, 3.0], [second, second])
    assert (found.value, found.low, found.high) == pytest.approx((3 / second,) * 3)
    assert (found.trials, probability) == (2, wanted)


@pytest.mark.parametrize("second", [[1.0, 1.1, 1.2], [2.0, 2.0]], ids=str)
def test_one_independent_trial_has_no_interval(second):
    found, probability = compare_independent([3.0], second)
    assert found.value == pytest.approx(3 / statistics.geometric_mean(second))
    assert (found.trials, found.has_interval) == (1, False)
    assert math.isnan(probability)


@pytest.mark.parametrize(
    ("first", "second"), [([], [1.0]), ([1.0], []), ([1.0, 0.0], [1.0]), ([1.0], [-1.0])]
)
def test_independent_trials_are_positive_numbers(first, second):
    with pytest.raises(ValueError):
        compare_independent(first, second)


def test_the_smallest_difference_is_how_far_the_interval_reaches():
    assert smallest_difference(Estimate(2.0, 2.0 / 1.05, 2.1, 3)) == pytest.approx(0.05)
    assert smallest_difference(Estimate(2.0, 2.0, 2.0, 3)) == 0
    assert math.isnan(smallest_difference(estimate([2.0])))


@pytest.mark.parametrize(
    ("low", "high", "wanted"),
    [
        (0.92, 1.09, False),
        (0.92, 1.11, True),
        (0.90, 1.09, True),
        (0.5, 2.0, True),
        (1.0, 1.2, True),
        (1.01, 1.9, False),
        (0.5, 0.99, False),
        (math.nan, math.nan, False),
    ],
)
def test_a_ratio_is_too_wide_if_it_shows_neither_a_difference_nor_its_absence(low, high, wanted):
    assert too_wide(Estimate(1.0, low, high, 3)) is wanted


@pytest.mark.parametrize("difference", [0.04, 0.07, 0.095, 0.11, 0.14, 0.2])
def test_the_rounds_needed_are_the_least_whose_interval_is_narrow_enough(difference):
    ratios = [1.0, 1.1, 1.2, 1.05, 0.95]
    needed = rounds_needed(ratios, difference)
    spread = statistics.stdev(math.log(value) for value in ratios)
    reaches = [
        math.exp(scipy.stats.t.ppf(0.975, n - 1) * spread / math.sqrt(n)) - 1 for n in (needed - 1, needed)
    ]
    assert reaches[1] <= difference < reaches[0]


def test_the_rounds_needed_have_limits():
    assert rounds_needed([2.0, 2.0]) == 3
    assert rounds_needed([1.0, 100.0]) == MOST_ROUNDS


@pytest.mark.parametrize(("ratios", "difference"), [([1.0], 0.05), ([1.0, 0.0], 0.05), ([1.0, 2.0], 0.0)])
def test_rounds_are_needed_for_positive_numbers_that_vary(ratios, difference):
    with pytest.raises(ValueError):
        rounds_needed(ratios, difference)


def test_styles_that_are_equal_on_every_seed_do_not_differ():
    found = styles_differ([{0: 0.95, 1: 0.94, 2: 0.96}] * 4)
    assert "all 4 styles are equally accurate" in found


def test_a_style_that_is_worse_on_every_seed_is_found():
    good = {seed: 0.95 + seed / 1000 for seed in range(8)}
    noisy = [
        {seed: value + ((seed + shift) % 3) / 10000 for seed, value in good.items()} for shift in range(3)
    ]
    worse = {seed: value - 0.01 for seed, value in good.items()}
    assert "at least one style differs" in styles_differ([*noisy, worse])
    assert "no style differs detectably" in styles_differ(noisy)


def test_two_seeds_are_too_few_for_a_test():
    assert "not enough to test" in styles_differ([{0: 0.9, 1: 0.8}] * 5)
