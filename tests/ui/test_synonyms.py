"""The synonym editor in a real browser: its main ways by mouse and by keys, alone and with somebody else."""

import pytest
from playwright.sync_api import expect

from workbench.editing.edits import AddSynonyms, RenameTerm
from workbench.types import Pair

pytestmark = pytest.mark.browser

EVIL = "<img src=x onerror=window.__evil=1>"
GROUPS = {
    "越野车": ("SUV", "四驱车", "越野"),
    "丰田普拉多": ("普拉多", "霸道", "霸道SUV"),
    "霸道": ("老霸道",),
    "轿车": ("小轿车", "SUV", "三厢车"),
    "货车": ("卡车", "大货"),
    "pickup": ("pick-up truck", "ute"),
}


class Rehearsed:
    """Stands for the live effect, which has tests of its own: answers at once, notes the questions."""

    def __init__(self, editor):
        self.editor = editor
        self.asked = []
        self.off = 0

    def request(self, name, terms, model=None):
        self.asked.append(list(terms))

    def state(self, name):
        def hits(*terms):
            return [{"term": t, "score": 0.9, "standard": "越野车", "same_group": t == "SUV"} for t in terms]

        terms = self.asked[-1] if self.asked else []
        shown = [
            {
                "term": term,
                "held_out": False,
                "before": hits("轿车", "SUV", "货车"),
                "after": hits("SUV", "轿车", "吉普"),
            }
            for term in terms
        ]
        return {"state": "ready", "version": 1, "seconds": 0.4, "model": "e5-small", "progress": 1.0,
                "terms": shown, "message": None}  # fmt: skip

    def turn_off(self, name):
        self.off += 1

    def weakest(self, name, model, limit=500, progress=None):
        groups = {group.standard: group.id for group in self.editor.page(name).groups}
        return [(groups["货车"], "大货", 41), (groups["越野车"], "越野", 7)]

    def close(self):
        pass


@pytest.fixture(scope="module")
def services(services):
    services.live.close()
    services.live = Rehearsed(services.editor)
    return services


@pytest.fixture(scope="module")
def contexts(chromium):
    """A browser of each language; what it fetched once it need not fetch again."""
    size = {"width": 1280, "height": 720}
    return {locale: chromium.new_context(viewport=size, locale=locale) for locale in ("zh-CN", "en-GB")}


@pytest.fixture
def dictionary(services, request):
    """A small dictionary of the test's own, with a chain and an ambiguous synonym."""
    return save(services, request.node.name, GROUPS)


def save(services, name, groups):
    rows = [
        "standard,synonym",
        *(f"{standard},{term}" for standard, terms in groups.items() for term in terms),
    ]
    found = services.preview_dictionary("\n".join(rows).encode(), "terms.csv")
    return services.save_dictionary(name, found, source="terms.csv").name


@pytest.fixture
def visit(browse, contexts, address, dictionary):
    """Opens the editor on the dictionary."""

    def open_page(locale="zh-CN", author="", live="off", name=None):
        settings = (
            "localStorage.clear();"
            f"localStorage['workbench.editor.live'] = '{live}';"
            f"localStorage['workbench.editor.author'] = '{author}'"
        )
        page = browse(f"{address}#synonyms", context=contexts[locale], script=settings)
        page.wait_for_selector("#synonyms .wb-syn-row[data-group]")
        page.evaluate("name => WB.editTerm('', name)", name or dictionary)
        page.wait_for_function(
            "name => document.querySelector('#synonyms-list').getAttribute('aria-label').includes(name)"
            " && document.querySelector('#synonyms-list .wb-syn-row[data-group]')",
            arg=name or dictionary,
        )
        return page

    return open_page


@pytest.fixture
def kept(services, dictionary):
    """The dictionary as it is stored: standard term -> synonyms."""
    return lambda: {g.standard: list(g.synonyms) for g in services.editor.page(dictionary, size=500).groups}


def term(page, word, standard=None):
    """The node of a term; a synonym of ``standard`` where one is named."""
    row = f".wb-syn-row:has([data-at='0'][data-term='{standard}']) " if standard else ""
    return page.locator(f"{row}[data-term='{word}']").first


def said(page, words):
    page.wait_for_selector(f".wb-note:has-text('{words}')")


def settled(page):
    """All that was sent is answered and shown."""
    page.wait_for_function(
        "!document.querySelector('.wb-syn-field.sending, .wb-syn-stale, [aria-busy=true]')"
    )


