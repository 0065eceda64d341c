"""How long the passes of trials are, and what is trained once a campaign: seeds, and up to a goal."""

import collections
import dataclasses
import itertools

import pytest
from planned import ALL, of

from tfmxbench.measure import profiles
from tfmxbench.networks import catalogue
from tfmxbench.records.conditions import STANDARD
from tfmxbench.records.trial import FAILED


@pytest.mark.parametrize(("profile", "networks"), [("default", {"mlp"}), ("thorough", {"mlp", "lenet"})])
def test_other_seeds_are_trained_with_for_their_accuracy_alone(make_passing, profile, networks):
    planned = make_passing(profile=profile, seed=2**32 - 2)
    trials = planned.plan.seeds()
    number = profiles.PROFILES[profile].other_seeds.number
    wanted = [item for item in ALL if item.network in networks]
    arms = collections.Counter((trial.network, trial.style) for trial in trials)
    assert arms == {(item.network, item.style): number for item in wanted}
    # Seeds begin again at 0, and none is the campaign's own.
    assert {trial.seed for trial in trials} == {2**32 - 1, *range(number - 1)}
    assert {(t.purpose, t.condition, t.device, t.epochs, t.passes, t.latency_samples) for t in trials} == {
        ("accuracy", "seed", "cpu", 1, 0, 0)
    }
    assert {trial.goal for trial in trials} == {None}


def test_a_long_epoch_is_timed_in_passes_and_a_short_one_whole(make_passing):
    for profile, short_epochs, long_epochs in (("quick", 1, 0), ("default", 1, 0), ("thorough", 25, 25)):
        planned = make_passing(profile=profile)
        for trial in planned.plan.round(1):
            if (trial.purpose, trial.condition) == ("measure", STANDARD):
                short = trial.network == "mlp"
                (item,) = (item for item in ALL if item.name == trial.implementation)
                wanted = short_epochs if short else long_epochs
                assert trial.epochs == wanted
                passes = {
                    (True, "compiled"): planned.profile.short_compiled,
                    (True, "imperative"): planned.profile.short_imperative,
                    (False, "compiled"): planned.profile.long_compiled,
                    (False, "imperative"): planned.profile.long_imperative,
                }[short, item.paradigm]
                assert trial.passes == passes.steady + (not wanted)
                first = 0 if short or long_epochs else passes.first.batches
                assert trial.first_batches == first < catalogue.task("lenet").timed_batches
            else:
                assert trial.first_batches == 0 or trial.condition == "null"


@pytest.mark.parametrize(
    ("profile", "compiled", "imperative", "short"),
    [("quick", 50, 25, 100), ("default", 100, 50, 0), ("thorough", 100, 100, 0)],
)
def test_imperative_styles_take_shorter_passes_outside_the_thorough_profile(
    make_passing, profile, compiled, imperative, short
):
    trials = of(make_passing(profile=profile).plan.round(0), STANDARD)
    batches = collections.defaultdict(set)
    for trial in trials:
        (item,) = (item for item in ALL if item.name == trial.implementation)
        batches[trial.network, item.paradigm].add(trial.pass_batches)
    assert batches == {
        ("mlp", "compiled"): {0},
        ("mlp", "imperative"): {short},
        ("lenet", "compiled"): {compiled},
        ("lenet", "imperative"): {imperative},
    }


def test_the_sides_of_a_pair_take_as_many_passes_of_one_length(make_passing):
    for profile in sorted(profiles.PROFILES):
        lengths = collections.defaultdict(set)
        for trial in of(make_passing(profile=profile).plan.round(0), STANDARD):
            (item,) = (item for item in ALL if item.name == trial.implementation)
            if item.pair:
                length = (trial.epochs, trial.first_batches, trial.passes, trial.pass_batches)
                lengths[item.network, item.pair].add(length)
        assert len(lengths) == 10
        assert {len(equal) for equal in lengths.values()} == {1}


def test_in_the_thorough_profile_every_timed_trial_has_its_networks_goal(make_passing):
    planned = make_passing(profile="thorough")
    for trial in planned.plan.round(0):
        timed = trial.condition in (STANDARD, "null")
        if trial.purpose == "mistake":
            assert trial.goal is None
            continue
        assert trial.goal == (catalogue.task(trial.network).accuracy_goal if timed else None)
        assert trial.epochs == (25 if timed else 0)
    assert planned.plan.goal([]) == []


@pytest.fixture
def timed(make_passing, make_record):
    """Records of rounds of the default profile, with the wall seconds that each style is given."""

    def records(walls: dict[str, float], rounds=1, **changes) -> list:
        planned = make_passing(**changes)
        trials = itertools.chain(*map(planned.plan.round, range(rounds)))
        return [
            make_record(trial, wall=walls.get(trial.style, 5.0))
            for trial in trials
            if trial.purpose == "measure"
        ]

    return records


def test_the_fastest_style_of_each_network_is_trained_up_to_its_accuracy(make_passing, timed):
    trials = make_passing(seed=3).plan.goal(timed({"gluon": 2.0, "symbol": 1.0, "module": 3.0}, seed=3))
    assert [(trial.network, trial.style) for trial in trials] == [("lenet", "symbol"), ("mlp", "symbol")]
    for trial in trials:
        assert (trial.purpose, trial.condition, trial.seed) == ("goal", "goal", 3)
        assert (trial.epochs, trial.passes, trial.latency_samples) == (25, 0, 0)
        assert trial.goal == catalogue.task(trial.network).accuracy_goal
    assert len({trial.identifier for trial in trials}) == 2


def test_the_fastest_is_judged_by_the_comparison_and_nothing_else(make_passing, timed):
    """Not by a null arm, other threads or batch sizes, another device, or later rounds."""
    records = timed({"gluon": 2.0}, rounds=4, threads=4, devices=["cpu", "gpu"])

    def quicker(record):
        trial = record.trial
        odd = trial.condition != STANDARD or trial.device != "cpu" or trial.round >= 2
        if not odd or trial.style == "gluon":
            return record
        passes = [dataclasses.replace(item, wall=0.001) for item in record.measurement.passes]
        return dataclasses.replace(record, measurement=dataclasses.replace(record.measurement, passes=passes))

    planned = make_passing(rounds=2, threads=4, devices=["cpu", "gpu"])
    assert {trial.style for trial in planned.plan.goal([quicker(record) for record in records])} == {"gluon"}


def test_a_style_that_did_not_complete_is_not_the_fastest(make_passing, timed):
    records = [
        dataclasses.replace(record, status=FAILED, reason="killed", measurement=None)
        if record.trial.style == "symbol" or record.trial.network == "lenet"
        else record
        for record in timed({"gluon": 2.0, "symbol": 1.0})
    ]
    trials = make_passing().plan.goal(records)
    assert [(trial.network, trial.style) for trial in trials] == [("mlp", "gluon")]
    assert make_passing().plan.goal([]) == []


def test_a_goal_is_trained_for_once_also_when_more_rounds_find_another_style_faster(make_passing, timed):
    first = timed({"gluon": 2.0, "symbol": 3.0})
    (chosen,) = (trial for trial in make_passing(rounds=1).plan.goal(first) if trial.network == "mlp")
    assert chosen.style == "gluon"
    more = timed({"gluon": 2.0, "symbol": 0.1}, rounds=3)
    assert {trial.style for trial in make_passing(rounds=3).plan.goal(more)} == {"symbol"}
    record = dataclasses.replace(more[0], trial=chosen)
    trials = make_passing(rounds=3).plan.goal([*more, record])
    assert [(trial.network, trial.style) for trial in trials] == [("lenet", "symbol"), ("mlp", "gluon")]
