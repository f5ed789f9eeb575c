"""Synonym adjustment: the vectors of each listed pair step towards one another, round after round."""

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
    """For each pair of a synonym and its standard term: ``v1 -= a (v1 - v2)``, ``v2 += a (v1 - v2)``.

    Both steps with the difference as it was before them, so that a = 0.5 puts both onto their middle. Pairs
    come in the dictionary's order, ``rounds`` times. A loop of practice without a paper of its own; it is
    the special case of retrofitting (arXiv:1411.4166) without a hold on the original vectors. Needs a
    dictionary. Listed terms alone move: :func:`workbench.training.postprocessing.post_process`.
    """
    rounds, factor = int(parameters["rounds"]), float(parameters["factor"])
    return post_process(context, rounds, lambda listed: adjusted(listed, factor, rounds))


def adjusted(listed: Listed, factor: float, rounds: int) -> Iterator[tuple[NDArray[np.float32], float]]:
    """The vectors (n, d) and the mean squared distance of the pairs after each round."""
    import numpy as np

    vectors = listed.vectors.copy()
    synonyms, standards = listed.pairs.T
    waves = _waves(listed.pairs, len(vectors))
    for _ in range(rounds):
        for rows in waves:
            first, second = synonyms[rows], standards[rows]
            step = np.float32(factor) * (vectors[first] - vectors[second])
            vectors[first] -= step
            vectors[second] += step
        yield vectors.copy(), float(np.square(vectors[synonyms] - vectors[standards]).sum(axis=1).mean())


def _waves(pairs: NDArray[np.int64], terms: int) -> list[NDArray[np.int64]]:
    """Rows of ``pairs`` that can be taken at once: one after the other would give the same to the last digit.

    No two pairs of a wave share a term, and of two that do the earlier one is in an earlier wave.
    """
    import numpy as np

    free = [0] * terms  # the first wave in which a term has not been used
    waves: list[list[int]] = []
    for row, (one, other) in enumerate(pairs.tolist()):
        wave = max(free[one], free[other])
        free[one] = free[other] = wave + 1
        if wave == len(waves):
            waves.append([])
        waves[wave].append(row)
    return [np.array(wave) for wave in waves]


def _estimate(work: Workload, parameters: dict[str, Any]) -> float:
    # Measured on two cores: the comparison of all terms, and half a second for a million pair steps.
    return 1.5 + work.terms**2 * 1.2e-8 + 2e-6 * work.pairs * int(parameters["rounds"])


register(
    StageSpec(
        name="synonym_adjustment",
        title=LocalText("近似词拉近", "Synonym adjustment"),
        help=LocalText(
            "把词典里每对词的向量一步步拉近。只移动词典训练部分的词，其他词和没见过的词与原来完全一样："
            "想让列出的词准、又不许别的变时用它。放在方案最后。",
            "Draws the vectors of each listed pair together, step by step. Only terms of the dictionary's "
            "training part move; all others, unseen ones too, stay exactly as they were. For listed terms "
            "that must be right while nothing else may change. For the end of a recipe.",
        ),
        needs=("dictionary",),
        parameters=(
            Parameter(
                "factor",
                "float",
                0.2,
                LocalText("步长", "Factor"),
                LocalText(
                    "每一步两个词各朝对方走多大一段：0.5 一步就到中间。",
                    "How far each goes towards the other in a step: at 0.5 they meet in the middle.",
                ),
                0.01,
                0.5,
            ),
            rounds_parameter(5),
        ),
        estimate=_estimate,
        run=run,
        source="The loop of practice; compare Faruqui et al. 2015, arXiv:1411.4166",
    )
)
