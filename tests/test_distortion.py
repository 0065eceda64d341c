"""The effects of mistakes, from made-up trials with known answers, and the page that shows them."""

import dataclasses
import itertools
import math

import numpy as np
import pytest

from tfmxbench import mistakes
from tfmxbench.analysis import distortion
from tfmxbench.measure import plan
from tfmxbench.networks import catalogue
from tfmxbench.records import store
from tfmxbench.records.conditions import MISTAKE
from tfmxbench.records.parity import Parity
from tfmxbench.records.trial import FAILED, Pass
from tfmxbench.report.pages import distortions as page
from tfmxbench.report.pages import published

ROUNDS = 4
NETWORKS = ("mlp", "lenet")
# Seconds without a mistake: the first framework takes half as long.
SECONDS = {"keras_function": 0.5, "gluon_hybrid": 1.0, "gluon": 2.0, "keras_subclass": 4.0, "symbol": 0.8}
# By what factor a mistake changes the seconds of its side.
SLOWER = {
    "unsynchronised": 0.2,
    "loss_read_back": 1.5,
    "data_feed": 3.0,
    "drift": 1.3,
    "evaluation_timed": 1.2,
}


@pytest.fixture
def results(make_campaign, make_record):
    """A campaign in which every mistake has a known effect, and all rounds share their noise."""
    chosen = [item for network in NETWORKS for item in catalogue.implementations(network)]
    planned = make_campaign(chosen, profile="thorough")

    def record(trial):
        noise = 1 + trial.round / 10
        seconds = SECONDS.get(trial.style, 3.0) * noise
        for name in trial.mistakes:
            seconds *= SLOWER.get(name, 1.0)
        size = trial.batch_size or 128
        whole = 60000 // size
        batches = trial.epoch_batches or whole
        wall = seconds * batches / whole
        one = Pass(wall, wall, batches, batches * size, 0.3)
        found = make_record(trial, wall=wall)
        count = 3 if trial.purpose == MISTAKE else 1
        peak = 2_000_000_000 if "inherited_memory" in trial.mistakes else 500_000_000
        measured = dataclasses.replace(
            found.measurement,
            # The first pass takes thrice as long.
            epochs=[dataclasses.replace(one, wall=3 * wall), one, one][:count],
            passes=[] if trial.purpose == MISTAKE else [one, one],
            accuracies=[0.8, 0.85, 0.9][:count],
            training_images=60000,
            test_images=10000,
            memory=dataclasses.replace(found.measurement.memory, peak=peak),
        )
        return dataclasses.replace(found, measurement=measured)

    trials = itertools.chain(*map(planned.plan.round, range(ROUNDS)))
    records = [record(trial) for trial in trials if trial.purpose in ("measure", MISTAKE)]
    empty = planned.results()
    return dataclasses.replace(
        empty,
        records=[item for item in records if item.trial.purpose == "measure"],
        mistaken=[item for item in records if item.trial.purpose == MISTAKE],
    )


def one(results, name, title, network="mlp"):
    (found,) = (
        item
        for item in distortion.of_campaign(results)
        if (item.mistake, item.variant.title, item.network) == (name, title, network)
    )
    return found


def test_every_variant_is_judged_on_every_network(results):
    found = {(item.mistake, item.variant.title, item.network) for item in distortion.of_campaign(results)}
    wanted = {
        (name, variant.title, network)
        for name in mistakes.names()
        for variant in mistakes.load(name).variants
        for network in NETWORKS
        if variant.networks is None or network in variant.networks
    }
    assert found == wanted


def test_the_factor_is_the_distorted_ratio_over_the_honest_one(results):
    found = one(results, "unsynchronised", "without waiting for MXNet")
    assert found.honest.value == pytest.approx(0.5)
    assert found.distorted.value == pytest.approx(2.5)
    assert found.factor.value == pytest.approx(5.0)
    # What all rounds share cancels out.
    assert found.factor.low == pytest.approx(5.0)
    assert found.size == pytest.approx(5.0)
    assert found.effect == distortion.TURNED_OVER
    assert found.matters == distortion.MOVES


def test_a_mistake_in_the_other_direction_has_a_size_above_1(results):
    found = one(results, "loss_read_back", "only in MXNet")
    assert found.factor.value == pytest.approx(1 / 1.5)
    assert found.size == pytest.approx(1.5)
    assert found.effect == distortion.KEPT


def test_what_does_nothing_did_not_matter(results):
    found = one(results, "default_threads", "both with their defaults")
    assert found.factor.value == pytest.approx(1.0)
    assert (found.effect, found.matters) == (distortion.KEPT, distortion.DOES_NOT_MATTER)


