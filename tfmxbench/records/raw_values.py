"""The raw values of a campaign as a table for other programs: one line per value."""

from __future__ import annotations

import csv
import pathlib
from collections.abc import Iterator
from typing import Any

from tfmxbench.records import whole_files
from tfmxbench.records.store import Results
from tfmxbench.records.trial import Record, to_json

Value = str | int | float | None

COLUMNS = (
    "campaign",
    "trial",
    "purpose",
    "condition",
    "mistakes",
    "network",
    "style",
    "framework",
    "device",
    "threads",
    "batch_size",
    "seed",
    "round",
    "status",
    "reason",
    "quantity",
    "index",
    "value",
    "unit",
)

# The unit of a quantity, by the last word of its name.
UNITS = {
    "wall": "s",
    "cpu": "s",
    "seconds": "s",
    "latencies": "s",
    "batches": "batches",
    "images": "images",
    "training_images": "images",
    "test_images": "images",
    "loss": "nat",
    "energy": "J",
    "accuracies": "share",
    "interpreter": "bytes",
    "imported": "bytes",
    "built": "bytes",
    "data": "bytes",
    "peak": "bytes",
    "device": "bytes",
    "memory_curve": "bytes",
    "size": "rows",
}

# A spreadsheet runs a cell that begins with one of these signs as a formula. Some spreadsheets skip
# leading blanks, and some read the full-width forms as the signs themselves.
FORMULA = tuple("=+-@\uff1d\uff0b\uff0d\uff20")
ESCAPE = "'"


def rows(results: Results) -> Iterator[dict[str, Value]]:
    """The raw values of all trials, in the order in which the trials were measured.

    The trials of the comparison come first. The trials with mistakes follow: their purpose is
    ``mistake``, and ``mistakes`` names the mistakes that were switched on.

    Parameters
    ----------
    results : Results

    Yields
    ------
    dict of str to str, int, float or None
        One for each value, by the names in ``COLUMNS``. The first columns identify the trial;
        ``batch_size`` is None for the task's own. ``quantity`` is the value's place in the record,
        such as ``epochs.wall``, ``memory.peak`` or ``products.seconds``. ``index`` counts from 0 if a
        trial has several values of the quantity, and is None if it has only one. For ``memory_curve``
        it is the seconds since the start of the process. A value that was not recorded has no line. A
        trial that did not complete first has a line without a quantity or a value, followed by the
        values that were recorded.
    """
    for record in [*results.records, *results.mistaken]:
        trial = record.trial
        of_trial: dict[str, Value] = {
            "campaign": results.campaign,
            "trial": trial.identifier,
            "purpose": trial.purpose,
            "condition": trial.condition,
            "mistakes": " ".join(trial.mistakes),
            "network": trial.network,
            "style": trial.style,
            "framework": trial.framework,
            "device": trial.device,
            "threads": trial.threads,
            "batch_size": trial.batch_size,
            "seed": trial.seed,
            "round": trial.round,
            "status": record.status,
            "reason": record.reason,
        }
        for quantity, index, value in _values(record):
            unit = UNITS[quantity.rpartition(".")[2]] if quantity else ""
            yield {**of_trial, "quantity": quantity, "index": index, "value": value, "unit": unit}


def _values(record: Record) -> Iterator[tuple[str, Value, Value]]:
    """Quantity, index and value of everything in a record."""
    if not record.completed:
        yield "", None, None
    yield "seconds", None, record.seconds
    if record.measurement is not None:
        yield from _numbers("", None, to_json(record.measurement))
    if record.products is not None:
        yield from _numbers("products", None, to_json(record.products))
    for moment, resident in record.memory_curve:
        yield "memory_curve", moment, resident


def _numbers(name: str, index: Value, value: Any) -> Iterator[tuple[str, Value, Value]]:
    """The numbers in a JSON value, each with the names that lead to it and its index."""
    if isinstance(value, dict):
        for key, item in value.items():
            yield from _numbers(f"{name}.{key}" if name else key, index, item)
    elif isinstance(value, list):
        for number, item in enumerate(value):
            yield from _numbers(name, number, item)
    elif value is not None:
        yield name, index, value


def cell(value: Value) -> str:
    """A value as text that a spreadsheet shows and does not run.

    Numbers keep all their digits. An apostrophe is put before text that a spreadsheet might run as a
    formula, and before text that begins with an apostrophe. Removing one leading apostrophe restores
    the recorded text. Halves of surrogate pairs, which no encoding can write, become ``\\udc00`` and
    the like.
    """
    if value is None:
        return ""
    if not isinstance(value, str):
        return repr(value)
    text = value.encode("utf-8", errors="backslashreplace").decode("utf-8")
    if text.lstrip().startswith(FORMULA) or text.startswith(("\t", "\r", "\n", ESCAPE)):
        return ESCAPE + text
    return text


def write_csv(path: pathlib.Path, results: Results) -> None:
    """Write the raw values as comma-separated values in UTF-8, whole or not at all.

    The first line names the columns, see :func:`rows`. For the text of the cells, see :func:`cell`.

    Parameters
    ----------
    path : pathlib.Path
        An existing file is replaced.
    results : Results

    Raises
    ------
    ValueError
        If the file cannot be written. The message names it.
    """
    try:
        # The csv module writes the line ends itself, and quotes those within cells.
        with whole_files.written_whole(path, newline="") as file:
            writer = csv.writer(file)
            writer.writerow(COLUMNS)
            for row in rows(results):
                writer.writerow([cell(row[name]) for name in COLUMNS])
    except OSError as error:
        raise ValueError(f"{path} cannot be written: {error.strerror}") from None
