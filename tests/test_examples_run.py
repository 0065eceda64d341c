"""How the concept pages' examples are run, and how pages show their outcomes."""

import dataclasses
import html
import json
import os
import pathlib
import re
import subprocess
import sys

import pytest

from tfmxbench.examples.concepts import OUTPUT_LIMIT, Example, families, find, run, run_family
from tfmxbench.processes import hashes
from tfmxbench.processes.environments import Environment
from tfmxbench.records import store
from tfmxbench.records.outcomes import ExampleOutcome
from tfmxbench.report.pages import published
from tfmxbench.report.site import concept_examples as shown

ROOT = pathlib.Path(__file__).parents[1]
FOUND = find(ROOT / "docs" / "concepts" / "examples")
HERE = Environment("numpy", "cpu", sys.executable, "", {"python": "3.11.7", "numpy": "2.4.6"})
LIMIT = 20.0


# How examples are run: with made-up ones, in NumPy, which this process' own interpreter has.


@pytest.fixture
def write(tmp_path):
    """Write examples of NumPy into a folder; the folder."""

    def write(**sources: str) -> pathlib.Path:
        folder = tmp_path / "examples"
        (folder / "numpy").mkdir(parents=True, exist_ok=True)
        for name, source in sources.items():
            (folder / "numpy" / f"{name}.py").write_text(source, encoding="utf-8")
        return folder

    return write


@pytest.fixture
def execute(write):
    """Run one made-up example; what became of it."""

    def execute(source: str, time_limit: float = LIMIT) -> ExampleOutcome:
        (family,) = families(find(write(example=source)))
        (outcome,) = run_family(family, {"numpy": HERE}, time_limit)
        return outcome

    return execute


def test_what_an_example_prints_is_its_output(execute):
    found = execute("import sys\nprint('one\\r\\ntwo')\nprint('a warning', file=sys.stderr)")
    assert (found.output, found.errors, found.completed) == ("one\ntwo", "", True)
    assert found.versions == HERE.versions


def test_an_example_that_raises_has_failed_and_shows_no_path_of_this_machine(execute):
    found = execute("print('so far')\nraise ValueError('what is wrong')")
    assert found.problem == "exited with code 1"
    assert found.output == "so far"
    assert found.errors.endswith("ValueError: what is wrong")
    assert 'File "example.py", line 2' in found.errors


def test_an_example_that_hangs_is_ended_at_its_limit(execute):
    found = execute("import time\nprint('begins')\ntime.sleep(600)", time_limit=1)
    assert (found.problem, found.output) == ("did not end within its limit of 1 s", "begins")


def test_an_example_that_prints_without_end_is_ended(execute):
    found = execute("while True:\n    print('again and again')")
    assert found.problem == f"printed more than {OUTPUT_LIMIT} bytes"
    assert found.output.startswith("again and again")
    assert len(found.output) <= OUTPUT_LIMIT


def test_an_example_that_is_killed_says_by_what(execute):
    found = execute("import os, signal\nos.kill(os.getpid(), signal.SIGSEGV)")
    assert found.problem == "killed by signal SIGSEGV"


def test_what_cannot_be_shown_is_replaced(execute):
    found = execute("import sys\nsys.stdout.buffer.write(b'caf\\xc3\\xa9 \\xff \\x1b[31m\\0')")
    assert found.completed
    assert found.output == "caf\xe9 \ufffd \ufffd[31m\ufffd"


def test_an_example_is_given_nothing(execute, monkeypatch):
    """No input, no variables of the builder's, no modules beside it, a folder of its own; but for a mark, by
    which what it starts is found.
    """
    monkeypatch.setenv("PYTHONPATH", "/nonexistent")
    monkeypatch.setenv("TFMXBENCH_DATA_DIR", "/nonexistent")
    found = execute(
        "import os, sys\n"
        "print(repr(sys.stdin.read()), sorted(os.listdir()), sys.path[0].endswith('.zip'))\n"
        "print([name for name in os.environ if 'TFMX' in name or 'PYTHON' in name])"
    )
    assert found.output == "'' ['example.py'] True\n['TFMXBENCH_TRIAL']"


