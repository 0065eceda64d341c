"""The parity gate: what it runs, caches and refuses, with made-up runs and without a framework."""

import dataclasses
import json
import pathlib
import shutil
import signal
import sys
import threading
import time

import numpy as np
import pytest
from made_up_numbers import reference_numbers, rounded

from tfmxbench.analysis import parity
from tfmxbench.measure import gate
from tfmxbench.networks import catalogue
from tfmxbench.processes import bounded, machine, runner
from tfmxbench.records.schema import check_against

MOMENTUM = parity.TOLERANCES["momentum"]


# The gate, with made-up runs.


@pytest.fixture
def network(tmp_path) -> pathlib.Path:
    """A copy of a network's folder, whose files can be changed."""
    return pathlib.Path(shutil.copytree(catalogue.FOLDER / "mlp", tmp_path / "mlp"))


@pytest.fixture
def runs(monkeypatch, make_record) -> list[str]:
    """The styles that were run. The runs are made up: each leaves the numbers that it should."""
    styles = []

    def run(trial, folder):
        styles.append(trial.style)
        numbers = reference_numbers() if trial.style == "reference" else rounded(reference_numbers())
        np.savez(folder / f"{trial.identifier}.result.npz", **numbers)
        return make_record(trial, measurement=None)

    monkeypatch.setattr(runner, "run", run)
    return styles


def test_a_second_comparison_starts_no_process(make_gate, network, runs):
    implementation = catalogue.describe(network / "gluon.py")
    first = make_gate().compare(implementation, "cpu")
    assert first.passed
    assert sorted(runs) == ["gluon", "reference"]
    runs.clear()
    assert make_gate().compare(implementation, "cpu") == first
    assert runs == []


def test_two_files_with_the_same_content_are_compared_under_their_own_names(make_gate, network, runs):
    shutil.copy(network / "gluon.py", network / "copied.py")
    for style in ("gluon", "copied", "gluon"):
        assert make_gate().compare(catalogue.describe(network / f"{style}.py"), "cpu").style == style


def test_the_reference_is_computed_once_for_all_implementations(make_gate, network, runs):
    for style in ("gluon", "ndarray", "keras_xla"):
        make_gate().compare(catalogue.describe(network / f"{style}.py"), "cpu")
    make_gate().compare(catalogue.describe(network / "gluon.py"), "gpu")
    assert sorted(runs) == ["gluon", "gluon", "keras_xla", "ndarray", "reference"]


def test_a_failed_result_is_cached_too(make_gate, network, runs, monkeypatch):
    implementation = catalogue.describe(network / "gluon.py")
    # Its numbers differ from the reference's.
    monkeypatch.setattr(
        sys.modules[__name__],
        "rounded",
        lambda numbers: {name: values.astype(np.float32) / 2 for name, values in numbers.items()},
    )
    first = make_gate().compare(implementation, "cpu")
    assert first.reason.startswith("the logits before training differ by")
    runs.clear()
    assert make_gate().compare(implementation, "cpu") == first
    assert runs == []


@pytest.mark.parametrize(
    ("name", "again"),
    [("gluon.py", ["gluon"]), ("__init__.py", ["gluon"]), ("reference.py", ["gluon"])],
)
def test_a_changed_source_is_compared_again(make_gate, network, runs, name, again):
    implementation = catalogue.describe(network / "gluon.py")
    make_gate().compare(implementation, "cpu")
    runs.clear()
    with (network / name).open("a", encoding="utf-8") as file:
        file.write("\n# Changed.\n")
    make_gate().compare(implementation, "cpu")
    assert runs == again


@pytest.mark.parametrize(
    "change",
    [{"seed": 1}, {"threads": 2}, {"epochs": 0}, {"data_sha256": "1" * 64}],
    ids=lambda change: next(iter(change)),
)
def test_under_other_conditions_reference_and_implementation_are_computed_again(
    make_gate, network, runs, change
):
    implementation = catalogue.describe(network / "gluon.py")
    make_gate().compare(implementation, "cpu")
    runs.clear()
    make_gate(**change).compare(implementation, "cpu")
    assert sorted(runs) == ["gluon", "reference"]


