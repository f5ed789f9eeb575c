"""Terms that look alike are found, by kind; what only looks alike because it is a series is not."""

import random
import string
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rapidfuzz import fuzz

from workbench.ingest.marks import marks
from workbench.ingest.near_duplicates import clusters, near_duplicates, simplified
from workbench.ingest.term_index import TermIndex
from workbench.types import Pair


def found(*pairs, **options):
    index = TermIndex([Pair(one, other, row) for row, (one, other) in enumerate(pairs, 2)])
    return near_duplicates(index, **options)


def kinds(*pairs, **options):
    return {frozenset((hit.first, hit.second)): hit.kind for hit in found(*pairs, **options)}


def test_each_kind_is_named():
    assert kinds(
        ("混凝土攪拌機", "a"), ("混凝土搅拌机", "b"),
        ("X-ray machine", "c"), ("xray machine", "d"),
        ("幽门螺旋杆菌", "e"), ("幽门螺杆菌", "f"),
    ) == {
        frozenset(("混凝土攪拌機", "混凝土搅拌机")): "traditional",
        frozenset(("X-ray machine", "xray machine")): "punctuation",
        frozenset(("幽门螺旋杆菌", "幽门螺杆菌")): "typo",
    }  # fmt: skip


def test_case_and_width_make_one_term_and_no_near_duplicates():
    assert found(("ABS泵总成", "a"), ("ａｂｓ泵总成", "b")) == ()


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("六角头螺栓M8全螺纹", "六角头螺栓M10全螺纹"),
        ("涡轮增压发动机2.0T", "涡轮增压发动机1.5T"),
        ("涡轮增压发动机20T", "涡轮增压发动机2.0T"),
        ("滨江花园住宅小区一期工程", "滨江花园住宅小区二期工程"),
        ("左前门玻璃升降器开关总成", "右前门玻璃升降器开关总成"),
        ("language C++", "language C#"),
    ],
)
def test_a_series_is_no_slip(one, other):
    assert found((one, "甲组"), (other, "乙组")) == ()


def test_a_hit_says_where_the_terms_stand():
    (hit,) = found(("阿尔茨海默病", "老年痴呆"), ("痴呆症", "阿尔茨海默氏病"))
    assert (hit.first, hit.first_row, hit.first_groups) == ("阿尔茨海默病", 2, ("阿尔茨海默病",))
    assert (hit.second, hit.second_row, hit.second_groups) == ("阿尔茨海默氏病", 3, ("痴呆症",))
    assert hit.similarity == pytest.approx(92.3)
    assert not hit.same_group


def test_terms_of_one_group_are_told_from_terms_of_two():
    (hit,) = found(("加利福尼亚州", "加利福尼亚"))
    assert hit.same_group
    index = TermIndex([Pair("加利福尼亚州", "加利福尼亚")])
    assert clusters([hit], index) == ()


def test_what_the_expert_marked_apart_is_not_brought_up_again():
    pairs = ("活体组织检查", "甲"), ("活组织检查", "乙")
    assert len(found(*pairs)) == 1
    assert found(*pairs, apart=[Pair("活组织检查", "活体组织检查")]) == ()


def test_threshold_and_length_can_be_set():
    pairs = ("toweling", "a1"), ("towelling", "b2")
    assert len(found(*pairs)) == 1
    assert found(*pairs, threshold=96) == ()
    assert found(*pairs, shortest=9) == ()
    assert len(found(("刹车片", "甲"), ("刹车板", "乙"), threshold=60, shortest=3)) == 1


def test_a_cluster_names_the_groups_to_merge_with_the_largest_first():
    pairs = [
        Pair("发动机控制模块", "电脑板", 2),
        Pair("发动机控制模组", "电脑版本", 3),
        Pair("发动机控制模组", "行车电脑", 4),
        Pair("發動機控制模塊", "引擎電腦", 5),
    ]
    index = TermIndex(pairs)
    (cluster,) = clusters(near_duplicates(index, threshold=85), index)
    assert cluster.standards == ("发动机控制模组", "发动机控制模块", "發動機控制模塊")
    assert {term.term for term in cluster.terms} == set(cluster.standards)
    assert set(cluster.kinds) == {"traditional", "typo"}
    assert cluster.similarity == pytest.approx(85.7)


def test_nothing_and_odd_characters_do_no_harm():
    assert near_duplicates(TermIndex([])) == ()
    assert found(("\ud800坏字符号码", "\x00零"), ("---", "……"), ("😀", "𠀀")) == ()
    assert simplified(["", "電\ud800視", "abc"])[2] == "abc"


def test_progress_comes_to_its_end():
    shares = []
    found(("carburetor", "a"), ("carburettor", "b"), progress=lambda share, text: shares.append(share))
    assert shares == sorted(shares)
    assert shares[-1] == 1.0


@pytest.mark.parametrize("threshold", [90, 80])
@pytest.mark.parametrize(
    "alphabet", [string.ascii_lowercase[:12] + "  ", "车机器电水土木工程人物钢铁混凝泥砖"]
)
def test_blocking_loses_next_to_nothing_of_a_full_comparison(alphabet, threshold):
    rng = random.Random(threshold)
    terms = ["".join(rng.choices(alphabet, k=rng.randint(5, 24))).strip() for _ in range(250)]
    for base in terms[:]:
        term = base
        for _ in range(3):
            place = rng.randrange(len(term))
            term = term[:place] + rng.choice(["", rng.choice(alphabet)]) + term[place + 1 :]
            terms.append(term)
    index = TermIndex([Pair(one, other) for one, other in zip(terms[::2], terms[1::2], strict=False)])
    ours = {(hit.first, hit.second) for hit in near_duplicates(index, threshold=threshold)}
    full = {
        (index.raws[one], index.raws[other])
        for one in range(len(index.raws))
        for other in range(one + 1, len(index.raws))
        if min(len(index.keys[one]), len(index.keys[other])) >= 4
        and marks(index.keys[one]) == marks(index.keys[other])
        and fuzz.ratio(index.keys[one], index.keys[other]) >= threshold
    }
    assert len(full) > 300
    assert len(full & ours) >= 0.97 * len(full)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.text("ab车门 -1一A", max_size=9), min_size=2, max_size=12))
def test_each_hit_is_one_of_two_terms_and_reported_once(terms):
    index = TermIndex([Pair(one, other) for one, other in pairwise(terms)])
    hits = near_duplicates(index)
    assert len({frozenset((hit.first, hit.second)) for hit in hits}) == len(hits)
    assert all(index.number(hit.first) != index.number(hit.second) for hit in hits)
