"""Hashes of what a measurement depends on. They identify cached values and campaigns."""

from __future__ import annotations

import hashlib
import json
import pathlib
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from tfmxbench import mistakes

PACKAGE = pathlib.Path(__file__).parents[1]
# The code that runs in a framework's environment, the code that starts and ends it, and what both read.
HARNESS = ("worker", "processes", "records", "frameworks")


def files_sha256(paths: Iterable[pathlib.Path]) -> str:
    """Hash of the content of files, in the given order."""
    digest = hashlib.sha256()
    for path in paths:
        digest.update(path.read_bytes())
    return digest.hexdigest()


def source_sha256(path: pathlib.Path) -> str:
    """Hash of an implementation file, as workers report it."""
    return files_sha256([path])


def folders_sha256(folders: Sequence[str]) -> str:
    """Hash of all modules in folders of this package.

    Parameters
    ----------
    folders : sequence of str
        Such as ``worker``.
    """
    return files_sha256(path for name in folders for path in sorted((PACKAGE / name).rglob("*.py")))


def harness_sha256() -> str:
    """Hash of the code that a measurement depends on, except the implementation and its network's task."""
    return folders_sha256(HARNESS)


def mistakes_sha256(names: Sequence[str]) -> str:
    """Hash of the mistakes that are switched on in a trial."""
    return files_sha256(mistakes.FOLDER / f"{name}.py" for name in ("__init__", *sorted(names)))


def conditions_sha256(conditions: Mapping[str, Any]) -> str:
    """Hash of the conditions of a measurement, which are values that JSON can represent."""
    return hashlib.sha256(json.dumps(conditions, sort_keys=True).encode()).hexdigest()
