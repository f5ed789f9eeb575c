"""How well a similarity tells alike pairs from others: thresholds, curves, histograms, calibration."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from typing import Any

import numpy as np
import numpy.typing as npt

from workbench.evaluation.labelled import PairBenchmark
from workbench.evaluation.significance import bootstrap_ci

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
HALF = 0.5
MOST_POINTS = 200
BINS = 20
CALIBRATION_BINS = 10


@dataclass(frozen=True, slots=True)
class LabelScore:
    """One label of a classification report. Rates in percent; ``support`` is the number of pairs."""

    label: str  # "0": not alike (不相似), "1": alike (相似)
    precision: float
    recall: float
    f1: float
    support: int


@dataclass(frozen=True, slots=True)
class Classification:
    """What comes out when pairs of at least ``threshold`` are called alike. Rates in percent."""

    threshold: float
    pairs: int
    accuracy: float
    accuracy_ci95: tuple[float, float]
    labels: tuple[LabelScore, LabelScore]
    macro_f1: float
    weighted_f1: float


@dataclass(frozen=True, slots=True)
class Bin:
    """Pairs whose score (or probability) lies in [low, high). ``mean`` and ``share`` are 0..1."""

    low: float
    high: float
    count: int
    positives: int
    mean: float  # of the score in the bin
    share: float  # of alike pairs


@dataclass(frozen=True, slots=True)
class PairReport:
    """A system on labelled pairs.

    ``at_half``: the fixed threshold 0.5, on all pairs. ``at_half_rest`` and ``at_chosen``: the fixed and the
    chosen threshold on the pairs that nothing was chosen on (``reported``); None where there is no
    development part. ``average_precision`` and ``roc_auc`` (percent) and the curves are on all pairs:
    ``roc`` holds (false positive rate, true positive rate), ``precision_recall`` (recall, precision), 0..1,
    at most 200 points. ``histogram`` counts pairs by score; ``reliability`` compares the calibrated
    probability (logistic regression on the development pairs) with the share of alike pairs among
    ``reported``; ``calibration_error`` (percent) is the mean distance of the two, weighted by count;
    ``brier`` the mean squared error (0..1). ``spearman`` (percent) only for sets with degrees.
    """

    pairs: int
    positives: int
    dev: int
    reported: int
    at_half: Classification
    at_half_rest: Classification | None
    at_chosen: Classification | None
    average_precision: float
    roc_auc: float
    roc: tuple[tuple[float, float], ...]
    precision_recall: tuple[tuple[float, float], ...]
    histogram: tuple[Bin, ...]
    reliability: tuple[Bin, ...]
    calibration_error: float | None
    brier: float | None
    spearman: float | None

    def as_json(self) -> dict[str, Any]:
        """Everything, for storage and for the page."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> PairReport:
        """The inverse of :meth:`as_json`."""
        values: dict[str, Any] = {field.name: data[field.name] for field in fields(cls)}
        for name in ("at_half", "at_half_rest", "at_chosen"):
            values[name] = _classification(data[name]) if data[name] else None
        for name in ("roc", "precision_recall"):
            values[name] = tuple((float(x), float(y)) for x, y in data[name])
        for name in ("histogram", "reliability"):
            values[name] = tuple(Bin(**each) for each in data[name])
        return cls(**values)


def report_on(benchmark: PairBenchmark, scores: Floats) -> PairReport:
    """The report of a system whose similarities of the pairs are ``scores`` (n,), more being more alike."""
    labels, dev = benchmark.labels, benchmark.dev
    order = np.argsort(-scores, kind="stable")
    curve = _curve(labels[order], scores[order])
    rest = ~dev
    chosen = half_rest = None
    reliability: tuple[Bin, ...] = ()
    error = brier = None
    if dev.any():
        threshold = best_threshold(labels[dev], scores[dev])
        parts = [component for component, kept in zip(benchmark.components, rest, strict=True) if kept]
        chosen = classify(labels[rest], scores[rest], threshold, parts)
        half_rest = classify(labels[rest], scores[rest], HALF, parts)
        probability = _calibrated(labels[dev], scores[dev], scores[rest])
        reliability = _bins(labels[rest], probability, np.linspace(0, 1, CALIBRATION_BINS + 1))
        total = sum(each.count for each in reliability)
        error = 100.0 * sum(each.count * abs(each.mean - each.share) for each in reliability) / total
        brier = float(np.mean((probability - labels[rest]) ** 2))
    low, high = float(scores.min()), float(scores.max())
    edges = np.linspace(min(low, 0.0), max(high, 1.0) if low >= -1.0 else high, BINS + 1)
    return PairReport(
        pairs=len(labels),
        positives=int(labels.sum()),
        dev=int(dev.sum()),
        reported=int(rest.sum()),
        at_half=classify(labels, scores, HALF, benchmark.components),
        at_half_rest=half_rest,
        at_chosen=chosen,
        average_precision=_average_precision(curve),
        roc_auc=_area(curve),
        roc=_thinned(curve.false_rate, curve.recall),
        precision_recall=_thinned(curve.recall, curve.precision),
        histogram=_bins(labels, scores, edges),
        reliability=reliability,
        calibration_error=error,
        brier=brier,
        spearman=_spearman(benchmark.degrees, scores) if benchmark.scored else None,
    )


