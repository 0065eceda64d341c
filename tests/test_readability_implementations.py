"""The complexity of the implementations, and the page on readability that shows it."""

import ast

import pytest

from tfmxbench import frameworks
from tfmxbench.analysis.complexity import complexity
from tfmxbench.networks import catalogue
from tfmxbench.report.pages import readability as page

ALL = [item for network in catalogue.networks() for item in catalogue.implementations(network)]


@pytest.mark.parametrize("item", ALL, ids=lambda item: item.name)
def test_every_implementation_has_plausible_values(item):
    measured = complexity(item.path)
    module = frameworks.load(item.framework).MODULE
    assert list(measured.names) == sorted(set(measured.names))
    assert all(name.startswith((f"{module}.", ".")) for name in measured.names)
    assert any(name.startswith(f"{module}.") for name in measured.names)
    assert any(name.startswith(".") for name in measured.names)
    # Three functions, which are not all there is.
    assert 1 <= measured.nesting <= 6
    assert 0 <= measured.branches <= 40


@pytest.mark.parametrize("item", ALL, ids=lambda item: item.name)
def test_a_name_that_is_counted_is_in_the_file(item):
    tree = ast.parse(item.path.read_text(encoding="utf-8"))
    written = {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    written |= {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    task = {field for field in vars(catalogue.task(item.network))}
    last = {name.rpartition(".")[2] for name in complexity(item.path).names}
    assert last <= written
    assert not last & task


@pytest.mark.parametrize("network", catalogue.networks())
def test_a_loop_of_your_own_is_deeper_and_branches_more_than_one_that_the_framework_owns(network):
    styles = catalogue.implementations(network)
    for owned in (item for item in styles if item.pair == "framework owns the loop"):
        given = complexity(owned.path)
        own = [
            item
            for item in styles
            if item.framework == owned.framework and (item.pair or "").startswith("own loop")
        ]
        assert own
        for item in own:
            measured = complexity(item.path)
            assert measured.nesting > given.nesting
            assert measured.branches > given.branches


@pytest.mark.parametrize("network", catalogue.networks())
def test_hybridizing_is_a_name_to_know(network):
    measured = {item.style: complexity(item.path).names for item in catalogue.implementations(network)}
    assert ".hybridize" in measured["gluon_hybrid"]
    assert ".hybridize" not in measured["gluon"]


@pytest.mark.parametrize("network", catalogue.networks())
def test_the_page_shows_every_implementation_and_every_name(network):
    table, listed, drawn = (show(network).source for show in (page.table, page.names, page.picture))
    for item in catalogue.implementations(network):
        measured = complexity(item.path)
        assert table.count(f">{item.style}</th>") == 2
        assert f"<summary>{item.style} (" in listed
        assert f": {len(measured.names)} names</summary>" in listed
        assert all(f"<li><code>{name}</code></li>" in listed for name in measured.names)
        assert f">{item.style} (" in drawn
    assert drawn.count('role="img"') == drawn.count("<figcaption>") == 2
