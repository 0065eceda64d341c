"""The runner: whatever a worker does, there is a record that says so."""

import dataclasses
import hashlib
import json
import math
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import time

import psutil
import pytest
from misbehaving import NUMBERS, PATIENCE, assert_failed, gone

from tfmxbench.measure import memory, runner
from tfmxbench.measure.schema import check_record
from tfmxbench.measure.trial import COMPLETED, FAILED, record_from_json, to_json
from tfmxbench.networks import catalogue


@pytest.fixture(scope="module")
def reference_run(make_trial, tmp_path_factory):
    """A record of the reference, and the result file that its worker left."""
    folder = tmp_path_factory.mktemp("reference")
    trial = make_trial(epochs=2)
    record = runner.run(trial, folder)
    return record, folder / f"{trial.identifier}.result.json"


def test_a_reference_trial_completes_and_measures_everything(reference_run):
    record, _ = reference_run
    assert (record.status, record.reason, record.output) == (COMPLETED, "", "")
    found = record.measurement
    assert [item.batches for item in found.epochs] == [11, 11]
    assert [item.images for item in found.epochs] == [11 * 128, 11 * 128]
    assert [item.batches for item in found.passes] == [3, 3]
    assert len(found.accuracies) == 2
    assert found.accuracies[-1] > 0.9
    assert len(found.inference) == 2
    assert len(found.latencies) == 4
    assert found.epochs[0].loss > found.epochs[1].loss > found.passes[0].loss
    spans = [found.interpreter, found.imported, found.built, *found.epochs, *found.passes, *found.inference]
    assert all(math.isfinite(span.wall) and span.wall > 0 for span in spans)
    assert all(math.isfinite(span.cpu) and span.cpu >= 0 for span in spans)
    assert all(math.isfinite(value) and value > 0 for value in found.latencies)
    held = found.memory
    assert 0 < held.interpreter < held.imported <= held.built < held.data <= held.peak
    assert held.device is None
    total = sum(span.wall for span in spans)
    assert total < record.seconds, "the parts took longer than the whole"


def test_a_completed_record_carries_every_hash_and_the_versions(reference_run):
    record, _ = reference_run
    assert record.hashes.keys() == {"data", "initial_parameters", "batch_order", "source"}
    assert all(len(value) == 64 for value in record.hashes.values())
    source = catalogue.reference("mlp").path.read_bytes()
    assert record.hashes["source"] == hashlib.sha256(source).hexdigest()
    assert record.trial.data.endswith(f"-{record.hashes['data'][:16]}.npz")
    assert record.versions["python"] == ".".join(map(str, sys.version_info[:3]))
    assert "numpy" in record.versions


def test_a_record_survives_json(reference_run):
    record, _ = reference_run
    values = json.loads(json.dumps(to_json(record), allow_nan=False))
    check_record(values)
    assert record_from_json(values) == record


def test_the_same_trial_twice_gives_the_same_losses_and_hashes(reference_run, tmp_path):
    record, _ = reference_run
    again = runner.run(record.trial, tmp_path)
    for part in ("epochs", "passes"):
        losses = [[item.loss for item in getattr(r.measurement, part)] for r in (record, again)]
        assert losses[0] == losses[1]
    assert again.measurement.accuracies == record.measurement.accuracies
    assert again.hashes == record.hashes


def test_another_seed_gives_other_losses_and_hashes(reference_run, make_trial, tmp_path):
    record, _ = reference_run
    other = runner.run(make_trial(seed=1), tmp_path)
    assert other.measurement.epochs[0].loss != record.measurement.epochs[0].loss
    for name in ("initial_parameters", "batch_order"):
        assert other.hashes[name] != record.hashes[name]
    assert other.hashes["data"] == record.hashes["data"]


def test_a_trial_can_be_repeated_from_the_file_that_it_left(reference_run):
    record, result = reference_run
    left = json.loads(result.with_name(f"{record.trial.identifier}.trial.json").read_text(encoding="utf-8"))
    assert runner.repeat(runner.Trial(**left)).completed


