"""What models still know of everyday words: scores on the probes, overlaps of neighbours; kept by content."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping

from workbench.storage.database import Database


class RetentionStore:
    """Rows of ``retentions`` and ``neighbour_overlaps``.

    Models are named by their fingerprints, probes and samples of texts by their content hashes. So what is
    stored never grows old: another model, probe or sample is another row.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def scores(self, fingerprints: Iterable[str], probes: Iterable[str]) -> dict[tuple[str, str], float]:
        """Scores in percent by (fingerprint, probe's hash), as far as they are stored."""
        models, hashes = list(dict.fromkeys(fingerprints)), list(dict.fromkeys(probes))
        rows = self._database.connection.conn.execute(
            f"SELECT fingerprint, probe, score FROM retentions WHERE fingerprint IN ({_marks(models)}) "
            f"AND probe IN ({_marks(hashes)})",
            [*models, *hashes],
        )
        return {(row[0], row[1]): row[2] for row in rows}

    def save_scores(self, fingerprint: str, scores: Mapping[str, float]) -> None:
        """Store a model's scores in percent by the hash of the probe."""
        now = time.time()
        with self._database.write() as db:
            db.conn.executemany(
                "INSERT OR REPLACE INTO retentions (fingerprint, probe, score, created_at) VALUES (?,?,?,?)",
                [(fingerprint, probe, score, now) for probe, score in scores.items()],
            )

    def overlap(self, fingerprint: str, base: str, sample: str) -> float | None:
        """The mean overlap in percent of a model's neighbours with its base's in a sample of texts."""
        row = self._database.connection.conn.execute(
            "SELECT score FROM neighbour_overlaps WHERE fingerprint = ? AND base = ? AND sample = ?",
            (fingerprint, base, sample),
        ).fetchone()
        return float(row[0]) if row else None

    def save_overlap(self, fingerprint: str, base: str, sample: str, score: float) -> None:
        """Store one overlap."""
        with self._database.write() as db:
            db.conn.execute(
                "INSERT OR REPLACE INTO neighbour_overlaps (fingerprint, base, sample, score, created_at) "
                "VALUES (?,?,?,?,?)",
                (fingerprint, base, sample, score, time.time()),
            )


def _marks(values: list[str]) -> str:
    return ",".join("?" * len(values))