def best_threshold(labels: Ints, scores: Floats) -> float:
    """The threshold of the best accuracy, halfway between two neighbouring scores.

    Of several equally good ones the middle one; where calling none (or all) alike is best, just outside.
    """
    order = np.argsort(-scores, kind="stable")
    ranked, right = scores[order], labels[order]
    negatives = len(labels) - int(labels.sum())
    # After the first i pairs are called alike: alike ones found, plus others left out.
    correct = (
        np.concatenate(([0], np.cumsum(right))) + negatives - np.concatenate(([0], np.cumsum(1 - right)))
    )
    cut = np.concatenate(([True], ranked[1:] < ranked[:-1], [True]))  # equal scores stay together
    best = np.flatnonzero(cut & (correct == correct[cut].max()))
    place = int(best[len(best) // 2])
    if place == 0:
        return float(np.nextafter(ranked[0], np.inf))
    if place == len(ranked):
        return float(ranked[-1])
    return float((ranked[place - 1] + ranked[place]) / 2)


def classify(labels: Ints, scores: Floats, threshold: float, components: Any) -> Classification:
    """The classification report at a threshold; a rate of nothing is 0, as in scikit-learn."""
    called = (scores >= threshold).astype(np.int64)
    parts = []
    for label in (0, 1):
        hits = int(((called == label) & (labels == label)).sum())
        predicted, support = int((called == label).sum()), int((labels == label).sum())
        precision = hits / predicted if predicted else 0.0
        recall = hits / support if support else 0.0
        f1 = 2 * precision * recall / (precision + recall) if hits else 0.0
        parts.append(LabelScore(str(label), 100 * precision, 100 * recall, 100 * f1, support))
    right = 100.0 * (called == labels)
    weighted = sum(each.f1 * each.support for each in parts) / len(labels)
    return Classification(
        threshold=threshold,
        pairs=len(labels),
        accuracy=float(right.mean()),
        accuracy_ci95=bootstrap_ci(right, components),
        labels=(parts[0], parts[1]),
        macro_f1=(parts[0].f1 + parts[1].f1) / 2,
        weighted_f1=weighted,
    )


@dataclass(frozen=True, slots=True)
class _Curve:
    """At each distinct score as threshold, from the highest: rates 0..1."""

    recall: Floats
    precision: Floats
    false_rate: Floats


def _curve(labels: Ints, scores: Floats) -> _Curve:
    """``labels`` and ``scores`` from the highest score down."""
    last = np.concatenate((scores[1:] < scores[:-1], [True]))
    hits = np.cumsum(labels)[last]
    called = (np.arange(len(labels)) + 1)[last]
    positives, negatives = labels.sum(), len(labels) - labels.sum()
    return _Curve(hits / positives, hits / called, (called - hits) / negatives)


def _average_precision(curve: _Curve) -> float:
    """The sum of precision * (gain of recall), in percent."""
    gain = np.diff(np.concatenate(([0.0], curve.recall)))
    return 100.0 * float((gain * curve.precision).sum())


def _area(curve: _Curve) -> float:
    """The area under the ROC curve by the trapezium rule, in percent."""
    x = np.concatenate(([0.0], curve.false_rate))
    y = np.concatenate(([0.0], curve.recall))
    return 100.0 * float(((x[1:] - x[:-1]) * (y[1:] + y[:-1]) / 2).sum())


def _thinned(x: Floats, y: Floats) -> tuple[tuple[float, float], ...]:
    places = np.unique(np.linspace(0, len(x) - 1, min(len(x), MOST_POINTS)).round().astype(np.int64))
    return tuple((round(float(x[i]), 5), round(float(y[i]), 5)) for i in places)


def _bins(labels: Ints, scores: Floats, edges: Floats) -> tuple[Bin, ...]:
    place = np.clip(np.searchsorted(edges, scores, side="right") - 1, 0, len(edges) - 2)
    found = []
    for i in range(len(edges) - 1):
        inside = place == i
        count = int(inside.sum())
        found.append(
            Bin(
                low=float(edges[i]),
                high=float(edges[i + 1]),
                count=count,
                positives=int(labels[inside].sum()),
                mean=float(scores[inside].mean()) if count else 0.0,
                share=float(labels[inside].mean()) if count else 0.0,
            )
        )
    return tuple(found)


def _calibrated(labels: Ints, scores: Floats, others: Floats) -> Floats:
    """Probabilities of ``others`` by a logistic curve fitted on ``scores`` (Platt 1999)."""
    from sklearn.linear_model import LogisticRegression

    mean, spread = float(scores.mean()), float(scores.std()) or 1.0
    fitted = LogisticRegression(C=1e4).fit((scores[:, None] - mean) / spread, labels)
    return np.asarray(fitted.predict_proba((others[:, None] - mean) / spread)[:, 1], np.float64)


def _spearman(degrees: Floats, scores: Floats) -> float | None:
    from scipy.stats import spearmanr

    found = float(spearmanr(degrees, scores).statistic)
    return 100.0 * found if np.isfinite(found) else None


def _classification(data: dict[str, Any]) -> Classification:
    labels = tuple(LabelScore(**each) for each in data["labels"])
    low, high = data["accuracy_ci95"]
    return Classification(**{**data, "labels": labels, "accuracy_ci95": (float(low), float(high))})
