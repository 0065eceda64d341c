"""Results files that an earlier run wrote, and the rules of the schema that depend on what a trial is for."""

import json
import pathlib

import pytest

from tfmxbench.analysis.arms import arms_of
from tfmxbench.records.schema import check_against
from tfmxbench.records.store import read_results, write_results
from tfmxbench.records.trial import FAILED, SCHEMA_VERSION, to_json

EARLIER = pathlib.Path(__file__).with_name("data") / "results.json"


@pytest.fixture
def earlier() -> dict:
    """A results file that an earlier run wrote, as JSON values."""
    return json.loads(EARLIER.read_text(encoding="utf-8"))


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


def test_a_file_of_an_earlier_run_is_read_summarised_and_written_again(earlier, tmp_path):
    results = read_results(EARLIER)
    assert results.campaign == earlier["campaign"]
    arms = arms_of(results.records)
    assert sum(len(arm.records) for arm in arms) == len(earlier["records"])
    path = tmp_path / "results.json"
    write_results(path, results)
    assert read_results(path) == results
    # Earlier runs did not run examples and phrases.
    assert json.loads(path.read_text(encoding="utf-8")) == {**earlier, "examples": [], "phrases": []}
    assert earlier["schema_version"] == SCHEMA_VERSION


@pytest.mark.parametrize(
    "version", [0, 1, 3, -1, 10**30, "1", "2", True, None, 1.0, 1.5, [1], {"1": 1}], ids=str
)
def test_another_version_is_refused_and_the_right_one_named(earlier, refused, version):
    message = refused({**earlier, "schema_version": version})
    assert f"schema version is {str(version)[:40]}; this tfmxbench reads 2" in message


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
            check_against("record", json.loads(json.dumps(record)))
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
    check_against("record", to_json(record))


@pytest.mark.parametrize(
    ("curve", "wanted"),
    [([[0.1, 5]], True), ([[0.1]], False), ([[0.1, 5, 6]], False), ([[0.1, 5.5]], False), ([[-1, 5]], False)],
    ids=str,
)
def test_a_memory_curve_is_pairs_of_seconds_and_bytes(make_record, curve, wanted):
    record = {**to_json(make_record()), "memory_curve": curve}
    if wanted:
        check_against("record", record)
    else:
        with pytest.raises(ValueError, match="memory_curve"):
            check_against("record", record)


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
def test_a_pass_whose_numbers_do_not_go_together_is_refused(earlier, refused, part, change):
    """Every time of an epoch is computed from them."""
    measurement = earlier["records"][2]["measurement"]
    measurement["training_images"] = 60000
    measurement[part][0] |= {"images": 1280, "batches": 10} | change
    assert "records[2] has a pass of" in refused(earlier)
