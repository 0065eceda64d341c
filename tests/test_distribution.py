"""The package as a package: built, installed into an empty environment, and used in an empty folder."""

from __future__ import annotations

import json
import os
import pathlib
import re
import subprocess
import sys
import tarfile
import tomllib
import zipfile

import pytest
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

import tfmxbench
from tfmxbench.processes import cache, environments

ROOT = pathlib.Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
PINS = ROOT / "requirements" / "development.txt"
# What the site alone needs.
SITE_ONLY = {"jinja2", "matplotlib", "myst-parser", "pygount", "sphinx", "sphinx-gallery"}
UV = [sys.executable, "-m", "uv"]
PATIENCE = 300.0


def run(*command: str | pathlib.Path, cwd: pathlib.Path, **variables: str) -> str:
    """Run a command without this checkout's settings; its standard output."""
    environ = {name: value for name, value in os.environ.items() if not name.startswith(("TFMXBENCH_", "PY"))}
    finished = subprocess.run(
        [str(word) for word in command],
        cwd=cwd,
        env={**environ, "COLUMNS": "200", **variables},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE,
    )
    assert finished.returncode == 0, finished.stdout[-3000:] + finished.stderr[-3000:]
    return finished.stdout


def pinned() -> dict[str, str]:
    """The development environment's versions, by the distributions' names."""
    lines = re.findall(r"^([a-z0-9._-]+)==([^\s;\\]+)", PINS.read_text(encoding="utf-8"), re.MULTILINE)
    assert len(lines) == len(dict(lines)), "a distribution is pinned to two versions"
    return dict(lines)


def asked_for() -> list[Requirement]:
    """What pyproject.toml asks for, all extras included."""
    lines = [
        *PROJECT["dependencies"],
        *(line for extra in PROJECT["optional-dependencies"].values() for line in extra),
    ]
    return [Requirement(line) for line in lines]


@pytest.mark.parametrize("requirement", asked_for(), ids=str)
def test_what_the_project_asks_for_is_a_range_and_is_pinned_within_it(requirement):
    operators = [item.operator for item in requirement.specifier]
    assert ">=" in operators
    assert not {"==", "==="} & set(operators)
    assert pinned()[requirement.name] in requirement.specifier


def test_the_pins_are_made_for_every_python_that_the_package_says_it_runs_on():
    command = PINS.read_text(encoding="utf-8").splitlines()[1]
    assert "--universal --python-version 3.11 --generate-hashes" in command
    assert "--all-extras" in command
    versions = [
        item.rpartition(" ")[2]
        for item in PROJECT["classifiers"]
        if re.fullmatch(r"Programming Language :: Python :: 3\.\d+", item)
    ]
    assert versions == ["3.11", "3.12", "3.13"]
    assert all(version in SpecifierSet(PROJECT["requires-python"]) for version in versions)


def test_groups_of_tests_are_kept_together(request):
    """Some versions of pytest and pytest-xdist ignore them together, and say nothing."""
    if not request.config.getoption("loadgroup", False):
        pytest.skip("these tests run in one process")
    assert request.node.nodeid.endswith("@test_distribution")


def test_the_citation_names_this_version_and_licence():
    import yaml

    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    assert citation["version"] == tfmxbench.__version__
    assert citation["license"] == PROJECT["license"]
    assert citation["title"].startswith(PROJECT["name"])
    assert [author["name"] for author in citation["authors"]] == [a["name"] for a in PROJECT["authors"]]
    assert {"cff-version", "message", "abstract", "keywords"} <= citation.keys()


@pytest.fixture(scope="module")
def built(tmp_path_factory) -> dict[str, pathlib.Path]:
    """The source distribution, and the wheel that is built from it, with the pinned builder."""
    folder = tmp_path_factory.mktemp("dist")
    run(*UV, "build", "--quiet", "--build-constraints", PINS, "--out-dir", folder, ROOT, cwd=folder)
    (wheel,), (source,) = folder.glob("*.whl"), folder.glob("*.tar.gz")
    return {"wheel": wheel, "source": source}