def test_a_trial_that_is_none_is_not_repeated(make_trial):
    with pytest.raises(ValueError, match="identifier"):
        runner.repeat(make_trial(identifier="../outside"))


def test_the_parents_environment_does_not_reach_a_worker(make_trial):
    """But for what a process cannot do without."""
    environ = {
        "PATH": "/bin",
        "HOME": "/root",
        "TF_XLA_FLAGS": "x",
        "PYTHONPATH": "y",
        "OMP_NUM_THREADS": "9",
    }
    found = runner.environment_variables(make_trial(threads=3), environ)
    assert found["PATH"] == "/bin"
    assert found["OMP_NUM_THREADS"] == "3"
    assert not {"TF_XLA_FLAGS", "PYTHONPATH"} & found.keys()


# Implementations that misbehave, in a copy of the package.


@pytest.mark.parametrize(
    ("training", "words"),
    [
        pytest.param("os._exit(3)", ["exited with code 3"], id="exits at once"),
        pytest.param("sys.exit(3)", ["SystemExit: 3"], id="exits"),
        pytest.param("os._exit(0)", ["left no result"], id="leaves no result"),
        pytest.param(
            "os.kill(os.getpid(), signal.SIGKILL)", ["signal SIGKILL", "memory runs out"], id="killed"
        ),
        pytest.param("os.kill(os.getpid(), signal.SIGSEGV)", ["killed by signal SIGSEGV"], id="crashes"),
        pytest.param("os.kill(os.getpid(), 40)", ["killed by signal 40"], id="signal without a name"),
        pytest.param("os.abort()", ["killed by signal SIGABRT"], id="aborts"),
        pytest.param("raise MemoryError", ["MemoryError"], id="out of memory"),
        pytest.param("raise KeyError('dense9')", ["KeyError: 'dense9'"], id="raises"),
        pytest.param("raise KeyboardInterrupt", ["KeyboardInterrupt"], id="interrupted"),
        pytest.param("return float('nan')", ["mean loss of epoch 0 is nan"], id="loss is not a number"),
        pytest.param("return float('inf')", ["mean loss of epoch 0 is inf"], id="loss is infinite"),
        pytest.param("return None", ["TypeError"], id="returns nothing"),
        pytest.param("raise ValueError('\\udcff\\x00')", ["ValueError"], id="unprintable reason"),
    ],
)
def test_a_trial_that_fails_is_a_record_with_the_cause(misbehave, training, words):
    assert_failed(misbehave(training), *words)


def test_what_a_failed_trial_printed_is_kept(misbehave):
    record = misbehave("print('a warning', file=sys.stderr, flush=True)\nraise RuntimeError('no')")
    assert "a warning" in record.output
    assert "Traceback" in record.output


def test_invalid_utf8_is_replaced(misbehave):
    record = misbehave(r"sys.stdout.buffer.write(b'caf\xe9\xff\n'); sys.stdout.flush(); os._exit(3)")
    assert_failed(record, "exited with code 3")
    assert record.output == "caf\ufffd\ufffd"


def test_an_endless_trial_is_ended_at_its_limit(misbehave, tmp_path):
    record = misbehave("(HERE / 'pid').write_text(str(os.getpid()))\ntime.sleep(600)", time_limit=4.0)
    assert_failed(record, "did not end within its limit of 4 s")
    assert gone(int((tmp_path / "pid").read_text()))


def test_a_trial_that_ignores_signals_is_ended_at_its_limit(misbehave, tmp_path):
    record = misbehave(
        """
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)
        (HERE / 'pid').write_text(str(os.getpid()))
        while True:
            pass
        """,
        time_limit=4.0,
    )
    assert_failed(record, "did not end within its limit")
    assert gone(int((tmp_path / "pid").read_text()))


