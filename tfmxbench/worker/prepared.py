"""The data set as worker processes read it: one file, whose name ends with the hash of its content.

Workers run in the frameworks' environments, with whichever NumPy a framework needs. This module
therefore imports NumPy and the standard library only.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import pathlib
import tempfile
import zipfile
import zlib
from collections.abc import Mapping

import numpy as np

from tfmxbench.worker import inputs

ARRAYS = ("train_images", "train_labels", "test_images", "test_labels")
HASH_DIGITS = 16


class DataError(ValueError):
    """Data are missing or wrong; the message names the file."""


def write_prepared(arrays: Mapping[str, np.ndarray], folder: pathlib.Path, stem: str) -> pathlib.Path:
    """Write the four arrays into a folder, unless the folder already holds them.

    Parameters
    ----------
    arrays : mapping of str to numpy.ndarray
        ``train_images``, ``train_labels``, ``test_images`` and ``test_labels``, uint8.
    folder : pathlib.Path
        Created if missing.
    stem : str
        The beginning of the file's name.

    Returns
    -------
    pathlib.Path
        ``<stem>-<first 16 digits of the sha256>.npz`` in the folder, not compressed. Whenever the file
        exists it is complete, even if several processes write it at once.

    Raises
    ------
    OSError
        When the folder cannot be written to.
    """
    arrays = {name: arrays[name] for name in ARRAYS}
    path = folder / f"{stem}-{inputs.hash_arrays(arrays)[:HASH_DIGITS]}.npz"
    with contextlib.suppress(DataError):
        read_prepared(path)
        return path
    folder.mkdir(parents=True, exist_ok=True)
    # In the same folder, because renaming is atomic only within a file system.
    handle, name = tempfile.mkstemp(dir=folder, prefix=".", suffix=".part")
    part = pathlib.Path(name)
    try:
        with os.fdopen(handle, "wb") as stream:
            # While it is locked, no other process removes it as a leftover.
            with contextlib.suppress(OSError):
                fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
            np.savez(stream, **arrays)  # type: ignore[arg-type]
            stream.flush()
            os.fsync(stream.fileno())
        part.replace(path)
    except OSError as error:
        # On a full disk, the system does not name the file that did not fit.
        if error.errno is not None:
            error.filename = str(path)
        raise
    finally:
        part.unlink(missing_ok=True)
    return path


def read_prepared(path: str | os.PathLike[str]) -> dict[str, np.ndarray]:
    """Read a prepared data set, and check it against the hash in its name.

    Parameters
    ----------
    path : path-like
        A file that :func:`write_prepared` wrote.

    Returns
    -------
    dict of str to numpy.ndarray
        uint8: ``train_images`` (60000, 28, 28), ``train_labels`` (60000,), ``test_images``
        (10000, 28, 28) and ``test_labels`` (10000,), in this order.

    Raises
    ------
    DataError
        When the file is missing or damaged, lacks an array, or holds values whose hash is not the
        one in its name.
    """
    path = pathlib.Path(path)
    try:
        # An archive is recognised by its first bytes. NumPy would guess the format of other files.
        if not zipfile.is_zipfile(path):
            path.stat()
            raise DataError(f"{path} is not an .npz file, or is truncated")
        with np.load(path, allow_pickle=False) as archive:
            arrays = {name: archive[name] for name in ARRAYS}
    except DataError:
        raise
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile, zlib.error) as error:
        raise DataError(f"{path} cannot be read as a prepared data set: {error}") from error
    named, actual = path.stem.rpartition("-")[2], inputs.hash_arrays(arrays)[:HASH_DIGITS]
    if actual != named:
        raise DataError(f"{path} was altered: its name says sha256 {named}..., its content has {actual}...")
    return arrays
