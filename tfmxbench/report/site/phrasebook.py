"""The ``phrasebook`` directive: a task said in every style, in tabs that stay in step.

``{phrasebook} step`` shows the training steps: a tab for each pair of counterparts, the two frameworks
beside each other, and one for each style that has no counterpart. What is shown is cut from the files of
``networks/mlp`` and ``phrases``. ``{phrasebook} state`` says what became of them when they were run.
"""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import re
from collections.abc import Sequence
from typing import Any, ClassVar

from docutils import nodes
from docutils.statemachine import StringList
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from tfmxbench import __version__, frameworks, phrases
from tfmxbench.analysis import definitions
from tfmxbench.examples import phrases as measured
from tfmxbench.examples.phrases import Phrases
from tfmxbench.networks import catalogue
from tfmxbench.networks.catalogue import Implementation
from tfmxbench.records.plain_text import one_line
from tfmxbench.report.pages import published
from tfmxbench.worker import phrase_checks

# Beside each other, TensorFlow is to the left.
FIRST = "tensorflow"
GROUP = "style"
STATE = "state"
# What a model is at the low level, besides its parameters; build need not use it.
FORWARD = "forward"


@dataclasses.dataclass(frozen=True)
class Task:
    """What a tab shows of each style.

    Attributes
    ----------
    parts : tuple of str
        Of the implementation, as :func:`tfmxbench.analysis.definitions.parts` names them; or else
    phrases : tuple of str
        Functions of the phrases' file.
    """

    parts: tuple[str, ...] = ()
    phrases: tuple[str, ...] = ()


TASKS = {
    "define": Task(parts=("imports", "build")),
    "initialise": Task(phrases=("initialise",)),
    "weights": Task(parts=("parity",)),
    "step": Task(phrases=("step",)),
    "loop": Task(parts=("train",)),
    "predict": Task(parts=("predict",)),
    "files": Task(phrases=("save", "load")),
    "device": Task(phrases=("device",)),
    "count": Task(phrases=("count_parameters",)),
}


@functools.cache
def checked() -> dict[str, Phrases]:
    """What became of all phrases when they were run, for this build."""
    return measured.run()


def gate_problem(style: str) -> str:
    """Why an implementation did not pass the parity gate, if the build's campaign says so."""
    for found in published.results().parity:
        if (found.network, found.style, found.device) == (phrases.NETWORK, style, measured.DEVICE):
            return "" if found.passed else found.reason or "it did not pass the parity gate"
    return ""


def tabs(implementations: Sequence[Implementation]) -> list[tuple[str, list[Implementation]]]:
    """The tabs' titles, with the styles in each: the pairs, and then those without a counterpart."""
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
    found: dict[str, list[Implementation]] = {}
    for item in ordered:
        title = item.pair[0].upper() + item.pair[1:] if item.pair else item.style
        found.setdefault(title, []).append(item)
    return list(found.items())


def tab_set(name: str, implementations: Sequence[Implementation]) -> str:
    """A task in every style, as MyST."""
    shown = []
    for title, styles in tabs(implementations):
        columns: dict[str, list[str]] = {}
        for item in styles:
            columns.setdefault(item.framework, []).append(entry(TASKS[name], item))
        cells = "\n".join(_block(6, "grid-item", "", "\n".join(column)) for column in columns.values())
        wide = min(len(columns), 2)
        grid = _block(7, "grid", f"1 1 {wide} {wide}", cells, gutter="3")
        shown.append(_block(8, "tab-item", title, grid, sync=slug(title)))
    options = {"sync-group": GROUP, "class": "tfmxbench-phrases"}
    return _block(9, "tab-set", "", "\n".join(shown), **options)


