"""The CSV file has every raw value once, as recorded, and nothing that a spreadsheet would run."""

import csv
import dataclasses
import json
import os
import pathlib

import pytest

from tfmxbench.records.raw_values import COLUMNS, UNITS, cell, rows, write_csv
from tfmxbench.records.store import read_results, results_to_json
from tfmxbench.records.trial import FAILED, MatrixProducts

EARLIER = pathlib.Path(__file__).with_name("data") / "results.json"
# None of these numbers is there twice.
AWKWARD = [0.1, 1 / 3, 1e-300, 5e-324, 123456789.123456789, 2.5e22]


@pytest.fixture
def path(tmp_path) -> pathlib.Path:
    return tmp_path / "values.csv"


@pytest.fixture
def results(make_results):
    """A campaign in which every field has a value, and one of whose trials failed."""
    campaign = make_results({"gluon": [0.5, 0.75], "symbol": AWKWARD[:2]})
    first, second, third, fourth = campaign.records
    measurement = first.measurement
    full = dataclasses.replace(
        measurement,
        epochs=[dataclasses.replace(measurement.epochs[0], loss=-0.5, energy=17.25)],
        passes=[dataclasses.replace(item, energy=0.0) for item in measurement.passes],
        accuracies=[0.1 + 0.2],
        latencies=AWKWARD,
        memory=dataclasses.replace(measurement.memory, device=2**53 + 1),
    )
    return dataclasses.replace(
        campaign,
        records=[
            dataclasses.replace(
                first,
                trial=dataclasses.replace(first.trial, batch_size=512, condition="batch-size"),
                measurement=full,
                memory_curve=[[0.1, 1000], [0.2, 2000]],
            ),
            second,
            dataclasses.replace(third, status=FAILED, reason="killed", measurement=None, seconds=12.5),
            dataclasses.replace(fourth, measurement=None, products=MatrixProducts(2048, [0.25, 0.125])),
        ],
    )


def read(path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, strict=True))


def written(path, results):
    write_csv(path, results)
    return read(path)


def numbers(value, place=()):
    """Every number in JSON values, with its place."""
    if isinstance(value, dict | list):
        items = value.items() if isinstance(value, dict) else enumerate(value)
        for key, item in items:
            yield from numbers(item, (*place, key))
    elif value is not None:
        yield place, value


def raw_values(record):
    """Quantity, index and value of each raw number of a record's JSON, by the rules of the file."""
    values = [("seconds", "", record["seconds"])]
    for part in ("measurement", "products"):
        for place, value in numbers(record[part]):
            names = [name for name in place if isinstance(name, str)]
            index = [str(number) for number in place if isinstance(number, int)]
            prefix = [] if part == "measurement" else [part]
            values.append((".".join(prefix + names), "".join(index), value))
    return values + [("memory_curve", repr(moment), resident) for moment, resident in record["memory_curve"]]


def test_each_raw_number_of_the_json_is_there_exactly_once(results, path):
    """None is rounded, and none is added."""
    lines = written(path, results)
    values = json.loads(json.dumps(results_to_json(results)))
    for record in values["records"]:
        own = [line for line in lines if line["trial"] == record["trial"]["identifier"]]
        exported = [(line["quantity"], line["index"], line["value"]) for line in own if line["quantity"]]
        expected = [(name, index, repr(value)) for name, index, value in raw_values(record)]
        assert sorted(exported) == sorted(expected)
        assert len(set(exported)) == len(exported)
    # Some that a rule of the test's own does not make up.
    identifier = values["records"][0]["trial"]["identifier"]
    first = {
        (line["quantity"], line["index"]): line["value"] for line in lines if line["trial"] == identifier
    }
    assert first["epochs.loss", "0"] == "-0.5"
    assert first["accuracies", "0"] == "0.30000000000000004"
    assert first["memory.device", ""] == "9007199254740993"
    assert [float(first["latencies", str(number)]) for number in range(len(AWKWARD))] == AWKWARD
    assert first["memory_curve", "0.2"] == "2000"


def test_every_line_identifies_its_trial(results, path):
    lines = written(path, results)
    by_trial = {record.trial.identifier: record for record in results.records}
    assert {line["trial"] for line in lines} == by_trial.keys()
    for line in lines:
        record = by_trial[line["trial"]]
        assert line["campaign"] == results.campaign
        assert (line["status"], line["reason"]) == (record.status, record.reason)
        for name in ("purpose", "condition", "network", "style", "framework", "device"):
            assert line[name] == getattr(record.trial, name)
        for name in ("threads", "seed", "round"):
            assert int(line[name]) == getattr(record.trial, name)
    assert {line["batch_size"] for line in lines} == {"", "512"}


def test_the_columns_are_those_that_are_documented(results, path):
    write_csv(path, results)
    assert path.read_bytes().splitlines()[0].decode() == ",".join(COLUMNS)
    for row in rows(results):
        assert tuple(row) == COLUMNS


