"""What a worker does for each purpose, on the NumPy reference in earnest, and which results are believed."""

import contextlib
import dataclasses
import importlib
import json
import os

import numpy as np
import pytest

from tfmxbench.networks import catalogue
from tfmxbench.processes import bounded, runner
from tfmxbench.records.schema import check_against
from tfmxbench.records.trial import COMPLETED, FAILED, to_json
from tfmxbench.worker import inputs, loading, measuring, parity, prepared

# Up to a goal.


@pytest.fixture(scope="module")
def hard_data(tmp_path_factory) -> str:
    """1500 training and 400 test images that are more noise than anything: they take epochs to learn."""
    random = np.random.RandomState(0)
    prototypes = random.randint(0, 50, (10, 28, 28))
    arrays = {}
    for part, count in (("train", 1500), ("test", 400)):
        labels = random.randint(0, 10, count)
        images = prototypes[labels] + random.randint(0, 206, (count, 28, 28))
        arrays |= {f"{part}_images": images.astype(np.uint8), f"{part}_labels": labels.astype(np.uint8)}
    return str(prepared.write_prepared(arrays, tmp_path_factory.mktemp("hard"), "hard"))


@pytest.fixture(scope="module")
def without_goal(make_trial, hard_data, tmp_path_factory):
    """Four epochs of the reference, the second of which makes it more accurate."""
    record = runner.run(make_trial(epochs=4, passes=1, data=hard_data), tmp_path_factory.mktemp("whole"))
    first, second, *_ = record.measurement.accuracies
    assert first < second
    return record


def test_a_trial_up_to_a_goal_ends_with_the_epoch_that_reaches_it(
    make_trial, tmp_path, hard_data, without_goal
):
    """And computes the same until then."""
    whole = without_goal.measurement
    for purpose, passes in (("goal", 0), ("measure", 1)):
        trial = make_trial(purpose=purpose, epochs=4, passes=passes, data=hard_data)
        trial = dataclasses.replace(trial, goal=whole.accuracies[1])
        record = runner.run(trial, tmp_path)
        assert record.status == COMPLETED, record.reason
        measurement = record.measurement
        assert measurement.accuracies == whole.accuracies[:2]
        assert [item.loss for item in measurement.epochs] == [item.loss for item in whole.epochs[:2]]
        assert len(measurement.passes) == passes
        check_against("record", json.loads(json.dumps(to_json(record))))


def test_the_first_pass_may_be_shorter_than_the_others_where_no_whole_epoch_comes_before_it(
    make_trial, tmp_path
):
    def batches(**changes) -> list[int]:
        record = runner.run(make_trial(pass_batches=5, **changes), tmp_path)
        assert record.completed, record.reason
        return [item.batches for item in record.measurement.epochs + record.measurement.passes]

    assert batches(epochs=0, passes=3, first_batches=2) == [2, 5, 5]
    assert batches(epochs=0, passes=2) == [5, 5]
    whole, *rest = batches(epochs=1, passes=2, first_batches=2)
    assert whole > 5
    assert rest == [5, 5]


def test_a_goal_that_is_reached_at_once_takes_one_epoch(make_trial, tmp_path):
    record = runner.run(make_trial(purpose="goal", epochs=4, passes=0, latency_samples=0, goal=0.0), tmp_path)
    assert len(record.measurement.epochs) == len(record.measurement.accuracies) == 1
    assert (record.measurement.inference, record.measurement.latencies) == ([], [])


def test_a_goal_that_is_not_reached_takes_all_epochs(make_trial, tmp_path, hard_data, without_goal):
    goal = np.nextafter(max(without_goal.measurement.accuracies[:2]), 2)
    trial = make_trial(purpose="goal", epochs=2, passes=0, goal=float(goal), data=hard_data)
    record = runner.run(trial, tmp_path)
    assert record.completed
    assert record.measurement.accuracies == without_goal.measurement.accuracies[:2]


