"""Asks a model about terms: how alike two are, and which are nearest to one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from workbench.errors import InputError
from workbench.evaluation.measure import Subject
from workbench.localtext import LocalText
from workbench.locks import KeyedCache
from workbench.search.neighbours import Neighbourhood
from workbench.search.similarity import Calibrator
from workbench.storage.evaluations import EvaluationStore
from workbench.types import Hit, Similarity

if TYPE_CHECKING:
    from workbench.models.library import ModelLibrary

NEIGHBOURHOODS_IN_MEMORY = 4
LONGEST_TEXT = 2000
MOST_NEIGHBOURS = 1000


class Explorer:
    """Answers questions about terms under any model; indexes and calibrations are kept."""

    def __init__(self, library: ModelLibrary, evaluations: EvaluationStore) -> None:
        self._library = library
        self._evaluations = evaluations
        self._neighbourhoods: KeyedCache[tuple[str, str], Neighbourhood] = KeyedCache(
            NEIGHBOURHOODS_IN_MEMORY
        )

    def similarity(self, a: str, b: str, model: str, subject: Subject) -> Similarity:
        """How alike two terms are, calibrated on the dictionary ``subject``.

        The two terms are encoded in full precision, so that the cosine is that of the exported model.

        Raises:
            InputError: a term is empty or longer than 2,000 characters.
        """
        first, second = _checked_term(a), _checked_term(b)
        calibrator = self._calibrator(model, subject)
        vectors = self._library.exact_vectors(model, [first, second])
        known = subject.same_concept(first, second)
        return calibrator.similarity(vectors[0], vectors[1], known)

    def neighbours(self, term: str, model: str, subject: Subject, k: int) -> list[Hit]:
        """The ``k`` terms of the dictionary nearest to ``term`` (any text), nearest first.

        Raises:
            InputError: as for :meth:`similarity`.
        """
        text = _checked_term(term)
        neighbourhood = self._neighbourhood(model, subject)
        vector = self._library.vectors(model, [text])[0]
        return neighbourhood.neighbours(text, vector, max(1, min(k, MOST_NEIGHBOURS)))

    def _calibrator(self, model: str, subject: Subject) -> Calibrator:
        fingerprint = self._library.fingerprint(model)
        stored = self._evaluations.calibration(fingerprint, subject.split.hash)
        if stored is not None:
            return Calibrator.from_json(stored)
        vectors = dict(zip(subject.terms, self._library.vectors(model, subject.terms), strict=True))
        calibrator = Calibrator.fit(vectors, subject.pairs, subject.split)
        self._evaluations.save_calibration(fingerprint, subject.split.hash, calibrator.as_json())
        return calibrator

    def _neighbourhood(self, model: str, subject: Subject) -> Neighbourhood:
        key = (self._library.fingerprint(model), subject.info.version_id)

        def build() -> Neighbourhood:
            vectors = self._library.vectors(model, subject.terms)
            return Neighbourhood(subject.pairs, subject.terms, vectors, subject.apart)

        return self._neighbourhoods.get(key, build)


def _checked_term(text: str) -> str:
    term = text.strip()
    if not term:
        raise InputError(LocalText("请输入词语。", "Enter a term."))
    if len(term) > LONGEST_TEXT:
        raise InputError(
            LocalText("文字太长（{count} 字）。", "The text is too long ({count} characters)."),
            LocalText("请不要超过 {most} 字。", "Keep it under {most}."),
            count=len(term),
            most=LONGEST_TEXT,
        )
    return term
