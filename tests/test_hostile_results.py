"""Results files of another hand: a clear error or a safe page, whatever is in them, and no code that runs."""

from __future__ import annotations

import contextlib
import copy
import functools
import html
import io
import json
import pathlib
import random
import re

import hostile
import pytest

from tfmxbench.analysis import pairs
from tfmxbench.commands import results
from tfmxbench.records import schema
from tfmxbench.records.plain_text import one_line
from tfmxbench.records.store import read_results
from tfmxbench.report.figures import sentences, tables
from tfmxbench.report.figures.fragments import text
from tfmxbench.report.pages import (
    axes,
    distortions,
    null_test,
    parity,
    published,
    time_to_accuracy,
    utilisation,
)
from tfmxbench.report.pages.comparison import ComparisonPage
from tfmxbench.report.pages.implementation import ImplementationPage
from tfmxbench.report.site import directives, phrasebook

# Everything on the pages that is computed from the records.
COMPUTED = {
    **{f"directive {name}": content for name, content in directives.CONTENTS.items()},
    **{
        f"{kind.__name__}.{name}": functools.partial(
            lambda kind, arguments, name: getattr(kind(*arguments), name)(), kind, arguments, name
        )
        for kind, arguments, names in (
            (
                ComparisonPage,
                ("mlp",),
                "verdicts times starts inference memory accuracy table conditions side_by_side",
            ),
            (ImplementationPage, ("mlp", "module"), "costs trials memory conditions"),
        )
        for name in names.split()
    },
    "pair": lambda: ComparisonPage("mlp").pair_verdict("own loop, compiled"),
    "threads": lambda: axes.axis("threads"),
    "batch size": lambda: axes.axis("batch size"),
    "devices": axes.devices,
    "time to accuracy": time_to_accuracy.time_to_accuracy,
    **{
        f"{module.__name__.rpartition('.')[2]}.{name}": getattr(module, name)
        for module, names in (
            (utilisation, "fractions rates cores energy environments"),
            (null_test, "verdict picture table"),
            (distortions, "verdict picture together checklist gate each table"),
            (parity, "verdict divergence table between repeatability seeds"),
        )
        for name in names.split()
    },
}


@pytest.fixture
def values(make_trial, make_record) -> dict:
    """A campaign with all kinds of trials, as JSON values."""
    return hostile.as_json(hostile.everything(make_trial, make_record))


@pytest.fixture
def show(tmp_path, monkeypatch):
    """Make these JSON values the results that the pages show."""

    def show(values) -> pathlib.Path:
        path = tmp_path / "results.json"
        path.write_text(json.dumps(values), encoding="utf-8")
        monkeypatch.setenv(published.RESULTS_VARIABLE, str(path))
        published._read.cache_clear()
        return path

    return show


def visible(source: str) -> str:
    """What a reader sees of a piece of HTML."""
    return html.unescape(re.sub(r"<[^>]*>", " ", source))


# Text.


def test_hostile_text_is_escaped_in_everything_that_is_computed(values, show):
    show(hostile.fill(values))
    for name, content in COMPUTED.items():
        source = content().source
        assert "<script" not in source, name
        assert not re.search(r"<[^>]*\son\w+=", re.sub(r'"[^"]*"', '""', source)), name
        assert "\n\n" not in re.sub(r"<svg.*?</svg>|<pre.*?</pre>", "", source, flags=re.DOTALL), name
        assert not re.search("[\x00-\x08\x0b\x0e-\x1f\x7f-\x9f\u202e\u2028\ud800]", source), name


def test_text_on_a_page_is_one_line_and_says_what_it_said():
    for words in hostile.TEXTS:
        shown = text(words)
        assert html.unescape(shown) == one_line(words)
        assert "\n" not in shown
        assert not set("<>\"'") & set(shown)


def test_a_reason_in_the_phrasebook_cannot_end_the_block_that_it_stands_in(values, show, monkeypatch):
    """Whatever fence it is made of."""
    show(hostile.fill(values))
    for item in ComparisonPage("mlp")._implementations():
        outcome = phrasebook.outcomes([item])[item.style]
        told = phrasebook.entry(phrasebook.TOPICS["step"], item, outcome)
        assert "because it failed" in told
        reason = one_line(phrasebook.gate_problem(item.style))
        assert f"\n    {reason}\n" in told