@pytest.fixture
def believed(make_trial, make_record, tmp_path):
    """Whether a result with these accuracies, and as many epochs, is believed where the goal is 0.9."""

    def read(accuracies, epochs=None, purpose="goal", **changes) -> bool:
        trial = make_trial(purpose=purpose, **{"epochs": 4, "passes": 2, "goal": 0.9, **changes})
        measurement = to_json(make_record().measurement)
        measurement["epochs"] *= len(accuracies) if epochs is None else epochs
        measurement["accuracies"] = accuracies
        result = {
            "identifier": trial.identifier,
            "status": COMPLETED,
            "reason": "",
            "hashes": {"source": trial.source_sha256},
            "versions": {},
            "device_name": "CPU",
            "measurement": measurement,
        }
        path = tmp_path / "result.json"
        path.write_text(json.dumps(result), encoding="utf-8")
        try:
            runner.read_result(path, trial)
        except ValueError as error:
            assert "were asked for" in str(error)
            return False
        return True

    return read


@pytest.mark.parametrize("purpose", ["goal", "measure"])
@pytest.mark.parametrize(
    ("accuracies", "wanted"),
    [
        pytest.param([0.9], True, id="at once"),
        pytest.param([0.8, 0.85, 0.91], True, id="later"),
        pytest.param([0.8, 0.85, 0.8, 0.9], True, id="in the last epoch"),
        pytest.param([0.8, 0.85, 0.8, 0.7], True, id="never"),
        pytest.param([0.8, 0.85], False, id="ended before"),
        pytest.param([], False, id="without an epoch"),
        pytest.param([0.8, 0.9, 0.95], False, id="went on"),
        pytest.param([0.8, 0.9, 0.7, 0.6], False, id="went on to the end"),
        pytest.param([0.8, 0.9, 0.7], False, id="went on, and fell"),
        pytest.param([0.8, 0.8, 0.8, 0.8, 0.9], False, id="more epochs than asked for"),
    ],
)
def test_a_worker_that_ended_anywhere_but_at_its_goal_is_not_believed(believed, purpose, accuracies, wanted):
    assert believed(accuracies, purpose=purpose) == wanted


def test_epochs_and_accuracies_go_together(believed):
    assert not believed([0.8, 0.9], epochs=1)
    assert not believed([0.8, 0.9], epochs=3)
    assert not believed([0.8, 0.85], epochs=4)


def test_without_a_goal_all_epochs_are_asked_for(believed):
    assert believed([0.99] * 4, goal=None)
    assert not believed([0.99], goal=None)


# Products.


def test_products_are_timed_in_earnest(make_trial, tmp_path):
    """Without any data, or network."""
    trial = make_trial(purpose="products", network="", style="", data="", source_sha256="", data_name="")
    record = runner.run(trial, tmp_path)
    assert record.status == COMPLETED, record.reason
    timed = record.products
    assert (timed.size, len(timed.seconds)) == (measuring.PRODUCT_SIZE, measuring.PRODUCT_REPEATS)
    assert all(value > 0 for value in timed.seconds)
    assert sum(timed.seconds) < record.seconds
    assert record.measurement is None
    assert (record.device_name, record.hashes) == ("CPU", {})
    assert "numpy" in record.versions
    # No processor of today makes 100 000 operations in a nanosecond.
    assert 2 * timed.size**3 / min(timed.seconds) < 1e14
    check_against("record", json.loads(json.dumps(to_json(record))))


def test_products_on_a_device_that_the_framework_cannot_use_fail(make_trial, tmp_path):
    record = runner.run(make_trial(purpose="products", device="gpu"), tmp_path)
    assert (record.status, record.products) == (FAILED, None)
    assert "NumPy computes on the CPU only" in record.reason


def test_a_result_without_products_is_not_believed(make_trial, tmp_path):
    trial = make_trial(purpose="products")
    values = {"identifier": trial.identifier, "status": COMPLETED, "reason": ""}
    values |= {"hashes": {}, "versions": {}, "device_name": ""}
    path = tmp_path / "result.json"
    path.write_text(json.dumps(values), encoding="utf-8")
    with pytest.raises(ValueError, match="without matrix products"):
        runner.read_result(path, trial)
    path.write_text(json.dumps({**values, "products": {"size": 4, "seconds": []}}), encoding="utf-8")
    with pytest.raises(ValueError, match="products"):
        runner.read_result(path, trial)


# Batch sizes.


