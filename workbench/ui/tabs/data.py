"""The Data tab: upload a file, see what is in it, save it as a dictionary; look inside, export, delete."""

from __future__ import annotations

import base64
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import gradio as gr

from workbench.errors import FileProblem
from workbench.names import LONGEST_NAME, tidy
from workbench.ui import incoming
from workbench.ui.components.choosers import dropdown
from workbench.ui.components.lead import lead
from workbench.ui.components.view import view
from workbench.ui.errors import notice, sentence_for
from workbench.ui.page import Page
from workbench.ui.present import dictionary_json, problem_json

if TYPE_CHECKING:
    from workbench.ingest.dictionary import DictionaryPreview

PAGE_SIZE = 25
ROOM = 4  # characters left free behind a proposed name: for the number that makes it unique
SHOWN_PROBLEMS = 300
SHOWN_ROWS = 8
ENCODINGS = ("utf-8", "gb18030", "big5hkscs", "utf-16", "shift_jis")
EXPORTS = {
    "csv": "text/csv",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
QUIET: dict[str, Any] = {"api_visibility": "private"}


@dataclass
class Form:
    """The controls of an upload; ``how`` are those that change how the file is read."""

    file: Any
    options: Any
    fold: Any
    name: Any
    replace: Any
    save: Any
    split: Any
    standard: Any
    synonyms: Any
    encoding: Any

    @property
    def how(self) -> list[Any]:
        """In the order of ``_read``'s arguments."""
        return [self.standard, self.synonyms, self.split, self.encoding]


def build(page: Page) -> None:
    """Upload on the left, preview on the right, saved dictionaries below."""
    lead("data")
    with gr.Row(equal_height=False):
        with gr.Column(scale=5, min_width=380, elem_classes=["wb-panel"]):
            form = _form(page)
        with gr.Column(scale=8, min_width=480):
            preview = view("preview", elem_id="data-preview")
    view("dictionaries", functions=_list_functions(page), elem_id="data-list")
    _connect(page, form, preview)


def _form(page: Page) -> Form:
    labels = page.labels
    file = gr.File(
        label=labels("data.file"),
        file_types=[".csv", ".tsv", ".txt", ".xlsx"],
        height=150,
        elem_id="data-file",
    )
    with gr.Column(visible=False, elem_id="data-options") as options:
        name = gr.Textbox(label=labels("data.name"), max_length=LONGEST_NAME, elem_id="data-name")
        split = gr.Checkbox(label=labels("data.split"), info=labels("data.split_help"), elem_id="data-split")
        with gr.Accordion(labels("data.options"), open=False, elem_classes=["wb-fold"]) as fold:
            standard = dropdown(labels("data.standard"), "data-standard")
            synonyms = dropdown(labels("data.synonyms"), "data-synonyms", multiselect=True)
            encodings = [(str(labels("data.encoding_auto")), ""), *[(e.upper(), e) for e in ENCODINGS]]
            encoding = dropdown(labels("data.encoding"), "data-encoding", encodings, value="")
            replace = gr.Checkbox(label=labels("data.replace"), elem_id="data-replace")
        save = gr.Button(labels("data.save"), variant="primary", size="lg", elem_id="data-save")
    return Form(file, options, fold, name, replace, save, split, standard, synonyms, encoding)


def _connect(page: Page, form: Form, preview: Any) -> None:
    gr.on(
        [form.file.upload, form.file.clear],
        _first_look(page),
        form.file,
        [
            preview,
            form.options,
            form.fold,
            form.name,
            form.replace,
            form.split,
            form.encoding,
            form.standard,
            form.synonyms,
        ],
        show_progress="minimal",
        show_progress_on=preview,
        **QUIET,
    )
    gr.on(
        [control.input for control in (form.standard, form.synonyms, form.split)],
        _look_again(page),
        [form.file, *form.how],
        preview,
        show_progress="hidden",
        trigger_mode="always_last",
        **QUIET,
    )
    form.encoding.input(
        _other_encoding(page),
        [form.file, form.split, form.encoding],
        [preview, form.standard, form.synonyms],
        show_progress="hidden",
        trigger_mode="always_last",
        **QUIET,
    )
    form.replace.input(
        _rename(page), [form.file, form.replace, form.name], form.name, show_progress="hidden", **QUIET
    )
    form.save.click(
        _keep(page),
        [form.file, form.name, form.replace, *form.how],
        [preview, form.file, form.options],
        show_progress="minimal",
        **QUIET,
    )


def _read(
    page: Page, path: str, standard: Any, synonyms: Any, split: Any, encoding: Any
) -> DictionaryPreview:
    by_hand = standard is not None and bool(synonyms)
    return page.services.preview_dictionary(
        Path(path).read_bytes(),
        Path(path).name,
        standard=int(standard) if by_hand else None,
        synonyms=[int(column) for column in synonyms] if by_hand else None,
        split_cells=bool(split),
        encoding=encoding if encoding in ENCODINGS else None,
    )


def _first_look(page: Page) -> Any:
    def first_look(path: str | None) -> list[Any]:
        """A file was chosen (or taken away): read it with columns as recognised."""
        if not path:
            return [None, gr.update(visible=False), *[gr.skip()] * 7]
        shown, by_hand, columns = _recognised(page, path, False, None)
        offered = "problem" not in shown or by_hand
        return [
            shown,
            gr.update(visible=offered),
            gr.update(open="problem" in shown),
            page.services.unique_dictionary_name(_plain_name(path)),
            False,
            False,
            "",
            *columns,
        ]

    return first_look


def _recognised(
    page: Page, path: str, split: Any, encoding: Any
) -> tuple[dict[str, Any], bool, tuple[Any, Any]]:
    """What the preview shows, whether a choice by hand may help, and the two choosers of columns."""
    try:
        found = _read(page, path, None, None, split, encoding)
        choice = found.choice
        return _preview_json(found), True, _columns(found.columns, choice.standard, choice.synonyms)
    except Exception as error:
        shown = {"problem": sentence_for(error).as_json()}
        if not isinstance(error, FileProblem):
            return shown, False, _columns((), None, ())
    try:
        return shown, True, _columns_to_choose(page, path, encoding)
    except FileProblem:  # not a table as it was read; text may be one in another encoding
        return shown, Path(path).suffix.lower() != ".xlsx", _columns((), None, ())


def _columns_to_choose(page: Page, path: str, encoding: Any) -> tuple[Any, Any]:
    """The columns of a file in which no pair was found. Raises FileProblem where it is no table."""
    from workbench.ingest.columns import columns_of, guess_columns
    from workbench.ingest.readers import read_table

    settings = page.services.settings
    table = read_table(
        Path(path).read_bytes(),
        Path(path).name,
        max_rows=settings.max_rows,
        max_bytes=settings.max_upload_bytes,
        encoding=encoding if encoding in ENCODINGS else None,
    )
    try:
        guess = guess_columns(table)
    except FileProblem:
        return _columns(columns_of(table, has_header=True), None, ())
    return _columns(columns_of(table, guess.has_header, guess.skip_rows), guess.standard, guess.synonyms)


def _columns(names: Sequence[str], standard: int | None, synonyms: Sequence[int]) -> tuple[Any, Any]:
    choices = [(name or f"#{i + 1}", str(i)) for i, name in enumerate(names)]
    return (
        gr.update(choices=choices, value=None if standard is None else str(standard)),
        gr.update(choices=choices, value=[str(i) for i in synonyms]),
    )


def _other_encoding(page: Page) -> Any:
    def other_encoding(path: str | None, split: Any, encoding: Any) -> list[Any]:
        """Headings read otherwise: the columns are recognised anew."""
        if not path:
            return [gr.skip()] * 3
        shown, _, columns = _recognised(page, path, split, encoding)
        return [shown, *columns]

    return other_encoding


def _rename(page: Page) -> Any:
    def rename(path: str | None, replace: bool, name: str | None) -> Any:
        """A proposed name follows the box: the file's own to replace, else one that is free."""
        if not path:
            return gr.skip()
        plain = _plain_name(path)
        free = page.services.unique_dictionary_name(plain)
        if name not in (plain, free, ""):
            return gr.skip()  # somebody wrote it
        return plain if replace else free

    return rename


def _look_again(page: Page) -> Any:
    def look_again(path: str | None, *how: Any) -> Any:
        """Columns or splitting were chosen by hand."""
        if not path:
            return gr.skip()
        try:
            return _preview_json(_read(page, path, *how))
        except Exception as error:
            return {"problem": sentence_for(error).as_json()}

    return look_again


def _plain_name(path: str) -> str:
    return tidy(Path(path).stem)[: LONGEST_NAME - ROOM].strip()


def _keep(page: Page) -> Any:
    def keep(path: str | None, name: str | None, replace: bool, request: gr.Request, *how: Any) -> list[Any]:
        """Save what the preview shows."""
        if not path:
            return [gr.skip()] * 3
        try:
            found = _read(page, path, *how)
            info = page.services.save_dictionary(
                name or "", found, source=Path(path).name, replace=bool(replace)
            )
        except Exception as error:
            notice(error, request)
            return [gr.skip()] * 3
        return [{"saved": dictionary_json(info)}, None, gr.update(visible=False)]

    return keep


def _preview_json(found: DictionaryPreview) -> dict[str, Any]:
    problems = sorted(found.problems, key=lambda p: ("error", "warning", "note").index(p.severity))
    severity = {problem.code: problem.severity for problem in problems}
    counts: Counter[str] = Counter()
    for code, count in found.problem_counts.items():
        counts[severity.get(code, "note")] += count
    first = found.choice.skip_rows + int(found.choice.has_header)
    rows = slice(first, first + SHOWN_ROWS)
    return {
        "columns": list(found.columns),
        "standard": found.choice.standard,
        "synonyms": list(found.choice.synonyms),
        "pairs": len(found.pairs),
        "standards": found.standards,
        "terms": found.terms,
        "rows": found.rows,
        "read_as": " · ".join(
            str(part).upper() for part in (found.format, found.encoding, found.sheet) if part is not None
        ),
        "several": 0 if found.split_cells else found.multi_value_cells,
        "counts": dict(counts),
        "problems": [problem_json(problem) for problem in problems[:SHOWN_PROBLEMS]],
        "sample": [[cell[:120] for cell in row] for row in found.sample_rows[rows]],
        "numbers": list(found.sample_row_numbers[rows]),
    }


def _list_functions(page: Page) -> list[Any]:
    services = page.services

    def list_dictionaries(_data: dict[str, Any]) -> dict[str, Any]:
        return {"dictionaries": [dictionary_json(info) for info in services.dictionaries()]}

    def read_groups(data: dict[str, Any]) -> dict[str, Any]:
        """One page of a dictionary's groups."""
        groups, total = services.groups_page(
            incoming.words(data, "name", limit=200),
            search=incoming.words(data, "search", limit=200, default=""),
            page=incoming.whole(data, "page", 0, 10**7, default=0),
            size=PAGE_SIZE,
        )
        return {
            "groups": [[group.standard, list(group.synonyms)] for group in groups],
            "total": total,
            "size": PAGE_SIZE,
        }

    def read_split(data: dict[str, Any]) -> dict[str, Any]:
        return {"counts": services.split_counts(incoming.words(data, "name", limit=200))}

    def export_dictionary(data: dict[str, Any]) -> dict[str, Any]:
        kind = incoming.one_of(data, "format", EXPORTS, default="csv")
        content = services.export_dictionary(incoming.words(data, "name", limit=200), kind)
        return {"mime": EXPORTS[kind], "base64": base64.b64encode(content).decode("ascii")}

    def delete_dictionary(data: dict[str, Any]) -> dict[str, Any]:
        services.delete_dictionary(incoming.words(data, "name", limit=200))
        return {"done": True}

    return [list_dictionaries, read_groups, read_split, export_dictionary, delete_dictionary]
