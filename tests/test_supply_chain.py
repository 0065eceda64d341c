"""Everything from elsewhere has a pinned hash, and nothing that is read can run."""

from __future__ import annotations

import ast
import base64
import hashlib
import pathlib
import re
import sys
import zipfile

import pytest

from tfmxbench.data import FILES, MIRRORS
from tfmxbench.processes import environments

ROOT = pathlib.Path(__file__).parents[1]
# The libraries that the site ships unmodified, see docs/_static/datatables/README.txt.
SHIPPED = {
    "datatables.js": "14003b703de0e0019277baff32ce03a0b8a1aba6a97c86bb4b67d430336085de",
    "datatables.css": "f64f07b501d8f3388e58225e5f6546b2c853a706fd8d0bbd5701e7042b3d2026",
    "jquery.js": "39a546ea9ad97f8bfaf5d3e0e8f8556adb415e470e59007ada9759dce472adaa",
}
PINS = sorted((ROOT / "requirements").glob("*.txt")) + sorted((ROOT / "docs").rglob("requirements/*.txt"))
SOURCES = [ROOT / "conf.py", *sorted((ROOT / "tfmxbench").rglob("*.py"))]
HASHED = r"[A-Za-z0-9._-]+(\[[A-Za-z0-9,._-]+\])?==[A-Za-z0-9.!+]+( ; [^#@]+?)?( --hash=sha256:[0-9a-f]{64})+"


def requirements(path: pathlib.Path) -> list[str]:
    """The lines of a file of pins without comments; continued lines are joined."""
    text = re.sub(r" *\\\n *", " ", path.read_text(encoding="utf-8"))
    return [line.strip() for line in text.splitlines() if line.strip() and not line.startswith("#")]


@pytest.mark.parametrize("path", PINS, ids=lambda path: path.name)
def test_every_pin_is_exact_and_hashed_and_names_no_other_index(path):
    lines = requirements(path)
    assert lines
    assert [line for line in lines if not re.fullmatch(HASHED, line)] == []


def test_every_requirement_is_pinned():
    wanted = sorted((ROOT / "requirements").glob("*.in"))
    assert wanted
    for path in wanted:
        pinned = "\n".join(requirements(path.with_suffix(".txt")))
        for line in path.read_text(encoding="utf-8").splitlines():
            name = re.match(r"[A-Za-z0-9._-]+", line)
            if name:
                assert re.search(rf"^{re.escape(name[0])}==", pinned, re.M | re.I), (path.name, name[0])


@pytest.fixture
def wheel(tmp_path, monkeypatch) -> pathlib.Path:
    """An empty package, in the only folder that can be installed from."""
    folder = tmp_path / "wheels"
    folder.mkdir()
    path = folder / "tfmxbench_nothing-1.0-py3-none-any.whl"
    contents = {
        "tfmxbench_nothing.py": "",
        "tfmxbench_nothing-1.0.dist-info/METADATA": "Metadata-Version: 2.1\nName: tfmxbench-nothing\n"
        "Version: 1.0\n",
        "tfmxbench_nothing-1.0.dist-info/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\n"
        "Tag: py3-none-any\n",
    }
    record = "tfmxbench_nothing-1.0.dist-info/RECORD"
    with zipfile.ZipFile(path, "w") as archive:
        for name, text in contents.items():
            archive.writestr(name, text)
        digests = {name: hashlib.sha256(text.encode()).digest() for name, text in contents.items()}
        lines = [
            f"{name},sha256={base64.urlsafe_b64encode(digest).decode().rstrip('=')},{len(contents[name])}"
            for name, digest in digests.items()
        ]
        archive.writestr(record, "\n".join([*lines, f"{record},,", ""]))
    for name, value in {
        "UV_FIND_LINKS": str(folder),
        "UV_NO_INDEX": "1",
        "UV_OFFLINE": "1",
        "UV_CACHE_DIR": str(tmp_path / "uv"),
    }.items():
        monkeypatch.setenv(name, value)
    return path


