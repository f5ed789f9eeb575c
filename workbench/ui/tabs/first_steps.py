"""The strip of first steps above the tabs: what a newcomer has done, and where the next step is."""

from __future__ import annotations

from typing import Any

from workbench.ui.components.view import view
from workbench.ui.page import Page


def build(page: Page) -> None:
    """Add the strip; its script hides it for who has dismissed it, and where all was done before."""

    def read_steps(_data: dict[str, Any]) -> dict[str, Any]:
        """The steps in their order, each with whether the home folder shows it to be done."""
        return {"steps": [[step, done] for step, done in page.services.first_steps.done().items()]}

    view("first_steps", functions=[read_steps], elem_id="first-steps")
