"""Cosine regression: the cosine of a pair becomes its label, the well-known way for text1, text2, label."""

from __future__ import annotations

from typing import Any

from workbench.localtext import LocalText
from workbench.training import common_parameters as common
from workbench.training.labelled import estimated_labelled, fit_labelled
from workbench.training.pair_losses import cosine_loss
from workbench.training.registry import StageContext, StageResult, StageSpec, register


def run(context: StageContext, parameters: dict[str, Any]) -> StageResult:
    """Train the top layers by ``mean (cos(u, v) - label)^2`` (CosineSimilarityLoss, Reimers & Gurevych 2019).

    Needs ``text1, text2, label`` with labels of 0..1, at least two different ones.

    Raises:
        TooLittleData: fewer than eight pairs, or all of one label.
        TrainingProblem: the architecture cannot be cut, or the loss is no longer a number.
    """
    return fit_labelled(context, parameters, cosine_loss)


register(
    StageSpec(
        name="cosine",
        title=LocalText("标注句对·余弦回归", "Labelled pairs, cosine regression"),
        help=LocalText(
            "让两句的余弦相似度等于标注（0..1）。最常见的做法（bge-m3 的句对微调就是它）；"
            "想让相似度的数值本身有意义时用它。",
            "The cosine of two texts becomes their label (0..1). The most common way (bge-m3 is tuned on "
            "pairs so); use it where the value of the similarity itself is to mean something.",
        ),
        needs=("labels",),
        parameters=(
            common.epochs(2),
            common.patience(),
            common.layers("2"),
            common.learning_rate_by_layers(),
            common.batch_size(32, most=1024),
            common.instruction(),
            common.max_length(),
            common.most_pairs(),
        ),
        estimate=estimated_labelled,
        run=run,
        source="Reimers & Gurevych 2019, arXiv:1908.10084",
    )
)
