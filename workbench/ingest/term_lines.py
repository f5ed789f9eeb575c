"""Lists of terms in lines of plain text: ``standard: synonym, …``, Solr synonyms, Cilin, one group a line."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from itertools import islice

from workbench.errors import FileProblem
from workbench.ingest.problems import ProblemLog
from workbench.ingest.reading import BROKEN_CHARACTER, STANDARD_FIRST, TERM_HEADING, Reading
from workbench.ingest.splitting import split_cell
from workbench.localtext import LocalText

Row = tuple[int, list[str]]

MAX_LINE = 1_000_000  # characters
MAX_PAIRS_OF_A_LINE = 100_000
_LOOKED_AT = 400
_COLON = re.compile(r"[:：](?!//)")
# A colon before any other separator: not "http://", not a time of day.
_COLON_LINE = re.compile(r"[^:：,，;；|、\t]{1,60}[:：](?!//)(?!\d\d(:\d\d)?\b)")
_INNER_TAB = re.compile(r"(?<![:：\s])\t")  # columns, not the gap behind a colon
_CILIN = re.compile(r"\ufeff?\s*([A-Z][a-z]\d\d[A-Z]\d\d)([=#@])(.*)", re.DOTALL)
_GROUP_SEPARATORS = ("\t", "、", "，", ",", "；", ";", "|", "｜")


def looks_like(head: list[str], plain_text: bool) -> str | None:
    """ "cilin", "solr" or "colon" where the first lines look like it; None for anything else.

    ``plain_text`` is false for a file whose name says that it is a table: there only Cilin is believed.
    """
    lines = [line.strip("\ufeff \r\n") for line in head[:_LOOKED_AT]]
    lines = [line for line in lines if line]
    if not lines:
        return None
    if sum(1 for line in lines if _CILIN.match(line)) >= 0.8 * len(lines):
        return "cilin"
    if not plain_text:
        return None
    rules = [line for line in lines if not line.startswith("#")]
    arrows = sum(1 for line in rules if _arrow(line) is not None)
    if rules and arrows >= 0.2 * len(rules):
        return "solr"
    tabs = sum(1 for line in lines if _INNER_TAB.search(line))
    colons = sum(1 for line in lines if _COLON_LINE.match(line))
    return "colon" if colons >= 0.8 * len(lines) and tabs < 0.8 * len(lines) else None


def read_lines(kind: str, lines: Iterable[str], log: ProblemLog, separator: str | None = None) -> Reading:
    """The lines of ``kind`` ("colon", "groups", "solr", "cilin") as rows of standard term and synonym.

    ``separator`` stands between the terms of a line, for "groups"; it is recognised where None.

    Raises FileProblem at a line that no list of terms has.
    """
    heading = (*TERM_HEADING, "code") if kind == "cilin" else TERM_HEADING
    numbered = _checked(lines, log)
    if kind == "groups":
        first = list(islice(numbered, _LOOKED_AT))
        separator = separator or _common_separator([line for _, line in first])
        numbered = _chain(first, numbered)
        rows = _rows(numbered, lambda n, line: _group(n, line, separator, log))
    else:
        reader = {"colon": _colon, "solr": solr_rows, "cilin": _cilin}[kind]
        rows = _rows(numbered, lambda n, line: reader(n, line, log))
    return Reading(kind, rows, heading=heading, choice=STANDARD_FIRST)


def _checked(lines: Iterable[str], log: ProblemLog) -> Iterator[tuple[int, str]]:
    for number, line in enumerate(lines, 1):
        if len(line) > MAX_LINE:
            raise FileProblem(_LONG_LINE, _LONG_LINE_HINT, row=number, limit=f"{MAX_LINE:,}")
        if "\ufffd" in line:
            log.add("broken_character", "error", BROKEN_CHARACTER, number)
        bare = line.strip("\ufeff \t\r\n\u3000")
        if bare:
            yield number, bare


def _chain(first: list[tuple[int, str]], rest: Iterator[tuple[int, str]]) -> Iterator[tuple[int, str]]:
    yield from first
    yield from rest


def _rows(lines: Iterable[tuple[int, str]], of_line: Callable[[int, str], Iterable[Row]]) -> Iterator[Row]:
    for number, line in lines:
        for count, row in enumerate(of_line(number, line)):
            if count >= MAX_PAIRS_OF_A_LINE:
                raise FileProblem(_MANY_TERMS, _LONG_LINE_HINT, row=number, limit=f"{MAX_PAIRS_OF_A_LINE:,}")
            yield row


def _group_rows(number: int, terms: list[str], log: ProblemLog) -> Iterator[Row]:
    """The first term is the standard one."""
    if len(terms) == 1:
        log.add("single_term", "warning", _SINGLE, number, term=terms[0][:40])
    for term in terms[1:]:
        yield number, [terms[0], term]


# -- standard: synonym, synonym ---------------------------------------------------------------------


def _colon(number: int, line: str, log: ProblemLog) -> Iterator[Row]:
    found = _COLON.search(line)
    if found is None or not line[: found.start()].strip():
        log.add("no_colon", "error", _NO_COLON, number, start=line[:30])
        return
    standard = line[: found.start()].strip()
    synonyms = [term for part in line[found.end() :].split("\t") for term in split_cell(part)]
    for synonym in synonyms or [""]:
        yield number, [standard, synonym]


# -- one group a line -------------------------------------------------------------------------------


def _common_separator(lines: list[str]) -> str | None:
    """The separator that most lines have, None for white space."""
    counts = Counter(sep for line in lines for sep in _GROUP_SEPARATORS if sep in line)
    best = max(counts, key=lambda sep: counts[sep], default=None)
    return best if best is not None and counts[best] >= 0.3 * len(lines) else None


def _group(number: int, line: str, separator: str | None, log: ProblemLog) -> Iterator[Row]:
    terms = [term.strip() for term in (line.split(separator) if separator else line.split())]
    yield from _group_rows(number, [term for term in terms if term], log)


# -- Solr and Elasticsearch ---------------------------------------------------------------------------
# The rules of SolrSynonymParser (Lucene): a backslash takes its meaning from the next character.


def solr_rows(number: int, line: str, log: ProblemLog) -> Iterator[Row]:
    """The rows of standard term and synonym that one rule gives."""
    if line.startswith("#"):
        return
    arrow = _arrow(line)
    if arrow is None:
        yield from _group_rows(number, _solr_terms(line), log)
        return
    right = line[arrow + 2 :]
    if _arrow(right) is not None:
        log.add("two_arrows", "error", _TWO_ARROWS, number)
        return
    synonyms, standards = _solr_terms(line[:arrow]), _solr_terms(right)
    if not synonyms or not standards:
        log.add("half_rule", "error", _HALF_RULE, number)
        return
    for standard in standards:
        for synonym in synonyms:
            if synonym != standard or len(synonyms) == 1:
                yield number, [standard, synonym]


def _arrow(line: str) -> int | None:
    """Where the ``=>`` of a rule stands that no backslash hides."""
    place = line.find("=>")
    while place >= 0:
        slashes = place - len(line[:place].rstrip("\\"))
        if slashes % 2 == 0:
            return place
        place = line.find("=>", place + 1)
    return None


def _solr_terms(text: str) -> list[str]:
    terms: list[str] = []
    term: list[str] = []
    escaped = False
    for character in text:
        if escaped:
            term.append(character)
            escaped = False
        elif character == "\\":
            escaped = True
        elif character == ",":
            terms.append("".join(term).strip())
            term = []
        else:
            term.append(character)
    terms.append("".join(term).strip())
    return [term for term in terms if term]


def solr_escaped(term: str) -> str:
    """``term`` so that it is one term to a reader of Solr synonyms."""
    text = term.replace("\\", "\\\\").replace(",", "\\,").replace("=>", "\\=>")
    return "\\" + text if text.startswith("#") else text


# -- Cilin ----------------------------------------------------------------------------------------------


def _cilin(number: int, line: str, log: ProblemLog) -> Iterator[Row]:
    match = _CILIN.match(line)
    if match is None:
        log.add("no_cilin_line", "error", _NO_CILIN, number, start=line[:30])
        return
    code, kind, rest = match.groups()
    terms = rest.split()
    if kind == "#":
        log.add("related_only", "note", _RELATED, number)
    elif kind == "@":
        log.add("single_term", "note", _ALONE, number)
    else:
        for _, row in _group_rows(number, terms, log):
            yield number, [*row, code + kind]


_LONG_LINE = LocalText(
    "第 {row} 行超过 {limit} 个字符，不像是词表。",
    "Row {row} has more than {limit} characters, which is no row of a list of terms.",
)
_LONG_LINE_HINT = LocalText(
    "请检查文件：每行应只有一个标准词和它的近似词。",
    "Check the file: a row should hold one standard term and its synonyms.",
)
_MANY_TERMS = LocalText(
    "第 {row} 行超过 {limit} 对词语，不像是词表。",
    "Row {row} gives more than {limit} pairs, which is no row of a list of terms.",
)
_SINGLE = LocalText(
    "第 {row} 行只有“{term}”一个词，没有近似词，已跳过。",
    "Row {row} has “{term}” alone, without a synonym; it was skipped.",
)
_NO_COLON = LocalText(
    "第 {row} 行（“{start}”）不是“标准词：近似词”的写法，已跳过。",
    "Row {row} (“{start}”) is not written as “standard: synonym, …”; it was skipped.",
)
_TWO_ARROWS = LocalText(
    "第 {row} 行有两个“=>”，已跳过。词语里的“=>”请写成“\\=>”。",
    "Row {row} has two “=>”; it was skipped. Write “\\=>” where it belongs to a term.",
)
_HALF_RULE = LocalText(
    "第 {row} 行“=>”的一边没有词语，已跳过。",
    "Row {row} has no term on one side of “=>”; it was skipped.",
)
_NO_CILIN = LocalText(
    "第 {row} 行（“{start}”）不是词林的写法（如“Aa01A01= 人 士”），已跳过。",
    "Row {row} (“{start}”) is not written as Cilin lines are (“Aa01A01= 人 士”); it was skipped.",
)
_RELATED = LocalText(
    "第 {row} 行是相关词（#），不是同义词，已跳过。",
    "Row {row} holds related words (#), which are no synonyms; it was skipped.",
)
_ALONE = LocalText(
    "第 {row} 行的词独立成组（@），没有同义词，已跳过。",
    "Row {row} holds a word on its own (@), without synonyms; it was skipped.",
)