def focus(page):
    return page.evaluate("document.activeElement.dataset.term || document.activeElement.id")


def test_search_filters_order_and_pages(visit, services, request):
    many = {f"term {i:03d}": (f"word {i:03d}",) for i in range(130)} | {"big": ("a", "b", "c", "d")}
    name = save(services, "many " + request.node.name, many)
    page = visit(name=name)
    expect(page.locator(".wb-syn-row[data-group]")).to_have_count(50)
    page.keyboard.press("/")
    page.keyboard.type("WORD 12")
    page.wait_for_function("document.querySelectorAll('.wb-syn-row[data-group]').length === 10")
    assert "10" in page.locator("#synonyms-total").inner_text()
    assert page.locator("mark").count() >= 10
    page.fill("#synonyms-search", "nowhere")
    page.wait_for_selector(".wb-syn-list .wb-empty")
    page.fill("#synonyms-search", "")
    page.select_option("#synonyms-sort", "size")
    page.wait_for_selector(".wb-syn-row:first-child [data-term=big]")
    term(page, "big").focus()
    page.keyboard.press("]")
    page.wait_for_function("document.querySelector('.wb-pager').innerText.includes('2 / 3')")
    page.evaluate("name => WB.editTerm('卡车', name)", services.dictionaries()[0].name)
    page.click("#synonyms-tab-history")
    page.wait_for_selector("#synonyms-steps li")


def test_problems_are_counted_filtered_and_marked(visit):
    page = visit()
    page.wait_for_function("document.querySelector('[data-filter=ambiguous] b')?.innerText === '2'")
    page.click("[data-filter=chained]")
    page.wait_for_function("document.querySelectorAll('.wb-syn-row[data-group]').length === 2")
    assert "标准词" in term(page, "霸道", "丰田普拉多").get_attribute("title")


def test_rename_add_and_delete_by_mouse(visit, kept):
    page = visit()
    term(page, "卡车").click()
    page.keyboard.type("载重汽车")
    page.keyboard.press("Enter")
    said(page, "载重汽车")
    page.hover("[data-term='货车']")
    page.click(".wb-syn-row:has([data-term='货车']) .wb-syn-add")
    page.keyboard.type("重卡、轻卡;中卡, 1,2-货车")
    page.keyboard.press("Enter")
    said(page, "重卡")
    page.keyboard.press("Escape")
    page.hover("[data-term='大货']")
    page.click("[data-term='大货'] .wb-syn-x")
    said(page, "删除")
    assert kept()["货车"] == ["载重汽车", "重卡", "轻卡", "中卡", "1,2-货车"]
    page.click(".wb-note-act")
    page.wait_for_selector("[data-term='大货']")
    assert "大货" in kept()["货车"]


def test_what_is_refused_stays_in_its_field(visit, kept):
    page = visit()
    term(page, "货车").click()
    page.keyboard.type("轿车")
    page.keyboard.press("Enter")
    page.wait_for_selector(".wb-syn-hint.bad")
    assert "轿车" in page.locator(".wb-syn-hint").inner_text()
    assert page.locator(".wb-syn-input").input_value() == "轿车"
    page.keyboard.press("Escape")
    assert "货车" in kept()


def test_a_term_of_another_group_is_pointed_out_while_typing(visit):
    page = visit()
    term(page, "大货").focus()
    page.keyboard.press("a")
    page.keyboard.type("老霸道")
    page.wait_for_selector(".wb-syn-hint.warn:has-text('霸道')")


def test_a_drag_moves_a_term_and_the_last_one_merges(visit, kept):
    page = visit()
    term(page, "三厢车").drag_to(page.locator(".wb-syn-row:has([data-at='0'][data-term='货车'])"))
    said(page, "三厢车")
    assert kept()["货车"] == ["卡车", "大货", "三厢车"]
    term(page, "老霸道").drag_to(page.locator(".wb-syn-row:has([data-at='0'][data-term='货车'])"))
    page.click("dialog [data-choice=true]")
    said(page, "霸道")
    page.wait_for_selector("[data-at='0'][data-term='霸道']", state="detached")
    assert set(kept()["货车"]) >= {"霸道", "老霸道"}


