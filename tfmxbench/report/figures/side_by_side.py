"""Implementations side by side: their results, and then their code, section by section."""

from __future__ import annotations

import functools
from collections.abc import Sequence

from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import PythonLexer

from tfmxbench import frameworks
from tfmxbench.analysis import code_size, definitions, quantities
from tfmxbench.analysis.arms import Arm
from tfmxbench.networks.catalogue import Implementation
from tfmxbench.report.figures import fragments, tables
from tfmxbench.report.figures.fragments import Fragment, text
from tfmxbench.report.figures.tables import with_interval

TITLES = {
    "imports": "Imports",
    "build": "Build",
    "train": "Train",
    "predict": "Predict",
    "parity": "Needed only for the parity check: setting and reading the weights",
}


def aligned(
    columns: Sequence[Sequence[Implementation]], shown: Sequence[str], arms: Sequence[Arm], chooser: bool
) -> Fragment:
    """Implementations side by side, section by section.

    Parameters
    ----------
    columns : sequence of sequence of Implementation
        The implementations that each column can show.
    shown : sequence of str
        The style that each column shows at first.
    arms : sequence of Arm
        The arms whose results are shown above the code.
    chooser : bool
        Whether the reader can choose.
    """
    rows = [
        ("", [_choice(number, column, shown, chooser) for number, column in enumerate(columns)], _results)
    ]
    for part in definitions.PARTS:
        rows.append((TITLES[part], [""] * len(columns), functools.partial(_code, part)))
    source = ""
    for title, choices, content in rows:
        if title:
            source += f'<h3 class="tfmxbench-part">{text(title)}</h3>'
        source += '<div class="tfmxbench-row">'
        for number, column in enumerate(columns):
            panels = "".join(
                f'<div class="tfmxbench-panel" data-style="{text(item.style)}"'
                f"{'' if item.style in shown[number : number + 1] else ' hidden'}>{content(item, arms)}</div>"
                for item in column
            )
            source += f'<div class="tfmxbench-column" data-column="{number}">{choices[number]}{panels}</div>'
        source += "</div>"
    return Fragment(f'<div class="tfmxbench-chooser">{source}</div>')


def _choice(number: int, column: Sequence[Implementation], shown: Sequence[str], chooser: bool) -> str:
    """The menu of a column, or the title of its only implementation."""
    if not chooser:
        return f"<p><strong>{text(_titled(column[0]))}</strong></p>"
    chosen = shown[number : number + 1]
    options = "".join(
        f'<option value="{text(item.style)}"{" selected" if item.style in chosen else ""}>'
        f"{text(_titled(item))}</option>"
        for item in column
    )
    ordinal = ("First", "Second")[number]
    return f'<label>{ordinal} implementation <select data-column="{number}">{options}</select></label>'


def _titled(item: Implementation) -> str:
    return f"{frameworks.load(item.framework).TITLE}: {item.style}"


def _results(item: Implementation, arms: Sequence[Arm]) -> str:
    """A description of an implementation, and its results."""
    lines = []
    for arm in arms:
        if arm.style == item.style:
            epoch = with_interval(arm.estimate(quantities.epoch_seconds))
            lines += [
                f"seconds per epoch ({arm.device.upper()}): {epoch}",
                f"peak memory, MB: {with_interval(arm.estimate(quantities.peak_megabytes))}",
                f"test accuracy: {tables.named('test accuracy').cell(arm).text}",
            ]
    lines.append(f"{code_size.example_lines(item.path)} lines of code")
    return fragments.paragraph(item.summary).source + fragments.items(lines).source


def _code(part: str, item: Implementation, arms: Sequence[Arm]) -> str:
    """One part of an implementation's code."""
    source = definitions.parts(item.path)[part]
    return code(source).source if source else ""


# An implementation that both columns offer is highlighted once.
@functools.lru_cache(maxsize=256)
def code(source: str) -> Fragment:
    """Python source, highlighted like the rest of the site, with Sphinx's copy button."""
    drawn = highlight(source, PythonLexer(), HtmlFormatter(nowrap=False))
    return Fragment(f'<div class="highlight-python notranslate">{drawn}</div>')