def test_memory_that_is_the_parents_hides_the_difference(results):
    changed = [
        dataclasses.replace(
            record,
            measurement=dataclasses.replace(
                record.measurement,
                memory=dataclasses.replace(record.measurement.memory, peak=900_000_000 + record.trial.round),
            ),
        )
        if record.trial.style == "keras_function" and not record.trial.mistakes
        else record
        for record in results.mistaken
    ]
    found = one(
        dataclasses.replace(results, mistaken=changed),
        "inherited_memory",
        "both started by a parent of 2 GB",
    )
    assert found.honest.value == pytest.approx(1.8)
    assert found.distorted.value == pytest.approx(1.0)
    assert found.effect == distortion.HIDDEN


def test_published_trials_are_used_where_the_mistake_is_a_choice_among_them(results):
    found = one(results, "eager_against_compiled", "TensorFlow eager, MXNet compiled")
    assert found.honest.value == pytest.approx(0.5)
    assert found.distorted.value == pytest.approx(4.0)
    tracing = one(results, "tracing_counted", "the first epoch stands for all epochs")
    assert tracing.factor.value == pytest.approx(1.0)


def test_errors_after_different_numbers_of_passes(results):
    found = one(results, "epochs_differ", "test error, TensorFlow trained for longer")
    assert found.honest.value == pytest.approx(1.0)
    assert found.distorted.value == pytest.approx(0.5)
    assert found.effect == distortion.MADE_UP


def test_all_passes_count_in_everything_at_once(results):
    found = one(results, "everything", "in favour of TensorFlow")
    slow = 2.0 * 3.0 * 1.5 * 1.2 * 1.3 * (3 + 1 + 1) / 3
    # The number of batches is a whole one, so that an epoch is not quite the same with other sizes.
    assert found.distorted.value == pytest.approx(0.5 / slow, rel=0.02)


def test_a_trial_that_failed_leaves_its_round_out(results):
    changed = [
        dataclasses.replace(record, status=FAILED, reason="killed", measurement=None)
        if record.trial.mistakes == ["unsynchronised"] and record.trial.round == 2
        else record
        for record in results.mistaken
    ]
    found = one(dataclasses.replace(results, mistaken=changed), "unsynchronised", "without waiting for MXNet")
    assert (found.distorted.trials, found.honest.trials) == (ROUNDS - 1, ROUNDS)


def test_one_round_is_no_verdict(results, show):
    first = dataclasses.replace(
        results,
        records=[record for record in results.records if record.trial.round == 0],
        mistaken=[record for record in results.mistaken if record.trial.round == 0],
    )
    for item in distortion.of_campaign(first):
        assert (item.effect, item.matters) == (distortion.NOT_KNOWN, distortion.NOT_KNOWN)
    show(first)
    assert "in too few rounds for an interval" in page.verdict().source
    listed = page.checklist().source
    assert "measured in too few rounds to show its effect here" in listed
    assert "moved" not in listed


def test_a_campaign_without_mistakes_has_none_to_tell(results):
    assert distortion.of_campaign(dataclasses.replace(results, mistaken=[])) == []


# A single run.


def test_the_interval_of_a_single_run_holds_a_further_run_in_95_of_100():
    random = np.random.RandomState(5)
    inside = 0
    repeats = 4000
    for _ in range(repeats):
        first, second = np.exp(random.normal(0, 0.05, (2, 6)))
        found = distortion.single_run(list(first), list(second))
        further = math.exp(random.normal(0, 0.05) - random.normal(0, 0.05))
        inside += found.low <= further <= found.high
    # The spread of both together has more degrees of freedom than are counted: it errs on the wide side.
    assert 0.945 < inside / repeats < 0.985


def test_a_single_run_that_may_go_either_way_leaves_the_verdict_to_chance(results):
    # So far apart that the mean of the rounds still tells them apart, and one run of each does not.
    factors = {0: 0.8, 1: 1.3, 2: 0.7, 3: 1.2}
    noisy = []
    for record in results.records:
        noise = 1.1 if record.trial.style == "keras_function" else 1.0
        wall = noise * factors[record.trial.round] / 4
        passes = [dataclasses.replace(item, wall=wall) for item in record.measurement.passes]
        noisy.append(
            dataclasses.replace(record, measurement=dataclasses.replace(record.measurement, passes=passes))
        )
    found = one(dataclasses.replace(results, records=noisy), "one_run", "two compiled loops")
    assert found.honest.low > 1
    assert found.distorted.low < 1 < found.distorted.high
    assert found.effect == distortion.LEFT_TO_CHANCE
    assert found.size > 1.1


def test_a_single_trial_has_no_interval():
    assert not distortion.single_run([1.0], [2.0, 3.0]).has_interval
    assert distortion.single_run([], [1.0]) is None


