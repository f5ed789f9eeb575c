"""The baselines that compare letters alone: a board without them flatters the models."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Protocol

from workbench.localtext import LocalText
from workbench.models.bm25 import BagOfWords, Bm25
from workbench.models.words import character_pieces, words
from workbench.normalise import spelling_key, term_key

Scorer = Callable[[Sequence[str]], Any]
"""Query texts (q,) to a scipy sparse matrix (q, documents) of scores, 0 and above; more is better."""


class LexicalSystem(Protocol):
    """A system that needs no model: shown the corpus once, it scores queries against it."""

    def fit(self, corpus: Sequence[str]) -> Scorer:
        """Take in the documents and return what scores queries against them."""
        ...


@dataclass(frozen=True, slots=True)
class ExactMatch:
    """1 where query and document agree but for case, width, spaces and punctuation, otherwise 0."""

    def fit(self, corpus: Sequence[str]) -> Scorer:
        """Index the documents by their spelling."""
        from scipy.sparse import csr_matrix

        places: dict[str, list[int]] = {}
        for i, text in enumerate(corpus):
            places.setdefault(_spelling(text), []).append(i)

        def scorer(queries: Sequence[str]) -> Any:
            found = [places.get(_spelling(query), []) for query in queries]
            rows = [row for row, columns in enumerate(found) for _ in columns]
            columns = [column for columns in found for column in columns]
            return csr_matrix(([1.0] * len(rows), (rows, columns)), shape=(len(queries), len(corpus)))

        return scorer


@dataclass(frozen=True, slots=True)
class CharTfidf:
    """The cosine of TF-IDF vectors of character n-grams (1 to 3) of the compared form of a text.

    Sublinear term frequency (1 + log tf), smoothed inverse document frequency from the corpus alone
    (Salton and Buckley 1988, as in scikit-learn). The index of 100,000 terms is a sparse matrix of
    some tens of megabytes; a block of scores is as large as the number of queries asked at once
    makes it.
    """

    shortest: int = 1
    longest: int = 3

    def fit(self, corpus: Sequence[str]) -> Scorer:
        """Learn the n-grams and their weights from the documents."""
        from sklearn.feature_extraction.text import TfidfVectorizer

        vectorizer = TfidfVectorizer(
            analyzer="char",
            ngram_range=(self.shortest, self.longest),
            sublinear_tf=True,
            preprocessor=term_key,
        )
        documents = vectorizer.fit_transform(corpus).T.tocsr()

        def scorer(queries: Sequence[str]) -> Any:
            return vectorizer.transform(queries) @ documents

        return scorer


@dataclass(frozen=True, slots=True)
class Baseline:
    """A baseline of the board: its id, what it is called, what it does, and how to make it.

    ``bounded``: its scores are 0..1 and mean the same for every query, so that two texts can be
    compared by it alone.
    """

    id: str
    title: LocalText
    help: LocalText
    build: Callable[[], LexicalSystem]
    bounded: bool = True


BASELINES: Mapping[str, Baseline] = MappingProxyType(
    {
        baseline.id: baseline
        for baseline in (
            Baseline(
                "exact",
                LocalText("字面完全一致", "Exact match"),
                LocalText(
                    "只有去掉大小写、全半角、空格和标点之后完全相同的词才算找到。",
                    "Finds a term only when it is the same but for case, width, spaces and punctuation.",
                ),
                ExactMatch,
            ),
            Baseline(
                "bow",
                LocalText("词袋（共有的词）", "Bag of words"),
                LocalText(
                    "数两个词共有多少个词，每个词分量相同；不懂词义。",
                    "Counts the words that two terms share, all of one weight; knows nothing of meaning.",
                ),
                lambda: BagOfWords(words),
            ),
            Baseline(
                "tfidf",
                LocalText("字符 n-gram TF-IDF", "Character n-gram TF-IDF"),
                LocalText(
                    "比较两个词共有的一到三个字的片段，越少见的片段分量越重；不懂词义。",
                    "Compares the pieces of one to three characters that two terms share, rare ones weighing "
                    "more; knows nothing of meaning.",
                ),
                CharTfidf,
            ),
            Baseline(
                "bm25_words",
                LocalText("BM25（按词）", "BM25 over words"),
                LocalText(
                    "搜索引擎的经典算法：共有的词越少见分量越重，长文本不占便宜；中文先用 jieba 分词。",
                    "What search engines use: shared words, rare ones weighing more, long texts without an "
                    "advantage. Chinese is cut into words by jieba.",
                ),
                lambda: Bm25(words),
                bounded=False,
            ),
            Baseline(
                "bm25_chars",
                LocalText("BM25（按字）", "BM25 over characters"),
                LocalText(
                    "同样的算法，按单字和相邻两字计算，不依赖分词。",
                    "The same over single characters and pairs of neighbours: needs no words.",
                ),
                lambda: Bm25(character_pieces),
                bounded=False,
            ),
        )
    }
)


def _spelling(text: str) -> str:
    """The spelling key; for a text of signs alone, which has none, its term key."""
    return spelling_key(text) or term_key(text)
