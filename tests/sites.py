"""A site built from a real campaign, and a browser to read it with; fixtures and what they need."""

from __future__ import annotations

import os
import pathlib
import shutil
import subprocess
import sys
from collections.abc import Iterator

import pytest

from tfmxbench.measure import environments

ROOT = pathlib.Path(__file__).parents[1]
# Not one of the project's: a file that the tests put in.
ADDED = "added_style"
STYLES = ("keras_sequential", "variables_function", "module", "ndarray", ADDED)
HOME = "index.html"
COMPARISON = "gallery/mlp/plot_mlp.html"
PHRASEBOOK = "phrasebook.html"
PAIR = "gallery/mlp/plot_mlp__framework_owns_the_loop.html"
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
    "reference/measure.html",
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


@pytest.fixture(scope="session")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    """A copy of what the site is built from, with one style more, in a folder whose name has a space."""
    folder = copied(tmp_path_factory.mktemp("a checkout"))
    network = folder / "tfmxbench" / "networks" / "mlp"
    shutil.copy(network / "ndarray.py", network / f"{ADDED}.py")
    return folder


def copied(folder: pathlib.Path) -> pathlib.Path:
    """A folder with a copy of what the site is built from."""
    for name in ("tfmxbench", "docs", "gallery", "requirements"):
        ignored = shutil.ignore_patterns("__pycache__", "build")
        shutil.copytree(ROOT / name, folder / name, ignore=ignored)
    for name in ("gallery", "topics"):
        shutil.rmtree(folder / "docs" / name, ignore_errors=True)
    shutil.copy(ROOT / "conf.py", folder)
    return folder


@pytest.fixture(scope="session")
def site_results(checkout: pathlib.Path) -> pathlib.Path:
    """A campaign of real trials: two rounds of implementations in both frameworks."""
    for framework in ("tensorflow", "mxnet"):
        problem = environments.find(framework, "cpu").problem
        if problem:
            pytest.skip(f"{framework}: {problem}")
    (checkout / "build").mkdir()
    path = checkout / "build" / "results.json"
    chosen = [word for style in STYLES for word in ("--style", style)]
    arguments = ["tfmxbench", "run", "--network", "mlp", *chosen, "--rounds", "2", "--output", str(path)]
    run(*arguments, cwd=checkout, TFMXBENCH_PROFILE="quick", TFMXBENCH_DEVICE="cpu", PYTHONPATH=str(checkout))
    return path


@pytest.fixture(scope="session")
def site(checkout: pathlib.Path, site_results: pathlib.Path) -> pathlib.Path:
    """The site of that campaign."""
    return build(checkout, site_results)


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
