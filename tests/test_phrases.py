"""The phrasebook's files: each does in its framework what it says, and mistakes are caught."""

import ast
import dataclasses
import pathlib
import re
import sys

import pytest

from tfmxbench import frameworks, phrases
from tfmxbench.analysis import parity
from tfmxbench.examples import phrases as measured
from tfmxbench.networks import catalogue
from tfmxbench.processes import cache, environments, hashes
from tfmxbench.processes.environments import Environment
from tfmxbench.records.outcomes import PhrasesOutcome
from tfmxbench.worker import phrase_checks

IMPLEMENTATIONS = catalogue.implementations(phrases.NETWORK)
# Phrases of the NumPy reference, so that mistakes can be planted without any framework.
NUMPY = (pathlib.Path(__file__).with_name("data") / "numpy_phrases.py").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def by_framework() -> dict[str, Environment]:
    keys = [("mxnet", measured.DEVICE), ("tensorflow", measured.DEVICE)]
    return {name: item for (name, _), item in environments.find_all(keys).items()}


@pytest.fixture(scope="module")
def checked(by_framework):
    """The checked phrases of all styles; those that have not changed are not run again."""
    book = measured.Phrasebook(by_framework, cache.folder() / "phrases")
    return {outcome.style: outcome for outcome in book.run(IMPLEMENTATIONS)}


@pytest.mark.frameworks
@pytest.mark.parametrize("implementation", IMPLEMENTATIONS, ids=lambda item: item.style)
def test_the_phrases_of_every_style_do_what_they_say(implementation, checked, by_framework):
    problem = by_framework[implementation.framework].problem
    if problem:
        pytest.skip(f"{frameworks.load(implementation.framework).TITLE} cannot run here: {problem}")
    item = checked[implementation.style]
    assert (item.reason, item.failures, item.output) == ("", {}, "")
    assert item.passed
    assert item.ran


def is_text(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str)


@pytest.mark.parametrize("implementation", IMPLEMENTATIONS, ids=lambda item: item.style)
def test_phrases_import_only_their_framework_and_unpickle_nothing(implementation):
    path = phrases.FOLDER / f"{implementation.style}.py"
    assert parity.foreign_imports(path, implementation.framework) == []
    # Docstrings may mention pickling.
    code = [node for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))) if not is_text(node)]
    names = {str(value) for node in code for _, value in ast.iter_fields(node) if isinstance(value, str)}
    assert not [name for name in names if re.search(r"pickle|marshal|shelve|_states", name)]
    assert catalogue.describe(implementation.path).framework == implementation.framework


def test_there_are_phrases_for_every_style_and_for_no_other():
    files = {path.stem for path in phrases.FOLDER.glob("*.py")} - {"__init__"}
    assert files == {item.style for item in IMPLEMENTATIONS}


# Planted mistakes in NumPy, which need no framework.


@pytest.fixture
def reference():
    return catalogue.reference(phrases.NETWORK)


@pytest.fixture
def book(tmp_path):
    """A phrasebook of one file, the reference's, with pieces of it replaced."""

    def make(*replacements: tuple[str, str], **changes) -> measured.Phrasebook:
        source = NUMPY
        for old, new in replacements:
            assert source.count(old) == 1, old
            source = source.replace(old, new)
        (tmp_path / "reference.py").write_text(source, encoding="utf-8")
        numpy = Environment("numpy", "cpu", sys.executable, "", {"numpy": "2"})
        values = {"environments": {"numpy": numpy}, "cache": tmp_path / "cache", "folder": tmp_path}
        return measured.Phrasebook(**{**values, **changes})

    return make


def test_phrases_without_a_mistake_pass(book, reference):
    phrasebook = book()
    sha256 = hashes.source_sha256(phrasebook.path(reference))
    assert phrasebook.check(reference) == PhrasesOutcome("reference", "numpy", sha256)


