"""A dictionary's history: versions as steps that only grow, and a tree of contents for undo and redo."""

from __future__ import annotations

import json
import sqlite3
import time
import uuid
from collections import Counter
from collections.abc import Callable, Collection, Iterable
from dataclasses import replace
from typing import Any

from workbench.errors import BadParameter, InputError, NotFound
from workbench.localtext import LocalText
from workbench.storage.database import Database
from workbench.storage.entries import Change, SetHash, Snapshot, write_change
from workbench.storage.entry_labels import label_difference, last_label_change
from workbench.storage.slices import Slices
from workbench.storage.turns import refuse_while_claimed
from workbench.storage.unfinished import Claim
from workbench.types import DictionaryInfo, Difference, Entry, LabelChange, Pair, Step, StepKind

_STEP = """SELECT number, id, kind, title, author, created_at, added, removed, pairs, content_of, node, parent
    FROM versions WHERE dictionary_id = ?"""
_ENTRY = "grp, position, standard, synonym, row, apart"


class HistoryStore:
    """Steps of dictionaries. Each step is one transaction; nothing that a version held is ever changed.

    A version stands at a *node* of a tree of contents: an import, an edit and a return to an earlier
    version make a new node below the one that was current; undo and redo go to the parent, or to the
    newest child, and add a version that stands there.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    # -- reading ----------------------------------------------------------------------------------

    def snapshot(self, info: DictionaryInfo) -> Snapshot:
        """The content of the version that ``info`` speaks of."""
        return self.at(info, info.version)

    def at(self, info: DictionaryInfo, number: int) -> Snapshot:
        """The content of version ``number``."""
        return Snapshot(self._connection, self._dictionary_number(info.id), number)

    def before(self, info: DictionaryInfo, moment: float) -> Snapshot:
        """The content just before a moment (seconds since 1970); an empty one where that is too early."""
        row = self._connection.execute(
            "SELECT ifnull(max(number), 0) FROM versions WHERE dictionary_id = ? AND created_at < ?",
            (info.id, moment),
        ).fetchone()
        return self.at(info, int(row[0]))

    def step(self, info: DictionaryInfo, number: int) -> Step:
        """One version of the history.

        Raises:
            NotFound: there is no such version.
        """
        return _step(self._row(info, number), info.version)

    def steps(self, info: DictionaryInfo, *, page: int = 0, size: int = 50) -> tuple[list[Step], int]:
        """One page of the history, newest first, and how many versions there are."""
        rows = self._database.connection.query(
            f"{_STEP} ORDER BY number DESC LIMIT ? OFFSET ?", [info.id, size, page * size]
        )
        total = self._connection.execute(
            "SELECT count(*) FROM versions WHERE dictionary_id = ?", (info.id,)
        ).fetchone()[0]
        return [_step(row, info.version) for row in rows], int(total)

    def undoable(self, info: DictionaryInfo) -> Step | None:
        """The step that an undo would take back."""
        node = self._node(info)
        return None if node["parent"] is None else _step(node, info.version)

    def redoable(self, info: DictionaryInfo) -> Step | None:
        """The step that a redo would do again: the newest of those made where the dictionary stands."""
        child = self._newest_child(info)
        return None if child is None else _step(child, info.version)

    def difference(self, info: DictionaryInfo, before: int, after: int) -> Change:
        """What to take out of one version, and put in, to get the other. Costs as much as it is large.

        Raises:
            NotFound: one of them does not exist.
        """
        for number in (before, after):
            self._row(info, number)
        dictionary, low, high = self._dictionary_number(info.id), min(before, after), max(before, after)
        # The partial indices hold what was changed after the first version; nothing else is looked at.
        born = self._entries(
            "entries_born",
            "born > 1 AND born > ? AND born <= ? AND (died IS NULL OR died > ?)",
            dictionary,
            low,
            high,
            high,
        )
        died = self._entries(
            "entries_died",
            "died IS NOT NULL AND died > ? AND died <= ? AND born <= ?",
            dictionary,
            low,
            high,
            low,
        )
        labels = label_difference(self._connection, dictionary, before, after)
        return Change(*((died, born) if before <= after else (born, died)), *labels).net()

    def compare(self, info: DictionaryInfo, before: int, after: int, limit: int = 500) -> Difference:
        """What version ``after`` has and ``before`` has not, and the reverse. Lists are cut at ``limit``."""
        change = self.difference(info, before, after)
        labels, label_count = self._label_changes(info, change, (before, after), limit)
        added, removed = _net_pairs(change.added, change.ended)
        synonyms = [[pair for pair, apart in side if not apart] for side in (added, removed)]
        aparts = [tuple(pair for pair, apart in side if apart)[:limit] for side in (added, removed)]
        return Difference(
            tuple(synonyms[0][:limit]),
            tuple(synonyms[1][:limit]),
            len(synonyms[0]),
            len(synonyms[1]),
            apart_added=aparts[0],
            apart_removed=aparts[1],
            labels=labels,
            label_count=label_count,
        )

    def changed_groups(self, info: DictionaryInfo, since: int) -> set[int]:
        """The groups that read otherwise now than in version ``since``."""
        return self.difference(info, since, info.version).groups

    def last_change(self, info: DictionaryInfo, group: int) -> Step:
        """The step that last touched a group."""
        number = self._connection.execute(
            """SELECT max(max(born), ifnull(max(died), 0)) FROM entries WHERE dictionary = ? AND grp = ?""",
            (self._dictionary_number(info.id), group),
        ).fetchone()[0]
        return self.step(info, number or info.version)

    def last_label_change(self, info: DictionaryInfo, keys: Collection[str]) -> Step:
        """The step that last touched a label of one of the terms."""
        number = last_label_change(self._connection, self._dictionary_number(info.id), keys)
        return self.step(info, number or info.version)

    def trained(self, info: DictionaryInfo) -> int | None:
        """The version that the newest completed run was trained on."""
        row = self._connection.execute(
            """SELECT v.number FROM runs r JOIN versions v ON v.id = r.version_id
            WHERE v.dictionary_id = ? AND r.state = 'completed' AND r.deleted_at IS NULL
            ORDER BY r.number DESC LIMIT 1""",
            (info.id,),
        ).fetchone()
        return None if row is None else int(row[0])

    # -- writing; inside a transaction of the caller's that has read ``info`` -------------------------

    def append(
        self,
        info: DictionaryInfo,
        change: Change,
        *,
        title: LocalText,
        author: str = "",
        kind: StepKind = "edit",
        claim: Claim | None = None,
        allow: Callable[[int], None] | None = None,
        **known: Any,
    ) -> Step | None:
        """A step whose content is that of ``info`` with ``change``; None where that changes nothing.

        ``known`` are columns of the version that are known otherwise: language, source, and the counts
        pairs, standards and terms, which are else counted from the terms that the change touches. With a
        ``claim`` (``turns.claimed``) it is written in slices, outside of a transaction, and seen once it is
        whole. ``allow`` is told how many terms it would have, and may refuse them.
        """
        change = change.net()
        if not change:
            return None
        number = info.version + 1
        before = self.snapshot(info)
        counts = {} if "terms" in known else self._counts(info, before, change)
        content = SetHash(self.content_hash(info.version_id))
        for entry in change.ended:
            content.remove(entry.standard, entry.synonym, entry.apart)
        for entry in change.added:
            content.add(entry.standard, entry.synonym, entry.apart)
        if claim:
            write_change(Slices(self._database, claim.check), before.dictionary, number, change)
            counts = self._counts_after(before.dictionary, number, counts)
        with self._database.write() as db:
            if claim:
                claim.check(db.conn)
                claim.end(db.conn)
            else:
                refuse_while_claimed(self._database, info)
                write_change(db.conn, before.dictionary, number, change)
                counts = self._counts_after(before.dictionary, number, counts)
            if allow:
                allow({**counts, **known}["terms"])
            add_version(
                db.conn,
                info.id,
                number,
                kind=kind,
                title=title,
                author=author,
                parent=self._node(info)["number"],
                added=_count(change.added),
                removed=_count(change.ended),
                **{
                    "language": info.language,
                    "source": info.source,
                    "content_hash": str(content),
                    **counts,
                    **known,
                },
            )
        return self.step(_as_of(info, number), number)

    def undo(self, info: DictionaryInfo, author: str = "") -> Step:
        """A step back to the content before the one that is current.

        Raises:
            InputError: it is the very first import.
        """
        taken_back = self._node(info)
        if taken_back["parent"] is None:
            raise InputError(
                LocalText(
                    "没有可以撤销的步骤：第一次导入不能撤销。",
                    "There is nothing to undo: the first import cannot be undone.",
                ),
                LocalText(
                    "不再需要这个词典时，可以删除它。", "Delete the dictionary if it is no longer needed."
                ),
            )
        title = LocalText("撤销：{title}", "Undo: {title}")
        before = self._row(info, taken_back["parent"])
        return self._go_to(info, before, "undo", title.format(title=_title(taken_back)), author)

    def redo(self, info: DictionaryInfo, author: str = "") -> Step:
        """A step forward again to what an undo took back.

        Raises:
            InputError: there is none.
        """
        child = self._newest_child(info)
        if child is None:
            raise InputError(
                LocalText("没有可以重做的步骤。", "There is nothing to redo."),
                LocalText("只有刚撤销的步骤可以重做。", "Only what was just undone can be done again."),
            )
        title = LocalText("重做：{title}", "Redo: {title}")
        return self._go_to(info, child, "redo", title.format(title=_title(child)), author)

    def restore(self, info: DictionaryInfo, number: int, author: str = "") -> Step | None:
        """A step whose content is that of version ``number``; None where that is what there is.

        Raises:
            NotFound: there is no such version.
        """
        wanted = self._row(info, number)
        change = self.difference(info, info.version, self._nearest(info, wanted["content_of"]))
        title = LocalText("回到第 {number} 版", "Back to version {number}").format(number=number)
        return self.append(
            info,
            change,
            title=title,
            author=author,
            kind="restore",
            content_of=wanted["content_of"],
            **self._copied(info, number),
        )

    # -- inside ---------------------------------------------------------------------------------------

    @property
    def _connection(self) -> sqlite3.Connection:
        connection: sqlite3.Connection = self._database.connection.conn
        return connection

    def content_hash(self, version_id: str) -> str:
        """The hash of a version's content, pairs marked apart included."""
        row = self._connection.execute(
            "SELECT content_hash FROM versions WHERE id = ?", (version_id,)
        ).fetchone()
        return str(row[0])

    def _go_to(
        self, info: DictionaryInfo, node: dict[str, Any], kind: StepKind, title: LocalText, author: str
    ) -> Step:
        change = self.difference(info, info.version, self._nearest(info, node["content_of"]))
        number = info.version + 1
        with self._database.write() as db:
            refuse_while_claimed(self._database, info)
            write_change(db.conn, self._dictionary_number(info.id), number, change)
            add_version(
                db.conn,
                info.id,
                number,
                kind=kind,
                title=title,
                author=author,
                node=node["number"],
                content_of=node["content_of"],
                added=_count(change.added),
                removed=_count(change.ended),
                **self._copied(info, node["number"]),
            )
        return self.step(_as_of(info, number), number)

    def _copied(self, info: DictionaryInfo, number: int) -> dict[str, Any]:
        rows = self._database.connection.query(
            """SELECT pairs, standards, terms, language, source, content_hash FROM versions
            WHERE dictionary_id = ? AND number = ?""",
            [info.id, number],
        )
        return dict(next(rows))

    def _nearest(self, info: DictionaryInfo, content_of: int) -> int:
        """The newest version with a content: the difference to it is the cheapest to find."""
        row = self._connection.execute(
            "SELECT max(number) FROM versions WHERE dictionary_id = ? AND content_of = ?",
            (info.id, content_of),
        ).fetchone()
        return int(row[0])

    def _label_changes(
        self, info: DictionaryInfo, change: Change, versions: tuple[int, int], limit: int
    ) -> tuple[tuple[LabelChange, ...], int]:
        """The labels that read otherwise, by column; cut at ``limit``, and how many there are."""
        old = {(label.column, label.key): label.value for label in change.unlabelled}
        new = {(label.column, label.key): label.value for label in change.labelled}
        changed = [each for each in {**old, **new} if old.get(each) != new.get(each)]
        keys = {key for _, key in changed[:limit]}
        texts = {key: text for v in versions for key, text in self.at(info, v).texts(keys).items()}
        found = (
            LabelChange(column, texts.get(key, key), old.get((column, key), ""), new.get((column, key), ""))
            for column, key in changed[:limit]
        )
        return tuple(found), len(changed)

    def _counts(self, info: DictionaryInfo, before: Snapshot, change: Change) -> dict[str, Any]:
        keys = change.keys
        standards, terms = before.counts_of(keys)
        return {
            "keys": keys,
            "pairs": info.pairs + _count(change.added) - _count(change.ended),
            "standards": info.standards - standards,
            "terms": info.terms - terms,
        }

    def _counts_after(self, dictionary: int, number: int, counts: dict[str, Any]) -> dict[str, Any]:
        """What :meth:`_counts` left open, once the change is written."""
        if not counts:
            return counts
        standards, terms = Snapshot(self._connection, dictionary, number).counts_of(counts["keys"])
        return {
            "pairs": counts["pairs"],
            "standards": counts["standards"] + standards,
            "terms": counts["terms"] + terms,
        }

    def _entries(self, index: str, condition: str, *values: int) -> tuple[Entry, ...]:
        rows = self._connection.execute(
            f"SELECT {_ENTRY} FROM entries INDEXED BY {index} "
            f"WHERE dictionary = ? AND {condition} ORDER BY grp, position",
            values,
        )
        return tuple(Entry(row[0], row[1], row[2], row[3], row[4], bool(row[5])) for row in rows)

    def _row(self, info: DictionaryInfo, number: int) -> dict[str, Any]:
        for row in self._database.connection.query(f"{_STEP} AND number = ?", [info.id, number]):
            return dict(row)
        raise NotFound(
            LocalText("「{name}」没有第 {number} 版。", "“{name}” has no version {number}."),
            LocalText("现有第 1 到 {last} 版。", "There are versions 1 to {last}."),
            name=info.name,
            number=number,
            last=info.version,
        )

    def _node(self, info: DictionaryInfo) -> dict[str, Any]:
        return self._row(info, self._row(info, info.version)["node"])

    def _newest_child(self, info: DictionaryInfo) -> dict[str, Any] | None:
        rows = self._database.connection.query(
            f"{_STEP} AND parent = ? ORDER BY number DESC LIMIT 1", [info.id, self._node(info)["number"]]
        )
        return next((dict(row) for row in rows), None)

    def _dictionary_number(self, dictionary_id: str) -> int:
        row = self._connection.execute(
            "SELECT number FROM dictionaries WHERE id = ?", (dictionary_id,)
        ).fetchone()
        return int(row[0])


