"""What can be measured: a model, a lexical system, both as one, a cross-encoder over a model's best."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import unquote

import numpy as np

from workbench.errors import BadParameter
from workbench.evaluation import fusion, second_stage
from workbench.evaluation.benchmarks import Case
from workbench.evaluation.retrieval import (
    Benchmark,
    Outcomes,
    RowScorer,
    outcomes_of_rows,
    outcomes_of_vectors,
)
from workbench.localtext import LocalText
from workbench.locks import KeyedCache
from workbench.models.folder_format import RERANKER
from workbench.models.lexical import BASELINES
from workbench.models.reranking import is_cross_encoder, no_reranker

if TYPE_CHECKING:
    from workbench.models.library import ModelLibrary
    from workbench.models.reranking import Reranker

Progress = Callable[[float, LocalText], None]
SystemKind = Literal["model", "lexical", "hybrid", "rerank"]
SEARCHING = LocalText("正在检索", "Searching")
CHOOSING = LocalText("正在选融合的权重", "Choosing the weights")
_HYBRID = re.compile(r"hybrid\((?P<model>.+)\+(?P<lexical>[a-z0-9_]+)\)")
_RERANK = re.compile(r"rerank\((?P<model>.+)\+(?P<reranker>[^+]+)\)")
_SHORT = {"bm25": "bm25_words", "bm25:words": "bm25_words", "bm25:chars": "bm25_chars"}
RERANKERS_IN_MEMORY = 1
MOST_EXACT = 20_000  # texts of a retrieval set that are encoded in full precision


@dataclass(frozen=True, slots=True)
class System:
    """A system by its id: a model's id, a lexical one's, ``hybrid(<model>+<lexical>)``, or
    ``rerank(<model>+<a run with a cross-encoder, or its folder>)``."""

    id: str
    kind: SystemKind
    model: str | None
    lexical: str | None
    reranker: str | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Measured:
    """The outcomes on one benchmark, with what was chosen for it. ``details["told"]`` says it in words."""

    benchmark: Benchmark
    outcomes: Outcomes
    details: dict[str, Any]


def system_of(text: str) -> System:
    """The system that an id or what the command line takes means.

    ``dense:M`` is the model M, ``bm25`` is BM25 over words, ``hybrid:M+tfidf`` is ``hybrid(M+tfidf)``,
    ``rerank:M+R`` is ``rerank(M+R)``. Whether there is such a model is not looked at.

    Raises:
        BadParameter: it is none of these forms, or names an unknown lexical system.
    """
    name = text.strip()
    for word in ("hybrid", "rerank"):
        if name.startswith(f"{word}:"):
            name = f"{word}({name.removeprefix(f'{word}:')})"
    name = _SHORT.get(name, name)
    if name in BASELINES:
        return System(name, "lexical", None, name)
    found = _HYBRID.fullmatch(name)
    if found:
        lexical = _SHORT.get(found["lexical"], found["lexical"])
        if lexical not in BASELINES:
            raise _unknown(text)
        return System(hybrid_id(found["model"], lexical), "hybrid", found["model"], lexical)
    found = _RERANK.fullmatch(name)
    if found:
        return System(name, "rerank", found["model"], None, unquote(found["reranker"]))
    if name.startswith(("hybrid(", "rerank(")):
        raise _unknown(text)
    model = name.removeprefix("dense:")
    if not model:
        raise _unknown(text)
    return System(model, "model", model, None)


def hybrid_id(model: str, lexical: str) -> str:
    """The id of a model and a lexical system as one."""
    return f"hybrid({model}+{lexical})"


def reranked_id(system: str, reranker: str) -> str:
    """The id of a model whose best a cross-encoder puts in order: ``reranker`` is a run or a folder.

    Raises:
        BadParameter: ``system`` is no model.
    """
    found = system_of(system)
    if found.kind != "model":
        raise BadParameter(
            LocalText(
                "只有模型的结果可以重排，「{system}」不是模型。",
                "Only what a model finds can be reranked, and “{system}” is no model.",
            ),
            LocalText("请去掉它，或不用重排。", "Leave it out, or do without the reranker."),
            system=system,
        )
    plain = reranker.replace("%", "%25").replace("+", "%2B")  # a plus in it would be taken for the one here
    return f"rerank({found.model}+{plain})"


def is_made(system: str) -> bool:
    """Whether an id is that of a system made of two: a hybrid, a model with a cross-encoder of another."""
    return (
        system_of(system).kind in ("hybrid", "rerank") if system.startswith(("hybrid", "rerank")) else False
    )


class Systems:
    """Measures systems, with the models of a library."""

    def __init__(self, library: ModelLibrary) -> None:
        self._library = library
        self._rerankers: KeyedCache[Path, Reranker] = KeyedCache(RERANKERS_IN_MEMORY)

    def named(self, text: str) -> System:
        """As :func:`system_of`, but that a run of that very name comes first, whatever it is called."""
        name = text.strip()
        if name not in BASELINES and self._library.base_of(name) is not None:
            return System(name, "model", name, None)
        return system_of(text)

    def fingerprint(self, system: System, progress: Progress | None = None) -> str:
        """What changes whenever the system would answer otherwise."""
        parts = []
        if system.model is not None:
            parts.append(self._library.fingerprint(system.model, progress))
        if system.lexical is not None:
            parts.append(system.lexical)
        folder = self._reranker_folder(system)
        if folder is not None:  # set by its run, or to be chosen: not the same system
            parts += [system.kind, self._library.fingerprint_of_folder(folder)]
        return "+".join(parts)

    def measure(self, system: System, case: Case, progress: Progress | None = None) -> list[Measured]:
        """The outcomes on every view of a case, the headline first."""
        if system.kind == "hybrid":
            return self._hybrid(system, case, progress)
        reranker = self.reranker(system)
        if reranker is None:
            return [Measured(view, self._outcomes(system, view, progress), {}) for view in case.views]
        model = str(system.model)

        def rows_of(view: Benchmark) -> RowScorer:
            return self._model_rows(model, view, progress)

        if system.kind == "model" and not reranker.blend:  # not used: the very numbers of the vectors
            told = second_stage.NOT_USED.as_json()
            return [
                Measured(view, self._outcomes(system, view, progress), {"told": told}) for view in case.views
            ]
        if system.kind == "model":
            found = [second_stage.with_its_own(view, rows_of(view), reranker) for view in case.views]
        else:
            found = second_stage.chosen_on_dev(case, rows_of, reranker)
        return [Measured(view, *each) for view, each in zip(case.views, found, strict=True)]

    def similarities(
        self, system: System, first: list[str], second: list[str], progress: Progress | None = None
    ) -> np.ndarray[Any, np.dtype[np.float64]]:
        """(n,) how alike each two texts are: the cosine, or a lexical system's score in 0..1.

        Raises:
            BadParameter: the system's scores mean nothing across queries (BM25, a hybrid).
        """
        texts = list(dict.fromkeys([*first, *second]))
        place = {text: row for row, text in enumerate(texts)}
        left = np.array([place[text] for text in first], np.int64)
        right = np.array([place[text] for text in second], np.int64)
        if system.kind == "model" and system.model is not None:
            vectors = unit(self._library.vectors(system.model, texts, progress))
            return np.asarray(np.einsum("ij,ij->i", vectors[left], vectors[right]))
        lexical = BASELINES.get(system.lexical or "")
        if system.kind != "lexical" or lexical is None or not lexical.bounded:
            raise BadParameter(
                LocalText(
                    "「{system}」只能用来检索，不能给两句话打分。",
                    "“{system}” can rank documents, but its scores of two texts mean nothing by themselves.",
                ),
                LocalText("请选一个模型，或 exact、bow、tfidf。", "Choose a model, or exact, bow, tfidf."),
                system=system.id,
            )
        scorer = lexical.build().fit(texts)
        out = np.zeros(len(left))
        order = np.argsort(left, kind="stable")
        for start in range(0, len(order), 256):
            rows = order[start : start + 256]
            scores = scorer([first[row] for row in rows]).tocsr()
            out[rows] = np.asarray(scores[np.arange(len(rows)), right[rows]]).ravel()
        return out

    def reranker(self, system: System) -> Reranker | None:
        """The cross-encoder of a system that has one; the last one stays loaded.

        Raises:
            ModelProblem, NotFound: the one that it names is not there.
        """
        folder = self._reranker_folder(system)
        return None if folder is None else self._rerankers.get(folder, lambda: _load_reranker(folder))

    # -- inside -------------------------------------------------------------------------------

    def _reranker_folder(self, system: System) -> Path | None:
        """The cross-encoder that belongs to a model, or that the system names.

        Raises:
            ModelProblem, NotFound: the one that it names is not there.
        """
        if system.kind not in ("model", "rerank") or system.model is None:
            return None
        if system.reranker is None:
            beside = self._library.folder(system.model) / RERANKER
            return beside if beside.is_dir() else None
        named = Path(system.reranker)
        folder = named if named.is_dir() else self._library.folder(system.reranker)
        if (folder / RERANKER).is_dir():
            return folder / RERANKER
        if not is_cross_encoder(folder):
            raise no_reranker(system.reranker)
        return folder

    def _outcomes(self, system: System, benchmark: Benchmark, progress: Progress | None) -> Outcomes:
        if system.model is None:
            return outcomes_of_rows(benchmark, self._lexical_rows(str(system.lexical), benchmark))
        queries, corpus = self._vectors(system.model, benchmark, progress)
        if progress:
            progress(1.0, SEARCHING)
        return outcomes_of_vectors(benchmark, queries, corpus)

    def _vectors(self, model: str, benchmark: Benchmark, progress: Progress | None) -> tuple[Any, Any]:
        queries, corpus = benchmark.queries, benchmark.corpus
        exact = is_exact(benchmark)
        if benchmark.query_kind == benchmark.corpus_kind:
            texts = [*queries, *corpus]
            vectors = self._library.vectors(model, texts, progress, kind=benchmark.query_kind, exact=exact)
            return vectors[: len(queries)], vectors[len(queries) :]
        return (
            self._library.vectors(model, queries, progress, kind=benchmark.query_kind, exact=exact),
            self._library.vectors(model, corpus, progress, kind=benchmark.corpus_kind, exact=exact),
        )

    def _lexical_rows(self, lexical: str, benchmark: Benchmark) -> RowScorer:
        scorer = BASELINES[lexical].build().fit(benchmark.corpus)
        return lambda start, stop: scorer(benchmark.queries[start:stop])

    def _model_rows(self, model: str, benchmark: Benchmark, progress: Progress | None) -> RowScorer:
        queries, corpus = self._vectors(model, benchmark, progress)
        left, right = unit(queries), unit(corpus).T
        return lambda start, stop: left[start:stop] @ right

    def _hybrid(self, system: System, case: Case, progress: Progress | None) -> list[Measured]:
        model, lexical = str(system.model), str(system.lexical)

        def parts(benchmark: Benchmark) -> tuple[RowScorer, RowScorer]:
            return (
                self._model_rows(model, benchmark, progress),
                self._lexical_rows(lexical, benchmark),
            )

        if case.dev is not None:
            if progress:
                progress(1.0, CHOOSING)
            choice = fusion.choose(fusion.reciprocal_ranks(case.dev, *parts(case.dev)))
            details = _told_on_dev(choice)
            return [
                Measured(
                    view,
                    fusion.fused_outcomes(view, *parts(view), [choice.variant] * len(view.queries)),
                    details,
                )
                for view in case.views
            ]
        return [
            _cross_fitted(view, *parts(view))
            if len(set(view.query_components)) > 1
            else Measured(view, outcomes_of_rows(view, parts(view)[0]), {"told": NOTHING_TO_CHOOSE.as_json()})
            for view in case.views
        ]


def _load_reranker(folder: Path) -> Reranker:
    from workbench.models.reranking import Reranker

    return Reranker(folder)


def is_exact(benchmark: Benchmark) -> bool:
    """Whether vectors are computed in full precision: for a retrieval set, unless that would take long.

    So its numbers are those of a script of the user's own, to the last query.
    """
    return benchmark.view == "all" and len(benchmark.queries) + len(benchmark.corpus) <= MOST_EXACT


def unit(vectors: Any) -> Any:
    """(n, d) at unit length in double precision; a zero vector stays zero."""
    wide = np.asarray(vectors, np.float64)
    lengths = np.linalg.norm(wide, axis=1, keepdims=True)
    return wide / np.where(lengths == 0, 1.0, lengths)


def _cross_fitted(benchmark: Benchmark, model: RowScorer, lexical: RowScorer) -> Measured:
    """Each half of the queries under what was chosen on the other half."""
    ranks = fusion.reciprocal_ranks(benchmark, model, lexical)
    fold = fusion.folds(benchmark.query_components)
    choices = [fusion.choose(ranks, np.flatnonzero(fold != number)) for number in (0, 1)]
    variants = [choices[number].variant for number in fold]
    outcomes = fusion.fused_outcomes(benchmark, model, lexical, variants)
    return Measured(benchmark, outcomes, _told_cross_fitted(choices))


def _told_on_dev(choice: fusion.Choice) -> dict[str, Any]:
    template = ALONE_ON_DEV if choice.variant.alone else FUSED_ON_DEV
    return {
        "told": template.format(**_numbers(choice)).as_json(),
        "fusion": [_as_json(choice)],
    }


def _told_cross_fitted(choices: list[fusion.Choice]) -> dict[str, Any]:
    halves = {f"half{number}": _HALF.format(**_numbers(each)) for number, each in enumerate(choices, 1)}
    template = ALONE_BY_HALVES if all(each.variant.alone for each in choices) else BY_HALVES
    return {
        "told": template.format(**halves).as_json(),
        "fusion": [_as_json(each) for each in choices],
    }


def _numbers(choice: fusion.Choice) -> dict[str, Any]:
    return {
        "what": choice.variant.words,
        "score": f"{choice.score:.1f}",
        "model": f"{choice.model:.1f}",
        "lexical": f"{choice.lexical:.1f}",
        "queries": choice.queries,
    }


def _as_json(choice: fusion.Choice) -> dict[str, Any]:
    return {
        "method": choice.variant.method,
        "weight": choice.variant.weight,
        "mrr@10": choice.score,
        "model_mrr@10": choice.model,
        "lexical_mrr@10": choice.lexical,
        "queries": choice.queries,
    }


FUSED_ON_DEV = LocalText(
    "融合方式在验证词上选定：{what}（验证 MRR@10 {score}；只用模型 {model}，只用字面 {lexical}）。",
    "Joined as chosen on the development terms: {what} (MRR@10 there {score}; the model alone {model}, the "
    "lexical system alone {lexical}).",
)
ALONE_ON_DEV = LocalText(
    "验证词表明不该融合：{what}至少一样好（模型 {model}，字面 {lexical}），所以这一行就是它。",
    "The development terms say not to join: {what} is at least as good (model {model}, lexical {lexical}), "
    "so this row is just that.",
)
BY_HALVES = LocalText(
    "检索集没有验证部分，所以交叉选择：每一半查询用另一半选出的方式。一半：{half1}；另一半：{half2}。",
    "A retrieval set has no development part, so each half of the queries is joined as the other half chose. "
    "One half: {half1}; the other: {half2}.",
)
ALONE_BY_HALVES = LocalText(
    "两半查询互相验证，都表明不该融合。一半：{half1}；另一半：{half2}。",
    "Each half of the queries was tried on the other, and both say not to join. One half: {half1}; the "
    "other: {half2}.",
)
_HALF = LocalText(
    "{what}（MRR@10 {score}；模型 {model}，字面 {lexical}）",
    "{what} (MRR@10 {score}; model {model}, lexical {lexical})",
)
NOTHING_TO_CHOOSE = LocalText(
    "查询彼此相连，没有可用来选择权重的另一半：这一行只用了模型。",
    "The queries all hang together, so there is no other half to choose a weight on: this row is the model "
    "alone.",
)


def _unknown(text: str) -> BadParameter:
    return BadParameter(
        LocalText("不认识的系统「{system}」。", "There is no system “{system}”."),
        LocalText(
            "可以是模型名、{lexical}、hybrid:模型名+字面方法，或 rerank:模型名+带重排的模型。",
            "It can be a model's name, one of {lexical}, hybrid:MODEL+LEXICAL, or rerank:MODEL+RERANKER.",
        ),
        system=text,
        lexical=", ".join(BASELINES),
    )
