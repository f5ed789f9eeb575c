"""What a generated row must pass."""

import numpy as np
import pytest

from workbench.errors import BadParameter
from workbench.generation.filters import FILTERS, FilterSettings, Item, RowFilter, script_shares
from workbench.generation.prompts import default_template
from workbench.generation.round_trip import RoundTrip

PROMPT = default_template("synonym", "zh").text


def check(item, *rows, kind="synonym", prompt=PROMPT, elsewhere=(), others=(), round_trip=None, **settings):
    """(kept texts, what each filter took out)"""
    item = Item(item) if isinstance(item, str) else item
    row_filter = RowFilter(kind, FilterSettings(**settings), prompt, elsewhere, others, round_trip)
    kept, dropped = row_filter(item, rows)
    assert len(kept) + sum(dropped.values()) == len(rows)
    assert set(dropped) <= set(FILTERS)
    return [row.text for row in kept], dict(dropped)


def test_good_rows_pass_tidied():
    assert check("普拉多", "霸道", " 兰德酷路泽\t普拉多 ") == (["霸道", "兰德酷路泽 普拉多"], {})


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("普拉多", "known"),
        ("LC １５０", "known"),
        ("被拒", "rejected"),
        ("分开", "apart"),
        ("待定", "queue"),
        ("无", "empty"),
        ("。", "empty"),
        ("N/A", "empty"),
        ("霸\x00道", "control"),
        ("霸\ufffd道", "control"),
        ("霸" * 61, "length"),
        ("别称甲", "prompt_copy"),
        ("不要上位词、下位词、反义词", "prompt_copy"),
        ("land cruiser", "script"),
        ("ランドクルーザー", "script"),
        ("别组的词", "elsewhere"),
    ],
)
def test_each_filter_takes_out_its_own(row, reason):
    item = Item("普拉多", known=("LC150",), waiting=("待定",), rejected=("被拒",), apart=("分开",))
    kept, dropped = check(item, "霸道", row, elsewhere={"别组的词", "普拉多", "lc150"})
    assert (kept, dropped) == (["霸道"], {reason: 1})


def test_a_row_that_comes_twice_is_kept_once():
    assert check("普拉多", "霸道", "霸 道", "霸道") == (["霸道"], {"repeat": 2})


def test_almost_the_same_is_dropped_but_not_where_a_number_differs():
    item = Item("myocardial infarction", rejected=("heart attacks, acute",))
    rows = ["myocardial infarctions", "heart attack, acute", "cardiac infarction", "cardiac infarctions"]
    assert check(item, *rows) == (["cardiac infarction"], {"near": 2, "rejected": 1})
    assert check(item, *rows, near=0)[0] == rows
    assert check("interleukin 12 receptor", "interleukin 13 receptor")[0] == ["interleukin 13 receptor"]


@pytest.mark.parametrize(
    ("item", "row", "script", "passes"),
    [
        ("越野车", "SUV", "same", True),
        ("越野车", "off-road car", "same", False),
        ("X光机", "X射线机", "same", True),
        ("heart attack", "心肌梗死", "same", False),
        ("heart attack", "infarctus", "same", True),
        ("越野车", "off-road car", "latin", True),
        ("越野车", "吉普", "latin", False),
        ("heart attack", "心肌梗死", "han", True),
        ("越野车", "off-road car", "any", True),
        ("报警电话", "110", "same", True),
        ("110", "报警电话", "same", True),
        ("инфаркт", "инфаркт миокарда", "same", True),
    ],
)
def test_the_language_is_the_terms_or_the_chosen_one(item, row, script, passes):
    assert (check(item, row, script=script)[0] == [row]) is passes


def test_a_term_with_an_english_synonym_may_get_another():
    assert check(Item("普拉多", known=("Prado",)), "land cruiser prado")[0]
    assert not check(Item("普拉多", known=("霸道",)), "land cruiser prado")[0]


