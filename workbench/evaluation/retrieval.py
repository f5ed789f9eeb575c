"""Measures how well a system finds what answers a query: exact search, ties against the system."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from workbench.errors import InputError
from workbench.evaluation.significance import Floats, bootstrap_ci
from workbench.evaluation.toplists import Best, Toplists
from workbench.localtext import LocalText
from workbench.normalise import digest, term_key
from workbench.types import Metrics, Pair, Part, Split, View

Ints = npt.NDArray[np.int64]
Scorer = Callable[[Sequence[str]], Any]
"""Query texts (q,) to scores (q, documents): a float array or a scipy sparse matrix; more is better."""
RowScorer = Callable[[int, int], Any]
"""The scores of the queries from one place to before another, as a :data:`Scorer` gives them."""
Kind = Literal["term", "query", "passage"]

KS = (1, 5, 10)
DEPTH = 10  # ranks below this count for nothing but ``first_rank``
TIE = 1e-6  # an encoder gives the same vector to about this much, depending on the batch it ran in
_QUERIES_AT_ONCE = 1024
_CELLS = 8_000_000  # scores held at once: 64 MB


@dataclass(frozen=True, slots=True)
class Benchmark:
    """Queries, the documents to find them in, and which are right. Tuples over queries are parallel.

    ``relevant`` and ``masked`` hold indices into ``corpus``; masked documents are not ranked.
    ``query_kind`` and ``corpus_kind`` choose the prompts of a model that has such.
    """

    queries: tuple[str, ...]
    query_components: tuple[str, ...]
    corpus: tuple[str, ...]
    relevant: tuple[tuple[int, ...], ...]
    masked: tuple[tuple[int, ...], ...]
    hash: str
    part: Part
    view: View
    query_kind: Kind = "term"
    corpus_kind: Kind = "term"


@dataclass(frozen=True, slots=True, eq=False)
class Outcomes:
    """What a model did with each query. Every array is (q,), in the order of the benchmark's queries.

    ``recall[K]`` is the share of relevant documents in the top K, ``hit[K]`` 1 where at least one is
    there, K in 1, 5, 10; ``reciprocal_rank`` and ``ndcg10`` are cut at 10 (all 0..1).
    ``first_rank`` is the 1-based rank of the best relevant document. ``corpus`` is the number of
    documents.
    """

    recall: dict[int, Floats]
    hit: dict[int, Floats]
    reciprocal_rank: Floats
    ndcg10: Floats
    first_rank: Ints
    corpus: int
    top: Toplists


def build_benchmark(
    pairs: Sequence[Pair], split: Split, part: Part = "test", view: View = "unseen"
) -> Benchmark:
    """The retrieval benchmark of one part of a dictionary.

    A query is each distinct synonym of the part's components; with ``view="seen"`` it is each
    held-out synonym of the train part instead (and ``part`` is "train"). The corpus is every
    distinct standard term of the whole dictionary. Relevant are all standard terms of the query's
    component; a document that is the query itself is masked, and a query with nothing else to find
    is dropped. Distinct means distinct by ``term_key``; the raw form of the first occurrence is
    used. Queries and corpus are in the order of their keys. There may be no query at all.
    """
    standards = _first_forms(pair.standard for pair in pairs)
    synonyms = _first_forms(pair.synonym for pair in pairs)
    place = {key: i for i, key in enumerate(standards)}
    targets: dict[str, list[int]] = {}
    for key, i in place.items():
        if key in split.component_of:
            targets.setdefault(split.component_of[key], []).append(i)
    held_out = {synonym for _, synonym in split.held_out}
    rows: list[tuple[str, str, tuple[int, ...], tuple[int, ...]]] = []
    for key, raw in synonyms.items():
        component = split.component_of.get(key)
        wanted = key in held_out if view == "seen" else split.parts.get(component or "") == part
        if component is None or not wanted:
            continue
        relevant = tuple(i for i in targets.get(component, ()) if i != place.get(key))
        if relevant:
            rows.append((raw, component, relevant, (place[key],) if key in place else ()))
    queries, components, relevants, masked = zip(*rows, strict=True) if rows else ((), (), (), ())
    part = "train" if view == "seen" else part
    corpus = tuple(standards.values())
    content = benchmark_hash(queries, components, corpus, relevants, masked)
    return Benchmark(queries, components, corpus, relevants, masked, content, part, view)


def outcomes_of_vectors(
    benchmark: Benchmark,
    query_vectors: npt.NDArray[Any],
    corpus_vectors: npt.NDArray[Any],
    block: int | None = None,
) -> Outcomes:
    """Outcomes of a model by the cosine of its vectors, over every document (no approximate index).

    ``query_vectors`` (q, d) and ``corpus_vectors`` (n, d) in the order of the benchmark; they are
    brought to unit length here. Scores are computed in double precision for ``block`` documents and
    at most 1,024 queries at a time, 64 MB by default. Raises ``ValueError`` for other shapes.
    """
    n, q = len(benchmark.corpus), len(benchmark.queries)
    if len(query_vectors) != q or len(corpus_vectors) != n:
        raise ValueError(
            f"{len(query_vectors)} and {len(corpus_vectors)} vectors for {q} queries, {n} documents"
        )
    rankings = []
    for start in range(0, q, _QUERIES_AT_ONCE):
        stop = min(start + _QUERIES_AT_ONCE, q)
        ranking = Ranking(benchmark, start, stop)
        unit = _unit(query_vectors[start:stop])
        step = block or max(1, _CELLS // (stop - start))
        targets = _unit(corpus_vectors[ranking.relevant_columns])
        ranking.set_targets(np.einsum("ij,ij->i", unit[ranking.relevant_rows], targets))
        for first in range(0, n, step):
            ranking.count(unit @ _unit(corpus_vectors[first : first + step]).T, first)
        rankings.append(ranking)
    return outcomes_of_rankings(rankings, benchmark)


def outcomes_of_scores(benchmark: Benchmark, scorer: Scorer) -> Outcomes:
    """Outcomes of any system that scores every document, such as a lexical baseline.

    ``scorer`` is called with a few query texts at a time, so that a block of scores stays near 64 MB.
    """
    return outcomes_of_rows(benchmark, lambda start, stop: scorer(benchmark.queries[start:stop]))


def outcomes_of_rows(benchmark: Benchmark, rows: RowScorer) -> Outcomes:
    """As :func:`outcomes_of_scores`, for a system that is asked by the places of the queries."""
    rankings = []
    for start, stop in row_blocks(benchmark):
        scores = np.array(dense(rows(start, stop)), np.float64)
        if scores.shape != (stop - start, len(benchmark.corpus)):
            wanted = f"{stop - start} queries and {len(benchmark.corpus)} documents"
            raise ValueError(f"scores of shape {scores.shape} for {wanted}")
        rankings.append(rank_rows(benchmark, start, stop, scores))
    return outcomes_of_rankings(rankings, benchmark)


def row_blocks(benchmark: Benchmark) -> list[tuple[int, int]]:
    """Places of queries, (first, after the last), whose scores together are about 64 MB."""
    step = max(1, min(_QUERIES_AT_ONCE, _CELLS // max(1, len(benchmark.corpus))))
    count = len(benchmark.queries)
    return [(start, min(start + step, count)) for start in range(0, count, step)]


def dense(scores: Any) -> npt.NDArray[Any]:
    """A scipy sparse matrix or an array as an array."""
    return np.asarray(scores.toarray() if hasattr(scores, "toarray") else scores)


def rank_rows(benchmark: Benchmark, start: int, stop: int, scores: Floats) -> Ranking:
    """The ranking of the queries ``start``... by their scores (rows, n), which are overwritten."""
    ranking = Ranking(benchmark, start, stop)
    ranking.set_targets(scores[ranking.relevant_rows, ranking.relevant_columns])
    ranking.count(scores, 0)
    return ranking


def summarise(
    outcomes: Outcomes, components: Sequence[str], *, resamples: int = 5000, seed: int = 0
) -> Metrics:
    """The board's numbers, in percent, with a 95 % interval of Recall@1 over components.

    Where every query or none was right, resampling has nothing to vary; the open end of the interval
    is then the exact binomial bound over components (Clopper and Pearson 1934), so that five right
    answers of five do not pass for certainty. Raises ``InputError`` when there is no query.
    """
    if not len(outcomes.first_rank):
        raise InputError(
            LocalText(
                "这部分词典里没有可用来测试的近似词。", "There is no synonym in this part to test with."
            ),
            LocalText("请补充词典后再评测。", "Add to the dictionary, then measure again."),
        )
    first = 100.0 * outcomes.recall[1]
    interval = bootstrap_ci(first, components, resamples, seed)
    open_end = 100.0 * 0.025 ** (1.0 / len(set(components)))
    if first.min() == 100.0:
        interval = (open_end, 100.0)
    elif first.max() == 0.0:
        interval = (0.0, 100.0 - open_end)
    return Metrics(
        queries=len(first),
        corpus=outcomes.corpus,
        recall={k: _percent(outcomes.recall[k]) for k in KS},
        hit={k: _percent(outcomes.hit[k]) for k in KS},
        mrr10=_percent(outcomes.reciprocal_rank),
        ndcg10=_percent(outcomes.ndcg10),
        recall1_ci95=interval,
    )


class Ranking:
    """Ranks of the ten best relevant documents of some queries, from blocks of scores.

    The i-th best relevant document of a query has rank i + the number of other ranked documents
    that score at least as much, so a tie with a wrong document counts against the model and no
    sorting of the corpus is needed. Relevant documents beyond the tenth cannot be in the top ten.
    """

    def __init__(self, benchmark: Benchmark, start: int, stop: int) -> None:
        relevant = benchmark.relevant[start:stop]
        masked = benchmark.masked[start:stop]
        self.relevant_rows, self.relevant_columns = _flat(relevant)
        masked_rows, masked_columns = _flat(masked)
        rows = np.concatenate((self.relevant_rows, masked_rows))
        columns = np.concatenate((self.relevant_columns, masked_columns))
        order = np.argsort(columns, kind="stable")
        self._excluded_rows, self._excluded_columns = rows[order], columns[order]
        # Rows with many relevant documents first: the i-th threshold concerns a prefix of the rows.
        self._depth = np.array([min(DEPTH, len(each)) for each in relevant], np.int64)
        self._thresholds = np.full((stop - start, DEPTH), np.inf)
        self._before = np.zeros((stop - start, DEPTH), np.int64)
        self._best = Best(stop - start)
        self._answers = np.full((stop - start, DEPTH), -1, np.int64)
        self._answer_scores = np.full((stop - start, DEPTH), -np.inf)

    def set_targets(self, scores: Floats) -> None:
        """Take the scores of the relevant documents, parallel to ``relevant_rows``."""
        # A score that is not a number is the worst there is, yet above what is left out (-inf).
        worst = np.finfo(np.float64).min
        raw = scores
        scores = np.where(np.isnan(scores), worst, scores - TIE)
        order = np.lexsort((-scores, self.relevant_rows))
        rows = self.relevant_rows[order]
        first = np.searchsorted(rows, rows, side="left")
        place = np.arange(len(rows)) - first
        top = place < DEPTH
        self._thresholds[rows[top], place[top]] = scores[order][top]
        self._answers[rows[top], place[top]] = self.relevant_columns[order][top]
        self._answer_scores[rows[top], place[top]] = np.where(np.isnan(raw), -np.inf, raw)[order][top]

    def count(self, scores: Floats, first: int) -> None:
        """Count the documents ``first``... of a block (rows, documents); the block is overwritten."""
        width = scores.shape[1]
        low, high = np.searchsorted(self._excluded_columns, (first, first + width))
        scores[self._excluded_rows[low:high], self._excluded_columns[low:high] - first] = -np.inf
        for i in range(int(self._depth.max(initial=0))):
            rows = np.flatnonzero(self._depth > i)
            part = scores if len(rows) == len(scores) else scores[rows]
            below = np.count_nonzero(part < self._thresholds[rows, i : i + 1], axis=1)
            self._before[rows, i] += width - below
        self._best.take(scores, first)

    def ranks(self) -> Floats:
        """(rows, 10): the rank of the i-th best relevant document; infinite where there is none."""
        ranks = self._before + np.arange(1.0, DEPTH + 1)
        ranks[self._depth[:, None] <= np.arange(DEPTH)] = np.inf
        return ranks

    def top(self) -> Toplists:
        """The ten best documents, wrong ones first where they tie with a right one."""
        best = Best(len(self._depth))
        best.merge(self._best.documents, self._best.scores)
        best.merge(self._answers, self._answer_scores, TIE)
        return Toplists(
            best.documents.astype(np.int32),
            best.scores.astype(np.float32),
            self._answers[:, 0].astype(np.int32),
            self._answer_scores[:, 0].astype(np.float32),
            self.ranks()[:, 0].astype(np.int32),
        )


def outcomes_of_rankings(rankings: Sequence[Ranking], benchmark: Benchmark) -> Outcomes:
    """The outcomes of all queries from the rankings of each block, in their order."""
    blocks = rankings or [Ranking(benchmark, 0, 0)]
    lists = [each.top() for each in blocks]
    ranks = np.concatenate([each.ranks() for each in blocks])
    top = Toplists(
        np.concatenate([each.documents for each in lists]),
        np.concatenate([each.scores for each in lists]),
        np.concatenate([each.answer for each in lists]),
        np.concatenate([each.answer_score for each in lists]),
        np.concatenate([each.answer_rank for each in lists]),
    )
    return _outcomes(ranks, benchmark, top)


def _outcomes(ranks: Floats, benchmark: Benchmark, top: Toplists) -> Outcomes:
    relevant = np.array([len(each) for each in benchmark.relevant], np.float64)
    gains = np.where(ranks <= DEPTH, 1.0 / np.log2(1.0 + ranks), 0.0).sum(axis=1)
    ideal = np.cumsum(1.0 / np.log2(np.arange(2.0, DEPTH + 2)))
    best = ideal[np.minimum(relevant, DEPTH).astype(np.int64) - 1]
    first = ranks[:, 0]
    return Outcomes(
        recall={k: (ranks <= k).sum(axis=1) / relevant for k in KS},
        hit={k: (first <= k).astype(np.float64) for k in KS},
        reciprocal_rank=np.where(first <= DEPTH, 1.0 / first, 0.0),
        ndcg10=gains / best,
        first_rank=first.astype(np.int64),
        corpus=len(benchmark.corpus),
        top=top,
    )


def _first_forms(terms: Iterable[str]) -> dict[str, str]:
    """``{key: raw form of its first occurrence}``, in the order of the keys."""
    forms: dict[str, str] = {}
    for term in terms:
        forms.setdefault(term_key(term), term)
    return dict(sorted(forms.items()))


def _flat(groups: Sequence[Sequence[int]]) -> tuple[Ints, Ints]:
    rows = np.repeat(np.arange(len(groups)), [len(group) for group in groups]).astype(np.int64)
    return rows, np.array([i for group in groups for i in group], np.int64)


def _unit(vectors: npt.NDArray[Any]) -> Floats:
    wide = np.asarray(vectors, np.float64)
    lengths = np.linalg.norm(wide, axis=1, keepdims=True)
    return wide / np.where(lengths == 0, 1.0, lengths)


def _percent(values: Floats) -> float:
    return 100.0 * float(values.mean())


def benchmark_hash(
    queries: Sequence[str],
    components: Sequence[str],
    corpus: Sequence[str],
    relevant: Sequence[Sequence[int]],
    masked: Sequence[Sequence[int]],
) -> str:
    """What names a benchmark: a hash of all that a result on it depends on."""
    right = (",".join(map(str, each)) for each in relevant)
    left_out = (",".join(map(str, each)) for each in masked)
    sections = (queries, components, corpus, right, left_out)
    return digest(*(digest(*section) for section in sections))