@pytest.mark.parametrize("change", [{"versions": {"mxnet": "1.9.0"}}, {"interpreter": "/other/python"}])
def test_in_another_environment_an_implementation_is_compared_again(make_gate, network, runs, change):
    implementation = catalogue.describe(network / "gluon.py")
    first = make_gate()
    first.compare(implementation, "cpu")
    runs.clear()
    environments = dict(first.environments)
    environments["mxnet", "cpu"] = dataclasses.replace(environments["mxnet", "cpu"], **change)
    make_gate(environments=environments).compare(implementation, "cpu")
    assert runs == ["gluon"]


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"null", b"[]", b"{}", b"\xff\xfe", b'{"passed": true}', b'"passed"'],
)
def test_a_cached_result_that_cannot_be_read_is_computed_again(make_gate, network, runs, content):
    implementation = catalogue.describe(network / "gluon.py")
    first = make_gate().compare(implementation, "cpu")
    (kept,) = make_gate().cache.glob("*.json")
    kept.write_bytes(content)
    runs.clear()
    assert make_gate().compare(implementation, "cpu") == first
    assert runs == ["gluon"]
    assert make_gate().compare(implementation, "cpu") == first
    assert runs == ["gluon"]


@pytest.mark.parametrize(
    "damage",
    [
        pytest.param(lambda content: b"", id="empty"),
        pytest.param(lambda content: b"not an archive", id="text"),
        pytest.param(lambda content: content[: len(content) // 2], id="cut off"),
        pytest.param(lambda content: content[:60] + b"\xff" * 40 + content[100:], id="altered"),
    ],
)
def test_a_reference_that_cannot_be_read_is_computed_again(make_gate, network, runs, damage):
    make_gate().compare(catalogue.describe(network / "gluon.py"), "cpu")
    (kept,) = make_gate().cache.glob("*.npz")
    kept.write_bytes(damage(kept.read_bytes()))
    runs.clear()
    assert make_gate().compare(catalogue.describe(network / "ndarray.py"), "cpu").passed
    assert sorted(runs) == ["ndarray", "reference"]


def test_a_reference_without_its_losses_is_computed_again(make_gate, network, runs):
    make_gate().compare(catalogue.describe(network / "gluon.py"), "cpu")
    (kept,) = make_gate().cache.glob("*.npz")
    numbers = reference_numbers()
    del numbers["losses"]
    np.savez(kept, **numbers)
    runs.clear()
    assert make_gate().compare(catalogue.describe(network / "ndarray.py"), "cpu").passed
    assert sorted(runs) == ["ndarray", "reference"]


def leave(monkeypatch, make_record, write) -> list[str]:
    """Let implementations leave what ``write`` writes, and the reference the numbers that it should."""
    styles = []

    def run(trial, folder):
        styles.append(trial.style)
        path = folder / f"{trial.identifier}.result.npz"
        if trial.style == "reference":
            np.savez(path, **reference_numbers())
        else:
            write(path)
        return make_record(trial, measurement=None)

    monkeypatch.setattr(runner, "run", run)
    return styles


@pytest.mark.parametrize(
    "write",
    [
        pytest.param(lambda path: None, id="nothing"),
        pytest.param(lambda path: path.write_bytes(b""), id="an empty file"),
        pytest.param(lambda path: path.write_bytes(b"PK\x03\x04 cut off"), id="half an archive"),
        pytest.param(lambda path: np.savez(path, logits=np.zeros(3)), id="no losses"),
        pytest.param(
            lambda path: np.savez(
                path, **rounded(reference_numbers()) | {"losses": np.array([None, {}], dtype=object)}
            ),
            id="objects",
        ),
    ],
)
def test_numbers_that_cannot_be_read_are_a_failure_with_a_reason(
    make_gate, network, monkeypatch, make_record, write
):
    leave(monkeypatch, make_record, write)
    result = make_gate().compare(catalogue.describe(network / "gluon.py"), "cpu")
    assert not result.passed
    assert result.reason.startswith("left numbers that cannot be read")


@pytest.mark.parametrize("shape", [(50, 1), (1, 50), (49,), (51,), ()])
def test_losses_of_another_shape_are_a_failure_with_a_reason(
    make_gate, network, monkeypatch, make_record, shape
):
    """``train`` may have returned something other than a single number."""
    numbers = rounded(reference_numbers()) | {"losses": np.ones(shape)}
    leave(monkeypatch, make_record, lambda path: np.savez(path, **numbers))
    result = make_gate().compare(catalogue.describe(network / "gluon.py"), "cpu")
    assert not result.passed
    assert result.reason


def test_an_implementation_that_failed_to_run_has_the_reason_and_is_tried_again(
    make_gate, network, monkeypatch, make_record
):
    tried = []

    def run(trial, folder):
        tried.append(trial.style)
        if trial.style == "reference":
            np.savez(folder / f"{trial.identifier}.result.npz", **reference_numbers())
            return make_record(trial, measurement=None)
        return make_record(trial, status="failed", reason="RuntimeError: no", measurement=None)

    monkeypatch.setattr(runner, "run", run)
    for _ in range(2):
        result = make_gate().compare(catalogue.describe(network / "gluon.py"), "cpu")
        assert (result.passed, result.reason) == (False, "RuntimeError: no")
        check_against("parity", json.loads(json.dumps(dataclasses.asdict(result), allow_nan=False)))
    assert tried == ["gluon", "gluon"]


def test_without_a_reference_nothing_passes(make_gate, network, monkeypatch, make_record):
    def run(trial, folder):
        if trial.style == "reference":
            return make_record(trial, status="failed", reason="MemoryError", measurement=None)
        np.savez(folder / f"{trial.identifier}.result.npz", **rounded(reference_numbers()))
        return make_record(trial, measurement=None)

    monkeypatch.setattr(runner, "run", run)
    result = make_gate().compare(catalogue.describe(network / "gluon.py"), "cpu")
    assert result.reason == "the reference could not be computed: MemoryError"
    assert not result.passed


def test_an_implementation_that_imports_the_reference_is_not_run(make_gate, network, runs):
    with (network / "gluon.py").open("a", encoding="utf-8") as file:
        file.write("\nfrom tfmxbench.networks.mlp import reference\n")
    result = make_gate().compare(catalogue.describe(network / "gluon.py"), "cpu")
    assert not result.passed
    assert result.reason == "it imports tfmxbench; an implementation imports its framework and NumPy"
    assert runs == []


def test_the_gate_runs_every_check_and_leaves_out_those_that_cannot_run(make_gate, network, runs):
    first = make_gate()
    environments = dict(first.environments)
    environments["tensorflow", "gpu"] = dataclasses.replace(
        environments["tensorflow", "gpu"], problem="no GPU"
    )
    checks = [
        gate.ParityCheck(catalogue.describe(network / f"{style}.py"), device, batch_size)
        for style in ("keras_xla", "gluon")
        for device in ("cpu", "gpu")
        for batch_size in (None, 32)
    ]
    results = dict(make_gate(environments=environments).run(checks))
    assert [check for check in checks if check not in results] == checks[2:4]
    for check, result in results.items():
        assert result.passed
        assert (result.style, result.device, result.batch_size) == (
            check.implementation.style,
            check.device,
            check.batch_size,
        )
    # One reference for each batch size.
    assert sorted(runs).count("reference") == 2


def test_an_interrupted_gate_ends_its_processes(make_gate, network, monkeypatch):
    """The trials hang, and threads wait for them. An interrupt must not wait as well."""
    monkeypatch.setattr(
        runner, "command", lambda *arguments: [sys.executable, "-c", "import time; time.sleep(600)"]
    )
    checks = [
        gate.ParityCheck(catalogue.describe(network / f"{style}.py"), "cpu") for style in ("gluon", "ndarray")
    ]
    started = time.monotonic()
    answers = make_gate().run(checks)
    interrupt = threading.Timer(1.0, signal.raise_signal, [signal.SIGINT])
    # A shell starts a background job with interrupts ignored.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        interrupt.start()
        with pytest.raises(KeyboardInterrupt):
            list(answers)
    finally:
        signal.signal(signal.SIGINT, before)
    assert time.monotonic() - started < 300
    assert not bounded._running


def test_processors_are_shared_without_overlap(monkeypatch):
    """Two processes on one processor would wait for each other."""
    monkeypatch.setattr(machine.os, "sched_getaffinity", lambda process: {7, 2, 3, 5, 11})
    assert machine.shares(1) == [{2}, {3}, {5}, {7}, {11}]
    assert machine.shares(2) == [{2, 3}, {5, 7}]
    assert machine.shares(5) == [{2, 3, 5, 7, 11}]
    assert machine.shares(9) == [{2, 3, 5, 7, 11}]
