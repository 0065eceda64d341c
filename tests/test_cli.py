"""The command line: what it is asked is done, or refused in a sentence."""

import json
import os
import pathlib
import re
import shlex
import subprocess
import sys

import pytest

import tfmxbench
from tfmxbench import cli, commands
from tfmxbench.measure import data, store
from tfmxbench.measure.trial import UNAVAILABLE, to_json
from tfmxbench.networks import catalogue

COMMANDS = ("list", "environments", "parity", "run", "show", "compare", "export", "trial")
NOWHERE = "/nonexistent/python"


@pytest.fixture(autouse=True)
def surroundings(monkeypatch, tmp_path):
    """An empty folder, an empty cache, and no framework."""
    for name in list(os.environ):
        if name.startswith("TFMXBENCH_"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("TFMXBENCH_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setenv("TFMXBENCH_PYTHON_TENSORFLOW", NOWHERE)
    monkeypatch.setenv("TFMXBENCH_PYTHON_MXNET", NOWHERE)
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.chdir(tmp_path)


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


def refused(code: int, out: str, err: str, *words: str) -> None:
    """Exit code 2, nothing on standard output, and one sentence, after the usage if there is one."""
    assert code == 2
    assert out == ""
    assert "Traceback" not in err
    *before, sentence = err.rstrip("\n").split("\n")
    assert re.match(r"tfmxbench( [a-z]+)?: ", sentence)
    assert not before or before[0].startswith("usage: tfmxbench")
    for word in words:
        assert word in sentence


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
        assert cli.parser().parse_args(arguments)
    named = set(re.findall(r"TFMXBENCH_[A-Z_]+", out))
    if command and command[0] in ("show", "compare", "export", "trial"):
        assert named == set()
    else:
        assert {"TFMXBENCH_CACHE_DIR", "TFMXBENCH_DEVICE"} <= named
    assert max(map(len, out.splitlines())) <= 100


def test_help_names_every_variable_that_the_documentation_names(call):
    page = pathlib.Path(__file__).parents[1] / "docs" / "using.md"
    documented = set(re.findall(r"`(TFMXBENCH_[A-Z_]+)`", page.read_text(encoding="utf-8")))
    assert documented == set(cli.VARIABLES)
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
    assert cli.seconds(text) == seconds


def test_the_greatest_seed_is_understood():
    assert cli.seed("4294967295") == 2**32 - 1
    assert cli.seed("0") == 0


# Files.

NOT_JSON = [
    pytest.param(b"", id="empty"),
    pytest.param(b"{", id="half"),
    pytest.param(b"\xff\xfe", id="not UTF-8"),
    pytest.param(b"[]", id="list"),
    pytest.param(b"{}", id="no fields"),
    pytest.param(b"[" * 100_000, id="deep"),
    pytest.param(b"1" * 5000, id="long number"),
]


@pytest.mark.parametrize("command", ["show", "trial"])
@pytest.mark.parametrize("content", NOT_JSON)
def test_an_invalid_file_is_refused(call, tmp_path, command, content):
    (tmp_path / "given.json").write_bytes(content)
    refused(*call(command, "given.json"), "given.json")


@pytest.mark.parametrize("command", ["show", "trial"])
def test_a_missing_file_or_a_folder_is_refused(call, tmp_path, command):
    refused(*call(command, "none.json"), "none.json")
    refused(*call(command, str(tmp_path)), str(tmp_path))


@pytest.fixture
def results_file(make_campaign, make_record, tmp_path):
    """Write results of three rounds of two implementations, with changes to their JSON."""

    def write(change=lambda values: None):
        planned = make_campaign(catalogue.select(["mlp"], ["gluon", "keras_sequential"]))
        trials = [trial for number in range(3) for trial in planned.plan.round(number)]
        for trial in trials:
            planned.folder.mkdir(parents=True, exist_ok=True)
            path = planned.folder / f"{trial.identifier}.record.json"
            path.write_text(json.dumps(to_json(make_record(trial))), encoding="utf-8")
        values = json.loads(json.dumps(store.results_to_json(planned.results())))
        change(values)
        path = tmp_path / "results.json"
        path.write_text(json.dumps(values), encoding="utf-8")
        return path

    return write


def test_results_are_shown(call, results_file):
    code, out, err = call("show", str(results_file()))
    assert (code, err) == (0, "")
    for words in ("mlp/gluon", "mlp/keras_sequential", "seed 0", "profile quick", "a processor"):
        assert words in out


def measurement(values):
    return values["records"][0]["measurement"]


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda values: values.update(records=[]), id="no records"),
        pytest.param(lambda values: values.update(machine={}), id="no machine"),
        pytest.param(lambda values: values["records"][0].update(measurement=None), id="no measurement"),
        pytest.param(
            lambda values: values["records"][0].update(reason="[red]\nno", status="failed"), id="markup"
        ),
        pytest.param(lambda values: values["settings"].update(profile="[/red]"), id="markup in settings"),
        pytest.param(lambda values: measurement(values).update(epochs=[]), id="no epochs"),
        pytest.param(lambda values: measurement(values).update(passes=[]), id="no passes"),
        pytest.param(lambda values: measurement(values).update(accuracies=[]), id="no accuracies"),
        pytest.param(lambda values: measurement(values).update(latencies=[]), id="no latencies"),
        pytest.param(lambda values: measurement(values).update(inference=[]), id="no inference"),
        pytest.param(lambda values: measurement(values)["epochs"][0].update(batches=0), id="no batches"),
        pytest.param(lambda values: measurement(values)["passes"][0].update(batches=0), id="empty pass"),
        pytest.param(lambda values: measurement(values)["epochs"][0].update(wall=0), id="no time"),
        pytest.param(lambda values: measurement(values)["memory"].update(peak=10**400), id="much memory"),
        pytest.param(lambda values: values["records"][0]["trial"].update(framework="torch"), id="framework"),
        pytest.param(lambda values: values["records"][0]["trial"].update(style="gone"), id="style"),
        pytest.param(lambda values: values["records"][0]["trial"].update(network="gone"), id="network"),
    ],
)
def test_results_of_another_hand_are_shown_or_refused(call, results_file, change):
    """With a sentence that says what is wrong, and never with a traceback."""
    code, out, err = call("show", str(results_file(change)))
    if code != 0:
        refused(code, out, err)


