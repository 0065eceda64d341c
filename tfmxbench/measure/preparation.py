"""Prepares what measuring needs: the environments, the data, the parity gate and the campaign."""

from __future__ import annotations

import dataclasses
import pathlib
import tempfile
from collections.abc import Callable, Mapping, Sequence

from tfmxbench import frameworks
from tfmxbench.measure import plan, profiles
from tfmxbench.measure.campaign import Campaign
from tfmxbench.measure.gate import Gate, ParityCheck
from tfmxbench.networks.catalogue import Implementation
from tfmxbench.processes import cache, ending, environments, machine
from tfmxbench.processes.environments import Environment
from tfmxbench.records import leftovers
from tfmxbench.records.parity import Parity
from tfmxbench.records.settings import DataDescription, Settings

# The gate times nothing: each process has one thread, and as many run at a time as there are processors.
GATE_THREADS = 1


@dataclasses.dataclass(frozen=True)
class Bench:
    """The environments and the data that measuring needs.

    Attributes
    ----------
    environments : dict of (str, str) to Environment
        By framework and device.
    data : DataDescription
    data_path : pathlib.Path
        The prepared data set.
    """

    environments: dict[tuple[str, str], Environment]
    data: DataDescription
    data_path: pathlib.Path


def settings(
    profile: str,
    implementations: Sequence[Implementation],
    devices: Sequence[str],
    threads: int,
    seed: int,
    rounds: int | None = None,
    budget: float | None = None,
) -> Settings:
    """Settings for these implementations.

    Parameters
    ----------
    profile : str
    implementations : sequence of Implementation
    devices : sequence of str
    threads, seed : int
    rounds : int or None
        Exactly this number of rounds; None for the profile's number, and more rounds while the budget lasts.
    budget : float or None
        Seconds; None for the profile's.
    """
    chosen = profiles.PROFILES[profile]
    return Settings(
        profile=profile,
        networks=sorted({item.network for item in implementations}),
        styles=sorted({item.style for item in implementations}),
        devices=list(devices),
        threads=threads,
        seed=seed,
        rounds=rounds or chosen.rounds,
        budget=None if rounds else budget or chosen.budget,
    )


def remove_leftovers() -> None:
    """End the processes and remove the files that killed runs have left."""
    ending.end_orphans()
    leftovers.remove(pathlib.Path(tempfile.gettempdir()), "tfmxbench-*")
    for name in ("prepared", "synthetic-digits", "parity"):
        leftovers.remove(cache.folder() / name)


def find_environments(
    settings: Settings, implementations: Sequence[Implementation]
) -> dict[tuple[str, str], Environment]:
    """The environments that measuring with these settings needs, by framework and device."""
    names = sorted({item.framework for item in implementations})
    keys = [(name, device) for device in settings.devices for name in names]
    keys.append(("numpy", "cpu"))
    if profiles.PROFILES[settings.profile].mistakes != "none":
        keys.append((frameworks.TOGETHER, "cpu"))
    return environments.find_all(keys)


def prepare(
    by_key: dict[tuple[str, str], Environment], report: Callable[[str], None] = lambda line: None
) -> Bench:
    """Load the data set and write it where workers read it.

    Parameters
    ----------
    by_key : dict of (str, str) to Environment
        The environments by framework and device, as :func:`find_environments` returns them.
    report : callable
        Receives a line about the data set.

    Raises
    ------
    ValueError
        If there is no data set, or it is not valid.
    """
    # Imported here, so that commands that only read results do not wait for the imports of downloads.
    from tfmxbench import data

    dataset = data.load_from_environment()
    report(f"Data: {dataset.name} ({dataset.source})")
    description = DataDescription(dataset.name, dataset.source, dataset.sha256)
    return Bench(by_key, description, data.prepare(dataset, cache.folder() / "prepared"))


def parity_gate(bench: Bench, settings: Settings, epochs: int | None = None) -> Gate:
    """The gate for these settings.

    Parameters
    ----------
    bench : Bench
    settings : Settings
    epochs : int or None
        Number of whole epochs that are compared; None for the profile's number.
    """
    profile = profiles.PROFILES[settings.profile]
    return Gate(
        environments=bench.environments,
        data_name=bench.data.name,
        data_sha256=bench.data.sha256,
        data_path=bench.data_path,
        threads=GATE_THREADS,
        seed=settings.seed,
        epochs=int(profile.parity_epoch) if epochs is None else epochs,
        cache=cache.folder() / "parity",
    )


def plain_checks(settings: Settings, implementations: Sequence[Implementation]) -> list[ParityCheck]:
    """The gate's checks of the implementations as they are compared."""
    return [ParityCheck(item, device) for device in settings.devices for item in implementations]


def checks(settings: Settings, implementations: Sequence[Implementation]) -> list[ParityCheck]:
    """All checks that a campaign with these settings needs."""
    return [
        *plain_checks(settings, implementations),
        *plan.batch_size_checks(settings, implementations),
        *plan.mistake_checks(settings, implementations),
    ]


def campaign(
    bench: Bench,
    settings: Settings,
    implementations: Sequence[Implementation],
    parity: Mapping[ParityCheck, Parity],
    root: pathlib.Path,
) -> Campaign:
    """The campaign with these settings and the gate's results.

    Parameters
    ----------
    bench : Bench
    settings : Settings
    implementations : sequence of Implementation
    parity : mapping of ParityCheck to Parity
        The gate's results, in the order of :func:`checks`; a check without one could not run.
    root : pathlib.Path
        The folder of campaigns.
    """
    return Campaign(
        settings=settings,
        implementations=implementations,
        environments=bench.environments,
        data=bench.data,
        data_path=bench.data_path,
        machine=machine.describe(),
        parity=[result for check, result in parity.items() if not check.mistakes],
        root=root,
        mistaken_parity=[result for check, result in parity.items() if check.mistakes],
    )
