"""Trials in the frameworks' own environments: every implementation passes the gate, and is measured."""

import contextlib
import json
import math
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import threading
import time

import psutil
import pytest

import tfmxbench
from tfmxbench import frameworks
from tfmxbench.measure import cache, campaign, data, environments, gate, hashes, prepared, runner
from tfmxbench.measure.store import DataDescription, Settings
from tfmxbench.measure.trial import COMPLETED, FAILED, Trial, record_from_json
from tfmxbench.networks import catalogue

# What the gate reads: 50 batches of 128 images and half a batch, and 256 test images.
TRAIN_IMAGES, TEST_IMAGES = 7000, 500
PATIENCE = 120.0
MEASURED = ("keras_sequential", "variables_function", "gluon_hybrid", "ndarray")


@pytest.fixture(scope="module")
def found_environments() -> dict:
    names = ("mxnet", "numpy", "tensorflow")
    return {(name, "cpu"): environments.find(name, "cpu") for name in names}


@pytest.fixture(scope="module")
def need(found_environments):
    """Skip a test where a framework that it needs cannot run."""

    def need(*names: str) -> None:
        for name in names:
            problem = found_environments[name, "cpu"].problem
            if problem:
                pytest.skip(f"{frameworks.load(name).TITLE} cannot run here: {problem}")

    return need


@pytest.fixture(scope="module")
def dataset() -> data.Dataset:
    return data.load_from_environment()


@pytest.fixture(scope="module")
def whole_data(dataset, tmp_path_factory) -> pathlib.Path:
    return data.prepare(dataset, tmp_path_factory.mktemp("whole"))


@pytest.fixture(scope="module")
def shared(tmp_path_factory) -> pathlib.Path:
    """A folder of the session: computing LeNet in NumPy takes the longest of all, and is done once."""
    return tmp_path_factory.getbasetemp() / "gate"


@pytest.fixture(scope="module")
def cut_data(dataset, shared) -> pathlib.Path:
    """The first images of the data set."""
    arrays = {
        name: values[: TRAIN_IMAGES if name.startswith("train") else TEST_IMAGES]
        for name, values in dataset.arrays.items()
    }
    return prepared.write_prepared(arrays, shared, dataset.name)


@pytest.fixture(scope="module")
def the_gate(found_environments, dataset, cut_data, shared) -> gate.Gate:
    return gate.Gate(
        environments=found_environments,
        data_name=dataset.name,
        data_sha256=cut_data.stem,
        data_path=cut_data,
        threads=1,
        seed=0,
        epochs=0,
        cache=shared / "parity",
    )


@pytest.mark.parametrize("implementation", catalogue.select(), ids=lambda item: item.name)
def test_every_implementation_passes_the_gate(implementation, the_gate, need):
    need(implementation.framework)
    judged = the_gate.compare(implementation, "cpu")
    assert judged.passed, judged.reason
    assert len(judged.losses) == len(judged.deviations) == 50


# Trials that measure.


@pytest.fixture(scope="module")
def measure(found_environments, need, dataset, whole_data, tmp_path_factory):
    """A trial's record over the whole data set, and the folder in which it left its files."""
    known = {}

    def measure(style: str):
        if style not in known:
            (implementation,) = catalogue.select(["mlp"], [style])
            need(implementation.framework)
            folder = tmp_path_factory.mktemp(style)
            trial = Trial(
                identifier=f"0000-mlp-{style}-cpu",
                purpose="measure",
                network="mlp",
                style=style,
                framework=implementation.framework,
                source_sha256=hashes.source_sha256(implementation.path),
                device="cpu",
                threads=1,
                seed=0,
                round=0,
                epochs=1,
                passes=2,
                pass_batches=20,
                latency_samples=5,
                data_name=dataset.name,
                data=str(whole_data),
                interpreter=found_environments[implementation.framework, "cpu"].interpreter,
                time_limit=PATIENCE,
            )
            known[style] = runner.run(trial, folder), folder
        return known[style]

    return measure


@pytest.mark.parametrize("style", MEASURED)
def test_a_real_trial_completes_and_every_phase_took_time(style, measure):
    record, _ = measure(style)
    assert (record.status, record.reason, record.output) == (COMPLETED, "", "")
    found = record.measurement
    assert [(item.batches, item.images) for item in found.epochs] == [(468, 59904)]
    assert [(item.batches, item.images) for item in found.passes] == [(20, 2560)] * 2
    assert (len(found.inference), len(found.latencies)) == (2, 5)
    spans = [found.interpreter, found.imported, found.built, *found.epochs, *found.passes, *found.inference]
    assert all(math.isfinite(span.wall) and span.wall > 0 for span in spans)
    assert all(math.isfinite(span.cpu) and span.cpu > 0 for span in spans)
    assert all(math.isfinite(value) and value > 0 for value in found.latencies)
    assert sum(span.wall for span in spans) < record.seconds, "the parts took longer than the whole"
    # 20 batches after an epoch of 468.
    assert max(item.wall for item in found.passes) < found.epochs[0].wall
    assert found.passes[-1].loss < found.epochs[0].loss


@pytest.mark.parametrize("style", MEASURED)
def test_memory_grows_from_phase_to_phase_and_was_never_more_than_its_peak(style, measure):
    held = measure(style)[0].measurement.memory
    assert 0 < held.interpreter < held.imported <= held.built < held.data <= held.peak
    # A framework is in it: the interpreter alone takes some 10 MB, NumPy some 30 MB.
    assert held.imported - held.interpreter > 50e6
    assert held.device is None


