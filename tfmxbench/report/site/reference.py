"""Directives for the API reference and for the fields of results files.

``{tfmxbench-api} tfmxbench.measure`` shows the modules of a package, found by listing its folder.
``{tfmxbench-schema}`` shows what a results file holds: types and units from the schema, meanings
from the docstrings of the classes that it is read into.
"""

from __future__ import annotations

import dataclasses
import importlib
import inspect
import json
import pkgutil
import re
import sys
from typing import Any, ClassVar

from docutils import nodes
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from tfmxbench import __version__
from tfmxbench.records import outcomes, schema, store, trial
from tfmxbench.records.parity import Parity
from tfmxbench.records.settings import DataDescription, EnvironmentDescription, Settings

# The class that each definition of the schema is read into, in the order in which the page has them.
CLASSES: dict[str, type] = {
    "results": store.Results,
    "data": DataDescription,
    "settings": Settings,
    "environment": EnvironmentDescription,
    "parity": Parity,
    "record": trial.Record,
    "trial": trial.Trial,
    "measurement": trial.Measurement,
    "span": trial.Span,
    "pass": trial.Pass,
    "memory": trial.Memory,
    "products": trial.MatrixProducts,
    "example": outcomes.ExampleOutcome,
    "phrases": outcomes.PhrasesOutcome,
}
# Definitions that stand for a number and its unit.
UNITS = {"seconds": "s", "bytes": "bytes"}

# How napoleon begins an attribute.
ATTRIBUTE = ".. attribute:: "


@dataclasses.dataclass(frozen=True)
class Field:
    """A field of a results file.

    Attributes
    ----------
    name : str
        As it stands in the file.
    kind : str
        Its type, in Markdown: a definition of the schema is a link.
    unit : str
        Empty where it has none.
    meaning : str
        What it is, in Markdown.
    """

    name: str
    kind: str
    unit: str
    meaning: str


def modules(package: str) -> list[str]:
    """A package and its modules, without the implementations of networks.

    Parameters
    ----------
    package : str
        Its name, such as ``tfmxbench.measure``.

    Returns
    -------
    list of str
        Their names; the package's own only where it says something of itself.
    """
    module = importlib.import_module(package)
    found = [package] if module.__doc__ else []
    # A network's package is shown for its task: its other files have pages of their own.
    if hasattr(module, "TASK"):
        return found
    for item in pkgutil.iter_modules(module.__path__, prefix=f"{package}."):
        found += modules(item.name) if item.ispkg else [item.name]
    return found


def definitions() -> dict[str, dict[str, Any]]:
    """The objects of the schema, each with its properties, by the names of ``CLASSES``."""
    found: dict[str, dict[str, Any]] = json.loads(schema.PATH.read_text(encoding="utf-8"))["definitions"]
    # The only object that is described where it is used.
    found["data"] = found["results"]["properties"]["data"]
    return {name: found[name] for name in CLASSES}


def fields(definition: str) -> list[Field]:
    """The fields of an object of the schema.

    Parameters
    ----------
    definition : str
        One of ``CLASSES``.

    Raises
    ------
    ValueError
        If neither a docstring nor the schema says what a field means.
    """
    known = definitions()
    told = attributes(CLASSES[definition])
    found = []
    for name, described in known[definition]["properties"].items():
        kind = "[data](#results-data)" if name == "data" and definition == "results" else _kind(described)
        pointed = known.get(_pointed(described) or ("data" if "properties" in described else ""), {})
        meaning = told.get(name) or described.get("description") or pointed.get("description")
        if not meaning:
            raise ValueError(f"nothing says what {definition}.{name} means")
        found.append(Field(name, kind, _unit(described), meaning))
    return found


def attributes(kind: type) -> dict[str, str]:
    """What the docstring of a class says of each of its attributes, in Markdown.

    Attributes that are named together have their text in common.
    """
    _, _, text = (inspect.getdoc(kind) or "").partition("Attributes\n----------\n")
    found: dict[str, str] = {}
    names: list[str] = []
    for line in text.splitlines():
        if line and not line.startswith(" "):
            names = [name.strip() for name in line.partition(" : ")[0].split(",")]
        else:
            found |= {name: f"{found.get(name, '')} {line.strip()}".strip() for name in names}
    # A role of reStructuredText becomes the name alone.
    return {name: re.sub(r":\w+:`([^`]+)`", r"`\1`", text) for name, text in found.items()}


def _pointed(described: dict[str, Any]) -> str | None:
    """The definition that a property refers to, also as an item of a list or as one of several types."""
    if "$ref" in described:
        return str(described["$ref"]).rpartition("/")[2]
    inner = [*described.get("anyOf", []), *([described["items"]] if _is_uniform_list(described) else [])]
    return next((found for item in inner if (found := _pointed(item))), None)


def _is_uniform_list(described: dict[str, Any]) -> bool:
    return isinstance(described.get("items"), dict)


