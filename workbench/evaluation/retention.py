"""The general probe: does a tuned model still know what it knew of everyday words?"""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from workbench.localtext import LocalText
from workbench.normalise import digest, term_key
from workbench.settings import ASSETS

VectorsOf = Callable[[Sequence[str]], npt.NDArray[Any]]
"""Texts (n,) to their vectors (n, d)."""

LANGUAGES = ("zh", "en")
KNOWN = 20.0  # percent: a model below this never knew the language, and has nothing of it to lose
FALL = 1.0  # points: a fall of more than this is said in words
TIE = 1e-6  # the same vector comes out of an encoder to about this much
_ROWS_AT_ONCE = 1024


@dataclass(frozen=True)
class RetentionProbe:
    """Pairs of everyday words, out of any special domain. Tuples are parallel, one entry an item.

    Each of ``terms`` goes with one of ``related`` (a synonym, a part, a tool's use ...; ``relations`` names
    which), which is the closest to it among all of ``related``. No text occurs twice.
    """

    language: str
    terms: tuple[str, ...]
    related: tuple[str, ...]
    relations: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.terms)

    @property
    def texts(self) -> tuple[str, ...]:
        """What has to be encoded: all terms, then all related terms, (2n,)."""
        return (*self.terms, *self.related)

    @cached_property
    def hash(self) -> str:
        """The content hash: scores compare under one hash only."""
        return digest(self.language, *self.texts)

    def score(self, vectors: npt.NDArray[Any]) -> float:
        """Recall@1 in percent: for how many terms the related one is the nearest of all related terms.

        ``vectors`` (2n, d) of :attr:`texts`; they are brought to unit length here. Exact search by the
        cosine in double precision; a tie counts against the model, and so does what is no number.

        Raises:
            ValueError: not one vector for each text.
        """
        count = len(self.terms)
        if vectors.ndim != 2 or len(vectors) != 2 * count:
            raise ValueError(f"vectors of the shape {vectors.shape} for {2 * count} texts")
        unit = _unit(vectors)
        cosines = unit[:count] @ unit[count:].T
        own = cosines.diagonal().copy()
        np.fill_diagonal(cosines, -np.inf)
        return float(100 * np.mean(cosines.max(axis=1, initial=-np.inf) < own - TIE))

    def sample(self, count: int = 150) -> RetentionProbe:
        """A smaller probe for looks during training: always the same items, each relation in its share.

        A smaller sample lies within a larger one. With fewer targets the score is higher than that of the
        whole probe: compare it with that of the same sample under the base, never with the whole.
        """
        places: dict[str, list[int]] = {}
        for i in sorted(range(len(self)), key=lambda i: digest(self.terms[i], self.related[i])):
            places.setdefault(self.relations[i], []).append(i)
        share = {i: (place + 0.5) / len(own) for own in places.values() for place, i in enumerate(own)}
        chosen = sorted(sorted(share, key=lambda i: (share[i], self.terms[i]))[: max(1, count)])
        return RetentionProbe(
            self.language,
            tuple(self.terms[i] for i in chosen),
            tuple(self.related[i] for i in chosen),
            tuple(self.relations[i] for i in chosen),
        )


@cache
def load_probe(language: str) -> RetentionProbe:
    """The probe of a language, "zh" or "en", from ``assets/probes``. Read once.

    Raises:
        ValueError: there is no probe of this language.
    """
    if language not in LANGUAGES:
        raise ValueError(f"no probe for the language {language!r}")
    with (ASSETS / "probes" / f"{language}.csv").open(encoding="utf-8", newline="") as handle:
        rows = [(row["term"], row["related"], row["relation"]) for row in csv.DictReader(handle)]
    terms, related, relations = zip(*rows, strict=True)
    return RetentionProbe(language, terms, related, relations)


def probes_for(languages: Iterable[str]) -> list[RetentionProbe]:
    """The probes of a model that is for ``languages``; all of them where it does not say for which it is."""
    wanted = set(languages)
    return [load_probe(language) for language in LANGUAGES if not wanted or language in wanted]


def measure_retention(vectors_of: VectorsOf, languages: Iterable[str] = ()) -> dict[str, float]:
    """The score in percent on each probe of ``languages`` (none: on all of them)."""
    return {probe.language: probe.score(vectors_of(probe.texts)) for probe in probes_for(languages)}


