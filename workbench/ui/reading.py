"""An uploaded file read as one of four kinds, with whatever a person chose by hand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, Any, get_args

from workbench.errors import FileProblem
from workbench.ingest.formats import binary_format, ending_of
from workbench.ingest.kinds import KindGuess, guess_kind
from workbench.ingest.table import FORMATS, ReadOptions, Table
from workbench.types import PairSetKind, TextUnit
from workbench.ui import incoming
from workbench.ui.text import text
from workbench.ui.uploads import Upload

if TYPE_CHECKING:
    from workbench.services import Services

KINDS = ("dictionary", "pairs", "corpus", "retrieval")
DELIMITERS = (",", "\t", ";", "|", "，")
SCOPES = ("EXACT", "RELATED", "BROAD", "NARROW")
HEAD = 1 << 20  # bytes of a large text file that its kind is guessed from
_LARGE = 4 << 20
_LINES = (".csv", ".tsv", ".tab", ".txt")
_COLUMNS = 1000
_LOOKED_AT = 500
_STOPS = "。！？.!?；"


@dataclass(frozen=True)
class How:
    """What was chosen by hand; None and empty stand for what is recognised. Columns count from 0."""

    header: bool | None = None
    encoding: str | None = None
    delimiter: str | None = None
    sheet: str | None = None
    format: str | None = None
    scopes: tuple[str, ...] = ("EXACT",)
    language: str | None = None
    split: bool = False
    standard: int | None = None
    synonyms: tuple[int, ...] = ()
    text1: int | None = None
    text2: int | None = None
    label: int | None = None
    negative: int | None = None
    pairs_kind: str | None = None
    unit: str | None = None
    column: int | None = None
    query: int | None = None
    answers: tuple[int, ...] = ()
    passage: int | None = None
    passage_id: int | None = None
    second_header: bool | None = None
    second_encoding: str | None = None
    missing: str = "add"

    @property
    def reading(self) -> tuple[Any, ...]:
        """What decides how bytes become a table."""
        return self.encoding, self.delimiter, self.sheet, self.format, self.scopes, self.language


def how_from(data: dict[str, Any], encodings: Sequence[str]) -> How:
    """The choices that a browser sent. Raises BadParameter for what cannot be one."""
    chosen: dict[str, Any] = {}
    for key in (
        "standard",
        "text1",
        "text2",
        "label",
        "negative",
        "column",
        "query",
        "passage",
        "passage_id",
    ):
        if data.get(key) is not None:
            chosen[key] = incoming.whole(data, key, 0, _COLUMNS)
    for key in ("synonyms", "answers"):
        chosen[key] = _numbers(data, key)
    for key in ("header", "second_header"):
        if data.get(key) is not None:
            chosen[key] = incoming.flag(data, key)
    choices: dict[str, Sequence[str]] = {
        "encoding": encodings,
        "second_encoding": encodings,
        "delimiter": DELIMITERS,
        "format": FORMATS,
        "pairs_kind": get_args(PairSetKind),
        "unit": get_args(TextUnit),
        "missing": ("add", "ignore"),
    }
    for key, allowed in choices.items():
        if data.get(key):
            chosen[key] = incoming.one_of(data, key, allowed)
    for key, limit in (("sheet", 200), ("language", 20)):
        if data.get(key):
            chosen[key] = incoming.words(data, key, limit=limit).strip()
    scopes = data.get("scopes")
    if isinstance(scopes, list) and scopes:
        chosen["scopes"] = tuple(scope for scope in SCOPES if scope in scopes) or ("EXACT",)
    chosen["split"] = incoming.flag(data, "split")
    return How(**{item.name: chosen[item.name] for item in fields(How) if item.name in chosen})


def _numbers(data: dict[str, Any], key: str) -> tuple[int, ...]:
    values = data.get(key) or []
    if not isinstance(values, list) or len(values) > _COLUMNS:
        values = [None]  # refused below
    return tuple(incoming.whole({"n": value}, "n", 0, _COLUMNS) for value in values)


def guess(services: Services, upload: Upload, how: How) -> KindGuess:
    """What the file most likely holds, as it is read now; of a large text file by its beginning."""
    from workbench.ingest.plain_lines import read_text_table

    def look() -> KindGuess:
        data = upload.bytes()
        limits = _limits(services)
        large = len(data) > _LARGE and ending_of(upload.name) in _LINES and binary_format(data) is None
        try:
            head = _head(data) if large else b""
            table = _table(services, head, upload.name, how) if large else table_of(services, upload, how)
            found = guess_kind(table)
            if found.kind == "dictionary" and not found.sure and _ends_in_sentences(table):
                return KindGuess("corpus", False, text("import.like_sentences"))
            return found
        except FileProblem:
            pass
        try:
            table = read_text_table(_head(data) if large else data, upload.name, whole_lines=True, **limits)
            return replace(guess_kind(table), sure=False)
        except FileProblem:
            return KindGuess("dictionary", False, text("import.cannot_tell"))

    return upload.kept("guess", how.reading, look)  # type: ignore[no-any-return]  # what look gives


def _ends_in_sentences(table: Table) -> bool:
    """Whether half of the lines end with a full stop or the like: their commas are those of sentences."""
    ends = [
        next((cell.strip() for cell in reversed(row) if cell.strip()), "")[-1:]
        for row in table.rows[:_LOOKED_AT]
    ]
    return sum(end in _STOPS for end in ends if end) > len(ends) / 2


def _head(data: bytes) -> bytes:
    """The beginning, up to a line's end; a whole number of the units of UTF-16."""
    wide = data[:2] in (b"\xff\xfe", b"\xfe\xff") or b"\x00" in data[:64]
    end = HEAD if wide else data.rfind(b"\n", 0, HEAD) + 1 or HEAD
    return data[:end]


