"""What a campaign measures besides the comparison: null arms, axes, matrix products; in which order."""

import collections
import dataclasses
import itertools
import json

import pytest
from planned import ALL, NETWORKS, of

from tfmxbench.measure import plan, profiles
from tfmxbench.networks import catalogue
from tfmxbench.records.conditions import STANDARD
from tfmxbench.records.schema import check_against
from tfmxbench.records.trial import to_json

COMPILED = [item for item in catalogue.implementations("mlp") if item.pair == "low level, compiled"]
OWN_LOOP = [item for item in catalogue.implementations("mlp") if item.pair == "own loop, compiled"]
AXES = ("unvaried", "threads", "batch-size")


def plain(trial) -> dict:
    """What a trial does, without its name."""
    return {**dataclasses.asdict(trial), "identifier": "", "condition": ""}


# The plan of a round.


@pytest.mark.parametrize("profile", sorted(profiles.PROFILES))
def test_the_comparison_is_in_every_round_whatever_else_is_measured(make_passing, profile):
    planned = make_passing(profile=profile, threads=4)
    for number in range(2):
        trials = of(planned.plan.round(number), STANDARD)
        arms = sorted((trial.network, trial.style) for trial in trials)
        assert arms == sorted((item.network, item.style) for item in ALL)
        assert {(trial.threads, trial.batch_size, trial.purpose) for trial in trials} == {
            (4, None, "measure")
        }


def test_the_quick_profile_compares_and_does_nothing_else(make_passing):
    planned = make_passing(profile="quick", threads=4)
    assert {trial.condition for trial in planned.plan.round(0)} == {STANDARD}
    assert planned.plan.seeds() == planned.plan.goal([]) == []


@pytest.mark.parametrize("profile", ["default", "thorough"])
def test_names_are_unique_in_the_whole_campaign(make_passing, profile):
    planned = make_passing(profile=profile, threads=8, devices=["cpu", "gpu"])
    trials = [*itertools.chain(*map(planned.plan.round, range(3))), *planned.plan.seeds()]
    names = collections.Counter(trial.identifier for trial in trials)
    assert max(names.values()) == 1
    # They name files, too.
    assert len({name.lower() for name in names}) == len(names)


def chosen(styles: profiles.Styles) -> list[catalogue.Implementation]:
    """The implementations that a profile chooses for another condition: LeNet's epoch is long."""
    return [
        item
        for item in ALL
        if (styles.long_epochs or item.network != "lenet")
        and (styles.pairs is None or item.pair in styles.pairs)
    ]


def with_batch_sizes(profile: profiles.Profile, batch_sizes: tuple[int, ...]) -> profiles.Profile:
    """A profile with other batch sizes."""
    return dataclasses.replace(profile, axes=dataclasses.replace(profile.axes, batch_sizes=batch_sizes))


@pytest.mark.parametrize("profile", ["default", "thorough"])
def test_a_null_arm_is_the_same_trial_under_another_name(make_passing, profile):
    """Anything else that differed would be what the null test finds."""
    planned = make_passing(profile=profile, threads=4, devices=["cpu", "gpu"]).plan.round(1)
    standard = {trial.identifier: trial for trial in of(planned, STANDARD)}
    arms = of(planned, "null")
    for trial in arms:
        name = trial.identifier.removesuffix("-null")
        assert name != trial.identifier
        assert plain(trial) == plain(standard[name])
    wanted = chosen(profiles.PROFILES[profile].null_test)
    assert len(arms) == len({trial.identifier for trial in arms}) == 2 * len(wanted) > 0


@pytest.mark.parametrize("profile", ["default", "thorough"])
def test_an_axis_varies_one_thing(make_passing, profile):
    """Other threads, or another batch size; of the pairs that the profile names."""
    planned = make_passing(profile=profile, threads=8).plan.round(0)
    standard = {(trial.network, trial.style): trial for trial in of(planned, STANDARD)}
    axes = profiles.PROFILES[profile].axes
    wanted = {(item.network, item.style) for item in chosen(axes.styles)}
    for condition, field, values in (
        ("threads", "threads", [1, 2, 4]),
        ("batch-size", "batch_size", list(axes.batch_sizes)),
    ):
        trials = of(planned, condition)
        assert {(trial.network, trial.style) for trial in trials} == wanted
        assert len(trials) == len(wanted) * len(values)
        for arm in wanted:
            mine = [trial for trial in trials if (trial.network, trial.style) == arm]
            assert sorted(getattr(trial, field) for trial in mine) == values
        varied = {
            "identifier",
            "condition",
            "epochs",
            "passes",
            "pass_batches",
            "latency_samples",
            "goal",
            "first_batches",
            field,
        }
        for trial in trials:
            changed = dataclasses.asdict(standard[trial.network, trial.style])
            assert {
                key for key, value in dataclasses.asdict(trial).items() if value != changed[key]
            } <= varied


