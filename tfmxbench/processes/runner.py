"""Runs one trial in its own process, and returns a record whether it completes or fails."""

from __future__ import annotations

import datetime
import os
import pathlib
import re
import sys
import time
from collections.abc import Mapping, Sequence
from typing import Any

from tfmxbench import frameworks, mistakes
from tfmxbench.processes import bounded
from tfmxbench.records import leftovers, whole_files
from tfmxbench.records.schema import check_against, read_json
from tfmxbench.records.trial import (
    COMPLETED,
    FAILED,
    MatrixProducts,
    Record,
    Trial,
    measurement_from_json,
    to_json,
)
from tfmxbench.worker import entry, measuring

RESULT_LIMIT = 16 * 1024 * 1024

# The environment variable that limits the memory that a trial may allocate.
MEMORY_LIMIT = "TFMXBENCH_MEMORY_LIMIT"


def command(trial: Trial, trial_path: pathlib.Path, result_path: pathlib.Path) -> list[str]:
    """The command line that runs a trial; the caller appends the time of its start."""
    return [trial.interpreter, "-I", str(pathlib.Path(entry.__file__)), str(trial_path), str(result_path)]


def environment_variables(trial: Trial, environ: dict[str, str]) -> dict[str, str]:
    """The whole environment of a trial's process."""
    variables = bounded.inherited(environ)
    variables |= frameworks.load(trial.framework).environment_variables(trial.threads, trial.device)
    for name in trial.mistakes:
        change = mistakes.load(name).environment
        if change is not None:
            variables = change(variables)
    return variables


def memory_limit(environ: Mapping[str, str] = os.environ) -> int | None:
    """The most bytes that a trial may allocate; None where there is no limit.

    Raises
    ------
    ValueError
        If it is not a size, or the system cannot enforce it.
    """
    text = environ.get(MEMORY_LIMIT, "")
    if not text:
        return None
    match = re.fullmatch(r"([0-9]{1,6})([MG])", text)
    if not match or int(match[1]) == 0:
        raise ValueError(f"{MEMORY_LIMIT} is {text!r}; it is a size such as 800M or 8G")
    if not sys.platform.startswith("linux"):
        raise ValueError(f"{MEMORY_LIMIT} is {text!r}; memory can be limited only on Linux")
    return int(match[1]) * {"M": 2**20, "G": 2**30}[match[2]]


def run(trial: Trial, folder: pathlib.Path) -> Record:
    """Run a trial and return its record.

    Parameters
    ----------
    trial : Trial
        The trial to run. Its JSON file and its result's stay in the folder, so that it can be repeated
        by hand.
    folder : pathlib.Path
        An existing folder.

    Returns
    -------
    Record
        Completed, or failed with the reason: the trial raised, exited, was killed, took longer
        than its limit, or left no valid result.

    Raises
    ------
    OSError
        If the trial's file cannot be written, or the folder for its temporary files cannot be created.
    ValueError
        If the memory limit is not valid, see :func:`memory_limit`.
    """
    limit = memory_limit()
    trial_path = folder / f"{trial.identifier}.trial.json"
    result_path = folder / f"{trial.identifier}.result.json"
    whole_files.write_json(trial_path, to_json(trial))
    result_path.unlink(missing_ok=True)
    started = datetime.datetime.now(datetime.UTC).isoformat(timespec="milliseconds")
    clock = time.monotonic()
    # A worker does not remove its temporary files: it ends without cleaning up, or is killed. AutoGraph
    # leaves a file for each function that it traces.
    with leftovers.temporary_folder() as temporary:
        problem, output, curve = _execute(trial, trial_path, result_path, limit, temporary)
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
    if problem and limit is not None:
        problem += f" (its memory was limited to {limit // 2**20} MiB by {MEMORY_LIMIT})"
    measurement = None if problem else result.get("measurement")
    products = None if problem else result.get("products")
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
        products=MatrixProducts(**products) if products else None,
        memory_curve=curve,
    )


