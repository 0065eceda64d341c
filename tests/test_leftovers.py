"""Temporary files and folders of killed processes are removed, and nothing else is."""

from __future__ import annotations

import fcntl
import json
import math
import os
import pathlib
import subprocess
import sys

import pytest

from tfmxbench.records import leftovers, whole_files

pytestmark = pytest.mark.xdist_group("machine")


@pytest.fixture(scope="module")
def dead() -> int:
    """The id of a process that has ended."""
    process = subprocess.Popen(["true"])
    process.wait()
    return process.pid


def test_leftovers_of_dead_processes_are_removed(tmp_path, dead):
    (tmp_path / f"results.json.{dead}.part").write_text("{")
    (tmp_path / f"a name\nof two lines.{dead}.part").write_text("{")
    (tmp_path / ".abc123_x.part").write_text("{")
    folder = tmp_path / f"tfmxbench-{dead}-abc123_x"
    (folder / "deep" / "er").mkdir(parents=True)
    (folder / "deep" / "file").write_text("x")
    leftovers.remove(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_files_that_are_not_leftovers_stay(tmp_path, dead):
    """Files of a running process, of another program or of a person stay, and so do a link's targets."""
    kept = [
        f"results.json.{os.getpid()}.part",
        f"results.json.{os.getppid()}.part",
        "film.mp4.part",
        "results.json.12x.part",
        "results.json",
        f"results.json.{dead}.parts",
        f"tfmxbench-{os.getpid()}-abc",
        f"tfmxbench-{dead}",
        "tfmxbench-notes",
        f"other-{dead}-abc",
    ]
    for name in kept:
        (tmp_path / name).mkdir() if name.startswith(("tfm", "other")) else (tmp_path / name).touch()
    target = tmp_path / "target"
    target.mkdir()
    (target / "file").touch()
    (tmp_path / f"tfmxbench-{dead}-link").symlink_to(target)
    (tmp_path / f"link.{dead}.part").symlink_to(target / "file")
    os.mkfifo(tmp_path / f"pipe.{dead}.part")
    before = sorted(tmp_path.rglob("*"))
    leftovers.remove(tmp_path)
    assert sorted(tmp_path.rglob("*")) == before


def test_locked_files_stay(tmp_path, dead):
    """The process id in the name means nothing on this machine if the process is in another container."""
    path, folder = tmp_path / f"file.{dead}.part", tmp_path / f"tfmxbench-{dead}-abc"
    path.touch()
    folder.mkdir()
    descriptors = [os.open(place, os.O_RDONLY) for place in (path, folder)]
    try:
        for descriptor in descriptors:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        leftovers.remove(tmp_path)
        assert sorted(tmp_path.iterdir()) == sorted([path, folder])
    finally:
        for descriptor in descriptors:
            os.close(descriptor)
    leftovers.remove(tmp_path)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
def test_files_of_another_user_stay(tmp_path, dead):
    path = tmp_path / f"file.{dead}.part"
    path.touch()
    os.chown(path, 12345, 12345)
    leftovers.remove(tmp_path)
    assert path.exists()


def test_a_folder_that_does_not_exist_is_no_problem(tmp_path):
    leftovers.remove(tmp_path / "missing")
    (tmp_path / "file").touch()
    leftovers.remove(tmp_path / "file")


def test_a_temporary_folder_is_locked_while_it_is_used_and_then_removed(tmp_path):
    with leftovers.temporary_folder(tmp_path) as folder:
        assert folder.parent == tmp_path
        descriptor = os.open(folder, os.O_RDONLY)
        with pytest.raises(BlockingIOError):
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        os.close(descriptor)
        (folder / "file").touch()
    assert list(tmp_path.iterdir()) == []


WRITES = """
import os, pathlib, signal, sys
from tfmxbench.records import whole_files
with whole_files.written_whole(pathlib.Path(sys.argv[1])) as file:
    file.write("half")
    file.flush()
    os.kill(os.getpid(), signal.SIGKILL)
"""


def test_a_half_written_file_of_a_killed_process_is_replaced_by_the_next(tmp_path):
    path = tmp_path / "a [name] with * marks.json"
    root = str(pathlib.Path(whole_files.__file__).parents[2])
    environ = {**os.environ, "PYTHONPATH": root}
    killed = subprocess.run([sys.executable, "-c", WRITES, str(path)], env=environ, check=False)
    assert killed.returncode == -9
    assert [part.suffix for part in tmp_path.iterdir()] == [".part"]
    whole_files.write_json(path, {"whole": True})
    assert list(tmp_path.iterdir()) == [path]


def test_json_is_written_whole_or_not_at_all(tmp_path):
    path = tmp_path / "values.json"
    whole_files.write_json(path, {"a": 1})
    for wrong, error in (({"a": math.nan}, ValueError), ({"a": object()}, TypeError)):
        with pytest.raises(error):
            whole_files.write_json(path, wrong)
        assert json.loads(path.read_text(encoding="utf-8")) == {"a": 1}
        assert list(tmp_path.iterdir()) == [path]
