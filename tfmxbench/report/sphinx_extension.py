"""The ``tfmxbench`` directive: puts something computed from the build's records into a page.

``{tfmxbench} answer`` states, network by network, what the campaign found; ``{tfmxbench} table``
shows everything measured; ``{tfmxbench} conditions`` says on what; ``{tfmxbench} styles`` lists the
implementations.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from tfmxbench import __version__, frameworks
from tfmxbench.analysis import code_size
from tfmxbench.networks import catalogue
from tfmxbench.report import html, pages, sentences
from tfmxbench.report.html import Fragment, text


def answer() -> Fragment:
    """For each network: a picture of the times and the verdicts on its pairs."""
    shown = Fragment("")
    for network in catalogue.networks():
        page = pages.ComparisonPage(network)
        if not page.arms:
            continue
        title = catalogue.task(network).title
        shown += Fragment(f"<h3>{text(title)}</h3>")
        shown += Fragment(page.times().source.replace("times", f"times-{network}"))
        shown += page.verdicts()
        shown += html.paragraph(sentences.accuracies(page.arms))
    return shown


def conditions() -> Fragment:
    """The data, the machine and the settings."""
    found = pages.results()
    versions = sorted(
        {f"{key} {value}" for record in found.records for key, value in record.versions.items()}
    )
    return (
        html.paragraph(sentences.data(found))
        + html.paragraph(sentences.conditions(found))
        + html.items(versions)
    )


def styles() -> Fragment:
    """The implementations, with links to their pages."""
    rows = []
    for item in catalogue.select():
        title = frameworks.load(item.framework).TITLE
        lines = code_size.example_lines(item.path)
        rows.append(
            [
                (item.name, item.name),
                (title, title),
                (item.level, item.level),
                (item.paradigm, item.paradigm),
                (str(lines), float(lines)),
                (item.summary, item.summary),
            ]
        )
    headings = [
        ("implementation", "network and style"),
        ("framework", "in what"),
        ("level", "how much the framework provides"),
        ("paradigm", "whether the code runs line by line or as a graph"),
        ("lines", "lines of code, without what parity needs"),
        ("what characterises it", "in a sentence"),
    ]
    return html.table("The implementations", headings, rows)


CONTENTS: dict[str, Callable[[], Fragment]] = {
    "answer": answer,
    "table": pages.table,
    "conditions": conditions,
    "styles": styles,
}


class Computed(SphinxDirective):
    """Something computed from the records, by the name of its content."""

    required_arguments = 1
    option_spec: ClassVar[dict[str, Any]] = {}

    def run(self) -> list[nodes.Node]:
        name = self.arguments[0]
        if name not in CONTENTS:
            raise self.error(f"there is no content {name!r}; there are {', '.join(CONTENTS)}")
        self.env.note_dependency(str(pages.results_path()))
        return [nodes.raw("", CONTENTS[name]().source, format="html")]


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the directive."""
    app.add_directive("tfmxbench", Computed)
    return {"version": __version__, "parallel_read_safe": True}
