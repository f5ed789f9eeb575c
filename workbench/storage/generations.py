"""Jobs that ask a language model, in the database: their items, their states, how far they are."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from workbench.errors import InputError, NotFound
from workbench.localtext import LocalText
from workbench.storage.database import Database
from workbench.types import FINAL_STATES, GenerationJob, RunState

_FINAL = ",".join(f"'{state}'" for state in FINAL_STATES)
# the items are a list as long as the job: read only when it runs
_COLUMNS = """id, name, json_remove(config, '$.items') AS config, state, progress, requests, made, kept,
    dropped, message, created_at, finished_at"""
INTERRUPTED = LocalText(
    "工作台中途关闭了；可以继续，做完的不会重做。",
    "The workbench ended meanwhile; the job can be continued, nothing is done twice.",
)


@dataclass
class Tally:
    """How far a job is: ``done`` items from the start of its list were tried, of which ``failed`` (their
    numbers) had no answer. ``lists``: answers that were numbered lists. ``owner`` names
    the process that works on it. Kept in the column ``dropped``."""

    done: int = 0
    failed: list[int] = field(default_factory=list)
    dropped: dict[str, int] = field(default_factory=dict)
    lists: int = 0
    requests: int = 0
    made: int = 0
    kept: int = 0
    owner: str = ""

    def waiting(self, total: int) -> list[int]:
        """The numbers of the items that are still to be asked for: the failed ones first."""
        return [*sorted(set(self.failed)), *range(self.done, total)]


class GenerationStore:
    """Rows of ``generations``. The endpoint's key is never part of what is given here."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def create(
        self, name: str, config: Mapping[str, Any], items: Sequence[str], owner: str = ""
    ) -> GenerationJob:
        """Put a job into the queue of ``owner``: another process has not its key."""
        job_id = uuid.uuid4().hex[:12]
        with self._database.write() as db:
            db["generations"].insert(
                {
                    "id": job_id,
                    "name": name,
                    "config": json.dumps({**config, "items": list(items)}, ensure_ascii=False),
                    "state": "queued",
                    "dropped": json.dumps(asdict(Tally(owner=owner))),
                    "created_at": time.time(),
                    "heartbeat": time.time(),
                }
            )
        return self.get(job_id)

    def get(self, job_id: str) -> GenerationJob:
        """One job by id or by name (the newest of that name). Raises NotFound."""
        for row in self._database.connection.query(
            f"SELECT {_COLUMNS} FROM generations WHERE id = ? OR name = ? ORDER BY created_at DESC LIMIT 1",
            [job_id, job_id],
        ):
            return _job(row)
        raise NotFound(
            LocalText("没有叫「{name}」的生成任务。", "There is no generation job called “{name}”."),
            LocalText("请从列表里选一个。", "Choose one from the list."),
            name=job_id,
        )

    def all(self, limit: int = 100) -> list[GenerationJob]:
        """Jobs, newest first."""
        rows = self._database.connection.query(
            f"SELECT {_COLUMNS} FROM generations ORDER BY created_at DESC, rowid DESC LIMIT ?", [limit]
        )
        return [_job(row) for row in rows]

    def items(self, job_id: str) -> list[str]:
        """The terms, sentences or passages that a job asks for."""
        row = self._one("SELECT json_extract(config, '$.items') FROM generations WHERE id = ?", job_id)
        return list(json.loads(row[0])) if row and row[0] else []

    def tally(self, job_id: str) -> Tally:
        """How far a job is."""
        row = self._one("SELECT dropped FROM generations WHERE id = ?", job_id)
        return _tally(row[0]) if row else Tally()

    def claim_next(self, owner: str) -> str | None:
        """Move the oldest queued job of ``owner`` to ``running``; None where none waits. Atomic."""
        with self._database.write() as db:
            row = db.conn.execute(
                "SELECT id FROM generations WHERE state = 'queued' AND json_extract(dropped, '$.owner') = ? "
                "ORDER BY created_at, rowid LIMIT 1",
                (owner,),
            ).fetchone()
            if row is None:
                return None
            db.conn.execute(
                "UPDATE generations SET state = 'running', heartbeat = ? WHERE id = ?", (time.time(), row[0])
            )
        return str(row[0])

    def beat(self, job_id: str) -> RunState:
        """Show that the job is alive; its state, which somebody may have set to ``stopping``."""
        with self._database.write() as db:
            db.conn.execute("UPDATE generations SET heartbeat = ? WHERE id = ?", (time.time(), job_id))
            row = db.conn.execute("SELECT state FROM generations WHERE id = ?", (job_id,)).fetchone()
        return row[0] if row else "stopping"

    def report(self, job_id: str, tally: Tally, progress: float) -> None:
        """Store how far a job is."""
        with self._database.write() as db:
            db.conn.execute(
                "UPDATE generations SET heartbeat = ?, progress = ?, requests = ?, made = ?, kept = ?, "
                "dropped = ? WHERE id = ?",
                (
                    time.time(),
                    progress,
                    tally.requests,
                    tally.made,
                    tally.kept,
                    json.dumps(asdict(tally)),
                    job_id,
                ),
            )

    def finish(self, job_id: str, state: RunState, message: LocalText) -> bool:
        """End a job that has not ended; false (and no change) where it has."""
        with self._database.write() as db:
            cursor = db.conn.execute(
                f"UPDATE generations SET state = ?, message = ?, finished_at = ? "
                f"WHERE id = ? AND state NOT IN ({_FINAL})",
                (state, _packed(message), time.time(), job_id),
            )
            return bool(cursor.rowcount)

    def request_stop(self, job_id: str) -> GenerationJob:
        """A queued job is stopped at once, a running one asked to; one that has ended stays as it is."""
        with self._database.write() as db:
            db.conn.execute(
                "UPDATE generations SET state = 'stopped', message = ?, finished_at = ? "
                "WHERE id = ? AND state = 'queued'",
                (_packed(LocalText("开始之前已取消。", "Cancelled before it began.")), time.time(), job_id),
            )
            db.conn.execute(
                "UPDATE generations SET state = 'stopping' WHERE id = ? AND state = 'running'", (job_id,)
            )
        return self.get(job_id)

    def requeue(self, job_id: str, changes: Mapping[str, Any], owner: str = "") -> GenerationJob:
        """Put an ended job that has items left back into the queue; ``changes`` replace parts of its config.

        Raises:
            InputError: it has not ended, or has nothing left to ask for.
        """
        with self._database.write() as db:
            row = db.conn.execute(
                "SELECT state, config, dropped FROM generations WHERE id = ?", (job_id,)
            ).fetchone()
            config = json.loads(row[1]) if row else {"items": []}
            if row is None or row[0] not in FINAL_STATES:
                raise InputError(
                    LocalText("这个任务还没有结束。", "This job has not ended yet."),
                    LocalText("请先停止它，或等它做完。", "Stop it first, or wait for its end."),
                )
            tally = _tally(row[2])
            tally.owner = owner
            if not tally.waiting(len(config["items"])):
                raise InputError(
                    LocalText("这个任务已全部做完。", "This job is done."),
                    LocalText("想要更多，请新建一个。", "Start a new one to have more."),
                )
            db.conn.execute(
                "UPDATE generations SET state = 'queued', message = NULL, finished_at = NULL, heartbeat = ?, "
                "config = ?, dropped = ? WHERE id = ?",
                (
                    time.time(),
                    json.dumps({**config, **changes}, ensure_ascii=False),
                    json.dumps(asdict(tally)),
                    job_id,
                ),
            )
        return self.get(job_id)

    def interrupt(self, is_alive: Callable[[str], bool]) -> list[str]:
        """Mark the jobs whose owner is gone as ``interrupted``, those that waited in its queue too."""
        active = self._database.connection.conn.execute(
            "SELECT id, dropped FROM generations WHERE state IN ('queued', 'running', 'stopping')"
        ).fetchall()
        gone = [job_id for job_id, raw in active if not is_alive(_tally(raw).owner)]
        return [job_id for job_id in gone if self.finish(job_id, "interrupted", INTERRUPTED)]

    def delete(self, job_id: str) -> None:
        """Forget an ended job; its suggestions stay."""
        with self._database.write() as db:
            db.conn.execute(f"DELETE FROM generations WHERE id = ? AND state IN ({_FINAL})", (job_id,))

    def _one(self, sql: str, *arguments: Any) -> Any:
        return self._database.connection.conn.execute(sql, arguments).fetchone()


def _tally(raw: str) -> Tally:
    return Tally(**json.loads(raw))


def _packed(text: LocalText) -> str:
    return json.dumps(text.as_json(), ensure_ascii=False)


def _job(row: dict[str, Any]) -> GenerationJob:
    message = LocalText.from_json(json.loads(row["message"])) if row["message"] else None
    return GenerationJob(
        **{
            **row,
            "config": json.loads(row["config"]),
            "dropped": _tally(row["dropped"]).dropped,
            "message": message,
        }
    )
