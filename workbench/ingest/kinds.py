"""What a table holds, by headings and looks: a dictionary, labelled pairs, raw text, a retrieval set."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Literal

from workbench.errors import FileProblem
from workbench.ingest.columns import guess_columns, role_of
from workbench.ingest.labels import read_label
from workbench.ingest.pair_columns import PairColumns, guess_pair_columns, pair_heading_key
from workbench.ingest.plain_lines import is_running_text
from workbench.ingest.retrieval_columns import query_role
from workbench.ingest.table import Table
from workbench.localtext import LocalText

Kind = Literal["dictionary", "pairs", "corpus", "retrieval"]
KIND_NAMES: dict[Kind, LocalText] = {
    "dictionary": LocalText("同义词词典", "synonym dictionary"),
    "pairs": LocalText("句对（带标签）", "labelled pairs"),
    "corpus": LocalText("原始语料", "raw text"),
    "retrieval": LocalText("检索集（查询与答案）", "retrieval set (queries and answers)"),
}
_LOOKED_AT = 500
_TERM_SIZE = 9  # Chinese characters or English words; longer ones on average are sentences
_TERM_FORMATS = ("colon", "groups", "solr", "cilin", "skos", "obo")
_QUESTION = re.compile(
    r"[?？吗呢]$|怎么|如何|什么|哪|为何|为什么|多少|是否|^(how|what|why|when|where|who|which|can|does|is|are)\b",
    re.IGNORECASE,
)
_UNIT = re.compile("[\u3040-\u9fff\uf900-\ufaff]|[^\\W\u3040-\u9fff\uf900-\ufaff]+")
_HEADINGS_OF_QUERIES = ("查询", "问题", "问句", "提问", "用户", "检索", "query", "question")


@dataclass(frozen=True, slots=True)
class KindGuess:
    """``sure`` is false where a person should choose; ``reason`` says what was gone by."""

    kind: Kind
    sure: bool
    reason: LocalText


def guess_kind(table: Table) -> KindGuess:
    """What ``table`` most likely holds.

    By the format (a thesaurus is a dictionary), then by headings (text1, text2, label; query, answer;
    标准词, 近似词), then by looks: a column of labels beside two texts, one column of sentences,
    questions beside longer texts, short terms in two columns.
    """
    if table.choice is not None or table.format in _TERM_FORMATS:
        return KindGuess("dictionary", True, _FORMAT)
    by_heading = _by_heading(table)
    if by_heading is not None:
        return by_heading
    return _by_looks(table)


def _by_heading(table: Table) -> KindGuess | None:
    heading = next((row for row in islice(table.rows, 10) if sum(1 for cell in row if cell.strip()) > 1), ())
    pairs = _pair_columns(table)
    if pairs is not None and pairs.has_header and pairs.sure and pairs.negative is not None:
        return KindGuess("pairs", True, _TRIPLET_HEADINGS)
    dictionary = _is_dictionary(table, heading)
    labelled = pairs is not None and pairs.has_header and pairs.sure and pairs.label is not None
    if labelled and (not dictionary or _has_both_labels(table, pairs)):
        return KindGuess("pairs", True, _PAIR_HEADINGS)
    if dictionary:
        return KindGuess("dictionary", True, _DICTIONARY_HEADINGS)
    roles = [query_role(cell) for cell in heading]
    named = any(pair_heading_key(cell).startswith(_HEADINGS_OF_QUERIES) for cell in heading)
    if named and "query" in roles and "answer" in roles:
        return KindGuess("retrieval", True, _RETRIEVAL_HEADINGS)
    if pairs is not None and pairs.has_header and pairs.sure and len(_texts(table)) >= 2:
        return KindGuess("pairs", False, _PAIR_HEADINGS)
    return None


def _by_looks(table: Table) -> KindGuess:
    pairs = _pair_columns(table)
    if pairs is not None and pairs.label is not None and not is_running_text(table):
        return KindGuess("pairs", pairs.sure, _LABELS)
    columns = _texts(table)
    if len(columns) < 2 or (table.format in ("csv", "tsv") and is_running_text(table) and _is_long(table)):
        return KindGuess("corpus", len(columns) < 2, _ONE_COLUMN if len(columns) < 2 else _SENTENCES)
    first, second = columns[:2]
    sizes = [sum(map(_size, cells)) / len(cells) for cells in (first, second)]
    questions = sum(1 for cell in first if _QUESTION.search(cell)) / len(first)
    if questions >= 0.5 or (sizes[1] > 2 * sizes[0] and sizes[1] > 2 * _TERM_SIZE):
        return KindGuess("retrieval", False, _QUESTIONS)
    if min(sizes) > _TERM_SIZE:
        return KindGuess("pairs", False, _TWO_SENTENCES)
    return KindGuess("dictionary", False, _TERMS)


def _pair_columns(table: Table) -> PairColumns | None:
    try:
        return guess_pair_columns(table)
    except FileProblem:
        return None


def _is_dictionary(table: Table, heading: Sequence[str]) -> bool:
    roles = {role_of(cell) for cell in heading}
    if not roles & {"standard", "synonym"}:
        return False
    try:
        return guess_columns(table).has_header
    except FileProblem:
        return False


def _has_both_labels(table: Table, pairs: PairColumns | None) -> bool:
    """A dictionary may have a column of scores; only labels of both kinds make it pairs."""
    column = pairs.label if pairs else None
    values = {
        read_label(row[column])
        for row in islice(table.rows, 1, _LOOKED_AT)
        if column is not None and column < len(row)
    }
    return {0.0, 1.0} <= values <= {0.0, 1.0, None}


def _texts(table: Table) -> list[list[str]]:
    """The cells of each column that holds texts: not empty, not numbers, not the same all over."""
    start = 1 if len(table.rows) > 1 else 0
    found = []
    for column in range(table.width):
        rows = islice(table.rows, start, start + _LOOKED_AT)
        cells = [cell for row in rows if column < len(row) and (cell := row[column].strip())]
        numbers = sum(1 for cell in cells if re.fullmatch(r"[\w.:\-]{0,6}\d[\d.:\-]*", cell))
        if cells and numbers < 0.9 * len(cells):
            found.append(cells)
    return found


def _size(text: str) -> int:
    return len(_UNIT.findall(text))


def _is_long(table: Table) -> bool:
    rows = table.rows[:_LOOKED_AT]
    return sum(_size(cell) for row in rows for cell in row) / len(rows) > _TERM_SIZE


_FORMAT = LocalText("文件格式是词表格式。", "The format is one of thesauri.")
_TRIPLET_HEADINGS = LocalText(
    "表头有锚点、正例和负例。", "The headings name an anchor, a positive and a negative."
)
_PAIR_HEADINGS = LocalText("表头是两个文本（和标签）。", "The headings name two texts (and a label).")
_DICTIONARY_HEADINGS = LocalText("表头有标准词、近似词。", "The headings name standard terms and synonyms.")
_RETRIEVAL_HEADINGS = LocalText("表头有查询和答案。", "The headings name queries and answers.")
_LABELS = LocalText(
    "两列文本旁边有一列标签或分数。", "Beside two columns of text there is one of labels or scores."
)
_ONE_COLUMN = LocalText("只有一列文本。", "There is only one column of text.")
_SENTENCES = LocalText("内容是句子，不是表格。", "These are sentences, not a table.")
_QUESTIONS = LocalText(
    "第一列像是问题，第二列像是较长的答案。",
    "The first column looks like questions, the second like answers.",
)
_TWO_SENTENCES = LocalText("两列都是句子，没有标签。", "Both columns hold sentences, without a label.")
_TERMS = LocalText("两列都是短词语。", "Both columns hold short terms.")
