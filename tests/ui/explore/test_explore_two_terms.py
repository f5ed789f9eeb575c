"""Explore in a browser: two terms, what speaks for them, and what one makes of them."""

import pytest
from explore_on_screen import FILLED, compare
from playwright.sync_api import expect

pytestmark = pytest.mark.browser


def test_an_example_is_compared_under_the_model_and_its_base(visit, tiny_model_folder):
    page = visit()
    page.locator("#explore-suggestions .wb-term").first.click()
    page.wait_for_selector("#explore-why")
    shown = page.locator("#explore-pair [data-model]")
    expect(shown).to_have_count(2)
    assert [each.get_attribute("data-model") for each in shown.all()] == ["tuned", str(tiny_model_folder)]
    for each in shown.all():
        assert "%" in each.inner_text()
        assert "cosine" in each.inner_text()
    expect(page.locator("[data-stands=known]")).to_be_visible()
    page.locator("#explore-models [data-chip]").nth(1).click()
    expect(shown).to_have_count(1)


def test_terms_become_synonyms_and_strangers_and_it_is_taken_back(visit, services, dictionary, groups):
    page = visit()
    standard = groups[0][0]
    compare(page, "brandnew", standard)
    expect(page.locator("[data-stands=open]")).to_be_visible()
    page.click("#explore-pair [data-act=synonyms]")
    page.wait_for_selector("[data-stands=known]")
    assert "brandnew" in services.editor.find(dictionary, standard)[0].synonyms
    page.click(".wb-note-act")
    page.wait_for_selector("[data-stands=open]")
    assert not services.editor.find(dictionary, "brandnew")
    page.click("#explore-pair [data-act=apart]")
    page.wait_for_selector("[data-stands=apart]")
    assert [(pair.standard, pair.synonym) for pair in services.editor.apart(dictionary)] == [
        ("brandnew", standard)
    ]
    page.click("#explore-pair [data-act=unmark]")
    page.wait_for_selector("[data-stands=open]")
    assert services.editor.apart(dictionary) == []


def test_two_groups_are_merged_only_after_a_question(visit, services, dictionary, groups):
    page = visit(locale="zh-CN")
    first, second = groups[1][0], groups[2][0]
    compare(page, first, second)
    page.click("#explore-pair [data-act=synonyms]")
    page.locator("dialog [data-choice=null]").click()
    assert len(services.editor.find(dictionary, second)[0].synonyms) == len(groups[2]) - 1
    page.click("#explore-pair [data-act=synonyms]")
    page.locator("dialog [data-choice=merge]").click()
    page.wait_for_selector("[data-stands=known]")
    assert [group.standard for group in services.editor.find(dictionary, second)] == [first]


def test_what_speaks_for_it_leads_on(visit, groups):
    page = visit()
    compare(page, groups[3][1], groups[3][2])
    expect(page.locator("#explore-why")).to_contain_text(groups[3][0])
    near = page.locator("#explore-why .wb-terms .wb-term").first
    term = near.inner_text()
    near.click()
    page.wait_for_selector("#explore-part-near.on")
    expect(page.locator(".wb-explore-of bdi")).to_have_text(term)
    page.wait_for_selector(FILLED)


def test_the_editor_opens_on_a_term(visit, groups):
    page = visit()
    compare(page, groups[0][0], groups[1][0])
    page.click("#explore-pair [data-act=editor]")
    page.wait_for_selector(f"#synonyms-list [data-term='{groups[0][0]}']:visible")