def _kind(described: dict[str, Any]) -> str:
    if "$ref" in described:
        name = str(described["$ref"]).rpartition("/")[2]
        return {"seconds": "number", "bytes": "integer"}.get(name, f"[{name}](#results-{name})")
    if "allOf" in described:
        # The first says what it is, the others restrict it.
        return _kind(described["allOf"][0])
    if "anyOf" in described:
        # What a value is comes before that it may be missing.
        return " or ".join(sorted(map(_kind, described["anyOf"]), key=lambda kind: kind == "null"))
    if "const" in described or "enum" in described:
        return " or ".join(
            f"`{json.dumps(value)}`" for value in described.get("enum", [described.get("const")])
        )
    if described["type"] == "array":
        items = described["items"]
        return f"list of {_kind(items)}" if isinstance(items, dict) else f"[{', '.join(map(_kind, items))}]"
    if described["type"] == "object":
        return f"object of {_kind(described['additionalProperties'])}"
    kinds = described["type"] if isinstance(described["type"], list) else [described["type"]]
    return " or ".join(kinds)


def _unit(described: dict[str, Any]) -> str:
    """The unit of a number, or of the numbers in a list."""
    return str(described.get("unit") or UNITS.get(_pointed(described) or "", ""))


class Api(SphinxDirective):
    """The modules of a package, each under a heading."""

    required_arguments = 1
    option_spec: ClassVar[dict[str, Any]] = {}

    def run(self) -> list[nodes.Node]:
        package = self.arguments[0]
        parts = [
            f"## {'The package' if name == package else name.removeprefix(f'{package}.')}\n\n"
            # What a package takes from its modules is shown there.
            f"```{{eval-rst}}\n.. automodule:: {name}\n   :members:\n   :ignore-module-all:\n```\n"
            for name in modules(package)
        ]
        return self.parse_text_to_nodes("\n".join(parts), allow_section_headings=True)


class Schema(SphinxDirective):
    """The objects of a results file, each under a heading."""

    option_spec: ClassVar[dict[str, Any]] = {}

    def run(self) -> list[nodes.Node]:
        self.env.note_dependency(str(schema.PATH))
        parts = []
        for name, described in definitions().items():
            listed = "\n\n".join(
                f"`{field.name}`: {', '.join(filter(None, (field.kind, field.unit)))}\n: {field.meaning}"
                for field in fields(name)
            )
            parts.append(f"(results-{name})=\n## {name}\n\n{described['description']}\n\n{listed}\n")
        return self.parse_text_to_nodes("\n".join(parts), allow_section_headings=True)


class Docstrings:
    """Puts right what napoleon makes of docstrings, before and after it.

    Napoleon takes what stands before a colon in a property's docstring for its type. And it does not
    know which class a name in a docstring stands for, where modules have classes of the same name.
    """

    def __init__(self) -> None:
        self._property: list[str] = []

    def before(self, app: Sphinx, what: str, name: str, obj: Any, options: Any, lines: list[str]) -> None:
        """Keep a property's docstring as it is."""
        if what == "property":
            self._property = list(lines)

    def after(self, app: Sphinx, what: str, name: str, obj: Any, options: Any, lines: list[str]) -> None:
        """Give a property its docstring back; in any other, name each attribute and each class in full."""
        if what == "property":
            lines[:] = self._property
            return
        known = vars(sys.modules[_module(name)])
        lines[:] = [_with_full_names(line, known) for line in _attributes_in_a_line(lines)]


def _module(name: str) -> str:
    """The module that an object's full name begins with."""
    while name not in sys.modules:
        name = name.rpartition(".")[0]
    return name


def _attributes_in_a_line(lines: list[str]) -> list[str]:
    """Attributes that are named together as several with one description, and each type beside its name."""
    found: list[str] = []
    place = 0
    for line in lines:
        if line.startswith(ATTRIBUTE):
            first, *others = line.split(", ")
            found += [first, *(" " * len(ATTRIBUTE) + other for other in others)]
            place = len(found)
        elif place and line.startswith("   :type: "):
            found.insert(place, line)
        else:
            found.append(line)
    return found


def _with_full_names(line: str, known: dict[str, Any]) -> str:
    """A line with the full names of the classes of this package, as its module knows them."""

    def full(match: re.Match[str]) -> str:
        found = known.get(match[2])
        ours = isinstance(found, type) and found.__module__.startswith("tfmxbench.")
        return f"{match[1]}~{found.__module__}.{match[2]}" if ours else match[0]

    line = re.sub(r"(:class:`)([A-Z]\w+)", full, line)
    if not re.match(r":type[^:]*: ", line):
        return line
    return re.sub(r"(: |of |or |, |\()([A-Z]\w+)", full, line)


def leave_bare_names(app: Sphinx, doctree: nodes.document) -> None:
    """Make no links of names without a module: Sphinx would take any attribute of ours called ``bytes``."""
    for node in list(doctree.findall(addnodes.pending_xref)):
        if (node["refdomain"], node["reftype"]) == ("py", "class") and "." not in node["reftarget"]:
            node.replace_self(node.children)


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the directives."""
    app.add_directive("tfmxbench-api", Api)
    app.add_directive("tfmxbench-schema", Schema)
    # Napoleon's own place is 500.
    docstrings = Docstrings()
    app.connect("autodoc-process-docstring", docstrings.before, priority=400)
    app.connect("autodoc-process-docstring", docstrings.after, priority=600)
    app.connect("doctree-read", leave_bare_names)
    return {"version": __version__, "parallel_read_safe": True}
