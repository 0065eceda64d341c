"""Faults of the surroundings: frameworks, GPUs, versions, processors, paths."""

from __future__ import annotations

import os
import pathlib
import shutil
import tempfile
import textwrap
import venv

import numpy as np
import pytest
from command_line import python
from staged import ran, records

import tfmxbench
from tfmxbench import frameworks
from tfmxbench.processes import cache, environments, machine, runner
from tfmxbench.records.settings import EnvironmentDescription
from tfmxbench.records.trial import COMPLETED
from tfmxbench.report.pages import published
from tfmxbench.report.site import directives
from tfmxbench.worker import entry

# A framework that passes the check of an environment. Tests put a fault before or after this source.
WORKS = {
    "mxnet": """
        import types
        __version__ = "1.9.1"
        context = types.SimpleNamespace(num_gpus=lambda: 1)
        cpu = gpu = lambda: None
        result = types.SimpleNamespace(asnumpy=lambda: None)
        nd = types.SimpleNamespace(ones=lambda shape, context: None, dot=lambda first, second: result)
    """,
    "tensorflow": """
        import contextlib, types
        __version__ = "2.21.0"
        nothing = lambda *arguments: None
        config = types.SimpleNamespace(
            threading=types.SimpleNamespace(
                set_intra_op_parallelism_threads=nothing, set_inter_op_parallelism_threads=nothing
            ),
            list_physical_devices=lambda kind: ["a GPU"],
            experimental=types.SimpleNamespace(
                set_memory_growth=nothing, get_device_details=lambda gpu: {"device_name": "A GPU"}
            ),
        )
        device = lambda name: contextlib.nullcontext()
        result = types.SimpleNamespace(numpy=nothing)
        linalg = types.SimpleNamespace(matmul=lambda first, second: result)
        ones = nothing
    """,
}
PINNED = {
    "mxnet": {"mxnet": "1.9.1", "numpy": "1.23.5"},
    "tensorflow": {"tensorflow-cpu": "2.21.0", "keras": "3.15.1"},
}


