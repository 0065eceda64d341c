"""The contents of the gallery's pages, computed from the records of the build's campaign.

A page's code runs while the site is built, in the site's own environment, which has no framework.
"""

from __future__ import annotations

import dataclasses
import functools
import gc
import os
import pathlib
from collections.abc import Sequence

from tfmxbench import frameworks
from tfmxbench.analysis import code_size, quantities
from tfmxbench.analysis.arms import Arm, arms_of
from tfmxbench.networks import catalogue
from tfmxbench.records.store import Results, read_results
from tfmxbench.report import RESULTS_VARIABLE as RESULTS_VARIABLE
from tfmxbench.report.figures import fragments, plots, sentences, tables
from tfmxbench.report.figures.fragments import Fragment

DEFAULT_RESULTS = "build/results.json"
SPREAD = "Each tick is a trial, the dot is their geometric mean, the line its 95% interval."


def results_path() -> pathlib.Path:
    """The results file that the site is built from: ``TFMXBENCH_RESULTS`` or ``build/results.json``."""
    return pathlib.Path(os.environ.get(RESULTS_VARIABLE, DEFAULT_RESULTS)).absolute()


@functools.lru_cache(maxsize=1)
def _read(path: pathlib.Path, modified: int) -> Results:
    # None of the millions of values becomes garbage, so Python need not search them, now or later.
    gc.disable()
    try:
        results = read_results(path)
    finally:
        gc.freeze()
        gc.enable()
    try:
        check_names(results)
    except ValueError as error:
        raise ValueError(f"no site can be built from {path}: {error}") from None
    return results


def check_names(results: Results) -> None:
    """Check that the implementations and frameworks of a campaign exist: pages show the measured files.

    Raises
    ------
    ValueError
        If the campaign names an implementation or a framework that does not exist. The message is a
        clause.
    """
    written_in = {item.name: item.framework for item in catalogue.select()}
    everything = [*results.records, *results.mistaken]
    # The rate of matrix products belongs to no implementation.
    trials = [record.trial for record in everything if record.trial.purpose != "products"]
    named = {(trial.implementation, trial.framework) for trial in trials}
    named |= {(judged.name, judged.framework) for judged in [*results.parity, *results.mistaken_parity]}
    for name, framework in sorted(named):
        if written_in.get(name) not in (None, framework):
            raise ValueError(
                f"it says that {name} is written in {framework!r}; it is in {written_in[name]!r}"
            )
        if name not in written_in:
            raise ValueError(catalogue.unknown("implementation", name, sorted(written_in)))
    for framework in {record.trial.framework for record in everything} | {
        environment.framework for environment in results.environments
    }:
        frameworks.load(framework)


def results() -> Results:
    """The results that the site is built from. A page that is run alone measures its own.

    Raises
    ------
    ValueError
        If ``TFMXBENCH_RESULTS`` names a missing file (the message has the command that makes it), if the
        file cannot be read or names what does not exist, or if a page that is run alone cannot measure.
    """
    path = results_path()
    if path.is_file():
        return _read(path, path.stat().st_mtime_ns)
    if RESULTS_VARIABLE in os.environ:
        raise ValueError(f"there are no results in {path}; tfmxbench run --output {path} measures them")
    return _measured_alone(*_subject)


# The network and the style of a page that is run alone.
_subject: list[str | None] = [None, None]


def page_is_about(network: str, style: str | None = None) -> None:
    """Note the network and the style of the page, so that a page that is run alone measures no more."""
    _subject[:] = [network, style]


@functools.lru_cache(maxsize=1)
def _measured_alone(network: str | None, style: str | None) -> Results:
    from tfmxbench.report.pages import standalone

    return standalone.measure(network, style)


def table(network: str | None = None) -> Fragment:
    """The full table, or the most important columns for one network."""
    shown = [column for column in tables.COLUMNS if column.core or network is None]
    return fragments.table(
        "Estimates, with 95% intervals over trials in parentheses",
        [(column.heading, column.meaning) for column in shown],
        [[(cell.text, cell.order) for cell in row.cells] for row in tables.rows(results(), network, shown)],
        sortable=True,
    ) + failed(network)


def failed(network: str | None = None) -> Fragment:
    """The trials that did not complete, with their reasons; empty if all did."""
    sentences = tables.failures(results())
    return failures([line for line in sentences if network is None or line.startswith(f"{network}/")])


def failures(sentences: Sequence[str]) -> Fragment:
    """A list of trials that did not complete; empty if there are none."""
    if not sentences:
        return Fragment("")
    return fragments.paragraph("Trials that did not complete:") + fragments.items(sentences)


def arms(network: str) -> list[Arm]:
    """The arms of a network."""
    campaign = results()
    return [arm for arm in arms_of(campaign.records, parity=campaign.parity) if arm.network == network]


def by_pair(network: str) -> Fragment:
    """Seconds per epoch, after warm-up: counterparts on adjacent rows, then the other styles."""
    pairs = {item.style: item.pair for item in catalogue.implementations(network)}
    measured = arms(network)
    several = len({arm.device for arm in measured}) > 1
    rows = []
    for arm in measured:
        estimate = arm.estimate(quantities.epoch_seconds)
        if estimate is not None:
            values = list(arm.values(quantities.epoch_seconds).values())
            label = f"{arm.style}, {arm.device.upper()}" if several else arm.style
            # Pairs come in a fixed order, styles without a counterpart last.
            key = (pairs[arm.style] is None, pairs[arm.style] or "", arm.device, arm.framework)
            rows.append((key, plots.Line(label, arm.framework, values, estimate)))
    rows.sort(key=lambda row: row[0])
    title = catalogue.task(network).title
    return plots.lines(
        [line for _, line in rows],
        f"pairs-{network}",
        f"{title}: seconds per epoch, after warm-up",
        f"{title}: seconds per epoch, after warm-up; less is better. Counterparts in the two frameworks are "
        f"on adjacent rows. {SPREAD}",
    )


def conditions(arms: Sequence[Arm]) -> Fragment:
    """The data, the machine and the settings; the hashes of the trials' inputs can be unfolded."""
    shown = fragments.paragraph(sentences.data(results()))
    shown += fragments.paragraph(sentences.conditions(results()))
    hashes = sentences.hashes(arms)
    return shown + fragments.folded("Inputs of the trials", fragments.items(hashes)) if hashes else shown


def lines(network: str, style: str) -> Fragment:
    """Lines of each part of an implementation or of the reference, as pygount counts them."""
    path = catalogue.FOLDER / network / f"{style}.py"
    counted = code_size.count_parts(path)
    rows: list[list[tuple[str, float | str]]] = [
        [(part, part), *((str(value), float(value)) for value in dataclasses.astuple(numbers))]
        for part, numbers in counted.items()
    ]
    headings = [
        ("part", "part of the file; parity is the code that sets and gets the parameters"),
        ("code", "lines of code"),
        ("comments", "lines of comments and docstrings"),
        ("blank", "empty lines"),
    ]
    return fragments.table(
        f"{catalogue.task(network).title}, {style}: lines, counted by pygount", headings, rows
    )
