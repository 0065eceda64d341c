"""Runs from the command line: what they leave, and what is refused before anything is measured."""

import sys

import pytest
from command_line import NOWHERE, refused

from tfmxbench import data
from tfmxbench.commands import measuring
from tfmxbench.records import store
from tfmxbench.records.trial import UNAVAILABLE

pytestmark = pytest.mark.usefixtures("surroundings")


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
    refused(*call(*RUN, "--output", "notes.md"), "notes.md exists already and is not a results file")
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

    monkeypatch.setattr(measuring, "follow", interrupt)
    code, _, err = call(*RUN)
    assert code == 130
    assert err.rstrip().splitlines()[-1].startswith("tfmxbench: interrupted; finished trials are kept")
