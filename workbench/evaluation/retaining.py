"""Measures what models still know of everyday words, and how far their neighbours are their base's."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from workbench.errors import WorkbenchError
from workbench.evaluation.retention import (
    RetentionFigures,
    RetentionProbe,
    RetentionScore,
    neighbour_overlap,
    overlap_sample,
    probes_for,
)
from workbench.localtext import LocalText
from workbench.models.mapped import mapped_vectors
from workbench.normalise import digest
from workbench.storage.retentions import RetentionStore

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from workbench.models.library import ModelLibrary

Progress = Callable[[float, LocalText], None]


class RetentionMeasurer:
    """Scores on the probes and overlaps with the base; each is computed once for a model's weights."""

    def __init__(self, store: RetentionStore, library: ModelLibrary) -> None:
        self._store = store
        self._library = library

    def measure(
        self, model: str, terms: Iterable[str] = (), progress: Progress | None = None
    ) -> RetentionFigures:
        """The figures of a model and of the base that it came from; what is not stored is encoded now.

        ``terms`` are those of a dictionary, for the overlap among them (a fixed sample of 500).

        Raises:
            NotFound, ModelUnavailable, UnsafeModel, ModelProblem: the model or its base is not there.
        """
        probes, base = probes_for(self.languages(model)), self._library.base_of(model)
        for each in (model, base):
            if each is not None:
                self._score(each, probes, progress)
        samples = _samples(probes, terms)
        if base is not None:
            for texts in samples.values():
                self._overlap(model, base, texts, progress)
        return self._figures(model, base, probes, samples)

    def stored(self, models: Iterable[str], terms: Iterable[str] = ()) -> dict[str, RetentionFigures]:
        """The figures of those of ``models`` that have been measured. Computes no vectors, so it is quick."""
        known, terms = {}, overlap_sample(terms)
        for model in models:
            try:
                base = self._library.base_of(model)
                if not all(self._library.is_here(each) for each in (model, base) if each):
                    continue
                probes = probes_for(self.languages(model))
                figures = self._figures(model, base, probes, _samples(probes, terms))
            except WorkbenchError:
                continue  # its folder is gone, or it is no model but compares letters
            if figures.scores:
                known[model] = figures
        return known

    def languages(self, model: str) -> tuple[str, ...]:
        """The languages of a model, or of the base model that it goes back to; none where it does not say."""
        seen = set()
        while (base := self._library.base_of(model)) is not None and model not in seen:
            seen.add(model)
            model = base
        return next((info.languages for info in self._library.bases() if info.id == model), ())

    # -- inside -------------------------------------------------------------------------------

    def _figures(
        self,
        model: str,
        base: str | None,
        probes: Sequence[RetentionProbe],
        samples: Mapping[str, tuple[str, ...]],
    ) -> RetentionFigures:
        """What is stored, put together."""
        own = self._library.fingerprint(model)
        others = self._library.fingerprint(base) if base else ""
        found = self._store.scores([own, others], [probe.hash for probe in probes])
        scores = {
            probe.language: RetentionScore(found[own, probe.hash], found.get((others, probe.hash)))
            for probe in probes
            if (own, probe.hash) in found
        }
        overlaps = {
            name: self._store.overlap(own, others, digest(*texts)) for name, texts in samples.items() if base
        }
        return RetentionFigures(scores, {name: x for name, x in overlaps.items() if x is not None})

    def _score(self, model: str, probes: Sequence[RetentionProbe], progress: Progress | None) -> None:
        fingerprint = self._library.fingerprint(model, progress)
        known = self._store.scores([fingerprint], [probe.hash for probe in probes])
        scores = {
            probe.hash: probe.score(self._vectors(model, probe.texts, progress))
            for probe in probes
            if (fingerprint, probe.hash) not in known
        }
        if scores:
            self._store.save_scores(fingerprint, scores)

    def _overlap(self, model: str, base: str, texts: tuple[str, ...], progress: Progress | None) -> None:
        own, others = self._library.fingerprint(model), self._library.fingerprint(base)
        sample = digest(*texts)
        if self._store.overlap(own, others, sample) is None:
            a, b = (self._vectors(each, texts, progress) for each in (model, base))
            self._store.save_overlap(own, others, sample, neighbour_overlap(a, b))

    def _vectors(self, model: str, texts: Sequence[str], progress: Progress | None) -> NDArray[np.float32]:
        """Unit vectors (n, d). A map over the base's is applied to these: nothing is encoded twice."""
        base = self._library.base_of(model)
        if base is not None and self._library.missing(model, texts):
            folder = self._library.folder(model)
            own = self._library.vectors(base, texts, progress)
            moved = mapped_vectors(self._library.folder(base), folder, own)
            if moved is not None:
                self._library.remember(folder, texts, moved)
        return self._library.vectors(model, texts, progress)


def _samples(probes: Sequence[RetentionProbe], terms: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """The texts among which neighbours are compared: those of the probes, and some of a dictionary."""
    general = tuple(text for probe in probes for text in probe.texts)
    samples = {"general": general, "dictionary": overlap_sample(terms)}
    return {name: texts for name, texts in samples.items() if texts}
