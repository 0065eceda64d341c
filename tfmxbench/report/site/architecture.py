"""The ``rooms`` directive: a picture of the package's folders and their imports, drawn from the code.

A *room* is a folder of the package with a purpose of its own. Rooms are drawn in floors: a room stands on the
highest floor that is below all rooms that import from it.
"""

from __future__ import annotations

import ast
import functools
import pathlib
import statistics
from collections.abc import Mapping
from typing import Any, ClassVar

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from tfmxbench import __version__
from tfmxbench.report.figures import drawing
from tfmxbench.report.figures.fragments import Fragment

PACKAGE = pathlib.Path(__file__).parents[2]
# This room holds rooms.
NESTED = "report"
WIDTH, HEIGHT = 0.8, 0.5
DESCRIPTION = (
    "The rooms of the package, drawn from its imports. A room imports only from rooms below it. An arrow is "
    "left out if others lead to the same room."
)

Arrows = dict[str, set[str]]


def imported_modules(path: pathlib.Path) -> set[str]:
    """The modules of this package that a file imports, wherever in it, as paths below the package."""
    names = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    prefix = f"{PACKAGE.name}."
    return {name.removeprefix(prefix).replace(".", "/") for name in names if name.startswith(prefix)}


def rooms() -> list[str]:
    """The folders of the package, those within the folder of rooms by their whole path."""
    folders = [path.parent for path in PACKAGE.glob("*/__init__.py")]
    folders += [path.parent for path in PACKAGE.glob(f"{NESTED}/*/__init__.py")]
    return sorted(path.relative_to(PACKAGE).as_posix() for path in folders if path.name != NESTED)


def arrows() -> Arrows:
    """For each room, the rooms that its modules import from."""
    names = rooms()

    def room_of(path: str) -> str | None:
        return next((name for name in names if f"{path}/".startswith(f"{name}/")), None)

    graph: Arrows = {name: set() for name in names}
    for path in PACKAGE.rglob("*.py"):
        room = room_of(path.relative_to(PACKAGE).as_posix())
        if room is not None:
            graph[room] |= {target for name in imported_modules(path) if (target := room_of(name))} - {room}
    return graph


def reachable(room: str, graph: Mapping[str, set[str]]) -> set[str]:
    """The rooms that arrows lead to from a room, over others too."""
    return set().union(*({target} | reachable(target, graph) for target in graph[room]))


def without_shortcuts(graph: Mapping[str, set[str]]) -> Arrows:
    """The arrows without those whose target other arrows lead to as well."""
    return {
        room: {
            target
            for target in targets
            if not any(target in reachable(between, graph) for between in targets - {target})
        }
        for room, targets in graph.items()
    }


def floors(graph: Mapping[str, set[str]]) -> list[list[str]]:
    """The rooms by floor, from the top down: each as high as possible below the rooms that import from it.

    On its floor, a room is drawn near the rooms that import from it, so that few arrows cross.
    """
    importers = {room: {name for name in graph if room in graph[name]} for room in graph}

    @functools.cache
    def floor(room: str) -> int:
        return max((floor(importer) + 1 for importer in importers[room]), default=0)

    numbers = {room: floor(room) for room in graph}
    levels: list[list[str]] = []
    place: dict[str, float] = {}
    for number in range(max(numbers.values()) + 1):
        level = [room for room in graph if numbers[room] == number]
        level.sort(key=lambda room: statistics.mean([place[name] for name in importers[room]] or [0.5]))
        place |= {room: (index + 0.5) / len(level) for index, room in enumerate(level)}
        levels.append(level)
    return levels


def picture() -> Fragment:
    """The rooms as boxes, and their arrows."""
    graph = arrows()
    levels = floors(graph)
    figure, (axes,) = drawing.new(8, 0.75 * len(levels))
    widest = max(map(len, levels))
    place = {
        room: ((index + 0.5) * widest / len(level), -floor)
        for floor, level in enumerate(levels)
        for index, room in enumerate(level)
    }
    for room, targets in without_shortcuts(graph).items():
        for target in targets:
            drawing.arrow(axes, place[room], place[target], HEIGHT / 2)
    for room, (x, y) in place.items():
        drawing.box(axes, room, x, y, WIDTH, HEIGHT)
    axes.set_xlim(0, widest)
    axes.set_ylim(0.5 - len(levels), 0.5)
    axes.set_axis_off()
    return drawing.fragment(figure, "rooms", DESCRIPTION)


class Rooms(SphinxDirective):
    """The picture of the rooms."""

    option_spec: ClassVar[dict[str, Any]] = {}

    def run(self) -> list[nodes.Node]:
        for path in PACKAGE.rglob("*.py"):
            self.env.note_dependency(str(path))
        return [nodes.raw("", picture().source, format="html")]


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the directive."""
    app.add_directive("rooms", Rooms)
    return {"version": __version__, "parallel_read_safe": True}
