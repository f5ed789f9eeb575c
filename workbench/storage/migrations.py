"""The database's schema as named, append-only steps. Never change one that has been released."""

from __future__ import annotations

from sqlite_utils import Database, Migrations

migrations = Migrations("workbench")


@migrations()  # type: ignore[untyped-decorator]  # untyped library
def m001_first_schema(db: Database) -> None:
    """Dictionaries with versions, splits, runs with curves, evaluations."""
    for statement in _FIRST_SCHEMA:
        db.execute(statement)


_FIRST_SCHEMA = (
    """CREATE TABLE dictionaries (
        id TEXT PRIMARY KEY, name TEXT NOT NULL, sample INTEGER NOT NULL DEFAULT 0,
        created_at REAL NOT NULL, deleted_at REAL)""",
    "CREATE UNIQUE INDEX dictionaries_name ON dictionaries(name) WHERE deleted_at IS NULL",
    """CREATE TABLE versions (
        id TEXT PRIMARY KEY, dictionary_id TEXT NOT NULL REFERENCES dictionaries(id),
        number INTEGER NOT NULL, pairs INTEGER NOT NULL, standards INTEGER NOT NULL,
        terms INTEGER NOT NULL, language TEXT NOT NULL, source TEXT NOT NULL,
        content_hash TEXT NOT NULL, created_at REAL NOT NULL, UNIQUE (dictionary_id, number))""",
    # "grp" numbers the groups in the order of their first pair, so that a page of groups is one range
    """CREATE TABLE pairs (
        version_id TEXT NOT NULL REFERENCES versions(id), grp INTEGER NOT NULL,
        position INTEGER NOT NULL, standard TEXT NOT NULL, synonym TEXT NOT NULL,
        row INTEGER NOT NULL, PRIMARY KEY (version_id, grp, position)) WITHOUT ROWID""",
    """CREATE TABLE splits (
        version_id TEXT PRIMARY KEY REFERENCES versions(id), hash TEXT NOT NULL,
        seed INTEGER NOT NULL, data BLOB NOT NULL, created_at REAL NOT NULL)""",
    """CREATE TABLE runs (
        number INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, name TEXT NOT NULL UNIQUE,
        dictionary TEXT NOT NULL, version_id TEXT NOT NULL, split_hash TEXT NOT NULL,
        base_model TEXT NOT NULL, recipe TEXT NOT NULL, config TEXT NOT NULL,
        state TEXT NOT NULL, phase TEXT NOT NULL, progress REAL NOT NULL DEFAULT 0,
        step INTEGER NOT NULL DEFAULT 0, total_steps INTEGER NOT NULL DEFAULT 0,
        created_at REAL NOT NULL, started_at REAL, finished_at REAL, heartbeat REAL,
        pid INTEGER, pid_started REAL, stop_request TEXT, message TEXT,
        result TEXT NOT NULL DEFAULT '{}', deleted_at REAL)""",
    "CREATE INDEX runs_state ON runs(state)",
    """CREATE TABLE curve_points (
        run_id TEXT NOT NULL REFERENCES runs(id), seq INTEGER NOT NULL, series TEXT NOT NULL,
        step INTEGER NOT NULL, value REAL NOT NULL, at REAL NOT NULL,
        PRIMARY KEY (run_id, seq)) WITHOUT ROWID""",
    """CREATE TABLE evaluations (
        id INTEGER PRIMARY KEY, model TEXT NOT NULL, fingerprint TEXT NOT NULL,
        dictionary_id TEXT NOT NULL, dictionary TEXT NOT NULL, benchmark_hash TEXT NOT NULL,
        view TEXT NOT NULL, part TEXT NOT NULL, metrics TEXT NOT NULL, per_query BLOB NOT NULL,
        seconds REAL NOT NULL, created_at REAL NOT NULL,
        UNIQUE (model, benchmark_hash, view, part))""",
    """CREATE TABLE calibrations (
        fingerprint TEXT NOT NULL, split_hash TEXT NOT NULL, data TEXT NOT NULL,
        PRIMARY KEY (fingerprint, split_hash))""",
    # how fast this machine was seen to be, for estimates: "encode:<base>" -> texts a second, and the like
    "CREATE TABLE rates (name TEXT PRIMARY KEY, value REAL NOT NULL)",
)
