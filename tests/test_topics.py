"""The pages on one topic, computed from a campaign of made-up records with known answers."""

import dataclasses

import pytest

from tfmxbench.analysis import estimates, operations, pairs
from tfmxbench.networks import catalogue
from tfmxbench.records import store
from tfmxbench.records.settings import EnvironmentDescription
from tfmxbench.records.trial import FAILED, MatrixProducts, Pass
from tfmxbench.report.pages import axes, null_test, published, time_to_accuracy, utilisation

ROUNDS = 3
# Seconds of a pass over all 60000 images, by style.
SECONDS = {"keras_function": 0.5, "gluon_hybrid": 1.0}


@pytest.fixture
def records(make_trial, make_record):
    """A campaign of two styles with every kind of trial."""
    campaign = []

    def add(purpose, condition, style, number, seconds, batch_size=None, threads=2, epochs=1, **changes):
        item = next(item for item in catalogue.implementations("mlp") if item.style == style)
        trial = make_trial(
            identifier=f"{number:04d}-mlp-{style}-cpu-{condition}-{batch_size}-{threads}",
            purpose=purpose,
            style=style,
            framework=item.framework,
            round=number,
            condition=condition,
            batch_size=batch_size,
            threads=threads,
            epochs=epochs,
            goal=changes.pop("goal", None),
        )
        size = batch_size or 128
        batches = 60000 // size
        passes = [Pass(seconds, 1.5 * seconds, batches, batches * size, 0.3) for _ in range(3)]
        record = make_record(trial, wall=seconds)
        measured = dataclasses.replace(
            record.measurement,
            epochs=passes[:1] * epochs,
            passes=passes[1:],
            training_images=60000,
            test_images=10000,
            **changes,
        )
        campaign.append(dataclasses.replace(record, measurement=measured))

    for number in range(ROUNDS):
        for style, seconds in SECONDS.items():
            # The noise that the rounds share cancels out of every ratio.
            slow = 1 + number / 10
            add("measure", "standard", style, number, seconds * slow)
            add("measure", "null", style, number, seconds * slow * (1.01 if number else 0.98))
            add("measure", "unvaried", style, number, seconds * slow * 1.25)
            add("measure", "threads", style, number, seconds * slow * 1.6, threads=1)
            add("measure", "batch-size", style, number, seconds * slow * 3, batch_size=32)
        trial = make_trial(
            identifier=f"{number:04d}-products-mxnet-cpu",
            purpose="products",
            condition="products",
            network="",
            style="",
            framework="mxnet",
            round=number,
        )
        record = make_record(trial, measurement=None)
        campaign.append(dataclasses.replace(record, products=MatrixProducts(1000, [0.02, 0.02, 0.09])))
    add("goal", "goal", "keras_function", 0, 0.5, epochs=4, accuracies=[0.94, 0.95, 0.96, 0.971], goal=0.97)
    return campaign


@pytest.fixture
def show(make_campaign, tmp_path, monkeypatch):
    """Make these records the results that the pages show."""

    def show(records, **changes):
        results = dataclasses.replace(make_campaign().results(), records=records, **changes)
        path = tmp_path / "results.json"
        store.write_results(path, results)
        monkeypatch.setenv(published.RESULTS_VARIABLE, str(path))

    return show


def of_purpose(records, *purposes):
    return [record for record in records if record.trial.purpose in purposes]


def test_a_null_test_that_contains_1_says_how_wide_it_is(records, show):
    show(records)
    source = null_test.verdict().source
    assert "All 2 null-test intervals contain 1, as they should." in source
    assert "%" in source
    assert null_test.table().source.count('<td class="text" data-order=') >= 4
    assert "mlp/keras_function, CPU" in null_test.picture().source


