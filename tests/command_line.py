"""What tests of the command line share: surroundings in which nothing can run, and what a refusal is."""

import os
import pathlib
import re
import subprocess
import sys

import pytest

import tfmxbench

NOWHERE = "/nonexistent/python"


@pytest.fixture
def surroundings(monkeypatch, tmp_path):
    """An empty folder, an empty cache, and no framework."""
    for name in list(os.environ):
        if name.startswith("TFMXBENCH_"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("TFMXBENCH_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setenv("TFMXBENCH_PYTHON_TENSORFLOW", NOWHERE)
    monkeypatch.setenv("TFMXBENCH_PYTHON_MXNET", NOWHERE)
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.chdir(tmp_path)


def refused(code: int, out: str, err: str, *words: str) -> None:
    """Exit code 2, nothing on standard output, and one sentence, after the usage if there is one."""
    assert code == 2
    assert out == ""
    assert "Traceback" not in err
    *before, sentence = err.rstrip("\n").split("\n")
    assert re.match(r"tfmxbench( [a-z]+)?: ", sentence)
    assert not before or before[0].startswith("usage: tfmxbench")
    for word in words:
        assert word in sentence


def python(*arguments: str, cwd: pathlib.Path, **environ: str) -> subprocess.CompletedProcess:
    """Run Python with this package, and without the settings of whoever runs the tests."""
    root = str(pathlib.Path(tfmxbench.__file__).parents[1])
    inherited = {
        name: value for name, value in os.environ.items() if not name.startswith(("TFMXBENCH_", "LC_"))
    }
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=cwd,
        env={**inherited, "PYTHONPATH": root, **environ},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        encoding="utf-8",
        errors="surrogateescape",
        check=False,
    )
