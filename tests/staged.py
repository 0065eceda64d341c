"""Runs of the command line that are disturbed at a stage of one's choice; what tests of faults share.

Each run is a process of its own, forked from one that has imported everything, so that hundreds of them
take minutes. Its workers are the real ones, but for the program that they run: it measures nothing, says
that it did, and leaves a process of its own behind that has left its group. Trials and parity are done
in a fraction of a second.

Run as a program, this file is the process that forks: it reads requests and answers them, a line each.
"""

from __future__ import annotations

import contextlib
import ctypes
import dataclasses
import errno
import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time

import numpy as np
import psutil
import pytest

PATIENCE = 120.0
STYLES = ("gluon",)
ROUNDS = 3
RUN = (
    *("run", "--device", "cpu", "--network", "mlp", "--profile", "quick", "--threads", "1"),
    *("--rounds", str(ROUNDS), "--output", "results.json"),
    *(word for style in STYLES for word in ("--style", style)),
)

PROGRAMS = '''
"""Stands in for what a worker does: nothing is measured."""
import os, pathlib, shutil, subprocess, time
from tfmxbench.records.trial import Measurement, Memory, Pass, Span, to_json

HERE = pathlib.Path(__file__).parent

def run(trial, interpreter, result_path):
    quiet = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.DEVNULL)
    subprocess.Popen([shutil.which("sleep"), "600"], start_new_session=True, **quiet)
    time.sleep(0.01)
    facts = {"hashes": {"source": trial.source_sha256}, "versions": {"python": "3.11"}, "device_name": "CPU"}
    if trial.purpose == "probe":
        return facts
    if trial.purpose == "parity":
        arrays = HERE / ("reference.npz" if trial.style == "reference" else "float32.npz")
        shutil.copy(arrays, pathlib.Path(result_path).with_suffix(".npz"))
        return facts
    span = Span(0.5, 0.5)
    measurement = Measurement(
        interpreter=span,
        imported=span,
        built=span,
        epochs=[Pass(0.5, 0.5, 10, 1280, 1.0)] * trial.epochs,
        passes=[Pass(0.5, 0.5, 10, 1280, 1.0)] * trial.passes,
        accuracies=[0.9] * trial.epochs,
        inference=[span] * 2,
        latencies=[0.001] * trial.latency_samples,
        memory=Memory(1, 2, 3, 4, 5, None),
        training_images=1280,
        test_images=100,
    )
    with open(pathlib.Path(os.environ["HOME"]) / "ran.txt", "a") as file:
        file.write(trial.identifier + "\\n")
    return {**facts, "measurement": to_json(measurement)}
'''


@dataclasses.dataclass(frozen=True)
class Ended:
    """How a run ended: its exit code, or minus the signal; what it printed; the stages it went through."""

    code: int
    out: str
    err: str
    stages: int = 0
    writes: int = 0

    @property
    def sentence(self) -> str:
        return self.err.rstrip().rpartition("\n")[2]


