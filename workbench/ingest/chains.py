"""Concepts that hang together though each has a standard term of its own: the graph that they make."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

from workbench.ingest.term_index import TermIndex

MOST_CHAINS = 20
MOST_TERMS = 300
Graph = dict[int, dict[int, list[int]]]  # term -> its neighbours -> the rows of the pairs between them


@dataclass(frozen=True, slots=True)
class ChainTerm:
    """A node of the graph."""

    term: str
    is_standard: bool
    row: int


@dataclass(frozen=True, slots=True)
class ChainEdge:
    """The pairs between two terms, in whichever direction; ``rows`` are where they stand.

    ``bridge``: without it the chain falls into two. ``standards``: how many standard terms would be on
    the side of ``first`` and of ``second`` then ((0, 0) for what is no bridge). An edge with standard
    terms on both sides ``separates`` concepts: marking the two as not synonyms cuts the chain there.
    """

    first: str
    second: str
    rows: tuple[int, ...]
    bridge: bool
    standards: tuple[int, int] = (0, 0)

    @property
    def separates(self) -> bool:
        """Whether cutting it parts standard terms from each other."""
        return self.bridge and min(self.standards) > 0


@dataclass(frozen=True, slots=True)
class Chain:
    """A connected part of the dictionary with more than one standard term.

    ``terms`` and ``edges`` are cut for drawing, standard terms and what ties them first; ``term_count``
    and ``edge_count`` are whole.
    """

    terms: tuple[ChainTerm, ...]
    edges: tuple[ChainEdge, ...]
    standards: tuple[str, ...]
    term_count: int
    edge_count: int


@dataclass(frozen=True, slots=True)
class Chains:
    """The largest chains of a dictionary, and how many there are in all."""

    chains: tuple[Chain, ...]
    count: int


def chains(index: TermIndex, *, most: int = MOST_CHAINS, most_terms: int = MOST_TERMS) -> Chains:
    """The ``most`` largest chains, each with up to ``most_terms`` terms to draw. Linear in the pairs.

    Bridges are those of the whole chain (Tarjan, "A note on finding the bridges of a graph", 1974).
    """
    members = _components(index)
    tied = [terms for terms in members if sum(term in index.standards for term in terms) > 1]
    tied.sort(key=lambda terms: (-len(terms), terms[0]))
    chosen = {term: place for place, terms in enumerate(tied[:most]) for term in terms}
    graphs: list[Graph] = [{} for _ in tied[:most]]
    for (one, other), row in zip(index.ends, index.pair_rows, strict=True):
        place = chosen.get(one)
        if place is not None and one != other:
            rows = graphs[place].setdefault(one, {}).setdefault(other, [])
            rows.append(row)
            graphs[place].setdefault(other, {})[one] = rows
    return Chains(tuple(_chain(graph, index, most_terms) for graph in graphs), len(tied))


def _components(index: TermIndex) -> list[list[int]]:
    parent = list(range(len(index.raws)))

    def root(term: int) -> int:
        while parent[term] != term:
            parent[term] = term = parent[parent[term]]
        return term

    for ends in index.ends:
        one, other = root(ends[0]), root(ends[1])
        if one != other:
            parent[max(one, other)] = min(one, other)
    members: dict[int, list[int]] = {}
    for term in range(len(parent)):
        # A parent is never greater than its child, so it has been resolved before.
        parent[term] = parent[parent[term]]
        members.setdefault(parent[term], []).append(term)
    return list(members.values())


def _chain(graph: Graph, index: TermIndex, most_terms: int) -> Chain:
    standards = [term for term in sorted(graph) if term in index.standards]
    bridges = _bridges(graph, index.standards)
    shown = _to_draw(graph, standards, most_terms)
    edges = []
    for one in shown:
        for other, rows in graph[one].items():
            if other not in shown or shown[one] > shown[other]:
                continue
            below = bridges.get((one, other))
            above = bridges.get((other, one))
            sides = (0, 0)
            if below is not None:
                sides = (len(standards) - below, below)
            elif above is not None:
                sides = (above, len(standards) - above)
            bridge = below is not None or above is not None
            named = index.raws[one], index.raws[other]
            edges.append(ChainEdge(*named, tuple(sorted(set(rows))), bridge, sides))
    return Chain(
        terms=tuple(ChainTerm(index.raws[t], t in index.standards, index.rows[t]) for t in shown),
        edges=tuple(edges),
        standards=index.names(standards),
        term_count=len(graph),
        edge_count=sum(map(len, graph.values())) // 2,
    )


def _bridges(graph: Graph, standards: dict[int, None]) -> dict[tuple[int, int], int]:
    """Each bridge (parent, child) of a connected graph -> the standard terms on the child's side."""
    root = next(iter(graph))
    seen = {root: 0}  # the order of discovery
    low = {root: 0}
    held = {root: int(root in standards)}
    found: dict[tuple[int, int], int] = {}
    path = [(root, -1, iter(graph[root]))]
    while path:
        term, parent, rest = path[-1]
        step = next((other for other in rest if other != parent), None)
        if step is None:
            path.pop()
            if path:
                low[parent] = min(low[parent], low[term])
                held[parent] += held[term]
                if low[term] > seen[parent]:
                    found[parent, term] = held[term]
        elif step in seen:
            low[term] = min(low[term], seen[step])
        else:
            seen[step] = low[step] = len(seen)
            held[step] = int(step in standards)
            path.append((step, term, iter(graph[step])))
    return found


def _to_draw(graph: Graph, standards: Sequence[int], most: int) -> dict[int, int]:
    """The terms to draw and their order: from the busiest standard term outwards, single ends last."""
    start = max(standards, key=lambda term: len(graph[term]))
    order: list[int] = []
    ends: list[int] = []
    seen = {start}
    queue = deque([start])
    while queue:
        term = queue.popleft()
        (order if len(graph[term]) > 1 or term == start else ends).append(term)
        for other in graph[term]:
            if other not in seen:
                seen.add(other)
                queue.append(other)
    return {term: place for place, term in enumerate([*order, *ends][:most])}
