"""The commands that read results files: show, compare and export."""

import csv
import dataclasses
import json
import pathlib

import pytest

from tfmxbench.records.settings import DataDescription
from tfmxbench.records.store import read_results, write_results

EARLIER = pathlib.Path(__file__).with_name("data") / "results.json"
STEADY = [1.0, 1.01, 0.99, 1.0]
SLOW = [1.5, 1.52, 1.49, 1.51]


@pytest.fixture(autouse=True)
def surroundings(monkeypatch, tmp_path):
    """An empty folder, and a terminal that is wide."""
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def files(make_results) -> None:
    """Two results files: of three implementations, one is slower in the second, and one is missing."""
    first = make_results({"gluon": STEADY, "module": STEADY, "symbol": STEADY})
    second = make_results(
        {"gluon": SLOW, "module": STEADY}, name="second", machine={"processor": "another [red]one[/red]"}
    )
    write_results(pathlib.Path("first.json"), first)
    write_results(pathlib.Path("second.json"), second)


def refused(code: int, out: str, err: str, *words: str) -> None:
    """Exit code 2, nothing on standard output, and one sentence."""
    assert (code, out) == (2, "")
    assert err.startswith("tfmxbench: ")
    assert err.count("\n") == 1
    for word in words:
        assert word in err


def test_a_file_of_an_earlier_run_is_shown(call):
    code, out, err = call("show", str(EARLIER))
    assert (code, err) == (0, "")
    for words in ("mlp/gluon_hybrid", "mlp/variables_function", "synthetic-digits", "2 of 2"):
        assert words in out


# Comparing.


def test_two_files_are_compared(call, files):
    code, out, err = call("compare", "first.json", "second.json")
    assert (code, err) == (0, "")
    lines = out.splitlines()
    gluon = next(line for line in lines if "mlp/gluon" in line)
    module = next(line for line in lines if "mlp/module" in line)
    assert "1.50 (1.48 to 1.53)" in gluon
    assert gluon.rstrip().endswith("slower")
    assert "1.00 (0.986 to 1.01)" in module
    assert "no clear difference" in module
    # The times in seconds: 1 s for 3 of 11 batches.
    assert module.count("3.67 ±1.3%") == 2
    assert "2 comparisons" in out
    assert "- processor: a processor in the first, another [red]one[/red] in the second" in lines
    assert "- mlp/symbol on the CPU: the second did not measure it" in lines


def test_two_files_the_other_way_round(call, files):
    code, out, _ = call("compare", "second.json", "first.json")
    assert code == 0
    gluon = next(line for line in out.splitlines() if "mlp/gluon" in line)
    assert "0.664 (0.655 to 0.674)" in gluon
    assert gluon.rstrip().endswith("faster")
    assert "- mlp/symbol on the CPU: the first did not measure it" in out


def test_a_comparison_for_programs(call, files):
    code, out, err = call("compare", "first.json", "second.json", "--json")
    assert (code, err) == (0, "")
    document = json.loads(out, parse_constant=pytest.fail)
    assert document.keys() == {"first", "second", "implementations", "differs"}
    assert (document["first"], document["second"]) == ("first.json", "second.json")
    gluon, _, symbol = document["implementations"]
    assert (gluon["name"], gluon["verdict"], gluon["reason"]) == ("mlp/gluon", "slower", "")
    assert gluon["ratio"]["low"] < 1.507 < gluon["ratio"]["high"]
    assert 0 < gluon["probability"] < gluon["adjusted"] < 0.01
    assert (symbol["ratio"], symbol["adjusted"]) == (None, None)
    assert symbol["reason"] == "the second did not measure it"
    assert "processor: a processor in the first, another [red]one[/red] in the second" in document["differs"]


def test_a_comparison_of_one_trial_knows_nothing(call, make_results):
    write_results(pathlib.Path("first.json"), make_results({"gluon": [1.0]}))
    write_results(pathlib.Path("second.json"), make_results({"gluon": [2.0]}, name="second"))
    code, out, _ = call("compare", "first.json", "second.json")
    assert code == 0
    line = next(line for line in out.splitlines() if "mlp/gluon" in line)
    assert "2.00 (one trial)" in line
    assert line.rstrip().endswith("not known")
    assert "1 comparison " in out
    _, out, _ = call("compare", "first.json", "second.json", "--json")
    change = json.loads(out, parse_constant=pytest.fail)["implementations"][0]
    assert (change["ratio"]["value"], change["ratio"]["low"], change["adjusted"]) == (2.0, None, None)


