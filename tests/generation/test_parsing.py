"""Rows out of whatever a language model writes."""

import json
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.generation.parsing import LONGEST_ANSWER, MOST_ROWS, parse_rows

GOOD = {
    "bare": '["甲", "乙"]',
    "object": '{"items": ["甲", "乙"]}',
    "fence": '```json\n["甲", "乙"]\n```',
    "fence without a name": '```\n["甲", "乙"]\n```',
    "text around": '好的，同义词如下：["甲", "乙"]。希望有帮助！',
    "thought before": '<think>也许 ["丙"]？不对。</think>\n["甲", "乙"]',
    "thought without its start": '也许 ["丙"]？</think>["甲", "乙"]',
    "brackets before": 'As [1] says (see {x}): ["甲", "乙"]',
    "fence and text": '以下：\n```json\n{"items": ["甲", "乙"]}\n```\n完。',
    "blanks": ' [ "甲" ,\n "乙" ,\n "" , "  " ] ',
    "escaped": '["\\u7532", "乙"]',
}


@pytest.mark.parametrize("name", GOOD)
def test_json_is_found_in_the_forms_that_models_write(name):
    parsed = parse_rows(GOOD[name])
    assert ([row.strip() for row in parsed.rows], parsed.form) == (["甲", "乙"], "json")


LISTS = {
    "numbers": "1. 甲\n2. 乙",
    "chinese": "同义词：\n1、甲\n2、乙\n",
    "brackets": "(1) 甲\n（2）乙",
    "dashes": "- 甲\n* 乙",
    "quotes": '1. "甲",\n2. **乙**',
    "after a thought": "<think>1. 丙</think>\n1) 甲\n2) 乙",
}


@pytest.mark.parametrize("name", LISTS)
def test_a_list_is_taken_and_counted_as_one(name):
    parsed = parse_rows(LISTS[name])
    assert (parsed.rows, parsed.form) == (("甲", "乙"), "list")


@pytest.mark.parametrize(
    "text",
    ["", "   ", "甲、乙", "不能回答。", '["甲", "乙', '["甲", 3]', '[["甲"]]', '{"synonyms": ["甲"]}',
     '{"items": "甲"}', "null", "3", '"甲"', "<think>1. 甲", '```json\n["甲", "乙\n```', "['甲', '乙']",
     '1. 甲\n["甲", "乙'],
)  # fmt: skip
def test_anything_else_is_broken(text):
    parsed = parse_rows(text)
    assert (parsed.rows, parsed.form) == ((), "broken")


def test_an_empty_array_is_an_answer():
    assert parse_rows("[]").form == parse_rows('{"items": []}').form == "json"


def test_half_a_surrogate_pair_is_left_out():
    assert parse_rows('["\\ud83d", "甲"]').rows == ("甲",)


def test_a_runaway_answer_is_cut():
    assert len(parse_rows(json.dumps(["x"] * 10_000)).rows) == MOST_ROWS


@pytest.mark.parametrize(
    "text",
    ["[" * LONGEST_ANSWER, '{"a":' * 100_000, "<think>" * 50_000, "</think>" * 50_000, "```" + " " * 200_000,
     "```\n" * 60_000, "``` a" * 50_000, "- " + " " * 200_000 + "[", '["' * 100_000, "\\" * 200_000,
     "<think>[" * 30_000],
)  # fmt: skip
def test_no_text_takes_long(text):
    began = time.monotonic()
    assert parse_rows(text).form == "broken"
    assert parse_rows("- a" + " " * 190_000 + "b").form == "list"
    assert time.monotonic() - began < 1.5


PIECES = st.sampled_from(
    ["[", "]", "{", "}", '"', "\\", "\\u", "```", "```json\n", "<think>", "</think>", "1.", "- ", "\n", ",",
     '"items"', "甲", "null", "1e999", "\ud800", "\0"]
)  # fmt: skip


@settings(max_examples=300, deadline=None)
@given(st.one_of(st.text(), st.lists(st.one_of(PIECES, st.text(max_size=3))).map("".join)))
def test_any_text_gives_rows_or_broken_and_never_an_exception(text):
    parsed = parse_rows(text)
    assert parsed.form in ("json", "list", "broken")
    assert all(isinstance(row, str) and row.strip() for row in parsed.rows)
    assert not (parsed.form == "broken" and parsed.rows)
    "".join(parsed.rows).encode()


@settings(max_examples=100, deadline=None)
@given(
    st.lists(st.text(st.characters(exclude_categories=("Cs",)), min_size=1).filter(str.strip), max_size=20),
    st.sampled_from(["{}", "```json\n{}\n```", "<think>x</think>{}", "Here: {}", '{{"items": {}}}']),
)
def test_what_was_written_as_json_comes_back(rows, around):
    parsed = parse_rows(around.format(json.dumps(rows)))
    assert (list(parsed.rows), parsed.form) == (rows, "json")
