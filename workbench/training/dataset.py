"""From a dictionary and its split to what a stage trains on and is watched by."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from workbench.errors import TooLittleData
from workbench.evaluation.retrieval import Benchmark, build_benchmark, outcomes_of_vectors
from workbench.evaluation.split import distinct_terms, training_pairs
from workbench.localtext import LocalText
from workbench.normalise import term_key
from workbench.types import Pair, Split

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

MINIMUM_PAIRS = 8


@dataclass(frozen=True, slots=True)
class DevScores:
    """How well vectors find the development synonyms. Percent."""

    recall1: float
    recall10: float
    mrr10: float

    @property
    def choice(self) -> float:
        """What the best checkpoint is chosen by: MRR@10, which moves more smoothly than Recall@1."""
        return self.mrr10

    def as_json(self) -> dict[str, float]:
        """For the run's result."""
        return {"recall@1": self.recall1, "recall@10": self.recall10, "mrr@10": self.mrr10}

    @classmethod
    def from_json(cls, raw: dict[str, float]) -> DevScores:
        """What :meth:`as_json` gave."""
        return cls(raw["recall@1"], raw["recall@10"], raw["mrr@10"])


@dataclass(frozen=True)
class TrainingSet:
    """Indexed training data. ``terms`` are all distinct terms of the dictionary, test terms included.

    ``anchors[i]`` (a synonym) and ``positives[i]`` (its standard term) are indices into ``terms``,
    int64, shape (pairs,); ``concepts[i]`` numbers the component of pair i: pairs of one concept are
    never each other's negatives. Only train-part pairs are in these arrays. ``dev`` is the
    development benchmark over the same terms.

    ``apart`` (m, 2) are terms marked as not synonyms, int64 indices: of different components, both in
    training pairs. So no term of the test or dev part is among them, nor one held out.
    """

    terms: tuple[str, ...]
    anchors: NDArray[np.int64]
    positives: NDArray[np.int64]
    concepts: NDArray[np.int64]
    dev: Benchmark
    index_of: dict[str, int]
    apart: NDArray[np.int64]

    def indices(self, texts: Sequence[str]) -> NDArray[np.int64]:
        """Positions of ``texts`` in ``terms``."""
        import numpy as np

        return np.fromiter((self.index_of[term_key(text)] for text in texts), np.int64, len(texts))

    @property
    def training_terms(self) -> NDArray[np.int64]:
        """Distinct indices of the terms that take part in training pairs."""
        import numpy as np

        return np.unique(np.concatenate([self.anchors, self.positives]))


def build_training_set(pairs: Sequence[Pair], split: Split, apart: Sequence[Pair] = ()) -> TrainingSet:
    """Index a dictionary for training; ``apart`` are its pairs marked as not synonyms.

    Raises:
        TooLittleData: fewer than eight training pairs, or only one concept among them.
    """
    import numpy as np

    check_enough(pairs, split)
    terms = distinct_terms(pairs)
    index_of = {key: number for number, key in enumerate(terms)}
    train = training_pairs(pairs, split)
    components = [split.component_of[term_key(pair.standard)] for pair in train]
    numbers = {component: number for number, component in enumerate(dict.fromkeys(components))}
    anchors = np.array([index_of[term_key(pair.synonym)] for pair in train], np.int64)
    positives = np.array([index_of[term_key(pair.standard)] for pair in train], np.int64)
    return TrainingSet(
        terms=tuple(terms.values()),
        anchors=anchors,
        positives=positives,
        concepts=np.array([numbers[component] for component in components], np.int64),
        dev=build_benchmark(pairs, split, "dev", "unseen"),
        index_of=index_of,
        apart=_apart_in_training(apart, split, index_of, {*anchors.tolist(), *positives.tolist()}),
    )


def _apart_in_training(
    apart: Sequence[Pair], split: Split, index_of: dict[str, int], trained: set[int]
) -> NDArray[np.int64]:
    """The marked pairs (m, 2) that training may use; see :class:`TrainingSet`."""
    import numpy as np

    chosen: dict[tuple[int, int], None] = {}
    for pair in apart:
        keys = term_key(pair.standard), term_key(pair.synonym)
        indices = sorted(index_of[key] for key in keys if index_of.get(key) in trained)
        if len(indices) == 2 and split.component_of[keys[0]] != split.component_of[keys[1]]:
            chosen[indices[0], indices[1]] = None
    return np.array(list(chosen), np.int64).reshape(-1, 2)


