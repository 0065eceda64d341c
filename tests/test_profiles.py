"""Profiles say what a trial of each kind takes, and the table on the site says the same."""

import dataclasses
import html
import json
import re

import pytest

from tfmxbench.measure import profiles
from tfmxbench.measure.profiles import (
    ALL_STYLES,
    EPOCH,
    PROFILES,
    Axes,
    Batches,
    Images,
    OtherSeeds,
    Passes,
    Styles,
    TimedPass,
    UntilGoal,
)
from tfmxbench.networks import catalogue
from tfmxbench.report.site import directives, profile_table

MLP, LENET = catalogue.task("mlp"), catalogue.task("lenet")
DEFAULT = PROFILES["default"]


@pytest.mark.parametrize(
    ("length", "mlp", "lenet", "lenet_of_64"),
    [
        (EPOCH, 0, 0, 0),
        (Batches(10), 10, 10, 10),
        (Images(1280), 10, 10, 20),
        (Images(1), 1, 1, 1),
        (TimedPass(), 0, 100, 200),
        (TimedPass(divisor=4), 0, 25, 50),
        (TimedPass(divisor=1000), 0, 1, 1),
    ],
)
def test_a_length_is_the_number_of_batches_that_a_trial_carries(length, mlp, lenet, lenet_of_64):
    """0 says a whole epoch there, so no other length may come to 0."""
    assert (length.pass_batches(MLP), length.pass_batches(LENET)) == (mlp, lenet)
    assert length.pass_batches(LENET, 64) == lenet_of_64


@pytest.mark.parametrize(
    ("passes", "fields"),
    [
        (Passes(first=EPOCH, steady=7), (1, 7, 0, 0, None)),
        (Passes(first=EPOCH, steady=1, length=Batches(30)), (1, 1, 30, 0, None)),
        # The pass that comes first is one of the trial's passes.
        (Passes(first=Batches(10), steady=2, length=TimedPass(divisor=2)), (0, 3, 50, 10, None)),
        (Passes(first=UntilGoal(most=25), steady=6, length=TimedPass()), (25, 6, 100, 0, 0.985)),
    ],
)
def test_passes_are_the_fields_of_a_trial(make_trial, passes, fields):
    trial = make_trial(**passes.trial_fields(LENET))
    assert (trial.epochs, trial.passes, trial.pass_batches, trial.first_batches, trial.goal) == fields


def test_a_choice_of_styles_is_by_pair_and_by_length_of_the_epoch():
    everything = [item for network in ("mlp", "lenet") for item in catalogue.implementations(network)]
    compiled = Styles(pairs=("low level, compiled",), long_epochs=False)
    assert [item for item in everything if ALL_STYLES.include(item)] == everything
    assert [item for item in everything if compiled.include(item)] == [
        item for item in everything if item.pair == "low level, compiled" and item.network == "mlp"
    ]


@pytest.mark.parametrize("name", sorted(PROFILES))
def test_a_profile_can_be_part_of_a_campaigns_key(name):
    """Two profiles that differ are different as JSON, too."""
    profile = PROFILES[name]
    text = json.dumps(dataclasses.asdict(profile))
    for change in CHANGES:
        changed = dataclasses.replace(profile, **change)
        assert (json.dumps(dataclasses.asdict(changed)) == text) == (changed == profile)


def cells(changed: dict[str, profiles.Profile]) -> dict[str, list[str]]:
    """The table's texts, by the heading of their row."""
    rows = re.findall(r"<tr>(.*?)</tr>", profile_table.table(changed).source)
    texts = [re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row) for row in rows]
    return {html.unescape(row[0]): [html.unescape(text) for text in row[1:]] for row in texts}


def test_the_table_has_a_column_for_each_profile_and_no_empty_cell():
    table = cells(PROFILES)
    assert next(iter(table.values())) == list(PROFILES)
    assert all(len(row) == len(PROFILES) and all(row) for row in table.values())
    assert directives.CONTENTS["profiles"]().source == profile_table.table().source


