"""Counterparts and null tests of a campaign of made-up records, and the sentences that tell of them."""

import dataclasses

import pytest

from tfmxbench.analysis import pairs
from tfmxbench.networks import catalogue
from tfmxbench.records.conditions import NULL
from tfmxbench.report.figures import sentences

STYLES = ("keras_function", "gluon_hybrid", "variables_function", "symbol")


@pytest.fixture
def records(make_trial, make_record):
    """Make the records of rounds in which each style takes so many seconds."""

    def make(times: dict[str, list[float]], condition: str = "standard") -> list:
        found = []
        for item in catalogue.implementations("mlp"):
            for number, seconds in enumerate(times.get(item.style, [])):
                trial = make_trial(
                    identifier=f"{number:04d}-{item.network}-{item.style}-cpu-{condition}",
                    network=item.network,
                    style=item.style,
                    framework=item.framework,
                    round=number,
                    condition=condition,
                )
                found.append(make_record(trial, wall=seconds))
        return found

    return make


def test_counterparts_are_two_styles_of_one_pair_in_two_frameworks(records):
    found = pairs.compare_pairs(records({style: [1.0, 1.1, 1.2] for style in STYLES}))
    assert [(item.first.style, item.second.style, item.pair) for item in found] == [
        ("gluon_hybrid", "keras_function", "own loop, compiled"),
        ("symbol", "variables_function", "low level, compiled"),
    ]
    assert {item.family for item in found} == {2}


def test_a_ratio_is_the_time_of_the_first_over_that_of_the_second_in_every_round(records):
    found = pairs.compare_pairs(records({"gluon_hybrid": [2.0, 4.0, 6.0], "keras_function": [1.0, 2.0, 3.0]}))
    assert found[0].ratios == pytest.approx([2.0, 2.0, 2.0])
    assert found[0].comparison.verdict == "slower"


def test_other_conditions_are_left_out(records):
    standard = records({style: [1.0, 1.1, 1.2] for style in STYLES})
    for condition in ("null", "unvaried", "threads", "batch-size", "mistake"):
        others = records({style: [9.0, 9.1, 9.3] for style in STYLES[:2]}, condition)
        assert pairs.compare_pairs([*standard, *others]) == pairs.compare_pairs(standard)


def test_a_pair_without_a_common_round_is_reported_and_not_counted(records, make_trial):
    found = records({style: [1.0, 1.1, 1.2] for style in STYLES})
    moved = [
        dataclasses.replace(record, trial=dataclasses.replace(record.trial, round=record.trial.round + 7))
        if record.trial.style == "symbol"
        else record
        for record in found
    ]
    first, second = pairs.compare_pairs(moved)
    assert (first.family, second.comparison) == (1, None)
    assert "no round in which both completed" in sentences.compare(second)


def test_a_null_test_is_the_ratio_of_an_implementation_to_itself(records):
    found = [
        *records({"symbol": [1.0, 2.0, 3.0], "gluon": [5.0, 5.0, 5.0]}),
        *records({"symbol": [1.0, 1.0, 1.5]}, NULL),
    ]
    ((arm, ratios),) = pairs.null_tests(found)
    assert arm.style == "symbol"
    assert ratios == pytest.approx([1.0, 2.0, 2.0])


def told(records, first: list[float], second: list[float]) -> str:
    found = pairs.compare_pairs(records({"gluon_hybrid": first, "keras_function": second}))
    return sentences.compare(found[0])


def test_a_sentence_names_the_faster_first(records):
    assert told(records, [1.0, 1.01, 0.99], [2.0, 2.0, 2.0]).startswith(
        "MXNet gluon_hybrid is faster than TensorFlow keras_function on the CPU: an epoch takes 0.5"
    )
    assert told(records, [2.0, 2.0, 2.0], [1.0, 1.01, 0.99]).startswith(
        "TensorFlow keras_function is faster than MXNet gluon_hybrid on the CPU: an epoch takes 0.5"
    )


def test_a_spread_too_large_to_conclude_says_what_to_do(records):
    sentence = told(records, [1.0, 1.5, 0.8], [1.1, 1.0, 1.2])
    assert "no clear difference" in sentence
    assert "too large to conclude" in sentence
    assert "TFMXBENCH_BUDGET" in sentence


def test_a_narrow_interval_around_1_needs_no_warning(records):
    sentence = told(records, [1.0, 1.001, 0.999], [1.0, 1.0, 1.0])
    assert "no clear difference" in sentence
    assert "too large" not in sentence


def test_an_interval_that_leaves_out_1_by_chance_is_explained(records):
    """One pair has p = 0.03, which the correction for two pairs makes 0.06."""
    found = pairs.compare_pairs(
        records(
            {
                "gluon_hybrid": [1.025, 1.035, 1.05],
                "keras_function": [1.0, 1.0, 1.0],
                "symbol": [1.0, 1.1, 0.9],
                "variables_function": [1.0, 1.0, 1.0],
            }
        )
    )
    comparison = found[0].comparison
    assert comparison.ratio.low > 1
    assert comparison.probability < 0.05 < comparison.adjusted
    sentence = sentences.compare(found[0])
    assert "no clear difference" in sentence
    assert "after correction for 2 pairs this is not significant" in sentence


def test_one_round_says_nothing(records):
    assert "one round only" in told(records, [1.0], [2.0])
