"""The rooms of the package, from the top floor down: a module imports from its own room and from below."""

import ast
import pathlib
import sys

import pytest

PACKAGE = pathlib.Path(__file__).parents[1] / "tfmxbench"
FLOORS = [
    {"commands"},
    {"report/site"},
    {"report/pages"},
    {"report/figures"},
    {"report"},
    {"measure"},
    {"examples", "data"},
    {"processes"},
    {"worker", "analysis"},
    {"networks", "mistakes", "phrases"},
    {"frameworks", "records"},
]
FLOOR = {room: floor for floor, rooms in enumerate(FLOORS) for room in rooms}


def imports(path: pathlib.Path) -> set[str]:
    """The modules that a file imports, wherever in it, by their full names."""
    names = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    return names


def room(path: str) -> str | None:
    """The room of a module's path; the longest name that fits, since a room may hold others."""
    return next((name for name in sorted(FLOOR, key=len)[::-1] if f"{path}/".startswith(f"{name}/")), None)


@pytest.mark.parametrize(
    "path", sorted(PACKAGE.glob("*/**/*.py")), ids=lambda path: str(path.relative_to(PACKAGE))
)
def test_every_arrow_between_rooms_runs_downwards(path):
    own = room(path.relative_to(PACKAGE).as_posix())
    ours = [
        name.split(".", 1)[1].replace(".", "/") for name in imports(path) if name.startswith("tfmxbench.")
    ]
    rooms = {room(name) for name in ours} - {None, own}
    assert own is not None
    assert all(FLOOR[below] > FLOOR[own] for below in rooms), f"{own} imports {sorted(rooms)}"


@pytest.mark.parametrize("path", sorted((PACKAGE / "worker").glob("*.py")), ids=lambda path: path.stem)
def test_the_worker_needs_numpy_and_the_standard_library_alone(path):
    assert {name.split(".")[0] for name in imports(path)} <= {*sys.stdlib_module_names, "numpy", "tfmxbench"}


def test_no_room_is_a_corridor():
    """Rooms that are lists, of styles or of mistakes, grow by a file each, and are no corridors."""
    lists = {"networks", "mistakes", "phrases"}
    for folder in (path for path in PACKAGE.rglob("*") if path.is_dir() and path.name != "__pycache__"):
        if folder.relative_to(PACKAGE).parts[0] not in lists:
            assert len([path for path in folder.glob("*.py") if path.stem != "__init__"]) <= 12, folder