class Stage:
    """Starts runs, and waits for them; several at a time, if need be."""

    def __init__(self, folder: pathlib.Path) -> None:
        import tfmxbench

        self.package = folder / "tfmxbench"
        source = pathlib.Path(tfmxbench.__file__).parent
        shutil.copytree(source, self.package, ignore=shutil.ignore_patterns("__pycache__"))
        (self.package / "worker" / "programs.py").write_text(PROGRAMS, encoding="utf-8")
        self._write_arrays(self.package / "worker")
        environ = {name: value for name, value in os.environ.items() if not name.startswith("TFMXBENCH_")}
        self._process = subprocess.Popen(
            [sys.executable, __file__, str(self.package)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**environ, "PYTHONPATH": str(source.parent), "COLUMNS": "200"},
        )
        self._lock = threading.Lock()
        assert self._ask({"do": "greet"}) == {}

    @staticmethod
    def _write_arrays(folder: pathlib.Path) -> None:
        """What a reference leaves for the parity gate, and what agrees with it as float32 does."""
        random = np.random.RandomState(0)
        logits = random.uniform(1, 2, (8, 10))
        arrays = {
            "logits": logits,
            "trained_logits": logits,
            "reloaded_logits": logits,
            "losses": random.uniform(1, 2, 50),
            "pass_loss": np.array(1.5),
            "step/dense/kernel": logits,
            "pass/dense/kernel": logits,
        }
        np.savez(folder / "reference.npz", **arrays)
        close = {name: (value * (1 + 1e-7)).astype(np.float32) for name, value in arrays.items()}
        np.savez(folder / "float32.npz", **close)

    def close(self) -> None:
        self._process.stdin.close()
        self._process.stdout.close()
        self._process.wait(PATIENCE)

    def _ask(self, request: dict) -> dict:
        with self._lock:
            self._process.stdin.write(json.dumps(request) + "\n")
            self._process.stdin.flush()
            return json.loads(self._process.stdout.readline())

    def start(self, folder: pathlib.Path, arguments=RUN, **request) -> int:
        """Start a run in a folder, and return its process' number.

        The request says what happens to it: ``at`` which stage ``signal`` is sent, or from which
        writing on the disk is full (``full``); what is mounted before it starts (``mount``).
        """
        folder.mkdir(parents=True, exist_ok=True)
        return self._ask({"do": "start", "folder": str(folder), "arguments": arguments, **request})["process"]

    def signal(self, process: int, folder: pathlib.Path, number: int, after: float = 0.0) -> None:
        """Send a run a signal, some seconds after it has begun to do something."""
        deadline = time.monotonic() + PATIENCE
        while not (folder / f"{process}.started").exists() and time.monotonic() < deadline:
            time.sleep(0.001)
        time.sleep(after)
        # Until it is waited for, its number is its own.
        os.kill(process, number)

    def wait(self, process: int, folder: pathlib.Path) -> Ended:
        deadline = time.monotonic() + PATIENCE
        while (code := self._ask({"do": "poll", "process": process})["code"]) is None:
            assert time.monotonic() < deadline, "the run did not end"
            time.sleep(0.01)
        printed = [(folder / f"{process}.{name}").read_text(encoding="utf-8") for name in ("out", "err")]
        counted = folder / f"{process}.counted"
        return Ended(code, *printed, **(json.loads(counted.read_text()) if counted.exists() else {}))

    def run(self, folder: pathlib.Path, arguments=RUN, **request) -> Ended:
        return self.wait(self.start(folder, arguments, **request), folder)


@pytest.fixture(scope="session")
def stage(tmp_path_factory):
    stage = Stage(tmp_path_factory.mktemp("stage"))
    yield stage
    stage.close()


def marked(process: int) -> list[psutil.Process]:
    """The processes that a run has started, itself or by others, and that still run."""
    processes = []
    for number in psutil.pids():
        with contextlib.suppress(psutil.Error):
            candidate = psutil.Process(number)
            if candidate.environ().get("TFMXBENCH_TRIAL", "").startswith(f"{process:010d}-"):
                processes.append(candidate)
    return processes


def workers(process: int) -> list[psutil.Process]:
    """Those of them that are workers."""
    processes = []
    for candidate in marked(process):
        with contextlib.suppress(psutil.Error):
            if any(word.endswith("entry.py") for word in candidate.cmdline()):
                processes.append(candidate)
    return processes


def records(folder: pathlib.Path) -> dict[str, bytes]:
    """The stored records in a run's folder, by the names of their files."""
    paths = (folder / "here" / "build" / "campaigns").glob("*/*.record.json")
    return {path.name: path.read_bytes() for path in paths}


def ran(folder: pathlib.Path) -> list[str]:
    """The names of the trials that were run to their end, in order."""
    path = folder / "home" / "ran.txt"
    return path.read_text().split() if path.exists() else []


def leftovers(folder: pathlib.Path) -> list[pathlib.Path]:
    """Temporary files and folders below a run's folder."""
    return [*folder.rglob("*.part"), *folder.rglob("tfmxbench-*")]


# The process that forks.


class Disturbance:
    """Counts the stages of a run as Python reports them, and disturbs one of them."""

    STAGES = frozenset(
        {"os.remove", "os.rmdir", "shutil.rmtree", "os.killpg", "fcntl.flock", "subprocess.Popen"}
    )
    WRITES = frozenset({"os.mkdir", "os.rename", "os.fsync"})

    def __init__(self, request: dict, started: pathlib.Path) -> None:
        self._started = started
        self.stages = self.writes = 0
        self.over = False
        self._at, self._signal, self._full = (request.get(name) for name in ("at", "signal", "full"))

    def hook(self, event: str, arguments: tuple) -> None:
        if self.over:
            return
        writes = event in self.WRITES
        if event == "open" and isinstance(arguments[0], str | bytes | os.PathLike):
            path, flags = os.fsdecode(arguments[0]), arguments[2]
            writes = path != os.devnull and bool(flags & (os.O_WRONLY | os.O_RDWR))
        if writes:
            self.writes += 1
            if self._full is not None and self.writes >= self._full:
                name = os.fsdecode(arguments[0]) if isinstance(arguments[0], str | bytes) else None
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), name)
        if writes or event in self.STAGES:
            self.stages += 1
            if self.stages == 1:
                self.over = True
                self._started.touch()
                self.over = False
            if self._at is not None and self.stages == self._at:
                os.kill(os.getpid(), self._signal)