def entry(task: Task, item: Implementation) -> str:
    """A task in one style, as MyST: what to notice, the code, or why there is none."""
    page = f"/gallery/{item.network}/plot_{item.network}_{item.style}"
    lines = [f"**{frameworks.load(item.framework).TITLE}**, {{doc}}`{item.style} <{page}>`", ""]
    found = checked()[item.style]
    failed = gate_problem(item.style)
    if not failed:
        failed = found.problem(task.phrases or (phrase_checks.IMPLEMENTATION,), whole=bool(task.phrases))
    if failed:
        return "\n".join([*lines, _told("Not shown, because it failed when this site was built:", failed)])
    if task.phrases and found.reason == measured.NO_FILE:
        return "\n".join([*lines, f"{found.reason.capitalize()}.", ""])
    try:
        cut = cut_out(task, item)
    except ValueError as error:
        return "\n".join([*lines, _told("Not shown:", str(error))])
    lines += [cut.note, ""]
    if not found.ran and found.reason != measured.NO_FILE:
        lines.append(_told("Not run on the machine that built this site:", found.reason, "note"))
    return "\n".join([*lines, "~~~~python", cut.source.rstrip("\n"), "~~~~", ""])


def cut_out(task: Task, item: Implementation) -> definitions.Snippet:
    """The code of a task in one style, and what to notice about it.

    Raises
    ------
    ValueError
        If a phrase is missing.
    """
    if task.phrases:
        cut = definitions.functions(phrases.FOLDER / f"{item.style}.py", task.phrases, phrases.NAMES)
    else:
        parts = definitions.parts(item.path)
        source = "\n\n".join(parts[part] for part in task.parts if parts[part])
        if "build" in task.parts and f"def {FORWARD}(" not in source:
            with contextlib.suppress(ValueError):
                source += f"\n\n{definitions.functions(item.path, [FORWARD]).source}"
        cut = definitions.Snippet(item.summary if "build" in task.parts else "", source)
    if "build" in task.parts:
        return cut
    # What build makes and a model carries, such as a compiled step, is part of how it is said.
    made = definitions.nested(item.path, "build", definitions.attributes(cut.source, "model"))
    return dataclasses.replace(cut, source=f"{made}\n\n{cut.source}") if made else cut


def state() -> str:
    """What became of the phrases, as MyST."""
    found = checked()
    passed = [name for name, item in found.items() if item.passed]
    lines = [
        f"When this site was built, the phrases of {len(passed)} of {len(found)} styles were run on the CPU, "
        "and did what is said of them here.",
        "",
    ]
    for name, item in found.items():
        told = item.reason or "; ".join(f"{phrase}: {reason}" for phrase, reason in item.failures.items())
        if told:
            kind, became = ("warning", "failed") if item.ran else ("note", "was not run")
            lines.append(_told(f"{name} {became}:", told, kind))
    return "\n".join(lines)


def slug(title: str) -> str:
    """A tab's title as it stands in an address."""
    return re.sub(r"[^a-z0-9_]+", "-", title.lower()).strip("-")


def _block(ticks: int, directive: str, argument: str, content: str, **options: str) -> str:
    fence = "`" * ticks
    head = f"{fence}{{{directive}}} {argument}".rstrip()
    told = [f":{key}: {value}" for key, value in options.items()]
    return "\n".join([head, *told, "", content, fence, ""])


def _told(words: str, reason: str, kind: str = "warning") -> str:
    """An admonition with a reason, which is not taken for MyST."""
    # Indented so far, a line cannot end a block, neither this one nor one around it.
    literal = _block(4, "code-block", "text", f"    {one_line(reason)}", dedent="4")
    return _block(5, kind, "", f"{words}\n\n{literal}")


class Phrasebook(SphinxDirective):
    """A task in every style, by its name."""

    required_arguments = 1
    option_spec: ClassVar[dict[str, Any]] = {}

    def run(self) -> list[nodes.Node]:
        name = self.arguments[0]
        if name not in (*TASKS, STATE):
            raise self.error(f"there is no task {name!r}; there are {', '.join([*TASKS, STATE])}")
        implementations = catalogue.implementations(phrases.NETWORK)
        text = state() if name == STATE else tab_set(name, implementations)
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
