"""Two campaigns: what is compared and how, what is not compared and why, and what else differs."""

import dataclasses
import math
import pathlib

import numpy as np
import pytest

from tfmxbench.analysis.changes import compare_campaigns, what_differs
from tfmxbench.records.settings import DataDescription
from tfmxbench.records.store import read_results
from tfmxbench.records.trial import FAILED

EARLIER = pathlib.Path(__file__).with_name("data") / "results.json"
STEADY = [1.0, 1.01, 0.99, 1.0, 1.02]
SLOW = [1.5, 1.52, 1.49, 1.51, 1.5]


def only(changes):
    (change,) = changes
    return change


def with_records(results, change):
    """The results with a change to each record."""
    return dataclasses.replace(results, records=[change(record) for record in results.records])


def with_hashes(results, **changes):
    return with_records(
        results, lambda record: dataclasses.replace(record, hashes={**record.hashes, **changes})
    )


def with_trials(results, **changes):
    return with_records(
        results,
        lambda record: dataclasses.replace(record, trial=dataclasses.replace(record.trial, **changes)),
    )


def with_measurements(results, **changes):
    return with_records(
        results,
        lambda record: dataclasses.replace(
            record, measurement=dataclasses.replace(record.measurement, **changes)
        ),
    )


def failed(record, reason="exited with code 3"):
    return dataclasses.replace(record, status=FAILED, reason=reason, measurement=None)


# What is compared.


def test_a_slower_implementation_is_found_and_another_is_not(make_results):
    first = make_results({"gluon": STEADY, "symbol": STEADY})
    second = make_results({"gluon": SLOW, "symbol": [*STEADY[1:], 1.0]}, name="second")
    gluon, symbol = compare_campaigns(first, second)
    assert (gluon.name, gluon.device, gluon.threads, gluon.batch_size) == ("mlp/gluon", "cpu", 2, None)
    assert (gluon.verdict, symbol.verdict) == ("slower", "no clear difference")
    assert gluon.ratio.value == pytest.approx(1.5, rel=0.01)
    assert 1.45 < gluon.ratio.low < gluon.ratio.value < gluon.ratio.high < 1.55
    assert gluon.second.value / gluon.first.value == pytest.approx(gluon.ratio.value)
    # A pass of 3 of the 11 batches of an epoch.
    assert gluon.first.value == pytest.approx(11 / 3 * math.exp(np.log(STEADY).mean()))
    assert gluon.reason == symbol.reason == ""
    assert gluon.notes == []


def test_the_order_of_the_arguments_turns_the_ratio_round(make_results):
    first, second = make_results({"gluon": STEADY}), make_results({"gluon": SLOW[:4]}, name="second")
    there, back = only(compare_campaigns(first, second)), only(compare_campaigns(second, first))
    assert (there.verdict, back.verdict) == ("slower", "faster")
    assert (there.first, there.second) == (back.second, back.first)
    assert there.ratio.value == pytest.approx(1 / back.ratio.value)
    assert there.ratio.low == pytest.approx(1 / back.ratio.high)
    assert there.probability == pytest.approx(back.probability)


def test_the_trials_are_not_paired_by_round(make_results):
    """The rounds of two campaigns have only their numbers in common."""
    first = make_results({"gluon": STEADY})
    shuffled = [SLOW[number] for number in (3, 1, 4, 0, 2)]
    one, other = (
        only(compare_campaigns(first, make_results({"gluon": values}, name="second")))
        for values in (SLOW, shuffled)
    )
    assert one.ratio.value == pytest.approx(other.ratio.value)
    assert one.ratio.low == pytest.approx(other.ratio.low)


def test_the_probabilities_are_corrected_for_their_number(make_results):
    """0.03 alone is a difference; four of it together are not."""
    times, later = [1.0, 1.1, 0.9, 1.05], [1.1, 1.2, 1.25, 1.15]
    alone = only(compare_campaigns(make_results({"a": times}), make_results({"a": later}, name="second")))
    assert alone.probability < 0.05
    assert (alone.verdict, alone.adjusted) == ("slower", alone.probability)
    styles = "abcd"
    changes = compare_campaigns(
        make_results(dict.fromkeys(styles, times)), make_results(dict.fromkeys(styles, later), name="second")
    )
    for item in changes:
        assert item.adjusted == pytest.approx(4 * alone.probability)
        assert item.verdict == "no clear difference"
        # The interval is that of this ratio alone.
        assert item.ratio == alone.ratio


