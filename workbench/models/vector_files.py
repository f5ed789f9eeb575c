"""Reads files of word vectors, whoever wrote them: word2vec text and binary, GloVe, fastText's .vec."""

from __future__ import annotations

import bz2
import codecs
import gzip
import io
import re
import struct
import zlib
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Literal

import numpy as np
from numpy.typing import NDArray

from workbench.ingest.problems import ProblemLog
from workbench.localtext import LocalText
from workbench.models import vector_texts as texts
from workbench.types import Problem

Floats = NDArray[np.float32]
Progress = Callable[[float, LocalText], None]
Format = Literal["word2vec text", "word2vec binary", "GloVe"]

MOST_WORDS = 200_000  # by default: 300 numbers each make 240 MB
LIMIT_WORDS = 2_000_000
LARGEST_DIMENSION = 2000
LONGEST_WORD = 200  # characters
LONGEST_LINE = 1 << 18  # bytes; 2,000 numbers of 25 characters take 50,000
SAMPLE_LINES = 100
SAMPLE_BYTES = 1 << 20
BATCH = 1024  # rows that are turned into numbers at once
TOO_MANY_BROKEN = 1000  # rows, and more than can be read: it is something else
_HEADER = re.compile(rb"\s*(\d{1,12})[ \t]+(\d{1,9})\s*")
_NUMBER = re.compile(rb"[+-]?(\d+\.?\d*([eE][+-]?\d+)?|\.\d+([eE][+-]?\d+)?|nan|inf|infinity)", re.IGNORECASE)
_CONTROL = re.compile("[\x00-\x1f\x7f]")
_FASTTEXT_MAGIC = struct.pack("<i", 793712314)
_ARCHIVES = (b"PK\x03\x04", b"\xfd7zXZ", b"7z\xbc\xaf", b"Rar!", b"\x28\xb5\x2f\xfd")
_PICKLES = tuple(b"\x80" + bytes([protocol]) for protocol in range(1, 6))
_CUT = (EOFError, zlib.error, OSError)  # how a file that breaks off shows itself
READING = LocalText("已读 {count} 个词", "{count} words read")


@dataclass(frozen=True)
class VectorTable:
    """Words with their vectors, in the order of the file: the most frequent first, as all tools write them.

    ``vectors`` is float32 (n, d), finite. ``problems`` are the rows that were left out (at most 1,000 in
    detail), ``counts`` how many of each kind. ``more`` says whether the file has words beyond those read.
    """

    words: list[str]
    vectors: Floats
    format: Format
    problems: tuple[Problem, ...]
    counts: dict[str, int]
    more: bool


def read_vectors(
    path: Path, *, name: str = "", most_words: int = MOST_WORDS, progress: Progress | None = None
) -> VectorTable:
    """The first ``most_words`` words of a file, with their vectors.

    The format is seen from the content: gzip and bzip2 are unpacked on the way, a first line of two numbers
    is word2vec's and fastText's, none is GloVe's; words may contain spaces. The file is read as a stream
    and never as a program; memory is that of the vectors that are kept.

    Raises:
        FileProblem: it is no such file, or no word of it can be used.
    """
    name = name or path.name
    with _opened(path, name) as (ahead, share):
        return _Reading(name, ahead, min(most_words, LIMIT_WORDS), share, progress).table()


class _Ahead(io.RawIOBase):
    """A stream whose beginning can be looked at before it is read."""

    def __init__(self, inner: Any) -> None:
        self._inner = inner
        self.sample = b""
        try:
            while len(self.sample) < SAMPLE_BYTES and (piece := inner.read(1 << 16)):
                self.sample += piece
        except _CUT:
            if not self.sample:
                raise
            # else it is met again when what lies before has been read

    def readable(self) -> bool:
        """It is."""
        return True

    def readinto(self, buffer: Any) -> int:
        """The sample first, then what follows it."""
        if self.sample:
            piece, self.sample = self.sample[: len(buffer)], self.sample[len(buffer) :]
        else:
            piece = self._inner.read(len(buffer))
        buffer[: len(piece)] = piece
        return len(piece)


@contextmanager
def _opened(path: Path, name: str) -> Iterator[tuple[_Ahead, Callable[[], float]]]:
    """The unpacked stream of a file, and what tells how much of it (0..1) has been read."""
    try:
        raw: IO[bytes] = path.open("rb")
    except OSError as error:
        raise texts.refused(texts.UNREADABLE_FILE, name=name, why=error.strerror or error) from error
    with raw:
        size, start = max(1, path.stat().st_size), raw.read(16)
        raw.seek(0)
        _refuse_other_kinds(name, start)
        inner: Any = raw
        if start.startswith(b"\x1f\x8b"):
            inner = gzip.GzipFile(fileobj=raw)
        elif start.startswith(b"BZh"):
            inner = bz2.BZ2File(raw)
        try:
            yield _Ahead(inner), lambda: min(1.0, raw.tell() / size)
        except _CUT as error:
            raise texts.refused(texts.DAMAGED, name=name, why=str(error) or type(error).__name__) from error