def check_enough(pairs: Sequence[Pair], split: Split) -> None:
    """Raise TooLittleData where a dictionary is too small to train on."""
    train = training_pairs(pairs, split)
    concepts = len({split.component_of[term_key(pair.standard)] for pair in train})
    if len(train) < MINIMUM_PAIRS or concepts < 2:
        raise TooLittleData(
            LocalText(
                "可用于训练的词对太少：{pairs} 对，{concepts} 个概念（至少要 {least} 对、2 个概念）。",
                "Too little to train on: {pairs} pairs of {concepts} concepts (at least {least} pairs of 2).",
            ),
            LocalText("请给词典补充更多近似词。", "Add more synonyms to the dictionary."),
            pairs=len(train),
            concepts=concepts,
            least=MINIMUM_PAIRS,
        )


class DevProbe:
    """Scores vectors on the development synonyms, on a fixed sample small enough to ask often.

    All queries and documents when there are few; otherwise ``max_queries`` of them against their
    own standard terms and ``max_documents`` others, drawn once by ``seed``: the figures of one run
    compare with one another, the base model's (step 0) included.
    """

    def __init__(
        self, data: TrainingSet, *, max_queries: int = 1000, max_documents: int = 20_000, seed: int = 0
    ) -> None:
        import numpy as np

        rng = np.random.default_rng(seed)
        dev = data.dev
        queries = np.arange(len(dev.queries))
        if len(queries) > max_queries:
            queries = np.sort(rng.choice(queries, max_queries, replace=False))
        documents = np.arange(len(dev.corpus))
        if len(documents) > max_documents:
            gold = {d for q in queries for d in dev.relevant[q]}
            others = np.setdiff1d(documents, np.fromiter(gold, np.int64, len(gold)))
            room = max(0, max_documents - len(gold))
            documents = np.union1d(
                np.fromiter(gold, np.int64, len(gold)),
                rng.choice(others, min(room, len(others)), replace=False),
            )
        self._benchmark = _subset(dev, queries.tolist(), documents.tolist())
        query_terms = data.indices(self._benchmark.queries)
        document_terms = data.indices(self._benchmark.corpus)
        self.needed, inverse = np.unique(np.concatenate([query_terms, document_terms]), return_inverse=True)
        self._queries = inverse[: len(query_terms)]
        self._documents = inverse[len(query_terms) :]

    @property
    def benchmark(self) -> Benchmark:
        """The sample: what is asked, and among which standard terms."""
        return self._benchmark

    @property
    def queries(self) -> int:
        """How many development synonyms are asked."""
        return len(self._benchmark.queries)

    def score(self, vectors: NDArray[np.float32]) -> DevScores:
        """Scores of ``vectors``, shape (len(self.needed), d), unit length, rows as ``self.needed``."""
        outcomes = outcomes_of_vectors(self._benchmark, vectors[self._queries], vectors[self._documents])
        return DevScores(
            recall1=float(outcomes.recall[1].mean() * 100),
            recall10=float(outcomes.recall[10].mean() * 100),
            mrr10=float(outcomes.reciprocal_rank.mean() * 100),
        )


def _subset(benchmark: Benchmark, queries: list[int], documents: list[int]) -> Benchmark:
    """The benchmark with only some of its queries and documents, both by index."""
    place = {document: number for number, document in enumerate(documents)}

    def moved(indices: tuple[int, ...]) -> tuple[int, ...]:
        return tuple(place[index] for index in indices if index in place)

    return replace(
        benchmark,
        queries=tuple(benchmark.queries[q] for q in queries),
        query_components=tuple(benchmark.query_components[q] for q in queries),
        corpus=tuple(benchmark.corpus[d] for d in documents),
        relevant=tuple(moved(benchmark.relevant[q]) for q in queries),
        masked=tuple(moved(benchmark.masked[q]) for q in queries),
    )
