"""Recipes of the expert's own: a name and the document that says which stages there are."""

from __future__ import annotations

import time

from workbench.errors import NameTaken
from workbench.localtext import LocalText
from workbench.storage.database import Database


class RecipeStore:
    """Reads and writes recipes in the database. What a document holds is not looked at here."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def all(self) -> list[tuple[str, str]]:
        """Every recipe as (name, document), by name."""
        rows = self._database.connection.conn.execute(
            "SELECT name, document FROM recipes WHERE deleted_at IS NULL ORDER BY name"
        )
        return [(row[0], row[1]) for row in rows]

    def find(self, name: str) -> str | None:
        """The document of the recipe called ``name``."""
        row = self._database.connection.conn.execute(
            "SELECT document FROM recipes WHERE name = ? AND deleted_at IS NULL", (name,)
        ).fetchone()
        return row[0] if row else None

    def save(self, name: str, document: str, *, replace: bool = False) -> None:
        """Store a recipe; one that is replaced stays in the table, deleted.

        Raises:
            NameTaken: the name has another document and ``replace`` is false.
        """
        with self._database.write() as db:
            known = self.find(name)
            if known == document:
                return
            if known is not None and not replace:
                raise NameTaken(
                    LocalText(
                        "已经有一个叫「{name}」的训练方案。", "There is already a recipe called “{name}”."
                    ),
                    LocalText("请换一个名字，或选择替换。", "Choose another name, or replace it."),
                    name=name,
                )
            self._take_off(name)
            db["recipes"].insert({"name": name, "document": document, "created_at": time.time()})

    def delete(self, name: str) -> bool:
        """Take a recipe off the list; whether there was one."""
        with self._database.write():
            return self._take_off(name)

    def _take_off(self, name: str) -> bool:
        cursor = self._database.connection.conn.execute(
            "UPDATE recipes SET deleted_at = ? WHERE name = ? AND deleted_at IS NULL", (time.time(), name)
        )
        return bool(cursor.rowcount)
