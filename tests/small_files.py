"""Small files of the same kind as MNIST's, for tests of where data come from."""

from __future__ import annotations

import dataclasses
import gzip
import hashlib
import pathlib
import struct
from collections.abc import Mapping

import numpy as np
import pytest

from tfmxbench import data
from tfmxbench.data import File, synthetic

SHAPES = {
    "train_images": (40, 28, 28),
    "train_labels": (40,),
    "test_images": (12, 28, 28),
    "test_labels": (12,),
}
LABELS = "t10k-labels-idx1-ubyte"
IMAGES = "train-images-idx3-ubyte"


@dataclasses.dataclass(frozen=True)
class Small:
    """Small files: what they are, what is in them, zipped and not, and as arrays."""

    files: Mapping[str, File]
    contents: Mapping[str, bytes]
    zipped: Mapping[str, bytes]
    arrays: Mapping[str, np.ndarray]

    def write(self, folder: pathlib.Path, zipped: bool = True) -> pathlib.Path:
        folder.mkdir()
        for name, content in (self.zipped if zipped else self.contents).items():
            (folder / f"{name}.gz" if zipped else folder / name).write_bytes(content)
        return folder


def idx(array: np.ndarray) -> bytes:
    return struct.pack(f">{1 + array.ndim}I", 0x800 + array.ndim, *array.shape) + array.tobytes()


def make_small(arrays: Mapping[str, np.ndarray]) -> Small:
    files, contents, zipped = {}, {}, {}
    for role, array in arrays.items():
        name = data.FILES[role].name
        contents[name] = idx(array)
        zipped[name] = gzip.compress(contents[name], mtime=0)
        hashes = [hashlib.sha256(content).hexdigest() for content in (contents[name], zipped[name])]
        files[role] = File(name, array.shape, *hashes)
    return Small(files, contents, zipped, arrays)


def random_arrays() -> dict[str, np.ndarray]:
    random = np.random.RandomState(1)
    tops = {role: 256 if len(shape) == 3 else 10 for role, shape in SHAPES.items()}
    return {role: random.randint(0, tops[role], shape, np.uint8) for role, shape in SHAPES.items()}


def load(
    small: Small, cache: pathlib.Path, *addresses: str, choice: str = "mnist", **more: bool
) -> data.Dataset:
    return data.load(None, cache, mirrors=addresses, files=small.files, choice=choice, **more)


def assert_small(dataset: data.Dataset, small: Small) -> None:
    assert dataset.name == "mnist"
    for name, array in small.arrays.items():
        np.testing.assert_array_equal(getattr(dataset, name), array)


@pytest.fixture(scope="session")
def small() -> Small:
    return make_small(random_arrays())


@pytest.fixture
def no_data_named(monkeypatch: pytest.MonkeyPatch, tmp_path: pathlib.Path) -> None:
    """No variable names data, and the cache is an empty one."""
    for name in ("TFMXBENCH_DATA", "TFMXBENCH_DATA_DIR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TFMXBENCH_CACHE_DIR", str(tmp_path / "default-cache"))
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")


@pytest.fixture
def few_drawn(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Draw 50 digits where 70000 would be, for tests that are not about them; counts the drawings."""
    drawings: list[int] = []
    generate = synthetic.generate

    def generate_few(seed: int, count: int) -> tuple[np.ndarray, np.ndarray]:
        drawings.append(count)
        images, labels = generate(seed, 50)
        return images, labels

    monkeypatch.setattr(synthetic, "generate", generate_few)
    return drawings
