"""The data that networks are trained on: MNIST, or synthetic digits if MNIST is not available.

From either source, the arrays have MNIST's shapes and types, and every record states their hash and
their source. A folder that the user names is read or rejected, never replaced by another source.
"""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import os
import pathlib
from collections.abc import Mapping, Sequence

import numpy as np

from tfmxbench.data import download, mnist, synthetic
from tfmxbench.data.download import MIRRORS, DownloadError
from tfmxbench.data.mnist import FILES, File
from tfmxbench.processes import cache as caches
from tfmxbench.worker import inputs
from tfmxbench.worker.prepared import ARRAYS, DataError, read_prepared, write_prepared

__all__ = [
    "FILES",
    "MIRRORS",
    "DataError",
    "Dataset",
    "DownloadError",
    "File",
    "load",
    "load_from_environment",
    "prepare",
]

CHOICES = ("auto", "mnist", "synthetic")


@dataclasses.dataclass(frozen=True, eq=False)
class Dataset:
    """Images of digits, and their labels.

    Attributes
    ----------
    name : str
        ``mnist`` or ``synthetic-digits``.
    source : str
        The origin of the data as text for people, without local paths.
    train_images, test_images : numpy.ndarray
        uint8 of shape ``(60000, 28, 28)`` and ``(10000, 28, 28)``: 0 is paper, 255 is full ink.
        These arrays and the labels are made read-only, because the hash stands for them.
    train_labels, test_labels : numpy.ndarray
        uint8 of shape ``(60000,)`` and ``(10000,)``, 0 to 9.
    """

    name: str
    source: str
    train_images: np.ndarray
    train_labels: np.ndarray
    test_images: np.ndarray
    test_labels: np.ndarray

    def __post_init__(self) -> None:
        for array in self.arrays.values():
            array.setflags(write=False)

    @property
    def arrays(self) -> dict[str, np.ndarray]:
        """The four arrays by their names, in the order in which they are hashed."""
        return {name: getattr(self, name) for name in ARRAYS}

    @functools.cached_property
    def sha256(self) -> str:
        """Hash of the four arrays, by :func:`tfmxbench.worker.inputs.hash_arrays`."""
        return inputs.hash_arrays(self.arrays)


def load(
    directory: pathlib.Path | None = None,
    cache: pathlib.Path | None = None,
    seed: int = 0,
    offline: bool = False,
    mirrors: Sequence[str] = MIRRORS,
    *,
    choice: str = "auto",
    files: Mapping[str, File] = FILES,
) -> Dataset:
    """Find a data set: in a folder, or in the cache or on the mirrors, or draw one.

    Parameters
    ----------
    directory : pathlib.Path, optional
        A folder with MNIST's four files, each zipped or not. If given, no other source is tried.
    cache : pathlib.Path, optional
        The folder for downloads and drawn digits; by default
        :func:`tfmxbench.processes.cache.folder`.
    seed : int
        The seed of synthetic digits, 0 to 2**32 - 1. MNIST does not depend on it.
    offline : bool
        Whether to use the cache only, without contacting the mirrors.
    mirrors : sequence of str
        Addresses of folders with the zipped files, tried in this order.
    choice : str
        ``auto`` as above; ``mnist`` to fail instead of drawing digits; ``synthetic`` to draw them
        regardless of the directory, the mirrors and ``offline``.
    files : mapping of str to File
        MNIST's files, by the names of the arrays.

    Returns
    -------
    Dataset
        MNIST, its content checked, or synthetic digits, whose ``source`` gives the reason.

    Raises
    ------
    DataError
        When the files in the directory are not MNIST's, or when the choice is ``mnist`` and MNIST is not
        available.
    ValueError
        For an invalid choice or seed.
    """
    if choice not in CHOICES:
        raise ValueError(f"data choice {choice!r}: expected one of {', '.join(CHOICES)}")
    cache = caches.folder() if cache is None else cache.expanduser()
    if choice == "synthetic":
        return _synthetic(seed, cache, "as requested")
    if directory is not None:
        arrays = mnist.read(directory.expanduser(), files)
        return Dataset("mnist", "MNIST, read from a local folder, its content checked", **arrays)
    try:
        download.fetch(cache / "mnist", () if offline else mirrors, files)
    except DataError as error:
        if choice == "mnist":
            raise
        # Only the reason of a failed download may be published: other errors name folders.
        reason = error.reason if isinstance(error, DownloadError) else "the cache cannot be written to"
        return _synthetic(seed, cache, f"because MNIST could not be downloaded: {reason}")
    arrays = mnist.read(cache / "mnist", files)
    return Dataset("mnist", "MNIST, downloaded from a public mirror, its content checked", **arrays)


def load_from_environment(
    environ: Mapping[str, str] = os.environ,
    seed: int = 0,
    offline: bool = False,
    mirrors: Sequence[str] = MIRRORS,
    *,
    files: Mapping[str, File] = FILES,
) -> Dataset:
    """Find the data set that environment variables select.

    Parameters
    ----------
    environ : mapping of str to str
        ``TFMXBENCH_DATA_DIR`` is the directory of :func:`load`, ``TFMXBENCH_CACHE_DIR`` its cache and
        ``TFMXBENCH_DATA`` its choice. An empty value counts as unset.
    seed, offline, mirrors, files
        As for :func:`load`.

    Returns
    -------
    Dataset
        As from :func:`load`.

    Raises
    ------
    DataError
        As from :func:`load`.
    ValueError
        If ``TFMXBENCH_DATA`` is not ``auto``, ``mnist`` or ``synthetic``.
    """
    choice = environ.get("TFMXBENCH_DATA") or "auto"
    if choice not in CHOICES:
        raise ValueError(f"TFMXBENCH_DATA={choice}: expected one of {', '.join(CHOICES)}")
    directory = environ.get("TFMXBENCH_DATA_DIR")
    return load(
        pathlib.Path(directory) if directory else None,
        caches.folder(environ),
        seed,
        offline,
        mirrors,
        choice=choice,
        files=files,
    )


def prepare(dataset: Dataset, folder: pathlib.Path) -> pathlib.Path:
    """Write a data set as the one file that worker processes read.

    Parameters
    ----------
    dataset : Dataset
    folder : pathlib.Path
        Created if missing.

    Returns
    -------
    pathlib.Path
        ``<name>-<first 16 digits of its sha256>.npz`` in the folder, for
        :func:`tfmxbench.worker.prepared.read_prepared`; an intact file that exists already is reused.

    Raises
    ------
    OSError
        When the folder cannot be written to.
    """
    return write_prepared(dataset.arrays, folder, dataset.name)


def _synthetic(seed: int, cache: pathlib.Path, reason: str) -> Dataset:
    source = f"digits drawn by tfmxbench (generator version {synthetic.VERSION}, seed {seed}), {reason}"
    folder, stem = cache / "synthetic-digits", f"v{synthetic.VERSION}-seed{seed}"
    for path in sorted(folder.glob(f"{stem}-*.npz")):
        try:
            return Dataset("synthetic-digits", source, **read_prepared(path))
        except DataError:
            continue  # damaged: the digits are drawn again and replace it
    train, test = FILES["train_labels"].shape[0], FILES["test_labels"].shape[0]
    images, labels = synthetic.generate(seed, train + test)
    arrays = dict(zip(ARRAYS, (images[:train], labels[:train], images[train:], labels[train:]), strict=True))
    # If the cache cannot be written to, they are drawn again the next time.
    with contextlib.suppress(OSError):
        write_prepared(arrays, folder, stem)
    return Dataset("synthetic-digits", source, **arrays)
