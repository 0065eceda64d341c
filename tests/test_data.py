"""A folder of one's own: it is what it should be, or it is refused in words that help."""

from __future__ import annotations

import gzip
import hashlib
import os
import pathlib
import shutil

import numpy as np
import pytest
from small_files import IMAGES, LABELS, Small, assert_small, idx, make_small

from tfmxbench import data
from tfmxbench.data import DataError
from tfmxbench.worker import inputs

pytestmark = pytest.mark.usefixtures("no_data_named")

REAL_MNIST = os.environ.get("TFMXBENCH_DATA_DIR")
MNIST_SHA256 = "52cd6c10ae77107af32269dd9d10ca19c1b749e83235a0c75e2f0729ebeaf141"


@pytest.mark.parametrize("zipped", [True, False])
def test_folder_is_read(small: Small, tmp_path: pathlib.Path, zipped: bool) -> None:
    dataset = data.load(small.write(tmp_path / "data", zipped), files=small.files)
    assert_small(dataset, small)
    assert dataset.train_images.dtype == dataset.test_labels.dtype == np.uint8
    assert dataset.sha256 == inputs.hash_arrays(small.arrays)
    assert str(tmp_path) not in dataset.source, "the source is published"


def test_zipping_is_seen_from_the_content(small: Small, tmp_path: pathlib.Path) -> None:
    folder = small.write(tmp_path / "data")
    for number, (name, content) in enumerate(small.contents.items()):
        if number % 2:
            (folder / f"{name}.gz").write_bytes(content)
        else:
            (folder / f"{name}.gz").rename(folder / name)
    assert_small(data.load(folder, files=small.files), small)


def test_how_a_file_was_zipped_does_not_matter(small: Small, tmp_path: pathlib.Path) -> None:
    folder = small.write(tmp_path / "data")
    for name, content in small.contents.items():
        (folder / f"{name}.gz").write_bytes(gzip.compress(content, 1, mtime=7))
    assert_small(data.load(folder, files=small.files), small)


@pytest.mark.skipif(not REAL_MNIST, reason="TFMXBENCH_DATA_DIR names no folder with MNIST")
def test_mnist_itself(tmp_path: pathlib.Path) -> None:
    folder = pathlib.Path(str(REAL_MNIST))
    dataset = data.load_from_environment({"TFMXBENCH_DATA_DIR": str(folder)})
    assert dataset.sha256 == MNIST_SHA256
    assert dataset.train_images.shape == (60000, 28, 28)
    assert dataset.train_labels[:5].tolist() == [5, 0, 4, 1, 9]
    assert dataset.test_labels[:5].tolist() == [7, 2, 1, 0, 4]
    for file in data.FILES.values():
        with gzip.open(folder / f"{file.name}.gz") as stream, (tmp_path / file.name).open("wb") as unzipped:
            shutil.copyfileobj(stream, unzipped)
    assert data.load(tmp_path).sha256 == MNIST_SHA256


def refuse(small: Small, folder: pathlib.Path, *expected: str) -> None:
    """The folder is refused in words that include these, and nothing takes its place."""
    environ = {"TFMXBENCH_DATA_DIR": str(folder), "TFMXBENCH_CACHE_DIR": str(folder / "cache")}
    for choice in ("auto", "mnist"):
        with pytest.raises(DataError) as caught:
            data.load_from_environment({**environ, "TFMXBENCH_DATA": choice}, files=small.files)
        for text in (str(folder), *expected):
            assert text in str(caught.value)
    assert not (folder / "cache").exists()


def test_missing_folder_is_refused(small: Small, tmp_path: pathlib.Path) -> None:
    refuse(small, tmp_path / "nowhere", "is not a folder", LABELS, IMAGES)


def test_missing_files_are_named(small: Small, tmp_path: pathlib.Path) -> None:
    folder = small.write(tmp_path / "data")
    (folder / f"{LABELS}.gz").unlink()
    (folder / f"{IMAGES}.gz").unlink()
    refuse(small, folder, f"missing: {folder / IMAGES}, {folder / LABELS} ")


