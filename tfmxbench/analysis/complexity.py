"""How much there is to read in an implementation: its API names, its nesting and its branches.

All three are proxies: they count what is written and know nothing of the reader. They are computed from
what the example shows: its imports, ``build``, ``train`` and ``predict``, with what these use. The parity
functions and the style's own description are left out. Comments and docstrings count for nothing.
"""

from __future__ import annotations

import ast
import dataclasses
import pathlib
from typing import TypeGuard

import numpy as np

from tfmxbench import frameworks
from tfmxbench.analysis import definitions

TASK = "task"
NAMESPACE = "types.SimpleNamespace"
# Anyone who reads Python or NumPy knows these.
CONTAINER_ATTRIBUTES = frozenset(name for kind in (str, list, dict, tuple, set) for name in dir(kind))
ARRAY_ATTRIBUTES = frozenset(dir(np.ndarray))
BLOCKS = (
    ast.FunctionDef,
    ast.AsyncFunctionDef,
    ast.ClassDef,
    ast.For,
    ast.AsyncFor,
    ast.While,
    ast.If,
    ast.With,
    ast.AsyncWith,
    ast.Try,
    ast.TryStar,
    ast.Match,
)


@dataclasses.dataclass(frozen=True)
class Complexity:
    """Proxies for how much work an implementation is to read.

    Attributes
    ----------
    names : tuple of str
        The distinct names of the framework's API that the code uses, sorted; their number is the
        measure. There are two kinds. A name that is reached from an import has its whole path,
        whatever the import calls it: ``nn.Dense`` is ``mxnet.gluon.nn.Dense`` after
        ``from mxnet.gluon import nn``; the modules along the path are not counted. An attribute of
        any other object has only its dot, ``.backward``, and counts once a file, called or not.

        These attributes are not counted: ``task`` and its fields; the file's own, which are the fields
        of its ``SimpleNamespace``, whatever it assigns to an object, and what its classes define; those
        whose names NumPy's arrays have too (``.mean``, ``.shape``); those whose names Python's
        strings and containers have too (``.items``), except on a variable that is assigned the
        result of one of the framework's names (``metric = mx.metric.create("ce")``, then ``.get``).

        The count misses what only running the code could show: an attribute of the framework that
        shares its name with one that is not counted, a method that the framework expects a class to
        define, what a ``*`` imports. Two paths to one object are two names; two objects' attributes of
        one name are one; a local variable that hides an import is counted as the import. Readers must
        also know keyword arguments and strings to which the framework gives a meaning; these are not
        counted.
    nesting : int
        Blocks around the most deeply nested statement: functions, classes, ``with``, loops,
        ``if``, ``try`` and ``match``. The body of a function is 1, a loop in it is 2; an ``elif``
        is as deep as its ``if``. Comprehensions and expressions open no block.
    branches : int
        Decisions, weighed as in the cyclomatic complexity (McCabe, "A complexity measure", 1976): one
        for each ``if``, ternary, loop, comprehension, ``if`` in a comprehension, operand of ``and`` and
        ``or`` after the first, ``except``, ``assert``, ``case`` other than ``case _``, and ``else``
        of a loop or a ``try``. Nested functions count too.
    """

    names: tuple[str, ...]
    nesting: int
    branches: int


def complexity(path: pathlib.Path) -> Complexity:
    """Measure an implementation.

    Parameters
    ----------
    path : pathlib.Path
        An implementation file.

    Raises
    ------
    ValueError
        If the file does not parse; the message names it.
    """
    try:
        parts = definitions.parts(path)
    except (SyntaxError, ValueError) as error:
        raise ValueError(f"{path} is not a Python file: {error}") from None
    example = ast.parse("\n\n".join(parts[part] for part in definitions.PARTS if part != "parity"))
    return Complexity(names=_names(example), nesting=_nesting(example), branches=_branches(example))


def _names(tree: ast.Module) -> tuple[str, ...]:
    visitor = _Names(tree)
    visitor.visit(tree)
    return tuple(sorted(visitor.names))


