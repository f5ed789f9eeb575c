"""Dictionary and labelled pairs together: batches of the one and of the other in turn, in a chosen share."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from workbench.localtext import LocalText
from workbench.training import common_parameters as common
from workbench.training.fitting import fit_top_layers
from workbench.training.labelled import LabelledPairs, estimated_labelled
from workbench.training.looking import Vectors
from workbench.training.pair_losses import cosent_loss
from workbench.training.registry import StageContext, StageResult, StageSpec, Workload, register
from workbench.training.stages.in_batch import InBatch
from workbench.types import Parameter

if TYPE_CHECKING:
    import torch


class Mixture:
    """In-batch negatives over the dictionary and CoSENT over labelled pairs, a batch of one kind each.

    A step is an index array: pairs of the dictionary by number, labelled ones counted on from there.
    An epoch has as many batches as both sets together; each kind has its share of them, spread evenly,
    and goes over its set again, in a new order, where that is more than the set has.
    """

    learns_terms = True

    def __init__(self, context: StageContext, parameters: dict[str, Any]) -> None:
        scale = 1.0 / float(parameters["temperature"])

        def loss(first: torch.Tensor, second: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
            return cosent_loss(first, second, labels, scale)

        self._dictionary = InBatch(context.data, parameters)
        self._labelled = LabelledPairs(context, parameters, loss)
        self._share = float(parameters["labelled_share"])
        self.texts = self._labelled.texts

    @property
    def examples(self) -> int:
        """Pairs of both kinds."""
        return self._dictionary.examples + self._labelled.examples

    def epoch(self, generator: torch.Generator) -> Sequence[torch.Tensor]:
        """Batches of both kinds, spread evenly."""
        first = list(self._dictionary.epoch(generator))
        second = list(self._labelled.epoch(generator))
        total = len(first) + len(second)
        wanted = round(total * self._share) if self._share else len(second)
        wanted = min(max(wanted, 1), total - 1)
        while len(second) < wanted:
            second += self._labelled.epoch(generator)
        while len(first) < total - wanted:
            first += self._dictionary.epoch(generator)
        mixed, taken = [], 0
        for number in range(total):
            if (number + 1) * wanted // total > taken:
                mixed.append(second[taken] + self._dictionary.examples)
                taken += 1
            else:
                mixed.append(first[number - taken])
        return mixed

    def loss(self, vectors: Vectors, rows: torch.Tensor) -> torch.Tensor:
        """The loss of a batch, by its kind."""
        count = self._dictionary.examples
        if int(rows[0]) < count:
            return self._dictionary.loss(vectors, rows)
        return self._labelled.loss(vectors, rows - count)

    def watch(self, encode: Vectors) -> dict[str, float]:
        """Spearman's correlation over the held-out labelled pairs."""
        return self._labelled.watch(encode)


def run(context: StageContext, parameters: dict[str, Any]) -> StageResult:
    """Train the top layers on both kinds of data: ``losses.in_batch_loss`` and CoSENT in turn.

    Needs labelled pairs (and the dictionary, which is always there).

    Raises:
        TooLittleData: fewer than eight labelled pairs, or all of one label.
        TrainingProblem: the architecture cannot be cut, or the loss is no longer a number.
    """
    objective = Mixture(context, parameters)
    return fit_top_layers(context, parameters, objective, objective.texts)


def _estimate(work: Workload, parameters: dict[str, Any]) -> float:
    return estimated_labelled(work, parameters, dictionary=2 * work.pairs)


register(
    StageSpec(
        name="mixture",
        title=LocalText("词典与句对混合", "Dictionary and pairs mixed"),
        help=LocalText(
            "词典批和标注句对批交替训练，一次学两样，不会学了后者忘前者。两种数据都有时用它。",
            "Batches of the dictionary and of labelled pairs in turn, so that neither is forgotten over the "
            "other. For those who have both kinds of data.",
        ),
        needs=("dictionary", "labels"),
        parameters=(
            common.epochs(3),
            common.patience(),
            common.layers("2"),
            common.learning_rate_by_layers(),
            common.temperature(),
            common.batch_size(64, most=1024),
            common.two_way(),
            Parameter(
                "labelled_share",
                "float",
                0.0,
                LocalText("句对所占的份额", "Share of labelled pairs"),
                LocalText(
                    "多大一部分批次来自标注句对；0 表示按两份数据的大小分。",
                    "How much of the batches comes from labelled pairs; 0 is by the sizes of both.",
                ),
                0.0,
                0.95,
            ),
            common.instruction(),
            common.max_length(),
            common.most_pairs(),
        ),
        estimate=_estimate,
        run=run,
        source="Su 2022, kexue.fm/archives/8847; Henderson et al. 2017, arXiv:1705.00652; "
        "proportional sampling: Raffel et al. 2020, arXiv:1910.10683",
    )
)
