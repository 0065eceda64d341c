"""The site of a results file that means harm: shown literally, obeyed by nothing, under a strict policy.

The records are fabricated, so that no framework is needed; the pages are built and opened for real.
"""

from __future__ import annotations

import functools
import http.server
import json
import os
import pathlib
import re
import subprocess
import sys
import threading
from collections.abc import Iterator

import hostile
import pytest
from fabricated import ADDED, SLOW_PASS, SLOW_STYLE
from sites import COMPARISON, HOME, PAGES, PAIR, PHRASEBOOK, pages_of, resize

from tfmxbench.analysis.arms import arms_of
from tfmxbench.records import store
from tfmxbench.records.plain_text import one_line
from tfmxbench.report.figures.tables import significant
from tfmxbench.report.site import inline_scripts

pytestmark = [pytest.mark.site, pytest.mark.xdist_group("fabricated")]

# As strict as the theme allows: it sets styles in its pages and in its scripts, and so do figures.
POLICY = (
    "default-src 'self'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    "font-src 'self' data:; object-src 'none'; base-uri 'self'; form-action 'self'"
)
RESULTS = "results.html"
PARITY = "topics/plot_parity.html"
SEARCH = "search.html?q=GradientTape"


class Server:
    """The site as a server sends it that allows no page to run anything but the site's own files."""

    def __init__(self, folder: pathlib.Path) -> None:
        class Handler(http.server.SimpleHTTPRequestHandler):
            def do_GET(self) -> None:
                # Browsers ask for it unasked, and the site has none.
                if self.path == "/favicon.ico":
                    self.send_response(204)
                    self.end_headers()
                else:
                    super().do_GET()

            def end_headers(self) -> None:
                self.send_header("Content-Security-Policy", POLICY)
                self.send_header("X-Content-Type-Options", "nosniff")
                super().end_headers()

            def log_message(self, *arguments: object) -> None:
                pass

        self.server = http.server.ThreadingHTTPServer(
            ("127.0.0.1", 0), functools.partial(Handler, directory=str(folder))
        )
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.05})
        self.thread.start()

    def close(self) -> None:
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()


@pytest.fixture(scope="module")
def served(fabricated) -> Iterator[str]:
    server = Server(fabricated.site)
    yield server.url
    server.close()


def open_page(browser, url: str, page: str) -> str:
    """Open a page of the server, with the browser's log emptied, and return its visible text."""
    browser.get_log("browser")
    browser.get(f"{url}/{page}")
    return browser.find_element("css selector", "body").text


def complaints(browser) -> list[str]:
    """What the browser has to say since the page was opened: refusals by the policy, and errors."""
    return [
        entry["message"]
        for entry in browser.get_log("browser")
        if entry["level"] == "SEVERE" or "Content Security Policy" in entry["message"]
    ]


def test_no_page_holds_a_script_a_handler_or_a_file_of_the_system(fabricated):
    site = fabricated.site
    found = pages_of(site)
    assert len(found) > 50
    for page in found:
        source = page.read_text(encoding="utf-8")
        name = str(page.relative_to(site))
        assert re.findall(r"<script(?![^>]*\ssrc=)[^>]*>", source) == [], name
        assert re.findall(r"<(?:img|svg|b|a|body)\b[^>]*\s(?:onerror|onload|onclick)\s*=", source) == [], name
        assert "root:x:0" not in source, name
        assert "system-message" not in source, name
        assert not re.search(r"<a\b[^<>]*\shref=[\"']?\s*javascript:", source), name


@pytest.mark.parametrize("page", PAGES)
def test_a_page_obeys_nothing_and_shows_the_text(browser, served, fabricated, page):
    """Opened by a server; and some from disk, where no policy protects them. Each says what data it is of."""
    from selenium.common.exceptions import NoAlertPresentException

    resize(browser, 1300)
    from_disk = [fabricated.site.as_uri()] if page in (HOME, COMPARISON, RESULTS, PARITY, PHRASEBOOK) else []
    for address in (served, *from_disk):
        shown = open_page(browser, address, page)
        with pytest.raises(NoAlertPresentException):
            browser.switch_to.alert  # noqa: B018
        assert browser.execute_script("return typeof window.obeyed") == "undefined"
        strange = browser.execute_script(
            "return [...document.querySelectorAll('*')].filter((element) =>"
            " (element.localName === 'script' && !element.src)"
            " || [...element.attributes].some(({ name }) => name.startsWith('on'))"
            " || (element.localName === 'img' && element.getAttribute('src') === 'x')"
            " || (element.href && String(element.href).startsWith('javascript:'))"
            ").map((element) => element.outerHTML.slice(0, 200));"
        )
        assert strange == []
        # The name of the data set, in the line at the top and at the foot.
        assert shown.count(one_line(hostile.SCRIPTS)) >= 2
        assert f"{one_line(hostile.SCRIPTS)}, not on MNIST: {one_line(hostile.TEXTS[0])}" in shown
        assert "TFMXBENCH_DATA_DIR" in shown
        assert complaints(browser) == []


