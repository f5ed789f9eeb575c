"""The map in a browser: laid out, searched, looked at, and come to from the leaderboard."""

import time

import pytest
from map_on_screen import (
    chosen,
    drawn,
    flown_to,
    search,
    spot,
    stored,
)
from playwright.sync_api import expect

from workbench.errors import InputError
from workbench.localtext import LocalText

pytestmark = pytest.mark.browser


@pytest.fixture
def unseen(services, request):
    """A dictionary whose terms no model has encoded."""
    groups = {f"{n:04d}abc": [f"{n:04d}abd", f"{n:04d}bcd"] for n in range(30)}
    return stored(
        services,
        request.node.name[:60],
        {
            f"{request.node.name[5:9]}{k}": [f"{request.node.name[5:9]}{t}" for t in v]
            for k, v in groups.items()
        },
    )


def test_a_map_is_begun_on_request_and_goes_on_through_a_reload(visit, services, unseen, monkeypatch):
    gate = {"open": False}
    layout = services.maps.layout

    def slow(*given, progress=None, **more):
        while not gate["open"]:
            progress(0.4, LocalText("正在慢慢排", "Slowly laying out"))
            time.sleep(0.05)
        return layout(*given, progress=progress, **more)

    monkeypatch.setattr(services.maps, "layout", slow)
    page = visit(unseen, wait=False)
    page.click("#map-start")
    expect(page.locator("#map-progress")).to_contain_text("Slowly laying out")
    page.reload()
    page.wait_for_selector("#map-by")
    expect(page.locator("#map-progress")).to_contain_text("Slowly laying out")
    expect(page.locator("#map-progress [role=progressbar]")).to_have_attribute("aria-valuenow", "40")
    gate["open"] = True
    drawn(page)
    expect(page.locator("#map-facts")).to_contain_text("90 terms, 30 standard terms")
    expect(page.locator("#map-hint")).to_be_visible()
    assert page.evaluate("WB.mapDrawn") > 0


def test_what_goes_wrong_is_a_sentence_with_a_way_on(visit, services, unseen, monkeypatch):
    def broken(*given, **more):
        raise InputError(
            LocalText("磁盘满了。", "The disk is full."), LocalText("请腾出空间。", "Make room.")
        )

    monkeypatch.setattr(services.maps, "layout", broken)
    page = visit(unseen, wait=False)
    page.click("#map-start")
    expect(page.locator("#map-problem")).to_contain_text("The disk is full.")
    monkeypatch.undo()
    page.click("#map-retry")
    drawn(page)


def test_search_flies_to_a_term_and_rings_its_group(visit, toy_pairs):
    page = visit()
    pair = toy_pairs[40]
    page.fill("#map-search", pair.synonym[:3])
    page.wait_for_selector("#map-hits [role=option]")
    search(page, pair.synonym)
    flown_to(page, pair.synonym)
    expect(page.locator("#map-term h3")).to_have_text(pair.synonym)
    expect(page.locator("#map-term .wb-term.standard")).to_have_text(pair.standard)
    expect(page.locator("#map-plot + canvas + .wb-atlas-labels .chosen").first).to_be_visible()
    page.fill("#map-search", "no such term anywhere")
    expect(page.locator("#map-found")).to_contain_text("no such term")
    page.click("#map-reset")
    page.wait_for_function("Math.abs(document.getElementById('map-plot').layout.xaxis.range[1]) > 1")


def test_a_click_shows_the_true_neighbours_and_escape_clears(visit, services, toy_pairs):
    page = visit()
    term = toy_pairs[11].standard
    search(page, term)
    flown_to(page, term)
    page.keyboard.press("Tab")
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("Escape")
    page.wait_for_selector("#map-hint")
    page.mouse.click(*spot(page, term))
    chosen(page, term)
    page.wait_for_selector("#map-neighbours li")
    shown = page.locator("#map-neighbours li b").all_inner_texts()
    assert shown == [hit.term for hit in services.maps.term("toy", "second", term, 10).neighbours]
    page.click(f"#map-neighbours button[data-term='{shown[0]}']")
    flown_to(page, shown[0])


def test_a_term_under_the_hand_has_a_card(visit, toy_pairs):
    page = visit()
    pair = toy_pairs[20]
    page.mouse.move(*spot(page, pair.standard), steps=3)
    expect(page.locator("#map-card")).to_be_visible()
    expect(page.locator("#map-card")).to_contain_text(pair.synonym)
    box = page.locator("#map-plot").bounding_box()
    page.mouse.move(box["x"] + 2, box["y"] - 30, steps=3)
    expect(page.locator("#map-card")).to_be_hidden()


def test_names_on_the_map_avoid_one_another(visit):
    page = visit()
    boxes = """[...document.querySelectorAll('#map-plot ~ .wb-atlas-labels span')].map(s => {
        const b = s.getBoundingClientRect(); return [b.left, b.top, b.right, b.bottom]; })"""
    page.wait_for_function(f"{boxes}.length > 5")
    found = page.evaluate(boxes)
    assert len(found) <= 60
    for k, (left, top, right, bottom) in enumerate(found):
        for other in found[k + 1 :]:
            apart = left >= other[2] - 1 or right <= other[0] + 1 or top >= other[3] - 1
            assert apart or bottom <= other[1] + 1


def test_from_a_miss_of_the_leaderboard_to_its_place_on_a_map_not_yet_laid_out(
    browse, address, services, own, monkeypatch
):
    services.evaluation.evaluate(f"dictionary:{own}", "second")
    monkeypatch.setattr(services, "vectors_ready", lambda *given: False)
    page = browse(f"{address}#board")
    page.wait_for_selector("#board-dictionary input")
    page.evaluate("names => WB.use(names)", {"dictionary": own})
    page.wait_for_function(
        "name => document.querySelector('#board-dictionary input').value === name", arg=own
    )
    page.locator("#board-table tr[data-model='second'] .wb-board-open").click()
    page.click(".wb-board-detail [data-act=misses]")
    row = page.locator(".wb-misses tbody tr[data-query]").first
    row.wait_for()
    query = row.get_attribute("data-query")
    row.locator(".wb-board-open").click()
    page.click(".wb-miss-detail [data-act=map]")
    drawn(page)
    flown_to(page, query)
    assert page.input_value("#map-dictionary input") == own
