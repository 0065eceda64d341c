"""The phrasebook's page: what it shows is literally in the files, and failures take the place of code."""

import dataclasses
import html.parser
import shutil
import subprocess
import sys

import pytest

from tfmxbench import phrases
from tfmxbench.examples import phrases as measured
from tfmxbench.examples.phrases import Phrases
from tfmxbench.networks import catalogue
from tfmxbench.records.parity import Parity
from tfmxbench.report.pages import published
from tfmxbench.report.site import phrasebook

IMPLEMENTATIONS = catalogue.implementations(phrases.NETWORK)
STYLES = {item.style: item for item in IMPLEMENTATIONS}


@pytest.fixture
def known(monkeypatch, make_results):
    """What became of the phrases, all passed; results in which nothing is said of the gate."""
    found = {item.style: Phrases(item.style, item.framework, True, "") for item in IMPLEMENTATIONS}
    results = make_results({})
    monkeypatch.setattr(phrasebook, "checked", lambda: found)
    monkeypatch.setattr(published, "results", lambda: results)
    return found


# What the page shows.


def code(text: str) -> list[str]:
    """The pieces of Python in MyST."""
    return [piece.partition("\n~~~~")[0] for piece in text.split("~~~~python\n")[1:]]


@pytest.mark.parametrize("task", phrasebook.TASKS)
@pytest.mark.parametrize("style", STYLES)
def test_every_line_that_is_shown_is_in_the_files_that_were_run(task, style, known):
    item = STYLES[style]
    files = [path.read_text(encoding="utf-8") for path in (item.path, phrases.FOLDER / f"{style}.py")]
    (shown,) = code(phrasebook.entry(phrasebook.TASKS[task], item))
    compile(shown, style, "exec")
    # In their order: what is looked up is used up.
    lines = iter([line.strip() for source in files for line in source.splitlines()])
    assert all(line.strip() in lines for line in shown.splitlines() if line.strip())


def test_a_step_that_build_compiled_is_shown_with_the_phrase_that_calls_it(known):
    for style in ("keras_function", "variables_function"):
        (shown,) = code(phrasebook.entry(phrasebook.TASKS["step"], STYLES[style]))
        assert shown.startswith("@tf.function\ndef train_step(x, y):")
        assert shown.index("def train_step") < shown.index("def step")
    (shown,) = code(phrasebook.entry(phrasebook.TASKS["predict"], STYLES["keras_function"]))
    assert "def predict_step" in shown
    assert "train_step" not in shown


def test_a_model_at_the_low_level_is_defined_with_what_computes_with_its_parameters(known):
    for style in ("variables_function", "variables_eager", "ndarray", "numpy_interface"):
        (shown,) = code(phrasebook.entry(phrasebook.TASKS["define"], STYLES[style]))
        assert shown.count("\ndef forward(parameters, x):") == 1
        assert shown.count("\ndef build(task):") == 1


def test_tabs_are_the_pairs_first_and_tensorflow_is_to_the_left():
    shown = phrasebook.tabs(IMPLEMENTATIONS)
    assert [(title, [item.style for item in styles]) for title, styles in shown] == [
        ("Framework owns the loop", ["keras_sequential", "module"]),
        ("Own loop, compiled", ["keras_function", "gluon_hybrid"]),
        ("Own loop, imperative", ["keras_subclass", "gluon"]),
        ("Low level, compiled", ["variables_function", "symbol"]),
        ("Low level, imperative", ["variables_eager", "ndarray"]),
        ("keras_functional", ["keras_functional"]),
        ("keras_xla", ["keras_xla"]),
        ("numpy_interface", ["numpy_interface"]),
    ]
    assert [phrasebook.slug(title) for title, _ in shown][1] == "own-loop-compiled"


def test_a_phrase_that_failed_is_shown_with_the_failure_and_without_code(known):
    known["gluon"] = Phrases("gluon", "mxnet", False, "", {"load": "the ~~~~ model predicts `x`"})
    failed = phrasebook.entry(phrasebook.TASKS["files"], STYLES["gluon"])
    assert code(failed) == []
    assert "load: the ~~~~ model predicts `x`" in failed
    assert code(phrasebook.entry(phrasebook.TASKS["step"], STYLES["gluon"]))
    known["gluon"] = Phrases("gluon", "mxnet", False, "did not end")
    assert code(phrasebook.entry(phrasebook.TASKS["step"], STYLES["gluon"])) == []
    assert code(phrasebook.entry(phrasebook.TASKS["loop"], STYLES["gluon"]))
    assert "gluon failed" in phrasebook.state()
    assert "12 of 13" in phrasebook.state()


