"""Results files: one campaign, its conditions and all its records."""

from __future__ import annotations

import dataclasses
import pathlib
from typing import Any

from tfmxbench.analysis.parity import Parity
from tfmxbench.measure import runner
from tfmxbench.measure.schema import check_results, read_json
from tfmxbench.measure.trial import SCHEMA_VERSION, Record, record_from_json, to_json


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
    """The data set that was trained on: its name, where it came from, and its hash."""

    name: str
    source: str
    sha256: str


@dataclasses.dataclass(frozen=True)
class Results:
    """One campaign on one machine.

    Attributes
    ----------
    campaign : str
        Hash of everything that the campaign is bound to.
    created : str
        Date and time of its start in UTC, ISO 8601.
    package : str
        Version of tfmxbench.
    data : DataDescription
    machine : dict of str to str
    settings : Settings
    parity : list of Parity
        What the parity gate found of each implementation on each device.
    records : list of Record
        In the order in which they were measured.
    """

    campaign: str
    created: str
    package: str
    data: DataDescription
    machine: dict[str, str]
    settings: Settings
    parity: list[Parity]
    records: list[Record]


def results_to_json(results: Results) -> dict[str, Any]:
    return {"schema_version": SCHEMA_VERSION, **to_json(results)}


def read_results(path: pathlib.Path) -> Results:
    """Read a results file.

    Raises
    ------
    ValueError
        If there is no such file, it is not JSON, or not what the schema describes; the message
        names the file.
    """
    try:
        values = read_json(path)
        if isinstance(values, dict) and values.get("schema_version", SCHEMA_VERSION) != SCHEMA_VERSION:
            version = str(values["schema_version"])[:40]
            raise ValueError(f"its schema version is {version}; this tfmxbench reads {SCHEMA_VERSION}")
        check_results(values)
    except ValueError as error:
        raise ValueError(f"{path} is not a results file: {error}") from None
    del values["schema_version"]
    return Results(
        **{
            **values,
            "data": DataDescription(**values["data"]),
            "settings": Settings(**values["settings"]),
            "parity": [Parity(**found) for found in values["parity"]],
            "records": [record_from_json(record) for record in values["records"]],
        }
    )


def write_results(path: pathlib.Path, results: Results) -> None:
    """Write a results file, whole or not at all.

    Raises
    ------
    ValueError
        If it cannot be written.
    """
    try:
        runner.write_json(path, results_to_json(results))
    except OSError as error:
        raise ValueError(f"{path} cannot be written: {error.strerror}") from None
