"""Sets of labelled pairs: written whole, read page by page, trusted only when the expert says so."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any

from workbench.localtext import LocalText
from workbench.storage.database import Database
from workbench.storage.named_sets import ContentHash, Insert, NamedSets, SetKind
from workbench.types import LabelledPair, PairSetInfo, PairSetKind

_KIND = SetKind(
    "pair_sets",
    "id, name, kind, rows, positives, trusted, source, recipe, created_at",
    LocalText("句对集", "pair set"),
    LocalText("句对集", "pair sets"),
)
_POSITIVE = 0.5  # from this label on, a pair counts as alike


class PairSetStore:
    """Reads and writes pair sets in the database."""

    def __init__(self, database: Database) -> None:
        self._sets = NamedSets(database, _KIND)
        self._database = database

    def save(
        self,
        name: str,
        pairs: Iterable[LabelledPair],
        *,
        kind: PairSetKind,
        source: str,
        trusted: bool = True,
        recipe: dict[str, Any] | None = None,
        replace: bool = False,
    ) -> PairSetInfo:
        """Store ``pairs`` under ``name``; the same content again under the same name changes nothing.

        ``trusted`` is false for labels that an outside model gave; ``recipe`` says how a made set was made.

        Raises:
            NameTaken: the name has other content and ``replace`` is false.
        """

        def fill(insert: Insert, set_id: str) -> tuple[dict[str, Any], str]:
            content = ContentHash(kind)
            rows = positives = 0

            def counted() -> Iterator[tuple[str, int, str, str, str, float, int]]:
                nonlocal rows, positives
                for pair in pairs:
                    content.add(pair.text1, pair.text2, pair.negative, repr(float(pair.label)))
                    yield set_id, rows, pair.text1, pair.text2, pair.negative, pair.label, pair.row
                    rows += 1
                    positives += pair.label >= _POSITIVE

            insert(
                "INSERT INTO pair_set_rows (set_id, position, text1, text2, negative, label, row) "
                "VALUES (?,?,?,?,?,?,?)",
                counted(),
            )
            columns = {
                "kind": kind,
                "rows": rows,
                "positives": positives,
                "trusted": int(trusted),
                "source": source,
                "recipe": json.dumps(recipe or {}, ensure_ascii=False),
            }
            return columns, content.hex()

        self._sets.write(name, fill, replace=replace)
        return self.get(name)

    def all(self) -> list[PairSetInfo]:
        """Every pair set, newest first."""
        return [_info(row) for row in self._sets.all()]

    def get(self, name: str) -> PairSetInfo:
        """The pair set called ``name``. Raises NotFound."""
        return _info(self._sets.get(name))

    def pairs(self, set_id: str) -> Iterator[LabelledPair]:
        """Every pair of a set in order, read as they are asked for."""
        rows = self._sets.stream(
            "position, text1, text2, label, negative, row", "pair_set_rows", "set_id = ?", (set_id,)
        )
        return (LabelledPair(*row[1:]) for row in rows)

    def page(
        self, set_id: str, *, search: str = "", page: int = 0, size: int = 100
    ) -> tuple[list[LabelledPair], int]:
        """One page of pairs of which any text holds ``search``, and how many there are in all."""
        rows, total = self._sets.page(
            "text1, text2, label, negative, row",
            "pair_set_rows",
            ("set_id", set_id),
            (search, ("text1", "text2", "negative")),
            page,
            size,
        )
        return [LabelledPair(*row) for row in rows], total

    def accept(self, name: str) -> PairSetInfo:
        """Trust the labels of a set from now on. Raises NotFound."""
        with self._database.write() as db:
            db["pair_sets"].update(self.get(name).id, {"trusted": 1})
        return self.get(name)

    def delete(self, name: str) -> None:
        """Delete a set and its rows; the name is free again. Raises NotFound."""
        self._sets.delete(name)


def _info(row: dict[str, Any]) -> PairSetInfo:
    return PairSetInfo(**{**row, "trusted": bool(row["trusted"]), "recipe": json.loads(row["recipe"])})
