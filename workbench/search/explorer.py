"""Asks models about terms: how alike two are and why, which are nearest to one, a list against itself."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from workbench.errors import TrainingProblem
from workbench.evaluation.measure import Measurer
from workbench.localtext import LocalText
from workbench.locks import KeyedLocks
from workbench.normalise import term_key
from workbench.search.matrix import Matrix, build_matrix
from workbench.search.near import MOST_HITS, Near, side_by_side, wanted
from workbench.search.serving import Place, Question, Serving
from workbench.search.shelves import Shelves
from workbench.search.similarity import Calibrator
from workbench.search.sources import Filters, Source, checked_text
from workbench.search.why import Why, why
from workbench.storage.dictionaries import DictionaryStore
from workbench.storage.evaluations import EvaluationStore
from workbench.storage.history import HistoryStore
from workbench.types import DictionaryInfo, Hit, Similarity

if TYPE_CHECKING:
    from workbench.models.library import ModelLibrary

log = logging.getLogger("workbench.explore")
Progress = Callable[[float, LocalText], None]

MOST_NEIGHBOURS = MOST_HITS
_STILL_TRUE = 0.05  # share of a dictionary that may change before a probability is calibrated anew


@dataclass(frozen=True, slots=True)
class PairAnswer:
    """How alike two terms are under one model."""

    model: str
    similarity: Similarity


@dataclass(frozen=True, slots=True)
class PairView:
    """Two terms under every model that was asked. ``known``: the dictionary has them as synonyms;
    ``marked_apart``: the expert has said that they are none."""

    a: str
    b: str
    known: bool
    marked_apart: bool
    answers: tuple[PairAnswer, ...]
    why: Why


@dataclass(frozen=True)
class _Calibrated:
    version: int
    calibrator: Calibrator


class Explorer:
    """Answers questions about terms under any model; indexes and calibrations are kept."""

    def __init__(
        self,
        library: ModelLibrary,
        measurer: Measurer,
        evaluations: EvaluationStore,
        dictionaries: DictionaryStore,
        history: HistoryStore,
        indexes: Path,
    ) -> None:
        self._library = library
        self._measurer = measurer
        self._evaluations = evaluations
        self.shelves = Shelves(dictionaries, history, library, indexes)
        self._serving = Serving(library, measurer.systems, evaluations)
        self._calibrated: dict[tuple[str, str], _Calibrated] = {}
        self._calibrating = KeyedLocks()

    def close(self) -> None:
        """Stop building indexes."""
        self.shelves.close()

    # -- two terms ----------------------------------------------------------------------------

    def similarity(
        self, a: str, b: str, model: str, info: DictionaryInfo, progress: Progress | None = None
    ) -> Similarity:
        """How alike two terms are, calibrated on a dictionary.

        The two terms are encoded in full precision, so that the cosine is that of the exported model.

        Raises:
            InputError: a term is empty or longer than 2,000 characters.
            TrainingProblem: the dictionary is too small to calibrate anything on.
        """
        first, second = checked_text(a), checked_text(b)
        calibrator = self._calibrator(model, info, progress)
        vectors = self._library.vectors(model, [first, second], progress, exact=True)
        known = self.shelves.vocabulary(info).known(term_key(first), term_key(second))
        return calibrator.similarity(vectors[0], vectors[1], known)

    def pair(
        self,
        a: str,
        b: str,
        models: Sequence[str],
        info: DictionaryInfo,
        progress: Progress | None = None,
        *,
        forgiving: bool = False,
    ) -> PairView:
        """Two terms under every model, and why; what lies near them is said by the first model that answers.

        ``forgiving``: a model that cannot be asked is left out.

        Raises:
            InputError, TrainingProblem: as :meth:`similarity`.
        """
        first, second = checked_text(a), checked_text(b)
        answers = []
        for number, model in enumerate(models):
            if progress:
                progress(number / len(models), ASKING.format(model=model))
            try:
                answers.append(PairAnswer(model, self.similarity(first, second, model, info, progress)))
            except Exception as error:
                if not forgiving or isinstance(error, TrainingProblem):
                    raise
                log.warning("%s could not be asked: %s", model, error)
        vocabulary = self.shelves.vocabulary(info)
        one, other = term_key(first), term_key(second)
        reason = why(first, second)
        if answers:
            model = answers[0].model
            hood = self.shelves.neighbourhood(model, info, progress)
            reason = why(first, second, hood, self._library.vectors(model, [first, second]))
        return PairView(
            first,
            second,
            vocabulary.known(one, other),
            vocabulary.marked_apart(one, other),
            tuple(answers),
            reason,
        )

    # -- what is near -------------------------------------------------------------------------

    def neighbours(
        self, term: str, model: str, info: DictionaryInfo, k: int, progress: Progress | None = None
    ) -> list[Hit]:
        """The ``k`` terms of the dictionary nearest to ``term`` (any text), nearest first.

        Raises:
            InputError: as for :meth:`similarity`.
        """
        text = checked_text(term)
        hood = self.shelves.neighbourhood(model, info, progress)
        vector = self._library.vectors(model, [text])[0]
        return hood.neighbours(text, vector, max(1, min(k, MOST_NEIGHBOURS)))

    def near(
        self,
        text: str,
        source: Source,
        place: Place,
        systems: Sequence[str],
        info: DictionaryInfo | None,
        *,
        k: int = 10,
        filters: Filters = Filters(),  # noqa: B008  # frozen
        progress: Progress | None = None,
    ) -> Near:
        """What is nearest to ``text`` in a place by each system; ``info`` says what is known and calibrates.

        Raises:
            InputError: the text is empty or too long.
            BadParameter, NotFound, ModelProblem: there is no such system, or it cannot be loaded.
        """
        term = checked_text(text)
        key = term_key(term)
        vocabulary = self.shelves.vocabulary(info) if info else None
        synonyms = vocabulary.synonyms(key) if vocabulary else set()

        def relations(found: str) -> tuple[bool, str | None]:
            other = term_key(found)
            return other in synonyms, vocabulary.standard_of(other) if vocabulary else None

        accepts = wanted(term, filters, relations)
        only = synonyms if filters.known == "known" else None
        question = Question(term, accepts, filters.nothing, only)
        named = {each.id: each for each in map(self._measurer.systems.named, systems)}
        asked = []
        for system in named.values():
            one = self._serving.asked(system, place, question)
            if system.kind == "model" and info is not None and place.kind == "term":
                calibrator = self._calibrator_or_none(str(system.model), info, progress)
                one = one.calibrated(calibrator.probability if calibrator else None)
            asked.append(one)
        return side_by_side(term, source, asked, relations, max(1, min(k, MOST_NEIGHBOURS)))

    def matrix(
        self, terms: Sequence[str], model: str, info: DictionaryInfo | None, progress: Progress | None = None
    ) -> Matrix:
        """Distinct terms against each other; see :func:`workbench.search.matrix.build_matrix`."""
        calibrator = self._calibrator_or_none(model, info, progress) if info else None
        vectors = self._library.vectors(model, terms, progress, exact=True)
        if info is None:
            return build_matrix(model, terms, vectors, calibrator)
        return build_matrix(model, terms, vectors, calibrator, self.shelves.vocabulary(info).synonyms)

    # -- inside -------------------------------------------------------------------------------

    def _calibrator_or_none(
        self, model: str, info: DictionaryInfo, progress: Progress | None
    ) -> Calibrator | None:
        try:
            return self._calibrator(model, info, progress)
        except TrainingProblem:  # too small a dictionary: there are hits, and no probability
            return None

    def _calibrator(self, model: str, info: DictionaryInfo, progress: Progress | None) -> Calibrator:
        """What a cosine means; kept while no more than a twentieth of the dictionary has changed."""
        fingerprint = self._library.fingerprint(model, progress)
        key = (fingerprint, info.id)
        with self._calibrating.hold(key):
            kept = self._calibrated.get(key)
            if kept is not None:
                changed = self.shelves.changed_since(info, kept.version)
                if changed <= _STILL_TRUE * info.pairs:
                    return kept.calibrator
            subject = self._measurer.subject(info)
            stored = self._evaluations.calibration(fingerprint, subject.split.hash)
            if stored is not None:
                calibrator = Calibrator.from_json(stored)
            else:
                found = self._library.vectors(model, subject.terms, progress)
                vectors = dict(zip(subject.terms, found, strict=True))
                calibrator = Calibrator.fit(vectors, subject.pairs, subject.split)
                self._evaluations.save_calibration(fingerprint, subject.split.hash, calibrator.as_json())
            self._calibrated[key] = _Calibrated(info.version, calibrator)
            return calibrator


ASKING = LocalText("正在问 {model}", "Asking {model}")
