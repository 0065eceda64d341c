"""The page on readability, computed from the files: lines of code, API names, nesting and branches."""

from __future__ import annotations

from collections.abc import Callable

from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from tfmxbench import frameworks
from tfmxbench.analysis import code_size, definitions
from tfmxbench.analysis.code_size import Lines
from tfmxbench.analysis.complexity import Complexity, complexity
from tfmxbench.networks import catalogue
from tfmxbench.networks.catalogue import Implementation
from tfmxbench.report.figures import drawing, fragments, plots
from tfmxbench.report.figures.fragments import Fragment, text

# Grey for parity: it is not part of what the example shows.
PART_COLOURS = dict(zip(definitions.PARTS, (*drawing.PALETTE[:4], drawing.PALETTE[5]), strict=True))
PROXIES: tuple[tuple[str, Callable[[Complexity], int]], ...] = (
    ("API names", lambda item: len(item.names)),
    ("nesting", lambda item: item.nesting),
    ("branches", lambda item: item.branches),
)


def _title(item: Implementation) -> str:
    return str(frameworks.load(item.framework).TITLE)


def _counts(lines: Lines) -> str:
    return f"{lines.code} / {lines.comment} / {lines.blank}"


def table(network: str) -> Fragment:
    """Lines, and then proxies, with one row for each implementation of a network."""
    return _lines_table(network) + _proxies_table(network)


def _lines_table(network: str) -> Fragment:
    rows: list[list[tuple[str, float | str]]] = []
    for item in catalogue.implementations(network):
        whole = code_size.count(item.path.read_text(encoding="utf-8"))
        counted = [whole, *code_size.count_parts(item.path).values()]
        rows.append(
            [
                (item.style, item.style),
                (_title(item), _title(item)),
                *((_counts(lines), float(lines.code)) for lines in counted),
            ]
        )
    triple = "lines of code / of comments and docstrings / empty"
    headings = [
        ("style", "style of the implementation"),
        ("framework", "framework that it is written in"),
        ("whole file", f"{triple}, including the style's description"),
        *(
            (part, f"{triple}: " + ("code that sets and gets the parameters" if part == "parity" else part))
            for part in definitions.PARTS
        ),
    ]
    caption = f"{catalogue.task(network).title}: lines of code / comments / empty lines, counted by pygount"
    return fragments.table(caption, headings, rows)


def _proxies_table(network: str) -> Fragment:
    rows: list[list[tuple[str, float | str]]] = []
    for item in catalogue.implementations(network):
        measured = complexity(item.path)
        values = [code_size.example_lines(item.path), *(quantity(measured) for _, quantity in PROXIES)]
        rows.append(
            [
                (item.style, item.style),
                (_title(item), _title(item)),
                *((str(value), float(value)) for value in values),
            ]
        )
    headings = [
        ("style", "style of the implementation"),
        ("framework", "framework that it is written in"),
        ("lines", "lines of code of the example"),
        ("API names", "distinct names of the framework's API"),
        ("nesting", "blocks around the most deeply nested statement; the body of a function is 1"),
        ("branches", "decisions: conditions, loops, comprehensions, and, or"),
    ]
    caption = f"{catalogue.task(network).title}: proxies for the readability of the example, without parity"
    return fragments.table(caption, headings, rows)


def picture(network: str) -> Fragment:
    """Lines of code by part, and the proxies, each with a bar for each implementation of a network."""
    counted = {
        item: {part: lines.code for part, lines in code_size.count_parts(item.path).items()}
        for item in catalogue.implementations(network)
    }
    example = {item: sum(parts.values()) - parts["parity"] for item, parts in counted.items()}
    # Axes count from below, and the shortest belongs at the top.
    ordered = sorted(counted, key=lambda item: example[item], reverse=True)
    return _lines(network, ordered, counted) + _proxies(network, ordered)


def _lines(
    network: str, ordered: list[Implementation], counted: dict[Implementation, dict[str, int]]
) -> Fragment:
    drawn, (axes,) = drawing.new(7.0, 1.3 + 0.3 * len(ordered))
    for position, item in enumerate(ordered):
        left = 0
        for part, lines in counted[item].items():
            axes.barh(
                position,
                lines,
                left=left,
                height=0.6,
                color=PART_COLOURS[part],
                label=part if position == 0 else None,
            )
            left += lines
        parity = counted[item]["parity"]
        _write_after(axes, f"{left - parity} + {parity}", left, position)
    _name_rows(axes, ordered)
    axes.margins(x=0.12)
    drawing.label(axes, x="lines of code")
    drawing.legend(axes, loc="lower center", bbox_to_anchor=(0.4, 1.0), ncols=len(PART_COLOURS))
    return drawing.fragment(
        drawn,
        f"lines-{network}",
        f"{catalogue.task(network).title}: lines of code by part, counted by pygount, the shortest example "
        "at the top. The numbers after each bar: lines of the example + lines that only parity needs.",
    )


def _proxies(network: str, ordered: list[Implementation]) -> Fragment:
    measured = {item: complexity(item.path) for item in ordered}
    drawn, panels = drawing.new(7.0, 0.9 + 0.3 * len(ordered), columns=len(PROXIES))
    for axes, (name, quantity) in zip(panels, PROXIES, strict=True):
        values = [quantity(measured[item]) for item in ordered]
        for position, (item, value) in enumerate(zip(ordered, values, strict=True)):
            axes.barh(position, value, height=0.6, color=plots.colour(item.framework))
            _write_after(axes, str(value), value, position)
        axes.set_xlim(0, 1.45 * max(1, *values))
        axes.xaxis.set_major_locator(MaxNLocator(2, integer=True))
        drawing.label(axes, x=name)
        _name_rows(axes, ordered if axes is panels[0] else [])
    return drawing.fragment(
        drawn,
        f"proxies-{network}",
        f"{catalogue.task(network).title}: proxies for readability, by style, in the same order (distinct "
        "names of the API, deepest nesting, branches).",
    )


def _name_rows(axes: Axes, ordered: list[Implementation]) -> None:
    axes.set_yticks(range(len(ordered)), [f"{item.style} ({_title(item)})" for item in ordered])


def _write_after(axes: Axes, words: str, x: float, y: float) -> None:
    drawing.annotate(axes, words, x, y, xytext=(3, 0), textcoords="offset points", va="center")


def names(network: str) -> Fragment:
    """The names of the API that each implementation of a network uses, to unfold."""
    shown = f"<p>{text(catalogue.task(network).title)}:</p>"
    for item in catalogue.implementations(network):
        used = complexity(item.path).names
        # Attributes without a path come last.
        ordered = sorted(used, key=lambda name: (name.startswith("."), name))
        listed = "".join(f"<li><code>{text(name)}</code></li>" for name in ordered)
        heading = f"{item.style} ({_title(item)}): {len(used)} names"
        shown += f"<details><summary>{text(heading)}</summary><ul>{listed}</ul></details>"
    return Fragment(shown)
