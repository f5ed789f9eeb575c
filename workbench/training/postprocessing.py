"""Moves the vectors of listed terms and no others, and keeps the moves in an ordinary model."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from workbench.errors import Stopped, TrainingProblem
from workbench.localtext import LocalText
from workbench.training.dataset import DevProbe, DevScores, TrainingSet
from workbench.training.looking import draw
from workbench.training.registry import StageContext, StageResult
from workbench.training.term_memory import TermMemory, Units, separable
from workbench.types import Parameter

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

STRENGTHS = (1.0, 0.7, 0.5, 0.3)
MOST_LOST = 1.0  # points of development MRR@10: moved terms stand among the wrong answers of the others
LEAST_SEEN = 150  # points times synonyms: one synonym more or less is chance, however many points it makes
ASKED = 2000  # listed synonyms that are asked for their standard term, at most


@dataclass(frozen=True)
class Listed:
    """The terms that are moved. Their numbers here count from 0 over ``terms``.

    ``terms`` (n,) are indices into ``data.terms``: all of the training part; ``vectors`` (n, d) the base
    model's; ``pairs`` (m, 2) synonym and standard term in the dictionary's order, ``apart`` (k, 2) those
    marked as not synonyms.
    """

    terms: NDArray[np.int64]
    vectors: NDArray[np.float32]
    pairs: NDArray[np.int64]
    apart: NDArray[np.int64]

    @classmethod
    def of(cls, data: TrainingSet, vectors: NDArray[np.float32]) -> Listed:
        """The training terms of a dictionary; ``vectors`` (n, d) of ``data.terms``."""
        import numpy as np

        terms = data.training_terms
        pairs = np.stack([data.anchors, data.positives], axis=1)
        places = np.searchsorted(terms, pairs), np.searchsorted(terms, data.apart)
        return cls(terms, vectors[terms], *places)

    def recall(self, vectors: NDArray[np.float32]) -> float:
        """How many of the listed synonyms have their own standard term nearest, in percent; a sample of many.

        It tells how well the list was learnt by heart and nothing of other terms.
        """
        import numpy as np

        standards = np.unique(self.pairs[:, 1])
        chosen = np.random.default_rng(0).permutation(len(self.pairs))[:ASKED]
        synonyms, own = self.pairs[chosen].T
        cosines = vectors[synonyms] @ vectors[standards].T
        cosines[standards[None, :] == synonyms[:, None]] = -2.0  # a term is not its own answer
        best = cosines[np.arange(len(own)), np.searchsorted(standards, own)]
        return float(100 * (cosines.max(axis=1) <= best + 1e-6).mean())


Rounds = Callable[[Listed], Iterator[tuple["NDArray[np.float32]", float]]]
"""Gives the moved vectors (n, d), of any length, and a loss after each round."""


def post_process(context: StageContext, rounds: int, moved: Rounds) -> StageResult:
    """Move the listed terms in ``rounds``, and save the base with the moves in a :class:`TermMemory`.

    Terms that are not listed keep the base's vectors, so the development synonyms tell no gain; they tell
    whether the moved terms get in the way of others. Where they lose more than a point of MRR@10, the moves
    are made weaker, in the end to none. Stop keeps what the rounds so far have moved.

    Raises:
        TrainingProblem: no term has a vector of its own under this base model.
    """
    context.report.phase(LocalText("正在编码词语", "Encoding the terms"))
    vectors = context.model.vectors(context.data.terms)
    words = context.model.vectors(context.monitor.words(context.data))
    probe = DevProbe(context.data, max_queries=600, max_documents=3000)
    base = probe.score(vectors[probe.needed])
    draw(context, 0, base)
    context.monitor.look(context.report, 0, base.recall1, probe.queries, lambda: words)
    listed = Listed.of(context.data, vectors)
    context.report.phase(LocalText("正在比较各词的远近", "Comparing how near the terms are"))
    units = separable(vectors, listed.terms, context.report.progress)
    if not len(units.keys):
        raise _all_alike()
    context.report.phase(LocalText("正在移动词向量", "Moving the vectors"))
    memory, done, stopped = TermMemory.of(units, vectors, listed.terms, listed.vectors), 0, False
    try:
        for now, loss in moved(listed):
            done += 1
            memory = TermMemory.of(units, vectors, listed.terms, now)
            context.report.point("loss", done, loss)
            context.report.steps(done, rounds)
            draw(context, done, probe.score(memory.exact(vectors)[probe.needed]))
    except Stopped:
        stopped = True
    memory, strength, scores = _strongest(base, memory, probe, vectors)
    context.monitor.settle(context.monitor.read(scores.recall1, memory.applied(words)), probe.queries)
    stopped = context.stopped_at(LocalText("正在保存模型", "Saving the model")) or stopped
    memory.save(context.model.folder, context.out)
    after = memory.exact(vectors)
    chosen = {"epoch": done if strength else 0, "alpha": strength, **_facts(listed, units, after, strength)}
    return StageResult(base, scores, chosen, after, stopped_early=stopped)


def _facts(listed: Listed, units: Units, after: NDArray[np.float32], strength: float) -> dict[str, Any]:
    """How many terms were moved, how many could not be, and how well the list is known by heart now."""
    recalls = [round(listed.recall(each), 1) for each in (listed.vectors, after[listed.terms])]
    moved = len(units.members)
    facts = {
        "listed": moved if strength else 0,
        "left": len(listed.terms) - moved,
        "listed_recall@1": recalls,
    }
    return {**facts, "told": told(facts).as_json()}


def _strongest(
    base: DevScores, memory: TermMemory, probe: DevProbe, vectors: NDArray[np.float32]
) -> tuple[TermMemory, float, DevScores]:
    """The moves at the largest strength that costs the development synonyms at most a point; 0: none does."""
    for strength in STRENGTHS:
        weaker = memory.scaled(strength)
        scores = probe.score(weaker.exact(vectors)[probe.needed])
        fall = base.choice - scores.choice
        if fall <= MOST_LOST or fall * probe.queries <= LEAST_SEEN:
            return weaker, strength, scores
    return memory.scaled(0.0), 0.0, base


def rounds_parameter(default: int) -> Parameter:
    """How often all pairs are gone through."""
    return Parameter(
        "rounds",
        "int",
        default,
        LocalText("遍数", "Rounds"),
        LocalText(
            "把全部词对走几遍；越多，近似词靠得越近。", "How often all pairs are gone through; more: nearer."
        ),
        1,
        200,
    )


def told(chosen: dict[str, Any]) -> LocalText:
    """What a stage of this kind has to say of what it chose."""
    if not chosen["listed"]:
        return LocalText(
            "没有移动任何词：移动会让其他词更难找到。",
            "No term was moved: moving them would have made others harder to find.",
        )
    before, after = chosen["listed_recall@1"]
    return LocalText(
        "只移动了词典训练部分的 {n} 个词，其他词的向量与原来一样，所以没见过的词不会变好。"
        "这些近似词里首位就是自己标准词的，从 {before}% 到 {after}%（是背下来的，不说明其他词）。",
        "Only {n} terms of the dictionary's training part were moved; all others have the vectors that they "
        "had, so unseen terms gain nothing. Of the moved synonyms {before} % had their standard term first, "
        "now {after} % (learnt by heart: it tells nothing of other terms).",
    ).format(n=chosen["listed"], before=f"{before:.1f}", after=f"{after:.1f}")


def _all_alike() -> TrainingProblem:
    return TrainingProblem(
        LocalText(
            "这个基础模型给词典里的词几乎相同的向量，无法单独移动其中的词。",
            "This base model gives the dictionary's terms nearly the same vectors: none can be moved alone.",
        ),
        LocalText(
            "它可能不懂这种语言；请换一个基础模型。",
            "It may not know their language; choose another base model.",
        ),
    )
