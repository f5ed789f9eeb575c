"""Labelled pairs: every number is that of scikit-learn, and no threshold is reported on what chose it."""

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics

from workbench.errors import BadParameter, InputError
from workbench.evaluation.labelled import pair_benchmark
from workbench.evaluation.pair_report import PairReport, best_threshold, classify, report_on
from workbench.types import LabelledPair


def pairs(n=200, seed=0, degrees=False):
    rng = np.random.default_rng(seed)
    rows = []
    for i in range(n):
        label = float(rng.random() < 0.4)
        if degrees:
            label = float(np.clip(label * 0.6 + rng.random() * 0.4, 0, 1))
        rows.append(LabelledPair(f"甲{i}", f"乙{i // 2}", label))
    return rows


def scored(benchmark, seed=0, digits=2):
    """Scores that follow the labels with noise; rounded, so that there are ties."""
    rng = np.random.default_rng(seed)
    return np.round(
        np.clip(0.3 * benchmark.labels + 0.35 + rng.normal(0, 0.2, len(benchmark.labels)), 0, 1), digits
    )


@pytest.mark.parametrize("seed", range(4))
def test_every_number_is_that_of_scikit_learn(seed):
    benchmark = pair_benchmark("pairs:x", "x", pairs(seed=seed))
    scores = scored(benchmark, seed, digits=1 + seed % 3)
    report = report_on(benchmark, scores)
    labels, rest = benchmark.labels, ~benchmark.dev
    assert report.average_precision == pytest.approx(
        100 * metrics.average_precision_score(labels, scores), abs=1e-9
    )
    assert report.roc_auc == pytest.approx(100 * metrics.roc_auc_score(labels, scores), abs=1e-9)
    for found, of in ((report.at_half, slice(None)), (report.at_half_rest, rest), (report.at_chosen, rest)):
        called = scores[of] >= found.threshold
        expected = metrics.classification_report(labels[of], called, output_dict=True, zero_division=0)
        assert found.pairs == len(labels[of])
        assert found.accuracy == pytest.approx(100 * expected["accuracy"], abs=1e-9)
        assert found.macro_f1 == pytest.approx(100 * expected["macro avg"]["f1-score"], abs=1e-9)
        assert found.weighted_f1 == pytest.approx(100 * expected["weighted avg"]["f1-score"], abs=1e-9)
        assert found.accuracy_ci95[0] <= found.accuracy <= found.accuracy_ci95[1]
        for each in found.labels:
            theirs = expected[each.label]
            numbers = (each.precision / 100, each.recall / 100, each.f1 / 100, each.support)
            wanted = (theirs["precision"], theirs["recall"], theirs["f1-score"], theirs["support"])
            assert numbers == pytest.approx(wanted, abs=1e-9)
    false_rate, hit_rate, _ = metrics.roc_curve(labels, scores, drop_intermediate=False)
    assert {(round(x, 5), round(y, 5)) for x, y in report.roc} <= {
        (round(float(x), 5), round(float(y), 5)) for x, y in zip(false_rate, hit_rate, strict=True)
    }
    precision, recall, _ = metrics.precision_recall_curve(labels, scores)
    assert {(round(x, 5), round(y, 5)) for x, y in report.precision_recall} <= {
        (round(float(x), 5), round(float(y), 5)) for x, y in zip(recall, precision, strict=True)
    }
    assert sum(each.count for each in report.histogram) == report.pairs
    assert sum(each.positives for each in report.histogram) == report.positives
    assert sum(each.count for each in report.reliability) == report.reported
    assert 0 <= report.brier <= 0.25
    assert report.calibration_error < 25


def test_the_threshold_is_chosen_on_dev_and_reported_elsewhere():
    benchmark = pair_benchmark("pairs:x", "x", pairs())
    scores = scored(benchmark)
    report = report_on(benchmark, scores)
    assert report.dev + report.reported == report.pairs == 200
    assert 30 <= report.dev <= 60
    dev = benchmark.dev
    assert report.at_chosen.threshold == best_threshold(benchmark.labels[dev], scores[dev])
    other = scores.copy()
    other[~dev] = 1 - other[~dev]  # what is reported on has no say
    assert report_on(benchmark, other).at_chosen.threshold == report.at_chosen.threshold


