"""The command line: what it is asked is done, or refused in a sentence."""

import json
import os
import pathlib
import re
import shlex
import subprocess
import sys

import pytest
from command_line import NOWHERE, refused

import tfmxbench
from tfmxbench.commands import parser
from tfmxbench.networks import catalogue

COMMANDS = ("list", "environments", "parity", "run", "show", "compare", "export", "trial")


pytestmark = pytest.mark.usefixtures("surroundings")


def execute(*arguments: str, **environ: str) -> subprocess.CompletedProcess:
    """Run ``python -m tfmxbench``."""
    return subprocess.run(
        [sys.executable, "-m", "tfmxbench", *arguments],
        env={**os.environ, **environ},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_explains_itself(call, command):
    code, out, err = call(command, "--help")
    assert (code, err) == (0, "")
    assert out.startswith(f"usage: tfmxbench {command}")


def test_help_names_every_command():
    finished = execute("--help")
    assert (finished.returncode, finished.stderr) == (0, "")
    for command in COMMANDS:
        assert re.search(rf"^  +{command}\b", finished.stdout, re.MULTILINE)


HELP = [[], *([command] for command in COMMANDS)]


@pytest.mark.parametrize("command", HELP, ids=" ".join)
def test_help_teaches(call, command, monkeypatch):
    """What it does, how it is called, in a line that can be copied, and what in the environment it reads."""
    monkeypatch.setenv("COLUMNS", "100")
    _, out, _ = call(*command, "--help")
    usage, description, *_ = re.split(r"\n\n", out)
    assert usage.startswith("usage: ")
    assert len(description) > 40
    assert description.endswith(".")
    examples = re.search(r"^examples?:\n((?:  .*\n)+)", out, re.MULTILINE)[1].splitlines()
    for example in examples:
        name, *arguments = shlex.split(example)
        assert name == "tfmxbench"
        assert not command or arguments[0] == command[0]
        assert parser.make_parser().parse_args(arguments)
    named = set(re.findall(r"TFMXBENCH_[A-Z_]+", out))
    if command and command[0] in ("show", "compare", "export", "trial"):
        assert named == set()
    else:
        assert {"TFMXBENCH_CACHE_DIR", "TFMXBENCH_DEVICE"} <= named
    assert max(map(len, out.splitlines())) <= 100


def test_help_names_every_variable_that_the_documentation_names(call):
    page = pathlib.Path(__file__).parents[1] / "docs" / "using.md"
    documented = set(re.findall(r"`(TFMXBENCH_[A-Z_]+)`", page.read_text(encoding="utf-8")))
    assert documented == set(parser.VARIABLES)
    _, out, _ = call("--help")
    assert set(re.findall(r"TFMXBENCH_[A-Z_]+", out)) == documented


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (["mesure"], None),
        (["compair", "a", "b"], "compare"),
        (["lst"], "list"),
        (["run", "--netwrok", "mlp"], "--network"),
        (["run", "--ruonds=3"], "--rounds"),
        (["export", "a", "b", "--focre"], "--force"),
        (["run", "--profile", "quik"], "quick"),
        (["run", "--style", "keras_sequental"], "keras_sequential"),
        (["parity", "--network", "lenett"], "lenet"),
    ],
    ids=str,
)
def test_a_word_that_is_nearly_right_is_answered_with_the_right_one(call, arguments, word):
    code, out, err = call(*arguments)
    refused(code, out, err, *([f"did you mean {word!r}?"] if word else []))


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["run", "--rounds", "3", "--budget", "1h"], ["--budget", "not allowed with argument --rounds"]),
        (["run", "--rounds", "3", "--rounds"], ["--rounds", "expected one argument"]),
        (["show", "a.json", "b.json"], ["unrecognized arguments: b.json"]),
        (["compare", "a.json"], ["required: SECOND"]),
        (["export", "a.json"], ["required: OUTPUT"]),
    ],
    ids=str,
)
def test_options_that_contradict_each_other_are_refused(call, arguments, words):
    refused(*call(*arguments), *words)


def test_the_version_is_told(call):
    assert call("--version")[:2] == (0, f"tfmxbench {tfmxbench.__version__}\n")


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["measure"],
        ["run", "--speed"],
        ["run", "--rounds"],
        ["show"],
        ["trial"],
        ["list", "extra"],
    ],
    ids=str,
)
def test_what_is_no_command_is_refused(call, arguments):
    refused(*call(*arguments))


