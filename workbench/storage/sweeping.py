"""Deletes rows that nobody sees, in slices: what was replaced or deleted, and what a crash left."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from workbench.errors import StorageProblem
from workbench.storage.database import Database
from workbench.storage.slices import ROWS, Slices
from workbench.storage.unfinished import DICTIONARY, Claim, Unfinished, unfinished

log = logging.getLogger("workbench.storage")
OWNED = {  # by the table of the sets: what a set owns, and the column with the set's id
    "pair_sets": (("pair_set_rows", "set_id"),),
    "corpora": (("corpus_texts", "corpus_id"),),
    "retrieval_sets": (("retrieval_texts", "set_id"), ("retrieval_answers", "set_id")),
}
_LINES = ("entries", "entry_labels")  # of a dictionary, each with the versions that it lives in


@dataclass(frozen=True, slots=True)
class Leftover:
    """Something half written, or half deleted, by a process that is gone. ``name``: what it was to be."""

    name: str
    row: Unfinished


def leftovers(database: Database) -> list[Leftover]:
    """What a crash left in the database. Nobody sees it."""
    found = []
    for row in unfinished(database):
        if row.abandoned:
            names = database.connection.conn.execute(f"SELECT name FROM {row.what} WHERE id = ?", (row.id,))
            found.append(Leftover(str((names.fetchone() or ("?",))[0]), row))
    return found


def sweep_leftover(database: Database, row: Unfinished) -> None:
    """Delete what a process left that is gone. Of several that try, one does it."""
    claim = Claim(row.what, row.id, row.version)
    with database.write() as db:
        if not claim.take_over(db.conn, row.owner):
            return
    try:
        sweep(database, claim)
    finally:
        claim.leave()


@contextmanager
def sweeping(database: Database, claim: Claim) -> Iterator[None]:
    """Delete what is written under ``claim``, unless it is ended within."""
    try:
        yield
    finally:
        clear(database, claim)


def clear(database: Database, claim: Claim) -> None:
    """Delete what ``claim`` stands for, unless it was ended, and leave it.

    What cannot be deleted now is left to ``mending``: nobody sees it, and the error that led here counts.
    """
    try:
        if claim.is_held(database.connection.conn):
            sweep(database, claim)
    except StorageProblem:
        log.exception("rows of %s %s are left to be swept", claim.what, claim.id)
    finally:
        claim.leave()


def sweep(database: Database, claim: Claim) -> None:
    """Delete what ``claim`` wrote, or what it was taken out to delete, and end it."""
    slices = Slices(database, claim.check)
    if claim.what == DICTIONARY:
        _sweep_dictionary(database, slices, claim)
    else:
        for table, owner in OWNED[claim.what]:
            slices.repeat(_delete(database, table, f"{owner} = ?"), (claim.id,))
    with database.write() as db:
        claim.check(db.conn)
        if claim.what == DICTIONARY:
            db.conn.execute(
                """DELETE FROM dictionaries WHERE id = ? AND deleted_at IS NOT NULL
                AND NOT EXISTS (SELECT 1 FROM versions WHERE dictionary_id = dictionaries.id)""",
                (claim.id,),
            )
        else:  # of one that was never whole nothing stays, not even its name
            db.conn.execute(f"DELETE FROM {claim.what} WHERE id = ? AND content_hash = ''", (claim.id,))
        claim.end(db.conn)


def _sweep_dictionary(database: Database, slices: Slices, claim: Claim) -> None:
    connection = database.connection.conn
    number, gone = connection.execute(
        "SELECT number, deleted_at IS NOT NULL FROM dictionaries WHERE id = ?", (claim.id,)
    ).fetchone()
    for table in _LINES:
        if gone:
            slices.repeat(_delete(database, table, "dictionary = ?"), (number,))
        elif claim.version > 1:
            written = (number, claim.version)
            slices.repeat(_delete(database, table, "dictionary = ? AND born = ? AND born > 1"), written)
            condition = "dictionary = ? AND died = ? AND died IS NOT NULL"
            slices.repeat(
                f"UPDATE {table} SET died = NULL WHERE {_some(database, table, condition)}", written
            )
    if gone:
        slices.repeat(_delete(database, "label_columns", "dictionary = ?"), (number,))


def _delete(database: Database, table: str, condition: str) -> str:
    return f"DELETE FROM {table} WHERE {_some(database, table, condition)}"


def _some(database: Database, table: str, condition: str) -> str:
    """Holds for at most ``ROWS`` of the rows for which ``condition`` does."""
    key = ", ".join(database.connection[table].pks)
    return f"({key}) IN (SELECT {key} FROM {table} WHERE {condition} LIMIT {ROWS})"
