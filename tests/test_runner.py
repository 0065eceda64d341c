"""The runner: whatever a worker does, a record describes it."""

import hashlib
import json
import math
import pathlib
import sys
import tempfile

import pytest
from misbehaving import assert_failed, gone

from tfmxbench.networks import catalogue
from tfmxbench.processes import bounded, runner
from tfmxbench.records.schema import check_against
from tfmxbench.records.trial import COMPLETED, record_from_json, to_json
from tfmxbench.worker import memory

pytestmark = pytest.mark.xdist_group("machine")


def test_a_reference_trial_completes_and_measures_everything(reference_run):
    record, _ = reference_run
    assert (record.status, record.reason, record.output) == (COMPLETED, "", "")
    measurement = record.measurement
    assert [item.batches for item in measurement.epochs] == [11, 11]
    assert [item.images for item in measurement.epochs] == [11 * 128, 11 * 128]
    assert [item.batches for item in measurement.passes] == [3, 3]
    assert len(measurement.accuracies) == 2
    assert measurement.accuracies[-1] > 0.9
    assert len(measurement.inference) == 2
    assert len(measurement.latencies) == 4
    assert measurement.epochs[0].loss > measurement.epochs[1].loss > measurement.passes[0].loss
    spans = [
        measurement.interpreter,
        measurement.imported,
        measurement.built,
        *measurement.epochs,
        *measurement.passes,
        *measurement.inference,
    ]
    assert all(math.isfinite(span.wall) and span.wall > 0 for span in spans)
    assert all(math.isfinite(span.cpu) and span.cpu >= 0 for span in spans)
    assert all(math.isfinite(value) and value > 0 for value in measurement.latencies)
    resident = measurement.memory
    assert 0 < resident.interpreter < resident.imported <= resident.built < resident.data <= resident.peak
    assert resident.device is None
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
    check_against("record", values)
    assert record_from_json(values) == record


def test_the_same_trial_twice_gives_the_same_losses_and_hashes(reference_run, tmp_path):
    record, _ = reference_run
    again = runner.run(record.trial, tmp_path)
    for part in ("epochs", "passes"):
        losses = [[item.loss for item in getattr(result.measurement, part)] for result in (record, again)]
        assert losses[0] == losses[1]
    assert again.measurement.accuracies == record.measurement.accuracies
    assert again.hashes == record.hashes


def test_another_seed_gives_other_losses_and_hashes(reference_run, make_trial, tmp_path):
    record, _ = reference_run
    changed = runner.run(make_trial(seed=1), tmp_path)
    assert changed.measurement.epochs[0].loss != record.measurement.epochs[0].loss
    for name in ("initial_parameters", "batch_order"):
        assert changed.hashes[name] != record.hashes[name]
    assert changed.hashes["data"] == record.hashes["data"]


def test_a_trial_can_be_repeated_from_the_file_that_it_left(reference_run):
    record, result = reference_run
    assert runner.repeat(result.with_name(f"{record.trial.identifier}.trial.json")).completed


def test_a_file_that_is_not_a_trial_is_not_repeated(make_trial, tmp_path):
    path = tmp_path / "trial.json"
    path.write_text(json.dumps(runner.to_json(make_trial(identifier="../outside"))), encoding="utf-8")
    with pytest.raises(ValueError, match=r"is not a trial: .*identifier"):
        runner.repeat(path)


def test_the_parents_environment_does_not_reach_a_worker(make_trial):
    """Except for the variables that every process needs."""
    environ = {
        "PATH": "/bin",
        "HOME": "/root",
        "TF_XLA_FLAGS": "x",
        "PYTHONPATH": "y",
        "OMP_NUM_THREADS": "9",
    }
    variables = runner.environment_variables(make_trial(threads=3), environ)
    assert variables["PATH"] == "/bin"
    assert variables["OMP_NUM_THREADS"] == "3"
    assert not {"TF_XLA_FLAGS", "PYTHONPATH"} & variables.keys()


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
    record = misbehave("(HERE / 'pid').write_text(str(os.getpid()))\ntime.sleep(600)", time_limit=6.0)
    assert_failed(record, "did not end within its limit of 6 s")
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
        time_limit=6.0,
    )
    assert_failed(record, "did not end within its limit")
    assert gone(int((tmp_path / "pid").read_text()))


@pytest.mark.parametrize("ending", ["os._exit(3)", "time.sleep(600)"])
def test_a_child_process_that_a_trial_leaves_behind_is_ended(misbehave, tmp_path, ending):
    """It keeps the worker's output open, but the runner must not wait for it."""
    record = misbehave(
        f"""
        child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
        (HERE / 'pid').write_text(str(child.pid))
        {ending}
        """,
        time_limit=6.0,
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
    """1 GB on both streams: only the end is kept, in memory and in the record."""
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
    assert len(record.output) <= bounded.OUTPUT_LIMIT
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
