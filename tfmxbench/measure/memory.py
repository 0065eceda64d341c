"""Resident memory of this process, in bytes.

``ru_maxrss`` is inherited across fork and exec, so that a small child of a large parent reports its
parent's peak; ``/proc/self/status`` speaks of this process alone.
"""

from __future__ import annotations

import os


def resident() -> int:
    """Bytes of memory that the process holds now (VmRSS), and 0 where the system does not tell."""
    return _status("VmRSS")


def peak() -> int:
    """The greatest number of bytes that the process has held (VmHWM), and 0 where unknown."""
    return _status("VmHWM")


def _status(field: str) -> int:
    if not os.path.exists("/proc/self/status"):
        return 0
    with open("/proc/self/status", encoding="ascii", errors="replace") as lines:
        for line in lines:
            if line.startswith(field + ":"):
                return int(line.split()[1]) * 1024
    return 0
