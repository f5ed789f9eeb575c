"""Dictionaries: what there is, how an import is stored as a version of one, and the frozen splits."""

from __future__ import annotations

import json
import time
import uuid
import zlib
from collections.abc import Callable, Collection, Iterator, Sequence
from typing import Any

from workbench.errors import InputError, NameTaken, NotFound
from workbench.localtext import LocalText
from workbench.normalise import term_key
from workbench.storage.database import Database
from workbench.storage.entries import Change, Row, SetHash, Snapshot, insert_rows, oddities
from workbench.storage.entry_labels import INSERT_LABEL, Values, first_label_rows
from workbench.storage.groups import GroupReader
from workbench.storage.history import HistoryStore, add_version, title_of_import
from workbench.storage.importing import replacement
from workbench.storage.slices import Slices
from workbench.storage.sweeping import clear, sweeping
from workbench.storage.turns import claimed, refuse_while_claimed, wait
from workbench.storage.unfinished import DICTIONARY, Claim
from workbench.types import DictionaryInfo, LabelColumn, Pair, Part, Split, SynonymGroup

_INFO = """SELECT d.id, d.name, d.sample, v.number AS version, v.id AS version_id, v.pairs, v.standards,
    v.terms, v.language, v.source, v.created_at
    FROM dictionaries d JOIN versions v ON v.dictionary_id = d.id"""
_NEWEST = f"""{_INFO} AND v.number = (SELECT max(number) FROM versions WHERE dictionary_id = d.id)
    WHERE d.deleted_at IS NULL"""