def test_script_shares():
    assert script_shares("X光12") == {"latin": 0.5, "han": 0.5}
    assert script_shares("12 %") == {}


def test_a_paraphrase_is_neither_its_sentence_nor_of_another_length():
    sentence = "普拉多的对比车型使用手册在哪里下载"
    rows = [
        "霸道与竞品比较的说明书从何处获取",
        "普拉多的对比车型使用手册在哪里下载？",
        "手册呢？",
        "长" * 200,
    ]
    kept, dropped = check(sentence, *rows, kind="sentence_pair", prompt="")
    assert (kept, dropped) == (rows[:1], {"known": 1, "length": 2})
    assert check(sentence, rows[0] + "呀", kind="sentence_pair", others=[rows[0]]) == ([], {"near": 1})


def test_a_question_is_no_piece_of_its_passage():
    passage = "轮胎气压应在冷态时测量，并不得低于 2.3 bar。"
    rows = ["轮胎气压应在冷态时测量", "胎压该什么时候检查？"]
    kept, dropped = check(passage, *rows, kind="question", prompt=default_template("question", "zh").text)
    assert (kept, dropped) == (rows[1:], {"prompt_copy": 1})


def test_a_job_remembers_its_questions():
    row_filter = RowFilter("question", FilterSettings())
    assert row_filter(Item("段落一是这样的"), ["什么时候检查胎压呢？"])[0]
    assert row_filter(Item("段落二是那样的"), ["什么时候检查胎压呢？"])[1] == {"near": 1}


def test_values_out_of_range_are_refused():
    for wrong in ({"near": 101}, {"script": "klingon"}, {"max_rank": 0}, {"min_length": 9, "max_length": 3}):
        with pytest.raises(BadParameter):
            FilterSettings(**wrong)


# -- the way back ----------------------------------------------------------------------------------

PLACES = {
    "车": (1.0, 0.0), "汽车": (0.98, 0.2), "船": (0.0, 1.0), "舟": (0.1, 0.99), "机": (-1.0, 0.0),
    "轿车": (0.95, 0.3), "快艇": (0.3, 0.95), "飞机": (-1.0, 0.1),
}  # fmt: skip


def encode(texts):
    vectors = np.array([PLACES[text] for text in texts], dtype=np.float32)
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


REFERENCES = [("车", "车"), ("汽车", "车"), ("船", "船"), ("舟", "船"), ("机", "机")]


def test_the_rank_counts_other_concepts_that_are_nearer():
    way = RoundTrip(encode, REFERENCES)
    assert way.ranks(["轿车", "快艇", "飞机"], "车") == [1, 2, 3]
    assert way.ranks(["快艇"], "船") == [1]
    assert way.ranks(["快艇"], "没有的") == [1]
    assert way.ranks([], "车") == []


def test_rows_that_are_nearer_to_others_are_dropped_and_the_rest_is_scored():
    way = RoundTrip(encode, REFERENCES)
    assert check("车", "轿车", "快艇", "飞机", round_trip=way, max_rank=1) == (["轿车"], {"round_trip": 2})
    kept, dropped = RowFilter("synonym", FilterSettings(max_rank=2), round_trip=way)(
        Item("车"), ["轿车", "快艇", "飞机"]
    )
    assert [(row.text, row.score, row.rank) for row in kept] == [("轿车", 1.0, 1), ("快艇", 0.5, 2)]
    assert dropped == {"round_trip": 1}


def test_of_many_references_a_sample_is_compared_with_and_the_jobs_own_are_in_it(monkeypatch):
    monkeypatch.setattr("workbench.generation.round_trip.MOST_REFERENCES", 3)
    seen = []
    way = RoundTrip(lambda texts: (seen.append(list(texts)), encode(texts))[1], REFERENCES, keep=["船"])
    assert way.ranks(["快艇"], "船") == [1]
    assert len(seen[0]) == 3
    assert {"船", "舟"} <= set(seen[0])
