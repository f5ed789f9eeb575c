"""A file of queries with answers and one of passages as a retrieval set, with every problem in them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, Literal

from workbench.errors import FileProblem
from workbench.ingest import retrieval_texts as say
from workbench.ingest.cell_text import clean_text
from workbench.ingest.columns import columns_of
from workbench.ingest.problems import ProblemLog
from workbench.ingest.retrieval_checks import report_near_identical, report_queries_among_passages
from workbench.ingest.retrieval_columns import (
    PassageColumns,
    QueryColumns,
    choose_passage_columns,
    choose_query_columns,
    guess_passage_columns,
    guess_query_columns,
    share_of,
)
from workbench.ingest.table import SPREADSHEETS, Table
from workbench.localtext import LocalText
from workbench.normalise import term_key
from workbench.types import Problem, RetrievalSet, Severity

__all__ = ["PassageColumns", "QueryColumns", "RetrievalPreview", "parse_retrieval_set"]

Missing = Literal["add", "ignore"]
AnswersAre = Literal["texts", "ids", "numbers"]
SAMPLE_QUERIES = 20
_LIST = re.compile(r"[\n|;；,，、]")


@dataclass(frozen=True, slots=True)
class RetrievalPreview:
    """What an upload would import as a retrieval set. Nothing is stored yet.

    ``query_rows`` and ``passage_rows`` run parallel to the set's queries and passages (0: added, not in
    the file). ``answers_are``: how the file of queries names its answers. ``near_identical`` counts
    passages that differ from another by a suffix only; ``limited`` counts queries of which an answer has
    such a twin that is none: no model can be sure of these at rank 1. ``sample``: queries with answers.
    """

    set: RetrievalSet
    query_rows: tuple[int, ...]
    passage_rows: tuple[int, ...]
    problems: tuple[Problem, ...]
    problem_counts: dict[str, int]
    query_columns: tuple[str, ...]
    query_choice: QueryColumns
    passage_columns: tuple[str, ...]
    passage_choice: PassageColumns | None
    answers_are: AnswersAre
    near_identical: int
    limited: int
    sample: tuple[tuple[str, tuple[str, ...]], ...]


def parse_retrieval_set(
    queries: Table,
    corpus: Table | None = None,
    *,
    query: str | int | None = None,
    answers: Sequence[str | int] | None = None,
    passage: str | int | None = None,
    passage_id: str | int | None = None,
    queries_header: bool | None = None,
    corpus_header: bool | None = None,
    missing: Missing = "add",
    merge_duplicates: bool = True,
) -> RetrievalPreview:
    """Queries, passages and answers. Without ``corpus`` the passages are all answers.

    Queries and passages come in the order of the files, to the letter but for outer white space and
    characters that show nothing. An answer is a passage's text, its id, or its number (from 1; from 0
    where a 0 occurs) in a corpus without ids. Several answers: repeated rows, several columns, a list in
    a cell. Repeated queries are merged ("merged_query"), so are passages that are equal to the letter
    ("duplicate_passage", unless ``merge_duplicates`` is false: then each counts as the answer).

    An answer that is no passage is added to the passages, or with ``missing`` "ignore" left out
    ("answer_missing"); an id that does not exist is left out ("unknown_id"). A query without an answer
    is left out ("empty_cell", "no_answer"). Noted: passages that are the same but for a suffix
    ("near_identical"), queries equal to a passage ("query_is_passage").

    Columns by name or number from 0, or recognised.

    Raises FileProblem: no two columns, no such column, or no query with an answer.
    """
    log = ProblemLog()
    passages = _Passages(log, merge_duplicates)
    passage_choice: PassageColumns | None = None
    passage_names: tuple[str, ...] = ()
    if corpus is not None:
        log.extend(corpus.problems, corpus.problem_counts)
        guess = guess_passage_columns(corpus, has_header=corpus_header)
        passage_choice = choose_passage_columns(corpus, guess, passage, passage_id)
        passage_names = tuple(columns_of(corpus, passage_choice.has_header))
        passages.read(corpus, passage_choice)
    log.extend(queries.problems, queries.problem_counts)
    found, answers_are = _query_columns(queries, passages, queries_header)
    choice = choose_query_columns(queries, found, query, answers)
    if answers:
        answers_are = _named_by(queries, passages, choice)
    names = tuple(columns_of(queries, choice.has_header))
    _note_choice(choice, names, queries, answers_are, log)
    reader = _Queries(passages, answers_are, missing, names, log)
    reader.from_zero = answers_are == "numbers" and _has_zero(queries, choice)
    for row, number in _rows(queries, choice.has_header):
        reader.add_row(row, number, choice, escaped=queries.format in SPREADSHEETS)
    reader.leave_out_unanswered()
    if not reader.texts:
        raise FileProblem(say.NO_QUERY, say.NO_QUERY_HINT)
    content = RetrievalSet(
        tuple(reader.texts), tuple(passages.texts), tuple(tuple(found) for found in reader.answers)
    )
    near, limited = report_near_identical(content, passages.rows, log)
    report_queries_among_passages(content, reader.rows, log)
    return RetrievalPreview(
        set=content,
        query_rows=tuple(reader.rows),
        passage_rows=tuple(passages.rows),
        problems=log.problems(),
        problem_counts=dict(log.counts),
        query_columns=names,
        query_choice=choice,
        passage_columns=passage_names,
        passage_choice=passage_choice,
        answers_are=answers_are,
        near_identical=near,
        limited=limited,
        sample=tuple(
            (text, tuple(content.passages[p] for p in found))
            for text, found in islice(zip(content.queries, content.answers, strict=True), SAMPLE_QUERIES)
        ),
    )


class _Passages:
    """The passages, to be found by text, id, number and key."""

    def __init__(self, log: ProblemLog, merge: bool) -> None:
        self.texts: list[str] = []
        self.rows: list[int] = []
        self.by_text: dict[str, list[int]] = {}
        self.by_id: dict[str, list[int]] = {}
        self.by_number: list[int] = []
        self._by_key: dict[str, list[int]] = {}
        self._log = log
        self._merge = merge

    def read(self, table: Table, choice: PassageColumns) -> None:
        """Take in every row of the file of passages."""
        columns = columns_of(table, choice.has_header)
        for row, number in _rows(table, choice.has_header):
            raw = row[choice.text] if choice.text < len(row) else ""
            text = self.clean(raw, number, columns[choice.text], escaped=table.format in SPREADSHEETS)
            if not text:
                if any(cell.strip() for cell in row):
                    self._log.add("empty_cell", "warning", say.EMPTY_CELL, number, columns[choice.text])
                continue
            place = self.add(text, number)
            self.by_number.append(place)
            if choice.id is not None and choice.id < len(row) and row[choice.id].strip():
                self.by_id.setdefault(row[choice.id].strip(), []).append(place)

    def add(self, text: str, row: int) -> int:
        """The place of a passage, which is a new one unless it is there to the letter and is merged."""
        known = self.by_text.get(text)
        if known is not None and row:
            first = self.rows[known[0]]
            self._log.add(
                "duplicate_passage", "warning", say.DUPLICATE_PASSAGE, row, start=text[:40], other=first
            )
        if known is not None and (self._merge or not row):
            return known[0]
        place = len(self.texts)
        self.texts.append(text)
        self.rows.append(row)
        self.by_text.setdefault(text, []).append(place)
        self._by_key.setdefault(term_key(text), []).append(place)
        return place

    def like(self, text: str) -> list[int] | None:
        """The passages with this text: to the letter, else but for case, width and white space."""
        return self.by_text.get(text) or self._by_key.get(term_key(text))

    def clean(self, raw: str, row: int, column: str, *, escaped: bool) -> str:
        """The text of a cell; removed characters are reported."""
        text, changed = clean_text(raw, escaped=escaped)
        if changed:
            self._log.add("control_character", "note", say.CONTROL, row, column)
        return text


class _Queries:
    """The queries that were read so far with the places of their answers."""

    def __init__(
        self,
        passages: _Passages,
        answers_are: AnswersAre,
        missing: Missing,
        columns: Sequence[str],
        log: ProblemLog,
    ) -> None:
        self.texts: list[str] = []
        self.rows: list[int] = []
        self.answers: list[list[int]] = []
        self.from_zero = False
        self._passages = passages
        self._whole_corpus = bool(passages.texts)
        self._are = answers_are
        self._missing = missing
        self._columns = columns
        self._log = log
        self._place_of: dict[str, int] = {}

    def add_row(self, row: Sequence[str], number: int, choice: QueryColumns, *, escaped: bool) -> None:
        raw = row[choice.query] if choice.query < len(row) else ""
        cells = [(c, row[c]) for c in choice.answers if c < len(row) and row[c].strip()]
        if not any(cell.strip() for cell in row):
            return
        text = self._passages.clean(raw, number, self._columns[choice.query], escaped=escaped)
        if not text or not cells:
            column = self._columns[choice.answers[0] if text else choice.query]
            self._log.add("empty_cell", "warning", say.EMPTY_CELL, number, column)
            if not text:
                return
        place = self._place_of.setdefault(text, len(self.texts))
        known = place < len(self.texts)
        if not known:
            self.texts.append(text)
            self.rows.append(number)
            self.answers.append([])
        before = len(self.answers[place])
        for column_number, cell in cells:
            for answer in self._resolve(cell, number, self._columns[column_number], escaped):
                if answer not in self.answers[place]:
                    self.answers[place].append(answer)
        if known and cells:
            new = len(self.answers[place]) > before
            code: str = "merged_query" if new else "duplicate"
            severity: Severity = "note" if new else "warning"
            sentence = say.MERGED_QUERY if new else say.DUPLICATE
            self._log.add(code, severity, sentence, number, query=text[:40], other=self.rows[place])

    def leave_out_unanswered(self) -> None:
        """Drop the queries of which no answer could be used."""
        for text, row, found in zip(self.texts, self.rows, self.answers, strict=True):
            if not found:
                self._log.add("no_answer", "error", say.NO_ANSWER, row, query=text[:40])
        kept = [i for i, found in enumerate(self.answers) if found]
        self.texts = [self.texts[i] for i in kept]
        self.rows = [self.rows[i] for i in kept]
        self.answers = [sorted(self.answers[i]) for i in kept]

    def _resolve(self, cell: str, row: int, column: str, escaped: bool) -> list[int]:
        """The places of the answers in a cell; what is missing is reported, and added where it may be."""
        whole = cell.strip()
        text, _ = clean_text(cell, escaped=escaped)
        found = self._find(whole) or self._find(text)
        if found:
            return found
        parts = _json_list(whole)
        if parts is None and self._whole_corpus:
            pieces = [piece.strip() for piece in _LIST.split(whole) if piece.strip()]
            known = [self._find(piece) for piece in pieces]
            numbered = self._are != "texts" and any(known)
            parts = pieces if len(pieces) > 1 and (all(known) or numbered) else None
        places: list[int] = []
        for part in [text] if parts is None else parts:
            places += self._find(part) or self._missing_answer(part, row, column)
        return places

    def _find(self, text: str) -> list[int]:
        if self._are == "ids" and text in self._passages.by_id:
            return self._passages.by_id[text]
        if self._are == "numbers":
            number = _whole_number(text)
            place = -1 if number is None else number - (0 if self.from_zero else 1)
            return [self._passages.by_number[place]] if 0 <= place < len(self._passages.by_number) else []
        return self._passages.like(text) or self._passages.by_id.get(text) or []

    def _missing_answer(self, text: str, row: int, column: str) -> list[int]:
        if not self._whole_corpus:
            return [self._passages.add(text, 0)] if text else []
        if self._are != "texts":
            self._log.add("unknown_id", "error", say.UNKNOWN_ID, row, column, answer=text[:40])
            return []
        add = self._missing == "add"
        sentence = say.ANSWER_ADDED if add else say.ANSWER_IGNORED
        self._log.add("answer_missing", "warning", sentence, row, column, answer=text[:40])
        return [self._passages.add(text, 0)] if add else []


def _query_columns(
    table: Table, passages: _Passages, has_header: bool | None
) -> tuple[QueryColumns, AnswersAre]:
    """The columns of the queries, and whether the answers are texts, ids or numbers of passages."""
    are = _named_by(table, passages, None)
    known: Any = {"texts": passages.by_text, "ids": passages.by_id, "numbers": _numbers(passages)}[are]
    guess = guess_query_columns(table, known, one_answer=are != "texts", has_header=has_header)
    return guess, _named_by(table, passages, guess)


def _named_by(table: Table, passages: _Passages, choice: QueryColumns | None) -> AnswersAre:
    """How answers are named, by what most cells of the chosen columns (of the best column) are."""
    if choice is not None:
        cells = [row[c] for row, _ in _rows(table, choice.has_header) for c in choice.answers if c < len(row)]
        flat: list[tuple[str, ...]] = [
            (piece.strip(),)
            for cell in cells
            for piece in ([cell] if cell.strip() in passages.by_text else _pieces(cell))
        ]
        table = Table(flat or [("",)], range(1, max(1, len(flat)) + 1), 1, table.format)
    if share_of(table, passages.by_text) >= 0.5 or not passages.texts:
        return "texts"
    shares = {"ids": share_of(table, passages.by_id), "numbers": share_of(table, _numbers(passages))}
    if shares["ids"] >= 0.5:
        return "ids"
    return "numbers" if not passages.by_id and shares["numbers"] >= 0.8 else "texts"


def _pieces(cell: str) -> list[str]:
    """A cell, or the short pieces of a list of ids in it."""
    parts = _json_list(cell.strip()) or _LIST.split(cell)
    return parts if len(parts) > 1 and all(len(part.strip()) <= 20 for part in parts) else [cell]


def _numbers(passages: _Passages) -> set[str]:
    return {str(number) for number in range(len(passages.by_number) + 1)} if passages.by_number else set()


def _has_zero(table: Table, choice: QueryColumns) -> bool:
    return any(
        piece.strip() == "0"
        for row, _ in _rows(table, choice.has_header)
        for c in choice.answers
        if c < len(row)
        for piece in _pieces(row[c])
    )


def _whole_number(text: str) -> int | None:
    bare = text.strip()
    return int(bare) if bare.isascii() and bare.isdigit() and len(bare) < 10 else None


def _json_list(text: str) -> list[str] | None:
    """The items of a cell such as ``["a", "b"]``; None for any other text."""
    if not (text.startswith("[") and text.endswith("]")):
        return None
    try:
        items = json.loads(text)
    except (ValueError, RecursionError):
        return None
    if not isinstance(items, list) or not all(isinstance(item, str | int) for item in items):
        return None
    return [str(item).strip() for item in items if str(item).strip()]


def _rows(table: Table, has_header: bool) -> Iterator[tuple[tuple[str, ...], int]]:
    start = int(has_header)
    return zip(islice(table.rows, start, None), islice(table.row_numbers, start, None), strict=True)


def _note_choice(
    choice: QueryColumns, names: Sequence[str], table: Table, answers_are: AnswersAre, log: ProblemLog
) -> None:
    chosen: dict[str, LocalText | str] = {
        "query": names[choice.query],
        "answers": LocalText.listing(names[column] for column in choice.answers),
    }
    if not choice.sure:
        log.add("columns_unsure", "warning", say.COLUMNS_UNSURE.format(**chosen))
    if choice.has_header:
        log.add("heading", "note", say.HEADING, table.row_numbers[0] or None)
    if answers_are == "numbers":
        log.add("answers_are_numbers", "note", say.ANSWERS_ARE_NUMBERS)