@pytest.mark.parametrize("page", [RESULTS, PARITY, PHRASEBOOK, COMPARISON])
def test_every_hostile_text_is_shown_literally(browser, served, page):
    resize(browser, 1300)
    open_page(browser, served, page)
    text = " ".join(browser.execute_script("return document.querySelector('article').textContent").split())
    for words in hostile.TEXTS:
        assert one_line(words) in text, page


def test_a_results_file_that_names_what_is_not_here_is_one_sentence_of_the_build(fabricated, tmp_path):
    checkout = fabricated.checkout
    values = json.loads(fabricated.results.read_text(encoding="utf-8"))
    values["records"][0]["trial"]["style"] = "<script>\x1b[31m"
    path = tmp_path / "named.json"
    path.write_text(json.dumps(values), encoding="utf-8")
    finished = subprocess.run(
        [sys.executable, "-m", "sphinx", "-c", str(checkout), str(checkout / "docs"), str(tmp_path / "html")],
        env={**os.environ, "PYTHONPATH": str(checkout), "TFMXBENCH_RESULTS": str(path)},
        cwd=checkout,
        capture_output=True,
        text=True,
        check=False,
    )
    assert finished.returncode == 2
    assert "Configuration error" in finished.stderr
    # Sphinx puts the line of conf.py before it, and what it is written for after it.
    (sentence,) = re.findall("ConfigError: (.*)", finished.stderr)
    assert sentence.startswith(f"no site can be built from {path}: there is no implementation 'mlp/<script>")
    assert "\x1b" not in sentence


# The figures.


def test_the_pages_follow_the_records(fabricated):
    """A time that nothing takes is where the estimate of its style belongs, and decides the pair."""
    mean = SLOW_PASS * (1.00 * 1.01 * 1.02) ** (1 / 3)
    (arm,) = [
        arm
        for arm in arms_of(store.read_results(fabricated.results).records)
        if (arm.network, arm.style) == ("mlp", SLOW_STYLE)
    ]
    measured = arm.records[0].measurement
    # An epoch has more batches than these passes.
    mean *= measured.training_images // 128 / measured.passes[0].batches
    figure = f"{significant(mean)} ("
    pages = {
        page: (fabricated.site / page).read_text(encoding="utf-8")
        for page in (HOME, COMPARISON, PAIR, RESULTS)
    }
    assert all(figure in pages[page] for page in (COMPARISON, PAIR, RESULTS)), figure
    for page in (HOME, COMPARISON, PAIR):
        assert "TensorFlow keras_sequential is faster than MXNet module on the CPU" in pages[page], page
        assert "95% interval" in pages[page]
    assert "Among 4 pairs of counterparts" in pages[HOME]


# The policy.


def test_what_the_server_forbids_would_be_noticed(browser, served, fabricated):
    """Else the tests below could not fail."""
    page = fabricated.site / "forbidden.html"
    page.write_text("<!doctype html><title>x</title><script>window.obeyed = 1</script>", encoding="utf-8")
    try:
        open_page(browser, served, page.name)
        assert browser.execute_script("return typeof window.obeyed") == "undefined"
        assert any("Content Security Policy" in message for message in complaints(browser))
    finally:
        page.unlink()


@pytest.mark.parametrize("page", [SEARCH, "genindex.html", "gallery/mlp/index.html", "concepts/index.html"])
def test_other_pages_keep_to_the_policy(browser, served, page):
    resize(browser, 1300)
    open_page(browser, served, page)
    assert complaints(browser) == []


def test_the_table_sorts_under_the_policy(browser, served):
    from selenium.webdriver.support.ui import WebDriverWait

    resize(browser, 1300)
    open_page(browser, served, RESULTS)
    table = browser.find_element("css selector", "table.tfmxbench-sortable")
    headings = table.find_elements("css selector", "thead th")
    number = [heading.text for heading in headings].index("epoch, s")

    def column() -> list[float]:
        cells = table.find_elements("css selector", f"tbody tr > :nth-child({number + 1})")
        return [float(cell.get_attribute("data-order")) for cell in cells]

    assert len(column()) == 6 + len(ADDED)
    # As it comes, it is sorted by network and style.
    headings[number].click()
    headings[number].click()
    WebDriverWait(browser, 30).until(lambda _: column() == sorted(column(), reverse=True))
    browser.find_element("css selector", ".dt-search input").send_keys("gluon_hybrid")
    WebDriverWait(browser, 30).until(lambda _: len(column()) == 1)
    assert complaints(browser) == []


