"""A dictionary as bytes of a file, in whatever format is needed, that reads back the same."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any, Literal, get_args

from workbench.errors import BadParameter
from workbench.ingest.kept_columns import headings
from workbench.ingest.spreadsheets import escape_cell, rows_bytes, unescape_cell
from workbench.ingest.table import KEEP_MARKS
from workbench.ingest.term_lines import solr_escaped
from workbench.localtext import LocalText
from workbench.normalise import digest, term_key
from workbench.types import Pair

__all__ = ["EXPORT_FORMATS", "HEADER", "ExportFormat", "dictionary_bytes", "escape_cell", "unescape_cell"]

ExportFormat = Literal["csv", "tsv", "xlsx", "jsonl", "json", "skos", "solr", "parquet"]
EXPORT_FORMATS: tuple[ExportFormat, ...] = get_args(ExportFormat)
# The ending that a file of the format has.
ENDINGS: dict[str, str] = {**{name: f".{name}" for name in EXPORT_FORMATS}, "skos": ".ttl", "solr": ".txt"}
HEADER = ("标准词", "近似词")
_KEYS = ("standard", "synonym")
WITHOUT_COLUMNS: frozenset[ExportFormat] = frozenset(("skos", "solr"))  # no place for a term's columns
CONCEPT_IRI = "urn:synonym-workbench:concept:"

_TAG = re.compile(r"[A-Za-z]{1,8}(-[A-Za-z0-9]{1,8})*")
_TURTLE_ESCAPES = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t"}
_TURTLE_ODD = re.compile('[\\\\"\x00-\x1f\x7f]')


def dictionary_bytes(
    pairs: Iterable[Pair],
    format: ExportFormat,
    header: tuple[str, str] = HEADER,
    *,
    language: str | None = None,
    labels: Mapping[str, Mapping[str, str]] | None = None,
) -> bytes:
    """The pairs as a file of ``format``, in their order.

    ``labels`` are the columns that were kept with the dictionary: for each name, the key of a synonym to
    its value. They follow the terms under their names, in all formats but ``skos`` and ``solr``, so that
    an import keeps them again (:func:`~workbench.ingest.kept_columns.headings`).

    ``csv`` and ``tsv`` (UTF-8 with byte order mark, for Excel) and ``xlsx`` with ``header``, cells that a
    spreadsheet program would run as formulas escaped; importing the file undoes it. ``jsonl``: an object
    a pair. ``json``: a list of standard terms, each with its synonyms; with ``labels`` as ``jsonl``.
    ``skos``: Turtle, one concept for each standard term, the labels tagged with ``language`` (``"zh"``) if
    given. ``solr``: explicit rules ``synonym, synonym => standard`` for Solr and Elasticsearch. ``parquet``:
    columns of text.

    Raises BadParameter for another format or a malformed language, FileProblem for what an XLSX sheet
    cannot hold.
    """
    if format not in EXPORT_FORMATS:
        raise BadParameter(
            LocalText("不支持导出格式“{format}”。", "There is no export format “{format}”."),
            LocalText("请选择其中之一：{names}。", "Choose one of {names}."),
            format=format,
            names=", ".join(EXPORT_FORMATS),
        )
    if format == "solr":
        return _bytes("".join(_rule(standard, synonyms) for standard, synonyms in _groups(pairs)))
    if format == "skos":
        return _bytes("".join(_turtle(pairs, language)))
    spreadsheet = format in ("csv", "tsv", "xlsx")
    first, mark = (header, KEEP_MARKS[0]) if spreadsheet else (_KEYS, KEEP_MARKS[1])
    pairs = list(pairs)
    columns = _columns(pairs, labels or {})
    names = (*first, *headings(first, columns, mark))
    rows = zip([p.standard for p in pairs], [p.synonym for p in pairs], *columns.values(), strict=True)
    if format == "parquet":
        return _parquet(names, pairs, columns)
    if format == "json" and not columns:
        return _json({"standard": one, "synonyms": others} for one, others in _groups(pairs))
    if format == "json":
        return _json(dict(zip(names, row, strict=True)) for row in rows)
    return rows_bytes(names, rows, format)


def _columns(pairs: Sequence[Pair], labels: Mapping[str, Mapping[str, str]]) -> dict[str, list[str]]:
    """The cells of each column that says something of one of the pairs."""
    keys = [term_key(pair.synonym) for pair in pairs] if labels else []
    found = {name: [known.get(key, "") for key in keys] for name, known in labels.items()}
    return {name: cells for name, cells in found.items() if any(cells)}


def _json(items: Iterable[dict[str, Any]]) -> bytes:
    return _bytes("[\n" + ",\n".join(json.dumps(item, ensure_ascii=False) for item in items) + "\n]\n")


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "replace")


def _groups(pairs: Iterable[Pair]) -> Iterator[tuple[str, list[str]]]:
    """Each run of pairs with the same standard term: a term that comes again later comes again here, so
    that the order of the pairs is kept."""
    for standard, run in groupby(pairs, key=lambda pair: pair.standard):
        yield standard, [pair.synonym for pair in run]


def _rule(standard: str, synonyms: list[str]) -> str:
    return f"{', '.join(map(solr_escaped, synonyms))} => {solr_escaped(standard)}\n"


def _turtle(pairs: Iterable[Pair], language: str | None) -> Iterator[str]:
    if language is not None and not _TAG.fullmatch(language):
        raise BadParameter(
            LocalText("“{tag}”不是语言代码。", "“{tag}” is no language tag."),
            LocalText("请填写 zh、en 之类的代码，或留空。", "Write a tag such as zh or en, or leave it out."),
            tag=language,
        )
    tag = f"@{language}" if language else ""

    def label(text: str) -> str:
        return f'"{_TURTLE_ODD.sub(_turtle_escape, text)}"{tag}'

    yield "@prefix skos: <http://www.w3.org/2004/02/skos/core#> .\n"
    named: set[str] = set()
    for standard, synonyms in _groups(pairs):
        concept = f"<{CONCEPT_IRI}{digest(standard)}>"
        labels = " ,\n        ".join(map(label, synonyms))
        if standard in named:
            yield f"\n{concept} skos:altLabel {labels} .\n"
            continue
        named.add(standard)
        yield f"\n{concept} a skos:Concept ;\n    skos:prefLabel {label(standard)} ;\n"
        yield f"    skos:altLabel {labels} .\n"


def _turtle_escape(match: re.Match[str]) -> str:
    return _TURTLE_ESCAPES.get(match.group()) or f"\\u{ord(match.group()):04X}"


def _parquet(names: Sequence[str], pairs: Sequence[Pair], columns: Mapping[str, list[str]]) -> bytes:
    import pyarrow as pa
    from pyarrow import parquet

    cells = ([pair.standard for pair in pairs], [pair.synonym for pair in pairs], *columns.values())
    table = pa.table([pa.array(column, pa.string()) for column in cells], names=list(names))
    stream = io.BytesIO()
    parquet.write_table(table, stream, compression="zstd")
    return stream.getvalue()
