"""RetroMAE: a text is rebuilt from its sentence vector by a decoder that is too weak to do it alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from workbench.localtext import LocalText
from workbench.training import common_parameters as common
from workbench.training.fitting import fit_top_layers
from workbench.training.looking import Vectors
from workbench.training.registry import StageContext, StageResult, StageSpec, Workload, register
from workbench.training.stages.mlm import HiddenWords
from workbench.training.trunk import SplitModel, autocast
from workbench.training.unlabelled import RawTexts, estimated, raw_texts

if TYPE_CHECKING:
    import torch


class Rebuilt(HiddenWords):
    """The hidden words are guessed as in MLM, and the whole text is rebuilt from its sentence vector."""

    def __init__(self, raw: RawTexts, parameters: dict[str, Any]) -> None:
        super().__init__(raw, parameters)
        self._hidden_from_decoder = float(parameters["decoder_masked"])

    def attach(self, model: SplitModel, seed: int) -> None:
        """The head of MLM, and the decoder."""
        import torch

        from workbench.training.decoders import EnhancedDecoder

        super().attach(model, seed)
        with torch.no_grad():
            dimension = model.pooled(*model.states(self._rows.ids[:1])).shape[1]
        self._decoder = EnhancedDecoder(self._head, dimension, self._table.shape[1], self._model.heads)

    def companions(self) -> list[torch.nn.Parameter]:
        """The head and the decoder."""
        return self._decoder.parameters()

    def loss(self, vectors: Vectors, rows: torch.Tensor) -> torch.Tensor:
        """Of the guesses at gaps, and of the rebuilding."""
        loss, hidden, real = self.guessed(rows)
        found = self._model.pool(hidden, real).float()
        ids, mask = self._model.padded([self._rows.ids[n] for n in rows.tolist()])
        with autocast():
            return loss + self._decoder.loss(found, ids, self._table[ids], mask, self._hidden_from_decoder)


def run(context: StageContext, parameters: dict[str, Any]) -> StageResult:
    """Train the top layers by MLM's loss plus that of rebuilding each text (Xiao 2022, arXiv:2205.12035).

    The encoder sees a text with few gaps; a decoder of one layer gets its sentence vector (the model's
    own pooling; the paper takes CLS) and, for each place, another random part of the words ("enhanced
    decoding"), and is thrown away. Raw text is needed. The last state is kept by default, as in MLM.

    Raises:
        TooLittleData: fewer than 16 texts.
        TrainingProblem: no transformer layers, no mask token, or the loss is no number.
    """
    raw = raw_texts(context, parameters, cached=False)
    return raw.told(fit_top_layers(context, parameters, Rebuilt(raw, parameters)))


def _estimate(work: Workload, parameters: dict[str, Any]) -> float:
    return estimated(work, parameters, cached=2.0, whole=1.0, corpus=True)


register(
    StageSpec(
        name="retromae",
        title=LocalText("RetroMAE（领域预训练）", "RetroMAE (domain pre-training)"),
        help=LocalText(
            "先让模型读行业语料：把全文的意思压进句向量，再由一个很弱的解码器还原。"
            "比掩码语言模型更贴近检索；同样是给后面的阶段打底。",
            "The model reads the field's texts first: all of a text is pressed into its vector, from which a "
            "weak decoder rebuilds it. Nearer to search than the masked language model; also a ground for "
            "the stages that follow.",
        ),
        needs=("corpus",),
        parameters=(
            common.epochs(1),
            common.patience(),
            common.layers("2"),
            common.learning_rate(5e-5, most=1e-2),
            common.batch_size(32, most=1024),
            common.share(
                "masked",
                0.3,
                LocalText("对模型遮住的比例", "Hidden from the model"),
                LocalText(
                    "模型读文本时遮住多少比例的词元。", "The share of tokens that the model does not see."
                ),
            ),
            common.share(
                "decoder_masked",
                0.5,
                LocalText("对解码器遮住的比例", "Hidden from the decoder"),
                LocalText(
                    "解码器还原时看不到多少比例的词；越多，越要靠句向量。",
                    "The share of words that the decoder does not see. With more, the vector must tell more.",
                ),
            ),
            common.most_texts(),
            common.max_length(),
            common.keep("last"),
        ),
        estimate=_estimate,
        run=run,
        source="Xiao et al. 2022, arXiv:2205.12035",
    )
)
