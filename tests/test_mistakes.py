"""Mistakes: listing the folder finds them, and no trial of theirs is in a published comparison."""

import ast
import collections
import dataclasses
import itertools
import json
import subprocess
import sys

import pytest

from tfmxbench import frameworks, mistakes
from tfmxbench.measure import campaign, plan
from tfmxbench.networks import catalogue
from tfmxbench.processes import environments
from tfmxbench.records.conditions import MISTAKE
from tfmxbench.records.parity import Parity
from tfmxbench.records.trial import COMPLETED, UNAVAILABLE, to_json

NETWORKS = ("mlp", "lenet")
ALL = [item for network in NETWORKS for item in catalogue.implementations(network)]
SIDES = [
    (name, network, side)
    for name in mistakes.names()
    for network in NETWORKS
    for side in mistakes.sides(name, network)
]


# The mistakes themselves.


@pytest.mark.parametrize("name", mistakes.names())
def test_a_mistake_has_a_description_and_a_check_that_would_have_prevented_it(name):
    mistake = mistakes.load(name)
    assert mistake.title and mistake.description and mistake.check and mistake.variants
    assert mistake.title != mistakes.load(next(other for other in mistakes.names() if other != name)).title
    for source in mistake.sources:
        assert source.address.startswith("https://")
        assert source.name and source.summary


@pytest.mark.parametrize("name", mistakes.names())
def test_the_sides_of_a_variant_are_of_two_frameworks_and_the_honest_ones_have_no_mistakes(name):
    """A factor compares like with like: the mistake is the only difference."""
    framework = {item.style: item.framework for item in ALL}
    for variant in mistakes.load(name).variants:
        for sides in (variant.honest, variant.distorted):
            assert framework[sides[0].style] != framework[sides[1].style]
            for side in sides:
                assert set(side.mistakes) <= set(mistakes.names())
        assert not any(side.mistakes for side in variant.honest)
        assert variant.unpaired or variant.honest != variant.distorted


@pytest.mark.parametrize(("name", "network", "side"), SIDES)
def test_every_edit_fits_the_implementation_and_leaves_python(name, network, side):
    path = catalogue.FOLDER / network / f"{side.style}.py"
    source = path.read_text(encoding="utf-8")
    changed = mistakes.edited(source, side.mistakes, network, side.style)
    ast.parse(changed)
    assert (changed != source) == mistakes.changes_code(side.mistakes, network, side.style)


def test_an_edit_that_does_not_fit_is_refused_with_the_text_that_is_missing():
    with pytest.raises(ValueError, match=r"loss_read_back replaces .* where it occurs 0 times instead of"):
        mistakes.edited("nothing", ["loss_read_back"], "mlp", mistakes.SECOND)


def test_an_unknown_mistake_is_refused_with_the_names_of_all():
    with pytest.raises(ValueError, match=r"there is no mistake 'none_such'; there are .*drift"):
        mistakes.load("none_such")


def test_the_mistakes_need_only_the_standard_library():
    """They run in the frameworks' environments, where nothing else is certain to be installed."""
    for path in mistakes.FOLDER.glob("*.py"):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        for node in tree.body:
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            for name in names:
                top = name.split(".")[0]
                assert top in sys.stdlib_module_names or top == "tfmxbench", f"{path.name} imports {name}"


def test_the_environment_of_both_frameworks_is_not_compared_as_a_framework():
    assert frameworks.TOGETHER not in frameworks.names()
    assert frameworks.load(frameworks.TOGETHER).TITLE
    assert environments.requirements_path(frameworks.TOGETHER, "cpu").is_file()


# The plan.


@pytest.fixture
def make(make_campaign):
    def make(**changes) -> campaign.Campaign:
        parity = [Parity(item.network, item.style, item.framework, "cpu", True, "", [], []) for item in ALL]
        values = {"profile": "default", "parity": parity, **changes}
        return make_campaign(values.pop("implementations", ALL), **values)

    return make


