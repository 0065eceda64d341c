"""Campaigns with null arms, axes, seeds, goals and products: in which order, how long, and which not."""

import collections
import dataclasses
import datetime
import itertools
import json
import threading

import pytest
from planned import judged

from tfmxbench.measure import campaign, plan, profiles
from tfmxbench.networks import catalogue
from tfmxbench.processes import machine, runner
from tfmxbench.records import whole_files
from tfmxbench.records.conditions import STANDARD
from tfmxbench.records.schema import check_against
from tfmxbench.records.store import results_to_json
from tfmxbench.records.trial import COMPLETED, FAILED, UNAVAILABLE

PAIRS = ("own loop, compiled", "low level, compiled")
CHOSEN = [item for item in catalogue.implementations("mlp") if item.pair in PAIRS]
FASTEST = CHOSEN[1].style
# What each trial takes, in seconds, by its condition.
SECONDS = {
    STANDARD: 2.0,
    "null": 2.0,
    "unvaried": 0.5,
    "threads": 1.0,
    "batch-size": 1.5,
    "products": 0.5,
    "seed": 3.0,
    "goal": 7.0,
}


@pytest.fixture
def make(make_campaign, monkeypatch):
    """Make a campaign of the default profile, of two pairs that have null arms and axes; without mistakes."""
    without = dataclasses.replace(profiles.PROFILES["default"], mistakes="none")
    monkeypatch.setitem(profiles.PROFILES, "default", without)

    def make(**changes) -> campaign.Campaign:
        values = {"profile": "default", "threads": 2, "rounds": 2, "parity": judged(CHOSEN)}
        return make_campaign(CHOSEN, **{**values, **changes})

    return make


@pytest.fixture
def ran(monkeypatch, make_record) -> list:
    """Trials that were run, none of them in earnest: each takes what its condition takes.

    Those that are not timed are run one at a time, as on a machine of one processor.
    """
    monkeypatch.setattr(machine, "shares", lambda threads: [set()])
    trials = []
    start = datetime.datetime(2026, 11, 22, tzinfo=datetime.UTC)

    def run(trial, folder):
        trials.append(trial)
        started = (start + datetime.timedelta(seconds=len(trials))).isoformat(timespec="milliseconds")
        wall = 0.5 if trial.style == FASTEST else 1.0
        return make_record(trial, wall=wall, started=started, seconds=SECONDS[trial.condition])

    monkeypatch.setattr(runner, "run", run)
    return trials


def names(trials) -> list[str]:
    return [trial.identifier for trial in trials]


def seconds(trials) -> float:
    return sum(SECONDS[trial.condition] for trial in trials)


def whole_plan(planned, rounds: int) -> list[str]:
    """The names of all trials in the order in which they are made, where two rounds are the least."""
    first = names(itertools.chain(*map(planned.plan.round, range(2))))
    more = names(itertools.chain(*map(planned.plan.round, range(2, rounds))))
    return [*first, f"goal-mlp-{FASTEST}-cpu", *names(planned.plan.seeds()), *more]


def test_seeds_and_goals_come_after_the_rounds_that_every_campaign_has(make, ran):
    planned = make()
    list(planned.run())
    assert names(ran) == whole_plan(planned, 2)
    assert {trial.condition for trial in ran} == SECONDS.keys()


def test_further_rounds_come_after_seeds_and_goals(make, ran):
    planned = make(budget=1e9)
    wanted = whole_plan(planned, 4)
    for trial, record in planned.run():
        if record is not None and len(ran) == len(wanted):
            break
        if plan.is_of_a_round(trial):
            assert trial.identifier == wanted[len(ran) - (record is not None)]
    assert names(ran) == wanted


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9, 0.99])
def test_an_interrupted_campaign_makes_every_trial_once(make, ran, share):
    planned = make()
    wanted = whole_plan(planned, 2)
    running = planned.run()
    while len(ran) < share * len(wanted):
        next(running)
    running.close()
    list(make().run())
    # The one that was interrupted was not stored.
    assert names(ran) == wanted
    ran.clear()
    assert list(make().run()) == []
    assert ran == []


def test_a_campaign_of_more_rounds_keeps_its_seeds_and_its_goal(make, ran):
    list(make(rounds=1).run())
    ran.clear()
    planned = make(rounds=2)
    list(planned.run())
    assert names(ran) == names(planned.plan.round(1))


# Progress, and the budget.


def progress_of(planned) -> list[campaign.Progress]:
    """How far a campaign is after each of its trials."""
    ended = []
    seen = []
    for _, record in planned.run():
        if record is not None:
            ended.append(record)
            seen.append(planned.progress(ended))
    return seen


