"""Instant map: a residual linear map over frozen, centred and softly whitened vectors, learnt in seconds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from workbench.localtext import LocalText
from workbench.training.dataset import DevProbe, DevScores
from workbench.training.mapping import Frame, MapFitting, search
from workbench.training.registry import StageContext, StageResult, StageSpec, Workload, register
from workbench.types import Parameter

if TYPE_CHECKING:
    import torch


def run(context: StageContext, parameters: dict[str, Any]) -> StageResult:
    """Learn ``z = (I + alpha L) P (e - mu)`` over the base model's unit vectors e, L zero at the start.

    ``mu`` and ``P`` are of the training terms (:class:`Frame`), L is learnt by :class:`MapFitting`. The
    epoch and alpha with the best development MRR@10 are kept. Since the result is normalised, the whole
    is one affine layer on top of the base: ``W = (I + alpha L) P``, ``b = -W mu``, saved as an ordinary
    ``Dense`` module.
    """
    import torch

    torch.manual_seed(context.seed)
    context.report.phase(LocalText("正在编码词语", "Encoding the terms"))
    base_vectors = context.model.vectors(context.data.terms)
    vectors = torch.from_numpy(base_vectors)
    probe = DevProbe(context.data, max_documents=5000)
    base = probe.score(base_vectors[probe.needed])
    _draw(context, 0, base)
    frame = Frame.of(vectors[torch.from_numpy(context.data.training_terms)], parameters["whitening"])
    x = frame.project(vectors)
    fitting = MapFitting(x, context.data, parameters, seed=context.seed)
    epochs = int(parameters["epochs"])
    context.report.phase(LocalText("正在训练", "Training"))

    def stepped(step: int, loss: float) -> None:
        context.report.point("loss", step, loss)
        context.report.steps(step, epochs * fitting.steps)

    best, stopped = search(
        fitting,
        probe,
        x[torch.from_numpy(probe.needed)],
        epochs,
        stepped=stepped,
        scored=lambda step, scores: _draw(context, step, scores),
    )
    weight = (torch.eye(len(frame.mean)) + best.alpha * best.weight) @ frame.soft
    bias = -(weight @ frame.mean)
    stopped = context.stopped_at(LocalText("正在保存模型", "Saving the model")) or stopped
    _save(context, weight, bias)
    moved = torch.nn.functional.normalize(vectors @ weight.T + bias, dim=1)
    chosen = {"epoch": best.epoch, "alpha": best.alpha}
    return StageResult(base, best.scores, chosen, moved.numpy(), stopped_early=stopped)


def _draw(context: StageContext, step: int, scores: DevScores) -> None:
    context.report.point("dev_recall@1", step, scores.recall1)
    context.report.point("dev_recall@10", step, scores.recall10)
    context.report.point("dev_mrr@10", step, scores.mrr10)


def _save(context: StageContext, weight: torch.Tensor, bias: torch.Tensor) -> None:
    from workbench.models.adapter import append_dense

    append_dense(context.model.folder, context.out, weight.numpy(), bias.numpy())


def _estimate(work: Workload, parameters: dict[str, Any]) -> float:
    # Measured on two cores: about 25,000 pairs each second through a 384-d map, and a start of one second.
    return 1.0 + 1.4 * work.pairs * min(20, int(parameters["epochs"])) / 25_000


register(
    StageSpec(
        name="instant_map",
        title=LocalText("即时映射", "Instant map"),
        help=LocalText(
            "在现成的词向量上学一个线性变换，把近似词拉到一起。",
            "Learns a linear map over ready vectors that draws synonyms together.",
        ),
        needs=("dictionary",),
        parameters=(
            Parameter(
                "epochs",
                "int",
                30,
                LocalText("轮数", "Epochs"),
                LocalText(
                    "把全部词对看几遍。太多会死记硬背。",
                    "How many times all pairs are seen. Too many: learnt by heart.",
                ),
                1,
                200,
            ),
            Parameter(
                "learning_rate",
                "float",
                1e-3,
                LocalText("学习率", "Learning rate"),
                LocalText("每一步走多大。", "How large each step is."),
                1e-5,
                1e-1,
            ),
            Parameter(
                "temperature",
                "float",
                0.05,
                LocalText("温度", "Temperature"),
                LocalText(
                    "越小，越看重最像的错误答案。",
                    "The smaller, the more the most alike wrong answers count.",
                ),
                0.01,
                1.0,
            ),
            Parameter(
                "batch_size",
                "int",
                1024,
                LocalText("批大小", "Batch size"),
                LocalText("一步里互为反例的词对数。", "Pairs in one step, each other's negatives."),
                8,
                8192,
            ),
            Parameter(
                "whitening",
                "float",
                0.3,
                LocalText("白化力度", "Whitening"),
                LocalText(
                    "把所有词共有的方向压低多少：0 不压，1 压平。",
                    "How far directions that all terms share are played down: 0 not at all, 1 made even.",
                ),
                0.0,
                1.0,
            ),
            Parameter(
                "weight_decay",
                "float",
                0.0,
                LocalText("权重衰减", "Weight decay"),
                LocalText("把变换拉回原样的力度。", "How strongly the map is drawn back to no change."),
                0.0,
                10.0,
            ),
        ),
        estimate=_estimate,
        run=run,
        source="InfoNCE: van den Oord et al. 2018, arXiv:1807.03748; "
        "whitening: Su et al. 2021, arXiv:2103.15316",
    )
)
