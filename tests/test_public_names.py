"""The names that the package itself offers."""

import ast
import pathlib
import subprocess
import sys

import pytest

import tfmxbench

ROOT = pathlib.Path(tfmxbench.__file__).parents[1]


def test_every_public_name_can_be_imported_and_says_what_it_is():
    for name in tfmxbench.__all__:
        assert getattr(tfmxbench, name).__doc__, name
    assert sorted(tfmxbench.__all__) == tfmxbench.__all__


def test_type_checkers_see_the_names_that_are_loaded():
    tree = ast.parse(pathlib.Path(tfmxbench.__file__).read_text(encoding="utf-8"))
    (block,) = [node for node in tree.body if isinstance(node, ast.If)]
    names = {
        alias.asname or alias.name: (node.module, alias.name) for node in block.body for alias in node.names
    }
    assert names.keys() == set(tfmxbench.__all__)
    for name, (module, attribute) in names.items():
        __import__(module)
        assert getattr(sys.modules[module], attribute) is getattr(tfmxbench, name)


def test_a_name_that_there_is_none_of_is_an_attribute_error():
    with pytest.raises(AttributeError, match="has no attribute 'nothing'"):
        tfmxbench.nothing  # noqa: B018


def test_importing_the_package_loads_nothing_else():
    """Workers import it where NumPy and the standard library are all that there is."""
    code = "import sys, tfmxbench; print([name for name in sys.modules if name.startswith('tfmxbench.')])"
    finished = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert finished.stdout.strip() == "[]"
