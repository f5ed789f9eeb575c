"""Retrieval sets: queries, passages, and which passages answer which query."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import chain
from typing import Any, Literal

from workbench.localtext import LocalText
from workbench.storage.database import Database
from workbench.storage.named_sets import ContentHash, Insert, NamedSets, SetKind, containing
from workbench.types import RetrievalSet, RetrievalSetInfo

_KIND = SetKind(
    "retrieval_sets",
    "id, name, queries, passages, answers, source, created_at",
    LocalText("检索集", "retrieval set"),
    LocalText("检索集", "retrieval sets"),
)
Role = Literal["query", "passage"]


class RetrievalSetStore:
    """Reads and writes retrieval sets in the database."""

    def __init__(self, database: Database) -> None:
        self._sets = NamedSets(database, _KIND)

    def save(
        self,
        name: str,
        content: RetrievalSet,
        *,
        source: str,
        query_rows: Sequence[int] = (),
        passage_rows: Sequence[int] = (),
        replace: bool = False,
    ) -> RetrievalSetInfo:
        """Store a set under ``name``; the same content again under the same name changes nothing.

        ``query_rows`` and ``passage_rows`` say where in the files each stood (0: nowhere).

        Raises:
            NameTaken: the name has other content and ``replace`` is false.
        """

        def fill(insert: Insert, set_id: str) -> tuple[dict[str, Any], str]:
            texts = chain(
                _numbered(set_id, "query", content.queries, query_rows),
                _numbered(set_id, "passage", content.passages, passage_rows),
            )
            insert(
                "INSERT INTO retrieval_texts (set_id, role, position, text, row) VALUES (?,?,?,?,?)", texts
            )
            links = sorted({(query, p) for query, found in enumerate(content.answers) for p in found})
            insert(
                "INSERT INTO retrieval_answers (set_id, query, passage) VALUES (?,?,?)",
                ((set_id, query, passage) for query, passage in links),
            )
            columns = {
                "queries": len(content.queries),
                "passages": len(content.passages),
                "answers": len(links),
                "source": source,
            }
            return columns, _hash(content, links)

        self._sets.write(name, fill, replace=replace)
        return self.get(name)

    def all(self) -> list[RetrievalSetInfo]:
        """Every retrieval set, newest first."""
        return [RetrievalSetInfo(**row) for row in self._sets.all()]

    def get(self, name: str) -> RetrievalSetInfo:
        """The retrieval set called ``name``. Raises NotFound."""
        return RetrievalSetInfo(**self._sets.get(name))

    def set(self, set_id: str) -> RetrievalSet:
        """A set whole; the answers of a query in the order of the passages."""
        queries = tuple(self.texts(set_id, "query"))
        answers: list[list[int]] = [[] for _ in queries]
        for query, passage in self._sets.rows(
            "SELECT query, passage FROM retrieval_answers WHERE set_id = ? ORDER BY query, passage", (set_id,)
        ):
            answers[query].append(passage)
        return RetrievalSet(queries, tuple(self.texts(set_id, "passage")), tuple(map(tuple, answers)))

    def texts(self, set_id: str, role: Role) -> Iterator[str]:
        """Every query or passage of a set in order."""
        rows = self._sets.stream(
            "position, text", "retrieval_texts", "set_id = ? AND role = ?", (set_id, role)
        )
        return (row[1] for row in rows)

    def page(
        self, set_id: str, *, search: str = "", page: int = 0, size: int = 100
    ) -> tuple[list[tuple[str, tuple[str, ...]]], int]:
        """One page of queries with the texts of their answers, and how many there are in all.

        ``search`` is looked for in the query and in its answers.
        """
        in_query, one = containing(search, ("q.text",))
        in_answer, other = containing(search, ("p.text",))
        where = "FROM retrieval_texts q WHERE q.set_id = ? AND q.role = 'query'"
        arguments: list[Any] = [set_id]
        if in_query:
            where += (
                f" AND ({in_query[5:]} OR q.position IN (SELECT a.query FROM retrieval_answers a "
                "JOIN retrieval_texts p ON p.set_id = a.set_id AND p.role = 'passage' "
                f"AND p.position = a.passage WHERE a.set_id = ?{in_answer}))"
            )
            arguments += [*one, set_id, *other]
        total = self._sets.count(f"SELECT count(*) {where}", arguments)
        found = self._sets.rows(
            f"SELECT q.position, q.text {where} ORDER BY q.position LIMIT ? OFFSET ?",
            (*arguments, size, page * size),
        )
        return [(str(text), self._answers_of(set_id, position)) for position, text in found], total

    def delete(self, name: str) -> None:
        """Delete a set with its texts and answers; the name is free again. Raises NotFound."""
        self._sets.delete(name)

    def _answers_of(self, set_id: str, query: int) -> tuple[str, ...]:
        rows = self._sets.rows(
            "SELECT p.text FROM retrieval_answers a JOIN retrieval_texts p ON p.set_id = a.set_id "
            "AND p.role = 'passage' AND p.position = a.passage WHERE a.set_id = ? AND a.query = ? "
            "ORDER BY a.passage",
            (set_id, query),
        )
        return tuple(str(row[0]) for row in rows)


def _numbered(
    set_id: str, role: Role, texts: Sequence[str], rows: Sequence[int]
) -> Iterator[tuple[str, str, int, str, int]]:
    for position, text in enumerate(texts):
        yield set_id, role, position, text, rows[position] if position < len(rows) else 0


def _hash(content: RetrievalSet, links: Sequence[tuple[int, int]]) -> str:
    running = ContentHash("queries", *content.queries)
    running.add("passages", *content.passages)
    running.add("answers", *(f"{query} {passage}" for query, passage in links))
    return running.hex()
