"""The head of a tab: what it is for, in a line and a sentence."""

from __future__ import annotations

from workbench.ui.components.view import view


def lead(tab: str) -> None:
    """Title and sentence of ``tab``."""
    view("lead", value={"tab": tab}, elem_id=f"{tab}-lead")
