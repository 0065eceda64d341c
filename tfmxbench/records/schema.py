"""The schema of results files, and checking values against it."""

from __future__ import annotations

import functools
import json
import pathlib
from collections.abc import Callable
from typing import Any

import fastjsonschema

PATH = pathlib.Path(__file__).with_name("results.schema.json")
# Bytes. The file of a campaign that ran for a night has a few million.
LARGEST = 200_000_000


def read_json(path: pathlib.Path) -> Any:
    """Read a JSON file that somebody else may have written.

    Raises
    ------
    ValueError
        If it cannot be read, is larger than ``LARGEST``, or is not JSON. NaN and Infinity, which Python
        accepts, are not JSON.
    """
    try:
        too_large = path.stat().st_size > LARGEST
        if not too_large:
            with path.open("rb") as file:
                # Some files, such as devices, have no size and no end.
                content = file.read(LARGEST + 1)
            too_large = len(content) > LARGEST
    except OSError as error:
        raise ValueError(f"it cannot be read: {error.strerror}") from None
    if too_large:
        raise ValueError(f"it is larger than {LARGEST // 10**6} MB, and larger files are not read")
    try:
        return json.loads(content.decode("utf-8"), parse_constant=_refuse)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"it is not JSON: {error}") from None


def _refuse(name: str) -> float:
    raise ValueError(f"{name} is not a number that JSON knows")


@functools.cache
def _validator(definition: str) -> Callable[[Any], Any]:
    schema = json.loads(PATH.read_text(encoding="utf-8"))
    compiled: Callable[[Any], Any] = fastjsonschema.compile(
        {**schema, "$ref": f"#/definitions/{definition}"}, use_default=False
    )
    return compiled


def check_against(definition: str, values: Any) -> None:
    """Check values against a definition of the schema.

    Parameters
    ----------
    definition : str
        ``results`` for the content of a results file, ``result`` for what a worker left, ``record``,
        ``trial`` or ``parity``.
    values : object
        The values that :mod:`json` read.

    Raises
    ------
    ValueError
        If they do not follow it. The message names the place, and what should be there.
    """
    try:
        _validator(definition)(values)
    except fastjsonschema.JsonSchemaValueException as error:
        message = error.message if len(error.message) < 300 else error.message[:300] + "..."
        raise ValueError(f"not a {definition} of tfmxbench: {message}") from None
