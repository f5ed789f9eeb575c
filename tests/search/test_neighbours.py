import numpy as np
import pytest

from workbench.search.neighbours import Neighbourhood
from workbench.types import Pair

PAIRS = [
    Pair("混凝土", "砼"),
    Pair("混凝土", "水泥混凝土"),
    Pair("预拌混凝土", "商品混凝土"),
    Pair("商品混凝土", "商砼"),
    Pair("钢筋", "Rebar"),
]
TERMS = ["混凝土", "砼", "水泥混凝土", "预拌混凝土", "商品混凝土", "商砼", "钢筋", "Rebar"]
ANGLES = np.array([0, 5, 11, 18, 26, 35, 60, 80]) * np.pi / 180
VECTORS = np.stack((np.cos(ANGLES), np.sin(ANGLES)), axis=1)


def by_term(term):
    return VECTORS[TERMS.index(term)]


@pytest.fixture
def neighbourhood():
    return Neighbourhood(PAIRS, TERMS, VECTORS)


def test_the_nearest_come_first_without_the_text_itself(neighbourhood):
    hits = neighbourhood.neighbours("混凝土", by_term("混凝土"), 4)
    assert [hit.term for hit in hits] == ["砼", "水泥混凝土", "预拌混凝土", "商品混凝土"]
    assert [hit.score for hit in hits] == pytest.approx(np.cos(ANGLES[1:5]), abs=1e-6)


def test_known_synonyms_are_those_of_the_same_component(neighbourhood):
    hits = neighbourhood.neighbours("预拌混凝土", by_term("预拌混凝土"), 20)
    assert {hit.term for hit in hits if hit.known_synonym} == {"商品混凝土", "商砼"}
    assert len(hits) == 7


def test_every_hit_names_its_standard_term(neighbourhood):
    standard = {hit.term: hit.standard for hit in neighbourhood.neighbours("别的", np.array([1.0, 0.2]), 20)}
    assert standard == {
        "混凝土": "混凝土",
        "砼": "混凝土",
        "水泥混凝土": "混凝土",
        "预拌混凝土": "预拌混凝土",
        "商品混凝土": "商品混凝土",
        "商砼": "商品混凝土",
        "钢筋": "钢筋",
        "Rebar": "钢筋",
    }


def test_a_text_that_the_dictionary_does_not_know_has_neighbours_but_no_synonyms(neighbourhood):
    hits = neighbourhood.neighbours("发动机", by_term("钢筋"), 3)
    assert hits[0].term == "钢筋"
    assert not any(hit.known_synonym for hit in hits)


def test_the_text_itself_is_left_out_however_it_is_written(neighbourhood):
    assert "Rebar" not in [hit.term for hit in neighbourhood.neighbours(" ＲＥＢＡＲ ", by_term("Rebar"), 20)]
    assert neighbourhood.known_synonyms("ＲＥＢＡＲ", "钢筋")
    assert not neighbourhood.known_synonyms("rebar", "Rebar")
    assert not neighbourhood.known_synonyms("x", "y")


def test_the_number_asked_for_is_the_number_given(neighbourhood):
    assert [len(neighbourhood.neighbours("砼", by_term("砼"), k)) for k in (0, 1, 7, 8, 100)] == [
        0,
        1,
        7,
        7,
        7,
    ]
    assert len(neighbourhood.neighbours("陌生", by_term("砼"), 8)) == 8


def test_a_term_written_in_two_ways_is_one_neighbour():
    twice = Neighbourhood(PAIRS, [*TERMS, "ｒｅｂａｒ"], np.vstack((VECTORS, VECTORS[-1:])))
    assert len(twice) == 8
    hits = twice.neighbours("钢筋", by_term("钢筋"), 20)
    assert [hit.term for hit in hits if hit.known_synonym] == ["Rebar"]


def test_terms_and_vectors_of_different_number_are_refused():
    with pytest.raises(ValueError, match="8 terms but 7 vectors"):
        Neighbourhood(PAIRS, TERMS, VECTORS[:-1])


def test_terms_marked_apart_are_no_known_synonyms():
    marked = Neighbourhood(PAIRS, TERMS, VECTORS, [Pair("水泥混凝土", "混凝土"), Pair("商砼", "预拌混凝土")])
    assert not marked.known_synonyms("混凝土", "水泥混凝土")
    assert marked.known_synonyms("混凝土", "砼")
    assert not marked.known_synonyms("砼", "水泥混凝土")  # the only edge between them was cut
    assert not marked.known_synonyms("预拌混凝土", "商砼")  # though 商品混凝土 is a synonym of both
    assert marked.known_synonyms("预拌混凝土", "商品混凝土")
    hits = marked.neighbours("预拌混凝土", by_term("预拌混凝土"), 20)
    assert {hit.term for hit in hits if hit.known_synonym} == {"商品混凝土"}


def test_every_term_has_a_standard_and_a_stranger_none(neighbourhood):
    assert neighbourhood.standard_of("ｒebar") == "钢筋"
    assert neighbourhood.standard_of("混凝土") == "混凝土"
    assert neighbourhood.standard_of("发动机") is None
