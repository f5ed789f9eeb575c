"""The Pairs tab in a real browser: pairs made and saved, rows by a language model, the queue by keys."""

import threading

import pytest
from generation.fake_endpoint import KEY, FakeEndpoint, chat, rows
from playwright.sync_api import expect

from workbench.errors import Conflict
from workbench.localtext import LocalText
from workbench.storage.suggestions import Proposal
from workbench.types import LabelledPair

pytestmark = pytest.mark.browser

EVIL = "<img src=x onerror=window.__evil=1>"


@pytest.fixture(scope="module")
def services(services, toy_csv):
    services.save_dictionary("toy", services.preview_dictionary(toy_csv, "toy.csv"), source="toy.csv")
    return services


@pytest.fixture
def visit(browse, address):
    """Opens a part of the tab."""

    def open_part(part, locale="zh-CN"):
        page = browse(f"{address}#pairs", locale)
        page.click(f"#pairs-part-{part}")
        return page

    return open_part


@pytest.fixture
def fake():
    server = FakeEndpoint()
    yield server
    server.close()


@pytest.fixture
def queue(services, toy_pairs):
    """Puts proposals for the toy dictionary's first terms into an empty queue."""
    toy = services.dictionary("toy")

    def fill(*proposals, kind="synonym"):
        ids = toy.id if kind == "synonym" else ""
        assert services._workspace.suggestions.add(kind, proposals, source="test", dictionary_id=ids)

    yield fill
    with services._workspace.database.write() as db:
        db.conn.execute("DELETE FROM suggestions")


@pytest.fixture
def standards(toy_pairs):
    return list(dict.fromkeys(pair.standard for pair in toy_pairs))


def synonyms_of(services, term):
    return next(g.synonyms for g in services.editor.find("toy", term) if g.standard == term)


def apart(services):
    return {(pair.standard, pair.synonym) for pair in services.editor.apart("toy")}


def test_pairs_are_previewed_saved_looked_at_exported_and_deleted(visit, services):
    page = visit("make")
    page.wait_for_selector("#pairs-sample tbody tr")
    assert page.locator("#pairs-sample mark").count() == 0
    page.fill("#pairs-templates", "{}使用手册")
    page.wait_for_selector("#pairs-sample mark")
    assert page.locator("[data-origin=random] b").inner_text() != "0"
    page.fill("#pairs-name", "手册句对")
    page.click("#pairs-save")
    page.wait_for_selector("#pairs-list tr[data-name=手册句对]")
    info = services.pair_sets.get("手册句对")
    assert info.trusted
    assert info.recipe["recipe"]["templates"] == ["{}使用手册"]
    assert 0.45 < info.positives / info.rows < 0.55
    expect(page.locator("#pairs-name")).to_have_value("toy 句对")
    page.click("#pairs-list tr[data-name=手册句对]")
    page.wait_for_selector("#pairs-rows tbody tr")
    page.fill("#pairs-search", "使用手册")
    page.wait_for_function(
        "[...document.querySelectorAll('#pairs-rows tbody tr')]"
        ".every((row) => row.innerText.includes('使用手册'))"
    )
    with page.expect_download() as download:
        page.click("#pairs-export-csv")
    lines = download.value.path().read_text("utf-8-sig").splitlines()
    assert lines[0] == "text1,text2,label"
    assert len(lines) == info.rows + 1
    page.click("#pairs-delete")
    page.click("dialog [data-choice=true]")
    page.wait_for_selector("#pairs-list tr[data-name=手册句对]", state="detached")


def test_what_cannot_be_made_is_said_in_words(visit):
    page = visit("make", locale="en-GB")
    page.wait_for_selector("#pairs-sample tbody tr")
    page.fill("#pairs-templates", f"no gap {EVIL}")
    page.wait_for_selector("#pairs-problem")
    assert "cannot be used" in page.locator("#pairs-problem").inner_text()
    assert page.locator("#pairs-save").is_disabled()
    page.fill("#pairs-templates", "{} " + EVIL)
    page.wait_for_selector("#pairs-sample mark")
    page.uncheck("#pairs-negatives-random")
    page.uncheck("#pairs-negatives-lexical")
    page.wait_for_selector("#pairs-problem")
    assert page.evaluate("window.__evil") is None


