"""Implementations that misbehave, in a copy of the package; fixtures and what they need."""

from __future__ import annotations

import itertools
import json
import pathlib
import shutil
import textwrap
import time

import psutil
import pytest

import tfmxbench
from tfmxbench.processes import hashes, runner
from tfmxbench.records.schema import check_against
from tfmxbench.records.trial import FAILED, to_json
from tfmxbench.worker import entry

PATIENCE = 60.0
# Each misbehaving file has a name of its own: Python would take the bytecode of an older one of the
# same size and second for it.
NUMBERS = itertools.count()


@pytest.fixture(scope="module")
def package_copy(tmp_path_factory) -> pathlib.Path:
    copy = tmp_path_factory.mktemp("package") / "tfmxbench"
    shutil.copytree(
        pathlib.Path(tfmxbench.__file__).parent, copy, ignore=shutil.ignore_patterns("__pycache__")
    )
    return copy


@pytest.fixture
def misbehave(package_copy, make_trial, tmp_path, monkeypatch):
    """Run a trial of an implementation whose training does what it is told."""
    monkeypatch.setattr(entry, "__file__", str(package_copy / "worker" / "entry.py"))
    path = package_copy / "networks" / "mlp" / f"bad{next(NUMBERS)}.py"

    def run(training: str, **changes) -> runner.Record:
        path.write_text(
            "import os, pathlib, signal, subprocess, sys, time\n"
            "from tfmxbench.networks.mlp.reference import build, get_parameters, predict, set_parameters\n"
            f"HERE = pathlib.Path({str(tmp_path)!r})\n"
            "def train(model, x, y):\n" + textwrap.indent(textwrap.dedent(training).strip(), "    ") + "\n",
            encoding="utf-8",
        )
        changes.setdefault("source_sha256", hashes.source_sha256(path))
        return runner.run(make_trial(style=path.stem, **changes), tmp_path)

    return run


def assert_failed(record, *words) -> None:
    """It is a record of a failure, it names the cause, and it can be stored."""
    assert record.status == FAILED
    assert record.measurement is None
    for word in words:
        assert word in record.reason
    check_against("record", json.loads(json.dumps(to_json(record), allow_nan=False)))


def gone(pid: int) -> bool:
    """Whether a process ends, waiting for it; one that only waits to be collected has ended."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        try:
            if psutil.Process(pid).status() == psutil.STATUS_ZOMBIE:
                return True
        except psutil.NoSuchProcess:
            return True
        time.sleep(0.05)
    return False