class DictionaryStore:
    """Reads and writes dictionaries in the database."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._history = HistoryStore(database)

    def save(
        self,
        name: str,
        pairs: Sequence[Pair],
        *,
        language: str,
        source: str,
        replace: bool = False,
        sample: bool = False,
        author: str = "",
        labels: Sequence[LabelColumn] = (),
        allow: Callable[[DictionaryInfo], None] | None = None,
    ) -> DictionaryInfo:
        """Store ``pairs`` as a new dictionary, or as a new version of ``name`` when ``replace``.

        The same pairs and labels as in the newest version, in whatever order, make no new version. Pairs
        marked as not synonyms are left out (see :meth:`refused`); the title of the step counts them.
        ``labels`` are parallel to ``pairs``, and take the place of those that the dictionary had. ``allow``
        may refuse the dictionary that is about to be replaced. Rows are written in slices, so that others
        can write meanwhile, and are seen once all are there.

        Raises:
            NameTaken: ``name`` exists and ``replace`` is false.
            InputError: every pair is marked as not synonyms.
        """
        while (known := self._find(name)) is None:
            if self._create(
                name, pairs, labels, language=language, source=source, sample=sample, author=author
            ):
                return self.get(name)
        if not replace:
            raise NameTaken(
                LocalText("已经有一个叫「{name}」的词典。", "There is already a dictionary called “{name}”."),
                LocalText(
                    "换一个名字，或选择存为它的新版本。",
                    "Choose another name, or save a new version of it.",
                ),
                name=name,
            )
        with claimed(self._database, lambda: self.get(known.name)) as (info, claim):
            if allow:
                allow(info)
            self._replace(info, claim, pairs, labels, language=language, source=source, author=author)
        return self.get(name)

    def labels(self, info: DictionaryInfo, keys: Collection[str] | None = None) -> Values:
        """For each column kept with this version: key of a synonym -> its value there, of ``keys`` or all."""
        return self._history.snapshot(info).labels.of(keys)

    def all(self) -> list[DictionaryInfo]:
        """Every dictionary with its newest version, samples last, newest first."""
        rows = self._database.connection.query(f"{_NEWEST} ORDER BY d.sample, d.created_at DESC, d.name")
        return [_info(row) for row in rows]

    def any_ever(self) -> bool:
        """Whether a dictionary was ever stored here, deleted ones included."""
        return bool(self._database.connection.conn.execute("SELECT 1 FROM versions LIMIT 1").fetchone())

    def get(self, name: str) -> DictionaryInfo:
        """The dictionary called ``name``.

        Raises:
            NotFound: there is none.
        """
        found = self._find(name)
        if found is None:
            names = ", ".join(info.name for info in self.all()) or "-"
            raise NotFound(
                LocalText("没有叫「{name}」的词典。", "There is no dictionary called “{name}”."),
                LocalText("现有的词典：{names}。", "The dictionaries here: {names}."),
                name=name,
                names=names,
            )
        return found

    def version(self, version_id: str) -> DictionaryInfo:
        """A dictionary as it was in one version, whatever came later.

        Raises:
            NotFound: there is no such version.
        """
        for row in self._database.connection.query(f"{_INFO} WHERE v.id = ?", [version_id]):
            return _info(row)
        raise NotFound(
            LocalText("词典的这个版本不存在。", "This version of the dictionary does not exist."),
            LocalText("请从现有的词典重新开始。", "Start again from one of the dictionaries here."),
        )

    def pairs(self, version_id: str) -> list[Pair]:
        """Every synonym pair of a version, groups together, in order. None for an unknown version."""
        snapshot = self.snapshot(version_id)
        return snapshot.pairs() if snapshot else []

    def apart(self, version_id: str) -> list[Pair]:
        """The pairs that are marked as *not* synonyms in a version, oldest first."""
        snapshot = self.snapshot(version_id)
        entries = snapshot.apart() if snapshot else []
        return [Pair(entry.standard, entry.synonym, entry.row) for entry in entries]

    def refused(self, name: str, pairs: Sequence[Pair]) -> list[Pair]:
        """Those of ``pairs`` that an import into ``name`` leaves out: they are marked as not synonyms."""
        known = self._find(name)
        marked = self._history.snapshot(known).apart_keys() if known else set()
        return [pair for pair in pairs if marked and _keys(pair) in marked]

    def snapshot(self, version_id: str) -> Snapshot | None:
        """A version for reading; None where there is none."""
        row = self._database.connection.conn.execute(
            """SELECT d.number, v.number FROM versions v JOIN dictionaries d ON d.id = v.dictionary_id
            WHERE v.id = ?""",
            (version_id,),
        ).fetchone()
        return Snapshot(self._database.connection.conn, *row) if row else None

    def groups_page(
        self, version_id: str, *, search: str, page: int, size: int
    ) -> tuple[list[SynonymGroup], int]:
        """One page of groups, and how many there are; ``search`` matches any term of a group in part."""
        snapshot = self.snapshot(version_id)
        if snapshot is None:
            return [], 0
        found, total = GroupReader(snapshot).page(search=search, page=page, size=size)
        return [SynonymGroup(group.standard, group.synonyms) for group in found], total

    def holds(self, version_id: str, texts: Sequence[str]) -> int:
        """How many of ``texts`` are terms of a version, as written."""
        snapshot = self.snapshot(version_id)
        if snapshot is None:
            return 0
        groups = snapshot.entries(snapshot.holding({term_key(text) for text in texts}))
        written = {
            term for rows in groups.values() for entry in rows for term in (entry.standard, entry.synonym)
        }
        return len(written & set(texts))

    def delete(self, name: str) -> None:
        """Delete a dictionary's pairs, splits and measurements; only its name and counts stay, unlisted."""
        wait(self._database, self.get(name))
        with self._database.write() as db:
            info = self.get(name)
            refuse_while_claimed(self._database, info)
            claim = Claim(DICTIONARY, info.id, 1)
            claim.begin(db.conn)
            db.conn.execute(
                "DELETE FROM splits WHERE version_id IN (SELECT id FROM versions WHERE dictionary_id = ?)",
                (info.id,),
            )
            db.conn.execute("DELETE FROM evaluations WHERE dictionary_id = ?", (info.id,))
            db["dictionaries"].update(info.id, {"deleted_at": time.time()})
        clear(self._database, claim)  # its lines: nobody sees them any more

    def newest_split(self, info: DictionaryInfo) -> Split | None:
        """The split of the newest earlier version that has one: what was a test term stays one."""
        row = self._database.connection.conn.execute(
            """SELECT v.id FROM versions v JOIN splits s ON s.version_id = v.id
            WHERE v.dictionary_id = ? AND v.number < ? ORDER BY v.number DESC LIMIT 1""",
            (info.id, info.version),
        ).fetchone()
        return self.split(row[0]) if row else None

    def owns(self, dictionary_id: str, version_id: str) -> bool:
        """Whether a version belongs to a dictionary (names are given again after a deletion)."""
        row = self._database.connection.conn.execute(
            "SELECT 1 FROM versions WHERE id = ? AND dictionary_id = ?", (version_id, dictionary_id)
        ).fetchone()
        return row is not None

    # -- splits -----------------------------------------------------------------------------

    def split(self, version_id: str) -> Split | None:
        """The frozen split of a version, if one was made."""
        row = self._database.connection.conn.execute(
            "SELECT hash, seed, data FROM splits WHERE version_id = ?", (version_id,)
        ).fetchone()
        if row is None:
            return None
        data: dict[str, Any] = json.loads(zlib.decompress(row[2]))
        parts: dict[str, Part] = data["parts"]
        held_out = frozenset((a, b) for a, b in data["held_out"])
        return Split(row[1], parts, data["component_of"], held_out, row[0])

    def save_split(self, version_id: str, split: Split) -> Split:
        """Freeze ``split`` for a version. The first one saved stays; it is what is returned."""
        data = {
            "parts": split.parts,
            "component_of": split.component_of,
            "held_out": sorted(split.held_out),
        }
        packed = zlib.compress(json.dumps(data, ensure_ascii=False).encode(), 3)
        with self._database.write() as db:
            db.conn.execute(
                "INSERT OR IGNORE INTO splits (version_id, hash, seed, data, created_at) VALUES (?,?,?,?,?)",
                (version_id, split.hash, split.seed, packed, time.time()),
            )
        stored = self.split(version_id)
        assert stored is not None
        return stored

    # -- inside -----------------------------------------------------------------------------

    def _find(self, name: str) -> DictionaryInfo | None:
        for row in self._database.connection.query(f"{_NEWEST} AND d.name = ?", [name]):
            return _info(row)
        return None

    def _create(
        self,
        name: str,
        pairs: Sequence[Pair],
        labels: Sequence[LabelColumn],
        *,
        language: str,
        source: str,
        sample: bool,
        author: str,
    ) -> bool:
        """False where somebody else took the name meanwhile."""
        claim = Claim(DICTIONARY, uuid.uuid4().hex[:12], 1)
        now = time.time()
        with self._database.write() as db:
            number = db.conn.execute("SELECT ifnull(max(number), 0) + 1 FROM dictionaries").fetchone()[0]
            db.conn.execute(
                """INSERT INTO dictionaries (id, number, name, sample, created_at, deleted_at)
                VALUES (?, ?, ?, ?, ?, ?)""",
                (claim.id, number, name, int(sample), now, now),  # unlisted until it is whole
            )
            claim.begin(db.conn)
        with sweeping(self._database, claim):
            numbering, slices = _Numbering(), Slices(self._database, claim.check)
            insert_rows(slices, number, 1, numbering.rows(pairs))
            slices.executemany(INSERT_LABEL, first_label_rows(slices, number, pairs, labels))
            columns = {**numbering.counts(), "content_hash": str(numbering.content)}
            with self._database.write() as db:
                claim.check(db.conn)
                if self._find(name) is not None:
                    return False
                add_version(
                    db.conn,
                    claim.id,
                    1,
                    kind="import",
                    title=title_of_import(source),
                    author=author,
                    added=len(pairs),
                    language=language,
                    source=source,
                    **columns,
                )
                db.conn.execute("UPDATE dictionaries SET deleted_at = NULL WHERE id = ?", (claim.id,))
                claim.end(db.conn)
        return True

    def _replace(
        self,
        known: DictionaryInfo,
        claim: Claim,
        pairs: Sequence[Pair],
        labels: Sequence[LabelColumn],
        *,
        language: str,
        source: str,
        author: str,
    ) -> None:
        before = self._history.snapshot(known)
        marked = before.apart_keys()
        kept = [pair for pair in pairs if _keys(pair) not in marked] if marked else pairs
        if pairs and not kept:
            raise InputError(
                LocalText(
                    "文件中的每一对都已标为「不是近似词」。",
                    "Every pair of the file is marked as not synonyms.",
                ),
                LocalText("请先在编辑页取消这些标记。", "Take these marks away in the editor first."),
            )
        change, content, found = replacement(before, kept)
        counts: dict[str, Any] = dict(found)
        if content == self._history.content_hash(known.version_id):
            change = Change()
        unlabelled, labelled = before.labels.replaced(pairs, labels)
        change = Change(change.ended, change.added, unlabelled, labelled)
        self._history.append(
            known,
            change,
            kind="import",
            claim=claim,
            title=title_of_import(source, len(pairs) - len(kept)),
            author=author,
            language=language,
            source=source,
            **counts,
        )


