"""What every tab is built with: the services, the labels, and the page-wide pieces they share."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from workbench.ui.background import Background
from workbench.ui.components.choosers import Registered
from workbench.ui.text import Labels

if TYPE_CHECKING:
    from workbench.services import Services


@dataclass
class Page:
    """One page under construction."""

    services: Services
    labels: Labels = field(default_factory=Labels)
    background: Background = field(default_factory=Background)
    choosers: list[Registered] = field(default_factory=list)

    def is_quick(self, models: Collection[str], dictionary: str | None) -> bool:
        """Whether questions to ``models`` about ``dictionary`` are answered at once: all is encoded."""
        return not dictionary or all(self.services.vectors_ready(model, dictionary) for model in models)

    def __post_init__(self) -> None:
        """Base models are known from the start: their names change with the language like any label."""
        for model in self.services.models():
            if model.kind == "base":
                self.labels.of(f"model.{model.id}", model.title)
