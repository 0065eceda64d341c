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
from fabricated import ADDED, EXAMPLES, SECRET, extended
from sites import ROOT, copied

from tfmxbench.processes import cache, environments
from tfmxbench.records.trial import COMPLETED

PAGE = ROOT / "docs" / "extending.md"
pytestmark = pytest.mark.xdist_group("fabricated")

# What the page says of the loop, and what it would be with the slip.
RIGHT, SLIP = "range(0, len(x) - batch_size + 1, batch_size)", "range(0, len(x), batch_size)"
PATIENCE = 240.0


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
    folder = extended(copied(tmp_path_factory.mktemp("extended")))
    shutil.copytree(ROOT / "tests", folder / "tests", ignore=shutil.ignore_patterns("__pycache__"))
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
def added_results(checkout) -> dict[str, list[dict]]:
    """What the commands of the page left: what the gate said, and the records."""
    found: dict[str, list[dict]] = {"parity": [], "records": []}
    for name, options in {
        "mlp": ["--style", "keras_train_on_batch", "--style", "autograd_numpy"],
        "softmax": ["--network", "softmax"],
    }.items():
        path = checkout.folder / "build" / f"{name}.json"
        checkout.run("tfmxbench", "run", *options, "--rounds", "1", "--output", str(path))
        values = json.loads(path.read_text(encoding="utf-8"))
        for part, items in found.items():
            items += values[part]
    return found


def test_what_was_added_passes_the_projects_own_tests(bare):
    """Those of every implementation's form, and of every reference."""
    quiet = ["-q", "-p", "no:cacheprovider"]
    told = bare.run("pytest", *quiet, "tests/test_catalogue.py", "tests/test_reference.py", "-k", "not lenet")
    assert " passed" in told


@pytest.mark.frameworks
def test_what_was_added_is_listed(checkout):
    styles = [word for name in ADDED for word in ("--style", name.partition("/")[2])]
    rows = json.loads(checkout.run("tfmxbench", "list", "--json", *styles))
    found = {f"{row['network']}/{row['style']}": row for row in rows}
    assert {name: found[name]["framework"] for name in ADDED} == ADDED
    assert all(found[name]["devices"] == {"cpu": "can run"} for name in ADDED)


@pytest.mark.frameworks
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


@pytest.mark.frameworks
def test_what_was_added_passes_the_gate_and_is_measured(added_results):
    judged = {f"{item['network']}/{item['style']}": item["passed"] for item in added_results["parity"]}
    assert judged == dict.fromkeys(ADDED, True)
    measured = {
        f"{record['trial']['network']}/{record['trial']['style']}": record
        for record in added_results["records"]
    }
    assert {name: record["status"] for name, record in measured.items()} == dict.fromkeys(ADDED, COMPLETED)
    for name, record in measured.items():
        accuracy = record["measurement"]["accuracies"][0]
        assert accuracy > (0.93 if name.startswith("mlp/") else 0.85), name


# The site with them, from made-up records.


@pytest.mark.parametrize("name", ADDED)
@pytest.mark.site
def test_what_was_added_has_a_page_with_its_code_and_its_cost(fabricated, name):
    network, _, style = name.partition("/")
    text = (fabricated.site / "gallery" / network / f"plot_{network}_{style}.html").read_text(
        encoding="utf-8"
    )
    assert "set_parameters" in text
    assert "peak memory, MB" in text


@pytest.mark.site
@pytest.mark.parametrize("page", ["results.html", "topics/plot_parity.html"])
def test_what_was_added_is_on_the_pages_about_all(fabricated, page):
    text = (fabricated.site / page).read_text(encoding="utf-8")
    assert [name for name in ADDED if name not in text] == []


@pytest.mark.site
def test_the_added_network_has_a_comparison_with_its_pair_and_an_answer_on_the_home_page(fabricated):
    site = fabricated.site
    comparison = (site / "gallery" / "softmax" / "plot_softmax.html").read_text(encoding="utf-8")
    assert "Softmax regression: the comparison" in comparison
    assert "TensorFlow variables_eager is faster than MXNet ndarray on the CPU" in comparison
    assert "Softmax regression" in (site / "index.html").read_text(encoding="utf-8")


@pytest.mark.site
def test_the_chooser_of_a_comparison_offers_an_added_style(fabricated):
    text = (fabricated.site / "gallery" / "mlp" / "plot_mlp.html").read_text(encoding="utf-8")
    assert text.count('<option value="keras_train_on_batch"') == 2


@pytest.mark.site
def test_the_page_on_extending_shows_the_files(fabricated):
    text = re.sub("<[^>]+>", "", (fabricated.site / "extending.html").read_text(encoding="utf-8"))
    assert "model.train_on_batch(x[start:end], y[start:end])" in text
    assert "the mean loss of the same steps in one pass" in text


@pytest.mark.site
@pytest.mark.parametrize(
    "name",
    [
        "tfmxbench.measure.campaign",
        "tfmxbench.analysis.estimates",
        "tfmxbench.networks.softmax",
        "tfmxbench.frameworks.autograd",
        "compare_independent",
        "rounds_needed",
        "SoftmaxRegression",
        "latency_samples",
    ],
)
def test_a_name_of_the_api_is_found_by_search(fabricated, name):
    site = fabricated.site
    index = (site / "searchindex.js").read_text(encoding="utf-8")
    assert name.rpartition(".")[2].lower() in index.lower()
    reference = "".join(path.read_text(encoding="utf-8") for path in (site / "reference").glob("*.html"))
    assert f'{name}"' in reference or f".{name}" in reference


@pytest.mark.site
def test_nothing_of_the_builds_environment_is_published(fabricated):
    """As a default of a function's argument would be: os.environ."""
    pages = [path for path in fabricated.site.rglob("*") if path.suffix in (".html", ".js", ".txt")]
    assert len(pages) > 30
    assert [path for path in pages if SECRET in path.read_text(encoding="utf-8")] == []
