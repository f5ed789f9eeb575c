"""Which of many texts may be almost the same, found without comparing each with each.

Prefix filtering over character n-grams (Chaudhuri et al., "A primitive operator for similarity joins in
data cleaning", 2006; Xiao et al., "Efficient similarity joins for near duplicate detection", 2008): texts
that few edits tell apart share most of their n-grams, so they share one even among their rarest few.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]
Bits = npt.NDArray[np.uint64]
_CHUNK = 2_000_000
_LONGEST = 4096
_MOST_GRAMS = 12  # of one text that are looked up: an almost equal text of any length shares one of so many
_WIDE = 0x2E80  # characters from here on are Chinese, kana, hangul: two of them say as much as a syllable
_WIDE_SHARE = 3  # a text is of that kind from every third character on
_MIX = 0x9E3779B97F4A7C15
_EPSILON = 1e-9


def candidates(
    texts: Sequence[str],
    blocks: Sequence[int],
    threshold: float,
    *,
    budget: int = 200_000_000,
) -> Iterator[tuple[float, Ints, Ints]]:
    """Pairs of one block whose normalised indel similarity may reach ``threshold`` (0..1), bit by bit.

    Yields (share of the work that is done, places of some texts, places of their partners); a pair may come
    again in a later bit. The similarity is rapidfuzz's ``ratio``: 1 - (insertions + deletions) / (both
    lengths). ``texts`` differ from each other and are not empty. At most ``budget`` pairs are looked at:
    where more share rare n-grams, each text meets its neighbours in the order of length alone.
    """
    if not len(texts):
        return
    lengths = np.fromiter(map(len, texts), np.int64, len(texts))
    codes = np.frombuffer("".join(texts).encode("utf-32-le", "surrogatepass"), np.uint32).astype(np.int64)
    starts = np.concatenate(([0], np.cumsum(lengths)[:-1]))
    wide = _WIDE_SHARE * np.add.reduceat((codes >= _WIDE).astype(np.int64), starts) >= lengths
    key, owner = _postings(codes, starts, lengths, wide, np.asarray(blocks, np.int64), threshold)
    bitmaps = _bitmaps(codes, starts, lengths)
    for share, one, other in _meet(key, owner, lengths, threshold, budget):
        yield share, *_alike(one, other, lengths, bitmaps, threshold)


def _postings(
    codes: Ints, starts: Ints, lengths: Ints, wide: npt.NDArray[np.bool_], blocks: Ints, threshold: float
) -> tuple[Ints, Ints]:
    """(n-gram within its block, text) for the rarest n-grams of each text that it may share."""
    owner = np.repeat(np.arange(len(lengths)), lengths)
    size = np.where(wide, 2, 3)[owner]
    place = np.arange(len(codes)) - starts[owner]
    fits = place + size <= lengths[owner]
    padded = np.concatenate((codes, [0, 0]))
    gram = padded[:-2] | padded[1:-1] << 21
    gram |= np.where(size == 3, padded[2:] << 42, 0)
    gram, owner = gram[fits], owner[fits]
    gram = np.unique(gram, return_inverse=True)[1].astype(np.int64)
    key = gram + blocks[owner] * (int(gram.max(initial=0)) + 1)
    key, owner = _distinct(key, owner)
    _, key, counts = np.unique(key, return_inverse=True, return_counts=True)
    rarity = counts[key]
    order = np.lexsort((key, rarity, owner))
    key, owner, rarity = key[order], owner[order], rarity[order]
    first = np.searchsorted(owner, np.arange(len(lengths)))
    rank = np.arange(len(owner)) - first[owner]
    keep = (rank < _prefix(lengths, wide, threshold)[owner]) & (rarity > 1)
    return key[keep].astype(np.int64), owner[keep]


def _distinct(key: Ints, owner: Ints) -> tuple[Ints, Ints]:
    order = np.lexsort((key, owner))
    key, owner = key[order], owner[order]
    fresh = np.ones(len(key), bool)
    fresh[1:] = (key[1:] != key[:-1]) | (owner[1:] != owner[:-1])
    return key[fresh], owner[fresh]


def _prefix(lengths: Ints, wide: npt.NDArray[np.bool_], threshold: float) -> Ints:
    """How many of its rarest n-grams a text has to be looked up under: one more than edits can spoil."""
    longest = int(lengths.max())
    table = np.ones((2, longest + 1), np.int64)
    for length in range(1, longest + 1):
        for wide_size in (0, 1):
            spoilt = _spoilt(length, 2 if wide_size else 3, threshold)
            table[wide_size, length] = min(spoilt + 1, _MOST_GRAMS)
    return table[wide.astype(np.int64), lengths]


def _spoilt(length: int, size: int, threshold: float) -> int:
    """The most n-grams of a text of ``length`` that the edits to any text still alike can take from it."""
    share = 1 - threshold
    worst = 0
    for other in range(int(length * threshold / (2 - threshold)), int(_reach(length, threshold)) + 1):
        edits = int(share * (length + other) + _EPSILON)
        gap = other - length
        if abs(gap) > edits:
            continue
        edits -= (edits - gap) % 2
        deleted, inserted = (edits - gap) // 2, (edits + gap) // 2
        worst = max(worst, size * deleted + (size - 1) * inserted)
        if worst >= _MOST_GRAMS:
            break
    return worst


def _reach(length: Any, threshold: float) -> Any:
    """The longest that a text may be which is alike to one of ``length``."""
    return np.floor(length * (2 - threshold) / threshold + _EPSILON).astype(np.int64)


def _bitmaps(codes: Ints, starts: Ints, lengths: Ints) -> tuple[Bits, Bits]:
    """The characters of each text, each with how often it came before, as a set of 2 x 64 bits.

    An insertion or a deletion changes one of them at most.
    """
    owner = np.repeat(np.arange(len(lengths)), lengths)
    order = np.lexsort((codes, owner))
    code = codes[order]
    fresh = np.ones(len(code), bool)
    fresh[1:] = (code[1:] != code[:-1]) | (owner[1:] != owner[:-1])
    begin = np.maximum.accumulate(np.where(fresh, np.arange(len(code)), 0))
    again = np.arange(len(code)) - begin
    mixed = (code.astype(np.uint64) + (again.astype(np.uint64) << np.uint64(21))) * np.uint64(_MIX)
    place = mixed >> np.uint64(57)
    bit = np.uint64(1) << (place & np.uint64(63))
    upper = place >= 64
    zero = np.uint64(0)
    return (
        np.bitwise_or.reduceat(np.where(upper, bit, zero), starts),
        np.bitwise_or.reduceat(np.where(upper, zero, bit), starts),
    )


def _meet(
    key: Ints, owner: Ints, lengths: Ints, threshold: float, budget: int
) -> Iterator[tuple[float, Ints, Ints]]:
    """Texts that share a key and are not too different in length, in chunks."""
    size = np.minimum(lengths[owner], _LONGEST - 1)
    order = np.lexsort((owner, size, key))
    key, owner, size = key[order], owner[order], size[order]
    reach = np.minimum(_reach(size, threshold), _LONGEST - 1)
    last = np.searchsorted(key * _LONGEST + size, key * _LONGEST + reach, side="right")
    partners = _within_budget(last - np.arange(len(key)) - 1, budget)
    ends = np.cumsum(partners)
    total = int(partners.sum())
    begin, done = 0, 0
    while done < total:
        end = max(begin + 1, int(np.searchsorted(ends, done + _CHUNK, side="right")))
        count = partners[begin:end]
        one = np.repeat(np.arange(begin, end), count)
        step = np.arange(len(one)) - np.repeat(ends[begin:end] - count - done, count) + 1
        begin, done = end, int(ends[end - 1])
        yield done / total, owner[one], owner[one + step]


def _within_budget(partners: Ints, budget: int) -> Ints:
    """``partners`` cut so that their sum is at most ``budget`` (or one each)."""
    low, high = 1, int(partners.max(initial=1))
    while low < high:
        middle = (low + high + 1) // 2
        if int(np.minimum(partners, middle).sum()) <= budget:
            low = middle
        else:
            high = middle - 1
    return np.minimum(partners, low)


def _alike(
    one: Ints, other: Ints, lengths: Ints, bitmaps: tuple[Bits, Bits], threshold: float
) -> tuple[Ints, Ints]:
    """Those whose characters differ by no more than the edits that the threshold allows, each once."""
    edits = ((1 - threshold) * (lengths[one] + lengths[other]) + _EPSILON).astype(np.int64)
    apart = np.bitwise_count(bitmaps[0][one] ^ bitmaps[0][other]).astype(np.int64)
    apart += np.bitwise_count(bitmaps[1][one] ^ bitmaps[1][other])
    close = apart <= edits
    one, other = one[close], other[close]
    pairs = np.unique(np.minimum(one, other) * len(lengths) + np.maximum(one, other))
    return pairs // len(lengths), pairs % len(lengths)
