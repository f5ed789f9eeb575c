"""A file imported over a dictionary: what it changes, so that what stays the same is not touched."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby

from workbench.normalise import term_key
from workbench.storage.entries import Change, SetHash, Snapshot
from workbench.types import Entry, Pair


def replacement(before: Snapshot, pairs: Sequence[Pair]) -> tuple[Change, str, dict[str, int]]:
    """The change from a version to ``pairs``, the content hash after it, and the counts of the version.

    A group keeps its id where its standard term is the same by ``term_key``, a pair its place where it
    is the same to the letter; one that is only spelt otherwise takes the place of the old one. What is
    new goes to the end of its group, new groups to the end. Pairs marked apart stay as they are.
    """
    wanted, content, counts = _by_group(before, pairs)
    fresh = before.next_group()
    ended: list[Entry] = []
    added: list[Entry] = []
    for number, rows in groupby(before.stream(), key=lambda entry: entry.group):
        old = list(rows)
        new = wanted.pop(term_key(old[0].standard), [])
        out, into = _one_group(before, number, old, new)
        ended += out
        added += into
    for number, group in enumerate(wanted.values(), fresh):
        added += (Entry(number, place, p.standard, p.synonym, p.row) for place, p in enumerate(group))
    return Change(tuple(ended), tuple(added)), str(content), counts


def _by_group(
    before: Snapshot, pairs: Iterable[Pair]
) -> tuple[dict[str, list[Pair]], SetHash, dict[str, int]]:
    wanted: dict[str, list[Pair]] = {}
    synonyms: set[str] = set()
    content = SetHash()
    count = 0
    for pair in pairs:
        wanted.setdefault(term_key(pair.standard), []).append(pair)
        synonyms.add(term_key(pair.synonym))
        content.add(pair.standard, pair.synonym)
        count += 1
    for entry in before.apart():
        content.add(entry.standard, entry.synonym, apart=True)
    counts = {"pairs": count, "standards": len(wanted), "terms": len(wanted.keys() | synonyms)}
    return wanted, content, counts


def _one_group(
    before: Snapshot, number: int, old: list[Entry], new: list[Pair]
) -> tuple[list[Entry], list[Entry]]:
    left: dict[tuple[str, str], list[Entry]] = {}
    for entry in old:
        left.setdefault((entry.standard, entry.synonym), []).append(entry)
    unmatched = []
    for pair in new:
        same = left.get((pair.standard, pair.synonym))
        if same:
            same.pop(0)
        else:
            unmatched.append(pair)
    ended = sorted((entry for rest in left.values() for entry in rest), key=lambda entry: entry.position)
    if not unmatched:
        return ended, []
    return ended, list(_placed(before, number, ended, unmatched))


def _placed(before: Snapshot, number: int, ended: list[Entry], new: list[Pair]) -> Iterator[Entry]:
    places: dict[str, list[int]] = {}
    for entry in ended:
        places.setdefault(term_key(entry.synonym), []).append(entry.position)
    end = before.next_position(number)
    for pair in new:
        freed = places.get(term_key(pair.synonym))
        if freed:
            yield Entry(number, freed.pop(0), pair.standard, pair.synonym, pair.row)
        else:
            yield Entry(number, end, pair.standard, pair.synonym, pair.row)
            end += 1
