"""Resident memory of a process, in bytes.

``ru_maxrss`` is inherited across fork and exec, so that a small child of a large parent reports its
parent's peak; ``/proc/self/status`` speaks of this process alone.
"""

from __future__ import annotations


def resident(process: int | str = "self") -> int:
    """Bytes of memory that a process holds now (VmRSS), and 0 where the system does not tell."""
    return _status("VmRSS", process)


def peak() -> int:
    """The greatest number of bytes that the process has held (VmHWM), and 0 where unknown."""
    return _status("VmHWM")


def _status(field: str, process: int | str = "self") -> int:
    try:
        with open(f"/proc/{process}/status", encoding="ascii", errors="replace") as lines:
            for line in lines:
                if line.startswith(field + ":"):
                    return int(line.split()[1]) * 1024
    except OSError:
        # No such file system, or the process has ended.
        return 0
    return 0
