"""A site built from a real campaign, and a browser to read it with; fixtures and what they need."""

from __future__ import annotations

import os
import pathlib
import shutil
import subprocess
import sys
from collections.abc import Iterator

import pytest

from tfmxbench.processes import environments
from tfmxbench.records import store

ROOT = pathlib.Path(__file__).parents[1]
# Names the folder with the results, the campaigns and the site of a quick run of everything, if there is one.
MEASURED_VARIABLE = "TFMXBENCH_TESTED_SITE"
HOME = "index.html"
COMPARISON = "gallery/mlp/plot_mlp.html"
PHRASEBOOK = "phrasebook.html"
PAIR = "gallery/mlp/plot_mlp__framework_owns_the_loop.html"
# One page of each kind.
PAGES = (
    HOME,
    COMPARISON,
    PAIR,
    "gallery/mlp/plot_mlp_ndarray.html",
    "gallery/lenet/plot_lenet_symbol.html",
    "gallery/mlp/plot_mlp_reference.html",
    "topics/plot_parity.html",
    "topics/plot_null_test.html",
    "topics/plot_mistakes.html",
    "topics/plot_threads.html",
    "topics/plot_batch_size.html",
    "topics/plot_device.html",
    "topics/plot_time_to_accuracy.html",
    "topics/plot_machine.html",
    "topics/plot_readability.html",
    PHRASEBOOK,
    "concepts/tf_function.html",
    "extending.html",
    "reference/networks.html",
    "results.html",
    "method.html",
    "using.html",
)


def run(*arguments: str, cwd: pathlib.Path, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run a module of the site's environment."""
    finished = subprocess.run(
        [sys.executable, "-m", *arguments],
        cwd=cwd,
        env={**os.environ, **variables},
        capture_output=True,
        text=True,
        check=False,
    )
    assert finished.returncode == 0, finished.stdout[-3000:] + finished.stderr[-3000:]
    return finished


def build(checkout: pathlib.Path, results: pathlib.Path, **variables: str) -> pathlib.Path:
    """Build the site of a results file in a checkout; warnings are errors."""
    out = checkout / "build" / "html"
    options = ["--fresh-env", "--fail-on-warning", "--keep-going", "--quiet"]
    run(
        *("sphinx", *options, "-c", str(checkout), str(checkout / "docs"), str(out)),
        cwd=checkout,
        TFMXBENCH_RESULTS=str(results),
        PYTHONPATH=str(checkout),
        **variables,
    )
    return out


def copied(folder: pathlib.Path) -> pathlib.Path:
    """A folder with a copy of what the site is built from."""
    for name in ("tfmxbench", "docs", "gallery", "requirements"):
        ignored = shutil.ignore_patterns("__pycache__", "build")
        shutil.copytree(ROOT / name, folder / name, ignore=ignored)
    for name in ("gallery", "topics"):
        shutil.rmtree(folder / "docs" / name, ignore_errors=True)
    for name in ("conf.py", "pyproject.toml"):
        shutil.copy(ROOT / name, folder)
    (folder / "build").mkdir()
    return folder


def pages_of(site: pathlib.Path) -> list[pathlib.Path]:
    """The pages of a built site; what lies in _static is the theme's, templates among it, and no page."""
    return sorted(path for path in site.rglob("*.html") if "_static" not in path.relative_to(site).parts)


@pytest.fixture(scope="session")
def measured(tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    """The folder of a quick run of all implementations: its results, its campaign and its site.

    The one that is named, which the gate has made before; else it is made here, in a checkout whose
    folder's name has a space.
    """
    for framework in ("tensorflow", "mxnet"):
        problem = environments.look_for(framework, "cpu").problem
        if problem:
            pytest.skip(f"{framework}: {problem}")
    if named := os.environ.get(MEASURED_VARIABLE):
        return pathlib.Path(named).absolute()
    checkout = copied(tmp_path_factory.mktemp("a checkout"))
    path = checkout / "build" / "results.json"
    quick = {"TFMXBENCH_PROFILE": "quick", "TFMXBENCH_DEVICE": "cpu", "PYTHONPATH": str(checkout)}
    run("tfmxbench", "run", "--output", str(path), cwd=checkout, **quick)
    build(checkout, path)
    return path.parent


@pytest.fixture(scope="session")
def results(measured: pathlib.Path) -> store.Results:
    """What that run measured."""
    return store.read_results(measured / "results.json")


@pytest.fixture(scope="session")
def site(measured: pathlib.Path) -> pathlib.Path:
    """Its site."""
    return measured / "html"


@pytest.fixture(scope="session")
def browser() -> Iterator[object]:
    """Headless Chromium with its console and network logged."""
    driver = shutil.which("chromedriver")
    chromium = shutil.which("chromium")
    if not driver or not chromium:
        # The gate installs both: there, a missing browser is a failure.
        assert not os.environ.get("CI"), "chromium or chromedriver is not installed"
        pytest.skip("chromium or chromedriver is not installed")
    from selenium import webdriver
    from selenium.webdriver.chrome.options import Options
    from selenium.webdriver.chrome.service import Service

    options = Options()
    options.binary_location = chromium
    for argument in (
        "--headless=new",
        "--no-sandbox",
        "--disable-gpu",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
    ):
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    started = webdriver.Chrome(options=options, service=Service(driver))
    yield started
    started.quit()


def resize(browser, width: int, dark: bool = False) -> None:
    """Show pages as on a screen of that width."""
    metrics = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 500}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
    scheme = [{"name": "prefers-color-scheme", "value": "dark" if dark else "light"}]
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": scheme})


def visit(browser, site: pathlib.Path, page: str) -> str:
    """Open a page from disk and return its visible text."""
    browser.get((site / page).as_uri())
    return browser.find_element("css selector", "body").text


def axe_violations(browser) -> list[str]:
    """What axe finds on the page that is open, as far as it is serious."""
    import axe_core_python

    source = pathlib.Path(str(axe_core_python.__file__)).with_name("axe.min.js").read_text(encoding="utf-8")
    browser.set_script_timeout(120)
    browser.execute_script(source)
    found = browser.execute_async_script(
        "const done = arguments[arguments.length - 1];"
        # Colours that are still changing have no contrast to speak of.
        "Promise.all(document.getAnimations().map((animation) => animation.finished))"
        ".then(() => axe.run(document, { resultTypes: ['violations'] }))"
        ".then((found) => done(found.violations));"
    )
    return [
        f"{item['id']}, {item['nodes'][0]['html'][:200]}"
        for item in found
        if item["impact"] in ("serious", "critical")
    ]
