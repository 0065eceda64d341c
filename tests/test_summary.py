"""What records say of each arm: known figures, and no condition mixed with another."""

import dataclasses
import itertools

import numpy as np
import pytest

from tfmxbench.analysis import summary
from tfmxbench.records.conditions import BATCH_SIZE, GOAL, NULL, PRODUCTS, SEED, STANDARD, THREADS
from tfmxbench.records.parity import Parity
from tfmxbench.records.trial import FAILED, Measurement, Memory, Pass, Span

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


def make_pass(wall: float, batches: int, batch_size: int = 10, **changes) -> Pass:
    values = {"wall": wall, "cpu": 2 * wall, "batches": batches, "images": batches * batch_size, "loss": 1.0}
    return Pass(**{**values, **changes})


@pytest.fixture
def make_measurement():
    """A measurement on 105 images, which are ten batches of ten and an incomplete one, with changes."""

    def make(**changes) -> Measurement:
        values = {
            "interpreter": Span(0.25, 0.1),
            "imported": Span(2.0, 2.5),
            "built": Span(0.5, 0.5),
            "epochs": [make_pass(7.0, 10), make_pass(5.0, 10)],
            "passes": [],
            "accuracies": [0.8, 0.9],
            "inference": [Span(9.0, 9.0), Span(0.5, 1.0), Span(0.7, 1.0)],
            "latencies": [9.0, 8.0, 0.1, 0.3],
            "memory": Memory(10_000_000, 20_000_000, 30_000_000, 40_000_000, 50_000_000, None),
            "training_images": 105,
            "test_images": 60,
        }
        return Measurement(**{**values, **changes})

    return make


# Figures of one trial.


@pytest.mark.parametrize(
    ("item", "share"),
    [
        pytest.param(make_pass(1.0, 10), 1.0, id="whole"),
        pytest.param(make_pass(1.0, 4), 0.4, id="a part"),
        pytest.param(make_pass(1.0, 3, batch_size=32), 1.0, id="larger batches, whole"),
        pytest.param(make_pass(1.0, 13, batch_size=8), 1.0, id="smaller batches, whole"),
        pytest.param(make_pass(1.0, 2, batch_size=20), 0.4, id="larger batches, a part"),
        pytest.param(make_pass(1.0, 1, batch_size=105), 1.0, id="all images in one batch"),
    ],
)
def test_the_share_of_an_epoch_counts_whole_batches(make_measurement, item, share):
    """The incomplete batch at an epoch's end is never trained on, whatever the size of the others."""
    assert summary.epochs_of(item, make_measurement()) == pytest.approx(share)


def test_an_epoch_is_the_median_of_the_steady_passes(make_measurement):
    """The first pass, which traces and compiles, does not count."""
    epochs = [make_pass(wall, 10) for wall in (100.0, 5.0, 3.0)]
    passes = [make_pass(4.0, 10)]
    assert summary.epoch_seconds(make_measurement(epochs=epochs, passes=passes)) == 4.0


def test_an_epoch_is_computed_from_parts_of_it(make_measurement):
    """Two whole batches in 1 s and five in 2.5 s: both are 5 s for the ten of an epoch."""
    found = make_measurement(epochs=[make_pass(7.0, 10)], passes=[make_pass(1.0, 2), make_pass(2.5, 5)])
    assert summary.epoch_seconds(found) == pytest.approx(5.0)
    assert summary.epoch_processor_seconds(found) == pytest.approx(10.0)
    assert summary.images_per_second(found) == pytest.approx(20.0)
    assert summary.cores_busy(found) == pytest.approx(2.0)


def test_passes_without_a_whole_epoch_are_compared_with_the_batches_that_an_epoch_has(make_measurement):
    """As on the axes: batches of 32, of which 105 images make three."""
    walls = (50.0, 1.0, 1.5, 2.0)
    passes = [make_pass(wall, 2, batch_size=32) for wall in walls]
    found = make_measurement(epochs=[], accuracies=[], passes=passes, inference=[], latencies=[])
    assert summary.epoch_seconds(found) == pytest.approx(1.5 * 3 / 2)
    assert summary.epoch_processor_seconds(found) == pytest.approx(3.0 * 3 / 2)
    assert summary.images_per_second(found) == pytest.approx(64 / 1.5)