def add_version(
    connection: sqlite3.Connection, dictionary_id: str, number: int, *, title: LocalText, **columns: Any
) -> str:
    """Store the row of a version whose entries are written; returns its id."""
    version_id = uuid.uuid4().hex[:12]
    row = {
        "node": number,
        "content_of": number,
        **columns,
        "id": version_id,
        "dictionary_id": dictionary_id,
        "number": number,
        "title": json.dumps(title.as_json(), ensure_ascii=False),
        "created_at": time.time(),
    }
    connection.execute(
        f"INSERT INTO versions ({', '.join(row)}) VALUES ({', '.join('?' * len(row))})", tuple(row.values())
    )
    return version_id


def title_of_import(source: str, refused: int = 0) -> LocalText:
    """The name of the step that an import makes."""
    if not refused:
        return LocalText("导入 {source}", "Import of {source}").format(source=source)
    return LocalText(
        "导入 {source}（{count} 对已标为非同义，没有导入）",
        "Import of {source} (left out as marked not synonyms: {count})",
    ).format(source=source, count=refused)


def checked_number(number: object) -> int:
    """A version's number as given from outside; raises BadParameter where it is none."""
    if isinstance(number, int) and not isinstance(number, bool) and number > 0:
        return number
    raise BadParameter(
        LocalText("版本号「{number}」不对。", "“{number}” is not the number of a version."),
        LocalText("请刷新页面再试。", "Load the page again."),
        number=str(number),
    )


