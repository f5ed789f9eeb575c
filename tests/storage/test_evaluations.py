"""Measurements, calibrations and rates come back as they were stored."""

from dataclasses import replace

import pytest

from workbench.storage.database import Database
from workbench.storage.evaluations import EvaluationStore
from workbench.storage.rates import RateStore
from workbench.types import Evaluation, Metrics

METRICS = Metrics(
    queries=3,
    corpus=10,
    recall={1: 33.3, 5: 66.6, 10: 100.0},
    hit={1: 33.3, 5: 66.6, 10: 100.0},
    mrr10=51.5,
    ndcg10=60.25,
    recall1_ci95=(0.0, 66.7),
)
ONE = Evaluation(
    model="tiny",
    fingerprint="f1",
    dictionary="车",
    benchmark_hash="b1",
    view="unseen",
    part="test",
    metrics=METRICS,
    seconds=0.5,
    created_at=100.0,
    recall1=(1.0, 0.0, 0.0),
    reciprocal_rank=(1.0, 0.5, 0.0),
)


@pytest.fixture
def database(tmp_path):
    opened = Database(tmp_path / "workbench.db")
    yield opened
    opened.close()


def test_a_measurement_comes_back_as_it_was(database):
    store = EvaluationStore(database)
    store.save("d1", ONE)
    assert store.of_benchmarks(["b1"]) == [ONE]
    assert store.of_benchmarks(["b2"]) == store.of_benchmarks([]) == []


def test_measuring_again_replaces_the_row_of_that_model_and_view_alone(database):
    store = EvaluationStore(database)
    seen = replace(ONE, view="seen", part="train", benchmark_hash="b2")
    other = replace(ONE, model="use")
    for each in (ONE, seen, other):
        store.save("d1", each)
    newer = replace(ONE, fingerprint="f2", created_at=200.0, recall1=(1.0, 1.0, 1.0))
    store.save("d1", newer)
    found = store.of_benchmarks(["b1", "b2"])
    assert len(found) == 3
    assert ONE not in found
    assert all(each in found for each in (newer, seen, other))


def test_a_calibration_belongs_to_a_model_and_a_split(database):
    store = EvaluationStore(database)
    store.save_calibration("f1", "s1", {"a": [1.5, 2.5]})
    store.save_calibration("f1", "s1", {"a": [3.5]})
    assert store.calibration("f1", "s1") == {"a": [3.5]}
    assert store.calibration("f1", "s2") is None
    assert store.calibration("f2", "s1") is None


def test_a_rate_is_a_mean_that_leans_to_the_newest(database):
    rates = RateStore(database)
    assert rates.get("encode:tiny", 7.0) == 7.0
    assert not rates.seen("encode:tiny")
    rates.observe("encode:tiny", 100.0)
    assert rates.get("encode:tiny", 7.0) == 100.0
    rates.observe("encode:tiny", 200.0)
    assert rates.get("encode:tiny", 7.0) == 150.0
    assert rates.seen("encode:tiny")


@pytest.mark.parametrize("value", [0.0, -1.0, float("inf"), float("nan")])
def test_an_impossible_rate_is_left_out(database, value):
    rates = RateStore(database)
    rates.observe("encode:tiny", 100.0)
    rates.observe("encode:tiny", value)
    assert rates.get("encode:tiny", 0.0) == 100.0
