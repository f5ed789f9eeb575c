"""Explore in a browser: what is remembered, said in both languages, and shown of odd terms."""

import pytest
from explore_on_screen import compare, draw_matrix, find, point, start_match, terms_of
from playwright.sync_api import expect

pytestmark = pytest.mark.browser
EVIL = (
    "<img src=x onerror=window.__evil=1>",
    '"><svg onload=window.__evil=1>',
    "${window.__evil=1}",
)
ODD = (*EVIL, "سيارة دفع رباعي", "🚗 car “x”", "long " * 100)


def test_the_part_is_remembered_and_only_one_is_seen(visit):
    page = visit()
    for part, sign in (
        ("near", "#explore-term"), ("match", "#explore-match-form"), ("matrix", "#explore-matrix-terms")
    ):  # fmt: skip
        page.click(f"#explore-part-{part}")
        expect(page.locator(sign)).to_be_visible()
        assert page.locator("#explore-body > *").count() == 1
    page.reload()
    page.wait_for_selector("#explore-part-matrix.on")
    expect(page.locator("#explore-matrix-terms")).to_be_visible()


@pytest.mark.parametrize(("locale", "button"), [("zh-CN", "开始匹配"), ("en-GB", "Match")])
def test_every_part_begins_with_a_next_step_in_the_language_of_the_page(visit, locale, button):
    page = visit("match", locale)
    expect(page.locator("#explore-match-start")).to_have_text(button)
    expect(page.locator("#explore-match-example")).to_be_visible()
    page.click("#explore-part-pair")
    expect(page.locator("#explore-suggestions .wb-term").first).to_be_visible()
    page.click("#explore-part-near")
    expect(page.locator("#explore-neighbours .wb-term").first).to_be_visible()
    page.click("#explore-part-matrix")
    expect(page.locator("#explore-matrix-example")).to_be_visible()
    assert "explore." not in page.locator("#explore").inner_text()
    assert page.evaluate("document.documentElement.scrollWidth") <= 1280


def test_a_change_of_language_keeps_what_is_shown(visit, groups):
    page = visit("near")
    find(page, groups[0][1])
    before = terms_of(page)
    page.click("#language-zh")
    expect(page.locator("#explore-find")).to_have_text("查找")
    expect(page.locator(".wb-explore-of")).to_contain_text("最接近")
    assert terms_of(page) == before
    page.click("#language-en")


def test_odd_terms_look_right_and_execute_nothing(visit, services, dictionary):
    lines = [
        "standard,synonym",
        *(f'"odd {n}","{term.strip().replace(chr(34), chr(34) * 2)}"' for n, term in enumerate(ODD)),
    ]
    found = services.preview_dictionary("\n".join(lines).encode(), "odd.csv")
    name = services.save_dictionary("odd <b onclick=window.__evil=1>", found, source="odd.csv").name
    page = visit(name=dictionary)
    for term in ODD:
        compare(page, term.strip(), EVIL[0])
    page.click("#explore-part-near")
    page.click("#explore-source [data-value=list]")
    page.click("#explore-list-way [data-value=paste]")
    page.fill("#explore-list-text", "\n".join(ODD))
    page.click("#explore-list-take")
    find(page, EVIL[1])
    assert set(terms_of(page)) == {term.strip() for term in ODD} - {EVIL[1]}
    for term in (EVIL[0], ODD[3]):
        shown = (
            page.locator("#explore-neighbours [data-model] >> nth=0").locator("li b").filter(has_text=term)
        )
        expect(shown.first).to_be_visible()
    assert page.locator("#explore-neighbours b[dir=auto] bdi").count() >= 5
    page.click("#explore-part-match")
    start_match(page, "\n".join(ODD))
    expect(page.locator("#explore-match-rows tbody tr")).to_have_count(len(ODD))
    expect(page.locator("#explore-match-rows")).to_contain_text(EVIL[0])
    page.click("#explore-part-matrix")
    draw_matrix(page, [term.strip() for term in ODD])
    for row in range(len(ODD)):
        page.hover("#explore-matrix-canvas", position=point(page, row, 0))
    page.evaluate("name => WB.use({ dictionary: name })", name)
    page.click("#explore-part-pair")
    expect(page.locator("#explore-dictionary input")).to_have_value(name)
    assert page.evaluate("window.__evil") is None
    assert page.evaluate("document.documentElement.scrollWidth") <= 1280


def test_another_tab_asks_for_neighbours_and_for_two_terms(visit, groups):
    page = visit("matrix")
    page.click("#tab-models-button")
    page.evaluate("term => WB.explore(term)", groups[0][0])
    page.wait_for_selector("#explore-part-near.on")
    expect(page.locator(".wb-explore-of bdi")).to_have_text(groups[0][0])
    page.evaluate("([a, b]) => WB.explorePair(a, b)", groups[1][:2])
    page.wait_for_selector("#explore-part-pair.on")
    expect(page.locator(".wb-explore-terms")).to_contain_text(groups[1][1])
