"""What the Explore tab makes of terms, reports and whatever a browser may send: never an incident."""

import itertools
import re
import time

import pytest

from workbench.search.matching import Match, Threshold
from workbench.services import Services
from workbench.services.matching import MatchReport
from workbench.settings import Settings
from workbench.ui import present_explore
from workbench.ui.errors import answer
from workbench.ui.page import Page
from workbench.ui.present_explore import least_certain_first, marked
from workbench.ui.tabs import explore, explore_lists, explore_match, explore_questions, explore_words
from workbench.ui.tabs.explore_match import Job, Jobs, pasted_column
from workbench.ui.tabs.explore_questions import Questions
from workbench.ui.uploads import Uploads

JUNK = (None, True, -1, 1.5, float("nan"), 10**30, "", "x" * 5000, "a\x00", [], ["a"], {}, {"a": 1})
KEYS = (
    "client", "a", "b", "models", "dictionary", "text", "source", "systems", "k", "known", "language",
    "group", "terms", "model", "format", "values", "token", "column", "job", "precision", "kind", "page",
    "word", "author", "version",
)  # fmt: skip
RIGHT = {
    "client": "c", "a": "霸道", "b": "SUV", "models": ["nowhere"], "dictionary": "汽车", "text": "SUV",
    "source": "list:gone", "systems": ["nowhere"], "terms": "a\nb", "model": "nowhere", "format": "csv",
    "token": "gone", "job": "gone", "precision": 90, "kind": "all", "word": "unmark", "version": 10**6,
}  # fmt: skip


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    home = tmp_path_factory.mktemp("answers") / "home"
    services = Services(Settings.from_env({}, home=home, warm_worker=False))
    opened = Page(services)
    yield opened
    opened.close()
    services.close()


@pytest.fixture(scope="module")
def functions(page):
    questions, uploads = Questions(page), Uploads()
    found = [
        *explore._choices(page),
        *explore_questions.functions(page, questions),
        *explore_words.functions(page),
        *explore_lists.functions(page, questions, uploads),
        *explore_match.functions(page, uploads),
    ]
    return {function.__name__: answer(function) for function in found}


def settled(function, wish, patience=60):
    """The answer to a question, waited for as the page does."""
    deadline = time.monotonic() + patience
    reply = function(wish)
    while reply.get("task") and not reply["task"]["error"] and time.monotonic() < deadline:
        time.sleep(0.05)
        reply = function(wish)
    return reply


def said(reply):
    """The sentence in which something was refused, at once or by the task."""
    problem = reply.get("error") or (reply.get("task") or {}).get("error")
    return problem and problem["en"]


def test_anything_that_a_browser_sends_is_answered_with_a_sentence(functions):
    for name, function in functions.items():
        for key, value in itertools.product(KEYS, JUNK):
            reply = function({**RIGHT, key: value})
            assert isinstance(reply, dict), (name, key, value)
            assert not re.search("unexpected", said(reply) or ""), (name, key, value, said(reply))


def test_what_is_not_there_is_said(functions):
    for name in ("ask_pair", "ask_near", "ask_matrix", "look_table", "match_state", "match_rows"):
        assert said(settled(functions[name], {**RIGHT, "job": "never"})), name
    assert "once more" in said(functions["match_state"]({**RIGHT, "job": "never"}))
    assert "paste" in said(settled(functions["ask_near"], {**RIGHT, "systems": ["tfidf"]})).lower()
    assert said(functions["match_start"]({**RIGHT, "token": "", "text": " \n"}))


def test_a_list_is_kept_without_blank_and_repeated_lines(functions):
    kept = functions["keep_list"]({"token": "", "text": "霸道\n\n 霸道 \nSUV\r\n"})
    assert kept["count"] == 2
    wish = {"text": "霸道SUV", "source": f"list:{kept['id']}", "systems": ["tfidf", "bm25_chars"]}
    found = settled(functions["ask_near"], {**RIGHT, **wish})["answer"]
    assert [column["system"] for column in found["columns"]] == ["tfidf", "bm25_chars"]
    hits = found["columns"][0]["hits"]
    assert {hit["term"]: hit["known"] for hit in hits} == {"霸道": True, "SUV": False}
    assert all(hit["moved"] == 0 for hit in hits)
    assert found["titles"]["tfidf"]["zh"]


def test_what_is_marked_as_no_synonym_is_told_beside_its_place(functions, page):
    ask = {**RIGHT, "text": "路虎", "source": "dictionary:汽车", "systems": ["tfidf"]}
    functions["say"]({**RIGHT, "a": "路虎", "b": "罗孚", "word": "apart"})
    again = settled(functions["ask_near"], {**ask, "text": "罗孚", "k": 100})["answer"]
    hits = {hit["term"]: hit for hit in again["columns"][0]["hits"]}
    assert all(hit["apart"] == (term == "路虎") for term, hit in hits.items())
    assert [(pair.standard, pair.synonym) for pair in page.services.editor.apart("汽车")] == [
        ("路虎", "罗孚")
    ]


