"""LoRA: in-batch negatives that train small matrices beside the frozen ones, for less forgetting."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from workbench.localtext import LocalText
from workbench.training import common_parameters as common
from workbench.training.fitting import estimated_seconds, fit_top_layers
from workbench.training.low_rank import low_rank_split
from workbench.training.registry import StageContext, StageResult, StageSpec, Workload, register
from workbench.training.stages.in_batch import InBatch
from workbench.training.trunk import SplitModel
from workbench.types import Parameter


def run(context: StageContext, parameters: dict[str, Any]) -> StageResult:
    """Train ``W + (scale / rank) B A`` in the top layers' attention and feed-forward (LoRA, Hu 2021).

    Loss and data as in the stage ``in_batch``. The small matrices are merged into W before the blend with
    the base and before saving: the model is an ordinary one.

    Raises:
        TrainingProblem: the architecture cannot be cut, or the loss is no longer a number.
    """

    def split(folder: Path, layers: int) -> SplitModel:
        return low_rank_split(folder, layers, int(parameters["rank"]), float(parameters["scale"]))

    return fit_top_layers(context, parameters, InBatch(context.data, parameters), split=split)


def _estimate(work: Workload, parameters: dict[str, Any]) -> float:
    return estimated_seconds(work, parameters, 2 * work.pairs)


register(
    StageSpec(
        name="lora",
        title=LocalText("低秩微调（LoRA）", "Low-rank tuning (LoRA)"),
        help=LocalText(
            "只训练夹在原矩阵旁的小矩阵，存盘时并回原模型。改动小，忘得少；数据少、层数多时用它。",
            "Trains only small matrices beside the model's own, and merges them when it is saved. Changes "
            "and forgets less: for little data and many layers.",
        ),
        needs=("dictionary",),
        parameters=(
            common.epochs(4),
            common.patience(),
            common.layers("4"),
            common.learning_rate(1e-3, 1e-6, 1e-1),
            common.temperature(),
            common.batch_size(64, most=1024),
            common.two_way(),
            Parameter(
                "rank",
                "int",
                8,
                LocalText("秩", "Rank"),
                LocalText(
                    "小矩阵的宽度。越大，能学的越多。",
                    "How wide the small matrices are. More can learn more.",
                ),
                1,
                128,
            ),
            Parameter(
                "scale",
                "float",
                16.0,
                LocalText("放大倍数", "Scale"),
                LocalText(
                    "小矩阵的分量（论文里的 α）；常取秩的两倍。",
                    "How much the small matrices weigh (α in the paper); often twice the rank.",
                ),
                0.1,
                256.0,
            ),
        ),
        estimate=_estimate,
        run=run,
        source="Hu et al. 2021 (LoRA), arXiv:2106.09685",
    )
)