def table_of(services: Services, upload: Upload, how: How) -> Table:
    """The file as a table, kept for as long as it is looked at. Raises FileProblem."""
    return upload.kept(  # type: ignore[no-any-return]  # what is read
        "table", how.reading, lambda: _table(services, upload.bytes(), upload.name, how)
    )


def _table(services: Services, data: bytes, name: str, how: How) -> Table:
    from workbench.ingest.readers import read_table

    settings = services.settings
    return read_table(
        data,
        name,
        encoding=how.encoding,
        delimiter=how.delimiter,
        sheet=how.sheet,
        format=how.format,
        options=ReadOptions(scopes=how.scopes, language=how.language),
        memory_bytes=settings.parse_memory_bytes,
        seconds=settings.parse_seconds,
        **_limits(services),
    )


def _limits(services: Services) -> dict[str, int]:
    return {"max_rows": services.settings.max_rows, "max_bytes": services.settings.max_upload_bytes}


def read(services: Services, upload: Upload, second: Upload | None, kind: str, how: How) -> Any:
    """The preview of the file as ``kind``: what would be saved, and all that is odd about it.

    Made once: the answer to the same question is kept. Raises FileProblem.
    """
    key = (kind, how, second.token if second else "")
    readers = {"dictionary": _dictionary, "pairs": _pairs, "corpus": _corpus, "retrieval": _retrieval}
    if kind != "dictionary":
        upload.kept("table", None, lambda: None)  # a table of terms is not needed any more
    return upload.kept("preview", key, lambda: readers[kind](services, upload, second, how))


def _dictionary(services: Services, upload: Upload, _second: Upload | None, how: How) -> Any:
    """The table is kept while columns are being chosen."""
    return services.importer.parse(
        table_of(services, upload, how),
        standard=how.standard,
        synonyms=how.synonyms or None,
        has_header=how.header,
        split_cells=how.split,
    )


def _pairs(services: Services, upload: Upload, _second: Upload | None, how: How) -> Any:
    return services.pair_sets.preview(
        upload.bytes(),
        upload.name,
        text1=how.text1,
        text2=how.text2,
        label=how.label,
        negative=how.negative,
        has_header=how.header,
        kind=how.pairs_kind,  # type: ignore[arg-type]  # a choice
        encoding=how.encoding,
        delimiter=how.delimiter,
        sheet=how.sheet,
    )


def _corpus(services: Services, upload: Upload, _second: Upload | None, how: How) -> Any:
    return services.corpora.preview(
        upload.bytes(),
        upload.name,
        unit=how.unit,  # type: ignore[arg-type]  # a choice
        column=how.column,
        has_header=how.header,
        encoding=how.encoding,
        sheet=how.sheet,
    )


def _retrieval(services: Services, upload: Upload, second: Upload | None, how: How) -> Any:
    return services.retrieval_sets.preview(
        upload.bytes(),
        upload.name,
        second.bytes() if second else None,
        second.name if second else "",
        query=how.query,
        answers=how.answers or None,
        passage=how.passage if second else None,
        passage_id=how.passage_id if second else None,
        queries_header=how.header,
        corpus_header=how.second_header,
        missing=how.missing,  # type: ignore[arg-type]  # a choice
        encoding=how.encoding,
        corpus_encoding=how.second_encoding,
    )


def columns_to_choose(services: Services, upload: Upload, kind: str, how: How) -> dict[str, Any]:
    """How the file was read though nothing was found in it, so that columns can be chosen by hand.

    Empty where it is no table at all.
    """
    from workbench.ingest.columns import columns_of, guess_columns
    from workbench.ingest.plain_lines import read_text_table

    try:
        if kind == "dictionary":
            table = table_of(services, upload, how)
        else:
            table = read_text_table(
                upload.bytes(),
                upload.name,
                encoding=how.encoding,
                delimiter=how.delimiter,
                sheet=how.sheet,
                **_limits(services),
            )
    except FileProblem:
        return {}
    header, skipped, standard, synonyms = True, 0, None, ()
    if kind == "dictionary":
        try:
            found = guess_columns(table)
            header, skipped = found.has_header, found.skip_rows
            standard, synonyms = found.standard, found.synonyms
        except FileProblem:
            pass
    header = header if how.header is None else how.header
    return {
        "columns": list(columns_of(table, header, skipped)),
        "choice": {"header": header, "standard": standard, "synonyms": list(synonyms)},
        "read": {
            "format": table.format,
            "encoding": table.encoding,
            "delimiter": table.delimiter,
            "sheet": table.sheet,
            "sheets": list(table.sheets),
        },
    }
