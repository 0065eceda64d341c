"""The ``example`` directive: shows a small program, and below it what it printed.

``{example} tensorflow/retracing`` shows ``concepts/examples/tensorflow/retracing.py`` of the site's
sources, and its outcome from the results file: ``tfmxbench run`` has run it. An example that could not run
is shown with the reason, one that failed with its error and a warning of the build. ``:picture:`` is the
caption of the picture that the example left.
"""

from __future__ import annotations

import pathlib
import re
from typing import Any, ClassVar

from docutils import nodes
from docutils.parsers.rst import directives
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective

from tfmxbench import __version__, frameworks
from tfmxbench.examples import concepts
from tfmxbench.examples.concepts import Example
from tfmxbench.processes.hashes import source_sha256
from tfmxbench.records.outcomes import ExampleOutcome, Picture
from tfmxbench.records.plain_text import one_line
from tfmxbench.report.figures import drawing
from tfmxbench.report.figures.fragments import Fragment
from tfmxbench.report.pages import published

FOLDER = "concepts/examples"
# The directive as MyST has it, in backticks or colons.
_USE = re.compile(r"^\s*(?:`{3,}|:{3,})\{example\}\s+(\S+)\s*$", re.MULTILINE)

logger = logging.getLogger(__name__)


def used(page: str) -> list[str]:
    """Names of the examples that a page shows, from its source."""
    return _USE.findall(page)


def outcome_of(example: Example) -> ExampleOutcome:
    """The outcome of an example in the results that the site is built from."""
    sha256 = source_sha256(example.path)
    outcomes = {outcome.name: outcome for outcome in published.results().examples}
    outcome = outcomes.get(example.name)
    if outcome is None:
        reason = "the results that this site shows were measured without the examples"
        return ExampleOutcome(example.name, sha256, absent=reason)
    if outcome.source_sha256 != sha256 and not outcome.absent:
        reason = "the file has changed since the results that this site shows were measured"
        return ExampleOutcome(example.name, sha256, absent=reason)
    return outcome


class ShownExample(SphinxDirective):
    """An example and what it printed."""

    required_arguments = 1
    option_spec: ClassVar[dict[str, Any]] = {"picture": directives.unchanged_required}

    def run(self) -> list[nodes.Node]:
        examples = concepts.find(pathlib.Path(self.env.srcdir, FOLDER))
        name = self.arguments[0]
        if name not in examples:
            raise self.error(f"there is no example {name!r}; there are {', '.join(examples)}")
        example = examples[name]
        self.env.note_dependency(str(example.path))
        self.env.note_dependency(str(published.results_path()))
        outcome = outcome_of(example)
        if outcome.problem:
            logger.warning("example %s %s", name, outcome.problem, location=self.get_location())
        shown: list[nodes.Node] = [
            _block(example.path.read_text(encoding="utf-8"), "python"),
            self._introduction(example, outcome),
        ]
        if outcome.output:
            shown.append(_block(outcome.output, "none"))
        if outcome.errors:
            shown.append(nodes.paragraph("", "The end of its error output:"))
            shown.append(_block(outcome.errors, "none"))
        if outcome.picture:
            caption = self.options.get("picture", "What the example drew.")
            drawn = draw_picture(outcome.picture, f"example-{name.replace('/', '-')}", caption)
            shown.append(nodes.raw("", drawn.source, format="html"))
        return [nodes.container("", *shown, classes=["tfmxbench-example"])]

    def _introduction(self, example: Example, outcome: ExampleOutcome) -> nodes.paragraph:
        """The line between the code and what it printed, with the file to download."""
        link = addnodes.download_reference(
            "",
            "",
            nodes.literal("", f"{example.name}.py"),
            refdoc=self.env.docname,
            refdomain="",
            reftype="download",
            reftarget=f"/{FOLDER}/{example.name}.py",
            refwarn=False,
        )
        return nodes.paragraph("", "", link, nodes.Text(introduction(example, outcome)))


def introduction(example: Example, outcome: ExampleOutcome) -> str:
    """The words that follow an example's name and introduce its output."""
    if outcome.absent:
        return f" was not run in this build: {outcome.absent}."
    after = f", run after {example.after}.py," if example.after else ""
    if outcome.problem:
        return f"{after} {outcome.problem}, in this build, {_versions(example, outcome)}."
    if not outcome.output:
        return f"{after} printed nothing, in this build, {_versions(example, outcome)}."
    return f"{after} printed, in this build, {_versions(example, outcome)}:"


def _versions(example: Example, outcome: ExampleOutcome) -> str:
    framework = frameworks.load(example.framework)
    versions = [outcome.versions[name] for name in framework.DISTRIBUTIONS if name in outcome.versions]
    title = f"with {framework.TITLE} {versions[0]}" if versions else f"with {framework.TITLE}"
    return f"{title} and Python {outcome.versions.get('python', '')}".strip()


def _block(text: str, language: str) -> nodes.literal_block:
    return nodes.literal_block(text, text, language=language)


def draw_picture(rows: Picture, name: str, description: str) -> Fragment:
    """Rows of small images, all on one scale of colours around zero.

    Parameters
    ----------
    rows : dict of str to nested lists of float
        Images, each a list of its lines, by the heading of their row.
    name : str
        Unique on its page.
    description : str
        What the picture shows.
    """
    images = [image for row in rows.values() for image in row]
    size = max(len(image) for image in images) + 1
    columns = max(len(row) for row in rows.values())
    strongest = max(abs(value) for image in images for line in image for value in line) or 1.0
    figure, (axes,) = drawing.new(7, 0.4 + 6 * len(rows) / columns)
    axes.grid(visible=False)
    axes.spines[:].set_visible(False)
    for number, row in enumerate(rows.values()):
        for place, image in enumerate(row):
            left, top = place * size, number * size
            axes.pcolormesh(
                [left + step for step in range(len(image[0]) + 1)],
                [top + step for step in range(len(image) + 1)],
                image,
                cmap="PuOr",
                vmin=-strongest,
                vmax=strongest,
            )
    axes.set_aspect("equal")
    axes.invert_yaxis()
    axes.set_xticks([])
    # The headings come from the results file. A dollar sign in one is no formula.
    middles = [number * size + (size - 1) / 2 for number in range(len(rows))]
    axes.set_yticks(middles, [one_line(heading) for heading in rows], parse_math=False)
    axes.tick_params(length=0)
    return drawing.fragment(figure, name, description)


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the directive."""
    app.add_directive("example", ShownExample)
    return {"version": __version__, "parallel_read_safe": True}