def test_the_wheel_holds_the_package_its_pins_and_schemas_and_nothing_of_the_site(built):
    with zipfile.ZipFile(built["wheel"]) as archive:
        names = archive.namelist()
    files = {str(path.relative_to(ROOT)) for path in (ROOT / "tfmxbench").rglob("*.py")}
    files |= {str(path.relative_to(ROOT)) for path in (ROOT / "tfmxbench").rglob("*.json")}
    files |= {f"tfmxbench/{path.relative_to(ROOT)}" for path in (ROOT / "requirements").iterdir()}
    information = f"tfmxbench-{tfmxbench.__version__}.dist-info"
    inside = {name for name in names if not name.startswith(information)}
    assert inside == files
    assert f"{information}/licenses/LICENSE" in names


def test_the_source_distribution_holds_what_builds_and_tests_the_package_and_nothing_that_was_made(built):
    with tarfile.open(built["source"]) as archive:
        names = {pathlib.PurePath(name).parts[1:] for name in archive.getnames()}
    tops = {parts[0] for parts in names if parts}
    assert {"README.md", "LICENSE", "CITATION.cff", "conf.py", "docs", "gallery", "tests", "tox.ini"} <= tops
    assert not tops & {"build", ".tox", ".venv", ".git", "dist"}
    assert not [parts for parts in names if "__pycache__" in parts]


@pytest.fixture(scope="module")
def installed(built, tmp_path_factory) -> pathlib.Path:
    """The folder of programs of an empty environment that the wheel was installed into."""
    folder = tmp_path_factory.mktemp("installed")
    run(*UV, "venv", "--quiet", "--python", sys.executable, folder, cwd=folder)
    interpreter = folder / "bin" / "python"
    options = ["--quiet", "--python", interpreter, "--constraints", PINS]
    run(*UV, "pip", "install", *options, built["wheel"], cwd=folder)
    return folder / "bin"


def test_what_only_the_site_needs_is_not_installed_with_the_command_line(installed):
    listed = run(*UV, "pip", "list", "--format", "json", "--python", installed / "python", cwd=installed)
    names = {item["name"].lower() for item in json.loads(listed)}
    assert {"tfmxbench", "numpy", "rich", "scipy", "uv"} <= names
    assert not names & SITE_ONLY
    docs = {Requirement(line).name for line in PROJECT["optional-dependencies"]["docs"]}
    assert docs >= SITE_ONLY


@pytest.mark.frameworks
def test_every_command_works_outside_of_a_checkout(installed, tmp_path):
    """In an empty folder, with this machine's environments, on drawn digits."""
    problem = environments.look_for("mxnet", "cpu").problem
    if problem:
        pytest.skip(problem)
    settings = {
        "TFMXBENCH_CACHE_DIR": str(cache.folder()),
        "TFMXBENCH_DEVICE": "cpu",
        # The digits that take MNIST's place where it cannot be had.
        "TFMXBENCH_DATA": "synthetic",
    }

    def command(*words: str) -> str:
        return run(installed / "tfmxbench", *words, cwd=tmp_path, **settings)

    chosen = ("--network", "mlp", "--style", "ndarray")
    (row,) = json.loads(command("list", "--json", *chosen))
    assert (row["framework"], row["devices"]) == ("mxnet", {"cpu": "can run"})
    assert re.search(r"MXNet can run on the cpu", command("environments"))
    assert re.search(r"mlp/ndarray .*passed", command("parity", *chosen, "--steps-only"))
    command("run", *chosen, "--profile", "quick", "--output", "results.json")
    shown = command("show", "results.json")
    assert "mlp/ndarray" in shown
    assert "synthetic-digits" in shown
    command("run", *chosen, "--profile", "quick", "--fresh", "--output", "again.json")
    assert "mlp/ndarray" in command("compare", "results.json", "again.json")
    command("export", "results.json", "results.csv")
    header, first, *_ = (tmp_path / "results.csv").read_text(encoding="utf-8").splitlines()
    assert "style" in header.split(",")
    assert "ndarray" in first
    results = json.loads((tmp_path / "results.json").read_text(encoding="utf-8"))
    assert [record["status"] for record in results["records"]] == ["completed"]
    # The campaign's folder, and what was asked for.
    assert {path.name for path in tmp_path.iterdir()} == {
        "build",
        "results.json",
        "again.json",
        "results.csv",
    }
