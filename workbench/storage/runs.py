"""Training runs in the database: the queue, the states, the heartbeat and the curves."""

from __future__ import annotations

import json
import sqlite3
import time
import uuid
from collections.abc import Iterable, Sequence
from typing import Any

from workbench.errors import NameTaken, NotFound
from workbench.localtext import LocalText
from workbench.storage.database import Database
from workbench.types import ACTIVE_STATES, FINAL_STATES, CurvePoint, Run, RunState

_ACTIVE = ",".join(f"'{state}'" for state in ACTIVE_STATES)
_FINAL = ",".join(f"'{state}'" for state in FINAL_STATES)
RESUMABLE: tuple[RunState, ...] = ("interrupted", "stopped", "failed")
WAITING = LocalText("排队中", "Waiting in the queue")


class RunStore:
    """Rows of ``runs`` and ``curve_points``. Every change of state is one transaction with its condition."""

    def __init__(self, database: Database) -> None:
        self._database = database

    # -- making and reading -------------------------------------------------------------------

    def create(
        self,
        name: str,
        *,
        dictionary: str,
        version_id: str,
        split_hash: str,
        base_model: str,
        recipe: str,
        config: dict[str, Any],
    ) -> Run:
        """Put a run into the queue.

        Raises:
            NameTaken: a run of that name exists.
        """
        run_id = uuid.uuid4().hex[:12]
        now = time.time()
        try:
            with self._database.write() as db:
                db["runs"].insert(
                    {
                        "id": run_id,
                        "name": name,
                        "dictionary": dictionary,
                        "version_id": version_id,
                        "split_hash": split_hash,
                        "base_model": base_model,
                        "recipe": recipe,
                        "config": json.dumps(config, ensure_ascii=False),
                        "state": "queued",
                        "phase": _packed(WAITING),
                        "created_at": now,
                        "queued_at": now,
                    }
                )
        except sqlite3.IntegrityError as error:
            raise NameTaken(
                LocalText("已经有一个叫「{name}」的训练。", "There is already a run called “{name}”."),
                LocalText("请换一个名字，或不填。", "Choose another name, or leave it empty."),
                name=name,
            ) from error
        return self.get(run_id)

    def get(self, id_or_name: str) -> Run:
        """A run by its id or its name.

        Raises:
            NotFound: there is none.
        """
        for row in self._database.connection.query(
            "SELECT * FROM runs WHERE (id = ? OR name = ?) AND deleted_at IS NULL", [id_or_name, id_or_name]
        ):
            return self._run(row)
        raise NotFound(
            LocalText("没有叫「{name}」的训练。", "There is no run called “{name}”."),
            LocalText("在「训练」页可以看到全部训练。", "The Train tab, or `list runs`, shows them all."),
            name=id_or_name,
        )

    def all(self, limit: int = 1000) -> list[Run]:
        """Runs, newest first."""
        rows = self._database.connection.query(
            "SELECT * FROM runs WHERE deleted_at IS NULL ORDER BY number DESC LIMIT ?", [limit]
        )
        return [self._run(row) for row in rows]

    def active(self) -> list[Run]:
        """Runs that a worker is busy with (starting, running, stopping)."""
        rows = self._database.connection.query(
            f"SELECT * FROM runs WHERE state IN ({_ACTIVE}) ORDER BY number"
        )
        return [self._run(row) for row in rows]

    def names(self) -> set[str]:
        """Every name that was ever used: a deleted run's name is not given again."""
        return {row[0] for row in self._database.connection.conn.execute("SELECT name FROM runs")}

    def known(self) -> dict[str, bool]:
        """The ids of all runs that ever were, and whether each is still on the lists."""
        rows = self._database.connection.conn.execute("SELECT id, deleted_at IS NULL FROM runs")
        return {row[0]: bool(row[1]) for row in rows}

    # -- the life of a run ----------------------------------------------------------------------

    def claim_next(self) -> Run | None:
        """Move the oldest queued run to ``starting``, unless another run is active. Atomic over processes."""
        with self._database.write() as db:
            busy = db.conn.execute(f"SELECT count(*) FROM runs WHERE state IN ({_ACTIVE})").fetchone()[0]
            if busy:
                return None
            row = db.conn.execute(
                "SELECT id FROM runs WHERE state = 'queued' AND deleted_at IS NULL "
                "ORDER BY queued_at, number LIMIT 1"
            ).fetchone()
            if row is None:
                return None
            now = time.time()
            db.conn.execute(
                "UPDATE runs SET state = 'starting', phase = ?, started_at = ?, heartbeat = ? WHERE id = ?",
                (_packed(LocalText("正在启动", "Starting")), now, now, row[0]),
            )
        return self.get(row[0])

    def attach_worker(self, run_id: str, pid: int, pid_started: float) -> None:
        """Note which process works on the run: its pid and start time, since pids are used again."""
        self._update(run_id, pid=pid, pid_started=pid_started, heartbeat=time.time())

    def worker_of(self, run_id: str) -> tuple[int, float] | None:
        """Pid and start time (seconds since the epoch) of the run's worker."""
        row = self._one("SELECT pid, pid_started FROM runs WHERE id = ?", run_id)
        return (row[0], row[1]) if row and row[0] is not None else None

    def stop_request(self, run_id: str) -> str | None:
        """``"keep"`` or ``"discard"`` once somebody pressed Stop."""
        row = self._one("SELECT stop_request FROM runs WHERE id = ?", run_id)
        return row[0] if row else None

    def heartbeat(self, run_id: str) -> float | None:
        """When the run's worker last wrote, seconds since the epoch."""
        row = self._one("SELECT heartbeat FROM runs WHERE id = ?", run_id)
        return row[0] if row else None

    def heartbeat_age(self, run_id: str) -> float:
        """Seconds since the run's worker last wrote."""
        written = self.heartbeat(run_id)
        return time.time() - written if written else float("inf")

    def mark_running(self, run_id: str) -> bool:
        """``starting`` becomes ``running``; false when the run was stopped meanwhile."""
        return self._transition(run_id, ("starting",), "running")

    def report(
        self,
        run_id: str,
        *,
        phase: LocalText,
        progress: float,
        step: int,
        total_steps: int,
        points: Sequence[tuple[int, str, int, float, float]] = (),
        facts: dict[str, Any] | None = None,
    ) -> str | None:
        """Write the heartbeat, where the run is, and new points ``(seq, series, step, value, at)``.

        ``facts`` go into the run's result, each under its name, before there is one.

        Returns the stop request (``"keep"``, ``"discard"``) if there is one.
        """
        with self._database.write() as db:
            db.conn.execute(
                "UPDATE runs SET heartbeat = ?, phase = ?, progress = ?, step = ?, total_steps = ? "
                "WHERE id = ?",
                (time.time(), _packed(phase), progress, step, total_steps, run_id),
            )
            db.conn.executemany(
                "INSERT OR REPLACE INTO curve_points (run_id, seq, series, step, value, at) "
                "VALUES (?,?,?,?,?,?)",
                ((run_id, *point) for point in points),
            )
            if facts:
                known = db.conn.execute("SELECT result FROM runs WHERE id = ?", (run_id,)).fetchone()
                db.conn.execute(
                    "UPDATE runs SET result = ? WHERE id = ?",
                    (json.dumps({**json.loads(known[0]), **facts}, ensure_ascii=False), run_id),
                )
            row = db.conn.execute("SELECT stop_request FROM runs WHERE id = ?", (run_id,)).fetchone()
        return row[0] if row else "discard"

    def request_stop(self, run_id: str, *, keep: bool) -> Run:
        """Ask a run to stop. A queued run is stopped at once; a finished one stays as it is."""
        with self._database.write() as db:
            state = db.conn.execute("SELECT state FROM runs WHERE id = ?", (run_id,)).fetchone()
            if state and state[0] == "queued":
                self._finish(
                    db, run_id, "stopped", LocalText("开始之前已取消。", "Cancelled before it began."), None
                )
            elif state and state[0] in ACTIVE_STATES:
                db.conn.execute(
                    "UPDATE runs SET state = 'stopping', stop_request = ?, phase = ? WHERE id = ?",
                    ("keep" if keep else "discard", _packed(LocalText("正在停止", "Stopping")), run_id),
                )
        return self.get(run_id)

    def finish(
        self, run_id: str, state: RunState, message: LocalText, result: dict[str, Any] | None = None
    ) -> bool:
        """End a run that is not ended yet; false (and no change) when it is."""
        with self._database.write() as db:
            return self._finish(db, run_id, state, message, result)

    def resume(self, run_id: str) -> bool:
        """Put a run that ended without a result back at the end of the queue, as one more attempt.

        What was measured of the model that it had kept is forgotten. False, and no change, for a run
        in another state.
        """
        marks = ",".join(f"'{state}'" for state in RESUMABLE)
        with self._database.write() as db:
            cursor = db.conn.execute(
                f"""UPDATE runs SET state = 'queued', phase = ?, progress = 0, queued_at = ?,
                    step = 0, total_steps = 0,
                    attempt = attempt + 1, started_at = NULL, finished_at = NULL, heartbeat = NULL,
                    pid = NULL, pid_started = NULL, stop_request = NULL, message = NULL
                    WHERE id = ? AND deleted_at IS NULL AND state IN ({marks})""",
                (_packed(WAITING), time.time(), run_id),
            )
            db.conn.execute(
                "DELETE FROM evaluations WHERE model = (SELECT name FROM runs WHERE id = ?) AND ?",
                (run_id, cursor.rowcount),
            )
            return bool(cursor.rowcount)

    def lose_model(self, run_id: str, message: LocalText) -> bool:
        """Say of a complete run that its model is gone; it can be resumed then, that is, done again."""
        with self._database.write() as db:
            cursor = db.conn.execute(
                "UPDATE runs SET state = 'failed', message = ?, phase = ? "
                "WHERE id = ? AND state = 'completed' AND deleted_at IS NULL",
                (_packed(message), _packed(message), run_id),
            )
            return bool(cursor.rowcount)

    def last_seq(self, run_id: str) -> int:
        """The newest point of a run's curve; 0 where there is none."""
        return int(self._one("SELECT coalesce(max(seq), 0) FROM curve_points WHERE run_id = ?", run_id)[0])

    def last_step(self, run_id: str, seq: int) -> int:
        """The last step that was drawn up to the point ``seq``; 0 where there is none."""
        sql = "SELECT coalesce(max(step), 0) FROM curve_points WHERE run_id = ? AND seq <= ?"
        return int(self._one(sql, run_id, seq)[0])

    def drop_curve_after(self, run_id: str, seq: int) -> None:
        """Forget the points of a curve that are newer than ``seq``: that part is done again."""
        with self._database.write() as db:
            db.conn.execute("DELETE FROM curve_points WHERE run_id = ? AND seq > ?", (run_id, seq))

    def delete(self, run_id: str) -> None:
        """Delete a run's curve and measurements and take it off the lists; its name stays used."""
        with self._database.write() as db:
            db.conn.execute("DELETE FROM curve_points WHERE run_id = ?", (run_id,))
            for row in db.conn.execute("SELECT name FROM runs WHERE id = ?", (run_id,)).fetchall():
                db.conn.execute(  # its own, and those of its stages: "name#1"
                    "DELETE FROM evaluations WHERE model = :name OR "
                    "(substr(model, 1, length(:name) + 1) = :name || '#' "
                    "AND substr(model, length(:name) + 2) NOT GLOB '*[^0-9]*')",
                    {"name": row[0]},
                )
            db.conn.execute("UPDATE runs SET deleted_at = ? WHERE id = ?", (time.time(), run_id))

    def curve(self, run_id: str, since: int = 0) -> list[CurvePoint]:
        """Points with ``seq > since``, in order."""
        rows = self._database.connection.conn.execute(
            "SELECT seq, series, step, value, at FROM curve_points WHERE run_id = ? AND seq > ? ORDER BY seq",
            (run_id, since),
        )
        return [CurvePoint(*row) for row in rows]

    # -- inside -----------------------------------------------------------------------------------

    def _transition(self, run_id: str, before: Iterable[RunState], after: RunState) -> bool:
        marks = ",".join(f"'{state}'" for state in before)
        with self._database.write() as db:
            cursor = db.conn.execute(
                f"UPDATE runs SET state = ? WHERE id = ? AND state IN ({marks})", (after, run_id)
            )
            return bool(cursor.rowcount)

    @staticmethod
    def _finish(
        db: Any, run_id: str, state: RunState, message: LocalText, result: dict[str, Any] | None
    ) -> bool:
        cursor = db.conn.execute(
            f"""UPDATE runs SET state = ?, message = ?, finished_at = ?, progress = 1,
                phase = ?, result = coalesce(?, result) WHERE id = ? AND state NOT IN ({_FINAL})""",
            (
                state,
                _packed(message),
                time.time(),
                _packed(message),
                json.dumps(result, ensure_ascii=False) if result is not None else None,
                run_id,
            ),
        )
        return bool(cursor.rowcount)

    def _update(self, run_id: str, **values: Any) -> None:
        with self._database.write() as db:
            assignments = ", ".join(f"{name} = ?" for name in values)
            db.conn.execute(f"UPDATE runs SET {assignments} WHERE id = ?", [*values.values(), run_id])

    def _one(self, sql: str, *arguments: Any) -> Any:
        return self._database.connection.conn.execute(sql, arguments).fetchone()

    def _run(self, row: dict[str, Any]) -> Run:
        place = None
        if row["state"] == "queued":
            place = (
                1
                + self._one(
                    "SELECT count(*) FROM runs WHERE state = 'queued' AND deleted_at IS NULL "
                    "AND (queued_at, number) < (?, ?)",
                    row["queued_at"],
                    row["number"],
                )[0]
            )
        return Run(
            id=row["id"],
            name=row["name"],
            dictionary=row["dictionary"],
            version_id=row["version_id"],
            split_hash=row["split_hash"],
            base_model=row["base_model"],
            recipe=row["recipe"],
            config=json.loads(row["config"]),
            state=row["state"],
            phase=_unpacked(row["phase"]) or WAITING,
            progress=row["progress"],
            step=row["step"],
            total_steps=row["total_steps"],
            created_at=row["created_at"],
            started_at=row["started_at"],
            finished_at=row["finished_at"],
            message=_unpacked(row["message"]),
            result=json.loads(row["result"]),
            queue_place=place,
            attempt=row["attempt"],
        )


def _packed(text: LocalText) -> str:
    return json.dumps(text.as_json(), ensure_ascii=False)


def _unpacked(raw: str | None) -> LocalText | None:
    return LocalText.from_json(json.loads(raw)) if raw else None
