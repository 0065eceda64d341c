"""Corrected verdicts, against an example by hand, SciPy and properties."""

import math

import pytest
import scipy.stats
from hypothesis import given, strategies

from tfmxbench.analysis.estimates import ratio, verdict
from tfmxbench.analysis.multiple_comparisons import compare, family_confidence, holm


def test_holms_correction_is_that_of_an_example_by_hand():
    """0.005 * 4, 0.01 * 3, 0.03 * 2, and 0.04 * 1, which may not be below the one before it."""
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([0.4, 0.6]) == pytest.approx([0.8, 0.8])
    assert holm([0.7, 0.9]) == [1, 1]
    assert holm([0.2]) == [0.2]
    assert holm([]) == []


probabilities = strategies.lists(
    strategies.floats(0, 1) | strategies.sampled_from([0.01, 0.05, math.nan]), max_size=12
)


@given(probabilities)
def test_holms_correction_keeps_the_order_and_lowers_no_probability(raw):
    adjusted = holm(raw)
    valid = sorted((p, q) for p, q in zip(raw, adjusted, strict=True) if not math.isnan(p))
    assert all(p <= q <= min(1, p * len(valid)) for p, q in valid)
    assert [q for _, q in valid] == sorted(q for _, q in valid)
    assert [math.isnan(p) for p in raw] == [math.isnan(q) for q in adjusted]


@given(strategies.data(), probabilities)
def test_holms_correction_does_not_depend_on_the_order(data, raw):
    order = data.draw(strategies.permutations(range(len(raw))))
    adjusted = holm(raw)
    assert holm([raw[index] for index in order]) == pytest.approx(
        [adjusted[index] for index in order], nan_ok=True
    )


@pytest.mark.parametrize("wrong", [-0.1, 1.1, math.inf])
def test_holm_takes_probabilities_only(wrong):
    with pytest.raises(ValueError, match="not a probability"):
        holm([0.5, wrong])


def test_a_comparison_has_the_probability_of_scipys_paired_test():
    """Round 5 has no partner. The pair that was measured in one round has no verdict, and does not count."""
    first = {0: 1.0, 1: 1.3, 2: 1.15, 3: 1.4, 5: 9.0}
    seconds = [
        {0: 1.2, 1: 1.5, 2: 1.45, 3: 1.6},
        {0: 1.1, 1: 1.1, 2: 1.2, 3: 1.35},
        {3: 0.1},
        {0: 0.4, 1: 0.7, 2: 0.5, 3: 0.6},
    ]
    comparisons = compare([(first, second) for second in seconds])
    wanted = [
        scipy.stats.ttest_rel(
            [math.log(first[number]) for number in range(4)],
            [math.log(second[number]) for number in range(4)],
        ).pvalue
        for second in seconds
        if len(second) == 4
    ]
    tested = [comparisons[0], comparisons[1], comparisons[3]]
    assert [item.probability for item in tested] == pytest.approx(wanted)
    assert [item.adjusted for item in tested] == pytest.approx(holm(wanted))
    assert [item.verdict for item in comparisons] == ["faster", "no clear difference", "not known", "slower"]
    assert math.isnan(comparisons[2].probability)
    assert math.isnan(comparisons[2].adjusted)
    assert [item.ratio for item in tested] == [ratio(first, seconds[index]) for index in (0, 1, 3)]


@given(strategies.lists(strategies.integers(800, 1250), min_size=1, max_size=6))
def test_the_comparison_of_a_single_pair_says_what_its_interval_says(thousandths):
    numerator = {number: value / 1000 for number, value in enumerate(thousandths)}
    denominator = dict.fromkeys(numerator, 1.0)
    (comparison,) = compare([(numerator, denominator)])
    if not math.isclose(comparison.probability, 0.05, rel_tol=1e-6):
        assert comparison.verdict == verdict(comparison.ratio)


def test_more_pairs_make_a_difference_harder_to_show():
    pair = ({0: 1.0, 1: 1.1, 2: 1.2, 3: 1.02}, dict.fromkeys(range(4), 1.3))
    assert 0.01 < compare([pair])[0].probability < 0.05
    assert compare([pair])[0].verdict == "faster"
    same = ({0: 1.0, 1: 1.1, 2: 0.9, 3: 1.0}, dict.fromkeys(range(4), 1.0))
    assert compare([same, pair, same, same, same])[1].verdict == "no clear difference"
    assert compare([same, pair, same, same, same], level=0.2)[1].verdict == "faster"


def test_a_difference_without_any_spread_is_certain():
    """Also where the quotients differ in their last digit: 3.3 / 1.1 is not 3."""
    equal = {0: 1.0, 1: 1.1, 2: 0.7}
    thrice = {number: 3 * value for number, value in equal.items()}
    comparisons = compare([(thrice, equal), (equal, thrice), (equal, equal)])
    assert [item.probability for item in comparisons] == [0, 0, 1]
    assert [item.verdict for item in comparisons] == ["slower", "faster", "no clear difference"]


def test_a_pair_without_a_common_round_is_a_valueerror():
    with pytest.raises(ValueError, match="no common round"):
        compare([({0: 1.0}, {0: 1.0}), ({0: 1.0}, {1: 1.0})])


def test_no_pairs_have_no_comparisons():
    assert compare([]) == []


def test_a_family_of_intervals_shares_the_risk():
    assert family_confidence(1) == pytest.approx(0.95)
    assert family_confidence(10) == pytest.approx(0.995)
    assert family_confidence(5, 0.9) == pytest.approx(0.98)
    with pytest.raises(ValueError, match="family of 0"):
        family_confidence(0)