def test_a_comparison_with_the_same_campaign_measured_anew(call, make_results):
    write_results(pathlib.Path("first.json"), make_results({"gluon": STEADY}))
    write_results(pathlib.Path("again.json"), make_results({"gluon": STEADY}, name="again", campaign="first"))
    code, out, _ = call("compare", "first.json", "again.json")
    assert code == 0
    assert "- Nothing recorded differs." in out
    assert "Not compared" not in out


def test_what_cannot_be_compared_is_refused(call, files, make_results):
    other = make_results({"gluon": STEADY}, name="other", data=DataDescription("mnist", "", "1" * 64))
    write_results(pathlib.Path("other.json"), other)
    write_results(pathlib.Path("symbol.json"), make_results({"symbol": SLOW}, name="third"))
    for arguments, words in (
        (("first.json", "first.json"), ["first.json and first.json", "cannot be compared with itself"]),
        (("first.json", "other.json"), ["different data sets", "mnist"]),
        (("second.json", "symbol.json"), ["mlp/gluon on the CPU: the second did not measure it"]),
        (("first.json", str(EARLIER)), ["different data sets", "synthetic-digits"]),
        (("first.json", "none.json"), ["none.json"]),
        (("none.json", "first.json"), ["none.json"]),
    ):
        refused(*call("compare", *arguments), *words)
        refused(*call("compare", "--json", *arguments), *words)


def test_a_file_of_an_earlier_run_is_compared(call):
    later = read_results(EARLIER)
    records = [dataclasses.replace(record, started=f"{record.started} later") for record in later.records]
    write_results(pathlib.Path("later.json"), dataclasses.replace(later, records=records))
    code, out, err = call("compare", str(EARLIER), "later.json")
    assert (code, err) == (0, "")
    assert out.count("no clear difference") == 2


def test_text_of_another_hand_does_not_reach_the_terminal(call, make_results):
    hostile = "\x1b[31m[bold]\n\u202e"
    first = make_results({"gluon": STEADY, "symbol": STEADY}, created=hostile)
    second = make_results({"gluon": SLOW}, name="second", package=hostile, machine={hostile: hostile})
    for name, results in (("first", first), ("second", second)):
        records = [
            dataclasses.replace(record, trial=dataclasses.replace(record.trial, network=hostile))
            for record in results.records
        ]
        write_results(pathlib.Path(f"{name}.json"), dataclasses.replace(results, records=records))
    code, out, err = call("compare", "first.json", "second.json")
    assert (code, err) == (0, "")
    assert out.count("[bold]") == 6
    assert all(line.isprintable() for line in out.split("\n"))
    data = DataDescription(hostile, "", "1" * 64)
    write_results(pathlib.Path("third.json"), make_results({"gluon": SLOW}, name="third", data=data))
    refused(*call("compare", "first.json", "third.json"), "[bold]")


# Exporting.


def test_a_file_is_exported(call, files):
    assert call("export", "first.json", "values.csv") == (0, "", "")
    with pathlib.Path("values.csv").open(encoding="utf-8", newline="") as file:
        lines = list(csv.DictReader(file))
    walls = [
        float(line["value"])
        for line in lines
        if line["quantity"] == "epochs.wall" and line["style"] == "gluon"
    ]
    assert walls == STEADY


def test_an_earlier_file_is_exported(call):
    assert call("export", str(EARLIER), "values.csv") == (0, "", "")
    assert "epochs.wall" in pathlib.Path("values.csv").read_text(encoding="utf-8")


def test_a_file_is_replaced_only_by_force(call, files):
    output = pathlib.Path("values.csv")
    output.write_text("mine", encoding="utf-8")
    refused(*call("export", "first.json", "values.csv"), "values.csv", "--force")
    assert output.read_text(encoding="utf-8") == "mine"
    assert call("export", "first.json", "values.csv", "--force") == (0, "", "")
    assert output.read_text(encoding="utf-8").startswith("campaign,")


def test_results_are_never_replaced_by_their_export(call, files):
    before = pathlib.Path("first.json").read_bytes()
    pathlib.Path("link.csv").symlink_to("first.json")
    pathlib.Path("hard.csv").hardlink_to("first.json")
    for output in ("first.json", "link.csv", "hard.csv"):
        refused(*call("export", "first.json", output, "--force"), output, "the results file itself")
    assert pathlib.Path("first.json").read_bytes() == before


def test_a_place_that_cannot_be_written_is_refused(call, files):
    pathlib.Path("folder").mkdir()
    refused(*call("export", "first.json", "none/values.csv"), "none/values.csv", "none is not a folder")
    refused(*call("export", "first.json", "folder", "--force"), "folder", "it is a folder")
    refused(*call("export", "none.json", "values.csv"), "none.json")
    assert sorted(path.name for path in pathlib.Path().iterdir()) == ["first.json", "folder", "second.json"]
