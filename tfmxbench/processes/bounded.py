"""Runs a process within bounds of time, memory and output, and ends all that it started."""

from __future__ import annotations

import collections
import contextlib
import dataclasses
import os
import pathlib
import resource
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from typing import IO

from tfmxbench.processes import ending
from tfmxbench.worker import memory

# Bytes of output that are kept.
OUTPUT_LIMIT = 8 * 1024
# Seconds that a reader of output waits for the end of the stream.
ENDING_TIME = 5.0
SAMPLING_INTERVAL = 0.1
CURVE_POINTS = 200

# Only these variables of the parent reach a process: any other could change what a framework does, and so
# the measurement, on one machine and not on another.
INHERITED = ("PATH", "HOME", "LANG", "LC_ALL", "LD_LIBRARY_PATH", "USER")

# The mark of each process that a thread is waiting for.
_running: dict[subprocess.Popen[bytes], str] = {}


@dataclasses.dataclass(frozen=True)
class Ending:
    """How a process ended.

    Attributes
    ----------
    problem : str
        Why it failed; empty if it exited with 0 within its bounds.
    code : int or None
        Its exit code, negative for a signal; None if it did not start, or did not end within its limit.
    output, errors : str
        The part of its printed text that was kept. Both streams are in ``output`` unless they were separated.
    memory_curve : list of [float, int]
        Seconds since its start, and its resident memory at that time in bytes.
    """

    problem: str
    code: int | None = None
    output: str = ""
    errors: str = ""
    memory_curve: list[list[float]] = dataclasses.field(default_factory=list)


class LastBytes:
    """The end of a stream, however long the stream is."""

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


class FirstBytes:
    """The beginning of a process's standard output. A process that prints more is ended."""

    def __init__(self, process: subprocess.Popen[bytes], mark: str, limit: int) -> None:
        self.exceeded = False
        self._process, self._mark, self._limit = process, mark, limit
        self._bytes = b""
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def _read(self) -> None:
        assert self._process.stdout is not None
        with self._process.stdout as stream:
            while chunk := os.read(stream.fileno(), self._limit):
                self._bytes += chunk
                if len(self._bytes) > self._limit:
                    self.exceeded = True
                    ending.end(self._process, self._mark)
                    return

    def text(self) -> str:
        """The first bytes as text, up to the limit; invalid UTF-8 is replaced."""
        self._thread.join(ENDING_TIME)
        return self._bytes[: self._limit].decode("utf-8", errors="replace")


class MemoryCurve:
    """Memory of a process over time, as its parent sees it.

    Above ``CURVE_POINTS`` points, every second one is dropped and the interval doubles.

    Parameters
    ----------
    process : int
        The process's id.
    """

    def __init__(self, process: int) -> None:
        self._process = process
        self._start = time.monotonic()
        self.interval = SAMPLING_INTERVAL
        self.points: list[list[float]] = []

    def sample(self) -> None:
        """Add a point if the system reports the memory."""
        resident = memory.resident(self._process)
        if resident:
            self.points.append([round(time.monotonic() - self._start, 3), resident])
        if len(self.points) > CURVE_POINTS:
            self.points = self.points[::2]
            self.interval *= 2


def inherited(environ: Mapping[str, str] = os.environ) -> dict[str, str]:
    """The variables of this process that the processes it starts may see."""
    return {name: environ[name] for name in INHERITED if name in environ}


def run(
    command: Sequence[str],
    variables: Mapping[str, str],
    temporary: pathlib.Path,
    time_limit: float,
    *,
    folder: pathlib.Path | None = None,
    memory_limit: int | None = None,
    output_limit: int | None = None,
) -> Ending:
    """Run a process, then end it and every process that it started.

    Parameters
    ----------
    command : sequence of str
    variables : mapping of str to str
        Its whole environment, except for the mark that it is found by and ``TMPDIR``.
    temporary : pathlib.Path
        Its folder for temporary files.
    time_limit : float
        Seconds after which it is ended.
    folder : pathlib.Path or None
        Its working directory; None for this process's own.
    memory_limit : int or None
        Bytes that it may allocate; None for no limit.
    output_limit : int or None
        Bytes that it may print to its standard output, which is then kept from the beginning and apart
        from standard error. None to keep the end of both streams together, however much it prints.

    Returns
    -------
    Ending
    """
    mark = ending.new_mark()
    process = None
    # An interrupt may come at any line. The process may run by then: its mark finds it.
    try:
        try:
            process = subprocess.Popen(
                command,
                cwd=folder,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT if output_limit is None else subprocess.PIPE,
                env={**variables, "TMPDIR": str(temporary), ending.MARK: mark},
                # In its own group, its children can be ended with it, and Ctrl-C reaches only this process.
                start_new_session=True,
            )
        except OSError as error:
            return Ending(f"{command[0]} could not be started: {error.strerror}")
        _running[process] = mark
        if memory_limit is not None:
            _limit_memory(process.pid, memory_limit)
        output = _reader(process, mark, output_limit)
        errors = LastBytes(process.stderr) if process.stderr else None
        curve = MemoryCurve(process.pid)
        code = _wait(process, time_limit, curve)
    finally:
        ending.end(process, mark)
        if process is not None:
            _running.pop(process, None)
    # A stream ends when the last process that has it open ends.
    text = output.text()
    problem = _problem(code, time_limit)
    if isinstance(output, FirstBytes) and output.exceeded:
        problem = f"printed more than {output_limit} bytes"
    return Ending(problem, code, text, errors.text() if errors else "", curve.points)


def _reader(process: subprocess.Popen[bytes], mark: str, limit: int | None) -> LastBytes | FirstBytes:
    """A reader of a process's standard output."""
    assert process.stdout is not None
    return LastBytes(process.stdout) if limit is None else FirstBytes(process, mark, limit)


def _wait(process: subprocess.Popen[bytes], limit: float, curve: MemoryCurve) -> int | None:
    """The process's exit code; None if it did not end within the limit, in seconds."""
    deadline = time.monotonic() + limit
    while (remaining := deadline - time.monotonic()) > 0:
        try:
            return process.wait(min(curve.interval, remaining))
        except subprocess.TimeoutExpired:
            curve.sample()
    return None


def _problem(code: int | None, time_limit: float) -> str:
    if code is None:
        return f"did not end within its limit of {time_limit:g} s"
    if code < 0:
        return f"killed by signal {_signal_name(-code)}"
    return f"exited with code {code}" if code else ""


def _signal_name(number: int) -> str:
    name = signal.Signals(number).name if number in set(signal.Signals) else str(number)
    return f"{name}, as the system does when memory runs out" if name == "SIGKILL" else name


def _limit_memory(process: int, limit: int) -> None:
    """Limit the bytes that a process, and each process that it starts, may allocate."""
    if sys.platform.startswith("linux"):
        # Memory that is only reserved does not count: frameworks reserve terabytes for a GPU.
        with contextlib.suppress(ProcessLookupError):
            resource.prlimit(process, resource.RLIMIT_DATA, (limit, limit))


def end_all() -> None:
    """End the processes that other threads are waiting for."""
    for process, mark in list(_running.items()):
        ending.end(process, mark)
