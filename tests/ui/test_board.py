"""The leaderboard in a browser: columns, a pinned row, notes, single queries, slices, pairs, exports."""

import csv
import io

import pytest
from playwright.sync_api import expect

from workbench.services import Services
from workbench.settings import Settings
from workbench.types import LabelledPair, RetrievalSet

pytestmark = pytest.mark.browser
EVIL = "<img src=x onerror=window.__evil=1>"


@pytest.fixture(scope="module")
def services(tmp_path_factory, toy_csv, toy_pairs, tiny_model_folder):
    """A home with a dictionary, a retrieval set and labelled pairs, each measured with a few systems."""
    home = tmp_path_factory.mktemp("board") / "home"
    opened = Services(Settings.from_env({}, home=home, warm_worker=False, threads=1))
    opened.save_dictionary("toy", opened.preview_dictionary(toy_csv, "toy.csv"), source="toy.csv")
    model = str(tiny_model_folder)
    for system in (model, "tfidf", "exact"):
        opened.evaluation.evaluate("dictionary:toy", system)
    content = RetrievalSet(
        queries=tuple(pair.synonym for pair in toy_pairs[:12]),
        passages=(*(pair.standard for pair in toy_pairs[:24]), EVIL),
        answers=tuple((place,) for place in range(12)),
    )
    opened._workspace.retrieval_sets.save("问答", content, source="q.csv")
    few = toy_pairs[:80]
    labelled = [LabelledPair(pair.standard, pair.synonym, 1.0) for pair in few]
    labelled += [LabelledPair(pair.standard, few[i ^ 1].synonym, 0.0) for i, pair in enumerate(few)]
    opened._workspace.pair_sets.save("句对", labelled, kind="labels", source="p.csv", trusted=True)
    for system in (model, "tfidf"):
        opened.evaluation.pairs.evaluate("pairs:句对", system)
    yield opened
    opened.close()


@pytest.fixture
def model(tiny_model_folder):
    return str(tiny_model_folder)


@pytest.fixture
def page(browse, address):
    page = browse(f"{address}#board")
    page.wait_for_selector("#board-dictionary input")
    page.click("#board-dictionary input")
    page.click("[role=option]:has-text('toy')")
    page.wait_for_selector("#board-table tr[data-model='tfidf']")
    return page


def opened_row(page, model):
    page.locator(f"#board-table tr[data-model='{model}'] .wb-board-open").click()
    page.wait_for_selector(".wb-board-detail [data-act=pin]")


def test_columns_are_chosen_and_remembered(page):
    head = page.locator("#board-table thead")
    expect(head).not_to_contain_text("nDCG@10")
    page.click("#board-columns summary")
    page.check("[data-column=ndcg]")
    page.uncheck("[data-column=mrr]")
    expect(head).to_contain_text("nDCG@10")
    expect(head).not_to_contain_text("MRR@10")
    page.reload()
    page.wait_for_selector("#board-table tr[data-model='tfidf']")
    expect(page.locator("#board-table thead")).to_contain_text("nDCG@10")


def test_a_pinned_row_is_what_all_others_are_compared_with(page, model):
    opened_row(page, "tfidf")
    page.click(".wb-board-detail [data-act=pin]")
    row = page.locator(f"#board-table tr[data-model='{model}'] .wb-judgement")
    expect(row).to_contain_text("TF-IDF")
    pinned = page.locator("#board-table tr[data-model='tfidf'] .wb-chip.warn")
    expect(pinned).to_have_count(1)
    page.click(".wb-board-detail [data-act=pin]")
    expect(pinned).to_have_count(0)


def test_a_note_is_kept_as_it_was_written(page, services):
    opened_row(page, "exact")
    page.click("[data-act=note]")
    page.fill("#board-note", f"交付版 {EVIL}")
    page.click("#board-note-save")
    expect(page.locator(".wb-board-detail")).to_contain_text("交付版 <img")
    assert services.evaluation.note("exact") == f"交付版 {EVIL}"
    page.click("#board-columns summary")
    page.check("[data-column=note]")
    expect(page.locator("#board-table tr[data-model='exact']")).to_contain_text("交付版")
    assert page.evaluate("window.__evil") is None


