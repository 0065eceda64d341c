"""The settings, the data set and the environments of a campaign: plain values."""

from __future__ import annotations

import dataclasses


@dataclasses.dataclass(frozen=True)
class Settings:
    """The settings of a campaign.

    Attributes
    ----------
    profile : str
        Name of the profile, which decides what each trial does.
    networks : list of str
        The networks that are compared.
    styles : list of str
        The styles that are compared.
    devices : list of str
        ``cpu``, and also ``gpu`` if it is measured.
    threads : int
        Threads of each trial, and processors that it may use.
    seed : int
        Seed of the campaign, from 0 to 2**32 - 1.
    rounds : int
        Number of rounds that are measured; with a budget, the smallest number.
    budget : float or None
        Seconds for all rounds: further rounds are measured while the next one fits. None for no budget.
    """

    profile: str
    networks: list[str]
    styles: list[str]
    devices: list[str]
    threads: int
    seed: int
    rounds: int
    budget: float | None


@dataclasses.dataclass(frozen=True)
class DataDescription:
    """The data set that was trained on.

    Attributes
    ----------
    name : str
        ``mnist`` or ``synthetic-digits``.
    source : str
        The origin of the data, in words.
    sha256 : str
        Hash of its four arrays, see :func:`tfmxbench.worker.inputs.hash_arrays`.
    """

    name: str
    source: str
    sha256: str


@dataclasses.dataclass(frozen=True)
class EnvironmentDescription:
    """A framework's environment.

    Attributes
    ----------
    framework : str
        The framework that it is for.
    device : str
        The device that it is for: ``cpu`` or ``gpu``.
    problem : str
        Why trials could not run in it; empty if they could.
    versions : dict of str to str
        Versions of Python and of the framework's distributions.
    bytes : int or None
        Disk space of its packages, without Python itself; None if it is unknown, and for the environment
        that this package itself runs in.
    """

    framework: str
    device: str
    problem: str
    versions: dict[str, str]
    bytes: int | None
