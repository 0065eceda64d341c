"""A worker ends when its parent has ended."""

import json
import os
import signal
import subprocess
import sys
import time

import psutil
import pytest
from misbehaving import NUMBERS, PATIENCE, gone

from tfmxbench.records.trial import to_json

pytestmark = pytest.mark.xdist_group("machine")


def start_parent(package_copy, make_trial, tmp_path) -> tuple[subprocess.Popen, int]:
    """A process that runs a sleeping worker, and the worker's id."""
    pid_path = tmp_path / "pid"
    path = package_copy / "networks" / "mlp" / f"sleeping{next(NUMBERS)}.py"
    path.write_text(
        "import os, pathlib, time\n"
        f"part = pathlib.Path({str(pid_path)!r} + '.part')\n"
        "part.write_text(str(os.getpid()))\n"
        f"part.rename({str(pid_path)!r})\n"
        "time.sleep(600)\n",
        encoding="utf-8",
    )
    trial_path = tmp_path / "given.json"
    trial_path.write_text(
        json.dumps(to_json(make_trial(style=path.stem, time_limit=600.0))), encoding="utf-8"
    )
    code = (
        "import json, pathlib, sys\n"
        "from tfmxbench.processes import runner\n"
        "from tfmxbench.worker import entry\n"
        f"entry.__file__ = {str(package_copy / 'worker' / 'entry.py')!r}\n"
        "trial = runner.Trial(**json.loads(pathlib.Path(sys.argv[1]).read_text()))\n"
        "runner.run(trial, pathlib.Path(sys.argv[2]))\n"
    )
    parent = subprocess.Popen(
        [sys.executable, "-c", code, str(trial_path), str(tmp_path)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    deadline = time.monotonic() + PATIENCE
    # The file exists before its content is written.
    while not pid_path.exists() or not pid_path.read_text():
        if parent.poll() is not None or time.monotonic() > deadline:
            parent.kill()
            parent.wait()
            raise AssertionError("the worker did not start")
        time.sleep(0.05)
    return parent, int(pid_path.read_text())


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux ends a process with its parent")
def test_a_worker_ends_when_its_parent_is_killed(package_copy, make_trial, tmp_path):
    parent, pid = start_parent(package_copy, make_trial, tmp_path)
    try:
        assert psutil.pid_exists(pid)
        parent.kill()
        parent.wait()
        assert gone(pid)
    finally:
        end(pid, parent)


def test_a_worker_ends_when_its_parent_is_interrupted(package_copy, make_trial, tmp_path):
    parent, pid = start_parent(package_copy, make_trial, tmp_path)
    try:
        parent.send_signal(signal.SIGINT)
        assert parent.wait(PATIENCE) != 0
        assert gone(pid)
    finally:
        end(pid, parent)


def end(pid: int, parent: subprocess.Popen) -> None:
    if parent.poll() is None:
        parent.kill()
        parent.wait()
    if psutil.pid_exists(pid):
        os.kill(pid, signal.SIGKILL)
