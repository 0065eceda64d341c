"""Measures what a page shows if there are no results: a page that was downloaded and is run alone."""

from __future__ import annotations

import pathlib
import sys
import tempfile

from tfmxbench import frameworks
from tfmxbench.measure import preparation
from tfmxbench.networks import catalogue
from tfmxbench.processes import machine
from tfmxbench.records.store import Results

PROFILE = "quick"


def measure(network: str | None = None, style: str | None = None) -> Results:
    """Measure one short round on the CPU, in the frameworks' environments.

    Parameters
    ----------
    network, style : str or None
        The network and the style that are measured; None for all networks, or all styles.

    Returns
    -------
    Results
        An implementation whose framework has no environment is a record with the reason.

    Raises
    ------
    ValueError
        If none of the frameworks can run on this machine.
    """
    chosen = catalogue.select([network] if network else [], [style] if style else [])
    settings = preparation.settings(PROFILE, chosen, ["cpu"], machine.processors(), seed=0)
    environments = preparation.find_environments(settings, chosen)
    names = sorted({item.framework for item in chosen})
    problems = [environments[name, "cpu"].problem for name in names]
    if all(problems):
        titles = " and ".join(frameworks.load(name).TITLE for name in names)
        raise ValueError(f"there are no results to show, and {titles} cannot run here: {problems[0]}")
    print(f"No results here: measuring {len(chosen)} implementations in a short round", file=sys.stderr)
    bench = preparation.prepare(environments)
    parity = dict(preparation.parity_gate(bench, settings).run(preparation.plain_checks(settings, chosen)))
    with tempfile.TemporaryDirectory(prefix="tfmxbench-") as folder:
        campaign = preparation.campaign(bench, settings, chosen, parity, pathlib.Path(folder))
        for trial, record in campaign.run():
            if record is not None:
                outcome = "completed" if record.completed else record.reason
                print(f"{trial.implementation}: {outcome}", file=sys.stderr)
        return campaign.results()