@pytest.mark.parametrize("style", MEASURED)
def test_a_real_trial_states_its_framework_and_its_python(style, measure):
    versions = measure(style)[0].versions
    named = {"tensorflow-cpu", "tensorflow"} if style in MEASURED[:2] else {"mxnet", "mxnet-cu112"}
    assert named & versions.keys()
    assert {"python", "numpy"} <= versions.keys()


def test_all_were_given_the_same_data_initial_values_and_order(measure):
    records = [measure(style)[0] for style in MEASURED]
    for name in ("data", "initial_parameters", "batch_order"):
        assert len({record.hashes[name] for record in records}) == 1
        assert len(records[0].hashes[name]) == 64
    assert len({record.hashes["source"] for record in records}) == len(MEASURED)


def test_after_an_epoch_all_are_about_as_right(measure):
    """Nearer than the gate's bar for each, which is against the reference."""
    accuracies = [measure(style)[0].measurement.accuracies[0] for style in MEASURED]
    assert min(accuracies) > 0.93
    assert max(accuracies) - min(accuracies) <= 0.002
    losses = [measure(style)[0].measurement.epochs[0].loss for style in MEASURED]
    assert max(losses) / min(losses) < 1.001


def test_a_trial_can_be_repeated_from_the_file_that_it_left(measure):
    """The numbers that training gives are the same; the times are its own."""
    record, folder = measure("ndarray")
    path = folder / f"{record.trial.identifier}.trial.json"
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
    assert again.trial == record.trial
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


def test_a_killed_worker_leaves_a_failed_record_and_the_other_arms_complete(
    the_gate, need, dataset, cut_data, found_environments, tmp_path
):
    need("tensorflow", "mxnet")
    chosen = catalogue.select(["mlp"], ["gluon_hybrid", "keras_function", "ndarray"])
    assert len(chosen) == 3
    planned = campaign.Campaign(
        settings=Settings("quick", ["mlp"], [item.style for item in chosen], ["cpu"], 1, 0, 1, None),
        implementations=chosen,
        environments=found_environments,
        data=DataDescription(dataset.name, dataset.source, cut_data.stem),
        data_path=cut_data,
        machine={"system": "a test's"},
        parity=[the_gate.compare(item, "cpu") for item in chosen],
        root=tmp_path,
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


# A new style, as somebody would add it.


@pytest.fixture(scope="module")
def extended(tmp_path_factory) -> pathlib.Path:
    """A folder with a copy of the package, to which one file was added for each framework."""
    folder = tmp_path_factory.mktemp("extended")
    source = pathlib.Path(tfmxbench.__file__).parent
    copy = folder / "tfmxbench"
    shutil.copytree(source, copy, ignore=shutil.ignore_patterns("__pycache__"))
    pins = environments.requirements_path("mxnet", "cpu").parent
    shutil.copytree(pins, folder / "requirements", dirs_exist_ok=True)
    for original, new in NEW_STYLES.items():
        text = (copy / "networks" / "mlp" / f"{original}.py").read_text(encoding="utf-8")
        _, _, rest = text.partition("\n")
        (copy / "networks" / "mlp" / f"{new}.py").write_text(
            f'"""A style that was not there, {new}.\n{rest}', encoding="utf-8"
        )
    # The machine's environments and data, but none of its judgements.
    kept = folder / "cache"
    kept.mkdir()
    for path in cache.folder().iterdir():
        if path.name != "parity":
            (kept / path.name).symlink_to(path.absolute())
    return folder


NEW_STYLES = {"variables_function": "variables_anew", "ndarray": "ndarray_anew"}


@pytest.fixture
def execute(extended, whole_data, dataset, found_environments, need):
    """Run ``python -m tfmxbench`` of the copy, for the new styles alone."""
    need("tensorflow", "mxnet")

    def execute(*arguments: str) -> subprocess.CompletedProcess:
        finished = subprocess.run(
            [sys.executable, "-m", "tfmxbench", *arguments, "--device", "cpu"]
            + [word for style in NEW_STYLES.values() for word in ("--style", style)],
            cwd=extended,
            env={**os.environ, "TFMXBENCH_CACHE_DIR": str(extended / "cache"), "COLUMNS": "200"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=2 * PATIENCE,
        )
        assert finished.returncode == 0, finished.stdout + finished.stderr
        return finished

    return execute


def test_a_new_file_is_listed(execute):
    rows = json.loads(execute("list", "--json").stdout)
    assert {row["style"]: (row["network"], row["framework"]) for row in rows} == {
        "variables_anew": ("mlp", "tensorflow"),
        "ndarray_anew": ("mlp", "mxnet"),
    }
    assert {row["summary"] for row in rows} == {
        f"A style that was not there, {new}." for new in NEW_STYLES.values()
    }
    assert all(row["devices"] == {"cpu": "can run"} for row in rows)


def test_a_new_file_is_held_against_the_reference(execute):
    shown = execute("parity", "--steps-only", "--threads", "1").stdout
    for style in NEW_STYLES.values():
        (line,) = [line for line in shown.splitlines() if f"mlp/{style}" in line]
        assert "passed" in line


def test_a_new_file_is_measured_and_shown(execute, extended):
    shown = execute(
        "run", "--profile", "quick", "--rounds", "1", "--threads", "1", "--output", str(extended / "out.json")
    ).stdout
    for style in NEW_STYLES.values():
        assert f"mlp/{style}" in shown
    results = json.loads((extended / "out.json").read_text(encoding="utf-8"))
    assert {record["trial"]["style"]: record["status"] for record in results["records"]} == dict.fromkeys(
        NEW_STYLES.values(), COMPLETED
    )
    assert {found["style"]: found["passed"] for found in results["parity"]} == dict.fromkeys(
        NEW_STYLES.values(), True
    )
    for record in results["records"]:
        assert record["measurement"]["accuracies"][0] > 0.93