def _refuse_other_kinds(name: str, start: bytes) -> None:
    if not start:
        raise texts.refused(texts.EMPTY, name=name)
    if start.startswith(_FASTTEXT_MAGIC):
        raise texts.refused(texts.FASTTEXT_BIN, name=name)
    if start.startswith(_ARCHIVES):
        raise texts.refused(texts.ARCHIVE, name=name)
    if start.startswith(_PICKLES):
        raise texts.refused(texts.PICKLED, name=name)


class _Reading:
    """One file on its way in."""

    def __init__(
        self,
        name: str,
        ahead: _Ahead,
        most: int,
        share: Callable[[], float],
        progress: Progress | None,
    ) -> None:
        self._name, self._sample, self._most = name, ahead.sample, most
        self._stream = io.BufferedReader(ahead, 1 << 20)
        self._share, self._progress = share, progress
        self._log = ProblemLog()
        self._words: dict[str, None] = {}
        self._vectors: Floats
        self._dimension = 0
        self._encoding = "utf-8"
        self._broken = 0
        self._first_line = 1  # number of the first line that holds a word

    def table(self) -> VectorTable:
        """Everything that can be used."""
        kind = self._look()
        try:
            self._vectors = np.empty((self._most, self._dimension), np.float32)
            more = self._binary() if kind == "word2vec binary" else self._text()
        except MemoryError as error:
            need = self._most * self._dimension * 4 // 2**20
            raise texts.refused(
                texts.NO_MEMORY, words=self._most, dimension=self._dimension, need=need
            ) from error
        problems = self._log.problems()
        if not self._words:
            if not problems:
                raise texts.refused(texts.NOT_VECTORS, name=self._name, rows=self._first_line)
            raise texts.refused(texts.NO_WORDS, name=self._name, first=problems[0].text)
        self._tell()
        found = self._vectors[: len(self._words)]
        return VectorTable(list(self._words), found, kind, problems, dict(self._log.counts), more)

    # -- what kind of file it is -------------------------------------------------------------------

    def _look(self) -> Format:
        """The format; the stream then stands at the first word."""
        sample = self._sample
        if not sample:
            raise texts.refused(texts.EMPTY, name=self._name)
        if sample.startswith(codecs.BOM_UTF8):
            sample = sample[len(self._stream.read(3)) :]
        head, declared = _HEADER.fullmatch(sample.split(b"\n", 1)[0]), 0
        if head:
            declared = int(head.group(2))
            sample = sample[len(self._stream.readline(LONGEST_LINE)) :]
            self._first_line = 2
            self._check_dimension(declared)
        lines = sample.split(b"\n")
        whole = (lines[:-1] or lines)[:SAMPLE_LINES]
        widths = Counter(width for width in map(_numbers_behind_a_word, whole) if width > 1)
        if not widths:
            if declared and sample:
                self._dimension = declared
                return self._binary_or_refused(sample, len(whole))
            raise texts.refused(texts.NOT_VECTORS, name=self._name, rows=len(whole))
        self._dimension = widths.most_common(1)[0][0]
        if declared and declared not in widths:
            self._log.add("header", "warning", texts.HEADER, row=1, declared=declared, found=self._dimension)
        elif declared:
            self._dimension = declared
        self._check_dimension(self._dimension)
        self._encoding = _encoding_of(whole)
        return "word2vec text" if declared else "GloVe"

    def _binary_or_refused(self, sample: bytes, rows: int) -> Format:
        """A first word, a space and its numbers as bytes: text would have been recognised."""
        word, space, rest = sample.lstrip(b"\n")[: 4 * LONGEST_WORD + 4].partition(b" ")
        is_text = not re.search(rb"[\x00-\x08\x0e-\x1f\x80-\xff]", rest + sample[len(word) + 1 :])
        if not space or not word or is_text:
            raise texts.refused(texts.NOT_VECTORS, name=self._name, rows=rows)
        return "word2vec binary"

    def _check_dimension(self, dimension: int) -> None:
        if not 2 <= dimension <= LARGEST_DIMENSION:
            raise texts.refused(
                texts.BAD_DIMENSION, name=self._name, dimension=dimension, most=LARGEST_DIMENSION
            )

    # -- text ---------------------------------------------------------------------------------------

    def _text(self) -> bool:
        batch: list[tuple[int, bytes, bytes]] = []
        number = self._first_line - 1
        while len(self._words) < self._most:
            try:
                line = self._stream.readline(LONGEST_LINE)
            except _CUT:
                if not self._words and not batch:
                    raise
                self._log.add("cut_short", "warning", texts.CUT_SHORT, row=number + 1)
                line = b""
            if not line:
                self._flush(batch)
                return False
            number += 1
            if len(line) == LONGEST_LINE:
                raise texts.refused(texts.LONG_LINE, name=self._name, row=number)
            if not line.strip():
                continue
            if (split := self._split(number, line)) is not None:
                batch.append((number, *split))
            if len(batch) >= min(BATCH, self._most - len(self._words)):
                self._flush(batch)
        return bool(self._stream.peek(1))

    def _split(self, number: int, line: bytes) -> tuple[bytes, bytes] | None:
        """The word and its numbers, as they are written."""
        line = line.replace(b"\t", b" ").rstrip(b" \r\n")
        word, _, rest = line.partition(b" ")
        if word and rest.count(b" ") == self._dimension - 1:
            return word, rest
        parts = line.split()
        begin = len(parts) - self._dimension
        if begin < 1 or (begin > 1 and _NUMBER.fullmatch(parts[begin - 1])):
            self._bad("dimension", texts.DIMENSION, number, found=len(parts) - 1, wanted=self._dimension)
            return None
        return b" ".join(parts[:begin]), b" ".join(parts[begin:])

    def _flush(self, batch: list[tuple[int, bytes, bytes]]) -> None:
        """Turn a batch of rows into numbers: all at once, or one by one where that does not go."""
        if not batch:
            return
        whole = _numbers(b" ".join(rest for _, _, rest in batch), len(batch) * self._dimension)
        rows = None if whole is None else whole.reshape(len(batch), self._dimension)
        for place, (number, word, rest) in enumerate(batch):
            vector = _numbers(rest, self._dimension) if rows is None else rows[place]
            if vector is None:
                self._bad("no_number", texts.NO_NUMBER, number, word=_shown(word))
            else:
                self._keep(number, word, vector)
        batch.clear()
        self._tell()

    # -- binary -------------------------------------------------------------------------------------

    def _binary(self) -> bool:
        """``word``, a space, the numbers as little-endian float32; some writers add a line break."""
        size, buffer, number, ended = 4 * self._dimension, b"", 0, False
        while len(self._words) < self._most:
            space = buffer.find(b" ")
            while not ended and (space < 0 or len(buffer) < space + 1 + size) and len(buffer) < LONGEST_LINE:
                piece = self._read()
                ended = not piece
                buffer += piece
                space = buffer.find(b" ")
            if ended and not buffer.strip():
                return False
            number += 1
            end = space + 1 + size
            if space < 0 or space > 4 * LONGEST_WORD + 4 or len(buffer) < end:
                if not self._words:
                    raise texts.refused(texts.NOT_VECTORS, name=self._name, rows=number)
                self._log.add("cut_short", "warning", texts.CUT_SHORT, row=number)
                return False
            self._keep(
                number, buffer[:space].lstrip(b"\n"), np.frombuffer(buffer, "<f4", self._dimension, space + 1)
            )
            buffer = buffer[end:]
            if number % BATCH == 0:
                self._tell()
        return bool(buffer.strip() or self._stream.peek(1))

    def _read(self) -> bytes:
        try:
            return self._stream.read(1 << 16)
        except _CUT:
            if not self._words:
                raise
            return b""  # the row that is not whole says that the file breaks off

    # -- one word -----------------------------------------------------------------------------------

    def _keep(self, number: int, written: bytes, vector: Floats) -> None:
        if len(self._words) >= self._most:
            return
        try:
            word = written.decode(self._encoding)
        except UnicodeDecodeError:
            self._bad("unreadable", texts.UNREADABLE, number)
            return
        if not word.strip() or len(word) > LONGEST_WORD or _CONTROL.search(word):
            self._bad("no_word", texts.NO_WORD, number)
        elif word in self._words:
            self._log.add("duplicate", "note", texts.DUPLICATE, row=number, word=word)
        elif not np.isfinite(vector).all():
            self._bad("not_finite", texts.NOT_FINITE, number, word=word)
        else:
            self._vectors[len(self._words)] = vector
            self._words[word] = None

    def _bad(self, code: str, sentence: LocalText, row: int, **values: Any) -> None:
        self._log.add(code, "warning", sentence, row=row, **values)
        self._broken += 1
        if self._broken > TOO_MANY_BROKEN and self._broken > len(self._words) + BATCH:
            first = self._log.problems()[0].text
            raise texts.refused(
                texts.TOO_BROKEN, name=self._name, bad=self._broken, good=len(self._words), first=first
            )

    def _tell(self) -> None:
        if self._progress:
            done = max(self._share(), len(self._words) / self._most)
            self._progress(done, READING.format(count=len(self._words)))


def _numbers(written: bytes, count: int) -> Floats | None:
    """``count`` numbers, or None where it is something else."""
    try:
        found = np.fromstring(written.decode("ascii"), np.float32, sep=" ")
    except ValueError:
        return None
    return found if len(found) == count else None


def _numbers_behind_a_word(line: bytes) -> int:
    """How many numbers end a line, but for its first field, which may be anything."""
    count = 0
    for part in reversed(line.split()[1:]):
        if not _NUMBER.fullmatch(part):
            break
        count += 1
    return count


def _encoding_of(lines: list[bytes]) -> str:
    """UTF-8, or GB18030 where that reads clearly more of the lines."""

    def broken(encoding: str) -> int:
        count = 0
        for line in lines:
            try:
                line.decode(encoding)
            except UnicodeDecodeError:
                count += 1
        return count

    wrong = broken("utf-8")
    return "gb18030" if wrong > len(lines) / 4 and broken("gb18030") < wrong else "utf-8"


def _shown(word: bytes) -> str:
    return word.decode("utf-8", "replace")[:50]
