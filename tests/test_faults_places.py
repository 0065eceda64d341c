"""Locales, time zones, and output to places that do not accept any."""

from __future__ import annotations

import datetime
import json
import pathlib

import pytest
from command_line import python

from tfmxbench.processes import environments, runner
from tfmxbench.records.trial import to_json

PLACES = {
    "no locale": {"LC_ALL": "C", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0", "TZ": "UTC"},
    "Turkish, far east": {"LC_ALL": "tr_TR.UTF-8", "LANG": "tr_TR.UTF-8", "TZ": "Pacific/Kiritimati"},
    "Latin 1, far west": {"PYTHONIOENCODING": "latin-1", "TZ": "Etc/GMT+12"},
    "ASCII, no such zone": {"PYTHONIOENCODING": "ascii", "TZ": "Nowhere/At_All"},
}


@pytest.mark.parametrize("environ", PLACES.values(), ids=PLACES.keys())
def test_a_trial_is_the_same_in_every_locale_and_time_zone(make_trial, tmp_path, environ):
    (tmp_path / "given.json").write_text(json.dumps(to_json(make_trial())), encoding="utf-8")
    before = datetime.datetime.now(datetime.UTC)
    finished = python("-m", "tfmxbench", "trial", "given.json", cwd=tmp_path, **environ)
    assert (finished.returncode, finished.stderr) == (0, "")
    record = json.loads(finished.stdout)
    started = datetime.datetime.fromisoformat(record["started"])
    assert started.utcoffset() == datetime.timedelta(0)
    patience = datetime.timedelta(seconds=60)
    assert before - patience <= started <= datetime.datetime.now(datetime.UTC)
    loss = runner.run(make_trial(), tmp_path).measurement.epochs[0].loss
    assert record["measurement"]["epochs"][0]["loss"] == loss


@pytest.mark.parametrize("environ", PLACES.values(), ids=PLACES.keys())
def test_results_are_shown_in_every_locale_and_time_zone(make_results, tmp_path, environ):
    """The numbers are the same. Characters that the terminal lacks are replaced."""
    from tfmxbench.records import store

    results = make_results({"gluon": [1.0, 1.1, 1.2]})
    # A machine's name may contain any character.
    results.machine["processor"] = "İşlemci \U0001f600 測定"
    store.write_results(tmp_path / "results.json", results)
    command = ("-m", "tfmxbench", "show", "results.json")
    usual = python(*command, cwd=tmp_path, COLUMNS="120")
    elsewhere = python(*command, cwd=tmp_path, COLUMNS="120", **environ)
    assert (elsewhere.returncode, elsewhere.stderr) == (0, "")
    numbers = [word for word in usual.stdout.split() if word[:1].isdigit()]
    assert numbers
    assert [word for word in elsewhere.stdout.split() if word[:1].isdigit()] == numbers


NOWHERE = {environments.variable(name): "/nonexistent/python" for name in ("mxnet", "tensorflow")}


def test_a_closed_pipe_ends_a_command_silently(tmp_path):
    """An example is ``tfmxbench list | head -1``."""
    code = (
        "import os, sys; reading, writing = os.pipe(); os.close(reading); os.dup2(writing, 1)\n"
        "from tfmxbench.commands import cli; sys.exit(cli.main(['list', '--device', 'cpu']))"
    )
    finished = python("-c", code, cwd=tmp_path, **NOWHERE)
    assert finished.returncode in (1, 141)
    assert finished.stderr == ""


@pytest.mark.skipif(
    not pathlib.Path("/dev/full").exists(), reason="this system has no disk that is always full"
)
def test_output_to_a_full_disk_is_reported_in_a_sentence(tmp_path):
    code = (
        "import os, sys; os.dup2(os.open('/dev/full', os.O_WRONLY), 1)\n"
        "from tfmxbench.commands import cli; sys.exit(cli.main(['list', '--device', 'cpu']))"
    )
    finished = python("-c", code, cwd=tmp_path, **NOWHERE)
    assert (finished.returncode, finished.stderr) == (2, "tfmxbench: No space left on device\n")
