"""What the gallery's pages show: everything here is computed from the records of the build's campaign.

A page's code runs while the site is built, in the site's own environment, which holds no framework.
"""

from __future__ import annotations

import dataclasses
import functools
import os
import pathlib

from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import PythonLexer

from tfmxbench import frameworks
from tfmxbench.analysis import code_size, summary
from tfmxbench.analysis.summary import Arm
from tfmxbench.measure.store import Results, read_results
from tfmxbench.networks import catalogue
from tfmxbench.networks.catalogue import Implementation
from tfmxbench.report import html, plots, sentences, tables
from tfmxbench.report.html import Fragment, text
from tfmxbench.report.tables import with_interval

RESULTS_VARIABLE = "TFMXBENCH_RESULTS"
DEFAULT_RESULTS = "build/results.json"
SPREAD = "The ticks are the trials, the dot is their geometric mean, the line its 95% interval."


def results_path() -> pathlib.Path:
    """The results file that the site is built from: ``TFMXBENCH_RESULTS`` or ``build/results.json``."""
    return pathlib.Path(os.environ.get(RESULTS_VARIABLE, DEFAULT_RESULTS)).absolute()


@functools.lru_cache(maxsize=1)
def _read(path: pathlib.Path, modified: int) -> Results:
    return read_results(path)


def results() -> Results:
    """The results that the site is built from.

    Raises
    ------
    ValueError
        If there are none, with the command that makes them, or they are not to be read.
    """
    path = results_path()
    if not path.is_file():
        raise ValueError(f"there are no results in {path}; tfmxbench run --output {path} measures them")
    return _read(path, path.stat().st_mtime_ns)


def table(network: str | None = None) -> Fragment:
    """The table of everything measured, of one network or of all."""
    return html.table(
        "Estimates, with 95% intervals over trials in parentheses",
        [(column.heading, column.meaning) for column in tables.COLUMNS],
        [[(cell.text, cell.order) for cell in row.cells] for row in tables.rows(results(), network)],
    ) + failed(network)


def failed(network: str | None = None) -> Fragment:
    """The trials that did not complete, with their reasons; nothing if there is none."""
    found = [line for line in tables.failures(results()) if network is None or line.startswith(f"{network}/")]
    if not found:
        return Fragment("")
    return html.paragraph("Trials that did not complete:") + html.items(found)


def arms(network: str) -> list[Arm]:
    """The arms of a network."""
    return [arm for arm in summary.arms(results().records) if arm.network == network]


def lines(network: str, style: str) -> Fragment:
    """Lines of each part of an implementation, or of the reference, as pygount counts them."""
    path = catalogue.FOLDER / network / f"{style}.py"
    counted = code_size.count_parts(path)
    rows: list[list[tuple[str, float | str]]] = [
        [(part, part), *((str(value), float(value)) for value in dataclasses.astuple(found))]
        for part, found in counted.items()
    ]
    headings = [
        ("part", "of the file; parity is what sets and gets the parameters"),
        ("code", "lines of code"),
        ("comments", "lines of comments and docstrings"),
        ("blank", "empty lines"),
    ]
    return html.table(f"Lines of {network}/{style}, counted by pygount", headings, rows)


class ImplementationPage:
    """What the page of an implementation shows.

    Parameters
    ----------
    network, style : str
        The implementation.
    """

    def __init__(self, network: str, style: str) -> None:
        self.implementation = next(item for item in catalogue.implementations(network) if item.style == style)
        self.arms = [arm for arm in arms(network) if arm.style == style]

    def costs(self) -> Fragment:
        """The figures of this implementation, one row each."""
        rows: list[list[tuple[str, float | str]]] = []
        for arm in self.arms:
            for column in tables.COLUMNS[3:]:
                cell = column.cell(arm)
                rows.append(
                    [
                        (column.heading, column.heading),
                        (arm.device.upper(), arm.device),
                        (cell.text, cell.order),
                        (column.meaning, column.meaning),
                    ]
                )
        if not rows:
            return html.paragraph(
                "This implementation is not part of the campaign that this site was built from."
            )
        caption = f"{self.implementation.name}: estimates, with 95% intervals over trials in parentheses"
        headings = [("figure", ""), ("device", ""), ("value", ""), ("meaning", "")]
        failures = [
            line for line in tables.failures(results()) if line.startswith(self.implementation.name + " ")
        ]
        told = (
            html.paragraph("Trials that did not complete:") + html.items(failures)
            if failures
            else Fragment("")
        )
        return html.table(caption, headings, rows) + told

    def lines(self) -> Fragment:
        """Lines of each part."""
        return lines(self.implementation.network, self.implementation.style)

    def trials(self) -> Fragment:
        """Every timed pass, by round."""
        shown = Fragment("")
        for arm in self.arms:
            shown += plots.trials(
                arm,
                f"trials-{arm.device}",
                f"Seconds an epoch of {arm.name} on the {arm.device.upper()}, for every pass of every trial.",
            )
        return shown

    def conditions(self) -> Fragment:
        """On what was measured, and what the trials were given."""
        found = html.paragraph(sentences.data(results())) + html.paragraph(sentences.conditions(results()))
        return found + html.items(sentences.hashes(self.arms))


