"""Campaigns: every arm once a round, nothing measured twice, nothing lost."""

import contextlib
import dataclasses
import datetime
import itertools
import json
import pathlib
import shutil

import pytest

from tfmxbench.measure import campaign, profiles
from tfmxbench.networks import catalogue
from tfmxbench.processes import hashes, runner
from tfmxbench.records.conditions import STANDARD
from tfmxbench.records.trial import COMPLETED, FAILED, UNAVAILABLE

STYLES = {item.style for item in catalogue.implementations("mlp")}


@pytest.fixture
def ran(monkeypatch, make_record) -> list:
    """Trials that were run. The runs are made up: each takes 2 seconds and measures something."""
    trials = []
    start = datetime.datetime(2026, 11, 22, tzinfo=datetime.UTC)

    def run(trial, folder):
        assert folder.is_dir()
        trials.append(trial)
        started = (start + datetime.timedelta(seconds=2 * len(trials))).isoformat(timespec="milliseconds")
        return make_record(trial, started=started, seconds=2.0)

    monkeypatch.setattr(runner, "run", run)
    return trials


def names(trials) -> list[str]:
    return [trial.identifier for trial in trials]


def files(planned) -> list[pathlib.Path]:
    return sorted(planned.folder.glob("*.record.json"))


def test_a_round_holds_every_arm_once(make_campaign):
    planned = make_campaign(devices=["cpu", "gpu"])
    for number in range(3):
        trials = planned.plan.round(number)
        arms = {(trial.style, trial.device) for trial in trials}
        assert arms == set(itertools.product(STYLES, ("cpu", "gpu")))
        assert len(trials) == len(arms) == len(set(names(trials)))
        assert {trial.round for trial in trials} == {number}


def test_the_order_differs_between_rounds_and_seeds_and_is_the_same_again(make_campaign):
    def order(number, **changes):
        return [trial.style for trial in make_campaign(**changes).plan.round(number)]

    orders = [order(0), order(1), order(2), order(0, seed=1), order(1, seed=1)]
    assert len({tuple(styles) for styles in orders}) == len(orders)
    assert order(1) == orders[1]


def test_no_arm_keeps_its_place(make_campaign):
    """An implementation that always came first would always meet a cool machine."""
    planned = make_campaign()
    places = {style: set() for style in STYLES}
    for number in range(150):
        for place, trial in enumerate(planned.plan.round(number)):
            places[trial.style].add(place)
    assert all({0, len(STYLES) - 1} <= of_style for of_style in places.values())


def test_a_trial_follows_profile_task_and_settings(make_campaign, small_data):
    lenet = catalogue.implementations("lenet")[:1]
    planned = make_campaign(lenet, profile="thorough", seed=5, threads=2).plan.round(4)
    (trial,) = (trial for trial in planned if trial.condition == STANDARD)
    profile = profiles.PROFILES["thorough"]
    passes = profile.passes(lenet[0])
    assert (trial.epochs, trial.passes) == (passes.first.most, passes.steady)
    assert trial.latency_samples == profile.latency_samples
    assert trial.pass_batches == catalogue.task("lenet").timed_batches > 0
    assert (trial.seed, trial.threads, trial.round, trial.data) == (5, 2, 4, str(small_data))
    assert trial.source_sha256 == hashes.source_sha256(lenet[0].path)


def test_each_finished_trial_is_a_file_at_once(make_campaign, ran):
    planned = make_campaign(rounds=1)
    for trial, record in planned.run():
        stored = [path.name for path in files(planned)]
        assert len(stored) == len(ran)
        assert (f"{trial.identifier}.record.json" in stored) == (record is not None)
    assert len(ran) == len(STYLES)


def test_trials_run_in_the_planned_order_round_after_round(make_campaign, ran):
    planned = make_campaign(rounds=3)
    list(planned.run())
    assert names(ran) == [name for number in range(3) for name in names(planned.plan.round(number))]
    assert [record.trial.identifier for record in planned.results().records] == names(ran)


def test_a_second_run_measures_nothing(make_campaign, ran):
    list(make_campaign().run())
    first = make_campaign().results()
    ran.clear()
    assert list(make_campaign().run()) == []
    assert ran == []
    assert make_campaign().results() == first


