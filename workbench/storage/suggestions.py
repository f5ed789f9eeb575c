"""The queue of what waits for the expert's yes or no; what was decided stays and never comes again."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from workbench.localtext import LocalText
from workbench.normalise import digest, term_key
from workbench.storage.database import Database
from workbench.types import Suggestion, SuggestionKind, SuggestionState

SuggestionSort = Literal["score", "uncertainty", "newest"]
STATES: tuple[SuggestionState, ...] = ("waiting", "accepted", "rejected", "later")
OPEN: tuple[SuggestionState, ...] = ("waiting", "later")
_CHUNK = 500  # ids in one statement
_ORDER: dict[SuggestionSort, str] = {
    "score": "s.score IS NULL, s.score DESC, s.id",
    # what a model is least sure of teaches it most; without a score it is as unsure as can be
    "uncertainty": "abs(coalesce(s.score, 0.5) - 0.5), s.id",
    "newest": "s.id DESC",
}
_SELECT = """SELECT s.id, s.kind, coalesce(d.name, '') AS dictionary, s.first, s.second, s.label, s.score,
    s.source, s.reason, s.state, s.author, s.created_at, s.decided_at
    FROM suggestions s LEFT JOIN dictionaries d ON d.id = s.dictionary_id AND d.deleted_at IS NULL"""

_LISTED = "s.dictionary_id NOT IN (SELECT id FROM dictionaries WHERE deleted_at IS NOT NULL)"


@dataclass(frozen=True, slots=True)
class Proposal:
    """Something to be put into the queue; see :class:`workbench.types.Suggestion`."""

    first: str
    second: str
    label: float = 1.0
    score: float | None = None
    reason: LocalText | None = None


def pair_key(first: str, second: str) -> str:
    """The same for (a, b) and (b, a), and for spellings that :func:`term_key` takes for one."""
    return digest(*sorted((term_key(first), term_key(second))))


class SuggestionStore:
    """Rows of ``suggestions``. A dictionary is named by its id; "" is none."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(
        self, kind: SuggestionKind, rows: Iterable[Proposal], *, source: str, dictionary_id: str = ""
    ) -> int:
        """Put rows into the queue and say how many were new.

        What is there already is ignored, whatever became of it: a rejected pair never comes again.
        """
        now = time.time()
        with self._database.write() as db:
            before = db.conn.total_changes
            db.conn.executemany(
                """INSERT OR IGNORE INTO suggestions (kind, dictionary_id, first, second, pair_key, label,
                score, source, reason, state, created_at) VALUES (?,?,?,?,?,?,?,?,?,'waiting',?)""",
                (
                    (
                        kind,
                        dictionary_id,
                        row.first,
                        row.second,
                        pair_key(row.first, row.second),
                        row.label,
                        row.score,
                        source,
                        json.dumps(row.reason.as_json(), ensure_ascii=False) if row.reason else None,
                        now,
                    )
                    for row in rows
                ),
            )
            return int(db.conn.total_changes - before)

    def page(
        self,
        *,
        dictionary_id: str | None = None,
        kind: SuggestionKind | None = None,
        state: SuggestionState | None = "waiting",
        source: str | None = None,
        search: str = "",
        sort: SuggestionSort = "score",
        page: int = 0,
        size: int = 50,
    ) -> tuple[list[Suggestion], int]:
        """One page and how many there are in all; ``None`` is any, ``search`` is found in either text."""
        where, arguments = _where(dictionary_id, kind, state, search, source)
        connection = self._database.connection
        total = connection.conn.execute(f"SELECT count(*) FROM suggestions s {where}", arguments).fetchone()[
            0
        ]
        rows = connection.query(
            f"{_SELECT} {where} ORDER BY {_ORDER[sort]} LIMIT ? OFFSET ?", [*arguments, size, page * size]
        )
        return [_suggestion(row) for row in rows], int(total)

    def every(
        self,
        *,
        dictionary_id: str | None = None,
        kind: SuggestionKind | None = None,
        state: SuggestionState | None = None,
    ) -> Iterator[Suggestion]:
        """All that match, oldest first."""
        where, arguments = _where(dictionary_id, kind, state, "")
        for row in self._database.connection.query(f"{_SELECT} {where} ORDER BY s.id", arguments):
            yield _suggestion(row)

    def texts(self, dictionary_id: str, kind: SuggestionKind) -> list[tuple[str, str, SuggestionState]]:
        """(first, second, state) of everything that was ever proposed, for filters."""
        return [
            tuple(row)
            for row in self._database.connection.conn.execute(
                "SELECT first, second, state FROM suggestions "
                "WHERE dictionary_id = ? AND kind = ? ORDER BY id",
                (dictionary_id, kind),
            )
        ]

    def counts(
        self,
        *,
        dictionary_id: str | None = None,
        kind: SuggestionKind | None = None,
        source: str | None = None,
    ) -> dict[SuggestionState, int]:
        """How many are in each state."""
        where, arguments = _where(dictionary_id, kind, None, "", source)
        counts = dict.fromkeys(STATES, 0)
        for state, number in self._database.connection.conn.execute(
            f"SELECT state, count(*) FROM suggestions s {where} GROUP BY state", arguments
        ):
            counts[state] = number
        return counts

    def sources(self) -> list[str]:
        """Where the suggestions are from, the newest first."""
        rows = self._database.connection.conn.execute(
            f"SELECT s.source FROM suggestions s WHERE {_LISTED} GROUP BY s.source ORDER BY max(s.id) DESC"
        )
        return [row[0] for row in rows]

    def get(self, ids: Sequence[int]) -> list[Suggestion]:
        """Suggestions by id, in the order of ``ids``; unknown ids are left out."""
        found: dict[int, Suggestion] = {}
        for chunk in _chunks(ids):
            marks = ",".join("?" * len(chunk))
            for row in self._database.connection.query(f"{_SELECT} WHERE s.id IN ({marks})", chunk):
                found[row["id"]] = _suggestion(row)
        return [found[each] for each in dict.fromkeys(ids) if each in found]

    def decide(
        self,
        ids: Sequence[int],
        state: SuggestionState,
        author: str = "",
        *,
        before: Sequence[SuggestionState] = OPEN,
    ) -> list[int]:
        """Move suggestions that are in one of ``before`` to ``state``; the ids that moved. One transaction.

        What another page has decided meanwhile is in none of ``before`` and stays as it is.
        """
        moved: list[int] = []
        decided = None if state == "waiting" else time.time()
        old = ",".join("?" * len(before))
        with self._database.write() as db:
            for chunk in _chunks(ids):
                marks = ",".join("?" * len(chunk))
                rows = db.conn.execute(
                    f"UPDATE suggestions SET state = ?, author = ?, decided_at = ? WHERE id IN ({marks}) "
                    f"AND state IN ({old}) RETURNING id",
                    [state, "" if state == "waiting" else author, decided, *chunk, *before],
                ).fetchall()
                moved += [row[0] for row in rows]
        return sorted(moved)


def _where(
    dictionary_id: str | None, kind: str | None, state: str | None, search: str, source: str | None = None
) -> tuple[str, list[Any]]:
    conditions, arguments = [_LISTED], []
    values = (("dictionary_id", dictionary_id), ("kind", kind), ("state", state), ("source", source))
    for column, value in values:
        if value is not None:
            conditions.append(f"s.{column} = ?")
            arguments.append(value)
    if search.strip():
        escaped = search.strip().replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
        conditions.append("(s.first LIKE ? ESCAPE '\\' OR s.second LIKE ? ESCAPE '\\')")
        arguments += [f"%{escaped}%"] * 2
    return f"WHERE {' AND '.join(conditions)}", arguments


def _chunks(ids: Sequence[int]) -> Iterator[list[int]]:
    for start in range(0, len(ids), _CHUNK):
        yield list(ids[start : start + _CHUNK])


def _suggestion(row: dict[str, Any]) -> Suggestion:
    reason = LocalText.from_json(json.loads(row["reason"])) if row["reason"] else None
    return Suggestion(**{**row, "reason": reason})
