"""Results files of older versions of the schema, brought up to the present one.

What an older version did not record stays unknown: nothing is made up for it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tfmxbench.measure.schema import check_results
from tfmxbench.measure.trial import SCHEMA_VERSION, STANDARD


def upgraded(values: Any) -> Any:
    """What a results file holds, in the present version of the schema.

    Parameters
    ----------
    values : object
        What :mod:`json` read. An older version is checked against its own schema first.

    Raises
    ------
    ValueError
        If its version is none that there has been, or it is not what its version describes.
    """
    if not isinstance(values, dict):
        return values
    version = values.get("schema_version", SCHEMA_VERSION)
    while version != SCHEMA_VERSION:
        if type(version) is not int or version not in UPGRADES:
            known = ", ".join(map(str, [*UPGRADES, SCHEMA_VERSION]))
            raise ValueError(f"its schema version is {str(version)[:40]}; this tfmxbench reads {known}")
        check_results(values, version)
        values = UPGRADES[version](values)
        version = values["schema_version"]
    return values


def _from_version_1(values: dict[str, Any]) -> dict[str, Any]:
    parity = [{**found, "batch_size": None, "mistakes": []} for found in values["parity"]]
    records = []
    for record in values["records"]:
        trial = {
            **record["trial"],
            "condition": STANDARD,
            "batch_size": None,
            "goal": None,
            "epoch_batches": 0,
            "first_batches": 0,
            "mistakes": [],
        }
        measurement = record["measurement"]
        if measurement is not None:
            epochs = [{**item, "energy": None} for item in measurement["epochs"]]
            measurement = {
                **measurement,
                "epochs": epochs,
                "passes": [{**item, "energy": None} for item in measurement["passes"]],
                # The first epoch was a whole one, but for the batch that is not complete.
                "training_images": epochs[0]["images"],
                "test_images": None,
            }
        records.append(
            {**record, "trial": trial, "measurement": measurement, "products": None, "memory_curve": []}
        )
    return {
        **values,
        "schema_version": 2,
        "parity": parity,
        "environments": [],
        "records": records,
        "mistaken": [],
        "mistaken_parity": [],
    }


UPGRADES: dict[int, Callable[[dict[str, Any]], dict[str, Any]]] = {1: _from_version_1}
