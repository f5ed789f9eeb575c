"""What the Pairs tab answers to anything that a browser may send: a sentence, never an incident."""

import itertools

import pytest
from generation.fake_endpoint import KEY

from workbench.services import Services
from workbench.settings import Settings
from workbench.ui.errors import answer
from workbench.ui.page import Page
from workbench.ui.tabs import pairs, pairs_generate, pairs_make, suggestions

JUNK = (None, True, -1, 1.5, float("nan"), 10**30, "", "x" * 5000, "a\x00", [], ["a"], {}, {"a": 1})
KEYS = (
    "name", "dictionary", "model", "recipe", "client", "replace", "search", "page", "format", "address",
    "kind", "language", "count", "cap", "system", "prompt", "terms", "texts", "near", "script", "judge", "id",
    "key", "act", "ids", "state", "sort", "source", "author", "pair_set", "timeout", "temperature",
    "what", "by", "most", "corpora",
)  # fmt: skip
SLOW = {  # these do what is right: asked only with what they read
    "preview_pairs": ("client", "recipe", "model"),
    "make_set": ("name", "recipe", "replace"),
    "start_find": ("dictionary", "model", "what", "by", "most", "corpora"),
    "retrain": ("dictionary",),
}
RIGHT = {
    "name": "n", "dictionary": "汽车", "model": "m", "recipe": {}, "client": "c", "address": "http://127.0.0.1:9",
    "kind": "synonym", "language": "zh", "count": 5, "cap": 5, "system": "", "prompt": "", "id": "x",
    "act": "cancel", "ids": [1], "key": "",
}  # fmt: skip


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    home = tmp_path_factory.mktemp("answers") / "home"
    services = Services(Settings.from_env({}, home=home, warm_worker=False))
    opened = Page(services)
    yield opened
    opened.background.close()
    services.close()


def functions(page):
    sets = pairs._sets(page)
    making = pairs_make.functions(page)
    return [*sets, *making, *pairs_generate.functions(page), *suggestions.functions(page)]


def by_name(page):
    return {function.__name__: answer(function) for function in functions(page)}


def test_junk_gets_a_sentence(page, caplog):
    asked = by_name(page)
    for name in ("test_connection", "list_models", "start_job"):  # these would look for a server
        del asked[name]
    for key, junk in itertools.product(KEYS, JUNK):
        for name, ask in asked.items():
            if name not in SLOW or key in SLOW[name]:
                assert isinstance(ask({**RIGHT, key: junk}), dict)
    assert "incident" not in caplog.text


@pytest.mark.parametrize("key", ["kind", "language", "count", "cap", "system", "prompt", "near", "terms"])
def test_no_job_is_made_of_junk(page, key, caplog):
    start = by_name(page)["start_job"]
    for junk in (True, -1, float("nan"), 10**30, "x" * 9000, ["a"], {"a": 1}):
        if key == "terms" and isinstance(junk, str):
            continue  # a term that the dictionary does not have, which is said in words too
        assert "error" in start({**RIGHT, key: junk})
    assert page.services.generation.jobs() == []
    assert "incident" not in caplog.text


def test_no_answer_holds_a_key(page):
    asked = by_name(page)
    sent = {**RIGHT, "key": KEY}
    assert asked["set_key"](sent) == {"has": True}
    for name in ("has_key", "read_prompts", "list_jobs", "list_models", "test_connection"):
        assert KEY not in str(asked[name](sent))
    assert "error" in asked["set_key"]({**sent, "key": KEY + " 密"})
    assert KEY not in str(asked["set_key"]({**sent, "key": KEY + " 密"}))
    assert asked["set_key"]({**sent, "key": ""}) == {"has": False}


def test_a_newer_question_takes_the_place_of_an_older_preview(page):
    preview = by_name(page)["preview_pairs"]
    wish = {"client": "one", "dictionary": "汽车", "model": "", "recipe": {"limit": 10}}

    def shown(recipe):
        for _ in range(50):
            reply = preview({**wish, "recipe": recipe})
            if "preview" in reply:
                return reply["preview"]
        raise AssertionError(reply)

    assert len(shown({"limit": 10})["rows"]) == 10
    positives = shown({"limit": 10, "positive_share": 1})
    assert {row["label"] for row in positives["rows"]} == {1}
    assert positives["counts"]["synonym"] == 10
    error = preview({**wish, "recipe": {"positives": "none"}})["error"]
    assert "正例" in error["zh"]
    assert "positives" in error["en"]
