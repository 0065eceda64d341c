"""The ``example`` directive: shows a small program, and below it what it printed in this build.

``{example} tensorflow/retracing`` shows ``concepts/examples/tensorflow/retracing.py`` of the site's
sources. It is run in its framework's environment while the site is built. One that cannot run here is
shown with the reason, one that fails with its error and a warning of the build. ``:picture:`` is the
caption of the picture that the example leaves.
"""

from __future__ import annotations

import functools
import pathlib
import re
from typing import Any, ClassVar

from docutils import nodes
from docutils.parsers.rst import directives
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective

from tfmxbench import __version__, frameworks
from tfmxbench.examples.concepts import Example, Examples, Outcome
from tfmxbench.report.figures import drawing
from tfmxbench.report.figures.fragments import Fragment

FOLDER = "concepts/examples"
# The directive as MyST has it, in backticks or colons.
_USE = re.compile(r"^\s*(?:`{3,}|:{3,})\{example\}\s+(\S+)\s*$", re.MULTILINE)

logger = logging.getLogger(__name__)


@functools.lru_cache(maxsize=1)
def library(sources: pathlib.Path) -> Examples:
    """The examples of a site, by the folder of its sources."""
    return Examples(sources / FOLDER)


def used(page: str) -> list[str]:
    """Names of the examples that a page shows, from its source."""
    return _USE.findall(page)


class ShownExample(SphinxDirective):
    """An example and what it printed."""

    required_arguments = 1
    option_spec: ClassVar[dict[str, Any]] = {"picture": directives.unchanged_required}

    def run(self) -> list[nodes.Node]:
        examples = library(pathlib.Path(self.env.srcdir))
        name = self.arguments[0]
        if name not in examples.found:
            raise self.error(f"there is no example {name!r}; there are {', '.join(examples.found)}")
        example = examples.found[name]
        self.env.note_dependency(str(example.path))
        if example.after:
            self.env.note_dependency(str(examples.found[example.after].path))
        outcome = examples.outcome(name)
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
            drawn = picture(outcome.picture, f"example-{name.replace('/', '-')}", caption)
            shown.append(nodes.raw("", drawn.source, format="html"))
        return [nodes.container("", *shown, classes=["tfmxbench-example"])]

    def _introduction(self, example: Example, outcome: Outcome) -> nodes.paragraph:
        """The line between the code and what it printed, with the file to download."""
        target = f"/{FOLDER}/{example.name}.py"
        link = addnodes.download_reference(
            "",
            "",
            nodes.literal("", f"{example.name}.py"),
            refdoc=self.env.docname,
            refdomain="",
            reftype="download",
            reftarget=target,
            refwarn=False,
        )
        return nodes.paragraph("", "", link, nodes.Text(told(example, outcome)))


def told(example: Example, outcome: Outcome) -> str:
    """What is said of an example's run, after its name."""
    if outcome.absent:
        return f" was not run in this build: {outcome.absent}."
    after = f", run after {example.after}.py," if example.after else ""
    if outcome.problem:
        return f"{after} {outcome.problem}, in this build, {_versions(example, outcome)}."
    if not outcome.output:
        return f"{after} printed nothing, in this build, {_versions(example, outcome)}."
    return f"{after} printed, in this build, {_versions(example, outcome)}:"


def _versions(example: Example, outcome: Outcome) -> str:
    known = frameworks.load(example.framework)
    names = [name for name in known.DISTRIBUTIONS if name in outcome.versions]
    told = f"with {known.TITLE} {outcome.versions[names[0]]}" if names else f"with {known.TITLE}"
    return f"{told} and Python {outcome.versions.get('python', '')}".strip()


def _block(text: str, language: str) -> nodes.literal_block:
    return nodes.literal_block(text, text, language=language)


def picture(rows: dict[str, list[list[list[float]]]], name: str, description: str) -> Fragment:
    """Rows of small images, all on one scale of colours around zero.

    Parameters
    ----------
    rows : dict of str to nested lists of float
        Images, each a list of its rows, by the heading of their row.
    name : str
        Unique on its page.
    description : str
        What is to be seen.
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
    axes.set_yticks([number * size + (size - 1) / 2 for number in range(len(rows))], list(rows))
    axes.tick_params(length=0)
    return drawing.fragment(figure, name, description)


def start(app: Sphinx, env: BuildEnvironment, documents: list[str]) -> None:
    """Start the examples of the pages that are about to be read."""
    names = []
    for document in documents:
        path = pathlib.Path(env.doc2path(document))
        if path.suffix == ".md":
            names += used(path.read_text(encoding="utf-8"))
    if not names:
        return
    examples = library(pathlib.Path(app.srcdir))
    known = [name for name in names if name in examples.found]
    examples.start(known)
    if app.parallel > 1:
        # Pages are read in copies of this process, which have its results but not its threads.
        for name in known:
            examples.outcome(name)


def end(app: Sphinx, error: Exception | None) -> None:
    """Forget the examples, and with them those that have not run."""
    if library.cache_info().currsize:
        library(pathlib.Path(app.srcdir)).close()
        library.cache_clear()


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the directive, and have examples started ahead of their pages."""
    app.add_directive("example", ShownExample)
    app.connect("env-before-read-docs", start)
    app.connect("build-finished", end)
    return {"version": __version__, "parallel_read_safe": True}
