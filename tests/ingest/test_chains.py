"""Concepts that are tied together: the graph, its bridges, and how much of it is drawn."""

from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.ingest.chains import chains
from workbench.ingest.term_index import TermIndex
from workbench.types import Pair


def graph(*pairs, **options):
    return chains(TermIndex([Pair(one, other, row) for row, (one, other) in enumerate(pairs, 2)]), **options)


def edge(chain, one, other):
    (found,) = [each for each in chain.edges if {each.first, each.second} == {one, other}]
    return found


def test_a_shared_synonym_ties_two_groups_and_each_of_its_edges_cuts_them():
    (chain,) = graph(("霸道", "普拉多"), ("越野车", "普拉多"), ("越野车", "SUV"), ("轿车", "三厢车")).chains
    assert set(chain.standards) == {"霸道", "越野车"}
    assert {term.term for term in chain.terms} == {"霸道", "普拉多", "越野车", "SUV"}
    tie = edge(chain, "越野车", "普拉多")
    assert (tie.bridge, tie.separates, tie.rows) == (True, True, (3,))
    assert tie.standards == (1, 1)
    leaf = edge(chain, "越野车", "SUV")
    assert (leaf.bridge, leaf.separates) == (True, False)
    assert sorted(leaf.standards) == [0, 2]


def test_a_ring_has_no_bridge():
    (chain,) = graph(("A", "x"), ("B", "x"), ("A", "y"), ("B", "y")).chains
    assert not any(each.bridge for each in chain.edges)


def test_the_same_two_terms_in_both_directions_are_one_edge_with_both_rows():
    (chain,) = graph(("汽车", "轿车"), ("轿车", "汽车"), ("轿车", "小汽车")).chains
    both = edge(chain, "汽车", "轿车")
    assert (both.rows, both.bridge, both.separates) == ((2, 3), True, True)


def test_groups_that_stand_alone_are_no_chain():
    result = graph(("A", "x"), ("A", "y"), ("B", "z"))
    assert (result.chains, result.count) == ((), 0)
    assert graph().count == 0


def test_the_largest_come_first_and_the_rest_are_counted():
    small = [(f"S{n}", f"t{n}") for n in range(5)] + [(f"R{n}", f"t{n}") for n in range(5)]
    result = graph(*small, ("L1", "m"), ("L2", "m"), ("L3", "m"), most=2)
    assert result.count == 6
    assert [chain.term_count for chain in result.chains] == [4, 3]


def test_a_large_chain_is_cut_for_drawing_and_keeps_what_ties_it():
    star = [("A", f"a{n}") for n in range(50)] + [("B", f"b{n}") for n in range(50)] + [("A", "B")]
    (chain,) = graph(*star, most_terms=10).chains
    assert (chain.term_count, chain.edge_count, len(chain.terms)) == (102, 101, 10)
    assert [term.term for term in chain.terms[:2]] == ["A", "B"]
    tie = edge(chain, "A", "B")
    assert tie.separates
    assert tie.standards == (1, 1)


def test_a_long_path_needs_no_recursion():
    (chain,) = graph(*((f"t{n}", f"t{n + 1}") for n in range(5000))).chains
    assert chain.term_count == 5001
    assert len(chain.terms) == 300
    assert all(each.bridge for each in chain.edges)


def parts(nodes, edges):
    left, count = set(nodes), 0
    while left:
        count += 1
        stack = [left.pop()]
        while stack:
            here = stack.pop()
            near = {b if a == here else a for a, b in edges if here in (a, b)} & left
            left -= near
            stack += near
    return count


@settings(max_examples=120, deadline=None)
@given(st.lists(st.tuples(st.sampled_from("ABCDEFGH"), st.sampled_from("ABCDEFGHxyz")), max_size=16))
def test_an_edge_is_a_bridge_where_the_graph_falls_apart_without_it(pairs):
    for chain in graph(*pairs).chains:
        edges = {tuple(sorted((each.first, each.second))) for each in chain.edges}
        nodes = {term.term for term in chain.terms}
        assert parts(nodes, edges) == 1
        for each in chain.edges:
            without = edges - {tuple(sorted((each.first, each.second)))}
            assert each.bridge == (parts(nodes, without) > 1)
            if each.bridge:
                assert sum(each.standards) == len(chain.standards)
