"""Asks a cross-encoder which mined negatives are no negatives, as RocketQA does."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from workbench.errors import Stopped
from workbench.localtext import LocalText
from workbench.models.reranking import RERANKER, Reranker
from workbench.training.cross_encoding import train
from workbench.training.registry import Reporter, StageContext

if TYPE_CHECKING:
    import torch

QUICK: dict[str, Any] = {
    "layers": "3",
    "epochs": 1,
    "learning_rate": 0.0,
    "batch_size": 8,
    "negatives": 4,
    "most_pairs": 3000,
}


class Denoiser:
    """Takes out of mined terms those that a cross-encoder holds for synonyms.

    Most of what is mined and wrong is a synonym that nobody listed (Qu 2021, "cross-batch negatives,
    denoised hard negatives", arXiv:2010.08191). ``threshold`` (0..1): above it a term is taken out.
    """

    def __init__(self, reranker: Reranker, threshold: float, report: Reporter) -> None:
        self._reranker, self._threshold, self._report = reranker, threshold, report
        self._known: dict[tuple[str, str], float] = {}

    def kept(
        self, terms: Sequence[str], anchors: torch.Tensor, mined: torch.Tensor, count: int
    ) -> torch.Tensor:
        """The first ``count`` of each anchor's mined terms that are left, (n, count) int64; -1 where none is.

        ``anchors`` (n,) and ``mined`` (n, m) are numbers of ``terms``, -1 standing for none.
        """
        import torch

        rows, columns = torch.nonzero(mined >= 0, as_tuple=True)
        asked = zip(anchors[rows].tolist(), mined[rows, columns].tolist(), strict=True)
        pairs = [(terms[a], terms[b]) for a, b in asked]
        fresh = [pair for pair in dict.fromkeys(pairs) if pair not in self._known]
        if fresh:
            scores = self._reranker.scores(fresh, lambda _: self._report.check_stop())
            self._known.update(zip(fresh, scores.tolist(), strict=True))
        doubtful = torch.tensor([self._known[pair] > self._threshold for pair in pairs], dtype=torch.bool)
        left = mined.clone()
        left[rows[doubtful], columns[doubtful]] = -1
        order = (left < 0).to(torch.int8).sort(dim=1, stable=True).indices
        return left.gather(1, order)[:, :count]


@dataclass
class _Quiet:
    """Reports phases and asks for Stop, but draws nothing: the curve is that of another loop."""

    report: Reporter

    def phase(self, text: LocalText, progress: float = 0.0) -> None:
        self.report.phase(text, progress)

    def progress(self, fraction: float) -> None:
        self.report.progress(fraction)

    def steps(self, step: int, total: int) -> None:
        self.report.progress(step / total)

    def point(self, series: str, step: int, value: float) -> None:
        self.report.check_stop()

    def check_stop(self) -> None:
        self.report.check_stop()


@contextmanager
def denoiser_for(context: StageContext, threshold: float) -> Iterator[Denoiser]:
    """With the cross-encoder of the model that the stage starts from, or one trained quickly for this.

    Raises:
        TrainingProblem: the base is no transformer.
        Stopped: while it was being trained.
    """
    ready = context.model.folder / RERANKER
    if ready.is_dir():
        yield Denoiser(Reranker(ready), threshold, context.report)
        return
    with tempfile.TemporaryDirectory(dir=context.out) as name:
        model, fitted, _ = train(replace(context, checkpoints=None, report=_Quiet(context.report)), QUICK)
        if fitted.stopped:
            raise Stopped(LocalText("已停止。", "Stopped."))
        model.save_alone(Path(name) / RERANKER)
        del model
        yield Denoiser(Reranker(Path(name) / RERANKER), threshold, context.report)
