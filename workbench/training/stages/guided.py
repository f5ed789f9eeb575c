"""GISTEmbed: in-batch negatives, without those that a guide model takes for synonyms."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from workbench.localtext import LocalText
from workbench.models.catalogue import CATALOGUE
from workbench.training import common_parameters as common
from workbench.training.fitting import estimated_seconds, fit_top_layers
from workbench.training.looking import Vectors
from workbench.training.metric_losses import guided_loss
from workbench.training.registry import (
    StageContext,
    StageResult,
    StageSpec,
    WorkingModel,
    Workload,
    register,
)
from workbench.training.stages.in_batch import InBatch
from workbench.types import Parameter

if TYPE_CHECKING:
    import torch


class Guided(InBatch):
    """In-batch negatives that the guide lets through; what is marked apart it is not asked about."""

    def __init__(self, context: StageContext, parameters: dict[str, Any]) -> None:
        import torch

        super().__init__(context.data, parameters)
        self._guide = torch.from_numpy(guide_of(context, parameters["guide"]).vectors(context.data.terms))
        self._margin = float(parameters["margin"])

    def loss(self, vectors: Vectors, rows: torch.Tensor) -> torch.Tensor:
        """The guided softmax of a batch of pairs."""
        import torch

        anchors, positives = self._anchors[rows], self._positives[rows]
        hard = self.hard_negatives(rows)
        texts = [anchors, positives, *([hard.texts] if hard else [])]
        of_anchors, of_positives, *rest = vectors(torch.cat(texts)).split([len(each) for each in texts])
        return guided_loss(
            of_anchors,
            of_positives,
            self._guide[anchors],
            self._guide[positives],
            self._concepts[rows],
            temperature=self._temperature,
            margin=self._margin,
            hard=(hard, rest[0]) if hard else None,
        )


def guide_of(context: StageContext, name: str) -> WorkingModel:
    """The guide by the name that the parameter has: where the stage starts, where the run did, or a base."""
    if name == "start" or (name == "base" and context.base_folder is None):
        return context.model
    assert context.open_model is not None  # who runs stages gives it
    return context.open_model(context.base_folder if name == "base" and context.base_folder else name)


def run(context: StageContext, parameters: dict[str, Any]) -> StageResult:
    """Train the top layers with guided in-batch negatives (GISTEmbed, Solatorio 2024).

    The guide is the model that the stage starts from, or another one (``guide``). See
    ``metric_losses.guided_loss``. Needs the dictionary alone; its pairs marked as not synonyms are
    negatives whatever the guide says.

    Raises:
        TrainingProblem: the architecture cannot be cut, or the loss is no longer a number.
        ModelProblem: the guide cannot be had.
    """
    context.report.phase(LocalText("正在编码词语", "Encoding the terms"))
    return fit_top_layers(context, parameters, Guided(context, parameters))


def _estimate(work: Workload, parameters: dict[str, Any]) -> float:
    return estimated_seconds(work, parameters, 2 * work.pairs)


_GUIDE = Parameter(
    "guide",
    "choice",
    "start",
    LocalText("向导", "Guide"),
    LocalText(
        "start：这个阶段开始时的模型；base：整个训练开始时的模型；其余是内置模型。越懂这一行的越好。",
        "“start” is the model that this stage starts from, “base” the one that the run began with, the "
        "others are built-in models. The better it knows the field, the better it guides.",
    ),
    choices=("start", "base", *(spec.id for spec in CATALOGUE)),
)
register(
    StageSpec(
        name="guided",
        title=LocalText("有向导的批内负例（GISTEmbed）", "Guided negatives (GISTEmbed)"),
        help=LocalText(
            "另一个模型当向导：它觉得比正确答案还像的词不当反例。词典不全、很多同义词还没收进来时用它。",
            "A model is the guide: what it finds nearer than the right answer is not used as a negative. For "
            "dictionaries that lack many synonyms.",
        ),
        needs=("dictionary",),
        parameters=(
            common.epochs(4),
            common.patience(),
            common.layers("2", words=True),
            common.learning_rate_by_layers(),
            common.temperature(),
            common.batch_size(64, most=1024),
            common.margin(
                0.0,
                LocalText(
                    "向导的余弦比正确答案低不到这么多的词也不当反例。",
                    "By how much below the right answer's cosine a term is left out, too.",
                ),
            ),
            _GUIDE,
        ),
        estimate=_estimate,
        run=run,
        source="Solatorio 2024 (GISTEmbed), arXiv:2402.16829",
    )
)
