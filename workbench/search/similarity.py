"""Turns the cosine of two terms into a number that means something: calibrated to the dictionary."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from workbench.errors import TrainingProblem
from workbench.evaluation.split import part_of
from workbench.localtext import LocalText
from workbench.normalise import term_key
from workbench.search.index import unit_rows
from workbench.types import Pair, Similarity, Split

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

FEWEST_POSITIVES = 30
MOST_POSITIVES = 5000
RANDOM_PAIRS = 20_000
HARD_REACH = 50
HARD_FEWEST = 5
_QUANTILES = 1001
_QUERIES_AT_ONCE = 64
_MOST_DRAWS = 50

PROBABILITY_MEANING = LocalText(
    "概率的含义：如果把词典中的近似词对与同样多的非近似词对（一半随机，一半取自模型认为最接近的词）混在一起，"
    "相似程度与这一对相同的词对中，大约有多大比例是近似词；随便两个词是近似词的可能性要低得多。",
    "What the probability means: if synonym pairs of the dictionary were mixed with as many pairs that are "
    "not synonyms (half of them random, half from the terms that the model finds nearest), about this "
    "share of the pairs that are as alike as this one would be synonyms; "
    "for two terms picked at random it is far less.",
)


@dataclass(frozen=True, slots=True)
class Calibrator:
    """What a cosine means under one model and one dictionary.

    ``probability = 1 / (1 + exp(-(slope * cosine + intercept)))`` with ``slope >= 0``.
    ``quantiles`` (1,001 values, ascending) are of the cosines of random pairs of terms of different
    components. ``positives`` and ``negatives`` are how many pairs it was fitted on; ``parts`` which
    parts of the dictionary the positives came from.
    """

    slope: float
    intercept: float
    quantiles: tuple[float, ...]
    positives: int
    negatives: int
    parts: tuple[str, ...]

    @classmethod
    def fit(
        cls,
        vectors_by_term: Mapping[str, npt.NDArray[Any]],
        pairs: Sequence[Pair],
        split: Split,
        *,
        seed: int = 0,
    ) -> Calibrator:
        """Platt scaling (Platt 1999: logistic regression on the score), both classes weighing the same.

        ``vectors_by_term`` maps each term (raw or key) to its vector (d,). Positives are the synonym
        pairs of the dev part, with those of the train part where dev has fewer than 30. Negatives
        are, half and half, random pairs of terms of different components and hard ones: terms of
        other components drawn from the 50 nearest to the positives' synonyms. Terms of the test
        part are in neither, but are among the random pairs that the percentile is drawn from. A
        model under which synonyms are no nearer than these negatives is fitted on the random ones
        alone; no nearer than those either, slope 0: probability 0.5 throughout.

        Raises ``TrainingProblem`` when no synonym pair or no other pair has vectors.
        """
        space = _Space.of(vectors_by_term, split)
        rng = np.random.default_rng(seed)
        positives, parts = _positives(space, pairs, split, rng)
        count = max(len(positives), 100)
        usable = np.flatnonzero(space.not_test)
        easy = _random_pairs(space, usable, count, rng)
        hard = _hard_pairs(space, positives, usable, count, rng)
        background = _random_pairs(space, np.arange(len(space.unit)), RANDOM_PAIRS, rng)
        if not len(positives) or not len(easy) or not len(background):
            raise _nothing_to_calibrate()
        near, far = space.cosines(positives), space.cosines(np.concatenate((easy, hard)))
        slope, intercept = _platt(near, far)
        if slope == 0:
            slope, intercept = _platt(near, space.cosines(easy))
        quantiles = np.quantile(space.cosines(background), np.linspace(0, 1, _QUANTILES))
        return cls(slope, intercept, tuple(quantiles.tolist()), len(near), len(far), parts)

    def probability(self, cosine: float) -> float:
        """0..1, never falling as the cosine grows. See ``PROBABILITY_MEANING``."""
        return float(self.probabilities(np.array(cosine)))

    def probabilities(self, cosines: Floats) -> Floats:
        """As :meth:`probability`, for an array of any shape."""
        logits = self.slope * np.asarray(cosines, np.float64) + self.intercept
        return np.asarray(0.5 * (1.0 + np.tanh(0.5 * logits)))

    def percentile(self, cosine: float) -> float:
        """0..100: the share of random pairs of different components that are less alike."""
        values, places = np.unique(np.asarray(self.quantiles), return_index=True)
        shares = places / (len(self.quantiles) - 1)
        return float(100.0 * np.interp(cosine, values, shares, left=0.0, right=1.0))

    def similarity(self, a_vector: npt.NDArray[Any], b_vector: npt.NDArray[Any], known: bool) -> Similarity:
        """How alike two terms are, from their vectors (d,). ``known``: the dictionary connects them."""
        pair = unit_rows(np.stack((a_vector, b_vector))).astype(np.float64)
        cosine = float(np.clip(pair[0] @ pair[1], -1.0, 1.0))
        return Similarity(cosine, self.probability(cosine), self.percentile(cosine), known)

    def as_json(self) -> dict[str, Any]:
        """Everything, for storage."""
        return {
            "slope": self.slope,
            "intercept": self.intercept,
            "quantiles": list(self.quantiles),
            "positives": self.positives,
            "negatives": self.negatives,
            "parts": list(self.parts),
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Calibrator:
        """The inverse of :meth:`as_json`."""
        return cls(
            slope=float(data["slope"]),
            intercept=float(data["intercept"]),
            quantiles=tuple(float(value) for value in data["quantiles"]),
            positives=int(data["positives"]),
            negatives=int(data["negatives"]),
            parts=tuple(str(part) for part in data["parts"]),
        )


@dataclass(frozen=True, slots=True, eq=False)
class _Space:
    """The terms that have both a vector and a component, in the order of their keys."""

    place: dict[str, int]
    unit: npt.NDArray[np.float32]  # (n, d)
    component: Ints  # (n,)
    not_test: npt.NDArray[np.bool_]  # (n,)

    @classmethod
    def of(cls, vectors_by_term: Mapping[str, npt.NDArray[Any]], split: Split) -> _Space:
        by_key: dict[str, npt.NDArray[Any]] = {}
        for term in sorted(vectors_by_term):
            by_key.setdefault(term_key(term), vectors_by_term[term])
        keys = sorted(key for key in by_key if key in split.component_of)
        if not keys:
            raise _nothing_to_calibrate()
        _, component = np.unique([split.component_of[key] for key in keys], return_inverse=True)
        return cls(
            {key: i for i, key in enumerate(keys)},
            unit_rows(np.stack([by_key[key] for key in keys])),
            component.astype(np.int64),
            np.array([part_of(key, split) != "test" for key in keys]),
        )

    def cosines(self, places: Ints) -> Floats:
        """(m, 2) places to (m,) cosines."""
        left, right = self.unit[places[:, 0]], self.unit[places[:, 1]]
        return np.asarray((left.astype(np.float64) * right).sum(axis=1))


def _positives(
    space: _Space, pairs: Sequence[Pair], split: Split, rng: np.random.Generator
) -> tuple[Ints, tuple[str, ...]]:
    """(m, 2) places of standard term and synonym, and the parts that they came from."""
    found: dict[str, set[tuple[int, int]]] = {"dev": set(), "train": set()}
    for pair in pairs:
        standard, synonym = term_key(pair.standard), term_key(pair.synonym)
        part = part_of(standard, split)
        if part in found and standard != synonym and standard in space.place and synonym in space.place:
            found[part].add((space.place[standard], space.place[synonym]))
    parts: tuple[str, ...] = ("dev",) if len(found["dev"]) >= FEWEST_POSITIVES else ("dev", "train")
    chosen = np.array(sorted(set().union(*(found[part] for part in parts))), np.int64).reshape(-1, 2)
    if len(chosen) > MOST_POSITIVES:
        chosen = chosen[np.sort(rng.choice(len(chosen), MOST_POSITIVES, replace=False))]
    return chosen, parts


def _random_pairs(space: _Space, usable: Ints, count: int, rng: np.random.Generator) -> Ints:
    """(at most ``count``, 2) places of pairs of terms of different components."""
    if len(np.unique(space.component[usable])) < 2:
        return np.empty((0, 2), np.int64)
    drawn: list[Ints] = []
    missing = count
    for _ in range(_MOST_DRAWS):  # bounded: where one component holds nearly all terms, most draws are lost
        if not missing:
            break
        places = usable[rng.integers(0, len(usable), size=(2 * missing + 1000, 2))]
        places = places[space.component[places[:, 0]] != space.component[places[:, 1]]][:missing]
        drawn.append(places)
        missing -= len(places)
    return np.concatenate(drawn)


def _hard_pairs(space: _Space, positives: Ints, usable: Ints, count: int, rng: np.random.Generator) -> Ints:
    """(at most ``count``, 2) places: synonyms, each with some of its nearest terms of other components.

    Drawn from the nearest 50 (at most a tenth of all terms), not the very nearest: those are the
    most extreme of thousands, often nearer than true synonyms, and would leave no slope at all.
    """
    queries = np.unique(positives[:, 1])
    reach = min(len(usable), max(HARD_FEWEST, min(HARD_REACH, len(usable) // 10)))
    each = min(reach, -(-count // max(1, len(queries))))
    found = [np.empty((0, 2), np.int64)]
    for start in range(0, len(queries), _QUERIES_AT_ONCE):
        block = queries[start : start + _QUERIES_AT_ONCE]
        scores = space.unit[block] @ space.unit[usable].T
        scores[space.component[block][:, None] == space.component[usable]] = -np.inf
        nearest = np.sort(np.argpartition(-scores, reach - 1, axis=1)[:, :reach], axis=1)
        chosen = rng.permuted(nearest, axis=1)[:, :each]
        rows, columns = np.nonzero(np.isfinite(np.take_along_axis(scores, chosen, axis=1)))
        found.append(np.column_stack((block[rows], usable[chosen[rows, columns]])))
    every = np.concatenate(found)
    return every[rng.permutation(len(every))[:count]]


def _platt(near: Floats, far: Floats) -> tuple[float, float]:
    """Slope and intercept on the raw cosine; both 0 where synonyms are no nearer than the others."""
    from sklearn.linear_model import LogisticRegression

    cosines = np.concatenate((near, far))
    mean, spread = float(cosines.mean()), float(cosines.std())
    if spread < 1e-9:
        return 0.0, 0.0
    labels = np.concatenate((np.ones(len(near)), np.zeros(len(far))))
    # In standard units, or the penalty would flatten models whose cosines all lie close together.
    fitted = LogisticRegression(class_weight="balanced").fit((cosines[:, None] - mean) / spread, labels)
    slope = float(fitted.coef_[0, 0]) / spread
    if slope <= 0:
        return 0.0, 0.0
    return slope, float(fitted.intercept_[0]) - slope * mean


def _nothing_to_calibrate() -> TrainingProblem:
    return TrainingProblem(
        LocalText(
            "没有足够的词对来说明相似度的含义：既需要近似词对，也需要互不相干的词。",
            "There are too few pairs to say what a similarity means: both synonym pairs and unrelated terms "
            "are needed.",
        ),
        LocalText("请补充词典。", "Add to the dictionary."),
    )
