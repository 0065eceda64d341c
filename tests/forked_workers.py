"""Workers that are forked from a process that has imported its framework: for many short parity trials.

Importing a framework takes longer than the fifty steps that the gate looks at. A forked worker runs the
very program of a usual one, on a copy of a process in which nothing but the import has happened; so trials
know as little of each other as usual. Times and memory would be wrong, and are not looked at.

Run as a program, in a framework's environment, this file is the process that forks. It answers a line of
JSON for each trial: ``{"code": 0}``, or minus the signal.
"""

from __future__ import annotations

import contextlib
import importlib
import importlib.util
import json
import os
import pathlib
import queue
import signal
import subprocess
import sys
import tempfile
import time
import traceback
from collections.abc import Iterator

# Seconds that a forked worker may take.
TIME_LIMIT = 300
# Names that a framework imports only when they are asked for.
LAZY = {"tensorflow": ("keras.layers", "keras.optimizers", "function"), "mxnet": ("gluon.nn", "np", "mod")}


class Forking:
    """A process of a framework's environment that forks workers, one at a time."""

    def __init__(self, module: str, interpreter: str, worker: str, variables: dict[str, str]) -> None:
        self._process = subprocess.Popen(
            [interpreter, "-I", __file__, module, worker],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=variables,
            text=True,
        )

    def run(self, request: dict[str, object]) -> int:
        """Fork a worker for a request, see :func:`main`, and wait for it; its exit code."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(request) + "\n")
        self._process.stdin.flush()
        return int(json.loads(self._process.stdout.readline())["code"])

    def close(self) -> None:
        for stream in (self._process.stdin, self._process.stdout):
            assert stream is not None
            stream.close()
        self._process.wait(60)


@contextlib.contextmanager
def forked(runner) -> Iterator[None]:
    """Have trials of TensorFlow and MXNet run in forked workers; those of others as usual.

    Parameters
    ----------
    runner : module
        ``tfmxbench.processes.runner``. Trials of one framework have one number of threads, one device.
    """
    idle: dict[str, queue.SimpleQueue[Forking]] = {name: queue.SimpleQueue() for name in LAZY}
    started: list[Forking] = []
    execute = runner._execute

    def forking(trial) -> Forking:
        with contextlib.suppress(queue.Empty):
            return idle[trial.framework].get_nowait()
        variables = runner.environment_variables(trial, dict(os.environ))
        started.append(Forking(trial.framework, trial.interpreter, runner.entry.__file__, variables))
        return started[-1]

    def run(trial, trial_path, result_path, limit, temporary):
        if trial.framework not in idle:
            return execute(trial, trial_path, result_path, limit, temporary)
        process = forking(trial)
        output = temporary / "output.txt"
        code = process.run(
            {
                "trial": str(trial_path),
                "result": str(result_path),
                "output": str(output),
                "processors": sorted(os.sched_getaffinity(0)),
            }
        )
        idle[trial.framework].put(process)
        printed = output.read_text(encoding="utf-8", errors="replace")
        return ("" if code == 0 else f"exited with code {code}"), printed, []

    runner._execute = run
    try:
        yield
    finally:
        runner._execute = execute
        for process in started:
            process.close()


def main(module: str, worker_path: str) -> None:
    """Fork a worker for each line of standard input.

    A request names the files of a trial, of its result and of its output, and the processors that the
    worker may use.
    """
    framework = importlib.import_module(module)
    for name in LAZY[module]:
        place = framework
        for part in name.split("."):
            place = getattr(place, part)
    answers = os.fdopen(os.dup(1), "w")
    for line in sys.stdin:
        request = json.loads(line)
        process = os.fork()
        if process == 0:
            run_forked(request, worker_path)
        _, status = os.waitpid(process, 0)
        print(json.dumps({"code": os.waitstatus_to_exitcode(status)}), file=answers, flush=True)


def run_forked(request: dict[str, object], worker_path: str) -> None:
    """What the forked process does: all that a worker does, and no more."""
    code = 70
    try:
        output = os.open(str(request["output"]), os.O_WRONLY | os.O_CREAT)
        for number in (1, 2):
            os.dup2(output, number)
        os.sched_setaffinity(0, request["processors"])
        # One that hangs is ended by the system; nobody else looks after it.
        signal.alarm(TIME_LIMIT)
        tempfile.tempdir = str(pathlib.Path(str(request["output"])).parent)
        specification = importlib.util.spec_from_file_location("worker", worker_path)
        worker = importlib.util.module_from_spec(specification)
        specification.loader.exec_module(worker)
        code = worker.main(request["trial"], request["result"], repr(time.monotonic()))
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


if __name__ == "__main__":
    main(*sys.argv[1:])
