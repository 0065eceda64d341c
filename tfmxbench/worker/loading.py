"""Loads an implementation into this process, on the trial's device and threads."""

from __future__ import annotations

import contextlib
import dataclasses
import hashlib
import importlib
import importlib.metadata
import os
import pathlib
import platform
import time
from types import ModuleType
from typing import Any

import numpy as np

from tfmxbench import frameworks
from tfmxbench.networks import Task
from tfmxbench.records.trial import Span, Trial
from tfmxbench.worker import inputs, memory


class Stopwatch:
    """Measures wall and CPU seconds from its creation."""

    def __init__(self) -> None:
        self.wall, self.cpu = time.perf_counter(), time.process_time()

    def span(self) -> Span:
        return Span(time.perf_counter() - self.wall, time.process_time() - self.cpu)


class LoadedImplementation:
    """An implementation that this process has imported, with its framework configured for the trial.

    Parameters
    ----------
    trial : Trial

    Attributes
    ----------
    trial : Trial
    framework : module
        The framework's module of :mod:`tfmxbench.frameworks`.
    implementation : module
        The network in the trial's style.
    imported : Span
        The time that importing both took.
    memory_imported : int
        Resident bytes after that.
    task : Task
        The network's task, with the trial's batch size.
    initial_parameters : dict of str to numpy.ndarray

    Raises
    ------
    ValueError
        If the machine offers fewer processors than the trial has threads.
    RuntimeError
        If the framework cannot compute on the device.
    """

    def __init__(self, trial: Trial) -> None:
        self.trial = trial
        restrict_processors(trial.threads)
        schedule_as_batch()
        stopwatch = Stopwatch()
        self.framework: ModuleType = frameworks.load(trial.framework)
        self.framework.configure(trial.threads)
        network = f"tfmxbench.networks.{trial.network}"
        self.implementation = importlib.import_module(f"{network}.{trial.style}")
        self.imported = stopwatch.span()
        self.memory_imported = memory.resident()
        self.task: Task = importlib.import_module(network).TASK
        if trial.batch_size is not None:
            self.task = dataclasses.replace(self.task, batch_size=trial.batch_size)
        require_device(self.framework, trial.device)
        self.initial_parameters = inputs.initial_parameters(self.task, trial.seed)

    def build(self) -> Any:
        """Build a model that holds the initial values."""
        model = self.implementation.build(self.task)
        self.implementation.set_parameters(model, self.initial_parameters)
        self.framework.synchronise()
        return model

    def facts(self, data: dict[str, np.ndarray], order: np.ndarray) -> dict[str, Any]:
        """The fields of the record about the trial's inputs and environment."""
        source = pathlib.Path(str(self.implementation.__file__)).read_bytes()
        return {
            "hashes": {
                "data": inputs.hash_arrays(data),
                "initial_parameters": inputs.hash_arrays(self.initial_parameters),
                "batch_order": inputs.hash_arrays([order]),
                "source": hashlib.sha256(source).hexdigest(),
            },
            "versions": versions(self.framework),
            "device_name": self.framework.device_name(self.trial.device),
        }


def require_device(framework: ModuleType, device: str) -> None:
    """Raise RuntimeError if the framework cannot compute on the device."""
    problem = framework.device_problem(device)
    if problem:
        raise RuntimeError(problem)


def restrict_processors(threads: int) -> None:
    """Bind the process to as many processors as it has threads, where the system can.

    Raises
    ------
    ValueError
        If the machine offers fewer processors.
    """
    if hasattr(os, "sched_setaffinity"):
        offered = sorted(os.sched_getaffinity(0))
        if len(offered) < threads:
            raise ValueError(
                f"{threads} threads were requested; this machine offers {len(offered)} processors"
            )
        os.sched_setaffinity(0, offered[:threads])


def schedule_as_batch() -> None:
    """Schedule the process as a batch job, where the system can: a waking thread then preempts no other.

    This works around a race in TensorFlow. After each pass TensorFlow ends the thread that tunes its input
    pipeline: it wakes the thread, and only then sets the flag that ends it. If the woken thread preempts the
    one that is about to set the flag, it goes back to sleep, for up to as long as the pass took, and the pass
    waits for it. With as many busy threads as processors, this happened at random in every second pass.
    """
    if hasattr(os, "sched_setscheduler"):
        # If a container forbids it, the trial still runs, and its times scatter more.
        with contextlib.suppress(OSError):
            os.sched_setscheduler(0, os.SCHED_BATCH, os.sched_param(0))


def versions(framework: ModuleType) -> dict[str, str]:
    """Versions of Python and of those of the framework's distributions that are installed."""
    installed = {"python": platform.python_version()}
    for name in framework.DISTRIBUTIONS:
        try:
            installed[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    return installed
