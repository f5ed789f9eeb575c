"""Instant map: a residual linear map over frozen, centred and softly whitened vectors, learnt in seconds."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations, islice
from typing import TYPE_CHECKING, Any

from workbench.errors import Stopped
from workbench.localtext import LocalText
from workbench.training.dataset import DevProbe, DevScores
from workbench.training.losses import batches, in_batch_loss
from workbench.training.registry import StageContext, StageResult, StageSpec, Workload, register
from workbench.types import Parameter

if TYPE_CHECKING:
    import torch

ALPHAS = (0.3, 0.5, 0.7)
SIBLINGS = 6  # pairs of synonyms of one concept, at most
PATIENCE = 6  # epochs without a better development score


@dataclass
class _Candidate:
    scores: DevScores
    epoch: int
    alpha: float
    weight: torch.Tensor  # (d, d) residual L


def run(context: StageContext, parameters: dict[str, Any]) -> StageResult:
    """Learn ``z = (I + alpha L) P (e - mu)`` over the base model's unit vectors e, L zero at the start.

    ``mu`` is the mean and ``P = C^(-w/2)``, scaled, the soft whitening of the training terms
    (``C`` their covariance; Mu 2018, Su 2021): directions that all terms share count less. The loss
    is the in-batch softmax over cosines in both directions (InfoNCE, van den Oord 2018), pairs of
    one concept left out of each other's negatives; synonyms of one concept are pairs too. The epoch
    and alpha with the best development MRR@10 are kept. Since the result is normalised, the whole
    is one affine layer on top of the base: ``W = (I + alpha L) P``, ``b = -W mu``, saved as an
    ordinary ``Dense`` module.
    """
    import torch

    torch.manual_seed(context.seed)
    context.report.phase(LocalText("正在编码词语", "Encoding the terms"))
    base_vectors = context.model.vectors(context.data.terms)
    vectors = torch.from_numpy(base_vectors)
    probe = DevProbe(context.data, max_documents=5000)
    base = probe.score(base_vectors[probe.needed])
    _draw(context, 0, base)
    mean = vectors[torch.from_numpy(context.data.training_terms)].mean(0)
    soft = _whitening(vectors[torch.from_numpy(context.data.training_terms)] - mean, parameters["whitening"])
    x = torch.nn.functional.normalize((vectors - mean) @ soft, dim=1)
    best, stopped = _fit(context, parameters, x, probe)
    best = _sweep(best, x[torch.from_numpy(probe.needed)], probe)
    weight = (torch.eye(len(mean)) + best.alpha * best.weight) @ soft
    bias = -(weight @ mean)
    stopped = context.stopped_at(LocalText("正在保存模型", "Saving the model")) or stopped
    _save(context, weight, bias)
    moved = torch.nn.functional.normalize(vectors @ weight.T + bias, dim=1)
    chosen = {"epoch": best.epoch, "alpha": best.alpha}
    return StageResult(base, best.scores, chosen, moved.numpy(), stopped_early=stopped)


def _whitening(centred: torch.Tensor, power: float) -> torch.Tensor:
    """``P`` (d, d), symmetric: each principal direction divided by its spread to the power of ``power``."""
    import torch

    covariance = centred.T @ centred / len(centred)
    values, directions = torch.linalg.eigh(covariance.double())
    spread = values.clamp(min=0).sqrt() + 1e-3  # directions without any spread must not be blown up
    factors = (spread / spread.mean()) ** -power
    return (directions * factors @ directions.T).float()


def _training_pairs(context: StageContext) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Anchors, positives, concepts (n,): synonym with standard term, and a few synonyms with one another."""
    import torch

    data = context.data
    by_concept: dict[int, list[int]] = {}
    for anchor, concept in zip(data.anchors.tolist(), data.concepts.tolist(), strict=True):
        by_concept.setdefault(concept, []).append(anchor)
    extra = [
        (one, other, concept)
        for concept, members in by_concept.items()
        for one, other in islice(combinations(members, 2), SIBLINGS)
    ]
    siblings = torch.tensor(extra, dtype=torch.long).reshape(-1, 3)
    return (
        torch.cat([torch.from_numpy(data.anchors), siblings[:, 0]]),
        torch.cat([torch.from_numpy(data.positives), siblings[:, 1]]),
        torch.cat([torch.from_numpy(data.concepts), siblings[:, 2]]),
    )


def _fit(
    context: StageContext, parameters: dict[str, Any], x: torch.Tensor, probe: DevProbe
) -> tuple[_Candidate, bool]:
    """Train L on unit vectors ``x`` (n, d); the best epoch, and whether Stop was pressed."""
    import torch

    anchors, positives, concepts = _training_pairs(context)
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


def _sweep(best: _Candidate, x: torch.Tensor, probe: DevProbe) -> _Candidate:
    """The best strength of the map: alpha costs no training, only another look at the dev synonyms."""
    for alpha in ALPHAS:
        scores = _score(probe, x, alpha * best.weight)
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
