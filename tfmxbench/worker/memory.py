"""Resident memory of a process, in bytes.

``ru_maxrss`` is inherited across fork and exec, so that a small child of a large parent reports its
parent's peak; ``/proc/self/status`` covers this process alone.
"""

from __future__ import annotations


def resident(process: int | str = "self") -> int:
    """Resident bytes of a process now (VmRSS); 0 if the system does not report them."""
    return _status("VmRSS", process)


def peak() -> int:
    """Peak resident bytes of this process (VmHWM); 0 if the system does not report them."""
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
