"""Which queries are found by whom, why not, slices, and what a board can show."""

import numpy as np
import pytest

from workbench.evaluation.causes import (
    causes_of,
    crosses_languages,
    is_abbreviation,
    script_of,
    share_characters,
)
from workbench.evaluation.mistakes import MistakeFilter, mistakes
from workbench.evaluation.power import power_of, standard_error
from workbench.evaluation.retrieval import Benchmark, outcomes_of_rows, summarise
from workbench.evaluation.slices import slices_of
from workbench.evaluation.toplists import Toplists
from workbench.evaluation.twins import find_twins
from workbench.types import Evaluation

CORPUS = (
    "北京大学", "myocardial infarction", "预拌混凝土", "高处作业必须系好安全带", "高处作业必须系好安全带了",
    "轿车", "小汽车", "Anti-lock Braking System",
)  # fmt: skip
QUERIES = ("北大", "heart attack", "砼", "系好安全带", "汽车", "ABS", "混凝土")
RIGHT = ((0,), (1,), (2,), (3,), (5, 6), (7,), (2,))


def bench():
    components = ("a", "b", "c", "d", "e", "f", "c")
    return Benchmark(QUERIES, components, CORPUS, RIGHT, ((),) * 7, "h", "test", "unseen")


def test_each_query_has_the_cause_that_stands_in_its_way():
    benchmark = bench()
    assert causes_of(benchmark, find_twins(benchmark)) == [
        "abbreviation", "no_shared", "no_shared", "near_duplicate", "ambiguous", "abbreviation", "other",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("short", "long", "expected"),
    [
        ("北大", "北京大学", True),
        ("ABS", "Anti-lock Braking System", True),
        ("USA", "United States of America", True),
        ("地连墙", "地下连续墙", True),
        ("混凝土", "预拌混凝土", False),  # a broader term
        ("汽", "汽车", False),
        ("轿车", "小汽车", False),
        ("cat", "concatenate", False),
    ],
)
def test_abbreviations(short, long, expected):
    assert is_abbreviation(short, long) is is_abbreviation(long, short) is expected


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        ("轿车", "汽车", True),
        ("砼", "混凝土", False),
        ("brakes", "braking", True),
        ("car", "automobile", False),
        ("ＡＢＳ", "abs 系统", True),
        ("a b", "b", True),
    ],
)
def test_what_two_texts_share(first, second, expected):
    assert share_characters(first, second) is expected


def test_scripts():
    assert [script_of(text) for text in ("汽车", "car 3", "ABS系统", "C30混凝土", "GB/T 50010 规范")] == [
        "zh", "en", "mixed", "mixed", "mixed",
    ]  # fmt: skip
    assert script_of("30混凝土") == "zh"
    assert crosses_languages("car", "汽车")
    assert not crosses_languages("ABS系统", "car")


def tops(right):
    """A system that finds the answers of these queries first, and the others nowhere near."""
    scores = np.tile(np.linspace(0.5, 0.1, len(CORPUS)), (7, 1))
    for q in range(7):
        scores[q, list(RIGHT[q])] = 0.9 if q in right else 0.01 * (q + 1)
    return outcomes_of_rows(bench(), lambda start, stop: scores[start:stop]).top


def listed(a, b=None, **wanted):
    page, size = wanted.pop("page", 0), wanted.pop("size", 50)
    benchmark = bench()
    causes = causes_of(benchmark, find_twins(benchmark))
    return mistakes(benchmark, causes, a, b, MistakeFilter(**wanted), page=page, size=size)


def test_queries_are_divided_by_who_finds_them():
    found = listed(tops({0, 1, 2}), tops({2, 3}))
    assert found.sides == {"only_a": 2, "only_b": 1, "neither": 3, "both": 1}
    sides = {row.query: row.side for row in found.rows}
    assert sides == {"北大": "only_a", "heart attack": "only_a", "系好安全带": "only_b", "砼": "both",
                     "汽车": "neither", "ABS": "neither", "混凝土": "neither"}  # fmt: skip
    row = next(row for row in found.rows if row.query == "北大")
    assert (row.answers, row.cause, row.a.rank, row.b.rank) == (("北京大学",), "abbreviation", 1, 8)
    assert row.a.top[0].text == row.b.answer == "北京大学"
    assert row.a.top[0].right
    assert row.a.top[0].score == pytest.approx(0.9)
    assert [each.score for each in row.b.top] == sorted((each.score for each in row.b.top), reverse=True)


def test_filters_narrow_the_list_and_pages_divide_it():
    a, b = tops({0, 1, 2}), tops({2, 3})
    assert [row.query for row in listed(a, b, sides=("only_b", "both")).rows] == ["系好安全带", "砼"]
    missed = listed(a, b, sides=("neither",), causes=("abbreviation",))
    assert [row.query for row in missed.rows] == ["ABS"]
    assert missed.causes == {"ambiguous": 1, "abbreviation": 1, "other": 1}  # of all that neither finds
    assert {row.query for row in listed(a, b, search="混凝").rows} == {"砼", "混凝土"}
    assert {row.query for row in listed(a, b, search="ＡＢＳ").rows} == {"ABS"}
    every = [row.query for row in listed(a, b).rows]
    pages = [[row.query for row in listed(a, b, page=p, size=3).rows] for p in range(3)]
    assert [query for page in pages for query in page] == every
    assert listed(a, b, page=99, size=3).page == 2
    assert listed(a, b, search="没有").rows == ()


