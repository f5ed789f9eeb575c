"""Columns of an imported file in a browser: said in the preview, shown as slices of the leaderboard."""

import pytest
from playwright.sync_api import expect

from workbench.services import Services
from workbench.settings import Settings

pytestmark = pytest.mark.browser
EVIL = "<img src=x onerror=window.__evil=1>"


@pytest.fixture(scope="module")
def labelled(toy_pairs):
    """The toy dictionary with a category, and a source that is odd or missing."""
    lines = ["standard term,synonym,类别,Source"]
    for place, pair in enumerate(toy_pairs):
        category = ("轿车", "越野车", "零部件")[ord(pair.synonym[0]) % 3]
        lines.append(f"{pair.standard},{pair.synonym},{category},{EVIL if place % 3 else ''}")
    lines[1] = lines[1].rpartition(",")[0] + ",手册"
    return "\n".join(lines).encode()


@pytest.fixture(scope="module")
def services(tmp_path_factory, labelled):
    home = tmp_path_factory.mktemp("kept") / "home"
    opened = Services(Settings.from_env({}, home=home, warm_worker=False, threads=1))
    opened.save_dictionary("toy", opened.preview_dictionary(labelled, "toy.csv"), source="toy.csv")
    for system in ("tfidf", "exact"):
        opened.evaluation.evaluate("dictionary:toy", system)
    yield opened
    opened.close()


def test_each_column_is_a_group_of_slices_under_its_heading(browse, address):
    page = browse(f"{address}#board")
    page.wait_for_selector("#board-dictionary input")
    page.click("#board-dictionary input")
    page.click("[role=option]:has-text('toy')")
    page.click("#board-part-slices")
    category = page.locator(".wb-slices [data-column='类别']")
    expect(category.locator(".wb-slice-head")).to_have_text("类别")
    expect(category).to_contain_text("越野车")
    expect(category.locator("tr")).to_have_count(4)
    source = page.locator(".wb-slices [data-column=Source]")
    expect(source).to_contain_text(EVIL)
    expect(source.locator("tr").last).to_contain_text("(empty)")
    assert page.evaluate("window.__evil") is None


def upload(page, name, content):
    page.wait_for_selector("#data-list tr[data-name]")
    given = {"name": name, "mimeType": "text/csv", "buffer": content}
    page.set_input_files("#data-file input[type=file]", given)
    page.wait_for_selector("#data-counts")


def test_the_preview_says_which_columns_are_kept(browse, address, labelled):
    page = browse(f"{address}#data")
    upload(page, "cars.csv", labelled)
    expect(page.locator("#data-kept")).to_contain_text("“类别”, “Source”")


def test_the_preview_of_two_columns_says_nothing_of_others(browse, address):
    page = browse(f"{address}#data")
    upload(page, "two.csv", b"standard term,synonym\nmyocardial infarction,heart attack\n")
    expect(page.locator("#data-kept")).to_have_count(0)