@pytest.mark.parametrize("profile", ["default", "thorough"])
def test_an_axis_is_compared_with_a_trial_that_differs_in_nothing_else(make_passing, profile):
    planned = make_passing(profile=profile, threads=8, devices=["cpu", "gpu"]).plan.round(0)
    unvaried = {(trial.network, trial.style, trial.device): trial for trial in of(planned, "unvaried")}
    assert len(unvaried) == len(of(planned, "unvaried"))
    axes = [*of(planned, "threads"), *of(planned, "batch-size")]
    assert {(trial.network, trial.style, trial.device) for trial in axes} == unvaried.keys()
    for trial in axes:
        base = unvaried[trial.network, trial.style, trial.device]
        assert (base.threads, base.batch_size) == (8, None)
        field = "threads" if trial.condition == "threads" else "batch_size"
        assert getattr(trial, field) != getattr(base, field)
        # Of a batch size follows how many batches as many images are.
        same = {field: getattr(base, field), "pass_batches": base.pass_batches}
        assert plain(dataclasses.replace(trial, **same)) == plain(base)
        if field == "threads":
            assert trial.pass_batches == base.pass_batches


def test_where_nothing_is_varied_nothing_is_unvaried(make_passing, monkeypatch):
    without = with_batch_sizes(profiles.PROFILES["default"], ())
    monkeypatch.setitem(profiles.PROFILES, "default", without)
    assert not of(make_passing(OWN_LOOP, threads=1).plan.round(0), "unvaried")
    assert len(of(make_passing(OWN_LOOP, threads=2).plan.round(0), "unvaried")) == len(OWN_LOOP)


def test_a_trial_of_an_axis_makes_passes_and_no_more(make_passing):
    trials = [
        trial
        for trial in make_passing(profile="thorough", threads=4).plan.round(0)
        if trial.condition in AXES
    ]
    assert {(t.epochs, t.passes, t.latency_samples, t.goal) for t in trials} == {
        (0, plan.AXIS_PASSES, 0, None)
    }


def test_a_pass_is_over_as_many_images_whatever_the_batch_size(make_passing):
    """But for less than a batch of them; 0 batches are a whole epoch."""
    planned = make_passing(profile="thorough", threads=2).plan.round(0)
    for trial in planned:
        if trial.purpose != "measure":
            continue
        task = catalogue.task(trial.network)
        batch_size = trial.batch_size or task.batch_size
        missing = task.timed_batches * task.batch_size - trial.pass_batches * batch_size
        assert 0 <= missing < batch_size
        assert bool(trial.pass_batches) == bool(task.timed_batches)


@pytest.mark.parametrize("profile", ["default", "thorough"])
def test_the_tasks_own_batch_size_is_not_measured_again(make_passing, profile, monkeypatch):
    own = {catalogue.task(network).batch_size for network in NETWORKS}
    assert not own & {trial.batch_size for trial in make_passing(profile=profile).plan.round(0)}
    among = with_batch_sizes(profiles.PROFILES[profile], (32, *own, 512))
    monkeypatch.setitem(profiles.PROFILES, profile, among)
    planned = make_passing(profile=profile)
    assert {trial.batch_size for trial in of(planned.plan.round(0), "batch-size")} == {32, 512}
    questions = plan.batch_size_checks(planned.settings, ALL)
    assert {question.batch_size for question in questions} == {32, 512}


@pytest.mark.parametrize(
    ("threads", "others"),
    [(1, []), (2, [1]), (3, [1, 2]), (4, [1, 2]), (6, [1, 2, 4]), (8, [1, 2, 4]), (9, [1, 2, 4, 8])],
)
def test_other_threads_are_fewer_and_double(make_passing, threads, others):
    assert plan.other_threads(threads) == others
    trials = of(make_passing(OWN_LOOP, threads=threads).plan.round(0), "threads")
    assert sorted(trial.threads for trial in trials) == sorted(others * len(OWN_LOOP))


def test_threads_are_varied_on_the_processor_alone(make_passing):
    planned = make_passing(threads=4, devices=["cpu", "gpu"]).plan.round(0)
    assert {trial.device for trial in of(planned, "threads")} == {"cpu"}
    assert {trial.device for trial in of(planned, "batch-size")} == {"cpu", "gpu"}


def test_the_gate_is_asked_about_every_batch_size_that_is_timed(make_passing):
    for profile in ("default", "thorough"):
        planned = make_passing(profile=profile, devices=["cpu", "gpu"])
        questions = {
            (question.implementation.name, question.device, question.batch_size)
            for question in plan.batch_size_checks(planned.settings, ALL)
        }
        timed = of(planned.plan.round(0), "batch-size")
        assert questions == {(trial.implementation, trial.device, trial.batch_size) for trial in timed}


