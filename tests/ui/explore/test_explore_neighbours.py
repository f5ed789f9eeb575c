"""Explore in a browser: neighbours by several systems, in a dictionary, raw text, a list or a column."""

import re

import pytest
from explore_on_screen import FILLED, find, hits, terms_of
from playwright.sync_api import expect

from workbench.editing.edits import AddSynonyms

pytestmark = pytest.mark.browser


def test_one_walks_from_neighbour_to_neighbour_and_back(visit, groups):
    page = visit("near")
    page.locator("#explore-neighbours .wb-term").first.click()
    page.wait_for_selector(FILLED)
    first = page.locator(".wb-explore-of bdi").inner_text()
    second = terms_of(page)[0]
    hits(page).first.locator(".wb-hit-go").click()
    expect(page.locator(".wb-explore-of bdi")).to_have_text(second)
    page.wait_for_selector(FILLED)
    page.click("#explore-back")
    expect(page.locator(".wb-explore-of bdi")).to_have_text(first)
    assert page.locator("#explore-back").is_disabled()


def test_systems_stand_side_by_side_with_what_moved(visit, groups):
    page = visit("near")
    find(page, groups[0][1])
    columns = page.locator("#explore-neighbours [data-model]")
    expect(columns).to_have_count(2)
    for chip in ("tfidf", "bm25_chars", "hybrid"):
        page.click(f"#explore-systems [data-chip='{chip}']")
    expect(columns).to_have_count(5)
    page.wait_for_selector("#explore-neighbours:not(.wb-dim)")
    first, second = terms_of(page, 0), terms_of(page, 1)
    moves = [each.locator(".wb-moved").inner_text() for each in hits(page, 1).all()]
    for term, move in zip(second, moves, strict=True):
        if term in first:
            by = first.index(term) - second.index(term)
            assert move == ("·" if not by else f"{'▲' if by > 0 else '▼'}{abs(by)}")
    shared = next(term for term in first if term in second)
    hits(page, 0).nth(first.index(shared)).hover()
    expect(hits(page, 1).nth(second.index(shared))).to_have_class(re.compile(r"\blit\b"))
    name = columns.nth(2).get_attribute("data-model")
    columns.nth(2).locator("button.wb-explore-lead").click()
    expect(columns.nth(0)).to_have_attribute("data-model", name)


def test_a_neighbour_is_added_in_place_and_another_is_marked(visit, services, dictionary, groups):
    page = visit("near")
    find(page, "zzyy")
    unknown = terms_of(page)[:2]
    row = page.locator("#explore-neighbours [data-model] >> nth=0").locator(f"li[data-term='{unknown[0]}']")
    row.locator("[data-act=synonyms]").click()
    expect(row).to_contain_text("known")
    assert services.editor.find(dictionary, "zzyy")
    other = page.locator("#explore-neighbours [data-model] >> nth=0").locator(f"li[data-term='{unknown[1]}']")
    if other.locator("[data-act=apart]").count():
        other.locator("[data-act=apart]").click()
        expect(other).to_contain_text("not a synonym")


def test_what_somebody_else_adds_is_there_without_a_reload(visit, services, dictionary, groups):
    page = visit("near")
    find(page, groups[0][0] + "x")
    group = services.editor.find(dictionary, groups[0][0])[0]
    new = groups[0][0] + "xy"
    services.editor.apply(
        dictionary, AddSynonyms(group.id, (new,)), based_on=services.editor.status(dictionary).version
    )
    page.wait_for_selector(f"#explore-neighbours li[data-term='{new}']")


def test_hits_are_filtered_before_they_are_cut(visit, groups):
    page = visit("near")
    find(page, groups[0][1])
    page.select_option("#explore-known", "known")
    page.wait_for_selector("#explore-neighbours:not(.wb-dim) li.known")
    expect(hits(page)).to_have_count(2)
    assert set(terms_of(page)) == {groups[0][0], groups[0][2]}
    page.select_option("#explore-known", "unknown")
    expect(hits(page)).to_have_count(10)
    assert not page.locator("#explore-neighbours li.known").count()
    page.fill("#explore-group", groups[5][0])
    expect(hits(page)).to_have_count(3)
    page.fill("#explore-group", "no such group")
    expect(page.locator("#explore-neighbours")).to_contain_text("Nothing passes the filters")


def test_neighbours_are_looked_for_in_a_list_and_in_a_column(visit, tmp_path):
    page = visit("near")
    page.click("#explore-source [data-value=list]")
    page.click("#explore-list-way [data-value=paste]")
    page.fill("#explore-list-text", "abcd\nefgh\n\nabcd\n")
    page.click("#explore-list-take")
    expect(page.locator("#explore-list")).to_contain_text("2 different texts")
    find(page, "abce")
    assert sorted(terms_of(page)) == ["abcd", "efgh"]
    page.click("#explore-list-other")
    page.click("#explore-list-way [data-value=file]")
    path = tmp_path / "column.csv"
    path.write_text("no,name\n1,kkll\n2,mmaa\n3,bbcc\n", encoding="utf-8")
    page.set_input_files("#explore-file input[type=file]", str(path))
    page.wait_for_selector("#explore-list-column")
    assert page.locator("#explore-list-column").input_value() == "1"
    page.click("#explore-list-take")
    expect(page.locator("#explore-list")).to_contain_text("column.csv · name")
    expect(hits(page)).to_have_count(3)
    assert sorted(terms_of(page)) == ["bbcc", "kkll", "mmaa"]


def test_neighbours_are_looked_for_in_raw_text(visit, services, dictionary):
    sentences = "\n".join(
        ("abcd and abce were seen.", "mmaa stood beside kkll.", "Nothing of the kind here.")
    )
    preview = services.corpora.preview(sentences.encode(), "notes.txt")
    services.corpora.save("notes", preview, source="notes.txt")
    page = visit("near")
    page.click("#explore-source [data-value=corpus]")
    find(page, "abce")
    found = terms_of(page)
    assert sorted(found) == sorted(sentences.split("\n"))
    expected = services.exploring.near("abce", "corpus:notes", ["tuned"], k=10).columns[0].hits
    assert found == [hit.term for hit in expected]
