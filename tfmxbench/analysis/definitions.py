"""Cuts pieces out of Python source, literally: the parts of an implementation, and functions of a file."""

from __future__ import annotations

import ast
import dataclasses
import functools
import pathlib
import textwrap
from collections.abc import Collection, Iterable, Mapping, Sequence

# Setting and getting the parameters is a part of its own: the parity gate needs it, and the example does not.
PARTS = ("imports", "build", "train", "predict", "parity")
PARITY_FUNCTIONS = ("set_parameters", "get_parameters")


@dataclasses.dataclass(frozen=True)
class Snippet:
    """A piece of a file.

    Attributes
    ----------
    note : str
        The docstrings of its functions.
    source : str
        Its lines without these docstrings.
    """

    note: str
    source: str


def parts(path: pathlib.Path) -> dict[str, str]:
    """Cut an implementation into its parts.

    A function belongs to the part of its name: ``build``, ``train`` or ``predict``. Setting and getting
    the parameters is the part ``parity``. Any other definition belongs to the first part that uses it,
    and to ``parity`` if none does. The file's docstring and ``STYLE`` are left out.

    Parameters
    ----------
    path : pathlib.Path
        An implementation file.

    Returns
    -------
    dict of str to str
        The source of each of ``PARTS``, with the comments in front of each definition.
    """
    return dict(_parts(path.read_text(encoding="utf-8")))


@functools.cache
def _parts(source: str) -> dict[str, str]:
    # Cached because pages cut the same file many times.
    lines = source.splitlines(keepends=True)
    statements = ast.parse(source).body
    owners = _owners(statements)
    texts: dict[str, list[str]] = {part: [] for part in PARTS}
    previous_end = 0
    for statement in statements:
        end = _end(statement)
        text = "".join(lines[previous_end:end])
        previous_end = end
        names = _names(statement)
        if names and names != ["STYLE"]:
            texts[owners.get(names[0], "parity")].append(text)
        elif not names and not _is_docstring(statement):
            # Imports, and what the file does when it is imported, such as setting a switch of the framework.
            texts["imports"].append(text)
    return {part: "".join(pieces).strip("\n") + "\n" if pieces else "" for part, pieces in texts.items()}


def _owners(statements: Iterable[ast.stmt]) -> dict[str, str]:
    """The part that each name belongs to; names that only parity needs are missing."""
    uses = _uses_by_name(statements)
    owners: dict[str, str] = {}
    for part in ("build", "train", "predict"):
        for name in _needed([part], uses, {*PARTS, *PARITY_FUNCTIONS}):
            owners.setdefault(name, part)
    return owners


def functions(path: pathlib.Path, names: Sequence[str], excluded: Collection[str] = ()) -> Snippet:
    """Cut functions out of a file, with the definitions that they use.

    Parameters
    ----------
    path : pathlib.Path
        A Python file.
    names : sequence of str
        The functions.
    excluded : collection of str
        Functions that are not cut out merely because one of ``names`` uses them.

    Raises
    ------
    ValueError
        If there is no such function, or the file is not Python.
    """
    source = path.read_text(encoding="utf-8")
    try:
        statements = ast.parse(source).body
    except SyntaxError as error:
        raise ValueError(f"{path.name} is not a Python file: {error}") from None
    defined = {statement.name for statement in statements if isinstance(statement, ast.FunctionDef)}
    missing = [name for name in names if name not in defined]
    if missing:
        raise ValueError(f"{path.name} has no function {', '.join(missing)}")
    needed = _needed(names, _uses_by_name(statements), excluded)
    notes, pieces = [], []
    for statement in statements:
        if not needed.intersection(_names(statement)):
            continue
        if isinstance(statement, ast.FunctionDef) and statement.name in names:
            notes.append(ast.get_docstring(statement) or "")
            pieces.append(_text(source, statement, without_docstring=True))
        else:
            pieces.append(_text(source, statement))
    return Snippet("\n\n".join(note for note in notes if note), "\n\n".join(pieces))


def nested(path: pathlib.Path, function: str, names: Collection[str]) -> str:
    """Cut the functions of these names out of the function that defines them."""
    source = path.read_text(encoding="utf-8")
    pieces = [
        _text(source, inner)
        for outer in ast.parse(source).body
        if isinstance(outer, ast.FunctionDef) and outer.name == function
        for inner in outer.body
        if isinstance(inner, ast.FunctionDef) and inner.name in names
    ]
    return "\n".join(pieces)


def attributes(source: str, name: str) -> set[str]:
    """The attributes of a name that a piece of source uses."""
    return {
        node.attr
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == name
    }


def _names(statement: ast.stmt) -> list[str]:
    """The names that a statement defines."""
    if isinstance(statement, ast.FunctionDef | ast.ClassDef):
        return [statement.name]
    if isinstance(statement, ast.Assign):
        targets = statement.targets
    elif isinstance(statement, ast.AnnAssign):
        targets = [statement.target]
    else:
        return []
    return [node.id for target in targets for node in ast.walk(target) if isinstance(node, ast.Name)]


def _uses_by_name(statements: Iterable[ast.stmt]) -> dict[str, set[str]]:
    """The names that the definition of each name uses.

    The names that one statement assigns together use each other, so none is cut out without the rest.
    """
    return {
        name: {node.id for node in ast.walk(statement) if isinstance(node, ast.Name)}
        for statement in statements
        for name in _names(statement)
    }


def _needed(names: Iterable[str], uses: Mapping[str, set[str]], excluded: Collection[str]) -> set[str]:
    """These names and all that they use, directly or through others, except what is excluded."""
    needed: set[str] = set()
    waiting = list(names)
    while waiting:
        name = waiting.pop()
        if name in uses and name not in needed:
            needed.add(name)
            waiting += uses[name].difference(excluded)
    return needed


def _is_docstring(statement: ast.stmt) -> bool:
    value = statement.value if isinstance(statement, ast.Expr) else None
    return isinstance(value, ast.Constant) and isinstance(value.value, str)


def _end(statement: ast.stmt) -> int:
    return statement.end_lineno or statement.lineno


def _text(source: str, statement: ast.stmt, without_docstring: bool = False) -> str:
    """The lines of a statement, with the comments directly in front of it, moved to the margin."""
    lines = source.splitlines(keepends=True)
    decorators = statement.decorator_list if isinstance(statement, ast.FunctionDef | ast.ClassDef) else []
    start = min([statement.lineno, *(decorator.lineno for decorator in decorators)]) - 1
    while start and lines[start - 1].lstrip().startswith("#"):
        start -= 1
    numbers = set(range(start, _end(statement)))
    if (
        without_docstring
        and isinstance(statement, ast.FunctionDef)
        and ast.get_docstring(statement) is not None
    ):
        docstring = statement.body[0]
        numbers -= set(range(docstring.lineno - 1, _end(docstring)))
    return textwrap.dedent("".join(lines[number] for number in sorted(numbers)))
