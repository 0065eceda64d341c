"""How much there is to read in an implementation: names, nesting, branches, and radon's measures.

All are proxies: they count what is written and know nothing of the reader. They are computed on what
the example shows, which is its imports, ``build``, ``train`` and ``predict`` with what these use:
without the parity functions, without the style's own description and without docstrings.
"""

from __future__ import annotations

import ast
import dataclasses
import pathlib
from typing import TypeGuard

import numpy as np
from radon import metrics

from tfmxbench import frameworks
from tfmxbench.analysis import definitions

TASK = "task"
NAMESPACE = "types.SimpleNamespace"
# Known to anyone who reads Python, or NumPy, from elsewhere.
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
class Readability:
    """Proxies for how much work an implementation is to read.

    Attributes
    ----------
    names : tuple of str
        The distinct names of the framework's API that the code uses, sorted; their number is the
        measure. There are two kinds. A name that is reached from an import stands with its whole
        path, whatever the import calls it: ``nn.Dense`` is ``mxnet.gluon.nn.Dense`` after
        ``from mxnet.gluon import nn``, and modules on the way are not counted. An attribute of any
        other object stands with its dot, ``.backward``, called or not, once for the whole file.

        Attributes that are not counted: ``task``, and its own; the file's, which are the fields of
        its ``SimpleNamespace``, whatever it assigns to an object, and what its classes define; those
        whose names NumPy's arrays have too (``.mean``, ``.shape``); those whose names Python's
        strings and containers have too (``.items``), except on a variable that is assigned the
        result of one of the framework's names (``metric = mx.metric.create("ce")``, then ``.get``).

        It misses what only running could tell: an attribute of the framework's that shares its name
        with one that is not counted, a method that the framework expects a class to define, what a
        ``*`` imports. Two paths to one object are two names, two objects' attributes of one name are
        one, and a local variable that hides an import is taken for it. Keyword arguments, and strings
        that the framework gives a meaning, are names to know as well, and are not counted.
    nesting : int
        Blocks around the statement that has most of them: functions, classes, ``with``, loops,
        ``if``, ``try`` and ``match``. The body of a function is 1, a loop's in it is 2; an ``elif``
        is as deep as its ``if``. Comprehensions and expressions open no block.
    branches : int
        Decisions, as radon adds them up for the cyclomatic complexity (McCabe, "A complexity measure",
        1976): one for each ``if``, ternary, loop, comprehension, ``if`` in a comprehension, further
        operand of ``and`` and ``or``, ``except``, ``assert``, ``case`` other than the last resort, and
        ``else`` of a loop or a ``try``. Nested functions are included, which radon leaves out.
    halstead_volume : float
        Bits: ``N log2(n)`` of N operators and operands, n of them distinct (Halstead, "Elements of
        Software Science", 1977). Radon's operators are those of arithmetic, comparison and logic, and
        its operands what stands beside these: plain assignments, calls and attributes are none, so a
        file that only calls has a volume of 0.
    maintainability : float
        0 to 100, more is better: the index of Oman and Hagemeister (1992) with its share of comments,
        as radon scales it, ``(171 - 5.2 ln V - 0.23 G - 16.2 ln L + 50 sin(sqrt(2.46 c))) 100 / 171``,
        where V is the Halstead volume, G the cyclomatic complexity (without nested functions), L the
        logical lines and c the comments per line of code, in percent, as an angle in degrees. What
        lies outside of 0 to 100 is cut off, and it is 100 where V is 0. Comments count in its favour;
        radon offers to take strings of several lines for comments, which are docstrings as a rule, and
        these are gone: so it is not asked to.
    """

    names: tuple[str, ...]
    nesting: int
    branches: int
    halstead_volume: float
    maintainability: float


def readability(path: pathlib.Path) -> Readability:
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
        source = _example(path)
    except (SyntaxError, ValueError) as error:
        raise ValueError(f"{path} is not a Python file: {error}") from None
    tree = ast.parse(source)
    return Readability(
        names=_names(tree),
        nesting=_nesting(tree),
        branches=_branches(tree),
        halstead_volume=float(metrics.h_visit(source).total.volume),
        maintainability=float(metrics.mi_visit(source, multi=False)),
    )


def _example(path: pathlib.Path) -> str:
    parts = definitions.parts(path)
    shown = "\n\n".join(parts[part] for part in definitions.PARTS if part != "parity" and parts[part])
    return _without_docstrings(shown)