def test_a_hybrid_is_added_and_says_what_was_chosen(page, model, until):
    page.click("#board-add")
    page.select_option("#board-add-lexical", "tfidf")
    page.fill("#board-add-model", "no/such model here")
    page.click("#board-add-model-run")
    page.wait_for_selector(".wb-note.problem")
    page.click("#board-add") if not page.locator("#board-adder").count() else None
    page.fill("#board-add-model", f"hybrid({model}+tfidf)")
    page.click("#board-add-model-run")
    hybrid = page.locator("#board-table tr[data-model^='hybrid']")
    expect(hybrid).to_have_count(1)
    hybrid.locator(".wb-board-open").click()
    expect(page.locator(".wb-board-detail")).to_contain_text("Chosen on development data")


@pytest.mark.parametrize(("format", "sign"), [("csv", "recall@1"), ("md", "| "), ("tex", "\\begin{tab")])
def test_the_board_leaves_as_a_file(page, format, sign):
    page.click("#board-download summary")
    with page.expect_download() as download:
        page.click(f"#board-{format}")
    assert download.value.suggested_filename == f"toy-leaderboard.{format}"
    told = download.value.path().read_text("utf-8-sig")
    assert sign in told
    if format == "csv":
        rows = list(csv.DictReader(io.StringIO(told)))
        shown = page.locator("#board-table tr[data-model='tfidf'] .wb-figure").inner_text()
        (row,) = [row for row in rows if row["model"] == "tfidf"]
        assert f"{float(row['recall@1']):.1f}" == shown


def test_the_board_leaves_as_a_picture(page):
    page.click("#board-download summary")
    with page.expect_download() as download:
        page.click("#board-png")
    assert download.value.path().read_bytes()[:4] == b"\x89PNG"


def test_single_queries_are_filtered_opened_and_judged(page, services, until):
    opened_row(page, "tfidf")
    page.click(".wb-board-detail [data-act=misses]")
    page.wait_for_selector(".wb-misses tbody tr[data-query]")
    assert page.input_value("#misses-a") == "tfidf"
    page.click("[data-side=neither]")
    page.wait_for_selector("[data-side=neither].on")
    row = page.locator(".wb-misses tr[data-query]").first
    row.wait_for()
    expect(page.locator(".wb-misses .wb-rank.right")).to_have_count(0)
    query = row.get_attribute("data-query")
    row.locator(".wb-board-open").click()
    item = page.locator(".wb-ranking li:not(.right)").first
    term = item.locator(".wb-ranking-text").inner_text()
    item.hover()
    item.locator("[data-act=also]").click()

    def joined():
        return [group.standard for group in services.editor.find("toy", query)]

    until(lambda: term in joined())
    page.locator(".wb-note").filter(has_text=query).locator(".wb-note-act").click()
    until(lambda: term not in joined())


def test_slices_show_a_part_of_the_queries_each(page):
    page.click("#board-part-slices")
    page.wait_for_selector(".wb-slices [data-dimension=overlap] tr")
    before = page.locator(".wb-slices thead th").count()
    page.click("#board-slices [data-system=exact]")
    page.wait_for_selector("#board-slices [data-system=exact].on")
    page.wait_for_selector(".wb-slices [data-dimension=overlap] tr")
    assert page.locator(".wb-slices thead th").count() in (before, before + 1)
    row = page.locator(".wb-slices [data-dimension=overlap] tr:not(.wb-slice-head) >> nth=0")
    widths = row.locator(".wb-interval").evaluate_all("bars => bars.map(bar => bar.offsetWidth)")
    assert max(widths) - min(widths) <= 1, "equal scores are bars of equal length"


def test_a_retrieval_set_has_a_board_of_its_own(page, model):
    page.click("#board-on-retrieval")
    page.wait_for_selector("#board-measure")
    page.click("#board-measure")
    page.wait_for_selector("#board-table tr[data-model='bm25_chars']")
    expect(page.locator("#board-about")).to_contain_text("12 questions, 25 passages")
    page.click("#board-on-dictionary")
    page.wait_for_selector("#board-view")


def test_labelled_pairs_have_a_report(page, model):
    page.click("#board-on-pairs")
    page.wait_for_selector("#board-pairs tr[data-model='tfidf']")
    page.locator("#board-pairs tr[data-model='tfidf'] .wb-board-open").click()
    expect(page.locator(".wb-report").first).to_contain_text("not alike")
    expect(page.locator(".wb-mini")).to_have_count(4)
    assert page.evaluate("window.__evil") is None