@pytest.mark.parametrize(
    ("a", "b", "standard", "holds"),
    [
        ("霸道SUV", "一种新词", "丰田普拉多", "一种新词"),  # the first has a group
        ("又一种新词", "霸道SUV", "丰田普拉多", "又一种新词"),  # the second has one
        ("全新甲", "全新乙", "全新甲", "全新乙"),  # neither has
    ],
)
def test_synonyms_go_where_there_is_a_group(functions, page, a, b, standard, holds):
    reply = functions["say"]({"dictionary": "汽车", "a": a, "b": b, "word": "synonyms"})
    assert reply["title"]
    groups = page.services.editor.find("汽车", holds)
    assert [group.standard for group in groups] == [standard]
    functions["take_back"]({"dictionary": "汽车", "version": reply["version"]})
    assert page.services.editor.find("汽车", holds) == ()


def test_two_groups_are_joined_only_where_that_is_said(functions, page):
    before = page.services.editor.status("汽车").version
    wish = {"dictionary": "汽车", "a": "雪铁龙", "b": "宝马"}
    assert functions["say"]({**wish, "word": "synonyms"}) == {"choose": ["雪铁龙", "宝马"]}
    assert page.services.editor.status("汽车").version == before
    reply = functions["say"]({**wish, "word": "merge"})
    assert [group.standard for group in page.services.editor.find("汽车", "宝马")] == ["雪铁龙"]
    functions["take_back"]({"dictionary": "汽车", "version": reply["version"]})
    added = functions["say"]({**wish, "word": "add"})
    assert {group.standard for group in page.services.editor.find("汽车", "宝马")} == {"雪铁龙", "宝马"}
    functions["take_back"]({"dictionary": "汽车", "version": added["version"]})


@pytest.mark.parametrize(
    ("term", "shared", "pieces"),
    [
        ("霸道SUV", ("霸道",), [("霸道", True), ("SUV", False)]),
        ("Heart Attack", ("heart",), [("Heart", True), (" Attack", False)]),
        ("heartburn", ("heart",), [("heartburn", False)]),  # not a word of its own
        ("ＳＵＶ车", ("suv",), [("ＳＵＶ", True), ("车", False)]),
        ("㎞ x", ("km",), [("㎞", True), (" x", False)]),  # one character that is compared as two
        ("霸道霸道", ("霸道",), [("霸道霸道", True)]),
        ("", ("a",), []),
        ("<b>", ("<b>",), [("<b>", True)]),
    ],
)
def test_shared_characters_are_marked_as_they_are_written(term, shared, pieces):
    assert marked(term, shared) == pieces


def match(text, probability, accepted=False, known=False):
    return Match(text, "s", "n", 0.9, 0.1, probability, accepted, known)


def a_report(*matches, edge=0.7):
    threshold = Threshold(0.9, edge, 0.93, 0.5, 40, ("dev",))
    known = sum(each.known for each in matches)
    accepted = sum(each.accepted for each in matches) - known
    return MatchReport("d", "m", threshold, list(matches), known, accepted, len(matches) - known - accepted)


def test_what_is_least_certain_stands_first_and_known_terms_last():
    report = a_report(
        match("known", 1.0, True, True), match("sure", 0.99, True), match("near", 0.68), match("far", 0.1)
    )
    assert [report.matches[row].text for row in least_certain_first(report)] == [
        "near",
        "sure",
        "far",
        "known",
    ]
    nothing = a_report(match("far", 0.1), match("near", 0.6), edge=float("inf"))
    assert [nothing.matches[row].text for row in least_certain_first(nothing)] == ["near", "far"]


def test_rows_are_paged_within_their_kind(page):
    matches = [match(f"t{n}", n / 100, n >= 70) for n in range(100)]
    job = Job("", "汽车", "m", 90, pasted_column(page, "\n".join(f"t{n}" for n in range(100))))
    job.report = a_report(*matches)
    job.order = least_certain_first(job.report)
    first = present_explore.rows_json(job, "accepted", 0, 20)
    assert (first["total"], len(first["rows"])) == (30, 20)
    last = present_explore.rows_json(job, "accepted", 9, 20)
    assert (last["page"], len(last["rows"])) == (1, 10)
    assert {row["kind"] for row in first["rows"] + last["rows"]} == {"accepted"}
    assert len({row["row"] for row in first["rows"] + last["rows"]}) == 30


def test_pasted_lines_keep_their_commas_and_their_numbers(page):
    column = pasted_column(page, "a, b\n\n=1+1\n")
    assert column.texts == ["a, b", "=1+1"]
    assert list(column.row_numbers) == [1, 3]
    block = pasted_column(page, "编号\t近似词\n1\t霸道\n2\tSUV\n")
    assert (block.columns, block.place, block.texts) == (("编号", "近似词"), 1, ["霸道", "SUV"])


def test_a_job_that_is_under_way_is_never_let_go():
    jobs = Jobs()
    jobs.add("first", Job("", "d", "m", 90))
    for n in range(20):
        ended = Job("", "d", "m", 90)
        ended.report = a_report(match("a", 0.5))
        jobs.add(f"job {n}", ended)
    assert jobs.get("first").report is None
    assert jobs.get("job 19").report is not None
    with pytest.raises(Exception, match="gone"):
        jobs.get("job 0")
