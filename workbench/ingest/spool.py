"""Many texts kept in order on disk instead of in memory, to be read again as often as needed."""

from __future__ import annotations

import tempfile
import threading
from collections.abc import Iterator

_IN_MEMORY = 16 << 20
_BLOCK = 1 << 20


class TextSpool:
    """Texts without line breaks, each with the row that it came from.

    Up to 16 MB stay in memory, more goes to a temporary file that vanishes with the object. Iterating
    starts anew each time and may happen several times at once.
    """

    def __init__(self) -> None:
        self._file = tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY)  # noqa: SIM115  # as long as this object
        self._lock = threading.Lock()
        self._waiting: list[bytes] = []
        self._size = 0
        self._written = 0
        self.count = 0

    def __len__(self) -> int:
        return self.count

    def add(self, text: str, row: int) -> None:
        """Keep one more text; it must not hold a line feed."""
        line = b"%d %s\n" % (row, text.encode("utf-8", "surrogatepass"))
        self._waiting.append(line)
        self._size += len(line)
        self.count += 1
        if self._size >= _BLOCK:
            self._flush()

    def __iter__(self) -> Iterator[tuple[str, int]]:
        """Each text with its row, in the order in which they were added."""
        self._flush()
        place, rest = 0, b""
        while True:
            with self._lock:
                self._file.seek(place)
                block = self._file.read(min(_BLOCK, self._written - place))
            if not block:
                return
            place += len(block)
            *lines, rest = (rest + block).split(b"\n")
            for line in lines:
                row, _, text = line.partition(b" ")
                yield text.decode("utf-8", "surrogatepass"), int(row)

    def _flush(self) -> None:
        with self._lock:
            if self._waiting:
                self._file.seek(self._written)
                self._file.writelines(self._waiting)
                self._written += self._size
                self._waiting.clear()
                self._size = 0
