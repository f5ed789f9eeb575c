"""Dictionaries as a whole: read from a file, saved, listed, paged, exported, deleted."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from workbench.errors import InputError
from workbench.ingest.dictionary import DictionaryPreview
from workbench.ingest.export import WITHOUT_COLUMNS, ExportFormat, dictionary_bytes
from workbench.localtext import LocalText
from workbench.names import checked_name, tidy, unique
from workbench.services.parts import Part
from workbench.types import ACTIVE_STATES, DictionaryInfo, SynonymGroup


class Dictionaries(Part):
    """What ``Services`` does with dictionaries; ``editor`` edits them, ``importer`` imports step by step."""

    def preview_dictionary(
        self,
        data: bytes,
        filename: str,
        *,
        standard: str | int | None = None,
        synonyms: Sequence[str | int] | None = None,
        split_cells: bool = False,
        encoding: str | None = None,
    ) -> DictionaryPreview:
        """Read a file without storing anything. Columns by name or number (0 = first), or recognised.

        Raises:
            FileProblem: nothing in it can be used; the sentence says why and what to do.
        """
        return self.importer.read(
            data,
            filename,
            standard=standard,
            synonyms=synonyms,
            split_cells=split_cells,
            encoding=encoding,
        )

    def save_dictionary(
        self, name: str, preview: DictionaryPreview, *, source: str, replace: bool = False
    ) -> DictionaryInfo:
        """Store a preview's pairs as a dictionary, or as a new version of one.

        Raises:
            NameTaken: the name exists and ``replace`` is false.
            BadParameter: the name is empty or too long.
            InputError, StorageProblem: more terms than may be; no room on the disk.
        """
        self.limits.check_disk()
        self.limits.check_terms(name, preview.terms)
        return self._workspace.dictionaries.save(
            checked_name(name),
            preview.pairs,
            language=preview.language,
            source=Path(source).name[:200],
            replace=replace,
            labels=preview.labels,
        )

    def unique_dictionary_name(self, wish: str) -> str:
        """``wish``, with a number behind it where it is taken."""
        return unique(tidy(wish) or "dictionary", {info.name for info in self.dictionaries()})

    def dictionaries(self) -> list[DictionaryInfo]:
        """Every dictionary, the expert's own first."""
        return self._workspace.dictionaries.all()

    def groups_page(
        self, name: str, *, search: str = "", page: int = 0, size: int = 100
    ) -> tuple[list[SynonymGroup], int]:
        """One page of synonym groups that contain ``search``, and how many there are in all."""
        info = self.dictionary(name)
        return self._workspace.dictionaries.groups_page(
            info.version_id, search=search, page=max(0, page), size=max(1, min(size, 500))
        )

    def split_counts(self, name: str) -> dict[str, int]:
        """Synonym pairs in each part of the frozen split, concepts, and the size of the largest one."""
        subject = self._subject(name)
        sizes: dict[str, int] = {}
        for component in subject.split.component_of.values():
            sizes[component] = sizes.get(component, 0) + 1
        return {**subject.part_counts(), "components": len(sizes), "largest": max(sizes.values(), default=0)}

    def export_dictionary(self, name: str, format: ExportFormat = "csv") -> bytes:
        """The newest version of a dictionary as a file's bytes, with the columns that were kept with it."""
        info = self.dictionary(name)
        pairs = self._workspace.dictionaries.pairs(info.version_id)
        labels = {} if format in WITHOUT_COLUMNS else self._workspace.dictionaries.labels(info)
        return dictionary_bytes(pairs, format, labels=labels)

    def left_out_of_export(self, name: str, format: ExportFormat) -> tuple[str, ...]:
        """The columns kept with a dictionary that a file of ``format`` has no place for."""
        if format not in WITHOUT_COLUMNS:
            return ()
        return tuple(self._workspace.dictionaries.labels(self.dictionary(name)))

    def delete_dictionary(self, name: str) -> None:
        """Take a dictionary off the list. Refused (InputError) while a run needs it."""
        runs = self._workspace.runs.all(10_000)
        busy = [run for run in runs if run.dictionary == name and run.state in (*ACTIVE_STATES, "queued")]
        if busy:
            raise InputError(
                LocalText("「{name}」正在被训练「{run}」使用。", "“{name}” is in use by the run “{run}”."),
                LocalText("等它结束，或先停止它。", "Wait until it ends, or stop it first."),
                name=name,
                run=busy[0].name,
            )
        self._workspace.dictionaries.delete(name)
        self.live.turn_off(name)
