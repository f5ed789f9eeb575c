"""Fine-tuning with in-batch negatives: the model's top layers over the cached output of the frozen ones."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from workbench.errors import Stopped, TrainingProblem
from workbench.localtext import LocalText
from workbench.training.dataset import DevProbe, DevScores
from workbench.training.losses import batches, in_batch_loss
from workbench.training.registry import StageContext, StageResult, StageSpec, Workload, register
from workbench.training.trunk import SplitModel, split_model
from workbench.types import Parameter

if TYPE_CHECKING:
    import torch

ALPHAS = (0.3, 0.5, 0.7)
LAYER_CHOICES = ("1", "2", "3", "4", "6", "all")
DEFAULT_RATES = {"1": 2e-4, "2": 2e-4, "3": 1.5e-4, "4": 1e-4, "6": 1e-4, "all": 5e-5}
EVALUATION_SHARE = 0.15  # of the training time may go into looking at the development synonyms


@dataclass
class _Best:
    scores: DevScores
    epoch: float
    alpha: float
    weights: list[torch.Tensor]


def run(context: StageContext, parameters: dict[str, Any]) -> StageResult:
    """Train the top layers with in-batch negatives (MultipleNegativesRankingLoss, Henderson 2017).

    Two-way, pairs of one concept kept out of each other's negatives. The frozen layers below run
    once for each text, and training and evaluation start from their cached states. The checkpoint
    with the best development MRR@10 is kept, then interpolated with the base (weights
    ``base + alpha (tuned - base)``, Wortsman 2022), alpha chosen on the development synonyms.

    Raises:
        TrainingProblem: the architecture cannot be cut, or the loss is no longer a number.
    """
    import torch

    torch.manual_seed(context.seed)
    context.report.phase(LocalText("正在载入模型", "Loading the model"))
    layers = 10_000 if parameters["layers"] == "all" else int(parameters["layers"])
    model = split_model(context.model.folder, layers)
    context.report.phase(LocalText("正在计算冻结的各层", "Running the frozen layers once"))
    model.prepare(context.data.terms, context.report.progress)
    context.report.phase(LocalText("正在测量基础模型", "Measuring the base model"))
    probe = DevProbe(context.data, max_queries=600, max_documents=3000)
    base = _Best(_score(context, model, probe), 0.0, 0.0, model.snapshot())
    _draw(context, 0, base.scores)
    best, stopped = _fit(context, parameters, model, probe, base)
    stopped = stopped or context.stopped_at(LocalText("正在与基础模型调和", "Blending with the base model"))
    if not stopped:
        best, stopped = _sweep(context, model, probe, base.weights, best)
    model.restore(best.weights)
    stopped = context.stopped_at(LocalText("正在保存模型", "Saving the model")) or stopped
    model.save(context.out, context.model.folder)
    chosen = {"epoch": round(best.epoch, 2), "alpha": best.alpha}
    return StageResult(base.scores, best.scores, chosen, None, stopped_early=stopped)


def _fit(
    context: StageContext, parameters: dict[str, Any], model: SplitModel, probe: DevProbe, base: _Best
) -> tuple[_Best, bool]:
    """Train; the best checkpoint (``base`` when stopped before the first), and whether Stop was pressed."""
    import torch

    anchors, positives = torch.from_numpy(context.data.anchors), torch.from_numpy(context.data.positives)
    concepts = torch.from_numpy(context.data.concepts)
    batch, epochs = int(parameters["batch_size"]), int(parameters["epochs"])
    per_epoch = len(batches(anchors, batch))
    total = epochs * per_epoch
    optimizer, schedule = _optimizer(model, parameters, total)
    generator = torch.Generator().manual_seed(context.seed)
    looks = _looks(len(anchors), per_epoch, len(probe.needed), total)
    best: _Best | None = None
    step = 0
    context.report.phase(LocalText("正在训练", "Training"))
    model.train(True)
    try:
        for _ in range(epochs):
            order = torch.randperm(len(anchors), generator=generator)
            for rows in batches(order, batch):
                vectors = model.vectors(torch.cat([anchors[rows], positives[rows]]))
                loss = in_batch_loss(
                    vectors[: len(rows)], vectors[len(rows) :], concepts[rows], parameters["temperature"]
                )
                _check(loss)
                optimizer.zero_grad()
                loss.backward()
                torch.nn.utils.clip_grad_norm_(model.trainable(), 1.0)
                optimizer.step()
                schedule.step()
                step += 1
                context.report.point("loss", step, float(loss.detach()))
                context.report.steps(step, total)
                if step in looks:
                    scores = _score(context, model, probe)
                    _draw(context, step, scores)
                    if best is None or scores.choice > best.scores.choice:
                        best = _Best(scores, step / per_epoch, 1.0, model.snapshot())
    except Stopped:
        return best or base, True
    assert best is not None  # the last step is always looked at
    return best, False


def _looks(pairs: int, per_epoch: int, needed: int, total: int) -> set[int]:
    """The steps after which the development synonyms are looked at: one to four times in each epoch.

    Chosen by the work alone (a trained text costs about three times a looked-at one), never by the
    clock, so that the same seed keeps the same checkpoint.
    """
    often = max(1, min(4, int(EVALUATION_SHARE * 6 * pairs / max(1, needed))))
    every = max(1, per_epoch // often)
    return {
        s for s in range(1, total + 1) if s == total or s % per_epoch == 0 or (s % per_epoch) % every == 0
    }


def _optimizer(model: SplitModel, parameters: dict[str, Any], total: int) -> tuple[Any, Any]:
    import torch

    rate = float(parameters["learning_rate"]) or DEFAULT_RATES[str(parameters["layers"])]
    optimizer = torch.optim.AdamW(model.trainable(), lr=rate, weight_decay=0.01, fused=True)
    warm = max(1, int(0.1 * total))

    def factor(step: int) -> float:
        return min(1.0, (step + 1) / warm) * max(0.0, 1.0 - step / total)

    return optimizer, torch.optim.lr_scheduler.LambdaLR(optimizer, factor)


def _sweep(
    context: StageContext, model: SplitModel, probe: DevProbe, base: list[torch.Tensor], best: _Best
) -> tuple[_Best, bool]:
    """Weights between base and tuned cost no training, only another look. And whether it was stopped."""
    tuned = best.weights
    try:
        for alpha in ALPHAS:
            blend = [b + alpha * (t - b) for b, t in zip(base, tuned, strict=True)]
            model.restore(blend)
            scores = _score(context, model, probe)
            if scores.choice > best.scores.choice:
                best = _Best(scores, best.epoch, alpha, blend)
    except Stopped:
        return best, True
    return best, False


def _score(context: StageContext, model: SplitModel, probe: DevProbe) -> DevScores:
    """A look at the development synonyms, which Stop may interrupt."""
    import torch

    rows = torch.from_numpy(probe.needed)
    return probe.score(model.all_vectors(rows, lambda _: context.report.check_stop()).numpy())


def _draw(context: StageContext, step: int, scores: DevScores) -> None:
    context.report.point("dev_recall@1", step, scores.recall1)
    context.report.point("dev_recall@10", step, scores.recall10)
    context.report.point("dev_mrr@10", step, scores.mrr10)


def _check(loss: torch.Tensor) -> None:
    if not bool(loss.isfinite()):
        raise TrainingProblem(
            LocalText("训练发散了：损失不再是数。", "Training diverged: the loss is no longer a number."),
            LocalText("请把学习率调小再试。", "Try again with a smaller learning rate."),
        )


def _estimate(work: Workload, parameters: dict[str, Any]) -> float:
    """Seconds: a trained layer costs about three forward passes, a cached one none."""
    depth = work.layers or 2
    trained = depth if parameters["layers"] == "all" else min(depth, int(parameters["layers"]))
    texts = 2 * work.pairs * int(parameters["epochs"])
    passes = 4.5 * texts * trained / depth  # forward, backward, optimiser
    looks = (work.terms * 0.4 * int(parameters["epochs"])) * trained / depth
    return 4.0 + (passes + looks) / work.terms_per_second


register(
    StageSpec(
        name="in_batch",
        title=LocalText("批内负例精调", "In-batch negatives"),
        help=LocalText(
            "让每个近似词在一批词里认出自己的标准词。只训练最上面几层，其余各层的输出只算一次。",
            "Each synonym learns to find its standard term among a batch's. Only the top layers train; "
            "the others run once.",
        ),
        needs=("dictionary",),
        parameters=(
            Parameter(
                "epochs",
                "int",
                4,
                LocalText("轮数", "Epochs"),
                LocalText("把全部词对看几遍。", "How many times all pairs are seen."),
                1,
                100,
            ),
            Parameter(
                "layers",
                "choice",
                "2",
                LocalText("训练的层数", "Layers to train"),
                LocalText(
                    "从最上层数起。层数越多越慢；all 是全部层（词向量表不动）。",
                    "Counted from the top. More is slower; “all” is every layer (the word table stays).",
                ),
                choices=LAYER_CHOICES,
            ),
            Parameter(
                "learning_rate",
                "float",
                0.0,
                LocalText("学习率", "Learning rate"),
                LocalText(
                    "每一步走多大；0 表示按层数自动选。",
                    "How large each step is; 0 chooses by the number of layers.",
                ),
                0.0,
                1e-2,
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
                64,
                LocalText("批大小", "Batch size"),
                LocalText("一步里互为反例的词对数。", "Pairs in one step, each other's negatives."),
                4,
                1024,
            ),
        ),
        estimate=_estimate,
        run=run,
        source="Henderson et al. 2017, arXiv:1705.00652; merging: Wortsman et al. 2022, arXiv:2203.05482",
    )
)
