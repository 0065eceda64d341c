"""The phrasebook's page: what it shows is literally in the files, and failures take the place of code."""

import dataclasses
import html.parser
import shutil
import subprocess
import sys

import pytest

from tfmxbench import phrases
from tfmxbench.examples.phrases import NO_FILE
from tfmxbench.networks import catalogue
from tfmxbench.processes.hashes import source_sha256
from tfmxbench.records.outcomes import PhrasesOutcome
from tfmxbench.records.parity import Parity
from tfmxbench.report.pages import published
from tfmxbench.report.site import phrasebook

IMPLEMENTATIONS = catalogue.implementations(phrases.NETWORK)
STYLES = {item.style: item for item in IMPLEMENTATIONS}


def outcome(style: str, *values, **changes) -> PhrasesOutcome:
    """The outcome of a style's file as it is now; all passed, unless something else is given."""
    sha256 = source_sha256(phrases.FOLDER / f"{style}.py")
    return PhrasesOutcome(style, STYLES[style].framework, sha256, *values, **changes)


@pytest.fixture
def outcomes(monkeypatch, make_results):
    """The outcomes of all styles, all passed, as the results have them; there is no result of the gate."""
    by_style = {style: outcome(style) for style in STYLES}
    monkeypatch.setattr(published, "results", lambda: make_results({}, phrases=list(by_style.values())))
    return by_style


def entry(name: str, item) -> str:
    """What the page shows of a topic in one style."""
    return phrasebook.entry(phrasebook.TOPICS[name], item, phrasebook.outcomes([item])[item.style])


# What the page shows.


def code(text: str) -> list[str]:
    """The pieces of Python in MyST."""
    return [piece.partition("\n~~~~")[0] for piece in text.split("~~~~python\n")[1:]]


@pytest.mark.parametrize("task", phrasebook.TOPICS)
@pytest.mark.parametrize("style", STYLES)
def test_every_line_that_is_shown_is_in_the_files_that_were_run(task, style, outcomes):
    item = STYLES[style]
    files = [path.read_text(encoding="utf-8") for path in (item.path, phrases.FOLDER / f"{style}.py")]
    (shown,) = code(entry(task, item))
    compile(shown, style, "exec")
    # In their order: what is looked up is used up.
    lines = iter([line.strip() for source in files for line in source.splitlines()])
    assert all(line.strip() in lines for line in shown.splitlines() if line.strip())


def test_a_step_that_build_compiled_is_shown_with_the_phrase_that_calls_it(outcomes):
    for style in ("keras_function", "variables_function"):
        (shown,) = code(entry("step", STYLES[style]))
        assert shown.startswith("@tf.function\ndef train_step(x, y):")
        assert shown.index("def train_step") < shown.index("def step")
    (shown,) = code(entry("predict", STYLES["keras_function"]))
    assert "def predict_step" in shown
    assert "train_step" not in shown


def test_a_model_at_the_low_level_is_defined_with_what_computes_with_its_parameters(outcomes):
    for style in ("variables_function", "variables_eager", "ndarray", "numpy_interface"):
        (shown,) = code(entry("define", STYLES[style]))
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


def test_a_phrase_that_failed_is_shown_with_the_failure_and_without_code(outcomes):
    outcomes["gluon"] = outcome("gluon", failures={"load": "the ~~~~ model predicts `x`"})
    failed = entry("files", STYLES["gluon"])
    assert code(failed) == []
    assert "load: the ~~~~ model predicts `x`" in failed
    assert code(entry("step", STYLES["gluon"]))
    outcomes["gluon"] = outcome("gluon", "did not end")
    assert code(entry("step", STYLES["gluon"])) == []
    assert code(entry("loop", STYLES["gluon"]))
    assert "gluon failed" in phrasebook.state(IMPLEMENTATIONS)
    assert "12 of 13" in phrasebook.state(IMPLEMENTATIONS)


@pytest.mark.parametrize("task", phrasebook.TOPICS)
def test_an_implementation_that_the_gate_refused_is_shown_without_code(
    task, outcomes, monkeypatch, make_results
):
    judged = Parity("mlp", "gluon", "mxnet", "cpu", False, "the loss of step 3 differs", [2.3], [1e-7])
    monkeypatch.setattr(
        published, "results", lambda: make_results({}, parity=[judged], phrases=list(outcomes.values()))
    )
    text = entry(task, STYLES["gluon"])
    assert code(text) == []
    assert "the loss of step 3 differs" in text
    assert code(entry(task, STYLES["ndarray"]))


def test_what_was_not_run_is_shown_with_the_reason(outcomes):
    outcomes["gluon"] = outcome("gluon", "MXNet is not there", ran=False)
    for task in phrasebook.TOPICS:
        text = entry(task, STYLES["gluon"])
        assert "Not checked in this build:" in text
        assert "MXNet is not there" in text
        assert code(text)


def test_what_the_results_do_not_hold_is_shown_as_unchecked(outcomes):
    """Results that were measured without the phrases, or from another version of the file."""
    outcomes["gluon"] = dataclasses.replace(outcome("gluon"), source_sha256="0" * 64)
    del outcomes["symbol"]
    for style, reason in (
        ("gluon", "the file has changed since"),
        ("symbol", "measured without these phrases"),
    ):
        text = entry("step", STYLES[style])
        assert "Not checked in this build:" in text
        assert reason in text
        assert code(text)
    assert "11 of 13" in phrasebook.state(IMPLEMENTATIONS)


def test_a_style_without_phrases_says_so_where_they_would_be(outcomes):
    added = dataclasses.replace(STYLES["ndarray"], style="added")
    text = entry("step", added)
    assert f"{NO_FILE.capitalize()}." in text
    assert code(text) == []
    assert code(entry("define", added))
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
import types
from tfmxbench import phrases
from tfmxbench.networks import catalogue
from tfmxbench.processes.hashes import source_sha256
from tfmxbench.records.outcomes import PhrasesOutcome
from tfmxbench.report.pages import published

outcomes = [
    PhrasesOutcome(item.style, item.framework, source_sha256(phrases.FOLDER / f"{item.style}.py"))
    for item in catalogue.implementations("mlp")
    if item.style != "gluon"
]
sha256 = source_sha256(phrases.FOLDER / "gluon.py")
outcomes.append(PhrasesOutcome("gluon", "mxnet", sha256, failures={"step": "<b>`differs`"}))
published.results = lambda: types.SimpleNamespace(parity=[], phrases=outcomes)
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
    assert tabs.labels == [("style", title) for title in titles] * len(phrasebook.TOPICS)
    assert tabs.copied == len(STYLES) * len(phrasebook.TOPICS) - 1
    assert "&lt;b&gt;`differs`" in source
    assert "12 of 13 styles" in source
