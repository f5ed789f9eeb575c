"""Whose turn it is to change a dictionary: an import of a large file takes long, and keeps only others who
want to change the same dictionary waiting."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from workbench.errors import StorageProblem
from workbench.localtext import LocalText
from workbench.storage.database import Database
from workbench.storage.sweeping import sweep_leftover, sweeping
from workbench.storage.unfinished import DICTIONARY, Claim, unfinished
from workbench.types import DictionaryInfo

PATIENCE = 60.0  # seconds that who wants to change a dictionary waits for an import into it
_EVERY = 0.02


@contextmanager
def claimed(database: Database, find: Callable[[], DictionaryInfo]) -> Iterator[tuple[DictionaryInfo, Claim]]:
    """The dictionary that ``find`` gives, which nobody else changes meanwhile; its next version is ours.

    What was written and is not whole in the end is deleted.

    Raises:
        StorageProblem: another import into it goes on for long.
    """
    while True:
        wait(database, find())
        with database.write() as db:
            info = find()
            if not unfinished(database, info.id):
                claim = Claim(DICTIONARY, info.id, info.version + 1)
                claim.begin(db.conn)
                break
    with sweeping(database, claim):
        yield info, claim


def wait(database: Database, info: DictionaryInfo) -> None:
    """Let an import into a dictionary end before it is changed; clear away one that was cut off.

    Raises:
        StorageProblem: it goes on for long, or the caller holds the write lock, which the import needs.
    """
    until = time.monotonic() + PATIENCE
    while rows := unfinished(database, info.id):
        if rows[0].abandoned:
            sweep_leftover(database, rows[0])
        elif time.monotonic() > until or database.connection.conn.in_transaction:
            raise _being_imported(info)
        else:
            time.sleep(_EVERY)


def refuse_while_claimed(database: Database, info: DictionaryInfo) -> None:
    """For a change in one transaction. Raises StorageProblem where an import has its turn."""
    if unfinished(database, info.id):
        raise _being_imported(info)


def _being_imported(info: DictionaryInfo) -> StorageProblem:
    return StorageProblem(
        LocalText("正在往词典「{name}」里导入一个文件。", "A file is being imported into “{name}”."),
        LocalText("什么都没有改变，请稍后再试。", "Nothing was changed. Try again in a moment."),
        name=info.name,
    )
