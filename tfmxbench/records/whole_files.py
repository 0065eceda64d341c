"""Text files that are there whole or not at all, also after a kill or a loss of power."""

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
    """Write JSON so that the file is there whole or not at all."""
    with written_whole(path) as file:
        json.dump(values, file, indent=1, allow_nan=False)
        file.write("\n")


@contextlib.contextmanager
def written_whole(path: pathlib.Path, newline: str | None = None) -> Iterator[TextIO]:
    """A text file to write to, which takes its place once it is whole, or else leaves nothing behind.

    Parameters
    ----------
    path : pathlib.Path
        Its place; a file that is there already is replaced.
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
        _keep_name(path.parent)
    except OSError as error:
        # Of a full disk, the system does not say which file it was that did not fit.
        if error.errno is not None:
            error.filename = str(path)
        raise
    finally:
        temporary.unlink(missing_ok=True)


def _keep_name(folder: pathlib.Path) -> None:
    """Have the names in a folder survive a loss of power, where the system can."""
    with contextlib.suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
