"""Lists that neighbours are looked for in: pasted, or a column of an uploaded table."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from workbench.ingest.one_column import OneColumn
from workbench.ui import incoming
from workbench.ui.background import Report
from workbench.ui.page import Page
from workbench.ui.tabs.explore_questions import Questions
from workbench.ui.text import text
from workbench.ui.uploads import Upload, Uploads

MOST_PASTED = 8_000_000  # characters
MOST_COLUMNS = 10_000
SAMPLE = 6  # cells shown of a column
LONGEST_CELL = 200  # characters shown of a cell
TOKEN = 60  # characters
Function = Callable[[dict[str, Any]], dict[str, Any]]


def functions(page: Page, questions: Questions, uploads: Uploads) -> list[Function]:
    """What the fields for a list ask the server."""

    def look_table(data: dict[str, Any]) -> dict[str, Any]:
        """The columns of an upload, the chosen one (or the likeliest), and some of its cells."""
        upload = uploads.get(incoming.words(data, "token", limit=TOKEN))
        place = column_place(data)

        def work(report: Report) -> dict[str, Any]:
            report(0.0, text("explore.reading"))
            return column_json(read_column(page, upload, place), upload.name)

        return questions.ask(data, "look", [upload.token, place], work)

    def keep_list(data: dict[str, Any]) -> dict[str, Any]:
        """Hold a list on the server; its id is how questions name it."""
        token = incoming.words(data, "token", limit=TOKEN, default="")
        if token:
            upload = uploads.get(token)
            column = read_column(page, upload, column_place(data))
            title, texts = f"{upload.name} · {column.columns[column.place]}", column.texts
        else:
            pasted = incoming.words(data, "text", limit=MOST_PASTED)
            title, texts = "", pasted.splitlines()
        kept = list(dict.fromkeys(line.strip() for line in texts if line.strip()))
        return {"id": page.services.exploring.keep_list(kept, title), "title": title, "count": len(kept)}

    return [look_table, keep_list]


def column_place(data: dict[str, Any]) -> int | None:
    """The number of a column, 0 = first; None: the likeliest."""
    place = incoming.whole(data, "column", -1, MOST_COLUMNS, default=-1)
    return None if place < 0 else place


def read_column(page: Page, upload: Upload, place: int | None) -> OneColumn:
    """A column of an upload, read once. Raises FileProblem."""

    def read() -> OneColumn:
        return page.services.matching.read(upload.bytes(), upload.name, column=place)

    return upload.kept("column", place, read)


def column_json(column: OneColumn, title: str) -> dict[str, Any]:
    """What a form shows of a table."""
    cells = [cell for cell in column.texts if cell][:SAMPLE]
    return {
        "file": title,
        "columns": list(column.columns),
        "place": column.place,
        "rows": len(column.rows),
        "sample": [cell[:LONGEST_CELL] for cell in cells],
    }