def test_children_of_an_example_are_ended_with_it(execute, tmp_path):
    mark = tmp_path / "mark"
    found = execute(
        f"import os, time\nif os.fork() == 0:\n    time.sleep(3)\n    open({str(mark)!r}, 'w')\nprint('done')"
    )
    assert (found.output, found.problem) == ("done", "")
    assert not mark.exists()


AFTER = '"""Reads on.\n\nRun after numpy/first.py, in the same folder.\n"""\n'


def test_examples_that_follow_find_the_files_of_those_before(write, tmp_path):
    found = find(
        write(
            first="open('left', 'w').write('by the first')\nprint('first')",
            # By name it comes before the other.
            after=AFTER + "print(open('left').read())",
        )
    )
    outcomes = {item.name: item for item in run(found, {"numpy": HERE}, tmp_path / "cache")}
    assert outcomes["numpy/after"].output == "by the first"
    assert outcomes["numpy/first"].output == "first"


def test_after_one_that_failed_nothing_is_run(write):
    found = find(write(first="raise SystemExit(3)", second=AFTER + "print('ran')"))
    (family,) = families(found)
    outcomes = {item.name: item for item in run_family(family, {"numpy": HERE})}
    assert outcomes["numpy/first"].problem == "exited with code 3"
    assert outcomes["numpy/second"].problem == "it runs after numpy/first, which failed"
    assert outcomes["numpy/second"].output == ""


def test_where_a_framework_cannot_run_the_reason_is_kept_for_all_that_follow(write):
    found = find(write(first="print(1)", second=AFTER))
    missing = dataclasses.replace(HERE, interpreter="", problem="there is none")
    (family,) = families(found)
    outcomes = {item.name: item for item in run_family(family, {"numpy": missing})}
    assert outcomes["numpy/first"].absent == "there is none"
    assert outcomes["numpy/second"].absent == "there is none"


@pytest.mark.parametrize(
    ("sources", "said"),
    [
        ({"second": AFTER}, "numpy/second runs after numpy/first, which does not exist"),
        ({"first": AFTER}, "numpy/first runs after itself"),
        ({"first": AFTER.replace("first", "second"), "second": AFTER}, "runs after itself"),
    ],
)
def test_a_chain_without_a_beginning_is_refused(write, sources, said):
    with pytest.raises(ValueError, match=said):
        find(write(**sources))


def test_what_was_printed_is_kept_until_something_changes(write, tmp_path):
    """The example leaves a mark outside its folder at each of its runs."""
    log = tmp_path / "log"
    source = f"open({str(log)!r}, 'a').write('x')\nprint('printed')"
    folder = write(example=source)

    def outcome():
        (outcome,) = run(find(folder), {"numpy": HERE}, tmp_path / "cache")
        return outcome

    first = outcome()
    assert outcome() == first
    assert log.read_text() == "x"
    write(example=source + "\n")
    assert outcome().output == "printed"
    assert log.read_text() == "xx"
    for text in ('[{"name": "numpy/example", "nonsense": 1}]', "{", "null", "[]", "7"):
        for path in (tmp_path / "cache").iterdir():
            path.write_text(text)
        log.write_text("")
        assert outcome().output == "printed"
        assert set(log.read_text()) == {"x"}


def test_a_failure_is_not_kept(write, tmp_path):
    (outcome,) = run(find(write(example="raise ValueError")), {"numpy": HERE}, tmp_path / "cache")
    assert outcome.problem
    assert not (tmp_path / "cache").exists()


PICTURE = "import numpy as np\nnp.savez('picture.npz', row={})"


def test_a_picture_is_taken_from_the_folder(execute):
    found = execute(PICTURE.format("np.arange(8.0).reshape(2, 2, 2) / 3"))
    assert found.picture == {"row": [[[0, 0.3333], [0.6667, 1]], [[1.3333, 1.6667], [2, 2.3333]]]}
    json.dumps(found.picture)


@pytest.mark.parametrize(
    "array", ["np.ones(3)", "np.ones((1, 2, 2), int)", "np.full((1, 2, 2), np.nan)", "np.ones((9, 99, 99))"]
)
def test_what_is_no_picture_is_a_failure(execute, array):
    assert execute(PICTURE.format(array)).problem.startswith("left a picture.npz ")
    assert execute("open('picture.npz', 'w').write('no archive')").problem.startswith("left a picture.npz ")