def test_more_rounds_continue_where_fewer_ended(make_campaign, ran):
    list(make_campaign(rounds=1).run())
    ran.clear()
    list(make_campaign(rounds=2).run())
    assert names(ran) == names(make_campaign().plan.round(1))


@pytest.mark.parametrize("steps", [1, 2, 7, 26, 27, 40])
def test_an_interrupted_campaign_resumes_without_loss_or_repetition(make_campaign, ran, steps):
    """The interrupt comes after ``steps`` steps of the generator, before or after a trial."""
    planned = make_campaign(rounds=2)
    running = planned.run()
    for _ in range(steps):
        next(running)
    running.close()
    assert len(files(planned)) == steps // 2
    list(make_campaign(rounds=2).run())
    assert names(ran) == names(planned.plan.round(0)) + names(planned.plan.round(1))
    assert len(planned.results().records) == 2 * len(STYLES)


def test_an_interrupted_trial_leaves_no_record(make_campaign, monkeypatch):
    def interrupt(trial, folder):
        raise KeyboardInterrupt

    monkeypatch.setattr(runner, "run", interrupt)
    planned = make_campaign()
    with pytest.raises(KeyboardInterrupt):
        list(planned.run())
    assert files(planned) == []


def test_forgotten_records_are_measured_again(make_campaign, ran):
    planned = make_campaign(rounds=1)
    list(planned.run())
    planned.forget()
    assert planned.results().records == []
    ran.clear()
    list(planned.run())
    assert len(ran) == len(STYLES)


def test_failures_are_stored_and_not_tried_again(make_campaign, monkeypatch, make_record):
    def fail(trial, folder):
        return make_record(trial, status=FAILED, reason="exited with code 3", measurement=None)

    monkeypatch.setattr(runner, "run", fail)
    planned = make_campaign(rounds=1)
    list(planned.run())
    assert {record.reason for record in planned.results().records} == {"exited with code 3"}
    assert list(planned.run()) == []