def test_what_is_not_compared_does_not_count_among_the_comparisons(make_results):
    first = make_results({"a": STEADY, "b": STEADY, "c": STEADY})
    changes = compare_campaigns(first, make_results({"a": [1.1, *STEADY[1:]]}, name="second"))
    assert [bool(item.reason) for item in changes] == [False, True, True]
    assert changes[0].adjusted == changes[0].probability


def test_one_trial_gives_a_ratio_and_no_verdict(make_results):
    change = only(compare_campaigns(make_results({"a": [1.0]}), make_results({"a": SLOW}, name="second")))
    assert change.ratio.value == pytest.approx(1.5, rel=0.01)
    assert not change.ratio.has_interval
    assert not change.first.has_interval
    assert change.second.has_interval
    assert math.isnan(change.probability)
    assert math.isnan(change.adjusted)
    assert (change.verdict, change.reason) == ("not known", "")


@pytest.mark.parametrize(
    ("first", "second", "verdict"),
    [([1.0] * 3, [1.0] * 3, "no clear difference"), ([1.0] * 3, [0.5] * 3, "faster")],
)
def test_times_without_any_spread_are_compared(make_results, first, second, verdict):
    change = only(compare_campaigns(make_results({"a": first}), make_results({"a": second}, name="second")))
    assert change.verdict == verdict


def test_only_the_comparison_itself_is_compared(make_results):
    """Trials under other conditions and for other purposes are left out."""
    first, second = make_results({"a": STEADY}), make_results({"a": STEADY}, name="second")
    others = [
        *with_trials(make_results({"a": SLOW}, name="null"), condition="null").records,
        *with_trials(make_results({"b": SLOW}, name="goal"), purpose="goal").records,
    ]
    both = dataclasses.replace(second, records=[*second.records, *others])
    assert only(compare_campaigns(first, both)) == only(compare_campaigns(first, second))


# What is not compared.


def test_what_one_campaign_did_not_measure_is_reported(make_results):
    first = make_results({"a": STEADY, "b": STEADY})
    second = make_results({"b": STEADY, "c": STEADY}, name="second")
    changes = {item.name: item for item in compare_campaigns(first, second)}
    assert changes["mlp/a"].reason == "the second did not measure it"
    assert changes["mlp/b"].reason == ""
    assert changes["mlp/c"].reason == "the first did not measure it"
    for item in (changes["mlp/a"], changes["mlp/c"]):
        assert (item.first, item.second, item.ratio, item.verdict) == (None, None, None, "not known")
        assert math.isnan(item.probability)


def test_the_same_style_on_another_device_or_of_another_framework_is_another_implementation(make_results):
    first, second = (make_results({"a": STEADY}, name=name) for name in ("first", "second"))
    for changes in ({"device": "gpu"}, {"framework": "tensorflow"}, {"network": "lenet"}):
        with pytest.raises(ValueError, match=r"did not measure it.*did not measure it"):
            compare_campaigns(first, with_trials(second, **changes))


def one_refused(first, second, *words):
    """Check that implementation b is compared and a is not."""
    a, b = compare_campaigns(first, second)
    assert (a.name, b.name) == ("mlp/a", "mlp/b")
    assert b.reason == ""
    assert b.ratio is not None
    assert a.ratio is None
    for word in words:
        assert word in a.reason
    return a


@pytest.fixture
def both(make_results):
    """Make two campaigns, the second with a change to what it measured of implementation a."""

    def make(change):
        first = make_results({"a": STEADY, "b": STEADY})
        changed = change(make_results({"a": STEADY}, name="second"))
        rest = make_results({"b": STEADY}, name="second")
        return first, dataclasses.replace(rest, records=[*changed.records, *rest.records])

    return make


@pytest.mark.parametrize(
    ("key", "title"),
    [("data", "data set"), ("initial_parameters", "initial values"), ("batch_order", "order of the images")],
)
def test_another_computation_is_not_compared(both, key, title):
    first, second = both(lambda results: with_hashes(results, **{key: "another"}))
    one_refused(first, second, f"did not all have the same {title}")
    one_refused(second, first, f"did not all have the same {title}")


