"""Two versions of a dictionary under a row of the leaderboard: sentence, sums, lists, chooser, progress."""

import re

import pytest
from playwright.sync_api import expect

from workbench.editing.edits import AddGroup, AddSynonyms, DeleteTerms
from workbench.services import Services
from workbench.settings import Settings

pytestmark = pytest.mark.browser
EVIL = "<img src=x onerror=window.__evil=1>"


def edit(services, change):
    services.editor.apply("toy", change, based_on=services.editor.status("toy").version)


@pytest.fixture(scope="module")
def services(tmp_path_factory, toy_csv):
    """A dictionary whose first and fourth version are measured; in between each kind of change was made."""
    home = tmp_path_factory.mktemp("versions") / "home"
    opened = Services(Settings.from_env({}, home=home, warm_worker=False, threads=1))
    opened.save_dictionary("toy", opened.preview_dictionary(toy_csv, "toy.csv"), source="toy.csv")
    opened.evaluation.evaluate("dictionary:toy", "tfidf")
    queries = opened.evaluation._case("dictionary:toy").headline.queries
    groups = {group.id: group for query in queries for group in opened.editor.find("toy", query)}
    one, other = list(groups.values())[:2]
    edit(opened, AddSynonyms(one.id, (EVIL,)))
    edit(opened, DeleteTerms(other.id, (other.synonyms[0],)))
    edit(opened, AddGroup(f"{one.synonyms[0]} {one.synonyms[0]}", ("rrrkkkppp",)))
    opened.evaluation.evaluate("dictionary:toy", "tfidf")
    yield opened
    opened.close()


@pytest.fixture
def page(browse, address):
    page = browse(f"{address}#board")
    page.wait_for_selector("#board-dictionary input")
    page.click("#board-dictionary input")
    page.click("[role=option]:has-text('toy')")
    page.locator("#board-table tr[data-model='tfidf'] .wb-board-open").click()
    page.click(".wb-board-detail [data-act=change]")
    page.wait_for_selector("#change-sentence")
    return page


def numbers(page, k):
    cells = page.locator(f".wb-change-sum tr[data-k='{k}'] td").all_inner_texts()[1:]
    return [0.0 if cell == "–" else float(re.sub("[±+]", "", cell).replace("−", "-")) for cell in cells]


def test_the_difference_is_told_and_the_parts_add_up(page, services):
    change = services.version_change.compare("toy", "tfidf")
    assert page.inner_text("#change-sentence") == change.sentence.get("en")
    assert page.input_value("#change-before") == "1"
    assert page.input_value("#change-after") == "4"
    for k in (1, 10):
        before, *parts, after = numbers(page, k)
        assert round(10 * sum(parts)) == round(10 * after) - round(10 * before)
        assert after == change.shifts[k].rounded()["after"]
    page.click("#change-list-came")
    came = page.locator(".wb-change-list tr[data-query]")
    expect(came.filter(has_text=EVIL)).to_contain_text("new term")
    expect(came).to_have_count(change.counts["came"])
    page.click("#change-list-same")
    expect(page.locator(".wb-change-list").get_by_text("new standard term").first).to_be_visible()
    page.click("#change-list-went")
    expect(page.locator(".wb-change-list tr[data-query]")).to_contain_text("term deleted")
    assert page.evaluate("window.__evil") is None


def test_other_versions_are_chosen_and_an_impossible_choice_is_said(page):
    page.select_option("#change-after", "2")
    expect(page.locator(".wb-change-sum thead")).to_contain_text("Version 2")
    expect(page.locator("#change-lists button")).to_have_count(1)
    page.select_option("#change-before", "2")
    expect(page.locator("#change-problem")).to_contain_text("itself")
    page.select_option("#change-before", "1")
    expect(page.locator("#change-sentence")).to_be_visible()
    page.click(".wb-board-detail [data-act=change]")
    expect(page.locator("#board-change")).to_have_count(0)


def test_what_takes_long_shows_how_far_it_is(page, services, monkeypatch):
    import threading

    go_on = threading.Event()
    compare = services.version_change.compare

    def slow(*arguments):
        assert go_on.wait(60)
        return compare(*arguments)

    monkeypatch.setattr(services.version_change, "compare", slow)
    page.select_option("#change-after", "3")
    expect(page.locator("#change-progress")).to_contain_text("Comparing the versions")
    go_on.set()
    expect(page.locator(".wb-change-sum thead")).to_contain_text("Version 3")
