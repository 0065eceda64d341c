"""The examples of the page on extending: copied into a checkout, and every command run on them."""

import dataclasses
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys

import pytest

from tfmxbench.measure import cache, environments
from tfmxbench.measure.trial import COMPLETED

ROOT = pathlib.Path(__file__).parents[1]
EXAMPLES = ROOT / "docs" / "extending"
PAGE = ROOT / "docs" / "extending.md"
ADDED = {
    "mlp/keras_train_on_batch": "tensorflow",
    "mlp/autograd_numpy": "autograd",
    "softmax/variables_eager": "tensorflow",
    "softmax/ndarray": "mxnet",
}
# What the page says of the loop, and what it would be with the slip.
RIGHT, SLIP = "range(0, len(x) - batch_size + 1, batch_size)", "range(0, len(x), batch_size)"
PATIENCE = 240.0
SECRET = "what is in the environment of the build"


def files(example: str) -> list[pathlib.Path]:
    """The files of an example, relative to a checkout."""
    folder = EXAMPLES / example
    found = [path.relative_to(folder) for path in folder.rglob("*") if path.is_file()]
    return sorted(path for path in found if "__pycache__" not in path.parts)


def test_the_page_shows_every_file_of_the_examples():
    text = PAGE.read_text(encoding="utf-8")
    shown = set(re.findall(r"```\{literalinclude\} (\S+)", text))
    examples = [path.name for path in EXAMPLES.iterdir() if path.is_dir()]
    assert sorted(examples) == ["framework", "network", "style"]
    assert shown == {f"extending/{name}/{path}" for name in examples for path in files(name)} | {
        "extending/failed.txt"
    }


def test_no_file_of_an_example_is_there_already():
    for name in ("framework", "network", "style"):
        assert [path for path in files(name) if (ROOT / path).exists()] == []


@dataclasses.dataclass(frozen=True)
class Checkout:
    """A copy of the checkout with the examples in it."""

    folder: pathlib.Path

    def run(self, *arguments: str, code: int = 0) -> str:
        """Run a module of the copy, on the CPU; what it printed."""
        finished = subprocess.run(
            [sys.executable, "-m", *arguments],
            cwd=self.folder,
            env={
                **os.environ,
                "PYTHONPATH": str(self.folder),
                "TFMXBENCH_CACHE_DIR": str(self.folder / "cache"),
                "TFMXBENCH_DEVICE": "cpu",
                "TFMXBENCH_PROFILE": "quick",
                "COLUMNS": "200",
                "NOT_TO_BE_PUBLISHED": SECRET,
            },
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=PATIENCE,
        )
        assert finished.returncode == code, finished.stdout[-3000:] + finished.stderr[-3000:]
        return finished.stdout


@pytest.fixture(scope="module")
def bare(tmp_path_factory) -> Checkout:
    """Without environments."""
    folder = tmp_path_factory.mktemp("extended")
    # Pages that run code of their own, and show no implementation, would take longer than all the others.
    ignored = shutil.ignore_patterns("__pycache__", "build", "concepts", "phrasebook.md")
    for name in ("tfmxbench", "docs", "gallery", "requirements", "tests"):
        shutil.copytree(ROOT / name, folder / name, ignore=ignored)
    for name in ("gallery", "topics"):
        shutil.rmtree(folder / "docs" / name, ignore_errors=True)
    for name in ("conf.py", "pyproject.toml"):
        shutil.copy(ROOT / name, folder)
    for name in ("style", "network", "framework"):
        # As the page says: cp --recursive docs/extending/style/. .
        shutil.copytree(EXAMPLES / name, folder, dirs_exist_ok=True, ignore=ignored)
    (folder / "build").mkdir()
    return Checkout(folder)


@pytest.fixture(scope="module")
def checkout(bare) -> Checkout:
    """With this machine's environments and data, but none of its judgements, and autograd's made anew."""
    for framework in ("tensorflow", "mxnet"):
        problem = environments.find(framework, "cpu").problem
        if problem:
            pytest.skip(f"{framework}: {problem}")
    kept = bare.folder / "cache"
    (kept / "environments").mkdir(parents=True)
    for path in cache.folder().iterdir():
        if path.name not in ("parity", "environments"):
            (kept / path.name).symlink_to(path.absolute())
    for path in (cache.folder() / "environments").glob("*"):
        if path.is_dir() and not path.name.startswith("autograd"):
            (kept / "environments" / path.name).symlink_to(path.absolute())
    told = bare.run("tfmxbench", "environments")
    (line,) = [line for line in told.splitlines() if re.match("autograd can(not)? run on the cpu", line)]
    if line.startswith("autograd cannot"):
        pytest.skip(line)
    assert "autograd 1." in line
    return bare


@pytest.fixture(scope="module")
def results(checkout) -> dict:
    """What the commands of the page left, as if one campaign had measured all of it."""
    for name, options in {
        "mlp": ["--style", "keras_train_on_batch", "--style", "autograd_numpy"],
        "softmax": ["--network", "softmax"],
    }.items():
        checkout.run("tfmxbench", "run", *options, "--rounds", "1", "--output", f"build/{name}.json")
    mlp, softmax = (
        json.loads((checkout.folder / "build" / f"{name}.json").read_text(encoding="utf-8"))
        for name in ("mlp", "softmax")
    )
    for part in ("records", "parity"):
        mlp[part] += softmax[part]
    path = checkout.folder / "build" / "results.json"
    path.write_text(json.dumps(mlp), encoding="utf-8")
    return mlp


