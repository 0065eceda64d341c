"""Directives for the API reference and for the fields of results files.

``{tfmxbench-api} tfmxbench.measure`` shows the modules of a package, which are found by listing its folder.
``{tfmxbench-schema}`` shows the contents of a results file: types and units come from the schema, meanings
from the docstrings of the classes that the file is read into.
"""

from __future__ import annotations

import dataclasses
import importlib
import inspect
import json
import pkgutil
import re
from typing import Any, ClassVar

from docutils import nodes
from numpydoc.docscrape import NumpyDocString
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from tfmxbench import __version__
from tfmxbench.records import outcomes, schema, store, trial
from tfmxbench.records.parity import Parity
from tfmxbench.records.settings import DataDescription, EnvironmentDescription, Settings

# The class that each definition of the schema is read into, in the order of the page.
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


@dataclasses.dataclass(frozen=True)
class Field:
    """A field of a results file.

    Attributes
    ----------
    name : str
        Its name in the file.
    kind : str
        Its type, in Markdown: a definition of the schema is a link.
    unit : str
        Empty if it has none.
    meaning : str
        Its meaning, in Markdown.
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
        Their names; the package's own name only if it has a docstring.
    """
    module = importlib.import_module(package)
    names = [package] if module.__doc__ else []
    # A network's package is shown for its task: its other files have pages of their own.
    if hasattr(module, "TASK"):
        return names
    for item in pkgutil.iter_modules(module.__path__, prefix=f"{package}."):
        names += modules(item.name) if item.ispkg else [item.name]
    return names


def defines_names(name: str) -> bool:
    """Whether a module defines a class or a function itself, rather than in modules of its own."""
    module = importlib.import_module(name)
    return any(getattr(value, "__module__", None) == name for value in vars(module).values())


def definitions() -> dict[str, dict[str, Any]]:
    """The objects of the schema, each with its properties, by the names of ``CLASSES``."""
    by_name: dict[str, dict[str, Any]] = json.loads(schema.PATH.read_text(encoding="utf-8"))["definitions"]
    # The only object that is described where it is used.
    by_name["data"] = by_name["results"]["properties"]["data"]
    return {name: by_name[name] for name in CLASSES}


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
    by_name = definitions()
    meanings = attributes(CLASSES[definition])
    result = []
    for name, described in by_name[definition]["properties"].items():
        kind = "[data](#results-data)" if name == "data" and definition == "results" else _kind(described)
        target = by_name.get(_target(described) or ("data" if "properties" in described else ""), {})
        meaning = meanings.get(name) or described.get("description") or target.get("description")
        if not meaning:
            raise ValueError(f"nothing says what {definition}.{name} means")
        result.append(Field(name, kind, _unit(described), meaning))
    return result


def attributes(kind: type) -> dict[str, str]:
    """The meaning of each attribute in the docstring of a class, in Markdown.

    Attributes that are named together share their text.
    """
    meanings: dict[str, str] = {}
    for names, _, lines in NumpyDocString(inspect.getdoc(kind) or "")["Attributes"]:
        # A role of reStructuredText becomes the name alone.
        meaning = re.sub(r":\w+:`([^`]+)`", r"`\1`", " ".join(line.strip() for line in lines))
        if meaning:
            meanings |= dict.fromkeys(names.split(", "), meaning)
    return meanings


def _target(described: dict[str, Any]) -> str | None:
    """The definition that a property refers to, also as an item of a list or as one of several types."""
    if "$ref" in described:
        return str(described["$ref"]).rpartition("/")[2]
    inner = [*described.get("anyOf", []), *([described["items"]] if _is_uniform_list(described) else [])]
    return next((target for item in inner if (target := _target(item))), None)


def _is_uniform_list(described: dict[str, Any]) -> bool:
    return isinstance(described.get("items"), dict)


def _kind(described: dict[str, Any]) -> str:
    if "$ref" in described:
        name = str(described["$ref"]).rpartition("/")[2]
        return {"seconds": "number", "bytes": "integer"}.get(name, f"[{name}](#results-{name})")
    if "allOf" in described:
        # The first gives the type; the others restrict it.
        return _kind(described["allOf"][0])
    if "anyOf" in described:
        # The type comes first, "or null" last.
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
    return str(described.get("unit") or UNITS.get(_target(described) or "", ""))


class Api(SphinxDirective):
    """The modules of a package, each under a heading."""

    required_arguments = 1
    option_spec: ClassVar[dict[str, Any]] = {}

    def run(self) -> list[nodes.Node]:
        package = self.arguments[0]
        parts = [
            f"## {'The package' if name == package else name.removeprefix(f'{package}.')}\n\n"
            # Names that a package imports from its modules are shown with the modules.
            f"```{{eval-rst}}\n.. automodule:: {name}\n   :members:\n   :ignore-module-all:\n```\n"
            for name in modules(package)
            # The page itself introduces a package that has nothing but modules.
            if name != package or defines_names(name)
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


def without_factories(*arguments: Any) -> tuple[str | None, str | None]:
    """A signature with ``...`` for the default ``<factory>`` of a field, which Sphinx cannot parse.

    The arguments are those of Sphinx's event ``autodoc-process-signature``.
    """
    signature, returned = arguments[-2:]
    return signature and signature.replace("<factory>", "..."), returned


def note_attributes(app: Sphinx, doctree: nodes.document) -> None:
    """Give the attributes that docstrings describe an address, and have the search find them.

    Numpydoc does not. Types without a module, such as ``bytes``, then get no link: Sphinx would take them for
    an attribute of that name.
    """
    for reference in list(doctree.findall(addnodes.pending_xref)):
        kind = (reference["refdomain"], reference["reftype"])
        if kind == ("py", "class") and "." not in reference["reftarget"]:
            reference.replace_self(reference.children)
    domain = app.env.domains.python_domain
    for signature in doctree.findall(addnodes.desc_signature):
        if signature.parent["objtype"] != "class":
            continue
        for field in signature.parent.findall(nodes.field):
            if field[0].astext() != "Attributes":
                continue
            for term in field.findall(nodes.term):
                for name in term[0].astext().split(","):
                    full_name = f"{signature['module']}.{signature['fullname']}.{name.strip()}"
                    term["ids"].append(full_name)
                    domain.note_object(full_name, "attribute", full_name, location=term)


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the directives, and what is changed in signatures and documents."""
    app.setup_extension("sphinx.ext.autodoc")
    app.connect("autodoc-process-signature", without_factories)
    app.add_directive("tfmxbench-api", Api)
    app.connect("doctree-read", note_attributes)
    app.add_directive("tfmxbench-schema", Schema)
    return {"version": __version__, "parallel_read_safe": True}
