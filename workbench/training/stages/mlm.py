"""Masked language modelling: hidden words of the field's texts are guessed, before all else is learnt."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any

from workbench.localtext import LocalText
from workbench.training import common_parameters as common
from workbench.training.corruption import Masked, mask
from workbench.training.fitting import fit_top_layers
from workbench.training.looking import Vectors
from workbench.training.registry import StageContext, StageResult, StageSpec, Workload, register
from workbench.training.trunk import SplitModel, autocast
from workbench.training.unlabelled import OverTexts, RawTexts, estimated, need_mask_token, raw_texts
from workbench.training.words import WordUnits

if TYPE_CHECKING:
    import torch


class HiddenWords(OverTexts):
    """Whole words are hidden; a head over the word table, thrown away afterwards, guesses them."""

    keeps = ("_rng",)  # for checkpoints

    def __init__(self, raw: RawTexts, parameters: dict[str, Any]) -> None:
        super().__init__(raw, parameters)
        self._share = float(parameters["masked"])

    def attach(self, model: SplitModel, seed: int) -> None:
        """Cut the texts into tokens and words, and build the head."""
        from workbench.training.decoders import LanguageHead, Shortlist

        self._model, self._gap = need_mask_token(model)
        self._rng = random.Random(seed)
        self.tokenise(model)
        words = WordUnits(model.tokenizer)
        content = [self._rows.content(number) for number in range(len(self._raw.texts))]
        self._units = [words.of(row) for row in content]
        self._table = model.word_table()
        shortlist = Shortlist(self._rows.ids, self._table, seed)
        self._others = sorted({token for row in content for token in row})
        self._head = LanguageHead(shortlist)

    def companions(self) -> list[torch.nn.Parameter]:
        """The head, without the word table."""
        return self._head.parameters()

    def loss(self, vectors: Vectors, rows: torch.Tensor) -> torch.Tensor:
        """How badly the hidden words of a batch are guessed."""
        loss, _, _ = self.guessed(rows)
        return loss

    def guessed(self, rows: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """The loss, and states (b, L, width) and mask (b, L) of the texts with their gaps."""
        import torch

        gaps = [self._hide(number) for number in rows.tolist()]
        states, real = self._model.states([each.ids for each in gaps])
        with autocast():
            hidden = self._model.top(states, real)
            of = torch.tensor([row for row, each in enumerate(gaps) for _ in each.places])
            places = torch.tensor([place for each in gaps for place in each.places])
            wanted = torch.tensor([token for each in gaps for token in each.wanted])
            loss = self._head.loss(hidden[of, places], wanted)
        return loss, hidden, real

    def _hide(self, number: int) -> Masked:
        row, (start, _) = self._rows.ids[number], self._rows.spans[number]
        return mask(self._rng, row, start, self._units[number], self._share, self._gap, self._others)


def run(context: StageContext, parameters: dict[str, Any]) -> StageResult:
    """Train the top layers by ``L = -mean log p(w | text without w)`` over hidden words of raw text.

    Devlin 2018 (arXiv:1810.04805), whole words as in Cui 2019 (arXiv:1906.08101), Chinese ones by
    jieba. Guesses are made among the corpus's own tokens and 1,000 others (``Shortlist``): a softmax
    over a multilingual vocabulary would cost more than the encoder. Sentence models carry no language
    head: one begins at random over the word table. Whether it helps is for the next stage to show, so
    by default the last state is kept and not the best on the development terms.

    Raises:
        TooLittleData: fewer than 16 texts.
        TrainingProblem: no transformer layers, no mask token, or the loss is no number.
    """
    raw = raw_texts(context, parameters, cached=False)
    return raw.told(fit_top_layers(context, parameters, HiddenWords(raw, parameters)))


def _estimate(work: Workload, parameters: dict[str, Any]) -> float:
    return estimated(work, parameters, cached=1.0, whole=1.0, corpus=True)


register(
    StageSpec(
        name="mlm",
        title=LocalText("掩码语言模型（领域预训练）", "Masked language model (domain pre-training)"),
        help=LocalText(
            "先让模型读行业语料：遮住整个词，让它猜。用来给后面的阶段打底，单独使用一般没有好处。",
            "The model reads the field's texts first: whole words are hidden and guessed. A ground for the "
            "stages that follow; alone it seldom helps.",
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
                0.15,
                LocalText("遮住的比例", "Hidden"),
                LocalText("每条文本遮住多少比例的词元。", "The share of a text's tokens that is hidden."),
            ),
            common.most_texts(),
            common.max_length(),
            common.keep("last"),
        ),
        estimate=_estimate,
        run=run,
        source="Devlin et al. 2018, arXiv:1810.04805; whole words: Cui et al. 2019, arXiv:1906.08101",
    )
)
