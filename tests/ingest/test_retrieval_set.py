"""Retrieval sets: exactly the queries, passages and answers of the files, and what is odd about them."""

import random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.errors import FileProblem
from workbench.ingest.plain_lines import read_text_table
from workbench.ingest.retrieval_checks import near_identical
from workbench.ingest.retrieval_set import parse_retrieval_set

LIMITS = {"max_rows": 10_000, "max_bytes": 10**7}
PASSAGES = ["汽车，轮胎的更换方法,第一步", "发动机保养手册", "刹车片检查"]
LINES = "\n".join(PASSAGES)


def parse(queries, corpus=None, names=("queries.txt", "corpus.txt"), **options):
    passages = None
    if corpus is not None:
        passages = read_text_table(corpus.encode(), names[1], whole_lines=True, **LIMITS)
    return parse_retrieval_set(read_text_table(queries.encode(), names[0], **LIMITS), passages, **options)


def read(preview):
    """Each query with the texts of its answers."""
    found = zip(preview.set.queries, preview.set.answers, strict=True)
    return [(query, [preview.set.passages[p] for p in places]) for query, places in found]


def rows(preview, code):
    return [problem.row for problem in preview.problems if problem.code == code]


def test_what_ten_lines_of_numpy_read_from_the_files_is_what_is_read_here():
    rng = random.Random(3)
    signs = "车胎油灯门窗轮座闸泵阀轴盘杆件箱板梁柱,，。:：;|、\"'()（）- "
    corpus = [f"{''.join(rng.choices(signs, k=rng.randint(6, 40)))}段{n}".strip() for n in range(335)]
    corpus[7] = corpus[6] + "（续）"
    gold = rng.sample(range(335), 137)
    queries = [f"{''.join(rng.choices(signs[:19], k=rng.randint(2, 12)))}？{n}" for n in range(137)]
    queries_file = "".join(f"{q}\t{corpus[g]}\n" for q, g in zip(queries, gold, strict=True))
    corpus_file = "".join(f"{text}\n" for text in corpus)
    # the ten lines
    documents = np.array([line.strip() for line in corpus_file.splitlines()])
    table = np.array([line.split("\t") for line in queries_file.splitlines()])
    answers = [np.flatnonzero(documents == answer.strip()) for answer in table[:, 1]]

    preview = parse(queries_file, corpus_file)
    assert (len(preview.set.queries), len(preview.set.passages)) == (137, 335)
    assert list(preview.set.passages) == documents.tolist()
    assert list(preview.set.queries) == table[:, 0].tolist()
    assert [list(places) for places in preview.set.answers] == [places.tolist() for places in answers]
    assert preview.query_rows == tuple(range(1, 138))
    assert preview.near_identical >= 2


@pytest.mark.parametrize(
    "queries",
    [
        "query\tanswer\n换胎\t{0}\n保养\t{1}\n",
        "查询\t备注\t答案\n换胎\t急\t{0}\n保养\t-\t{1}\n",
        "换胎\t{0}\n保养\t{1}\n",
        "1\t换胎\t{0}\n2\t保养\t{1}\n",
        "换胎\t{0}\tx\n保养\t{1}\ty\n",
        "保养\t2\n换胎\t1\n",
        "换胎\t0\n保养\t1\n",
        "问法\t编号\n换胎\t1\n保养\t2\n",
    ],
)
def test_headings_extra_columns_texts_and_numbers(queries):
    preview = parse(queries.format(*PASSAGES), LINES)
    assert sorted(read(preview)) == [("保养", [PASSAGES[1]]), ("换胎", [PASSAGES[0]])]
    assert preview.set.passages == tuple(PASSAGES)


@pytest.mark.parametrize(
    ("corpus", "name"),
    [
        ("id\ttext\np1\t{0}\np2\t{1}\np3\t{2}\n", "corpus.tsv"),
        ("p1\t{0}\t法规\np2\t{1}\t手册\np3\t{2}\t手册\n", "corpus.txt"),
        ('编号,类别,段落\np1,法规,"{0}"\np2,手册,{1}\np3,手册,{2}\n', "corpus.csv"),
    ],
)
@pytest.mark.parametrize("by_id", [True, False])
def test_a_corpus_with_ids_is_answered_by_id_or_by_text(corpus, name, by_id):
    answers = ["p1", "p3"] if by_id else [PASSAGES[0], PASSAGES[2]]
    preview = parse(f"换胎\t{answers[0]}\n刹车\t{answers[1]}\n", corpus.format(*PASSAGES), ("q.txt", name))
    assert read(preview) == [("换胎", [PASSAGES[0]]), ("刹车", [PASSAGES[2]])]
    assert preview.set.passages == tuple(PASSAGES)
    assert preview.answers_are == ("ids" if by_id else "texts")


def test_several_answers_by_rows_columns_and_lists():
    expected = [("车", PASSAGES[:2]), ("闸", [PASSAGES[2]])]
    by_rows = parse("车\t{0}\n闸\t{2}\n车\t{1}\n".format(*PASSAGES), LINES)
    assert read(by_rows) == expected
    assert rows(by_rows, "merged_query") == [3]
    by_columns = parse("问题\t答案1\t答案2\n车\t{}\t{}\n闸\t{}\t\n".format(*PASSAGES), LINES)
    assert read(by_columns) == expected
    by_list = parse(
        '{{"query": "车", "answers": ["{}", "{}"]}}\n{{"query": "闸", "answers": ["{}"]}}\n'.format(
            *PASSAGES
        ),
        LINES,
        ("q.jsonl", "c.txt"),
    )
    assert read(by_list) == expected
    by_ids = parse("车\t1,2\n闸\t3\n", LINES)
    assert read(by_ids) == expected


