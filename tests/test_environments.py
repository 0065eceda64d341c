"""The frameworks' environments: finding them, making them, and reporting why they are not available."""

from __future__ import annotations

import pathlib
import sys

import pytest

from tfmxbench import frameworks
from tfmxbench.commands import cli
from tfmxbench.networks import catalogue
from tfmxbench.processes import environments

FRAMEWORKS = sorted({item.framework for item in catalogue.select()})


def test_every_framework_has_hashed_pins_for_each_device():
    """Every requirement is an exact version, and every line of it carries a hash."""
    for name in FRAMEWORKS:
        for device in ("cpu", "gpu"):
            lines = environments.requirements_path(name, device).read_text(encoding="utf-8").splitlines()
            pins = [line for line in lines if line[:1].isalpha()]
            assert pins
            assert [line for line in pins if "==" not in line] == []
            blocks = "\n".join(lines).split("\n" + pins[0])[1]
            assert blocks.count("--hash=sha256:") >= len(pins)


def test_the_pins_are_those_that_the_comparison_is_about():
    tensorflow = environments.requirements_path("tensorflow", "cpu").read_text(encoding="utf-8")
    mxnet = environments.requirements_path("mxnet", "cpu").read_text(encoding="utf-8")
    assert "\ntensorflow-cpu==2.21.0 " in tensorflow
    assert "\nkeras==3.15.1 " in tensorflow
    assert "\nmxnet==1.9.1 " in mxnet
    assert "\nnumpy==1.23.5 " in mxnet


def test_other_pins_are_another_environment(tmp_path, monkeypatch):
    before = environments.path("mxnet", "cpu", tmp_path)
    changed = tmp_path / "mxnet-cpu.txt"
    changed.write_bytes(environments.requirements_path("mxnet", "cpu").read_bytes() + b"\n# changed\n")
    monkeypatch.setattr(environments, "requirements_path", lambda framework, device: changed)
    assert environments.path("mxnet", "cpu", tmp_path) != before


@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_an_environment_that_was_not_made_says_how_to_make_it(framework, tmp_path):
    environment = environments.find(framework, "cpu", {"TFMXBENCH_CACHE_DIR": str(tmp_path)})
    assert "tfmxbench environments" in environment.problem


def test_a_python_that_is_not_available_is_a_reason_that_stays(tmp_path, monkeypatch):
    """Like a machine whose only Python is too new, and that cannot download another."""
    monkeypatch.setattr(frameworks.load("mxnet"), "PYTHONS", ("3.5",))
    monkeypatch.setenv("UV_PYTHON_DOWNLOADS", "never")
    environ = {"TFMXBENCH_CACHE_DIR": str(tmp_path)}
    environments.make("mxnet", "cpu", environ, report=lambda line: None)
    environment = environments.find("mxnet", "cpu", environ)
    assert environment.problem.startswith("MXNet needs Python 3.5, which was neither found")
    assert "TFMXBENCH_PYTHON_MXNET" in environment.problem
    assert environments.find("mxnet", "cpu", environ).problem == environment.problem


def test_an_installation_that_fails_is_a_reason_and_no_environment(tmp_path, monkeypatch):
    pins = tmp_path / "mxnet-cpu.txt"
    pins.write_text("mxnet==1.9.1 --hash=sha256:" + "0" * 64 + "\n", encoding="utf-8")
    monkeypatch.setattr(environments, "requirements_path", lambda framework, device: pins)
    monkeypatch.setattr(frameworks.load("mxnet"), "PYTHONS", (sys.executable,))
    environ = {"TFMXBENCH_CACHE_DIR": str(tmp_path / "cache")}
    environments.make("mxnet", "cpu", environ, report=lambda line: None)
    environment = environments.find("mxnet", "cpu", environ)
    assert environment.problem.startswith("MXNet could not be installed from mxnet-cpu.txt")
    assert environments.find("mxnet", "cpu", environ).problem == environment.problem


def test_a_named_interpreter_is_used_and_nothing_is_made(tmp_path):
    environ = {"TFMXBENCH_CACHE_DIR": str(tmp_path), "TFMXBENCH_PYTHON_MXNET": sys.executable}
    environments.make("mxnet", "cpu", environ)
    environment = environments.find("mxnet", "cpu", environ)
    assert environment.interpreter == str(pathlib.Path(sys.executable).absolute())
    # The site's own environment never contains a framework.
    assert "No module named 'mxnet'" in environment.problem
    assert list(tmp_path.iterdir()) == []


def test_a_named_interpreter_that_does_not_exist_is_reported_with_its_variable(tmp_path):
    environ = {"TFMXBENCH_PYTHON_TENSORFLOW": str(tmp_path / "nothing here")}
    environment = environments.find("tensorflow", "cpu", environ)
    assert "TFMXBENCH_PYTHON_TENSORFLOW" in environment.problem
    assert "nothing here" in environment.problem


@pytest.mark.frameworks
@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_a_missing_gpu_is_a_reason(framework):
    """The CPU build stands in for a GPU build that finds no usable GPU."""
    interpreter = environments.find(framework, "cpu").interpreter
    if not interpreter:
        pytest.skip(environments.find(framework, "cpu").problem)
    environment = environments.find(framework, "gpu", {environments.variable(framework): interpreter})
    assert "finds no GPU that it can use" in environment.problem


def test_the_cpu_is_always_measured(monkeypatch):
    monkeypatch.setattr(environments, "gpu_problem", lambda: "there is none")
    assert environments.devices("auto") == ["cpu"]
    assert environments.devices("gpu") == ["cpu", "gpu"]
    monkeypatch.setattr(environments, "gpu_problem", lambda: "")
    assert environments.devices("auto") == ["cpu", "gpu"]
    assert environments.devices("cpu") == ["cpu"]
    with pytest.raises(ValueError, match="'tpu'"):
        environments.devices("tpu")


@pytest.fixture
def make_only(monkeypatch, tmp_path, capsys):
    """Run ``tfmxbench environments --make-only`` with named interpreters, which must not be started."""

    def run(**interpreters) -> tuple[int, str]:
        monkeypatch.setenv("TFMXBENCH_CACHE_DIR", str(tmp_path))
        monkeypatch.setattr(environments, "make", lambda *arguments, **options: None)
        monkeypatch.setattr(environments, "_try", lambda *arguments: pytest.fail("it was tried"))
        for framework, interpreter in interpreters.items():
            monkeypatch.setenv(environments.variable(framework), interpreter)
        code = cli.main(["environments", "--make-only", "--device", "cpu"])
        return code, capsys.readouterr().out

    return run


def test_environments_can_be_made_without_being_tried(make_only):
    """The next command that uses them tries them anyway, and an import takes seconds."""
    code, out = make_only(tensorflow=sys.executable, mxnet="/nowhere/python")
    assert code == 0
    lines = " ".join(out.split())
    assert f"TensorFlow (cpu): {sys.executable}" in lines
    assert "MXNet cannot run on the cpu: TFMXBENCH_PYTHON_MXNET names '/nowhere/python'" in lines


def test_without_any_environment_making_them_has_failed(make_only):
    code, out = make_only(tensorflow="/nowhere/python", mxnet="/nowhere/python")
    assert code == 1
    assert out.count("is not a program that can be run") == 2
