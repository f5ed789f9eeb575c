"""Importing a dictionary step by step: read, look at what it would do, save; and checking what is here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import get_args

from workbench.editing.edits import MergePairs
from workbench.errors import BadParameter, Conflict
from workbench.ingest.check import CheckReport, check_dictionary
from workbench.ingest.choice import choose_columns
from workbench.ingest.dictionary import DictionaryPreview, parse_dictionary
from workbench.ingest.dry_run import ImportMode, ImportPlan, plan_import
from workbench.ingest.near_duplicates import SHORTEST, THRESHOLD, Progress
from workbench.ingest.readers import read_table
from workbench.ingest.table import ReadOptions, Table
from workbench.localtext import LocalText
from workbench.names import checked_name
from workbench.services.editing import Editor
from workbench.services.limits import Limits
from workbench.types import DictionaryInfo, Pair
from workbench.workspace import Workspace

__all__ = ["CheckReport", "ImportMode", "ImportPlan", "Importer"]


class Importer:
    """Brings files in. ``plan`` and ``check`` store nothing."""

    def __init__(self, workspace: Workspace, editor: Editor) -> None:
        self._settings = workspace.settings
        self._dictionaries = workspace.dictionaries
        self._pair_sets = workspace.pair_sets
        self._editor = editor
        self._limits = Limits(workspace.settings)

    def read(
        self,
        data: bytes,
        filename: str,
        *,
        standard: str | int | None = None,
        synonyms: Sequence[str | int] | None = None,
        has_header: bool | None = None,
        split_cells: bool = False,
        encoding: str | None = None,
        delimiter: str | None = None,
        sheet: str | None = None,
        format: str | None = None,
        options: ReadOptions | None = None,
    ) -> DictionaryPreview:
        """Read a file without storing anything. Columns by name or number (0 = first), or recognised.

        ``encoding``, ``delimiter``, ``sheet``, ``format`` and ``options`` are those of
        :func:`~workbench.ingest.readers.read_table`, for where they were taken wrongly.

        Raises:
            FileProblem: nothing in it can be used; the sentence says why and what to do.
            BadParameter: there is no such format or option.
        """
        settings = self._settings
        table = read_table(
            data,
            filename,
            max_rows=settings.max_rows,
            max_bytes=settings.max_upload_bytes,
            encoding=encoding,
            delimiter=delimiter,
            sheet=sheet,
            format=format,
            options=options or ReadOptions(),
            memory_bytes=settings.parse_memory_bytes,
            seconds=settings.parse_seconds,
        )
        return self.parse(
            table, standard=standard, synonyms=synonyms, has_header=has_header, split_cells=split_cells
        )

    def parse(
        self,
        table: Table,
        *,
        standard: str | int | None = None,
        synonyms: Sequence[str | int] | None = None,
        has_header: bool | None = None,
        split_cells: bool = False,
    ) -> DictionaryPreview:
        """As :meth:`read`, of a table that was read already. Raises FileProblem."""
        choice = choose_columns(table, standard=standard, synonyms=synonyms, has_header=has_header)
        return parse_dictionary(
            table, choice, split_cells=split_cells, max_term_length=self._settings.max_term_length
        )

    def plan(self, preview: DictionaryPreview, name: str, mode: ImportMode) -> ImportPlan:
        """What :meth:`save` would do.

        Raises:
            NotFound: there is no dictionary ``name`` to merge into or to replace.
            BadParameter: no such mode.
        """
        if _checked(mode) == "new":
            return plan_import(preview, (), (), mode)
        info = self._dictionaries.get(name)
        existing, apart = self._dictionaries.pairs(info.version_id), self._dictionaries.apart(info.version_id)
        return replace(plan_import(preview, existing, apart, mode), version=info.version)

    def save(
        self,
        preview: DictionaryPreview,
        name: str,
        mode: ImportMode,
        source: str,
        author: str = "",
        *,
        based_on: int | None = None,
    ) -> DictionaryInfo:
        """Store a preview as a new dictionary, as the new content of one, or merged into one.

        "merge" and "replace" are steps that can be undone; what changes nothing makes no step. Pairs that
        the expert marked as not synonyms are left out. ``based_on`` is the ``version`` of the plan that the
        expert saw: "replace" is refused where somebody has edited the dictionary since.

        Raises:
            Conflict: mode "replace", and there is a newer version than ``based_on``.
            NameTaken: mode "new", and the name is there. NotFound: the others, and it is not.
            BadParameter: the name is empty or too long, or there is no such mode.
            InputError: mode "replace", and every pair is marked as not synonyms; or more terms than may be.
            StorageProblem: the disk, or the home folder's share of it, is used up.
        """
        self._limits.check_disk()
        if _checked(mode) == "merge":
            edit = MergePairs(tuple(preview.pairs), tuple(preview.labels))
            return self._editor.merge(name, edit, author=author)
        self._limits.check_terms(name, preview.terms)
        if mode == "replace":
            self._dictionaries.get(name)
        return self._dictionaries.save(
            checked_name(name) if mode == "new" else name,
            preview.pairs,
            language=preview.language,
            source=Path(source).name[:200],
            replace=mode == "replace",
            author=author,
            labels=preview.labels,
            allow=lambda info: self._refuse_newer(info, based_on),
        )

    def _refuse_newer(self, info: DictionaryInfo, based_on: int | None) -> None:
        if based_on is not None and based_on != info.version:
            raise Conflict(
                LocalText(
                    "「{name}」在预览之后又被改动了（现在是第 {number} 版）。",
                    "“{name}” was edited after this preview (it is at version {number} now).",
                ),
                LocalText(
                    "请重新预览，看清会替换掉什么。",
                    "Preview the import again to see what it would replace.",
                ),
                name=info.name,
                number=info.version,
            )

    def check(
        self,
        name: str,
        *,
        pair_set: str | None = None,
        threshold: float = THRESHOLD,
        shortest: int = SHORTEST,
        progress: Progress | None = None,
    ) -> CheckReport:
        """Everything that is odd about a dictionary; held against a set of labelled pairs where one is
        named. ``threshold`` (50..100) and ``shortest`` say from when on two spellings are alike.

        Raises:
            NotFound: no such dictionary or pair set. BadParameter: a threshold out of its range.
        """
        info = self._dictionaries.get(name)
        return self._report(
            self._dictionaries.pairs(info.version_id),
            self._editor.apart(name),
            pair_set,
            threshold,
            shortest,
            progress,
        )

    def check_preview(
        self,
        preview: DictionaryPreview,
        *,
        pair_set: str | None = None,
        threshold: float = THRESHOLD,
        shortest: int = SHORTEST,
        progress: Progress | None = None,
    ) -> CheckReport:
        """:meth:`check` of a file that is not saved yet. What its preview reports of single rows is not
        in the pairs any more, so the two belong together."""
        return self._report(preview.pairs, (), pair_set, threshold, shortest, progress)

    def _report(
        self,
        pairs: Sequence[Pair],
        apart: Sequence[Pair],
        pair_set: str | None,
        threshold: float,
        shortest: int,
        progress: Progress | None,
    ) -> CheckReport:
        if not 50 <= threshold <= 100 or shortest < 1:
            raise BadParameter(
                LocalText(
                    "相似度 {threshold} 不在 50 到 100 之间，或最短长度 {shortest} 小于 1。",
                    "The likeness {threshold} is not within 50 and 100, or the length {shortest} is below 1.",
                ),
                LocalText("一般用 90 和 4。", "Usual are 90 and 4."),
                threshold=threshold,
                shortest=shortest,
            )
        labelled = tuple(self._pair_sets.pairs(self._pair_sets.get(pair_set).id)) if pair_set else ()
        return check_dictionary(
            pairs, apart=apart, labelled=labelled, threshold=threshold, shortest=shortest, progress=progress
        )


def _checked(mode: str) -> str:
    if mode not in get_args(ImportMode):
        raise BadParameter(
            LocalText("没有「{mode}」这种导入方式。", "There is no way to import called “{mode}”."),
            LocalText("可选：new、merge、replace。", "Choose new, merge or replace."),
            mode=mode,
        )
    return mode
