"""Synonym groups as the editor reads them: search, filters, order, pages, flags, chains."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass

from workbench.normalise import term_key
from workbench.storage.entries import Snapshot, oddities
from workbench.types import Entry, Group, GroupFilter, GroupSort, Pair

COMPONENT_TERMS = 300


@dataclass(frozen=True, slots=True)
class Component:
    """The chain that a group is part of. ``bridges`` are the terms that more than one group holds."""

    terms: tuple[str, ...]
    edges: tuple[Pair, ...]
    groups: tuple[int, ...]
    bridges: tuple[str, ...]
    cut: bool = False  # whether it goes on beyond the limit


class GroupReader:
    """The groups of one version. ``trained`` gives the groups that changed since the newest training
    (None: nothing was trained yet); it is asked only where that is needed."""

    def __init__(self, snapshot: Snapshot, trained: Callable[[], set[int] | None] = lambda: None) -> None:
        self._snapshot = snapshot
        self._changed_since_training = trained

    # -- groups ---------------------------------------------------------------------------------------

    def page(
        self,
        *,
        search: str = "",
        filter: GroupFilter = "all",
        sort: GroupSort = "file",
        page: int = 0,
        size: int = 50,
        only: Sequence[int] | None = None,
        known_total: int | None = None,
    ) -> tuple[list[Group], int]:
        """One page of groups, and how many groups there are in all.

        ``search`` is part of any term of a group, compared by ``term_key``. ``only`` lists group ids: just
        those, in that order where ``sort`` is "file". ``known_total`` is the number of groups of the
        version, if the caller knows it.
        """
        numbers = self._chosen(search, filter, only)
        if numbers is None and sort == "file":
            found = self._numbers(f"ORDER BY grp LIMIT {size:d} OFFSET {page * size:d}")
            total = known_total if known_total is not None else self._count()
            return self.read(found), total
        ordered = self._ordered(numbers, sort, keep_order=only is not None)
        return self.read(ordered[page * size : (page + 1) * size]), len(ordered)

    def read(self, numbers: Sequence[int]) -> list[Group]:
        """Those of the groups that are there, in the order asked for, with flags and marks."""
        entries = self._snapshot.entries(numbers)
        keys = {
            number: (term_key(rows[0].standard), [term_key(entry.synonym) for entry in rows])
            for number, rows in entries.items()
        }
        every = {key for standard, synonyms in keys.values() for key in (standard, *synonyms)}
        as_standard = self._snapshot.with_standard(every)
        as_synonym = self._snapshot.with_synonym(every)
        changed = self._changed(list(entries))
        untrained = self._changed_since_training()
        labels = self._snapshot.labels.of({key for _, synonyms in keys.values() for key in synonyms})

        def group(number: int) -> Group:
            rows, (standard, synonyms) = entries[number], keys[number]
            marks = {}
            for entry, key in zip(rows, synonyms, strict=True):
                found = [
                    *(["ambiguous"] if as_synonym.get(key, set()) - {number} else []),
                    *(["chained"] if as_standard.get(key, set()) - {number} else []),
                    *oddities(entry.synonym),
                ]
                if found:
                    marks[entry.synonym] = tuple(found)
            flags = {flag for each in marks.values() for flag in each} | set(oddities(rows[0].standard))
            if as_synonym.get(standard, set()) - {number}:
                flags.add("chained")
            if untrained is None or number in untrained:
                flags.add("untrained")
            texts = tuple(entry.synonym for entry in rows)
            named = {
                column: {
                    text: values[key] for text, key in zip(texts, synonyms, strict=True) if key in values
                }
                for column, values in labels.items()
            }
            return Group(number, rows[0].standard, texts, changed[number], tuple(sorted(flags)), marks, named)

        return [group(number) for number in dict.fromkeys(numbers) if number in entries]

    def component(self, number: int, limit: int = COMPONENT_TERMS) -> Component:
        """The groups that hang together with one by shared terms, nearest first; cut at ``limit`` terms."""
        found: dict[int, list[Entry]] = {}
        terms: dict[str, str] = {}
        holders: dict[str, set[int]] = {}
        waiting, cut = [number], False
        while waiting and not cut:
            rows = self._snapshot.entries(waiting)
            fresh: set[str] = set()
            for group in waiting:
                for entry in rows.get(group, []):
                    for term in (entry.standard, entry.synonym):
                        key = term_key(term)
                        if key not in terms:
                            fresh.add(key)
                            terms[key] = term
                        holders.setdefault(key, set()).add(group)
                found[group] = rows.get(group, [])
                if len(terms) > limit:
                    cut = True
                    break
            waiting = sorted(self._snapshot.holding(fresh) - set(found)) if not cut else []
        edges = [
            Pair(entry.standard, entry.synonym, entry.row) for rows_ in found.values() for entry in rows_
        ]
        shown = set(list(terms)[:limit])
        return Component(
            tuple(terms[key] for key in _in_order(terms, shown)),
            tuple(e for e in edges if {term_key(e.standard), term_key(e.synonym)} <= shown),
            tuple(found),
            tuple(terms[key] for key in _in_order(terms, shown) if len(holders[key]) > 1),
            cut,
        )

    # -- choosing -------------------------------------------------------------------------------------

    def _chosen(self, search: str, filter: GroupFilter, only: Sequence[int] | None) -> list[int] | None:
        """The ids of the groups that are asked for, in order; None: all of them."""
        chosen: list[int] | None = None
        wanted = term_key(search)
        if wanted:
            chosen = self._numbers(
                "AND (instr(synonym_key, ?) > 0 OR instr(standard_key, ?) > 0) ORDER BY grp", wanted, wanted
            )
        flagged = self._flagged(filter)
        if flagged is not None:
            chosen = sorted(flagged) if chosen is None else [n for n in chosen if n in flagged]
        if only is not None:
            there = set(self._present(only)) if chosen is None else set(chosen)
            chosen = [number for number in dict.fromkeys(only) if number in there]
        return chosen

    def _flagged(self, filter: GroupFilter) -> set[int] | None:
        if filter == "ambiguous":
            return self._ambiguous()
        if filter == "chained":
            return self._chained()
        if filter == "problems":
            return self._ambiguous() | self._chained() | self._odd()
        if filter == "untrained":
            return self._changed_since_training()
        return None

    def _ambiguous(self) -> set[int]:
        rows = self._snapshot.connection.execute(
            f"""SELECT synonym_key FROM entries INDEXED BY entries_synonym WHERE {self._where}
            GROUP BY synonym_key HAVING count(*) > 1"""
        )
        holders = self._snapshot.with_synonym([row[0] for row in rows])
        return {number for groups in holders.values() if len(groups) > 1 for number in groups}

    def _chained(self) -> set[int]:
        rows = self._snapshot.connection.execute(
            f"""SELECT s.grp, e.grp FROM
            (SELECT DISTINCT standard_key, grp FROM entries INDEXED BY entries_standard WHERE {self._where}) s
            CROSS JOIN entries e INDEXED BY entries_synonym
            ON e.synonym_key = s.standard_key AND e.grp <> s.grp WHERE {self._snapshot.where("e")}"""
        )
        return {number for row in rows for number in row}

    def _odd(self) -> set[int]:
        rows = self._snapshot.connection.execute(
            f"SELECT grp FROM entries INDEXED BY entries_odd WHERE {self._where} AND odd = 1"
        )
        return {row[0] for row in rows}

    # -- order ----------------------------------------------------------------------------------------

    def _ordered(self, numbers: list[int] | None, sort: GroupSort, *, keep_order: bool) -> list[int]:
        if sort == "file":
            every = numbers if numbers is not None else self._numbers("ORDER BY grp")
            return every if keep_order else sorted(every)
        if sort == "recent":
            every = self._numbers("ORDER BY grp") if numbers is None else sorted(numbers)
            latest = self._latest()
            return sorted(every, key=lambda number: -latest.get(number, 1))
        few = "" if numbers is None else "json_each(?) wanted CROSS JOIN "
        kept = self._snapshot.connection.execute(
            f"SELECT grp, count(*), standard_key FROM {few}entries WHERE {self._where}"
            f"{' AND grp = wanted.value' if few else ''} GROUP BY grp ORDER BY grp",
            [json.dumps(numbers)] if few else [],
        ).fetchall()
        if sort == "size":
            kept.sort(key=lambda row: -row[1])
        else:
            kept.sort(key=lambda row: _by_name(row[2]))
        return [row[0] for row in kept]

    def _latest(self) -> dict[int, int]:
        """Group -> the version that last changed it, for groups changed after the first version."""
        latest: dict[int, int] = {}
        for column, condition in (("born", "born > 1"), ("died", "died IS NOT NULL")):
            for number, version in self._snapshot.connection.execute(
                f"SELECT grp, max({column}) FROM entries WHERE dictionary = ? AND {condition} "
                f"AND {column} <= ? GROUP BY grp",
                (self._snapshot.dictionary, self._snapshot.version),
            ):
                latest[number] = max(version, latest.get(number, 1))
        return latest

    def _changed(self, numbers: Collection[int]) -> dict[int, int]:
        now = self._snapshot.version
        rows = self._snapshot.connection.execute(
            f"""SELECT grp, max(born), max(CASE WHEN died <= {now:d} THEN died END) 
            FROM json_each(?) wanted CROSS JOIN entries ON grp = wanted.value
            WHERE dictionary = ? AND born <= {now:d} GROUP BY grp""",
            (json.dumps(list(numbers)), self._snapshot.dictionary),
        )
        return {number: max(born, died or 0) for number, born, died in rows}

    # -- inside ---------------------------------------------------------------------------------------

    @property
    def _where(self) -> str:
        return self._snapshot.where()

    def _numbers(self, rest: str, *values: str) -> list[int]:
        return [
            row[0]
            for row in self._snapshot.connection.execute(
                f"SELECT DISTINCT grp FROM entries WHERE {self._where} {rest}", values
            )
        ]

    def _present(self, numbers: Iterable[int]) -> list[int]:
        return self._numbers("AND grp IN (SELECT value FROM json_each(?))", json.dumps(list(numbers)))

    def _count(self) -> int:
        row = self._snapshot.connection.execute(
            f"SELECT count(DISTINCT grp) FROM entries WHERE {self._where}"
        ).fetchone()
        return int(row[0])


def _in_order(terms: dict[str, str], shown: set[str]) -> list[str]:
    """The keys that are shown, in the order in which they were met."""
    return [key for key in terms if key in shown]


def _by_name(key: str) -> bytes:
    """Latin letters first, then Chinese by pinyin: the order of GB 2312's common characters."""
    return key.encode("gb18030", "replace")