def of_mistakes(trials) -> list:
    return [trial for trial in trials if trial.purpose == MISTAKE]


def test_the_quick_profile_makes_no_mistakes(make):
    assert not of_mistakes(make(profile="quick").plan.round(0))
    assert not plan.mistake_checks(make(profile="quick").settings, ALL)


@pytest.mark.parametrize("profile", ["default", "thorough"])
def test_every_side_is_planned_once_a_round_with_its_control(make, profile):
    planned = make(profile=profile)
    rounds = [of_mistakes(planned.plan.round(number)) for number in range(3)]
    names = collections.Counter(trial.identifier for trial in itertools.chain(*rounds))
    assert max(names.values()) == 1
    for network in NETWORKS:
        wanted = plan.mistaken_sides(profile, network)
        sides = {
            (trial.style, tuple(trial.mistakes), trial.batch_size)
            for trial in rounds[0]
            if trial.network == network
        }
        assert sides == {(side.style, side.mistakes, side.batch_size) for side in wanted}
        # If the comparison itself is the only mistake's control, no control trials are needed.
        if {style for style, _, _ in sides} != {"symbol"}:
            assert (mistakes.FIRST, (), None) in sides
            assert (mistakes.SECOND, (), None) in sides


def test_the_thorough_profile_makes_every_mistake_on_both_networks(make):
    trials = of_mistakes(make(profile="thorough").plan.round(0))
    for network in NETWORKS:
        planned = {name for trial in trials if trial.network == network for name in trial.mistakes}
        wanted = {name for _, on, side in SIDES if on == network for name in side.mistakes}
        assert planned == wanted


def test_the_default_profile_makes_one_mistake_on_lenet(make):
    trials = of_mistakes(make().plan.round(0))
    names = {network: {n for t in trials if t.network == network for n in t.mistakes} for network in NETWORKS}
    assert names["lenet"] == {"pooling_stride"}
    assert "inherited_memory" in names["mlp"] - names["lenet"]


def test_the_default_profile_makes_every_mistake_of_the_perceptron_and_harms_either_framework(make):
    planned = {
        profile: of_mistakes(make(profile=profile).plan.round(0)) for profile in ("default", "thorough")
    }
    names = {
        profile: {name for trial in trials if trial.network == "mlp" for name in trial.mistakes}
        for profile, trials in planned.items()
    }
    assert names["default"] == names["thorough"]
    # Mistakes that harm one framework occur in both frameworks; all at once, in both directions.
    alone = collections.Counter(
        trial.framework
        for trial in planned["default"]
        if trial.mistakes in (["evaluation_timed"], ["one_process"], ["data_feed"], ["loss_read_back"])
    )
    assert alone == {"tensorflow": 2, "mxnet": 2}
    at_once = {trial.framework for trial in planned["default"] if len(trial.mistakes) > 1}
    assert at_once == {"tensorflow", "mxnet"}


def test_every_mistake_has_a_variant_outside_the_thorough_profile():
    for name in mistakes.names():
        variants = mistakes.load(name).variants
        assert not all(variant.thorough for variant in variants)


def test_a_mistake_is_the_only_difference_to_its_control(make):
    """Same images, batches, threads and length; only the interpreter may hold the other framework too."""
    trials = of_mistakes(make().plan.round(1))
    controls = {(t.network, t.style): t for t in trials if not t.mistakes and t.batch_size is None}
    compared = 0
    for trial in trials:
        control = controls.get((trial.network, trial.style))
        if control is None or trial.batch_size is not None:
            continue
        compared += 1
        values, expected = dataclasses.asdict(trial), dataclasses.asdict(control)
        different = {key for key in values if values[key] != expected[key]}
        assert different <= {"identifier", "mistakes", "interpreter"}
    assert compared > 15


def test_every_round_draws_other_initial_values(make):
    """With one seed, errors repeat to the last digit and have no spread."""
    seeds = [{trial.seed for trial in of_mistakes(make(seed=7).plan.round(number))} for number in range(3)]
    assert seeds == [{7}, {8}, {9}]