def test_the_chooser_works_under_the_policy(browser, served):
    from selenium.webdriver.support.ui import Select

    resize(browser, 1300)
    open_page(browser, served, COMPARISON)
    menu = Select(browser.find_element("css selector", ".tfmxbench-chooser select"))
    shown = menu.first_selected_option.get_attribute("value")
    wanted = next(value for option in menu.options if (value := option.get_attribute("value")) != shown)
    menu.select_by_value(wanted)
    panels = browser.find_elements("css selector", '[data-column="0"] > .tfmxbench-panel')
    assert {panel.get_attribute("data-style") for panel in panels if panel.is_displayed()} == {wanted}
    assert f"first={wanted}" in browser.current_url
    assert complaints(browser) == []


def test_tabs_stay_in_step_under_the_policy(browser, served):
    resize(browser, 1300)
    open_page(browser, served, PHRASEBOOK)
    sets = browser.find_elements("css selector", ".sd-tab-set")
    wanted = "Own loop, compiled"
    sets[1].find_element("xpath", f".//label[contains(., '{wanted}')]").click()
    shown = browser.execute_script(
        "return [...document.querySelectorAll('.sd-tab-set input:checked')]"
        ".map((input) => document.querySelector(`label[for='${input.id}']`).textContent.trim());"
    )
    assert set(shown) == {wanted}
    assert complaints(browser) == []


def test_search_works_under_the_policy(browser, served):
    from selenium.webdriver.support.ui import WebDriverWait

    resize(browser, 1300)
    open_page(browser, served, SEARCH)
    link = ("css selector", "#search-results li a[href*='keras_subclass']")
    WebDriverWait(browser, 30).until(lambda page: page.find_elements(*link))
    assert complaints(browser) == []


def test_dark_mode_is_chosen_and_kept_under_the_policy(browser, served):
    resize(browser, 1300)
    open_page(browser, served, HOME)
    browser.find_element("css selector", ".bd-header .theme-switch-button").click()
    browser.find_element("css selector", ".bd-header .theme-change-button[data-mode='dark']").click()
    assert browser.find_element("css selector", "html").get_attribute("data-theme") == "dark"
    open_page(browser, served, COMPARISON)
    assert browser.find_element("css selector", "html").get_attribute("data-theme") == "dark"
    colour = browser.execute_script("return getComputedStyle(document.body).backgroundColor")
    assert max(map(int, re.findall(r"\d+", colour)[:3])) < 60
    browser.execute_script("window.localStorage.clear()")
    assert complaints(browser) == []


def test_code_is_copied_under_the_policy(browser, served):
    resize(browser, 1300)
    open_page(browser, served, COMPARISON)
    assert browser.find_elements("css selector", ".tfmxbench-panel .highlight button.copybtn")
    assert complaints(browser) == []


# Scripts in pages.


def test_a_script_in_a_page_becomes_a_file_that_is_run_where_it_stood(tmp_path):
    page = tmp_path / "inner" / "page.html"
    page.parent.mkdir()
    (tmp_path / "_static").mkdir()
    source = (
        '<head><script data-x="1">first()\n</script><script src="a.js"></script></head>'
        '<script type="application/json">{"a": 1}</script><script type="module">second()</script>'
        "<pre>&lt;script&gt;shown&lt;/script&gt;</pre><script></script>"
    )
    for path in (page, tmp_path / "index.html", tmp_path / "_static" / "theme.html"):
        path.write_text(source, encoding="utf-8")
    made = inline_scripts.write(tmp_path)
    assert [path.read_text(encoding="utf-8") for path in made] == ["first()\n", "second()"]
    first, second = (path.name for path in made)
    expected = (
        f'<head><script data-x="1" src="%s_static/{first}"></script><script src="a.js"></script></head>'
        '<script type="application/json">{"a": 1}</script>'
        f'<script type="module" src="%s_static/{second}"></script>'
        "<pre>&lt;script&gt;shown&lt;/script&gt;</pre><script></script>"
    )
    assert page.read_text(encoding="utf-8") == expected.replace("%s", "../")
    assert (tmp_path / "index.html").read_text(encoding="utf-8") == expected.replace("%s", "")
    assert (tmp_path / "_static" / "theme.html").read_text(encoding="utf-8") == source
    # A page that was done already has none.
    assert inline_scripts.write(tmp_path) == []


def test_the_page_on_publishing_states_the_policy_that_is_tested():
    root = pathlib.Path(__file__).parents[1]
    text = (root / "docs" / "publishing.md").read_text(encoding="utf-8")
    assert f"Content-Security-Policy: {POLICY}\n" in text
