"""Writes text files completely or not at all, even if the process is killed or the power fails."""

from __future__ import annotations

import contextlib
import glob
import json
import os
import pathlib
from collections.abc import Iterator
from typing import Any, TextIO

from tfmxbench.records import leftovers


def write_json(path: pathlib.Path, values: Any) -> None:
    """Write a JSON file completely, or not at all."""
    with written_whole(path) as file:
        json.dump(values, file, indent=1, allow_nan=False)
        file.write("\n")


@contextlib.contextmanager
def written_whole(path: pathlib.Path, newline: str | None = None) -> Iterator[TextIO]:
    """A text file to write to. It appears at its path when it is complete; a failure leaves nothing.

    Parameters
    ----------
    path : pathlib.Path
        Its path; an existing file is replaced.
    newline : str or None
        As :func:`open` takes it.

    Raises
    ------
    OSError
        If it cannot be written.
    """
    temporary = path.with_name(f"{path.name}.{os.getpid()}.part")
    leftovers.remove(path.parent, f"{glob.escape(path.name)}.*.part")
    try:
        with temporary.open("w", encoding="utf-8", newline=newline) as file:
            leftovers.hold(file.fileno())
            yield file
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
        _sync_names(path.parent)
    except OSError as error:
        # On a full disk, the system's error does not name the file.
        if error.errno is not None:
            error.filename = str(path)
        raise
    finally:
        temporary.unlink(missing_ok=True)


def _sync_names(folder: pathlib.Path) -> None:
    """Write the names in a folder to the disk, so that they survive a power failure, where the system can."""
    with contextlib.suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
