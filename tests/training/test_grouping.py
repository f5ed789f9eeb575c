"""Batches in which alike pairs stand together: each pair once, a group of different concepts, and alike."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.training.grouping import (
    GROUP,
    MANY_PAIRS,
    alike_together,
    group_size,
    nearest_answers,
)
from workbench.training.loop import MIXED_UP
from workbench.training.mining import concept_of_terms
from workbench.training.registry import stage
from workbench.training.stages.in_batch import AlikeTogether, InBatch, objective_of

TOPICS, OF_TOPIC = 12, 10


def seeded(number=0):
    return torch.Generator().manual_seed(number)


def topics():
    """Unit vectors of pairs of twelve topics, one concept a pair; the topic of each."""
    topic = torch.arange(TOPICS).repeat(OF_TOPIC)
    middles = torch.nn.functional.normalize(torch.randn(TOPICS, 16, generator=seeded()), dim=1)
    near = middles[topic] + 0.1 * torch.randn(len(topic), 16, generator=seeded(1))
    return torch.nn.functional.normalize(near, dim=1), topic


def share_of_neighbours_of_one_topic(order, topic):
    found = topic[order]
    return float((found[1:] == found[:-1]).float().mean())


def test_alike_pairs_stand_together():
    vectors, topic = topics()
    numbers = torch.arange(len(topic))
    near = nearest_answers(vectors.__getitem__, numbers, numbers)
    shares = [
        share_of_neighbours_of_one_topic(alike_together(near, numbers, numbers, size, seeded()), topic)
        for size in (1, 2, 5)
    ]
    assert shares[0] < 0.2
    assert shares[1] > 0.4
    assert shares[2] > 0.6


def test_another_seed_gives_another_order_and_the_same_seed_the_same():
    vectors, topic = topics()
    numbers = torch.arange(len(topic))
    near = nearest_answers(vectors.__getitem__, numbers, numbers)
    one, same, other = (alike_together(near, numbers, numbers, 4, seeded(n)).tolist() for n in (0, 0, 1))
    assert one == same != other


@given(
    pairs=st.lists(st.tuples(st.integers(0, 7), st.integers(0, 4)), min_size=1, max_size=40),
    size=st.integers(1, 9),
    seed=st.integers(0, 99),
)
@settings(max_examples=150, deadline=None)
def test_each_pair_comes_once_whatever_is_near(pairs, size, seed):
    """Answers by number with the concept that each belongs to; any of them may be near to any pair."""
    answers = torch.tensor([answer for answer, _ in pairs])
    of_answer = dict(pairs)
    concepts = torch.tensor([of_answer[answer] for answer, _ in pairs])
    standards, which = torch.unique(answers, return_inverse=True)
    near = torch.stack(
        [torch.randperm(len(standards), generator=seeded(n + seed)) for n in range(len(pairs))]
    )
    order = alike_together(near, which, concepts, size, seeded(seed))
    assert sorted(order.tolist()) == list(range(len(pairs)))


def test_a_group_has_one_pair_of_a_concept():
    """Ten concepts of two terms each, all near to each other: groups of five are of five concepts."""
    concepts = torch.arange(10).repeat_interleave(2)
    answers = torch.arange(20)
    near = torch.arange(20).repeat(20, 1)
    order = alike_together(near, answers, concepts, 5, seeded())
    for group in order.reshape(-1, 5):
        found = [int(concepts[int(pair)]) for pair in group]
        assert len(set(found)) == len(found)


@pytest.mark.parametrize("at_a_time", [4096, 2])
def test_the_nearest_answers_are_the_nearest(monkeypatch, at_a_time):
    monkeypatch.setattr("workbench.training.grouping.QUERIES", at_a_time)
    vectors = torch.nn.functional.normalize(torch.randn(75, 8, generator=seeded()), dim=1)
    queries, answers = torch.arange(5), torch.arange(5, 75)
    expected = (vectors[:5] @ vectors[5:].T).argsort(dim=1, descending=True)[:, :32]
    np.testing.assert_array_equal(nearest_answers(vectors.__getitem__, queries, answers), expected)
    assert nearest_answers(vectors.__getitem__, queries, answers[:3]).shape == (5, 3)


def test_stop_is_heard_while_the_answers_are_looked_for(train, new_reporter):
    trained = train("in_batch", {"alike": 4}, reporter=new_reporter(stop_at_phase=MIXED_UP.get("en")))
    assert trained.result.stopped_early
    assert trained.result.best == trained.result.base


@pytest.mark.parametrize(
    ("asked", "pairs", "size"),
    [(0, MANY_PAIRS - 1, 1), (0, MANY_PAIRS, GROUP), (1, 10**6, 1), (7, 10, 7), (0, 8, 1)],
)
def test_many_pairs_are_grouped_and_few_are_not(asked, pairs, size):
    assert group_size(asked, pairs) == size


def objective(data, **parameters):
    return objective_of(data, stage("in_batch").checked(parameters))


def test_the_stage_groups_where_it_is_asked_to(toy_data):
    assert type(objective(toy_data)) is InBatch
    assert type(objective(toy_data, alike=1)) is InBatch
    assert type(objective(toy_data, alike=3)) is AlikeTogether


def hardest_wrong(batches, toy_data, vectors):
    """How alike the wrong answers of a batch are to its synonyms, at most, on average."""
    found = []
    for rows in batches:
        a, p = toy_data.anchors[rows.numpy()], toy_data.positives[rows.numpy()]
        concepts = toy_data.concepts[rows.numpy()]
        cosines = np.where(concepts[:, None] == concepts, -1.0, vectors[a] @ vectors[p].T)
        found += cosines.max(1).tolist()
    return np.mean(found)


def test_the_wrong_answers_of_a_batch_are_more_alike(toy_data):
    """A model for which the terms of every sixth concept are alike: batches of eight of two groups."""
    concept_of = concept_of_terms(toy_data).numpy()
    random = np.random.default_rng(0)
    topics = random.normal(size=(6, 16))
    vectors = topics[concept_of % 6] + 0.3 * random.normal(size=(len(toy_data.terms), 16))
    vectors = (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)
    asked = objective(toy_data, alike=4, batch_size=8)
    chance = asked.epoch(seeded())
    asked.before_epoch(0, lambda rows: torch.from_numpy(vectors[rows.numpy()]))
    chosen = asked.epoch(seeded())
    assert len(chosen) == len(chance)
    assert sorted(torch.cat(chosen).tolist()) == sorted(torch.cat(chance).tolist())
    assert hardest_wrong(chosen, toy_data, vectors) > hardest_wrong(chance, toy_data, vectors) + 0.05


def test_it_learns_words_that_it_was_not_trained_on(train):
    fast = {"epochs": 6, "learning_rate": 3e-3, "batch_size": 16, "layers": "2"}
    result = train("in_batch", {**fast, "alike": 4}).result
    assert result.best.mrr10 > result.base.mrr10 + 15
    assert result.best.recall10 > result.base.recall10 + 30
