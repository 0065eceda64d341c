"""Temporary files and folders, and removing those that killed processes have left.

A temporary file is named ``<name>.<process>.part`` or ``.<random>.part``, and a folder
``tfmxbench-<process>-<random>``. Its process locks it while it works. A file or folder is a leftover if its
process does not run and nobody holds its lock. The process id alone is not enough, because another container
has other process ids.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import pathlib
import re
import shutil
import stat
import tempfile
from collections.abc import Iterator

import psutil

_FILE = re.compile(r"(?:\.[^.]+|.*\.([0-9]{1,10}))\.part", re.DOTALL)
_FOLDER = re.compile(r"tfmxbench-([0-9]{1,10})-\w+")


@contextlib.contextmanager
def temporary_folder(parent: pathlib.Path | None = None) -> Iterator[pathlib.Path]:
    """A folder that is removed afterwards.

    Parameters
    ----------
    parent : pathlib.Path or None
        The folder in which it is created; None for the system's folder for temporary files.

    Raises
    ------
    OSError
        If it cannot be created.
    """
    prefix = f"tfmxbench-{os.getpid()}-"
    with tempfile.TemporaryDirectory(prefix=prefix, dir=parent, ignore_cleanup_errors=True) as name:
        descriptor = os.open(name, os.O_RDONLY)
        try:
            hold(descriptor)
            yield pathlib.Path(name)
        finally:
            os.close(descriptor)


def hold(descriptor: int) -> None:
    """Lock an open file or folder until it is closed, if its file system supports locks."""
    with contextlib.suppress(OSError):
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)


def remove(folder: pathlib.Path, pattern: str = "*") -> None:
    """Remove the leftovers in a folder, as far as the system allows.

    Parameters
    ----------
    folder : pathlib.Path
    pattern : str
        Pattern of their names, for ``pathlib.Path.glob``.
    """
    with contextlib.suppress(OSError):
        for path in list(folder.glob(pattern)):
            with contextlib.suppress(OSError):
                _remove_leftover(path)


def _remove_leftover(path: pathlib.Path) -> None:
    """Remove a file or folder if it is a leftover that belongs to this user."""
    status = path.lstat()
    if status.st_uid != os.getuid():
        return
    if stat.S_ISDIR(status.st_mode):
        match = _FOLDER.fullmatch(path.name)
    elif stat.S_ISREG(status.st_mode):
        match = _FILE.fullmatch(path.name)
    else:
        return
    if match is None or (match[1] and psutil.pid_exists(int(match[1]))):
        return
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if stat.S_ISDIR(status.st_mode):
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink()
    finally:
        os.close(descriptor)
