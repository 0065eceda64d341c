"""Where downloads, environments and prepared data are kept."""

from __future__ import annotations

import os
import pathlib
from collections.abc import Mapping

import platformdirs


def folder(environ: Mapping[str, str] = os.environ) -> pathlib.Path:
    """The cache: ``TFMXBENCH_CACHE_DIR``, or else where the platform keeps caches."""
    named = environ.get("TFMXBENCH_CACHE_DIR")
    return pathlib.Path(named).expanduser() if named else platformdirs.user_cache_path("tfmxbench")
