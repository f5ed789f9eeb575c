"""GISTEmbed: in-batch negatives, without those that a guide model takes for synonyms."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from workbench.localtext import LocalText
from workbench.training import common_parameters as common
from workbench.training.fitting import Vectors, estimated_seconds, fit_top_layers
from workbench.training.metric_losses import guided_loss
from workbench.training.registry import StageContext, StageResult, StageSpec, Workload, register
from workbench.training.stages.in_batch import InBatch

if TYPE_CHECKING:
    import torch


class Guided(InBatch):
    """In-batch negatives that the guide, the model as it was before this stage, lets through."""

    def __init__(self, context: StageContext, parameters: dict[str, Any]) -> None:
        import torch

        super().__init__(context.data, parameters)
        self._guide = torch.from_numpy(context.model.vectors(context.data.terms))
        self._margin = float(parameters["margin"])

    def loss(self, vectors: Vectors, rows: torch.Tensor) -> torch.Tensor:
        """The guided softmax of a batch of pairs."""
        import torch

        anchors, positives = self._anchors[rows], self._positives[rows]
        of_anchors, of_positives = vectors(torch.cat([anchors, positives])).chunk(2)
        return guided_loss(
            of_anchors,
            of_positives,
            self._guide[anchors],
            self._guide[positives],
            self._concepts[rows],
            temperature=self._temperature,
            margin=self._margin,
        )


def run(context: StageContext, parameters: dict[str, Any]) -> StageResult:
    """Train the top layers with guided in-batch negatives (GISTEmbed, Solatorio 2024).

    The guide is the model that the stage starts from. See ``metric_losses.guided_loss``. Needs the
    dictionary alone; its pairs marked as not synonyms take no part.

    Raises:
        TrainingProblem: the architecture cannot be cut, or the loss is no longer a number.
    """
    context.report.phase(LocalText("正在编码词语", "Encoding the terms"))
    return fit_top_layers(context, parameters, Guided(context, parameters))


def _estimate(work: Workload, parameters: dict[str, Any]) -> float:
    return estimated_seconds(work, parameters, 2 * work.pairs)


register(
    StageSpec(
        name="guided",
        title=LocalText("有向导的批内负例（GISTEmbed）", "Guided negatives (GISTEmbed)"),
        help=LocalText(
            "训练前的模型当向导：它觉得比正确答案还像的词不当反例。词典不全、很多同义词还没收进来时用它。",
            "The model as it was is the guide: what it finds nearer than the right answer is not used as a "
            "negative. For dictionaries that lack many synonyms.",
        ),
        needs=("dictionary",),
        parameters=(
            common.epochs(4),
            common.layers("2"),
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
        ),
        estimate=_estimate,
        run=run,
        source="Solatorio 2024 (GISTEmbed), arXiv:2402.16829",
    )
)
