"""In-batch negatives in batches of thousands, in the memory of a small one (GradCache)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from workbench.localtext import LocalText
from workbench.training import common_parameters as common
from workbench.training.dataset import TrainingSet
from workbench.training.fitting import estimated_seconds, fit_top_layers
from workbench.training.looking import Vectors
from workbench.training.registry import StageContext, StageResult, StageSpec, Workload, register
from workbench.training.stages.in_batch import InBatch
from workbench.types import Parameter

if TYPE_CHECKING:
    import torch


def in_chunks(vectors: Vectors, size: int) -> Vectors:
    """``vectors`` computed ``size`` texts at a time, keeping nothing of the layers in between.

    Backwards, each chunk is computed once more with the same dropout, and then given the gradient of
    its vectors: the gradients of one large batch in the memory of one chunk (GradCache, Gao 2021).
    """
    import torch
    from torch.utils.checkpoint import checkpoint

    def computed(rows: torch.Tensor) -> torch.Tensor:
        return torch.cat([checkpoint(vectors, part, use_reentrant=False) for part in rows.split(size)])

    return computed


class BigBatch(InBatch):
    """In-batch negatives whose vectors come in chunks."""

    def __init__(self, data: TrainingSet, parameters: dict[str, Any]) -> None:
        super().__init__(data, parameters)
        self._chunk = int(parameters["chunk_size"])

    def loss(self, vectors: Vectors, rows: torch.Tensor) -> torch.Tensor:
        """The softmax of a large batch of pairs."""
        return super().loss(in_chunks(vectors, self._chunk), rows)


def run(context: StageContext, parameters: dict[str, Any]) -> StageResult:
    """Train the top layers with in-batch negatives in large batches (GradCache, Gao et al. 2021).

    Loss and data as in the stage ``in_batch``.

    Raises:
        TrainingProblem: the architecture cannot be cut, or the loss is no longer a number.
    """
    return fit_top_layers(context, parameters, BigBatch(context.data, parameters))


def _estimate(work: Workload, parameters: dict[str, Any]) -> float:
    return estimated_seconds(work, parameters, int(2 * work.pairs * 4 / 3))  # one more forward pass


register(
    StageSpec(
        name="big_batch",
        title=LocalText("大批量负例（GradCache）", "Large batches (GradCache)"),
        help=LocalText(
            "一步里放几百到几千个词对，反例更多，内存却不增加；时间约多三分之一。词典有上万词对时用它。",
            "Hundreds to thousands of pairs in one step: more negatives in the same memory, for about a "
            "third more time. For dictionaries of ten thousand pairs and more.",
        ),
        needs=("dictionary",),
        parameters=(
            common.epochs(6),
            common.patience(),
            common.layers("2", words=True),
            common.learning_rate_by_layers(),
            common.temperature(),
            Parameter(
                "batch_size",
                "int",
                512,
                LocalText("批大小", "Batch size"),
                LocalText(
                    "一步里互为反例的词对数。词对少时，太大会使步数太少。",
                    "Pairs in one step, each other's negatives. With few pairs, large ones mean few steps.",
                ),
                64,
                4096,
            ),
            Parameter(
                "chunk_size",
                "int",
                64,
                LocalText("每块的词数", "Terms in a chunk"),
                LocalText(
                    "一次计算多少个词。只影响内存和速度，不影响结果。",
                    "How many terms are computed at once. For memory and speed alone.",
                ),
                8,
                1024,
            ),
            common.two_way(),
        ),
        estimate=_estimate,
        run=run,
        source="Gao et al. 2021 (GradCache), arXiv:2101.06983",
    )
)
