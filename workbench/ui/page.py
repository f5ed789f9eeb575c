"""What every tab is built with: the services, the labels, and the page-wide pieces they share."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from workbench.ui.background import Background
from workbench.ui.components.choosers import Registered
from workbench.ui.text import Labels
from workbench.ui.uploads import Uploads

if TYPE_CHECKING:
    from gradio.components import Component

    from workbench.accounts import Accounts
    from workbench.services import Services


@dataclass(frozen=True)
class Question:
    """What a view is told of choosers: their values, under ``names``, as its own value.

    When a tab is opened, and when the choosers have been filled, the browser tells it by itself (``script``):
    nothing that the server answers late can undo it. ``handler`` does the same where a chooser has changed.
    """

    names: Sequence[str]
    inputs: Sequence[Component]
    outputs: Component

    def __post_init__(self) -> None:
        self.outputs.elem_classes = [*self.outputs.elem_classes, "wb-told"]  # it asks again where it was not

    def handler(self, *values: Any) -> dict[str, Any]:
        """The view's value."""
        return dict(zip(self.names, values, strict=True))


def script(questions: Sequence[Question]) -> str:
    """A function of the browser: from the inputs of all ``questions``, in their order, to their outputs."""
    names = json.dumps([list(question.names) for question in questions])
    return (
        "(...values) => { let at = 0; return "
        f"{names}.map((names) => Object.fromEntries(names.map((name) => [name, values[at++] ?? null]))); }}"
    )


@dataclass
class Page:
    """One page under construction.

    ``when_shown`` is told each time the tab that is being built is opened, and when choosers have been
    filled: components of a tab that was never opened, or is just being opened, do not notice that their
    values were set.
    """

    services: Services
    accounts: Accounts | None = None  # where people have to sign in
    labels: Labels = field(default_factory=Labels)
    background: Background = field(default_factory=Background)
    imports: Background = field(default_factory=Background)  # a file does not wait behind a measurement
    questions: Background = field(default_factory=Background)  # nor does who asks a model
    uploads: Uploads = field(default_factory=Uploads)
    choosers: list[Registered] = field(default_factory=list)
    when_shown: list[Question] = field(default_factory=list)

    def is_quick(self, models: Collection[str], dictionary: str | None) -> bool:
        """Whether questions to ``models`` about ``dictionary`` are answered at once: all is encoded."""
        return not dictionary or all(self.services.vectors_ready(model, dictionary) for model in models)

    def close(self) -> None:
        """End the work that is under way."""
        self.background.close()
        self.imports.close()
        self.questions.close()

    def __post_init__(self) -> None:
        """Base models are known from the start: their names change with the language like any label."""
        for model in self.services.models():
            if model.kind == "base":
                self.labels.of(f"model.{model.id}", model.title)
