"""Asks a system about one text: a model, a lexical system, both as one, a cross-encoder over a model."""

from __future__ import annotations

from collections.abc import Callable, Collection, Hashable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from workbench.errors import BadParameter
from workbench.evaluation import fusion
from workbench.evaluation.reranked import rerank
from workbench.evaluation.systems import System, Systems
from workbench.localtext import LocalText
from workbench.locks import KeyedCache
from workbench.models.lexical import BASELINES, Scorer
from workbench.search.near import Accepts, Asked, Found, Ranking, deepening
from workbench.search.neighbours import Neighbourhood
from workbench.search.sources import Kind, Shelf
from workbench.storage.evaluations import EvaluationStore
from workbench.types import DictionaryInfo

if TYPE_CHECKING:
    from workbench.models.library import ModelLibrary
    from workbench.models.reranking import Reranker

Progress = Callable[[float, LocalText], None]
SCORERS_IN_MEMORY = 4
RERANK_DEPTH = 50


@dataclass(frozen=True)
class Place:
    """Somewhere to look: its texts, and the same under a model. ``kind`` is what its texts are to a model.

    ``measured_on`` is the dictionary whose board says how systems made of two are joined.
    """

    kind: Kind
    shelf: Callable[[], Shelf]
    neighbourhood: Callable[[str], Neighbourhood]
    measured_on: DictionaryInfo | None


@dataclass(frozen=True)
class Question:
    """A text, which hits are wanted, and, where only a few can be, their keys."""

    text: str
    accepts: Accepts
    all_wanted: bool = True
    only: Collection[str] | None = None


class Serving:
    """Ranks the texts of a place by systems, with the parts that measure them on the leaderboard."""

    def __init__(self, library: ModelLibrary, systems: Systems, evaluations: EvaluationStore) -> None:
        self._library = library
        self._systems = systems
        self._evaluations = evaluations
        self._scorers: KeyedCache[tuple[str, Hashable], Scorer] = KeyedCache(SCORERS_IN_MEMORY)

    def asked(self, system: System, place: Place, question: Question) -> Asked:
        """How a system answers a question. What it needs is made ready now.

        A model's score is the cosine, a lexical system's its own. A hybrid is joined, and a cross-encoder
        used, as was chosen when the system was measured on the dictionary. Where it was not measured, a
        hybrid is joined by reciprocal ranks, a cross-encoder over the vectors that it was trained with is
        used as its run chose, and another one alone over the model's best 50.

        Raises:
            BadParameter, NotFound, ModelProblem: there is no such system, or it cannot be loaded.
        """
        if system.kind == "lexical":
            ranking = self._lexical(str(system.lexical), place, question)
            return Asked(system.id, _wanted(ranking, question))
        if system.kind == "hybrid":
            return self._hybrid(system, place, question)
        dense = self._dense(str(system.model), place, question)
        if system.kind == "rerank":
            return self._reranked(system, place, question, _wanted(dense, question))
        return Asked(system.id, _wanted(dense, question))

    def vector(self, model: str, text: str, place: Place) -> Any:
        """The vector (d,) of a text that is looked for in a place."""
        kind: Kind = "query" if place.kind == "passage" else "term"
        return self._library.vectors(model, [text], kind=kind)[0]

    # -- inside -------------------------------------------------------------------------------

    def _dense(self, model: str, place: Place, question: Question) -> Ranking:
        hood = place.neighbourhood(model)
        vector = self.vector(model, question.text, place)
        if question.only is None:
            return lambda depth: hood.nearest(vector, depth)
        keys = sorted(key for key in question.only if hood.holds(key))
        cosines = hood.cosines(vector, keys)
        found = sorted(
            ((hood.term(key), score) for key, score in zip(keys, cosines, strict=True)),
            key=lambda each: (-each[1], each[0]),
        )
        return lambda depth: found[:depth]

    def _lexical(self, lexical: str, place: Place, question: Question) -> Ranking:
        shelf = place.shelf()
        row = self._scorer(lexical, shelf)([question.text]).tocsr()
        found = row.data > 0
        places, scores = row.indices[found], row.data[found]
        order = np.lexsort((places, -scores))

        def answer(depth: int) -> Found:
            return [(shelf.texts[places[i]], float(scores[i])) for i in order[:depth]]

        return answer

    def _hybrid(self, system: System, place: Place, question: Question) -> Asked:
        model, lexical, shelf = str(system.model), str(system.lexical), place.shelf()
        variant, told = self._variant(system, place)
        hood, vector = place.neighbourhood(model), self.vector(model, question.text, place)
        dense = hood.scores(vector, shelf.keys)
        words = self._scorer(lexical, shelf)([question.text]).toarray()
        scores = fusion.fuse(dense[None, :], words, variant)[0]

        def answer(depth: int) -> Found:
            depth = min(depth, len(scores))
            best = np.argpartition(-scores, depth - 1)[:depth] if depth < len(scores) else np.arange(depth)
            # What both systems find the same is put in the model's order.
            order = best[np.lexsort((best, -dense[best], -scores[best]))]
            return [(shelf.texts[i], float(scores[i])) for i in order.tolist()]

        return Asked(system.id, _wanted(answer, question), told=told)

    def _reranked(self, system: System, place: Place, question: Question, first: Ranking) -> Asked:
        scorer = self._systems.reranker(system)
        assert scorer is not None  # a system of this kind names one
        depth, blend, told = self._depth(system, place, scorer)

        def answer(k: int) -> Found:
            found = first(max(k, depth))
            listed, others = found[:depth], found[depth:]
            if not blend or not listed:
                return found[:k]
            texts = [text for text, _ in listed]
            scores = np.array([[score for _, score in listed]])
            final = rerank(scores, [question.text], texts, [()], scorer, len(texts), blend)[0]
            order = np.argsort(-final, kind="stable").tolist()
            # What was not read by the cross-encoder follows as the model has it.
            return [*((texts[i], float(final[i])) for i in order), *((text, 0.0) for text, _ in others)][:k]

        return Asked(system.id, answer, told=told)

    def _scorer(self, lexical: str, shelf: Shelf) -> Scorer:
        if not len(shelf):
            raise BadParameter(
                LocalText("这里还没有可以查找的词。", "There is nothing to look among yet."),
                LocalText("请先添加词语。", "Add terms first."),
            )
        return self._scorers.get((lexical, shelf.state), lambda: BASELINES[lexical].build().fit(shelf.texts))

    def _details(self, system: System, place: Place) -> dict[str, Any]:
        if place.measured_on is None:
            return {}
        fingerprint = self._systems.fingerprint(system)
        found = self._evaluations.newest_details(place.measured_on.id, system.id, fingerprint)
        return found or {}

    def _variant(self, system: System, place: Place) -> tuple[fusion.Variant, LocalText]:
        details = self._details(system, place)
        chosen = details.get("fusion") or []
        if not chosen:
            return fusion.Variant("rrf"), NOT_MEASURED_HYBRID
        variant = fusion.Variant(chosen[0]["method"], float(chosen[0]["weight"]))
        return variant, (AS_MEASURED_ALONE if variant.alone else AS_MEASURED).format(what=variant.words)

    def _depth(self, system: System, place: Place, scorer: Reranker) -> tuple[int, float, LocalText]:
        chosen = self._details(system, place).get("reranking") or []
        if chosen:
            depth, blend = int(chosen[0]["depth"]), float(chosen[0]["blend"])
            told = MEASURED_RERANK if blend else MEASURED_NO_HELP
        elif self._library.same_vectors(str(system.model), str(system.reranker)):
            depth, blend = scorer.depth, scorer.blend
            told = CHOSEN_RERANK if blend else CHOSEN_NO_HELP
        else:
            depth, blend, told = RERANK_DEPTH, 1.0, NOT_MEASURED_RERANK
        return depth, blend, told.format(depth=depth, share=f"{100 * blend:.0f}")


