"""How fast this machine was seen to work, so that estimates are of this machine."""

from __future__ import annotations

from workbench.storage.database import Database

WEIGHT = 0.5  # of the newest observation


class RateStore:
    """Observed rates by name; each new observation counts half, older ones less and less."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def get(self, name: str, default: float) -> float:
        """The rate seen so far, or ``default`` where nothing was seen."""
        row = self._database.connection.conn.execute(
            "SELECT value FROM rates WHERE name = ?", (name,)
        ).fetchone()
        return float(row[0]) if row else default

    def seen(self, name: str) -> bool:
        """Whether this rate was ever observed here."""
        return self.get(name, -1.0) > 0

    def observe(self, name: str, value: float) -> None:
        """Take in one observation (> 0; others are left out)."""
        if not 0 < value < float("inf"):
            return
        with self._database.write() as db:
            before = self.get(name, value)
            db.conn.execute(
                "INSERT OR REPLACE INTO rates (name, value) VALUES (?, ?)",
                (name, (1 - WEIGHT) * before + WEIGHT * value),
            )