def test_mistakes_are_mixed_with_the_rest_of_the_round(make):
    orders = [[trial.purpose for trial in make().plan.round(number)] for number in range(20)]
    assert {order[0] for order in orders} >= {MISTAKE, "measure"}


def test_the_number_of_training_images_does_not_depend_on_the_batch_size(make):
    for trial in of_mistakes(make().plan.round(0)):
        size = trial.batch_size or catalogue.task(trial.network).batch_size
        imperative = trial.style in ("gluon", "keras_subclass")
        images = plan.MISTAKE_IMAGES // 2 if imperative else plan.MISTAKE_IMAGES
        assert trial.epoch_batches * size == pytest.approx(images, rel=0.07)


def test_without_the_environment_of_both_frameworks_the_record_gives_the_reason(make, monkeypatch):
    planned = make()
    trial = next(t for t in of_mistakes(planned.plan.round(0)) if t.mistakes == ["one_process"])
    record = planned._execute(trial)
    assert (record.status, record.reason) == (UNAVAILABLE, "it was not looked for")


def test_a_mistake_is_not_made_with_an_implementation_that_did_not_pass_the_gate(make):
    planned = make(parity=[])
    trial = next(t for t in of_mistakes(planned.plan.round(0)) if t.mistakes == ["loss_read_back"])
    assert "did not pass the parity gate" in planned._execute(trial).reason


def test_the_key_of_a_campaign_depends_on_its_mistakes(make, monkeypatch):
    keys = [make(profile=profile).key for profile in ("quick", "default")]
    monkeypatch.setattr(campaign.hashes, "mistakes_sha256", lambda names: "changed")
    changed = [make(profile=profile).key for profile in ("quick", "default")]
    assert keys[0] == changed[0]
    assert keys[1] != changed[1]


def test_a_campaign_keeps_the_records_of_mistakes_separate(make, make_record):
    planned = make()
    planned.folder.mkdir(parents=True)
    trials = planned.plan.round(0)
    wanted = [*of_mistakes(trials)[:3], *(t for t in trials if t.purpose == "measure")][:6]
    for trial in wanted:
        record = make_record(trial)
        measured = dataclasses.replace(
            record.measurement, epochs=record.measurement.epochs * 3, accuracies=[0.5] * 3
        )
        text = json.dumps(to_json(dataclasses.replace(record, measurement=measured, status=COMPLETED)))
        (planned.folder / f"{trial.identifier}.record.json").write_text(text, encoding="utf-8")
    results = planned.results()
    assert len(results.mistaken) == 3
    assert {record.trial.purpose for record in results.mistaken} == {MISTAKE}
    assert {record.trial.purpose for record in results.records} == {"measure"}


def test_a_trial_without_mistakes_does_not_even_load_them(make_trial, tmp_path):
    """A module that is not loaded cannot change a measurement."""
    path = tmp_path / "trial.json"
    path.write_text(json.dumps(to_json(make_trial())), encoding="utf-8")
    program = (
        "import json, sys\n"
        "from tfmxbench.worker import programs\n"
        "from tfmxbench.records.trial import Trial\n"
        "trial = Trial(**json.load(open(sys.argv[1])))\n"
        "programs.run(trial, {'wall': 0.1, 'cpu': 0.1}, sys.argv[1])\n"
        "print([name for name in sys.modules if 'mistake' in name])\n"
    )
    finished = subprocess.run(
        [sys.executable, "-c", program, str(path)], capture_output=True, text=True, check=True
    )
    assert finished.stdout.strip() == "[]"


def test_the_gate_is_asked_about_each_mistake_in_each_implementation_once(make):
    checks = plan.mistake_checks(make(profile="thorough").settings, ALL)
    assert len(checks) == len(set(checks)) > 10
    assert all(len(check.mistakes) == 1 for check in checks)
