"""The Data tab in a real browser: every kind of file, what saving would do, the lists, the check."""

import io

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.browser

TURTLE = """@prefix skos: <http://www.w3.org/2004/02/skos/core#> .
<urn:a> a skos:Concept ; skos:prefLabel "myocardial infarction"@en ; skos:altLabel "MI"@en, "coronary"@en .
<urn:b> a skos:Concept ; skos:prefLabel "hypertension"@en ; skos:altLabel "high blood pressure"@en .
"""


@pytest.fixture
def page(browse, address):
    """The Data tab in English."""
    page = browse(f"{address}#data")
    page.wait_for_selector("#data-list tr[data-name]")
    return page


@pytest.fixture
def send(page, tmp_path):
    """Upload a file of that name and content, and wait until it was looked at."""

    def upload(name: str, content: str | bytes, where: str = "#data-file") -> None:
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        page.set_input_files(f"{where} input[type=file]", str(path))
        page.wait_for_selector("[data-shows]:not(.wb-dim), #data-problem")

    return upload


def test_who_has_no_file_is_led_to_the_samples(page):
    page.click("#data-to-saved")
    row = page.locator("#data-list tr[data-name]").first
    assert row.evaluate("row => row === document.activeElement")
    box = row.bounding_box()
    assert 0 < box["y"] < 720, "it is in sight"
    page.keyboard.press("Enter")
    page.wait_for_selector("#data-train")


def workbook() -> bytes:
    from openpyxl import Workbook

    book = Workbook()
    book.active.title = "About"
    book.active.append(["remark", "date"])
    book.active.append(["made by hand", "2024"])
    sheet = book.create_sheet("Terms")
    for row in (
        ("standard term", "synonym"),
        ("lorry", "truck"),
        ("lift", "elevator"),
        ("flat", "apartment"),
    ):
        sheet.append(row)
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def counts(page) -> list[str]:
    return page.locator("#data-counts strong").all_inner_texts()


def save(page, name: str) -> None:
    page.click("#data-save")
    page.wait_for_selector(f"#data-list tr.on[data-name='{name}']")
    page.wait_for_selector("#data-groups :is(tbody tr, li)")


@pytest.mark.parametrize(
    ("file", "content", "pairs", "read_as"),
    [
        (
            "lines.jsonl",
            '{"standard": "lorry", "synonym": "truck"}\n{"standard": "lift", "synonym": "elevator"}\n',
            "2",
            "JSON Lines",
        ),
        ("rules.txt", "truck, heavy goods vehicle => lorry\nelevator => lift\n", "3", "Solr"),
        ("thesaurus.ttl", TURTLE, "3", "SKOS"),
    ],
)
def test_dictionaries_come_in_from_many_formats(page, send, file, content, pairs, read_as):
    send(file, content)
    assert page.locator("#data-kind .on").inner_text() == "Dictionary"
    assert counts(page)[0] == pairs
    assert read_as in page.locator("[data-shows]").inner_text()
    save(page, file.partition(".")[0])


def test_what_is_saved_is_a_click_away_from_training(page, send):
    send("tools.csv", "standard,synonym\nlorry,truck\nlift,elevator\n")
    save(page, "tools")
    page.click(".wb-note-act:has-text('Train with it')")
    page.wait_for_function("document.querySelector('#train-dictionary input')?.value === 'tools'")
    expect(page.locator("#tab-train-button")).to_have_attribute("aria-selected", "true")


def test_the_sheet_of_a_workbook_is_chosen(page, send):
    send("book.xlsx", workbook())
    page.click("#data-how summary")
    page.select_option("#data-sheet", "Terms")
    page.wait_for_function("document.querySelector('#data-counts strong')?.innerText === '3'")
    save(page, "book")
    assert "lorry" in page.locator("#data-groups").inner_text()