def _net_pairs(
    added: Iterable[Entry], removed: Iterable[Entry]
) -> tuple[list[tuple[Pair, bool]], list[tuple[Pair, bool]]]:
    """Both sides without the pairs that only changed their place, groups together."""
    sides = [[(entry.standard, entry.synonym, entry.apart) for entry in side] for side in (added, removed)]
    both = Counter(sides[0]) & Counter(sides[1])
    result = []
    for side, entries in zip(sides, (added, removed), strict=True):
        left = both.copy()
        kept = []
        for content, entry in zip(side, entries, strict=True):
            if left[content] > 0:
                left[content] -= 1
            else:
                kept.append((Pair(entry.standard, entry.synonym, entry.row), entry.apart))
        result.append(kept)
    return result[0], result[1]


def _count(entries: Iterable[Entry]) -> int:
    return sum(not entry.apart for entry in entries)


def _as_of(info: DictionaryInfo, version: int) -> DictionaryInfo:
    return replace(info, version=version)


def _title(row: dict[str, Any]) -> LocalText:
    return LocalText.from_json(json.loads(row["title"]))


def _step(row: dict[str, Any], current: int) -> Step:
    return Step(
        number=row["number"],
        version_id=row["id"],
        kind=row["kind"],
        title=_title(row),
        author=row["author"],
        created_at=row["created_at"],
        added=row["added"],
        removed=row["removed"],
        pairs=row["pairs"],
        content_of=row["content_of"],
        current=row["number"] == current,
    )