def mount(request: dict) -> None:
    """Mount what is asked for, so that only this process and its children see it."""
    libc = ctypes.CDLL(None, use_errno=True)

    def call(source: str, target: str, kind: str, flags: int, options: str = "") -> None:
        words = [text.encode() for text in (source, target, kind)]
        if libc.mount(*words, ctypes.c_ulong(flags), options.encode()):
            raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()), target)

    read_only, remount, bind, recursive, private = 1, 32, 4096, 16384, 1 << 18
    new_mounts = 0x20000
    if libc.unshare(new_mounts):
        raise OSError(ctypes.get_errno(), "mounts cannot be unshared")
    call("none", "/", "", recursive | private)
    for path, size in request.get("small", {}).items():
        call("tmpfs", path, "tmpfs", 0, f"size={size}")
    for path in request.get("read_only", []):
        call(path, path, "", bind)
        call(path, path, "", bind | remount | read_only)


def can_mount() -> bool:
    """Whether this user may mount something in a process of its own."""
    code = "import staged; staged.mount({'read_only': ['/tmp']})"
    here = str(pathlib.Path(__file__).parent)
    finished = subprocess.run([sys.executable, "-c", code], cwd=here, capture_output=True, check=False)
    return sys.platform.startswith("linux") and finished.returncode == 0


def main(package: pathlib.Path) -> None:
    from tfmxbench import data
    from tfmxbench.commands import cli
    from tfmxbench.processes import environments
    from tfmxbench.worker import entry

    entry.__file__ = str(package / "worker" / "entry.py")
    environments.packages_bytes = lambda interpreter: None
    arrays = {
        f"{part}_{kind}": np.zeros((10, *shape), np.uint8)
        for part in ("train", "test")
        for kind, shape in (("images", (28, 28)), ("labels", ()))
    }
    dataset = data.Dataset("small", "made by a test", **arrays)
    data.load_from_environment = lambda *arguments, **options: dataset

    def enter(folder: pathlib.Path) -> None:
        for name in ("home", "tmp", "here"):
            (folder / name).mkdir(parents=True, exist_ok=True)
        os.chdir(folder / "here")
        os.environ |= {
            "HOME": str(folder / "home"),
            "TMPDIR": str(folder / "tmp"),
            "TFMXBENCH_CACHE_DIR": str(folder / "cache"),
            "TFMXBENCH_PYTHON_MXNET": sys.executable,
        }
        tempfile.tempdir = None

    # Once here, so that what is compiled, read and imported only when it is needed is there in each run.
    with tempfile.TemporaryDirectory() as name, contextlib.redirect_stdout(sys.stderr):
        enter(pathlib.Path(name))
        assert cli.main(RUN) == 0
        os.chdir("/")

    def child(request: dict) -> None:
        folder = pathlib.Path(request["folder"])
        for number, name in ((1, "out"), (2, "err")):
            os.dup2(os.open(folder / f"{os.getpid()}.{name}", os.O_WRONLY | os.O_CREAT), number)
        if request.get("small") or request.get("read_only"):
            mount(request)
        enter(folder)
        os.environ |= request.get("environ", {})
        signal.signal(signal.SIGINT, signal.default_int_handler)
        disturbance = Disturbance(request, folder / f"{os.getpid()}.started")
        fsync = os.fsync

        def audited_fsync(descriptor: int) -> None:
            sys.audit("os.fsync", descriptor)
            fsync(descriptor)

        os.fsync = audited_fsync
        sys.addaudithook(disturbance.hook)
        try:
            code = cli.main(request["arguments"])
        except SystemExit as error:
            code = error.code
        disturbance.over = True
        counted = {"stages": disturbance.stages, "writes": disturbance.writes}
        (folder / f"{os.getpid()}.counted").write_text(json.dumps(counted))
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)

    for line in sys.stdin:
        request = json.loads(line)
        answer = {}
        if request["do"] == "start":
            process = os.fork()
            if process == 0:
                try:
                    child(request)
                except BaseException:
                    import traceback

                    traceback.print_exc()
                    sys.stderr.flush()
                    os._exit(70)
            answer = {"process": process}
        elif request["do"] == "poll":
            process, status = os.waitpid(request["process"], os.WNOHANG)
            answer = {"code": os.waitstatus_to_exitcode(status) if process else None}
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]))