def test_what_there_is_is_listed_with_why_it_cannot_run():
    """For programs, as JSON alone on standard output."""
    finished = execute("list", "--json", "--device", "cpu")
    assert (finished.returncode, finished.stderr) == (0, "")
    rows = json.loads(finished.stdout)
    assert {(row["network"], row["style"]) for row in rows} == {
        (item.network, item.style) for item in catalogue.select()
    }
    for row in rows:
        assert row.keys() >= {"network", "style", "framework", "level", "paradigm", "summary", "devices"}
        problem = row["devices"]["cpu"]
        assert f"TFMXBENCH_PYTHON_{row['framework'].upper()} names '{NOWHERE}'" in problem


def test_only_what_was_chosen_is_listed(call):
    code, out, _ = call("list", "--json", "--device", "cpu", "--network", "lenet", "--style", "gluon")
    assert code == 0
    assert [(row["network"], row["style"]) for row in json.loads(out)] == [("lenet", "gluon")]


def test_an_interpreter_without_its_framework_cannot_run_and_says_so(call, monkeypatch):
    monkeypatch.setenv("TFMXBENCH_PYTHON_MXNET", sys.executable)
    _, out, _ = call("list", "--json", "--device", "cpu", "--style", "gluon")
    assert {row["devices"]["cpu"] for row in json.loads(out)} == {
        "ModuleNotFoundError: No module named 'mxnet'"
    }


def test_an_environment_that_was_not_made_says_how_to_make_it(call, monkeypatch):
    monkeypatch.delenv("TFMXBENCH_PYTHON_MXNET")
    _, out, _ = call("list", "--json", "--device", "cpu", "--style", "gluon")
    assert all("tfmxbench environments" in row["devices"]["cpu"] for row in json.loads(out))


def test_the_list_for_people_says_each_reason_once(call):
    code, out, err = call("list", "--device", "cpu")
    assert (code, err) == (0, "")
    for item in catalogue.select():
        assert item.style in out
    for title in ("TensorFlow", "MXNet"):
        assert out.count(f"{title} cannot run on the cpu: ") == 1


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--network", "mpl"], ["'mpl'", "did you mean 'mlp'?"]),
        (["--style", "gluonn"], ["'gluonn'", "did you mean 'gluon'?"]),
        (["--style", ""], ["''"]),
        (["--device", "tpu"], ["'tpu'", "auto, cpu or gpu"]),
        (["--device", ""], ["''"]),
    ],
    ids=str,
)
@pytest.mark.parametrize("command", ["list", "parity", "run"])
def test_an_unknown_choice_is_refused(call, command, arguments, words):
    refused(*call(command, *arguments), *words)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--profile", "fast"], ["'fast'", "quick"]),
        *(
            ([option, value], [option, repr(value)])
            for option in ("--rounds", "--threads")
            for value in ("0", "-1", "1.5", "1000001", "9" * 30, "two", "", "\u0663", " 3", "0x3")
        ),
        *(
            (["--seed", value], ["--seed", repr(value)])
            for value in ("-1", "4294967296", "9" * 30, "1e3", "", "zero", "\u0663")
        ),
        *(
            (["--budget", value], ["--budget", repr(value)])
            for value in ("0s", "-5m", "10", "1d", "m", "", "nan", "infs", "1e9h", "9" * 30 + "h", "5 m")
        ),
        (["--threads", "1000000"], ["1000000 threads", "processors"]),
        (["--output", "none/results.json"], ["none/results.json", "not a folder"]),
    ],
    ids=str,
)
def test_a_value_out_of_bounds_is_refused(call, arguments, words):
    """Before anything is looked for or measured."""
    option, value = arguments
    refused(*call("run", "--device", "cpu", f"{option}={value}"), *words)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("TFMXBENCH_DEVICE", "tpu"),
        ("TFMXBENCH_PROFILE", "fast"),
        ("TFMXBENCH_SEED", "-1"),
        ("TFMXBENCH_BUDGET", "soon"),
    ],
)
def test_a_variable_out_of_bounds_is_refused(call, monkeypatch, name, value):
    monkeypatch.setenv(name, value)
    refused(*call("run"), value)


@pytest.mark.parametrize(
    "arguments",
    [
        ["run", "--network", "mpl"],
        ["run", "--rounds", "0"],
        ["show", "none.json"],
        ["trial", "none.json"],
    ],
    ids=str,
)
def test_a_process_that_refuses_exits_with_2(arguments):
    finished = execute(*arguments)
    refused(finished.returncode, finished.stdout, finished.stderr)


@pytest.mark.parametrize(
    ("text", "seconds"), [("90s", 90), ("30m", 1800), ("2h", 7200), ("1.5m", 90), (" 5m ", 300)]
)
def test_a_time_is_understood(text, seconds):
    assert parser.seconds(text) == seconds


def test_the_greatest_seed_is_understood():
    assert parser.seed("4294967295") == 2**32 - 1
    assert parser.seed("0") == 0
