"""The parity gate's questions about other batch sizes, with runs that are made up."""

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
    """What an implementation leaves, whose losses may be off; each batch size has numbers of its own."""
    random = np.random.RandomState(batch_size)
    found = {
        "logits": random.normal(size=(8, 10)),
        "losses": random.uniform(0.5, 2.5, parity.parity_steps(batch_size)) * (1.01 if wrong else 1),
        "pass_loss": np.array(1.0 / batch_size),
        "trained_logits": random.normal(size=(8, 10)),
        "reloaded_logits": random.normal(size=(8, 10)),
    }
    return found | {name: random.normal(size=(5, 3)) for name in ("step/kernel", "pass/kernel")}


class Runs(list):
    """Trials that were run; those that go wrong, by style and batch size; how long each takes."""

    def __init__(self) -> None:
        super().__init__()
        self.wrong: set[tuple[str, int | None]] = set()
        self.seconds = 0.0


@pytest.fixture
def runs(monkeypatch, make_record):
    """Trials that were run, none of them in earnest."""

    trials = Runs()

    def run(trial, folder):
        trials.append(trial)
        time.sleep(trials.seconds)
        found = numbers(trial.batch_size or OWN, (trial.style, trial.batch_size) in trials.wrong)
        if trial.style != catalogue.REFERENCE:
            # Losses are Python floats, which hold what float32 leaves of them.
            single = {name: value.astype(np.float32) for name, value in found.items()}
            found = single | {name: single[name].astype(np.float64) for name in ("losses", "pass_loss")}
        if trial.epochs:
            found |= {"epoch_loss": np.array(0.5), "accuracy": np.array(0.95)}
        np.savez(folder / f"{trial.identifier}.result.npz", **found)
        return make_record(trial, measurement=None)

    monkeypatch.setattr(runner, "run", run)
    return trials


@pytest.fixture(scope="module")
def implementation():
    return next(item for item in catalogue.implementations("mlp") if item.style == "gluon")


def test_a_question_is_about_the_tasks_own_batch_size_unless_it_says_otherwise(implementation):
    question = gate.ParityCheck(implementation, "cpu")
    assert question.batch_size is None
    others = {dataclasses.replace(question, batch_size=size) for size in (32, 512)}
    assert len({question, *others, gate.ParityCheck(implementation, "cpu", 32)}) == 3


def test_only_the_own_batch_size_is_held_against_the_reference_for_an_epoch(make_gate, runs, implementation):
    told = {}
    for batch_size in (None, 32, 1024):
        told[batch_size] = make_gate().compare(implementation, "cpu", batch_size)
        assert told[batch_size].passed, told[batch_size].reason
        assert told[batch_size].batch_size == batch_size
        steps = parity.parity_steps(batch_size or OWN)
        assert len(told[batch_size].losses) == len(told[batch_size].deviations) == steps
    assert [(trial.style, trial.batch_size, trial.epochs) for trial in runs] == [
        ("gluon", None, 1),
        ("reference", None, 1),
        ("gluon", 32, 0),
        ("reference", 32, 0),
        ("gluon", 1024, 0),
        ("reference", 1024, 0),
    ]
    assert told[None].accuracy == 0.95
    assert told[32].accuracy is None


def test_each_batch_size_is_judged_for_itself_and_kept(make_gate, runs, implementation):
    runs.wrong = {("gluon", 512)}
    questions = [gate.ParityCheck(implementation, "cpu", size) for size in (None, 32, 512)]
    first = dict(make_gate().run(questions))
    assert {question.batch_size for question, found in first.items() if found.passed} == {None, 32}
    failed = first[questions[2]]
    assert failed.batch_size == 512
    assert "loss" in failed.reason
    runs.clear()
    assert dict(make_gate().run(questions)) == first
    assert runs == []


def test_a_failure_to_run_tells_which_batch_size_it_was(make_gate, implementation, monkeypatch, make_record):
    def fail(trial, folder):
        return make_record(trial, status="failed", reason="MemoryError", measurement=None)

    monkeypatch.setattr(runner, "run", fail)
    found = make_gate().compare(implementation, "cpu", 1024)
    assert (found.passed, found.batch_size, found.reason) == (False, 1024, "MemoryError")


def test_a_batch_size_of_an_implementation_is_not_judged_by_another_ones_reference(
    make_gate, runs, implementation
):
    """Two sizes that take the same number of steps."""
    assert parity.parity_steps(32) == parity.parity_steps(64)
    found = [make_gate().compare(implementation, "cpu", size) for size in (32, 64)]
    assert all(judged.passed for judged in found)
    assert found[0].losses != found[1].losses


def test_questions_that_are_asked_at_once_share_a_reference(make_gate, runs, monkeypatch):
    """All of them need it at the same time, and it takes long."""
    monkeypatch.setattr(machine, "processors", lambda: 6)
    runs.seconds = 0.1
    chosen = [
        item for item in catalogue.implementations("mlp") if item.style in ("gluon", "symbol", "module")
    ]
    questions = [gate.ParityCheck(item, "cpu", size) for item in chosen for size in (None, 512)]
    found = dict(make_gate().run(questions))
    assert found.keys() == set(questions)
    assert all(judged.passed for judged in found.values())
    references = [trial.batch_size for trial in runs if trial.style == catalogue.REFERENCE]
    assert sorted(references, key=str) == [512, None]
    assert len(runs) == len(questions) + 2


def test_two_gates_that_are_asked_at_once_share_a_reference_too(make_gate, runs, implementation):
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
