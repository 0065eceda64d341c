"""Runs one trial in a process of its own, and returns its record whatever becomes of it."""

from __future__ import annotations

import collections
import contextlib
import datetime
import hashlib
import json
import os
import pathlib
import signal
import subprocess
import tempfile
import threading
import time
from typing import IO, Any

from tfmxbench import frameworks
from tfmxbench.measure import inputs, memory, prepared, programs, worker
from tfmxbench.measure.schema import check_result, check_trial, read_json
from tfmxbench.measure.trial import COMPLETED, FAILED, Record, Trial, measurement_from_json, to_json

OUTPUT_LIMIT = 8 * 1024
RESULT_LIMIT = 16 * 1024 * 1024
ENDING_TIME = 5.0

# Of the parent's environment only this reaches a worker: a variable that changes what a framework
# does would change the measurement on one machine and not on another.
INHERITED = ("PATH", "HOME", "TMPDIR", "LANG", "LC_ALL", "LD_LIBRARY_PATH", "USER")


class Output:
    """The end of what a process prints, however much that is."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream
        self._chunks: collections.deque[bytes] = collections.deque(maxlen=2)
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def _read(self) -> None:
        with self._stream:
            while chunk := os.read(self._stream.fileno(), OUTPUT_LIMIT):
                if self._chunks and len(self._chunks[-1]) + len(chunk) <= OUTPUT_LIMIT:
                    chunk = self._chunks.pop() + chunk
                self._chunks.append(chunk)

    def text(self) -> str:
        """The last ``OUTPUT_LIMIT`` bytes as text; invalid UTF-8 is replaced."""
        self._thread.join(ENDING_TIME)
        return b"".join(self._chunks)[-OUTPUT_LIMIT:].decode("utf-8", errors="replace").strip()


def command(trial: Trial, trial_path: pathlib.Path, result_path: pathlib.Path) -> list[str]:
    """The command line that runs a trial; the time of its start is still to be appended."""
    return [trial.interpreter, "-I", str(pathlib.Path(worker.__file__)), str(trial_path), str(result_path)]


def environment_variables(trial: Trial, environ: dict[str, str]) -> dict[str, str]:
    """The whole environment of a trial's process."""
    variables = {name: environ[name] for name in INHERITED if name in environ}
    variables |= frameworks.load(trial.framework).environment_variables(trial.threads, trial.device)
    return variables


def run(trial: Trial, folder: pathlib.Path) -> Record:
    """Run a trial and return its record.

    Parameters
    ----------
    trial : Trial
        What to run. Its JSON file, and its result's, are left in the folder, so that it can be
        repeated by hand.
    folder : pathlib.Path
        An existing folder.

    Returns
    -------
    Record
        Completed, or failed with the reason: the trial raised, exited, was killed, took longer
        than its limit, or left no result that can be believed.
    """
    trial_path = folder / f"{trial.identifier}.trial.json"
    result_path = folder / f"{trial.identifier}.result.json"
    write_json(trial_path, to_json(trial))
    result_path.unlink(missing_ok=True)
    started = datetime.datetime.now(datetime.UTC).isoformat(timespec="milliseconds")
    clock = time.monotonic()
    problem, output = _execute(trial, trial_path, result_path)
    seconds = time.monotonic() - clock
    result: dict[str, Any] = {}
    try:
        result = read_result(result_path, trial)
    except ValueError as error:
        problem = problem or str(error)
    if result.get("status") == FAILED:
        problem = result["reason"] or "failed, and gave no reason"
    elif not problem and result["hashes"].get("source", trial.source_sha256) != trial.source_sha256:
        problem = f"the source of {trial.implementation} changed after the trial was planned"
    measurement = None if problem else result.get("measurement")
    return Record(
        trial=trial,
        status=FAILED if problem else COMPLETED,
        reason=problem,
        output=output if problem else "",
        started=started,
        seconds=seconds,
        hashes=result.get("hashes", {}),
        versions=result.get("versions", {}),
        device_name=result.get("device_name", ""),
        measurement=measurement_from_json(measurement) if measurement else None,
    )


