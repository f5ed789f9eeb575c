"""Triplets: an anchor comes nearer to its positive than to its negative, by a margin."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from workbench.errors import TooLittleData
from workbench.localtext import LocalText
from workbench.normalise import term_key
from workbench.training import common_parameters as common
from workbench.training.fitting import fit_top_layers
from workbench.training.labelled import drawn, estimated_labelled
from workbench.training.looking import Vectors
from workbench.training.losses import batches
from workbench.training.pair_losses import batch_hard_triplet_loss, triplet_loss
from workbench.training.registry import StageContext, StageResult, StageSpec, Workload, register
from workbench.types import LabelledPair, Parameter

if TYPE_CHECKING:
    import torch

FEWEST_TRIPLETS = 8


class Triplets:
    """Anchor, positive and negative by number; the hardest of a batch where that is asked for.

    Texts that triplets name as anchor and positive of one another form a group.

    Raises:
        TooLittleData: fewer than eight different triplets whose negative differs from the other two.
    """

    def __init__(self, context: StageContext, parameters: dict[str, Any]) -> None:
        import torch

        triplets = drawn(context, parameters, context.material.triplets)
        rows = list(dict.fromkeys(_keys(each) for each in triplets))
        rows = [(a, p, n) for a, p, n in rows if n and n not in (a, p) and a != p]
        _enough(len(rows))
        numbers: dict[str, int] = {}
        for row in rows:
            for key in row:
                numbers.setdefault(key, len(numbers))
        raw = {term_key(text): text for each in triplets for text in _texts(each)}
        first = len(context.data.terms)
        self.texts = [raw[key] for key in numbers]
        self._triplets = torch.tensor([[first + numbers[key] for key in row] for row in rows])
        self._groups = torch.tensor([0] * first + _groups(rows, numbers))
        self._batch = int(parameters["batch_size"])
        self._margin = float(parameters["margin"])
        self._hardest = parameters["negatives"] == "hardest"

    @property
    def examples(self) -> int:
        """Triplets."""
        return len(self._triplets)

    def epoch(self, generator: torch.Generator) -> Sequence[torch.Tensor]:
        """All triplets in a new order."""
        import torch

        return batches(torch.randperm(len(self._triplets), generator=generator), self._batch)

    def loss(self, vectors: Vectors, rows: torch.Tensor) -> torch.Tensor:
        """The loss of a batch of triplets."""
        import torch

        chosen = self._triplets[rows]
        if not self._hardest:
            anchors, positives, negatives = vectors(chosen.T.flatten()).chunk(3)
            return triplet_loss(anchors, positives, negatives, self._margin)
        texts, places = torch.unique(chosen, return_inverse=True)
        apart = torch.zeros(len(texts), len(texts), dtype=torch.bool)
        apart[places[:, 0], places[:, 2]] = True
        return batch_hard_triplet_loss(vectors(texts), self._groups[texts], apart | apart.T, self._margin)


def _texts(triplet: LabelledPair) -> tuple[str, str, str]:
    return triplet.text1, triplet.text2, triplet.negative


def _keys(triplet: LabelledPair) -> tuple[str, str, str]:
    one, other, negative = (term_key(text) for text in _texts(triplet))
    return one, other, negative


def _enough(count: int) -> None:
    if count < FEWEST_TRIPLETS:
        raise TooLittleData(
            LocalText(
                "可用的三元组太少：{count} 个（至少 {least} 个；三段文字要各不相同）。",
                "Too few usable triplets: {count} (at least {least}; the three texts of each must differ).",
            ),
            LocalText("请补充三元组。", "Add triplets."),
            count=count,
            least=FEWEST_TRIPLETS,
        )


def _groups(rows: Sequence[tuple[str, str, str]], numbers: dict[str, int]) -> list[int]:
    """A number for each text, equal for those that anchors and positives connect."""
    parent = list(range(len(numbers)))

    def root(number: int) -> int:
        while parent[number] != number:
            parent[number] = parent[parent[number]]
            number = parent[number]
        return number

    for anchor, positive, _ in rows:
        parent[root(numbers[anchor])] = root(numbers[positive])
    return [root(number) for number in range(len(numbers))]


def run(context: StageContext, parameters: dict[str, Any]) -> StageResult:
    """Train the top layers by ``max(0, margin - cos(a, p) + cos(a, n))`` over triplets (Schroff 2015).

    With ``negatives = hardest`` each text meets its farthest own and its nearest stranger of the whole
    batch (batch-hard, Hermans 2017). Needs triplets: anchor, positive, negative.

    Raises:
        TooLittleData: fewer than eight usable triplets.
        TrainingProblem: the architecture cannot be cut, or the loss is no longer a number.
    """
    objective = Triplets(context, parameters)
    return fit_top_layers(context, parameters, objective, objective.texts)


def _estimate(work: Workload, parameters: dict[str, Any]) -> float:
    return estimated_labelled(work, parameters, texts=3)


register(
    StageSpec(
        name="contrastive_triplet",
        title=LocalText("三元组", "Triplets"),
        help=LocalText(
            "每条数据是锚点、正例、反例：让锚点离正例比离反例近。手上有明确的「像谁、不像谁」时用它。",
            "Each example is an anchor, a text that is like it and one that is not: the first comes nearer. "
            "For data that says what is like what, and unlike what.",
        ),
        needs=("triplets",),
        parameters=(
            common.epochs(3),
            common.patience(),
            common.layers("2"),
            common.learning_rate_by_layers(),
            common.batch_size(32, most=1024),
            common.margin(
                0.2,
                LocalText(
                    "正例的余弦至少要比反例高多少；够了就不再学。",
                    "How much higher the positive's cosine must be; beyond it nothing is learnt.",
                ),
                2.0,
            ),
            Parameter(
                "negatives",
                "choice",
                "given",
                LocalText("用哪些反例", "Which negatives"),
                LocalText(
                    "given：各用自己的反例；hardest：在整批里找最难的正例和反例，学得快，但怕标注有错。",
                    "given: each its own; hardest: the hardest of the whole batch, which learns faster but "
                    "suffers from wrong labels.",
                ),
                choices=("given", "hardest"),
            ),
            common.max_length(),
            common.most_pairs(),
        ),
        estimate=_estimate,
        run=run,
        source="Schroff et al. 2015, arXiv:1503.03832; Hermans et al. 2017, arXiv:1703.07737",
    )
)