def test_the_null_test_page_states_the_narrowest_and_the_widest_interval(records, show):
    def slower(record, factor):
        passes = [dataclasses.replace(item, wall=item.wall * factor) for item in record.measurement.passes]
        return dataclasses.replace(record, measurement=dataclasses.replace(record.measurement, passes=passes))

    noisy = [
        slower(record, 1 + record.trial.round % 2)
        if (record.trial.condition, record.trial.style) == ("null", "gluon_hybrid")
        else record
        for record in records
    ]
    show(noisy)
    reaches = {
        arm.style: f"{estimates.smallest_difference(estimates.estimate(ratios, 0.975)):.1%}"
        for arm, ratios in pairs.null_tests(noisy)
    }
    narrow, wide = reaches["keras_function"], reaches["gluon_hybrid"]
    source = null_test.verdict().source
    assert f"extend {narrow} (the narrowest) to {wide} (the widest) from their estimates" in source
    # One alone has the usual confidence.
    alone = [record for record in noisy if record.trial.style != "gluon_hybrid"]
    ((_, ratios),) = pairs.null_tests(alone)
    narrower = f"{estimates.smallest_difference(estimates.estimate(ratios)):.1%}"
    show(alone)
    source = null_test.verdict().source
    assert f"extend {narrower} from their estimates, with" in source


def test_a_null_test_that_leaves_out_1_is_not_hidden(records, show):
    """An arm that is twice as slow as itself, by about as much in every round."""
    spoiled = []
    for record in records:
        if record.trial.condition == "null" and record.trial.style == "gluon_hybrid":
            factor = 2 + record.trial.round / 100
            passes = [
                dataclasses.replace(item, wall=item.wall * factor) for item in record.measurement.passes
            ]
            measured = dataclasses.replace(record.measurement, passes=passes)
            record = dataclasses.replace(record, measurement=measured)
        spoiled.append(record)
    show(spoiled)
    source = null_test.verdict().source
    assert "1 of 2 null tests found a difference where there is none (mlp/gluon_hybrid)" in source


@pytest.mark.parametrize(
    "content", [null_test.verdict, lambda: axes.axis("threads"), time_to_accuracy.time_to_accuracy]
)
def test_a_page_says_that_its_topic_was_not_measured(records, show, content):
    show([record for record in records if record.trial.condition == "standard"])
    assert "did not" in content().source


def test_the_threads_page_states_the_ratio_to_all_threads(records, show):
    show(records)
    source = axes.axis("threads").source
    assert source.count("1.28 (1.28 to 1.28)") == 2
    assert "0.878" in source, "seconds of an epoch with one thread"
    assert "0.549" not in source, "seconds of an epoch of the comparison, whose passes are longer"
    assert "0.686" in source, "of passes as short, with all threads"
    assert "batch" not in source


@pytest.mark.parametrize("name", ["threads", "batch size"])
def test_results_without_an_unvaried_trial_compare_axes_with_the_comparison(records, show, name):
    """Those of versions that had none."""
    show([record for record in records if record.trial.condition != "unvaried"])
    ratio = {"threads": "1.60 (1.60 to 1.60)", "batch size": "3.00 (3.00 to 3.00)"}[name]
    assert axes.axis(name).source.count(ratio) == 2


@pytest.mark.parametrize("name", ["threads", "batch size"])
def test_an_unvaried_trial_that_failed_is_not_replaced_by_one_with_longer_passes(records, show, name):
    spoiled = [
        dataclasses.replace(record, status=FAILED, reason="out of memory", measurement=None)
        if record.trial.condition == "unvaried"
        else record
        for record in records
    ]
    show(spoiled)
    source = axes.axis(name).source
    assert "out of memory" in source
    assert "1.60" not in source
    assert "3.00 (" not in source


def test_the_batch_size_page_has_the_tasks_own_size_with_the_others(records, show):
    show(records)
    source = axes.axis("batch size").source
    assert ">32<" in source
    assert ">128<" in source
    assert source.count("2.40 (2.40 to 2.40)") == 2


def test_a_failed_trial_of_an_axis_is_listed_with_its_reason(records, show):
    spoiled = [
        dataclasses.replace(record, status=FAILED, reason="killed by <signal>", measurement=None)
        if record.trial.condition == "threads" and record.trial.style == "gluon_hybrid"
        else record
        for record in records
    ]
    show(spoiled)
    source = axes.axis("threads").source
    assert "killed by &lt;signal&gt;" in source
    assert "<signal>" not in source


def test_without_a_gpu_the_device_page_says_what_the_machine_has(records, show):
    show(records)
    assert "on the CPU only" in axes.devices().source