def test_labels_of_an_outside_model_are_used_once_they_are_accepted(visit, services):
    scored = [LabelledPair("越野车", EVIL, 0.7), LabelledPair("轮胎", "手冰", 0.1)]
    services._workspace.pair_sets.save("打分", scored, kind="scores", source="a.csv", trusted=False)
    page = visit("make")
    page.click("#pairs-list tr[data-name=打分]")
    page.wait_for_selector("#pairs-accept")
    expect(page.locator("#pairs-rows")).to_contain_text(EVIL)
    page.click("#pairs-accept")
    page.wait_for_selector("#pairs-accept", state="detached")
    assert services.pair_sets.get("打分").trusted
    assert page.evaluate("window.__evil") is None


def test_a_language_model_proposes_and_its_key_is_nowhere(visit, services, fake, queue, standards):
    fake.always = lambda prompt: chat("OK") if "OK" in prompt else rows("mmmm", EVIL)
    page = visit("generate")
    page.fill("#generate-address", fake.url)
    page.fill("#generate-key", KEY)
    page.click("#generate-test")
    page.wait_for_selector("#generate-answer .better:has-text('2')")
    page.wait_for_selector("#generate-forget")
    page.fill("#generate-model", "qwen2.5:7b")
    page.click("#generate-test")
    page.wait_for_selector("#generate-answer :text('OK')")
    page.fill("#generate-terms", standards[3])
    page.click("#fold-prompts summary")
    page.fill("#generate-prompt", "{term} 的别称，{count} 个")
    page.click("#generate-start")
    page.wait_for_selector("#generate-jobs [data-state=completed]")
    assert fake.prompts[-1] == f"{standards[3]} 的别称，5 个"
    assert {request["key"] for request in fake.requests} == {f"Bearer {KEY}"}
    assert page.input_value("#generate-key") == ""
    page.reload()
    page.wait_for_selector("#generate-forget")
    assert KEY not in page.content()
    assert KEY not in page.evaluate(
        "JSON.stringify([{ ...localStorage }, { ...sessionStorage }, document.cookie])"
    )
    assert KEY not in page.evaluate("[...document.querySelectorAll('input')].map((i) => i.value).join()")
    page.click("#generate-jobs [data-act=review]")
    page.wait_for_selector("#review-second")
    assert services.suggestions.counts()["waiting"] >= 1
    assert page.evaluate("window.__evil") is None
    page.click("#pairs-part-generate")
    page.click("#generate-forget")
    page.wait_for_selector("#generate-forget", state="detached")
    assert not services.generation.has_key(fake.url)


def test_a_wrong_key_and_a_dead_server_are_said_in_words(visit, fake, free_port):
    page = visit("generate", locale="en-GB")
    fake.models.status, fake.models.body = 401, {"error": {"message": f"bad key {KEY}"}}
    page.fill("#generate-address", fake.url)
    page.fill("#generate-key", KEY)
    page.click("#generate-test")
    page.wait_for_selector("#generate-answer .worse")
    assert KEY not in page.content()
    page.fill("#generate-address", f"http://127.0.0.1:{free_port()}")
    page.click("#generate-test")
    page.wait_for_selector("#generate-answer .worse:has-text('No connection')")


def test_the_queue_is_worked_off_by_keys(visit, services, queue, standards, until):
    queue(*(Proposal(standards[i], f"nnn{i}", score=1 - i / 10) for i in range(4)))
    page = visit("review")
    page.wait_for_selector(f"#review-first:text-is('{standards[0]}')")
    assert synonyms_of(services, standards[0])[0] in page.locator("#review-card").inner_text()
    page.fill("#review-author", "老王")
    page.click("#review-list li >> nth=0")
    page.keyboard.press("a")
    page.wait_for_selector("#review-second:text-is('nnn1')")
    page.keyboard.press("r")
    page.keyboard.press("l")
    page.wait_for_selector("#review-second:text-is('nnn3')")
    until(lambda: services.suggestions.counts()["later"] == 1)
    assert "nnn0" in synonyms_of(services, standards[0])
    assert (standards[1], "nnn1") in apart(services)
    assert services.editor.history("toy")[0][0].author == "老王"
    assert "2 / 4" in page.locator("#review-progress").inner_text()

    page.keyboard.press("k")
    page.wait_for_selector("#review-state")
    for _ in range(2):  # later first, then the rejection
        page.keyboard.press("u")
    until(lambda: services.suggestions.counts()["waiting"] == 3)
    page.wait_for_selector("#review-second:text-is('nnn1')")
    assert (standards[1], "nnn1") not in apart(services)
    page.keyboard.press("r")
    page.wait_for_selector("#review-last:has-text('难负例')")
    assert (standards[1], "nnn1") in apart(services)