def _without_docstrings(source: str) -> str:
    """Cut docstrings out of the text, because the comments must stay, which a tree does not hold."""
    # The tree's columns count bytes.
    lines = source.encode("utf-8").splitlines(keepends=True)
    found = [
        node.body
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Module | ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
        and ast.get_docstring(node, clean=False) is not None
    ]
    # From the last one on, so that the places of the others stay right.
    for body in sorted(found, key=lambda body: body[0].lineno, reverse=True):
        docstring = body[0]
        first, last = docstring.lineno - 1, (docstring.end_lineno or docstring.lineno) - 1
        before = lines[first][: docstring.col_offset]
        after = lines[last][docstring.end_col_offset :]
        # A body has to hold something.
        kept = b"pass" + after if len(body) == 1 else after.lstrip(b" ;")
        lines[first : last + 1] = [before + kept]
    return b"".join(lines).decode("utf-8")


def _names(tree: ast.Module) -> tuple[str, ...]:
    visitor = _Names(tree)
    visitor.visit(tree)
    return tuple(sorted(visitor.found))


class _Names(ast.NodeVisitor):
    """Collects the names of ``Readability.names``."""

    def __init__(self, tree: ast.Module) -> None:
        known = [frameworks.load(name) for name in frameworks.names()]
        # NumPy is what the frameworks are compared through, and not one that an example is written for.
        self.modules = {framework.MODULE for framework in known if framework.REQUIREMENTS}
        self.imported = _imported(tree)
        self.fields = self._fields(tree)
        self.made = self._made(tree)
        self.found: set[str] = set()

    def visit_Name(self, node: ast.Name) -> None:
        path = self._path(node)
        if isinstance(node.ctx, ast.Load) and self._is_framework(path):
            self.found.add(path)

    def visit_Attribute(self, node: ast.Attribute) -> None:
        path = self._path(node)
        if self._is_framework(path):
            self.found.add(path)
        elif not path:
            if self._is_to_be_known(node):
                self.found.add(f".{node.attr}")
            self.visit(node.value)

    def _path(self, node: ast.expr) -> str:
        """The dotted path of what an import reaches; empty for anything else."""
        if isinstance(node, ast.Name):
            return self.imported.get(node.id, "")
        if isinstance(node, ast.Attribute) and (path := self._path(node.value)):
            return f"{path}.{node.attr}"
        return ""

    def _is_framework(self, path: str) -> bool:
        return path.partition(".")[0] in self.modules

    def _is_to_be_known(self, node: ast.Attribute) -> bool:
        owner = node.value
        if TASK in (node.attr, getattr(owner, "id", None), getattr(owner, "attr", None)):
            return False
        if node.attr in self.fields or node.attr in ARRAY_ATTRIBUTES:
            return False
        if node.attr in CONTAINER_ATTRIBUTES:
            return isinstance(owner, ast.Name) and owner.id in self.made
        return True

    def _fields(self, tree: ast.Module) -> set[str]:
        """The attributes that the file itself gives to its objects."""
        found: set[str] = set()
        for node in ast.walk(tree):
            if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
                found.add(node.attr)
            elif isinstance(node, ast.Call) and self._path(node.func) == NAMESPACE:
                found |= {keyword.arg for keyword in node.keywords if keyword.arg}
            elif isinstance(node, ast.ClassDef):
                for statement in node.body:
                    if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef):
                        found.add(statement.name)
                    elif isinstance(statement, ast.Assign | ast.AnnAssign):
                        found |= {item.id for item in ast.walk(statement) if _is_stored(item)}
        return found

    def _made(self, tree: ast.Module) -> set[str]:
        """The variables that are assigned what a name of the framework returns."""
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
    found: dict[str, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                root = alias.name.partition(".")[0]
                found[alias.asname or root] = alias.name if alias.asname else root
        elif isinstance(node, ast.ImportFrom):
            module = "." * node.level + (node.module or "")
            found |= {alias.asname or alias.name: f"{module}.{alias.name}" for alias in node.names}
    return found


def _nesting(tree: ast.AST, depth: int = 0) -> int:
    deepest = depth
    for node in ast.iter_child_nodes(tree):
        opens = isinstance(node, BLOCKS) and not _is_elif(node, tree)
        deepest = max(deepest, _nesting(node, depth + opens))
    return deepest


def _is_elif(node: ast.AST, parent: ast.AST) -> bool:
    """To the tree, an ``elif`` is an ``if`` inside of the ``else``: only its column tells."""
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
