"""Ends what trials start: their processes, and whatever those start in turn.

A process that leaves its group, as daemons do, is out of reach of a signal to the group. So each trial's
process is given a mark in its environment, which its children inherit, and by which they are found. A
child that clears its environment and leaves its group can be found only while its parents live.
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
    """A mark for one trial's process: the number of the process that starts it, and what is its own.

    All marks are of the same length: where a process' stack begins depends on the length of its
    environment, and how quickly it computes may depend on that.
    """
    return f"{os.getpid():010d}-{_RUN}-{next(_numbers):08d}"


def end(process: subprocess.Popen[bytes] | None, mark: str) -> None:
    """End a process, its group, and whatever else bears its mark.

    Parameters
    ----------
    process : subprocess.Popen or None
        The leader of its group; None if it is not known whether it was started.
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
        # A driver that does not answer can keep a process even from being killed.
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(PATIENCE)
    _end_marked(lambda found: found == mark)


def end_own() -> None:
    """End whatever this process has had started; an interrupt may come while something is being ended."""
    own = f"{os.getpid():010d}-{_RUN}-"
    _end_marked(lambda mark: mark.startswith(own))


def end_orphans() -> None:
    """End what trials have left whose parent was killed, and could end nothing any more."""
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


def _end_marked(wanted: Callable[[str], bool]) -> None:
    """End the processes whose mark is wanted; what they start meanwhile, too."""
    deadline = time.monotonic() + ENDING_TIME
    while True:
        found, unknown = _marked(wanted)
        if not found and not unknown:
            return
        _kill(found)
        if time.monotonic() > deadline:
            return
        time.sleep(0.01)


def _marked(wanted: Callable[[str], bool]) -> tuple[list[psutil.Process], bool]:
    """The processes with such a mark, and whether there is one whose mark cannot be told yet.

    One that only waits to be collected has no mark any more.
    """
    found, unknown = [], False
    for number in psutil.pids():
        with contextlib.suppress(psutil.Error, OSError):
            process = psutil.Process(number)
            environ = process.environ()
            mark = environ.get(MARK, "")
            if mark and wanted(mark) and number != os.getpid() and _numbered_as_here(number):
                found.append(process)
            unknown = unknown or (not environ and _is_starting(process))
    return found, unknown


def _is_starting(process: psutil.Process) -> bool:
    """Whether a process without an environment has just begun, and may show one in a moment.

    Linux has a program running for some milliseconds before it shows its environment, and whoever
    started it may be interrupted meanwhile.
    """
    # What belongs to the kernel has no program; it shows no environment either.
    return bool(process.exe()) and time.time() - process.create_time() < ENDING_TIME


def _numbered_as_here(number: int) -> bool:
    """Whether a process knows other processes by the same numbers; one in a container does not."""
    if not sys.platform.startswith("linux"):
        return True
    own, other = (pathlib.Path(f"/proc/{name}/ns/pid").stat() for name in ("self", number))
    return own.st_ino == other.st_ino


def _kill(processes: list[psutil.Process]) -> None:
    for process in processes:
        with contextlib.suppress(psutil.Error):
            process.kill()
