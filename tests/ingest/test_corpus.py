"""Raw text: lines, paragraphs, a column of a table; cut, cleaned and without duplicates."""

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.errors import FileProblem
from workbench.ingest.corpus import parse_corpus, sentences
from workbench.ingest.spool import TextSpool


def texts(preview):
    return [text for text, _ in preview.texts]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16", "big5"])
def test_lines_in_any_encoding_with_the_rows_they_came_from(encoding):
    text = "混凝土強度等級。\r\n\r\n鋼筋, 保護層\r\n混凝土強度等級。 \r\n"
    preview = parse_corpus(text.encode(encoding), "a.txt")
    assert list(preview.texts) == [("混凝土強度等級。", 1), ("鋼筋, 保護層", 3)]
    assert (preview.count, preview.characters, preview.unit) == (2, 15, "line")
    assert preview.problem_counts["duplicate"] == 1


def test_duplicates_are_those_of_the_key_and_the_first_spelling_stays():
    preview = parse_corpus("ABC 车\nａｂｃ　车\nabc  车\nABC 车辆\n".encode(), "a.txt")
    assert texts(preview) == ["ABC 车", "ABC 车辆"]
    assert preview.problem_counts["duplicate"] == 2


def test_paragraphs_are_seen_and_joined_as_their_language_joins_lines():
    text = "第一段，\n第二行。\n\nA paragraph\nin two lines\n \n第三段\n再来\n"
    preview = parse_corpus(text.encode(), "a.txt")
    assert preview.unit == "paragraph"
    assert list(preview.texts) == [
        ("第一段，第二行。", 1),
        ("A paragraph in two lines", 4),
        ("第三段再来", 7),
    ]
    lines = parse_corpus(text.encode(), "a.txt", unit="line")
    assert lines.count == 6


def test_a_blank_line_after_each_line_does_not_make_paragraphs():
    assert parse_corpus("甲\n\n乙\n\n丙\n".encode(), "a.txt").unit == "line"


def test_overlong_texts_are_cut_into_sentences_and_a_longer_sentence_at_the_limit():
    preview = parse_corpus(
        "短句。\n一二三。四五六！“七八？”九十\nabcdefghijklmnop\n".encode(), "a.txt", max_text_length=8
    )
    assert texts(preview) == ["短句。", "一二三。", "四五六！", "“七八？”", "九十", "abcdefgh", "ijklmnop"]
    assert preview.problem_counts["cut"] == 2


def test_what_holds_no_word_is_dropped_and_invisible_characters_are_removed():
    preview = parse_corpus("————\n甲\u200b乙\n***\n".encode(), "a.txt")
    assert texts(preview) == ["甲乙"]
    assert (preview.problem_counts["no_words"], preview.problem_counts["control_character"]) == (2, 1)


def test_of_a_table_the_column_of_the_longest_texts_is_taken_or_the_one_that_is_named():
    data = 'id,名称,内容\n1,甲,今天天气很好\n2,乙,"明天，也很好"\n'.encode()
    preview = parse_corpus(data, "a.csv")
    assert (texts(preview), preview.column, preview.columns) == (
        ["今天天气很好", "明天，也很好"],
        2,
        ("id", "名称", "内容"),
    )
    assert texts(parse_corpus(data, "a.csv", column="名称")) == ["甲", "乙"]
    assert texts(parse_corpus(data, "a.csv", column=1, has_header=False)) == ["名称", "甲", "乙"]
    with pytest.raises(FileProblem) as caught:
        parse_corpus(data, "a.csv", column="正文")
    assert "内容" in caught.value.text("zh")


def test_a_csv_of_bare_sentences_is_read_by_lines():
    lines = ["甲,乙", "甲", "丙,丁,戊", "一,二,三,四", "甲,乙,丙,丁,戊"]
    assert texts(parse_corpus("\n".join(lines).encode(), "a.csv")) == lines


def test_workbooks_and_json_lines():
    from openpyxl import Workbook

    book = Workbook()
    for row in (["编号", "文本"], [1, "钢筋混凝土结构"], [2, "预应力结构"]):
        book.active.append(row)
    stream = io.BytesIO()
    book.save(stream)
    assert texts(parse_corpus(stream.getvalue(), "a.xlsx")) == ["钢筋混凝土结构", "预应力结构"]
    data = '{"id": 1, "text": "钢筋混凝土结构"}\n{"id": 2, "text": "预应力结构"}\n'.encode()
    assert texts(parse_corpus(data, "a.jsonl")) == ["钢筋混凝土结构", "预应力结构"]


@pytest.mark.parametrize("data", [b"", b" \n\n", "——\n".encode(), b"\x89PNG\r\n\x1a\n123"])
def test_what_holds_no_text_is_refused_in_words(data):
    with pytest.raises(FileProblem) as caught:
        parse_corpus(data, "a.txt")
    assert caught.value.text("zh")


def test_limits():
    with pytest.raises(FileProblem):
        parse_corpus("甲\n乙\n".encode(), "a.txt", max_texts=1)
    with pytest.raises(FileProblem):
        parse_corpus("甲\n乙\n".encode(), "a.txt", max_bytes=3)


@given(st.text(alphabet="甲乙。！?;. ab", max_size=60), st.integers(1, 12))
def test_cutting_loses_nothing_but_white_space_and_keeps_the_limit(text, limit):
    parts = list(sentences(text, limit))
    assert "".join("".join(parts).split()) == "".join(text.split())
    assert all(len(part) <= limit for part in parts)


@given(st.lists(st.tuples(st.text().filter(lambda t: "\n" not in t), st.integers(0, 10**9))))
def test_a_spool_gives_back_what_was_put_in_each_time(entries):
    spool = TextSpool()
    for text, row in entries:
        spool.add(text, row)
    assert list(spool) == entries
    both = iter(spool), iter(spool)
    assert [next(one) == next(other) for one, other in [both] * min(1, len(entries))] == [True] * min(
        1, len(entries)
    )
    assert len(spool) == len(entries)


def test_a_spool_that_is_larger_than_its_block_keeps_the_order():
    spool = TextSpool()
    for number in range(60_000):
        spool.add(f"第{number}条文本，长度有三十个字以上，写满磁盘。" * 6, number)
    assert [row for _, row in spool] == list(range(60_000))
    assert next(iter(spool))[0].startswith("第0条")
