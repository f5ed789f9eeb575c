"""TSDAE: a text is written again from the sentence vector of what is left of it."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any

from workbench.localtext import LocalText
from workbench.training import common_parameters as common
from workbench.training.corruption import thin
from workbench.training.fitting import fit_top_layers
from workbench.training.looking import Vectors
from workbench.training.registry import StageContext, StageResult, StageSpec, Workload, register
from workbench.training.trunk import SplitModel, autocast
from workbench.training.unlabelled import OverTexts, RawTexts, estimated, raw_texts

if TYPE_CHECKING:
    import torch

HEADS = 4


class WriteAgain(OverTexts):
    """A small decoder must write each whole text from the vector of a thinned one."""

    keeps = ("_rng",)  # for checkpoints

    def __init__(self, raw: RawTexts, parameters: dict[str, Any]) -> None:
        super().__init__(raw, parameters)
        self._share = float(parameters["dropped"])

    def attach(self, model: SplitModel, seed: int) -> None:
        """Cut the texts into tokens, and build the decoder."""
        import torch

        from workbench.training.decoders import Shortlist, WritingDecoder

        self._model, self._rng = model, random.Random(seed)
        self.tokenise(model)
        self._table = model.word_table()
        shortlist = Shortlist(self._rows.ids, self._table, seed)
        with torch.no_grad():
            dimension = model.pooled(*model.states(self._rows.ids[:1])).shape[1]
        self._decoder = WritingDecoder(shortlist, dimension, HEADS)

    def companions(self) -> list[torch.nn.Parameter]:
        """The decoder."""
        return self._decoder.parameters()

    def loss(self, vectors: Vectors, rows: torch.Tensor) -> torch.Tensor:
        """How badly each text is written again."""
        whole = [self._rows.ids[n] for n in rows.tolist()]
        thinned = [
            thin(self._rng, self._rows.ids[n], self._rows.spans[n], self._share) for n in rows.tolist()
        ]
        found = self._model.pooled(*self._model.states(thinned))
        ids, mask = self._model.padded(whole)
        with autocast():
            return self._decoder.loss(found, ids, self._table[ids], mask)


def run(context: StageContext, parameters: dict[str, Any]) -> StageResult:
    """Train the top layers by ``L = -sum_t log p(x_t | x_<t, f(thinned x))`` (Wang 2021, arXiv:2104.06979).

    60 % of the tokens are dropped. The decoder sees the sentence vector alone: one layer that begins at
    random over the model's own word table (the paper copies the whole encoder), thrown away afterwards.
    Raw text is needed, or the dictionary's training terms.

    Raises:
        TooLittleData: fewer than 16 texts.
        TrainingProblem: the architecture cannot be cut, or the loss is no number.
    """
    raw = raw_texts(context, parameters, cached=False)
    return raw.told(fit_top_layers(context, parameters, WriteAgain(raw, parameters)))


def _estimate(work: Workload, parameters: dict[str, Any]) -> float:
    return estimated(work, parameters, cached=1.5, whole=0.5, corpus=True)


register(
    StageSpec(
        name="tsdae",
        title=LocalText("TSDAE（无监督）", "TSDAE (no labels)"),
        help=LocalText(
            "不用标注：删掉文本里大部分词，再凭句向量把全文写回来。有几千条以上的行业语料时可一试。",
            "No labels: most words of a text are dropped, and the whole is written again from the vector. "
            "Worth a try with some thousand texts of the field.",
        ),
        needs=("dictionary",),
        parameters=(
            common.epochs(1),
            common.patience(),
            common.layers("2"),
            common.learning_rate(5e-5, most=1e-2),
            common.batch_size(32, most=1024),
            common.share(
                "dropped",
                0.6,
                LocalText("删掉的比例", "Dropped"),
                LocalText("每条文本删掉多少比例的词元。", "The share of a text's tokens that is dropped."),
            ),
            common.sources(),
            common.most_texts(),
            common.max_length(),
            common.keep("best"),
        ),
        estimate=_estimate,
        run=run,
        source="Wang et al. 2021, arXiv:2104.06979",
    )
)
