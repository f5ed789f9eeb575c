"""Counter-fitting: synonyms drawn together, "not synonyms" pushed apart, neighbourhoods kept."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from workbench.localtext import LocalText
from workbench.training import common_parameters as common
from workbench.training.loop import check_finite
from workbench.training.postprocessing import Listed, post_process, rounds_parameter
from workbench.training.registry import StageContext, StageResult, StageSpec, Workload, register
from workbench.types import Parameter

if TYPE_CHECKING:
    import numpy as np
    import torch
    from numpy.typing import NDArray

NEIGHBOURS = 10  # of each term whose distances are kept, at most
RADIUS = 0.2  # and no further away than this
TIE = 1e-6  # a distance is known to about this much
_ROWS_AT_ONCE = 256


def run(context: StageContext, parameters: dict[str, Any]) -> StageResult:
    """Least ``k1 AR + SA + k3 VSP`` over the vectors of the listed terms (Mrkšić 2016, arXiv:1603.00892).

    With ``d(u, v) = 1 - cos``: ``AR = sum max(0, delta - d)`` over the pairs marked as not synonyms,
    ``SA = sum max(0, d)`` over the pairs of the dictionary, ``VSP = sum max(0, d - d of the base)`` over the
    nearest listed terms of each (at most ten, within 0.2, neither synonyms nor marked). By gradient steps
    with all pairs at once, each term's divided by the number of its pairs that pull or push, the vectors
    brought to unit length after it, as the authors do. Without marked pairs AR is 0. Needs a dictionary.
    Listed terms alone move: :func:`workbench.training.postprocessing.post_process`.

    Raises:
        TrainingProblem: the steps are so large that the vectors are no longer numbers.
    """
    rounds = int(parameters["rounds"])
    return post_process(context, rounds, lambda listed: counter_fitted(listed, parameters))


def counter_fitted(listed: Listed, parameters: dict[str, Any]) -> Iterator[tuple[NDArray[np.float32], float]]:
    """The vectors (n, d) and the objective, for each listed term, after each of ``rounds`` steps."""
    import torch

    vectors = torch.from_numpy(listed.vectors).clone().requires_grad_(True)
    synonyms, apart = torch.from_numpy(listed.pairs), torch.from_numpy(listed.apart)
    near, before = _neighbourhoods(listed)
    rate, margin = float(parameters["learning_rate"]), float(parameters["margin"])
    weights = float(parameters["apart_weight"]), 1.0, float(parameters["keep_weight"])
    for _ in range(int(parameters["rounds"])):
        hinges = (
            (apart, margin - _distances(vectors, apart)),
            (synonyms, _distances(vectors, synonyms)),
            (near, _distances(vectors, near) - before),
        )
        loss = sum(
            (weight * hinge.clamp(min=0).sum() for weight, (_, hinge) in zip(weights, hinges, strict=True)),
            start=torch.zeros(()),
        )
        check_finite(loss)
        (gradient,) = torch.autograd.grad(loss, vectors)
        busy = torch.cat([pairs[hinge > TIE].reshape(-1) for pairs, hinge in hinges])
        counts = torch.bincount(busy, minlength=len(vectors)).clamp(min=1)
        with torch.no_grad():
            vectors -= rate * gradient / counts[:, None]
            vectors /= vectors.norm(dim=1, keepdim=True).clamp(min=1e-9)
        yield vectors.detach().numpy().copy(), float(loss.detach()) / len(listed.terms)


def _distances(vectors: torch.Tensor, pairs: torch.Tensor) -> torch.Tensor:
    import torch

    return 1 - torch.cosine_similarity(vectors[pairs[:, 0]], vectors[pairs[:, 1]])


def _neighbourhoods(listed: Listed) -> tuple[torch.Tensor, torch.Tensor]:
    """Pairs (m, 2) of near terms whose distance is to stay, and those distances (m,)."""
    import torch

    vectors = torch.from_numpy(listed.vectors)
    count = len(vectors)
    nearest = []
    for start in range(0, count, _ROWS_AT_ONCE):
        cosines = vectors[start : start + _ROWS_AT_ONCE] @ vectors.T
        values, columns = cosines.topk(min(NEIGHBOURS + 1, count), dim=1)
        rows = torch.arange(start, start + len(cosines))[:, None].expand_as(columns)
        found = (values >= 1 - RADIUS) & (columns != rows)
        nearest.append(torch.stack([rows[found], columns[found]], dim=1))
    pairs = torch.cat(nearest).sort(dim=1).values.unique(dim=0)
    known = torch.from_numpy(listed.pairs), torch.from_numpy(listed.apart)
    named = torch.cat(known).sort(dim=1).values
    free = ~torch.isin(pairs[:, 0] * count + pairs[:, 1], named[:, 0] * count + named[:, 1])
    return pairs[free], _distances(vectors, pairs[free])


def _estimate(work: Workload, parameters: dict[str, Any]) -> float:
    return 2.0 + work.terms**2 * 2.5e-8 + 3e-5 * work.terms * int(parameters["rounds"])


def _weight(name: str, default: float, title: LocalText, help_: LocalText) -> Parameter:
    return Parameter(name, "float", default, title, help_, 0.0, 10.0)


register(
    StageSpec(
        name="counter_fitting",
        title=LocalText("近义拉近、异义推开（counter-fitting）", "Counter-fitting"),
        help=LocalText(
            "近似词拉近，标为「不是近似词」的推开，其余的邻居关系尽量不变。词典里有「不是近似词」标记时用它。"
            "只移动词典训练部分的词，其他词和没见过的词与原来完全一样。放在方案最后。",
            "Draws synonyms together, pushes pairs marked “not synonyms” apart, and keeps who is near whom "
            "otherwise. Use it where the dictionary has such marks. Only terms of the dictionary's training "
            "part move; all others, unseen ones too, stay exactly as they were. For the end of a recipe.",
        ),
        needs=("dictionary",),
        parameters=(
            rounds_parameter(20),
            common.learning_rate(0.1, 1e-3, 1.0),
            common.margin(
                1.0,
                LocalText(
                    "「不是近似词」的两个词至少要离多远（1 减余弦）：1 是互不相干。",
                    "How far apart (1 minus cosine) marked terms are to be at least: 1 is unrelated.",
                ),
                2.0,
            ),
            _weight(
                "apart_weight",
                1.0,
                LocalText("推开的力度", "Weight of pushing apart"),
                LocalText(
                    "推开「不是近似词」与拉近近似词相比有多重要。",
                    "How much pushing marked pairs apart counts against drawing synonyms together.",
                ),
            ),
            _weight(
                "keep_weight",
                1.0,
                LocalText("保持邻居的力度", "Weight of neighbourhoods"),
                LocalText(
                    "原来的邻居不许变远，与拉近近似词相比有多重要。",
                    "How much it counts that former neighbours do not move away.",
                ),
            ),
        ),
        estimate=_estimate,
        run=run,
        source="Mrkšić et al. 2016, arXiv:1603.00892",
    )
)
