"""Hashes of the sources that a measurement depends on, by which records and caches are told apart."""

from __future__ import annotations

import hashlib
import pathlib
from collections.abc import Sequence

from tfmxbench import frameworks, mistakes
from tfmxbench.measure import energy, inputs, memory, mistaken, prepared, programs, worker


def harness_sha256() -> str:
    """Hash of what runs in a worker besides an implementation and its task."""
    own = [
        pathlib.Path(str(module.__file__))
        for module in (worker, programs, mistaken, inputs, prepared, memory, energy)
    ]
    digest = hashlib.sha256()
    for path in [*own, *sorted(frameworks.FOLDER.rglob("*.py"))]:
        digest.update(path.read_bytes())
    return digest.hexdigest()


def mistakes_sha256(names: Sequence[str]) -> str:
    """Hash of the mistakes that trials are made under."""
    digest = hashlib.sha256()
    for path in [
        mistakes.FOLDER / "__init__.py",
        *(mistakes.FOLDER / f"{name}.py" for name in sorted(names)),
    ]:
        digest.update(path.read_bytes())
    return digest.hexdigest()


def source_sha256(path: pathlib.Path) -> str:
    """Hash of an implementation file, as workers report it."""
    return hashlib.sha256(path.read_bytes()).hexdigest()
