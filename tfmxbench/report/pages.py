"""What the gallery's pages show: everything here is computed from the records of the build's campaign.

A page's code runs while the site is built, in the site's own environment, which holds no framework.
"""

from __future__ import annotations

import dataclasses
import functools
import gc
import os
import pathlib

from tfmxbench import frameworks
from tfmxbench.analysis import code_size, pairs, summary
from tfmxbench.analysis.summary import Arm
from tfmxbench.measure.store import Results, read_results
from tfmxbench.networks import catalogue
from tfmxbench.networks.catalogue import Implementation
from tfmxbench.report import html, plots, sentences, side_by_side, tables
from tfmxbench.report.build import RESULTS_VARIABLE as RESULTS_VARIABLE
from tfmxbench.report.html import Fragment

DEFAULT_RESULTS = "build/results.json"
SPREAD = "The ticks are the trials, the dot is their geometric mean, the line its 95% interval."


def results_path() -> pathlib.Path:
    """The results file that the site is built from: ``TFMXBENCH_RESULTS`` or ``build/results.json``."""
    return pathlib.Path(os.environ.get(RESULTS_VARIABLE, DEFAULT_RESULTS)).absolute()


@functools.lru_cache(maxsize=1)
def _read(path: pathlib.Path, modified: int) -> Results:
    # Of millions of values none becomes garbage: Python need not look through them, now or later.
    gc.disable()
    try:
        found = read_results(path)
    finally:
        gc.freeze()
        gc.enable()
    try:
        check_names(found)
    except ValueError as error:
        raise ValueError(f"no site can be built from {path}: {error}") from None
    return found


def check_names(found: Results) -> None:
    """Check that all that a campaign names is here: pages show the files that were measured.

    Raises
    ------
    ValueError
        If it names an implementation or a framework that there is not; the message is a clause.
    """
    known = {item.name: item.framework for item in catalogue.select()}
    # The rate of matrix products is no implementation's.
    everything = [*found.records, *found.mistaken]
    trials = [record.trial for record in everything if record.trial.purpose != "products"]
    named = {(trial.implementation, trial.framework) for trial in trials}
    named |= {(judged.name, judged.framework) for judged in [*found.parity, *found.mistaken_parity]}
    for name, framework in sorted(named):
        if known.get(name) not in (None, framework):
            raise ValueError(f"it says that {name} is written in {framework!r}; it is in {known[name]!r}")
        if name not in known:
            raise ValueError(catalogue.unknown("implementation", name, sorted(known)))
    for framework in {record.trial.framework for record in everything} | {
        environment.framework for environment in found.environments
    }:
        frameworks.load(framework)


def results() -> Results:
    """The results that the site is built from; or, where a page is run alone, what it measures itself.

    Raises
    ------
    ValueError
        If there are none where ``TFMXBENCH_RESULTS`` says, with the command that makes them, or they
        are not to be read or name what is not here, or there are none and nothing can be measured here.
    """
    path = results_path()
    if path.is_file():
        return _read(path, path.stat().st_mtime_ns)
    if RESULTS_VARIABLE in os.environ:
        raise ValueError(f"there are no results in {path}; tfmxbench run --output {path} measures them")
    return _measured_alone(*_subject)


# What a page that is run alone is about: its network, and its style.
_subject: list[str | None] = [None, None]


@functools.lru_cache(maxsize=1)
def _measured_alone(network: str | None, style: str | None) -> Results:
    from tfmxbench.report import standalone

    return standalone.measure(network, style)


def table(network: str | None = None) -> Fragment:
    """The table of everything measured, or of the most important figures of one network."""
    shown = [column for column in tables.COLUMNS if column.core or network is None]
    return html.table(
        "Estimates, with 95% intervals over trials in parentheses",
        [(column.heading, column.meaning) for column in shown],
        [[(cell.text, cell.order) for cell in row.cells] for row in tables.rows(results(), network, shown)],
        sortable=True,
    ) + failed(network)


def failed(network: str | None = None) -> Fragment:
    """The trials that did not complete, with their reasons; nothing if there is none."""
    found = [line for line in tables.failures(results()) if network is None or line.startswith(f"{network}/")]
    if not found:
        return Fragment("")
    return html.paragraph("Trials that did not complete:") + html.items(found)


def arms(network: str) -> list[Arm]:
    """The arms of a network."""
    found = results()
    return [arm for arm in summary.arms(found.records, parity=found.parity) if arm.network == network]


