"""Texts put together by their lengths, so that little is padded."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

TOKENS_PER_BATCH = 4096
TOKENS_PER_GROUP = 500  # what one more pass through the head costs, however little is in it
TOKENS_PER_ATTENTION = 40  # the same where groups share the pass, and attention alone is each group's own


def equal_length_batches(ids: list[list[int]], numbers: Sequence[int]) -> Iterator[list[int]]:
    """The texts ``numbers`` in batches of one length and at most :data:`TOKENS_PER_BATCH` tokens.

    ``ids`` are the token ids of all texts.
    """
    by_length: dict[int, list[int]] = {}
    for number in numbers:
        by_length.setdefault(len(ids[number]), []).append(number)
    for length, rows in sorted(by_length.items()):
        size = max(1, TOKENS_PER_BATCH // max(1, length))
        for start in range(0, len(rows), size):
            yield rows[start : start + size]


def groups_by_length(lengths: Sequence[int], each: int = TOKENS_PER_GROUP) -> list[int]:
    """Sizes of the groups into which texts of ascending ``lengths`` are cut: the least padding, few groups.

    A group costs its texts times its longest, and ``each`` tokens for itself; the cheapest way is found by
    dynamic programming over the places where the length changes.
    """
    ends = [i for i in range(1, len(lengths) + 1) if i == len(lengths) or lengths[i] != lengths[i - 1]]
    cheapest: dict[int, tuple[int, int]] = {0: (0, 0)}  # texts so far -> cost, where the last group begins
    for end in ends:
        longest = lengths[end - 1]
        cheapest[end] = min(
            (cost + (end - begin) * longest + each, begin) for begin, (cost, _) in cheapest.items()
        )
    sizes = []
    end = len(lengths)
    while end:
        begin = cheapest[end][1]
        sizes.append(end - begin)
        end = begin
    return sizes[::-1]


def cut(row: list[int], longest: int) -> list[int]:
    """Token ids cut to ``longest``; the closing token stays."""
    return row if len(row) <= longest else [*row[: longest - 1], row[-1]]
