"""Trials in the frameworks' own environments: every implementation passes the gate, and is measured.

What is read here is a quick run of all implementations, the same from which the site is built.
"""

import contextlib
import dataclasses
import json
import math
import os
import signal
import subprocess
import sys
import threading
import time

import psutil
import pytest

from tfmxbench import data
from tfmxbench.measure import campaign
from tfmxbench.networks import catalogue
from tfmxbench.processes import environments
from tfmxbench.records.parity import Parity
from tfmxbench.records.settings import DataDescription, Settings
from tfmxbench.records.trial import COMPLETED, FAILED, record_from_json
from tfmxbench.worker import prepared

pytestmark = [pytest.mark.frameworks, pytest.mark.xdist_group("measured")]

PATIENCE = 120.0
ALL = catalogue.select()
by_name = {"ids": lambda item: item.name}


@pytest.fixture
def record_of(results):
    """The record of an implementation."""

    def find(implementation):
        (record,) = [
            record
            for record in results.records
            if (record.trial.network, record.trial.style) == (implementation.network, implementation.style)
        ]
        return record

    return find


def spans(measurement) -> list:
    """All that was timed, phase by phase, but for single images."""
    first = [measurement.interpreter, measurement.imported, measurement.built]
    return [*first, *measurement.epochs, *measurement.passes, *measurement.inference]


@pytest.mark.measured
@pytest.mark.parametrize("implementation", ALL, **by_name)
def test_every_implementation_passes_the_gate(implementation, results):
    (judged,) = [
        item
        for item in results.parity
        if (item.network, item.style) == (implementation.network, implementation.style)
    ]
    assert judged.passed, judged.reason
    assert (judged.framework, judged.device) == (implementation.framework, "cpu")
    assert len(judged.losses) == len(judged.deviations) == 50


@pytest.mark.measured
@pytest.mark.parametrize("implementation", ALL, **by_name)
def test_every_implementation_is_measured_and_every_phase_took_time(implementation, record_of):
    record = record_of(implementation)
    assert (record.status, record.reason, record.output) == (COMPLETED, "", "")
    found, trial = record.measurement, record.trial
    assert (len(found.epochs), len(found.passes)) == (trial.epochs, trial.passes)
    assert (len(found.inference), len(found.latencies)) == (2, trial.latency_samples)
    size = catalogue.task(trial.network).batch_size
    whole = found.training_images // size
    assert [item.batches for item in found.epochs] == [whole] * trial.epochs
    asked = [trial.pass_batches or whole] * trial.passes
    if trial.first_batches and not trial.epochs:
        asked[0] = trial.first_batches
    assert [item.batches for item in found.passes] == asked
    assert all(item.images == item.batches * size for item in found.epochs + found.passes)
    timed = spans(found)
    assert all(math.isfinite(span.wall) and span.wall > 0 for span in timed)
    assert all(math.isfinite(span.cpu) and span.cpu > 0 for span in timed)
    assert all(math.isfinite(value) and value > 0 for value in found.latencies)
    assert sum(span.wall for span in timed) < record.seconds, "the parts took longer than the whole"
    losses = [item.loss for item in found.epochs + found.passes]
    assert losses[-1] < losses[0], "it did not learn"


@pytest.mark.measured
@pytest.mark.parametrize("implementation", ALL, **by_name)
def test_memory_grows_from_phase_to_phase_and_was_never_more_than_its_peak(implementation, record_of):
    held = record_of(implementation).measurement.memory
    assert 0 < held.interpreter < held.imported <= held.built < held.data <= held.peak
    # A framework is in it: the interpreter alone takes some 10 MB, NumPy some 30 MB.
    assert held.imported - held.interpreter > 50e6
    assert held.device is None


@pytest.mark.measured
def test_every_trial_states_its_framework_and_its_python(results):
    named = {"tensorflow": {"tensorflow-cpu", "tensorflow"}, "mxnet": {"mxnet", "mxnet-cu112"}}
    for record in results.records:
        assert named[record.trial.framework] & record.versions.keys(), record.trial.identifier
        assert {"python", "numpy"} <= record.versions.keys()


@pytest.mark.measured
@pytest.mark.parametrize("network", ["mlp", "lenet"])
def test_all_were_given_the_same_data_initial_values_and_order(network, results):
    records = [record for record in results.records if record.trial.network == network]
    assert len(records) == len([item for item in ALL if item.network == network]) == 13
    for name in ("data", "initial_parameters", "batch_order"):
        assert len({record.hashes[name] for record in records}) == 1
        assert len(records[0].hashes[name]) == 64
    assert len({record.hashes["source"] for record in records}) == len(records)


