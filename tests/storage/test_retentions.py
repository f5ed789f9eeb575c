"""Scores on the probes and overlaps come back by fingerprint and content hash."""

import pytest

from workbench.storage.database import Database
from workbench.storage.retentions import RetentionStore


@pytest.fixture
def store(tmp_path):
    database = Database(tmp_path / "workbench.db")
    yield RetentionStore(database)
    database.close()


def test_scores_come_back_by_model_and_probe(store):
    store.save_scores("f1", {"zh1": 61.25, "en1": 70.0})
    store.save_scores("f2", {"zh1": 55.5})
    assert store.scores(["f1", "f2"], ["zh1"]) == {("f1", "zh1"): 61.25, ("f2", "zh1"): 55.5}
    assert store.scores(["f1"], ["zh1", "en1", "other"]) == {("f1", "zh1"): 61.25, ("f1", "en1"): 70.0}
    assert store.scores([], ["zh1"]) == store.scores(["f1"], []) == {}


def test_a_changed_probe_or_model_has_no_score_yet(store):
    store.save_scores("f1", {"zh1": 61.25})
    assert store.scores(["f1"], ["zh2"]) == {}
    assert store.scores(["f9"], ["zh1"]) == {}


def test_measuring_again_replaces_that_score_alone(store):
    store.save_scores("f1", {"zh1": 61.25, "en1": 70.0})
    store.save_scores("f1", {"zh1": 40.0})
    assert store.scores(["f1"], ["zh1", "en1"]) == {("f1", "zh1"): 40.0, ("f1", "en1"): 70.0}


def test_an_overlap_is_of_a_model_its_base_and_a_sample(store):
    store.save_overlap("f1", "b1", "s1", 87.5)
    store.save_overlap("f1", "b1", "s1", 88.5)
    assert store.overlap("f1", "b1", "s1") == 88.5
    others = [("f2", "b1", "s1"), ("f1", "b2", "s1"), ("f1", "b1", "s2"), ("b1", "f1", "s1")]
    assert [store.overlap(*other) for other in others] == [None] * 4