# How they are shown.


@pytest.fixture(scope="module")
def build(tmp_path_factory, make_results):
    """Run examples of NumPy, and build a site of one page from their outcomes; the page, and the warnings."""

    def build(changed: bool = False, **sources: str) -> tuple[str, str]:
        folder = tmp_path_factory.mktemp("site")
        (folder / "concepts" / "examples" / "numpy").mkdir(parents=True)
        for name, source in sources.items():
            (folder / "concepts" / "examples" / "numpy" / f"{name}.py").write_text(source, encoding="utf-8")
        examples = find(folder / "concepts" / "examples")
        outcomes = list(run(examples, {"numpy": HERE}, folder / "cache", LIMIT))
        if changed:
            outcomes = [dataclasses.replace(item, source_sha256="0" * 64) for item in outcomes]
        results = folder / "results.json"
        store.write_results(results, make_results({}, examples=outcomes))
        settings = "extensions = ['myst_parser', 'tfmxbench.report.site.concept_examples']\n"
        (folder / "conf.py").write_text(settings, encoding="utf-8")
        directives = "".join(f"```{{example}} numpy/{name}\n```\n\n" for name in sources)
        (folder / "index.md").write_text(f"# A page\n\n{directives}", encoding="utf-8")
        finished = subprocess.run(
            [sys.executable, "-m", "sphinx", "--quiet", str(folder), str(folder / "out")],
            env={**os.environ, "PYTHONPATH": str(ROOT), published.RESULTS_VARIABLE: str(results)},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        assert finished.returncode == 0, finished.stderr
        return (folder / "out" / "index.html").read_text(encoding="utf-8"), finished.stderr

    return build


def text_of(page: str) -> str:
    return html.unescape(re.sub(r"<[^>]+>", "", page))


def test_a_page_shows_code_output_versions_and_a_file_to_download(build):
    page, said = build(greeting="print('<b>Hello</b> & good day')")
    assert said == ""
    assert "<b>Hello</b>" not in page
    text = text_of(page)
    assert "print('<b>Hello</b> & good day')" in text
    assert re.search(r"numpy/greeting\.py printed, in this build, with NumPy \S+ and Python 3\S+:", text)
    assert "\n<b>Hello</b> & good day\n" in text
    assert re.search(r'href="_downloads/\w+/greeting.py"', page)


def test_a_failure_is_on_the_page_and_a_warning_of_the_build(build):
    page, said = build(failing="print('so far')\nraise ValueError('<i>wrong</i>')", fine="print('fine')")
    assert "WARNING: example numpy/failing exited with code 1" in said
    assert said.count("WARNING") == 1
    text = text_of(page)
    assert "so far" in text
    assert "ValueError: <i>wrong</i>" in text
    assert "<i>wrong</i>" not in page
    assert "fine" in text


def test_a_picture_is_drawn_with_its_rows(build):
    page, said = build(drawing=PICTURE.format("np.ones((2, 3, 3))") + "\nprint('drawn')")
    assert said == ""
    assert "<svg" in page
    assert ">row<" in page.replace("\n", "")


def test_an_example_that_cannot_run_here_is_shown_with_the_reason():
    example = Example("mxnet", pathlib.Path("engine.py"), "")
    outcome = ExampleOutcome("mxnet/engine", "", absent="its environment has not been made")
    words = shown.introduction(example, outcome)
    assert words == " was not run in this build: its environment has not been made."


def test_an_example_that_was_not_run_as_it_is_shows_no_output(build, monkeypatch, make_results):
    """The outcome is of another version of the file, or the results were measured without examples."""
    page, warnings = build(changed=True, greeting="print('Hel' + 'lo')")
    assert warnings == ""
    assert "Hello" not in page
    assert "the file has changed since the results that this site shows were measured" in text_of(page)
    monkeypatch.setattr(published, "results", lambda: make_results({}))
    outcome = shown.outcome_of(FOUND["mxnet/engine"])
    assert outcome.absent == "the results that this site shows were measured without the examples"
    assert outcome.source_sha256 == hashes.source_sha256(FOUND["mxnet/engine"].path)