def test_another_computation_in_a_single_trial_is_not_compared(both):
    def change(results):
        one = with_hashes(results, batch_order="another").records[0]
        return dataclasses.replace(results, records=[one, *results.records[1:]])

    one_refused(*both(change), "order of the images")


def test_a_computation_that_was_not_recorded_is_not_compared(both):
    def change(results):
        return with_records(results, lambda record: dataclasses.replace(record, hashes={"data": "a"}))

    one_refused(*both(change), "not recorded whether both had the same initial values")


def test_another_seed_is_named_if_it_is_the_reason(both):
    def change(results):
        return with_hashes(with_trials(results, seed=3), initial_parameters="another")

    one_refused(*both(change), "initial values, since the seeds are 0 and 3")


def test_another_number_of_threads_is_not_compared(both):
    first, second = both(lambda results: with_trials(results, threads=1))
    item = one_refused(first, second)
    assert item.reason == "2 threads in the first, 1 thread in the second"
    assert one_refused(second, first).reason == "1 thread in the first, 2 threads in the second"


def test_the_same_number_of_threads_is_found_among_several(make_results):
    """The records of a campaign may be put together from two."""
    first = make_results({"a": STEADY})
    one, two = (
        make_results({"a": values}, name=f"second {threads}", trial={"threads": threads})
        for threads, values in ((1, SLOW), (2, STEADY))
    )
    changes = compare_campaigns(first, dataclasses.replace(one, records=[*one.records, *two.records]))
    assert [(item.threads, item.reason) for item in changes] == [(2, ""), (1, "the first did not measure it")]
    assert changes[0].verdict == "no clear difference"


def test_another_batch_size_is_not_compared(both):
    """The trial states it, or leaves it to the task."""

    def smaller(results):
        passes = results.records[0].measurement.passes
        return with_measurements(
            results, passes=[dataclasses.replace(item, batches=6, images=384) for item in passes]
        )

    one_refused(*both(smaller), "batches of 128 images in the first, of 64 in the second")
    one_refused(
        *both(lambda results: smaller(with_trials(results, batch_size=64))), "of 128", "of 64 in the second"
    )


def test_a_batch_size_that_is_stated_is_compared_with_the_same_that_is_not(both):
    a, _ = compare_campaigns(*both(lambda results: with_trials(results, batch_size=128)))
    assert a.reason == ""


def test_without_a_completed_trial_it_says_why(both):
    first, second = both(lambda results: with_records(results, failed))
    one_refused(first, second, "none of its trials completed in the second: exited with code 3")
    one_refused(second, first, "none of its trials completed in the first: exited with code 3")


def test_a_time_of_0_is_not_compared(both):
    """A file from somebody else may hold one."""

    def change(results):
        passes = results.records[0].measurement.passes
        return with_measurements(results, passes=[dataclasses.replace(item, wall=0.0) for item in passes])

    one_refused(*both(change), "an epoch of it took no time in the second")


def test_a_reason_is_one_line_that_a_terminal_can_show(both):
    first, second = both(
        lambda results: with_records(results, lambda record: failed(record, "\x1b[2J[red]\n\n\ud800no"))
    )
    assert one_refused(first, second, "[red]").reason.isprintable()


# Campaigns that are not compared at all.


def test_different_data_sets_are_refused(make_results):
    first = make_results({"a": STEADY})
    second = make_results({"a": STEADY}, name="second", data=DataDescription("mnist", "", "1" * 64))
    with pytest.raises(ValueError, match=r"different data sets: small \(000000000000\) and mnist \(1{12}\)"):
        compare_campaigns(first, second)
    renamed = dataclasses.replace(second, data=DataDescription("renamed", "", "0" * 64))
    assert only(compare_campaigns(first, renamed)).reason == ""


def test_a_campaign_is_not_compared_with_itself(make_results):
    """Nor is it compared with a later state of itself, which shares some trials."""
    first = make_results({"a": STEADY})
    with pytest.raises(ValueError, match=r"5 of the 5 completed trials.*cannot be compared with itself"):
        compare_campaigns(first, first)
    part = dataclasses.replace(first, records=first.records[:2])
    with pytest.raises(ValueError, match="2 of the 5 completed trials"):
        compare_campaigns(part, first)


