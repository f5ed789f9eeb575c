"""The rank of each synonym's own standard term, however it is cut into blocks."""

import numpy as np
import pytest

from workbench.search import weakest
from workbench.search.weakest import ranks_of_own, weakest_synonyms
from workbench.types import Entry


def unit(rows):
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


@pytest.mark.parametrize(("queries_at_once", "documents_at_once"), [(512, 16_384), (3, 4), (1, 1)])
def test_ranks_are_those_of_a_sorted_list(monkeypatch, queries_at_once, documents_at_once):
    monkeypatch.setattr(weakest, "_QUERIES_AT_ONCE", queries_at_once)
    monkeypatch.setattr(weakest, "_DOCUMENTS_AT_ONCE", documents_at_once)
    rng = np.random.default_rng(3)
    queries = unit(rng.standard_normal((11, 4))).astype(np.float32)
    documents = unit(rng.standard_normal((9, 4))).astype(np.float32)
    own = rng.integers(0, 9, 11)
    itself = np.where(rng.random(11) < 0.5, (own + 1) % 9, -1)
    told = []
    ranks = ranks_of_own(queries, documents, own, itself, told.append)
    for q in range(11):
        order = [d for d in np.argsort(-(documents @ queries[q])) if d != itself[q]]
        assert ranks[q] == order.index(own[q]) + 1
    assert told[-1] == 1.0
    assert told == sorted(told)


def test_a_tie_counts_against_the_synonym():
    same = np.ones((3, 2), np.float32) / np.sqrt(2, dtype=np.float32)
    assert ranks_of_own(same[:1], same, np.array([1]), np.array([-1])).tolist() == [3]


def test_worst_first_and_what_is_found_at_once_is_left_out():
    angles = {"a": 0.0, "b": 1.0, "c": 2.0, "near a": 0.1, "far a": 1.9, "B": 1.0}
    entries = [
        Entry(7, 0, "a", "near a"),
        Entry(7, 1, "a", "far a"),
        Entry(8, 0, "c", "b"),
        Entry(9, 0, "b", "a"),
    ]

    def vectors(texts):
        return np.array([[np.cos(angles[t]), np.sin(angles[t])] for t in texts], np.float32)

    # "b" is a standard term itself: it is no answer to its own question, so "a" and "c" are what is ranked.
    assert weakest_synonyms(entries, vectors) == [(7, "far a", 3), (8, "b", 2)]
    assert weakest_synonyms([], vectors) == []
