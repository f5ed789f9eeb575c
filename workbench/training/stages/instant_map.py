"""Instant map: a residual linear map over frozen, centred vectors, learnt in seconds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from workbench.errors import Stopped
from workbench.localtext import LocalText
from workbench.training.dataset import DevProbe, DevScores
from workbench.training.losses import batches, in_batch_loss
from workbench.training.registry import StageContext, StageResult, StageSpec, Workload, register
from workbench.types import Parameter

if TYPE_CHECKING:
    import torch

ALPHAS = (0.3, 0.5, 0.7, 1.0)
PATIENCE = 8  # epochs without a better development score


@dataclass
class _Candidate:
    scores: DevScores
    epoch: int
    alpha: float
    weight: torch.Tensor  # (d, d) residual L


def run(context: StageContext, parameters: dict[str, Any]) -> StageResult:
    """Learn z = (I + alpha L)(e - mu) over the base model's unit vectors e, L zero at the start.

    The loss is the in-batch softmax over cosines in both directions (InfoNCE, van den Oord 2018),
    pairs of one concept left out of each other's negatives. ``mu`` is the mean of the training
    terms. The epoch and alpha with the best development MRR@10 are kept. Since the result is
    normalised, the whole is one affine layer on top of the base: W = I + alpha L, b = -W mu, saved
    as an ordinary ``Dense`` module.
    """
    import torch

    torch.manual_seed(context.seed)
    context.report.phase(LocalText("正在编码词语", "Encoding the terms"))
    base_vectors = context.model.vectors(context.data.terms)
    vectors = torch.from_numpy(base_vectors)
    probe = DevProbe(context.data)
    base = probe.score(base_vectors[probe.needed])
    _draw(context, 0, base)
    mean = vectors[torch.from_numpy(context.data.training_terms)].mean(0)
    best, stopped = _fit(context, parameters, torch.nn.functional.normalize(vectors - mean, dim=1), probe)
    best = _sweep(best, vectors, mean, probe)
    weight = torch.eye(len(mean)) + best.alpha * best.weight
    bias = -(weight @ mean)
    context.report.phase(LocalText("正在保存模型", "Saving the model"))
    _save(context, weight, bias)
    moved = torch.nn.functional.normalize(vectors @ weight.T + bias, dim=1)
    chosen = {"epoch": best.epoch, "alpha": best.alpha}
    return StageResult(base, best.scores, chosen, moved.numpy(), stopped_early=stopped)


def _fit(
    context: StageContext, parameters: dict[str, Any], x: torch.Tensor, probe: DevProbe
) -> tuple[_Candidate, bool]:
    """Train L on centred unit vectors ``x`` (n, d); the best epoch, and whether Stop was pressed."""
    import torch

    anchors, positives = torch.from_numpy(context.data.anchors), torch.from_numpy(context.data.positives)
    concepts = torch.from_numpy(context.data.concepts)
    residual = torch.nn.Linear(x.shape[1], x.shape[1], bias=False)
    torch.nn.init.zeros_(residual.weight)
    optimizer = torch.optim.AdamW(
        residual.parameters(), lr=parameters["learning_rate"], weight_decay=parameters["weight_decay"]
    )
    generator = torch.Generator().manual_seed(context.seed)
    batch, epochs = int(parameters["batch_size"]), int(parameters["epochs"])
    total = epochs * len(batches(anchors, batch))
    needed = x[torch.from_numpy(probe.needed)]
    best = _Candidate(_score(probe, needed, residual.weight), 0, 1.0, residual.weight.detach().clone())
    context.report.phase(LocalText("正在训练", "Training"))
    step = 0
    try:
        for epoch in range(1, epochs + 1):
            order = torch.randperm(len(anchors), generator=generator)
            for rows in batches(order, batch):
                za, zb = (x[side[rows]] + residual(x[side[rows]]) for side in (anchors, positives))
                loss = in_batch_loss(za, zb, concepts[rows], parameters["temperature"])
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
                step += 1
                context.report.point("loss", step, float(loss.detach()))
                context.report.steps(step, total)
            scores = _score(probe, needed, residual.weight)
            _draw(context, step, scores)
            if scores.choice > best.scores.choice:
                best = _Candidate(scores, epoch, 1.0, residual.weight.detach().clone())
            elif epoch - best.epoch >= PATIENCE:
                break
    except Stopped:
        return best, True
    return best, False


def _sweep(best: _Candidate, vectors: torch.Tensor, mean: torch.Tensor, probe: DevProbe) -> _Candidate:
    """The best strength of the map: alpha costs no training, only another look at the dev synonyms."""
    import torch

    centred = vectors[torch.from_numpy(probe.needed)] - mean
    for alpha in ALPHAS[:-1]:
        scores = _score(probe, centred, alpha * best.weight)
        if scores.choice > best.scores.choice:
            best = _Candidate(scores, best.epoch, alpha, best.weight)
    return best


def _score(probe: DevProbe, x: torch.Tensor, weight: torch.Tensor) -> DevScores:
    import torch

    with torch.inference_mode():
        return probe.score(torch.nn.functional.normalize(x + x @ weight.T, dim=1).numpy())


def _draw(context: StageContext, step: int, scores: DevScores) -> None:
    context.report.point("dev_recall@1", step, scores.recall1)
    context.report.point("dev_recall@10", step, scores.recall10)
    context.report.point("dev_mrr@10", step, scores.mrr10)


def _save(context: StageContext, weight: torch.Tensor, bias: torch.Tensor) -> None:
    from workbench.models.adapter import append_dense

    append_dense(context.model.folder, context.out, weight.numpy(), bias.numpy())


def _estimate(work: Workload, parameters: dict[str, Any]) -> float:
    # Measured on two cores: about 25,000 pairs each second through a 384-d map, and a start of one second.
    return 1.0 + work.pairs * int(parameters["epochs"]) / 25_000


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
                512,
                LocalText("批大小", "Batch size"),
                LocalText("一步里互为反例的词对数。", "Pairs in one step, each other's negatives."),
                8,
                8192,
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
        source="InfoNCE: van den Oord et al. 2018, arXiv:1807.03748",
        reads_vectors=True,
    )
)
