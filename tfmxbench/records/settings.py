"""What a campaign was asked to measure, on which data, in which environments: plain values."""

from __future__ import annotations

import dataclasses


@dataclasses.dataclass(frozen=True)
class Settings:
    """What a campaign is asked to measure.

    Attributes
    ----------
    profile : str
        Name of the profile, which decides what each trial does.
    networks, styles : list of str
        What is compared.
    devices : list of str
        ``cpu``, and ``gpu`` where it is measured too.
    threads : int
        Threads, and processors, of each trial.
    seed : int
        0 to 2**32 - 1.
    rounds : int
        Rounds that are measured at least, and at most where there is no budget.
    budget : float or None
        Seconds for all rounds; more rounds are measured while the next one fits.
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
        Where the data came from, for people to read.
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
    framework, device : str
        What it is for.
    problem : str
        Why nothing could run in it; empty where trials could.
    versions : dict of str to str
        Of Python and of the framework's distributions.
    bytes : int or None
        The space that its packages take, Python itself not included; None where not known, and for the
        environment that this package itself runs in.
    """

    framework: str
    device: str
    problem: str
    versions: dict[str, str]
    bytes: int | None
