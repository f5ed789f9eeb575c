"""Terms are found in running text where a reader would say that they stand, to the letter of the raw text."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.normalise import term_key
from workbench.pairing.occurrences import TermFinder, raw_places


def written(terms: list[str], text: str) -> list[str]:
    return [text[found.start : found.end] for found in TermFinder(terms).longest(text)]


@pytest.mark.parametrize(
    ("terms", "text", "expected"),
    [
        (["普拉多", "普拉多中东版"], "普拉多中东版比普拉多贵", ["普拉多中东版", "普拉多"]),
        (["中东版", "普拉多中东版"], "普拉多中东版", ["普拉多中东版"]),
        (["SUV"], "霸道SUV很大", ["SUV"]),
        (["suv"], "我的ＳＵＶ和Suv", ["ＳＵＶ", "Suv"]),
        (["A4"], "奥迪A4L和A40和A4", ["A4"]),
        (["car"], "The CAR, a scar, cars and a car.", ["CAR", "car"]),
        (["heart attack"], "A heart  attack\nis a Heart\tattack.", ["heart  attack", "Heart\tattack"]),
        (["straße"], "Die STRASSE dort", ["STRASSE"]),
        (["café"], "Le cafe\u0301 est", ["cafe\u0301"]),
        (["が"], "ｶﾞが", ["が"]),
        (["ガ"], "あｶﾞい", ["ｶﾞ"]),
        (["가"], "\u1100\u1161요", ["\u1100\u1161"]),
        (["m", "km"], "5 ㎞", ["㎞"]),
        (["m"], "㎞", []),
        (["子"], "😀子𠮷", ["子"]),
        (["𠮷"], "😀子𠮷", ["𠮷"]),
        (["x-ray"], "an X-Ray, x-rays", ["X-Ray"]),
        ([""], "nothing", []),
        ([], "nothing", []),
        (["a"], "", []),
    ],
)
def test_the_longest_whole_term_is_found(terms, text, expected):
    assert written(terms, text) == expected


def test_the_number_is_that_of_the_first_equal_term():
    assert [f.term for f in TermFinder(["轿车", "SUV", "ｓｕｖ"]).longest("suv轿车")] == [1, 0]


@pytest.mark.parametrize(
    ("term", "text", "inside"),
    [
        ("普拉多", "普拉多中东版", True),
        ("heart attack", "two Heart Attacks", True),
        ("box", "boxes", True),
        ("car", "scar", False),
        ("car", "carsick", False),
        ("a4", "A40", False),
        ("a4", "奥迪a4款", True),
    ],
)
def test_what_no_text_may_hold_is_found_within_longer_terms(term, text, inside):
    assert (TermFinder([term]).anywhere(text) is not None) == inside


pieces = st.sampled_from(
    [
        "普拉多",
        "ＳＵＶ",
        "suv ",
        " \u3000",
        "ß",
        "㎞",
        "ｶﾞ",
        "e\u0301",
        "İ",
        "ﬃ",
        "\t",
        "x",
        "。",
        "한",
        "½",
        "\u1100\u1161",
    ]
)


@given(st.lists(pieces | st.text(max_size=4), max_size=8).map("".join))
def test_what_is_said_of_places_is_true(text):
    key = term_key(text)
    places = raw_places(text, key)
    if places is None:
        return
    for start in range(len(key)):
        for end in range(start + 1, min(len(key), start + 6) + 1):
            edges = places.edges(start, end)
            if edges is not None and key[start] != " " and key[end - 1] != " ":
                assert term_key(text[edges[0] : edges[1]]) == term_key(key[start:end])


@given(st.text(st.characters(categories=("L", "N", "P", "Zs", "Mn"), max_codepoint=0xFFFF), max_size=12))
def test_places_are_known_for_nearly_every_text(text):
    if unicodedata.is_normalized("NFC", text):
        assert raw_places(text, term_key(text)) is not None or len(text) > 1
