"""The built site, as its readers meet it: opened from disk in headless Chromium."""

from __future__ import annotations

import html.parser
import json
import os
import pathlib
import subprocess
import urllib.parse

import pytest
from sites import COMPARISON, HOME, PAGES, PAIR, axe_violations, pages_of, resize, visit

from tfmxbench.networks import catalogue
from tfmxbench.processes import environments

pytestmark = [pytest.mark.site, pytest.mark.measured, pytest.mark.xdist_group("measured")]


@pytest.mark.parametrize("page", PAGES)
def test_a_page_opens_without_errors_or_another_host_fits_a_phone_and_can_be_read_by_all(browser, site, page):
    """One visit for all that holds of every page; in the dark, the colours are looked at again."""
    browser.get_log("performance")
    browser.get_log("browser")
    resize(browser, 1300)
    visit(browser, site, page)
    assert len(browser.find_elements("css selector", "article h1")) == 1
    assert browser.find_element("css selector", "html").get_attribute("lang")
    assert axe_violations(browser) == []
    for dark in (True, False):
        resize(browser, 390, dark)
        assert browser.execute_script("return document.documentElement.scrollWidth") <= 390
    errors = [entry for entry in browser.get_log("browser") if entry["level"] == "SEVERE"]
    assert errors == []
    messages = [json.loads(entry["message"])["message"] for entry in browser.get_log("performance")]
    requested = [
        item["params"]["request"]["url"] for item in messages if item["method"] == "Network.requestWillBeSent"
    ]
    assert requested, "the log should hold at least the page itself"
    assert [url for url in requested if urllib.parse.urlsplit(url).scheme not in ("file", "data")] == []


def test_home_states_the_figures_the_machine_and_the_data(browser, site, results):
    resize(browser, 1300)
    text = visit(browser, site, HOME)
    assert results.data.name in text
    assert results.machine["processor"] in text
    assert "Profile quick" in text
    told = [line for line in text.splitlines() if "module" in line and "keras_sequential" in line]
    # One round: no interval, and no verdict.
    assert len([line for line in told if "a difference cannot be judged" in line]) == 2
    assert "10 pairs of counterparts were measured in too few rounds to say which is faster" in text
    assert "Peak memory, by style" in text


def test_figures_are_drawn_and_described(browser, site):
    resize(browser, 1300)
    visit(browser, site, COMPARISON)
    drawings = browser.find_elements("css selector", ".tfmxbench-figure svg")
    assert len(drawings) == 5
    for drawing in drawings:
        assert drawing.get_attribute("aria-label")
        assert drawing.size["height"] > 50


def test_the_reader_chooses_two_implementations_and_can_share_the_choice(browser, site):
    from selenium.webdriver.support.ui import Select, WebDriverWait

    resize(browser, 1300)
    visit(browser, site, COMPARISON)

    def shown() -> list[str]:
        """The styles in view, each once, from the first column to the second."""
        styles = []
        for number in range(2):
            panels = browser.find_elements("css selector", f'[data-column="{number}"] > .tfmxbench-panel')
            visible = [panel.get_attribute("data-style") for panel in panels if panel.is_displayed()]
            assert len(visible) > 4, "the figures and every part of the code"
            styles += dict.fromkeys(visible)
        return styles

    assert len(shown()) == 2
    first, second = browser.find_elements("css selector", ".tfmxbench-chooser select")
    Select(first).select_by_value("ndarray")
    Select(second).select_by_value("variables_function")
    assert shown() == ["ndarray", "variables_function"]
    address = browser.current_url
    browser.get("about:blank")
    browser.get(address)
    # A slow machine is a while behind: what is claimed has to become so, and within patience.
    patience = WebDriverWait(browser, 60)
    patience.until(lambda _: shown() == ["ndarray", "variables_function"])

    def tops() -> list[int]:
        columns = browser.find_elements("css selector", ".tfmxbench-column")
        return [column.location["y"] for column in columns[:2]]

    patience.until(lambda _: tops()[0] == tops()[1], "beside each other where there is room")
    resize(browser, 390)
    patience.until(lambda _: tops()[0] < tops()[1], "below each other on a phone")


def test_a_pair_has_a_page_on_which_its_parts_are_beside_each_other(browser, site):
    resize(browser, 1300)
    text = visit(browser, site, PAIR)
    assert "module" in text
    rows = browser.find_elements("css selector", ".tfmxbench-row")
    assert len(rows) == 6, "the figures, and five parts"
    for row in rows:
        first, second = row.find_elements("css selector", ".tfmxbench-column")
        assert first.location["y"] == second.location["y"]
        assert first.location["x"] < second.location["x"]
    builds = [column.text for column in rows[2].find_elements("css selector", ".tfmxbench-column")]
    assert all(found.lstrip().startswith("def ") and "def build(task)" in found for found in builds)


def test_the_table_of_results_sorts_and_filters(browser, site):
    from selenium.webdriver.common.keys import Keys
    from selenium.webdriver.support.ui import WebDriverWait

    resize(browser, 1300)
    visit(browser, site, "results.html")
    table = browser.find_element("css selector", "table.tfmxbench-sortable")

    def column(number: int) -> list[str]:
        cells = table.find_elements("css selector", f"tbody tr > :nth-child({number + 1})")
        return [cell.get_attribute("data-order") for cell in cells]

    headings = table.find_elements("css selector", "thead th")
    number = [heading.text for heading in headings].index("epoch, s")
    found = sorted(map(float, column(number)))
    assert len(found) == len(catalogue.select())

    def becomes(place: int, wanted: list) -> bool:
        """The library redraws the table a moment after it was asked to."""
        shown = [type(wanted[0])(cell) for cell in column(place)]
        return shown == wanted

    wait = WebDriverWait(browser, 30)
    headings[number].click()
    wait.until(lambda _: becomes(number, found), "sorted by a click")
    headings[number].find_element("css selector", "[tabindex='0']").send_keys(Keys.ENTER)
    wait.until(lambda _: becomes(number, found[::-1]), "turned round with the keyboard")
    browser.find_element("css selector", ".dt-search input").send_keys("mlp/ndarray")
    wait.until(lambda _: becomes(0, ["mlp/ndarray"]), "filtered by a word")


def test_the_results_are_drawn_with_names_that_are_unique_on_the_page(browser, site):
    resize(browser, 1300)
    visit(browser, site, "results.html")
    # Times, starts, memory, lines and time, and how far each is from the reference, of two networks.
    assert len(browser.find_elements("css selector", ".tfmxbench-figure svg")) == 10
    script = "return [...document.querySelectorAll('svg [id]')].map((element) => element.id);"
    names = browser.execute_script(script)
    assert len(names) == len(set(names)) > 50


def test_only_pages_with_such_a_table_load_what_sorts_it(site):
    assert "datatables.js" in (site / "results.html").read_text(encoding="utf-8")
    assert "datatables.js" not in (site / HOME).read_text(encoding="utf-8")


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
    parsed = {path: Links(path) for path in pages_of(site)}
    assert len(parsed) > 70
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