@pytest.mark.parametrize("task", phrasebook.TASKS)
def test_an_implementation_that_the_gate_refused_is_shown_without_code(
    task, known, monkeypatch, make_results
):
    judged = Parity("mlp", "gluon", "mxnet", "cpu", False, "the loss of step 3 differs", [2.3], [1e-7])
    monkeypatch.setattr(published, "results", lambda: make_results({}, parity=[judged]))
    text = phrasebook.entry(phrasebook.TASKS[task], STYLES["gluon"])
    assert code(text) == []
    assert "the loss of step 3 differs" in text
    assert code(phrasebook.entry(phrasebook.TASKS[task], STYLES["ndarray"]))


def test_what_was_not_run_is_shown_with_the_reason(known):
    known["gluon"] = Phrases("gluon", "mxnet", False, "MXNet is not there", ran=False)
    for task in phrasebook.TASKS.values():
        text = phrasebook.entry(task, STYLES["gluon"])
        assert "Not run on the machine that built this site" in text
        assert "MXNet is not there" in text
        assert code(text)


def test_a_style_without_phrases_says_so_where_they_would_be(known):
    added = dataclasses.replace(STYLES["ndarray"], style="added")
    known["added"] = Phrases("added", "mxnet", False, measured.NO_FILE, ran=False)
    text = phrasebook.entry(phrasebook.TASKS["step"], added)
    assert "There are no phrases in this style yet." in text
    assert code(text) == []
    assert code(phrasebook.entry(phrasebook.TASKS["define"], added))
    shown = phrasebook.tab_set("step", [*IMPLEMENTATIONS, added])
    assert "plot_mlp_added" in shown
    assert len(code(shown)) == 13


# The page as it is built.


class Tabs(html.parser.HTMLParser):
    """The labels of a page's tabs, with what they are in step with."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.labels: list[tuple[str, str]] = []
        self.copied = 0
        self.feed(source)

    def handle_starttag(self, tag, attributes):
        found = dict(attributes)
        if tag == "label" and "data-sync-id" in found:
            self.labels.append((found["data-sync-group"], found["data-sync-id"]))
        self.copied += tag == "div" and "highlight-python" in found.get("class", "")


CONFIGURATION = """
import pathlib
from tfmxbench.examples import phrases as measured
from tfmxbench.examples.phrases import Phrases
from tfmxbench.networks import catalogue
from tfmxbench.report.pages import published

styles = catalogue.implementations("mlp")
found = {item.style: Phrases(item.style, item.framework, True, "") for item in styles}
found["gluon"] = Phrases("gluon", "mxnet", False, "", {"step": "<b>`differs`"})
measured.run = lambda: found
published.results = lambda: __import__("types").SimpleNamespace(parity=[])
extensions = ["myst_parser", "sphinx_design", "sphinx_copybutton", "tfmxbench.report.site.phrasebook"]
myst_enable_extensions = ["colon_fence"]
root_doc = "phrasebook"
nitpicky = True
"""


def test_the_page_is_built_and_its_tabs_are_in_step(tmp_path):
    shutil.copy(phrases.FOLDER.parents[1] / "docs" / "phrasebook.md", tmp_path)
    (tmp_path / "conf.py").write_text(CONFIGURATION, encoding="utf-8")
    others = ["topics/plot_parity", *(f"gallery/mlp/plot_mlp_{style}" for style in STYLES)]
    for name in others:
        path = tmp_path / f"{name}.md"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("---\norphan: true\n---\n# A page\n", encoding="utf-8")
    finished = subprocess.run(
        [
            sys.executable,
            "-m",
            "sphinx",
            "--fail-on-warning",
            "--quiet",
            str(tmp_path),
            str(tmp_path / "out"),
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    assert finished.returncode == 0, finished.stderr
    source = (tmp_path / "out" / "phrasebook.html").read_text(encoding="utf-8")
    tabs = Tabs(source)
    titles = [phrasebook.slug(title) for title, _ in phrasebook.tabs(IMPLEMENTATIONS)]
    assert tabs.labels == [("style", title) for title in titles] * len(phrasebook.TASKS)
    assert tabs.copied == len(STYLES) * len(phrasebook.TASKS) - 1
    assert "&lt;b&gt;`differs`" in source
    assert "12 of 13 styles" in source
