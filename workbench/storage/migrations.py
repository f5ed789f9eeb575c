"""The database's schema as named, append-only steps. Never change one that has been released."""

from __future__ import annotations

from sqlite_utils import Database, Migrations

from workbench.storage.entries_migration import move_pairs_to_entries

migrations = Migrations("workbench")


@migrations()  # type: ignore[untyped-decorator]  # untyped library
def m001_first_schema(db: Database) -> None:
    """Dictionaries with versions, splits, runs with curves, evaluations."""
    for statement in _FIRST_SCHEMA:
        db.execute(statement)


@migrations()  # type: ignore[untyped-decorator]  # untyped library
def m002_pair_sets_corpora_and_suggestions(db: Database) -> None:
    """Labelled pairs, raw text, retrieval sets, what a language model made, what waits for a yes or no."""
    for statement in _SETS_AND_SUGGESTIONS:
        db.execute(statement)


@migrations()  # type: ignore[untyped-decorator]  # untyped library
def m003_entries(db: Database) -> None:
    """Dictionaries as lines with the versions they live in; versions as steps of a history."""
    move_pairs_to_entries(db)


@migrations()  # type: ignore[untyped-decorator]  # untyped library
def m004_recipes_and_attempts(db: Database) -> None:
    """Recipes of the expert's own; runs that are taken up again."""
    for statement in _RECIPES_AND_ATTEMPTS:
        db.execute(statement)


@migrations()  # type: ignore[untyped-decorator]  # untyped library
def m005_retention(db: Database) -> None:
    """What models still know of everyday words."""
    for statement in _RETENTION:
        db.execute(statement)


@migrations()  # type: ignore[untyped-decorator]  # untyped library
def m006_benchmarks(db: Database) -> None:
    """What was put first for each query, results on labelled pairs, notes on models."""
    for statement in _BENCHMARKS:
        db.execute(statement)


@migrations()  # type: ignore[untyped-decorator]  # untyped library
def m007_what_was_suggested(db: Database) -> None:
    """What each suggestion is about, what it was found by, and indices for long queues."""
    for statement in _WHAT_WAS_SUGGESTED:
        db.execute(statement)


@migrations()  # type: ignore[untyped-decorator]  # untyped library
def m008_labels_of_entries(db: Database) -> None:
    """Columns of imported files that terms can be sorted by."""
    for statement in _LABELS:
        db.execute(statement)


@migrations()  # type: ignore[untyped-decorator]  # untyped library
def m009_authors(db: Database) -> None:
    """Who wrote a note."""
    db.execute("ALTER TABLE model_notes ADD COLUMN author TEXT NOT NULL DEFAULT ''")


@migrations()  # type: ignore[untyped-decorator]  # untyped library
def m010_unfinished(db: Database) -> None:
    """What is being written in slices, so that what a crash left of it can be swept."""
    for statement in _UNFINISHED:
        db.execute(statement)


@migrations()  # type: ignore[untyped-decorator]  # untyped library
def m011_labels_as_changes(db: Database) -> None:
    """Labels of terms with the versions they live in; those that were there are in every version."""
    for statement in _LABELS_AS_CHANGES:
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

