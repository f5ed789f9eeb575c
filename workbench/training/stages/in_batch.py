"""Fine-tuning with in-batch negatives: the whole model, or its top layers over the frozen ones' output."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from workbench.localtext import LocalText
from workbench.training import common_parameters as common
from workbench.training.dataset import TrainingSet
from workbench.training.fitting import estimated_seconds, fit_top_layers
from workbench.training.grouping import GROUP, MANY_PAIRS, alike_together, group_size, nearest_answers
from workbench.training.looking import Vectors
from workbench.training.losses import HardNegatives, MarkedApart, batches, in_batch_loss
from workbench.training.registry import StageContext, StageResult, StageSpec, Workload, register
from workbench.types import Parameter

if TYPE_CHECKING:
    import torch


class InBatch:
    """Synonym and standard term find each other among a batch's; marked pairs are hard negatives."""

    def __init__(self, data: TrainingSet, parameters: dict[str, Any]) -> None:
        import torch

        self._anchors = torch.from_numpy(data.anchors)
        self._positives = torch.from_numpy(data.positives)
        self._concepts = torch.from_numpy(data.concepts)
        self._marked = MarkedApart(data.apart)
        self._batch = int(parameters["batch_size"])
        self._temperature = float(parameters["temperature"])
        self._two_way = bool(parameters.get("two_way", True))

    @property
    def examples(self) -> int:
        """Training pairs."""
        return len(self._anchors)

    def epoch(self, generator: torch.Generator) -> Sequence[torch.Tensor]:
        """All pairs in a new order."""
        import torch

        return batches(torch.randperm(len(self._anchors), generator=generator), self._batch)

    def hard_negatives(self, rows: torch.Tensor) -> HardNegatives | None:
        """What the pairs ``rows`` must be told from besides each other; None where there is nothing."""
        return self._marked.of_batch(self._anchors[rows], self._positives[rows])

    def loss(self, vectors: Vectors, rows: torch.Tensor) -> torch.Tensor:
        """The softmax of a batch of pairs."""
        import torch

        anchors, positives = self._anchors[rows], self._positives[rows]
        hard = self.hard_negatives(rows)
        texts = [anchors, positives, *([hard.texts] if hard else [])]
        of_anchors, of_positives, *rest = vectors(torch.cat(texts)).split([len(each) for each in texts])
        return in_batch_loss(
            of_anchors,
            of_positives,
            self._concepts[rows],
            self._temperature,
            (hard, rest[0]) if hard else None,
            two_way=self._two_way,
        )


class AlikeTogether(InBatch):
    """In-batch negatives, in batches where pairs that the model takes for alike stand together."""

    def __init__(self, data: TrainingSet, parameters: dict[str, Any], size: int) -> None:
        import torch

        super().__init__(data, parameters)
        self._size = size
        self._queries, self._query_of = torch.unique(self._anchors, return_inverse=True)
        self._standards, self._answers = torch.unique(self._positives, return_inverse=True)
        self._near: torch.Tensor | None = None

    def before_epoch(self, epoch: int, encode: Vectors) -> None:
        """Look which standard terms are nearest to each synonym, by the model as it is now."""
        self._near = nearest_answers(encode, self._queries, self._standards)[self._query_of]

    def epoch(self, generator: torch.Generator) -> Sequence[torch.Tensor]:
        """All pairs in a new order, alike ones together as soon as the model was looked at."""
        if self._near is None:
            return super().epoch(generator)
        order = alike_together(self._near, self._answers, self._concepts, self._size, generator)
        return batches(order, self._batch)


def run(context: StageContext, parameters: dict[str, Any]) -> StageResult:
    """Train the model with in-batch negatives (MultipleNegativesRankingLoss, Henderson 2017).

    Two-way or one-way, pairs of one concept kept out of each other's negatives, pairs marked as not
    synonyms added to them. Where there are many pairs, alike ones stand in the same batch
    (:mod:`workbench.training.grouping`). The rest is :func:`workbench.training.fitting.fit_top_layers`.

    Raises:
        TrainingProblem: the architecture cannot be cut, or the loss is no longer a number.
    """
    return fit_top_layers(context, parameters, objective_of(context.data, parameters))


def objective_of(data: TrainingSet, parameters: dict[str, Any]) -> InBatch:
    """What the stage trains for, with batches as its parameters say."""
    size = group_size(int(parameters["alike"]), len(data.anchors))
    return AlikeTogether(data, parameters, size) if size > 1 else InBatch(data, parameters)


def _estimate(work: Workload, parameters: dict[str, Any]) -> float:
    seconds = estimated_seconds(work, parameters, 2 * work.pairs)
    if group_size(int(parameters["alike"]), work.pairs) > 1:  # the terms are read before each pass
        seconds += common.epoch_count(parameters, work.pairs) * work.terms / work.terms_per_second
    return seconds


register(
    StageSpec(
        name="in_batch",
        title=LocalText("批内负例精调", "In-batch negatives"),
        help=LocalText(
            "让每个近似词在一批词里认出自己的标准词。默认训练整个模型；只训练最上面几层时，"
            "其余各层的输出只算一次，每一轮更快，学到的更少。",
            "Each synonym learns to find its standard term among a batch's. The whole model trains, "
            "unless you choose its top layers alone: then the others run once, an epoch is faster, and less "
            "is learnt.",
        ),
        needs=("dictionary",),
        parameters=(
            common.epochs(0),
            common.thorough(),
            common.patience(),
            common.layers("whole", words=True),
            common.learning_rate_by_layers(),
            common.temperature(),
            common.batch_size(128, most=1024),
            common.two_way(),
            Parameter(
                "alike",
                "int",
                0,
                LocalText("放在一起的相近词对", "Alike pairs together"),
                LocalText(
                    "每一批由若干小组组成，一组是这么多对模型现在容易混淆的词：反例更难，时间约多五分之一。"
                    f"1 表示随机；0 表示自动选：词对达到 {MANY_PAIRS:,} 时 {GROUP}，更少时 1。",
                    "Batches are made of groups of so many pairs that the model mixes up now: harder "
                    "negatives for about a fifth more time. 1: at random; 0 chooses: "
                    f"{GROUP} for {MANY_PAIRS:,} pairs and more, else 1.",
                ),
                0,
                64,
            ),
        ),
        estimate=_estimate,
        run=run,
        source="Henderson et al. 2017, arXiv:1705.00652; alike pairs: Sachidananda et al. 2023, "
        "arXiv:2210.12874; merging: Wortsman et al. 2022, arXiv:2203.05482",
    )
)
