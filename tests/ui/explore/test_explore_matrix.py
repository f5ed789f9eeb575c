"""Explore in a browser: a matrix of pasted terms."""

import csv
import io
from pathlib import Path

import pytest
from explore_on_screen import draw_matrix, point
from playwright.sync_api import expect

pytestmark = pytest.mark.browser


def test_a_matrix_is_drawn_looked_at_and_leads_to_two_terms(visit, groups):
    page = visit("matrix")
    terms = [term for group in groups[:4] for term in group]
    draw_matrix(page, terms)
    expect(page.locator(".wb-explore-key")).to_contain_text("12 pairs")
    page.hover("#explore-matrix-canvas", position=point(page, 0, 1))
    card = page.locator(".wb-explore-stage .wb-map-card")
    expect(card).to_contain_text("cosine")
    named = [each.inner_text() for each in card.locator("strong bdi").all()]
    page.click("#explore-matrix-canvas", position=point(page, 0, 1))
    page.wait_for_selector("#explore-part-pair.on")
    page.wait_for_selector("#explore-why")
    assert [page.input_value(f"#explore-{key} input") for key in ("first", "other")] == named
    page.click("#explore-part-matrix")
    page.locator("#explore-matrix-canvas").focus()
    for key in ("ArrowRight", "ArrowDown", "ArrowDown"):
        page.keyboard.press(key)
    expect(card).to_be_visible()
    with page.expect_download() as download:
        page.click("#explore-matrix-csv")
    rows = list(csv.reader(io.StringIO(Path(download.value.path()).read_text("utf-8-sig"))))
    assert sorted(rows[0][1:]) == sorted(terms)
    assert len(rows) == 13


def test_an_example_fills_the_matrix_and_two_hundred_terms_fit(visit):
    page = visit("matrix")
    page.click("#explore-matrix-example")
    page.wait_for_selector("#explore-matrix-canvas[data-drawn]")
    draw_matrix(page, [f"{a}{b}" for a in "abcdefghijklmnopqrst" for b in "abcdefghij"])
    page.fill("#explore-matrix-terms", "\n".join(f"t{n}" for n in range(201)))
    page.click("#explore-matrix-start")
    expect(page.locator("#explore-matrix .wb-verdict.worse")).to_contain_text("200")