_SETS_AND_SUGGESTIONS = (
    # a deleted set loses its rows; its own row stays, unlisted
    """CREATE TABLE pair_sets (
        id TEXT PRIMARY KEY, name TEXT NOT NULL, kind TEXT NOT NULL, rows INTEGER NOT NULL,
        positives INTEGER NOT NULL, trusted INTEGER NOT NULL, source TEXT NOT NULL,
        recipe TEXT NOT NULL DEFAULT '{}', content_hash TEXT NOT NULL, created_at REAL NOT NULL,
        deleted_at REAL)""",
    "CREATE UNIQUE INDEX pair_sets_name ON pair_sets(name) WHERE deleted_at IS NULL",
    """CREATE TABLE pair_set_rows (
        set_id TEXT NOT NULL REFERENCES pair_sets(id), position INTEGER NOT NULL,
        text1 TEXT NOT NULL, text2 TEXT NOT NULL, negative TEXT NOT NULL, label REAL NOT NULL,
        row INTEGER NOT NULL, PRIMARY KEY (set_id, position)) WITHOUT ROWID""",
    """CREATE TABLE corpora (
        id TEXT PRIMARY KEY, name TEXT NOT NULL, unit TEXT NOT NULL, texts INTEGER NOT NULL,
        characters INTEGER NOT NULL, source TEXT NOT NULL, content_hash TEXT NOT NULL,
        created_at REAL NOT NULL, deleted_at REAL)""",
    "CREATE UNIQUE INDEX corpora_name ON corpora(name) WHERE deleted_at IS NULL",
    """CREATE TABLE corpus_texts (
        corpus_id TEXT NOT NULL REFERENCES corpora(id), position INTEGER NOT NULL,
        text TEXT NOT NULL, row INTEGER NOT NULL, PRIMARY KEY (corpus_id, position)) WITHOUT ROWID""",
    """CREATE TABLE retrieval_sets (
        id TEXT PRIMARY KEY, name TEXT NOT NULL, queries INTEGER NOT NULL, passages INTEGER NOT NULL,
        answers INTEGER NOT NULL, source TEXT NOT NULL, content_hash TEXT NOT NULL,
        created_at REAL NOT NULL, deleted_at REAL)""",
    "CREATE UNIQUE INDEX retrieval_sets_name ON retrieval_sets(name) WHERE deleted_at IS NULL",
    """CREATE TABLE retrieval_texts (
        set_id TEXT NOT NULL REFERENCES retrieval_sets(id), role TEXT NOT NULL,
        position INTEGER NOT NULL, text TEXT NOT NULL, row INTEGER NOT NULL,
        PRIMARY KEY (set_id, role, position)) WITHOUT ROWID""",  # role: "query" or "passage"
    """CREATE TABLE retrieval_answers (
        set_id TEXT NOT NULL REFERENCES retrieval_sets(id), query INTEGER NOT NULL,
        passage INTEGER NOT NULL, PRIMARY KEY (set_id, query, passage)) WITHOUT ROWID""",
    # pair_key is the same for (a, b) and (b, a): what was rejected once never comes again
    """CREATE TABLE suggestions (
        id INTEGER PRIMARY KEY AUTOINCREMENT, kind TEXT NOT NULL, dictionary_id TEXT NOT NULL,
        first TEXT NOT NULL, second TEXT NOT NULL, pair_key TEXT NOT NULL, label REAL NOT NULL,
        score REAL, source TEXT NOT NULL, reason TEXT, state TEXT NOT NULL, author TEXT NOT NULL DEFAULT '',
        created_at REAL NOT NULL, decided_at REAL, UNIQUE (dictionary_id, kind, pair_key))""",
    "CREATE INDEX suggestions_state ON suggestions(state, dictionary_id, kind)",
    """CREATE TABLE generations (
        id TEXT PRIMARY KEY, name TEXT NOT NULL, config TEXT NOT NULL, state TEXT NOT NULL,
        progress REAL NOT NULL DEFAULT 0, requests INTEGER NOT NULL DEFAULT 0,
        made INTEGER NOT NULL DEFAULT 0, kept INTEGER NOT NULL DEFAULT 0,
        dropped TEXT NOT NULL DEFAULT '{}', message TEXT, created_at REAL NOT NULL,
        finished_at REAL, heartbeat REAL)""",
)

_RECIPES_AND_ATTEMPTS = (
    """CREATE TABLE recipes (
        id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL, document TEXT NOT NULL,
        created_at REAL NOT NULL, deleted_at REAL)""",
    "CREATE UNIQUE INDEX recipes_name ON recipes(name) WHERE deleted_at IS NULL",
    "ALTER TABLE runs ADD COLUMN attempt INTEGER NOT NULL DEFAULT 1",
    # a run that is taken up again goes to the end of the queue, not to the place of its number
    "ALTER TABLE runs ADD COLUMN queued_at REAL NOT NULL DEFAULT 0",
    "UPDATE runs SET queued_at = created_at",
)

_RETENTION = (
    """CREATE TABLE retentions (
        fingerprint TEXT NOT NULL, probe TEXT NOT NULL, score REAL NOT NULL, created_at REAL NOT NULL,
        PRIMARY KEY (fingerprint, probe)) WITHOUT ROWID""",
    """CREATE TABLE neighbour_overlaps (
        fingerprint TEXT NOT NULL, base TEXT NOT NULL, sample TEXT NOT NULL, score REAL NOT NULL,
        created_at REAL NOT NULL, PRIMARY KEY (fingerprint, base, sample)) WITHOUT ROWID""",
)