def repeat(trial: Trial) -> Record:
    """Run a trial again, in a temporary folder.

    Raises
    ------
    ValueError
        If the trial is not one that the schema describes.
    """
    check_trial(to_json(trial))
    with tempfile.TemporaryDirectory(prefix="tfmxbench-") as folder:
        return run(trial, pathlib.Path(folder))


def _execute(trial: Trial, trial_path: pathlib.Path, result_path: pathlib.Path) -> tuple[str, str]:
    """Run the process; return why it failed, or an empty string, and the end of its output."""
    line = [*command(trial, trial_path, result_path), repr(time.monotonic())]
    try:
        process = subprocess.Popen(
            line,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env=environment_variables(trial, dict(os.environ)),
            # A group of its own: its children can be ended with it, and Ctrl-C reaches us alone.
            start_new_session=True,
        )
    except OSError as error:
        return f"{trial.interpreter} could not be started: {error.strerror}", ""
    assert process.stdout is not None
    output = Output(process.stdout)
    problem = ""
    try:
        code = process.wait(trial.time_limit)
        if code < 0:
            problem = f"killed by signal {_signal_name(-code)}"
        elif code > 0:
            problem = f"exited with code {code}"
    except subprocess.TimeoutExpired:
        problem = f"did not end within its limit of {trial.time_limit:g} s"
    finally:
        _end_group(process)
    return problem, output.text()


def _signal_name(number: int) -> str:
    name = signal.Signals(number).name if number in set(signal.Signals) else str(number)
    return f"{name}, as the system does when memory runs out" if name == "SIGKILL" else name


def _end_group(process: subprocess.Popen[bytes]) -> None:
    """End the process and whatever it started in its group."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def read_result(path: pathlib.Path, trial: Trial) -> dict[str, Any]:
    """Read what a worker left.

    Raises
    ------
    ValueError
        If there is no result, it is too large, is not what a worker writes, or belongs to
        another trial.
    """
    if not path.is_file():
        raise ValueError("left no result")
    size = path.stat().st_size
    if size > RESULT_LIMIT:
        raise ValueError(f"left a result of {size} bytes; the most is {RESULT_LIMIT}")
    try:
        result: dict[str, Any] = read_json(path)
        check_result(result)
    except ValueError as error:
        raise ValueError(f"left a result that cannot be read: {error}") from None
    if result["identifier"] != trial.identifier:
        raise ValueError(f"left the result of trial {result['identifier']!r}, not {trial.identifier!r}")
    if result["status"] == COMPLETED:
        _check_completeness(result, trial)
    return result


def _check_completeness(result: dict[str, Any], trial: Trial) -> None:
    """Check that a completed trial did all that it was asked for.

    Raises
    ------
    ValueError
        Naming what is missing.
    """
    if trial.purpose != "probe" and "source" not in result["hashes"]:
        raise ValueError("left a result without the hash of its source")
    if trial.purpose not in ("measure", "accuracy"):
        return
    measurement = result.get("measurement")
    if measurement is None:
        raise ValueError("left a result without a measurement")
    asked = {
        "epochs": trial.epochs,
        "accuracies": trial.epochs,
        "passes": trial.passes,
        "latencies": trial.latency_samples,
    }
    for name, number in asked.items():
        if len(measurement[name]) != number:
            raise ValueError(f"left {len(measurement[name])} {name}; {number} were asked for")


def write_json(path: pathlib.Path, values: Any) -> None:
    """Write JSON so that the file is there whole or not at all."""
    temporary = path.with_name(f"{path.name}.{os.getpid()}.part")
    try:
        with temporary.open("w", encoding="utf-8") as file:
            json.dump(values, file, indent=1, allow_nan=False)
            file.write("\n")
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def harness_sha256() -> str:
    """Hash of what runs in a worker besides an implementation and its task."""
    own = [pathlib.Path(str(module.__file__)) for module in (worker, programs, inputs, prepared, memory)]
    digest = hashlib.sha256()
    for path in [*own, *sorted(frameworks.FOLDER.glob("*.py"))]:
        digest.update(path.read_bytes())
    return digest.hexdigest()


def source_sha256(path: pathlib.Path) -> str:
    """Hash of an implementation file, as workers report it."""
    return hashlib.sha256(path.read_bytes()).hexdigest()
