"""The examples of the concept pages: they run, and print what the pages state."""

import itertools
import pathlib
import re

import pytest

from tfmxbench.analysis import parity
from tfmxbench.examples import concepts
from tfmxbench.examples.concepts import find, run
from tfmxbench.processes import cache, environments
from tfmxbench.records.outcomes import ExampleOutcome
from tfmxbench.report.site import concept_examples as shown

ROOT = pathlib.Path(__file__).parents[1]
PAGES = ROOT / "docs" / "concepts"
FOUND = find(PAGES / "examples")


# The examples of the site, in the frameworks' own environments.


@pytest.fixture(scope="module")
def outcome():
    """The outcome of an example; those that have not changed are not run again."""
    keys = {(example.framework, concepts.DEVICE) for example in FOUND.values()}
    by_framework = {name: item for (name, _), item in environments.find_all(sorted(keys)).items()}
    outcomes = {item.name: item for item in run(FOUND, by_framework, cache.folder() / "examples")}

    def outcome(name: str) -> ExampleOutcome:
        if outcomes[name].absent:
            pytest.skip(f"{name}: {outcomes[name].absent}")
        return outcomes[name]

    return outcome


@pytest.mark.frameworks
@pytest.mark.parametrize("name", FOUND)
def test_an_example_runs_to_its_end_and_prints(name, outcome):
    found = outcome(name)
    assert found.completed, f"{found.problem}\n{found.errors}"
    assert found.output


@pytest.mark.frameworks
@pytest.mark.parametrize("name", FOUND)
def test_what_an_example_prints_is_the_same_everywhere(name, outcome):
    """No addresses, no paths, no lines that nobody can read."""
    output = outcome(name).output
    assert not re.search(r"0x[0-9a-f]{6,}", output)
    assert not re.search(r"/(home|root|tmp|usr)/", output)
    assert "Traceback" not in output
    assert max(len(line) for line in output.splitlines()) <= 110


@pytest.mark.parametrize("example", FOUND.values(), ids=lambda example: example.name)
def test_an_example_imports_its_framework_and_numpy_alone(example):
    assert parity.foreign_imports(example.path, example.framework) == []


def test_every_example_is_on_a_page_and_every_page_shows_examples_that_exist():
    on_pages = []
    for page in PAGES.glob("*.md"):
        names = shown.used(page.read_text(encoding="utf-8"))
        assert names or page.stem == "index", f"{page.name} shows no example"
        on_pages += names
    assert sorted(on_pages) == sorted(FOUND)


def test_every_page_is_in_the_index():
    index = (PAGES / "index.md").read_text(encoding="utf-8")
    for page in PAGES.glob("*.md"):
        assert page.stem == "index" or re.search(rf"^{page.stem}$", index, re.MULTILINE), page.stem


def defaults():
    """The rows of the porting page's table of defaults: what, MXNet's, TensorFlow's."""
    page = (PAGES / "porting.md").read_text(encoding="utf-8")
    lines = page[page.index("| value |") :].splitlines()
    table = itertools.takewhile(lambda line: line.startswith("|"), lines[2:])
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in table]
    return [row[:3] for row in rows]


@pytest.mark.frameworks
@pytest.mark.parametrize("row", defaults(), ids=lambda row: row[0])
def test_the_table_of_defaults_says_what_the_frameworks_printed(row, outcome):
    what, *values = row
    for framework, value in zip(("mxnet", "tensorflow"), values, strict=True):
        lines = outcome(f"{framework}/defaults").output.splitlines()
        printed = {line[:34].strip(): line[35:] for line in lines}
        assert printed[what] == value.strip("`"), f"{framework}: {what}"


@pytest.mark.frameworks
def test_both_frameworks_were_asked_for_the_same_defaults(outcome):
    asked = [
        [line[:34].strip() for line in outcome(f"{framework}/defaults").output.splitlines()]
        for framework in ("mxnet", "tensorflow")
    ]
    assert asked[0] == asked[1]
    assert {row[0] for row in defaults()} <= set(asked[0])


@pytest.mark.frameworks
def test_carried_over_weights_give_the_same_logits_and_slips_do_not(outcome):
    """To the rounding of float32 over a network; each slip is far outside it."""
    output = outcome("tensorflow/import_lenet").output
    right, slips = output.split("the same with a slip")
    differences = [float(line.rsplit(": ", 1)[1]) for line in right.splitlines() if ": " in line]
    assert len(differences) == 3
    assert max(differences) < 1e-5
    wrong = [float(line.rsplit(": ", 1)[1]) for line in slips.splitlines() if ": " in line]
    assert len(wrong) == 3
    assert min(wrong) > 1e-4


def test_uses_are_found_in_either_spelling():
    page = "```{example} mxnet/one\n```\n\n::::{example} tensorflow/two\n::::\n\n`{example} no/use`\n"
    assert shown.used(page) == ["mxnet/one", "tensorflow/two"]


def test_no_file_among_the_examples_is_overlooked():
    assert {example.path for example in FOUND.values()} == set((PAGES / "examples").rglob("*.py"))