def test_progress_counts_every_trial_and_ends_at_its_total(make, ran):
    planned = make()
    total = len(whole_plan(planned, 2))
    seen = progress_of(planned)
    assert [known.completed for known in seen] == list(range(1, total + 1))
    # The goal is planned once something was timed.
    first = next(number for number, trial in enumerate(ran) if trial.condition == STANDARD)
    assert {known.total for known in seen[:first]} <= {total - 1}
    assert {known.total for known in seen[first:]} == {total}
    assert seen[-1].remaining == 0


def test_a_trial_is_expected_to_take_what_the_same_arm_took(make, ran):
    """After a round, all but seeds and goal are known; those are taken for as long as the average."""
    planned = make()
    first = planned.plan.round(0)
    for _, record in planned.run():
        if record is not None and len(ran) == len(first):
            break
    others = len(planned.plan.seeds()) + 1
    mean = seconds(first) / len(first)
    assert planned.progress().remaining == pytest.approx(seconds(first) + others * mean)


def test_arms_that_differ_in_one_thing_are_expected_apart(make, make_record):
    """Each arm takes another time: what is left of the second round is known to the second."""
    planned = make(threads=8)
    first, second = planned.plan.round(0), planned.plan.round(1)
    arms = sorted({arm(trial) for trial in first}, key=str)
    assert len(arms) == len(first)
    times = {found: 1.0 + 37 * number % 101 for number, found in enumerate(arms)}
    planned.folder.mkdir(parents=True)
    timed = next(trial for trial in first if (trial.style, trial.condition) == (FASTEST, STANDARD))
    goal = dataclasses.replace(timed, identifier=f"goal-mlp-{FASTEST}-cpu", purpose="goal", condition="goal")

    def store(trial):
        record = make_record(trial, seconds=times.get(arm(trial), 100.0))
        whole_files.write_json(planned.folder / f"{trial.identifier}.record.json", runner.to_json(record))

    for trial in [*first, *planned.plan.seeds(), goal]:
        store(trial)
    for number, trial in enumerate(second):
        left = second[number:]
        known = planned.progress()
        assert known.remaining == pytest.approx(sum(times[arm(one)] for one in left))
        assert known.total - known.completed == len(left)
        store(trial)
    assert planned.progress().remaining == 0


def arm(trial) -> tuple:
    """What tells the arms of a round apart."""
    return (
        trial.purpose,
        trial.condition,
        trial.style,
        trial.framework,
        trial.threads,
        trial.batch_size,
    )


@pytest.mark.parametrize(
    ("further", "rounds"),
    [(-100.0, 2), (0.0, 2), (0.99, 2), (1.0, 3), (1.5, 3), (2.0, 4)],
    ids=str,
)
def test_the_budget_is_for_everything_that_is_measured(make, ran, further, rounds):
    """It is given in rounds that fit besides those that every campaign has, seeds and goal."""
    planned = make()
    once = [*planned.plan.seeds()]
    whole = seconds(planned.plan.round(0))
    budget = 2 * whole + seconds(once) + SECONDS["goal"] + further * whole
    planned = make(budget=max(budget, 0.001))
    seen = progress_of(planned)
    assert names(ran) == whole_plan(planned, rounds)
    assert seen[-1] == campaign.Progress(len(ran), len(ran), 0.0)
    # Once all of it is known, the number of rounds is foreseen.
    known = len(whole_plan(planned, 2)) - 1
    assert {found.total for found in seen[known:]} == {len(ran)}


def test_trials_that_are_not_timed_are_run_several_at_a_time_and_timed_ones_alone(make, ran, monkeypatch):
    monkeypatch.setattr(machine, "shares", lambda threads: [set()] * 3)
    one_at_a_time = runner.run
    running: list[str] = []
    together: dict[str, int] = {}
    lock = threading.Lock()
    meeting = threading.Barrier(3)

    def run(trial, folder):
        with lock:
            running.append(trial.identifier)
        if trial.condition == "seed" and trial.identifier in meant:
            # None of the three goes on before all are there.
            meeting.wait(60)
        with lock:
            together[trial.identifier] = len(running)
            record = one_at_a_time(trial, folder)
            running.remove(trial.identifier)
        return record

    monkeypatch.setattr(runner, "run", run)
    planned = make(rounds=1)
    seeds = names(planned.plan.seeds())
    meant = set(seeds[:3])
    list(planned.run())
    assert {together[name] for name in names(planned.plan.round(0))} == {1}
    assert max(together[name] for name in meant) == 3
    assert {trial.threads for trial in ran if not plan.is_of_a_round(trial)} == {1}
    assert {trial.threads for trial in ran if trial.condition == STANDARD} == {2}


def test_trials_side_by_side_take_their_share_of_the_time(make, ran, monkeypatch):
    """Three at a time: what is left is expected, and what was spent counted, as a third."""
    monkeypatch.setattr(machine, "shares", lambda threads: [set()] * 3)
    whole, once = seconds(make().plan.round(0)), seconds(make().plan.seeds()) + SECONDS["goal"]
    planned = make(budget=3 * whole + once / 3 + 0.01)
    seen = progress_of(planned)
    rounds = {trial.round for trial in ran if plan.is_of_a_round(trial)}
    assert rounds == {0, 1, 2}
    assert seen[-1].remaining == 0
    ran.clear()
    planned = make(budget=3 * whole + once / 3 - 0.01, seed=1)
    list(planned.run())
    assert {trial.round for trial in ran if plan.is_of_a_round(trial)} == {0, 1}


