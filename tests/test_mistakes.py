"""Mistakes as named conditions: found by listing, planned apart, and never in a published comparison."""

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


# What there is.


@pytest.mark.parametrize("name", mistakes.names())
def test_a_mistake_says_what_it_is_and_what_would_have_prevented_it(name):
    found = mistakes.load(name)
    assert found.title and found.what and found.check and found.variants
    assert found.title != mistakes.load(next(other for other in mistakes.names() if other != name)).title
    for source in found.who:
        assert source.address.startswith("https://")
        assert source.name and source.said


@pytest.mark.parametrize("name", mistakes.names())
def test_both_sides_of_a_variant_are_of_one_figure_and_of_two_frameworks(name):
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


def test_an_edit_that_does_not_fit_is_refused_with_its_words():
    with pytest.raises(ValueError, match=r"loss_read_back replaces .* which stands there 0 times"):
        mistakes.edited("nothing", ["loss_read_back"], "mlp", mistakes.SECOND)


def test_an_unknown_mistake_is_refused_with_those_that_there_are():
    with pytest.raises(ValueError, match=r"there is no mistake 'none_such'; there are .*drift"):
        mistakes.load("none_such")


def test_the_mistakes_need_the_standard_library_alone():
    """They run in the frameworks' environments, where nothing else can be counted on."""
    for path in mistakes.FOLDER.glob("*.py"):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        for node in tree.body:
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            for name in names:
                top = name.split(".")[0]
                assert top in sys.stdlib_module_names or top == "tfmxbench", f"{path.name} imports {name}"


def test_the_environment_of_both_is_no_framework_that_is_compared():
    assert frameworks.TOGETHER not in frameworks.names()
    assert frameworks.load(frameworks.TOGETHER).TITLE
    assert environments.requirements_path(frameworks.TOGETHER, "cpu").is_file()


# What is planned.


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
def test_what_is_planned_is_every_side_once_a_round_with_its_control(make, profile):
    planned = make(profile=profile)
    rounds = [of_mistakes(planned.plan.round(number)) for number in range(3)]
    names = collections.Counter(trial.identifier for trial in itertools.chain(*rounds))
    assert max(names.values()) == 1
    for network in NETWORKS:
        wanted = plan.mistaken_sides(profile, network)
        found = {
            (trial.style, tuple(trial.mistakes), trial.batch_size)
            for trial in rounds[0]
            if trial.network == network
        }
        assert found == {(side.style, side.mistakes, side.batch_size) for side in wanted}
        # Where the only mistake's control is the comparison itself, none of its own is needed.
        if {style for style, _, _ in found} != {"symbol"}:
            assert (mistakes.FIRST, (), None) in found
            assert (mistakes.SECOND, (), None) in found


def test_the_thorough_profile_makes_every_mistake_on_both_networks(make):
    found = of_mistakes(make(profile="thorough").plan.round(0))
    for network in NETWORKS:
        made = {name for trial in found if trial.network == network for name in trial.mistakes}
        wanted = {name for _, on, side in SIDES if on == network for name in side.mistakes}
        assert made == wanted


def test_the_default_profile_makes_one_on_lenet(make):
    found = of_mistakes(make().plan.round(0))
    made = {network: {n for t in found if t.network == network for n in t.mistakes} for network in NETWORKS}
    assert made["lenet"] == {"pooling_stride"}
    assert "inherited_memory" in made["mlp"] - made["lenet"]


def test_the_default_profile_makes_every_mistake_of_the_perceptron_and_harms_either_framework(make):
    found = {profile: of_mistakes(make(profile=profile).plan.round(0)) for profile in ("default", "thorough")}
    made = {
        profile: {name for trial in trials if trial.network == "mlp" for name in trial.mistakes}
        for profile, trials in found.items()
    }
    assert made["default"] == made["thorough"]
    # Mistakes of one framework alone are made in both of them, all at once in either direction.
    alone = collections.Counter(
        trial.framework
        for trial in found["default"]
        if trial.mistakes in (["evaluation_timed"], ["one_process"], ["data_feed"], ["loss_read_back"])
    )
    assert alone == {"tensorflow": 2, "mxnet": 2}
    together = {trial.framework for trial in found["default"] if len(trial.mistakes) > 1}
    assert together == {"tensorflow", "mxnet"}


