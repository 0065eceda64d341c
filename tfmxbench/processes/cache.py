"""The cache folder (downloads, environments, prepared data), and values cached by their conditions' hash."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import os
import pathlib
from collections.abc import Mapping
from typing import Any

import platformdirs

from tfmxbench.processes import hashes
from tfmxbench.records import whole_files


def folder(environ: Mapping[str, str] = os.environ) -> pathlib.Path:
    """The cache folder: ``TFMXBENCH_CACHE_DIR``, or else the platform's folder for caches."""
    configured = environ.get("TFMXBENCH_CACHE_DIR")
    return pathlib.Path(configured).expanduser() if configured else platformdirs.user_cache_path("tfmxbench")


@dataclasses.dataclass(frozen=True)
class ByConditions:
    """Values that are kept under the hash of everything they depend on. They never expire.

    Attributes
    ----------
    folder : pathlib.Path
        It is created when the first value is written.
    """

    folder: pathlib.Path

    def path(self, conditions: Mapping[str, Any], suffix: str = ".json") -> pathlib.Path:
        """The file of the values that were computed under these conditions."""
        return self.folder / f"{hashes.conditions_sha256(conditions)[:32]}{suffix}"

    def read(self, conditions: Mapping[str, Any]) -> Any:
        """The cached values; None if there are none or their file is damaged."""
        with contextlib.suppress(OSError, ValueError):
            return json.loads(self.path(conditions).read_text(encoding="utf-8"))
        return None

    def write(self, conditions: Mapping[str, Any], values: Any) -> None:
        """Cache values that JSON can represent.

        Raises
        ------
        OSError
            If they cannot be written.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        whole_files.write_json(self.path(conditions), values)