def neighbour_overlap(a: npt.NDArray[Any], b: npt.NDArray[Any], k: int = 10) -> float:
    """How many of the ``k`` nearest of each text two models have in common, as the mean in percent.

    ``a`` (n, d) and ``b`` (n, e) are the vectors of the same n texts under the two models; a text is not its
    own neighbour. With k texts or fewer, k is n - 1. Of one text alone it is 100.

    Raises:
        ValueError: not the same number of texts.
    """
    if len(a) != len(b):
        raise ValueError(f"{len(a)} and {len(b)} vectors of the same texts")
    k = min(k, len(a) - 1)
    if k < 1:
        return 100.0
    first, second = _unit(a), _unit(b)
    shared = 0
    for start in range(0, len(first), _ROWS_AT_ONCE):
        nearest = [_nearest(unit, start, k) for unit in (first, second)]
        shared += sum(len(np.intersect1d(x, y)) for x, y in zip(*nearest, strict=True))
    return float(100 * shared / (k * len(first)))


def overlap_sample(texts: Iterable[str], count: int = 500) -> tuple[str, ...]:
    """At most ``count`` of ``texts``, always the same ones, each term once; sorted by their keys."""
    by_key: dict[str, str] = {}
    for text in texts:
        by_key.setdefault(term_key(text), text)
    chosen = sorted(by_key, key=digest)[:count]
    return tuple(by_key[key] for key in sorted(chosen))


@dataclass(frozen=True, slots=True)
class RetentionScore:
    """The score on one probe in percent: of the model, and of the base it came from (None: it is one)."""

    model: float
    base: float | None = None

    @property
    def difference(self) -> float | None:
        """Points that the model gained (+) or lost (-) against its base."""
        return None if self.base is None else self.model - self.base


@dataclass(frozen=True, slots=True)
class RetentionFigures:
    """What a model still knows. ``scores`` by language; ``overlap`` in percent by what was compared.

    ``overlap`` holds the mean share of the ten nearest neighbours that the model shares with its base:
    "general" among the words of the probes, "dictionary" among the terms that it was trained for.
    """

    scores: Mapping[str, RetentionScore]
    overlap: Mapping[str, float]

    @property
    def keeps(self) -> float | None:
        """What is left of the base's score, in percent, in the language that lost most; None: no base."""
        shares = [100 * score.model / score.base for score in self._known() if score.base]
        return min(shares, default=None)

    @property
    def difference(self) -> float | None:
        """Points against the base in the language that lost most (or gained least); None: no base."""
        return min((score.model - score.base for score in self._known() if score.base), default=None)

    @property
    def fall(self) -> float:
        """Points lost in the language that lost most; 0 where nothing was lost."""
        return max(0.0, -(self.difference or 0.0))

    def warning(self) -> LocalText | None:
        """A sentence where more than a point is lost."""
        if round(self.fall, 1) <= FALL:
            return None
        return _FALLEN.format(n=f"{self.fall:.1f}")

    def as_json(self) -> dict[str, Any]:
        """{language: {base, model, difference}, "overlap": {...}}, rounded to two decimals."""
        scores = {
            language: {
                "base": _rounded(score.base),
                "model": _rounded(score.model),
                "difference": _rounded(score.difference),
            }
            for language, score in self.scores.items()
        }
        return {**scores, "overlap": {name: _rounded(value) for name, value in self.overlap.items()}}

    def _known(self) -> list[RetentionScore]:
        return [score for score in self.scores.values() if score.base is not None and score.base >= KNOWN]


_FALLEN = LocalText(
    "在通用词上退步 {n} 个百分点：模型忘了一些原来会的。建议调低学习率，或在最后加上「与基础模型合并」阶段。",
    "General knowledge fell by {n} points: the model has forgotten some of what it knew. "
    "Choose a lower learning rate, or add the merge stage at the end.",
)


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 2)


def _nearest(unit: npt.NDArray[np.float64], start: int, k: int) -> npt.NDArray[np.int64]:
    """The ``k`` nearest of each row from ``start`` on, in no order; of equals the first."""
    cosines = unit[start : start + _ROWS_AT_ONCE] @ unit.T
    rows = np.arange(len(cosines))
    cosines[rows, start + rows] = -np.inf
    return np.argsort(-cosines, axis=1, kind="stable")[:, :k]


def _unit(vectors: npt.NDArray[Any]) -> npt.NDArray[np.float64]:
    exact = np.asarray(vectors, dtype=np.float64)
    lengths = np.linalg.norm(exact, axis=1, keepdims=True)
    unit: npt.NDArray[np.float64] = np.divide(exact, lengths, out=np.zeros_like(exact), where=lengths > 0)
    return unit