def test_the_whole_way_by_keys(visit, kept):
    page = visit()
    page.keyboard.press("/")
    page.keyboard.press("ArrowDown")
    assert focus(page) == "越野车"
    page.keyboard.press("ArrowRight")
    page.keyboard.press("x")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("x")
    assert "2" in page.locator("#synonyms-bulk strong").inner_text()
    page.keyboard.press("s")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.wait_for_selector("[data-at='0'][data-term='四驱车']")
    assert kept()["四驱车"] == ["SUV"]
    assert focus(page) == "四驱车"
    page.keyboard.press("ArrowRight")
    page.keyboard.press("t")
    page.wait_for_selector("[data-at='0'][data-term='SUV']")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("m")
    page.keyboard.type("货")
    page.wait_for_selector("#synonyms-results [aria-selected=true]:has-text('货车')")
    page.keyboard.press("Enter")
    page.click("dialog [data-choice=true]")  # the last synonym goes with its group
    page.wait_for_selector(".wb-syn-row:has([data-at='0'][data-term='货车']) [data-term='四驱车']")
    page.keyboard.press("n")
    page.keyboard.type("电梯")
    page.keyboard.press("Enter")
    page.keyboard.type("升降机、直梯")
    page.keyboard.press("Enter")
    page.wait_for_selector("[data-at='0'][data-term='电梯']")
    page.keyboard.press("Shift+ArrowDown")
    page.keyboard.press("g")
    page.keyboard.press("Enter")
    page.wait_for_function("document.querySelectorAll('.wb-syn-row[data-group]').length === 6")
    assert "越野车" in kept()["电梯"]
    page.keyboard.press("End")
    page.keyboard.press("Delete")
    settled(page)
    page.keyboard.press("?")
    page.wait_for_selector("#synonyms-keys-dialog")
    page.keyboard.press("Escape")
    page.wait_for_selector("#synonyms-keys-dialog", state="detached")
    before = kept()
    for _ in range(6):
        page.keyboard.press("Control+z")
        settled(page)
    page.wait_for_function("document.querySelector('#synonyms-undo').disabled")
    assert kept() == {standard: list(terms) for standard, terms in GROUPS.items()}
    for keys in ("Control+Shift+z", *["Control+y"] * 5):
        page.keyboard.press(keys)
        settled(page)
    page.wait_for_function("document.querySelector('#synonyms-redo').disabled")
    assert kept() == before


def test_cut_and_paste_moves_and_keys_of_an_input_method_are_left_alone(visit, kept):
    page = visit()
    term(page, "三厢车").focus()
    page.evaluate(
        "() => { window.board = new DataTransfer(); document.activeElement.dispatchEvent("
        "new ClipboardEvent('cut', {clipboardData: board, bubbles: true, cancelable: true})) }"
    )
    term(page, "货车").focus()
    page.evaluate(
        "() => document.activeElement.dispatchEvent("
        "new ClipboardEvent('paste', {clipboardData: board, bubbles: true, cancelable: true}))"
    )
    page.wait_for_selector(".wb-syn-row:has([data-at='0'][data-term='货车']) [data-term='三厢车']")
    term(page, "大货").focus()
    page.keyboard.press("a")
    page.keyboard.type("zhongka")
    page.evaluate(
        "() => document.activeElement.dispatchEvent("
        "new KeyboardEvent('keydown', {key: 'Enter', isComposing: true, bubbles: true}))"
    )
    settled(page)
    assert page.locator(".wb-syn-input").input_value() == "zhongka"
    assert "zhongka" not in kept()["货车"]


def test_a_block_of_a_spreadsheet_is_shown_first_and_is_one_step(visit, kept, services, dictionary):
    page = visit()
    term(page, "越野车").focus()
    page.evaluate(
        "() => { const board = new DataTransfer();"
        "board.setData('text/plain', '越野车\\t大G\\t四驱车\\n电梯\\t升降机\\t\"直梯\\t(货)\"'"
        " + '\\r\\n\\r\\n叉车\\tSUV');"
        "document.activeElement.dispatchEvent("
        "new ClipboardEvent('paste', {clipboardData: board, bubbles: true, cancelable: true})) }"
    )
    page.wait_for_selector("#synonyms-paste-preview tbody tr")
    assert page.locator("#synonyms-paste-preview .fresh").all_inner_texts() == ["大G", "升降机", "直梯 (货)"]
    assert page.locator("#synonyms-paste-preview .known").all_inner_texts() == ["四驱车"]
    assert page.locator("#synonyms-paste-preview .elsewhere").all_inner_texts() == ["SUV"]
    steps = services.editor.status(dictionary).version
    page.wait_for_selector("#synonyms-paste-dialog [data-choice=yes]:focus")
    page.keyboard.press("Enter")
    page.wait_for_selector("[data-at='0'][data-term='电梯']")
    assert kept()["电梯"] == ["升降机", "直梯 (货)"]
    assert services.editor.status(dictionary).version == steps + 1
    term(page, "货车").focus()
    page.click("#synonyms-paste")
    page.fill("#synonyms-paste-text", "重卡\n轻卡")
    page.wait_for_selector("#synonyms-paste-preview .fresh")
    page.click("#synonyms-paste-dialog [data-choice=yes]")
    page.wait_for_selector("[data-term='轻卡']")
    assert kept()["货车"] == ["卡车", "大货", "重卡", "轻卡"]