def test_each_framework_multiplies_matrices_once_a_round_on_each_device(make_passing):
    planned = make_passing(devices=["cpu", "gpu"], threads=4)
    environments = dict(planned.environments)
    # The reference's environment is for the CPU alone.
    del environments["numpy", "gpu"]
    trials = of(
        make_passing(devices=["cpu", "gpu"], threads=4, environments=environments).plan.round(2), "products"
    )
    assert sorted((trial.framework, trial.device) for trial in trials) == sorted(environments)
    assert {(t.purpose, t.round, t.threads, t.network, t.epochs) for t in trials} == {
        ("products", 2, 4, "", 0)
    }


def test_all_conditions_are_mixed_in_one_random_order(make_passing):
    """What was measured apart would meet another machine: each kind comes first, and last, at times."""
    planned = make_passing(COMPILED + OWN_LOOP, threads=2)
    orders = [[trial.condition for trial in planned.plan.round(number)] for number in range(60)]
    conditions = set(orders[0])
    assert conditions == {STANDARD, "null", "unvaried", "threads", "batch-size", "products", "mistake"}
    assert {order[0] for order in orders} == {order[-1] for order in orders} == conditions
    again = make_passing(COMPILED + OWN_LOOP, threads=2)
    assert [[trial.condition for trial in again.plan.round(number)] for number in range(60)] == orders
    assert make_passing(COMPILED + OWN_LOOP, threads=2, seed=1).plan.round(0) != planned.plan.round(0)


def test_those_that_are_compared_follow_each_other_in_either_order(make_passing):
    """What slows the machine down for a while is to meet both sides of a ratio."""
    implementations = COMPILED + OWN_LOOP
    planned = make_passing(implementations, threads=2, devices=["cpu", "gpu"])
    pairs = {(item.network, item.style): item.pair for item in implementations}
    orders = collections.defaultdict(set)
    for number in range(20):
        groups = itertools.groupby(
            planned.plan.round(number),
            lambda t: (t.purpose, t.device, pairs.get((t.network, t.style)), t.threads, t.batch_size),
        )
        ordered = [
            (key, tuple(f"{t.condition} {t.framework} {t.style}" for t in group)) for key, group in groups
        ]
        assert len({key for key, _ in ordered}) == len(ordered)
        for key, order in ordered:
            orders[key].add(order)
        # Axes are compared with the trial that has all threads and the network's own batch size.
        together = [key for key, _ in itertools.groupby(key[:3] for key, _ in ordered)]
        assert len(set(together)) == len(together)
    # Two styles and their null arms; two styles and what their axes are compared with.
    compiled = orders["measure", "cpu", "low level, compiled", 2, None]
    own_loop = orders["measure", "gpu", "own loop, compiled", 2, None]
    assert {len(order) for order in compiled} == {4}
    assert {len(order) for order in own_loop} == {4}
    for seen in orders.values():
        assert {order[0] for order in seen} == {name for order in seen for name in order}


def test_in_the_default_profile_an_axis_is_timed_over_fewer_images(make_passing):
    planned = make_passing(OWN_LOOP, threads=2)
    axes = [trial for trial in planned.plan.round(0) if trial.condition in AXES]
    assert len(axes) == 8
    for trial in axes:
        images = trial.pass_batches * (trial.batch_size or catalogue.task(trial.network).batch_size)
        assert images == pytest.approx(planned.profile.axes.length.images, rel=0.05)


@pytest.mark.parametrize("profile", sorted(profiles.PROFILES))
def test_a_trial_that_does_what_it_was_asked_makes_a_record_that_can_be_read_again(
    make_passing, make_record, profile
):
    """Otherwise it would be run, stored, and never be seen again."""
    planned = make_passing(profile=profile, threads=2)
    trials = [*planned.plan.round(0), *planned.plan.seeds()]
    assert {trial.network for trial in trials} >= set(NETWORKS)
    plain_record = make_record()
    for trial in trials:
        if trial.purpose == "products":
            continue
        plain_measurement = plain_record.measurement
        measurement = dataclasses.replace(
            plain_measurement,
            epochs=[plain_measurement.passes[0]] * trial.epochs,
            passes=[plain_measurement.passes[0]] * trial.passes,
            accuracies=[0.9] * trial.epochs,
            inference=plain_measurement.inference if trial.latency_samples else [],
            latencies=[0.001] * trial.latency_samples,
        )
        check_against("record", json.loads(json.dumps(to_json(make_record(trial, measurement=measurement)))))
