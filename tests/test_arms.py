"""The arms of a campaign: no condition is mixed with another."""

import dataclasses
import itertools

import pytest
from measurements import make_pass

from tfmxbench.analysis import quantities
from tfmxbench.analysis.arms import accuracies_by_seed, arms_of
from tfmxbench.records.conditions import BATCH_SIZE, GOAL, NULL, PRODUCTS, SEED, STANDARD, THREADS
from tfmxbench.records.parity import Parity
from tfmxbench.records.trial import FAILED

CONDITIONS = [
    STANDARD,
    NULL,
    THREADS,
    BATCH_SIZE,
    SEED,
    GOAL,
    PRODUCTS,
]
PURPOSES = ["measure", "accuracy", "goal", "products"]


@pytest.fixture
def mixed(make_trial, make_record) -> list:
    """Records for every purpose under every condition, in two rounds, each with a different time."""
    records = []
    for number, purpose, condition in itertools.product(range(2), PURPOSES, CONDITIONS):
        trial = make_trial(
            identifier=f"{number}-{purpose}-{condition}", purpose=purpose, condition=condition, round=number
        )
        records.append(make_record(trial, wall=1.0 + len(records)))
    return records


@pytest.mark.parametrize("condition", CONDITIONS)
def test_arms_hold_the_timed_trials_of_one_condition_and_no_other(mixed, condition):
    (arm,) = arms_of(mixed, condition)
    found = {(record.trial.purpose, record.trial.condition) for record in arm.records}
    assert found == {("measure", condition)}
    assert arm.condition == condition
    assert len(arm.records) == len(arm.measurements) == 2


def test_the_comparison_is_that_of_the_standard_condition(mixed):
    """Trials under other conditions, their order and their times change no value."""
    comparison = {("measure", "standard"), ("accuracy", "seed")}
    alone = [record for record in mixed if (record.trial.purpose, record.trial.condition) in comparison]
    expected = arms_of(alone)
    assert arms_of(mixed) == arms_of(mixed, STANDARD) == expected
    assert arms_of(reversed(mixed))[0].measurements == expected[0].measurements


def test_a_condition_that_nothing_was_measured_under_has_no_arms(mixed):
    assert arms_of(mixed, "unheard-of") == []
    assert arms_of([]) == []


def test_each_number_of_threads_and_each_batch_size_is_a_separate_arm(make_trial, make_record):
    records = [
        make_record(
            make_trial(condition=condition, threads=threads, batch_size=batch_size, round=number),
            wall=1.0 + number,
        )
        for number in range(2)
        for condition, threads, batch_size in (
            ("threads", 4, None),
            ("threads", 1, None),
            ("batch-size", 8, 512),
            ("batch-size", 8, 32),
        )
    ]
    assert arms_of(records) == []
    threads = arms_of(records, "threads")
    assert [(arm.threads, arm.batch_size, len(arm.records)) for arm in threads] == [
        (1, None, 2),
        (4, None, 2),
    ]
    sizes = arms_of(records, "batch-size")
    assert [(arm.threads, arm.batch_size, len(arm.records)) for arm in sizes] == [(8, 32, 2), (8, 512, 2)]


def test_arms_differ_by_network_style_framework_or_device(make_trial, make_record):
    places = [
        ("lenet", "cpu", "mxnet", "gluon"),
        ("lenet", "gpu", "mxnet", "gluon"),
        ("mlp", "cpu", "mxnet", "gluon"),
        ("mlp", "cpu", "mxnet", "symbol"),
        ("mlp", "cpu", "tensorflow", "keras_function"),
    ]
    records = [
        make_record(make_trial(network=network, device=device, framework=framework, style=style))
        for network, device, framework, style in reversed(places)
    ]
    found = arms_of(records)
    assert [(arm.network, arm.device, arm.framework, arm.style) for arm in found] == places
    assert found[0].name == "lenet/gluon"


