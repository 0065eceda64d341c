"""Measures what a page shows where there are no results: a page that was downloaded and is run alone."""

from __future__ import annotations

import pathlib
import sys
import tempfile

from tfmxbench import data, frameworks
from tfmxbench.measure import campaign, gate, profiles
from tfmxbench.networks import catalogue
from tfmxbench.processes import cache, environments, machine
from tfmxbench.records.settings import DataDescription, Settings
from tfmxbench.records.store import Results

PROFILE = "quick"


def measure(network: str | None = None, style: str | None = None) -> Results:
    """One short round of what is asked for, on the CPU, in the frameworks' environments.

    Parameters
    ----------
    network, style : str or None
        What is measured; None for all networks, or all styles.

    Returns
    -------
    Results
        Implementations whose framework has no environment here are records with the reason.

    Raises
    ------
    ValueError
        If none of the frameworks can run here.
    """
    chosen = catalogue.select([network] if network else [], [style] if style else [])
    names = sorted({item.framework for item in chosen})
    found = {(name, "cpu"): environments.find(name, "cpu") for name in [*names, "numpy"]}
    problems = [found[name, "cpu"].problem for name in names]
    if all(problems):
        titles = " and ".join(frameworks.load(name).TITLE for name in names)
        raise ValueError(f"there are no results to show, and {titles} cannot run here: {problems[0]}")
    print(f"No results here: measuring {len(chosen)} implementations in a short round", file=sys.stderr)
    dataset = data.load_from_environment()
    prepared = data.prepare(dataset, cache.folder() / "prepared")
    profile = profiles.PROFILES[PROFILE]
    settings = Settings(
        profile=PROFILE,
        networks=sorted({item.network for item in chosen}),
        styles=sorted({item.style for item in chosen}),
        devices=["cpu"],
        threads=machine.processors(),
        seed=0,
        rounds=profile.rounds,
        budget=None,
    )
    judging = gate.Gate(
        environments=found,
        data_name=dataset.name,
        data_sha256=dataset.sha256,
        data_path=prepared,
        threads=1,
        seed=settings.seed,
        epochs=int(profile.parity_epoch),
        cache=cache.folder() / "parity",
    )
    judged = [answer for _, answer in judging.run([gate.Question(item, "cpu") for item in chosen])]
    with tempfile.TemporaryDirectory(prefix="tfmxbench-") as folder:
        planned = campaign.Campaign(
            settings=settings,
            implementations=chosen,
            environments=found,
            data=DataDescription(dataset.name, dataset.source, dataset.sha256),
            data_path=prepared,
            machine=machine.describe(),
            parity=judged,
            root=pathlib.Path(folder),
        )
        for trial, record in planned.run():
            if record is not None:
                told = "completed" if record.completed else record.reason
                print(f"{trial.implementation}: {told}", file=sys.stderr)
        return planned.results()
