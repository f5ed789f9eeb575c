"""Contrastive tension: two copies of the model must agree on a text, and on nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from workbench.localtext import LocalText
from workbench.training import common_parameters as common
from workbench.training.contrast import tension
from workbench.training.fitting import fit_top_layers
from workbench.training.looking import Vectors
from workbench.training.losses import batches
from workbench.training.objectives import Companion
from workbench.training.registry import StageContext, StageResult, StageSpec, Workload, register
from workbench.training.trunk import SplitModel
from workbench.training.unlabelled import RawTexts, estimated, raw_texts
from workbench.types import Parameter

if TYPE_CHECKING:
    import torch

SCALE = 20.0
PROBED = 256  # texts whose similarities say where to start


class TwoModels(Companion):
    """Agreement of the model with a twin that trains beside it and is thrown away."""

    def __init__(self, raw: RawTexts, first: int, parameters: dict[str, Any]) -> None:
        self._first, self._examples = first, len(raw.texts)
        self._batch, self._negatives = int(parameters["batch_size"]), int(parameters["negatives"])

    def attach(self, model: SplitModel, seed: int) -> None:
        """Copy the layers; begin where chance texts are neither alike nor unlike."""
        import torch

        self._twin = model.twin()
        self._twin.train(True)
        some = torch.arange(min(PROBED, self._examples)) + self._first
        unit = model.all_vectors(some)
        alike = (unit @ unit.T).fill_diagonal_(0).sum() / (len(unit) * (len(unit) - 1))
        self._scale = torch.nn.Parameter(torch.tensor(SCALE))
        self._shift = torch.nn.Parameter(alike.clone())

    def partners(self) -> list[torch.nn.Parameter]:
        """The twin."""
        return self._twin.trainable()

    def companions(self) -> list[torch.nn.Parameter]:
        """Scale and shift of the cosine."""
        return [self._scale, self._shift]

    @property
    def examples(self) -> int:
        """Texts."""
        return self._examples

    def epoch(self, generator: torch.Generator) -> Sequence[torch.Tensor]:
        """All texts in a new order."""
        import torch

        return batches(torch.randperm(self.examples, generator=generator), self._batch)

    def loss(self, vectors: Vectors, rows: torch.Tensor) -> torch.Tensor:
        """Which pairs of the two models' vectors are of one text."""
        from torch.nn import functional

        numbers = rows + self._first
        mine = functional.normalize(vectors(numbers), dim=1)
        others = functional.normalize(self._twin.vectors(numbers), dim=1)
        return tension(self._scale * (others @ mine.T - self._shift), self._negatives)


def run(context: StageContext, parameters: dict[str, Any]) -> StageResult:
    """Train the top layers so that ``sigma(f(s_i) . g(s_j))`` is 1 for i = j and 0 else (Carlsson 2021).

    f is the model, g a copy that trains beside it. One equal pair to K unequal ones. The paper takes
    the plain inner product; here it is ``scale (cos - shift)``, both learnt, the shift beginning at the
    mean similarity of the texts: vectors of most models today are of unit length, some squeezed near 1.
    Raw text is needed, or the dictionary's training terms.

    Raises:
        TooLittleData: fewer than 16 texts.
        TrainingProblem: the architecture cannot be cut, or the loss is no number.
    """
    raw = raw_texts(context, parameters, cached=True)
    objective = TwoModels(raw, len(context.data.terms), parameters)
    return raw.told(fit_top_layers(context, parameters, objective, raw.texts))


def _estimate(work: Workload, parameters: dict[str, Any]) -> float:
    return estimated(work, parameters, cached=2.0, whole=0.0)


register(
    StageSpec(
        name="contrastive_tension",
        title=LocalText("对比张力（无监督）", "Contrastive tension (no labels)"),
        help=LocalText(
            "不用标注：两份模型对同一文本要一致，对不同文本要不一致。基础模型没有 dropout 时也能用。",
            "No labels: two copies of the model must agree on one text and disagree on two. "
            "Works for base models without dropout as well.",
        ),
        needs=("dictionary",),
        parameters=(
            common.epochs(1),
            common.patience(),
            common.layers("2"),
            common.learning_rate(5e-5, most=1e-2),
            common.batch_size(64, most=1024),
            Parameter(
                "negatives",
                "int",
                7,
                LocalText("每条的反例数", "Negatives for each text"),
                LocalText("一对相同文本配几对不同文本。", "Unequal pairs to one equal pair."),
                1,
                1023,
            ),
            common.sources(),
            common.most_texts(),
            common.max_length(),
            common.keep("best"),
        ),
        estimate=_estimate,
        run=run,
        source="Carlsson et al. 2021, Semantic Re-tuning with Contrastive Tension (ICLR); "
        "compared in Wang et al. 2021, arXiv:2104.06979",
    )
)
