"""The quick start: its commands are there, and its output is what they print."""

import dataclasses
import pathlib
import re

import pytest

from tfmxbench.commands.parser import make_parser
from tfmxbench.records.parity import Parity
from tfmxbench.records.settings import EnvironmentDescription
from tfmxbench.records.store import write_results
from tfmxbench.report.figures import terminal
from tfmxbench.report.site import quick_start

PAGE = pathlib.Path(__file__).parents[1] / "docs" / "quickstart.md"


@pytest.fixture
def results(make_results):
    """Results of two networks, as the quick start gets them."""
    results = make_results(
        {"gluon": [1.0, 1.1, 1.2], "module": [2.0, 2.1, 2.2]},
        parity=[
            Parity("mlp", "gluon", "mxnet", "cpu", True, "", [2.3], [1e-7]),
            Parity("mlp", "gluon", "mxnet", "cpu", True, "", [2.3], [1e-7], batch_size=32),
            Parity("lenet", "gluon", "mxnet", "cpu", True, "", [2.3], [1e-7]),
        ],
        environments=[
            EnvironmentDescription("mxnet", "cpu", "", {"python": "3.11.7", "mxnet": "1.9.1"}, 10**9),
            EnvironmentDescription("numpy", "cpu", "", {"python": "3.11.7"}, None),
            EnvironmentDescription("tensorflow", "cpu", "it is not installed", {}, None),
        ],
    )
    other = dataclasses.replace(results.records[0].trial, network="lenet")
    return dataclasses.replace(
        results, records=[*results.records, dataclasses.replace(results.records[0], trial=other)]
    )


def test_every_command_of_the_page_is_one_that_there_is():
    text = PAGE.read_text(encoding="utf-8")
    commands = re.findall(r"^\.venv/bin/tfmxbench (.+)$", text, flags=re.MULTILINE)
    assert len(commands) == 3
    for command in commands:
        assert make_parser().parse_args(command.split()).command
    shown = re.findall(r"\{command-output\} (\w+)", text)
    assert shown == [command.split()[0] for command in commands] == list(quick_start.COMMANDS)


def test_the_table_is_the_one_that_the_command_line_prints(results, call, monkeypatch, tmp_path):
    monkeypatch.setenv("COLUMNS", "100")
    mlp = [record for record in results.records if record.trial.network == "mlp"]
    path = tmp_path / "results.json"
    write_results(path, dataclasses.replace(results, records=mlp))
    code, out, _ = call("show", str(path))
    assert code == 0
    printed = "\n".join(line.rstrip() for line in out.splitlines()).strip("\n")
    text = terminal.as_text(quick_start.run(results))
    assert text == printed
    assert "mlp/gluon" in text
    assert "lenet" not in text


def test_environments_and_parity_are_those_of_the_frameworks_and_of_one_network(results):
    lines = terminal.as_text(quick_start.environments(results)).splitlines()
    assert lines == [
        "MXNet can run on the cpu: python 3.11.7, mxnet 1.9.1",
        "TensorFlow cannot run on the cpu: it is not installed",
    ]
    table = terminal.as_text(quick_start.parity(results))
    assert table.count("mlp/gluon") == 1
    assert "lenet" not in table
    assert "passed" in table


def test_hostile_text_is_literal(results):
    results.environments[0].versions["[bold]x[/bold]\x1b[31m"] = ":smile:"
    (line, *_) = terminal.as_text(quick_start.environments(results), width=200).splitlines()
    assert "[bold]x[/bold]\ufffd[31m :smile:" in line