# What is not measured.


def refused(planned) -> dict[str, str]:
    """Why trials were not made, by name."""
    return {r.trial.identifier: r.reason for r in planned.results().records if r.status == FAILED}


def test_products_are_computed_though_nothing_passed_the_gate(make, ran):
    planned = make(parity=[], rounds=1)
    list(planned.run())
    assert {trial.purpose for trial in ran} == {"products"}
    assert {trial.framework for trial in ran} == {"mxnet", "numpy", "tensorflow"}
    assert "goal" not in {record.trial.purpose for record in planned.results().records}
    assert all("it was not compared with the reference" in reason for reason in refused(planned).values())


def test_products_of_a_framework_that_cannot_run_are_unavailable(make, ran):
    planned = make(problems={"mxnet": "it is not installed"}, rounds=1)
    list(planned.run())
    found = {r.trial.framework: r.status for r in planned.results().records if r.trial.purpose == "products"}
    assert found == {"mxnet": UNAVAILABLE, "numpy": COMPLETED, "tensorflow": COMPLETED}


def test_null_arms_seeds_and_axes_of_what_failed_the_gate_are_not_timed(make, ran):
    style = CHOSEN[0].style
    parity = [
        dataclasses.replace(found, passed=False, reason="the losses differ by 1e-2")
        if (found.style, found.batch_size) == (style, None)
        else found
        for found in judged(CHOSEN)
    ]
    planned = make(parity=parity, rounds=1)
    list(planned.run())
    # Its other batch sizes passed for themselves.
    assert {trial.condition for trial in ran if trial.style == style} == {"batch-size"}
    reasons = refused(planned)
    planned_round = planned.plan.round(0)
    conditions = collections.Counter(trial.condition for trial in planned_round if trial.style == style)
    del conditions["batch-size"]
    assert len(reasons) == conditions.total() + len([t for t in planned.plan.seeds() if t.style == style])
    assert all("the losses differ by 1e-2" in reason for reason in reasons.values())


@pytest.mark.parametrize("kind", ["missing", "failed"])
def test_a_batch_size_that_did_not_pass_for_itself_is_not_timed(make, ran, kind):
    """The comparison's own batch size passed; that says nothing of another."""
    style = CHOSEN[0].style
    parity = judged(CHOSEN)
    place = next(n for n, found in enumerate(parity) if (found.style, found.batch_size) == (style, 1024))
    if kind == "missing":
        del parity[place]
    else:
        parity[place] = dataclasses.replace(parity[place], passed=False, reason="the losses differ by 1e-2")
    planned = make(parity=parity, rounds=1)
    list(planned.run())
    (name,) = refused(planned)
    assert name == f"0000-mlp-{style}-cpu-batch-size-1024"
    words = "not compared with the reference" if kind == "missing" else "the losses differ by 1e-2"
    assert words in refused(planned)[name]
    sizes = {trial.batch_size for trial in ran if trial.style == style}
    assert sizes == {None, *profiles.PROFILES["default"].axes.batch_sizes} - {1024}


def test_the_standard_gate_alone_allows_no_other_batch_size(make, ran):
    planned = make(parity=judged(CHOSEN, batch_sizes=[None]), rounds=1)
    list(planned.run())
    assert {trial.batch_size for trial in ran} == {None}
    assert {"null", "threads", "seed", "goal"} < {trial.condition for trial in ran}


# The results.


def test_results_say_nothing_of_where_things_lie(make, ran):
    planned = make(rounds=1)
    list(planned.run())
    results = planned.results()
    assert {(record.trial.data, record.trial.interpreter) for record in results.records} == {("", "")}
    values = json.loads(json.dumps(results_to_json(results)))
    check_against("results", values)
    text = json.dumps(values)
    for path in (planned.data_path, planned.root, planned.environments["mxnet", "cpu"].interpreter):
        assert str(path) not in text
    # To be repeated, what is stored has to say it.
    assert {record.trial.data for record in planned.stored()} == {str(planned.data_path), ""}


def test_results_describe_the_environments(make):
    planned = make()
    known = {
        place: dataclasses.replace(found, bytes=None if place[0] == "mxnet" else 10**9, problem="")
        for place, found in planned.environments.items()
    }
    found = make(environments=known).results().environments
    assert [(one.framework, one.device, one.bytes) for one in found] == [
        ("mxnet", "cpu", None),
        ("numpy", "cpu", 10**9),
        ("tensorflow", "cpu", 10**9),
    ]
    check_against("results", results_to_json(make(environments=known).results()))
