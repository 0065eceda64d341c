"""Nothing of what is measured under a mistake is published among the figures of the comparison."""

import dataclasses
import json

import pytest

from tfmxbench.analysis import pairs, quantities
from tfmxbench.analysis.arms import accuracies_by_seed, arms_of
from tfmxbench.records import raw_values, store
from tfmxbench.records.conditions import MISTAKE
from tfmxbench.records.schema import check_against
from tfmxbench.report.figures import tables
from tfmxbench.report.pages import axes, null_test, parity, published, time_to_accuracy, utilisation
from tfmxbench.report.pages.comparison import ComparisonPage
from tfmxbench.report.pages.implementation import ImplementationPage


@pytest.fixture
def results(make_results, make_trial, make_record):
    """A campaign's results with records of mistakes that are ten times as fast as the comparison's."""
    honest = make_results({"gluon_hybrid": [1.0, 1.1, 1.2], "ndarray": [2.0, 2.1, 2.2]})

    def made(number: int, style: str, names: list[str]):
        trial = make_trial(
            identifier=f"{number:04d}-mlp-{style}-cpu-mistake-{'-'.join(names) or 'none'}",
            purpose=MISTAKE,
            condition=MISTAKE,
            style=style,
            framework="mxnet",
            round=number,
            epochs=2,
            mistakes=names,
            epoch_batches=3,
        )
        record = make_record(trial, wall=0.1)
        measured = dataclasses.replace(
            record.measurement, epochs=record.measurement.epochs * 2, passes=[], accuracies=[0.5, 0.6]
        )
        return dataclasses.replace(record, measurement=measured)

    mistaken = [
        made(number, style, names)
        for number in range(3)
        for style in ("gluon_hybrid", "ndarray")
        for names in ([], ["unsynchronised"])
    ]
    return dataclasses.replace(honest, mistaken=mistaken)


def everything_published(results, monkeypatch, tmp_path) -> str:
    """Everything that the pages of the comparison show."""
    path = tmp_path / f"{len(results.mistaken)}.json"
    store.write_results(path, results)
    monkeypatch.setenv(published.RESULTS_VARIABLE, str(path))
    page = ComparisonPage("mlp")
    shown = [
        published.table().source,
        published.by_pair("mlp").source,
        *(part().source for part in (page.verdicts, page.times, page.starts, page.inference, page.memory)),
        *(part().source for part in (page.accuracy, page.lines, page.table, page.conditions)),
        *(ImplementationPage("mlp", style).costs().source for style in ("gluon_hybrid", "ndarray")),
        axes.axis("threads").source,
        axes.axis("batch size").source,
        time_to_accuracy.time_to_accuracy().source,
        utilisation.cores().source,
        null_test.verdict().source,
        parity.seeds().source,
        parity.repeatability().source,
    ]
    return "\n".join(shown)


def test_no_page_of_the_comparison_changes_when_mistakes_were_measured(results, monkeypatch, tmp_path):
    with_mistakes = everything_published(results, monkeypatch, tmp_path)
    without = everything_published(dataclasses.replace(results, mistaken=[]), monkeypatch, tmp_path)
    assert len(results.mistaken) == 12
    assert with_mistakes == without


def test_a_record_of_a_mistake_cannot_be_put_among_the_published_ones(results):
    for record in results.mistaken:
        with pytest.raises(ValueError, match="belongs to mistaken, not to records"):
            dataclasses.replace(results, records=[*results.records, record])


@pytest.mark.parametrize(
    "disguise",
    [
        {},
        {"purpose": "measure"},
        {"condition": "standard"},
        {"purpose": "measure", "condition": "standard"},
        {"purpose": "measure", "condition": "standard", "epoch_batches": 0},
        {"purpose": "measure", "condition": "standard", "mistakes": []},
        {"purpose": "accuracy", "condition": "seed"},
    ],
)
def test_a_results_file_that_publishes_a_mistake_is_refused(results, disguise, tmp_path):
    """Whatever is changed about it, as long as anything says that it was one."""
    values = store.results_to_json(results)
    found = json.loads(json.dumps(values["mistaken"][1]))
    assert found["trial"]["mistakes"] == ["unsynchronised"]
    found["trial"].update(disguise)
    if found["measurement"]:
        found["measurement"]["latencies"] = [0.1]
    path = tmp_path / "results.json"
    path.write_text(json.dumps({**values, "records": [*values["records"], found]}), encoding="utf-8")
    with pytest.raises(ValueError, match="is not a results file"):
        store.read_results(path)


def test_a_published_record_among_the_mistakes_is_refused(results):
    values = store.results_to_json(results)
    with pytest.raises(ValueError, match="mistaken"):
        check_against("results", {**values, "mistaken": values["records"]})


def test_results_with_mistakes_survive_the_file(results, tmp_path):
    path = tmp_path / "results.json"
    store.write_results(path, results)
    assert store.read_results(path) == results


def test_the_table_of_raw_values_has_them_too_and_says_what_they_are(results):
    found = list(raw_values.rows(results))
    mistaken = [row for row in found if row["purpose"] == MISTAKE]
    assert {row["trial"] for row in mistaken} == {record.trial.identifier for record in results.mistaken}
    assert {row["mistakes"] for row in mistaken} == {"", "unsynchronised"}
    assert {row["mistakes"] for row in found if row["purpose"] != MISTAKE} == {""}


def test_no_estimate_takes_a_mistake_in_even_if_it_were_handed_one(results):
    """The last line of defence: the functions leave such records out themselves."""
    disguised = [
        dataclasses.replace(
            record, trial=dataclasses.replace(record.trial, purpose="measure", condition="standard")
        )
        for record in results.mistaken
        if record.trial.mistakes
    ]
    assert disguised
    mixed = [*results.records, *disguised]
    assert [arm.values(quantities.epoch_seconds) for arm in arms_of(mixed)] == [
        arm.values(quantities.epoch_seconds) for arm in arms_of(results.records)
    ]
    assert accuracies_by_seed(mixed, "mlp", "cpu") == accuracies_by_seed(results.records, "mlp", "cpu")
    assert pairs.compare_pairs(mixed) == pairs.compare_pairs(results.records)
    assert len(tables.rows(dataclasses.replace(results, mistaken=[]))) == 2
