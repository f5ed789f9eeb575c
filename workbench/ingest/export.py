"""A dictionary as bytes of a file, in whatever format is needed, that reads back the same."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import Literal, get_args

from workbench.errors import BadParameter
from workbench.ingest.spreadsheets import escape_cell, rows_bytes, unescape_cell
from workbench.ingest.term_lines import solr_escaped
from workbench.localtext import LocalText
from workbench.normalise import digest
from workbench.types import Pair

__all__ = ["EXPORT_FORMATS", "HEADER", "ExportFormat", "dictionary_bytes", "escape_cell", "unescape_cell"]

ExportFormat = Literal["csv", "tsv", "xlsx", "jsonl", "json", "skos", "solr", "parquet"]
EXPORT_FORMATS: tuple[ExportFormat, ...] = get_args(ExportFormat)
# The ending that a file of the format has.
ENDINGS: dict[str, str] = {**{name: f".{name}" for name in EXPORT_FORMATS}, "skos": ".ttl", "solr": ".txt"}
HEADER = ("标准词", "近似词")
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
) -> bytes:
    """The pairs as a file of ``format``, in their order.

    ``csv`` and ``tsv`` (UTF-8 with byte order mark, for Excel) and ``xlsx`` with ``header``, cells that a
    spreadsheet program would run as formulas escaped; importing the file undoes it. ``jsonl``: an object
    a pair. ``json``: a list of standard terms, each with its synonyms. ``skos``: Turtle, one concept for
    each standard term, the labels tagged with ``language`` (``"zh"``) if given. ``solr``: explicit rules
    ``synonym, synonym => standard`` for Solr and Elasticsearch. ``parquet``: two columns of text.

    Raises BadParameter for another format or a malformed language, FileProblem for what an XLSX sheet
    cannot hold.
    """
    if format in ("csv", "tsv", "xlsx"):
        return rows_bytes(header, ((pair.standard, pair.synonym) for pair in pairs), format)
    if format == "jsonl":
        return rows_bytes(("standard", "synonym"), ((p.standard, p.synonym) for p in pairs), format)
    if format == "json":
        items = (
            json.dumps({"standard": standard, "synonyms": synonyms}, ensure_ascii=False)
            for standard, synonyms in _groups(pairs)
        )
        return _bytes("[\n" + ",\n".join(items) + "\n]\n")
    if format == "solr":
        return _bytes("".join(_rule(standard, synonyms) for standard, synonyms in _groups(pairs)))
    if format == "skos":
        return _bytes("".join(_turtle(pairs, language)))
    if format == "parquet":
        return _parquet(list(pairs))
    raise BadParameter(
        LocalText("不支持导出格式“{format}”。", "There is no export format “{format}”."),
        LocalText("请选择其中之一：{names}。", "Choose one of {names}."),
        format=format,
        names=", ".join(EXPORT_FORMATS),
    )


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


def _parquet(pairs: list[Pair]) -> bytes:
    import pyarrow as pa
    from pyarrow import parquet

    columns = {
        "standard": pa.array([pair.standard for pair in pairs], pa.string()),
        "synonym": pa.array([pair.synonym for pair in pairs], pa.string()),
    }
    stream = io.BytesIO()
    parquet.write_table(pa.table(columns), stream, compression="zstd")
    return stream.getvalue()
