"""Explore in a browser: a column matched against the dictionary."""

import csv
import io
import re
from pathlib import Path

import pytest
from explore_on_screen import start_match
from playwright.sync_api import expect

pytestmark = pytest.mark.browser


def choose_file(page, path):
    with page.expect_file_chooser() as chooser:
        page.click("[data-act=choose-file]")
    chooser.value.set_files(str(path))


def test_a_file_is_chosen_and_one_of_another_kind_is_refused_with_a_sentence(visit, tmp_path):
    page = visit("match")
    picture, table = tmp_path / "picture.png", tmp_path / "terms.TSV"
    picture.write_bytes(b"\x89PNG")
    table.write_text("name\tcode\nabcd\t1\n", encoding="utf-8")
    choose_file(page, picture)
    expect(page.locator(".wb-note.problem")).to_contain_text("picture.png")
    choose_file(page, table)
    expect(page.locator("#explore-match-table")).to_contain_text(re.compile(r"1 row(?!s)"))
    page.click("#explore-match-other")
    choose_file(page, table)
    page.wait_for_selector("#explore-match-column")
    broken = tmp_path / "broken.xlsx"
    broken.write_bytes(b"PK\x03\x04 no workbook")
    page.click("#explore-match-other")
    choose_file(page, broken)
    page.wait_for_selector("#explore-match-form .wb-verdict.worse")
    assert "unexpected" not in page.locator("#explore-match-form .wb-verdict.worse").inner_text()


def test_a_column_is_matched_looked_through_and_downloaded(visit, groups, tmp_path):
    page = visit("match")
    rows = ["id,name", *(f"{n},{group[1]}" for n, group in enumerate(groups)), "98,zzzz", "99,yyyy"]
    path = tmp_path / "parts.csv"
    path.write_text("\n".join(rows), encoding="utf-8")
    page.set_input_files("#explore-file input[type=file]", str(path))
    page.wait_for_selector("#explore-match-column")
    expect(page.locator("#explore-match-table")).to_contain_text("22 rows")
    page.locator("#explore-precision").fill("80")
    page.click("#explore-match-start")
    page.wait_for_selector("#explore-match-rows tbody tr")
    assert page.locator("#explore-match-bar i").count() >= 2
    assert "20" in page.locator("[data-kind=known].wb-chip").inner_text()
    expect(page.locator("#explore-coverage")).to_contain_text("%")
    page.click(".wb-chip[data-kind=known]")
    expect(page.locator("#explore-match-rows tbody tr[data-kind=known]")).to_have_count(20)
    with page.expect_download() as download:
        page.click("#explore-match-csv")
    assert download.value.suggested_filename == "parts-matched.csv"
    text = Path(download.value.path()).read_text("utf-8-sig")
    found = list(csv.DictReader(io.StringIO(text)))
    assert len(found) == 22
    assert found[0]["standard"] == groups[0][0]
    assert found[0]["id"] == "0"
    with page.expect_download() as download:
        page.click("#explore-match-xlsx")
    assert Path(download.value.path()).read_bytes()[:2] == b"PK"


def test_a_match_goes_on_while_the_page_is_loaded_again(visit, services, groups, monkeypatch, until):
    held, asked = [True], []
    match = services.matching.match

    def slow(texts, *given, progress=None, **more):
        asked.append(len(texts))
        until(lambda: not held[0])
        return match(texts, *given, progress=progress, **more)

    monkeypatch.setattr(services.matching, "match", slow)
    page = visit("match")
    start_match(page, "\n".join(group[0] for group in groups))
    page.wait_for_selector("#explore-match-progress")
    until(lambda: asked)
    page.reload()
    page.wait_for_selector("#explore-match-progress")
    held[0] = False
    page.wait_for_selector("#explore-match-rows tbody tr")
    assert asked == [20]
    page.reload()
    page.wait_for_selector("#explore-match-rows tbody tr")
    assert asked == [20]


def test_a_match_that_is_stopped_leaves_a_sentence(visit, services, monkeypatch, until):
    from workbench.localtext import LocalText

    def endless(texts, *given, progress=None, **more):
        until(lambda: progress(0.5, LocalText("忙", "busy")) and False)

    monkeypatch.setattr(services.matching, "match", endless)
    page = visit("match")
    start_match(page, "abcd")
    page.click("#explore-match-stop")
    expect(page.locator("#explore-match-problem")).to_contain_text("Stopped")
    assert page.locator("#explore-match-start").is_enabled()


def test_a_doubtful_row_is_added_from_the_table(visit, services, dictionary):
    page = visit("match")
    start_match(page, "qqww, with a comma")
    row = page.locator("#explore-match-rows tbody tr")
    expect(row).to_have_count(1)
    expect(row).to_contain_text("qqww, with a comma")
    page.evaluate("WB.use({ dictionary: 'toy' })")
    expect(page.locator("#explore-match-form")).to_contain_text("“toy”")
    row.locator("[data-act=synonyms]").click()  # into the dictionary of the report, whatever the desk says
    expect(row).to_contain_text("added")
    assert services.editor.find(dictionary, "qqww, with a comma")
