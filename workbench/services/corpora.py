"""Raw text of the domain: looked over, stored, read page by page, exported."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Literal

from workbench.ingest.corpus import CorpusPreview, parse_corpus
from workbench.ingest.spreadsheets import RowsFormat, rows_bytes
from workbench.names import checked_name
from workbench.services.limits import Limits
from workbench.types import CorpusInfo, TextUnit
from workbench.workspace import Workspace


class Corpora:
    """Corpora of one home folder."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._store = workspace.corpora

    def preview(
        self,
        data: bytes,
        filename: str,
        *,
        unit: TextUnit | None = None,
        column: str | int | None = None,
        has_header: bool | None = None,
        encoding: str | None = None,
        sheet: str | None = None,
    ) -> CorpusPreview:
        """Read a file without storing anything: by lines or paragraphs, or a column of a table.

        Raises:
            FileProblem: nothing in it can be used; the sentence says why and what to do.
        """
        settings = self._workspace.settings
        return parse_corpus(
            data,
            filename,
            unit=unit,
            column=column,
            has_header=has_header,
            encoding=encoding,
            sheet=sheet,
            max_text_length=settings.max_text_length,
            max_rows=settings.max_rows,
            max_bytes=settings.max_upload_bytes,
        )

    def save(self, name: str, preview: CorpusPreview, *, source: str, replace: bool = False) -> CorpusInfo:
        """Store a preview's texts; the same content again under the same name changes nothing.

        Raises:
            NameTaken: the name has other content and ``replace`` is false.
            BadParameter: the name is empty or too long.
            StorageProblem: the disk, or the home folder's share of it, is used up.
        """
        Limits(self._workspace.settings).check_disk()
        return self._store.save(
            checked_name(name),
            preview.texts,
            unit=preview.unit,
            source=Path(source).name[:200],
            replace=replace,
        )

    def all(self) -> list[CorpusInfo]:
        """Every corpus, newest first."""
        return self._store.all()

    def get(self, name: str) -> CorpusInfo:
        """One corpus by name. Raises NotFound."""
        return self._store.get(name)

    def texts(self, name: str) -> Iterator[str]:
        """Every text of a corpus, read as they are asked for. Raises NotFound."""
        return self._store.texts(self.get(name).id)

    def page(
        self, name: str, *, search: str = "", page: int = 0, size: int = 100
    ) -> tuple[list[tuple[str, int]], int]:
        """One page of texts (with their rows) that hold ``search``, and how many there are in all."""
        return self._store.page(
            self.get(name).id, search=search, page=max(0, page), size=max(1, min(size, 500))
        )

    def delete(self, name: str) -> None:
        """Delete a corpus and its texts. Raises NotFound."""
        self._store.delete(name)

    def export(self, name: str, format: RowsFormat | Literal["txt"] = "csv") -> bytes:
        """A corpus as a file that reads back the same: "txt" (one text a line), or as a table of one column
        "csv", "tsv", "xlsx", "jsonl". Raises NotFound."""
        texts = self.texts(name)
        if format == "txt":
            return "".join(f"{' '.join(text.splitlines())}\n" for text in texts).encode("utf-8")
        return rows_bytes(("text",), ((text,) for text in texts), format)
