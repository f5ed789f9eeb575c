"""Raw texts cut into words, and word vectors learnt from them by gensim, one epoch at a time."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from workbench.errors import TooLittleData
from workbench.localtext import LocalText
from workbench.models.words import has_han

if TYPE_CHECKING:
    from workbench.models.static_model import Fallback

Floats = NDArray[np.float32]
FEWEST_WORDS = 20
FIRST_RATE, LAST_RATE = 0.025, 0.0001  # of word2vec's own implementation
NEGATIVES = 5
BUCKETS = 200_000  # places for character n-grams; the vectors of two may share one


def cut_texts(
    texts: Sequence[str], terms: Iterable[str], check_stop: Callable[[float], None]
) -> list[list[str]]:
    """The words of each text, small letters, without punctuation; Chinese by jieba without its unknown words.

    ``terms`` are words too: they are never cut, whatever jieba's dictionary says. ``check_stop`` is told
    how much is done (0..1) and may raise.
    """
    import jieba  # type: ignore[import-untyped]  # it has no types

    cutter = jieba.Tokenizer()  # one of its own: the words that are added are this dictionary's
    cutter.FREQ, cutter.total = cutter.gen_pfdict(cutter.get_dict_file())
    cutter.initialized = True
    for term in terms:
        word = plain(term)
        if has_han(word) and " " not in word:
            cutter.add_word(word)
    cut = []
    for number, text in enumerate(texts):
        words = cutter.cut(plain(text), HMM=False)
        cut.append([word for word in words if any(map(str.isalnum, word))])
        if number % 256 == 0:
            check_stop(number / len(texts))
    return cut


def plain(text: str) -> str:
    """Full-width letters made usual ones, and small: as a static model's tokenizer does it."""
    return unicodedata.normalize("NFKC", text).lower()


class WordTraining:
    """word2vec (skip-gram, negative sampling) or fastText over sentences of words.

    Deterministic: one thread, its random numbers from ``seed``. ``words`` are most frequent first with
    their ``shares``.

    Raises:
        TooLittleData: fewer than 20 words occur ``min_count`` times.
    """

    def __init__(self, sentences: list[list[str]], parameters: dict[str, Any], seed: int) -> None:
        from gensim.models import FastText, Word2Vec  # type: ignore[import-untyped]  # it has no types

        self._sentences, self._epochs = sentences, int(parameters["epochs"])
        options: dict[str, Any] = {
            "vector_size": int(parameters["dimension"]),
            "window": int(parameters["window"]),
            "min_count": int(parameters["min_count"]),
            "negative": NEGATIVES,
            "sg": 1,
            "workers": 1,
            "seed": seed % 2**32,
        }
        self._letters = parameters["method"] == "fasttext"
        if self._letters:
            chinese = sum(has_han(word) for words in sentences[:1000] for word in words[:20])
            seen = sum(len(words[:20]) for words in sentences[:1000])
            # A Chinese character means something by itself; a single letter does not.
            self._shortest = 1 if chinese > seen / 3 else 3
            longest = 3 if self._shortest == 1 else 6
            self._model: Any = FastText(min_n=self._shortest, max_n=longest, bucket=BUCKETS, **options)
        else:
            self._model = Word2Vec(**options)
        self._model.build_vocab(sentences)
        self.words: list[str] = list(self._model.wv.index_to_key)
        if len(self.words) < FEWEST_WORDS:
            raise TooLittleData(
                LocalText(
                    "语料里出现 {least} 次以上的词太少：{count} 个（至少 {enough} 个）。",
                    "Too few words occur {least} times in the raw text: {count} (at least {enough}).",
                ),
                LocalText(
                    "请导入更多语料，或把「最少出现次数」改小。",
                    "Import more raw text, or lower “Least often”.",
                ),
                least=options["min_count"],
                count=len(self.words),
                enough=FEWEST_WORDS,
            )
        counts = np.array([self._model.wv.get_vecattr(word, "count") for word in self.words], np.float64)
        self.shares = counts / counts.sum()

    def epoch(self, number: int) -> float:
        """One pass over the sentences (counted from 0), the rate falling evenly over all; the mean loss."""
        before = FIRST_RATE + (LAST_RATE - FIRST_RATE) * number / self._epochs
        after = FIRST_RATE + (LAST_RATE - FIRST_RATE) * (number + 1) / self._epochs
        self._model.train(
            self._sentences,
            total_examples=len(self._sentences),
            epochs=1,
            start_alpha=before,
            end_alpha=after,
            compute_loss=not self._letters,  # gensim counts none for fastText
        )
        tokens = max(1, sum(map(len, self._sentences)))
        return float(self._model.get_latest_training_loss()) / tokens if not self._letters else 0.0

    def vectors(self) -> Floats:
        """A copy of the vectors (n, d) as they are now."""
        return np.array(self._model.wv.vectors, np.float32)

    def fallback(self) -> Fallback | None:
        """fastText's vectors of single characters, as they are now; None where it knows none."""
        if not self._letters or self._shortest > 1:
            return None
        known: dict[str, Floats] = {}
        wv, size = self._model.wv, self._model.vector_size

        def of(characters: list[str]) -> Floats:
            for char in characters:
                known.setdefault(char, np.array(wv.get_vector(char), np.float32))
            return (
                np.stack([known[char] for char in characters])
                if characters
                else np.zeros((0, size), np.float32)
            )

        return of