@pytest.mark.measured
def test_after_an_epoch_all_are_about_as_right(results):
    """Nearer than the gate's bar for each, which is against the reference."""
    found = [record.measurement for record in results.records if record.measurement.epochs]
    assert len(found) == 13
    accuracies = [item.accuracies[0] for item in found]
    assert min(accuracies) > 0.93
    assert max(accuracies) - min(accuracies) <= 0.002
    losses = [item.epochs[0].loss for item in found]
    assert max(losses) / min(losses) < 1.001


@pytest.mark.measured
def test_a_trial_can_be_repeated_from_the_file_that_it_left(results, measured):
    """The numbers that training gives are the same; the times are its own."""
    (record,) = [
        record
        for record in results.records
        if (record.trial.network, record.trial.style) == ("mlp", "ndarray")
    ]
    (path,) = (measured / "campaigns").glob(f"{results.campaign[:16]}*/{record.trial.identifier}.trial.json")
    finished = subprocess.run(
        [sys.executable, "-m", "tfmxbench", "trial", str(path)],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE,
    )
    assert finished.returncode == 0, finished.stderr
    again = record_from_json(json.loads(finished.stdout))
    assert again.completed
    # Results say nothing of where things lie on the machine.
    assert dataclasses.replace(again.trial, data="", interpreter="") == record.trial
    assert (again.hashes, again.versions) == (record.hashes, record.versions)
    first, second = record.measurement, again.measurement
    assert second.accuracies == pytest.approx(first.accuracies, abs=0.002)
    assert second.epochs[0].loss == pytest.approx(first.epochs[0].loss, rel=1e-3)
    assert second.epochs[0].wall != first.epochs[0].wall


# A worker that is killed.


def kill_when_it_works(identifier: str, killed: list[int]) -> None:
    """Kill the worker of a trial as soon as it is importing its framework."""
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        for child in psutil.Process().children(recursive=True):
            with contextlib.suppress(psutil.NoSuchProcess, psutil.AccessDenied):
                mine = any(argument.endswith(f"{identifier}.trial.json") for argument in child.cmdline())
                if mine and child.memory_info().rss > 50e6:
                    os.kill(child.pid, signal.SIGKILL)
                    killed.append(child.pid)
                    return
        time.sleep(0.01)


def test_a_killed_worker_leaves_a_failed_record_and_the_other_arms_complete(tmp_path):
    found_environments = {(name, "cpu"): environments.find(name, "cpu") for name in ("mxnet", "tensorflow")}
    for environment in found_environments.values():
        if environment.problem:
            pytest.skip(f"{environment.framework} cannot run here: {environment.problem}")
    dataset = data.load_from_environment()
    arrays = {
        name: values[: 7000 if name.startswith("train") else 500] for name, values in dataset.arrays.items()
    }
    cut_data = prepared.write_prepared(arrays, tmp_path / "data", dataset.name)
    chosen = catalogue.select(["mlp"], ["gluon_hybrid", "keras_function", "ndarray"])
    assert len(chosen) == 3
    planned = campaign.Campaign(
        settings=Settings("quick", ["mlp"], [item.style for item in chosen], ["cpu"], 1, 0, 1, None),
        implementations=chosen,
        environments=found_environments,
        data=DataDescription(dataset.name, dataset.source, cut_data.stem),
        data_path=cut_data,
        machine={"system": "a test's"},
        parity=[
            Parity(item.network, item.style, item.framework, "cpu", True, "", [2.3], [1e-7])
            for item in chosen
        ],
        root=tmp_path / "campaigns",
    )
    victim = "0000-mlp-keras_function-cpu"
    killed: list[int] = []
    records = {}
    for trial, record in planned.run():
        if record is not None:
            records[trial.style] = record
        elif trial.identifier == victim:
            thread = threading.Thread(target=kill_when_it_works, args=(victim, killed))
            thread.start()
    thread.join()
    assert len(killed) == 1
    assert not psutil.pid_exists(killed[0])
    failed = records.pop("keras_function")
    assert failed.status == FAILED
    assert failed.reason.startswith("killed by signal SIGKILL")
    assert failed.measurement is None
    assert {style: record.status for style, record in records.items()} == {
        "gluon_hybrid": COMPLETED,
        "ndarray": COMPLETED,
    }
    assert {record.trial.style: record for record in planned.stored()} == {
        **records,
        failed.trial.style: failed,
    }
