"""In-batch negatives and, for each synonym, the wrong terms that the model now takes for the nearest."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from workbench.localtext import LocalText
from workbench.training import common_parameters as common
from workbench.training.dataset import TrainingSet
from workbench.training.denoising import QUICK, Denoiser, denoiser_for
from workbench.training.fitting import estimated_seconds, fit_top_layers
from workbench.training.looking import Vectors
from workbench.training.losses import HardNegatives
from workbench.training.mining import concept_of_terms, mine
from workbench.training.objectives import Companion
from workbench.training.registry import StageContext, StageResult, StageSpec, Workload, register, stage
from workbench.training.stages.in_batch import InBatch
from workbench.types import Parameter

if TYPE_CHECKING:
    import torch

SPARE = 3  # times as many are mined as are used, where a cross-encoder may take some out


class MinedNegatives(InBatch, Companion):
    """In-batch, marked and mined negatives; mined anew every few epochs from the training terms."""

    keeps = ("mined",)

    def __init__(
        self, data: TrainingSet, parameters: dict[str, Any], denoiser: Denoiser | None = None
    ) -> None:
        import torch

        super().__init__(data, parameters)
        self._terms = data.terms
        self._denoiser = denoiser
        self._candidates = torch.from_numpy(data.training_terms)
        self._of_terms = concept_of_terms(data)
        self._count = int(parameters["negatives"])
        by_margin = parameters["denoise"] == "margin"
        self._margin = float(parameters["margin"]) if by_margin else None
        self._every = int(parameters["mine_every"])
        self.mined = torch.full((len(self._anchors), self._count), -1)  # numbers of terms

    def before_epoch(self, epoch: int, encode: Vectors) -> None:
        """Mine with the model as it is now."""
        import torch

        if epoch % self._every:
            return
        vectors = encode(self._candidates)
        place = torch.full((len(self._of_terms),), -1)
        place[self._candidates] = torch.arange(len(self._candidates))
        found = mine(
            vectors[place[self._anchors]],
            vectors[place[self._positives]],
            vectors,
            self._concepts,
            self._of_terms[self._candidates],
            self._count * (SPARE if self._denoiser else 1),
            self._margin,
        )
        mined = self._candidates[found.clamp(min=0)].masked_fill(found < 0, -1)
        if self._denoiser:
            mined = self._denoiser.kept(self._terms, self._anchors, mined, self._count)
        self.mined = mined

    def hard_negatives(self, rows: torch.Tensor) -> HardNegatives | None:
        """Marked terms for their own rows; mined ones for every anchor of another concept."""
        import torch

        marked = super().hard_negatives(rows)
        mined = torch.unique(self.mined[rows])
        mined = mined[mined >= 0]
        if not len(mined):
            return marked
        of_anchors = self._concepts[rows][:, None] != self._of_terms[mined][None, :]
        none = torch.zeros_like(of_anchors)
        if marked is None:
            return HardNegatives(mined, of_anchors, none, torch.zeros(len(mined), dtype=torch.bool))
        return HardNegatives(
            torch.cat([marked.texts, mined]),
            torch.cat([marked.of_anchors, of_anchors & ~_again(marked, mined)], 1),
            torch.cat([marked.of_positives, none], 1),
            torch.arange(len(marked.texts) + len(mined)) < len(marked.texts),
        )


def _again(marked: HardNegatives, mined: torch.Tensor) -> torch.Tensor:
    """Where a mined term is already there as a marked one of the same row (b, m)."""
    import torch

    same = marked.texts[:, None] == mined[None, :]
    return (marked.of_anchors.float() @ same.to(torch.float32)) > 0


def run(context: StageContext, parameters: dict[str, Any]) -> StageResult:
    """Train the top layers with mined hard negatives (ANCE, Xiong 2020; NV-Retriever, Moreira 2024).

    ``training.mining.mine`` finds, for each synonym, the nearest training terms of other concepts;
    development and test terms are never among them. What may be a synonym that nobody listed is left out
    as ``denoise`` says: above ``(1 - margin)`` of the right answer's cosine, or by a cross-encoder
    (RocketQA, Qu 2021). They join the in-batch and the marked negatives of ``losses.in_batch_loss``.
    Needs the dictionary alone.

    Raises:
        TrainingProblem: the architecture cannot be cut (for ``denoise`` = "cross_encoder": is no
            transformer), or the loss is no longer a number.
    """
    if parameters["denoise"] != "cross_encoder":
        return fit_top_layers(context, parameters, MinedNegatives(context.data, parameters))
    with denoiser_for(context, float(parameters["threshold"])) as asked:
        return fit_top_layers(context, parameters, MinedNegatives(context.data, parameters, asked))


def _estimate(work: Workload, parameters: dict[str, Any]) -> float:
    share = min(1.0, 0.6 * int(parameters["negatives"]))  # terms of one batch have many of them in common
    seconds = estimated_seconds(work, parameters, int((2 + share) * work.pairs))
    asked = parameters["denoise"] == "cross_encoder"
    return seconds + (stage("reranker").estimate(work, QUICK) if asked else 0.0)


register(
    StageSpec(
        name="hard_negatives",
        title=LocalText("难负例", "Hard negatives"),
        help=LocalText(
            "找出模型现在最容易认错的词，专门练习分开它们。适合接在「批内负例精调」之后。",
            "Finds the terms that the model now mistakes most easily, and learns to tell them apart. "
            "Best after “In-batch negatives”.",
        ),
        needs=("dictionary",),
        parameters=(
            common.epochs(3),
            common.patience(),
            common.layers("2", words=True),
            common.learning_rate_by_layers(),
            common.temperature(),
            common.batch_size(64, most=1024),
            Parameter(
                "negatives",
                "int",
                2,
                LocalText("每词的难负例数", "Hard negatives a term"),
                LocalText(
                    "为每个近似词找几个最像的错误答案。", "How many of the nearest wrong answers are used."
                ),
                1,
                16,
            ),
            Parameter(
                "denoise",
                "choice",
                "margin",
                LocalText("去掉可能的同义词", "Leave out likely synonyms"),
                LocalText(
                    "找出的「错误答案」里混有没收录的同义词。margin：按余弦间隔去掉；"
                    "cross_encoder：先训练一个把两个词放在一起读的模型来判断（更准，更慢）；none：都留着。",
                    "Among the wrong answers are synonyms that nobody listed. “margin” leaves them out by "
                    "cosine; “cross_encoder” first trains a model that reads both terms together and lets it "
                    "judge (sharper, slower); “none” keeps all.",
                ),
                choices=("none", "margin", "cross_encoder"),
            ),
            Parameter(
                "threshold",
                "float",
                0.5,
                LocalText("判为同义词的概率", "Probability of a synonym"),
                LocalText(
                    "只用于 cross_encoder：它给出的概率高于此就不当反例。",
                    "Only for “cross_encoder”: above this probability a term is no wrong answer.",
                ),
                0.01,
                1.0,
            ),
            common.margin(
                0.05,
                LocalText(
                    "只用于 margin：太像的可能是没收录的同义词：余弦高于正确答案的（1 − 间隔）倍就不用。"
                    "0 只去掉比正确答案还像的。",
                    "Only for “margin”: what is too alike may be an unlisted synonym: left out above "
                    "(1 − margin) times the right answer's cosine. 0 leaves out only what is nearer than the "
                    "right answer.",
                ),
                0.9,
            ),
            Parameter(
                "mine_every",
                "int",
                1,
                LocalText("几轮重找一次", "Mine again after (epochs)"),
                LocalText(
                    "模型在变，认错的词也在变；1 表示每轮都重找。",
                    "The model changes and so do its mistakes; 1 is every epoch.",
                ),
                1,
                100,
            ),
            common.two_way(),
        ),
        estimate=_estimate,
        run=run,
        source="Xiong et al. 2020 (ANCE), arXiv:2007.00808; Moreira et al. 2024 (NV-Retriever), "
        "arXiv:2407.15831; Qu et al. 2021 (RocketQA), arXiv:2010.08191",
    )
)
