"""The page in a real browser: both languages, nothing from outside, nothing executed, problems by row."""

import re
import tempfile
import zipfile
from pathlib import Path

import pytest
from playwright.sync_api import expect

from workbench.ui import outgoing

pytestmark = pytest.mark.browser

TABS = ("data", "synonyms", "train", "board", "explore", "map", "models")
SIGNS = {  # that a tab knows the dictionary and the models
    "board": "#board-measure",
    "synonyms": "#synonyms-list [data-group]",
    "train": "#train-estimate :is(strong, .wb-warning)",
    "map": "#map-start",
    "explore": "#explore-suggestions .wb-term",
    "models": "#models-list [data-model]",
}
EVIL = (
    "<img src=x onerror=window.__evil=1>",
    "<script>window.__evil=1</script>",
    '"><svg onload=window.__evil=1>',
    "javascript:window.__evil=1",
    "${window.__evil=1}",
    "{{constructor.constructor('window.__evil=1')()}}",
)


@pytest.fixture
def visit(browse, address):
    """Opens a tab of the page and waits until it is there."""

    def open_page(tab="data", locale="en-GB"):
        page = browse(f"{address}#{tab}", locale)
        page.wait_for_selector("#header-state")
        page.wait_for_selector(f"#{tab}-lead h2, #tab-{tab} h2")
        return page

    return open_page


def tabs_are_named(page, names) -> None:
    for tab, name in zip(TABS, names, strict=True):  # Gradio translates them one after the other
        expect(page.locator(f"#tab-{tab}-button")).to_have_text(name)


ENGLISH = ["Data", "Synonyms", "Train", "Leaderboard", "Explore", "Map", "Models"]
CHINESE = ["资料", "词典编辑", "训练", "排行榜", "探索", "地图", "模型"]


@pytest.mark.parametrize(("locale", "names"), [("en-GB", ENGLISH), ("zh-CN", CHINESE), ("zh-TW", CHINESE)])
def test_language_follows_the_browser(visit, locale, names):
    tabs_are_named(visit(locale=locale), names)


def test_language_is_switched_by_hand_and_remembered(visit):
    page = visit("train")
    page.click("#language-zh")
    page.wait_for_selector("#train-start:has-text('开始训练')")
    tabs_are_named(page, CHINESE)
    expect(page.locator("#train-lead")).to_contain_text("教模型")
    expect(page.locator("#train-recipe")).to_contain_text("即时")
    page.reload()
    page.wait_for_selector("#train-start:has-text('开始训练')")
    tabs_are_named(page, CHINESE)
    assert page.evaluate("document.documentElement.lang") == "zh-CN"


@pytest.mark.parametrize("locale", ["en-GB", "zh-CN"])
def test_every_tab_opens_and_offers_a_next_step(visit, locale):
    page = visit(locale=locale)
    for tab in TABS:
        page.click(f"#tab-{tab}-button")
        page.wait_for_selector(f"#tab-{tab} h2:visible")
        page.wait_for_selector(f"#tab-{tab} button:visible")
    assert page.evaluate("document.documentElement.scrollWidth") <= 1280


def test_dark_and_light_are_switched_and_remembered(visit):
    page = visit()
    before = page.evaluate("document.body.classList.contains('dark')")
    page.click("#theme-switch")
    assert page.evaluate("document.body.classList.contains('dark')") is not before
    page.reload()
    page.wait_for_selector("#header-state")
    page.wait_for_function("before => document.body.classList.contains('dark') !== before", arg=before)


def test_problems_are_shown_by_row_and_what_was_saved_can_be_searched(visit, tmp_path):
    rows = [
        "标准词,近似词",
        "越野车,SUV",
        "轿车,轿车",
        "货车,卡车",
        "货车,卡车",
        "客车,",
        "皮卡,皮卡车；小货车",
    ]
    path = tmp_path / "车辆.csv"
    path.write_text("\n".join(rows), encoding="utf-8")
    page = visit(locale="zh-CN")
    page.set_input_files("#data-file input[type=file]", str(path))
    page.wait_for_selector("#data-problems li")
    listed = page.locator("#data-problems").inner_text()
    for row in ("第 3 行", "第 5 行", "第 6 行"):
        assert row in listed
    page.check("#data-split input")
    page.wait_for_function("document.querySelector('#data-counts').innerText.startsWith('4')")
    page.click("#data-save")
    page.wait_for_selector("#data-inside tbody tr")
    assert page.locator("#data-list tr[data-name='车辆']").count() == 1
    page.fill("#data-search", "卡车")
    page.wait_for_function("document.querySelectorAll('#data-groups tbody tr').length === 2")


def test_a_dictionary_is_replaced_by_a_file_where_that_is_chosen(visit, tmp_path):
    path = tmp_path / "船舶.csv"
    page = visit(locale="zh-CN")
    for pairs, version in ((1, 1), (2, 2)):
        rows = ["标准词,近似词", *(f"轮船{i},汽船{i}" for i in range(pairs))]
        path.write_text("\n".join(rows), encoding="utf-8")
        page.set_input_files("#data-file input[type=file]", str(path))
        page.wait_for_selector("#data-sample tbody tr")
        if version == 2:
            assert page.locator("#data-name input").input_value() == "船舶-2"
            page.click("#data-mode [data-value=replace]")
            assert page.locator("#data-into").input_value() == "船舶"
            page.click("#data-mode [data-value=new]")
            assert page.locator("#data-name input").input_value() == "船舶-2"
            page.click("#data-mode [data-value=replace]")
            page.wait_for_selector("#data-plan [data-plan=added]")
        page.click("#data-save")
        page.wait_for_selector("#data-sample", state="detached")
        page.wait_for_selector("#data-list tr[data-name='船舶']")
    page.wait_for_function("document.querySelector('#data-list tr[data-name=船舶]').innerText.includes('2')")
    assert page.locator("#data-list tr[data-name^='船舶']").count() == 1