# The page.


@pytest.fixture
def show(tmp_path, monkeypatch):
    def show(results):
        path = tmp_path / "results.json"
        store.write_results(path, results)
        monkeypatch.setenv(published.RESULTS_VARIABLE, str(path))

    return show


CONTENTS = [page.verdict, page.picture, page.together, page.checklist, page.gate, page.each, page.table]


def test_without_mistakes_the_page_says_so(results, show):
    show(dataclasses.replace(results, mistaken=[]))
    assert "did not switch any mistake on" in page.verdict().source
    assert "did not switch any mistake on" in page.together().source
    assert "not measured in this build" in page.checklist().source
    assert page.picture().source == ""
    assert "This build has no trials with this mistake." in page.each().source
    assert "did not run the parity gate on mistakes" in page.gate().source


def test_the_page_states_each_ratio_with_its_interval(results, show):
    show(results)
    told = page.each().source
    for name in mistakes.names():
        if name != page.ALL_AT_ONCE:
            assert mistakes.load(name).title in told.replace("&#x27;", "'")
            assert f'id="mistake-{name.replace("_", "-")}"' in told
    assert "5.00 (5.00 to 5.00)" in told
    assert "reverses the verdict" in told
    assert page.table().source.count("<tr>") == len(distortion.of_campaign(results)) + 1


def test_the_page_says_what_did_not_matter(results, show):
    show(results)
    assert "did not matter on this machine</summary>" in page.verdict().source
    assert "Default thread counts (both with their defaults; Multilayer perceptron)" in page.verdict().source


def test_all_at_once_is_told_in_both_directions(results, show):
    show(results)
    told = page.together().source
    assert "in favour of TensorFlow: MXNet takes" in told
    assert "in favour of MXNet: TensorFlow takes" in told
    assert "Without the mistakes: MXNet takes 2.0 times as long as TensorFlow" in told


def test_each_point_of_the_checklist_leads_to_its_evidence(results, show):
    show(results)
    listed, told = page.checklist().source, page.each().source
    for name in mistakes.names():
        if name != page.ALL_AT_ONCE:
            assert f'href="#mistake-{name.replace("_", "-")}"' in listed
            assert f'id="mistake-{name.replace("_", "-")}"' in told
    assert "moved the ratio by a factor of up to 5.0 here" in listed
    assert "moved no ratio by more than noise here" in listed


def test_the_gates_side_says_what_it_catches_and_what_it_cannot(results, show):
    judged = [
        Parity("mlp", "gluon_hybrid", "mxnet", "cpu", True, "", [], [], mistakes=["loss_read_back"]),
        Parity(
            *("mlp", "keras_function", "tensorflow", "cpu", False, "the loss of step 2 differs <here>"),
            losses=[],
            deviations=[],
            mistakes=["optimiser_defaults"],
        ),
    ]
    show(dataclasses.replace(results, mistaken_parity=judged))
    told = page.gate().source
    assert "the parity gate caught 1 in this build" in told
    assert "passes: it only distorts" in told
    assert "the loss of step 2 differs &lt;here&gt;" in told
    assert "always passes: the implementations are unmodified" in told


def test_a_change_of_a_record_changes_the_page(results, show):
    show(results)
    before = [content().source for content in CONTENTS]
    changed = [
        dataclasses.replace(
            record,
            measurement=dataclasses.replace(
                record.measurement,
                epochs=[dataclasses.replace(item, wall=item.wall / 7) for item in record.measurement.epochs],
            ),
        )
        if (record.trial.network, record.trial.mistakes, record.trial.batch_size)
        == ("mlp", ["unsynchronised"], None)
        else record
        for record in results.mistaken
    ]
    show(dataclasses.replace(results, mistaken=changed))
    after = [content().source for content in CONTENTS]
    different = [old != new for old, new in zip(before, after, strict=True)]
    assert different == [True, True, False, True, False, True, True]


def test_a_mistake_that_failed_is_told_with_its_reason(results, show):
    changed = [
        dataclasses.replace(record, status=FAILED, reason="killed by <signal>", measurement=None)
        if record.trial.mistakes == ["one_process"]
        else record
        for record in results.mistaken
    ]
    show(dataclasses.replace(results, mistaken=changed))
    assert "killed by &lt;signal&gt;" in page.each().source
    assert "<signal>" not in page.each().source


def test_the_profiles_say_which_networks_mistakes_are_made_on():
    assert plan.mistaken_sides("quick", "mlp") == []
    assert len(plan.mistaken_sides("default", "lenet")) < len(plan.mistaken_sides("thorough", "lenet"))
    assert set(plan.mistaken_sides("default", "mlp")) < set(plan.mistaken_sides("thorough", "mlp"))
