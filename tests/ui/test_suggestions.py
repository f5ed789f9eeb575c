"""The loop of suggestions in a real browser: look, decide by keys, see how good they were, train again."""

import threading
from zlib import crc32

import numpy as np
import pytest
from playwright.sync_api import expect

from workbench.errors import NotFound
from workbench.localtext import LocalText
from workbench.storage.suggestions import Proposal
from workbench.types import Pair

pytestmark = pytest.mark.browser

EVIL = "<img src=x onerror=window.__evil=1>"
GROUPS = 60


def vectors(model, texts, progress=None):
    """A "model" that knows: concepts 0 and 1 are one, and a term of 2 belongs to 3."""
    centres = np.random.default_rng(4).normal(size=(GROUPS, 32))
    centres[1] = centres[0] + 0.05
    rows = []
    for text in texts:
        number = int("".join(filter(str.isdigit, text.split()[0])) or 0) % GROUPS
        number = 3 if text == "c2 y" else number
        rows.append(centres[number] + 0.35 * np.random.default_rng(crc32(text.encode())).normal(size=32))
    array = np.array(rows, np.float32).reshape(-1, 32)
    return array / np.linalg.norm(array, axis=1, keepdims=True)


@pytest.fixture(scope="module")
def services(services):
    library = services._workspace.library
    library.vectors, library.fingerprint = vectors, lambda model, progress=None: model
    library.check = lambda model: model
    return services


@pytest.fixture
def world(services):
    """Services with a new dictionary "d", no run, and an empty queue."""
    with services._workspace.database.write() as db:
        for table in ("suggestions", "curve_points", "runs"):
            db.conn.execute(f"DELETE FROM {table}")
    if "d" in [info.name for info in services.dictionaries()]:
        services.delete_dictionary("d")
    pairs = [Pair(f"c{n} std", f"c{n} {letter}") for n in range(GROUPS) for letter in "xyz"]
    services._workspace.dictionaries.save("d", pairs, language="en", source="d.csv")
    return services


@pytest.fixture
def visit(world, address, browse):
    """Opens the queue of the dictionary "d"."""

    def open_queue(locale="en-GB"):
        page = browse(f"{address}#pairs", locale)
        page.click("#pairs-part-review")
        page.wait_for_selector("#review-find, #review-find-bar")
        return page

    return open_queue


def waiting(services, **more):
    return services.suggestions.page("d", size=500, **more)[0]


def look(page):
    page.click("#review-find")
    page.click("#review-find-start")
    page.wait_for_selector("#review-find-bar, #review-find-said")
    page.wait_for_selector("#review-find-said:has-text('found')")


def test_a_model_looks_and_its_finds_are_decided_by_keys(visit, world, until):
    page = visit()
    look(page)
    page.wait_for_selector("#review-list li")
    page.select_option("#review-kind", "merges")
    page.wait_for_selector("#review-what:has-text('Groups to merge')")
    card = page.locator("#review-card")
    expect(page.locator("#review-groups .wb-review-group")).to_have_count(2)
    for term in ("c0 std", "c0 x", "c1 std", "c1 z"):
        expect(card).to_contain_text(term)
    expect(page.locator("#review-groups .close")).to_have_count(2)
    expect(page.locator("#review-why")).to_contain_text("probability")
    expect(page.locator(".wb-review-effect")).to_contain_text("become one")
    page.keyboard.press("a")
    until(lambda: len(world.editor.find("d", "c0 x")[0].synonyms) == 7)

    page.select_option("#review-kind", "strays")
    page.wait_for_selector("#review-first:text-is('c2 std')")
    expect(page.locator(".wb-review-ask")).to_contain_text("misplaced")
    page.keyboard.press("a")
    until(lambda: [p.synonym for p in world.editor.apart("d")] == ["c2 y"])
    page.keyboard.press("u")
    until(lambda: world.editor.apart("d") == [])
    page.wait_for_selector("#review-first:text-is('c2 std')")
    page.keyboard.press("r")
    until(lambda: world.suggestions.counts("d")["rejected"] == 1)
    assert world.editor.apart("d") == []