SLIPS = {
    "load does nothing": (
        "model.parameters = dict(arrays)",
        "dict(arrays)",
        "load",
        "the loaded model does not predict",
    ),
    "load leaves one array out": (
        "model.parameters = dict(arrays)",
        'model.parameters = dict(arrays, dense3_bias=model.parameters["dense3_bias"])',
        "load",
        "the loaded model does not predict",
    ),
    "load rounds": (
        "model.parameters = dict(arrays)",
        "model.parameters = {k: v.astype(np.float32) for k, v in arrays.items()}",
        "load",
        "the loaded model does not predict",
    ),
    "save writes elsewhere": ('f"{folder}/mlp.npz", **', '"mlp.npz", **', "save", "left 0 bytes"),
    "save leaves one array out": (
        "**model.parameters)",
        "**dict(list(model.parameters.items())[1:]))",
        "save",
        "left ",
    ),
    "save changes the model": (
        "    np.savez(",
        '    model.parameters["dense1_bias"] = model.parameters["dense1_bias"] + 1\n    np.savez(',
        "save",
        "changed what the model predicts",
    ),
    "another learning rate": (
        "- task.learning_rate *",
        "- 1.01 * task.learning_rate *",
        "step",
        "the loss of step 2",
    ),
    "momentum is forgotten": ("task.momentum * velocity", "0 * velocity", "step", "dense"),
    "the loss is a sum": (
        "log_probabilities[rows, y].mean()",
        "log_probabilities[rows, y].sum()",
        "step",
        "the loss of step 1",
    ),
    "the loss is not a float": (
        "return float(loss)",
        "return np.float32(loss)",
        "step",
        "returned a float32",
    ),
    "the loss is not a number": ("return float(loss)", 'return float("nan")', "step", "the loss of step 1"),
    "a count that is off by one": (
        "return sum(values",
        "return 1 + sum(values",
        "count_parameters",
        "returned 109387",
    ),
    "a count that is a float": (
        "return sum(values",
        "return 1.0 * sum(values",
        "count_parameters",
        "returned 109386.0",
    ),
    "another device": ('return "cpu"', 'return "gpu"', "device", "returned 'gpu'"),
    "no device": ('return "cpu"', "pass", "device", "returned None"),
    "another distribution": (
        "np.random.uniform(-limit, limit, values.shape)",
        "np.random.normal(0, limit / math.sqrt(3), values.shape)",
        "initialise",
        "dense1_kernel has values beyond",
    ),
    "too narrow a distribution": (
        "math.sqrt(6 /",
        "math.sqrt(5 /",
        "initialise",
        "dense1_kernel has a standard",
    ),
    "biases that are not zero": ("values[:] = 0", "values[:] = 0.1", "initialise", "dense1_bias is not zero"),
    "a phrase that raises": ('return "cpu"', '{}["no such key"]', "device", "raised KeyError: 'no such key'"),
    "a phrase that exits": ('return "cpu"', "raise SystemExit(0)", "device", "raised SystemExit"),
    "a phrase that is missing": ("def device():", "def devices():", "device", "raised AttributeError"),
}


@pytest.mark.parametrize("name", SLIPS)
def test_a_mistake_is_caught_and_named_and_the_other_phrases_pass(name, book, reference):
    old, new, phrase, words = SLIPS[name]
    item = book((old, new)).check(reference)
    assert not item.passed
    assert item.ran
    assert item.reason == ""
    assert item.failures.keys() == {phrase}
    assert item.failures[phrase].startswith(words)
    assert item.problem([phrase]).startswith(f"{phrase}: {words}")
    assert item.problem(["other"]) == ""


def test_an_implementation_that_does_not_compute_what_the_reference_does_is_named(book, reference, tmp_path):
    source = reference.path.read_text(encoding="utf-8")
    changed = source.replace("- task.learning_rate * gradient", "- 2 * task.learning_rate * gradient")
    assert changed != source
    folder = tmp_path / "mlp"
    folder.mkdir()
    for name in ("__init__.py", "reference.py"):
        (folder / name).write_text(
            (reference.path.parent / name).read_text(encoding="utf-8"), encoding="utf-8"
        )
    (folder.parent / "__init__.py").write_text("", encoding="utf-8")
    (folder / "slipped.py").write_text(changed, encoding="utf-8")
    (tmp_path / "slipped.py").write_text(NUMPY, encoding="utf-8")
    item = book().check(dataclasses.replace(reference, style="slipped", path=folder / "slipped.py"))
    # The step is not that of the implementation either.
    assert item.failures.keys() == {phrase_checks.IMPLEMENTATION, "step"}
    assert "from that of the reference" in item.failures[phrase_checks.IMPLEMENTATION]


@pytest.mark.parametrize(
    ("new", "words"),
    [
        ("import time\n    time.sleep(60)", "did not end within its limit of 3 s"),
        ("import os\n    os._exit(0)", "left a result that cannot be read"),
        ("import os\n    os._exit(3)", "exited with code 3"),
        ("import os\n    os.kill(os.getpid(), 9)", "killed by signal SIGKILL"),
    ],
)
def test_a_phrase_that_ends_or_holds_up_the_process_fails_its_style_and_is_run_again(
    new, words, book, reference
):
    item = book(('return "cpu"', new), time_limit=3.0).check(reference)
    assert item.ran
    assert not item.passed
    assert item.reason.startswith(words)
    assert item.problem(["step"]) == item.reason
    assert item.problem([phrase_checks.IMPLEMENTATION], whole=False) == ""
    assert book().check(reference).passed


