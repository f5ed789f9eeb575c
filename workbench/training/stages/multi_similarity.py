"""SapBERT's training: several terms of a concept in a batch, hard triplets mined there."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from workbench.localtext import LocalText
from workbench.training import common_parameters as common
from workbench.training.dataset import TrainingSet
from workbench.training.fitting import estimated_seconds, fit_top_layers
from workbench.training.looking import Vectors
from workbench.training.losses import MarkedApart, batches
from workbench.training.metric_losses import multi_similarity_loss
from workbench.training.mining import concept_of_terms
from workbench.training.registry import StageContext, StageResult, StageSpec, Workload, register
from workbench.types import Parameter

if TYPE_CHECKING:
    import torch


class MultiSimilarity:
    """Terms of one concept together, others apart, over all terms of a batch of pairs."""

    def __init__(self, data: TrainingSet, parameters: dict[str, Any]) -> None:
        import torch

        self._pairs = torch.from_numpy(data.anchors), torch.from_numpy(data.positives)
        self._of_pairs = torch.from_numpy(data.concepts)
        self._of_terms = concept_of_terms(data)
        self._marked = MarkedApart(data.apart)
        self._batch = int(parameters["batch_size"])
        self._settings = {
            name: float(parameters[name]) for name in ("positive_weight", "negative_weight", "base", "margin")
        }

    @property
    def examples(self) -> int:
        """Training pairs."""
        return len(self._of_pairs)

    def epoch(self, generator: torch.Generator) -> Sequence[torch.Tensor]:
        """All pairs, the concepts in a new order, pairs of one concept side by side."""
        import torch

        place = torch.randperm(int(self._of_pairs.max()) + 1, generator=generator)
        return batches(torch.argsort(place[self._of_pairs], stable=True), self._batch)

    def loss(self, vectors: Vectors, rows: torch.Tensor) -> torch.Tensor:
        """The loss over the different terms of a batch of pairs, and those marked apart from them."""
        import torch

        sides = [side[rows] for side in self._pairs]
        marked = self._marked.of_batch(*sides)
        terms = torch.unique(torch.cat([*sides, *([marked.texts] if marked else [])]))
        apart = self._marked.among(terms) if marked else None
        return multi_similarity_loss(vectors(terms), self._of_terms[terms], **self._settings, apart=apart)


def run(context: StageContext, parameters: dict[str, Any]) -> StageResult:
    """Train the top layers as SapBERT does (Liu 2021): see ``metric_losses.multi_similarity_loss``.

    Needs the dictionary alone; concepts of three and more terms are made full use of. Pairs marked as not
    synonyms are negatives of each other in every batch with one of them.

    Raises:
        TrainingProblem: the architecture cannot be cut, or the loss is no longer a number.
    """
    return fit_top_layers(context, parameters, MultiSimilarity(context.data, parameters))


def _estimate(work: Workload, parameters: dict[str, Any]) -> float:
    return estimated_seconds(work, parameters, 2 * work.pairs)


register(
    StageSpec(
        name="multi_similarity",
        title=LocalText("多重相似度（SapBERT）", "Multi-similarity (SapBERT)"),
        help=LocalText(
            "一批里放同一概念的多个叫法，只学其中分不清的：该近的拉近，该远的推远。"
            "概念的叫法多（三个以上）时可以一试。",
            "Puts several terms of a concept into a batch and learns from those that are confused: alike "
            "ones drawn together, others apart. Worth a try where concepts have three terms or more.",
        ),
        needs=("dictionary",),
        parameters=(
            common.epochs(4),
            common.patience(),
            common.layers("2", words=True),
            common.learning_rate_by_layers(),
            common.batch_size(128, most=1024),
            common.margin(
                0.2,
                LocalText(
                    "别的概念的词近到什么程度才算分不清。越大，学的越多。",
                    "How near a term of another concept counts as confused. Larger: more is learnt from.",
                ),
                2.0,
            ),
            Parameter(
                "positive_weight",
                "float",
                1.0,
                LocalText("拉近的锐度", "Sharpness of pulling"),
                LocalText(
                    "越大，越只看离得最远的同义词。",
                    "The larger, the more only the farthest synonyms count.",
                ),
                0.1,
                100.0,
            ),
            Parameter(
                "negative_weight",
                "float",
                60.0,
                LocalText("推远的锐度", "Sharpness of pushing"),
                LocalText(
                    "越大，越只看最像的错误答案。",
                    "The larger, the more only the most alike wrong answers count.",
                ),
                0.1,
                200.0,
            ),
            Parameter(
                "base",
                "float",
                0.5,
                LocalText("分界相似度", "Dividing similarity"),
                LocalText(
                    "同义词的余弦应高于它，其他词应低于它。",
                    "Synonyms' cosine should be above it, others' below.",
                ),
                -1.0,
                1.0,
            ),
        ),
        estimate=_estimate,
        run=run,
        source="Liu et al. 2021 (SapBERT), arXiv:2010.11784; Wang et al. 2019, arXiv:1904.06627",
    )
)
