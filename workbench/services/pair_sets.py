"""Labelled pairs: looked over, stored, read page by page, compared with a dictionary, exported."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from workbench.ingest.contradictions import Contradiction, contradictions
from workbench.ingest.pairs import PairsPreview, choose_pair_columns, parse_pairs
from workbench.ingest.plain_lines import read_text_table
from workbench.ingest.spreadsheets import RowsFormat, rows_bytes
from workbench.names import checked_name, tidy
from workbench.services.limits import Limits
from workbench.types import LabelledPair, PairSetInfo, PairSetKind
from workbench.workspace import Workspace

HEADERS: dict[PairSetKind, tuple[str, str, str]] = {
    "labels": ("text1", "text2", "label"),
    "scores": ("text1", "text2", "score"),
    "triplets": ("anchor", "positive", "negative"),
}


class PairSets:
    """Sets of labelled pairs of one home folder."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._store = workspace.pair_sets

    def preview(
        self,
        data: bytes,
        filename: str,
        *,
        text1: str | int | None = None,
        text2: str | int | None = None,
        label: str | int | None = None,
        negative: str | int | None = None,
        has_header: bool | None = None,
        kind: PairSetKind | None = None,
        encoding: str | None = None,
        delimiter: str | None = None,
        sheet: str | None = None,
    ) -> PairsPreview:
        """Read a file without storing anything. Columns by name or number (0 = first), or recognised.

        Raises:
            FileProblem: nothing in it can be used; the sentence says why and what to do.
        """
        settings = self._workspace.settings
        table = read_text_table(
            data,
            filename,
            max_rows=settings.max_rows,
            max_bytes=settings.max_upload_bytes,
            encoding=encoding,
            delimiter=delimiter,
            sheet=sheet,
        )
        choice = choose_pair_columns(
            table, text1=text1, text2=text2, label=label, negative=negative, has_header=has_header
        )
        return parse_pairs(
            table, choice, kind=kind, max_text_length=settings.max_text_length, max_pairs=settings.max_rows
        )

    def save(
        self,
        name: str,
        preview: PairsPreview,
        *,
        source: str,
        replace: bool = False,
        trusted: bool = True,
        author: str = "",
    ) -> PairSetInfo:
        """Store a preview's pairs; the same content again under the same name changes nothing.

        ``trusted`` is false for labels that an outside model gave: see :meth:`accept`. ``author`` is who
        brought them in.

        Raises:
            NameTaken: the name has other content and ``replace`` is false.
            BadParameter: the name is empty or too long.
            StorageProblem: the disk, or the home folder's share of it, is used up.
        """
        Limits(self._workspace.settings).check_disk()
        return self._store.save(
            checked_name(name),
            preview.pairs,
            kind=preview.kind,
            source=Path(source).name[:200],
            trusted=trusted,
            recipe={"author": tidy(author)} if author else None,
            replace=replace,
        )

    def all(self) -> list[PairSetInfo]:
        """Every pair set, newest first."""
        return self._store.all()

    def get(self, name: str) -> PairSetInfo:
        """One pair set by name. Raises NotFound."""
        return self._store.get(name)

    def pairs(self, name: str) -> Iterator[LabelledPair]:
        """Every pair of a set, read as they are asked for. Raises NotFound."""
        return self._store.pairs(self.get(name).id)

    def page(
        self, name: str, *, search: str = "", page: int = 0, size: int = 100
    ) -> tuple[list[LabelledPair], int]:
        """One page of pairs of which any text holds ``search``, and how many there are in all."""
        return self._store.page(
            self.get(name).id, search=search, page=max(0, page), size=max(1, min(size, 500))
        )

    def accept(self, name: str) -> PairSetInfo:
        """Trust the labels that an outside model gave. Raises NotFound."""
        return self._store.accept(name)

    def delete(self, name: str) -> None:
        """Delete a set and its pairs. Raises NotFound."""
        self._store.delete(name)

    def export(self, name: str, format: RowsFormat = "csv") -> bytes:
        """A set as a file that reads back the same: "csv", "tsv", "xlsx" or "jsonl". Raises NotFound."""
        info = self.get(name)
        return rows_bytes(HEADERS[info.kind], map(_cells, self._store.pairs(info.id)), format)

    def check_against_dictionary(self, name: str, dictionary: str) -> list[Contradiction]:
        """Pairs that say the opposite of a dictionary: 0 where it says synonym, 1 where it says otherwise.

        Raises:
            NotFound: no such set or dictionary.
        """
        info = self.get(name)
        version = self._workspace.dictionaries.get(dictionary).version_id
        stored = self._workspace.dictionaries
        apart = [(pair.standard, pair.synonym) for pair in stored.apart(version)]
        return contradictions(self._store.pairs(info.id), stored.pairs(version), apart)


def _cells(pair: LabelledPair) -> tuple[str, str, str | float]:
    if pair.negative:
        return pair.text1, pair.text2, pair.negative
    return pair.text1, pair.text2, int(pair.label) if pair.label in (0, 1) else pair.label
