"""Describes the machine that measures, and divides its processors among processes."""

from __future__ import annotations

import os
import pathlib
import platform
import shutil
import subprocess

import psutil

DRIVER_TIME_LIMIT = 60.0


def processors() -> int:
    """Number of processors that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def shares(threads: int) -> list[set[int]]:
    """The processors that this process may use, divided into equal shares; at least one share.

    Parameters
    ----------
    threads : int
        Processors in a share. Those left over are in no share.

    Returns
    -------
    list of set of int
        Empty sets where the system cannot bind a process to processors.
    """
    number = max(processors() // threads, 1)
    if not hasattr(os, "sched_getaffinity"):
        return [set() for _ in range(number)]
    usable = sorted(os.sched_getaffinity(0))
    return [set(usable[place * threads : (place + 1) * threads]) for place in range(number)]


def keep_to(share: set[int]) -> None:
    """Bind this thread, and the processes that it starts, to these processors, where the system can."""
    if share and hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, share)


def describe() -> dict[str, str]:
    """The machine, in words that stay the same from build to build.

    Returns
    -------
    dict of str to str
        System, processor, number of processors, memory and GPU.
    """
    return {
        "system": _system(),
        "processor": _processor(),
        "processors": str(processors()),
        "memory": f"{psutil.virtual_memory().total / 2**30:.0f} GiB",
        "gpu": _gpu(),
    }


def _system() -> str:
    try:
        name = platform.freedesktop_os_release()["PRETTY_NAME"]
    except OSError:
        name = f"{platform.system()} {platform.release()}"
    return f"{name}, {platform.machine()}"


def _processor() -> str:
    information = pathlib.Path("/proc/cpuinfo")
    if information.is_file():
        for line in information.read_text(encoding="utf-8", errors="replace").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def _gpu() -> str:
    program = shutil.which("nvidia-smi")
    if program is None:
        return "none"
    try:
        finished = subprocess.run(
            [program, "--query-gpu=name,driver_version", "--format=csv,noheader"],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
            timeout=DRIVER_TIME_LIMIT,
        )
    except (OSError, subprocess.TimeoutExpired):
        return "none that answers"
    listed = finished.stdout.decode("utf-8", errors="replace").strip()
    return "; ".join(listed.splitlines()) if finished.returncode == 0 and listed else "none"
