"""The space that an environment's packages take."""

import json
import os
import pathlib
import shutil
import sys
import venv

import pytest

from tfmxbench.processes import environments

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="environments there have other folders")


@pytest.fixture
def packages(tmp_path) -> pathlib.Path:
    """A folder of packages of 1234 bytes, and byte code that Python made of them."""
    folder = tmp_path / "packages"
    (folder / "one" / "inner" / "__pycache__").mkdir(parents=True)
    (folder / "one" / "__init__.py").write_bytes(b"#" * 1000)
    (folder / "one" / "inner" / "library.so").write_bytes(b"\0" * 200)
    (folder / "single.py").write_bytes(b"#" * 34)
    (folder / "one" / "inner" / "__pycache__" / "module.cpython-311.pyc").write_bytes(b"\0" * 5000)
    return folder


@pytest.fixture
def make_interpreter(tmp_path):
    """Make a program that prints what it is told, as an interpreter that is asked for its folders."""

    def make(text: str, code: int = 0) -> str:
        (tmp_path / "text").write_text(text, encoding="utf-8")
        path = tmp_path / "interpreter"
        path.write_text(f"#!/bin/sh\ncat '{tmp_path / 'text'}'\nexit {code}\n", encoding="utf-8")
        path.chmod(0o755)
        return str(path)

    return make


def folders(purelib: pathlib.Path, platlib: pathlib.Path) -> str:
    return json.dumps({"stdlib": "/", "purelib": str(purelib), "platlib": str(platlib)})


def test_packages_of_an_environment_are_counted_and_their_byte_code_is_not(tmp_path, packages):
    """A real one: Python itself is not in its folder of packages."""
    place = tmp_path / "environment"
    venv.create(place, with_pip=False)
    interpreter = str(place / "bin" / "python")
    assert environments.packages_bytes(interpreter) == 0
    (found,) = place.glob("lib/python*/site-packages")
    shutil.copytree(packages, found, dirs_exist_ok=True)
    assert environments.packages_bytes(interpreter) == 1234


def test_two_folders_are_added(packages, tmp_path, make_interpreter):
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "compiled.so").write_bytes(b"\0" * 66)
    assert environments.packages_bytes(make_interpreter(folders(packages, tmp_path / "other"))) == 1300


def test_a_folder_with_two_names_is_counted_once(packages, tmp_path, make_interpreter):
    """As where lib64 is a link to lib."""
    (tmp_path / "lib64").symlink_to(packages)
    assert environments.packages_bytes(make_interpreter(folders(packages, packages))) == 1234
    assert environments.packages_bytes(make_interpreter(folders(packages, tmp_path / "lib64"))) == 1234


def test_a_link_takes_its_own_space_and_not_that_of_what_it_names(packages, tmp_path, make_interpreter):
    """What is elsewhere is no part of the environment, and may not be there at all."""
    (tmp_path / "elsewhere").write_bytes(b"\0" * 9999)
    for name, target in (("good", tmp_path / "elsewhere"), ("broken", tmp_path / "none")):
        (packages / name).symlink_to(target)
    own = sum(len(os.fsencode(tmp_path / name)) for name in ("elsewhere", "none"))
    assert environments.packages_bytes(make_interpreter(folders(packages, packages))) == 1234 + own


@pytest.mark.parametrize("text", ["", "no JSON", "{}", "[]", "null", '{"purelib": 5, "platlib": 5.5}'])
def test_an_interpreter_that_does_not_tell_is_none(make_interpreter, text):
    assert environments.packages_bytes(make_interpreter(text)) is None


def test_an_interpreter_that_does_not_run_is_none(packages, tmp_path, make_interpreter):
    assert environments.packages_bytes(make_interpreter(folders(packages, packages), code=3)) is None
    assert environments.packages_bytes(str(tmp_path / "none")) is None
    assert environments.packages_bytes(str(tmp_path)) is None
    assert environments.packages_bytes("") is None


@pytest.mark.frameworks
def test_the_environment_that_is_tried_has_its_size():
    found = environments.find("mxnet", "cpu")
    assert found.problem == ""
    # MXNet alone takes more than ten megabytes.
    assert found.bytes == environments.packages_bytes(found.interpreter) > 10**7


def test_an_environment_that_does_not_work_has_no_size():
    assert environments.find("numpy", "gpu").bytes is None


def test_the_environment_that_we_run_in_is_not_counted():
    """Each build installs us anew, with other notes; results that were kept must stay as they are."""
    found = environments.find("numpy", "cpu", {})
    assert not found.problem
    assert found.bytes is None