class ComparisonPage:
    """What the comparison of a network shows.

    Parameters
    ----------
    network : str
        The network.
    """

    def __init__(self, network: str) -> None:
        self.network = network
        self.arms = arms(network)

    def verdicts(self) -> Fragment:
        """For each pair of counterparts: which trains faster, by how much, how sure."""
        found = [sentences.compare(first, second) for first, second in sentences.pairs(self.arms)]
        return html.items(found or ["This campaign holds no two counterparts to compare."])

    def times(self) -> Fragment:
        """Seconds of a steady epoch."""
        return plots.intervals(
            self.arms,
            summary.epoch_seconds,
            "times",
            "seconds of a steady epoch",
            f"Seconds of a steady epoch of {self.network}, by style: less is better. {SPREAD}",
        )

    def starts(self) -> Fragment:
        """Seconds up to the end of the first epoch, by phase."""
        return plots.phases(
            self.arms,
            "starts",
            f"Seconds from starting Python to the end of the first epoch of {self.network}, by phase.",
        )

    def inference(self) -> Fragment:
        """Milliseconds for the test set."""
        return plots.intervals(
            self.arms,
            lambda found: 1e3 * summary.inference_seconds(found),
            "inference",
            "milliseconds for predicting the test set",
            f"Milliseconds for the test set, with {self.network}, by style. {SPREAD}",
        )

    def memory(self) -> Fragment:
        """Greatest resident memory."""
        return plots.intervals(
            self.arms,
            summary.peak_megabytes,
            "memory",
            "greatest resident memory, MB",
            f"Greatest resident memory of a process that trained {self.network}, by style. {SPREAD}",
        )

    def accuracy(self) -> Fragment:
        """How far the accuracies lie apart, and what the trials were given."""
        return html.paragraph(sentences.accuracies(self.arms)) + html.items(sentences.hashes(self.arms))

    def lines(self) -> Fragment:
        """Lines of code by part, and against time."""
        rows: list[list[tuple[str, float | str]]] = []
        points = []
        counted = {item.style: code_size.count_parts(item.path) for item in self._implementations()}
        for item in self._implementations():
            parts = counted[item.style]
            example = sum(found.code for part, found in parts.items() if part != "parity")
            title = frameworks.load(item.framework).TITLE
            rows.append(
                [(item.style, item.style), (title, title), (str(example), float(example))]
                + [(str(parts[part].code), float(parts[part].code)) for part in code_size.PARTS]
            )
            points += [(arm, example) for arm in self.arms if arm.style == item.style]
        headings = [
            ("style", "how it is written"),
            ("framework", "in what"),
            ("example", "lines of code of everything but what parity needs"),
            *((part, f"lines of code of this part: {part}") for part in code_size.PARTS),
        ]
        drawn = plots.lines_and_time(
            points,
            "lines",
            f"Lines of code of {self.network} against the seconds of a steady epoch, by style.",
        )
        return html.table("Lines of code, counted by pygount", headings, rows) + drawn

    def table(self) -> Fragment:
        """Everything measured of this network."""
        return table(self.network)

    def conditions(self) -> Fragment:
        """On what was measured."""
        return html.paragraph(sentences.data(results())) + html.paragraph(sentences.conditions(results()))

    def side_by_side(self) -> Fragment:
        """Any two implementations, chosen by the reader, with their figures above their code."""
        return Fragment(
            '<div class="tfmxbench-chooser">'
            + self._column(0, "First")
            + self._column(1, "Second")
            + "</div>"
        )

    def _implementations(self) -> list[Implementation]:
        measured = {arm.style for arm in self.arms}
        return [item for item in catalogue.implementations(self.network) if item.style in measured]

    def _column(self, number: int, ordinal: str) -> str:
        found = self._implementations()
        counterparts = sentences.pairs(self.arms)
        shown = [arm.style for arm in counterparts[0]] if counterparts else [item.style for item in found[:2]]
        chosen = shown[number] if number < len(shown) else ""
        options = "".join(
            f'<option value="{text(item.style)}"{" selected" if item.style == chosen else ""}>'
            f"{text(frameworks.load(item.framework).TITLE)}: {text(item.style)}</option>"
            for item in found
        )
        panels = "".join(self._panel(item, item.style == chosen) for item in found)
        return (
            f'<section class="tfmxbench-column"><label>{ordinal} implementation '
            f'<select data-column="{number}">{options}</select></label>{panels}</section>'
        )

    def _panel(self, item: Implementation, visible: bool) -> str:
        figures = []
        for arm in self.arms:
            if arm.style == item.style:
                epoch = with_interval(arm.estimate(summary.epoch_seconds))
                figures += [
                    f"seconds an epoch on the {arm.device.upper()}: {epoch}",
                    f"peak memory in MB: {with_interval(arm.estimate(summary.peak_megabytes))}",
                    f"test accuracy: {tables.COLUMNS[-2].cell(arm).text}",
                ]
        figures.append(f"{code_size.example_lines(item.path)} lines of code")
        blocks = "".join(
            f"<h4>{part.capitalize()}</h4>{code(source).source}"
            for part, source in code_size.parts(item.path).items()
            if source
        )
        return (
            f'<div class="tfmxbench-panel" data-style="{text(item.style)}"{"" if visible else " hidden"}>'
            f"<p>{text(item.summary)}</p>{html.items(figures).source}{blocks}</div>"
        )


def code(source: str) -> Fragment:
    """Python source, highlighted as the rest of the site is, with Sphinx' copy button."""
    drawn = highlight(source, PythonLexer(), HtmlFormatter(nowrap=False))
    return Fragment(f'<div class="highlight-python notranslate">{drawn}</div>')
