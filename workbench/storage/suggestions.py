"""The queue of what waits for the expert's yes or no; what was decided stays and never comes again."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from workbench.localtext import LocalText
from workbench.normalise import digest, term_key
from workbench.storage.database import Database
from workbench.types import Suggestion, SuggestionKind, SuggestionState

SuggestionSort = Literal["score", "uncertainty", "mixed", "newest"]
STATES: tuple[SuggestionState, ...] = ("waiting", "accepted", "rejected", "later")
OPEN: tuple[SuggestionState, ...] = ("waiting", "later")
_CHUNK = 500  # ids in one statement
_ORDER: dict[SuggestionSort, str] = {
    "score": "s.score IS NULL, s.score DESC, s.id",
    # what a model is least sure of teaches it most; without a score it is as unsure as can be
    "uncertainty": "abs(coalesce(s.score, 0.5) - 0.5), s.id",
    "newest": "s.id DESC",
}
# One of the likeliest, one of the least certain, and so on; what is high in both comes once.
_MIXED = """SELECT s.id, 2 * row_number() OVER (ORDER BY {score}) AS by_score,
    2 * row_number() OVER (ORDER BY {uncertainty}) + 1 AS by_doubt FROM suggestions s {where}"""
_SELECT = """SELECT s.id, s.kind, coalesce(d.name, '') AS dictionary, s.first, s.second, s.label, s.score,
    s.source, s.reason, s.state, s.author, s.created_at, s.decided_at, s.what, s.details
    FROM suggestions s LEFT JOIN dictionaries d ON d.id = s.dictionary_id AND d.deleted_at IS NULL"""

_INSERT = """INSERT INTO suggestions (kind, dictionary_id, first, second, pair_key, label, score, source,
    reason, state, created_at, what, details) VALUES (?,?,?,?,?,?,?,?,?,'waiting',?,?,?)"""
_RENEW = """ ON CONFLICT (dictionary_id, kind, pair_key) DO UPDATE SET first = excluded.first,
    second = excluded.second, label = excluded.label, score = excluded.score, source = excluded.source,
    reason = excluded.reason, what = excluded.what, details = excluded.details
    WHERE state IN ('waiting', 'later') AND source LIKE 'model:%'"""
_LISTED = "s.dictionary_id NOT IN (SELECT id FROM dictionaries WHERE deleted_at IS NOT NULL)"


@dataclass(frozen=True, slots=True)
class Proposal:
    """Something to be put into the queue; see :class:`workbench.types.Suggestion`."""

    first: str
    second: str
    label: float = 1.0
    score: float | None = None
    reason: LocalText | None = None
    what: str = ""
    details: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Decided:
    """A decision on a suggestion: when, on what, and what the model had thought of it."""

    at: float
    accepted: bool
    source: str
    what: str
    score: float | None


def pair_key(first: str, second: str) -> str:
    """The same for (a, b) and (b, a), and for spellings that :func:`term_key` takes for one."""
    return digest(*sorted((term_key(first), term_key(second))))


class SuggestionStore:
    """Rows of ``suggestions``. A dictionary is named by its id; "" is none."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(
        self,
        kind: SuggestionKind,
        rows: Iterable[Proposal],
        *,
        source: str,
        dictionary_id: str = "",
        renew: bool = False,
    ) -> int:
        """Put rows into the queue and say how many were new.

        What is there already is ignored, whatever became of it: a rejected pair never comes again.
        ``renew``: what a model had put there and nobody has decided yet gets the new score and reason.
        """
        now = time.time()
        with self._database.write() as db:
            before = db.conn.execute("SELECT count(*) FROM suggestions").fetchone()[0]
            db.conn.executemany(
                _INSERT + (_RENEW if renew else " ON CONFLICT DO NOTHING"),
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
                        row.what,
                        json.dumps(row.details, ensure_ascii=False),
                    )
                    for row in rows
                ),
            )
            return int(db.conn.execute("SELECT count(*) FROM suggestions").fetchone()[0] - before)

    def page(
        self,
        *,
        dictionary_id: str | None = None,
        kind: SuggestionKind | None = None,
        state: SuggestionState | None = "waiting",
        source: str | None = None,
        what: str | None = None,
        search: str = "",
        sort: SuggestionSort = "score",
        page: int = 0,
        size: int = 50,
    ) -> tuple[list[Suggestion], int]:
        """One page and how many there are in all; ``None`` is any, ``search`` is found in either text."""
        where, arguments = _where(dictionary_id, kind, state, search, source, what)
        connection = self._database.connection
        total = connection.conn.execute(f"SELECT count(*) FROM suggestions s {where}", arguments).fetchone()
        bounds = [size, page * size]
        if sort == "mixed":
            ranked = _MIXED.format(where=where, **_ORDER)
            ids = connection.conn.execute(
                f"SELECT id FROM ({ranked}) ORDER BY min(by_score, by_doubt) LIMIT ? OFFSET ?",
                [*arguments, *bounds],
            )
            return self.get([row[0] for row in ids]), int(total[0])
        # A page is found in an index by ids alone; only then are its rows read.
        ids = connection.conn.execute(
            f"SELECT s.id FROM suggestions s {where} ORDER BY {_ORDER[sort]} LIMIT ? OFFSET ?",
            [*arguments, *bounds],
        )
        return self.get([row[0] for row in ids]), int(total[0])

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

    def refused(self, dictionary_id: str) -> list[tuple[str, str, float]]:
        """(first, second, label) of what the expert has said no to, or yes to their not being alike."""
        return [
            tuple(row)
            for row in self._database.connection.conn.execute(
                "SELECT first, second, label FROM suggestions WHERE dictionary_id = ? AND kind = 'synonym' "
                "AND (state = 'rejected' OR (state = 'accepted' AND label < 0.5)) ORDER BY id",
                (dictionary_id,),
            )
        ]

    def open_of_models(self, dictionary_id: str) -> list[tuple[int, str, str, float]]:
        """(id, first, second, label) of what models have proposed and nobody has decided."""
        return [
            tuple(row)
            for row in self._database.connection.conn.execute(
                "SELECT id, first, second, label FROM suggestions WHERE dictionary_id = ? "
                "AND kind = 'synonym' AND state IN ('waiting', 'later') AND source LIKE 'model:%' "
                "ORDER BY id",
                (dictionary_id,),
            )
        ]

    def withdraw(self, ids: Sequence[int]) -> int:
        """Take undecided suggestions out of the queue as if they had never come; how many that were."""
        gone = 0
        with self._database.write() as db:
            for chunk in _chunks(ids):
                marks = ",".join("?" * len(chunk))
                gone += db.conn.execute(
                    f"DELETE FROM suggestions WHERE id IN ({marks}) AND state IN ('waiting', 'later')", chunk
                ).rowcount
        return gone

    def counts(
        self,
        *,
        dictionary_id: str | None = None,
        kind: SuggestionKind | None = None,
        source: str | None = None,
        what: str | None = None,
    ) -> dict[SuggestionState, int]:
        """How many are in each state."""
        where, arguments = _where(dictionary_id, kind, None, "", source, what)
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

    def decided(
        self, *, dictionary_id: str | None = None, kind: SuggestionKind | None = None
    ) -> list[Decided]:
        """Every yes and no that stands, the oldest first."""
        where, arguments = _where(dictionary_id, kind, None, "")
        rows = self._database.connection.conn.execute(
            "SELECT s.decided_at, s.state = 'accepted', s.source, s.what, s.score FROM suggestions s "
            f"{where} AND s.state IN ('accepted', 'rejected') ORDER BY s.decided_at, s.id",
            arguments,
        )
        return [Decided(at or 0.0, bool(yes), source, what, score) for at, yes, source, what, score in rows]

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
    dictionary_id: str | None,
    kind: str | None,
    state: str | None,
    search: str,
    source: str | None = None,
    what: str | None = None,
) -> tuple[str, list[Any]]:
    conditions, arguments = [_LISTED], []
    values = {"dictionary_id": dictionary_id, "kind": kind, "state": state, "source": source, "what": what}
    for column, value in values.items():
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
    return Suggestion(**{**row, "reason": reason, "details": json.loads(row["details"])})
