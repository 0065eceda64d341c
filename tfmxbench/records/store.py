"""Results files: one campaign, its conditions and all its records."""

from __future__ import annotations

import dataclasses
import pathlib
from typing import Any

from tfmxbench.records import whole_files
from tfmxbench.records.conditions import MISTAKE
from tfmxbench.records.outcomes import ExampleOutcome, PhrasesOutcome
from tfmxbench.records.parity import Parity
from tfmxbench.records.schema import check_against, read_json
from tfmxbench.records.settings import DataDescription, EnvironmentDescription, Settings
from tfmxbench.records.trial import SCHEMA_VERSION, Record, record_from_json, to_json


@dataclasses.dataclass(frozen=True)
class Results:
    """One campaign on one machine.

    Attributes
    ----------
    campaign : str
        Hash of everything that identifies the campaign.
    created : str
        Date and time of its start in UTC, ISO 8601.
    package : str
        Version of tfmxbench.
    data : DataDescription
        The data set that was trained on.
    machine : dict of str to str
        System, processor, number of processors, memory and GPU, in words.
    settings : Settings
        The settings of the campaign: networks, styles, devices, rounds and so on.
    parity : list of Parity
        The parity gate's result for each implementation on each device.
    environments : list of EnvironmentDescription
        The frameworks' environments, by framework and device.
    records : list of Record
        Records of the published comparison and of what belongs to it, in the order of measurement.
    mistaken : list of Record
        Records of the trials that show what mistakes do, and of their controls. They are kept apart, so
        that code that reads ``records`` never includes them.
    mistaken_parity : list of Parity
        The parity gate's results for implementations under a mistake.
    examples : list of ExampleOutcome
        Outcomes of the concept pages' examples; empty if the file was measured without them.
    phrases : list of PhrasesOutcome
        Outcomes of the phrasebook's phrases; empty if the file was measured without them.
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
    examples: list[ExampleOutcome] = dataclasses.field(default_factory=list)
    phrases: list[PhrasesOutcome] = dataclasses.field(default_factory=list)

    def __post_init__(self) -> None:
        for record in self.records:
            if record.trial.purpose == MISTAKE or record.trial.mistakes:
                raise ValueError(
                    f"trial {record.trial.identifier} shows a mistake; its record belongs to mistaken, "
                    "not to records"
                )


def results_to_json(results: Results) -> dict[str, Any]:
    return {"schema_version": SCHEMA_VERSION, **to_json(results)}


def check_version(values: Any) -> None:
    """Check that a results file has the version that this package reads.

    Raises
    ------
    ValueError
        If it has another version; the message names it.
    """
    version = values.get("schema_version", SCHEMA_VERSION) if isinstance(values, dict) else SCHEMA_VERSION
    if type(version) is not int or version != SCHEMA_VERSION:
        raise ValueError(f"its schema version is {str(version)[:40]}; this tfmxbench reads {SCHEMA_VERSION}")


def read_results(path: pathlib.Path) -> Results:
    """Read a results file.

    Raises
    ------
    ValueError
        If there is no such file, or it is not JSON, or it does not follow the schema; the message names
        the file.
    """
    try:
        values = read_json(path)
        check_version(values)
        check_against("results", values)
        _check_passes([*values["records"], *values["mistaken"]])
        _check_pictures(values.get("examples", []))
    except ValueError as error:
        raise ValueError(f"{path} is not a results file: {error}") from None
    del values["schema_version"]
    return Results(
        **{
            **values,
            "data": DataDescription(**values["data"]),
            "settings": Settings(**values["settings"]),
            "parity": [Parity(**item) for item in values["parity"]],
            "environments": [EnvironmentDescription(**item) for item in values["environments"]],
            "records": [record_from_json(record) for record in values["records"]],
            "mistaken": [record_from_json(record) for record in values["mistaken"]],
            "mistaken_parity": [Parity(**item) for item in values["mistaken_parity"]],
            # Files that were measured without them lack these two.
            "examples": [ExampleOutcome(**item) for item in values.get("examples", [])],
            "phrases": [PhrasesOutcome(**item) for item in values.get("phrases", [])],
        }
    )


def _check_passes(records: list[dict[str, Any]]) -> None:
    """Check what no schema can express: that the numbers of images and batches match.

    Raises
    ------
    ValueError
        If they do not; the message names the record.
    """
    for number, record in enumerate(records):
        measurement = record["measurement"]
        for item in [*measurement["epochs"], *measurement["passes"]] if measurement else []:
            images, batches, most = item["images"], item["batches"], measurement["training_images"]
            if images % batches or images > most:
                raise ValueError(
                    f"records[{number}] has a pass of {images} images in {batches} batches, of {most} images"
                )


def _check_pictures(examples: list[dict[str, Any]]) -> None:
    """Check what no schema can express: that the lines of an image are equally long.

    Raises
    ------
    ValueError
        If they are not; the message names the example.
    """
    for example in examples:
        for row in example["picture"].values():
            if any(len({len(line) for line in image}) != 1 for image in row):
                raise ValueError(f"example {example['name']} has an image whose lines are not equally long")


def write_results(path: pathlib.Path, results: Results) -> None:
    """Write a results file completely, or not at all.

    Raises
    ------
    ValueError
        If it cannot be written.
    """
    try:
        whole_files.write_json(path, results_to_json(results))
    except OSError as error:
        raise ValueError(f"{path} cannot be written: {error.strerror}") from None