def test_the_device_page_pairs_cpu_and_gpu_by_round(records, show):
    standard = [record for record in records if record.trial.condition == "standard"]
    on_gpu = []
    for record in standard:
        passes = [dataclasses.replace(item, wall=item.wall / 4) for item in record.measurement.passes]
        memory = dataclasses.replace(record.measurement.memory, device=123_000_000)
        measured = dataclasses.replace(record.measurement, passes=passes, memory=memory)
        trial = dataclasses.replace(record.trial, device="gpu", identifier=record.trial.identifier + "-gpu")
        on_gpu.append(dataclasses.replace(record, trial=trial, measurement=measured))
    show([*records, *on_gpu])
    source = axes.devices().source
    assert source.count("0.250 (0.250 to 0.250)") == 2
    assert "123 (123 to 123)" in source


def test_the_epochs_of_one_style_give_the_seconds_of_all(records, show):
    """Starting takes as long as three epochs here, and the accuracy takes four."""
    show(records)
    source = time_to_accuracy.time_to_accuracy().source
    assert "TensorFlow keras_function was trained to this accuracy because its epochs are short" in source
    assert "4 epochs" in source
    assert "97.10%" in source
    # Geometric mean of 1, 1.1 and 1.2, times seven epochs of a second.
    assert "7.68" in source


def test_an_accuracy_that_was_not_reached_is_no_time(records, show):
    spoiled = []
    for record in records:
        if record.trial.purpose == "goal":
            measured = dataclasses.replace(record.measurement, accuracies=[0.1, 0.2, 0.3, 0.4])
            record = dataclasses.replace(record, measurement=measured)
        spoiled.append(record)
    show(spoiled)
    source = time_to_accuracy.time_to_accuracy().source
    assert "did not reach it" in source
    assert "<table" not in source


def test_in_the_thorough_profile_every_trial_has_its_own_time(records, show):
    direct = []
    for record in of_purpose(records, "measure"):
        measured = dataclasses.replace(
            record.measurement, epochs=record.measurement.epochs * 2, accuracies=[0.95, 0.975]
        )
        trial = dataclasses.replace(record.trial, goal=0.97, epochs=25)
        direct.append(dataclasses.replace(record, trial=trial, measurement=measured))
    show(direct)
    source = time_to_accuracy.time_to_accuracy().source
    assert "Time to the accuracy, measured" in source
    # Five seconds of starting and training, times the geometric mean of 1, 1.1 and 1.2.
    assert "5.48" in source


def test_the_share_of_the_machine_is_operations_over_the_rate_of_products(records, show):
    """2e9 operations in 0.02 s; an epoch takes 1, 1.1 and 1.2 s in MXNet."""
    show(records)
    assert "100 (100 to 100)" in utilisation.rates().source
    each = operations.training(catalogue.task("mlp")) * 59904
    fastest = 100 * each / 0.5 / 1e11
    source = utilisation.fractions().source
    assert f"keras_function comes closest, with {fastest / 1.0969:.0f}% of the rate" in source


def test_without_products_there_is_no_share(records, show):
    show(of_purpose(records, "measure"))
    assert "did not measure the rate" in utilisation.rates().source
    assert "There is no share to report" in utilisation.fractions().source


def test_a_failed_product_is_listed(records, show):
    failed = [
        dataclasses.replace(record, status=FAILED, reason="no such <device>", products=None)
        for record in of_purpose(records, "products")
    ]
    show([*of_purpose(records, "measure"), *failed])
    assert "no such &lt;device&gt;" in utilisation.rates().source


def test_energy_is_shown_if_measured_and_otherwise_reported_as_missing(records, show):
    show(records)
    assert "Energy was not measured" in utilisation.energy().source
    measured = []
    for record in of_purpose(records, "measure"):
        passes = [dataclasses.replace(item, energy=20.0) for item in record.measurement.passes]
        measurement = dataclasses.replace(record.measurement, passes=passes)
        measured.append(dataclasses.replace(record, measurement=measurement))
    show(measured)
    assert "joules" in utilisation.energy().source


def test_the_size_of_an_environment_is_shown_and_a_problem_in_its_place(records, show):
    show(
        records,
        environments=[
            EnvironmentDescription("mxnet", "cpu", "", {"mxnet": "1.9.1"}, 255_000_000),
            EnvironmentDescription("tensorflow", "cpu", "is not <installed>", {}, None),
        ],
    )
    source = utilisation.environments().source
    assert ">255<" in source
    assert "mxnet 1.9.1" in source
    assert "is not &lt;installed&gt;" in source
    assert "not known" in source