def test_the_same_speed_is_the_same_figure_for_every_batch_size(make_measurement):
    """96 images are whole batches of all these sizes."""
    found = set()
    for batch_size in (8, 16, 32, 96):
        passes = [make_pass(2.0, 96 // batch_size, batch_size)] * 2
        values = make_measurement(epochs=[], accuracies=[], passes=passes, training_images=96)
        found.add((summary.epoch_seconds(values), summary.images_per_second(values)))
    assert found == {(2.0, 48.0)}


def test_no_figure_is_zero_where_the_clock_saw_no_processor_time(make_measurement):
    found = make_measurement(epochs=[make_pass(1.0, 10, cpu=0.0)] * 2)
    assert 0 < summary.cores_busy(found) < 0.01
    assert summary.epoch_processor_seconds(found) is None


def test_energy_is_that_of_a_whole_epoch(make_measurement):
    passes = [make_pass(1.0, 5, energy=energy) for energy in (30.0, 40.0, 50.0)]
    found = make_measurement(epochs=[make_pass(7.0, 10, energy=1000.0)], passes=passes)
    assert summary.epoch_joules(found) == pytest.approx(80.0)


@pytest.mark.parametrize("energies", [[None, None], [30.0, 0.0]], ids=["not measured", "did not count"])
def test_energy_that_was_not_measured_is_none(make_measurement, energies):
    passes = [make_pass(1.0, 5, energy=energy) for energy in energies]
    assert summary.epoch_joules(make_measurement(passes=passes, epochs=[make_pass(7.0, 10)])) is None


def test_latency_is_taken_after_ten_images_or_from_the_second_half(make_measurement):
    latencies = [100.0] * 10 + [float(number) for number in range(101)]
    found = make_measurement(latencies=latencies)
    assert summary.latency_seconds(found) == 50.0
    assert summary.latency_seconds(found, 0.99) == pytest.approx(99.0)
    assert summary.latency_seconds(found, 0.0) == 0.0
    few = make_measurement(latencies=[100.0] * 5 + [2.0] * 6)
    assert summary.latency_seconds(few, 1.0) == 2.0
    assert summary.latency_seconds(make_measurement(latencies=[3.0])) == 3.0


@pytest.mark.parametrize("count", [1, 2, 7, 30])
@pytest.mark.parametrize("share", [0.0, 0.5, 0.95, 0.99, 1.0])
def test_percentiles_of_latencies_are_numpys(make_measurement, count, share):
    values = np.random.RandomState(count).exponential(size=count)
    warming = [9.0] * min(count, summary.WARMING_IMAGES)
    found = make_measurement(latencies=[*warming, *values])
    assert summary.latency_seconds(found, share) == pytest.approx(np.quantile(values, share))


def test_prediction_leaves_the_first_time_out(make_measurement):
    found = make_measurement()
    assert summary.inference_seconds(found) == pytest.approx(0.6)
    assert summary.inference_images_per_second(found) == pytest.approx(100.0)
    assert summary.inference_images_per_second(make_measurement(test_images=None)) is None


def test_the_parts_of_the_start_are_its_whole(make_measurement):
    found = make_measurement()
    parts = (summary.interpreter_seconds, summary.import_seconds, summary.build_seconds)
    assert [part(found) for part in parts] == [0.25, 2.0, 0.5]
    assert summary.start_seconds(found) == 2.75


@pytest.mark.parametrize(
    ("goal", "epochs", "seconds"),
    [
        pytest.param(0.7, 1, 2.75 + 7, id="in the first epoch"),
        pytest.param(0.9, 2, 2.75 + 7 + 5, id="exactly, in the second"),
        pytest.param(0.91, None, None, id="never"),
    ],
)
def test_the_time_to_an_accuracy_is_the_start_and_the_epochs_that_it_took(
    make_measurement, goal, epochs, seconds
):
    found = make_measurement()
    assert summary.epochs_to(goal, found) == epochs
    assert summary.seconds_to(goal, found) == seconds


def test_an_accuracy_counts_when_it_is_first_reached(make_measurement):
    found = make_measurement(epochs=[make_pass(1.0, 10)] * 4, accuracies=[0.5, 0.9, 0.8, 0.95])
    assert summary.epochs_to(0.85, found) == 2


def test_the_time_for_some_epochs_is_that_of_the_first_and_of_steady_ones(make_measurement):
    found = make_measurement()
    assert summary.seconds_for(1, found) == 2.75 + 7
    assert summary.seconds_for(4, found) == pytest.approx(2.75 + 7 + 3 * 5)


def test_memory_that_the_system_does_not_tell_is_none(make_measurement):
    memory = Memory(0, 0, 0, 0, 0, None)
    told = make_measurement()
    figures = (summary.imported_megabytes, summary.built_megabytes, summary.peak_megabytes)
    assert [figure(told) for figure in figures] == [20.0, 30.0, 50.0]
    assert [figure(make_measurement(memory=memory)) for figure in figures] == [None] * 3
    assert summary.device_megabytes(told) is None
    used = dataclasses.replace(told.memory, device=7_000_000)
    assert summary.device_megabytes(make_measurement(memory=used)) == 7.0


# Arms.


@pytest.fixture
def mixed(make_trial, make_record) -> list:
    """A record of every purpose under every condition, in two rounds, each with a time of its own."""
    records = []
    for number, purpose, condition in itertools.product(range(2), PURPOSES, CONDITIONS):
        trial = make_trial(
            identifier=f"{number}-{purpose}-{condition}", purpose=purpose, condition=condition, round=number
        )
        records.append(make_record(trial, wall=1.0 + len(records)))
    return records


@pytest.mark.parametrize("condition", CONDITIONS)
def test_arms_hold_the_timed_trials_of_one_condition_and_no_other(mixed, condition):
    (arm,) = summary.arms(mixed, condition)
    found = {(record.trial.purpose, record.trial.condition) for record in arm.records}
    assert found == {("measure", condition)}
    assert arm.condition == condition
    assert len(arm.records) == len(arm.measurements) == 2


def test_the_comparison_is_that_of_the_standard_condition(mixed):
    """Whatever else was measured, in whatever order, and however fast: the figures are the same."""
    comparison = {("measure", "standard"), ("accuracy", "seed")}
    alone = [record for record in mixed if (record.trial.purpose, record.trial.condition) in comparison]
    expected = summary.arms(alone)
    assert summary.arms(mixed) == summary.arms(mixed, STANDARD) == expected
    assert summary.arms(reversed(mixed))[0].measurements == expected[0].measurements


def test_a_condition_that_nothing_was_measured_under_has_no_arms(mixed):
    assert summary.arms(mixed, "unheard-of") == []
    assert summary.arms([]) == []


def test_each_number_of_threads_and_batch_size_is_an_arm_of_its_own(make_trial, make_record):
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
    assert summary.arms(records) == []
    threads = summary.arms(records, "threads")
    assert [(arm.threads, arm.batch_size, len(arm.records)) for arm in threads] == [
        (1, None, 2),
        (4, None, 2),
    ]
    sizes = summary.arms(records, "batch-size")
    assert [(arm.threads, arm.batch_size, len(arm.records)) for arm in sizes] == [(8, 32, 2), (8, 512, 2)]


def test_arms_are_told_apart_by_network_style_framework_and_device(make_trial, make_record):
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
    found = summary.arms(records)
    assert [(arm.network, arm.device, arm.framework, arm.style) for arm in found] == places
    assert found[0].name == "lenet/gluon"


def test_an_arm_keeps_its_failures_apart(make_trial, make_record):
    good = make_record(make_trial(round=0), wall=2.0)
    bad = make_record(make_trial(round=1), status=FAILED, reason="killed", measurement=None)
    (arm,) = summary.arms([good, bad])
    assert (list(arm.measurements), arm.failures, arm.accuracies) == ([0], [bad], [0.9])
    assert arm.estimate(summary.first_epoch_seconds).value == 2.0
    (failed,) = summary.arms([bad])
    assert failed.estimate(summary.first_epoch_seconds) is None


def test_a_figure_that_some_trials_lack_is_that_of_the_others(make_trial, make_record):
    records = [make_record(make_trial(round=number)) for number in range(3)]
    records[1] = dataclasses.replace(
        records[1], measurement=dataclasses.replace(records[1].measurement, test_images=None)
    )
    (arm,) = summary.arms(records)
    assert list(arm.values(summary.inference_images_per_second)) == [0, 2]
    assert arm.estimate(summary.epoch_joules) is None


def test_an_arm_without_accuracies_has_none(make_trial, make_record, make_measurement):
    """Trials with other threads or batch sizes have no whole epoch."""
    found = make_measurement(epochs=[], accuracies=[], passes=[make_pass(1.0, 10)] * 2)
    (arm,) = summary.arms([make_record(make_trial(condition="threads"), measurement=found)], "threads")
    assert arm.accuracies == []


def test_the_accuracy_of_short_trials_is_the_gates(make_trial, make_record, make_measurement):
    """That of the same network and style, on the same device, with its own batch size and no mistake."""
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
        (arm,) = summary.arms(records, parity=parity)
        assert arm.accuracies == [0.9]
    for parity in (wrong, [], [dataclasses.replace(right, accuracy=None)]):
        assert summary.arms(records, parity=parity)[0].accuracies == []
    # What was timed whole speaks for itself, and what did not complete has no accuracy to show.
    (arm,) = summary.arms([make_record(make_trial())], parity=[dataclasses.replace(right, accuracy=0.1)])
    assert arm.accuracies
    assert arm.accuracies != [0.1]
    failed = dataclasses.replace(records[0], status="failed", reason="because", measurement=None)
    assert summary.arms([failed], parity=[right])[0].accuracies == []
    null = [dataclasses.replace(item, trial=make_trial(condition=NULL)) for item in records]
    assert summary.arms(null, NULL, [right])[0].accuracies == []


def test_the_first_epoch_of_short_trials_is_the_first_pass_and_the_rest_at_the_steady_pace(make_measurement):
    passes = [make_pass(wall, 4) for wall in (3.0, 1.0, 1.5, 2.0)]
    short = make_measurement(epochs=[], accuracies=[], passes=passes)
    whole = short.training_images // (passes[0].images // passes[0].batches)
    assert whole > 4
    rest = 1.5 * (whole - 4) / 4
    assert summary.first_epoch_seconds(short) == pytest.approx(3.0 + rest)
    complete = make_measurement()
    assert summary.first_epoch_seconds(complete) == complete.epochs[0].wall


def test_accuracies_by_seed_are_those_of_timed_trials_and_of_trials_with_other_seeds(make_trial, make_record):
    """Not those of null arms, goals or other conditions, whose accuracies differ here."""

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
    found = summary.accuracies_by_seed([*others, *counted], "mlp", "cpu")
    assert found == {"reference": {0: 0.9, 1: 0.7}}
