"""Terms of a field are found in its raw text, and ordinary words are not."""

import random

import pytest

from workbench.search.discovery import discover_terms

GENERAL = ["今天天气很好", "我们明天去北京开会", "他说这个问题已经解决了", "大家都觉得可以"]
CHINESE = [
    "{}的安装应当符合规定", "工地上使用{}进行加固", "检查{}，并做好记录", "更换{}后再验收", "{}不得有裂缝",
]  # fmt: skip
TERMS = ["预应力锚索", "盘扣式脚手架", "超声波探伤仪"]


@pytest.fixture(scope="module")
def chinese():
    rng = random.Random(3)
    lines = [frame.format(term) for term in TERMS for frame in CHINESE for _ in range(3)]
    return rng.sample(lines + GENERAL * 5, len(lines) + 20)


def test_terms_of_the_field_are_found_whole(chinese):
    found = [term.text for term in discover_terms(chinese)]
    assert set(TERMS) <= set(found)
    assert not {"应当", "我们", "今天天气"} & set(found)
    assert "盘扣" not in found[:3]


def test_known_terms_and_rare_ones_are_left_out(chinese):
    found = {term.text for term in discover_terms(chinese, known=["超声波探伤仪"])}
    assert "超声波探伤仪" not in found
    assert "预应力锚索" in found
    assert discover_terms(chinese, fewest=1000) == []


def test_english_terms_keep_their_spelling():
    lines = [
        f"The {before} Myocardial infarction {after}."
        for before in ("acute", "old", "first", "second")
        for after in ("was seen", "is treated", "heals", "may recur")
    ]
    found = {term.text: term.count for term in discover_terms(lines)}
    assert found["Myocardial infarction"] == 16
    assert not any(text.lower().startswith("the ") for text in found)


def test_no_term_reaches_over_punctuation():
    found = [term.text for term in discover_terms(["锚索，脚手架"] * 10)]
    assert not any("，" in text or text == "锚索脚手架" for text in found)


@pytest.mark.parametrize("texts", [[], [""], ["。。。"], ["<b>\x00</b>"], ["𠮷𠮷 " * 3] * 5])
def test_odd_texts_do_no_harm(texts):
    assert isinstance(discover_terms(texts), list)
