"""MNIST's four files: their names, their content, and how they are read from a folder."""

from __future__ import annotations

import dataclasses
import gzip
import hashlib
import math
import pathlib
import struct
import types
import zlib
from collections.abc import Mapping

import numpy as np

from tfmxbench.worker.prepared import DataError

GZIP_MAGIC = b"\x1f\x8b"
CLASSES = 10


@dataclasses.dataclass(frozen=True)
class File:
    """A file in the IDX format: a header of magic number and sizes, then unsigned bytes.

    Attributes
    ----------
    name : str
        The file's name, without the ``.gz`` of the zipped file.
    shape : tuple of int
        The sizes in its header.
    sha256 : str
        SHA-256 of the unzipped content, header included.
    published : str
        SHA-256 of the zipped file that the mirrors serve.
    """

    name: str
    shape: tuple[int, ...]
    sha256: str
    published: str

    @property
    def magic(self) -> int:
        """First four bytes: 8 stands for unsigned bytes, and the last byte is the number of sizes."""
        return 0x800 + len(self.shape)

    @property
    def header_length(self) -> int:
        """Bytes before the values."""
        return 4 + 4 * len(self.shape)

    @property
    def length(self) -> int:
        """Bytes of the content, header included."""
        return self.header_length + math.prod(self.shape)


# In the order in which a data set's arrays are hashed.
FILES: Mapping[str, File] = types.MappingProxyType(
    {
        "train_images": File(
            "train-images-idx3-ubyte",
            (60000, 28, 28),
            "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
            "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609",
        ),
        "train_labels": File(
            "train-labels-idx1-ubyte",
            (60000,),
            "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
            "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c",
        ),
        "test_images": File(
            "t10k-images-idx3-ubyte",
            (10000, 28, 28),
            "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
            "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6",
        ),
        "test_labels": File(
            "t10k-labels-idx1-ubyte",
            (10000,),
            "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
            "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6",
        ),
    }
)


def read(directory: pathlib.Path, files: Mapping[str, File] = FILES) -> dict[str, np.ndarray]:
    """Read the four files from a folder, and check them.

    Parameters
    ----------
    directory : pathlib.Path
        Holds each file under its name, or with ``.gz``; if both exist, the one without is read. The
        first bytes show whether a file is zipped, because browsers unzip a download and keep its
        name.
    files : mapping of str to File
        The files, by the names of the arrays.

    Returns
    -------
    dict of str to numpy.ndarray
        Read-only uint8 arrays of the files' shapes, by the names of the arrays.

    Raises
    ------
    DataError
        When a file is missing, cannot be read or unzipped, or has the wrong content. The unzipped
        content is compared, so a file may be zipped with any settings.
    """
    if not directory.is_dir():
        raise DataError(f"{directory} is not a folder; it should hold {_names(files)}")
    paths = {name: _find(directory, file) for name, file in files.items()}
    missing = [str(directory / files[name].name) for name, path in paths.items() if path is None]
    if missing:
        raise DataError(
            f"missing: {', '.join(missing)} (with or without .gz); the folder should hold {_names(files)}"
        )
    return {name: _read_file(path, files[name], files) for name, path in paths.items() if path is not None}


def _names(files: Mapping[str, File]) -> str:
    return ", ".join(file.name for file in files.values()) + ", each with or without .gz"


def _find(directory: pathlib.Path, file: File) -> pathlib.Path | None:
    candidates = (directory / file.name, directory / f"{file.name}.gz")
    return next((path for path in candidates if path.exists()), None)


def _read_file(path: pathlib.Path, file: File, files: Mapping[str, File]) -> np.ndarray:
    expected = _describe(file.magic, file.shape, file.length, file.sha256)
    # One byte more than the longest of the four: enough to recognise each of them without unzipping more.
    limit = max(each.length for each in files.values()) + 1
    try:
        content = _content(path, limit)
    except EOFError as error:
        raise DataError(
            f"{path} is a truncated gzip file: its {path.stat().st_size} bytes end too soon; "
            f"expected, unzipped: {expected}"
        ) from error
    except (zlib.error, gzip.BadGzipFile) as error:
        raise DataError(f"{path} is a damaged gzip file ({error}); expected, unzipped: {expected}") from error
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error}") from error

    sha256 = hashlib.sha256(content).hexdigest()
    if sha256 != file.sha256:
        problem = _problem(content, sha256, file, files)
        actual = _describe_content(content, sha256, limit)
        raise DataError(f"{path}: {problem}; expected: {expected}; found: {actual}")
    array = np.frombuffer(content, np.uint8, offset=file.header_length).reshape(file.shape)
    if len(file.shape) == 1 and array.max(initial=0) >= CLASSES:
        raise DataError(f"{path}: {_wrong_label(array)}")
    return array


def _content(path: pathlib.Path, limit: int) -> bytes:
    with path.open("rb") as stream:
        zipped = stream.read(len(GZIP_MAGIC)) == GZIP_MAGIC
        stream.seek(0)
        if not zipped:
            return stream.read(limit)
        with gzip.GzipFile(fileobj=stream) as unzipped:
            return unzipped.read(limit)


def _problem(content: bytes, sha256: str, file: File, files: Mapping[str, File]) -> str:
    """Say what is wrong with content whose hash is not the file's."""
    for candidate in files.values():
        if sha256 == candidate.sha256:
            return f"this looks like {candidate.name}"
    if len(content) < 4 or struct.unpack_from(">I", content)[0] != file.magic:
        return "another magic number, so not the right file"
    if len(content) < file.header_length or _sizes(content) != file.shape:
        return "other sizes in the header"
    if len(content) != file.length:
        return "truncated" if len(content) < file.length else "too long"
    values = np.frombuffer(content, np.uint8, offset=file.header_length)
    if len(file.shape) == 1 and values.max(initial=0) >= CLASSES:
        return _wrong_label(values)
    return "altered: the header and the length are right, the values are not"


def _wrong_label(labels: np.ndarray) -> str:
    position = int(np.argmax(labels >= CLASSES))
    return f"label {labels[position]} at position {position}, where labels go from 0 to {CLASSES - 1}"


def _sizes(content: bytes) -> tuple[int, ...]:
    """Sizes in a header: as many as it claims and the content has room for, at most 3."""
    count = min(content[3], 3, (len(content) - 4) // 4)
    return struct.unpack_from(f">{count}I", content, 4)


def _describe_content(content: bytes, sha256: str, limit: int) -> str:
    if len(content) == limit:
        # Reading stopped at the limit, so neither the length nor the hash is the file's.
        return f"more than {limit - 1} bytes"
    if len(content) < 4:
        return f"{len(content)} bytes"
    return _describe(struct.unpack_from(">I", content)[0], _sizes(content), len(content), sha256)


def _describe(magic: int, sizes: tuple[int, ...], length: int, sha256: str) -> str:
    shape = " x ".join(map(str, sizes)) or "none"
    return f"magic number 0x{magic:08x}, sizes {shape}, {length} bytes, sha256 {sha256}"
