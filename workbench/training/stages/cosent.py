"""CoSENT: pairs with a higher label become the more similar ones, whatever the labels' scale."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from workbench.localtext import LocalText
from workbench.training import common_parameters as common
from workbench.training.labelled import estimated_labelled, fit_labelled
from workbench.training.pair_losses import cosent_loss
from workbench.training.registry import StageContext, StageResult, StageSpec, register

if TYPE_CHECKING:
    import torch


def run(context: StageContext, parameters: dict[str, Any]) -> StageResult:
    """Train the top layers with CoSENT over labelled pairs (Su 2022).

    ``log(1 + sum exp(scale (cos_j - cos_i)))`` over all pairs of pairs i, j of a batch where i has the
    higher label. Needs ``text1, text2, label`` of at least two labels.

    Raises:
        TooLittleData: fewer than eight pairs, or all of one label.
        TrainingProblem: the architecture cannot be cut, or the loss is no longer a number.
    """
    scale = float(parameters["scale"])

    def loss(first: torch.Tensor, second: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
        return cosent_loss(first, second, labels, scale)

    return fit_labelled(context, parameters, loss)


register(
    StageSpec(
        name="cosent",
        title=LocalText("标注句对·排序（CoSENT）", "Labelled pairs, ranked (CoSENT)"),
        help=LocalText(
            "让标注更高的句对更像。只看标注的高低，分数和 0/1 标注都能用；一般比余弦回归好。",
            "Pairs of a higher label become more alike. Only the order of labels counts, so scores and 0/1 "
            "both do; usually better than cosine regression.",
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
        source="Su 2022, kexue.fm/archives/8847; Huang et al. 2024, doi:10.1109/TASLP.2024.3402087; "
        "compared in arXiv:2309.12871",
    )
)
