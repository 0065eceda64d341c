"""Plots as SVG inside the page, drawn in the page's own text colour, so that they suit any theme."""

from __future__ import annotations

import io
import re
from typing import Any

import matplotlib
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import FancyBboxPatch

from tfmxbench.report.figures.fragments import Fragment, text

# Stands for the page's text colour while matplotlib draws.
_INK = "#123456"
# Equally light on white and on black, and distinct for colour-blind people (Okabe and Ito, 2008).
PALETTE = ("#e67e00", "#2f8fd0", "#009e73", "#cc5fa0", "#9a8700", "#7f7f7f")


def new(width: float, height: float, columns: int = 1) -> tuple[Figure, list[Axes]]:
    """A figure of that width and height, in inches, with axes next to each other."""
    figure = Figure(figsize=(width, height), layout="constrained")
    row = figure.subplots(1, columns, squeeze=False)[0]
    for axes in row:
        axes.set_facecolor("none")
        axes.spines[["top", "right"]].set_visible(False)
        axes.spines[:].set_color(_INK)
        axes.tick_params(colors=_INK)
        axes.grid(visible=True, axis="x", color=_INK, alpha=0.15)
        axes.set_axisbelow(True)
    return figure, list(row)


def label(axes: Axes, title: str = "", x: str = "", y: str = "") -> None:
    """Set the title and the labels of the axes, in the page's text colour."""
    axes.set_title(title, color=_INK, loc="left", fontsize="medium")
    axes.set_xlabel(x, color=_INK)
    axes.set_ylabel(y, color=_INK)


def legend(axes: Axes, **options: Any) -> None:
    """Add a legend in the page's text colour, without a frame."""
    axes.legend(frameon=False, labelcolor=_INK, **options)


def upright(axes: Axes, x: float) -> None:
    """Draw a vertical line in the page's text colour."""
    axes.axvline(x, color=_INK, linewidth=1, linestyle="--")


def annotate(axes: Axes, words: str, x: float, y: float, **options: Any) -> None:
    """Write words at a point, in the page's text colour."""
    axes.annotate(words, (x, y), color=_INK, fontsize="small", **options)


def box(axes: Axes, words: str, x: float, y: float, width: float, height: float) -> None:
    """A box with words in it around a point, in the page's text colour."""
    axes.add_patch(
        FancyBboxPatch(
            (x - width / 2, y - height / 2),
            width,
            height,
            boxstyle="round,pad=0,rounding_size=0.08",
            facecolor=PALETTE[1],
            edgecolor=_INK,
            alpha=0.25,
        )
    )
    axes.text(x, y, words, color=_INK, ha="center", va="center", fontsize="small")


def arrow(axes: Axes, start: tuple[float, float], end: tuple[float, float], margin: float) -> None:
    """An arrow from below one point to above another, in the page's text colour."""
    (x, y), (to_x, to_y) = start, end
    axes.annotate(
        "",
        (to_x, to_y + margin),
        (x, y - margin),
        arrowprops={"arrowstyle": "-|>", "color": _INK, "alpha": 0.6, "shrinkA": 0, "shrinkB": 0},
    )


def fragment(figure: Figure, name: str, description: str) -> Fragment:
    """Turn a figure into HTML.

    Parameters
    ----------
    figure : matplotlib.figure.Figure
    name : str
        Unique on its page: the identifiers inside the drawing are derived from it.
    description : str
        What the figure shows. Screen readers read it, and it is the caption as well.
    """
    buffer = io.StringIO()
    # The layout is executed here, because savefig would draw a figure with a layout engine twice.
    layout = figure.get_layout_engine()
    if layout is not None:
        layout.execute(figure)
        figure.set_layout_engine(None)
    with matplotlib.rc_context({"svg.fonttype": "none", "svg.hashsalt": name}):
        figure.savefig(buffer, format="svg", transparent=True, metadata={"Date": None})
    drawing = buffer.getvalue()
    drawing = drawing[drawing.index("<svg") :].replace(_INK, "currentColor")
    # These style rules would apply to the whole page.
    drawing = re.sub(r"<style[^>]*>.*?</style>", "", drawing, flags=re.DOTALL)
    drawing = re.sub(r"<metadata>.*?</metadata>", "", drawing, flags=re.DOTALL)
    drawing = re.sub(r'id="([^"]+)"', rf'id="{name}-\1"', drawing)
    drawing = re.sub(r"url\(#([^)]+)\)", rf"url(#{name}-\1)", drawing)
    drawing = re.sub(r'xlink:href="#([^"]+)"', rf'xlink:href="#{name}-\1"', drawing)
    drawing = re.sub(r'<svg [^>]*viewBox="([^"]+)"[^>]*>', _opening(description), drawing, count=1)
    return Fragment(
        f'<figure class="tfmxbench-figure">{drawing}<figcaption>{text(description)}</figcaption></figure>'
    )


def _opening(description: str) -> str:
    return (
        r'<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" '
        r'viewBox="\1" role="img" stroke-linejoin="round" aria-label="'
        + text(description).replace("\\", r"\\")
        + '">'
    )
