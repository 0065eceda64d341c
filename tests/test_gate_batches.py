"""The parity gate's checks of other batch sizes, with made-up runs."""

import dataclasses
import threading
import time

import numpy as np
import pytest

from tfmxbench.measure import gate
from tfmxbench.networks import catalogue
from tfmxbench.processes import machine, runner
from tfmxbench.worker import parity

OWN = catalogue.task("mlp").batch_size


def numbers(batch_size: int, wrong: bool) -> dict[str, np.ndarray]:
    """The numbers that an implementation leaves. They differ by batch size; its losses may be wrong."""
    random = np.random.RandomState(batch_size)
    arrays = {
        "logits": random.normal(size=(8, 10)),
        "losses": random.uniform(0.5, 2.5, parity.parity_steps(batch_size)) * (1.01 if wrong else 1),
        "pass_loss": np.array(1.0 / batch_size),
        "trained_logits": random.normal(size=(8, 10)),
        "reloaded_logits": random.normal(size=(8, 10)),
    }
    return arrays | {name: random.normal(size=(5, 3)) for name in ("step/kernel", "pass/kernel")}


class Runs(list):
    """Trials that were run, the style and batch size of those with wrong losses, and the time each takes."""

    def __init__(self) -> None:
        super().__init__()
        self.wrong: set[tuple[str, int | None]] = set()
        self.seconds = 0.0


@pytest.fixture
def runs(monkeypatch, make_record):
    """Trials that were run. The runs are made up."""

    trials = Runs()

    def run(trial, folder):
        trials.append(trial)
        time.sleep(trials.seconds)
        arrays = numbers(trial.batch_size or OWN, (trial.style, trial.batch_size) in trials.wrong)
        if trial.style != catalogue.REFERENCE:
            # Losses are Python floats whose values were rounded to float32.
            single = {name: value.astype(np.float32) for name, value in arrays.items()}
            arrays = single | {name: single[name].astype(np.float64) for name in ("losses", "pass_loss")}
        if trial.epochs:
            arrays |= {"epoch_loss": np.array(0.5), "accuracy": np.array(0.95)}
        np.savez(folder / f"{trial.identifier}.result.npz", **arrays)
        return make_record(trial, measurement=None)

    monkeypatch.setattr(runner, "run", run)
    return trials


@pytest.fixture(scope="module")
def implementation():
    return next(item for item in catalogue.implementations("mlp") if item.style == "gluon")


def test_a_check_uses_the_tasks_own_batch_size_by_default(implementation):
    check = gate.ParityCheck(implementation, "cpu")
    assert check.batch_size is None
    with_batch_sizes = {dataclasses.replace(check, batch_size=size) for size in (32, 512)}
    assert len({check, *with_batch_sizes, gate.ParityCheck(implementation, "cpu", 32)}) == 3


def test_only_the_own_batch_size_is_compared_with_the_reference_for_an_epoch(make_gate, runs, implementation):
    results = {}
    for batch_size in (None, 32, 1024):
        results[batch_size] = make_gate().compare(implementation, "cpu", batch_size)
        assert results[batch_size].passed, results[batch_size].reason
        assert results[batch_size].batch_size == batch_size
        steps = parity.parity_steps(batch_size or OWN)
        assert len(results[batch_size].losses) == len(results[batch_size].deviations) == steps
    assert [(trial.style, trial.batch_size, trial.epochs) for trial in runs] == [
        ("gluon", None, 1),
        ("reference", None, 1),
        ("gluon", 32, 0),
        ("reference", 32, 0),
        ("gluon", 1024, 0),
        ("reference", 1024, 0),
    ]
    assert results[None].accuracy == 0.95
    assert results[32].accuracy is None


def test_each_batch_size_is_compared_separately_and_cached(make_gate, runs, implementation):
    runs.wrong = {("gluon", 512)}
    checks = [gate.ParityCheck(implementation, "cpu", size) for size in (None, 32, 512)]
    first = dict(make_gate().run(checks))
    assert {check.batch_size for check, result in first.items() if result.passed} == {None, 32}
    failed = first[checks[2]]
    assert failed.batch_size == 512
    assert "loss" in failed.reason
    runs.clear()
    assert dict(make_gate().run(checks)) == first
    assert runs == []


def test_a_failure_to_run_names_the_batch_size(make_gate, implementation, monkeypatch, make_record):
    def fail(trial, folder):
        return make_record(trial, status="failed", reason="MemoryError", measurement=None)

    monkeypatch.setattr(runner, "run", fail)
    result = make_gate().compare(implementation, "cpu", 1024)
    assert (result.passed, result.batch_size, result.reason) == (False, 1024, "MemoryError")


def test_each_batch_size_is_compared_with_its_own_reference(make_gate, runs, implementation):
    """Two sizes that take the same number of steps."""
    assert parity.parity_steps(32) == parity.parity_steps(64)
    results = [make_gate().compare(implementation, "cpu", size) for size in (32, 64)]
    assert all(result.passed for result in results)
    assert results[0].losses != results[1].losses


def test_checks_that_run_at_once_share_a_reference(make_gate, runs, monkeypatch):
    """All of them need it at the same time, and it takes long."""
    monkeypatch.setattr(machine, "processors", lambda: 6)
    runs.seconds = 0.1
    chosen = [
        item for item in catalogue.implementations("mlp") if item.style in ("gluon", "symbol", "module")
    ]
    checks = [gate.ParityCheck(item, "cpu", size) for item in chosen for size in (None, 512)]
    results = dict(make_gate().run(checks))
    assert results.keys() == set(checks)
    assert all(result.passed for result in results.values())
    references = [trial.batch_size for trial in runs if trial.style == catalogue.REFERENCE]
    assert sorted(references, key=str) == [512, None]
    assert len(runs) == len(checks) + 2


def test_two_gates_that_run_at_once_share_a_reference_too(make_gate, runs, implementation):
    runs.seconds = 0.1
    threads = [
        threading.Thread(target=make_gate().compare, args=(implementation, device, 32))
        for device in ("cpu", "gpu")
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(trial.style for trial in runs) == ["gluon", "gluon", "reference"]
