"""The built site, as its readers meet it: opened from disk in headless Chromium."""

from __future__ import annotations

import html.parser
import json
import os
import pathlib
import shutil
import subprocess
import sys
import urllib.parse
from collections.abc import Iterator

import pytest

from tfmxbench.measure import environments, store
from tfmxbench.networks import catalogue

ROOT = pathlib.Path(__file__).parents[1]
# Not one of the project's: a file that the tests put in.
ADDED = "added_style"
STYLES = ("keras_sequential", "variables_function", "module", "ndarray", ADDED)
HOME = "index.html"
COMPARISON = "gallery/mlp/plot_mlp.html"
PAGES = (
    HOME,
    COMPARISON,
    "gallery/mlp/plot_mlp_ndarray.html",
    "gallery/lenet/plot_lenet_symbol.html",
    "gallery/mlp/plot_mlp_reference.html",
    "topics/plot_parity.html",
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


def build(checkout: pathlib.Path, results: pathlib.Path) -> pathlib.Path:
    """Build the site of a results file in a checkout; warnings are errors."""
    out = checkout / "build" / "html"
    options = ["--fresh-env", "--fail-on-warning", "--keep-going", "--quiet"]
    run(
        *("sphinx", *options, "-c", str(checkout), str(checkout / "docs"), str(out)),
        cwd=checkout,
        TFMXBENCH_RESULTS=str(results),
        PYTHONPATH=str(checkout),
    )
    return out


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    """A copy of what the site is built from, with one style more, in a folder whose name has a space."""
    folder = tmp_path_factory.mktemp("a checkout")
    for name in ("tfmxbench", "docs", "gallery", "requirements"):
        ignored = shutil.ignore_patterns("__pycache__", "build")
        shutil.copytree(ROOT / name, folder / name, ignore=ignored)
    for name in ("gallery", "topics"):
        shutil.rmtree(folder / "docs" / name, ignore_errors=True)
    shutil.copy(ROOT / "conf.py", folder)
    network = folder / "tfmxbench" / "networks" / "mlp"
    shutil.copy(network / "ndarray.py", network / f"{ADDED}.py")
    return folder


@pytest.fixture(scope="module")
def results(checkout: pathlib.Path) -> pathlib.Path:
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


@pytest.fixture(scope="module")
def site(checkout: pathlib.Path, results: pathlib.Path) -> pathlib.Path:
    """The site of that campaign."""
    return build(checkout, results)


@pytest.fixture(scope="module")
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


@pytest.mark.parametrize("page", PAGES)
def test_a_page_opens_without_errors_and_without_another_host(browser, site, page):
    browser.get_log("performance")
    browser.get_log("browser")
    resize(browser, 1300)
    visit(browser, site, page)
    errors = [entry for entry in browser.get_log("browser") if entry["level"] == "SEVERE"]
    assert errors == []
    messages = [json.loads(entry["message"])["message"] for entry in browser.get_log("performance")]
    requested = [
        item["params"]["request"]["url"] for item in messages if item["method"] == "Network.requestWillBeSent"
    ]
    assert requested, "the log should hold at least the page itself"
    assert [url for url in requested if urllib.parse.urlsplit(url).scheme not in ("file", "data")] == []


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("page", PAGES)
def test_a_page_fits_a_phone(browser, site, page, dark):
    resize(browser, 390, dark)
    visit(browser, site, page)
    width = browser.execute_script("return document.documentElement.scrollWidth")
    assert width <= 390


def test_home_states_the_figures_the_machine_and_the_data(browser, site, results):
    resize(browser, 1300)
    text = visit(browser, site, HOME)
    measured = store.read_results(results)
    assert measured.data.name in text
    assert measured.machine["processor"] in text
    assert "Profile quick" in text
    pair = [line for line in text.splitlines() if "module" in line and "keras_sequential" in line]
    assert len(pair) == 1
    assert "95% interval" in pair[0]


def test_figures_are_drawn_and_described(browser, site):
    resize(browser, 1300)
    visit(browser, site, COMPARISON)
    drawings = browser.find_elements("css selector", ".tfmxbench-figure svg")
    assert len(drawings) == 5
    for drawing in drawings:
        assert drawing.get_attribute("aria-label")
        assert drawing.size["height"] > 50


def test_the_reader_chooses_two_implementations_and_can_share_the_choice(browser, site):
    from selenium.webdriver.support.ui import Select

    resize(browser, 1300)
    visit(browser, site, COMPARISON)

    def shown() -> list[str]:
        panels = browser.find_elements("css selector", ".tfmxbench-panel")
        return [panel.get_attribute("data-style") for panel in panels if panel.is_displayed()]

    assert len(shown()) == 2
    first, second = browser.find_elements("css selector", ".tfmxbench-chooser select")
    Select(first).select_by_value("ndarray")
    Select(second).select_by_value("variables_function")
    assert shown() == ["ndarray", "variables_function"]
    address = browser.current_url
    browser.get("about:blank")
    browser.get(address)
    assert shown() == ["ndarray", "variables_function"]
    columns = browser.find_elements("css selector", ".tfmxbench-column")
    assert columns[0].location["y"] == columns[1].location["y"], "beside each other where there is room"
    resize(browser, 390)
    columns = browser.find_elements("css selector", ".tfmxbench-column")
    assert columns[0].location["y"] < columns[1].location["y"], "below each other on a phone"


def test_a_page_shows_the_very_file_that_was_measured(browser, site):
    resize(browser, 1300)
    visit(browser, site, "gallery/mlp/plot_mlp_ndarray.html")
    blocks = [
        block.get_attribute("textContent")
        for block in browser.find_elements("css selector", "div.highlight pre")
    ]
    source = (catalogue.FOLDER / "mlp" / "ndarray.py").read_text(encoding="utf-8")
    shown = next(block for block in blocks if "def build(task)" in block)
    assert shown.strip() == source[source.index("from types import") :].strip()


def test_code_copied_off_a_page_runs_alone(browser, site, tmp_path):
    """The example on the page, with nothing of this package but the task's numbers."""
    resize(browser, 1300)
    visit(browser, site, "gallery/mlp/plot_mlp_keras_sequential.html")
    blocks = [
        block.get_attribute("textContent")
        for block in browser.find_elements("css selector", "div.highlight pre")
    ]
    example = next(block for block in blocks if "def build(task)" in block)
    task = "SimpleNamespace(input_shape=(784,), hidden_units=(128, 64), classes=10, learning_rate=0.02, "
    script = (
        f"{example}\nfrom types import SimpleNamespace\nimport numpy as np\n"
        f"task = {task}momentum=0.9, batch_size=128)\n"
        "x = np.random.rand(640, 784).astype('float32')\n"
        "y = np.random.randint(0, 10, 640).astype('int32')\n"
        "model = build(task)\nprint('loss', train(model, x, y), predict(model, x).shape)\n"
    )
    path = tmp_path / "copied.py"
    path.write_text(script, encoding="utf-8")
    interpreter = environments.find("tensorflow", "cpu").interpreter
    finished = subprocess.run([interpreter, str(path)], capture_output=True, text=True, check=False)
    assert finished.returncode == 0, finished.stderr[-2000:]
    assert "(640, 10)" in finished.stdout


def test_a_style_that_was_put_in_as_one_file_is_everywhere(browser, site):
    """Its page, the comparison's table, lines and chooser, the proof, and the table of all."""
    resize(browser, 1300)
    assert "def build(task)" in visit(browser, site, f"gallery/mlp/plot_mlp_{ADDED}.html")
    text = visit(browser, site, COMPARISON)
    assert f"mlp/{ADDED}" in text
    options = browser.find_elements("css selector", ".tfmxbench-chooser select option")
    assert [option.get_attribute("value") for option in options].count(ADDED) == 2
    for page in ("results.html", "topics/plot_parity.html"):
        assert f"mlp/{ADDED}" in visit(browser, site, page)


class Links(html.parser.HTMLParser):
    """The internal links of a page, and the names that can be linked to."""

    def __init__(self, path: pathlib.Path) -> None:
        super().__init__()
        self.targets: list[str] = []
        self.names: set[str] = set()
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        found = dict(attributes)
        self.names |= {value for key in ("id", "name") if (value := found.get(key))}
        for key in ("href", "src"):
            if value := found.get(key):
                self.targets.append(value)


def test_no_internal_link_is_dead(site):
    # What lies in _static is the theme's, templates among it, and no page.
    pages = [path for path in site.rglob("*.html") if "_static" not in path.relative_to(site).parts]
    parsed = {path: Links(path) for path in pages}
    assert len(parsed) > 30
    dead = []
    for path, links in parsed.items():
        for target in links.targets:
            split = urllib.parse.urlsplit(target)
            if split.scheme or split.netloc:
                continue
            found = path.parent / urllib.parse.unquote(split.path) if split.path else path
            found = pathlib.Path(os.path.normpath(found))
            name_missing = split.fragment and found in parsed and split.fragment not in parsed[found].names
            if not found.exists() or name_missing:
                dead.append(f"{path.name}: {target}")
    assert dead == []


def test_the_pages_follow_the_records(checkout, results, site):
    """A changed record, another data set and a failure each show on the rebuilt pages."""
    values = json.loads(results.read_text(encoding="utf-8"))
    values["data"] = {**values["data"], "name": "synthetic-digits", "source": "drawn for a test"}
    failed = next(item for item in values["records"] if item["trial"]["style"] == "ndarray")
    failed.update(status="failed", measurement=None, reason="killed by <b>a test</b>")
    for record in values["records"]:
        if record["trial"]["style"] == "module":
            for item in record["measurement"]["epochs"] + record["measurement"]["passes"]:
                item["wall"] = 41.5 + record["trial"]["round"] / 5
    altered = checkout / "build" / "altered.json"
    altered.write_text(json.dumps(values), encoding="utf-8")
    before = (site / COMPARISON).read_text(encoding="utf-8")
    assert "synthetic-digits" not in before or store.read_results(results).data.name == "synthetic-digits"
    assert "41.6 (" not in before
    rebuilt = build(checkout, altered)
    home = (rebuilt / HOME).read_text(encoding="utf-8")
    assert "keras_sequential is faster than MXNet module" in home
    for page in PAGES:
        text = (rebuilt / page).read_text(encoding="utf-8")
        assert "synthetic-digits, not on MNIST: drawn for a test" in text, page
        assert "TFMXBENCH_DATA_DIR" in text, page
    comparison = (rebuilt / COMPARISON).read_text(encoding="utf-8")
    assert "killed by &lt;b&gt;a test&lt;/b&gt;" in comparison
    assert "41.6 (" in comparison
    build(checkout, results)