_BENCHMARKS = (
    # what was chosen on development data for this measurement, and the sentence that says so
    "ALTER TABLE evaluations ADD COLUMN details TEXT NOT NULL DEFAULT '{}'",
    "CREATE INDEX evaluations_benchmark ON evaluations(benchmark_hash)",
    """CREATE TABLE rankings (
        model TEXT NOT NULL, benchmark_hash TEXT NOT NULL, fingerprint TEXT NOT NULL,
        data BLOB NOT NULL, PRIMARY KEY (model, benchmark_hash))""",
    """CREATE TABLE pair_evaluations (
        model TEXT NOT NULL, benchmark_hash TEXT NOT NULL, fingerprint TEXT NOT NULL,
        data TEXT NOT NULL, seconds REAL NOT NULL, created_at REAL NOT NULL,
        PRIMARY KEY (model, benchmark_hash))""",
    "CREATE TABLE model_notes (model TEXT PRIMARY KEY, note TEXT NOT NULL, updated_at REAL NOT NULL)",
    # what the expert has decided about a benchmark: {"symmetric": true}
    "CREATE TABLE benchmark_options (benchmark TEXT PRIMARY KEY, options TEXT NOT NULL)",
)

_WHAT_WAS_SUGGESTED = (
    # "merges", "strays", "pairs", "corpus"; "" for what a language model wrote
    "ALTER TABLE suggestions ADD COLUMN what TEXT NOT NULL DEFAULT ''",
    "ALTER TABLE suggestions ADD COLUMN details TEXT NOT NULL DEFAULT '{}'",
    "UPDATE suggestions SET what = 'strays' WHERE source LIKE 'model:%' AND label < 0.5",
    "DROP INDEX suggestions_state",
    "CREATE INDEX suggestions_state ON suggestions(state, dictionary_id, kind, source, what)",
    "CREATE INDEX suggestions_score ON suggestions(state, dictionary_id, score IS NULL, score DESC, id)",
    """CREATE INDEX suggestions_unsure ON suggestions(
        state, dictionary_id, abs(coalesce(score, 0.5) - 0.5), id)""",
    """CREATE INDEX suggestions_decided ON suggestions(decided_at, id)
        WHERE state IN ('accepted', 'rejected')""",
)

_LABELS = (
    """CREATE TABLE label_columns (
        dictionary INTEGER NOT NULL, place INTEGER NOT NULL, name TEXT NOT NULL,
        PRIMARY KEY (dictionary, place)) WITHOUT ROWID""",
    # "key" is the synonym's term_key, so that a label outlives the versions
    """CREATE TABLE entry_labels (
        dictionary INTEGER NOT NULL, place INTEGER NOT NULL, key TEXT NOT NULL, value TEXT NOT NULL,
        PRIMARY KEY (dictionary, place, key)) WITHOUT ROWID""",
)

_UNFINISHED = (
    # "id" of a row in the table "what", unlisted until it is whole; "version": of a dictionary
    """CREATE TABLE unfinished (
        id TEXT PRIMARY KEY, what TEXT NOT NULL, version INTEGER NOT NULL, owner TEXT NOT NULL,
        created_at REAL NOT NULL)""",
)

_LABELS_AS_CHANGES = (
    "ALTER TABLE entry_labels RENAME TO labels_before",
    # a version v sees the labels with born <= v and (died IS NULL or died > v), as with entries
    """CREATE TABLE entry_labels (
        dictionary INTEGER NOT NULL, place INTEGER NOT NULL, key TEXT NOT NULL, value TEXT NOT NULL,
        born INTEGER NOT NULL, died INTEGER, PRIMARY KEY (dictionary, place, key, born)) WITHOUT ROWID""",
    "INSERT INTO entry_labels SELECT dictionary, place, key, value, 1, NULL FROM labels_before",
    "DROP TABLE labels_before",
    "CREATE INDEX entry_labels_born ON entry_labels(dictionary, born) WHERE born > 1",
    "CREATE INDEX entry_labels_died ON entry_labels(dictionary, died) WHERE died IS NOT NULL",
)