def repeat(path: pathlib.Path) -> Record:
    """Run a trial again from its JSON file, in a temporary folder.

    Raises
    ------
    ValueError
        If the file does not contain a trial that the schema allows.
    """
    try:
        values = read_json(path)
        check_against("trial", values)
    except ValueError as error:
        raise ValueError(f"{path} is not a trial: {error}") from None
    with leftovers.temporary_folder() as folder:
        return run(Trial(**values), folder)


def _execute(
    trial: Trial,
    trial_path: pathlib.Path,
    result_path: pathlib.Path,
    limit: int | None,
    temporary: pathlib.Path,
) -> tuple[str, str, list[list[float]]]:
    """Run the trial's process.

    Returns
    -------
    str, str, list
        Why it failed, or an empty string; the end of its output; its memory over time.
    """
    variables = environment_variables(trial, dict(os.environ))
    line = [*command(trial, trial_path, result_path), repr(time.monotonic())]
    try:
        end = bounded.run(line, variables, temporary, trial.time_limit, memory_limit=limit)
        if end.code == entry.CANNOT_WRITE and not result_path.exists():
            return "could not write its result", end.output, end.memory_curve
        return end.problem, end.output, end.memory_curve
    finally:
        # A process that was ended while it wrote its result leaves half a file.
        result_path.with_name(f"{result_path.name}.part").unlink(missing_ok=True)


def read_result(path: pathlib.Path, trial: Trial) -> dict[str, Any]:
    """Read the result that a worker left.

    Raises
    ------
    ValueError
        If there is no result, or it is too large, not valid, incomplete, or of another trial.
    """
    if not path.is_file():
        raise ValueError("left no result")
    size = path.stat().st_size
    if size > RESULT_LIMIT:
        raise ValueError(f"left a result of {size} bytes; the most is {RESULT_LIMIT}")
    try:
        result: dict[str, Any] = read_json(path)
        check_against("result", result)
    except ValueError as error:
        raise ValueError(f"left a result that cannot be read: {error}") from None
    if result["identifier"] != trial.identifier:
        raise ValueError(f"left the result of trial {result['identifier']!r}, not {trial.identifier!r}")
    if result["status"] == COMPLETED:
        _check_completeness(result, trial)
    return result


def _check_completeness(result: dict[str, Any], trial: Trial) -> None:
    """Check that the result of a completed trial contains everything that the trial requests.

    Raises
    ------
    ValueError
        If something is missing; the message names it.
    """
    if trial.purpose not in ("probe", "products") and "source" not in result["hashes"]:
        raise ValueError("left a result without the hash of its source")
    if trial.purpose == "products" and result.get("products") is None:
        raise ValueError("left a result without matrix products")
    if trial.purpose not in ("measure", "accuracy", "goal", "mistake"):
        return
    measurement = result.get("measurement")
    if measurement is None:
        raise ValueError("left a result without a measurement")
    epochs = _requested_epochs(trial, measurement["accuracies"])
    numbers = {
        "epochs": epochs,
        "accuracies": epochs,
        "passes": trial.passes,
        "latencies": trial.latency_samples,
        "inference": measuring.INFERENCE_REPEATS if trial.latency_samples else 0,
    }
    for name, number in numbers.items():
        if len(measurement[name]) != number:
            raise ValueError(f"left {len(measurement[name])} {name}; {number} were asked for")
    if trial.purpose == "measure" and len(measurement["epochs"]) + len(measurement["passes"]) < 2:
        raise ValueError("left one pass, which is the warm-up; a measurement needs a steady pass as well")


def _requested_epochs(trial: Trial, accuracies: Sequence[float]) -> int:
    """Number of whole epochs that a trial requests, or fewer if one of them reaches its goal."""
    if trial.goal is None:
        return trial.epochs
    reached = [number for number, accuracy in enumerate(accuracies, start=1) if accuracy >= trial.goal]
    return min([trial.epochs, *reached])