def test_truncated_gzip_is_refused(small: Small, tmp_path: pathlib.Path) -> None:
    folder = small.write(tmp_path / "data")
    path = folder / f"{IMAGES}.gz"
    path.write_bytes(small.zipped[IMAGES][:-1000])
    refuse(small, folder, f"{path} is a truncated gzip file", f"{path.stat().st_size} bytes", "40 x 28 x 28")


@pytest.mark.parametrize("position", [10, -8], ids=["data", "checksum"])
def test_damaged_gzip_is_refused(small: Small, tmp_path: pathlib.Path, position: int) -> None:
    folder = small.write(tmp_path / "data")
    content = bytearray(small.zipped[IMAGES])
    content[position] ^= 0xFF
    (folder / f"{IMAGES}.gz").write_bytes(content)
    refuse(small, folder, f"{folder / IMAGES}.gz is a damaged gzip file", small.files["train_images"].sha256)


def test_truncated_file_is_refused(small: Small, tmp_path: pathlib.Path) -> None:
    folder = small.write(tmp_path / "data", zipped=False)
    length = len(small.contents[IMAGES])
    (folder / IMAGES).write_bytes(small.contents[IMAGES][:-1])
    refuse(small, folder, f"{folder / IMAGES}: truncated", f"{length} bytes", f"{length - 1} bytes")


@pytest.mark.parametrize("name", [IMAGES, LABELS])
def test_longer_file_is_refused(small: Small, tmp_path: pathlib.Path, name: str) -> None:
    folder = small.write(tmp_path / "data", zipped=False)
    (folder / name).write_bytes(small.contents[name] + b"\0")
    refuse(small, folder, f"{folder / name}: too long", f"{len(small.contents[name])} bytes")


def test_empty_file_is_refused(small: Small, tmp_path: pathlib.Path) -> None:
    folder = small.write(tmp_path / "data", zipped=False)
    (folder / LABELS).write_bytes(b"")
    refuse(small, folder, f"{folder / LABELS}: ", "found: 0 bytes")


def test_swapped_files_are_recognised(small: Small, tmp_path: pathlib.Path) -> None:
    folder = small.write(tmp_path / "data")
    path = folder / "train-labels-idx1-ubyte.gz"
    zipped = folder / f"{LABELS}.gz"
    path.write_bytes(small.zipped[LABELS])
    zipped.write_bytes(small.zipped["train-labels-idx1-ubyte"])
    refuse(small, folder, f"{path}: this looks like {LABELS}", "sizes 40,", "sizes 12,")


def test_altered_byte_is_refused(small: Small, tmp_path: pathlib.Path) -> None:
    folder = small.write(tmp_path / "data", zipped=False)
    content = bytearray(small.contents[IMAGES])
    content[1000] ^= 1
    (folder / IMAGES).write_bytes(content)
    sha256 = hashlib.sha256(content).hexdigest()
    refuse(small, folder, f"{folder / IMAGES}: altered", small.files["train_images"].sha256, sha256)


def test_wrong_magic_number_is_refused(small: Small, tmp_path: pathlib.Path) -> None:
    folder = small.write(tmp_path / "data", zipped=False)
    (folder / LABELS).write_bytes(b"\x89PNG" + small.contents[LABELS][4:])
    refuse(small, folder, f"{folder / LABELS}: another magic number", "0x00000801", "0x89504e47")


def test_wrong_sizes_are_refused(small: Small, tmp_path: pathlib.Path) -> None:
    folder = small.write(tmp_path / "data", zipped=False)
    (folder / IMAGES).write_bytes(idx(small.arrays["train_images"].transpose(1, 2, 0)))
    refuse(small, folder, f"{folder / IMAGES}: other sizes", "40 x 28 x 28", "28 x 28 x 40")


def test_label_out_of_range_is_refused(small: Small, tmp_path: pathlib.Path) -> None:
    labels = small.arrays["test_labels"].copy()
    labels[7] = 10
    folder = small.write(tmp_path / "data", zipped=False)
    (folder / LABELS).write_bytes(idx(labels))
    refuse(small, folder, f"{folder / LABELS}: label 10 at position 7")
    # Even where the list of files says that this is how it should be.
    wrong = make_small({**small.arrays, "test_labels": labels})
    refuse(wrong, folder, f"{folder / LABELS}: label 10 at position 7")
