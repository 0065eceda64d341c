"""The file that workers read their data from."""

from __future__ import annotations

import importlib.util
import math
import os
import pathlib
import subprocess
import sys

import numpy as np
import pytest
from small_files import SHAPES, Small

from tfmxbench import data
from tfmxbench.data import DataError
from tfmxbench.worker import inputs, prepared


@pytest.fixture
def dataset(small: Small) -> data.Dataset:
    return data.Dataset("mnist", "for a test", **{name: array.copy() for name, array in small.arrays.items()})


def test_arrays_stay_what_their_hash_says(dataset: data.Dataset) -> None:
    assert not any(array.flags.writeable for array in dataset.arrays.values())


def test_prepared_data_are_read_back(dataset: data.Dataset, small: Small, tmp_path: pathlib.Path) -> None:
    path = data.prepare(dataset, tmp_path / "new" / "folder")
    assert path == tmp_path / "new" / "folder" / f"mnist-{dataset.sha256[:16]}.npz"
    arrays = prepared.read_prepared(str(path))
    assert list(arrays) == list(small.arrays)
    assert inputs.hash_arrays(arrays) == dataset.sha256
    assert [entry.name for entry in path.parent.iterdir()] == [path.name]
    assert path.stat().st_size > sum(math.prod(shape) for shape in SHAPES.values()), "not compressed"


def test_prepared_data_are_used_again_if_intact(dataset: data.Dataset, tmp_path: pathlib.Path) -> None:
    path = data.prepare(dataset, tmp_path)
    inode, whole = path.stat().st_ino, path.read_bytes()
    assert data.prepare(dataset, tmp_path).stat().st_ino == inode
    path.write_bytes(whole[: len(whole) // 2])
    assert data.prepare(dataset, tmp_path).read_bytes() == whole


def test_failed_write_leaves_nothing(
    dataset: data.Dataset, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fill_the_disk(stream: object, **arrays: np.ndarray) -> None:
        stream.write(b"PK half of it")  # type: ignore[attr-defined]
        raise OSError("No space left on device")

    monkeypatch.setattr(np, "savez", fill_the_disk)
    with pytest.raises(OSError, match="No space"):
        data.prepare(dataset, tmp_path)
    assert not list(tmp_path.iterdir())


class Payload:
    """Runs code when it is unpickled."""

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return exec, ("raise SystemExit('unpickled')",)


@pytest.mark.parametrize(
    "damage", ["missing", "truncated", "altered", "renamed", "no array", "pickle", "text"]
)
def test_damaged_prepared_data_are_refused(
    dataset: data.Dataset, tmp_path: pathlib.Path, damage: str
) -> None:
    path = data.prepare(dataset, tmp_path)
    content = path.read_bytes()
    if damage == "missing":
        path.unlink()
    elif damage == "truncated":
        path.write_bytes(content[:-100])
    elif damage == "altered":
        path.write_bytes(content[:5000] + bytes([content[5000] ^ 1]) + content[5001:])
    elif damage == "renamed":
        path = path.rename(tmp_path / f"mnist-{'0' * 16}.npz")
    elif damage == "no array":
        np.savez(
            path,
            allow_pickle=True,
            **{name: array for name, array in dataset.arrays.items() if name != "test_labels"},
        )
    elif damage == "pickle":
        np.savez(path, **{**dataset.arrays, "train_images": np.array([Payload()], dtype=object)})
    else:
        path.write_text("not an archive")
    with pytest.raises(DataError) as caught:
        prepared.read_prepared(path)
    assert str(path) in str(caught.value)


def test_reading_prepared_data_needs_numpy_only() -> None:
    specification = importlib.util.find_spec("tfmxbench.worker.prepared")
    assert specification is not None
    code = (
        "import sys, tfmxbench.worker.prepared\n"
        "print(*sorted({name.partition('.')[0] for name in sys.modules} - sys.stdlib_module_names))"
    )
    root = str(pathlib.Path(str(specification.origin)).parents[2])
    # Isolated from what site customisations import.
    command = [sys.executable, "-S", "-c", code]
    paths = os.pathsep.join([root, str(pathlib.Path(np.__file__).parents[1])])
    result = subprocess.run(
        command, capture_output=True, text=True, check=True, env={**os.environ, "PYTHONPATH": paths}
    )
    assert set(result.stdout.split()) <= {
        "__main__",
        "numpy",
        "tfmxbench",
        "mkl",
        "mkl_fft",
        "cython_runtime",
    }