def test_quick_hands_get_what_they_typed(visit, kept):
    """Enter before the list follows, a button before the preview does, undo before the answer is there."""
    page = visit()
    term(page, "三厢车").focus()
    page.keyboard.press("m")
    page.wait_for_selector("#synonyms-results [role=option]")
    page.keyboard.type("货")
    page.keyboard.press("Enter")
    page.wait_for_selector(".wb-syn-row:has([data-at='0'][data-term='货车']) [data-term='三厢车']")
    page.click("#synonyms-paste")
    page.fill("#synonyms-paste-text", "电梯\t升降机")
    page.wait_for_selector("#synonyms-paste-dialog [data-choice=yes]:enabled")
    page.fill("#synonyms-paste-text", "电梯\t直梯")
    page.click("#synonyms-paste-dialog [data-choice=yes]")
    page.wait_for_selector("[data-at='0'][data-term='电梯']")
    settled(page)
    assert kept()["电梯"] == ["直梯"]
    before = kept()
    term(page, "大货").focus()
    page.keyboard.press("Delete")
    page.keyboard.press("Control+z")
    settled(page)
    assert kept() == before


def test_what_is_chosen_in_several_groups_is_one_step(visit, kept, services, dictionary):
    page = visit()
    before, steps = kept(), services.editor.status(dictionary).version
    term(page, "卡车").focus()
    page.keyboard.press("x")
    term(page, "三厢车").focus()
    page.keyboard.press("x")
    page.keyboard.press("Delete")
    said(page, "「三厢车」")
    assert services.editor.status(dictionary).version == steps + 1
    assert (kept()["货车"], kept()["轿车"]) == (["大货"], ["小轿车", "SUV"])
    page.keyboard.press("Control+z")
    page.wait_for_selector("[data-term='三厢车']")
    assert kept() == before


@pytest.mark.case(28)
def test_two_pages_at_once(visit, kept, services, dictionary, tell):
    page = visit()
    group = services.editor.find(dictionary, "货车")[0].id

    def other(edit):
        version = services.editor.status(dictionary).version
        services.editor.apply(dictionary, edit, based_on=version, author="小李")

    term(page, "卡车").click()
    page.keyboard.type("载重")
    other(RenameTerm(group, "大货", "大货车"))
    said(page, "小李")  # the page noticed
    assert page.locator(".wb-syn-input").input_value() == "载重", "what is being typed stays"
    page.wait_for_selector(".wb-syn-hint:has-text('小李')")
    page.keyboard.press("Enter")
    page.wait_for_selector("#synonyms-conflict")
    words = page.locator("#synonyms-conflict").inner_text()
    assert "大货车" in words
    assert "载重" in words
    page.click("[data-choice=mine]")
    page.wait_for_selector("[data-term='载重']")
    assert kept()["货车"] == ["载重", "大货车"]
    other(AddSynonyms(group, ("重卡",)))
    page.wait_for_selector("[data-term='重卡']")
    term(page, "载重").click()
    page.keyboard.type("别的")
    other(RenameTerm(group, "载重", "载货车"))
    page.keyboard.press("Enter")
    page.click("#synonyms-conflict [data-choice=theirs]")
    page.wait_for_selector("[data-term='载货车']")
    assert kept()["货车"] == ["载货车", "大货车", "重卡"]
    tell(
        "a term is changed under the hand of who types, in a browser",
        2,
        "what is typed stays, both are shown, and each choice keeps what was chosen",
    )


