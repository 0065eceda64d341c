"""The ``phrasebook`` directive: one task in every style, in tabs that stay in step.

``{phrasebook} step`` shows the training steps: a tab for each pair of counterparts, with the two frameworks
next to each other, and a tab for each style without a counterpart. The code is cut from the files of
``networks/mlp`` and ``phrases``. ``{phrasebook} state`` reports which of them passed their checks when
``tfmxbench run`` ran them.
"""

from __future__ import annotations

import contextlib
import dataclasses
import re
from collections.abc import Sequence
from typing import Any, ClassVar

from docutils import nodes
from docutils.statemachine import StringList
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from tfmxbench import __version__, frameworks, phrases
from tfmxbench.analysis import definitions
from tfmxbench.examples.phrases import DEVICE, NO_FILE
from tfmxbench.networks import catalogue
from tfmxbench.networks.catalogue import Implementation
from tfmxbench.processes.hashes import source_sha256
from tfmxbench.records.outcomes import PhrasesOutcome
from tfmxbench.records.plain_text import one_line
from tfmxbench.report.pages import published
from tfmxbench.worker import phrase_checks

# TensorFlow is in the left column.
FIRST = "tensorflow"
GROUP = "style"
STATE = "state"
# The function that computes with the parameters of a low-level model; build need not use it.
FORWARD = "forward"


@dataclasses.dataclass(frozen=True)
class Topic:
    """The content of a section in each style: parts of the implementation, or phrases.

    Attributes
    ----------
    parts : tuple of str
        Parts of the implementation, as :func:`tfmxbench.analysis.definitions.parts` names them.
    phrases : tuple of str
        Functions of the phrases' file.
    """

    parts: tuple[str, ...] = ()
    phrases: tuple[str, ...] = ()


TOPICS = {
    "define": Topic(parts=("imports", "build")),
    "initialise": Topic(phrases=("initialise",)),
    "weights": Topic(parts=("parity",)),
    "step": Topic(phrases=("step",)),
    "loop": Topic(parts=("train",)),
    "predict": Topic(parts=("predict",)),
    "files": Topic(phrases=("save", "load")),
    "device": Topic(phrases=("device",)),
    "count": Topic(phrases=("count_parameters",)),
}


def outcomes(implementations: Sequence[Implementation]) -> dict[str, PhrasesOutcome]:
    """The outcome of each style's phrases in the results that the site is built from, by style."""
    measured = {outcome.style: outcome for outcome in published.results().phrases}
    return {item.style: _current(item, measured.get(item.style)) for item in implementations}


def _current(item: Implementation, outcome: PhrasesOutcome | None) -> PhrasesOutcome:
    """An outcome; or the reason why there is none of the file as it is now."""
    path = phrases.FOLDER / f"{item.style}.py"
    sha256 = source_sha256(path) if path.is_file() else ""
    if not sha256:
        reason = NO_FILE
    elif outcome is None:
        reason = "the results that this site shows were measured without these phrases"
    elif outcome.ran and outcome.source_sha256 != sha256:
        reason = "the file has changed since the results that this site shows were measured"
    else:
        return outcome
    return PhrasesOutcome(item.style, item.framework, sha256, reason, ran=False)


def gate_problem(style: str) -> str:
    """Why an implementation did not pass the parity gate; empty if it did, or was not compared."""
    for result in published.results().parity:
        if (result.network, result.style, result.device) == (phrases.NETWORK, style, DEVICE):
            return "" if result.passed else result.reason or "it did not pass the parity gate"
    return ""


def tabs(implementations: Sequence[Implementation]) -> list[tuple[str, list[Implementation]]]:
    """The tabs' titles, with the styles in each: the pairs, then the styles without a counterpart."""
    ordered = sorted(
        implementations,
        key=lambda item: (
            item.pair is None,
            item.level,
            item.is_imperative,
            item.pair or "",
            item.framework != FIRST,
            item.framework,
            item.style,
        ),
    )
    styles: dict[str, list[Implementation]] = {}
    for item in ordered:
        title = item.pair[0].upper() + item.pair[1:] if item.pair else item.style
        styles.setdefault(title, []).append(item)
    return list(styles.items())


def tab_set(name: str, implementations: Sequence[Implementation]) -> str:
    """A topic in every style, as MyST."""
    by_style = outcomes(implementations)
    tab_items = []
    for title, styles in tabs(implementations):
        columns: dict[str, list[str]] = {}
        for item in styles:
            text = entry(TOPICS[name], item, by_style[item.style])
            columns.setdefault(item.framework, []).append(text)
        cells = "\n".join(_block(6, "grid-item", "", "\n".join(column)) for column in columns.values())
        wide = min(len(columns), 2)
        grid = _block(7, "grid", f"1 1 {wide} {wide}", cells, gutter="3")
        tab_items.append(_block(8, "tab-item", title, grid, sync=slug(title)))
    options = {"sync-group": GROUP, "class": "tfmxbench-phrases"}
    return _block(9, "tab-set", "", "\n".join(tab_items), **options)