def test_every_quantity_has_its_unit(results):
    units = {row["quantity"]: row["unit"] for row in rows(results)}
    assert all(unit for quantity, unit in units.items() if quantity)
    assert set(UNITS) == {quantity.rpartition(".")[2] for quantity in units if quantity}
    for quantity, unit in {
        "seconds": "s",
        "epochs.wall": "s",
        "epochs.energy": "J",
        "interpreter.cpu": "s",
        "memory.interpreter": "bytes",
        "memory_curve": "bytes",
        "products.seconds": "s",
        "products.size": "rows",
        "accuracies": "share",
    }.items():
        assert units[quantity] == unit


def test_a_trial_that_did_not_complete_has_one_line_without_a_value(results, path):
    lines = written(path, results)
    without = [line for line in lines if not line["quantity"]]
    assert [(line["trial"], line["status"], line["reason"]) for line in without] == [
        ("0000-mlp-symbol-cpu", "failed", "killed")
    ]
    assert [(line["index"], line["value"], line["unit"]) for line in without] == [("", "", "")]
    # Its seconds are raw values all the same.
    failed = [(line["quantity"], line["value"]) for line in lines if line["status"] == "failed"]
    assert failed == [("", ""), ("seconds", "12.5")]


HOSTILE = [
    "=1+1",
    '=HYPERLINK("http://example.org","x")',
    "+1",
    "-1",
    "@SUM(A1)",
    "\tx",
    "\rx",
    "\nx",
    "\t=1",
    "  =1",
    "\u00a0=1",
    *("\uff1d1", "\uff0b1", "\uff0d1", "\uff201"),
    "'",
    "'=1",
    "a,b;c",
    'say "no"',
    "two\nlines\r\nthree",
    "nul \x00 and bell \x07",
    "caf\u00e9 \U0001f600 \u2028",
    "",
    "-0.5",
    "=cmd|' /C calc'!A0",
]


@pytest.mark.parametrize("text", HOSTILE, ids=ascii)
def test_text_of_all_kinds_survives_and_is_no_formula(results, path, text):
    """Removing one leading apostrophe restores the recorded text."""
    first = results.records[0]
    strange = dataclasses.replace(
        results,
        campaign=text,
        records=[
            dataclasses.replace(
                first,
                reason=text,
                trial=dataclasses.replace(first.trial, network=text, style=text, framework=text),
            )
        ],
    )
    for line in written(path, strange):
        for name in ("campaign", "reason", "network", "style", "framework"):
            exported = line[name]
            assert (exported[1:] if exported.startswith("'") else exported) == text
            assert not exported.lstrip().startswith(tuple("=+-@\uff1d\uff0b\uff0d\uff20"))
            assert not exported.startswith(("\t", "\r", "\n"))
        assert line["trial"] == first.trial.identifier


def test_harmless_text_stays_as_it_is():
    for text in ("mlp", "0000-mlp-gluon-cpu", "a=b", "it's", "exited with code -9"):
        assert cell(text) == text


def test_a_negative_number_stays_a_number():
    assert (cell(-0.5), cell(-1), cell(None)) == ("-0.5", "-1", "")


def test_half_a_surrogate_pair_becomes_its_code_point(results, path):
    first = dataclasses.replace(results.records[0], reason="half \ud800 of a pair")
    lines = written(path, dataclasses.replace(results, records=[first]))
    assert lines[0]["reason"] == "half \\ud800 of a pair"


def test_a_campaign_without_trials_has_the_columns_alone(results, path):
    assert written(path, dataclasses.replace(results, records=[])) == []
    assert path.read_text(encoding="utf-8").startswith("campaign,trial,")


def test_a_file_of_an_earlier_run_is_exported(path):
    """Without lines for what it did not record."""
    results = read_results(EARLIER)
    lines = written(path, results)
    kinds = {line["quantity"] for line in lines}
    assert "epochs.wall" in kinds
    assert not kinds & {"epochs.energy", "test_images", "memory_curve", "products.size"}
    original = json.loads(EARLIER.read_text(encoding="utf-8"))
    walls = [item["wall"] for record in original["records"] for item in record["measurement"]["epochs"]]
    assert [float(line["value"]) for line in lines if line["quantity"] == "epochs.wall"] == walls


@pytest.mark.parametrize("failing", ["fsync", "replace"])
def test_a_failure_while_writing_leaves_the_old_file(results, path, monkeypatch, failing):
    """A full disk, for instance."""
    path.write_text("before", encoding="utf-8")

    def fail(*arguments):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, failing, fail)
    with pytest.raises(ValueError, match=r"values\.csv cannot be written: No space left on device"):
        write_csv(path, results)
    assert path.read_text(encoding="utf-8") == "before"
    assert list(path.parent.iterdir()) == [path]


def test_a_place_that_cannot_be_written_is_a_valueerror(results, tmp_path):
    for place in (tmp_path / "none" / "values.csv", tmp_path):
        with pytest.raises(ValueError, match="cannot be written"):
            write_csv(place, results)
