"""Dictionaries and their versions: each save is one transaction and a new version; nothing is overwritten."""

from __future__ import annotations

import json
import time
import uuid
import zlib
from collections.abc import Iterable, Sequence
from typing import Any

from workbench.errors import NameTaken, NotFound
from workbench.localtext import LocalText
from workbench.normalise import digest, term_key
from workbench.storage.database import Database
from workbench.types import DictionaryInfo, Pair, Part, Split, SynonymGroup

_INFO = """SELECT d.id, d.name, d.sample, v.number AS version, v.id AS version_id, v.pairs, v.standards,
    v.terms, v.language, v.source, v.created_at
    FROM dictionaries d JOIN versions v ON v.dictionary_id = d.id"""
_NEWEST = f"""{_INFO} AND v.number = (SELECT max(number) FROM versions WHERE dictionary_id = d.id)
    WHERE d.deleted_at IS NULL"""


class DictionaryStore:
    """Reads and writes dictionaries in the database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def save(
        self,
        name: str,
        pairs: Sequence[Pair],
        *,
        language: str,
        source: str,
        replace: bool = False,
        sample: bool = False,
    ) -> DictionaryInfo:
        """Store ``pairs`` as a new dictionary, or as a new version of ``name`` when ``replace``.

        The same pairs as in the newest version make no new version.

        Raises:
            NameTaken: ``name`` exists and ``replace`` is false.
        """
        now = time.time()
        content = digest(*(f"{pair.standard}\x1f{pair.synonym}" for pair in pairs))
        with self._database.write() as db:
            known = self._find(name)
            if known and not replace:
                raise NameTaken(
                    LocalText(
                        "已经有一个叫「{name}」的词典。", "There is already a dictionary called “{name}”."
                    ),
                    LocalText(
                        "换一个名字，或选择存为它的新版本。",
                        "Choose another name, or save a new version of it.",
                    ),
                    name=name,
                )
            dictionary_id = known.id if known else uuid.uuid4().hex[:12]
            if known and self._content_hash(known.version_id) == content:
                return known
            if not known:
                db["dictionaries"].insert(
                    {"id": dictionary_id, "name": name, "sample": int(sample), "created_at": now}
                )
            version_id = uuid.uuid4().hex[:12]
            standards = {term_key(pair.standard) for pair in pairs}
            terms = standards | {term_key(pair.synonym) for pair in pairs}
            db["versions"].insert(
                {
                    "id": version_id,
                    "dictionary_id": dictionary_id,
                    "number": known.version + 1 if known else 1,
                    "pairs": len(pairs),
                    "standards": len(standards),
                    "terms": len(terms),
                    "language": language,
                    "source": source,
                    "content_hash": content,
                    "created_at": now,
                }
            )
            db.conn.executemany(
                "INSERT INTO pairs (version_id, grp, position, standard, synonym, row) VALUES (?,?,?,?,?,?)",
                _numbered(version_id, pairs),
            )
        return self.get(name)

    def all(self) -> list[DictionaryInfo]:
        """Every dictionary with its newest version, samples last, newest first."""
        rows = self._database.connection.query(f"{_NEWEST} ORDER BY d.sample, d.created_at DESC, d.name")
        return [_info(row) for row in rows]

    def any_ever(self) -> bool:
        """Whether a dictionary was ever stored here, deleted ones included."""
        return bool(self._database.connection.conn.execute("SELECT 1 FROM dictionaries LIMIT 1").fetchone())

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
        """Every pair of a version, groups together, in the order of the file."""
        rows = self._database.connection.conn.execute(
            "SELECT standard, synonym, row FROM pairs WHERE version_id = ? ORDER BY grp, position",
            (version_id,),
        )
        return [Pair(*row) for row in rows]

    def groups_page(
        self, version_id: str, *, search: str, page: int, size: int
    ) -> tuple[list[SynonymGroup], int]:
        """One page of groups, and how many there are; ``search`` matches any term of a group in part."""
        where, arguments = "version_id = ?", [version_id]
        if search.strip():
            pattern = "%" + _like_escaped(search.strip()) + "%"
            where += " AND (standard LIKE ? ESCAPE '\\' OR synonym LIKE ? ESCAPE '\\')"
            arguments += [pattern, pattern]
        connection = self._database.connection.conn
        total = connection.execute(
            f"SELECT count(DISTINCT grp) FROM pairs WHERE {where}", arguments
        ).fetchone()[0]
        numbers = [
            row[0]
            for row in connection.execute(
                f"SELECT DISTINCT grp FROM pairs WHERE {where} ORDER BY grp LIMIT ? OFFSET ?",
                [*arguments, size, page * size],
            )
        ]
        groups: dict[int, tuple[str, list[str]]] = {}
        marks = ",".join("?" * len(numbers))
        for grp, standard, synonym in connection.execute(
            f"SELECT grp, standard, synonym FROM pairs WHERE version_id = ? AND grp IN ({marks}) "
            "ORDER BY grp, position",
            [version_id, *numbers],
        ):
            groups.setdefault(grp, (standard, []))[1].append(synonym)
        return [SynonymGroup(standard, tuple(synonyms)) for standard, synonyms in groups.values()], total

    def holds(self, version_id: str, texts: Sequence[str]) -> int:
        """How many of ``texts`` are terms of a version, as written."""
        marks = ",".join("?" * len(texts))
        row = self._database.connection.conn.execute(
            f"""SELECT count(*) FROM (
                SELECT standard FROM pairs WHERE version_id = ? AND standard IN ({marks})
                UNION SELECT synonym FROM pairs WHERE version_id = ? AND synonym IN ({marks}))""",
            [version_id, *texts, version_id, *texts],
        ).fetchone()
        return int(row[0])

    def delete(self, name: str) -> None:
        """Delete a dictionary's pairs, splits and measurements; only its name and counts stay, unlisted."""
        info = self.get(name)
        with self._database.write() as db:
            for owned in ("pairs", "splits"):
                db.conn.execute(
                    f"DELETE FROM {owned} WHERE version_id IN "
                    "(SELECT id FROM versions WHERE dictionary_id = ?)",
                    (info.id,),
                )
            db.conn.execute("DELETE FROM evaluations WHERE dictionary_id = ?", (info.id,))
            db["dictionaries"].update(info.id, {"deleted_at": time.time()})

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

    def _content_hash(self, version_id: str) -> str:
        row = self._database.connection.conn.execute(
            "SELECT content_hash FROM versions WHERE id = ?", (version_id,)
        ).fetchone()
        return str(row[0])


def _numbered(version_id: str, pairs: Iterable[Pair]) -> Iterable[tuple[str, int, int, str, str, int]]:
    groups: dict[str, int] = {}
    for position, pair in enumerate(pairs):
        grp = groups.setdefault(term_key(pair.standard), len(groups))
        yield version_id, grp, position, pair.standard, pair.synonym, pair.row


def _like_escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


def _info(row: dict[str, Any]) -> DictionaryInfo:
    return DictionaryInfo(**{**row, "sample": bool(row["sample"])})