def test_labelled_pairs_show_how_they_are_labelled(page, send, services):
    rows = [f"how to wash a lorry {i},how to wash a truck {i},{int(i % 4 > 0)}" for i in range(12)]
    send("questions.csv", "\n".join(["text1,text2,label", *rows]))
    assert page.locator("#data-kind .on").inner_text() == "Labelled pairs"
    assert counts(page)[:3] == ["12", "9", "3"]
    save(page, "questions")
    assert page.locator("#data-kinds .on").inner_text().startswith("Pair sets")
    page.select_option("#data-compare", "Consumer health")
    page.wait_for_selector("#data-against")
    assert services.pair_sets.get("questions").positives == 9


def test_raw_text_loses_its_duplicates_and_can_be_searched(page, send):
    lines = [
        "Lorries need a permit.",
        "Lifts are checked each year.",
        "Lorries need a permit.",
        "Flats have doors.",
    ]
    send("rules-of-the-house.txt", "\n".join(lines))
    assert page.locator("#data-kind .on").inner_text() == "Raw text"
    assert counts(page)[0] == "3"
    assert counts(page)[2] == "1"
    save(page, "rules-of-the-house")
    page.fill("#data-search", "checked")
    page.wait_for_function("document.querySelectorAll('#data-groups tbody tr').length === 1")
    with page.expect_download() as download:
        page.click("#data-export summary")
        page.click("#data-export-txt")
    assert download.value.path().read_text("utf-8").splitlines() == [lines[0], lines[1], lines[3]]


def test_a_retrieval_set_is_read_from_two_files(page, send, services):
    send(
        "search.tsv",
        "query\tanswer\nhow do I wash a lorry\tWash it with soap.\nwhere is the lift\tBehind the door.\n",
    )
    assert page.locator("#data-kind .on").inner_text() == "Retrieval set"
    passages = "passage\nWash it with soap.\nPark it in the yard.\nOpen the window.\n"
    send("passages.tsv", passages, "#data-second-file")
    page.wait_for_selector("#data-missing")
    assert counts(page) == ["2", "4", "2"]
    page.click("#data-how summary")
    page.select_option("[data-key=missing]", "ignore")
    page.wait_for_function("document.querySelector('#data-counts strong').innerText === '1'")
    save(page, "search")
    assert services.retrieval_sets.get("search").passages == 3
    page.click("#data-delete")
    page.click("[data-choice=true]")
    page.wait_for_selector("#data-list .wb-empty")


def test_the_kind_can_be_changed(page, send):
    send("mixed.csv", "standard term,synonym\nlorry,truck\nlift,elevator\n")
    page.click("#data-kind [data-value=corpus]")
    page.wait_for_selector("[data-shows=corpus]:not(.wb-dim)")
    assert "Chosen by you" in page.locator("#data-reason").inner_text()
    page.click("#data-kind [data-value=dictionary]")
    page.wait_for_selector("[data-shows=dictionary]:not(.wb-dim)")
    assert counts(page)[0] == "2"


def test_a_merge_is_shown_before_it_is_done_and_the_same_file_again_changes_nothing(page, send, services):
    before = "standard term,synonym\nlorry,truck\nlift,elevator\nflat,apartment\n"
    services.importer.save(services.importer.read(before.encode(), "house.csv"), "house", "new", "house.csv")
    after = "standard term,synonym\nlorry,truck\nlorry,HGV\nlift,Elevator\nboot,trunk\nboot,luggage space\n"
    send("house.csv", after)
    page.click("#data-taken button >> nth=0")
    page.wait_for_selector("#data-plan")
    shown = {
        name: page.locator(f"[data-plan={name}] summary strong").inner_text()
        for name in ("added", "merged", "changed", "ignored")
    }
    assert shown == {"added": "2", "merged": "1", "changed": "1", "ignored": "1"}
    page.click("[data-plan=merged] summary")
    assert "HGV" in page.locator("[data-plan=merged] ul").inner_text()
    save(page, "house")
    assert services.dictionary("house").pairs == 6
    assert services.dictionary("house").version == 2
    page.wait_for_selector("#data-file input[type=file]", state="attached")
    send("house.csv", after.replace("Elevator", "elevator"))
    page.click("#data-taken button >> nth=0")
    page.wait_for_selector("#data-nothing")
    assert page.locator("#data-save").is_disabled()
    page.click("#data-mode [data-value=replace]")
    page.wait_for_selector("[data-plan=removed]")
    assert page.locator("[data-plan=removed] summary strong").inner_text() == "1"


