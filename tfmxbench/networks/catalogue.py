"""The implementations that exist, found by listing folders and reading their files.

This module imports no implementation, because that would import its framework. It reads the style and
the one-line description from the source.
"""

from __future__ import annotations

import ast
import dataclasses
import difflib
import importlib
import pathlib
from collections.abc import Sequence

from tfmxbench import frameworks
from tfmxbench.networks import Task

FOLDER = pathlib.Path(__file__).parent
REFERENCE = "reference"
LEVELS = ("high", "low")
PARADIGMS = ("imperative", "compiled")


@dataclasses.dataclass(frozen=True)
class Implementation:
    """A network in a style: one file.

    Attributes
    ----------
    network, style, framework : str
        The names of its folder, of its file, and of the framework that it imports.
    level, paradigm : str
        One of ``LEVELS`` and one of ``PARADIGMS``.
    pair : str or None
        The name that it shares with its counterpart in the other framework; None without a counterpart.
    summary : str
        The first line of its docstring.
    path : pathlib.Path
        The file.
    """

    network: str
    style: str
    framework: str
    level: str
    paradigm: str
    pair: str | None
    summary: str
    path: pathlib.Path

    @property
    def name(self) -> str:
        """Network and style: ``mlp/gluon``."""
        return f"{self.network}/{self.style}"

    @property
    def is_imperative(self) -> bool:
        """Whether its code runs line by line, rather than as a graph."""
        return self.paradigm == "imperative"


def networks() -> list[str]:
    """List the networks, which are the folders with a reference; those with dense inputs come first."""
    return sorted(_folders(), key=lambda name: (len(task(name).input_shape), name))


def _folders() -> list[str]:
    return [path.parent.name for path in FOLDER.glob(f"*/{REFERENCE}.py")]


def task(network: str) -> Task:
    """Load the task of a network.

    Raises
    ------
    ValueError
        If no network has that name.
    """
    if network not in _folders():
        raise ValueError(unknown("network", network, _folders()))
    return importlib.import_module(f"tfmxbench.networks.{network}").TASK


def describe(path: pathlib.Path) -> Implementation:
    """Read an implementation's style and description from its file, without importing it.

    Raises
    ------
    ValueError
        If the file lacks a docstring, a ``STYLE`` or a framework, or if a value is not allowed. The
        message names the file.
    """
    try:
        tree = ast.parse(path.read_text(encoding="utf-8"))
    except (SyntaxError, ValueError) as error:
        raise ValueError(f"{path} is not a Python file: {error}") from None
    docstring = ast.get_docstring(tree)
    if not docstring:
        raise ValueError(f"{path} has no docstring; its first line describes the style")
    style = _style(tree, path)
    return Implementation(
        network=path.parent.name,
        style=path.stem,
        framework=_framework(tree, path),
        level=style["level"],
        paradigm=style["paradigm"],
        pair=style.get("pair"),
        summary=docstring.splitlines()[0],
        path=path,
    )


def _style(tree: ast.Module, path: pathlib.Path) -> dict[str, str]:
    for node in tree.body:
        if isinstance(node, ast.Assign) and [ast.unparse(target) for target in node.targets] == ["STYLE"]:
            try:
                style = ast.literal_eval(node.value)
            except (ValueError, TypeError, SyntaxError):
                style = None
            break
    else:
        raise ValueError(f'{path} has no STYLE = {{"level": ..., "paradigm": ...}}')
    if not isinstance(style, dict):
        raise ValueError(f"{path} has a STYLE that is not a literal dict; it is read without running it")
    for key, allowed in (("level", LEVELS), ("paradigm", PARADIGMS)):
        if style.get(key) not in allowed:
            raise ValueError(f"{path} gives the {key} {style.get(key)!r}; it is {' or '.join(allowed)}")
    return style


def _framework(tree: ast.Module, path: pathlib.Path) -> str:
    imported = set()
    for node in tree.body:
        if isinstance(node, ast.Import):
            imported |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            imported.add(node.module.split(".")[0])
    by_module = {frameworks.load(name).MODULE: name for name in frameworks.names()}
    names = sorted(by_module[module] for module in imported & by_module.keys())
    # NumPy counts as a framework only if the file imports no other.
    if len(names) > 1 and "numpy" in names:
        names.remove("numpy")
    if len(names) != 1:
        raise ValueError(f"{path} imports {' and '.join(names) or 'no framework'}; it must import one")
    return names[0]


def reference(network: str) -> Implementation:
    """Describe the NumPy reference of a network as an implementation."""
    task(network)
    return describe(FOLDER / network / f"{REFERENCE}.py")


def implementations(network: str) -> list[Implementation]:
    """List the implementations of a network, by framework, level (high first) and name.

    Raises
    ------
    ValueError
        If there is no such network, or if a file in its folder cannot be described.
    """
    task(network)
    described = [
        describe(path) for path in (FOLDER / network).glob("*.py") if path.stem not in ("__init__", REFERENCE)
    ]
    return sorted(described, key=lambda item: (item.framework, item.level, item.style))


def select(network_names: Sequence[str] = (), styles: Sequence[str] = ()) -> list[Implementation]:
    """List the implementations of the named networks in the named styles; without names, all of them.

    Raises
    ------
    ValueError
        If a name is unknown. The message suggests the closest name.
    """
    for name in network_names:
        task(name)
    of_networks = [
        item
        for name in networks()
        if not network_names or name in network_names
        for item in implementations(name)
    ]
    existing = sorted({item.style for item in of_networks})
    for style in styles:
        if style not in existing:
            raise ValueError(unknown("style", style, existing))
    return [item for item in of_networks if not styles or item.style in styles]


def unknown(kind: str, name: str, existing: Sequence[str]) -> str:
    """Say that a name does not exist, and suggest the closest one; if none is close, list all."""
    nearest = difflib.get_close_matches(name, existing, n=1)
    hint = f"did you mean {nearest[0]!r}?" if nearest else f"there are {', '.join(sorted(existing))}"
    return f"there is no {kind} {name!r}; {hint}"