def test_without_a_corpus_the_passages_are_the_answers():
    preview = parse("query\tanswer\n车\t甲\n胎\t乙\n闸\t甲\n")
    assert preview.set.passages == ("甲", "乙")
    assert preview.set.answers == ((0,), (1,), (0,))
    assert "answer_missing" not in preview.problem_counts


def test_an_answer_that_is_no_passage_is_added_with_a_warning_or_left_out():
    queries = "车\t{}\n闸\t没有这一段\n".format(*PASSAGES)
    added = parse(queries, LINES)
    assert (added.set.passages[3], added.set.answers[1]) == ("没有这一段", (3,))
    assert rows(added, "answer_missing") == [2]
    assert added.passage_rows == (1, 2, 3, 0)
    ignored = parse(queries, LINES, missing="ignore")
    assert read(ignored) == [("车", [PASSAGES[0]])]
    assert (len(ignored.set.passages), rows(ignored, "no_answer")) == (3, [2])


def test_an_id_that_does_not_exist_is_never_made_a_passage():
    preview = parse("车\tp1\n闸\tp9\n", "p1\t甲甲\np2\t乙乙\n")
    assert (preview.set.queries, len(preview.set.passages)) == (("车",), 2)
    assert rows(preview, "unknown_id") == [2]


def test_answers_that_differ_in_case_width_or_space_are_found():
    preview = parse("q\tABC　车\n", "ａｂｃ 车\n其他\n")
    assert preview.set.passages == ("ａｂｃ 车", "其他")
    assert preview.set.answers == ((0,),)


def test_duplicates_and_empties_have_their_rows():
    preview = parse("车\t甲甲\n车\t甲甲\n\t乙乙\n闸\t\n", "甲甲\n乙乙\n甲甲\n")
    assert preview.set.passages == ("甲甲", "乙乙")
    assert rows(preview, "duplicate_passage") == [3]
    assert (rows(preview, "duplicate"), rows(preview, "empty_cell")) == ([2], [3, 4])
    kept = parse("车\t甲甲\n", "甲甲\n乙乙\n甲甲\n", merge_duplicates=False)
    assert (len(kept.set.passages), kept.set.answers) == (3, ((0, 2),))


def test_near_identical_passages_are_told_with_the_queries_that_they_limit():
    corpus = "普拉多对比车型使用手册\n普拉多对比车型使用手册2\n钢筋\n"
    preview = parse("车\t普拉多对比车型使用手册\n筋\t钢筋\n", corpus)
    assert (preview.near_identical, preview.limited) == (2, 1)
    assert rows(preview, "near_identical") == [2]
    [told] = [p for p in preview.problems if p.code == "limited"]
    assert "Recall@1" in told.text.get("zh")
    assert "1" in told.text.get("en")
    both = parse("车\t1\n车\t2\n筋\t3\n", corpus)
    assert both.limited == 0


def test_near_identical_is_about_endings_and_not_about_short_terms():
    texts = [
        "混凝土结构设计规范",
        "混凝土",
        "混凝土结构设计规范A",
        "砼",
        "混凝土结构设计规范（2015）",
        "ABC手册x",
        "abc手册X",
    ]
    assert near_identical(texts) == [[0, 2, 4], [5, 6]]


def test_a_query_that_is_a_passage_is_told():
    preview = parse("甲甲\t甲甲\n乙乙\t丙丙\n", "甲甲\n乙乙\n丙丙\n", query=0, answers=[1])
    assert (rows(preview, "query_is_answer"), rows(preview, "query_is_passage")) == ([1], [2])


def test_columns_by_name_and_header_by_hand():
    queries = "甲列\t乙列\t丙列\n{}\t换胎\tx\n{}\t保养\ty\n".format(*PASSAGES)
    preview = parse(queries, LINES, query="乙列", answers=["甲列"])
    assert read(preview) == [("换胎", [PASSAGES[0]]), ("保养", [PASSAGES[1]])]
    bare = parse("query\t{}\n胎\t{}\n".format(*PASSAGES), LINES, queries_header=False)
    assert len(bare.set.queries) == 2
    with pytest.raises(FileProblem) as caught:
        parse(queries, LINES, query="没有")
    assert "乙列" in caught.value.text("zh")


@pytest.mark.parametrize("queries", ["只有一列\n没有答案\n", "query\tanswer\n车\t\n"])
def test_queries_without_answers_are_refused_in_words(queries):
    with pytest.raises(FileProblem) as caught:
        parse(queries, LINES)
    assert caught.value.text("zh")


TEXT = st.text(alphabet="甲乙丙丁abc，,:;|（）-123", min_size=3, max_size=12).map(lambda t: f"句{t.strip()}")


def test_a_passage_that_looks_like_a_list_of_numbers_is_a_text():
    preview = parse("问0\t句|1,2\n问1\t句|1,2\n", "句|1,2\n句111\n句112\n")
    assert preview.set.answers == ((0,), (0,))


@settings(max_examples=60, deadline=None)
@given(st.lists(TEXT, min_size=3, max_size=12, unique=True), st.data())
def test_any_headerless_files_are_read_to_the_letter(corpus, data):
    gold = data.draw(st.lists(st.integers(0, len(corpus) - 1), min_size=2, max_size=10))
    queries = "".join(f"问{n}\t{corpus[g]}\n" for n, g in enumerate(gold))
    preview = parse(queries, "".join(f"{text}\n" for text in corpus))
    assert preview.set.passages == tuple(corpus)
    assert preview.set.queries == tuple(f"问{n}" for n in range(len(gold)))
    assert preview.set.answers == tuple((g,) for g in gold)
