"""The rank of the nearest synonym, beside looking at every pair."""

import numpy as np
import pytest

from workbench.embedding_map import ranks
from workbench.embedding_map.projection import unit
from workbench.embedding_map.ranks import rank_of_one, synonym_ranks


def by_hand(vectors, concepts, apart=()):
    marked = {frozenset(pair) for pair in apart}
    found = []
    for i in range(len(vectors)):
        scores = vectors @ vectors[i]
        others = [j for j in range(len(vectors)) if j != i]
        own = [j for j in others if concepts[j] == concepts[i] and frozenset((i, j)) not in marked]
        if not own:
            found.append(np.nan)
            continue
        best = max(scores[j] for j in own)
        found.append(1 + sum(scores[j] >= best - 1e-6 for j in others if j not in own))
    return np.array(found)


@pytest.fixture
def space():
    random = np.random.default_rng(8)
    return unit(random.normal(size=(300, 6))), random.integers(0, 90, 300)


def test_ranks_are_those_of_every_pair(space, monkeypatch):
    vectors, concepts = space
    expected = by_hand(vectors, concepts)
    assert np.isnan(expected).any()
    assert (expected == 1).any()
    assert np.nanmax(expected) > 100
    assert np.array_equal(synonym_ranks(vectors, concepts), expected, equal_nan=True)
    for name, size in (("_QUERIES_AT_ONCE", 7), ("_TERMS_AT_ONCE", 11), ("_SYNONYMS_AT_ONCE", 2)):
        monkeypatch.setattr(ranks, name, size)
    assert np.array_equal(synonym_ranks(vectors, concepts), expected, equal_nan=True)


def test_terms_marked_apart_are_no_synonyms(space):
    vectors, concepts = space
    pairs = [(i, j) for i in range(300) for j in range(i) if concepts[i] == concepts[j]][::2]
    expected = by_hand(vectors, concepts, pairs)
    assert not np.array_equal(expected, by_hand(vectors, concepts), equal_nan=True)
    assert np.array_equal(synonym_ranks(vectors, concepts, pairs), expected, equal_nan=True)


def test_a_tie_counts_against_the_synonym():
    vectors = unit(np.ones((4, 3)))
    assert synonym_ranks(vectors, np.array([0, 0, 1, 2])).tolist()[:2] == [3, 3]
    assert synonym_ranks(vectors, np.array([0, 0, 0, 0])).tolist() == [1, 1, 1, 1]


def test_one_term_has_the_rank_that_it_has_among_all(space):
    vectors, concepts = space
    every = synonym_ranks(vectors, concepts)
    for i in range(40):
        synonyms = np.flatnonzero((concepts == concepts[i]) & (np.arange(300) != i))
        rank = rank_of_one(vectors, vectors[i], synonyms, i)
        assert rank == (None if np.isnan(every[i]) else every[i])


def test_it_can_be_stopped(space):
    def stop(share):
        raise InterruptedError

    with pytest.raises(InterruptedError):
        synonym_ranks(*space, progress=stop)
