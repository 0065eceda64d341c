"""Results files: reading returns what was written, or raises an error that names the file."""

import dataclasses
import json
import math
import os
import pathlib

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tfmxbench.records import store
from tfmxbench.records.store import Results, read_results, results_to_json, write_results
from tfmxbench.records.trial import FAILED


@pytest.fixture
def results(make_campaign, make_record) -> Results:
    """A campaign of two rounds, one of whose trials failed."""
    planned = make_campaign()
    trials = [*planned.plan.round(0)[:3], *planned.plan.round(1)[:3]]
    records = [make_record(trial, wall=0.1 + 0.01 * i) for i, trial in enumerate(trials)]
    records[2] = make_record(trials[2], status=FAILED, reason="exited with code 3", measurement=None)
    return dataclasses.replace(planned.results(), records=records)


@pytest.fixture
def values(results) -> dict:
    """The results as JSON values."""
    return json.loads(json.dumps(results_to_json(results)))


@pytest.fixture
def path(tmp_path) -> pathlib.Path:
    return tmp_path / "results.json"


def test_results_survive_being_written_and_read(results, path):
    write_results(path, results)
    assert read_results(path) == results


def test_results_are_pure_json(results, path):
    """Other programs must be able to read them."""
    write_results(path, results)
    text = path.read_text(encoding="utf-8")
    assert text.isascii()
    assert json.loads(text, parse_constant=pytest.fail)["schema_version"] == 2


def test_text_of_all_kinds_survives(results, path):
    records = [
        dataclasses.replace(record, output="caf\u00e9 \ud800 \x00 \u2028 '\"\\", reason="\U0001f600")
        for record in results.records
    ]
    strange = dataclasses.replace(results, records=records)
    write_results(path, strange)
    assert read_results(path) == strange


def fails(path: pathlib.Path, *words: str) -> None:
    with pytest.raises(ValueError) as caught:
        read_results(path)
    message = str(caught.value)
    assert message.startswith(str(path))
    assert len(message) < len(str(path)) + 1000
    for word in words:
        assert word in message


def put(values, place: tuple, value) -> None:
    *keys, last = place
    for key in keys:
        values = values[key]
    values[last] = value


@pytest.mark.parametrize(
    ("place", "value", "words"),
    [
        (("extra",), 1, ["extra"]),
        (("records", 0, "extra"), 1, ["extra"]),
        (("records", 0, "trial", "extra"), 1, ["extra"]),
        (("records", 0, "measurement", "memory", "extra"), 1, ["records[0].measurement"]),
        (("settings", "extra"), 1, ["extra"]),
        (("records",), {}, ["records"]),
        (("records", 1), None, ["records[1]"]),
        (("records", 0, "status"), "splendid", ["status"]),
        (("records", 0, "seconds"), "1", ["seconds"]),
        (("records", 0, "seconds"), -1, ["seconds"]),
        (("records", 0, "trial", "round"), True, ["round"]),
        (("records", 0, "trial", "seed"), 2**32, ["seed"]),
        (("records", 0, "trial", "identifier"), "../x", ["identifier"]),
        (("records", 0, "trial", "device"), "tpu", ["device"]),
        (("records", 0, "measurement", "epochs"), None, ["records[0].measurement"]),
        (("records", 0, "measurement", "accuracies", 0), 1.01, ["records[0].measurement"]),
        (("machine", "memory"), 16, ["memory"]),
        (("settings", "rounds"), 0, ["rounds"]),
        (("parity",), None, ["parity"]),
        (("schema_version",), 3, ["schema version", "3"]),
        (("schema_version",), "1", ["schema version"]),
        (("schema_version",), None, ["schema version"]),
    ],
    ids=str,
)
def test_what_the_schema_does_not_describe_is_a_valueerror(values, path, place, value, words):
    put(values, place, value)
    path.write_text(json.dumps(values), encoding="utf-8")
    fails(path, *words)


@pytest.mark.parametrize(
    "place",
    [
        ("schema_version",),
        ("campaign",),
        ("records", 0, "trial"),
        ("records", 0, "trial", "seed"),
        ("data", "name"),
    ],
    ids=str,
)
def test_a_missing_field_is_a_valueerror(values, path, place):
    *keys, last = place
    target = values
    for key in keys:
        target = target[key]
    del target[last]
    path.write_text(json.dumps(values), encoding="utf-8")
    fails(path, last)


@pytest.mark.parametrize("constant", ["NaN", "Infinity", "-Infinity", "1e999", "-1e999"])
@pytest.mark.parametrize("name", ["wall", "loss"])
def test_a_number_that_is_not_finite_is_a_valueerror(values, path, name, constant):
    values["records"][0]["measurement"]["epochs"][0][name] = 12345.5
    path.write_text(json.dumps(values).replace("12345.5", constant), encoding="utf-8")
    fails(path)


@pytest.mark.parametrize("part", ["epochs", "inference", "latencies", "accuracies"])
def test_a_completed_trial_without_values_is_a_valueerror(values, path, part):
    """Every table and plot is computed from them."""
    values["records"][0]["measurement"][part] = []
    path.write_text(json.dumps(values), encoding="utf-8")
    fails(path)


