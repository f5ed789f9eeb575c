"""Encoded texts on disk, by content and model fingerprint: what was encoded once is never encoded again."""

from __future__ import annotations

import hashlib
import logging
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from workbench.storage.database import connect

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

log = logging.getLogger("workbench.embeddings")
Encode = Callable[[Sequence[str]], "NDArray[np.float32]"]


class EmbeddingStore:
    """Vectors of texts under ``folder``, one SQLite file for each model fingerprint.

    A key is the 128-bit BLAKE2b of the text, so that a changed text is a new key and a changed
    model (another fingerprint) another file. Vectors are float32.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def load(self, fingerprint: str, texts: Sequence[str]) -> tuple[NDArray[np.float32] | None, list[int]]:
        """Vectors of ``texts`` in order, shape (n, d), and the indices of those that are missing.

        Rows of missing texts hold zeros. The array is None when nothing at all is stored.
        """
        import numpy as np

        vectors: NDArray[np.float32] | None = None
        places = _places(texts)
        for key, raw in self._stored(fingerprint, list(places), "vector"):
            vector = np.frombuffer(raw, "<f4")
            if vectors is None:
                vectors = np.zeros((len(texts), len(vector)), np.float32)
            vectors[places.pop(key)] = vector
        return vectors, sorted(index for indices in places.values() for index in indices)

    def count_missing(self, fingerprint: str, texts: Sequence[str]) -> int:
        """How many of ``texts`` (equal ones counted once) have no stored vector."""
        places = _places(texts)
        return len(places) - len(self._stored(fingerprint, list(places), "1"))

    def save(self, fingerprint: str, texts: Sequence[str], vectors: NDArray[np.float32]) -> None:
        """Store one vector for each text; what is there already stays.

        A cache that cannot be written (a full disk) is not worth an answer: it is logged, no more.
        """
        if not len(texts):
            return
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            self._write(fingerprint, texts, vectors)
        except (sqlite3.Error, OSError):
            log.exception("vectors were not kept")

    def _write(self, fingerprint: str, texts: Sequence[str], vectors: NDArray[np.float32]) -> None:
        connection = connect(self._path(fingerprint))
        try:
            connection.execute(_TABLE)
            connection.execute("BEGIN IMMEDIATE")
            connection.executemany(
                "INSERT OR IGNORE INTO vectors (key, vector) VALUES (?, ?)",
                (
                    (_key(text), vector.astype("<f4").tobytes())
                    for text, vector in zip(texts, vectors, strict=True)
                ),
            )
            connection.commit()
        finally:
            connection.close()

    def encode(
        self,
        fingerprint: str,
        texts: Sequence[str],
        encode: Encode,
        *,
        block: int = 4096,
    ) -> NDArray[np.float32]:
        """Vectors of ``texts``, shape (n, d): stored ones are read, the others encoded and stored.

        Stored block by block, so that a stop in the middle loses one block at most.
        """
        vectors, missing = self.load(fingerprint, texts)
        first_of: dict[str, int] = {}
        for index in missing:
            first_of.setdefault(texts[index], index)
        distinct = list(first_of)
        for start in range(0, len(distinct), block):
            chunk = distinct[start : start + block]
            fresh = encode(chunk)
            self.save(fingerprint, chunk, fresh)
            if vectors is None:
                import numpy as np

                vectors = np.zeros((len(texts), fresh.shape[1]), np.float32)
            for text, vector in zip(chunk, fresh, strict=True):
                vectors[first_of[text]] = vector
        if vectors is None:
            return encode([])
        for index in missing:
            vectors[index] = vectors[first_of[texts[index]]]
        return vectors

    def forget(self, fingerprint: str) -> None:
        """Remove what is stored for one model."""
        for suffix in ("", "-wal", "-shm"):
            Path(f"{self._path(fingerprint)}{suffix}").unlink(missing_ok=True)

    def _path(self, fingerprint: str) -> Path:
        return self._folder / f"vectors-{fingerprint[:32]}.db"

    def _stored(self, fingerprint: str, keys: list[bytes], column: str) -> list[tuple[bytes, bytes]]:
        """As :meth:`_rows`; a damaged file is removed, since all in it can be computed again."""
        try:
            return list(self._rows(fingerprint, keys, column))
        except sqlite3.OperationalError:
            raise
        except sqlite3.DatabaseError as error:
            log.warning("stored vectors are damaged and made again: %s", error)
            self.forget(fingerprint)
            return []

    def _rows(self, fingerprint: str, keys: list[bytes], column: str) -> Iterator[tuple[bytes, bytes]]:
        path = self._path(fingerprint)
        if not path.exists() or not keys:
            return
        connection = connect(path)
        try:
            connection.execute(_TABLE)
            for start in range(0, len(keys), 900):
                chunk = keys[start : start + 900]
                marks = ",".join("?" * len(chunk))
                yield from connection.execute(
                    f"SELECT key, {column} FROM vectors WHERE key IN ({marks})", chunk
                )
        finally:
            connection.close()


_TABLE = "CREATE TABLE IF NOT EXISTS vectors (key BLOB PRIMARY KEY, vector BLOB) WITHOUT ROWID"


def _places(texts: Sequence[str]) -> dict[bytes, list[int]]:
    places: dict[bytes, list[int]] = {}
    for index, text in enumerate(texts):
        places.setdefault(_key(text), []).append(index)
    return places


def _key(text: str) -> bytes:
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).digest()
