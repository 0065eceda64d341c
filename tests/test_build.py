"""Rebuilding the site: all of it if anything has changed, and nothing otherwise."""

from __future__ import annotations

import pathlib
import subprocess

import pytest

from tfmxbench.report.pages import published
from tfmxbench.report.site import build


@pytest.fixture
def checkout(tmp_path) -> pathlib.Path:
    """A folder with one file of each kind of source."""
    for name in ("conf.py", "docs/index.md", "gallery/page.py", "tfmxbench/a.py", "requirements/a.txt"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(f"{name}\n")
    (tmp_path / "build").mkdir()
    (tmp_path / "build" / "results.json").write_text("{}\n")
    return tmp_path


@pytest.fixture
def built(checkout, monkeypatch):
    """Build, and return how often Sphinx has run so far; it writes a page, or fails."""
    calls = []

    def run(command, cwd, check):
        calls.append(command)
        (cwd / build.SITE).mkdir(parents=True, exist_ok=True)
        if built.code == 0:
            (cwd / build.SITE / "index.html").write_text(f"page {len(calls)}\n")
        if built.meanwhile is not None:
            built.meanwhile()
        return subprocess.CompletedProcess(command, built.code)

    def built() -> int:
        assert build.main(checkout) == built.code
        return len(calls)

    built.code, built.meanwhile = 0, None
    monkeypatch.setattr(subprocess, "run", run)
    return built


def test_a_site_is_built_once_if_nothing_changes(built, capsys):
    assert [built(), built(), built()] == [1, 1, 1]
    assert capsys.readouterr().out.count("Nothing has changed") == 2


@pytest.mark.parametrize(
    "name",
    [
        "conf.py",
        "docs/index.md",
        "docs/new/page.md",
        "gallery/page.py",
        "tfmxbench/a.py",
        "requirements/a.txt",
        "build/results.json",
    ],
)
def test_a_changed_source_rebuilds_the_site(built, checkout, name):
    assert built() == 1
    path = checkout / name
    path.parent.mkdir(exist_ok=True)
    path.write_text("changed\n")
    assert [built(), built()] == [2, 2]
    path.unlink()
    assert built() == 3


def test_generated_and_compiled_files_do_not_count(built, checkout):
    assert built() == 1
    (checkout / "build" / "results.csv").write_text("a\n")
    (checkout / "tfmxbench" / "__pycache__").mkdir()
    (checkout / "tfmxbench" / "__pycache__" / "a.pyc").write_text("a\n")
    for name in ("docs/gallery/page.rst", "docs/topics/a/page.rst", "docs/sg_execution_times.rst"):
        (checkout / name).parent.mkdir(parents=True, exist_ok=True)
        (checkout / name).write_text("a\n")
    (checkout / "tests").mkdir()
    (checkout / "tests" / "test_a.py").write_text("a\n")
    assert built() == 1


def test_a_changed_variable_or_version_rebuilds_the_site(built, monkeypatch):
    assert built() == 1
    monkeypatch.setenv("OTHERS", "x")
    assert built() == 1
    monkeypatch.setenv("TFMXBENCH_SEED", "1")
    assert built() == 2
    installed = list(build.importlib.metadata.distributions())
    monkeypatch.setattr(build.importlib.metadata, "distributions", lambda: installed[1:])
    assert built() == 3


def test_the_content_of_another_results_file_counts(built, checkout, monkeypatch):
    assert published.RESULTS_VARIABLE is build.RESULTS_VARIABLE
    assert built() == 1
    other = checkout / "other.json"
    monkeypatch.setenv(build.RESULTS_VARIABLE, str(other))
    for number, content in enumerate(("{}", "{ }"), start=2):
        other.write_text(content)
        assert [built(), built()] == [number, number]


@pytest.mark.parametrize("damage", ["index.html", "other.html"])
def test_a_damaged_site_is_rebuilt(built, checkout, damage):
    assert built() == 1
    path = checkout / build.SITE / damage
    path.unlink() if path.exists() else path.write_text("x\n")
    assert built() == 2


def test_a_failed_build_is_repeated(built):
    built.code = 1
    assert [built(), built()] == [1, 2]
    built.code = 0
    assert [built(), built()] == [3, 3]


def test_a_change_during_a_build_rebuilds_the_site(built, checkout):
    built.meanwhile = lambda: (checkout / "docs" / "index.md").write_text(
        f"{len(list(checkout.iterdir()))}\n"
    )
    assert built() == 1
    built.meanwhile = None
    assert [built(), built()] == [2, 2]


def test_the_command_is_what_tox_runs():
    tox = (pathlib.Path(__file__).parents[1] / "tox.ini").read_text(encoding="utf-8")
    assert f"python -m {build.__name__}" in tox
