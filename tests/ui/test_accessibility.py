"""The page for everybody: axe-core's rules on every view, the keyboard alone, terms, first steps."""

import json
import re
from pathlib import Path

import axe_playwright_python
import pytest
from playwright.sync_api import TimeoutError as NotInTime
from playwright.sync_api import expect

from workbench.localtext import LocalText
from workbench.services import Services
from workbench.settings import Settings
from workbench.storage.suggestions import Proposal
from workbench.training.worker import run_job
from workbench.types import LabelledPair, RetrievalSet
from workbench.ui.wording.glossary import BY_ID

pytestmark = pytest.mark.browser

AXE = (Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text("utf-8")
MARKED = "[...document.querySelectorAll('[data-gloss]')].map((node) => node.dataset.gloss)"
UNEXPLAINED = """[...document.querySelectorAll("button.primary:disabled")].filter((node) => node.offsetParent
  && !node.title && !node.getAttribute("aria-describedby")).map((node) => node.id || node.textContent)"""
TABS = ("data", "synonyms", "pairs", "train", "board", "explore", "map", "models")
LAWS = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa")  # WCAG 2.2, levels A and AA
GRAVE = ("serious", "critical")
# What Gradio writes and neither a style nor a label of ours reaches: (rule, part of the node's HTML, why).
EXCEPTIONS: tuple[tuple[str, str, str], ...] = ()

CHECK = """async (only) => {
  const options = { runOnly: only, resultTypes: ["violations"], iframes: false };
  const found = (await axe.run(document, options)).violations;
  return found.flatMap((rule) => rule.nodes.map((node) => ({ rule: rule.id, impact: rule.impact,
    html: node.html, at: node.target.join(" "),
    why: (node.any[0] || node.all[0] || node.none[0] || {}).message })));
}"""


@pytest.fixture(scope="module")
def services(tmp_path_factory, toy_csv, toy_pairs, tiny_model_folder):
    """A home with something in every tab: a tuned model that is measured, sets of each kind, suggestions."""
    import torch

    home = tmp_path_factory.mktemp("access") / "home"
    opened = Services(Settings.from_env({}, home=home, warm_worker=False, threads=1))
    toy = opened.save_dictionary("toy", opened.preview_dictionary(toy_csv, "toy.csv"), source="toy.csv")
    run = opened.start_run(
        "toy", str(tiny_model_folder), "instant", name="tuned", parameters={"learning_rate": "0.01"}
    )
    threads = torch.get_num_threads()
    opened._workspace.runs.claim_next()
    assert run_job(opened.settings, run.id) == 0
    torch.set_num_threads(threads)
    standards = list(dict.fromkeys(pair.standard for pair in toy_pairs))
    few = toy_pairs[:80]
    labelled = [LabelledPair(pair.standard, pair.synonym, 1.0) for pair in few]
    labelled += [LabelledPair(pair.standard, few[i ^ 1].synonym, 0.0) for i, pair in enumerate(few)]
    opened._workspace.pair_sets.save("pairs", labelled, kind="labels", source="p.csv", trusted=True)
    questions = RetrievalSet(tuple(standards[:8]), tuple(standards), tuple((n,) for n in range(8)))
    opened._workspace.retrieval_sets.save("questions", questions, source="q.csv")
    text = "\n".join(f"about {term}" for term in standards).encode()
    opened.corpora.save("texts", opened.corpora.preview(text, "t.txt"), source="t.txt")
    opened.evaluation.pairs.evaluate("pairs:pairs", "tfidf")
    opened.evaluation.evaluate("retrieval:questions", "tfidf")
    reason = LocalText("拼写接近", "spelt alike")
    proposals = [Proposal(term, term + " x", score=0.7, reason=reason) for term in standards[:6]]
    opened._workspace.suggestions.add("synonym", proposals, source="test", dictionary_id=toy.id)
    yield opened
    opened.close()


def go(page, tab):
    page.evaluate("tab => document.getElementById(`tab-${tab}-button`).click()", tab)
    page.wait_for_selector(f"#tab-{tab}-button[aria-selected=true]")


def take_toy(page, chooser):
    page.click(f"#{chooser} input")
    page.click("[role=option]:has-text('toy')")


# Every view: how it is come to from the one before, and what is there when it is.
def data_list(page):
    go(page, "data")
    page.wait_for_selector("#data-list tr[data-name=toy]")


def data_inside(page):
    page.click("#data-list tr[data-name=toy] td >> nth=0")
    page.wait_for_selector("#data-split-line")
    page.click("#data-check-start")
    page.wait_for_selector("#check-alike, #data-check .wb-verdict, #data-check-clean, .wb-problems")


def data_question(page):
    page.click("#data-delete")
    page.wait_for_selector("dialog[open]")


def data_preview(page):
    page.keyboard.press("Escape")
    expect(page.locator("dialog[open]")).to_have_count(0)
    file = {
        "name": "new.csv",
        "mimeType": "text/csv",
        "buffer": b"standard,synonym\nlift,elevator\nlift,lift\n,x",
    }
    page.set_input_files("#data-file input[type=file]", [file])
    page.wait_for_selector("[data-shows]:not(.wb-dim)")


def synonyms_list(page):
    go(page, "synonyms")
    take_toy(page, "synonyms-dictionary")
    page.wait_for_selector("#synonyms-list .wb-syn-row")


def synonyms_keys(page):
    page.click("#synonyms-new")
    page.wait_for_selector("#synonyms-new-terms")
    page.keyboard.press("Escape")
    page.keyboard.press("?")
    page.wait_for_selector("#synonyms-keys-dialog[open]")


def pairs_make(page):
    page.keyboard.press("Escape")
    go(page, "pairs")
    page.click("#pairs-part-make")
    page.wait_for_selector("#pairs-sample tbody tr")


def pairs_generate(page):
    page.click("#pairs-part-generate")
    page.wait_for_selector("#generate-test")


def pairs_review(page):
    page.click("#pairs-part-review")
    page.wait_for_selector("#review-why")


def train_form(page):
    go(page, "train")
    page.wait_for_selector("#train-estimate strong")
    page.wait_for_selector("#train-run .js-plotly-plot")


def train_editor(page):
    page.click("#train-edit")
    page.wait_for_selector("#recipe-stages [data-stage]")


def train_stages(page):
    page.click("#recipe-add")
    page.wait_for_selector("#recipe-add-menu [data-stage=merge]")


def board_table(page):
    page.keyboard.press("Escape")
    go(page, "board")
    take_toy(page, "board-dictionary")
    page.click("#board-table tr[data-model=tuned] .wb-board-open")
    page.wait_for_selector(".wb-board-detail")


def board_misses(page):
    page.click("#board-part-misses")
    page.wait_for_selector("#misses-chips")


def board_slices(page):
    page.click("#board-part-slices")
    page.wait_for_selector(".wb-slices tbody")


def board_pairs(page):
    page.click("#board-on-pairs")
    page.click("#pairs-open-tfidf")
    page.wait_for_selector(".wb-minis")


def explore_pair(page):
    go(page, "explore")
    take_toy(page, "explore-dictionary")
    page.click("#explore-suggestions button >> nth=0")
    page.wait_for_selector("#explore-pair [data-model]")


def explore_near(page):
    page.click("#explore-part-near")
    page.wait_for_selector("#explore-find")


def explore_match(page):
    page.click("#explore-part-match")
    page.wait_for_selector("#explore-precision")


def explore_matrix(page):
    page.click("#explore-part-matrix")
    page.click("text=/Terms of the dictionary|用词典里的词/ >> nth=0")
    page.wait_for_selector("#explore-matrix-canvas[data-drawn]")


def map_drawn(page):
    go(page, "map")
    take_toy(page, "map-dictionary")
    page.wait_for_selector("#map-start, #map .js-plotly-plot")
    if page.locator("#map-start").count():
        page.click("#map-start")
    page.wait_for_selector("#map .js-plotly-plot")


def models_list(page):
    go(page, "models")
    page.wait_for_selector("[data-model=tuned]")


VIEWS = (
    *(data_list, data_inside, data_question, data_preview, synonyms_list, synonyms_keys),
    *(pairs_make, pairs_generate, pairs_review, train_form, train_editor, train_stages),
    *(board_table, board_misses, board_slices, board_pairs),
    *(explore_pair, explore_near, explore_match, explore_matrix, map_drawn, models_list),
)


def broken(page, *rules):
    """The grave violations on what is shown, without the exceptions. ``rules``: those alone."""
    only = {"type": "rule", "values": rules} if rules else {"type": "tag", "values": LAWS}
    page.evaluate("scrollTo(0, 0)")
    return [
        node
        for node in page.evaluate(CHECK, only)
        if node["impact"] in GRAVE
        and not any(node["rule"] == rule and part in node["html"] for rule, part, _ in EXCEPTIONS)
    ]


@pytest.fixture(scope="module")
def page(window, address):
    """One page in English for the whole module, without movement."""
    with window(address, script=AXE) as page:
        page.emulate_media(reduced_motion="reduce")
        page.wait_for_selector("#header-state")
        yield page


def test_no_view_has_a_grave_violation_light_or_dark(page):
    wrong, unknown, silent = {}, set(), set()
    for view in VIEWS:
        view(page)
        for dark in (False, True):
            page.evaluate("dark => WB.setDark(dark, false)", dark)
            if found := broken(page, *(["color-contrast"] if dark else [])):
                wrong[f"{view.__name__} {'dark' if dark else 'light'}"] = found
        page.evaluate("WB.setDark(false, false)")
        unknown |= set(page.evaluate(MARKED)) - set(BY_ID)
        silent |= {f"{view.__name__} {node}" for node in page.evaluate(UNEXPLAINED)}
    assert wrong == {}, json.dumps(wrong, ensure_ascii=False, indent=1)
    assert unknown == set(), "terms of art that the glossary lacks"
    assert silent == set(), "buttons that cannot be used and do not say why"


def test_the_chinese_page_has_no_grave_violation_either(page):
    page.evaluate("document.querySelector('dialog[open]')?.close()")
    page.click("#language-zh")
    expect(page.locator("html")).to_have_attribute("lang", "zh-CN")
    wrong = {}
    for tab in TABS:
        go(page, tab)
        if found := broken(page):
            wrong[tab] = found
    page.click("#language-en")
    expect(page.locator("html")).to_have_attribute("lang", "en")
    assert wrong == {}, json.dumps(wrong, ensure_ascii=False, indent=1)


def test_a_term_of_art_is_explained_to_mouse_keyboard_finger_and_screen_reader(page):
    go(page, "board")
    page.click("#board-on-dictionary")
    head = page.locator("#board-sort-mrr")
    head.wait_for()
    note = page.locator("#wb-gloss-note")
    said = BY_ID["mrr"].text.en
    described = page.evaluate(
        "id => document.getElementById(id).textContent", head.get_attribute("aria-describedby")
    )
    assert described == said
    head.hover()
    expect(note).to_be_visible()
    expect(note).to_contain_text(said)
    page.keyboard.press("Escape")
    expect(note).to_be_hidden()
    page.mouse.move(5, 5)
    page.locator("#board-filter").focus()
    reach(page, "#board-sort-mrr")
    expect(note).to_contain_text(said)
    page.keyboard.press("Tab")
    expect(note).not_to_contain_text(said)
    page.keyboard.press("Escape")
    word = page.locator(".wb-explain [data-gloss=interval]")
    word.click()
    expect(note).to_contain_text(BY_ID["interval"].text.en)
    page.evaluate("WB.setLanguage('zh')")
    expect(note).to_be_hidden()
    word.click()
    expect(note).to_contain_text(BY_ID["interval"].text.zh)
    page.evaluate("WB.setLanguage('en')")


RING = """() => {
  const node = document.activeElement;
  const style = (each) => (each ? getComputedStyle(each) : { outlineStyle: "none" });
  const drawn = (each) => style(each).outlineStyle !== "none" && parseFloat(style(each).outlineWidth) >= 2;
  return { at: node.id || node.textContent.trim().slice(0, 40) || node.tagName, body: node === document.body,
    ring: drawn(node) || drawn(node.closest(".wrap")) || node.type === "range" || node.type === "file" };
}"""


def reach(page, selector, most=160):
    """Press Tab until the focus is at ``selector``; it is seen wherever it stops on the way."""
    for _ in range(most):
        page.keyboard.press("Tab")
        if page.evaluate("at => document.activeElement.matches(at)", selector):
            break
        found = page.evaluate(RING)
        assert found["ring"] or found["body"], f"no focus to be seen at {found['at']}"
    else:
        raise AssertionError(f"{selector} is not reached by Tab")
    assert page.evaluate(RING)["ring"]


def chosen_by_keyboard(page):
    """The dialog for a file; the field is drawn before it listens to keys."""
    for _ in range(10):
        try:
            with page.expect_file_chooser(timeout=3000) as chooser:
                page.keyboard.press("Enter")
            return chooser.value
        except NotInTime:
            reach(page, "#data-file button, #data-file [tabindex='0']")
    raise AssertionError("no dialog for a file")


def test_upload_train_and_read_the_board_by_keyboard_alone(page, services, toy_csv, tiny_model_folder, until):
    import torch

    page.reload()
    page.wait_for_selector("#tab-data-button")
    reach(page, "#tab-data-button")
    page.keyboard.press("Enter")
    reach(page, "#data-file button, #data-file [tabindex='0']")
    chosen_by_keyboard(page).set_files([{"name": "mine.csv", "mimeType": "text/csv", "buffer": toy_csv}])
    page.wait_for_selector("#data-save:not(:disabled)")
    reach(page, "#data-save")
    page.keyboard.press("Enter")
    page.wait_for_selector("#data-list tr.on[data-name='mine']")
    go(page, "train")
    page.evaluate("WB.use({ dictionary: 'mine' })")
    page.focus("#tab-train-button")
    reach(page, "#train-base input")
    page.keyboard.press("ControlOrMeta+a")
    page.keyboard.type(str(tiny_model_folder))
    page.keyboard.press("Enter")
    expect(page.locator("#train-estimate")).to_contain_text("training pairs")
    reach(page, "#train-start")
    page.keyboard.press("Enter")
    until(lambda: any(run.state == "queued" for run in services.runs()))
    run = services._workspace.runs.claim_next()
    threads = torch.get_num_threads()
    assert run_job(services.settings, run.id) == 0
    torch.set_num_threads(threads)
    page.wait_for_selector(f"#train-run-name:has-text('{run.name}')")
    page.wait_for_selector("#train-to-board")
    expect(page.locator("#wb-aloud")).to_contain_text(run.name)  # a screen reader hears that it has ended
    reach(page, "#train-to-board")
    page.keyboard.press("Enter")
    page.wait_for_selector(f"#board-table tr[data-model='{run.name}']")
    reach(page, f"#board-table tr[data-model='{run.name}'] .wb-board-open")
    page.keyboard.press("Enter")
    expect(page.locator(".wb-board-detail")).to_be_visible()


def test_a_dialog_takes_the_focus_and_gives_it_back(page):
    go(page, "data")
    page.click("#data-list tr[data-name=toy] td >> nth=0")
    page.wait_for_selector("#data-delete")
    page.focus("#data-delete")
    page.keyboard.press("Enter")
    dialog = page.locator("dialog[open]")
    expect(dialog).to_have_attribute("aria-labelledby", re.compile("wb-dialog-"))
    for _ in range(6):
        assert page.evaluate(
            "document.activeElement === document.body || !!document.activeElement.closest('dialog')"
        )
        page.keyboard.press("Tab")
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    expect(page.locator("#data-delete")).to_be_focused()


def test_movement_stops_for_who_does_not_want_it(page):
    moves = "getComputedStyle(document.querySelector('button.wb-button')).transitionDuration"
    assert page.evaluate(moves) == "0s"
    page.emulate_media(reduced_motion="no-preference")
    assert page.evaluate(moves) != "0s"
    page.emulate_media(reduced_motion="reduce")


@pytest.mark.parametrize("size", [(1280, 720), (1180, 820), (820, 1180), (640, 360), (390, 844)])
def test_nothing_is_cut_in_a_small_window_or_on_a_tablet(page, size):
    page.set_viewport_size({"width": size[0], "height": size[1]})
    beyond = {}
    for tab in TABS:
        go(page, tab)
        page.wait_for_function("tab => document.querySelector(`#tab-${tab}-button`).offsetParent", arg=tab)
        # A plot takes its new size a moment after the window.
        for _ in range(50):
            wide, seen = page.evaluate("[document.scrollingElement.scrollWidth, innerWidth]")
            if wide <= seen:
                break
            page.wait_for_timeout(100)
        else:
            beyond[tab] = wide
    small = broken(page, "target-size")
    page.set_viewport_size({"width": 1280, "height": 720})
    assert beyond == {}
    assert small == [], json.dumps(small, ensure_ascii=False, indent=1)


def test_first_steps_follow_the_home_folder_and_are_dismissed_for_good(page, services, monkeypatch):
    done = {"data": True, "synonyms": False, "train": False, "board": False, "try": False}
    monkeypatch.setattr(services.first_steps, "done", lambda: dict(done))
    page.reload()
    strip = page.locator(".wb-steps")
    expect(strip.locator("[aria-current=step]")).to_have_attribute("id", "step-synonyms")
    expect(strip.locator("#step-data")).to_contain_text("done")
    assert broken(page) == []
    done.update(synonyms=True)
    page.evaluate("WB.emit('changed')")
    expect(strip.locator("[aria-current=step]")).to_have_attribute("id", "step-train")
    page.click("#step-train")
    page.wait_for_selector("#tab-train-button[aria-selected=true]")
    page.click("#language-zh")
    expect(strip).to_contain_text("第一次使用")
    page.click("#language-en")
    page.click("#steps-dismiss")
    expect(strip).to_have_count(0)
    expect(page.locator("#steps-open")).to_be_focused()
    page.reload()
    page.wait_for_selector("#train-estimate strong")
    expect(strip).to_have_count(0)
    page.click("#steps-open")
    expect(strip.locator("#step-train")).to_be_focused()
    done.update(dict.fromkeys(done, True))
    page.evaluate("WB.emit('changed')")
    expect(strip).to_contain_text("You have been through it all.")
