"""Raw text of the domain, by lines, paragraphs or a column: cleaned, cut and without duplicates."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import PurePath

from workbench.errors import FileProblem
from workbench.ingest import corpus_texts as say
from workbench.ingest.cell_text import clean_text, column_place, heading_row
from workbench.ingest.columns import columns_of
from workbench.ingest.delimited import text_lines
from workbench.ingest.encodings import (
    EMPTY,
    ENCODINGS,
    chosen_encoding,
    detect_encoding,
    refuse_if_not_text,
)
from workbench.ingest.plain_lines import is_running_text, one_column_delimiter
from workbench.ingest.problems import ProblemLog
from workbench.ingest.readers import read_table
from workbench.ingest.spool import TextSpool
from workbench.ingest.table import SPREADSHEETS, Table, too_large
from workbench.normalise import term_key
from workbench.types import Problem, TextUnit

SAMPLE_TEXTS = 20
TABLE_ENDINGS = (".csv", ".tsv", ".tab", ".xlsx", ".xlsm", ".json", ".jsonl", ".ndjson", ".parquet")
_TABLE_BYTES = (b"PK\x03\x04", b"PAR1")
_LOOKED_AT = 2000  # lines or rows
_SENTENCE = re.compile(r"[^。！？!?;；]*[。！？!?;；]+[”’」』）)\"']*|[^。！？!?;；]+")
_STOP = re.compile(r"(?<=[.…])\s+")
_WORD = re.compile(r"\w")
_BESIDE_HAN = re.compile("[\u2e80-\u9fff\uf900-\ufaff\uff00-\uffef]")
_TEXT_NAMES = (
    "text texts sentence content passage paragraph body document doc corpus line description "
    "文本 正文 内容 句子 段落 语料 文档 原文 全文 描述 文章"
)


@dataclass(frozen=True, slots=True)
class CorpusPreview:
    """What an upload of raw text would import. Nothing is stored yet.

    ``texts`` gives (text, row) each time it is iterated; ``count`` and ``characters`` are of these.
    ``columns`` and ``column`` are for a table, the latter counting from 0; empty and None for plain text.
    """

    texts: TextSpool
    count: int
    characters: int
    unit: TextUnit
    problems: tuple[Problem, ...]
    problem_counts: dict[str, int]
    columns: tuple[str, ...]
    column: int | None
    has_header: bool
    format: str
    encoding: str | None
    sheet: str | None
    sheets: tuple[str, ...]
    sample: tuple[str, ...]


def parse_corpus(
    data: bytes,
    filename: str,
    *,
    unit: TextUnit | None = None,
    column: str | int | None = None,
    has_header: bool | None = None,
    encoding: str | None = None,
    sheet: str | None = None,
    max_text_length: int = 2000,
    max_rows: int = 2_000_000,
    max_texts: int = 5_000_000,
    max_bytes: int = 200 << 20,
) -> CorpusPreview:
    """The texts in ``data``: plain text by ``unit`` (found out where None), or one column of a table.

    A table is what has the ending of one, or is asked for by ``column``; of a table the column with the
    longest texts is taken. Blank lines and lines without a letter or digit are dropped ("no_words"),
    texts that are there already under :func:`~workbench.normalise.term_key` too ("duplicate"), texts
    over ``max_text_length`` characters are cut into sentences ("cut"), characters that show nothing are
    removed ("control_character"). Plain text is read as a stream: what is held is ``data`` and eight
    bytes of hash (in a Python set) for each text.

    Raises FileProblem: not a text or table, over a limit, no such column, or no text at all.
    """
    ending = PurePath(filename.replace("\x00", "")).suffix.lower()
    if column is not None or sheet or ending in TABLE_ENDINGS or data.startswith(_TABLE_BYTES):
        delimiter = None if sheet else one_column_delimiter(data, filename, encoding)
        table = read_table(
            data,
            filename,
            max_rows=max_rows,
            max_bytes=max_bytes,
            encoding=encoding,
            delimiter=delimiter,
            sheet=sheet,
        )
        asked = column is not None or sheet is not None
        if asked or table.format not in ("csv", "tsv") or not is_running_text(table):
            return parse_corpus_table(
                table, column, has_header=has_header, max_text_length=max_text_length, max_texts=max_texts
            )
    if len(data) > max_bytes:
        raise too_large(len(data), max_bytes)
    if not data.strip(b"\x00 \t\r\n\xef\xbb\xbf\xff\xfe"):
        raise FileProblem(EMPTY, say.EMPTY_HINT)
    refuse_if_not_text(data)
    detected = chosen_encoding(data, encoding) if encoding else detect_encoding(data)
    log = ProblemLog()
    if not detected.sure:
        name = ENCODINGS.get(detected.encoding, detected.encoding)
        log.add("encoding_unsure", "warning", say.ENCODING_UNSURE, encoding=name)

    def lines() -> Iterator[str]:
        return text_lines(data, detected.encoding, detected.skip)

    unit = unit or guess_unit(islice(lines(), _LOOKED_AT))
    found = _paragraphs(lines()) if unit == "paragraph" else _numbered(lines())
    collector = _Collector(log, max_text_length, max_texts)
    for text, row in found:
        collector.add(text, row)
    return collector.preview(unit, format="txt", encoding=detected.encoding)


def parse_corpus_table(
    table: Table,
    column: str | int | None = None,
    *,
    has_header: bool | None = None,
    max_text_length: int = 2000,
    max_texts: int = 5_000_000,
) -> CorpusPreview:
    """The texts of one column of a table, as :func:`parse_corpus` says.

    Raises FileProblem: no such column, or no text at all.
    """
    named = heading_row(table.rows, [column])
    header = _has_heading(table, named) if has_header is None else has_header
    first = named or 0
    columns = columns_of(table, header, first)
    place = longest_column(table, skip=int(header)) if column is None else column_place(column, columns)
    log = ProblemLog()
    log.extend(table.problems, table.problem_counts)
    if len(columns) > 1 and column is None:
        log.add("column_chosen", "note", say.COLUMN_CHOSEN, None, columns[place])
    collector = _Collector(log, max_text_length, max_texts, escaped=table.format in SPREADSHEETS)
    start = first + int(header)
    for row, number in zip(table.rows[start:], islice(table.row_numbers, start, None), strict=True):
        if place < len(row):
            collector.add(row[place], number)
    return collector.preview("line", table=table, columns=tuple(columns), column=place, has_header=header)


def guess_unit(lines: Iterable[str]) -> TextUnit:
    """Paragraphs where blank lines part runs of several lines, else lines."""
    runs: list[int] = []
    length = 0
    for line in lines:
        if line.strip():
            length += 1
        elif length:
            runs.append(length)
            length = 0
    total = sum(runs) + length
    several = sum(run for run in runs if run > 1)
    return "paragraph" if len(runs) >= 2 and several >= 0.5 * total else "line"


def longest_column(table: Table, skip: int = 0) -> int:
    """The column with the most characters in its first rows, counting from 0."""
    sizes = [0] * max(1, table.width)
    for row in islice(table.rows, skip, skip + _LOOKED_AT):
        for place, cell in enumerate(row[: len(sizes)]):
            sizes[place] += len(cell)
    return max(range(len(sizes)), key=sizes.__getitem__)


def sentences(text: str, limit: int) -> Iterator[str]:
    """``text`` cut after ``。！？!?;；`` (and an English full stop with a space); what is still over
    ``limit`` characters is cut there."""
    for match in _SENTENCE.finditer(text):
        for part in _STOP.split(match.group()) if len(match.group()) > limit else (match.group(),):
            sentence = part.strip()
            for start in range(0, len(sentence), limit):
                yield sentence[start : start + limit]


class _Collector:
    """Takes texts one by one and keeps those that are new."""

    def __init__(self, log: ProblemLog, max_length: int, max_texts: int, *, escaped: bool = False) -> None:
        self._log = log
        self._max_length = max_length
        self._max_texts = max_texts
        self._escaped = escaped
        # 64-bit hashes: among five million texts two differ in text alone once in a million uploads.
        self._seen: set[int] = set()
        self._spool = TextSpool()
        self._sample: list[str] = []
        self._characters = 0

    def add(self, raw: str, row: int) -> None:
        if not raw or raw.isspace():
            return
        if "\ufffd" in raw:
            self._log.add("broken_character", "error", say.BROKEN, row)
        text, changed = clean_text(raw, escaped=self._escaped)
        if changed:
            self._log.add("control_character", "note", say.CONTROL, row)
        if len(text) <= self._max_length:
            self._keep(text, row)
            return
        self._log.add("cut", "note", say.CUT, row, count=len(text), limit=self._max_length)
        for sentence in sentences(text, self._max_length):
            self._keep(sentence, row)

    def _keep(self, text: str, row: int) -> None:
        if not _WORD.search(text):
            self._log.add("no_words", "note", say.NO_WORDS, row, start=text[:20])
            return
        key = hash(term_key(text))
        if key in self._seen:
            self._log.add("duplicate", "note", say.DUPLICATE, row, start=text[:40])
            return
        if len(self._seen) >= self._max_texts:
            raise FileProblem(say.TOO_MANY, say.SPLIT_FILE, limit=f"{self._max_texts:,}")
        self._seen.add(key)
        self._spool.add(text, row)
        self._characters += len(text)
        if len(self._sample) < SAMPLE_TEXTS:
            self._sample.append(text)

    def preview(
        self,
        unit: TextUnit,
        *,
        table: Table | None = None,
        columns: tuple[str, ...] = (),
        column: int | None = None,
        has_header: bool = False,
        format: str = "",
        encoding: str | None = None,
    ) -> CorpusPreview:
        """What was kept. Raises FileProblem where that is nothing."""
        if not len(self._spool):
            raise FileProblem(say.NO_TEXT, say.EMPTY_HINT)
        return CorpusPreview(
            texts=self._spool,
            count=len(self._spool),
            characters=self._characters,
            unit=unit,
            problems=self._log.problems(),
            problem_counts=dict(self._log.counts),
            columns=columns,
            column=column,
            has_header=has_header,
            format=table.format if table else format,
            encoding=table.encoding if table else encoding,
            sheet=table.sheet if table else None,
            sheets=table.sheets if table else (),
            sample=tuple(self._sample),
        )


def _has_heading(table: Table, named: int | None) -> bool:
    if named is not None or table.heading:
        return True
    names = _TEXT_NAMES.split()
    return any(term_key(cell) in names for cell in table.rows[0])


def _numbered(lines: Iterable[str]) -> Iterator[tuple[str, int]]:
    return ((line, number) for number, line in enumerate(lines, 1))


def _paragraphs(lines: Iterable[str]) -> Iterator[tuple[str, int]]:
    """Lines between blank ones as one text each, with the row of the first."""
    parts: list[str] = []
    first = 0
    for number, line in enumerate(lines, 1):
        text = line.strip()
        if text:
            first = first if parts else number
            parts.append(text)
        elif parts:
            yield _joined(parts), first
            parts = []
    if parts:
        yield _joined(parts), first


def _joined(parts: list[str]) -> str:
    """Lines as one text: with a space between, but for Chinese, where a line break stands for nothing."""
    text = parts[0]
    pieces = [text]
    for part in parts[1:]:
        chinese = _BESIDE_HAN.match(pieces[-1][-1]) and _BESIDE_HAN.match(part[0])
        pieces.append(part if chinese else f" {part}")
    return "".join(pieces)