def merges(services):
    return waiting(services, what="merges")


def test_rejected_ones_do_not_come_again_and_a_look_says_so(visit, world, until):
    page = visit()
    look(page)
    page.select_option("#review-kind", "merges")
    page.wait_for_function(
        "document.querySelectorAll('#review-list li').length === " + str(len(merges(world)))
    )
    before = merges(world)
    page.check("#review-all")
    page.click("#review-reject-all")
    until(lambda: not merges(world))
    look(page)
    after = {frozenset((each.first, each.second)) for each in merges(world)}
    assert not after & {frozenset((each.first, each.second)) for each in before}
    assert frozenset(("c0 std", "c1 std")) in {frozenset((each.first, each.second)) for each in before}


def test_a_look_goes_on_when_the_page_is_loaded_again_and_can_be_cancelled(visit, world, monkeypatch):
    gate, propose = threading.Event(), world.proposer.propose

    def slow(*args, progress, **more):
        progress(0.25, LocalText("在看", "Looking around"))
        while not gate.wait(0.05):
            progress(0.5, LocalText("在看", "Looking around"))
        return propose(*args, progress=progress, **more)

    monkeypatch.setattr(world.proposer, "propose", slow)
    page = visit()
    page.click("#review-find")
    page.click("#review-find-start")
    page.wait_for_selector("#review-find-bar")
    page.reload()
    page.click("#pairs-part-review")
    page.wait_for_selector("[data-cell=find]:has-text('Looking around')")
    page.click("#review-find-cancel")
    page.wait_for_selector("#review-find-said:has-text('Stopped')")
    assert waiting(world) == []
    gate.set()
    look(page)
    assert waiting(world)


def test_a_look_that_cannot_be_is_said_in_words(visit, world, monkeypatch):
    def refuse(*_args, **_more):
        raise NotFound(LocalText("没有这个模型。", "There is no such model."))

    monkeypatch.setattr(world.proposer, "propose", refuse)
    page = visit()
    page.click("#review-find")
    for each in ("merges", "strays", "pairs"):
        page.uncheck(f"#review-find-{each}")
    expect(page.locator("#review-find-start")).to_be_disabled()
    expect(page.locator("#review-find-corpus")).to_be_disabled()  # there is no raw text
    page.check("#review-find-pairs")
    page.click("#review-find-start")
    page.wait_for_selector("#review-find-said:has-text('no such model')")


def fill(services, n, *, score=0.7, source="model:m", first="c5 std"):
    rows = [Proposal(first, f"{source} {i}", 1.0, score - i / 1000, what="pairs") for i in range(n)]
    services._workspace.suggestions.add(
        "synonym", rows, source=source, dictionary_id=services.dictionary("d").id
    )
    return [each.id for each in waiting(services, source=source)]


def test_how_good_they_were_is_shown_with_counts_and_not_from_a_few(visit, world):
    few = fill(world, 8, source="model:few")
    world.suggestions.accept(few[:3])
    page = visit()
    expect(page.locator("[data-cell=figures]")).to_contain_text("Only 3 decided (3 accepted)")
    expect(page.locator("[data-cell=figures]")).not_to_contain_text("%")
    many = fill(world, 100, source="model:many")
    world.suggestions.accept(many[:60])
    world.suggestions.reject(many[60:90])
    page.wait_for_selector("[data-cell=figures]:has-text('68 % were accepted')")
    page.click("#review-figures")
    expect(page.locator("#review-figures-total")).to_contain_text("63 of 93")
    expect(page.locator(".wb-figures-chart circle")).to_have_count(2)
    expect(page.locator(".wb-figures-bars")).to_have_count(2)
    page.hover(".wb-figures-chart circle >> nth=0")
    expect(page.locator("#review-figures-point")).to_contain_text("50 of 50")
    page.click("#review-figures-by [data-value=days]")
    expect(page.locator(".wb-figures-chart circle")).to_have_count(1)