def test_a_rerun_of_the_same_campaign_is_compared(make_results):
    """Two machines with the same description also have the same key."""
    again = dataclasses.replace(make_results({"a": STEADY}, name="again"), campaign="first")
    first = make_results({"a": STEADY})
    assert only(compare_campaigns(first, again)).verdict == "no clear difference"
    assert what_differs(first, again) == []


def test_nothing_to_compare_says_why(make_results):
    first = make_results({"a": STEADY})
    nothing = dataclasses.replace(first, records=[])
    with pytest.raises(ValueError, match=r"^neither of them timed anything$"):
        compare_campaigns(nothing, nothing)
    with pytest.raises(ValueError, match=r"^mlp/a on the CPU: the second did not measure it$"):
        compare_campaigns(first, nothing)
    many = make_results(dict.fromkeys("bcdef", STEADY), name="second")
    with pytest.raises(ValueError) as caught:
        compare_campaigns(first, many)
    assert str(caught.value) == (
        "mlp/a on the CPU: the second did not measure it; mlp/b on the CPU: the first did not measure it; "
        "mlp/c on the CPU: the first did not measure it; and 3 more"
    )


# What differs.


def test_what_may_affect_the_times_is_listed(make_results):
    first = make_results({"a": STEADY, "b": STEADY})
    second = make_results(
        {"a": STEADY, "b": STEADY}, name="second", machine={"processor": "another", "memory": "8 GiB"}
    )
    settings = dataclasses.replace(second.settings, profile="default", threads=4, seed=1)
    second = with_records(
        dataclasses.replace(second, package="0.2.0", settings=settings),
        lambda record: dataclasses.replace(
            record, versions={"python": "3.11.7", "mxnet": "2.0"}, device_name="another"
        ),
    )
    second = with_trials(second, source_sha256="1" * 64)
    assert what_differs(first, second) == [
        "system: Linux in the first, not recorded in the second",
        "processor: a processor in the first, another in the second",
        "processors: 2 in the first, not recorded in the second",
        "gpu: none in the first, not recorded in the second",
        "memory: not recorded in the first, 8 GiB in the second",
        "tfmxbench: 0.1.0 in the first, 0.2.0 in the second",
        "profile: quick in the first, default in the second",
        "threads: 2 in the first, 4 in the second",
        "seed: 0 in the first, 1 in the second",
        "mxnet on the CPU: numpy: 2.4.6 in the first, not recorded in the second",
        "mxnet on the CPU: mxnet: not recorded in the first, 2.0 in the second",
        "mlp/a on the CPU, mlp/b on the CPU: the source differs",
        "mlp/a on the CPU, mlp/b on the CPU: device: CPU in the first, another in the second",
        "the files do not record whether both used the same source of the harness",
    ]
    notes = compare_campaigns(first, second)[0].notes
    assert notes[0].startswith("numpy: ")
    assert notes[2:] == ["the source differs", "device: CPU in the first, another in the second"]


def test_trials_that_did_not_complete_and_other_passes_are_noted(make_results):
    first, second = make_results({"a": STEADY}), make_results({"a": STEADY}, name="second")
    passes = second.records[0].measurement.passes
    second = with_measurements(second, passes=[*passes, *passes])
    second = dataclasses.replace(second, records=[failed(second.records[0]), *second.records[1:]])
    change = only(compare_campaigns(first, second))
    assert change.second.trials == 4
    assert change.notes == [
        "steady passes in a trial: 2 in the first, 4 in the second",
        "1 of 5 trials did not complete in the second",
    ]
    assert f"mlp/a on the CPU: {change.notes[0]}" in what_differs(first, second)


def test_files_of_an_earlier_run_are_compared_with_the_present(make_results):
    """The earlier file may lack what does not matter."""
    first = read_results(EARLIER)

    def later(record):
        return dataclasses.replace(record, started=f"later than {record.started}")

    second = with_measurements(with_records(first, later), training_images=60000, test_images=10000)
    changes = compare_campaigns(first, second)
    assert [(item.ratio.value, item.verdict) for item in changes] == [(1.0, "no clear difference")] * 2
    with pytest.raises(ValueError, match="different data sets: synthetic-digits"):
        compare_campaigns(first, make_results({"a": STEADY}))
