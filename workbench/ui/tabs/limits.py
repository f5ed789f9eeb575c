"""The panel on this computer in the Models tab: disk, memory, limits, and a backup to download.

The way of a backup: ``backup_start`` begins it in the background, ``backup_state`` tells how far it is and at
last gives a token; the event ``collect`` hands the file of that token to the unseen download button. The file
lies in the folder for uploads, the only one within the home that the page may hand out files from.
"""

from __future__ import annotations

import itertools
import secrets
import shutil
import time
from typing import TYPE_CHECKING, Any, get_args

import gradio as gr

from workbench.errors import NotFound
from workbench.services.backup import BackupInfo, Scope
from workbench.ui import incoming, outgoing
from workbench.ui.components.view import view
from workbench.ui.errors import notice
from workbench.ui.page import Page
from workbench.ui.present import both
from workbench.ui.text import text

if TYPE_CHECKING:
    from workbench.ui.background import Report

QUIET: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private"}


def build(page: Page) -> None:
    """The panel, and the unseen button that hands a backup to the browser."""
    made: dict[str, BackupInfo] = {}
    panel = view("limits", functions=_functions(page, made), events=["collect"], elem_id="models-limits")
    download = gr.DownloadButton(visible="hidden", elem_id="limits-download")
    answers = itertools.count()  # two answers are never alike: the page's script hears of changes only

    def collect(event: gr.EventData, request: gr.Request) -> list[Any]:
        sent = event._data if isinstance(event._data, dict) else {}
        try:
            info = made.get(incoming.words(sent, "token", limit=60))
            if info is None or not info.file.exists():
                raise NotFound(text("limits.gone"))
        except Exception as error:
            notice(error, request)
            return [gr.skip(), {"failed": next(answers)}]
        return [gr.update(value=str(info.file)), {"answer": next(answers)}]

    collected = panel.collect(collect, None, [download, panel], **QUIET)
    # The script presses the button when this has been said: by then the button has the new file.
    collected.success(lambda: {"ready": next(answers)}, None, panel, **QUIET)
    collected.failure(lambda: {"failed": next(answers)}, None, panel, **QUIET)


def _functions(page: Page, made: dict[str, BackupInfo]) -> list[Any]:
    services = page.services

    def read_limits(_data: dict[str, Any]) -> dict[str, Any]:
        """Where the home folder lies is nobody's business but the administrator's."""
        shown = {name: value for name, value in services.limits.overview().items() if name != "home"}
        return {**shown, "backup": services.backups.sizes(), "scopes": list(get_args(Scope))}

    def backup_start(data: dict[str, Any]) -> dict[str, Any]:
        """Begin; whoever asks for the same meanwhile is given the same."""
        scope: Any = incoming.one_of(data, "scope", get_args(Scope))
        page.background.forget(f"backup:{scope}")

        def work(report: Report) -> None:
            token = secrets.token_urlsafe(18)
            folder = outgoing.place() / f"backup-{token}"
            folder.mkdir(parents=True)
            try:
                info = services.backups.write(folder / _name(), scope=scope, progress=report)
            except BaseException:
                shutil.rmtree(folder, ignore_errors=True)
                raise
            made[token] = info
            outgoing.drop_later(folder)

        page.background.start(f"backup:{scope}", work)
        return {"started": True}

    def backup_state(data: dict[str, Any]) -> dict[str, Any]:
        scope = incoming.one_of(data, "scope", get_args(Scope))
        task = page.background.find(f"backup:{scope}")
        if task is None:
            return {"none": True}
        if not task.done:
            return {"working": {"fraction": task.fraction, "words": both(task.words)}}
        if task.error:
            return {"problem": both(task.error)}
        token = next(token for token, info in reversed(made.items()) if info.scope == scope)
        return {"done": {"token": token, "size": made[token].size}}

    return [read_limits, backup_start, backup_state]


def _name() -> str:
    return f"synonym-workbench-{time.strftime('%Y%m%d-%H%M%S')}.zip"
