"""Word vectors as an ordinary model: a tokenizer that finds the words in a text, and their vectors."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from workbench.models.folder_format import NORMALIZE, write_json, write_modules

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix
    from tokenizers import Tokenizer

Floats = NDArray[np.float32]
Doubles = NDArray[np.float64]
Pooling = Literal["mean", "sif"]
Fallback = Callable[[list[str]], Floats]

STATIC = "sentence_transformers.sentence_transformer.modules.static_embedding.StaticEmbedding"
POOLINGS: tuple[Pooling, ...] = ("sif", "mean")
SIF_A = 1e-3  # Arora 2017: between 1e-4 and 1e-3
UNKNOWN = "<unk>"
_ROWS = 8192  # of the table at a time
_FEWEST_CAPITALS = 1e-3  # of the words: below it the vocabulary was written in small letters
_SAMPLE = 50_000  # words from which the direction is taken that all share
# A word of an alphabet costs so much whatever its frequency: the fewest pieces win, no word is taken apart.
_ALPHABETIC = -20.0
# Scripts that are written without spaces: Han, kana, Thai, Lao, Khmer, Myanmar.
_UNSPACED = re.compile(
    "[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3005-\u3007\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]"
)
_JOINED = re.compile(r"(?<=\w)_(?=\w)")  # how word2vec writes phrases: New_York


def zipf(count: int) -> Doubles:
    """Shares (n,) of words of which only the order by frequency is known: p(r) = 1 / (r H), r from 1."""
    ranks = 1.0 / np.arange(1, count + 1)
    return np.asarray(ranks / ranks.sum())


class Segmentation:
    """The pieces of a text: words by the greatest probability, single characters where no word fits.

    Like jieba without its model for unknown words, but inside the tokenizer file (a Unigram model), so that
    nothing of it is needed later. ``words`` are most frequent first, ``shares`` (n,) their relative
    frequencies. Piece ids: the kept words, then the characters that are no word, then a space where words
    hold one, then the unknown piece.
    """

    def __init__(self, words: Sequence[str], shares: Doubles) -> None:
        self.lower = _is_lower(words)
        self._normalizer = _normalizer(self.lower)
        places: dict[str, int] = {}
        for place, word in enumerate(words):
            tidy = " ".join(self._normalizer.normalize_str(_JOINED.sub(" ", word)).split())
            if tidy and tidy != UNKNOWN:
                places.setdefault(tidy, place)
        self.words = list(places)
        self.kept = np.fromiter(places.values(), np.int64, len(places))
        self.shares = np.maximum(shares[self.kept], 1e-12)
        used = dict.fromkeys(char for word in self.words for char in word if not char.isspace())
        self.characters = [char for char in used if char not in places]
        self._spaced = any(" " in word for word in self.words)
        self.unknown = len(self.words) + len(self.characters) + self._spaced
        self.tokenizer = self._tokenizer()

    def __len__(self) -> int:
        return self.unknown + 1

    def _tokenizer(self) -> Tokenizer:
        from tokenizers import Tokenizer, models, pre_tokenizers

        logs = np.log(self.shares)
        least = float(logs.min()) - 1.0
        pieces = [(w, _score(w, float(p))) for w, p in zip(self.words, logs, strict=True)]
        pieces += [(char, _score(char, least)) for char in self.characters]
        pieces += [(" ", 0.0)] if self._spaced else []
        pieces.append((UNKNOWN, 0.0))
        tokenizer = Tokenizer(models.Unigram(pieces, unk_id=self.unknown))
        tokenizer.normalizer = self._normalizer
        if not self._spaced:  # words that hold a space must be looked for across spaces
            tokenizer.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
        return tokenizer

    def ids(self, texts: Sequence[str]) -> list[list[int]]:
        """Piece ids of each text."""
        found = self.tokenizer.encode_batch_fast(list(texts), add_special_tokens=False)
        return [encoding.ids for encoding in found]

    def membership(self) -> csr_matrix:
        """Which characters (rows, as ``characters``) stand in which words (columns): each row sums to 1."""
        from scipy.sparse import csr_matrix, diags

        place = {char: number for number, char in enumerate(self.characters)}
        pairs = [
            (place[char], column)
            for column, word in enumerate(self.words)
            for char in set(word)
            if char in place
        ]
        rows, columns = np.array(pairs, np.int64).reshape(-1, 2).T
        shape = (len(self.characters), len(self.words))
        matrix = csr_matrix((np.ones(len(rows), np.float32), (rows, columns)), shape=shape)
        counts = np.maximum(np.asarray(matrix.sum(axis=1)).ravel(), 1.0)
        return (diags(1.0 / counts) @ matrix).tocsr()


@dataclass(frozen=True)
class StaticTable:
    """The vector of every piece, so that the mean of a text's pieces is the text's vector.

    ``vectors`` (n, d) are those of the words as they were given to ``segmentation``. With ``pooling`` "sif"
    a word counts ``a / (a + p(w))`` and the direction that all words share is taken out (Arora 2017, A
    Simple but Tough-to-Beat Baseline for Sentence Embeddings):
    ``v(s) = (I - u u') 1/|s| sum a/(a+p(w)) v(w)``.
    Both are linear, so they are folded into the table. A character that is no word has the mean of the
    words that contain it, or what ``fallback`` gives; an unknown piece is zero.
    """

    segmentation: Segmentation
    vectors: Floats
    pooling: Pooling
    fallback: Fallback | None = None
    sample: Sequence[Sequence[int]] | None = None  # texts, by piece, that u is taken from; None: the words

    def blocks(self) -> Iterator[Floats]:
        """The rows in the order of their ids, some at a time: (b, d) float32."""
        seg, dimension = self.segmentation, self.vectors.shape[1]
        direction = self._direction() if self.pooling == "sif" else None
        for block in self._weighted_words():
            yield _without(block, direction)
        if seg.characters:
            yield _without(self._characters(), direction)
        yield np.zeros((len(seg) - len(seg.words) - len(seg.characters), dimension), np.float32)

    def matrix(self) -> Floats:
        """All rows (pieces, d)."""
        return np.concatenate(list(self.blocks()))

    def _weighted_words(self) -> Iterator[Floats]:
        seg = self.segmentation
        weights = self._weights()
        for start in range(0, len(seg.words), _ROWS):
            rows = slice(start, start + _ROWS)
            yield self.vectors[seg.kept[rows]] * weights[rows, None]

    def _weights(self) -> Floats:
        shares = self.segmentation.shares
        weights = SIF_A / (SIF_A + shares) if self.pooling == "sif" else np.ones(len(shares))
        return weights.astype(np.float32)

    def _characters(self) -> Floats:
        """A character counts as the rarest word does."""
        seg = self.segmentation
        weight = SIF_A / (SIF_A + float(seg.shares.min())) if self.pooling == "sif" else 1.0
        if self.fallback is not None:
            found = self.fallback(seg.characters)
        else:
            found = np.zeros((len(seg.characters), self.vectors.shape[1]), np.float32)
            membership = seg.membership()
            for start in range(0, len(seg.words), _ROWS):
                rows = slice(start, start + _ROWS)
                found += membership[:, rows] @ self.vectors[seg.kept[rows]]
        return np.asarray(found * weight, np.float32)

    def _direction(self) -> Floats:
        """u (d,): the first right singular vector of the texts' weighted means."""
        if self.sample is not None:
            pieces = [*self._weighted_words(), self._characters()]
            pieces.append(
                np.zeros((len(self.segmentation) - sum(map(len, pieces)), pieces[0].shape[1]), np.float32)
            )
            return first_direction(iter([means(np.concatenate(pieces), self.sample)]))
        blocks = self._weighted_words()
        return first_direction(block for block, _ in zip(blocks, range(-(-_SAMPLE // _ROWS)), strict=False))


def first_direction(blocks: Iterator[Floats]) -> Floats:
    """The unit vector (d,) along which rows, (b, d) a block, are longest: the first right singular vector."""
    total: Any = 0.0
    for block in blocks:
        wide = block.astype(np.float64)
        total = total + wide.T @ wide
    return np.asarray(np.linalg.eigh(total)[1][:, -1], np.float32)


def _without(block: Floats, direction: Floats | None) -> Floats:
    if direction is None:
        return block
    return np.asarray(block - np.outer(block @ direction, direction), np.float32)


def means(table: Floats, texts: Sequence[Sequence[int]]) -> Floats:
    """The mean row (n, d) of each text's pieces; zero where it has none."""
    out = np.zeros((len(texts), table.shape[1]), np.float32)
    for row, ids in enumerate(texts):
        if ids:
            out[row] = table[list(ids)].mean(axis=0)
    return out


def write_static_model(folder: Path, table: StaticTable, card: str) -> None:
    """Write an ordinary sentence-transformers model into ``folder``: StaticEmbedding, Normalize.

    The table is written a few rows at a time: no second copy of a large one is made. ``card`` goes into
    the README.
    """
    folder.mkdir(parents=True, exist_ok=True)
    table.segmentation.tokenizer.save(str(folder / "tokenizer.json"), pretty=False)
    shape = (len(table.segmentation), table.vectors.shape[1])
    _write_safetensors(folder / "model.safetensors", table.blocks(), shape)
    write_modules(folder, [("", STATIC), ("1_Normalize", NORMALIZE)])
    key = "sentence_embedding"
    write_json(folder / "1_Normalize" / "config.json", {"module_input_name": key, "module_output_name": key})
    (folder / "README.md").write_text(card, encoding="utf-8")


def _write_safetensors(path: Path, blocks: Iterator[Floats], shape: tuple[int, int]) -> None:
    """One tensor in the safetensors format: length of the header, header (JSON), rows."""
    entry = {"dtype": "F32", "shape": list(shape), "data_offsets": [0, 4 * shape[0] * shape[1]]}
    header = json.dumps({"__metadata__": {"format": "pt"}, "embedding.weight": entry}).encode()
    header += b" " * (-len(header) % 8)  # the rows begin at a multiple of eight bytes
    with path.open("wb") as handle:
        handle.write(len(header).to_bytes(8, "little") + header)
        for block in blocks:
            handle.write(np.ascontiguousarray(block, "<f4").tobytes())


def _is_lower(words: Sequence[str]) -> bool:
    cased = sum(word != word.lower() for word in words)
    return cased <= _FEWEST_CAPITALS * len(words)


def _normalizer(lower: bool) -> Any:
    from tokenizers import normalizers

    wide = normalizers.NFKC()
    return normalizers.Sequence([wide, normalizers.Lowercase()]) if lower else wide


def _score(piece: str, log_share: float) -> float:
    return log_share if _UNSPACED.search(piece) else _ALPHABETIC + 0.01 * log_share