@pytest.fixture
def fake(tmp_path, monkeypatch):
    """Make an environment whose framework has the given source, and set its variable to its interpreter."""

    def make(framework: str, source: str, versions=None, folder: pathlib.Path = tmp_path) -> pathlib.Path:
        place = folder / f"{framework} environment"
        venv.EnvBuilder(symlinks=True, with_pip=False).create(place)
        (packages,) = place.glob("lib/python*/site-packages")
        # NumPy, which every framework's environment contains.
        (packages / "numpy.pth").write_text(str(pathlib.Path(np.__file__).parents[1]) + "\n")
        (packages / f"{framework}.py").write_text(textwrap.dedent(source), encoding="utf-8")
        for name, version in (PINNED[framework] if versions is None else versions).items():
            described = packages / f"{name.replace('-', '_')}-{version}.dist-info"
            described.mkdir()
            (described / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
        monkeypatch.setenv(environments.variable(framework), str(place / "bin" / "python"))
        return place / "bin" / "python"

    return make


BOTH = pytest.mark.parametrize("framework", ["mxnet", "tensorflow"])


@BOTH
def test_a_framework_that_works_can_run(fake, framework):
    """This shows that the frameworks below fail for the reason that the tests check."""
    fake(framework, WORKS[framework])
    for device in ("cpu", "gpu"):
        assert environments.find(framework, device).problem == ""


@BOTH
@pytest.mark.parametrize(
    ("source", "problem"),
    [
        pytest.param(
            'raise ImportError("libcudart.so.11.0: cannot open shared object file")',
            "ImportError: libcudart.so.11.0: cannot open shared object file",
            id="a library is missing",
        ),
        pytest.param("import numpy\nnumpy.bool_8x", "AttributeError: module 'numpy'", id="another NumPy"),
        pytest.param("import does_not_exist", "ModuleNotFoundError: No module named 'does_not", id="half"),
        pytest.param("def broken(:", "SyntaxError", id="damaged"),
        pytest.param("import os; os.kill(os.getpid(), 4)", "signal SIGILL", id="another processor"),
        pytest.param("import ctypes; ctypes.string_at(0)", "signal SIGSEGV", id="crashes"),
        pytest.param("import os; os._exit(1)", "exited with code 1", id="exits"),
        pytest.param("", "AttributeError", id="empty"),
    ],
)
def test_a_framework_that_is_broken_says_how(fake, framework, source, problem):
    fake(framework, source)
    environment = environments.find(framework, "cpu")
    assert problem in environment.problem
    assert "\n" not in environment.problem


@BOTH
def test_a_framework_that_hangs_when_it_is_imported_is_given_up(fake, monkeypatch, framework):
    monkeypatch.setattr(environments, "PROBE_TIME_LIMIT", 3.0)
    fake(framework, "import time; time.sleep(600)")
    assert environments.find(framework, "cpu").problem == "did not end within its limit of 3 s"


@BOTH
@pytest.mark.parametrize(
    ("wrong", "problem"),
    [
        pytest.param(
            {
                "mxnet": "context.num_gpus = lambda: 0",
                "tensorflow": "config.list_physical_devices = lambda _: []",
            },
            "finds no GPU that it can use",
            id="none",
        ),
        pytest.param(
            {
                "mxnet": "def fail(*_): raise RuntimeError('CUDA: out of memory')\nnd.dot = fail",
                "tensorflow": "def fail(*_): raise RuntimeError('OOM: out of memory')\nlinalg.matmul = fail",
            },
            "out of memory",
            id="full",
        ),
        pytest.param(
            {
                "mxnet": "def fail(*_): raise RuntimeError('no kernel image is available')\nnd.ones = fail",
                "tensorflow": "def fail(*_): raise RuntimeError('no kernel image is available')\nones = fail",
            },
            "no kernel image is available",
            id="unsupported",
        ),
        pytest.param(
            {
                "mxnet": "import os\nnd.dot = lambda *_: os.abort()",
                "tensorflow": "import os\nlinalg.matmul = lambda *_: os.abort()",
            },
            "killed by signal SIGABRT",
            id="aborts",
        ),
    ],
)
def test_a_gpu_that_cannot_be_used_is_reported_with_the_reason(fake, framework, wrong, problem):
    fake(framework, textwrap.dedent(WORKS[framework]) + wrong[framework])
    assert problem in environments.find(framework, "gpu").problem


def driver(folder: pathlib.Path, monkeypatch, content: str) -> None:
    """Put a fake ``nvidia-smi`` with this content on the path."""
    folder.mkdir(exist_ok=True)
    path = folder / "nvidia-smi"
    path.write_text(content)
    path.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")


@pytest.mark.parametrize(
    ("content", "problem", "name"),
    [
        ("#!/bin/sh\necho 'GPU 0: A GPU'", "", "GPU 0: A GPU"),
        ("#!/bin/sh\nexit 9", "the NVIDIA driver lists no GPU", "none"),
        ("#!/bin/sh\necho broken; exit 255", "the NVIDIA driver lists no GPU", "none"),
        ("#!/bin/sh\n", "the NVIDIA driver lists no GPU", "none"),
        ("#!/bin/sh\nprintf '\\377\\n'", "", "\ufffd"),
        ("#!/bin/sh\nexec sleep 600", "the NVIDIA driver did not answer within 1 s", "none that answers"),
        ("not a program", "nvidia-smi could not be started: Exec format error", "none that answers"),
    ],
    ids=["works", "fails", "fails aloud", "lists nothing", "not UTF-8", "hangs", "damaged"],
)
def test_a_driver_that_misbehaves_is_a_reason(tmp_path, monkeypatch, content, problem, name):
    monkeypatch.setattr(machine, "DRIVER_TIME_LIMIT", 60.0 if "sleep" not in content else 1.0)
    driver(tmp_path / "bin", monkeypatch, content)
    assert environments.gpu_problem() == problem
    assert machine.describe()["gpu"] == name
    assert environments.devices("auto") == (["cpu"] if problem else ["cpu", "gpu"])


@pytest.mark.frameworks
@BOTH
def test_a_real_framework_runs_without_a_home(monkeypatch, framework):
    """Some frameworks write into it when they are imported."""
    if environments.find(framework, "cpu").problem:
        pytest.skip(environments.find(framework, "cpu").problem)
    monkeypatch.setenv("TFMXBENCH_CACHE_DIR", str(cache.folder()))
    monkeypatch.setenv("HOME", "/proc/nowhere")
    assert environments.find(framework, "cpu").problem == ""


# Versions that are not pinned.


def test_an_environment_with_the_pinned_versions_is_not_reported():
    """This includes distributions pinned to one version for older Pythons and to another for newer ones."""
    for name in ("mxnet", "tensorflow"):
        for device in ("cpu", "gpu"):
            text = environments.requirements_path(name, device).read_text(encoding="utf-8")
            lines = [line.split(" ")[0].split("==") for line in text.splitlines() if line[:1].isalpha()]
            for pins in (dict(lines), dict(reversed(lines))):
                installed = [item for item in frameworks.load(name).DISTRIBUTIONS if item in pins]
                assert len(installed) >= 2
                versions = {"python": "3.11.7", **{item: pins[item] for item in installed}}
                assert environments.unpinned(name, device, versions) == ""
    assert environments.unpinned("numpy", "cpu", {"numpy": "9.9"}) == ""
    assert environments.unpinned("gone", "cpu", {"gone": "9.9"}) == ""
    assert environments.unpinned("mxnet", "cpu", {}) == ""


@pytest.mark.parametrize(
    ("framework", "versions", "difference"),
    [
        ("mxnet", {"mxnet": "1.8.0"}, "mxnet 1.8.0 instead of 1.9.1"),
        ("mxnet", {"mxnet-cu112": "1.9.1"}, "mxnet-cu112 1.9.1, which is not pinned"),
        (
            "tensorflow",
            {"tensorflow-cpu": "2.20.0", "keras": "3.15.1"},
            "tensorflow-cpu 2.20.0 instead of 2.21.0",
        ),
        (
            "tensorflow",
            {"tensorflow": "2.21.0"},
            "no tensorflow-cpu 2.21.0, tensorflow 2.21.0, which is not pinned",
        ),
    ],
    ids=str,
)
def test_a_version_that_is_not_pinned_is_reported(
    fake, call, monkeypatch, tmp_path, framework, versions, difference
):
    """Every command that finds it reports it, and so does the site's page with the conditions."""
    for name in ("mxnet", "tensorflow", frameworks.TOGETHER):
        monkeypatch.setenv(environments.variable(name), "/nonexistent/python")
    monkeypatch.setenv("COLUMNS", "1000")
    fake(framework, WORKS[framework], versions)
    environment = environments.find(framework, "cpu")
    assert environment.problem == ""
    assert difference in environments.unpinned(framework, "cpu", environment.versions)
    sentence = f"{frameworks.load(framework).TITLE} on the cpu is not the pinned version: "
    for command in ("list", "environments"):
        code, out, _ = call(command, "--device", "cpu")
        assert code == 0
        assert sentence in out
        assert difference in out.partition(sentence)[2]


def test_a_version_that_is_not_pinned_is_on_the_page(make_results, monkeypatch):
    described = EnvironmentDescription("mxnet", "cpu", "", {"python": "3.11.7", "mxnet": "1.8.0"}, 1)
    results = make_results({"gluon": [1.0, 1.1]}, environments=[described])
    monkeypatch.setattr(published, "results", lambda: results)
    shown = directives.conditions().source
    assert "MXNet on the CPU is not the pinned version: mxnet 1.8.0 instead of 1.9.1" in shown


# Processors.


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="this system binds no processes")
def test_fewer_processors_than_requested_are_reported_before_anything_is_measured(tmp_path):
    """The machine may have more processors that it does not offer to this process."""
    code = (
        "import os, sys; os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:1])\n"
        "from tfmxbench.commands import cli; sys.exit(cli.main(['run', '--device', 'cpu', '--threads', '2']))"
    )
    finished = python("-c", code, cwd=tmp_path)
    assert finished.returncode == 2
    assert finished.stderr == "tfmxbench: 2 threads were requested; this machine offers 1 processors\n"
    assert list(tmp_path.iterdir()) == []