def test_new_labels_are_counted_and_one_click_trains_on_them(visit, world):
    first = world.start_run("d", "m", "instant", name="first")
    runs = world._workspace.runs
    runs.finish(first.id, "completed", LocalText("好", "done"), {"dev": {"best": {"recall@1": 40.0}}})
    ids = fill(world, 4)
    page = visit()
    page.wait_for_selector("#review-labels:has-text('has learnt all')")
    expect(page.locator("#review-retrain")).to_be_disabled()
    page.wait_for_selector("#review-list li")
    for key in "aar":
        page.keyboard.press(key)
    page.wait_for_selector("#review-labels:has-text('2 synonyms, 1 marks')")
    expect(page.locator("[data-cell=train] h4")).to_have_text("3 new labels wait")
    page.click("#review-retrain")
    page.wait_for_selector("#review-show-run")
    run = world.runs()[0]
    assert (run.state, run.base_model, run.recipe) == ("queued", "m", "instant")
    assert run.version_id == world.dictionary("d").version_id
    runs.finish(run.id, "completed", LocalText("好", "done"), {"dev": {"best": {"recall@1": 50.0}}})
    page.wait_for_selector("#review-labels:has-text('has learnt all')")
    assert world.suggestions.get(ids[-1]).state == "waiting"


def test_after_training_the_new_model_looks_again(visit, world):
    page = visit()
    look(page)
    run = world.start_run("d", "m", "instant", name="second")
    done = LocalText("好", "done")
    world._workspace.runs.finish(run.id, "completed", done, {"dev": {"best": {"recall@1": 50.0}}})
    page.click("#review-look-again")
    page.wait_for_selector("#review-find-said:has-text('Nothing new')")
    assert {each.source for each in waiting(world)} == {"model:second"}


def test_the_rest_of_the_page_hears_of_a_decision_without_a_reload(visit, world):
    fill(world, 2)
    page = visit()
    page.evaluate("WB.on('changed', () => { window.__changed = (window.__changed || 0) + 1; })")
    page.wait_for_selector("#review-list li")
    before = page.evaluate("window.__changed || 0")
    page.keyboard.press("a")
    page.wait_for_function(f"(window.__changed || 0) > {before}")
    assert len(world.editor.find("d", "c5 std")[0].synonyms) == 4


def test_several_are_ticked_by_key_and_put_off(visit, world, until):
    fill(world, 3)
    page = visit()
    page.wait_for_selector("#review-list li")
    for key in ("x", "j", "x"):
        page.keyboard.press(key)
    page.click("#review-later-all")
    until(lambda: world.suggestions.counts("d") == {"waiting": 1, "accepted": 0, "rejected": 0, "later": 2})


def test_from_a_card_to_editor_and_neighbours(visit, world):
    fill(world, 1)
    page = visit()
    page.click("[data-act=edit]")
    page.wait_for_function("document.querySelector('#tab-synonyms-button').classList.contains('selected')")
    expect(page.locator("#synonyms")).to_contain_text("c5 std")
    page.click("#tab-pairs-button")
    page.click("[data-act=map]")
    page.wait_for_function("document.querySelector('#tab-map-button').classList.contains('selected')")


def test_terms_are_text_and_nothing_else(visit, world):
    details = {"term": EVIL, "nearest": f"c5 x{EVIL}", "shared": EVIL, "cosine": 0.5, "home": EVIL}
    reason = LocalText("因为 {x}", "because of {x}").format(x=EVIL)
    row = Proposal("c5 std", EVIL, 1.0, 0.7, reason, "pairs", details)
    id = world.dictionary("d").id
    world._workspace.suggestions.add("synonym", [row], source=f"model:{EVIL}", dictionary_id=id)
    page = visit("zh-CN")
    page.wait_for_selector(f"#review-why:has-text('{EVIL}')")
    page.keyboard.press("a")
    page.click("#review-find")
    assert page.evaluate("window.__evil") is None