def test_a_decision_is_taken_back_before_it_is_answered(visit, services, queue, standards, until):
    queue(*(Proposal(standards[i], f"ppp{i}", score=1 - i / 10) for i in range(4)))
    page = visit("review")
    page.wait_for_selector("#review-second:text-is('ppp0')")
    page.keyboard.press("a")
    until(lambda: services.suggestions.counts()["accepted"] == 1)
    page.keyboard.press("r")
    page.keyboard.press("u")
    until(lambda: services.suggestions.counts() == {"waiting": 3, "accepted": 1, "rejected": 0, "later": 0})
    page.wait_for_selector("#review-last:has-text('已撤销')")
    assert "ppp0" in synonyms_of(services, standards[0])


def test_the_name_of_a_set_is_typed_while_an_answer_arrives(visit, services, queue, monkeypatch):
    """Letters outside of a field decide: one that is drawn anew under the hand must keep the keys."""
    queue(*(Proposal(f"第{i}句话很长", f"很长的第{i}句") for i in range(3)), kind="sentence_pair")
    answer, reject = threading.Event(), services.suggestions.reject
    monkeypatch.setattr(services.suggestions, "reject", lambda *a, **m: answer.wait(60) and reject(*a, **m))
    page = visit("review")
    page.click("#review-reject")
    page.fill("#review-set", "")
    page.type("#review-set", "la")
    answer.set()
    page.wait_for_selector("#review-last:has-text('已拒绝')")
    page.keyboard.type("rla")
    expect(page.locator("#review-set")).to_have_value("larla")
    assert services.suggestions.counts() == {"waiting": 2, "accepted": 0, "rejected": 1, "later": 0}


def test_what_is_refused_comes_back_with_its_sentence(visit, services, queue, standards, monkeypatch):
    queue(*(Proposal(standards[i], f"ooo{i}", score=1 - i / 10) for i in range(2)))

    def refuse(*_args, **_more):
        raise Conflict(LocalText("别人刚改过这一组。", "Somebody has just changed this group."))

    monkeypatch.setattr(services.suggestions, "accept", refuse)
    page = visit("review", locale="en-GB")
    page.wait_for_selector("#review-second:text-is('ooo0')")
    page.keyboard.press("a")
    page.wait_for_selector("#review-last:has-text('Somebody has just changed')")
    assert page.locator("#review-second").inner_text() == "ooo0"
    assert page.locator("#review-list li >> nth=0").get_attribute("data-state") == "waiting"
    assert services.suggestions.counts()["waiting"] == 2


def test_sentences_go_into_a_pair_set_and_a_page_is_decided_at_once(visit, services, queue, until):
    queue(*(Proposal(f"第{i}句话很长", f"很长的第{i}句 {EVIL}") for i in range(3)), kind="sentence_pair")
    page = visit("review")
    page.wait_for_selector("#review-set")
    page.fill("#review-set", "改写")
    page.click("#review-accept")
    page.wait_for_selector("#review-last:has-text('改写')")
    assert services.pair_sets.get("改写").rows == 1
    page.check("#review-all")
    page.click("#review-reject-all")
    until(lambda: services.suggestions.counts()["rejected"] == 2)
    page.wait_for_selector("#review-go-generate")
    page.keyboard.press("u")
    page.wait_for_selector("#review-second")
    assert services.suggestions.counts() == {"waiting": 2, "accepted": 1, "rejected": 0, "later": 0}
    page.fill("#review-search", "第2句")
    page.wait_for_function("document.querySelectorAll('#review-list li').length === 1")
    page.select_option("#review-kind", "synonym")
    page.wait_for_function("document.querySelectorAll('#review-list li').length === 0")
    assert page.evaluate("window.__evil") is None