def entry(topic: Topic, item: Implementation, outcome: PhrasesOutcome) -> str:
    """A topic in one style, as MyST: what to notice, and the code; or why there is none."""
    page = f"/gallery/{item.network}/plot_{item.network}_{item.style}"
    lines = [f"**{frameworks.load(item.framework).TITLE}**, {{doc}}`{item.style} <{page}>`", ""]
    names = topic.phrases or (phrase_checks.IMPLEMENTATION,)
    problem = gate_problem(item.style) or outcome.problem(names, whole=bool(topic.phrases))
    if problem:
        return "\n".join(
            [*lines, _admonition("Not shown, because it failed its check in this build:", problem)]
        )
    if topic.phrases and outcome.reason == NO_FILE:
        return "\n".join([*lines, f"{NO_FILE.capitalize()}.", ""])
    try:
        snippet = cut_out(topic, item)
    except ValueError as error:
        return "\n".join([*lines, _admonition("Not shown:", str(error))])
    lines += [snippet.note, ""]
    if not outcome.ran and outcome.reason != NO_FILE:
        lines.append(_admonition("Not checked in this build:", outcome.reason, "note"))
    return "\n".join([*lines, "~~~~python", snippet.source.rstrip("\n"), "~~~~", ""])


def cut_out(topic: Topic, item: Implementation) -> definitions.Snippet:
    """The code of a topic in one style, and what to notice about it.

    Raises
    ------
    ValueError
        If a phrase is missing.
    """
    if topic.phrases:
        snippet = definitions.functions(phrases.FOLDER / f"{item.style}.py", topic.phrases, phrases.NAMES)
    else:
        parts = definitions.parts(item.path)
        source = "\n\n".join(parts[part] for part in topic.parts if parts[part])
        if "build" in topic.parts and f"def {FORWARD}(" not in source:
            with contextlib.suppress(ValueError):
                source += f"\n\n{definitions.functions(item.path, [FORWARD]).source}"
        snippet = definitions.Snippet(item.summary if "build" in topic.parts else "", source)
    if "build" in topic.parts:
        return snippet
    # What build makes and a model carries, such as a compiled step, is part of the code that calls it.
    attributes = definitions.attributes(snippet.source, "model")
    compiled = definitions.nested(item.path, "build", attributes)
    return dataclasses.replace(snippet, source=f"{compiled}\n\n{snippet.source}") if compiled else snippet


def state(implementations: Sequence[Implementation]) -> str:
    """Which styles' phrases passed their checks, as MyST."""
    by_style = outcomes(implementations)
    passed = [style for style, outcome in by_style.items() if outcome.passed]
    lines = [
        f"For this build, the snippets of {len(passed)} of {len(by_style)} styles were run on the CPU, and "
        "passed their checks.",
        "",
    ]
    for style, outcome in by_style.items():
        failures = [f"{phrase}: {reason}" for phrase, reason in outcome.failures.items()]
        if reason := outcome.reason or "; ".join(failures):
            kind, verb = ("warning", "failed") if outcome.ran else ("note", "was not run")
            lines.append(_admonition(f"{style} {verb}:", reason, kind))
    return "\n".join(lines)


def slug(title: str) -> str:
    """A tab's title as it stands in an address."""
    return re.sub(r"[^a-z0-9_]+", "-", title.lower()).strip("-")


def _block(ticks: int, directive: str, argument: str, content: str, **options: str) -> str:
    fence = "`" * ticks
    head = f"{fence}{{{directive}}} {argument}".rstrip()
    option_lines = [f":{key}: {value}" for key, value in options.items()]
    return "\n".join([head, *option_lines, "", content, fence, ""])


def _admonition(words: str, reason: str, kind: str = "warning") -> str:
    """An admonition with a reason, which is not taken for MyST."""
    # A line that is indented this far cannot end a block, neither this one nor one around it.
    literal = _block(4, "code-block", "text", f"    {one_line(reason)}", dedent="4")
    return _block(5, kind, "", f"{words}\n\n{literal}")


class Phrasebook(SphinxDirective):
    """A topic in every style, by its name."""

    required_arguments = 1
    option_spec: ClassVar[dict[str, Any]] = {}

    def run(self) -> list[nodes.Node]:
        name = self.arguments[0]
        if name not in (*TOPICS, STATE):
            raise self.error(f"there is no topic {name!r}; there are {', '.join([*TOPICS, STATE])}")
        implementations = catalogue.implementations(phrases.NETWORK)
        text = state(implementations) if name == STATE else tab_set(name, implementations)
        self.env.note_dependency(str(published.results_path()))
        for item in implementations:
            self.env.note_dependency(str(item.path))
            self.env.note_dependency(str(phrases.FOLDER / f"{item.style}.py"))
        holder = nodes.container()
        self.state.nested_parse(StringList(text.splitlines(), source=__file__), self.content_offset, holder)
        return list(holder.children)


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the directive."""
    app.add_directive("phrasebook", Phrasebook)
    app.add_css_file("phrasebook.css")
    return {"version": __version__, "parallel_read_safe": True}