def test_edits_of_different_groups_are_no_conflict(visit, kept, services, dictionary):
    page = visit(author="小王")
    group = services.editor.find(dictionary, "轿车")[0].id
    term(page, "卡车").click()
    page.keyboard.type("载重")
    services.editor.apply(dictionary, RenameTerm(group, "三厢车", "三厢"), based_on=1, author="小李")
    page.keyboard.press("Enter")
    page.wait_for_selector("[data-term='载重']")
    page.wait_for_selector("[data-term='三厢']")
    assert services.editor.history(dictionary)[0][0].author == "小王"
    assert kept()["轿车"][2] == "三厢"


def test_a_chain_is_drawn_and_cut(visit, kept, services, dictionary):
    page = visit()
    page.click(".wb-syn-row:has([data-at='0'][data-term='丰田普拉多']) [data-flag=chained]")
    page.wait_for_selector("#synonyms-chain svg")
    assert page.locator("#synonyms-chain .wb-syn-pill").count() == 5
    assert page.locator(".wb-syn-pill.bridge").text_content() == "霸道"
    page.focus(".wb-syn-edge[aria-label*='“丰田普拉多”与“霸道”']")
    page.keyboard.press("Enter")
    page.click("dialog [data-choice=true]")
    page.wait_for_function("document.querySelectorAll('#synonyms-chain .wb-syn-pill').length === 3")
    page.keyboard.press("Escape")
    assert kept()["丰田普拉多"] == ["普拉多", "霸道SUV"]
    assert services.editor.apart(dictionary) == [Pair("丰田普拉多", "霸道")]
    page.click("#synonyms-tab-apart")
    page.click("#synonyms-apart button")
    page.wait_for_selector("#synonyms-apart button", state="detached")
    assert services.editor.apart(dictionary) == []
    term(page, "大货").focus()
    page.keyboard.press("u")
    page.wait_for_selector("#synonyms-apart li:has-text('大货')")
    assert kept()["货车"] == ["卡车"]


def test_the_history_compares_goes_back_and_names_who(visit, kept):
    page = visit(locale="en-GB")
    page.click("#synonyms-tab-history")
    page.fill("#synonyms-author", "Ada")
    page.keyboard.press("Tab")
    term(page, "ute").click()
    page.keyboard.type("utility vehicle")
    page.keyboard.press("Enter")
    page.wait_for_selector("#synonyms-steps li.current:has-text('Ada')")
    term(page, "pick-up truck").focus()
    page.keyboard.press("Delete")
    page.wait_for_selector("[data-step='3'].current")
    page.click("[data-step='1'] [data-act=compare]")
    page.wait_for_selector("#synonyms-compare")
    assert "utility vehicle" in page.locator(".wb-syn-side-of.added").inner_text()
    assert page.locator(".wb-syn-side-of.removed li").count() == 2
    page.keyboard.press("Escape")
    page.click("[data-step='1'] [data-act=restore]")
    page.wait_for_selector("[data-step='4'].current")
    page.wait_for_selector("[data-term='ute']")
    assert kept() == {standard: list(terms) for standard, terms in GROUPS.items()}
    page.click(".wb-syn-travel [data-act=undo]")
    page.wait_for_selector("[data-term='utility vehicle']")


def test_the_effect_of_an_edit_is_shown(visit, services, until):
    page = visit(live="on")
    services.live.asked.clear()
    term(page, "卡车").click()
    page.keyboard.type("载重")
    page.keyboard.press("Enter")
    page.wait_for_selector(".wb-syn-effect[data-term='载重']")
    assert services.live.asked == [[], ["载重"]], (
        "the base is prepared at the first sign, then the term asked"
    )
    assert page.locator(".wb-syn-effect li.gone").inner_text() == "货车"
    assert page.locator(".wb-syn-effect li.fresh").inner_text().startswith("吉普")
    assert page.locator(".wb-syn-effect i.up").first.inner_text() == "▲"
    page.click(".wb-syn-switch")
    page.wait_for_selector(".wb-syn-effect", state="detached")
    until(lambda: services.live.off == 1)


def test_the_weakest_stand_first_with_their_rank(visit):
    page = visit()
    page.click("[data-filter=weakest]")
    page.wait_for_selector(".wb-syn-row:first-child [data-term='大货'] small:has-text('#41')")
    expect(page.locator(".wb-syn-row[data-group]")).to_have_count(2)