def test_one_system_alone_and_a_wider_reach():
    assert listed(tops({0})).sides == {"only_a": 1, "only_b": 0, "neither": 6, "both": 0}
    assert listed(tops({0}), k=10).sides["only_a"] == 7
    assert listed(tops({0})).rows[0].b is None


def test_documents_that_a_lexical_system_does_not_score_are_not_shown():
    scores = np.zeros((7, len(CORPUS)))
    scores[0, 0] = 0.4
    top = outcomes_of_rows(bench(), lambda start, stop: scores[start:stop]).top
    rows = {row.query: row for row in listed(top).rows}
    assert [each.text for each in rows["北大"].a.top] == ["北京大学"]
    assert rows["北大"].a.reached
    assert rows["ABS"].a.top == ()
    assert not rows["ABS"].a.reached


def test_toplists_come_back_from_storage():
    top = tops({1, 2})
    back = Toplists.from_bytes(top.to_bytes())
    for name in ("documents", "scores", "answer", "answer_score", "answer_rank"):
        assert (getattr(back, name) == getattr(top, name)).all()


def evaluation(right):
    benchmark = bench()
    recall = np.array([1.0 if q in right else 0.0 for q in range(7)])
    scores = np.tile(np.linspace(0.5, 0.1, len(CORPUS)), (7, 1))
    outcomes = outcomes_of_rows(benchmark, lambda start, stop: scores[start:stop])
    metrics = summarise(outcomes, benchmark.query_components)
    return Evaluation("m", "f", "d", "h", "unseen", "test", metrics, 1.0, 1.0, tuple(recall.tolist()))


def test_slices_are_means_over_their_queries():
    found = slices_of(bench(), {"m": evaluation({0, 2, 6})}, group_sizes={"a": 2, "c": 4, "f": 9},
                      columns={"北大": "学校", "abs": "汽车", "汽车": "汽车"})  # fmt: skip
    by = {(each.dimension, each.value): each for each in found}
    assert {value: by["overlap", value].queries for value in ("shared", "none")} == {"shared": 4, "none": 3}
    assert by["overlap", "none"].scores["m"].recall1 == pytest.approx(100 / 3)
    assert {v: by["group_size", v].queries for v in ("2", "3-5", "6+")} == {"2": 4, "3-5": 2, "6+": 1}
    assert by["group_size", "3-5"].components == 1
    assert by["group_size", "3-5"].scores["m"].recall1 == 100
    assert (by["language", "zh"].queries, by["language", "en"].queries) == (5, 2)
    assert by["column", "汽车"].queries == 2
    assert by["column", ""].title.get("en") == "(empty)"
    for each in found:
        low, high = each.scores["m"].ci95
        assert low <= each.scores["m"].recall1 <= high


def test_the_smallest_difference_that_can_be_seen():
    assumed = power_of([f"c{i}" for i in range(100)])
    assert assumed.points == pytest.approx(2.801585 * 100 * (0.2 / 100) ** 0.5, abs=1e-4)
    assert (assumed.components, assumed.measured) == (100, False)
    assert "Only 100 concepts are tested" in assumed.warning.get("en")
    assert f"takes about {assumed.needed}" in assumed.warning.get("en")
    assert power_of([f"c{i}" for i in range(assumed.needed + 1)]).warning is None


def test_the_power_that_is_told_is_the_power_that_there_is():
    """Two systems that differ by what is said are told apart about four times of five."""
    from workbench.evaluation.significance import compare

    rng = np.random.default_rng(0)
    components = [f"c{i // 2}" for i in range(300)]
    shared = rng.random(300) < 0.7
    told = 0
    for seed in range(60):
        draw = np.random.default_rng(seed)
        differ = 100.0 * np.where(shared, 0, draw.choice([-1, 1], 300))
        points = power_of(components, [differ]).points
        lift = points / 100 / (1 - shared.mean())
        a = np.where(shared, 1.0, draw.random(300) < 0.5 + lift / 2)
        b = np.where(shared, 1.0, 1.0 - a)
        told += compare(a, b, components, resamples=500, permutations=1000, seed=seed).p_value < 0.05
    assert 0.6 <= told / 60 <= 0.97


def test_queries_of_one_component_count_less():
    values = np.tile([100.0, 0.0], 20)
    alone = standard_error(values, [str(i) for i in range(40)])
    assert alone == pytest.approx(values.std() / 40**0.5)
    assert standard_error(values, [str(i % 2) for i in range(40)]) > 3 * alone
