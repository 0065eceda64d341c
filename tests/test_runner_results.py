"""Invalid results are rejected; a process leaves them as the test says."""

import dataclasses
import json
import math
import shutil
import sys

import pytest
from misbehaving import assert_failed

from tfmxbench.processes import runner
from tfmxbench.records.schema import check_against
from tfmxbench.records.trial import FAILED, to_json

pytestmark = pytest.mark.xdist_group("machine")


@pytest.fixture
def leave(make_trial, tmp_path, monkeypatch):
    """Run a trial whose worker leaves the given bytes as its result."""

    def run(content: bytes, code: int = 0) -> runner.Record:
        (tmp_path / "content").write_bytes(content)

        def command(trial, trial_path, result_path):
            script = "import os, shutil, sys; shutil.copy(*sys.argv[1:3]); os._exit(int(sys.argv[3]))"
            left = [str(tmp_path / "content"), str(result_path), str(code)]
            return [sys.executable, "-I", "-S", "-c", script, *left]

        monkeypatch.setattr(runner, "command", command)
        return runner.run(make_trial(epochs=2), tmp_path)

    return run


@pytest.fixture
def result(reference_run) -> dict:
    """What the reference's worker left."""
    return json.loads(reference_run[1].read_text(encoding="utf-8"))


def test_the_result_of_a_well_behaved_worker_is_accepted(leave, result, reference_run):
    """This shows that the tests below fail for the reason that they check."""
    record = leave(json.dumps(result).encode())
    assert record.completed
    assert record.measurement == reference_run[0].measurement


def test_a_result_of_a_process_that_crashed_afterwards_is_rejected(leave, result):
    assert_failed(leave(json.dumps(result).encode(), code=3), "exited with code 3")


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"\xff\xfe", b"null", b"[]", b"[" * 100_000, b'{"identifier": ' + b"9" * 5000 + b"}"],
    ids=["empty", "half", "not UTF-8", "null", "list", "deep", "long number"],
)
def test_a_file_that_is_not_a_result_is_rejected(leave, content):
    record = leave(content)
    assert_failed(record)
    assert record.reason


def test_half_a_result_is_rejected(leave, result):
    text = json.dumps(result).encode()
    assert_failed(leave(text[: len(text) // 2]), "left a result that cannot be read")


def test_the_result_of_another_trial_is_rejected(leave, result):
    result["identifier"] = "0001-mlp-reference-cpu"
    assert_failed(leave(json.dumps(result).encode()), "left the result of trial '0001-mlp-reference-cpu'")


def test_a_huge_result_is_rejected(leave, result):
    result["reason"] = "x" * (runner.RESULT_LIMIT + 1)
    assert_failed(leave(json.dumps(result).encode()), f"the most is {runner.RESULT_LIMIT}")


def changed(result: dict, place: tuple, value) -> dict:
    """A result with another value at a place."""
    *path, last = place
    target = result
    for key in path:
        target = target[key]
    target[last] = value
    return result


@pytest.mark.parametrize(
    ("place", "value"),
    [
        (("status",), "great"),
        (("status",), None),
        (("hashes",), []),
        (("hashes", "data"), 7),
        (("measurement",), "fast"),
        (("measurement", "accuracies"), [1.5]),
        (("measurement", "epochs", 0, "wall"), "0.5"),
        (("measurement", "epochs", 0, "wall"), -1),
        (("measurement", "epochs", 0, "batches"), 1.5),
        (("measurement", "memory", "peak"), None),
        (("measurement", "speed"), 1),
    ],
    ids=str,
)
def test_a_result_with_other_types_or_fields_is_rejected(leave, result, place, value):
    record = leave(json.dumps(changed(result, place, value)).encode())
    assert_failed(record, "not a result of tfmxbench", str(place[-1]))


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize(
    "place",
    [
        ("measurement", "epochs", 0, "wall"),
        ("measurement", "epochs", 0, "loss"),
        ("measurement", "latencies", 1),
    ],
    ids=lambda place: place[-1],
)
def test_a_result_with_nan_or_infinity_is_rejected(leave, result, place, value):
    """JSON has no NaN, but Python's json writes and reads it. Such a record could not be stored."""
    assert_failed(leave(json.dumps(changed(result, place, value)).encode()))


def test_a_number_beyond_the_greatest_is_rejected(leave, result):
    """1e999 is valid JSON, and infinite when read."""
    text = json.dumps(changed(result, ("measurement", "epochs", 0, "loss"), 12345.678))
    assert_failed(leave(text.replace("12345.678", "1e999").encode()))


def test_a_failure_without_a_reason_is_a_failure(leave, result):
    assert_failed(leave(json.dumps({**result, "status": "failed", "reason": ""}).encode()))


def test_a_measuring_trial_without_a_measurement_is_rejected(leave, result):
    del result["measurement"]
    assert_failed(leave(json.dumps(result).encode()))


@pytest.mark.parametrize("part", ["epochs", "passes", "accuracies", "inference", "latencies"])
def test_a_measurement_with_fewer_values_than_requested_is_rejected(leave, result, part):
    """Every number on the site is computed from them."""
    assert_failed(leave(json.dumps(changed(result, ("measurement", part), [])).encode()))


def test_a_result_without_a_steady_pass_is_a_failure(make_trial, tmp_path):
    """Its only pass is the warm-up: no site could show it."""
    record = runner.run(make_trial(epochs=0, passes=1), tmp_path)
    assert record.status == FAILED
    assert "needs a steady pass" in record.reason
    assert record.measurement is None
    check_against("record", to_json(record))


def test_a_result_without_the_hash_of_its_source_is_rejected(leave, result):
    del result["hashes"]["source"]
    assert_failed(leave(json.dumps(result).encode()), "source")


def test_an_older_result_is_not_read_as_the_new_one(make_trial, tmp_path, reference_run):
    """The file of an earlier run of the same trial exists, and the process ends at once."""
    record, path = reference_run
    shutil.copy(path, tmp_path / path.name)
    again = runner.run(dataclasses.replace(record.trial, interpreter=shutil.which("true")), tmp_path)
    assert_failed(again, "left no result")