def test_english_light_and_dark_fit_and_no_term_is_executed(visit, services, request):
    name = save(services, "evil " + request.node.name, {EVIL: (EVIL + "1", "javascript:window.__evil=1")})
    page = visit(locale="en-GB", name=name)
    page.locator("[data-at='0']").focus()
    page.keyboard.press("c")
    page.wait_for_selector("#synonyms-chain svg")
    page.keyboard.press("Escape")
    page.keyboard.press("m")
    page.wait_for_selector("#synonyms-group-dialog")
    page.keyboard.press("Escape")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Delete")
    said(page, EVIL[:12])
    page.click("#theme-switch")
    page.click("#language-zh")
    page.wait_for_selector("#synonyms-new:has-text('新建')")
    assert page.evaluate("window.__evil") is None
    assert page.evaluate("document.documentElement.scrollWidth") <= 1280


def test_the_data_tab_leads_to_the_editor(visit, dictionary):
    page = visit()
    page.click("#tab-data-button")
    page.click(f"#data-list tr[data-name='{dictionary}']")
    page.click("#data-edit")
    page.wait_for_selector("#synonyms-list [data-term='越野车']")


# -- labels: the columns that terms are sorted by -----------------------------------------------------

SORTED = [
    ("混凝土", "砼", "材料", "甲"),
    ("混凝土", "商砼", "材料", "乙"),
    ("塔吊", "塔式起重机", "设备", "甲"),
    ("塔吊", "塔机", "设备", ""),
    ("脚手架", "架子", "", "乙"),
]


@pytest.fixture
def labelled(services, request):
    """A dictionary whose file had two columns more. Gives its name, and its labels as they are stored."""
    lines = ["standard,synonym,类别,来源", *(",".join(row) for row in SORTED)]
    found = services.preview_dictionary("\n".join(lines).encode(), "terms.csv")
    assert [column.name for column in found.labels] == ["类别", "来源"]
    name = services.save_dictionary(f"labels of {request.node.name}", found, source="terms.csv").name
    info = services.dictionary
    return name, lambda: services._workspace.dictionaries.labels(info(name))


def test_labels_are_shown_changed_and_taken_back(visit, labelled):
    name, stored = labelled
    page = visit(name=name, locale="en-GB")
    assert page.locator(".wb-syn-sorted").all_inner_texts() == ["材料 · 甲 · 乙", "设备 · 甲", "乙"]
    term(page, "混凝土").focus()
    page.keyboard.press("l")
    kind = page.get_by_label("类别", exact=True)
    expect(kind).to_be_focused()
    expect(kind).to_have_value("材料")
    expect(page.get_by_label("来源", exact=True).locator("option:checked")).to_have_text("Several: 甲, 乙")
    term(page, "商砼").focus()
    expect(page.locator("#synonyms-labels strong")).to_have_text("商砼")
    page.get_by_label("来源", exact=True).select_option("甲")
    said(page, "“来源” of “商砼” set to “甲”")
    expect(page.locator(".wb-syn-sorted").first).to_have_text("材料 · 甲")
    assert stored()["来源"]["商砼"] == "甲"
    # a value that is typed, for all synonyms of a group
    term(page, "塔吊").focus()
    kind.select_option("A new value …")
    page.get_by_label("类别", exact=True).fill("机械 <b>")
    page.keyboard.press("Enter")
    said(page, "“类别” of “塔吊” set to “机械 <b>”")
    expect(page.get_by_label("类别", exact=True).locator("option:checked")).to_have_text("机械 <b> (2)")
    assert stored()["类别"] == {"砼": "材料", "商砼": "材料", "塔式起重机": "机械 <b>", "塔机": "机械 <b>"}
    # a new synonym takes what its group agrees on
    term(page, "塔吊").focus()
    page.keyboard.press("a")
    page.keyboard.type("塔式吊车")
    page.keyboard.press("Enter")
    term(page, "塔式吊车").wait_for()
    settled(page)
    assert stored()["类别"]["塔式吊车"] == "机械 <b>"
    page.keyboard.press("Escape")
    for _ in range(3):
        page.click("#synonyms-undo")
        settled(page)
    expect(page.locator(".wb-syn-sorted").nth(1)).to_have_text("设备 · 甲")
    expect(page.locator(".wb-syn-sorted").first).to_have_text("材料 · 甲 · 乙")
    assert stored()["来源"]["商砼"] == "乙"