@pytest.fixture(scope="module")
def site(checkout, results) -> pathlib.Path:
    """The site of those results."""
    options = ["--fresh-env", "--quiet", "--warning-file", "build/warnings.txt"]
    checkout.run("sphinx", *options, "-c", ".", "docs", "build/html")
    return checkout.folder / "build" / "html"


def test_what_was_added_passes_the_projects_own_tests(bare):
    """Those of every implementation's form, and of every reference."""
    quiet = ["-q", "-p", "no:cacheprovider"]
    told = bare.run("pytest", *quiet, "tests/test_catalogue.py", "tests/test_reference.py", "-k", "not lenet")
    assert " passed" in told


def test_what_was_added_is_listed(checkout):
    styles = [word for name in ADDED for word in ("--style", name.partition("/")[2])]
    rows = json.loads(checkout.run("tfmxbench", "list", "--json", *styles))
    found = {f"{row['network']}/{row['style']}": row for row in rows}
    assert {name: found[name]["framework"] for name in ADDED} == ADDED
    assert all(found[name]["devices"] == {"cpu": "can run"} for name in ADDED)


def test_the_gate_says_what_the_page_says_of_a_slip(checkout):
    folder = checkout.folder / "tfmxbench" / "networks" / "mlp"
    source = (folder / "keras_train_on_batch.py").read_text(encoding="utf-8")
    assert source.count(RIGHT) == 1
    assert f"`{SLIP}`" in PAGE.read_text(encoding="utf-8")
    slipped = folder / "slipped.py"
    slipped.write_text(source.replace(RIGHT, SLIP), encoding="utf-8")
    try:
        styles = ["--style", "keras_train_on_batch", "--style", "slipped"]
        told = checkout.run("tfmxbench", "parity", "--steps-only", *styles, code=1)
    finally:
        slipped.unlink()
    lines = told.splitlines()
    (passed,) = [line for line in lines if "mlp/keras_train_on_batch " in line]
    assert "passed" in passed
    failed = [line.replace("slipped", "keras_train_on_batch") for line in lines if "mlp/slipped on" in line]
    assert without_numbers("\n".join(failed)) == without_numbers(
        (EXAMPLES / "failed.txt").read_text(encoding="utf-8").strip()
    )


def without_numbers(text: str) -> str:
    return re.sub(r"differs by [0-9.e+-]+", "differs by ...", text)


def test_what_was_added_passes_the_gate_and_is_measured(results):
    judged = {f"{item['network']}/{item['style']}": item["passed"] for item in results["parity"]}
    assert judged == dict.fromkeys(ADDED, True)
    measured = {
        f"{record['trial']['network']}/{record['trial']['style']}": record for record in results["records"]
    }
    assert {name: record["status"] for name, record in measured.items()} == dict.fromkeys(ADDED, COMPLETED)
    for name, record in measured.items():
        accuracy = record["measurement"]["accuracies"][0]
        assert accuracy > (0.93 if name.startswith("mlp/") else 0.85), name


def test_no_page_has_a_warning_but_of_links_to_the_pages_that_were_left_out(site):
    warnings = (site.parent / "warnings.txt").read_text(encoding="utf-8").splitlines()
    assert [line for line in warnings if "phrasebook" not in line and "concepts" not in line] == []


@pytest.mark.parametrize("name", ADDED)
def test_what_was_added_has_a_page_with_its_code_and_its_cost(site, name):
    network, _, style = name.partition("/")
    text = (site / "gallery" / network / f"plot_{network}_{style}.html").read_text(encoding="utf-8")
    assert "set_parameters" in text
    assert "peak memory, MB" in text


@pytest.mark.parametrize("page", ["results.html", "topics/plot_parity.html"])
def test_what_was_added_is_on_the_pages_about_all(site, page):
    text = (site / page).read_text(encoding="utf-8")
    assert [name for name in ADDED if name not in text] == []


def test_the_added_network_has_a_comparison_with_its_pair_and_an_answer_on_the_home_page(site):
    comparison = (site / "gallery" / "softmax" / "plot_softmax.html").read_text(encoding="utf-8")
    assert "Softmax regression: the comparison" in comparison
    assert "MXNet ndarray and TensorFlow variables_eager on the CPU" in comparison
    assert "Softmax regression" in (site / "index.html").read_text(encoding="utf-8")


def test_the_page_on_extending_shows_the_files(site):
    text = re.sub("<[^>]+>", "", (site / "extending.html").read_text(encoding="utf-8"))
    assert "model.train_on_batch(x[start:end], y[start:end])" in text
    assert "the mean loss of the same steps in one pass" in text


@pytest.mark.parametrize(
    "name",
    [
        "tfmxbench.measure.campaign",
        "tfmxbench.analysis.statistics",
        "tfmxbench.networks.softmax",
        "tfmxbench.frameworks.autograd",
        "compare_independent",
        "rounds_needed",
        "SoftmaxRegression",
        "latency_samples",
    ],
)
def test_a_name_of_the_api_is_found_by_search(site, name):
    index = (site / "searchindex.js").read_text(encoding="utf-8")
    assert name.rpartition(".")[2].lower() in index.lower()
    reference = "".join(path.read_text(encoding="utf-8") for path in (site / "reference").glob("*.html"))
    assert f'{name}"' in reference or f".{name}" in reference


def test_nothing_of_the_builds_environment_is_published(site):
    """As a default of a function's argument would be: os.environ."""
    pages = [path for path in site.rglob("*") if path.suffix in (".html", ".js", ".txt")]
    assert len(pages) > 30
    assert [path for path in pages if SECRET in path.read_text(encoding="utf-8")] == []
