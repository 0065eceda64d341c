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
from tfmxbench.analysis import code_size, quantities
from tfmxbench.analysis.arms import Arm, arms_of
from tfmxbench.networks import catalogue
from tfmxbench.records.store import Results, read_results
from tfmxbench.report import RESULTS_VARIABLE as RESULTS_VARIABLE
from tfmxbench.report.figures import fragments, plots, tables
from tfmxbench.report.figures.fragments import Fragment

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


def page_is_about(network: str, style: str | None = None) -> None:
    """Note what the page is about, so that one that is run alone measures no more than that."""
    _subject[:] = [network, style]


@functools.lru_cache(maxsize=1)
def _measured_alone(network: str | None, style: str | None) -> Results:
    from tfmxbench.report.pages import standalone

    return standalone.measure(network, style)


def table(network: str | None = None) -> Fragment:
    """The table of everything measured, or of the most important figures of one network."""
    shown = [column for column in tables.COLUMNS if column.core or network is None]
    return fragments.table(
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
    return fragments.paragraph("Trials that did not complete:") + fragments.items(found)


def arms(network: str) -> list[Arm]:
    """The arms of a network."""
    found = results()
    return [arm for arm in arms_of(found.records, parity=found.parity) if arm.network == network]


def by_pair(network: str) -> Fragment:
    """Seconds of a steady epoch, the counterparts under each other, and then the other styles."""
    named = {item.style: item.pair for item in catalogue.implementations(network)}
    found = arms(network)
    several = len({arm.device for arm in found}) > 1
    rows = []
    for arm in found:
        estimate = arm.estimate(quantities.epoch_seconds)
        if estimate is not None:
            values = list(arm.values(quantities.epoch_seconds).values())
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
    return fragments.table(f"Lines of {network}/{style}, counted by pygount", headings, rows)
