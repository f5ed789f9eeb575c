"""Measured results: one row for each system, benchmark and view; a new measurement replaces the old one."""

from __future__ import annotations

import json
import time
from typing import Any, NamedTuple

from workbench.storage.database import Database
from workbench.types import Evaluation, Metrics


class Note(NamedTuple):
    """What the expert wrote on a model, and who did; empty where nobody gave a name."""

    text: str
    author: str


NO_NOTE = Note("", "")


class EvaluationStore:
    """Rows of ``evaluations`` with what belongs to them, ``calibrations``, notes on models."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def save(self, dictionary_id: str, evaluation: Evaluation, ranking: bytes | None = None) -> None:
        """Store one measurement, with what the system put first for each query."""
        metrics = evaluation.metrics
        per_query = json.dumps({"recall1": evaluation.recall1, "rr": evaluation.reciprocal_rank})
        with self._database.write() as db:
            db["evaluations"].insert(
                {
                    "model": evaluation.model,
                    "fingerprint": evaluation.fingerprint,
                    "dictionary_id": dictionary_id,
                    "dictionary": evaluation.dictionary,
                    "benchmark_hash": evaluation.benchmark_hash,
                    "view": evaluation.view,
                    "part": evaluation.part,
                    "metrics": json.dumps(
                        {
                            "queries": metrics.queries,
                            "corpus": metrics.corpus,
                            "recall": metrics.recall,
                            "hit": metrics.hit,
                            "mrr10": metrics.mrr10,
                            "ndcg10": metrics.ndcg10,
                            "recall1_ci95": metrics.recall1_ci95,
                        }
                    ),
                    "per_query": per_query.encode(),
                    "seconds": evaluation.seconds,
                    "created_at": evaluation.created_at,
                    "details": json.dumps(evaluation.details, ensure_ascii=False),
                },
                replace=True,
            )
            self._save_ranking(evaluation.model, evaluation.benchmark_hash, evaluation.fingerprint, ranking)

    def save_ranking(self, model: str, benchmark_hash: str, fingerprint: str, data: bytes) -> None:
        """Store what a system put first for each query of a benchmark."""
        with self._database.write():
            self._save_ranking(model, benchmark_hash, fingerprint, data)

    def ranking(self, model: str, benchmark_hash: str, fingerprint: str) -> bytes | None:
        """What :meth:`save_ranking` stored for these very weights."""
        row = self._database.connection.conn.execute(
            "SELECT data FROM rankings WHERE model = ? AND benchmark_hash = ? AND fingerprint = ?",
            (model, benchmark_hash, fingerprint),
        ).fetchone()
        return bytes(row[0]) if row else None

    def _save_ranking(self, model: str, benchmark_hash: str, fingerprint: str, data: bytes | None) -> None:
        connection = self._database.connection.conn
        if data is None:
            connection.execute(
                "DELETE FROM rankings WHERE model = ? AND benchmark_hash = ?", (model, benchmark_hash)
            )
            return
        connection.execute(
            "INSERT OR REPLACE INTO rankings (model, benchmark_hash, fingerprint, data) VALUES (?,?,?,?)",
            (model, benchmark_hash, fingerprint, data),
        )

    def find(self, benchmark_hash: str, fingerprint: str) -> list[Evaluation]:
        """Measurements of these very weights on a benchmark, under whatever name."""
        rows = self._database.connection.query(
            "SELECT * FROM evaluations WHERE benchmark_hash = ? AND fingerprint = ? ORDER BY id",
            (benchmark_hash, fingerprint),
        )
        return [_evaluation(row) for row in rows]

    # -- labelled pairs -----------------------------------------------------------------------

    def save_pairs(
        self, model: str, benchmark_hash: str, fingerprint: str, data: dict[str, Any], seconds: float
    ) -> None:
        """Store what a system did on labelled pairs."""
        with self._database.write() as db:
            db["pair_evaluations"].insert(
                {
                    "model": model,
                    "benchmark_hash": benchmark_hash,
                    "fingerprint": fingerprint,
                    "data": json.dumps(data, ensure_ascii=False),
                    "seconds": seconds,
                    "created_at": time.time(),
                },
                replace=True,
            )

    def on_pairs(self, benchmark_hash: str) -> list[dict[str, Any]]:
        """Every system on a set of labelled pairs: model, fingerprint, data, seconds, created_at."""
        rows = self._database.connection.query(
            "SELECT model, fingerprint, data, seconds, created_at FROM pair_evaluations "
            "WHERE benchmark_hash = ? ORDER BY model",
            (benchmark_hash,),
        )
        return [{**row, "data": json.loads(row["data"])} for row in rows]

    def newest_details(self, dictionary_id: str, model: str, fingerprint: str) -> dict[str, Any] | None:
        """What a system chose when it was last measured on a dictionary with these weights, if it was."""
        row = self._database.connection.conn.execute(
            "SELECT details FROM evaluations WHERE dictionary_id = ? AND model = ? AND fingerprint = ? "
            "AND view = 'unseen' ORDER BY id DESC LIMIT 1",
            (dictionary_id, model, fingerprint),
        ).fetchone()
        return dict(json.loads(row[0])) if row else None

    def measured_versions(self, dictionary_id: str) -> list[tuple[int, str]]:
        """The boards that a dictionary had: the version that was current when the first system was measured
        on it, and the hash of its benchmark; the newest version first."""
        rows = self._database.connection.conn.execute(
            """SELECT (SELECT max(number) FROM versions WHERE dictionary_id = e.dictionary_id
                AND created_at <= min(e.created_at)) AS number, e.benchmark_hash
            FROM evaluations e WHERE e.dictionary_id = ? AND e.view = 'unseen'
            GROUP BY e.benchmark_hash ORDER BY number DESC""",
            (dictionary_id,),
        )
        return [(int(number), str(benchmark)) for number, benchmark in rows if number is not None]

    def measured_together(self) -> list[set[str]]:
        """For each benchmark that retrieval was measured on: the systems that stand on its board."""
        boards: dict[str, set[str]] = {}
        query = "SELECT DISTINCT benchmark_hash, model FROM evaluations"
        for benchmark, model in self._database.connection.conn.execute(query):
            boards.setdefault(str(benchmark), set()).add(str(model))
        return list(boards.values())

    # -- what the expert says -----------------------------------------------------------------

    def notes(self) -> dict[str, Note]:
        """The note on each model that has one."""
        rows = self._database.connection.conn.execute("SELECT model, note, author FROM model_notes")
        return {str(model): Note(str(note), str(author)) for model, note, author in rows}

    def save_note(self, model: str, note: str, author: str = "") -> None:
        """Write a note on a model; an empty one takes it off."""
        with self._database.write() as db:
            if note:
                db["model_notes"].insert(
                    {"model": model, "note": note, "author": author, "updated_at": time.time()}, replace=True
                )
            else:
                db.conn.execute("DELETE FROM model_notes WHERE model = ?", (model,))

    def options(self, benchmark: str) -> dict[str, Any]:
        """What was decided about a benchmark; empty where nothing was."""
        row = self._database.connection.conn.execute(
            "SELECT options FROM benchmark_options WHERE benchmark = ?", (benchmark,)
        ).fetchone()
        return dict(json.loads(row[0])) if row else {}

    def save_options(self, benchmark: str, options: dict[str, Any]) -> None:
        """Decide about a benchmark."""
        with self._database.write() as db:
            db["benchmark_options"].insert(
                {"benchmark": benchmark, "options": json.dumps(options)}, replace=True
            )

    # -- calibrations -------------------------------------------------------------------------

    def of_benchmarks(self, hashes: list[str]) -> list[Evaluation]:
        """Every measurement on the benchmarks with these content hashes."""
        marks = ",".join("?" * len(hashes))
        rows = self._database.connection.query(
            f"SELECT * FROM evaluations WHERE benchmark_hash IN ({marks}) ORDER BY id", hashes
        )
        return [_evaluation(row) for row in rows]

    def forget(self, model: str) -> None:
        """Remove every measurement of a model that is deleted."""
        with self._database.write() as db:
            for table in ("evaluations", "rankings", "pair_evaluations", "model_notes"):
                db.conn.execute(f"DELETE FROM {table} WHERE model = ?", (model,))

    def calibration(self, fingerprint: str, split_hash: str) -> dict[str, Any] | None:
        """The stored calibration of a model on a dictionary's split."""
        row = self._database.connection.conn.execute(
            "SELECT data FROM calibrations WHERE fingerprint = ? AND split_hash = ?",
            (fingerprint, split_hash),
        ).fetchone()
        return json.loads(row[0]) if row else None

    def has_calibrations(self) -> bool:
        """Whether any model was ever asked how alike two terms are."""
        query = "SELECT 1 FROM calibrations LIMIT 1"
        return self._database.connection.conn.execute(query).fetchone() is not None

    def save_calibration(self, fingerprint: str, split_hash: str, data: dict[str, Any]) -> None:
        """Store a calibration."""
        with self._database.write() as db:
            db.conn.execute(
                "INSERT OR REPLACE INTO calibrations (fingerprint, split_hash, data) VALUES (?,?,?)",
                (fingerprint, split_hash, json.dumps(data)),
            )


def _evaluation(row: dict[str, Any]) -> Evaluation:
    raw = json.loads(row["metrics"])
    per_query = json.loads(row["per_query"])
    metrics = Metrics(
        queries=raw["queries"],
        corpus=raw["corpus"],
        recall={int(k): v for k, v in raw["recall"].items()},
        hit={int(k): v for k, v in raw["hit"].items()},
        mrr10=raw["mrr10"],
        ndcg10=raw["ndcg10"],
        recall1_ci95=(raw["recall1_ci95"][0], raw["recall1_ci95"][1]),
    )
    return Evaluation(
        model=row["model"],
        fingerprint=row["fingerprint"],
        dictionary=row["dictionary"],
        benchmark_hash=row["benchmark_hash"],
        view=row["view"],
        part=row["part"],
        metrics=metrics,
        seconds=row["seconds"],
        created_at=row["created_at"],
        recall1=tuple(per_query["recall1"]),
        reciprocal_rank=tuple(per_query["rr"]),
        details=json.loads(row["details"]),
    )
