"""The program that a worker runs for each purpose of a trial."""

from __future__ import annotations

import pathlib
from collections.abc import Callable
from typing import Any

from tfmxbench import frameworks
from tfmxbench.records.trial import Span, Trial
from tfmxbench.worker import loading
from tfmxbench.worker.measuring import measure, products
from tfmxbench.worker.parity import parity


def probe(trial: Trial) -> dict[str, Any]:
    """Try a small computation in the framework on the device; report why it fails, if it does."""
    framework = frameworks.load(trial.framework)
    framework.configure(trial.threads)
    facts = {"hashes": {}, "versions": loading.versions(framework), "device_name": ""}
    problem = framework.device_problem(trial.device)
    if problem:
        return {**facts, "status": "failed", "reason": problem}
    return {**facts, "device_name": framework.device_name(trial.device)}


Program = Callable[[Trial, Span, pathlib.Path], dict[str, Any]]


def _measure(trial: Trial, interpreter: Span, result_path: pathlib.Path) -> dict[str, Any]:
    return measure(trial, interpreter)


# Each program by its purpose. It is given the trial, the time that starting Python took, and the path of the
# result file.
PROGRAMS: dict[str, Program] = {
    "measure": _measure,
    "accuracy": _measure,
    "goal": _measure,
    "mistake": _measure,
    "products": lambda trial, interpreter, result_path: products(trial),
    "parity": lambda trial, interpreter, result_path: parity(trial, result_path.with_suffix(".npz")),
    "probe": lambda trial, interpreter, result_path: probe(trial),
}


def run(trial: Trial, interpreter: dict[str, float], result_path: str) -> dict[str, Any]:
    """Run a trial's program and return what it adds to the result.

    Parameters
    ----------
    trial : Trial
    interpreter : dict of str to float
        Seconds from the start of the process to the worker's first line, as ``wall`` and ``cpu``.
    result_path : str
        The result file. A parity trial writes its arrays to the same path with the suffix ``.npz``.

    Raises
    ------
    ValueError
        If there is no program for the trial's purpose.
    """
    if trial.mistakes:
        # Imported here, so that a trial without mistakes does not even load them.
        from tfmxbench.worker import planted

        planted.switch_on(trial)
    if trial.purpose not in PROGRAMS:
        *purposes, last = PROGRAMS
        raise ValueError(f"there is no program {trial.purpose!r}; there are {', '.join(purposes)} and {last}")
    return PROGRAMS[trial.purpose](trial, Span(**interpreter), pathlib.Path(result_path))