def test_a_dictionary_is_exported_in_every_format(page, services):
    content = "standard term,synonym\nlorry,truck\nlift,elevator\n"
    services.importer.save(services.importer.read(content.encode(), "out.csv"), "out", "new", "out.csv")
    page.reload()
    page.click("#data-list tr[data-name='out']")
    for form in ("csv", "xlsx", "jsonl", "json", "skos", "solr", "tsv", "parquet"):
        page.click("#data-export summary")
        with page.expect_download() as download:
            page.click(f"#data-export-{form}")
        read = services.importer.read(download.value.path().read_bytes(), download.value.suggested_filename)
        assert {(pair.standard, pair.synonym) for pair in read.pairs} == {
            ("lorry", "truck"),
            ("lift", "elevator"),
        }
        page.wait_for_selector("#data-export:not([open])")


def test_look_alikes_are_found_and_merged_and_a_chain_is_drawn_and_cut(page, services):
    rows = [
        "standard term,synonym",
        "myocardial infarction,heart attack",
        "myocardial infarctoin,MI",
        "lorry,truck",
        "pickup,truck",
        "pickup,utility vehicle",
    ]
    services.importer.save(
        services.importer.read("\n".join(rows).encode(), "odd.csv"), "odd", "new", "odd.csv"
    )
    page.reload()
    page.click("#data-list tr[data-name='odd']")
    page.click("#data-check-start")
    page.wait_for_selector("#check-alike [data-act=merge]")
    page.select_option("#check-alike select", "myocardial infarction")
    page.click("#check-alike [data-act=merge]")
    page.wait_for_selector("#check-alike li.done")
    page.wait_for_function("document.querySelector('#data-list tr.on').innerText.includes('3')")
    merged = services.editor.find("odd", "myocardial infarction")[0]
    assert set(merged.synonyms) == {"heart attack", "MI", "myocardial infarctoin"}
    page.click("#check-chains [data-act=chain]")
    page.locator("#check-chains svg g[role=button]").first.focus()
    page.keyboard.press("Enter")
    page.click("dialog [data-choice=true]")
    page.wait_for_selector("#check-chains", state="detached")
    assert len(services.editor.apart("odd")) == 1
    page.click(".wb-note:has-text('not synonyms') .wb-note-act")
    page.wait_for_selector("#check-chains")
    assert services.editor.apart("odd") == []


def test_a_small_file_is_looked_at_closely_at_once(page, send):
    send("close.csv", "standard term,synonym\nmyocardial infarction,heart attack\nmyocardial infarctoin,MI\n")
    page.wait_for_selector("#closer-alike")
    page.click("#data-form >> text=Merge into")
    page.wait_for_selector("[data-shows]:not(.wb-dim)")
    assert "myocardial infarctoin" in page.locator("#closer-alike").inner_text()


def test_a_large_file_is_looked_at_closely_on_request(page, send):
    many = "".join(f"lorry {'abcdefgh'[i % 8]}{i},truck {i}\n" for i in range(20_001))
    send("many.csv", "standard term,synonym\n" + many)
    page.click("#data-closer")
    page.wait_for_selector("#data-closer-found")


def test_a_server_that_forgot_the_file_says_what_to_do(page, send, monkeypatch):
    from workbench.ui.uploads import Uploads

    send("gone.csv", "standard term,synonym\nlorry,truck\n")
    monkeypatch.setattr(Uploads, "find", lambda self, token: None)
    page.click("#data-kind [data-value=pairs]")
    page.wait_for_selector("#data-problem:has-text('Choose the file again')")