@pytest.mark.parametrize("ending", ["os._exit(3)", "time.sleep(600)"])
def test_a_child_process_that_a_trial_leaves_behind_is_ended(misbehave, tmp_path, ending):
    """It holds the worker's output open, which must not keep the runner waiting."""
    record = misbehave(
        f"""
        child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
        (HERE / 'pid').write_text(str(child.pid))
        {ending}
        """,
        time_limit=4.0,
    )
    assert_failed(record)
    assert gone(int((tmp_path / "pid").read_text()))


@pytest.mark.parametrize("ending", ["return 1.0", "os._exit(3)", "os.kill(os.getpid(), signal.SIGKILL)"])
def test_what_a_trial_leaves_among_temporary_files_is_removed(misbehave, tmp_path, monkeypatch, ending):
    place = tmp_path / "temporary files"
    place.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(place))
    monkeypatch.setenv("TMPDIR", str(place))
    misbehave(
        f"""
        import tempfile
        handle, name = tempfile.mkstemp()
        (HERE / "where").write_text(name)
        {ending}
        """
    )
    assert place in pathlib.Path((tmp_path / "where").read_text()).parents
    assert list(place.iterdir()) == []


def test_a_flood_of_output_is_bounded(misbehave):
    """1 GB on both streams: the end of it is kept, and neither memory nor the record holds more."""
    before = memory.peak()
    record = misbehave(
        """
        for _ in range(500):
            os.write(1, b"spam " * 200_000)
            os.write(2, b"eggs " * 200_000)
        os.write(1, b"the end")
        os._exit(3)
        """
    )
    assert_failed(record, "exited with code 3")
    assert record.output.endswith("eggs the end")
    assert len(record.output) <= runner.OUTPUT_LIMIT
    assert memory.peak() - before < 50e6


def test_a_source_that_changed_after_planning_is_not_measured(misbehave):
    record = misbehave("return 1.0", source_sha256="0" * 64)
    assert_failed(record, "source of mlp/bad", "changed after the trial was planned")


def test_an_implementation_that_does_not_exist_fails(make_trial, tmp_path):
    assert_failed(runner.run(make_trial(style="missing"), tmp_path), "ModuleNotFoundError", "missing")


def test_data_that_do_not_exist_fail(make_trial, tmp_path):
    path = tmp_path / "none-0123456789abcdef.npz"
    assert_failed(runner.run(make_trial(data=str(path)), tmp_path), str(path))


def test_a_device_that_the_framework_cannot_use_fails(make_trial, tmp_path):
    assert_failed(runner.run(make_trial(device="gpu"), tmp_path), "NumPy computes on the CPU only")


@pytest.mark.parametrize("name", ["missing", "folder", "text", ""])
def test_an_interpreter_that_cannot_be_started_fails(make_trial, tmp_path, name):
    (tmp_path / "folder").mkdir()
    (tmp_path / "text").write_text("not a program", encoding="utf-8")
    (tmp_path / "text").chmod(0o755)
    interpreter = str(tmp_path / name) if name else ""
    assert_failed(
        runner.run(make_trial(interpreter=interpreter), tmp_path), f"{interpreter} could not be started"
    )


# Results that cannot be believed, left by a process that writes what it is told.


@pytest.fixture
def leave(make_trial, tmp_path, monkeypatch):
    """Run a trial whose worker leaves the given bytes as its result."""

    def run(content: bytes, code: int = 0) -> runner.Record:
        (tmp_path / "content").write_bytes(content)

        def command(trial, trial_path, result_path):
            script = "import os, shutil, sys; shutil.copy(*sys.argv[1:3]); os._exit(int(sys.argv[3]))"
            left = [str(tmp_path / "content"), str(result_path), str(code)]
            return [sys.executable, "-I", "-S", "-c", script, *left]

        monkeypatch.setattr(runner, "command", command)
        return runner.run(make_trial(epochs=2), tmp_path)

    return run


