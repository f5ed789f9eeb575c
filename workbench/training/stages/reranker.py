"""A cross-encoder over the model's best answers: it reads two terms together, and puts the best in order."""

from __future__ import annotations

from typing import Any

from workbench.errors import Stopped
from workbench.evaluation.reranked import DEPTHS, choose
from workbench.localtext import LocalText
from workbench.models.reranking import RERANKER, Reranker, write_settings
from workbench.training import common_parameters as common
from workbench.training.cross_encoding import as_dev_scores, development, train
from workbench.training.registry import StageContext, StageResult, StageSpec, Workload, register
from workbench.types import Parameter


def run(context: StageContext, parameters: dict[str, Any]) -> StageResult:
    """Train a cross-encoder on the transformer that this stage is given; its vectors stay as they are.

    ``p(a, b) = sigmoid(w . pool(T([a; b])) + c)`` (Nogueira and Cho 2019): both terms go through the
    transformer T together. Binary cross-entropy over each training pair in both orders and its negatives,
    which are standard terms of other concepts: mined by the model's own vectors, one at random, and the
    pairs marked as not synonyms. ``evaluation.reranked.choose`` then chooses on the development synonyms
    how many of the model's best are looked at again and how much the probability counts. The base and the
    best development scores are those of the vectors alone and with the reranker. Needs the dictionary alone.

    Raises:
        TrainingProblem: the base is no transformer, or the loss is no longer a number.
        Stopped: before there was anything to keep.
    """
    model, fitted, pairs = train(context, parameters)
    stopped = context.stopped_at(LocalText("正在保存模型", "Saving the model")) or fitted.stopped
    model.save(context.out, context.model.folder)
    del model  # its frozen states take much memory
    folder = context.out / RERANKER
    best, blend = fitted.best, float(fitted.best.watched["blend"])
    chosen: dict[str, Any] = {"epoch": round(best.epoch, 2), "depth": DEPTHS[0], "blend": blend}
    chosen.update(pairs=len(pairs.rows), pairs_left_out=pairs.left_out)
    write_settings(folder, DEPTHS[0], blend)
    base_scores, best_scores = fitted.base.scores, best.scores
    if not stopped:
        try:
            context.report.phase(LocalText("正在选重排的范围", "Choosing how far to rerank"))
            dev = development(context)
            choice = choose(dev.benchmark, dev.rows, Reranker(folder), context.report.progress)
            base_scores, best_scores = as_dev_scores(choice.first), as_dev_scores(choice.best)
            chosen.update(depth=choice.depth, blend=choice.blend, told=choice.words.as_json())
            write_settings(folder, choice.depth, choice.blend)
        except Stopped:
            stopped = True
    return StageResult(base_scores, best_scores, chosen, None, stopped_early=stopped)


def _estimate(work: Workload, parameters: dict[str, Any]) -> float:
    depth = work.layers or 12
    trained = depth if parameters["layers"] == "all" else min(depth, int(parameters["layers"]))
    texts = min(work.pairs, int(parameters["most_pairs"])) * (2 + int(parameters["negatives"]))
    looked = min(600, work.pairs // 8)  # about as many are development synonyms
    passes = texts * (1 + (4.5 * int(parameters["epochs"]) - 1) * trained / depth) + looked * 60
    return 8.0 + 2.0 * passes / work.terms_per_second  # a pair is two terms long


register(
    StageSpec(
        name="reranker",
        title=LocalText("重排", "Reranker"),
        help=LocalText(
            "另外训练一个把两个词放在一起读的模型，对向量找到的前几名重新排队。比向量准，但每次查询更慢；"
            "放在方案最后。在开发集上没有帮助时会明说，并且不使用它。",
            "Trains a second model that reads two terms together and puts the best answers in a new order. "
            "Sharper than vectors and slower with each query; for the end of a recipe. Where it does not "
            "help on the development terms it says so and is not used.",
        ),
        needs=("dictionary",),
        parameters=(
            common.epochs(3),
            common.layers("3"),
            common.learning_rate_by_layers(),
            Parameter(
                "batch_size",
                "int",
                8,
                LocalText("批大小", "Batch size"),
                LocalText(
                    "一步里的词对数，每对连同它的反例。",
                    "Pairs of synonyms in one step, each with its wrong answers.",
                ),
                4,
                256,
            ),
            Parameter(
                "negatives",
                "int",
                4,
                LocalText("每对的反例数", "Wrong answers a pair"),
                LocalText(
                    "为每对同义词找几个错误答案：一个随机，其余是模型现在最容易认错的。越多越慢。",
                    "How many wrong answers each pair is told from: one at random, the others those that the "
                    "model now takes for the nearest. More is slower.",
                ),
                1,
                16,
            ),
            common.most_pairs(5000),
        ),
        estimate=_estimate,
        run=run,
        source="Nogueira and Cho 2019, arXiv:1901.04085; Humeau et al. 2020, arXiv:1905.01969",
    )
)
