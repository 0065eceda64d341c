"""Pieces of HTML for the pages. Everything that comes from a record is escaped."""

from __future__ import annotations

import dataclasses
import html
import math
from collections.abc import Sequence

from tfmxbench.records.plain_text import one_line

GREATEST = 1e308


@dataclasses.dataclass(frozen=True)
class Fragment:
    """HTML that Sphinx-Gallery and notebooks show without changes.

    Attributes
    ----------
    source : str
        HTML whose texts have been escaped.
    """

    source: str

    def _repr_html_(self) -> str:
        return self.source

    def __bool__(self) -> bool:
        return bool(self.source)

    def __add__(self, other: Fragment) -> Fragment:
        return Fragment(self.source + other.source)


def text(value: object) -> str:
    """A value as text that is safe between tags and in attributes.

    Line ends are removed: in the reStructuredText that Sphinx-Gallery writes, a line end could end the
    block of HTML that contains the text.
    """
    return html.escape(one_line(str(value)), quote=True)


def paragraph(value: str) -> Fragment:
    """A paragraph of plain text."""
    return Fragment(f"<p>{text(value)}</p>")


def items(values: Sequence[str]) -> Fragment:
    """A list of plain texts."""
    return Fragment("<ul>" + "".join(f"<li>{text(value)}</li>" for value in values) + "</ul>")


def folded(title: str, content: Fragment) -> Fragment:
    """A fragment that the reader can unfold."""
    return Fragment(f"<details><summary>{text(title)}</summary>") + content + Fragment("</details>")


def table(
    caption: str,
    headings: Sequence[tuple[str, str]],
    rows: Sequence[Sequence[tuple[str, float | str]]],
    sortable: bool = False,
) -> Fragment:
    """A table. The first cell of each row is the row's heading.

    Parameters
    ----------
    caption : str
        What the table shows.
    headings : sequence of (str, str)
        Heading of each column, and its explanation.
    rows : sequence of sequence of (str, float or str)
        Text of each cell, and the value that it sorts by. Numbers are aligned to the right.
    sortable : bool
        Whether the reader can sort and filter the table.
    """
    head = "".join(f'<th scope="col" title="{text(meaning)}">{text(name)}</th>' for name, meaning in headings)
    body = "".join(
        f"<tr>{''.join(_cell(number, *cell) for number, cell in enumerate(row))}</tr>" for row in rows
    )
    return Fragment(
        '<div class="tfmxbench-table pst-scrollable-table-container" tabindex="0" role="region" '
        f'aria-label="{text(caption)}"><table class="table{" tfmxbench-sortable" if sortable else ""}">'
        f"<caption>{text(caption)}</caption>"
        f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>"
    )


def _cell(number: int, shown: str, order: float | str) -> str:
    kind = "text" if isinstance(order, str) else "number"
    # A missing value sorts last. It must be a number, so that the others sort as numbers.
    order = GREATEST if order == math.inf else order
    tag = 'th scope="row"' if number == 0 else "td"
    return f'<{tag} class="{kind}" data-order="{text(order)}">{text(shown)}</{tag.split()[0]}>'
