"""JSON and JSON Lines as rows: lists of objects or arrays, and objects that map terms to synonyms."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Iterable, Iterator
from typing import Any

from workbench.errors import FileProblem
from workbench.ingest.columns import role_of
from workbench.ingest.nested import RecordTable, shown, spread_row
from workbench.ingest.problems import ProblemLog
from workbench.ingest.reading import BROKEN_CHARACTER, STANDARD_FIRST, TERM_HEADING, Reading
from workbench.ingest.term_lines import solr_rows
from workbench.localtext import LocalText

_LINE_END = re.compile(r"\r\n|\r|\n")  # not U+2028, which may stand in a JSON string
_MAX_UNWRAPPED = 4
_GROUP_KEYS = frozenset({"groups", "group", "synsets", "synonyms", "同义词组", "组"})
_WRAPPERS = frozenset(
    ("data", "terms", "dictionary", "synonyms", "entries", "items", "thesaurus", "词表", "词典", "数据")
)
_MAX_LINE = 20_000_000


def read_json(text: str, log: ProblemLog) -> Reading:
    """A whole JSON document; rows are numbered by the items of its list.

    Raises FileProblem with line and column where it is no JSON, or where nothing in it is like a table.
    """
    try:
        content = _decoder(log).decode(text.lstrip("\ufeff"))
    except json.JSONDecodeError as error:
        if error.msg == "Extra data" and _is_value(text.lstrip("\ufeff").partition("\n")[0]):
            return read_json_lines(io.StringIO(text), log)
        raise FileProblem(_BROKEN, _BROKEN_HINT, row=error.lineno, place=error.colno) from error
    except RecursionError as error:
        raise FileProblem(_DEEP, _HINT) from error
    for _ in range(_MAX_UNWRAPPED):
        inner = _inside(content)
        if inner is None:
            break
        content, key = inner
        if isinstance(content, list) and key.casefold() in _GROUP_KEYS and _all(content, list):
            return _groups(content)
    if isinstance(content, dict):
        return _mapping(content) if not _is_record(content) else _records([content], log)
    if not isinstance(content, list):
        raise FileProblem(_NO_LIST, _HINT)
    return _list(content, log)


def _list(content: list[Any], log: ProblemLog) -> Reading:
    if _all(content, list):
        return _arrays(content)
    if content and all(isinstance(item, dict) and _is_rule(item) for item in content):
        rules = ((n, item["synonyms"].strip()) for n, item in enumerate(content, 1))
        rows = (row for n, rule in rules for row in solr_rows(n, rule, log))
        return Reading("json", rows, heading=TERM_HEADING, choice=STANDARD_FIRST)
    if any(isinstance(item, dict) for item in content):
        return _records(content, log)
    return Reading("json", (row for n, item in enumerate(content, 1) for row in spread_row([item], n)))


def read_json_lines(lines: Iterable[str], log: ProblemLog) -> Reading:
    """One JSON value a line, numbered by line; lines that are none are reported and left out."""
    found = _values(lines, log)
    first = next(found, None)
    if first is None:
        raise FileProblem(_NO_LINE, _HINT)
    if isinstance(first[1], dict):
        table = RecordTable()
        return Reading("jsonl", _object_lines(table, first, found, log), heading=table.heading)
    rows = (row for n, value in _chain(first, found) for row in _array_line(value, n, log))
    return Reading("jsonl", rows)


def looks_like_lines(head: str) -> bool | None:
    """Whether ``head`` starts JSON Lines (true), another JSON document (false), or neither (None)."""
    start = head.lstrip("\ufeff \t\r\n")
    if start[:1] not in ("{", "["):
        return None
    lines = [line for line in _LINE_END.split(start[:200_000]) if line.strip()]
    if _is_value(lines[0]):
        if len(lines) == 1:
            return False
        following = lines[1:21]
        return sum(line.lstrip()[:1] in ("{", "[") for line in following) >= 0.6 * len(following) or None
    return False if _DOCUMENT.match(start) else None


_DOCUMENT = re.compile(
    r'\{\s*("(?:[^"\\]|\\.)*"\s*:|\}\s*$)|\[\s*([{\[]|\]\s*$|"(?:[^"\\]|\\.)*"\s*(,|\]\s*$)|\[|-?\d+\s*,)'
)


def _is_value(line: str) -> bool:
    try:
        return isinstance(json.loads(line), dict | list)
    except (ValueError, RecursionError):
        return False


def _decoder(log: ProblemLog) -> json.JSONDecoder:
    """Numbers stay as they are written, and a key that comes twice keeps both of its values."""

    def together(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(pairs)
        if len(found) == len(pairs):
            return found
        log.add("duplicate_key", "warning", _DUPLICATE_KEY, key=_repeated(pairs)[:40])
        gathered: dict[str, list[Any]] = {}
        for key, value in pairs:
            gathered.setdefault(key, []).extend(value if isinstance(value, list) else [value])
        return {key: values if len(values) > 1 else found[key] for key, values in gathered.items()}

    return json.JSONDecoder(
        object_pairs_hook=together, parse_float=str, parse_int=str, parse_constant=str, strict=False
    )


def _repeated(pairs: list[tuple[str, Any]]) -> str:
    seen: set[str] = set()
    for key, _ in pairs:
        if key in seen:
            return key
        seen.add(key)
    return ""


def _inside(content: Any) -> tuple[Any, str] | None:
    """The list (or the one object) that an object is only the wrapping of, with its key."""
    if not isinstance(content, dict) or _is_record(content):
        return None
    tables = [
        (value, key)
        for key, value in content.items()
        if isinstance(value, list) and value and (_all(value, dict) or _all(value, list))
    ]
    others = [value for value in content.values() if isinstance(value, list | dict)]
    if len(tables) == 1 and len(others) == 1:
        return tables[0]
    wrapped = [(value, key) for key, value in content.items() if isinstance(value, dict)]
    if len(wrapped) == len(others) == 1 and (len(content) == 1 or wrapped[0][1].casefold() in _WRAPPERS):
        named = any(role_of(inner) not in (None, "other") for inner in wrapped[0][0])
        return None if named else wrapped[0]
    return None


def _is_record(content: dict[str, Any]) -> bool:
    """Whether the keys are headings (and not terms): two different ones that headings use."""
    roles = {role for key in content if (role := role_of(key)) not in (None, "other")}
    return len(roles) >= 2 or {"text1", "text2"} <= content.keys()


def _is_rule(item: dict[str, Any]) -> bool:
    """One rule of a synonym set as Elasticsearch stores it: ``{"id": …, "synonyms": "a, b => c"}``."""
    return isinstance(item.get("synonyms"), str) and item.keys() <= {"id", "synonyms"}


def _all(items: list[Any], kind: type) -> bool:
    return bool(items) and all(isinstance(item, kind) for item in items)


def _mapping(content: dict[str, Any]) -> Reading:
    """Term to synonyms, or key to object."""
    if content and all(isinstance(value, dict) for value in content.values()):
        keys = {role_of(key) for value in content.values() for key in value}
        own = "id" if keys & {"standard", "name"} else "standard"
        table = RecordTable()
        rows = (
            row
            for n, (key, value) in enumerate(content.items(), 1)
            for row in table.rows({own: key, **value}, n)
        )
        return Reading("json", rows, heading=table.heading)
    rows = (row for n, (key, value) in enumerate(content.items(), 1) for row in spread_row([key, value], n))
    return Reading("json", rows, heading=TERM_HEADING, choice=STANDARD_FIRST)


def _groups(content: list[list[Any]]) -> Reading:
    return Reading("json", _group_rows(content), heading=TERM_HEADING, choice=STANDARD_FIRST)


def _group_rows(content: list[list[Any]]) -> Iterator[tuple[int, list[str]]]:
    for number, group in enumerate(content, 1):
        if group:
            yield from spread_row([shown(group[0]), group[1:]], number)


def _arrays(content: list[list[Any]]) -> Reading:
    """A table row by row, or synonym groups: these differ in length and have no heading."""
    widths = {len(item) for item in content}
    roles = {role for cell in content[0] if isinstance(cell, str) and (role := role_of(cell))}
    flat = not any(isinstance(cell, list | dict) for item in content for cell in item)
    if len(widths) > 1 and len(roles) < 2 and flat:
        return _groups(content)
    return Reading("json", (row for n, item in enumerate(content, 1) for row in spread_row(item, n)))


def _records(content: list[Any], log: ProblemLog) -> Reading:
    table = RecordTable()

    def rows() -> Iterator[tuple[int, list[str]]]:
        for number, item in enumerate(content, 1):
            if isinstance(item, dict):
                yield from table.rows(item, number)
            else:
                log.add("not_an_object", "error", _NO_OBJECT, number)

    return Reading("json", rows(), heading=table.heading)


def _values(lines: Iterable[str], log: ProblemLog) -> Iterator[tuple[int, Any]]:
    decoder = _decoder(log)
    for number, line in enumerate(lines, 1):
        if "\ufffd" in line:
            log.add("broken_character", "error", BROKEN_CHARACTER, number)
        bare = line.strip("\ufeff \t\r\n")
        if not bare or bare == "\x1e":
            continue
        try:
            if len(bare) > _MAX_LINE:
                raise ValueError(number)
            yield number, decoder.decode(bare)
        except (ValueError, RecursionError):
            log.add("broken_line", "error", _BROKEN_LINE, number)


def _chain(first: tuple[int, Any], rest: Iterator[tuple[int, Any]]) -> Iterator[tuple[int, Any]]:
    yield first
    yield from rest


def _object_lines(
    table: RecordTable, first: tuple[int, Any], rest: Iterator[tuple[int, Any]], log: ProblemLog
) -> Iterator[tuple[int, list[str]]]:
    for number, value in _chain(first, rest):
        if isinstance(value, dict):
            yield from table.rows(value, number)
        else:
            log.add("not_an_object", "error", _NO_OBJECT, number)


def _array_line(value: Any, number: int, log: ProblemLog) -> Iterator[tuple[int, list[str]]]:
    if isinstance(value, dict):
        log.add("not_an_object", "error", _NO_ARRAY, number)
        return
    yield from spread_row(value if isinstance(value, list) else [value], number)


_HINT = LocalText(
    "可用的写法：对象的列表，每个对象有 standard（标准词）和 synonyms（近似词的列表）；"
    "或一个对象，键是标准词，值是近似词的列表。",
    "Write a list of objects, each with “standard” and “synonyms” (a list), or one object with the standard "
    "terms as keys and lists of synonyms as values.",
)
_NO_LIST = LocalText(
    "这个 JSON 文件里没有词表：最外层既不是列表，也不是对象。",
    "This JSON file holds no list of terms: its outermost value is neither a list nor an object.",
)
_NO_LINE = LocalText("文件里没有一行是有效的 JSON。", "Not one line of the file is valid JSON.")
_BROKEN = LocalText(
    "第 {row} 行第 {place} 个字符处不是有效的 JSON，文件可能不完整。",
    "Row {row}, character {place}: this is no valid JSON; the file may be cut off.",
)
_BROKEN_HINT = LocalText(
    "请检查这一处的引号、逗号和括号，或重新导出文件。",
    "Check the quotes, commas and brackets there, or export the file again.",
)
_DEEP = LocalText("这个 JSON 文件嵌套过深。", "This JSON file is nested too deeply.")
_DUPLICATE_KEY = LocalText(
    "键“{key}”在同一个对象里出现多次，各处的值都保留了。请检查。",
    "The key “{key}” comes more than once in an object; all of its values were kept. Check them.",
)
_NO_OBJECT = LocalText(
    "第 {row} 项不是对象（花括号），已跳过。",
    "Item {row} is no object (in braces) as the others are; it was skipped.",
)
_NO_ARRAY = LocalText(
    "第 {row} 行是对象，而其他行是数组，已跳过。",
    "Row {row} is an object where the others are arrays; it was skipped.",
)
_BROKEN_LINE = LocalText(
    "第 {row} 行不是有效的 JSON，已跳过。请检查引号、逗号和括号。",
    "Row {row} is no valid JSON; it was skipped. Check its quotes, commas and brackets.",
)
