"""OBO ontologies: the name of each term with its synonyms of the scopes that were asked for.

After the OBO flat file format 1.4 (and the older ``exact_synonym:`` tags of 1.0).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from workbench.ingest.problems import ProblemLog
from workbench.ingest.reading import BROKEN_CHARACTER, STANDARD_FIRST, Reading
from workbench.localtext import LocalText

SCOPES = ("EXACT", "RELATED", "BROAD", "NARROW")
_LINE = re.compile(r"\s*([A-Za-z_\-]+)\s*:\s*(.*)", re.DOTALL)
_SYNONYM = re.compile(r'"((?:[^"\\]|\\.)*)"\s*([A-Za-z]*)')
_OLD_TAGS = {f"{scope.lower()}_synonym": scope for scope in SCOPES}
_COMMENT = re.compile(r"(?<!\\)\s+!.*$")
_MODIFIERS = re.compile(r'(?<!\\)\s*\{[^{}"]*=\s*"[^{}]*\}\s*$')
_ESCAPE = re.compile(r"\\(.)")
_SPECIAL = {"n": "\n", "t": "\t", "W": " "}
_MAX_LINE = 100_000


def looks_like_obo(head: str) -> bool:
    """Whether a text starts as an OBO file does."""
    return re.match(r"\ufeff?\s*format-version\s*:", head) is not None or bool(
        re.search(r"^\[Term\]\s*$", head, re.MULTILINE) and re.search(r"^id\s*:", head, re.MULTILINE)
    )


def read_obo(lines: Iterable[str], log: ProblemLog, scopes: Sequence[str] = ("EXACT",)) -> Reading:
    """One row for each synonym of ``scopes``, numbered by its line: standard, synonym, scope, id."""
    wanted = frozenset(scope.upper() for scope in scopes)
    return Reading(
        "obo",
        _rows(lines, log, wanted),
        heading=("standard", "synonym", "scope", "id"),
        choice=STANDARD_FIRST,
    )


class _Term:
    """What is known of the term whose stanza is being read."""

    def __init__(self, line: int) -> None:
        self.line = line
        self.id = ""
        self.name = ""
        self.obsolete = False
        self.synonyms: list[tuple[int, str, str]] = []


def _rows(lines: Iterable[str], log: ProblemLog, wanted: frozenset[str]) -> Iterator[tuple[int, list[str]]]:
    term: _Term | None = None
    for number, line in _joined(lines):
        if "\ufffd" in line:
            log.add("broken_character", "error", BROKEN_CHARACTER, number)
        if line.lstrip().startswith("["):
            if term is not None:
                yield from _finished(term, log, wanted)
            term = _Term(number) if line.strip().lower().startswith("[term]") else None
        elif term is not None:
            _take(term, number, line, log)
    if term is not None:
        yield from _finished(term, log, wanted)


def _joined(lines: Iterable[str]) -> Iterator[tuple[int, str]]:
    """The lines, those that end in a backslash joined with the next; blank ones and comments left out."""
    begun, start = "", 0
    for number, line in enumerate(lines, 1):
        bare = line.rstrip("\r\n")
        start = start or number
        if bare.endswith("\\") and not bare.endswith("\\\\") and len(begun) < _MAX_LINE:
            begun += bare[:-1]
            continue
        whole = (begun + bare).strip("\ufeff")
        if whole.strip() and not whole.lstrip().startswith("!"):
            yield start, whole[:_MAX_LINE]
        begun, start = "", 0
    if begun.strip():
        yield start, begun[:_MAX_LINE]


def _take(term: _Term, number: int, line: str, log: ProblemLog) -> None:
    match = _LINE.match(line)
    if match is None:
        return
    tag, value = match.group(1).lower(), match.group(2)
    if tag == "name":
        if term.name:
            log.add("two_names", "warning", _TWO_NAMES, number, name=term.name[:40])
        else:
            term.name = _unescaped(_bare(value))
    elif tag == "id":
        term.id = term.id or _unescaped(_bare(value))
    elif tag == "is_obsolete":
        term.obsolete = _bare(value).lower() == "true"
    elif tag == "synonym" or tag in _OLD_TAGS:
        found = _SYNONYM.match(value)
        if found is None:
            log.add("no_quotes", "error", _NO_QUOTES, number)
            return
        scope = _OLD_TAGS.get(tag) or found.group(2).upper()
        term.synonyms.append((number, _unescaped(found.group(1)), scope if scope in SCOPES else "RELATED"))


def _finished(term: _Term, log: ProblemLog, wanted: frozenset[str]) -> Iterator[tuple[int, list[str]]]:
    if term.obsolete:
        log.add("obsolete", "note", _OBSOLETE, term.line, name=(term.name or term.id)[:40])
        return
    if not term.name:
        if term.synonyms:
            log.add("no_name", "error", _NO_NAME, term.line, id=term.id[:40])
        return
    for number, text, scope in term.synonyms:
        if scope in wanted:
            yield number, [term.name, text, scope, term.id]
        else:
            log.add("other_scope", "note", _OTHER_SCOPE, number, term=text[:40], scope=scope)


def _bare(value: str) -> str:
    """A value without the comment and the trailing modifiers behind it."""
    return _MODIFIERS.sub("", _COMMENT.sub("", value)).strip()


def _unescaped(text: str) -> str:
    if "\\" not in text:
        return text.strip()
    return _ESCAPE.sub(lambda m: _SPECIAL.get(m.group(1), m.group(1)), text).strip()


_TWO_NAMES = LocalText(
    "第 {row} 行是“{name}”的第二个名称，已跳过。", "Row {row} is a second name of “{name}”; it was skipped."
)
_NO_QUOTES = LocalText(
    "第 {row} 行的同义词没有写在英文双引号里，已跳过。",
    "Row {row}: the synonym is not in double quotes; it was skipped.",
)
_OBSOLETE = LocalText(
    "第 {row} 行的术语“{name}”已废弃，已跳过。", "Row {row}: the term “{name}” is obsolete; it was skipped."
)
_NO_NAME = LocalText(
    "第 {row} 行的术语 {id} 没有名称，它的同义词已跳过。",
    "Row {row}: the term {id} has no name; its synonyms were skipped.",
)
_OTHER_SCOPE = LocalText(
    "第 {row} 行的“{term}”是 {scope} 类同义词，没有读取；需要时可选择读取。",
    "Row {row}: “{term}” is a synonym of scope {scope}, which was not asked for.",
)
