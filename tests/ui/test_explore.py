"""Explore in a real browser: two terms, neighbours, a matched column, a matrix, and what is said of terms."""

import csv
import io
import re
import shutil
from pathlib import Path

import pytest
from playwright.sync_api import expect

from workbench.editing.edits import AddSynonyms
from workbench.services import Services
from workbench.settings import Settings

pytestmark = pytest.mark.browser

EVIL = (
    "<img src=x onerror=window.__evil=1>",
    '"><svg onload=window.__evil=1>',
    "${window.__evil=1}",
)
ODD = (*EVIL, "سيارة دفع رباعي", "🚗 car “x”", "long " * 100)
FILLED = "#explore-neighbours:not(.wb-dim) .wb-hits li"


@pytest.fixture(scope="module")
def services(workshop, tmp_path_factory):
    """Services over a copy of the workshop's home: the tests of this module add to it."""
    home = tmp_path_factory.mktemp("explored") / "home"
    shutil.copytree(workshop.settings.home, home)
    opened = Services(Settings.from_env({}, home=home, warm_worker=False, threads=1))
    yield opened
    opened.close()


@pytest.fixture
def dictionary(services, toy_csv, request):
    """The toy dictionary under the test's own name."""
    name = services.unique_dictionary_name(request.node.name[:50])
    found = services.preview_dictionary(toy_csv, "toy.csv")
    return services.save_dictionary(name, found, source="toy.csv").name


@pytest.fixture
def groups(services, dictionary):
    """Some groups: standard term, synonyms."""
    return [(group.standard, *group.synonyms) for group in services.editor.page(dictionary, size=20).groups]


@pytest.fixture(scope="module")
def contexts(chromium):
    size = {"width": 1280, "height": 720}
    return {
        locale: chromium.new_context(viewport=size, locale=locale, accept_downloads=True)
        for locale in ("zh-CN", "en-GB")
    }


@pytest.fixture
def visit(browse, contexts, address, dictionary):
    """Opens a part of the tab on the dictionary and the tuned model."""

    def open_page(part="pair", locale="en-GB", name=None, model="tuned", fresh=True):
        script = f"localStorage['workbench.explore.part'] = '{part}';"
        if fresh:
            script = (
                "if (!sessionStorage.begun) { localStorage.clear(); sessionStorage.begun = 1; " + script + "}"
            )
        page = browse(f"{address}#explore", context=contexts[locale], script=script)
        page.wait_for_selector(f"#explore-part-{part}.on")
        page.evaluate("wish => WB.use(wish)", {"dictionary": name or dictionary, "model": model})
        page.wait_for_function(
            "name => document.querySelector('#explore-dictionary input').value === name",
            arg=name or dictionary,
        )
        return page

    return open_page


def compare(page, a, b):
    page.fill("#explore-first input", a)
    page.fill("#explore-other input", b)
    page.click("#explore-compare")
    expect(page.locator(".wb-explore-terms")).to_contain_text(b)
    page.wait_for_selector("#explore-pair:not(.wb-dim) #explore-why")


def find(page, text):
    page.fill("#explore-term input", text)
    page.click("#explore-find")
    expect(page.locator(".wb-explore-of bdi")).to_have_text(text)
    page.wait_for_selector(FILLED)


def hits(page, column=0):
    return page.locator("#explore-neighbours [data-model]").nth(column).locator("li")


def terms_of(page, column=0):
    return [each.get_attribute("data-term") for each in hits(page, column).all()]


# -- two terms ----------------------------------------------------------------------------------------


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


# -- neighbours ---------------------------------------------------------------------------------------


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
    expect(page.locator("#explore-match-table")).to_contain_text("1 rows")
    page.click("#explore-match-other")
    choose_file(page, table)
    page.wait_for_selector("#explore-match-column")
    broken = tmp_path / "broken.xlsx"
    broken.write_bytes(b"PK\x03\x04 no workbook")
    page.click("#explore-match-other")
    choose_file(page, broken)
    page.wait_for_selector("#explore-match-form .wb-verdict.worse")
    assert "unexpected" not in page.locator("#explore-match-form .wb-verdict.worse").inner_text()


# -- a column -----------------------------------------------------------------------------------------


def start_match(page, text):
    page.click("#explore-match-way [data-value=paste]")
    page.fill("#explore-match-text", text)
    page.click("#explore-match-start")


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


# -- the matrix ---------------------------------------------------------------------------------------


def draw_matrix(page, terms):
    page.fill("#explore-matrix-terms", "\n".join(terms))
    page.click("#explore-matrix-start")
    page.wait_for_selector(f"#explore-matrix-canvas[data-drawn='{len(terms)}']")


def point(page, row, column):
    """Where a cell of the matrix is, within the canvas."""
    left, size = (
        float(page.get_attribute("#explore-matrix-canvas", f"data-{key}")) for key in ("left", "size")
    )
    return {"x": left + (column + 0.5) * size, "y": left + (row + 0.5) * size}


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


# -- all of it ----------------------------------------------------------------------------------------


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
