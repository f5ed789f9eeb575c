"""Errors reach the page as sentences; the unexpected shows a number, and no path."""

import logging

import pytest

from workbench.errors import FileProblem
from workbench.localtext import LocalText
from workbench.ui.errors import answer, language_of, sentence_for


class Request:
    def __init__(self, cookies=None, accept=""):
        self.cookies = cookies or {}
        self.headers = {"accept-language": accept}


def test_a_refusal_is_said_with_its_hint_in_both_languages():
    error = FileProblem(
        LocalText("第 {row} 行是空的。", "Row {row} is empty."), LocalText("请补上。", "Fill it."), row=3
    )
    sentence = sentence_for(error)
    assert sentence.get("zh") == "第 3 行是空的。请补上。"
    assert sentence.get("en") == "Row 3 is empty. Fill it."


@pytest.mark.case(27)
def test_the_unexpected_shows_a_number_and_the_log_has_the_rest(caplog, tell):
    with caplog.at_level(logging.ERROR, logger="workbench.ui"):
        try:
            raise OSError("/secret/place/file.db is gone")
        except OSError as error:
            sentence = sentence_for(error)
    assert "secret" not in sentence.get("zh") + sentence.get("en")
    incident = caplog.records[0].args[0]
    assert incident in sentence.get("zh")
    assert incident in sentence.get("en")
    assert "/secret/place" in caplog.text
    tell("an error with a path in its message", 1, "a sentence with a number; the path is in the log alone")


@pytest.mark.parametrize("sent", ["text", 3, ["a"]])
def test_an_answer_takes_one_object_only(sent):
    reply = answer(lambda data: {"ok": True})(sent)
    assert set(reply) == {"error"}
    assert set(reply["error"]) == {"zh", "en"}


def test_an_answer_never_raises():
    def broken(data):
        raise ValueError("/tmp/x")

    assert "/tmp/x" not in str(answer(broken)({}))
    assert answer(lambda data: {"got": data})(None) == {"got": {}}


def test_braces_in_a_message_stay_as_they_are():
    assert sentence_for(FileProblem(LocalText("列 {a}", "column {a}"), a="{b}")).get("en") == "column {b}"


def test_language_is_the_chosen_one_else_the_browsers():
    assert language_of(Request({"workbench_language": "zh"}, "en-GB")) == "zh"
    assert language_of(Request({"workbench_language": "<script>"}, "zh-CN,zh;q=0.9")) == "zh"
    assert language_of(Request(accept="de-DE,zh;q=0.1")) == "en"
    assert language_of(None) == "en"
