"""AnglE: as CoSENT, with an angle in complex space beside the cosine, whose gradient does not vanish."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from workbench.localtext import LocalText
from workbench.training import common_parameters as common
from workbench.training.labelled import estimated_labelled, fit_labelled
from workbench.training.pair_losses import angle_loss
from workbench.training.registry import StageContext, StageResult, StageSpec, register

if TYPE_CHECKING:
    import torch


def run(context: StageContext, parameters: dict[str, Any]) -> StageResult:
    """Train the top layers with AnglE over labelled pairs (Li & Li 2023).

    The ranking of CoSENT, of the cosines and of the angles between vectors read as complex numbers, added
    (see ``pair_losses.angle_loss``). Needs ``text1, text2, label`` of at least two labels.

    Raises:
        TooLittleData: fewer than eight pairs, or all of one label.
        TrainingProblem: the architecture cannot be cut, or the loss is no longer a number.
    """
    scale = float(parameters["scale"])

    def loss(first: torch.Tensor, second: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
        return angle_loss(first, second, labels, scale)

    return fit_labelled(context, parameters, loss)


register(
    StageSpec(
        name="angle",
        title=LocalText("标注句对·角度（AnglE）", "Labelled pairs, angles (AnglE)"),
        help=LocalText(
            "在排序（CoSENT）之外再比较向量的角度，非常像或非常不像的句对也能继续学。"
            "句对较长、分数较细时可以一试。",
            "Besides ranking (CoSENT) it compares angles, so that very alike and very different pairs still "
            "teach. Worth a try for longer texts with finely graded scores.",
        ),
        needs=("labels",),
        parameters=(
            common.epochs(2),
            common.patience(),
            common.layers("2"),
            common.learning_rate_by_layers(),
            common.scale(),
            common.batch_size(32, most=1024),
            common.instruction(),
            common.max_length(),
            common.most_pairs(),
        ),
        estimate=estimated_labelled,
        run=run,
        source="Li & Li 2023, arXiv:2309.12871",
    )
)