MLP_ROW = "Multilayer perceptron (short epoch)"
LENET_ROW = "LeNet (long epoch)"
# A change of the default profile, the row that it changes, and the cell's text before and after.
ROWS = [
    ({"duration": "a day"}, "time on 2 cores", "18 to 54 minutes, depending on the machine", "a day"),
    ({"rounds": 4}, "rounds, at least", "3", "4"),
    ({"budget": 7200.0}, "time budget for all rounds", "17 minutes", "2 hours"),
    ({"budget": None}, "time budget for all rounds", "17 minutes", "none (3 rounds)"),
    ({"parity_epoch": False}, "parity gate", "50 steps and one epoch", "50 steps"),
    (
        {"short_compiled": Passes(first=EPOCH, steady=1)},
        f"timed trial of a compiled style, {MLP_ROW}",
        "1 epoch; then 7 steady epochs",
        "1 epoch; then 1 steady epoch",
    ),
    (
        {"short_imperative": Passes(first=EPOCH, steady=1, length=Batches(100))},
        f"timed trial of an imperative style, {MLP_ROW}",
        "1 epoch; then 3 steady epochs",
        "1 epoch; then 1 steady pass of 100 batches",
    ),
    (
        {"long_compiled": Passes(first=Batches(1), steady=2, length=TimedPass(divisor=4))},
        f"timed trial of a compiled style, {LENET_ROW}",
        "10 batches; then 1 steady pass of 100 batches",
        "1 batch; then 2 steady passes of 25 batches",
    ),
    (
        {"long_imperative": Passes(first=UntilGoal(most=9), steady=6, length=TimedPass())},
        f"timed trial of an imperative style, {LENET_ROW}",
        "10 batches; then 1 steady pass of 50 batches",
        "epochs until the stated accuracy, 9 at most; then 6 steady passes of 100 batches",
    ),
    (
        {"parity_epoch": False},
        f"accuracy after the first epoch, {LENET_ROW}",
        "from the parity gate",
        "not measured",
    ),
    (
        {"long_compiled": Passes(first=EPOCH, steady=1)},
        f"accuracy after the first epoch, {LENET_ROW}",
        "from the parity gate",
        "from the timed trials",
    ),
    ({"latency_samples": 31}, "single images predicted in a timed trial", "30", "31"),
    (
        {"fastest_style": UntilGoal(most=24)},
        "training to the stated accuracy",
        "once, the fastest style of each network: 25 epochs at most",
        "once, the fastest style of each network: 24 epochs at most",
    ),
    (
        {"short_compiled": Passes(first=UntilGoal(most=9), steady=1)},
        "training to the stated accuracy",
        "once, the fastest style of each network: 25 epochs at most",
        "in every timed trial",
    ),
    (
        {"null_test": ALL_STYLES},
        "null test",
        "Multilayer perceptron: 1 pair of styles (low level, compiled)",
        "all networks: all styles",
    ),
    (
        {"axes": None},
        "other numbers of threads",
        "Multilayer perceptron: 1 pair of styles (own loop, compiled)",
        "none",
    ),
    (
        {"axes": Axes(ALL_STYLES, (64,), TimedPass())},
        "other batch sizes",
        "Multilayer perceptron: 1 pair of styles (own loop, compiled); images in a batch: 32, 1024",
        "all networks: all styles; images in a batch: 64",
    ),
    ({"products": False}, "rate of matrix products", "each framework", "none"),
    (
        {"mistakes": "all"},
        "mistakes",
        "Multilayer perceptron: all 17 mistakes, 5 of them in one of the frameworks only; "
        "LeNet: 1 of 18 mistakes",
        "Multilayer perceptron: all 17 mistakes; LeNet: all 18 mistakes",
    ),
    (
        {"other_seeds": OtherSeeds(9, ALL_STYLES)},
        "accuracy with other seeds",
        "Multilayer perceptron: all styles, 2 other seeds",
        "all networks: all styles, 9 other seeds",
    ),
]
CHANGES = [change for change, *_ in ROWS]


@pytest.mark.parametrize(("change", "row", "before", "after"), ROWS)
def test_a_changed_profile_changes_the_cell(change, row, before, after):
    table = cells({"default": DEFAULT, "changed": dataclasses.replace(DEFAULT, **change)})
    assert table[row] == [before, after]


def test_every_field_of_a_profile_and_every_row_of_the_table_is_tested():
    assert {name for change in CHANGES for name in change} == {
        field.name for field in dataclasses.fields(profiles.Profile)
    }
    assert list(dict.fromkeys(row for _, row, *_ in ROWS)) == list(cells(PROFILES))[1:]
