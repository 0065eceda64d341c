"""The ``tfmxbench`` directive: puts what is computed from the build's records into a page.

- ``{tfmxbench} answer`` draws and states what the campaign found.
- ``{tfmxbench} verdicts`` states it pair by pair.
- ``{tfmxbench} table`` shows everything measured, and ``{tfmxbench} plots`` draws it.
- ``{tfmxbench} conditions`` states the data, the machine, the settings and the versions.
- ``{tfmxbench} styles`` lists the implementations.
- ``{tfmxbench} profiles`` states what each profile measures.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from tfmxbench import __version__, frameworks
from tfmxbench.analysis import code_size, pairs
from tfmxbench.networks import catalogue
from tfmxbench.processes import environments
from tfmxbench.report.figures import fragments, sentences
from tfmxbench.report.figures.fragments import Fragment, text
from tfmxbench.report.pages import axes, parity, published
from tfmxbench.report.pages.comparison import ComparisonPage
from tfmxbench.report.site import profile_table


def answer() -> Fragment:
    """For each network, a picture of the times by pair; then what the campaign found, in sentences."""
    measured = {network: arms for network in catalogue.networks() if (arms := published.arms(network))}
    pictures = "".join(published.by_pair(network).source for network in measured)
    answers = [sentences.score(pairs.compare_pairs(published.results().records))]
    for subject, sentence in (
        ("Time per epoch, slowest style over fastest", sentences.abstraction),
        ("Peak memory, by style", sentences.memory),
        ("Lines of code, from the shortest style to the longest", sentences.lines),
    ):
        by_title = {catalogue.task(network).title: sentence(arms) for network, arms in measured.items()}
        listed = "; ".join(f"{title}: {words}" for title, words in by_title.items() if words)
        if listed:
            answers.append(f"{subject}. {listed}.")
    key = (
        "Less is better; counterparts are on adjacent rows. Tick: a trial. Dot: the geometric mean of the "
        "trials. Line: its 95% interval, cut off at the edge of the plot. "
        f"{sentences.machine(published.results())}"
    )
    return Fragment(
        f'<div class="tfmxbench-pictures">{pictures}</div><p class="tfmxbench-key">{text(key)}</p>'
    ) + fragments.items(answers)


def verdicts() -> Fragment:
    """For each network, every pair of counterparts, and how far apart the accuracies are."""
    shown = Fragment("")
    for network in catalogue.networks():
        page = ComparisonPage(network)
        if page.arms:
            shown += Fragment(f"<h3>{text(catalogue.task(network).title)}</h3>") + page.verdicts()
            shown += fragments.paragraph(sentences.accuracies(page.arms))
    return shown


def plots() -> Fragment:
    """For each network: time, cold start against epochs after warm-up, memory, and lines against time.

    Plots of all networks follow: threads, batch sizes, and how far each implementation is from the reference.
    """
    shown = Fragment("")
    for network in catalogue.networks():
        page = ComparisonPage(network)
        if page.arms:
            shown += Fragment(f"<h3>{text(catalogue.task(network).title)}</h3>")
            shown += page.times() + page.starts() + page.memory() + page.lines_and_time()
    for name in axes.AXES:
        drawn = axes.pictures(name)
        if drawn:
            shown += Fragment(f"<h3>{text(name.capitalize())}</h3>") + drawn
    return shown + Fragment("<h3>Parity</h3>") + parity.divergence()


def conditions() -> Fragment:
    """The data, the machine, the settings, the versions, and the hashes of the trials' inputs."""
    results = published.results()
    versions = sorted(
        {f"{key} {value}" for record in results.records for key, value in record.versions.items()}
    )
    unpinned = [
        f"{frameworks.load(item.framework).TITLE} on the {item.device.upper()} is not the pinned version: "
        + difference
        for item in results.environments
        if (difference := environments.unpinned(item.framework, item.device, item.versions))
    ]
    return (
        fragments.paragraph(sentences.data(results))
        + fragments.paragraph(sentences.conditions(results))
        + fragments.items([*versions, *unpinned])
        + fragments.items(
            [
                f"{catalogue.task(network).title}. {sentence}"
                for network in catalogue.networks()
                for sentence in sentences.hashes(published.arms(network))
            ]
        )
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
        ("framework", "framework that it is written in"),
        ("level", "how much the framework provides"),
        ("paradigm", "whether the code runs line by line or as a graph"),
        ("lines", "lines of code, without the parity functions"),
        ("summary", "the style in one sentence"),
    ]
    return fragments.table("The implementations", headings, rows)


CONTENTS: dict[str, Callable[[], Fragment]] = {
    "answer": answer,
    "verdicts": verdicts,
    "table": published.table,
    "plots": plots,
    "conditions": conditions,
    "styles": styles,
    "profiles": profile_table.table,
}


class Computed(SphinxDirective):
    """A content computed from the records, by its name."""

    required_arguments = 1
    option_spec: ClassVar[dict[str, Any]] = {}

    def run(self) -> list[nodes.Node]:
        name = self.arguments[0]
        if name not in CONTENTS:
            raise self.error(f"there is no content {name!r}; there are {', '.join(CONTENTS)}")
        self.env.note_dependency(str(published.results_path()))
        return [nodes.raw("", CONTENTS[name]().source, format="html")]


def add_tables(app: Sphinx, page: str, template: str, context: dict[str, Any], tree: nodes.document) -> None:
    """Load DataTables on the pages with a sortable table only, since it is large."""
    if "tfmxbench-sortable" in context.get("body", ""):
        app.add_js_file("datatables/jquery.js")
        app.add_js_file("datatables/datatables.js")
        app.add_js_file("tables.js")
        app.add_css_file("datatables/datatables.css")


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the directive, and the scripts of pages with tables."""
    app.add_directive("tfmxbench", Computed)
    app.connect("html-page-context", add_tables)
    return {"version": __version__, "parallel_read_safe": True}
