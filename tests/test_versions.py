"""Results files of older versions, and the rules of the schema that depend on what a trial is for."""

import copy
import json
import pathlib

import pytest

from tfmxbench.analysis import summary
from tfmxbench.measure.schema import check_record, check_results
from tfmxbench.measure.store import read_results, write_results
from tfmxbench.measure.trial import FAILED, SCHEMA_VERSION, STANDARD, measurement_from_json, to_json
from tfmxbench.measure.versions import upgraded

OLD = pathlib.Path(__file__).with_name("data") / "results.version1.json"


@pytest.fixture
def old() -> dict:
    """A results file of version 1, as JSON values."""
    return json.loads(OLD.read_text(encoding="utf-8"))


@pytest.fixture
def refused(tmp_path):
    """Read values as a results file; return the sentence that it is refused with."""

    def read(values) -> str:
        path = tmp_path / "results.json"
        path.write_text(json.dumps(values), encoding="utf-8")
        with pytest.raises(ValueError) as caught:
            read_results(path)
        message = str(caught.value)
        assert message.startswith(f"{path} is not a results file: ")
        return message.removeprefix(str(path))

    return read


# Version 1.


def assert_holds(new, old, place: str = "") -> None:
    """Whatever the old value holds, the new one does, too, at the same place."""
    if isinstance(old, dict):
        assert isinstance(new, dict), place
        for key in old:
            assert key in new, f"{place}.{key}"
            assert_holds(new[key], old[key], f"{place}.{key}")
    elif isinstance(old, list):
        assert len(new) == len(old), place
        for number, (one, other) in enumerate(zip(new, old, strict=True)):
            assert_holds(one, other, f"{place}[{number}]")
    else:
        assert (type(new), new) == (type(old), old), place


def test_every_value_of_an_old_file_is_in_the_new_one(old):
    before = copy.deepcopy(old)
    new = upgraded(old)
    assert old == before, "what was given was changed"
    check_results(new)
    del before["schema_version"]
    assert new["schema_version"] == SCHEMA_VERSION
    assert_holds(new, before)


def test_what_an_old_file_did_not_record_is_unknown(old):
    new = upgraded(old)
    assert new["environments"] == []
    assert {found["batch_size"] for found in new["parity"]} == {None}
    for record in new["records"]:
        trial, measurement = record["trial"], record["measurement"]
        assert (trial["condition"], trial["batch_size"], trial["goal"]) == (STANDARD, None, None)
        assert (record["products"], record["memory_curve"]) == (None, [])
        assert measurement["test_images"] is None
        assert {item["energy"] for item in measurement["epochs"] + measurement["passes"]} == {None}


def test_an_old_file_is_read_compared_and_written_as_a_new_one(old, tmp_path):
    results = read_results(OLD)
    assert results.campaign == old["campaign"]
    arms = summary.arms(results.records)
    assert sum(len(arm.records) for arm in arms) == len(old["records"])
    path = tmp_path / "results.json"
    write_results(path, results)
    assert read_results(path) == results
    assert json.loads(path.read_text(encoding="utf-8"))["schema_version"] == SCHEMA_VERSION


def test_an_epoch_of_an_old_file_is_what_it_was(old):
    """Version 1 took an epoch for the batches of the first one."""
    old["records"][0]["measurement"]["epochs"][0] |= {"batches": 468, "images": 468 * 128}
    old["records"][0]["measurement"]["passes"] = [
        {"wall": wall, "cpu": wall, "batches": 100, "images": 12800, "loss": 0.5} for wall in (1.0, 3.0, 2.0)
    ]
    new = upgraded(old)
    check_results(new)
    measurement = measurement_from_json(new["records"][0]["measurement"])
    assert measurement.training_images == 468 * 128
    assert summary.epoch_seconds(measurement) == pytest.approx(2.0 / 100 * 468)


def test_a_failed_trial_of_an_old_file_is_a_failed_one(old):
    old["records"][1] |= {"status": FAILED, "reason": "exited with code 3", "measurement": None}
    record = upgraded(old)["records"][1]
    assert (record["status"], record["measurement"]) == (FAILED, None)
    check_record(record)


@pytest.mark.parametrize(
    "version", [0, 3, -1, 10**30, "1", "2", True, None, 1.0, 1.5, [1], {"1": 1}], ids=str
)
def test_a_version_that_there_is_none_of_is_refused_and_the_known_are_named(old, refused, version):
    message = refused({**old, "schema_version": version})
    assert f"schema version is {str(version)[:40]}; this tfmxbench reads 1, 2" in message


def test_a_present_file_is_taken_as_it_is(old):
    new = upgraded(old)
    assert upgraded(new) is new
    assert upgraded([1]) == [1]
    assert upgraded(None) is None


