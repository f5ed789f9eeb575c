"""Finds for each text of a list the dictionary's standard term, or says that there is no good one."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from workbench.errors import BadParameter, TooLittleData
from workbench.evaluation.split import Apart, connected_components, part_of
from workbench.localtext import LocalText
from workbench.normalise import term_key
from workbench.search.found import Found, Without, codes, features_of, joined, nothing_found, spelling_of
from workbench.search.index import VectorIndex, unit_rows
from workbench.types import Pair, Split

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

FEWEST_EXAMPLES = 40  # dev synonyms below which the train part has to help
MOST_EXAMPLES = 4000
UNKNOWN_SHARE = 0.2  # of a column, that no dictionary has
_REACH = 64  # neighbours looked at for a second concept
_QUERIES_AT_ONCE = 2048
_CAUTION = 0.5  # standard errors that the promised precision keeps below what was seen


@dataclass(frozen=True, slots=True)
class Match:
    """What the dictionary has for one text.

    ``nearest`` is the dictionary's term that is nearest by meaning, ``standard`` its standard term; both
    empty where the text is blank. ``score`` is their cosine, ``margin`` how much nearer it is than
    the nearest term of another concept. ``probability`` (0..1) that the standard term is right.
    ``accepted``: good enough for the precision that was asked for. ``known``: the text itself is
    in the dictionary.
    """

    text: str
    standard: str
    nearest: str
    score: float
    margin: float
    probability: float
    accepted: bool
    known: bool


@dataclass(frozen=True, slots=True)
class Threshold:
    """From which probability on a match is accepted, and what that gave where it was chosen.

    ``precision`` is the share of accepted matches that were right, ``coverage`` that of the
    examples that were accepted (both 0..1), on ``examples`` synonyms of ``parts``; ``wanted`` is what
    was asked for. A ``probability`` of infinity accepts nothing: no threshold keeps the promise.
    """

    wanted: float
    probability: float
    precision: float
    coverage: float
    examples: int
    parts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """The nearest term of another concept to a dictionary's ``term``.

    ``score`` is their cosine, ``own`` the cosine to the nearest other term of its own concept (-1 where
    it has none), ``probability`` (0..1) that the two concepts are one.
    """

    term: str
    standard: str
    nearest: str
    nearest_standard: str
    score: float
    own: float
    probability: float


class Matcher:
    """A dictionary under one model, ready to match any number of texts against it.

    ``terms`` (n,) and ``vectors`` (n, d) are parallel and hold every term of ``pairs``. ``apart`` are
    pairs marked as not synonyms. How sure a match is, is learnt from the development part: each of its
    synonyms is looked up in the dictionary without itself (right where the nearest term is of its own
    concept), and once more without its whole concept, as a text that the dictionary does not have.
    These weigh ``unknown_share`` (0..1) of all. The probability is a logistic regression on cosine and
    margin. Terms of the test part are looked up in, never learnt from.

    Raises:
        TooLittleData: there is no concept to learn from.
        ValueError: terms and vectors are not of one number.
    """

    def __init__(
        self,
        pairs: Sequence[Pair],
        terms: Sequence[str],
        vectors: npt.NDArray[Any],
        split: Split,
        apart: Sequence[Pair] = (),
        *,
        unknown_share: float = UNKNOWN_SHARE,
    ) -> None:
        if len(terms) != len(vectors):
            raise ValueError(f"{len(terms)} terms but {len(vectors)} vectors")
        component_of = connected_components(Apart(apart).unmarked(pairs))
        numbers = {component: i for i, component in enumerate(dict.fromkeys(component_of.values()))}
        self._place: dict[str, int] = {}
        kept: list[int] = []
        for i, term in enumerate(terms):
            key = term_key(term)
            if key in component_of and key not in self._place:
                self._place[key] = len(kept)
                kept.append(i)
        self._keys = list(self._place)
        self._terms = [terms[i] for i in kept]
        self._component = np.array([numbers[component_of[key]] for key in self._place], np.int64)
        self._unit = unit_rows(np.asarray(vectors)[kept]) if kept else np.empty((0, 1), np.float32)
        self._standard = _standards(pairs)
        self._unknown_share = float(np.clip(unknown_share, 0.0, 0.9))
        self._examples, self._parts = self._choose_examples(pairs, split)
        if not len(self._examples):
            raise TooLittleData(
                LocalText(
                    "词典里没有可用来定阈值的词。", "The dictionary has no terms to set a threshold by."
                ),
                LocalText("请补充同义词。", "Add synonyms."),
            )

    @cached_property
    def _index(self) -> VectorIndex:
        return VectorIndex(self._unit)

    def threshold(self, precision: float) -> Threshold:
        """The lowest probability from which matches are right at least ``precision`` (0..1) of the time.

        Among the examples in the order of their probability, the longest head whose precision, less
        its standard error (Wilson 1927), is not below ``precision``.

        Raises:
            BadParameter: ``precision`` is not above 0 and below 1.
        """
        if not 0.0 < precision < 1.0:
            raise BadParameter(
                LocalText("精确率要在 0 与 1 之间，例如 0.95。", "A precision lies between 0 and 1: 0.95."),
                LocalText("现在是 {value}。", "It is {value}."),
                value=f"{precision:g}",
            )
        probability, right, weight = self._calibration
        order = np.argsort(-probability, kind="stable")
        share = weight[order] / weight.sum()
        accepted = np.cumsum(share)
        seen = np.cumsum(share * right[order]) / accepted
        lowest = _wilson_low(seen, accepted * len(self._examples))
        # A threshold can only be set between two different probabilities.
        ends = np.append(np.diff(probability[order]) < 0, True)
        fine = np.flatnonzero(ends & (lowest >= precision))
        if not len(fine):
            return Threshold(precision, float("inf"), 0.0, 0.0, len(self._examples), self._parts)
        last = int(fine[-1])
        return Threshold(
            precision,
            float(probability[order][last]),
            float(seen[last]),
            float(accepted[last]),
            len(self._examples),
            self._parts,
        )

    def match(
        self,
        texts: Sequence[str],
        vectors: npt.NDArray[Any],
        threshold: Threshold,
        progress: Callable[[float], None] | None = None,
    ) -> list[Match]:
        """The match of each of ``texts`` (n,) by their ``vectors`` (n, d); known texts match themselves."""
        keys = [term_key(text) for text in texts]
        found = self._nearest(keys, unit_rows(vectors) if len(texts) else self._unit[:0], None, progress)
        probabilities = self._probabilities(found)
        return [
            self._one(text, row, found, float(probability), threshold)
            for row, (text, probability) in enumerate(zip(texts, probabilities, strict=True))
        ]

    def elsewhere(self, progress: Callable[[float], None] | None = None) -> list[Elsewhere]:
        """For each term of the dictionary (n,) the nearest one of another concept, where there is one.

        What an expert may have overlooked: two groups that are one, or a term in the wrong group.
        """
        return self._elsewhere(np.arange(len(self._unit)), np.empty(0, np.int64), progress)

    def passing_over(self, found: Sequence[Elsewhere], apart: Iterable[tuple[str, str]]) -> list[Elsewhere]:
        """What :meth:`elsewhere` has found, and behind what is known to be wrong the next one.

        ``apart`` are pairs of terms that are known not to be synonyms: so their concepts are two. Only terms
        whose nearest concept is passed over are looked at again.
        """
        passed = self._passed_over(self._place, self._component, apart)
        terms = np.array([self._place[term_key(each.term)] for each in found], np.int64)
        nearest = np.array([self._place[term_key(each.nearest)] for each in found], np.int64)
        wrong = np.isin(codes(self._component[terms], self._component[nearest]), passed)
        kept = [each for each, gone in zip(found, wrong.tolist(), strict=True) if not gone]
        return kept + self._elsewhere(terms[wrong], passed)

    def _elsewhere(
        self, places: Ints, passed: Ints, progress: Callable[[float], None] | None = None
    ) -> list[Elsewhere]:
        keys = [self._keys[place] for place in places.tolist()]
        without = Without(places, self._component[places], passed)
        found = self._nearest(keys, self._unit[places], without, progress)
        terms = [self._terms[place] for place in places.tolist()]
        return self._described(terms, [self._standard[key] for key in keys], found, self._own[places])

    def strangers(
        self,
        texts: Sequence[str],
        vectors: npt.NDArray[Any],
        progress: Callable[[float], None] | None = None,
        apart: Iterable[tuple[str, str]] = (),
    ) -> list[Elsewhere]:
        """The nearest term for each of ``texts`` (n,) that stand in no group, by their ``vectors`` (n, d).

        ``apart`` as for :meth:`passing_over`. ``standard`` is empty, ``own`` -1.
        """
        if not len(texts):
            return []
        keys = [term_key(text) for text in texts]
        own = len(self._keys) + np.arange(len(keys))  # each is a concept of its own
        place = {**self._place, **{key: len(self._keys) + i for i, key in enumerate(keys)}}
        passed = self._passed_over(place, np.concatenate((self._component, own)), apart)
        without = Without(np.full(len(keys), -1), own, passed)
        found = self._nearest(keys, unit_rows(vectors), without, progress)
        return self._described(texts, [""] * len(keys), found, np.full(len(keys), -1.0))

    def _described(
        self, terms: Sequence[str], standards: Sequence[str], found: Found, own: Floats
    ) -> list[Elsewhere]:
        probabilities = self._probabilities(found)
        return [
            Elsewhere(
                terms[row],
                standards[row],
                self._terms[other],
                self._standard[self._keys[other]],
                float(found.scores[row]),
                float(own[row]),
                float(probabilities[row]),
            )
            for row, other in enumerate(found.places.tolist())
            if other >= 0
        ]

    @staticmethod
    def _passed_over(place: dict[str, int], component: Ints, apart: Iterable[tuple[str, str]]) -> Ints:
        """Codes of the pairs of concepts that ``apart`` speaks of."""
        known = ((place.get(term_key(a)), place.get(term_key(b))) for a, b in apart)
        both = [(a, b) for a, b in known if a is not None and b is not None]
        numbers = component[np.array(both, np.int64).reshape(-1, 2)]
        return np.unique(codes(numbers[:, 0], numbers[:, 1]))

    @cached_property
    def _own(self) -> Floats:
        """(n,) the highest cosine to another term of the same concept, -1 where there is none."""
        best = np.full(len(self._unit), -1.0)
        order = np.argsort(self._component, kind="stable")
        starts = np.flatnonzero(np.diff(self._component[order], prepend=-1))
        for members in np.split(order, starts[1:]):
            for start in range(0, len(members) if len(members) > 1 else 0, _QUERIES_AT_ONCE):
                rows = members[start : start + _QUERIES_AT_ONCE]
                cosines = self._unit[rows].astype(np.float64) @ self._unit[members].T
                cosines[rows[:, None] == members] = -1.0
                best[rows] = cosines.max(axis=1)
        return best

    def _one(self, text: str, row: int, found: Found, probability: float, threshold: Threshold) -> Match:
        key = term_key(text)
        if not key:
            return Match(text, "", "", 0.0, 0.0, 0.0, False, False)
        if key in self._place:
            term = self._terms[self._place[key]]
            return Match(text, self._standard[key], term, 1.0, float(found.margins[row]), 1.0, True, True)
        term = self._terms[found.places[row]]
        return Match(
            text,
            self._standard[term_key(term)],
            term,
            float(found.scores[row]),
            float(found.margins[row]),
            probability,
            probability >= threshold.probability,
            False,
        )

    # -- learning what a score means -------------------------------------------------------------

    def _choose_examples(self, pairs: Sequence[Pair], split: Split) -> tuple[Ints, tuple[str, ...]]:
        """Places of the synonyms that are learnt from, and the parts that they came from."""
        standards = {term_key(pair.standard) for pair in pairs}
        of_part: dict[str, set[int]] = {"dev": set(), "train": set()}
        for pair in pairs:
            key = term_key(pair.synonym)
            part = part_of(key, split)
            if part in of_part and key in self._place and key not in standards:
                of_part[part].add(self._place[key])
        parts: tuple[str, ...] = ("dev",) if len(of_part["dev"]) >= FEWEST_EXAMPLES else ("dev", "train")
        places = np.array(sorted(set().union(*(of_part[part] for part in parts))), np.int64)
        if len(places) > MOST_EXAMPLES:
            places = np.sort(np.random.default_rng(0).choice(places, MOST_EXAMPLES, replace=False))
        return places, parts

    @cached_property
    def _calibration(self) -> tuple[Floats, npt.NDArray[np.bool_], Floats]:
        """Probability, whether right, and weight of each example; (m,) each."""
        right, weight = self._labels
        return self._probabilities(self._looked_up), right, weight

    @cached_property
    def _looked_up(self) -> Found:
        """Every example without itself, then every example without its concept."""
        unit, own = self._unit[self._examples], self._component[self._examples]
        keys = [self._keys[place] for place in self._examples]
        known = self._nearest(keys, unit, Without(self._examples))
        unknown = self._nearest(keys, unit, Without(self._examples, own))
        return joined((known, unknown))

    @cached_property
    def _labels(self) -> tuple[npt.NDArray[np.bool_], Floats]:
        count = len(self._examples)
        own = np.tile(self._component[self._examples], 2)
        places = self._looked_up.places
        right = (places >= 0) & (self._component[places] == own)
        shares = np.repeat([1.0 - self._unknown_share, self._unknown_share], count)
        return right, np.where(places >= 0, shares, 0.0)

    @cached_property
    def _model(self) -> tuple[Floats, Floats, Floats, float]:
        """Mean and spread of the features, their coefficients, and the intercept."""
        from sklearn.linear_model import LogisticRegression

        features = features_of(self._looked_up)
        right, weight = self._labels
        mean, spread = features.mean(axis=0), np.maximum(features.std(axis=0), 1e-9)
        used = weight > 0
        if len(np.unique(right[used])) < 2:  # all right or all wrong: the margin alone has to order them
            share = float(np.average(right[used], weights=weight[used])) if used.any() else 0.0
            return (
                mean,
                spread,
                np.array([0.0, 0.1, 0.0, 0.0]),
                float(np.log((share + 0.01) / (1.01 - share))),
            )
        fitted = LogisticRegression().fit((features[used] - mean) / spread, right[used], weight[used])
        # More alike, or further ahead of the next concept, never makes a match less likely.
        return mean, spread, np.maximum(fitted.coef_[0], 0.0), float(fitted.intercept_[0])

    def _probabilities(self, found: Found) -> Floats:
        mean, spread, slopes, intercept = self._model
        logit = ((features_of(found) - mean) / spread) @ slopes + intercept
        return np.where(found.places >= 0, 0.5 * (1.0 + np.tanh(0.5 * logit)), 0.0)

    # -- looking up ------------------------------------------------------------------------------

    def _nearest(
        self,
        keys: Sequence[str],
        unit: npt.NDArray[np.float32],
        without: Without | None,
        progress: Callable[[float], None] | None = None,
    ) -> Found:
        """The nearest concept of texts by their keys and unit vectors (q, d)."""
        parts = [nothing_found()]
        for start in range(0, len(unit), _QUERIES_AT_ONCE):
            rows = slice(start, start + _QUERIES_AT_ONCE)
            block = without.of(rows) if without else None
            parts.append(self._nearest_block(keys[rows], unit[rows], block))
            if progress:
                progress(min(1.0, rows.stop / len(unit)))
        return joined(parts)

    def _nearest_block(
        self, keys: Sequence[str], unit: npt.NDArray[np.float32], without: Without | None
    ) -> Found:
        scores, places = self._index.search(unit, min(_REACH, len(self._unit)))
        ranked = scores.astype(np.float64)
        if without is not None:
            ranked[~without.allows(places, self._component)] = -np.inf
        rows = np.arange(len(ranked))
        first = ranked.argmax(axis=1)
        top = ranked[rows, first]
        chosen = places[rows, first]
        same = self._component[places] == self._component[chosen][:, None]
        others = np.where(same, -np.inf, ranked).max(axis=1)
        # Where all that was looked at is of one concept, the next one is at least as far as the last of it.
        others = np.where(np.isfinite(others), others, scores[:, -1])
        there = np.isfinite(top)
        return Found(
            np.where(there, chosen, -1),
            np.where(there, top, 0.0),
            np.where(there, top - others, 0.0),
            spelling_of(keys, [self._keys[place] for place in chosen]),
        )


def _standards(pairs: Sequence[Pair]) -> dict[str, str]:
    """The standard term of each term by key; a standard term is its own."""
    found: dict[str, str] = {}
    for pair in pairs:
        found.setdefault(term_key(pair.synonym), pair.standard)
    own: dict[str, str] = {}
    for pair in pairs:
        own.setdefault(term_key(pair.standard), pair.standard)
    return {**found, **own}


def _wilson_low(share: Floats, count: Floats) -> Floats:
    """The lower end of the Wilson score interval of a share seen in ``count`` examples."""
    z2 = _CAUTION**2
    centre = share + z2 / (2 * count)
    spread = _CAUTION * np.sqrt(share * (1 - share) / count + z2 / (4 * count**2))
    return np.asarray((centre - spread) / (1 + z2 / count))
