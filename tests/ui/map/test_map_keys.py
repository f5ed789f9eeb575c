"""The map without a mouse, and for who hears it: moved and chosen by keys; what comes out is said."""

import re
from pathlib import Path

import pytest
from map_on_screen import opened_map, stored
from playwright.sync_api import expect

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def page(window, address):
    with window(f"{address}#map") as shared:
        yield opened_map(lambda _address: shared, address, "toy", "second")


def said(page, words):
    expect(page.locator("#wb-aloud")).to_contain_text(words)


def camera(page):
    return page.evaluate("document.querySelector('#map-plot')._fullLayout.xaxis.range.slice()")


def test_a_map_that_is_ready_is_said(page):
    said(page, re.compile(r"^The map is ready: \d+ terms, \d+ standard terms\.$"))


def test_the_arrows_move_it_and_enter_takes_the_term_in_the_middle(page):
    stage = page.locator("[data-side=after].wb-atlas-stage")
    assert stage.get_attribute("aria-label").startswith("Map of “toy”, ")
    stage.focus()
    before = camera(page)
    page.keyboard.press("+")
    page.wait_for_function(f"document.querySelector('#map-plot')._fullLayout.xaxis.range[1] < {before[1]}")
    nearer = camera(page)
    page.keyboard.press("ArrowRight")
    page.wait_for_function(f"document.querySelector('#map-plot')._fullLayout.xaxis.range[0] > {nearer[0]}")
    said(page, "In the middle: ")
    middle = page.inner_text("#wb-aloud").partition("In the middle: ")[2].strip()
    page.keyboard.press("Enter")
    expect(page.locator("#map-term-name")).to_have_text(middle)
    expect(page.locator("#map-term-name")).to_be_focused()
    said(page, re.compile(rf"^{re.escape(middle)}, .*True neighbours: \S"))
    stage.focus()
    page.keyboard.press("Home")
    page.wait_for_function(
        f"document.querySelector('#map-plot')._fullLayout.xaxis.range[1] >= {before[1]} - 1e-6"
    )


def test_one_goes_from_neighbour_to_neighbour_by_keys(page):
    page.fill("#map-search", page.evaluate("document.querySelector('#map-term-name')?.innerText || '汽车'"))
    page.press("#map-search", "Enter")
    page.wait_for_selector("#map-neighbours button")
    for _ in range(2):
        neighbour = page.locator("#map-neighbours button").first
        word = neighbour.get_attribute("data-term")
        neighbour.focus()
        page.keyboard.press("Enter")
        expect(page.locator("#map-term-name")).to_have_text(word)
        expect(page.locator("#map-term-name")).to_be_focused()
        page.wait_for_selector("#map-neighbours button")
    page.keyboard.press("Escape")
    page.wait_for_selector("#map-hint")


def test_what_a_search_finds_is_said_and_can_be_selected(page):
    page.fill("#map-search", "h")
    said(page, re.compile(r"^\d+ found: \S"))
    found = page.inner_text("#map-found").split()[0]
    assert int(found) > 1
    page.focus("#map-pick-found")
    page.keyboard.press("Enter")
    expect(page.locator("#map-picked strong")).to_have_text(f"{found} terms picked")
    said(page, f"{found} terms picked")
    page.press("#map-picked-clear", "Enter")
    page.fill("#map-search", "no such term")
    said(page, "Nothing found for “no such term”.")
    page.press("#map-search", "Escape")
    expect(page.locator("#map-pick-found")).to_be_hidden()


def test_the_legend_keeps_the_focus(page):
    page.select_option("#map-by", "part")
    page.wait_for_selector("#map-legend [data-class='2']")
    key = page.locator("#map-legend [data-class='2']")
    key.focus()
    for pressed in ("true", "false"):
        page.keyboard.press("Enter")
        expect(key).to_have_attribute("aria-pressed", pressed)
        expect(key).to_be_focused()
    page.select_option("#map-by", "group")


def test_all_that_a_search_finds_is_counted_and_picked_however_many(services, visit):
    """More than are ringed: the number that is said is the number that is picked."""
    stored(services, "many", {f"valve {n}": [f"valve tap {n}"] for n in range(120)})
    page = visit("many")
    page.fill("#map-search", "valve")
    expect(page.locator("#map-found")).to_have_text("240 found")
    page.click("#map-pick-found")
    expect(page.locator("#map-picked strong")).to_have_text("240 terms picked")
    expect(page.locator("#map-picked .wb-pager")).to_contain_text("240")
    with page.expect_download() as sent:
        page.click("#map-picked-save")
    assert len(Path(sent.value.path()).read_text("utf-8-sig").splitlines()) == 1 + 240