@pytest.mark.parametrize(
    ("place", "value", "word"),
    [
        pytest.param(("records",), None, "records", id="no records"),
        pytest.param(("records", 0, "measurement", "epochs"), [], "measurement", id="no epochs"),
        pytest.param(("records", 0, "measurement", "latencies"), [], "measurement", id="no latencies"),
        pytest.param(("records", 0, "trial", "goal"), 0.9, "trial", id="a field that came later"),
        pytest.param(("records", 0, "memory_curve"), [], "memory_curve", id="a curve, which came later"),
        pytest.param(("records", 0, "trial", "purpose"), "products", "purpose", id="a purpose of later"),
        pytest.param(("environments",), [], "environments", id="environments, which came later"),
        pytest.param(("parity", 0, "batch_size"), 32, "parity", id="a parity of later"),
    ],
)
def test_a_damaged_old_file_is_refused_by_its_own_schema(old, refused, place, value, word):
    *keys, last = place
    target = old
    for key in keys:
        target = target[key]
    target[last] = value
    assert word in refused(old)


def test_a_new_file_that_calls_itself_old_is_refused(old, refused):
    assert "not a results" in refused({**upgraded(old), "schema_version": 1})
    assert "not a results" in refused({**old, "schema_version": 2})


# What the schema of the present asks of a record, by what its trial was for.

PARTS = ("epochs", "passes", "accuracies", "inference", "latencies")


@pytest.fixture
def accepted(make_trial, make_record):
    """Whether a record is accepted whose measurement has so many values of each part."""

    def check(purpose: str, condition: str, *counts: int) -> bool:
        record = to_json(make_record(make_trial(purpose=purpose, condition=condition)))
        for part, count in zip(PARTS, counts, strict=True):
            record["measurement"][part] = (record["measurement"][part] * 5)[:count]
        try:
            check_record(json.loads(json.dumps(record)))
        except ValueError:
            return False
        return True

    return check


@pytest.mark.parametrize("condition", ["standard", "null"])
@pytest.mark.parametrize(
    ("counts", "wanted"),
    [
        ((1, 1, 1, 2, 1), True),
        ((2, 0, 2, 3, 4), True),
        ((0, 2, 0, 2, 1), True),
        ((0, 2, 1, 2, 1), False),
        ((1, 2, 0, 2, 1), False),
        ((0, 1, 0, 2, 1), False),
        ((1, 2, 1, 1, 1), False),
        ((1, 2, 1, 2, 0), False),
        ((1, 0, 1, 2, 1), False),
    ],
    ids=str,
)
def test_both_arms_of_a_comparison_have_all_that_is_shown(accepted, condition, counts, wanted):
    assert accepted("measure", condition, *counts) == wanted


@pytest.mark.parametrize("condition", ["threads", "batch-size"])
@pytest.mark.parametrize(
    ("counts", "wanted"),
    [
        ((0, 3, 0, 0, 0), True),
        ((0, 2, 0, 0, 0), True),
        ((1, 1, 0, 0, 0), True),
        ((2, 0, 0, 0, 0), True),
        ((0, 1, 0, 0, 0), False),
        ((1, 0, 1, 0, 0), False),
        ((0, 0, 0, 0, 0), False),
    ],
    ids=str,
)
def test_a_trial_of_an_axis_has_a_pass_that_is_steady(accepted, condition, counts, wanted):
    assert accepted("measure", condition, *counts) == wanted


@pytest.mark.parametrize(("purpose", "condition"), [("accuracy", "seed"), ("goal", "goal")])
@pytest.mark.parametrize(
    ("counts", "wanted"),
    [((1, 0, 1, 0, 0), True), ((0, 2, 1, 0, 0), False), ((1, 0, 0, 0, 0), False)],
    ids=str,
)
def test_a_trial_for_an_accuracy_has_one(accepted, purpose, condition, counts, wanted):
    assert accepted(purpose, condition, *counts) == wanted


@pytest.mark.parametrize("purpose", ["measure", "accuracy", "goal", "products"])
def test_a_trial_of_any_purpose_may_have_measured_nothing(make_trial, make_record, purpose):
    record = make_record(make_trial(purpose=purpose), status=FAILED, reason="killed", measurement=None)
    check_record(to_json(record))


@pytest.mark.parametrize(
    ("curve", "wanted"),
    [([[0.1, 5]], True), ([[0.1]], False), ([[0.1, 5, 6]], False), ([[0.1, 5.5]], False), ([[-1, 5]], False)],
    ids=str,
)
def test_a_memory_curve_is_pairs_of_seconds_and_bytes(make_record, curve, wanted):
    record = {**to_json(make_record()), "memory_curve": curve}
    if wanted:
        check_record(record)
    else:
        with pytest.raises(ValueError, match="memory_curve"):
            check_record(record)


# What no schema can say.


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({"images": 10**6}, id="more images than there are"),
        pytest.param({"batches": 7}, id="no whole number of images a batch"),
        pytest.param({"images": 3, "batches": 11}, id="fewer images than batches"),
    ],
)
@pytest.mark.parametrize("part", ["epochs", "passes"])
def test_a_pass_whose_numbers_do_not_go_together_is_refused(old, refused, part, change):
    """Every time of an epoch is computed from them."""
    new = upgraded(old)
    measurement = new["records"][2]["measurement"]
    measurement["training_images"] = 60000
    measurement[part][0] |= {"images": 1280, "batches": 10} | change
    assert "records[2] has a pass of" in refused(new)
