"""Which format a file has, by its first bytes and the look of its first lines; its name only helps."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import PurePath

from workbench.errors import BadParameter
from workbench.ingest.encodings import OLE
from workbench.ingest.json_files import looks_like_lines
from workbench.ingest.obo import SCOPES, looks_like_obo
from workbench.ingest.skos import looks_like_skos
from workbench.ingest.term_lines import looks_like
from workbench.localtext import LocalText

_TABLES = frozenset({".csv", ".tsv", ".tab"})
_BY_NAME = {
    ".json": "json", ".jsonl": "jsonl", ".ndjson": "jsonl", ".ttl": "skos", ".nt": "skos", ".n3": "skos",
    ".turtle": "skos",
}  # fmt: skip
_RDF = {
    ".ttl": "turtle", ".n3": "turtle", ".turtle": "turtle", ".nt": "nt", ".rdf": "xml", ".owl": "xml",
    ".xml": "xml", ".skos": "xml", ".jsonld": "json-ld",
}  # fmt: skip


def ending_of(filename: str) -> str:
    """The ending of a file's name in lower case, with its dot."""
    return PurePath(filename.replace("\x00", "")).suffix.lower()


def binary_format(data: bytes) -> str | None:
    """The format of a file that is no text: "xlsx" (or something near to it) or "parquet"."""
    if data.startswith((OLE, b"PK\x03\x04", b"PK\x05\x06")):
        return "xlsx"
    return "parquet" if data.startswith(b"PAR1") else None


def text_format(head: str, filename: str, *, table_only: bool = False) -> str:
    """The format of a text file; "csv" for every table with delimiters.

    ``table_only``: a delimiter was chosen by hand, so it is a table unless it is JSON or the like.
    """
    ending = ending_of(filename)
    json_lines = looks_like_lines(head)
    rdf = looks_like_skos(head)
    if rdf is not None and not (rdf == "json-ld" and json_lines):
        return "skos"
    if json_lines is not None:
        return "jsonl" if json_lines or _BY_NAME.get(ending) == "jsonl" else "json"
    if ending in _BY_NAME:
        return _BY_NAME[ending]
    if looks_like_obo(head):
        return "obo"
    found = None if table_only else looks_like(head.split("\n"), plain_text=ending not in _TABLES)
    return found or "csv"


def rdf_syntax(head: str, filename: str) -> str:
    """The syntax of an RDF file, by its look or else by its name."""
    return looks_like_skos(head) or _RDF.get(ending_of(filename), "turtle")


def known_scopes(scopes: Sequence[str]) -> None:
    """Raises BadParameter for scopes of synonyms that OBO does not know, and for none at all."""
    if not scopes or {scope.upper() for scope in scopes} - set(SCOPES):
        raise BadParameter(_NO_SCOPE, _CHOOSE_SCOPE, names=", ".join(SCOPES))


_NO_SCOPE = LocalText("没有这种同义词类别。", "There is no such scope of synonyms.")
_CHOOSE_SCOPE = LocalText("请选择其中之一或几个：{names}。", "Choose one or more of {names}.")