@pytest.mark.parametrize(
    ("pins", "problem"),
    [
        ("tfmxbench-nothing==1.0 --hash=sha256:{right}", ""),
        ("tfmxbench-nothing==1.0 --hash=sha256:{wrong}", "[Hh]ash"),
        ("tfmxbench-nothing==1.0", "hash"),
        ("tfmxbench-nothing --hash=sha256:{right}", "=="),
    ],
    ids=["right", "wrong", "none", "inexact"],
)
def test_a_package_is_installed_only_if_its_hash_is_the_pinned_one(
    wheel, tmp_path, monkeypatch, pins, problem
):
    right = hashlib.sha256(wheel.read_bytes()).hexdigest()
    path = tmp_path / "pins.txt"
    path.write_text(pins.format(right=right, wrong="0" * 64) + "\n", encoding="utf-8")
    monkeypatch.setattr(environments.frameworks.load("mxnet"), "PYTHONS", (sys.executable,))
    monkeypatch.setattr(environments, "requirements_path", lambda framework, device: path)
    folder = tmp_path / "environment"
    message = environments._install("mxnet", "cpu", folder, lambda line: None)
    assert bool(message) == bool(problem)
    assert re.search(problem, message)
    assert bool(list(folder.rglob("tfmxbench_nothing.py"))) == (not problem)


def test_every_download_has_a_pinned_hash_and_comes_over_tls():
    assert all(mirror.startswith("https://") for mirror in MIRRORS)
    for file in FILES.values():
        assert re.fullmatch("[0-9a-f]{64}", file.sha256)
        assert re.fullmatch("[0-9a-f]{64}", file.published)


def test_the_libraries_that_sort_tables_are_unmodified_and_have_their_licences():
    folder = ROOT / "docs" / "_static" / "datatables"
    licences = {"LICENSE-datatables.txt", "LICENSE-jquery.txt"}
    assert {path.name for path in folder.iterdir()} == {*SHIPPED, *licences, "README.txt"}
    for name, sha256 in SHIPPED.items():
        assert hashlib.sha256((folder / name).read_bytes()).hexdigest() == sha256, name
    texts = {path.name: path.read_text(encoding="utf-8") for path in folder.iterdir()}
    for name, title in (("datatables.js", "DataTables"), ("jquery.js", "jQuery")):
        (version,) = re.findall(rf"^/\*! {title} v?([0-9.]+)", texts[name])
        assert f"{title} {version}" in texts["README.txt"]
    assert all("Permission is hereby granted, free of charge" in texts[name] for name in licences)


def calls(path: pathlib.Path) -> list[tuple[str, ast.Call]]:
    """Every call in a file, with the text of the function that it calls."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return [(ast.unparse(node.func), node) for node in ast.walk(tree) if isinstance(node, ast.Call)]


def imported(path: pathlib.Path) -> set[str]:
    modules = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            modules |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            modules |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return modules


def test_nothing_that_is_read_is_unpickled():
    """A pickle is a program, and so is YAML that is loaded with all its tags."""
    unpickling = {
        "pickle",
        "cPickle",
        "_pickle",
        "dill",
        "cloudpickle",
        "joblib",
        "shelve",
        "marshal",
        "yaml",
    }
    loaded = 0
    for path in SOURCES:
        assert not {name.partition(".")[0] for name in imported(path)} & unpickling, path
        for name, call in calls(path):
            assert not re.search(r"(^|\.)(torch\.load|read_pickle|yaml\.load)$", name), path
            if re.fullmatch(r"(np|numpy)\.load", name):
                loaded += 1
                arguments = {keyword.arg: ast.unparse(keyword.value) for keyword in call.keywords}
                assert arguments.get("allow_pickle") == "False", f"{path}:{call.lineno}"
    assert loaded >= 3


def test_no_shell_is_given_a_string():
    for path in SOURCES:
        for name, call in calls(path):
            where = f"{path}:{call.lineno}: {name}"
            assert name not in {"os.system", "os.popen", "commands.getoutput", "pty.spawn"}, where
            assert not re.search(r"(^|\.)(getoutput|getstatusoutput|create_subprocess_shell)$", name), where
            assert not re.match(r"os\.(exec|spawn)", name), where
            assert not [keyword for keyword in call.keywords if keyword.arg == "shell"], where
            if re.match(r"subprocess\.(run|Popen|call|check_call|check_output)$", name):
                assert not isinstance(call.args[0], ast.Constant | ast.JoinedStr), where
        modules = imported(path)
        assert not [name for name in modules if re.match(r"(os\.(system|popen)|subprocess\.get)", name)], path


def test_no_text_is_run_as_code():
    """An implementation's description of itself is read as a literal, never evaluated."""
    for path in SOURCES:
        for name, call in calls(path):
            assert name not in {"eval", "exec", "compile", "__import__"}, f"{path}:{call.lineno}: {name}"