def test_a_pass_of_no_batches_is_a_valueerror(values, path):
    values["records"][0]["measurement"]["passes"][0]["batches"] = 0
    path.write_text(json.dumps(values), encoding="utf-8")
    fails(path)


def test_a_number_of_bytes_beyond_all_machines_is_a_valueerror(values, path):
    """It cannot be converted to megabytes as a float."""
    values["records"][0]["measurement"]["memory"]["peak"] = 10**400
    path.write_text(json.dumps(values), encoding="utf-8")
    fails(path)


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"\xff\xfe\x00", id="not UTF-8"),
        pytest.param(b"null", id="null"),
        pytest.param(b"[]", id="list"),
        pytest.param(b'"results"', id="string"),
        pytest.param(b"{}", id="no fields"),
        pytest.param(b"[" * 200_000, id="deep list"),
        pytest.param(b'{"records":' * 100_000, id="deep records"),
        pytest.param(b"[" * 900 + b"]" * 900, id="deep and valid"),
        pytest.param(b'{"schema_version": ' + b"1" * 5000 + b"}", id="long number"),
    ],
)
def test_a_file_that_is_not_a_results_file_is_a_valueerror(path, content):
    path.write_bytes(content)
    fails(path)


def test_a_truncated_file_is_a_valueerror(results, path):
    write_results(path, results)
    content = path.read_bytes().rstrip()
    for length in range(0, len(content), 97):
        path.write_bytes(content[:length])
        fails(path)


def test_a_file_that_does_not_exist_or_is_a_folder_is_a_valueerror(tmp_path):
    fails(tmp_path / "none.json", "No such file")
    fails(tmp_path, "directory")


# Values that JSON can represent, and numbers that it cannot.
SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=5),
    st.sampled_from([-1, 0, 1, 2**32, 10**400, "completed", "failed", "cpu"]),
)
JSON = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
)


def places(values, prefix=()):
    """Every place in JSON values."""
    items = values.items() if isinstance(values, dict) else enumerate(values)
    for key, value in items:
        yield (*prefix, key)
        if isinstance(value, dict | list):
            yield from places(value, (*prefix, key))


@settings(
    max_examples=300,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
    database=None,
)
@given(data=st.data())
def test_a_changed_document_is_read_or_refused(values, path, data):
    """Whatever is replaced, added or removed, the outcome is Results or a ValueError, and nothing else."""
    changed = json.loads(json.dumps(values))
    for _ in range(data.draw(st.integers(1, 3))):
        place = data.draw(st.sampled_from(list(places(changed))))
        *keys, last = place
        target = changed
        for key in keys:
            target = target[key]
        action = data.draw(st.sampled_from(["replace", "delete", "add"]))
        if action == "replace":
            target[last] = data.draw(JSON)
        elif action == "delete":
            del target[last]
        elif isinstance(target, dict):
            target[data.draw(st.text(max_size=5))] = data.draw(JSON)
        else:
            target.insert(last, data.draw(JSON))
    path.write_text(json.dumps(changed), encoding="utf-8")
    try:
        changed_results = read_results(path)
    except ValueError as error:
        assert str(error).startswith(str(path))
    else:
        assert isinstance(changed_results, Results)
        # Everything that can be read can be written.
        write_results(path, changed_results)
        assert read_results(path) == changed_results


@settings(
    max_examples=200,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
    database=None,
)
@given(content=st.binary(max_size=60) | JSON.map(lambda value: json.dumps(value).encode()))
def test_other_files_are_refused(path, content):
    path.write_bytes(content)
    fails(path)


# Writing.


@pytest.mark.parametrize("failing", ["fsync", "replace"])
def test_a_failure_while_writing_leaves_the_old_file(results, path, monkeypatch, failing):
    """A full disk is an example."""
    write_results(path, results)
    before = path.read_bytes()

    def fail(*arguments):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, failing, fail)
    with pytest.raises(ValueError, match="cannot be written: No space left on device"):
        write_results(path, dataclasses.replace(results, records=[]))
    assert path.read_bytes() == before
    assert list(path.parent.glob("results.json*")) == [path]


def test_what_cannot_be_json_leaves_the_old_file(results, path, make_record):
    write_results(path, results)
    before = path.read_bytes()
    with pytest.raises(ValueError):
        write_results(path, dataclasses.replace(results, records=[make_record(seconds=math.nan)]))
    assert path.read_bytes() == before
    assert list(path.parent.glob("results.json*")) == [path]


def test_a_place_that_cannot_be_written_is_a_valueerror(results, tmp_path):
    for place in (tmp_path / "none" / "results.json", tmp_path):
        with pytest.raises(ValueError, match="cannot be written"):
            write_results(place, results)


def test_every_field_of_results_is_in_the_file(values):
    assert values.keys() == {"schema_version", *(field.name for field in dataclasses.fields(store.Results))}
