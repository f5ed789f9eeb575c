"""SimCSE: one text encoded twice with different dropout is a pair; the others of the batch are not."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from workbench.localtext import LocalText
from workbench.training import common_parameters as common
from workbench.training.contrast import contrast
from workbench.training.fitting import fit_top_layers
from workbench.training.looking import Vectors
from workbench.training.losses import batches
from workbench.training.objectives import Companion
from workbench.training.registry import StageContext, StageResult, StageSpec, Workload, register
from workbench.training.trunk import SplitModel
from workbench.training.unlabelled import RawTexts, ensure_dropout, estimated, raw_texts

if TYPE_CHECKING:
    import torch


class TwoPasses(Companion):
    """Two passes of each text through the trained layers. ``first`` is the number of the first text."""

    def __init__(self, raw: RawTexts, first: int, parameters: dict[str, Any]) -> None:
        import torch

        self._first = first
        self._groups = torch.tensor(raw.groups)
        self._batch = int(parameters["batch_size"])
        self._temperature = float(parameters["temperature"])

    def attach(self, model: SplitModel, seed: int) -> None:
        """See that there is dropout."""
        ensure_dropout(model)

    @property
    def examples(self) -> int:
        """Texts."""
        return len(self._groups)

    def epoch(self, generator: torch.Generator) -> Sequence[torch.Tensor]:
        """All texts in a new order."""
        import torch

        return batches(torch.randperm(self.examples, generator=generator), self._batch)

    def loss(self, vectors: Vectors, rows: torch.Tensor) -> torch.Tensor:
        """Each text finds its own second pass."""
        import torch

        numbers = rows + self._first
        one, other = vectors(torch.cat([numbers, numbers])).chunk(2)
        return contrast(one, other, self._temperature, self._groups[rows])


def run(context: StageContext, parameters: dict[str, Any]) -> StageResult:
    """Train the top layers by ``L_i = -log exp(cos(h_i, h_i')/t) / sum_j exp(cos(h_i, h_j')/t)``.

    h and h' are two passes of a text with different dropout (Gao 2021, arXiv:2104.08821). Raw text
    is needed, or the dictionary's training terms. Unlike the paper there is dropout in the trained
    layers alone: what lies below runs once. Terms of one concept are not each other's negatives.

    Raises:
        TooLittleData: fewer than 16 texts.
        TrainingProblem: the architecture cannot be cut or knows no dropout, or the loss is no number.
    """
    raw = raw_texts(context, parameters, cached=True)
    objective = TwoPasses(raw, len(context.data.terms), parameters)
    return raw.told(fit_top_layers(context, parameters, objective, raw.texts))


def _estimate(work: Workload, parameters: dict[str, Any]) -> float:
    return estimated(work, parameters, cached=2.0, whole=0.0)


register(
    StageSpec(
        name="simcse",
        title=LocalText("SimCSE（无监督）", "SimCSE (no labels)"),
        help=LocalText(
            "不用标注：同一文本随机遮掉一部分神经元编码两次，应当彼此最近。有行业语料而词典小的时候，"
            "可放在批内负例之前。",
            "No labels: a text encoded twice with parts of the net switched off at random should be nearest "
            "to itself. Try it before in-batch negatives where there is raw text and little of a dictionary.",
        ),
        needs=("dictionary",),
        parameters=(
            common.epochs(1),
            common.patience(),
            common.layers("2"),
            common.learning_rate(5e-5, most=1e-2),
            common.temperature(),
            common.batch_size(64, most=1024),
            common.sources(),
            common.most_texts(),
            common.max_length(),
            common.keep("best"),
        ),
        estimate=_estimate,
        run=run,
        source="Gao et al. 2021, arXiv:2104.08821",
    )
)