def test_a_trial_is_repeated_from_its_file(call, make_trial, tmp_path):
    (tmp_path / "given.json").write_text(json.dumps(to_json(make_trial())), encoding="utf-8")
    code, out, err = call("trial", "given.json")
    assert (code, err) == (0, "")
    record = json.loads(out)
    assert record["status"] == "completed"
    assert record["trial"] == to_json(make_trial())


def test_a_trial_that_fails_again_exits_with_1(call, make_trial, tmp_path):
    trial = make_trial(interpreter=NOWHERE)
    (tmp_path / "given.json").write_text(json.dumps(to_json(trial)), encoding="utf-8")
    code, out, _ = call("trial", "given.json")
    assert code == 1
    assert NOWHERE in json.loads(out)["reason"]


@pytest.mark.parametrize(
    "changes",
    [
        {"identifier": "../outside"},
        {"framework": "torch"},
        {"device": "tpu"},
        {"threads": 0},
        {"seed": -1},
        {"time_limit": -1.0},
        {"interpreter": "\0"},
    ],
    ids=str,
)
def test_a_trial_that_is_none_is_refused(call, make_trial, tmp_path, changes):
    (tmp_path / "given.json").write_text(json.dumps(to_json(make_trial(**changes))), encoding="utf-8")
    refused(*call("trial", "given.json"))


# Running.


@pytest.fixture
def small_dataset(small_arrays, monkeypatch):
    """Small data in place of MNIST."""
    arrays = {name: array.copy() for name, array in small_arrays.items()}
    dataset = data.Dataset("small", "made by a test", **arrays)
    monkeypatch.setattr(data, "load_from_environment", lambda *arguments, **options: dataset)
    return dataset


RUN = (
    "run",
    "--device",
    "cpu",
    "--network",
    "mlp",
    "--style",
    "gluon",
    "--profile",
    "quick",
    "--threads",
    "1",
)


def test_where_nothing_can_run_the_results_say_why(call, small_dataset, tmp_path):
    code, out, err = call(*RUN, "--rounds", "2", "--output", "results.json")
    assert "Traceback" not in err
    assert NOWHERE in out + err
    results = store.read_results(tmp_path / "results.json")
    assert [record.status for record in results.records] == [UNAVAILABLE] * 2
    assert results.data.sha256 == small_dataset.sha256
    assert results.settings.rounds == 2
    assert code in (0, 1)


def test_an_output_that_is_a_folder_is_refused_before_anything_is_measured(call, small_dataset, tmp_path):
    (tmp_path / "folder").mkdir()
    refused(*call(*RUN, "--output", "folder"), "folder")
    assert not (tmp_path / "build").exists()


@pytest.mark.parametrize("content", ["# Notes\n", "[]", '{"other": 1}', '{"schema_version'], ids=str)
def test_an_output_that_is_another_file_is_never_replaced(call, small_dataset, tmp_path, content):
    path = tmp_path / "notes.md"
    path.write_text(content, encoding="utf-8")
    refused(*call(*RUN, "--output", "notes.md"), "notes.md is there already, and is not a results file")
    assert path.read_text(encoding="utf-8") == content
    assert not (tmp_path / "build").exists()


def test_an_output_that_is_an_older_results_file_is_replaced(call, small_dataset, tmp_path):
    """As a build does with its own."""
    for rounds in ("1", "2"):
        call(*RUN, "--rounds", rounds, "--output", "results.json")
        assert store.read_results(tmp_path / "results.json").settings.rounds == int(rounds)


@pytest.mark.skipif(sys.platform != "linux", reason="/proc is Linux's")
def test_a_folder_that_takes_no_files_is_refused_before_anything_is_measured(call, small_dataset, tmp_path):
    """Not even from the administrator."""
    refused(*call(*RUN, "--output", "/proc/results.json"), "/proc/results.json cannot be written")
    assert not (tmp_path / "build").exists()


def test_a_cache_that_cannot_be_written_is_one_sentence(call, monkeypatch, tmp_path):
    (tmp_path / "file").write_text("no folder", encoding="utf-8")
    monkeypatch.setenv("TFMXBENCH_CACHE_DIR", str(tmp_path / "file" / "cache"))
    monkeypatch.delenv("TFMXBENCH_PYTHON_MXNET")
    refused(*call("environments", "--device", "cpu"), str(tmp_path / "file"))


def test_a_number_of_rounds_is_exact_even_where_a_variable_gives_a_budget(
    call, monkeypatch, small_dataset, tmp_path
):
    """As ``--help`` says of ``--rounds``."""
    monkeypatch.setenv("TFMXBENCH_BUDGET", "2h")
    call(*RUN, "--rounds", "2", "--output", "results.json")
    assert store.read_results(tmp_path / "results.json").settings.budget is None


def test_an_interrupted_run_says_that_it_can_be_continued(call, monkeypatch, small_dataset):
    def interrupt(planned):
        raise KeyboardInterrupt

    monkeypatch.setattr(commands, "follow", interrupt)
    code, _, err = call(*RUN)
    assert code == 130
    assert err.rstrip().splitlines()[-1].startswith("tfmxbench: interrupted; finished trials are kept")