# Paths.

WEIRD = {
    "quotes": """it's a "place" with `quotes`""",
    "shell": "$HOME; rm -rf * & [a-z] {x} %s ~ #",
    "unicode": "Überprüfung 測定 \U0001f600 e\u0301",
    "long": "x" * 200,
    "not text": os.fsdecode(b"caf\xe9"),
}


@pytest.mark.parametrize("name", WEIRD.values(), ids=WEIRD.keys())
def test_a_trial_runs_wherever_everything_lies(make_trial, small_data, fake, tmp_path, monkeypatch, name):
    """Package, interpreter, data, home, temporary files and results are all in such a folder."""
    folder = tmp_path / name
    source = pathlib.Path(tfmxbench.__file__).parent
    shutil.copytree(source, folder / "tfmxbench", ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.setattr(entry, "__file__", str(folder / "tfmxbench" / "worker" / "entry.py"))
    data = pathlib.Path(shutil.copy(small_data, folder))
    monkeypatch.setenv("HOME", str(folder))
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    # The venv module cannot write a name that is not text.
    interpreter = fake("mxnet", WORKS["mxnet"], folder=folder if name.isprintable() else tmp_path)
    record = runner.run(make_trial(data=str(data), interpreter=str(interpreter)), folder)
    assert (record.status, record.reason) == (COMPLETED, "")
    assert environments.find("mxnet", "cpu").problem == ""


@pytest.mark.parametrize("name", WEIRD.values(), ids=WEIRD.keys())
def test_the_command_line_runs_wherever_everything_lies(stage, tmp_path, name):
    if not name.isprintable():
        pytest.skip("a test of its own checks the message about such a name")
    ended = stage.run(tmp_path / name)
    assert ended.code == 0, ended.err
    assert len(records(tmp_path / name)) == len(ran(tmp_path / name)) > 0


def test_a_file_whose_name_is_not_text_can_be_named_in_a_message(tmp_path):
    finished = python("-m", "tfmxbench", "show", os.fsdecode(b"caf\xe9.json"), cwd=tmp_path)
    assert finished.returncode == 2
    assert "Traceback" not in finished.stderr
    assert finished.stderr.startswith("tfmxbench: caf")
    assert "No such file or directory" in finished.stderr
