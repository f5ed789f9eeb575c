"""Instant map: a residual map over frozen, centred and softly whitened vectors, learnt in seconds."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from workbench.evaluation.retention import KNOWN
from workbench.localtext import LocalText
from workbench.training.dataset import DevProbe, DevScores
from workbench.training.everyday_words import everyday_words
from workbench.training.looking import draw
from workbench.training.mapping import PATIENCE, Candidate, Frame, MapFitting, mapped, search
from workbench.training.pace import Pace
from workbench.training.registry import StageContext, StageResult, StageSpec, Workload, register
from workbench.types import Parameter

if TYPE_CHECKING:
    import torch

MOST_LOST = 1.0  # points of the general probe, in any language, that a map may cost
_FORGETS = LocalText(
    "每个变换都会让通用词退步 1 个百分点以上，所以模型没有改动。可调大「留住通用词的力度」再试。",
    "Every map would have cost more than a point of general knowledge, so the model is as it came in. Try a "
    "larger “hold on general words”.",
)


def run(context: StageContext, parameters: dict[str, Any]) -> StageResult:
    """Learn ``z = x + alpha f(x)`` with ``x = normalise(P (e - mu))`` of the base's unit vectors e.

    ``mu`` and ``P`` are of the training terms (:class:`Frame`), f is learnt by :class:`MapFitting`. The
    epoch and alpha with the best development MRR@10 are kept, of those that lose at most one point of the
    general probe (where the run has one); where all lose more, the frame without whitening is tried. The
    result is ordinary: a linear or low-rank map is one ``Dense`` (``W = (I + alpha L) P``, ``b = -W mu``),
    an MLP one ``Dense`` for the frame and two for ``x + f(x)``. Where no map is better than none, W is the
    identity and b is 0.
    """
    import torch

    torch.manual_seed(context.seed)
    context.report.phase(LocalText("正在编码词语", "Encoding the terms"))
    base_vectors = context.model.vectors(context.data.terms)
    probe = DevProbe(context.data, max_documents=5000)
    base = probe.score(base_vectors[probe.needed])
    draw(context, 0, base)
    words, still = _words(context, parameters)
    context.monitor.look(context.report, 0, base.recall1, probe.queries, words.numpy)
    vectors = torch.from_numpy(base_vectors)
    general = context.monitor.whole_texts
    whole = torch.from_numpy(context.model.vectors(general)) if general else vectors[:0]
    task = _Task(context, parameters, vectors, probe, words, still, whole, DevScores(0.0, 0.0, 0.0))
    context.report.phase(LocalText("正在训练", "Training"))
    for whitening in dict.fromkeys((float(parameters["whitening"]), 0.0)):
        frame, best, stopped = task.learn(whitening)
        if best or stopped:
            break
    chosen: dict[str, Any] = {"epoch": 0, "alpha": 0.0, "told": _FORGETS.as_json()}
    if best and not stopped and best.scores.choice <= base.choice:
        best, chosen = None, {"epoch": 0, "alpha": 0.0, "tried": task.tried.as_json()}
    if best:
        chosen = {"epoch": best.epoch, "alpha": best.alpha}
        vectors, words = (mapped(frame.project(each), best.used()) for each in (vectors, words))
    kept = best.scores if best else base
    context.monitor.settle(context.monitor.read(kept.recall1, words.numpy()), probe.queries)
    stopped = context.stopped_at(LocalText("正在保存模型", "Saving the model")) or stopped
    _save(context, frame, best)
    return StageResult(base, kept, chosen, vectors.numpy(), stopped_early=stopped)


def _words(context: StageContext, parameters: dict[str, Any]) -> tuple[torch.Tensor, torch.Tensor | None]:
    """Vectors of the texts that the run watches, and of everyday words to be held still (None: of none)."""
    import torch

    watched = context.monitor.words(context.data)
    words = torch.from_numpy(context.model.vectors(watched))
    if not parameters["retention"]:
        return words, None
    still = everyday_words(context.model.folder, (*context.data.terms, *watched))
    return words, torch.from_numpy(context.model.vectors(still)) if still else None


@dataclass
class _Task:
    """What is learnt from. ``vectors`` (n, d) of all terms, ``words`` of what the run watches.

    ``whole`` are vectors of the whole general probe: a map is chosen by all of it, since the sample that a
    run watches is of the easier items and one of them is two thirds of a point.
    """

    context: StageContext
    parameters: dict[str, Any]
    vectors: torch.Tensor
    probe: DevProbe
    words: torch.Tensor
    still: torch.Tensor | None
    whole: torch.Tensor
    tried: DevScores  # the best that training came to

    def learn(self, whitening: float) -> tuple[Frame, Candidate | None, bool]:
        """The best map in the frame of ``whitening`` that forgets little; whether it was stopped."""
        import torch

        context, parameters, probe = self.context, self.parameters, self.probe
        frame = Frame.of(self.vectors[torch.from_numpy(context.data.training_terms)], whitening)
        x = frame.project(self.vectors)
        general = None if self.still is None else frame.project(self.still)
        fitting = MapFitting(x, context.data, parameters, seed=context.seed, general=general)
        total = int(parameters["epochs"]) * fitting.steps
        pairs = min(int(parameters["batch_size"]), len(context.data.anchors))
        pace = Pace(context.report, context.monitor, total)
        pace.begin(pairs)
        watched, whole = frame.project(self.words), frame.project(self.whole)

        def stepped(step: int, loss: float) -> None:
            pace.end(step, pairs, float(parameters["learning_rate"]))
            context.report.point("loss", step, loss)
            context.report.steps(step, total)
            pace.begin(pairs)

        def scored(step: int, scores: DevScores) -> None:
            self.tried = max(self.tried, scores, key=lambda each: each.choice)
            draw(context, step, scores)
            context.monitor.look(
                context.report,
                step,
                scores.recall1,
                probe.queries,
                lambda: mapped(watched, fitting.residual()).numpy(),
            )
            pace.begin(pairs)

        best, stopped = search(
            fitting,
            probe,
            x[torch.from_numpy(probe.needed)],
            int(parameters["epochs"]),
            stepped=stepped,
            scored=scored,
            patience=int(parameters["patience"]),
            keeps=lambda residual: self._fall(mapped(whole, residual)) <= MOST_LOST,
        )
        return frame, best, stopped

    def _fall(self, whole: torch.Tensor) -> float:
        """Points of the general probe lost in the language that lost most, of those the base knows."""
        known = {each: score for each, score in self._before.items() if score >= KNOWN}
        now = self.context.monitor.whole_retention(whole.numpy())
        return max([0.0, *(score - now[each] for each, score in known.items())])

    @cached_property
    def _before(self) -> dict[str, float]:
        return self.context.monitor.whole_retention(self.whole.numpy())


def _save(context: StageContext, frame: Frame, best: Candidate | None) -> None:
    """The base with the map upon it; ``best`` None: with one that changes nothing."""
    import torch

    from workbench.models.adapter import Layer, append_dense, append_residual

    base, out = context.model.folder, context.out
    same = torch.eye(len(frame.mean))
    if best is None:
        append_dense(base, out, same.numpy(), torch.zeros(len(frame.mean)).numpy())
        return
    residual = best.used()
    weight = frame.soft if residual.form == "mlp" else (same + residual.matrix()) @ frame.soft
    bias = -(weight @ frame.mean)
    if residual.form != "mlp":
        append_dense(base, out, weight.numpy(), bias.numpy())
        return
    inward, inner, outward = (tensor.numpy() for tensor in residual.tensors)
    frame_layer = Layer(weight.numpy(), bias.numpy())
    append_residual(base, out, Layer(inward, inner, "relu"), outward, before=frame_layer)


def _estimate(work: Workload, parameters: dict[str, Any]) -> float:
    # Measured on two cores: about 25,000 pairs each second through a 384-d map, and a start of one second.
    return 1.0 + 1.4 * work.pairs * min(20, int(parameters["epochs"])) / 25_000


register(
    StageSpec(
        name="instant_map",
        title=LocalText("即时映射", "Instant map"),
        help=LocalText(
            "在现成的词向量上学一个变换，把近似词拉到一起，没见过的词也跟着变。"
            "通用词上退步超过 1 个百分点的变换不会被选中。",
            "Learns a map over ready vectors that draws synonyms together, unseen ones too. A map that "
            "costs more than a point of general knowledge is not chosen.",
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
                "patience",
                "int",
                PATIENCE,
                LocalText("提前结束", "Early stopping"),
                LocalText(
                    "开发集连续这么多轮没有更好就结束；0 表示练满。最好的状态总会保留。",
                    "After so many epochs without a better one on the development terms it ends; 0: never. "
                    "The best state is kept in any case.",
                ),
                0,
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
                "form",
                "choice",
                "linear",
                LocalText("变换的形式", "Form of the map"),
                LocalText(
                    "linear 是一个线性变换，一般选它；low_rank 只动几个方向，词对很少时用；"
                    "mlp 是带一层神经元的小网络，有上万词对时可一试。",
                    "“linear” is one linear map, the usual choice; “low_rank” moves along a few directions "
                    "alone, for few pairs; “mlp” is a small net of one layer, worth a try with ten thousand "
                    "pairs or more.",
                ),
                choices=("linear", "low_rank", "mlp"),
            ),
            Parameter(
                "width",
                "int",
                64,
                LocalText("秩 / 神经元数", "Rank or width"),
                LocalText(
                    "low_rank 动几个方向，mlp 有几个神经元；linear 不看它。越大越能学，也越容易死记硬背。",
                    "How many directions “low_rank” has, how many neurons “mlp”; “linear” has no use for it. "
                    "Larger learns more, and more by heart.",
                ),
                1,
                4096,
            ),
            Parameter(
                "retention",
                "float",
                0.0,
                LocalText("留住通用词的力度", "Hold on general words"),
                LocalText(
                    "训练时把模型词表里的几百个常用词按住不动的力度；通用词退步时调大。0 表示不用。",
                    "How strongly a few hundred common words of the model's vocabulary are held where they "
                    "are; raise it where general knowledge falls. 0: not at all.",
                ),
                0.0,
                100.0,
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
        "whitening: Su et al. 2021, arXiv:2103.15316; low rank: Hu et al. 2021, arXiv:2106.09685",
    )
)
