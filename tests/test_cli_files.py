"""Files that the command line is given: shown, repeated, or refused in a sentence."""

import json

import pytest
from command_line import NOWHERE, refused

from tfmxbench.networks import catalogue
from tfmxbench.records import store
from tfmxbench.records.trial import to_json

pytestmark = pytest.mark.usefixtures("surroundings")


NOT_JSON = [
    pytest.param(b"", id="empty"),
    pytest.param(b"{", id="half"),
    pytest.param(b"\xff\xfe", id="not UTF-8"),
    pytest.param(b"[]", id="list"),
    pytest.param(b"{}", id="no fields"),
    pytest.param(b"[" * 100_000, id="deep"),
    pytest.param(b"1" * 5000, id="long number"),
]


@pytest.mark.parametrize("command", ["show", "trial"])
@pytest.mark.parametrize("content", NOT_JSON)
def test_an_invalid_file_is_refused(call, tmp_path, command, content):
    (tmp_path / "given.json").write_bytes(content)
    refused(*call(command, "given.json"), "given.json")


@pytest.mark.parametrize("command", ["show", "trial"])
def test_a_missing_file_or_a_folder_is_refused(call, tmp_path, command):
    refused(*call(command, "none.json"), "none.json")
    refused(*call(command, str(tmp_path)), str(tmp_path))


@pytest.fixture
def results_file(make_campaign, make_record, tmp_path):
    """Write results of three rounds of two implementations, with changes to their JSON."""

    def write(change=lambda values: None):
        planned = make_campaign(catalogue.select(["mlp"], ["gluon", "keras_sequential"]))
        trials = [trial for number in range(3) for trial in planned.plan.round(number)]
        for trial in trials:
            planned.folder.mkdir(parents=True, exist_ok=True)
            path = planned.folder / f"{trial.identifier}.record.json"
            path.write_text(json.dumps(to_json(make_record(trial))), encoding="utf-8")
        values = json.loads(json.dumps(store.results_to_json(planned.results())))
        change(values)
        path = tmp_path / "results.json"
        path.write_text(json.dumps(values), encoding="utf-8")
        return path

    return write


def test_results_are_shown(call, results_file):
    code, out, err = call("show", str(results_file()))
    assert (code, err) == (0, "")
    for words in ("mlp/gluon", "mlp/keras_sequential", "seed 0", "profile quick", "a processor"):
        assert words in out


def measurement(values):
    return values["records"][0]["measurement"]


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda values: values.update(records=[]), id="no records"),
        pytest.param(lambda values: values.update(machine={}), id="no machine"),
        pytest.param(lambda values: values["records"][0].update(measurement=None), id="no measurement"),
        pytest.param(
            lambda values: values["records"][0].update(reason="[red]\nno", status="failed"), id="markup"
        ),
        pytest.param(lambda values: values["settings"].update(profile="[/red]"), id="markup in settings"),
        pytest.param(lambda values: measurement(values).update(epochs=[]), id="no epochs"),
        pytest.param(lambda values: measurement(values).update(passes=[]), id="no passes"),
        pytest.param(lambda values: measurement(values).update(accuracies=[]), id="no accuracies"),
        pytest.param(lambda values: measurement(values).update(latencies=[]), id="no latencies"),
        pytest.param(lambda values: measurement(values).update(inference=[]), id="no inference"),
        pytest.param(lambda values: measurement(values)["epochs"][0].update(batches=0), id="no batches"),
        pytest.param(lambda values: measurement(values)["passes"][0].update(batches=0), id="empty pass"),
        pytest.param(lambda values: measurement(values)["epochs"][0].update(wall=0), id="no time"),
        pytest.param(lambda values: measurement(values)["memory"].update(peak=10**400), id="much memory"),
        pytest.param(lambda values: values["records"][0]["trial"].update(framework="torch"), id="framework"),
        pytest.param(lambda values: values["records"][0]["trial"].update(style="gone"), id="style"),
        pytest.param(lambda values: values["records"][0]["trial"].update(network="gone"), id="network"),
    ],
)
def test_results_of_another_hand_are_shown_or_refused(call, results_file, change):
    """With a sentence that says what is wrong, and never with a traceback."""
    code, out, err = call("show", str(results_file(change)))
    if code != 0:
        refused(code, out, err)


def test_a_trial_is_repeated_from_its_file(call, make_trial, tmp_path):
    (tmp_path / "given.json").write_text(json.dumps(to_json(make_trial())), encoding="utf-8")
    code, out, err = call("trial", "given.json")
    assert (code, err) == (0, "")
    record = json.loads(out)
    assert record["status"] == "completed"
    assert record["trial"] == to_json(make_trial())


def test_a_trial_that_fails_again_exits_with_1(call, make_trial, tmp_path):
    trial = make_trial(interpreter=NOWHERE)
    (tmp_path / "given.json").write_text(json.dumps(to_json(trial)), encoding="utf-8")
    code, out, _ = call("trial", "given.json")
    assert code == 1
    assert NOWHERE in json.loads(out)["reason"]


@pytest.mark.parametrize(
    "changes",
    [
        {"identifier": "../outside"},
        {"framework": "torch"},
        {"device": "tpu"},
        {"threads": 0},
        {"seed": -1},
        {"time_limit": -1.0},
        {"interpreter": "\0"},
    ],
    ids=str,
)
def test_a_trial_that_is_none_is_refused(call, make_trial, tmp_path, changes):
    (tmp_path / "given.json").write_text(json.dumps(to_json(make_trial(**changes))), encoding="utf-8")
    refused(*call("trial", "given.json"))
