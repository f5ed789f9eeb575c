"""ESimCSE: SimCSE whose second pass has some words doubled, with more negatives from a slower model."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any

from workbench.localtext import LocalText
from workbench.training import common_parameters as common
from workbench.training.contrast import contrast
from workbench.training.corruption import double
from workbench.training.fitting import fit_top_layers
from workbench.training.looking import Vectors
from workbench.training.registry import StageContext, StageResult, StageSpec, Workload, register
from workbench.training.trunk import SplitModel
from workbench.training.unlabelled import OverTexts, RawTexts, estimated, raw_texts
from workbench.types import Parameter

if TYPE_CHECKING:
    import torch

MOMENTUM = 0.995
QUEUE = 2.5  # batches, as in the paper


class DoubledWords(OverTexts):
    """A text against itself with doubled tokens, the batch and a queue of earlier texts as negatives."""

    keeps = ("_rng", "_queue", "_slow")  # for checkpoints

    def __init__(self, raw: RawTexts, first: int, parameters: dict[str, Any]) -> None:
        import torch

        super().__init__(raw, parameters)
        self._first, self._groups = first, torch.tensor(raw.groups)
        self._temperature, self._most = float(parameters["temperature"]), float(parameters["doubled"])
        self._queue: torch.Tensor | None = None

    def attach(self, model: SplitModel, seed: int) -> None:
        """Cut the texts into tokens, and copy the layers for the slow model."""
        self._model, self._slow = model, model.twin()
        self._slow.train(False)
        self._rng = random.Random(seed)
        self.tokenise(model)

    def loss(self, vectors: Vectors, rows: torch.Tensor) -> torch.Tensor:
        """Each text finds itself with doubled tokens among the batch's and none of the queue's."""
        import torch

        numbers = rows + self._first
        ids = [double(self._rng, self._rows.ids[n], self._rows.spans[n], self._most) for n in rows.tolist()]
        changed = self._model.pooled(*self._model.states(ids))
        loss = contrast(vectors(numbers), changed, self._temperature, self._groups[rows], self._queue)
        with torch.no_grad():
            slow = self._slow.vectors(numbers)
        kept = slow if self._queue is None else torch.cat([slow, self._queue])
        self._queue = kept[: int(QUEUE * self._batch)]
        return loss

    def after_step(self) -> None:
        """The slow model follows: ``slow = m slow + (1 - m) model``."""
        import torch

        with torch.no_grad():
            for slow, now in zip(self._slow.trainable(), self._model.trainable(), strict=True):
                slow.lerp_(now, 1 - MOMENTUM)


def run(context: StageContext, parameters: dict[str, Any]) -> StageResult:
    """Train the top layers by SimCSE's loss with another second view and a queue (Wu 2022, arXiv:2109.04380).

    The second view has 0..max(2, share x length) tokens doubled, so that length gives nothing away.
    The queue holds the last 2.5 batches as a model encoded them whose weights follow with momentum
    0.995, dropout off. Raw text is needed, or the dictionary's training terms.

    Raises:
        TooLittleData: fewer than 16 texts.
        TrainingProblem: the architecture cannot be cut, or the loss is no number.
    """
    raw = raw_texts(context, parameters, cached=True)
    objective = DoubledWords(raw, len(context.data.terms), parameters)
    return raw.told(fit_top_layers(context, parameters, objective, raw.texts))


def _estimate(work: Workload, parameters: dict[str, Any]) -> float:
    return estimated(work, parameters, cached=2.3, whole=1.0)


register(
    StageSpec(
        name="esimcse",
        title=LocalText("ESimCSE（无监督）", "ESimCSE (no labels)"),
        help=LocalText(
            "SimCSE 的改进：第二次编码时重复一些字词，免得模型只看长短；反例也更多。"
            "语料长短不一时用它代替 SimCSE。",
            "SimCSE made better: the second time some words are doubled, so that length tells nothing; and "
            "there are more negatives. Use it instead of SimCSE where texts differ much in length.",
        ),
        needs=("dictionary",),
        parameters=(
            common.epochs(1),
            common.patience(),
            common.layers("2"),
            common.learning_rate(5e-5, most=1e-2),
            common.temperature(),
            common.batch_size(64, most=1024),
            Parameter(
                "doubled",
                "float",
                0.32,
                LocalText("重复比例", "Doubled at most"),
                LocalText(
                    "最多重复一条文本里多少比例的词元。", "At most this share of a text's tokens is doubled."
                ),
                0.05,
                0.9,
            ),
            common.sources(),
            common.most_texts(),
            common.max_length(),
            common.keep("best"),
        ),
        estimate=_estimate,
        run=run,
        source="Wu et al. 2022, arXiv:2109.04380; queue: He et al. 2020, arXiv:1911.05722",
    )
)