def test_printed_output_is_no_result_and_is_kept_where_a_phrase_fails(book, reference):
    rubbish = "import sys\n    sys.stdout.buffer.write(b'{\"failures\": {}} \\xff' * 9)\n    print('{')\n"
    assert book(('return "cpu"', f'{rubbish}    return "cpu"')).check(reference).passed
    item = book(('return "cpu"', f"{rubbish}    return 1")).check(reference)
    assert item.failures.keys() == {"device"}
    assert '{"failures": {}}' in item.output


@pytest.mark.parametrize(
    ("old", "words"),
    [
        ("import math", "the file imports tfmxbench; phrases import"),
        ("import numpy as np", "the file imports torch"),
        ("def device():", "it is not a Python file"),
    ],
)
def test_a_file_that_imports_more_or_is_not_python_is_not_run(old, words, book, reference, monkeypatch):
    new = {
        "import math": "import math, tfmxbench",
        "import numpy as np": "import torch",
        "def device():": "def",
    }
    monkeypatch.setattr(measured, "_execute", lambda *arguments: pytest.fail("a process was started"))
    item = book((old, new[old])).check(reference)
    assert not item.passed
    assert item.reason.startswith(words)
    assert item.problem(["step"]) == item.reason


# The cache.


@pytest.fixture
def started(monkeypatch) -> list[str]:
    """The frameworks of the processes that were started."""
    frameworks_started = []
    execute = measured._execute

    def count(line, framework, folder, limit):
        frameworks_started.append(framework)
        return execute(line, framework, folder, limit)

    monkeypatch.setattr(measured, "_execute", count)
    return frameworks_started


@pytest.mark.parametrize("slip", [(), (('return "cpu"', "return 1"),)])
def test_results_are_cached_until_a_source_changes(slip, book, reference, started):
    first = book(*slip).check(reference)
    assert book(*slip).check(reference) == first
    assert len(started) == 1
    book(("import math", "import math  # another comment"), *slip).check(reference)
    assert len(started) == 2


def test_in_another_environment_phrases_are_run_again(book, reference, started):
    book().check(reference)
    other = Environment("numpy", "cpu", sys.executable, "", {"numpy": "3"})
    book(environments={"numpy": other}).check(reference)
    assert len(started) == 2


@pytest.mark.parametrize("text", ["", "{}", "[]", "null", '{"style": "reference"}', '{"passed": true}'])
def test_an_unreadable_cache_entry_is_replaced(text, book, reference, tmp_path):
    assert book().check(reference).passed
    (kept,) = (tmp_path / "cache").glob("*.json")
    kept.write_text(text, encoding="utf-8")
    assert book().check(reference).passed


def test_without_a_file_or_a_framework_nothing_is_run_and_the_reason_is_given(book, reference, monkeypatch):
    monkeypatch.setattr(measured, "_execute", lambda *arguments: pytest.fail("a process was started"))
    item = book().check(dataclasses.replace(reference, style="unheard_of"))
    assert (item.passed, item.ran, item.reason) == (False, False, measured.NO_FILE)
    none = Environment("numpy", "cpu", "", "it is not installed", {})
    item = book(environments={"numpy": none}).check(reference)
    assert (item.passed, item.ran, item.reason) == (False, False, "it is not installed")
    assert item.problem(["step"]) == ""


def test_an_interpreter_that_cannot_be_started_is_reported(book, reference, tmp_path):
    broken = Environment("numpy", "cpu", str(tmp_path / "python"), "", {})
    assert "could not be started" in book(environments={"numpy": broken}).check(reference).reason


# Planted mistakes in the frameworks' own calls.


@pytest.mark.frameworks
@pytest.mark.parametrize(
    ("style", "old", "new", "phrase"),
    [
        ("keras_sequential", "model.load_weights(", "str(", "load"),
        ("gluon", "model.trainer.step(len(x))", "model.trainer.step(1)", "step"),
        # It predicts the same, but has no gradient any more.
        ("ndarray", "model.parameters[name][:] = array", "model.parameters[name] = array", "load"),
    ],
)
def test_a_mistake_in_a_framework_is_caught(style, old, new, phrase, by_framework, tmp_path):
    (implementation,) = [item for item in IMPLEMENTATIONS if item.style == style]
    problem = by_framework[implementation.framework].problem
    if problem:
        pytest.skip(f"{frameworks.load(implementation.framework).TITLE} cannot run here: {problem}")
    source = (phrases.FOLDER / f"{style}.py").read_text(encoding="utf-8")
    assert source.count(old) == 1
    (tmp_path / f"{style}.py").write_text(source.replace(old, new), encoding="utf-8")
    item = measured.Phrasebook(by_framework, tmp_path / "cache", tmp_path).check(implementation)
    assert item.failures.keys() == {phrase}
