"""The built site for people: with a keyboard, by ear, in the dark, on a phone, with little bandwidth."""

import json
import pathlib
import re
import urllib.parse

import pytest
from sites import COMPARISON, HOME, PAIR, PHRASEBOOK, axe_violations, pages_of, resize, visit

pytestmark = [pytest.mark.site, pytest.mark.measured, pytest.mark.xdist_group("measured")]

MEGABYTE = 1_000_000


def requests(browser, site: pathlib.Path, page: str) -> list[str]:
    """The addresses that a page asks for."""
    browser.get_log("performance")
    visit(browser, site, page)
    messages = [json.loads(entry["message"])["message"] for entry in browser.get_log("performance")]
    return [
        item["params"]["request"]["url"] for item in messages if item["method"] == "Network.requestWillBeSent"
    ]


@pytest.mark.parametrize("page", [HOME, COMPARISON, "results.html", "method.html"])
def test_axe_finds_no_serious_violation_in_the_dark(browser, site, page):
    resize(browser, 1300, dark=True)
    visit(browser, site, page)
    assert axe_violations(browser) == []


@pytest.mark.sweep
@pytest.mark.parametrize("dark", [False, True])
def test_axe_finds_no_serious_violation_on_any_page(browser, site, dark):
    resize(browser, 1300, dark)
    violations = {}
    for page in pages_of(site):
        visit(browser, site, str(page.relative_to(site)))
        if found := axe_violations(browser):
            violations[page] = found
    assert violations == {}


def test_home_weighs_less_than_a_megabyte(browser, site):
    resize(browser, 1300)
    paths = {urllib.parse.unquote(urllib.parse.urlsplit(url).path) for url in requests(browser, site, HOME)}
    files = [pathlib.Path(path) for path in paths if path.startswith(str(site))]
    assert len(files) > 5
    assert sum(path.stat().st_size for path in files) < MEGABYTE


def test_home_has_the_answer_and_the_ways_on_in_one_screen(browser, site):
    """1300 by 900 pixels, of which the page's own bar takes some; the quick profile's does not count."""
    resize(browser, 1300)
    visit(browser, site, HOME)
    cards = browser.find_elements("css selector", ".sd-card")
    assert len(cards) == 4
    assert len({card.location["y"] for card in cards}) == 1, "beside each other"
    answer = browser.find_element("xpath", "//li[contains(., 'airs of counterparts')]")
    bar = browser.find_element("css selector", ".bd-header-announcement").size["height"]
    for element in (*cards, browser.find_element("css selector", ".tfmxbench-figure svg"), answer):
        assert element.location["y"] + element.size["height"] < 900 + bar


def test_search_finds_names_of_the_apis(browser, site):
    from selenium.webdriver.support.ui import WebDriverWait

    resize(browser, 1300)
    for name, expected in (("GradientTape", "keras_subclass"), ("hybridize", "gluon_hybrid")):
        browser.get(f"{(site / 'search.html').as_uri()}?q={name}")
        link = ("css selector", f"#search-results li a[href*='{expected}']")
        WebDriverWait(browser, 30).until(lambda page, link=link: page.find_elements(*link), name)


@pytest.mark.parametrize("page", [HOME, COMPARISON, PAIR, "results.html"])
def test_figures_and_tables_are_described(browser, site, page):
    resize(browser, 1300)
    visit(browser, site, page)
    for image in browser.find_elements("css selector", "article img"):
        assert image.get_attribute("alt")
    for drawing in browser.find_elements("css selector", "article .tfmxbench-figure svg"):
        assert drawing.get_attribute("role") == "img"
        assert drawing.get_attribute("aria-label")
    tables = browser.find_elements("css selector", "article table")
    assert tables or page in (HOME, PAIR)
    for table in tables:
        assert table.find_elements("css selector", "thead th")


def test_the_menu_of_implementations_is_reached_and_used_with_the_keyboard(browser, site):
    from selenium.webdriver.common.keys import Keys

    resize(browser, 1300)
    visit(browser, site, COMPARISON)
    body = browser.find_element("css selector", "body")
    body.send_keys(Keys.TAB)
    for _ in range(150):
        active = browser.switch_to.active_element
        if active.tag_name == "select":
            break
        active.send_keys(Keys.TAB)
    assert active.tag_name == "select"
    before = active.get_attribute("value")
    active.send_keys(Keys.ARROW_DOWN)
    assert active.get_attribute("value") != before
    column = browser.find_element("css selector", '[data-column="0"] > .tfmxbench-panel:not([hidden])')
    assert column.get_attribute("data-style") == active.get_attribute("value")


def luminance(colour: str) -> float:
    """Relative luminance of a CSS colour (WCAG 2.1)."""
    parts = [float(part) / 255 for part in re.findall(r"[\d.]+", colour)[:3]]
    linear = [part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("dark", [False, True])
def test_figures_are_drawn_in_the_pages_own_colour(browser, site, dark):
    resize(browser, 1300, dark)
    visit(browser, site, COMPARISON)
    ink, paper = browser.execute_script(
        "const drawing = document.querySelector('.tfmxbench-figure svg');"
        "return [getComputedStyle(drawing).color, getComputedStyle(document.body).backgroundColor];"
    )
    light, dim = sorted((luminance(ink), luminance(paper)), reverse=True)
    assert (light + 0.05) / (dim + 0.05) > 7
    assert (luminance(paper) < 0.1) == dark


def test_a_chosen_tab_holds_for_the_whole_phrasebook_and_is_kept(browser, site):
    """All tasks show the same pair, here and after another page was visited."""
    resize(browser, 1300)
    visit(browser, site, PHRASEBOOK)

    def shown() -> set[str]:
        script = (
            "return [...document.querySelectorAll('.sd-tab-set input:checked')]"
            ".map((input) => document.querySelector(`label[for='${input.id}']`).textContent.trim());"
        )
        return set(browser.execute_script(script))

    sets = browser.find_elements("css selector", ".sd-tab-set")
    assert len(sets) > 6
    for wanted in ("Low level, imperative", "Own loop, compiled"):
        sets[2].find_element("xpath", f".//label[contains(., '{wanted}')]").click()
        assert shown() == {wanted}
    visit(browser, site, HOME)
    visit(browser, site, PHRASEBOOK)
    assert shown() == {"Own loop, compiled"}


def test_code_has_a_button_that_copies_it(browser, site):
    resize(browser, 1300)
    visit(browser, site, PAIR)
    blocks = browser.find_elements("css selector", ".tfmxbench-panel .highlight pre")
    buttons = browser.find_elements("css selector", ".tfmxbench-panel .highlight button.copybtn")
    assert len(blocks) == len(buttons) > 4
