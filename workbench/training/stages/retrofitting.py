"""Retrofitting: each listed vector becomes a mean of what it was and what its synonyms are."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from workbench.localtext import LocalText
from workbench.training.postprocessing import Listed, post_process, rounds_parameter
from workbench.training.registry import StageContext, StageResult, StageSpec, Workload, register
from workbench.types import Parameter

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


def run(context: StageContext, parameters: dict[str, Any]) -> StageResult:
    """Least sum of ``alpha |q_i - e_i|^2 + sum_j 1/deg(i) |q_i - q_j|^2`` over pairs (i, j), e the base's.

    By the rounds of Faruqui et al. 2015 (arXiv:1411.4166): ``q_i = (mean of q_j + alpha e_i) / (1 + alpha)``
    over the synonyms j of i, all at once. Ten rounds come within a thousandth of the end. Needs a
    dictionary. Listed terms alone move: :func:`workbench.training.postprocessing.post_process`.
    """
    rounds, hold = int(parameters["rounds"]), float(parameters["hold"])
    return post_process(context, rounds, lambda listed: retrofitted(listed, hold, rounds))


def retrofitted(listed: Listed, hold: float, rounds: int) -> Iterator[tuple[NDArray[np.float32], float]]:
    """The vectors (n, d) and how far they went, on average and squared, in each round."""
    import numpy as np
    from scipy.sparse import coo_array

    count = len(listed.vectors)
    first, second = np.unique(np.sort(listed.pairs, axis=1), axis=0).T
    ones = np.ones(2 * len(first), np.float32)
    places = np.concatenate([first, second]), np.concatenate([second, first])
    neighbours = coo_array((ones, places), shape=(count, count)).tocsr()
    degrees = np.asarray(neighbours.sum(axis=1)).reshape(-1, 1)
    vectors = listed.vectors
    for _ in range(rounds):
        means = (neighbours @ vectors) / degrees
        moved = ((means + hold * listed.vectors) / (1 + hold)).astype(np.float32)
        yield moved, float(np.square(moved - vectors).sum(axis=1).mean())
        vectors = moved


def _estimate(work: Workload, parameters: dict[str, Any]) -> float:
    return 1.5 + work.terms**2 * 1.2e-8 + 2e-6 * work.terms * int(parameters["rounds"])


register(
    StageSpec(
        name="retrofitting",
        title=LocalText("词向量改装（retrofitting）", "Retrofitting"),
        help=LocalText(
            "让词典里的词兼顾原来的位置和近似词的位置，比「近似词拉近」更稳。"
            "只移动词典训练部分的词，其他词和没见过的词与原来完全一样。放在方案最后。",
            "Puts each listed term between where it was and where its synonyms are; steadier than synonym "
            "adjustment. Only terms of the dictionary's training part move; all others, unseen ones too, "
            "stay exactly as they were. For the end of a recipe.",
        ),
        needs=("dictionary",),
        parameters=(
            Parameter(
                "hold",
                "float",
                1.0,
                LocalText("守住原位的力度", "Hold on the original"),
                LocalText(
                    "原来的位置与近似词相比有多重要：1 是一样重要，越小走得越远。",
                    "How much the original place counts against the synonyms: 1 as much; less moves further.",
                ),
                0.01,
                100.0,
            ),
            rounds_parameter(10),
        ),
        estimate=_estimate,
        run=run,
        source="Faruqui et al. 2015, arXiv:1411.4166",
    )
)