def test_a_file_that_is_not_understood_can_be_read_by_hand(visit, tmp_path):
    path = tmp_path / "hull.csv"
    path.write_text("编号,标准词,近似词,其他\n1,船体,,船壳\n2,甲板,,舱面\n", encoding="gb18030")
    page = visit(locale="zh-CN")
    page.set_input_files("#data-file input[type=file]", str(path))
    page.wait_for_selector("#data-problem")
    assert page.locator("#data-save").is_visible()
    assert page.locator("#data-save").is_disabled()
    page.click("#data-synonyms [data-column='3']")
    page.wait_for_function("document.querySelectorAll('#data-synonyms .on').length === 2")
    page.click("#data-synonyms [data-column='2']")
    page.wait_for_selector("#data-sample tbody tr")
    expect(page.locator("#data-counts")).to_have_text(re.compile(r"^\s*2"))
    page.select_option("#data-encoding", "cp932")
    page.wait_for_function("!document.querySelector('#data-standard')?.innerText.includes('编号')")


def test_a_tuned_model_is_downloaded_as_a_zip_as_often_as_it_is_asked_for(browse, workshop_address):
    page = browse(f"{workshop_address}#models")
    export = "[data-model=tuned] [data-act=export]"
    page.wait_for_selector(export)
    for _ in range(2):
        with page.expect_download() as download:
            page.click(export)
        with zipfile.ZipFile(download.value.path()) as archive:
            names = {name.rpartition("/")[2] for name in archive.namelist()}
            assert archive.testzip() is None
        assert {"modules.json", "model.safetensors"} <= names
        page.wait_for_selector(f"{export}:enabled:has-text('Export as zip')")
    made = list(Path(tempfile.gettempdir()).rglob("export-*/*.zip"))
    assert len(made) == 2
    assert {path.parents[1] for path in made} == {outgoing.place()}, "where doctor finds what a crash left"


def test_a_zip_that_cannot_be_handed_out_leaves_the_button_as_it_was(
    browse, workshop, workshop_address, tmp_path, monkeypatch
):
    beyond = tmp_path / "beyond" / "model.zip"
    beyond.parent.mkdir()
    beyond.write_bytes(b"Gradio refuses files from here")
    monkeypatch.setattr(workshop, "export_model_zip", lambda run, within: beyond)
    page = browse(f"{workshop_address}#models")
    export = "[data-model=tuned] [data-act=export]"
    page.wait_for_selector(export)
    for _ in range(2):
        page.click(export)
        page.wait_for_selector(f"{export}:disabled")
        page.wait_for_selector(f"{export}:enabled:has-text('Export as zip')")


def test_no_term_is_ever_executed(visit, tmp_path):
    path = tmp_path / "evil.tsv"
    lines = ["standard\tsynonym", *(f"{term}\tsynonym {i} {term}" for i, term in enumerate(EVIL))]
    path.write_text("\n".join(lines), encoding="utf-8")
    page = visit()
    page.set_input_files("#data-file input[type=file]", str(path))
    page.wait_for_selector("#data-sample tbody tr")
    assert EVIL[0] in page.locator("#data-sample").inner_text()
    page.fill("#data-name textarea, #data-name input", EVIL[0])
    page.click("#data-save")
    page.wait_for_selector("#data-inside tbody tr")
    page.fill("#data-search", EVIL[1])
    expect(page.locator("#data-groups tbody tr")).to_have_count(1)
    page.click("#data-train")
    page.wait_for_selector("#train-dictionary input")
    expect(page.locator("#train-dictionary input")).to_have_value(EVIL[0])
    for tab, sign in SIGNS.items():
        page.click(f"#tab-{tab}-button")
        page.wait_for_selector(sign)
    assert page.evaluate("window.__evil") is None


def test_a_broken_file_gets_a_sentence(visit, tmp_path):
    path = tmp_path / "broken.xlsx"
    path.write_bytes(b"PK\x03\x04 this is no workbook")
    page = visit()
    page.set_input_files("#data-file input[type=file]", str(path))
    page.wait_for_selector("#data-problem")
    said = page.locator("#data-problem").inner_text()
    assert "Traceback" not in said
    assert str(tmp_path) not in said
    assert len(said) > 20


def test_an_untrained_dictionary_says_what_to_do(visit):
    page = visit("board", locale="zh-CN")
    page.wait_for_selector("#board-measure")
    expect(page.locator("#board")).to_contain_text("还没有评测")
    page.click("#tab-train-button")
    page.wait_for_selector("#train-estimate :is(strong, .wb-warning)")
    page.click("#train-dictionary input")
    page.click("[role=option]:has-text('汽车')")
    page.wait_for_selector("#train-estimate strong")
    expect(page.locator("#train-estimate")).to_contain_text("大约需要")
    expect(page.locator("#train-run")).to_contain_text("还没有训练过")
    box = page.locator("#train-start").bounding_box()
    assert box["y"] + box["height"] <= 720


def test_paths_outside_are_not_served(visit, address):
    page = visit()
    for path in ("/etc/passwd", "../../../../etc/passwd", "workbench.db"):
        assert page.request.get(f"{address}gradio_api/file={path}").status in (403, 404)


def test_tabs_that_are_opened_later_know_what_was_chosen(visit):
    page = visit()
    page.wait_for_selector("#data-list tr[data-name]")
    for tab, sign in SIGNS.items():
        page.click(f"#tab-{tab}-button")
        page.wait_for_selector(sign)
