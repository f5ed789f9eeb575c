"""DiffCSE: SimCSE, and from its sentence vector one can tell which words of a changed text were changed."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any

from workbench.localtext import LocalText
from workbench.training import common_parameters as common
from workbench.training.contrast import contrast
from workbench.training.corruption import exchange
from workbench.training.fitting import fit_top_layers
from workbench.training.looking import Vectors
from workbench.training.registry import StageContext, StageResult, StageSpec, Workload, register
from workbench.training.stages.simcse import TwoPasses
from workbench.training.trunk import SplitModel, autocast
from workbench.training.unlabelled import RawTexts, TokenRows, estimated, need_layers, raw_texts
from workbench.types import Parameter

if TYPE_CHECKING:
    import torch


class Difference(TwoPasses):
    """SimCSE's loss, and that of a discriminator which sees the sentence vector and a changed text."""

    keeps = ("_rng",)  # for checkpoints

    def __init__(self, raw: RawTexts, first: int, parameters: dict[str, Any]) -> None:
        super().__init__(raw, first, parameters)
        self._raw = raw
        self._share, self._longest = float(parameters["replaced"]), int(parameters["max_length"])
        self._weight = float(parameters["weight"])

    def attach(self, model: SplitModel, seed: int) -> None:
        """Cut the texts into tokens; the discriminator is a copy of the trained layers."""
        import torch

        super().attach(model, seed)
        self._model, self._rng = need_layers(model), random.Random(seed)
        self._rows = TokenRows(model, self._raw.texts, self._longest)
        # as often as they occur: a draw from the words' own frequencies
        self._pool = [t for number in range(len(self._raw.texts)) for t in self._rows.content(number)]
        self._discriminator = self._model.twin()
        self._discriminator.train(True)
        width = model.word_table().shape[1]
        with torch.no_grad():
            dimension = model.pooled(*model.states(self._rows.ids[:1])).shape[1]
        self._bridge = torch.nn.Linear(dimension, width)
        self._judge = torch.nn.Linear(width, 1)

    def partners(self) -> list[torch.nn.Parameter]:
        """The discriminator's layers."""
        return self._discriminator.trainable()

    def companions(self) -> list[torch.nn.Parameter]:
        """Its way in and its way out."""
        return [*self._bridge.parameters(), *self._judge.parameters()]

    def loss(self, vectors: Vectors, rows: torch.Tensor) -> torch.Tensor:
        """``L = L_SimCSE + weight x L_discriminator``."""
        import torch

        numbers = rows + self._first
        one, other = vectors(torch.cat([numbers, numbers])).chunk(2)
        loss = contrast(one, other, self._temperature, self._groups[rows])
        return loss + self._weight * self._told_apart(one, rows)

    def _told_apart(self, sentence: torch.Tensor, rows: torch.Tensor) -> torch.Tensor:
        import torch

        texts = [
            exchange(self._rng, self._rows.ids[n], self._rows.spans[n], self._share, self._pool)
            for n in rows.tolist()
        ]
        states, real = self._model.states([ids for ids, _ in texts])
        wanted = torch.tensor([float(flag) for _, flags in texts for flag in flags])
        with autocast():
            # the sentence vector takes the place of the first token, as in the paper
            states = torch.cat([self._bridge(sentence)[:, None].float(), states[:, 1:]], 1)
            guesses = self._judge(self._discriminator.top(states, real))[..., 0].float()
        return torch.nn.functional.binary_cross_entropy_with_logits(guesses[real], wanted)


def run(context: StageContext, parameters: dict[str, Any]) -> StageResult:
    """Train the top layers by ``L_SimCSE + weight x L_RTD`` (Chuang 2022, arXiv:2204.10298).

    L_RTD: a discriminator, given the sentence vector of x and a changed x'', says of every token whether
    it was replaced; it is thrown away. In the paper a small language model proposes the replacements.
    Sentence models carry none (their folder has no language head), so here replacements are drawn from
    the words of the texts, as often as they occur: easier to spot, a weaker teacher. The discriminator
    is a copy of the trained layers over the frozen ones. Raw text is needed, or the training terms.

    Raises:
        TooLittleData: fewer than 16 texts.
        TrainingProblem: no transformer layers, no dropout, or the loss is no number.
    """
    raw = raw_texts(context, parameters, cached=True)
    objective = Difference(raw, len(context.data.terms), parameters)
    return raw.told(fit_top_layers(context, parameters, objective, raw.texts))


def _estimate(work: Workload, parameters: dict[str, Any]) -> float:
    return estimated(work, parameters, cached=3.0, whole=1.0)


register(
    StageSpec(
        name="diffcse",
        title=LocalText("DiffCSE（无监督）", "DiffCSE (no labels)"),
        help=LocalText(
            "SimCSE 再加一项：凭句向量要能看出文本里哪些词被换过。一字之差意思就不同的行业可一试。",
            "SimCSE and more: from the vector one must see which words of a text were replaced. Worth a try "
            "where one word makes the difference.",
        ),
        needs=("dictionary",),
        parameters=(
            common.epochs(1),
            common.patience(),
            common.layers("2"),
            common.learning_rate(5e-5, most=1e-2),
            common.temperature(),
            common.batch_size(64, most=1024),
            common.share(
                "replaced",
                0.3,
                LocalText("换掉的比例", "Replaced"),
                LocalText("每条文本换掉多少比例的词元。", "The share of a text's tokens that is replaced."),
            ),
            Parameter(
                "weight",
                "float",
                0.005,
                LocalText("辨别的权重", "Weight of telling apart"),
                LocalText("这一项相对 SimCSE 占多重。", "How much it counts beside SimCSE."),
                0.0,
                1.0,
            ),
            common.sources(),
            common.most_texts(),
            common.max_length(),
            common.keep("best"),
        ),
        estimate=_estimate,
        run=run,
        source="Chuang et al. 2022, arXiv:2204.10298",
    )
)
