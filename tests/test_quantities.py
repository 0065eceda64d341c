"""The quantities of a measurement: known values."""

import dataclasses

import numpy as np
import pytest
from measurements import make_pass

from tfmxbench.analysis import quantities
from tfmxbench.records.trial import Memory


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
    assert quantities.epochs_of(item, make_measurement()) == pytest.approx(share)


def test_an_epoch_is_the_median_of_the_steady_passes(make_measurement):
    """The first pass, which traces and compiles, does not count."""
    epochs = [make_pass(wall, 10) for wall in (100.0, 5.0, 3.0)]
    passes = [make_pass(4.0, 10)]
    assert quantities.epoch_seconds(make_measurement(epochs=epochs, passes=passes)) == 4.0


def test_an_epoch_is_computed_from_parts_of_it(make_measurement):
    """Two batches in 1 s and five in 2.5 s: both make 5 s for the ten batches of an epoch."""
    found = make_measurement(epochs=[make_pass(7.0, 10)], passes=[make_pass(1.0, 2), make_pass(2.5, 5)])
    assert quantities.epoch_seconds(found) == pytest.approx(5.0)
    assert quantities.epoch_processor_seconds(found) == pytest.approx(10.0)
    assert quantities.images_per_second(found) == pytest.approx(20.0)
    assert quantities.cores_busy(found) == pytest.approx(2.0)


def test_passes_without_a_whole_epoch_are_compared_with_the_batches_that_an_epoch_has(make_measurement):
    """Trials with other batch sizes have such passes. Here 105 images make three batches of 32."""
    walls = (50.0, 1.0, 1.5, 2.0)
    passes = [make_pass(wall, 2, batch_size=32) for wall in walls]
    found = make_measurement(epochs=[], accuracies=[], passes=passes, inference=[], latencies=[])
    assert quantities.epoch_seconds(found) == pytest.approx(1.5 * 3 / 2)
    assert quantities.epoch_processor_seconds(found) == pytest.approx(3.0 * 3 / 2)
    assert quantities.images_per_second(found) == pytest.approx(64 / 1.5)


def test_the_same_speed_gives_the_same_value_for_every_batch_size(make_measurement):
    """96 images make whole batches of all these sizes."""
    found = set()
    for batch_size in (8, 16, 32, 96):
        passes = [make_pass(2.0, 96 // batch_size, batch_size)] * 2
        values = make_measurement(epochs=[], accuracies=[], passes=passes, training_images=96)
        found.add((quantities.epoch_seconds(values), quantities.images_per_second(values)))
    assert found == {(2.0, 48.0)}


def test_no_value_is_zero_if_the_clock_counted_no_cpu_time(make_measurement):
    found = make_measurement(epochs=[make_pass(1.0, 10, cpu=0.0)] * 2)
    assert 0 < quantities.cores_busy(found) < 0.01
    assert quantities.epoch_processor_seconds(found) is None


def test_energy_is_that_of_a_whole_epoch(make_measurement):
    passes = [make_pass(1.0, 5, energy=energy) for energy in (30.0, 40.0, 50.0)]
    found = make_measurement(epochs=[make_pass(7.0, 10, energy=1000.0)], passes=passes)
    assert quantities.epoch_joules(found) == pytest.approx(80.0)


@pytest.mark.parametrize("energies", [[None, None], [30.0, 0.0]], ids=["not measured", "did not count"])
def test_energy_that_was_not_measured_is_none(make_measurement, energies):
    passes = [make_pass(1.0, 5, energy=energy) for energy in energies]
    assert quantities.epoch_joules(make_measurement(passes=passes, epochs=[make_pass(7.0, 10)])) is None


def test_latency_is_taken_after_ten_images_or_from_the_second_half(make_measurement):
    latencies = [100.0] * 10 + [float(number) for number in range(101)]
    found = make_measurement(latencies=latencies)
    assert quantities.latency_seconds(found) == 50.0
    assert quantities.latency_seconds(found, 0.99) == pytest.approx(99.0)
    assert quantities.latency_seconds(found, 0.0) == 0.0
    few = make_measurement(latencies=[100.0] * 5 + [2.0] * 6)
    assert quantities.latency_seconds(few, 1.0) == 2.0
    assert quantities.latency_seconds(make_measurement(latencies=[3.0])) == 3.0


@pytest.mark.parametrize("count", [1, 2, 7, 30])
@pytest.mark.parametrize("share", [0.0, 0.5, 0.95, 0.99, 1.0])
def test_percentiles_of_latencies_are_numpys(make_measurement, count, share):
    values = np.random.RandomState(count).exponential(size=count)
    warming = [9.0] * min(count, quantities.WARMING_IMAGES)
    found = make_measurement(latencies=[*warming, *values])
    assert quantities.latency_seconds(found, share) == pytest.approx(np.quantile(values, share))


def test_prediction_leaves_the_first_time_out(make_measurement):
    found = make_measurement()
    assert quantities.inference_seconds(found) == pytest.approx(0.6)
    assert quantities.inference_images_per_second(found) == pytest.approx(100.0)
    assert quantities.inference_images_per_second(make_measurement(test_images=None)) is None


def test_the_parts_of_the_start_are_its_whole(make_measurement):
    found = make_measurement()
    parts = (quantities.interpreter_seconds, quantities.import_seconds, quantities.build_seconds)
    assert [part(found) for part in parts] == [0.25, 2.0, 0.5]
    assert quantities.start_seconds(found) == 2.75


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
    assert quantities.epochs_to(goal, found) == epochs
    assert quantities.seconds_to(goal, found) == seconds


def test_an_accuracy_counts_when_it_is_first_reached(make_measurement):
    found = make_measurement(epochs=[make_pass(1.0, 10)] * 4, accuracies=[0.5, 0.9, 0.8, 0.95])
    assert quantities.epochs_to(0.85, found) == 2


def test_the_time_for_some_epochs_is_that_of_the_first_and_of_steady_ones(make_measurement):
    found = make_measurement()
    assert quantities.seconds_for(1, found) == 2.75 + 7
    assert quantities.seconds_for(4, found) == pytest.approx(2.75 + 7 + 3 * 5)


def test_memory_that_the_system_does_not_report_is_none(make_measurement):
    memory = Memory(0, 0, 0, 0, 0, None)
    reported = make_measurement()
    phases = (quantities.imported_megabytes, quantities.built_megabytes, quantities.peak_megabytes)
    assert [phase(reported) for phase in phases] == [20.0, 30.0, 50.0]
    assert [phase(make_measurement(memory=memory)) for phase in phases] == [None] * 3
    assert quantities.device_megabytes(reported) is None
    used = dataclasses.replace(reported.memory, device=7_000_000)
    assert quantities.device_megabytes(make_measurement(memory=used)) == 7.0


def test_the_first_epoch_of_short_trials_is_the_first_pass_and_the_rest_at_the_steady_pace(make_measurement):
    passes = [make_pass(wall, 4) for wall in (3.0, 1.0, 1.5, 2.0)]
    short = make_measurement(epochs=[], accuracies=[], passes=passes)
    whole = short.training_images // (passes[0].images // passes[0].batches)
    assert whole > 4
    rest = 1.5 * (whole - 4) / 4
    assert quantities.first_epoch_seconds(short) == pytest.approx(3.0 + rest)
    complete = make_measurement()
    assert quantities.first_epoch_seconds(complete) == complete.epochs[0].wall
