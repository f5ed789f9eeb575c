"""Looks at a model while it trains: development synonyms, all that is watched besides, the best blend."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

from workbench.errors import Stopped
from workbench.training.dataset import DevProbe, DevScores
from workbench.training.monitoring import Reading, fitting_looks
from workbench.training.registry import StageContext
from workbench.training.trunk import SplitModel

if TYPE_CHECKING:
    import numpy as np
    import torch
    from numpy.typing import NDArray

Vectors = Callable[["torch.Tensor"], "torch.Tensor"]  # numbers of texts (n,) -> their vectors (n, d)
ALPHAS = (0.3, 0.5, 0.7)
EVALUATION_SHARE = 0.15  # of the training time may go into looking
PASSES = 6  # a trained pair costs about as much as looking at so many texts


@runtime_checkable
class Watched(Protocol):
    """An objective that measures something of its own at each look at the development synonyms."""

    def watch(self, encode: Vectors) -> dict[str, float]:
        """Values by the names under which they are drawn and put into what was chosen."""


@dataclass
class Look:
    """A model as it was at a look. ``reading`` is None where only development synonyms were asked."""

    scores: DevScores
    epoch: float
    alpha: float
    weights: list[torch.Tensor]
    watched: dict[str, float] = field(default_factory=dict)
    reading: Reading | None = None
    vectors: NDArray[np.float32] | None = None  # of the texts that the development synonyms need

    def facts(self) -> dict[str, Any]:
        """All but its weights and vectors, as JSON."""
        reading = asdict(self.reading) if self.reading else None
        facts = {"epoch": self.epoch, "alpha": self.alpha, "watched": self.watched}
        return {"scores": asdict(self.scores), "reading": reading, **facts}

    @classmethod
    def of(cls, facts: dict[str, Any], weights: list[torch.Tensor]) -> Look:
        """What :meth:`facts` gave, with its weights."""
        reading = Reading(**facts["reading"]) if facts["reading"] else None
        scores = DevScores(**facts["scores"])
        return cls(scores, facts["epoch"], facts["alpha"], weights, facts["watched"], reading)


def draw(context: StageContext, step: int, scores: DevScores) -> None:
    """Put development scores into the live curve."""
    context.report.point("dev_recall@1", step, scores.recall1)
    context.report.point("dev_recall@10", step, scores.recall10)
    context.report.point("dev_mrr@10", step, scores.mrr10)


class Looks:
    """The looks of one stage. The texts of the run's monitor are numbered from ``first`` in ``model``."""

    def __init__(self, context: StageContext, model: SplitModel, objective: object, first: int) -> None:
        import torch

        self._context, self._model, self._objective = context, model, objective
        self.probe = DevProbe(context.data, max_queries=600, max_documents=2000)
        monitor = context.monitor
        texts = torch.arange(first, first + len(monitor.texts))
        self.undrawn: Look | None = None
        self._monitored = torch.cat([texts, torch.from_numpy(monitor.terms(context.data))])

    @property
    def numbers(self) -> set[int]:
        """The texts whose vectors are asked for."""
        return {*self.probe.needed.tolist(), *self._monitored.tolist()}

    def plan(self, examples: int, per_epoch: int, total: int) -> tuple[set[int], set[int]]:
        """The steps after which the development synonyms are looked at, and those with a wide look.

        One to four times in each epoch, wide ones as often as there is time left. Chosen by the work
        alone, never by the clock, so that the same seed keeps the same checkpoint.
        """
        needed = max(1, len(self.probe.needed))
        often = max(1, min(4, int(EVALUATION_SHARE * PASSES * examples / needed)))
        every = max(1, per_epoch // often)
        steps = {
            s for s in range(1, total + 1) if s == total or s % per_epoch == 0 or (s % per_epoch) % every == 0
        }
        time = EVALUATION_SHARE * PASSES * examples * total / max(1, per_epoch) - len(steps) * needed
        return steps, fitting_looks(sorted(steps), time / max(1, len(self._monitored)))

    def take(self, step: int, epoch: float, *, wide: bool) -> Look:
        """The model as it is now, drawn; step 0 is the base. ``wide``: with all that the run watches."""
        vectors = self._dev_vectors() if step else self._known(self.probe.needed.tolist())
        scores = self.probe.score(vectors)
        seen = Look(scores, epoch, 1.0 if step else 0.0, self._model.snapshot(), vectors=vectors)
        self.undrawn = seen
        draw(self._context, step, scores)
        seen.watched = self._watched()
        for series, value in seen.watched.items():
            self._context.report.point(series, step, value)
        reading = self._context.monitor.look(
            self._context.report,
            step,
            scores.recall1,
            self.probe.queries,
            (self._vectors if step else self._watched_before) if wide else None,
        )
        seen.reading = reading if wide else None
        self.undrawn = None
        return seen

    def blend(self, base: Look, best: Look) -> tuple[Look, bool]:
        """The best of ``best``, of weights between it and the base, and of the base itself.

        Weights in between (``base + alpha (tuned - base)``, Wortsman 2022) cost no training. Which of them
        is promising is read off the vectors in between, at no cost; only that one is put into the model
        and looked at. Where nothing is better than the base, the base is kept (alpha 0, epoch 0). The
        second value says whether it was stopped; then nothing is put back to the base.
        """
        tuned = best
        try:
            alpha = self._promising(base, tuned)
            if alpha is not None:
                blend = [b + alpha * (t - b) for b, t in zip(base.weights, tuned.weights, strict=True)]
                self._model.restore(blend)
                scores = self.probe.score(self._dev_vectors())
                if scores.choice > best.scores.choice:
                    best = Look(scores, best.epoch, alpha, blend, self._watched())
        except Stopped:
            return best, True
        return (base if best.scores.choice <= base.scores.choice else best), False

    def _promising(self, base: Look, tuned: Look) -> float | None:
        """The alpha at which vectors between the two looks score best; None where the tuned ones do."""
        import numpy as np

        ends = [self._vectors_of(look) for look in (base, tuned)]
        found: dict[float, float] = {}
        for alpha in ALPHAS:
            between = (1 - alpha) * ends[0] + alpha * ends[1]
            between /= np.linalg.norm(between, axis=1, keepdims=True).clip(1e-12)
            found[alpha] = self.probe.score(between).choice
        alpha = max(found, key=lambda each: found[each])
        return alpha if found[alpha] > self.probe.score(ends[1]).choice else None

    def _vectors_of(self, look: Look) -> NDArray[np.float32]:
        """What a look saw; a look of before a checkpoint is taken once more."""
        if look.vectors is None:
            self._model.restore(look.weights)
            look.vectors = self._dev_vectors()
        return look.vectors

    def settle(self, kept: Look) -> bool:
        """Tell the run's monitor of the model that is kept, which is in place. Whether it was stopped."""
        try:
            reading = kept.reading or self._context.monitor.read(kept.scores.recall1, self._vectors())
            self._context.monitor.settle(reading, self.probe.queries)
        except Stopped:
            return True
        return False

    @property
    def encode(self) -> Vectors:
        """Unit vectors of many texts, which Stop may interrupt."""
        return lambda rows: self._model.all_vectors(rows, lambda _: self._context.report.check_stop())

    def _known(self, numbers: list[int], watched: Sequence[str] = ()) -> NDArray[np.float32]:
        """Vectors of ``watched`` texts, then of terms by number, before training: often kept."""
        terms = self._context.data.terms
        return self._context.model.vectors((*watched, *(terms[number] for number in numbers)))

    def _watched_before(self) -> NDArray[np.float32]:
        monitor = self._context.monitor
        return self._known(monitor.terms(self._context.data).tolist(), monitor.texts)

    def _vectors(self) -> NDArray[np.float32]:
        vectors: NDArray[np.float32] = self.encode(self._monitored).numpy()
        return vectors

    def _watched(self) -> dict[str, float]:
        return self._objective.watch(self.encode) if isinstance(self._objective, Watched) else {}

    def _dev_vectors(self) -> NDArray[np.float32]:
        """Of the texts that the development synonyms are looked up among, which Stop may interrupt."""
        import torch

        vectors: NDArray[np.float32] = self.encode(torch.from_numpy(self.probe.needed)).numpy()
        return vectors
