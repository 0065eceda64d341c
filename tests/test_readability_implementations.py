"""Readability of the implementations, and the page that shows it."""

import ast

import pytest
from radon import metrics

from tfmxbench import frameworks
from tfmxbench.analysis.readability import readability
from tfmxbench.networks import catalogue
from tfmxbench.report.figures import fragments
from tfmxbench.report.pages import readability as page

ALL = [item for network in catalogue.networks() for item in catalogue.implementations(network)]


@pytest.mark.parametrize("item", ALL, ids=lambda item: item.name)
def test_every_implementation_has_plausible_figures(item):
    found = readability(item.path)
    module = frameworks.load(item.framework).MODULE
    assert list(found.names) == sorted(set(found.names))
    assert all(name.startswith((f"{module}.", ".")) for name in found.names)
    assert any(name.startswith(f"{module}.") for name in found.names)
    assert any(name.startswith(".") for name in found.names)
    # Three functions, which are not all there is.
    assert 1 <= found.nesting <= 6
    assert 0 <= found.branches <= 40
    assert (
        0 <= found.halstead_volume < metrics.h_visit(item.path.read_text(encoding="utf-8")).total.volume + 1
    )
    assert 0 < found.maintainability <= 100


@pytest.mark.parametrize("item", ALL, ids=lambda item: item.name)
def test_a_name_that_is_counted_is_in_the_file(item):
    tree = ast.parse(item.path.read_text(encoding="utf-8"))
    written = {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    written |= {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    task = {field for field in vars(catalogue.task(item.network))}
    last = {name.rpartition(".")[2] for name in readability(item.path).names}
    assert last <= written
    assert not last & task


@pytest.mark.parametrize("network", catalogue.networks())
def test_a_loop_of_your_own_is_deeper_and_branches_more_than_one_that_the_framework_owns(network):
    styles = catalogue.implementations(network)
    for owned in (item for item in styles if item.pair == "framework owns the loop"):
        given = readability(owned.path)
        own = [
            item
            for item in styles
            if item.framework == owned.framework and (item.pair or "").startswith("own loop")
        ]
        assert own
        for item in own:
            found = readability(item.path)
            assert found.nesting > given.nesting
            assert found.branches > given.branches


@pytest.mark.parametrize("network", catalogue.networks())
def test_hybridizing_is_a_name_to_know(network):
    found = {item.style: readability(item.path).names for item in catalogue.implementations(network)}
    assert ".hybridize" in found["gluon_hybrid"]
    assert ".hybridize" not in found["gluon"]


@pytest.mark.parametrize("network", catalogue.networks())
def test_the_page_shows_every_implementation_and_every_name(network):
    table, listed, drawn = (show(network).source for show in (page.table, page.names, page.picture))
    for item in catalogue.implementations(network):
        found = readability(item.path)
        assert table.count(f">{item.style}</th>") == 2
        assert f"<summary>{item.style} (" in listed
        assert f": {len(found.names)} names</summary>" in listed
        assert all(f"<li><code>{name}</code></li>" in listed for name in found.names)
        assert f">{item.style} (" in drawn
    assert drawn.count('role="img"') == drawn.count("<figcaption>") == 2


def test_an_index_without_a_volume_is_not_shown_as_the_best(tmp_path, monkeypatch):
    """Radon gives 100 there."""
    path = tmp_path / "style.py"
    path.write_text("import mxnet as mx\n\ndef build(task):\n    return mx.nd.zeros(1)\n", encoding="utf-8")
    assert readability(path).maintainability == 100
    network = catalogue.networks()[0]
    item = catalogue.implementations(network)[0]
    changed = [type(item)(**{**vars(item), "path": path})]
    monkeypatch.setattr(catalogue, "implementations", lambda name: changed)
    assert f'<td class="number" data-order="{fragments.GREATEST}">-</td>' in page.table(network).source
    assert ">100<" not in page.table(network).source
    assert ">-</text>" in page.picture(network).source
    assert ">100</text>" not in page.picture(network).source