def test_a_source_that_changes_while_a_campaign_runs_does_not_scatter_its_records(
    make_campaign, ran, tmp_path, monkeypatch
):
    """The campaign ends with a sentence, or continues in the folder where it began."""
    folder = tmp_path / "networks"
    shutil.copytree(catalogue.FOLDER, folder, ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.setattr(catalogue, "FOLDER", folder)
    planned = make_campaign(rounds=1)
    began = planned.folder
    running = planned.run()
    next(running)
    next(running)
    (folder / "mlp" / "gluon.py").write_bytes((folder / "mlp" / "gluon.py").read_bytes() + b"\n# changed\n")
    with contextlib.suppress(ValueError):
        list(running)
    assert {path.parent for path in planned.root.glob("*/*.record.json")} == {began}


# What cannot run.


def test_an_unavailable_framework_is_recorded_and_the_others_run(make_campaign, ran):
    planned = make_campaign(problems={"tensorflow": "it is not installed"}, rounds=2)
    list(planned.run())
    assert {trial.framework for trial in ran} == {"mxnet"}
    statuses = {(record.trial.framework, record.status) for record in planned.results().records}
    assert statuses == {("mxnet", COMPLETED), ("tensorflow", UNAVAILABLE)}
    for record in planned.results().records:
        if record.status == UNAVAILABLE:
            assert record.reason == "it is not installed"
            assert record.measurement is None


def test_with_nothing_available_a_budget_does_not_run_for_ever(make_campaign, ran):
    problems = dict.fromkeys(("tensorflow", "mxnet"), "it is not installed")
    planned = make_campaign(problems=problems, rounds=2, budget=1e6)
    steps = list(itertools.islice(planned.run(), 1000))
    assert len(steps) == 2 * 2 * len(STYLES)
    assert ran == []
    assert len(planned.results().records) == 2 * len(STYLES)


def test_an_implementation_that_did_not_pass_the_parity_gate_is_not_timed(make_campaign, ran):
    """An implementation that was not compared with the reference is not timed either."""
    planned = make_campaign(rounds=1)
    first, second, *others = planned.parity
    failed = dataclasses.replace(first, passed=False, reason="the losses differ by 1e-2")
    judged = make_campaign(rounds=1, parity=[failed, *others])
    assert judged.key != planned.key
    list(judged.run())
    assert not {first.style, second.style} & {trial.style for trial in ran}
    assert len(ran) == len(STYLES) - 2
    reasons = {r.trial.style: r.reason for r in judged.results().records if r.status == FAILED}
    assert reasons.keys() == {first.style, second.style}
    assert "the losses differ by 1e-2" in reasons[first.style]
    assert judged.results().parity == [failed, *others]


# The budget: each trial takes 2 seconds, a round 2 * len(STYLES).


@pytest.mark.parametrize(
    ("rounds", "budget", "expected"),
    [
        pytest.param(3, None, 3, id="no budget"),
        pytest.param(3, 0.001, 3, id="budget too small"),
        pytest.param(1, 2.5, 2, id="a second round fits"),
        pytest.param(1, 1.99, 1, id="a second round does not quite fit"),
        pytest.param(1, 5.0, 5, id="rounds fill the budget exactly"),
        pytest.param(3, 4.5, 4, id="one more than requested"),
    ],
)
def test_further_rounds_are_measured_while_they_fit(make_campaign, ran, rounds, budget, expected):
    """The budget is in multiples of a round's time."""
    seconds = None if budget is None else budget * 2 * len(STYLES)
    planned = make_campaign(rounds=rounds, budget=seconds)
    list(planned.run())
    assert len(ran) == expected * len(STYLES)


def test_a_budget_counts_what_was_measured_before(make_campaign, ran):
    """An interrupted campaign has as many rounds as an undisturbed one, and all of them are complete."""
    seconds = 2.5 * 2 * len(STYLES)
    running = make_campaign(rounds=1, budget=seconds).run()
    for _ in range(3 * len(STYLES)):
        next(running)
    running.close()
    list(make_campaign(rounds=1, budget=seconds).run())
    assert len(ran) == 2 * len(STYLES)
    assert len(set(names(ran))) == len(ran)


def test_progress_ends_at_its_total(make_campaign, ran):
    planned = make_campaign(rounds=1, budget=2.5 * 2 * len(STYLES))
    assert planned.progress() == campaign.Progress(0, len(STYLES), 0.0)
    seen = []
    for _, record in planned.run():
        if record is not None:
            seen.append(planned.progress())
    assert [progress.completed for progress in seen] == list(range(1, 2 * len(STYLES) + 1))
    assert {progress.total for progress in seen} == {2 * len(STYLES)}
    assert seen[0].remaining == pytest.approx(2 * (2 * len(STYLES) - 1))
    assert seen[-1].remaining == 0


# Damage.


@pytest.mark.parametrize(
    "damage",
    [
        pytest.param(lambda text: "", id="empty"),
        pytest.param(lambda text: text[: len(text) // 2], id="half"),
        pytest.param(lambda text: "[" * 100_000, id="deep"),
        pytest.param(lambda text: "{}", id="no record"),
        pytest.param(lambda text: text.replace("0.5", "NaN"), id="NaN"),
    ],
)
def test_a_damaged_record_is_a_valueerror_that_names_the_file(make_campaign, ran, damage):
    """Or the trial is measured again. The file is never used as a record."""
    planned = make_campaign(rounds=1)
    list(planned.run())
    path = files(planned)[3]
    path.write_text(damage(path.read_text(encoding="utf-8")), encoding="utf-8")
    before = len(ran)
    try:
        list(planned.run())
    except ValueError as error:
        assert str(path) in str(error)
    else:
        assert len(ran) == before + 1
        assert json.loads(path.read_text(encoding="utf-8"))["status"] == COMPLETED


def test_an_unfinished_file_is_not_a_record(make_campaign, ran):
    """A process that is killed while it writes leaves such a file."""
    planned = make_campaign(rounds=1)
    planned.folder.mkdir(parents=True)
    name = planned.plan.round(0)[0].identifier
    (planned.folder / f"{name}.record.json.123.part").write_text('{"trial": {', encoding="utf-8")
    list(planned.run())
    assert len(ran) == len(STYLES)


def test_a_campaign_of_the_reference_with_real_runs(make_campaign):
    """Two rounds, with each trial in its own process."""
    references = [catalogue.reference("mlp")]
    planned = make_campaign(references, rounds=2)
    list(planned.run())
    records = planned.results().records
    assert [record.status for record in records] == [COMPLETED, COMPLETED], records[0].reason
    losses = [[item.loss for item in record.measurement.passes] for record in records]
    assert losses[0] == losses[1]
    assert records[0].started < records[1].started