def by_pair(network: str) -> Fragment:
    """Seconds of a steady epoch, the counterparts under each other, and then the other styles."""
    named = {item.style: item.pair for item in catalogue.implementations(network)}
    found = arms(network)
    several = len({arm.device for arm in found}) > 1
    rows = []
    for arm in found:
        estimate = arm.estimate(summary.epoch_seconds)
        if estimate is not None:
            values = list(arm.values(summary.epoch_seconds).values())
            label = f"{arm.style}, {arm.device.upper()}" if several else arm.style
            # Pairs in a fixed order, what has no counterpart last.
            key = (named[arm.style] is None, named[arm.style] or "", arm.device, arm.framework)
            rows.append((key, plots.Line(label, arm.framework, values, estimate)))
    rows.sort(key=lambda row: row[0])
    title = catalogue.task(network).title
    return plots.lines(
        [line for _, line in rows],
        f"pairs-{network}",
        f"{title}: seconds of a steady epoch",
        f"{title}: seconds of a steady epoch, less is better; counterparts in the two frameworks are under "
        f"each other. {SPREAD}",
    )


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
        _subject[:] = [network, style]
        self.implementation = next(item for item in catalogue.implementations(network) if item.style == style)
        self.arms = [arm for arm in arms(network) if arm.style == style]

    def costs(self) -> Fragment:
        """The figures of this implementation, one row each."""
        rows: list[list[tuple[str, float | str]]] = []
        for arm in self.arms:
            for column in tables.FIGURES:
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

    def memory(self) -> Fragment:
        """Resident memory over each trial."""
        shown = Fragment("")
        for arm in self.arms:
            if any(record.memory_curve for record in arm.records):
                shown += plots.memory_curves(
                    arm,
                    f"memory-{arm.device}",
                    f"Resident memory of the processes that ran {arm.name} on the {arm.device.upper()}, over "
                    "each trial: the import, the build, the data, and then training and predicting.",
                )
        return shown or html.paragraph("The course of memory was not recorded.")

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
        _subject[:] = [network, None]
        self.network = network
        self.arms = arms(network)

    def verdicts(self) -> Fragment:
        """For each pair of counterparts: which trains faster, by how much, how sure."""
        judged = pairs.judged(results().records)
        found = [sentences.compare(item) for item in judged if item.first.network == self.network]
        return html.items(found or ["This campaign holds no two counterparts to compare."])

    def times(self) -> Fragment:
        """Seconds of a steady epoch."""
        return plots.intervals(
            self.arms,
            summary.epoch_seconds,
            f"times-{self.network}",
            "seconds of a steady epoch",
            f"Seconds of a steady epoch of {self.network}, by style: less is better. {SPREAD}",
        )

    def starts(self) -> Fragment:
        """Seconds up to the end of the first epoch, by phase."""
        return plots.phases(
            self.arms,
            f"starts-{self.network}",
            f"Seconds from starting Python to the end of the first epoch of {self.network}, by phase.",
        )

    def inference(self) -> Fragment:
        """Milliseconds for the test set."""
        return plots.intervals(
            self.arms,
            lambda found: 1e3 * summary.inference_seconds(found),
            f"inference-{self.network}",
            "milliseconds for predicting the test set",
            f"Milliseconds for the test set, with {self.network}, by style. {SPREAD}",
        )

    def memory(self) -> Fragment:
        """Greatest resident memory."""
        return plots.intervals(
            self.arms,
            summary.peak_megabytes,
            f"memory-{self.network}",
            "greatest resident memory, MB",
            f"Greatest resident memory of a process that trained {self.network}, by style. {SPREAD}",
        )

    def accuracy(self) -> Fragment:
        """How far the accuracies lie apart, and what the trials were given."""
        return html.paragraph(sentences.accuracies(self.arms)) + html.items(sentences.hashes(self.arms))

    def lines(self) -> Fragment:
        """Lines of code by part, and against time."""
        rows: list[list[tuple[str, float | str]]] = []
        counted = {item.style: code_size.count_parts(item.path) for item in self._implementations()}
        for item in self._implementations():
            parts = counted[item.style]
            example = sum(found.code for part, found in parts.items() if part != "parity")
            title = frameworks.load(item.framework).TITLE
            rows.append(
                [(item.style, item.style), (title, title), (str(example), float(example))]
                + [(str(parts[part].code), float(parts[part].code)) for part in code_size.PARTS]
            )
        headings = [
            ("style", "how it is written"),
            ("framework", "in what"),
            ("example", "lines of code of everything but what parity needs"),
            *((part, f"lines of code of this part: {part}") for part in code_size.PARTS),
        ]
        return html.table("Lines of code, counted by pygount", headings, rows) + self.lines_and_time()

    def lines_and_time(self) -> Fragment:
        """Lines of code against the time of an epoch."""
        counted = {item.style: code_size.example_lines(item.path) for item in self._implementations()}
        return plots.lines_and_time(
            [(arm, counted[arm.style]) for arm in self.arms if arm.style in counted],
            f"lines-{self.network}",
            f"Lines of code of {self.network} against the seconds of a steady epoch, by style.",
        )

    def table(self) -> Fragment:
        """Everything measured of this network."""
        return table(self.network)

    def conditions(self) -> Fragment:
        """On what was measured."""
        return html.paragraph(sentences.data(results())) + html.paragraph(sentences.conditions(results()))

    def side_by_side(self) -> Fragment:
        """Any two implementations, chosen by the reader, aligned part by part, with their figures above."""
        found = self._implementations()
        shown = [item.style for item in found[:2]]
        counterparts = pairs.counterparts(self.arms)
        if counterparts:
            shown = [arm.style for arm in counterparts[0][:2]]
        return side_by_side.aligned([found, found], shown, self.arms, chooser=True)

    def pair(self, name: str) -> Fragment:
        """The two implementations of a pair, aligned part by part, with their figures above."""
        columns = [[item] for item in catalogue.implementations(self.network) if item.pair == name]
        return side_by_side.aligned(columns, [item.style for (item,) in columns], self.arms, chooser=False)

    def pair_verdict(self, name: str) -> Fragment:
        """Which of the two of a pair trains faster, by how much, how sure."""
        judged = pairs.judged(results().records)
        found = [
            sentences.compare(item)
            for item in judged
            if (item.first.network, item.pair) == (self.network, name)
        ]
        return html.items(found or ["This campaign does not hold both."])

    def _implementations(self) -> list[Implementation]:
        measured = {arm.style for arm in self.arms}
        return [item for item in catalogue.implementations(self.network) if item.style in measured]
