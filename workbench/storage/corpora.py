"""Raw text of the domain: written as it streams in, read page by page."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from workbench.localtext import LocalText
from workbench.storage.database import Database
from workbench.storage.named_sets import ContentHash, Insert, NamedSets, SetKind
from workbench.types import CorpusInfo, TextUnit

_KIND = SetKind(
    "corpora",
    "id, name, unit, texts, characters, source, created_at",
    LocalText("语料", "corpus"),
    LocalText("语料", "corpora"),
)


class CorpusStore:
    """Reads and writes corpora in the database."""

    def __init__(self, database: Database) -> None:
        self._sets = NamedSets(database, _KIND)

    def save(
        self,
        name: str,
        texts: Iterable[tuple[str, int]],
        *,
        unit: TextUnit,
        source: str,
        replace: bool = False,
    ) -> CorpusInfo:
        """Store texts, each with the row it came from (0: none), under ``name``.

        They are read once, as they come; the same content again under the same name changes nothing.

        Raises:
            NameTaken: the name has other content and ``replace`` is false.
        """

        def fill(insert: Insert, corpus_id: str) -> tuple[dict[str, Any], str]:
            content = ContentHash(unit)
            count = characters = 0

            def counted() -> Iterator[tuple[str, int, str, int]]:
                nonlocal count, characters
                for text, row in texts:
                    content.add(text)
                    yield corpus_id, count, text, row
                    count += 1
                    characters += len(text)

            insert("INSERT INTO corpus_texts (corpus_id, position, text, row) VALUES (?,?,?,?)", counted())
            columns = {"unit": unit, "texts": count, "characters": characters, "source": source}
            return columns, content.hex()

        self._sets.write(name, fill, replace=replace)
        return self.get(name)

    def all(self) -> list[CorpusInfo]:
        """Every corpus, newest first."""
        return [CorpusInfo(**row) for row in self._sets.all()]

    def get(self, name: str) -> CorpusInfo:
        """The corpus called ``name``. Raises NotFound."""
        return CorpusInfo(**self._sets.get(name))

    def texts(self, corpus_id: str) -> Iterator[str]:
        """Every text of a corpus in order, read as they are asked for."""
        rows = self._sets.stream("position, text", "corpus_texts", "corpus_id = ?", (corpus_id,))
        return (row[1] for row in rows)

    def page(
        self, corpus_id: str, *, search: str = "", page: int = 0, size: int = 100
    ) -> tuple[list[tuple[str, int]], int]:
        """One page of texts (with their rows) that hold ``search``, and how many there are in all."""
        rows, total = self._sets.page(
            "text, row", "corpus_texts", ("corpus_id", corpus_id), (search, ("text",)), page, size
        )
        return [(str(text), int(row)) for text, row in rows], total

    def delete(self, name: str) -> None:
        """Delete a corpus and its texts; the name is free again. Raises NotFound."""
        self._sets.delete(name)
