"""MNIST's four files: what they are called, what is in them, and reading them from a folder."""

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
        The file's name; zipped, ``.gz`` follows.
    shape : tuple of int
        The sizes in its header.
    sha256 : str
        Of its content, not zipped, header included.
    published : str
        SHA-256 of the zipped file that the mirrors serve.
    """

    name: str
    shape: tuple[int, ...]
    sha256: str
    published: str

    @property
    def magic(self) -> int:
        """First four bytes: 8 stands for unsigned bytes, then comes the number of sizes."""
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
        Holds each file under its name, or with ``.gz``; of both, the one without is read. Whether a
        file is zipped is seen from its first bytes: browsers unzip a download and keep its name.
    files : mapping of str to File
        What the files are, by the names of the arrays.

    Returns
    -------
    dict of str to numpy.ndarray
        uint8 arrays of the files' shapes, not writeable, by the names of the arrays.

    Raises
    ------
    DataError
        When a file is missing, cannot be read or unzipped, or does not hold what it should. Files may
        be zipped in any way: what is compared is the content.
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
    right = _describe(file.magic, file.shape, file.length, file.sha256)
    # One byte more than the longest of the four: enough to recognise them, and no more to unzip.
    limit = max(other.length for other in files.values()) + 1
    try:
        content = _content(path, limit)
    except EOFError as error:
        raise DataError(
            f"{path} is a truncated gzip file: its {path.stat().st_size} bytes end too soon; "
            f"expected, unzipped: {right}"
        ) from error
    except (zlib.error, gzip.BadGzipFile) as error:
        raise DataError(f"{path} is a damaged gzip file ({error}); expected, unzipped: {right}") from error
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error}") from error

    found = hashlib.sha256(content).hexdigest()
    if found != file.sha256:
        problem = _problem(content, found, file, files)
        what = _found(content, found, limit)
        raise DataError(f"{path}: {problem}; expected: {right}; found: {what}")
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


def _problem(content: bytes, found: str, file: File, files: Mapping[str, File]) -> str:
    """Say, of content with another hash than it should have, what is the matter with it."""
    for other in files.values():
        if found == other.sha256:
            return f"this looks like {other.name}"
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
    """Sizes in a header, as many as it claims to have and there is room for, at most 3."""
    count = min(content[3], 3, (len(content) - 4) // 4)
    return struct.unpack_from(f">{count}I", content, 4)


def _found(content: bytes, sha256: str, limit: int) -> str:
    if len(content) == limit:
        # Read no further, so neither the length nor the hash is the file's.
        return f"more than {limit - 1} bytes"
    if len(content) < 4:
        return f"{len(content)} bytes"
    return _describe(struct.unpack_from(">I", content)[0], _sizes(content), len(content), sha256)


def _describe(magic: int, sizes: tuple[int, ...], length: int, sha256: str) -> str:
    shape = " x ".join(map(str, sizes)) or "none"
    return f"magic number 0x{magic:08x}, sizes {shape}, {length} bytes, sha256 {sha256}"
