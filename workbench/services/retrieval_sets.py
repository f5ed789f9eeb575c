"""Retrieval sets: looked over, stored, read page by page, compared with a dictionary, exported."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from workbench.ingest.contradictions import Contradiction, contradictions
from workbench.ingest.plain_lines import read_text_table
from workbench.ingest.retrieval_set import Missing, RetrievalPreview, parse_retrieval_set
from workbench.ingest.spreadsheets import RowsFormat, rows_bytes
from workbench.names import checked_name
from workbench.services.limits import Limits
from workbench.types import LabelledPair, RetrievalSet, RetrievalSetInfo
from workbench.workspace import Workspace

ExportPart = Literal["queries", "passages"]


class RetrievalSets:
    """Retrieval sets of one home folder."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._store = workspace.retrieval_sets

    def preview(
        self,
        data: bytes,
        filename: str,
        corpus: bytes | None = None,
        corpus_filename: str = "",
        *,
        query: str | int | None = None,
        answers: Sequence[str | int] | None = None,
        passage: str | int | None = None,
        passage_id: str | int | None = None,
        queries_header: bool | None = None,
        corpus_header: bool | None = None,
        missing: Missing = "add",
        merge_duplicates: bool = True,
        encoding: str | None = None,
        corpus_encoding: str | None = None,
    ) -> RetrievalPreview:
        """Read a file of queries with answers, and one of passages, without storing anything.

        Columns by name or number (0 = first), or recognised. Without ``corpus`` the passages are the answers.

        Raises:
            FileProblem: nothing in it can be used; the sentence says why and what to do.
        """
        settings = self._workspace.settings
        rows, size = settings.max_rows, settings.max_upload_bytes
        queries = read_text_table(data, filename, max_rows=rows, max_bytes=size, encoding=encoding)
        passages = None
        if corpus is not None:
            passages = read_text_table(
                corpus,
                corpus_filename,
                max_rows=rows,
                max_bytes=size,
                encoding=corpus_encoding,
                whole_lines=True,
            )
        return parse_retrieval_set(
            queries,
            passages,
            query=query,
            answers=answers,
            passage=passage,
            passage_id=passage_id,
            queries_header=queries_header,
            corpus_header=corpus_header,
            missing=missing,
            merge_duplicates=merge_duplicates,
        )

    def save(
        self, name: str, preview: RetrievalPreview, *, source: str, replace: bool = False
    ) -> RetrievalSetInfo:
        """Store a preview's set; the same content again under the same name changes nothing.

        Raises:
            NameTaken: the name has other content and ``replace`` is false.
            BadParameter: the name is empty or too long.
            StorageProblem: the disk, or the home folder's share of it, is used up.
        """
        Limits(self._workspace.settings).check_disk()
        return self._store.save(
            checked_name(name),
            preview.set,
            source=Path(source).name[:200],
            query_rows=preview.query_rows,
            passage_rows=preview.passage_rows,
            replace=replace,
        )

    def all(self) -> list[RetrievalSetInfo]:
        """Every retrieval set, newest first."""
        return self._store.all()

    def get(self, name: str) -> RetrievalSetInfo:
        """One retrieval set by name. Raises NotFound."""
        return self._store.get(name)

    def set(self, name: str) -> RetrievalSet:
        """A set whole. Raises NotFound."""
        return self._store.set(self.get(name).id)

    def page(
        self, name: str, *, search: str = "", page: int = 0, size: int = 100
    ) -> tuple[list[tuple[str, tuple[str, ...]]], int]:
        """One page of queries with their answers, either of which holds ``search``, and how many in all."""
        return self._store.page(
            self.get(name).id, search=search, page=max(0, page), size=max(1, min(size, 500))
        )

    def delete(self, name: str) -> None:
        """Delete a set with its queries and passages. Raises NotFound."""
        self._store.delete(name)

    def export(self, name: str, format: RowsFormat = "tsv", part: ExportPart = "queries") -> bytes:
        """The queries with their answers (a row each), or the passages: two files that read back the same.

        Formats "csv", "tsv", "xlsx", "jsonl". Raises NotFound.
        """
        content = self.set(name)
        if part == "passages":
            return rows_bytes(("passage",), ((text,) for text in content.passages), format)
        rows = (
            (query, content.passages[place])
            for query, found in zip(content.queries, content.answers, strict=True)
            for place in found
        )
        return rows_bytes(("query", "answer"), rows, format)

    def check_against_dictionary(self, name: str, dictionary: str) -> list[Contradiction]:
        """Queries whose answer is a term of another group of a dictionary, or marked as no synonym.

        Raises:
            NotFound: no such set or dictionary.
        """
        content = self.set(name)
        version = self._workspace.dictionaries.get(dictionary).version_id
        pairs = (
            LabelledPair(query, content.passages[place], 1.0)
            for query, found in zip(content.queries, content.answers, strict=True)
            for place in found
        )
        stored = self._workspace.dictionaries
        apart = [(pair.standard, pair.synonym) for pair in stored.apart(version)]
        return contradictions(pairs, stored.pairs(version), apart)