def test_pairs_that_share_a_text_are_in_one_part():
    benchmark = pair_benchmark("pairs:x", "x", pairs())
    parts = {}
    for component, dev in zip(benchmark.components, benchmark.dev, strict=True):
        assert parts.setdefault(component, dev) == dev
    chained = [LabelledPair("same", f"t{i}", float(i % 2)) for i in range(60)]
    alone = report_on(pair_benchmark("pairs:x", "x", chained), np.linspace(0, 1, 60))
    assert alone.dev == 0
    assert alone.at_chosen is alone.at_half_rest is alone.brier is None
    assert PairReport.from_json(json.loads(json.dumps(alone.as_json()))) == alone


@given(
    st.lists(
        st.tuples(st.integers(0, 1), st.sampled_from([0.0, 0.2, 0.4, 0.4, 0.6, 1.0])), min_size=1, max_size=30
    )
)
@settings(max_examples=200, deadline=None)
def test_no_threshold_is_better_on_dev_than_the_chosen_one(rows):
    labels, scores = np.array([r[0] for r in rows]), np.array([r[1] for r in rows])
    accuracy = lambda threshold: float(((scores >= threshold) == labels).mean())
    best = max(accuracy(t) for t in [*(scores - 1e-3), *(scores + 1e-3)])
    assert accuracy(best_threshold(labels, scores)) == pytest.approx(best)


def test_a_label_that_is_never_called_counts_as_zero():
    found = classify(np.array([0, 1]), np.array([0.1, 0.2]), 0.5, ("a", "b"))
    assert (found.labels[1].precision, found.labels[1].f1, found.accuracy) == (0.0, 0.0, 50.0)


def test_degrees_give_a_rank_correlation_and_triplets_two_pairs():
    from scipy.stats import spearmanr

    benchmark = pair_benchmark("pairs:x", "x", pairs(degrees=True))
    scores = scored(benchmark)
    expected = 100 * spearmanr(benchmark.degrees, scores).statistic
    assert report_on(benchmark, scores).spearman == pytest.approx(expected)
    triplets = pair_benchmark(
        "pairs:t", "t", [LabelledPair("a", "b", 1.0, "c"), LabelledPair("d", "e", 1.0, "f")]
    )
    assert triplets.labels.tolist() == [1, 0, 1, 0]
    assert triplets.second == ("b", "c", "e", "f")
    assert report_on(triplets, np.array([0.9, 0.1, 0.8, 0.2])).spearman is None


def test_one_label_alone_cannot_be_measured():
    with pytest.raises(InputError):
        pair_benchmark("pairs:x", "x", [LabelledPair("a", "b", 1.0)])


def test_the_report_comes_back_from_storage_and_is_read_the_second_time(
    workshop, tiny_model_folder, monkeypatch
):
    workshop._workspace.pair_sets.save("labelled", pairs(), kind="labels", source="made", replace=True)
    service = workshop.evaluation.pairs
    report = service.evaluate("pairs:labelled", str(tiny_model_folder))
    service.evaluate("pairs:labelled", "tfidf")
    monkeypatch.setattr(
        workshop._workspace.measurer.systems, "similarities", None
    )  # nothing is computed again
    assert service.evaluate("pairs:labelled", str(tiny_model_folder)) == report
    board = service.board("pairs:labelled")
    assert {row.model for row in board.rows} == {str(tiny_model_folder), "tfidf"}
    assert {"exact", "bow"} <= set(board.missing)
    assert (board.pairs, board.positives) == (200, report.positives)


@pytest.mark.parametrize("system", ["bm25", "hybrid:use+tfidf"])
def test_systems_whose_scores_mean_nothing_by_themselves_are_refused(workshop, tiny_model_folder, system):
    workshop._workspace.pair_sets.save("labelled", pairs(), kind="labels", source="made", replace=True)
    with pytest.raises(BadParameter):
        workshop.evaluation.pairs.evaluate("pairs:labelled", system.replace("use", str(tiny_model_folder)))


def test_a_lexical_system_scores_each_pair_by_itself(workshop):
    from workbench.evaluation.systems import system_of

    systems = workshop._workspace.measurer.systems
    first, second = ["汽车", "汽车", "a b"], ["汽车", "轿车", "b a"]
    assert systems.similarities(system_of("exact"), first, second).tolist() == [1.0, 0.0, 0.0]
    bow = systems.similarities(system_of("bow"), first, second)
    assert bow == pytest.approx([1.0, 0.0, 1.0])