class _Names(ast.NodeVisitor):
    """Collects the names of ``Complexity.names``."""

    def __init__(self, tree: ast.Module) -> None:
        modules = [frameworks.load(name) for name in frameworks.names()]
        # NumPy has no requirements: examples are not written for it.
        self.frameworks = {module.MODULE for module in modules if module.REQUIREMENTS}
        self.imported = _imported(tree)
        self.fields = self._fields(tree)
        self.framework_results = self._framework_results(tree)
        self.names: set[str] = set()

    def visit_Name(self, node: ast.Name) -> None:
        path = self._path(node)
        if isinstance(node.ctx, ast.Load) and self._is_framework(path):
            self.names.add(path)

    def visit_Attribute(self, node: ast.Attribute) -> None:
        path = self._path(node)
        if self._is_framework(path):
            self.names.add(path)
        elif not path:
            if self._is_counted(node):
                self.names.add(f".{node.attr}")
            self.visit(node.value)

    def _path(self, node: ast.expr) -> str:
        """The dotted path of what an import reaches; empty for anything else."""
        if isinstance(node, ast.Name):
            return self.imported.get(node.id, "")
        if isinstance(node, ast.Attribute) and (path := self._path(node.value)):
            return f"{path}.{node.attr}"
        return ""

    def _is_framework(self, path: str) -> bool:
        return path.partition(".")[0] in self.frameworks

    def _is_counted(self, node: ast.Attribute) -> bool:
        owner = node.value
        if TASK in (node.attr, getattr(owner, "id", None), getattr(owner, "attr", None)):
            return False
        if node.attr in self.fields or node.attr in ARRAY_ATTRIBUTES:
            return False
        if node.attr in CONTAINER_ATTRIBUTES:
            return isinstance(owner, ast.Name) and owner.id in self.framework_results
        return True

    def _fields(self, tree: ast.Module) -> set[str]:
        """The attributes that the file itself gives to its objects."""
        fields: set[str] = set()
        for node in ast.walk(tree):
            if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
                fields.add(node.attr)
            elif isinstance(node, ast.Call) and self._path(node.func) == NAMESPACE:
                fields |= {keyword.arg for keyword in node.keywords if keyword.arg}
            elif isinstance(node, ast.ClassDef):
                for statement in node.body:
                    if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef):
                        fields.add(statement.name)
                    elif isinstance(statement, ast.Assign | ast.AnnAssign):
                        fields |= {item.id for item in ast.walk(statement) if _is_stored(item)}
        return fields

    def _framework_results(self, tree: ast.Module) -> set[str]:
        """The variables that are assigned the result of a call to the framework."""
        return {
            node.targets[0].id
            for node in ast.walk(tree)
            if isinstance(node, ast.Assign)
            and isinstance(node.targets[0], ast.Name)
            and isinstance(node.value, ast.Call)
            and self._is_framework(self._path(node.value.func))
        }


def _is_stored(node: ast.AST) -> TypeGuard[ast.Name]:
    return isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)


def _imported(tree: ast.Module) -> dict[str, str]:
    """The dotted path that each imported name stands for."""
    paths: dict[str, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                root = alias.name.partition(".")[0]
                paths[alias.asname or root] = alias.name if alias.asname else root
        elif isinstance(node, ast.ImportFrom):
            module = "." * node.level + (node.module or "")
            paths |= {alias.asname or alias.name: f"{module}.{alias.name}" for alias in node.names}
    return paths


def _nesting(tree: ast.AST, depth: int = 0) -> int:
    deepest = depth
    for node in ast.iter_child_nodes(tree):
        opens = isinstance(node, BLOCKS) and not _is_elif(node, tree)
        deepest = max(deepest, _nesting(node, depth + opens))
    return deepest


def _is_elif(node: ast.AST, parent: ast.AST) -> bool:
    """Whether an ``if`` is an ``elif``: the tree has it in the ``else``, in the parent's column."""
    return (
        isinstance(node, ast.If)
        and isinstance(parent, ast.If)
        and parent.orelse == [node]
        and node.col_offset == parent.col_offset
    )


def _branches(tree: ast.AST) -> int:
    return sum(map(_decisions, ast.walk(tree)))


def _decisions(node: ast.AST) -> int:
    """The decisions that a node adds by itself."""
    match node:
        case ast.If() | ast.IfExp() | ast.Assert() | ast.ExceptHandler():
            return 1
        case ast.For() | ast.AsyncFor() | ast.While():
            return 1 + bool(node.orelse)
        case ast.Try() | ast.TryStar():
            return int(bool(node.orelse))
        case ast.comprehension():
            return 1 + len(node.ifs)
        case ast.BoolOp():
            return len(node.values) - 1
        case ast.match_case(pattern=ast.MatchAs(pattern=None), guard=None):
            return 0
        case ast.match_case():
            return 1
    return 0
