"""Work on the map in a browser: edits in the panel, circled terms, edits of others, odd terms."""

import pytest
from map_on_screen import (
    chosen,
    circle,
    flown_to,
    keep_only,
    kept,
    search,
    spot,
    stored,
)
from playwright.sync_api import expect

from workbench.editing.edits import AddSynonyms
from workbench.storage.suggestions import Proposal

pytestmark = pytest.mark.browser

EVIL = "<img src=x onerror=window.__evil=1>"
ODD = {
    EVIL: ('"><svg onload=window.__evil=1>', "</script><script>window.__evil=1</script>"),
    "🚗 car": ("🚙", "«véhicule» & 'auto'"),
    "سيارة رباعية الدفع": ("سيارة", "مركبة"),
    "长" * 500: ("长词", "${window.__evil=1}"),
    "%{x} <b>bold</b>": ("{{constructor}}", "&lt;b&gt;"),
}


def test_edits_in_the_panel_are_on_the_map_at_once_and_can_be_taken_back(visit, services, own, until):
    page = visit(own)
    standard, synonyms = next(iter(kept(services, own).items()))
    old = sorted(synonyms)[0]
    search(page, old)
    flown_to(page, old)
    page.click("#map-act-rename")
    page.fill("#map-form", "abcdnew")
    page.press("#map-form", "Enter")
    page.wait_for_function("WB.map.spot('abcdnew') !== null")
    chosen_after = page.locator("#map-term h3")
    expect(chosen_after).to_have_text("abcdnew")
    assert spot(page, old) is None
    assert kept(services, own)[standard] == (synonyms - {old}) | {"abcdnew"}
    page.click("#map-act-add")
    page.fill("#map-form", "abce; abcf")
    page.click("#map-form-do")
    page.wait_for_function("WB.map.spot('abce') !== null && WB.map.spot('abcf') !== null")
    page.locator(".wb-note-act").last.click()
    page.wait_for_function("WB.map.spot('abce') === null")
    until(lambda: kept(services, own)[standard] == (synonyms - {old}) | {"abcdnew"})


def test_moving_and_parting_go_through_the_editor(visit, services, own, until):
    page = visit(own)
    groups = kept(services, own)
    (_, terms), (second, _) = list(groups.items())[:2]
    term = sorted(terms)[0]
    search(page, term)
    flown_to(page, term)
    page.click("#map-act-move")
    page.fill("#synonyms-find-group", second)
    page.locator(f"#synonyms-results [role=option]:has-text('{second}')").first.click()
    until(lambda: term in kept(services, own)[second])
    expect(page.locator("#map-term .wb-term.standard")).to_have_text(second)
    page.click("#map-act-apart")
    until(lambda: term not in kept(services, own)[second])
    assert [(pair.standard, pair.synonym) for pair in services.editor.apart(own)] == [(second, term)]


def test_somebody_elses_edit_and_an_accepted_suggestion_appear(visit, services, own):
    page = visit(own)
    group = services.editor.page(own).groups[0]
    before = spot(page, group.standard)
    services.editor.apply(
        own, AddSynonyms(group.id, ("mmmabc",)), based_on=services.editor.status(own).version
    )
    page.wait_for_function("WB.map.spot('mmmabc') !== null")
    store = services._workspace.suggestions
    info = services.dictionary(own)
    store.add("synonym", [Proposal(group.standard, "kkkabc", 1.0)], source="map", dictionary_id=info.id)
    (waiting,), _ = services.suggestions.page(own)
    services.suggestions.accept([waiting.id])
    page.wait_for_function("WB.map.spot('kkkabc') !== null")
    after = spot(page, group.standard)
    assert max(abs(a - b) for a, b in zip(before, after, strict=True)) < 2, "what was there has not moved"


def test_circled_terms_become_a_group_in_one_click(visit, services, own, until):
    page = visit(own)
    groups = kept(services, own)
    (first, one), (_, two) = list(groups.items())[:2]
    wanted = [first, sorted(two)[0]]
    page.click("#map-mode-lasso")
    circle(page)
    expect(page.locator("#map-picked strong").first).to_contain_text("90 terms")
    keep_only(page, wanted)
    expect(page.locator("#map-picked strong").first).to_contain_text("2 terms")
    page.click("#map-picked-group")
    page.wait_for_selector("#synonyms-choose-dialog")
    page.locator("#synonyms-choose-dialog label").filter(has_text=first).locator("input").check()
    page.click("#synonyms-choose-dialog [data-choice=yes]")
    until(lambda: kept(services, own)[first] == one | {wanted[1]})
    page.wait_for_selector("#map-hint")
    page.locator(".wb-note-act").last.click()
    until(lambda: kept(services, own) == groups)


def test_circled_terms_are_parted_suggested_and_saved(visit, services, own, until):
    page = visit(own)
    wanted = sorted(kept(services, own))[:3]
    page.click("#map-mode-box")
    box = page.locator("#map-plot").bounding_box()
    page.mouse.move(box["x"] + 3, box["y"] + 3)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] - 3, box["y"] + box["height"] - 3, steps=5)
    page.mouse.up()
    keep_only(page, wanted)
    with page.expect_download() as download:
        page.click("#map-picked-save")
    table = download.value.path().read_text("utf-8-sig").splitlines()
    assert sorted(table[1:]) == [f"{term},{term}" for term in wanted]
    page.click("#map-picked-suggest")
    until(lambda: services.suggestions.page(own)[1] == 2)
    page.click("#map-picked-apart")
    until(lambda: len(services.editor.apart(own)) == 3)
    page.wait_for_selector("#map-hint")


def test_shift_draws_a_lasso_and_escape_lets_go(visit):
    page = visit()
    page.keyboard.down("Shift")
    circle(page)
    page.keyboard.up("Shift")
    expect(page.locator("#map-picked strong").first).to_contain_text("270 terms")
    page.keyboard.press("Escape")
    page.wait_for_selector("#map-hint")


def test_odd_terms_look_right_and_run_nothing(visit, services, request):
    name = stored(services, "odd terms", ODD)
    page = visit(name)
    for term in (*ODD, *(term for terms in ODD.values() for term in terms)):
        search(page, term)
        chosen(page, term)
        expect(page.locator("#map-term h3")).to_have_text(term)
        page.wait_for_selector("#map-neighbours li")
        page.mouse.move(*spot(page, term), steps=2)
    assert page.locator("#map img, #map script, #map b script").count() == 0
    page.keyboard.down("Shift")
    page.click("#map-reset")
    page.keyboard.up("Shift")
    page.wait_for_function("document.getElementById('map-plot').layout.xaxis.range[1] > 1")
    page.keyboard.down("Shift")
    circle(page)
    page.keyboard.up("Shift")
    expect(page.locator("#map-picked")).to_contain_text("🚙")
    assert page.evaluate("document.documentElement.scrollWidth") <= 1280
    page.click("#map-save summary")
    with page.expect_download() as download:
        page.click("#map-save-svg")
    svg = download.value.path().read_text("utf-8")
    assert "<img" not in svg
    assert "<script" not in svg
    assert page.evaluate("window.__evil") is None