class _Numbering:
    """Numbers the groups of a first import by their first pair, and counts on the way."""

    def __init__(self) -> None:
        self.content = SetHash()
        self._pairs = 0
        self._groups: dict[str, int] = {}
        self._synonyms: set[str] = set()

    def rows(self, pairs: Sequence[Pair]) -> Iterator[Row]:
        last, key, group, odd = "", "", 0, False
        for position, pair in enumerate(pairs):
            if pair.standard != last or not group:
                last, key, odd = pair.standard, term_key(pair.standard), bool(oddities(pair.standard))
                group = self._groups.setdefault(key, len(self._groups) + 1)
            synonym = term_key(pair.synonym)
            self._synonyms.add(synonym)
            self._pairs += 1
            self.content.add(pair.standard, pair.synonym)
            strange = odd or bool(oddities(pair.synonym))
            yield group, position, pair.standard, pair.synonym, key, synonym, pair.row, False, strange

    def counts(self) -> dict[str, int]:
        extra = sum(key not in self._groups for key in self._synonyms)
        return {"pairs": self._pairs, "standards": len(self._groups), "terms": len(self._groups) + extra}


def _keys(pair: Pair) -> frozenset[str]:
    return frozenset((term_key(pair.standard), term_key(pair.synonym)))


def _info(row: dict[str, Any]) -> DictionaryInfo:
    return DictionaryInfo(**{**row, "sample": bool(row["sample"])})
