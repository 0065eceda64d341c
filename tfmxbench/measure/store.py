"""Results files: one campaign, its conditions and all its records."""

from __future__ import annotations

import dataclasses
import pathlib
from typing import Any

from tfmxbench.analysis.parity import Parity
from tfmxbench.measure import whole_files
from tfmxbench.measure.schema import check_results, read_json
from tfmxbench.measure.trial import MISTAKE, SCHEMA_VERSION, Record, record_from_json, to_json
from tfmxbench.measure.versions import upgraded


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
        Hash of its four arrays, see :func:`tfmxbench.measure.inputs.hash_arrays`.
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
        The data set that was trained on.
    machine : dict of str to str
        System, processor, number of processors, memory and GPU, in words.
    settings : Settings
        What the campaign was asked to measure.
    parity : list of Parity
        What the parity gate found of each implementation on each device.
    environments : list of EnvironmentDescription
        The frameworks' environments, by framework and device.
    records : list of Record
        Of the published comparison and what belongs to it, in the order in which they were measured.
    mistaken : list of Record
        Of the trials that show what mistakes do, and of their controls. They are kept apart, so that
        nothing which reads ``records`` can come upon one.
    mistaken_parity : list of Parity
        What the parity gate found of implementations under a mistake.
    """

    campaign: str
    created: str
    package: str
    data: DataDescription
    machine: dict[str, str]
    settings: Settings
    parity: list[Parity]
    environments: list[EnvironmentDescription]
    records: list[Record]
    mistaken: list[Record] = dataclasses.field(default_factory=list)
    mistaken_parity: list[Parity] = dataclasses.field(default_factory=list)

    def __post_init__(self) -> None:
        for record in self.records:
            if record.trial.purpose == MISTAKE or record.trial.mistakes:
                raise ValueError(
                    f"trial {record.trial.identifier} was made to show a mistake; its record belongs to "
                    "mistaken, not to records"
                )


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
        values = upgraded(read_json(path))
        check_results(values)
        _check_passes([*values["records"], *values["mistaken"]])
    except ValueError as error:
        raise ValueError(f"{path} is not a results file: {error}") from None
    del values["schema_version"]
    return Results(
        **{
            **values,
            "data": DataDescription(**values["data"]),
            "settings": Settings(**values["settings"]),
            "parity": [Parity(**found) for found in values["parity"]],
            "environments": [EnvironmentDescription(**found) for found in values["environments"]],
            "records": [record_from_json(record) for record in values["records"]],
            "mistaken": [record_from_json(record) for record in values["mistaken"]],
            "mistaken_parity": [Parity(**found) for found in values["mistaken_parity"]],
        }
    )


def _check_passes(records: list[dict[str, Any]]) -> None:
    """Check what no schema can say: that the numbers of images and batches go together.

    Raises
    ------
    ValueError
        Naming the record.
    """
    for number, record in enumerate(records):
        measurement = record["measurement"]
        for item in [*measurement["epochs"], *measurement["passes"]] if measurement else []:
            images, batches, most = item["images"], item["batches"], measurement["training_images"]
            if images % batches or images > most:
                raise ValueError(
                    f"records[{number}] has a pass of {images} images in {batches} batches, of {most} images"
                )


def write_results(path: pathlib.Path, results: Results) -> None:
    """Write a results file, whole or not at all.

    Raises
    ------
    ValueError
        If it cannot be written.
    """
    try:
        whole_files.write_json(path, results_to_json(results))
    except OSError as error:
        raise ValueError(f"{path} cannot be written: {error.strerror}") from None