@pytest.fixture
def result(reference_run) -> dict:
    """What the reference's worker left."""
    return json.loads(reference_run[1].read_text(encoding="utf-8"))


def test_the_result_of_a_well_behaved_worker_is_believed(leave, result, reference_run):
    """So that what follows fails for the reason that it gives."""
    record = leave(json.dumps(result).encode())
    assert record.completed
    assert record.measurement == reference_run[0].measurement


def test_a_result_of_a_process_that_crashed_afterwards_is_not_believed(leave, result):
    assert_failed(leave(json.dumps(result).encode(), code=3), "exited with code 3")


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"\xff\xfe", b"null", b"[]", b"[" * 100_000, b'{"identifier": ' + b"9" * 5000 + b"}"],
    ids=["empty", "half", "not UTF-8", "null", "list", "deep", "long number"],
)
def test_a_result_that_is_not_one_is_not_believed(leave, content):
    record = leave(content)
    assert_failed(record)
    assert record.reason


def test_half_a_result_is_not_believed(leave, result):
    text = json.dumps(result).encode()
    assert_failed(leave(text[: len(text) // 2]), "left a result that cannot be read")


def test_the_result_of_another_trial_is_not_believed(leave, result):
    result["identifier"] = "0001-mlp-reference-cpu"
    assert_failed(leave(json.dumps(result).encode()), "left the result of trial '0001-mlp-reference-cpu'")


def test_a_huge_result_is_not_believed(leave, result):
    result["reason"] = "x" * (runner.RESULT_LIMIT + 1)
    assert_failed(leave(json.dumps(result).encode()), f"the most is {runner.RESULT_LIMIT}")


def changed(result: dict, place: tuple, value) -> dict:
    """A result with another value at a place."""
    *path, last = place
    target = result
    for key in path:
        target = target[key]
    target[last] = value
    return result


@pytest.mark.parametrize(
    ("place", "value"),
    [
        (("status",), "great"),
        (("status",), None),
        (("hashes",), []),
        (("hashes", "data"), 7),
        (("measurement",), "fast"),
        (("measurement", "accuracies"), [1.5]),
        (("measurement", "epochs", 0, "wall"), "0.5"),
        (("measurement", "epochs", 0, "wall"), -1),
        (("measurement", "epochs", 0, "batches"), 1.5),
        (("measurement", "memory", "peak"), None),
        (("measurement", "speed"), 1),
    ],
    ids=str,
)
def test_a_result_of_other_types_or_fields_is_not_believed(leave, result, place, value):
    record = leave(json.dumps(changed(result, place, value)).encode())
    assert_failed(record, "not a result of tfmxbench", str(place[-1]))


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize(
    "place",
    [
        ("measurement", "epochs", 0, "wall"),
        ("measurement", "epochs", 0, "loss"),
        ("measurement", "latencies", 1),
    ],
    ids=lambda place: place[-1],
)
def test_a_result_that_holds_no_number_is_not_believed(leave, result, place, value):
    """JSON has no NaN, but Python's json writes and reads it; such a record could not be stored."""
    assert_failed(leave(json.dumps(changed(result, place, value)).encode()))


def test_a_number_beyond_the_greatest_is_not_believed(leave, result):
    """1e999 is valid JSON, and infinite when read."""
    text = json.dumps(changed(result, ("measurement", "epochs", 0, "loss"), 12345.678))
    assert_failed(leave(text.replace("12345.678", "1e999").encode()))


def test_a_failure_without_a_reason_is_a_failure(leave, result):
    assert_failed(leave(json.dumps({**result, "status": "failed", "reason": ""}).encode()))


def test_a_measuring_trial_without_a_measurement_is_not_believed(leave, result):
    del result["measurement"]
    assert_failed(leave(json.dumps(result).encode()))


@pytest.mark.parametrize("part", ["epochs", "passes", "accuracies", "inference", "latencies"])
def test_a_measurement_with_fewer_values_than_were_asked_for_is_not_believed(leave, result, part):
    """Every figure of the site is computed from them."""
    assert_failed(leave(json.dumps(changed(result, ("measurement", part), [])).encode()))


def test_a_result_that_makes_no_record_is_told_and_not_stored_unread(make_trial, tmp_path):
    """One pass, which warms up, and none that is timed: stored, it could not be read again."""
    record = runner.run(make_trial(epochs=0, passes=1), tmp_path)
    assert record.status == FAILED
    assert record.reason.startswith("its result makes no record: ")
    assert record.measurement is None
    check_record(to_json(record))


def test_a_result_without_the_hash_of_its_source_is_not_believed(leave, result):
    del result["hashes"]["source"]
    assert_failed(leave(json.dumps(result).encode()), "source")


def test_an_older_result_is_not_taken_for_a_new_one(make_trial, tmp_path, reference_run):
    """The file of an earlier run of the same trial is there, and the process dies at once."""
    record, path = reference_run
    shutil.copy(path, tmp_path / path.name)
    again = runner.run(dataclasses.replace(record.trial, interpreter=shutil.which("true")), tmp_path)
    assert_failed(again, "left no result")


# The parent.


def start_parent(package_copy, make_trial, tmp_path) -> tuple[subprocess.Popen, int]:
    """A process that runs a sleeping worker, and the worker's id."""
    pid_path = tmp_path / "pid"
    path = package_copy / "networks" / "mlp" / f"sleeping{next(NUMBERS)}.py"
    path.write_text(
        "import os, pathlib, time\n"
        f"part = pathlib.Path({str(pid_path)!r} + '.part')\n"
        "part.write_text(str(os.getpid()))\n"
        f"part.rename({str(pid_path)!r})\n"
        "time.sleep(600)\n",
        encoding="utf-8",
    )
    trial_path = tmp_path / "given.json"
    trial_path.write_text(
        json.dumps(to_json(make_trial(style=path.stem, time_limit=600.0))), encoding="utf-8"
    )
    code = (
        "import json, pathlib, sys\n"
        "from tfmxbench.measure import runner, worker\n"
        f"worker.__file__ = {str(package_copy / 'measure' / 'worker.py')!r}\n"
        "trial = runner.Trial(**json.loads(pathlib.Path(sys.argv[1]).read_text()))\n"
        "runner.run(trial, pathlib.Path(sys.argv[2]))\n"
    )
    parent = subprocess.Popen(
        [sys.executable, "-c", code, str(trial_path), str(tmp_path)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    deadline = time.monotonic() + PATIENCE
    # The file is there before it is written to.
    while not pid_path.exists() or not pid_path.read_text():
        if parent.poll() is not None or time.monotonic() > deadline:
            parent.kill()
            parent.wait()
            raise AssertionError("the worker did not start")
        time.sleep(0.05)
    return parent, int(pid_path.read_text())


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux ends a process with its parent")
def test_a_worker_ends_when_its_parent_is_killed(package_copy, make_trial, tmp_path):
    parent, pid = start_parent(package_copy, make_trial, tmp_path)
    try:
        assert psutil.pid_exists(pid)
        parent.kill()
        parent.wait()
        assert gone(pid)
    finally:
        end(pid, parent)


def test_a_worker_ends_when_its_parent_is_interrupted(package_copy, make_trial, tmp_path):
    parent, pid = start_parent(package_copy, make_trial, tmp_path)
    try:
        parent.send_signal(signal.SIGINT)
        assert parent.wait(PATIENCE) != 0
        assert gone(pid)
    finally:
        end(pid, parent)


def end(pid: int, parent: subprocess.Popen) -> None:
    if parent.poll() is None:
        parent.kill()
        parent.wait()
    if psutil.pid_exists(pid):
        os.kill(pid, signal.SIGKILL)