def test_what_the_thorough_profile_measures_besides_is_another_variant_of_the_same_mistake():
    for name in mistakes.names():
        variants = mistakes.load(name).variants
        assert not all(variant.thorough for variant in variants)


def test_a_mistake_is_the_only_difference_to_its_control(make):
    """The same images, batches, threads and length; only the interpreter may hold the other framework too."""
    found = of_mistakes(make().plan.round(1))
    controls = {(t.network, t.style): t for t in found if not t.mistakes and t.batch_size is None}
    compared = 0
    for trial in found:
        control = controls.get((trial.network, trial.style))
        if control is None or trial.batch_size is not None:
            continue
        compared += 1
        values, others = dataclasses.asdict(trial), dataclasses.asdict(control)
        different = {key for key in values if values[key] != others[key]}
        assert different <= {"identifier", "mistakes", "interpreter"}
    assert compared > 15


def test_every_round_draws_other_initial_values(make):
    """Errors repeat to the last digit with one seed: they would have no spread."""
    seeds = [{trial.seed for trial in of_mistakes(make(seed=7).plan.round(number))} for number in range(3)]
    assert seeds == [{7}, {8}, {9}]


def test_mistakes_are_mixed_with_the_rest_of_the_round(make):
    orders = [[trial.purpose for trial in make().plan.round(number)] for number in range(20)]
    assert {order[0] for order in orders} >= {MISTAKE, "measure"}


def test_as_many_images_are_trained_on_whatever_the_batch_size(make):
    for trial in of_mistakes(make().plan.round(0)):
        size = trial.batch_size or catalogue.task(trial.network).batch_size
        imperative = trial.style in ("gluon", "keras_subclass")
        images = plan.MISTAKE_IMAGES // 2 if imperative else plan.MISTAKE_IMAGES
        assert trial.epoch_batches * size == pytest.approx(images, rel=0.07)


def test_without_the_environment_of_both_that_mistake_is_a_row_with_its_reason(make, monkeypatch):
    planned = make()
    trial = next(t for t in of_mistakes(planned.plan.round(0)) if t.mistakes == ["one_process"])
    record = planned._execute(trial)
    assert (record.status, record.reason) == (UNAVAILABLE, "it was not looked for")


def test_a_mistake_is_not_made_with_an_implementation_that_did_not_pass_the_gate(make):
    planned = make(parity=[])
    trial = next(t for t in of_mistakes(planned.plan.round(0)) if t.mistakes == ["loss_read_back"])
    assert "did not pass the parity gate" in planned._execute(trial).reason


def test_the_campaign_is_bound_to_the_mistakes_that_it_makes(make, monkeypatch):
    keys = [make(profile=profile).key for profile in ("quick", "default")]
    monkeypatch.setattr(campaign.hashes, "mistakes_sha256", lambda names: "changed")
    changed = [make(profile=profile).key for profile in ("quick", "default")]
    assert keys[0] == changed[0]
    assert keys[1] != changed[1]


def test_a_campaign_keeps_them_apart(make, make_record):
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
    found = planned.results()
    assert len(found.mistaken) == 3
    assert {record.trial.purpose for record in found.mistaken} == {MISTAKE}
    assert {record.trial.purpose for record in found.records} == {"measure"}


def test_a_trial_without_mistakes_does_not_even_load_them(make_trial, tmp_path):
    """What is not in the process cannot change it."""
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
    asked = plan.mistake_checks(make(profile="thorough").settings, ALL)
    assert len(asked) == len(set(asked)) > 10
    assert all(len(question.mistakes) == 1 for question in asked)
