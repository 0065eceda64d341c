"""Cuts what a page shows out of source files, literally: functions, and what they need."""

from __future__ import annotations

import ast
import dataclasses
import pathlib
import textwrap
from collections.abc import Collection, Sequence

Definition = ast.FunctionDef | ast.ClassDef | ast.Assign


@dataclasses.dataclass(frozen=True)
class Snippet:
    """A piece of a file.

    Attributes
    ----------
    note : str
        What its functions' docstrings say.
    source : str
        Its lines without these docstrings.
    """

    note: str
    source: str


def functions(path: pathlib.Path, names: Sequence[str], others: Collection[str] = ()) -> Snippet:
    """Cut functions out of a file, with the definitions that they use.

    Parameters
    ----------
    path : pathlib.Path
        A Python file.
    names : sequence of str
        The functions.
    others : collection of str
        Functions that stand for themselves, and are not cut out because one uses another.

    Raises
    ------
    ValueError
        If there is no such function, or the file is not Python.
    """
    source = path.read_text(encoding="utf-8")
    try:
        tree = ast.parse(source)
    except SyntaxError as error:
        raise ValueError(f"{path.name} is not a Python file: {error}") from None
    known = {name: node for node in tree.body for name in _defined(node)}
    missing = [name for name in names if not isinstance(known.get(name), ast.FunctionDef)]
    if missing:
        raise ValueError(f"{path.name} has no function {', '.join(missing)}")
    wanted: set[str] = set()
    waiting = list(names)
    while waiting:
        name = waiting.pop()
        if name not in wanted:
            wanted.add(name)
            waiting += (_used(known[name]) & known.keys()) - set(others)
    notes, cut = [], []
    for node in tree.body:
        defined = _defined(node)
        if not wanted & set(defined):
            continue
        asked = isinstance(node, ast.FunctionDef) and node.name in names
        if isinstance(node, ast.FunctionDef) and asked:
            notes.append(ast.get_docstring(node) or "")
        cut.append(_lines(source, node, without_docstring=asked))
    return Snippet("\n\n".join(note for note in notes if note), "\n\n".join(cut))


def nested(path: pathlib.Path, function: str, names: Collection[str]) -> str:
    """Cut functions of these names out of another function, in which they are defined."""
    source = path.read_text(encoding="utf-8")
    outer = next(
        (
            node
            for node in ast.parse(source).body
            if isinstance(node, ast.FunctionDef) and node.name == function
        ),
        None,
    )
    inner = [] if outer is None else outer.body
    cut = [_lines(source, node) for node in inner if isinstance(node, ast.FunctionDef) and node.name in names]
    return "\n".join(cut)


def attributes(source: str, name: str) -> set[str]:
    """The attributes of a name that a piece of source uses."""
    return {
        node.attr
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == name
    }


def _defined(node: ast.stmt) -> list[str]:
    if isinstance(node, ast.FunctionDef | ast.ClassDef):
        return [node.name]
    if isinstance(node, ast.Assign):
        return [target.id for target in node.targets if isinstance(target, ast.Name)]
    return []


def _used(node: ast.stmt) -> set[str]:
    return {item.id for item in ast.walk(node) if isinstance(item, ast.Name)}


def _lines(source: str, node: ast.stmt, without_docstring: bool = False) -> str:
    """The lines of a statement, with the comments in front of it, moved to the margin."""
    lines = source.splitlines(keepends=True)
    decorators = node.decorator_list if isinstance(node, ast.FunctionDef | ast.ClassDef) else []
    start = min([node.lineno, *(item.lineno for item in decorators)]) - 1
    while start and lines[start - 1].lstrip().startswith("#"):
        start -= 1
    numbers = set(range(start, node.end_lineno or node.lineno))
    if without_docstring and isinstance(node, ast.FunctionDef) and ast.get_docstring(node) is not None:
        first = node.body[0]
        numbers -= set(range(first.lineno - 1, first.end_lineno or first.lineno))
    return textwrap.dedent("".join(lines[number] for number in sorted(numbers)))
