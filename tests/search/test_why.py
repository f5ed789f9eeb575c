import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.normalise import term_key
from workbench.search.neighbours import Neighbourhood
from workbench.search.why import KnownPair, overlap, shared_pieces, why
from workbench.types import Pair


@pytest.mark.parametrize(
    ("a", "b", "shared"),
    [
        ("丰田普拉多", "普拉多越野车", ("普拉多",)),
        ("SUV", "越野车 suv", ("suv",)),
        ("Heart  Attack", "acute heart attack, old", ("heart attack",)),
        ("myocardial infarction", "infarction, myocardial", ("infarction", "myocardial")),
        ("RAV4荣放", "荣放 RAV4", ("rav4", "荣放")),
        ("heart", "hearth", ()),  # a whole word or nothing
        ("ＡＢＣ公司", "abc集团公司", ("abc", "公司")),
        ("-- !", "-- ?", ()),
        ("", "x", ()),
        ("同", "同", ("同",)),
        ("混凝土结构混凝土", "混凝土", ("混凝土",)),
    ],
)
def test_the_longest_pieces_that_both_hold(a, b, shared):
    assert shared_pieces(a, b) == shared
    assert set(shared_pieces(b, a)) == set(shared)


@given(st.text(max_size=30), st.text(max_size=30))
def test_whatever_is_written_pieces_stand_in_both_and_the_overlap_is_a_share(a, b):
    for piece in shared_pieces(a, b):
        assert piece in term_key(a)
        assert piece in term_key(b)
    assert 0 <= overlap(a, b) <= 1
    assert overlap(a, b) == overlap(b, a)


def test_overlap_is_the_dice_coefficient_of_bigrams():
    assert overlap("night", "nacht") == pytest.approx(2 * 1 / (4 + 4))
    assert overlap("越野车", " 越 野车") == 1.0
    assert overlap("车", "汽车") == pytest.approx(2 / 3)  # a single character has no bigram
    assert overlap("", "") == 0.0


PAIRS = [Pair("混凝土", "砼"), Pair("钢筋", "Rebar"), Pair("水泥", "洋灰")]
TERMS = ["混凝土", "砼", "钢筋", "Rebar", "水泥", "洋灰"]
ANGLES = np.array([0, 20, 60, 80, 5, 26]) * np.pi / 180
VECTORS = np.stack((np.cos(ANGLES), np.sin(ANGLES)), axis=1)


def test_what_lies_near_both_and_the_pair_that_lies_most_like_them():
    hood = Neighbourhood(PAIRS, TERMS, VECTORS)
    found = why("砼", "混凝土", hood, VECTORS[[1, 0]])
    assert (found.group_a, found.group_b) == ("混凝土", "混凝土")
    # The two themselves are no news; the pair that lies like them is told as the dictionary has it.
    wanted = (np.cos(np.radians(5)) + np.cos(np.radians(6))) / 2
    assert found.nearest_pair == KnownPair("洋灰", "水泥", pytest.approx(wanted, abs=1e-5))
    assert [each.term for each in found.neighbours] == ["水泥", "洋灰", "钢筋", "Rebar"]
    near = found.neighbours[0]
    assert near.score_a == pytest.approx(np.cos(np.radians(15)), abs=1e-5)
    assert near.score_b == pytest.approx(np.cos(np.radians(5)), abs=1e-5)


def test_without_a_dictionary_only_the_letters_speak():
    found = why("a b", "b c")
    assert found.shared == ("b",)
    assert found.neighbours == ()
    assert found.nearest_pair is None
    lone = Neighbourhood([], ["x"], np.ones((1, 2)))
    assert why("a", "b", lone, np.ones((2, 2))).nearest_pair is None