def _wanted(ranking: Ranking, question: Question) -> Ranking:
    return deepening(ranking, question.accepts, all_wanted=question.all_wanted)


AS_MEASURED = LocalText("按排行榜上选定的方式融合：{what}。", "Joined as the leaderboard chose: {what}.")
AS_MEASURED_ALONE = LocalText(
    "排行榜表明不该融合，所以这一列就是：{what}。",
    "The leaderboard says not to join, so this column is {what}.",
)
NOT_MEASURED_HYBRID = LocalText(
    "按名次融合（RRF）；在排行榜上评测后会用选定的方式。",
    "Joined by reciprocal ranks; measured on the leaderboard it will be joined as is best.",
)
MEASURED_RERANK = LocalText(
    "对前 {depth} 个结果，重排模型占 {share}%，如排行榜上所选。",
    "Over the best {depth} the cross-encoder counts {share} %, as the leaderboard chose.",
)
MEASURED_NO_HELP = LocalText(
    "排行榜表明重排没有帮助，所以这一列与模型相同。",
    "The leaderboard says that reranking does not help, so this column is the model's.",
)
CHOSEN_RERANK = LocalText(
    "对前 {depth} 个结果，重排模型占 {share}%，如训练时所选。",
    "Over the best {depth} the cross-encoder counts {share} %, as its run chose.",
)
CHOSEN_NO_HELP = LocalText(
    "训练时发现重排没有帮助，所以这一列与模型相同。",
    "Its run found that reranking does not help, so this column is the model's.",
)
NOT_MEASURED_RERANK = LocalText(
    "前 {depth} 个结果按重排模型排列；在排行榜上评测后会用选定的设置。",
    "The best {depth} in the cross-encoder's order; measured on the leaderboard it will be used as is best.",
)
