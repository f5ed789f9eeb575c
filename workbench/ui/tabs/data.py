"""The Data tab: upload a file, see what is in it, save it as a dictionary; look inside, export, delete."""

from __future__ import annotations

import base64
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import gradio as gr

from workbench.ui import incoming
from workbench.ui.components.choosers import Chooser
from workbench.ui.components.lead import lead
from workbench.ui.components.view import view
from workbench.ui.errors import notice, sentence_for
from workbench.ui.page import Page
from workbench.ui.present import dictionary_json, problem_json

if TYPE_CHECKING:
    from workbench.ingest.dictionary import DictionaryPreview

PAGE_SIZE = 50
SHOWN_PROBLEMS = 300
SHOWN_ROWS = 8
ENCODINGS = ("utf-8", "gb18030", "big5hkscs", "utf-16", "shift_jis")
EXPORTS = {
    "csv": "text/csv",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


def build(page: Page) -> None:
    """Upload on the left, preview on the right, saved dictionaries below."""
    labels = page.labels
    lead("data")
    with gr.Row(equal_height=False):
        with gr.Column(scale=5, min_width=380, elem_classes=["wb-panel"]):
            file = gr.File(
                label=labels("data.file"),
                file_types=[".csv", ".tsv", ".txt", ".xlsx"],
                height=150,
                elem_id="data-file",
            )
            with gr.Column(visible=False, elem_id="data-options") as options:
                name = gr.Textbox(label=labels("data.name"), max_length=120, elem_id="data-name")
                split = gr.Checkbox(
                    label=labels("data.split"), info=labels("data.split_help"), elem_id="data-split"
                )
                with gr.Accordion(labels("data.options"), open=False, elem_classes=["wb-fold"]):
                    standard = Chooser([], label=labels("data.standard"), elem_id="data-standard")
                    synonyms = Chooser(
                        [], label=labels("data.synonyms"), multiselect=True, elem_id="data-synonyms"
                    )
                    encoding = Chooser(
                        [(str(labels("data.encoding_auto")), ""), *[(e.upper(), e) for e in ENCODINGS]],
                        value="",
                        label=labels("data.encoding"),
                        elem_id="data-encoding",
                    )
                    replace = gr.Checkbox(label=labels("data.replace"), elem_id="data-replace")
                save = gr.Button(labels("data.save"), variant="primary", size="lg", elem_id="data-save")
        with gr.Column(scale=8, min_width=480):
            preview = view("preview", elem_id="data-preview")
    view("dictionaries", functions=_list_functions(page), elem_id="data-list")
    _connect(page, file, options, name, split, standard, synonyms, encoding, replace, save, preview)


def _connect(
    page: Page,
    file: Any,
    options: Any,
    name: Any,
    split: Any,
    standard: Any,
    synonyms: Any,
    encoding: Any,
    replace: Any,
    save: Any,
    preview: Any,
) -> None:
    services = page.services
    choices = [standard, synonyms, split, encoding]

    def read(path: str, standard: Any, synonyms: Any, split: bool, encoding: str | None) -> DictionaryPreview:
        by_hand = standard is not None and synonyms
        return services.preview_dictionary(
            Path(path).read_bytes(),
            Path(path).name,
            standard=int(standard) if by_hand else None,
            synonyms=[int(column) for column in synonyms] if by_hand else None,
            split_cells=bool(split),
            encoding=encoding if encoding in ENCODINGS else None,
        )

    def first_look(path: str | None) -> list[Any]:
        """A file was chosen (or taken away): read it with columns as recognised."""
        hidden = [gr.update(visible=False), *[gr.skip()] * 4]
        if not path:
            return [None, *hidden]
        try:
            found = read(path, None, None, False, None)
        except Exception as error:
            return [{"problem": sentence_for(error).as_json()}, *hidden]
        columns = [(column or f"#{i + 1}", str(i)) for i, column in enumerate(found.columns)]
        return [
            _preview_json(found),
            gr.update(visible=True),
            services.unique_dictionary_name(Path(path).stem),
            False,
            gr.update(choices=columns, value=str(found.choice.standard)),
            gr.update(choices=columns, value=[str(i) for i in found.choice.synonyms]),
        ]

    def look_again(path: str | None, *chosen: Any) -> Any:
        if not path:
            return gr.skip()
        try:
            return _preview_json(read(path, *chosen))
        except Exception as error:
            return {"problem": sentence_for(error).as_json()}

    def keep(path: str | None, name: str, replace: bool, request: gr.Request, *chosen: Any) -> list[Any]:
        if not path:
            return [gr.skip()] * 3
        try:
            found = read(path, *chosen)
            info = services.save_dictionary(name, found, source=Path(path).name, replace=bool(replace))
        except Exception as error:
            notice(error, request)
            return [gr.skip()] * 3
        return [{"saved": dictionary_json(info)}, None, gr.update(visible=False)]

    quiet: dict[str, Any] = {"api_visibility": "private"}
    gr.on(
        [file.upload, file.clear],
        first_look,
        file,
        [preview, options, name, split, standard, synonyms],
        show_progress="minimal",
        show_progress_on=preview,
        **quiet,
    )
    gr.on(
        [standard.input, synonyms.input, split.input, encoding.input],
        look_again,
        [file, *choices],
        preview,
        show_progress="hidden",
        trigger_mode="always_last",
        **quiet,
    )
    save.click(
        keep, [file, name, replace, *choices], [preview, file, options], show_progress="minimal", **quiet
    )


def _preview_json(found: DictionaryPreview) -> dict[str, Any]:
    problems = sorted(found.problems, key=lambda p: ("error", "warning", "note").index(p.severity))
    severity = {problem.code: problem.severity for problem in problems}
    counts: Counter[str] = Counter()
    for code, count in found.problem_counts.items():
        counts[severity.get(code, "note")] += count
    heading = found.choice.has_header
    return {
        "columns": list(found.columns),
        "standard": found.choice.standard,
        "synonyms": list(found.choice.synonyms),
        "pairs": len(found.pairs),
        "standards": found.standards,
        "terms": found.terms,
        "rows": found.rows,
        "language": found.language,
        "read_as": " · ".join(
            str(part).upper() for part in (found.format, found.encoding, found.sheet) if part is not None
        ),
        "several": 0 if found.split_cells else found.multi_value_cells,
        "counts": dict(counts),
        "problems": [problem_json(problem) for problem in problems[:SHOWN_PROBLEMS]],
        "heading": heading,
        "sample": [[cell[:120] for cell in row] for row in found.sample_rows[:SHOWN_ROWS]],
        "numbers": list(found.sample_row_numbers[:SHOWN_ROWS]),
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
        name = incoming.words(data, "name", limit=200)
        content = services.export_dictionary(name, kind)
        return {"mime": EXPORTS[kind], "base64": base64.b64encode(content).decode("ascii")}

    def delete_dictionary(data: dict[str, Any]) -> dict[str, Any]:
        services.delete_dictionary(incoming.words(data, "name", limit=200))
        return {"done": True}

    return [list_dictionaries, read_groups, read_split, export_dictionary, delete_dictionary]