@pytest.mark.parametrize("words", hostile.TEXTS, ids=range(len(hostile.TEXTS)))
def test_names_that_are_not_here_are_refused_for_a_site(values, show, words):
    for change in (
        {"style": words},
        {"network": words},
        {"framework": words},
        {"framework": "mxnet", "style": "keras_sequential"},
    ):
        changed = copy.deepcopy(values)
        changed["records"][5]["trial"] |= change
        path = show(changed)
        with pytest.raises(ValueError, match="no site can be built from") as caught:
            published.results()
        assert str(path) in str(caught.value)


def test_a_site_of_unknown_names_is_refused_with_the_nearest_right_one(values, show):
    values["parity"][0]["style"] = "gluonn"
    show(values)
    with pytest.raises(ValueError, match="there is no implementation 'mlp/gluonn'; did you mean"):
        published.results()
    values["parity"][0]["style"] = "gluon"
    values["environments"][0]["framework"] = "torch"
    show(values)
    with pytest.raises(ValueError, match="there is no framework 'torch'"):
        published.results()


def test_a_terminal_is_shown_text_and_obeys_none(call, values, tmp_path):
    """Neither markup nor emoji nor escape sequences."""
    other = tmp_path / "other.json"
    other.write_text(json.dumps(values), encoding="utf-8")
    path = tmp_path / "results.json"
    path.write_text(json.dumps(hostile.fill(copy.deepcopy(values))), encoding="utf-8")
    code, out, err = call("show", str(path))
    assert (code, err) == (0, "")
    assert all(line.isprintable() for line in out.split("\n"))
    flat = re.sub(r"\s+", "", out)
    for words in ("[bold]b[/bold]", "[link=http://example.org]", ":warning:", "\ufffd[31m", "{{config}}"):
        assert words in flat
    code, out, err = call("compare", str(path), str(other))
    assert (code, out) == (2, "")
    assert "different data sets" in err
    assert all(line.isprintable() for line in err.split("\n"))


@pytest.mark.parametrize("place", ["schema_version", "extra", "status"])
def test_an_error_does_not_hand_escape_sequences_on_to_the_terminal(call, values, tmp_path, place):
    words = hostile.TEXTS[7]
    if place == "status":
        values["records"][0]["status"] = words
    else:
        values[place if place != "extra" else words] = words
    path = tmp_path / "results.json"
    path.write_text(json.dumps(values), encoding="utf-8")
    code, out, err = call("show", str(path))
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert err.rstrip("\n").isprintable()


def test_markup_between_colons_is_no_emoji_and_brackets_are_no_markup():
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        results._print_list("Title", [hostile.TEXTS[8]])
    assert f"- {hostile.TEXTS[8]}" in " ".join(printed.getvalue().split())


# Numbers.


def numbers(values, names=()):
    """Names that lead to it, container and key of every number in JSON values.

    The places in a list are one name, but for those in the pairs of a memory curve.
    """
    items = values.items() if isinstance(values, dict) else enumerate(values)
    for key, value in items:
        inner = (*names, key if isinstance(values, dict) or names[-2:] == ("memory_curve", "") else "")
        if isinstance(value, dict | list):
            yield from numbers(value, inner)
        elif isinstance(value, int | float) and not isinstance(value, bool):
            yield inner, values, key


# From one end of what the schema allows to the other, and far beyond it.
LADDER = [0, 5e-324, 1e-300, 1e-9, 1e-3, 1, 1e3, 1e7, 1e12, 1e15, 2**60, 1e100, 1e300, 1e308, -1e12, -1e300]
KEPT = {"schema_version", "round", "rounds", "images", "batches", "training_images", "threads", "batch_size"}


@pytest.fixture(scope="module")
def ladders(make_trial, make_record) -> dict[tuple, list[float]]:
    """For each kind of number in a results file, those of the ladder that the schema allows there."""
    values = hostile.as_json(hostile.everything(make_trial, make_record, rounds=1))
    found: dict[tuple, list[float]] = {}
    for kind, container, key in list(numbers(values)):
        if kind in found or kind[-1] in KEPT:
            continue
        before, found[kind] = container[key], []
        for number in sorted(LADDER):
            container[key] = number
            with contextlib.suppress(ValueError):
                schema.check_against("results", values)
                found[kind].append(number)
        container[key] = before
    return {kind: allowed for kind, allowed in found.items() if allowed}


