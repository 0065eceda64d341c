"""What a reader has to know of the machine that measured."""

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


def describe() -> dict[str, str]:
    """The machine in words that do not change from one build to the next.

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
