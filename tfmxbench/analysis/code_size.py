"""How long an implementation is: lines by pygount, for the whole file and for each part of it."""

from __future__ import annotations

import ast
import dataclasses
import functools
import io
import pathlib

import pygount

# What parity needs is counted apart: it is not part of what the example shows.
PARTS = ("imports", "build", "train", "predict", "parity")
PARITY_FUNCTIONS = ("set_parameters", "get_parameters")


@dataclasses.dataclass(frozen=True)
class Lines:
    """Lines of a piece of source, as pygount counts them.

    Attributes
    ----------
    code, comment, blank : int
        Lines of code (lines of strings among them), of comments and docstrings, and empty ones.
    """

    code: int
    comment: int
    blank: int


def count(source: str, name: str = "source.py") -> Lines:
    """Count the lines of a piece of Python source."""
    return _count(source, name)


@functools.cache
def _count(source: str, name: str) -> Lines:
    """Pages state the same lines many times."""
    handle = io.BytesIO(source.encode("utf-8"))
    # A comment such as "do not edit" would make pygount take the source for generated and count nothing.
    found = pygount.SourceAnalysis.from_file(
        name, "tfmxbench", encoding="utf-8", file_handle=handle, generated_regexes=[]
    )
    return Lines(found.code_count + found.string_count, found.documentation_count, found.empty_count)


def parts(path: pathlib.Path) -> dict[str, str]:
    """Cut an implementation into its parts.

    A definition belongs to the part it is named for: ``build``, ``train``, ``predict``, or
    ``parity`` for setting and getting the parameters. Any other belongs to the part that uses it
    first; the style's own description is left out.

    Parameters
    ----------
    path : pathlib.Path
        An implementation file.

    Returns
    -------
    dict of str to str
        The source of each of ``PARTS``, comments in front of a definition included.
    """
    return dict(_parts(path.read_text(encoding="utf-8")))


@functools.cache
def _parts(source: str) -> dict[str, str]:
    """Pages cut the same file up many times."""
    lines = source.splitlines(keepends=True)
    tree = ast.parse(source)
    found: dict[str, list[str]] = {part: [] for part in PARTS}
    owners = _owners(tree)
    previous_end = 0
    for node in tree.body:
        end = node.end_lineno or node.lineno
        text = "".join(lines[previous_end:end])
        previous_end = end
        names = _names(node)
        if isinstance(node, ast.Import | ast.ImportFrom):
            found["imports"].append(text)
        elif names and names != ["STYLE"]:
            found[owners[names[0]]].append(text)
        elif not names and not _is_docstring(node):
            # What a file does when it is imported, such as a switch of the framework's.
            found["imports"].append(text)
    return {part: "".join(texts).strip("\n") + "\n" if texts else "" for part, texts in found.items()}


def _is_docstring(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def _names(node: ast.stmt) -> list[str]:
    """The names that a statement gives to something."""
    if isinstance(node, ast.FunctionDef | ast.ClassDef):
        return [node.name]
    if isinstance(node, ast.Assign):
        targets = node.targets
    elif isinstance(node, ast.AnnAssign):
        targets = [node.target]
    else:
        return []
    return [item.id for target in targets for item in ast.walk(target) if isinstance(item, ast.Name)]


def _owners(tree: ast.Module) -> dict[str, str]:
    """The part that each name of a module belongs to."""
    together = {name: names for node in tree.body for names in [_names(node)] for name in names}
    uses = {
        name: {item.id for item in ast.walk(node) if isinstance(item, ast.Name)}
        for node in tree.body
        for name in _names(node)
    }
    owners: dict[str, str] = {}

    def claim(name: str, part: str) -> None:
        if name in owners or name not in uses:
            return
        for joint in together[name]:
            owners[joint] = part
        for used in sorted(uses[name] - set(PARTS) - set(PARITY_FUNCTIONS)):
            claim(used, part)

    for part in ("build", "train", "predict"):
        claim(part, part)
    for name in (*PARITY_FUNCTIONS, *uses):
        claim(name, "parity")
    return owners


def count_parts(path: pathlib.Path) -> dict[str, Lines]:
    """Lines of each part of an implementation."""
    return {part: count(source) for part, source in parts(path).items()}


def example_lines(path: pathlib.Path) -> int:
    """Lines of code of what the example shows: everything but what parity needs."""
    return sum(lines.code for part, lines in count_parts(path).items() if part != "parity")
