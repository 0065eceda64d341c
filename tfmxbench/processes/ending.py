"""Ends trials' processes and every process that those start.

A signal to a process group does not reach a process that has left the group, as daemons do. Each trial's
process therefore gets a mark in its environment. Its children inherit the mark and are found by it. A child
that clears its environment and leaves its group can be found only while its parents live.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import pathlib
import secrets
import signal
import subprocess
import sys
import time
from collections.abc import Callable

import psutil

MARK = "TFMXBENCH_TRIAL"
ENDING_TIME = 5.0
PATIENCE = 60.0

_RUN = secrets.token_hex(8)
_numbers = itertools.count()


def new_mark() -> str:
    """A mark for one trial's process: the id of the process that starts it, and two numbers of its own.

    All marks have the same length. The length of a process's environment moves the start of its stack,
    and its speed may depend on that.
    """
    return f"{os.getpid():010d}-{_RUN}-{next(_numbers):08d}"


def end(process: subprocess.Popen[bytes] | None, mark: str) -> None:
    """End a process, its group, and every other process with its mark.

    Parameters
    ----------
    process : subprocess.Popen or None
        The leader of its group; None if it may not have started.
    mark : str
        Its value of the environment variable ``MARK``.
    """
    if process is not None:
        descendants: list[psutil.Process] = []
        if process.poll() is None:
            with contextlib.suppress(psutil.Error):
                descendants = psutil.Process(process.pid).children(recursive=True)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        _kill(descendants)
        # A driver that does not answer can keep a killed process from ending.
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(PATIENCE)
    _end_marked(lambda candidate: candidate == mark)


def end_own() -> None:
    """End every process that this one started, including one whose ending an interrupt cut short."""
    own = f"{os.getpid():010d}-{_RUN}-"
    _end_marked(lambda mark: mark.startswith(own))


def end_orphans() -> None:
    """End the trial processes whose parent was killed before it could end them."""
    _end_marked(_is_orphan)


def _is_orphan(mark: str) -> bool:
    parent, _, rest = mark.partition("-")
    if not parent.isdecimal():
        return False
    if int(parent) == os.getpid():
        return not rest.startswith(_RUN)
    return not _runs(int(parent))


def _runs(number: int) -> bool:
    try:
        return psutil.Process(number).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def _end_marked(matches: Callable[[str], bool]) -> None:
    """End the processes whose mark matches, and those that they start in the meantime."""
    deadline = time.monotonic() + ENDING_TIME
    while True:
        processes, unmarked = _marked(matches)
        if not processes and not unmarked:
            return
        _kill(processes)
        if time.monotonic() > deadline:
            return
        time.sleep(0.01)


def _marked(matches: Callable[[str], bool]) -> tuple[list[psutil.Process], bool]:
    """The processes whose mark matches, and whether a process exists that does not show its mark yet.

    A process that has ended and waits to be collected has no mark.
    """
    processes, unmarked = [], False
    for number in psutil.pids():
        with contextlib.suppress(psutil.Error, OSError):
            process = psutil.Process(number)
            environ = process.environ()
            mark = environ.get(MARK, "")
            if mark and matches(mark) and number != os.getpid() and _in_this_namespace(number):
                processes.append(process)
            unmarked = unmarked or (not environ and _is_starting(process))
    return processes, unmarked


def _is_starting(process: psutil.Process) -> bool:
    """Whether a process without an environment has just started, and may show one in a moment.

    On Linux, a program runs for some milliseconds before its environment is visible. Its parent may be
    interrupted in that time.
    """
    # Kernel threads show no environment either; they have no program.
    return bool(process.exe()) and time.time() - process.create_time() < ENDING_TIME


def _in_this_namespace(number: int) -> bool:
    """Whether a process uses the same process ids as this one; a process in a container does not."""
    if not sys.platform.startswith("linux"):
        return True
    own, its = (pathlib.Path(f"/proc/{name}/ns/pid").stat() for name in ("self", number))
    return own.st_ino == its.st_ino


def _kill(processes: list[psutil.Process]) -> None:
    for process in processes:
        with contextlib.suppress(psutil.Error):
            process.kill()
