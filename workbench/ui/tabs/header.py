"""The slim bar above the tabs: the product's name, what is being done, language and light or dark."""

from __future__ import annotations

from typing import Any

import gradio as gr

from workbench.types import ACTIVE_STATES
from workbench.ui.components.choosers import LONGEST, follow, take
from workbench.ui.components.view import view
from workbench.ui.page import Page
from workbench.ui.rights import signed_in


def build(page: Page) -> gr.HTML:
    """Add the bar; its script also watches for changes and hands choices from tab to tab."""
    return view("header", functions=[_status(page)], events=["choose"], elem_id="header")


def connect(page: Page, header: gr.HTML) -> None:
    """Let a click in one tab ("train with it", "try it out") choose what another tab works on."""

    def choose(event: gr.EventData) -> list[Any]:
        sent = event._data if isinstance(event._data, dict) else {}
        names = {kind: name for kind, name in sent.items() if isinstance(name, str) and len(name) <= LONGEST}
        result = follow(page, names["dictionary"]) if names.get("dictionary") else take(page, {})
        asked = [r for r in page.choosers if r.kind in ("base", "model") and r.kind in names]
        for place, update in enumerate(take(page, {r.chooser: names[r.kind] for r in asked})):
            if page.choosers[place] in asked:
                result[place] = update
        return [{"turn": sent.get("turn")}, *result]  # its script learns that the choosers have it

    header.choose(
        choose,
        None,
        [header, *(chosen.chooser for chosen in page.choosers)],
        show_progress="hidden",
        api_visibility="private",
        trigger_mode="multiple",  # by default Gradio drops what comes while it is busy
    )


def _status(page: Page) -> Any:
    services = page.services

    def get_status(_data: dict[str, Any]) -> dict[str, Any]:
        """What is being done, and a stamp that changes when dictionaries or models do."""
        runs = services.runs()
        active = next((run for run in runs if run.state in ACTIVE_STATES), None)
        stamp = [[info.id, info.version] for info in services.dictionaries()]
        stamp += [[run.id, run.state] for run in runs if run.state not in ACTIVE_STATES]
        brief = None
        if active is not None:
            brief = {
                "id": active.id,
                "name": active.name,
                "phase": active.phase.as_json(),
                "fraction": active.step / active.total_steps if active.total_steps and active.step else None,
            }
        person = signed_in()
        return {
            "person": {"name": person.name, "role": person.role} if person else None,
            "active": brief,
            "queued": sum(run.state == "queued" for run in runs),
            "stamp": str(hash(str(stamp))),
        }

    return get_status
