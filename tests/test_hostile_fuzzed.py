"""Results files with any change at any place: refused with a sentence, or shown."""

from __future__ import annotations

import contextlib
import copy
import functools
import io
import json
import math
import pathlib
import random
from collections.abc import Iterator

import hostile
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tfmxbench import frameworks
from tfmxbench.analysis import changes, pairs
from tfmxbench.analysis.arms import arms_of
from tfmxbench.commands import results
from tfmxbench.networks import catalogue
from tfmxbench.records import raw_values, store
from tfmxbench.records.store import read_results
from tfmxbench.report.figures import sentences, tables
from tfmxbench.report.figures.fragments import text
from tfmxbench.report.pages import published


def places(values, prefix=()):
    """Every place in JSON values."""
    items = values.items() if isinstance(values, dict) else enumerate(values)
    for key, value in items:
        yield (*prefix, key)
        if isinstance(value, dict | list):
            yield from places(value, (*prefix, key))


NOVEL = st.sampled_from(
    [
        *(None, True, -1, 0, 1, 2, 3, 128, 1e-9, 5e-324, 0.5, 1e7, 1e12, 2**60, 10**400, math.nan, math.inf),
        *(1e308, -1e308, 1e300, "", "mlp", "lenet", "module", "gluon", "mxnet", "numpy", "cpu", "gpu"),
        *("completed", "failed", "measure", "products", "accuracy", "standard", "null", "threads", "x/y"),
        *(*hostile.TEXTS, [], {}, [[]], {"a": "b"}, [1, 2.5], [{}]),
    ]
)
# Of the campaign's places, counted round and round.
PLACE = st.integers(0, 10_000)
ACTIONS = st.sampled_from(["replace", "replace", "copy", "copy", "delete", "add"])


class Fuzzed:
    """A small campaign, and what can be done to its JSON values."""

    def __init__(self, make_trial, make_record, folder: pathlib.Path) -> None:
        values = hostile.as_json(hostile.everything(make_trial, make_record, rounds=2))
        by_style = {style: [] for style in ("module", "keras_sequential", "")}
        for record in values["records"]:
            by_style.get(record["trial"]["style"], []).append(record)
        # Two rounds of a pair, one of them failed, and the rate of matrix products.
        values["records"] = [record for found in by_style.values() for record in found[:2]]
        values |= {"parity": values["parity"][:1], "environments": values["environments"][:1]}
        self.text = json.dumps(values)
        self.places = list(places(values))
        self.path = folder / "fuzzed.json"
        self.other = store.read_results(self._written(self.text))

    def _written(self, content: str) -> pathlib.Path:
        self.path.write_text(content, encoding="utf-8")
        return self.path

    def changed(self, steps) -> pathlib.Path:
        """Write the campaign with changes, each at a place that the ones before may have taken away."""
        values = json.loads(self.text)
        for place, action, novel, another in steps:
            (*keys, last), (*others, other) = (self.places[it % len(self.places)] for it in (place, another))
            with contextlib.suppress(KeyError, IndexError, TypeError, AttributeError):
                target = functools.reduce(lambda found, key: found[key], keys, values)
                if action == "delete":
                    del target[last]
                elif action == "replace":
                    target[last]
                    target[last] = novel
                elif action == "copy":
                    source = functools.reduce(lambda found, key: found[key], others, values)
                    target[last] = copy.deepcopy(source[other])
                elif isinstance(target, dict):
                    target[str(novel)[:40]] = novel
                else:
                    target.insert(last, copy.deepcopy(target[last]) if novel is None else novel)
        return self._written(json.dumps(values))


@pytest.fixture(scope="module")
def fuzzed(make_trial, make_record, tmp_path_factory) -> Iterator[Fuzzed]:
    made = Fuzzed(make_trial, make_record, tmp_path_factory.mktemp("fuzzed"))
    with pytest.MonkeyPatch.context() as patch:
        # The files that these come from stay as they are, and parsing them ten thousand times takes long.
        patch.setattr(catalogue, "select", functools.cache(catalogue.select))
        patch.setattr(frameworks, "names", functools.cache(frameworks.names))
        yield made


def look_at(found: store.Results, other: store.Results) -> None:
    """Show results in every way that takes no pictures; a ValueError is the only way out."""
    printed = io.StringIO()
    with contextlib.suppress(ValueError), contextlib.redirect_stdout(printed):
        results.show(found)
    assert all(line.isprintable() for line in printed.getvalue().split("\n"))
    with contextlib.suppress(ValueError):
        changes.compare_campaigns(found, other)
    assert all(line.isprintable() for line in changes.what_differs(found, other))
    for row in raw_values.rows(found):
        assert tuple(row) == raw_values.COLUMNS
    try:
        published.check_names(found)
    except ValueError:
        return
    for line in (
        *tables.failures(found),
        *sentences.hashes(found_arms := arms_of(found.records)),
        sentences.data(found),
        sentences.machine(found),
        sentences.conditions(found),
        sentences.accuracies(found_arms),
        sentences.abstraction(found_arms),
        sentences.memory(found_arms),
        *map(sentences.compare, pairs.compare_pairs(found.records)),
    ):
        assert "<" not in text(line)


STEPS = st.lists(st.tuples(PLACE, ACTIONS, NOVEL, PLACE), min_size=1, max_size=3)
FUZZING = settings(max_examples=400, deadline=None, suppress_health_check=list(HealthCheck), database=None)


@FUZZING
@given(steps=STEPS)
def test_a_file_with_any_change_is_refused_with_a_sentence_or_can_be_shown(fuzzed, steps):
    """A ValueError that names the file, or results, and nothing else."""
    refused_or_shown(fuzzed, steps)


@pytest.mark.sweep
@settings(FUZZING, max_examples=10_000)
@given(steps=STEPS)
def test_ten_thousand_files_with_any_change_are_refused_or_can_be_shown(fuzzed, steps):
    refused_or_shown(fuzzed, steps)


def refused_or_shown(fuzzed: Fuzzed, steps) -> None:
    path = fuzzed.changed(steps)
    try:
        found = read_results(path)
    except ValueError as error:
        assert str(error).startswith(f"{path} is not a results file: ")
        return
    look_at(found, fuzzed.other)


def test_the_changes_of_that_test_leave_many_files_that_are_read(fuzzed):
    """Else it would look at nothing but refusals."""
    chooser = random.Random(0)
    novel = [0, 1, "x", 0.5, None]
    read = 0
    for _ in range(200):
        step = (
            chooser.randrange(len(fuzzed.places)),
            chooser.choice(["replace", "copy", "delete", "add"]),
            chooser.choice(novel),
            chooser.randrange(len(fuzzed.places)),
        )
        with contextlib.suppress(ValueError):
            read_results(fuzzed.changed([step]))
            read += 1
    assert read > 20
