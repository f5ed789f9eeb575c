"""Word counting without a model: BM25 and the cosine of bags of words, as sparse matrices."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

Tokens = Callable[[str], Sequence[str]]
Scorer = Callable[[Sequence[str]], Any]


@dataclass(frozen=True, slots=True)
class Bm25:
    """BM25 over the tokens that ``tokens`` cuts a text into.

    The score of a document d for a query q is the sum over the tokens t of q, repeated ones counting
    again, of ln(1 + (N - df + 0.5) / (df + 0.5)) * tf / (tf + k1 * (1 - b + b * |d| / mean |d|)):
    Robertson and Zaragoza 2009 with Lucene's inverse document frequency, which is never negative, and
    without its constant factor k1 + 1. Scores are 0 and above, not bounded. Half a gigabyte holds
    about 20 million (document, token) entries.
    """

    tokens: Tokens
    k1: float = 1.5
    b: float = 0.75

    def fit(self, corpus: Sequence[str]) -> Scorer:
        """Count the tokens of the documents; the scorer gives a sparse (q, documents) matrix."""
        vocabulary: dict[str, int] = {}
        counts = token_counts([self.tokens(text) for text in corpus], vocabulary, grow=True)
        lengths = np.asarray(counts.sum(axis=1)).ravel()
        present = np.bincount(counts.indices, minlength=len(vocabulary))
        weight = np.log1p((len(corpus) - present + 0.5) / (present + 0.5))
        mean = lengths.mean() if len(corpus) and lengths.sum() else 1.0
        norm = self.k1 * (1.0 - self.b + self.b * lengths / mean)
        rows = np.repeat(np.arange(len(corpus)), np.diff(counts.indptr))
        counts.data = weight[counts.indices] * counts.data / (counts.data + norm[rows])
        documents = counts.T.tocsr()

        def scorer(queries: Sequence[str]) -> Any:
            return token_counts([self.tokens(text) for text in queries], vocabulary) @ documents

        return scorer


@dataclass(frozen=True, slots=True)
class BagOfWords:
    """The cosine of two texts' word counts, every word weighing the same: 0..1."""

    tokens: Tokens

    def fit(self, corpus: Sequence[str]) -> Scorer:
        """Count the words of the documents."""
        vocabulary: dict[str, int] = {}
        documents = _unit(token_counts([self.tokens(text) for text in corpus], vocabulary, grow=True))
        columns = documents.T.tocsr()

        def scorer(queries: Sequence[str]) -> Any:
            lists = [self.tokens(text) for text in queries]
            counts = token_counts(lists, vocabulary)
            # The length of a query counts the words too that no document has.
            squares = np.array([_square(tokens) for tokens in lists])
            return _scaled(counts, 1.0 / np.sqrt(np.maximum(squares, 1.0))) @ columns

        return scorer


def token_counts(lists: Sequence[Sequence[str]], vocabulary: dict[str, int], *, grow: bool = False) -> Any:
    """(texts, tokens) how often each token of ``vocabulary`` stands in each text, as a sparse matrix.

    With ``grow`` new tokens are added to the vocabulary; otherwise they are left out.
    """
    from scipy.sparse import csr_matrix

    places: list[int] = []
    ends = [0]
    for tokens in lists:
        if grow:
            places += [vocabulary.setdefault(token, len(vocabulary)) for token in tokens]
        else:
            places += [vocabulary[token] for token in tokens if token in vocabulary]
        ends.append(len(places))
    shape = (len(lists), max(1, len(vocabulary)))
    counts = csr_matrix((np.ones(len(places)), np.array(places, np.int64), np.array(ends)), shape=shape)
    counts.sum_duplicates()
    return counts


def _square(tokens: Sequence[str]) -> float:
    counts: dict[str, int] = {}
    for token in tokens:
        counts[token] = counts.get(token, 0) + 1
    return float(sum(count * count for count in counts.values()))


def _unit(counts: Any) -> Any:
    lengths = np.sqrt(np.asarray(counts.multiply(counts).sum(axis=1)).ravel())
    return _scaled(counts, 1.0 / np.where(lengths == 0, 1.0, lengths))


def _scaled(counts: Any, factors: Any) -> Any:
    scaled = counts.copy()
    scaled.data = scaled.data * np.repeat(factors, np.diff(counts.indptr))
    return scaled