def test_an_arm_keeps_its_failures_apart(make_trial, make_record):
    good = make_record(make_trial(round=0), wall=2.0)
    bad = make_record(make_trial(round=1), status=FAILED, reason="killed", measurement=None)
    (arm,) = arms_of([good, bad])
    assert (list(arm.measurements), arm.failures, arm.accuracies) == ([0], [bad], [0.9])
    assert arm.estimate(quantities.first_epoch_seconds).value == 2.0
    (failed,) = arms_of([bad])
    assert failed.estimate(quantities.first_epoch_seconds) is None


def test_a_quantity_that_some_trials_lack_is_that_of_the_others(make_trial, make_record):
    records = [make_record(make_trial(round=number)) for number in range(3)]
    records[1] = dataclasses.replace(
        records[1], measurement=dataclasses.replace(records[1].measurement, test_images=None)
    )
    (arm,) = arms_of(records)
    assert list(arm.values(quantities.inference_images_per_second)) == [0, 2]
    assert arm.estimate(quantities.epoch_joules) is None


def test_an_arm_without_accuracies_has_none(make_trial, make_record, make_measurement):
    """Trials with other threads or batch sizes have no whole epoch."""
    found = make_measurement(epochs=[], accuracies=[], passes=[make_pass(1.0, 10)] * 2)
    (arm,) = arms_of([make_record(make_trial(condition="threads"), measurement=found)], "threads")
    assert arm.accuracies == []


def test_the_accuracy_of_short_trials_is_the_gates(make_trial, make_record, make_measurement):
    """It must be for the same network, style and device, with the task's batch size and no mistake."""
    short = make_measurement(epochs=[], accuracies=[], passes=[make_pass(3.0, 4), make_pass(1.0, 4)])
    records = [make_record(make_trial(round=number), measurement=short) for number in range(2)]
    right = Parity("mlp", "reference", "numpy", "cpu", True, "", [], [], accuracy=0.9)
    wrong = [
        dataclasses.replace(right, accuracy=0.1, batch_size=32),
        dataclasses.replace(right, accuracy=0.2, mistakes=["drift"]),
        dataclasses.replace(right, accuracy=0.3, network="lenet"),
        dataclasses.replace(right, accuracy=0.4, style="gluon"),
        dataclasses.replace(right, accuracy=0.5, device="gpu"),
    ]
    for parity in ([right, *wrong], [*wrong, right]):
        (arm,) = arms_of(records, parity=parity)
        assert arm.accuracies == [0.9]
    for parity in (wrong, [], [dataclasses.replace(right, accuracy=None)]):
        assert arms_of(records, parity=parity)[0].accuracies == []
    # A trial with a whole epoch has its own accuracy, and a failed trial has none.
    (arm,) = arms_of([make_record(make_trial())], parity=[dataclasses.replace(right, accuracy=0.1)])
    assert arm.accuracies
    assert arm.accuracies != [0.1]
    failed = dataclasses.replace(records[0], status="failed", reason="because", measurement=None)
    assert arms_of([failed], parity=[right])[0].accuracies == []
    null = [dataclasses.replace(item, trial=make_trial(condition=NULL)) for item in records]
    assert arms_of(null, NULL, [right])[0].accuracies == []


def test_accuracies_by_seed_are_those_of_timed_trials_and_of_trials_with_other_seeds(make_trial, make_record):
    """The accuracies of null arms, goals and other conditions differ here, and do not count."""

    def record(accuracy, condition, seed=0, **changes):
        made = make_record(make_trial(condition=condition, seed=seed, **changes))
        found = dataclasses.replace(made.measurement, accuracies=[accuracy, 0.99])
        return dataclasses.replace(made, measurement=found)

    others = [record(0.1, condition) for condition in CONDITIONS if condition not in (STANDARD, SEED)]
    counted = [
        record(0.9, STANDARD),
        record(0.8, STANDARD, round=1),
        record(0.7, SEED, seed=1, purpose="accuracy"),
        record(0.2, STANDARD, network="lenet"),
        record(0.3, STANDARD, device="gpu"),
    ]
    found = accuracies_by_seed([*others, *counted], "mlp", "cpu")
    assert found == {"reference": {0: 0.9, 1: 0.7}}
