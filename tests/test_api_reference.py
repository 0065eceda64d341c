"""The API reference and the description of results files: complete, and taken from the code itself."""

import dataclasses
import importlib
import json
import pathlib
import pkgutil
import re

import pytest

from tfmxbench.networks import catalogue
from tfmxbench.records import schema
from tfmxbench.report.site import api

ROOT = pathlib.Path(__file__).parents[1]
PAGES = ROOT / "docs" / "reference"
HARNESS = {
    f"tfmxbench.{name}"
    for name in (
        *("networks", "frameworks", "mistakes", "records", "worker", "processes"),
        *("data", "analysis", "examples", "measure", "report", "commands"),
    )
}
# Numbers without a unit, and lists of them.
PURE = {"schema_version", "seed", "round", "picture"}
# A file that was measured without them lacks these.
OPTIONAL = {"results": {"examples", "phrases"}}


def packages() -> list[str]:
    """The folders of the table in CONTRIBUTING.md that are packages of ours, as the pages name them."""
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    names = re.findall(r"^\| `(tfmxbench/[a-z]+)/", text, flags=re.MULTILINE)
    return [name.replace("/", ".") for name in dict.fromkeys(names)]


def test_the_packages_of_the_harness_have_a_page_each():
    shown = {
        name
        for path in PAGES.glob("*.md")
        for name in re.findall(r"\{tfmxbench-api\} (\S+)", path.read_text(encoding="utf-8"))
    }
    assert shown == HARNESS
    assert shown <= set(packages())


def test_every_page_is_in_the_index():
    text = (PAGES / "index.md").read_text(encoding="utf-8")
    listed = text[text.index("{toctree}") :].split()
    assert {path.stem for path in PAGES.glob("*.md")} - {"index"} <= set(listed)


def test_every_module_is_shown_except_implementations():
    shown = {name for package in HARNESS for name in api.modules(package)}
    walked = {
        item.name
        for package in HARNESS
        for item in pkgutil.walk_packages(importlib.import_module(package).__path__, f"{package}.")
    }
    exhibits = {
        f"tfmxbench.networks.{network}.{path.stem}"
        for network in catalogue.networks()
        for path in (catalogue.FOLDER / network).glob("*.py")
        if path.stem != "__init__"
    }
    assert exhibits <= walked
    assert walked - exhibits <= shown
    for name in shown:
        assert importlib.import_module(name).__doc__, f"{name} has no docstring"


def test_an_exhibit_is_never_imported_for_the_reference():
    """It would import its framework, which the site's environment does not have."""
    assert not [name for name in api.modules("tfmxbench.networks") if name.endswith(".gluon")]


@pytest.mark.parametrize("name", api.CLASSES)
def test_the_fields_of_a_class_are_those_of_the_schema(name):
    names = {field.name for field in api.fields(name)} - {"schema_version"}
    assert names == {field.name for field in dataclasses.fields(api.CLASSES[name])}


@pytest.mark.parametrize("name", api.CLASSES)
def test_no_field_may_be_left_out_of_a_file(name):
    described = api.definitions()[name]
    assert set(described["required"]) == set(described["properties"]) - OPTIONAL.get(name, set())
    assert described["description"].endswith(".")


@pytest.mark.parametrize("name", api.CLASSES)
def test_every_field_has_a_type_a_meaning_and_a_number_its_unit(name):
    for field in api.fields(name):
        assert field.kind, field.name
        assert re.match("[A-Z`0]", field.meaning), field
        assert field.meaning.endswith((".", ".)")), field
        assert ":`" not in field.meaning, "a role that Markdown does not know"
        if re.search("integer|number", field.kind) and field.name not in PURE:
            assert field.unit, field.name


def test_all_definitions_of_the_schema_are_shown_except_those_that_no_file_holds():
    definitions = json.loads(schema.PATH.read_text(encoding="utf-8"))["definitions"]
    assert set(definitions) - set(api.CLASSES) == {"seconds", "bytes", "result"}


@pytest.mark.parametrize(
    ("definition", "name", "kind", "unit"),
    [
        ("span", "wall", "number", "s"),
        ("memory", "peak", "integer", "bytes"),
        ("memory", "device", "integer or null", "bytes"),
        ("environment", "bytes", "integer or null", "bytes"),
        ("measurement", "epochs", "list of [pass](#results-pass)", ""),
        ("measurement", "latencies", "list of number", "s"),
        ("record", "measurement", "[measurement](#results-measurement) or null", ""),
        ("record", "status", '`"completed"` or `"failed"` or `"unavailable"`', ""),
        ("record", "memory_curve", "list of [number, integer]", "s, bytes"),
        ("record", "versions", "object of string", ""),
        ("results", "data", "[data](#results-data)", ""),
        ("settings", "devices", 'list of `"cpu"` or `"gpu"`', ""),
    ],
)
def test_a_field_has_the_type_and_unit_of_the_schema(definition, name, kind, unit):
    (field,) = [field for field in api.fields(definition) if field.name == name]
    assert (field.kind, field.unit) == (kind, unit)


def test_a_field_without_a_meaning_is_a_valueerror_that_names_it(monkeypatch):
    monkeypatch.setattr(api, "attributes", lambda kind: {})
    with pytest.raises(ValueError, match=r"nothing says what span\.wall means"):
        api.fields("span")


def test_attributes_named_together_share_their_text_and_roles_become_names():
    class Example:
        """A class.

        Attributes
        ----------
        first, second : int
            Both of :class:`Example`,
            on two lines.
        third : str
        """

    text = "Both of `Example`, on two lines."
    assert api.attributes(Example) == {"first": text, "second": text}


def test_a_default_that_is_made_anew_leaves_a_signature_that_sphinx_can_parse():
    """Otherwise the page shows the tildes of unresolved annotations."""
    signature = "(first: ~pathlib.Path = <factory>, second: int = 0)"
    shown, returned = api.without_factories(None, "class", "name", None, {}, signature, None)
    assert shown == "(first: ~pathlib.Path = ..., second: int = 0)"
    assert returned is None
    assert api.without_factories(None, "module", "name", None, {}, None, None) == (None, None)


def test_no_default_of_a_documented_class_is_a_path_of_this_machine():
    for package in HARNESS:
        for name in api.modules(package):
            for kind in vars(importlib.import_module(name)).values():
                if dataclasses.is_dataclass(kind) and isinstance(kind, type):
                    for field in dataclasses.fields(kind):
                        assert not isinstance(field.default, pathlib.Path), f"{name}.{kind.__name__}"


def test_a_package_that_only_holds_modules_has_no_section_of_its_own():
    assert [name for name in sorted(HARNESS) if api.defines_names(name)] == [
        f"tfmxbench.{name}" for name in ("data", "frameworks", "mistakes", "networks")
    ]