@pytest.mark.parametrize(("batch_size", "batches"), [(32, 46), (128, 11), (512, 2)])
def test_another_batch_size_is_trained_with(
    make_trial, tmp_path, hard_data, without_goal, batch_size, batches
):
    """1500 images, of which the incomplete batch is left out; a pass of two batches has two of that size."""
    trial = make_trial(batch_size=batch_size, pass_batches=2, condition="batch-size", data=hard_data)
    record = runner.run(trial, tmp_path)
    assert record.status == COMPLETED, record.reason
    (epoch,) = record.measurement.epochs
    assert (epoch.batches, epoch.images) == (batches, batches * batch_size)
    assert {(item.batches, item.images) for item in record.measurement.passes} == {(2, 2 * batch_size)}
    # The same values and order are given; the loss differs where the batches do.
    assert record.hashes == without_goal.hashes
    same = epoch.loss == without_goal.measurement.epochs[0].loss
    assert same == (batch_size == 128)


@pytest.mark.parametrize(
    ("batch_size", "steps"),
    [(1, 50), (32, 50), (128, 50), (129, 49), (256, 25), (512, 12), (1024, 6), (6400, 5)],
)
def test_the_gate_takes_fewer_steps_of_larger_batches(batch_size, steps):
    assert parity.parity_steps(batch_size) == steps


@pytest.mark.parametrize("batch_size", [64, 512])
def test_the_gate_steps_through_batches_of_the_size_that_is_asked_about(batch_size):
    """The pass ends in an incomplete batch, which is not trained on."""
    implementation = importlib.import_module("tfmxbench.networks.mlp.reference")
    task = dataclasses.replace(catalogue.task("mlp"), batch_size=batch_size)
    random = np.random.RandomState(0)
    data = {
        "train_images": random.randint(0, 256, (7000, 28, 28)).astype(np.uint8),
        "train_labels": random.randint(0, 10, 7000).astype(np.uint8),
        "test_images": random.randint(0, 256, (20, 28, 28)).astype(np.uint8),
        "test_labels": random.randint(0, 10, 20).astype(np.uint8),
    }
    given = []

    class Watched:
        """The reference, which tells what it was given."""

        def __getattr__(self, name):
            return getattr(implementation, name)

        def train(self, model, x, y):
            given.append(len(x))
            assert model.task.batch_size == batch_size
            return implementation.train(model, x, y)

    initial = inputs.initial_parameters(task, 0)

    def build():
        model = implementation.build(task)
        implementation.set_parameters(model, initial)
        return model

    arrays = parity.parity_arrays(Watched(), build, task, data, 0)
    steps = parity.parity_steps(batch_size)
    assert given == [batch_size] * steps + [steps * batch_size + batch_size // 2]
    assert arrays["losses"].shape == (steps,)
    assert float(arrays["pass_loss"]) == pytest.approx(arrays["losses"].mean(), rel=1e-12)


# How the process is scheduled.


@pytest.mark.skipif(not hasattr(os, "sched_getscheduler"), reason="this system does not tell")
@pytest.mark.parametrize("purpose", ["measure", "products"])
def test_a_trial_is_scheduled_as_a_batch_job(make_trial, tmp_path, monkeypatch, purpose):
    own = os.sched_getscheduler(0)
    seen = []

    def sample(curve) -> None:
        with contextlib.suppress(ProcessLookupError):
            seen.append(os.sched_getscheduler(curve._process))

    monkeypatch.setattr(bounded.MemoryCurve, "sample", sample)
    changes = {"network": "", "style": "", "source_sha256": ""} if purpose == "products" else {"epochs": 20}
    record = runner.run(make_trial(purpose=purpose, **changes), tmp_path)
    assert record.completed, record.reason
    assert seen[-1] == os.SCHED_BATCH
    assert os.sched_getscheduler(0) == own


@pytest.mark.skipif(not hasattr(os, "sched_setscheduler"), reason="this system has no such call")
def test_where_it_may_not_be_scheduled_so_a_trial_goes_on(monkeypatch):
    def refused(*arguments) -> None:
        raise PermissionError("a container may forbid it")

    monkeypatch.setattr(os, "sched_setscheduler", refused)
    loading.schedule_as_batch()
