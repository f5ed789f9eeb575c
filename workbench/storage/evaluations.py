"""Measured results: one row for each model, benchmark and view; a new measurement replaces the old one."""

from __future__ import annotations

import json
from typing import Any

from workbench.storage.database import Database
from workbench.types import Evaluation, Metrics


class EvaluationStore:
    """Rows of ``evaluations`` and ``calibrations``."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def save(self, dictionary_id: str, evaluation: Evaluation) -> None:
        """Store one measurement."""
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
                },
                replace=True,
            )

    def of_benchmarks(self, hashes: list[str]) -> list[Evaluation]:
        """Every measurement on the benchmarks with these content hashes."""
        marks = ",".join("?" * len(hashes))
        rows = self._database.connection.query(
            f"SELECT * FROM evaluations WHERE benchmark_hash IN ({marks}) ORDER BY id", hashes
        )
        return [_evaluation(row) for row in rows]

    def calibration(self, fingerprint: str, split_hash: str) -> dict[str, Any] | None:
        """The stored calibration of a model on a dictionary's split."""
        row = self._database.connection.conn.execute(
            "SELECT data FROM calibrations WHERE fingerprint = ? AND split_hash = ?",
            (fingerprint, split_hash),
        ).fetchone()
        return json.loads(row[0]) if row else None

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
    )