def assert_shows_numbers_that_are_some() -> None:
    found = published.results()
    results.show(found)
    for name, content in COMPUTED.items():
        source = content().source
        shown = visible(source)
        assert not re.search(r"\b(nan|inf|infinity)\b", shown, re.I), (name, shown[:2000])
        assert not re.search(r"[\s,\"](nan|-?inf)[\s,\"]", source), name
    assert not re.search(r"\b(nan|inf)\b", sentences.score(pairs.compare_pairs(found.records)))


@pytest.mark.parametrize("end", ["least", "greatest", "any"])
def test_numbers_at_the_ends_of_what_is_allowed_are_shown_as_numbers(
    make_trial, make_record, ladders, show, end
):
    """Wherever the schema lets a number through, no page fails, and none says inf or nan."""
    values = hostile.as_json(hostile.everything(make_trial, make_record, rounds=2))
    chooser = random.Random(0)
    for kind, container, key in list(numbers(values)):
        if kind in ladders:
            least, greatest = ladders[kind][0], ladders[kind][-1]
            container[key] = {"least": least, "greatest": greatest}.get(end, chooser.choice(ladders[kind]))
    assert len(ladders) > 30
    show(values)
    assert_shows_numbers_that_are_some()


@pytest.mark.parametrize("number", ["1e308", "-1e308", "1e309", "NaN", "-Infinity", "1" + 400 * "0"])
def test_a_measured_number_that_none_can_measure_is_refused(values, tmp_path, number):
    path = tmp_path / "results.json"
    for place in ("wall", "cpu", "loss", "energy"):
        changed = copy.deepcopy(values)
        changed["records"][3]["measurement"]["epochs"][0][place] = 12345.5
        path.write_text(json.dumps(changed).replace("12345.5", number), encoding="utf-8")
        with pytest.raises(ValueError, match="is not a results file"):
            read_results(path)


def test_a_number_is_as_short_as_can_be_read():
    assert tables.significant(1e300) == "1.00e+300"
    assert tables.significant(5e-324, 2) == "4.9e-324"
    assert tables.significant(123456) == "123000"


# Size and depth.


def test_a_file_of_100_mb_is_read(values, tmp_path):
    """Of many numbers, and of much text."""
    first = values["records"][3]
    first["memory_curve"] = [[number / 10, 10**9 + number] for number in range(400_000)]
    first["output"] = "x" * (100_000_000 - 20 * len(first["memory_curve"]))
    path = tmp_path / "results.json"
    path.write_text(json.dumps(values), encoding="utf-8")
    assert 100_000_000 < path.stat().st_size < schema.LARGEST
    found = read_results(path)
    assert len(found.records[3].memory_curve) == len(first["memory_curve"])


def test_a_larger_file_is_refused_at_once_with_the_limit(call, tmp_path):
    path = tmp_path / "results.json"
    with path.open("wb") as file:
        file.truncate(schema.LARGEST + 1)
    code, out, err = call("show", str(path))
    assert (code, out) == (2, "")
    assert "it is larger than 200 MB" in err


def test_a_file_without_an_end_is_refused(monkeypatch):
    monkeypatch.setattr(schema, "LARGEST", 1000)
    with pytest.raises(ValueError, match="it is larger than"):
        read_results(pathlib.Path("/dev/zero"))


@pytest.mark.parametrize("depth", [100, 900, 10_000, 1_000_000])
@pytest.mark.parametrize(("opening", "closing"), [("[", "]"), ('{"a":', "}")], ids=["lists", "objects"])
@pytest.mark.parametrize("place", ["package", "machine", "extra"])
def test_a_file_that_is_nested_deeply_is_refused(call, values, tmp_path, depth, opening, closing, place):
    content = json.dumps({**values, place: "here"})
    path = tmp_path / "results.json"
    nested = opening * depth + "1" + closing * depth
    path.write_text(content.replace(f'"{place}": "here"', f'"{place}": {nested}'), encoding="utf-8")
    code, out, err = call("show", str(path))
    assert (code, out) == (2, "")
    assert "is not a results file" in err
    assert len(err) < 1000 + len(str(path))
