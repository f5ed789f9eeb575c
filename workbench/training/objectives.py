"""What a stage gives the training loop: batches, a loss, and what goes with them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from workbench.training.looking import Look, Vectors
from workbench.training.trunk import SplitModel

if TYPE_CHECKING:
    import torch


class Objective(Protocol):
    """What a stage wants of the model: batches of examples, and a loss for each.

    Texts are numbered: the dictionary's terms as in ``data.terms``, then the stage's own texts in
    the order in which they were given to :func:`fit_top_layers`.
    """

    @property
    def examples(self) -> int:
        """How many training examples there are."""

    def epoch(self, generator: torch.Generator) -> Sequence[torch.Tensor]:
        """The batches of one pass over the examples: index arrays (b,), int64. Always equally many."""

    def loss(self, vectors: Vectors, rows: torch.Tensor) -> torch.Tensor:
        """The loss of one batch, a scalar. ``vectors`` gives (n, d), with gradients, of texts by number."""


@runtime_checkable
class BeforeEpoch(Protocol):
    """An objective that looks at the model as it is before each pass (to mine negatives, say)."""

    def before_epoch(self, epoch: int, encode: Vectors) -> None:
        """``epoch`` counts from 0; ``encode`` gives unit vectors, without gradients and dropout."""


class Looking(Protocol):
    """Who looks at the model while it trains; :class:`Looks` does, by the vectors of the terms."""

    undrawn: Look | None  # what was seen when Stop came while it was being drawn

    def plan(self, examples: int, per_epoch: int, total: int) -> tuple[set[int], set[int]]:
        """The steps after which to look, and those after which to look wide."""

    def take(self, step: int, epoch: float, *, wide: bool) -> Look:
        """The model as it is now, drawn."""

    @property
    def encode(self) -> Vectors:
        """What the model makes of many texts, without gradients and dropout."""


class Companion:
    """What an objective may want besides a loss; one that wants any of it inherits from this class.

    ``keeps`` names those of its attributes that change while it trains and are no parameters: a
    ``random.Random``, a tensor, a copy of the model. Without them a run that is taken up from a
    checkpoint would come to another result.
    """

    keeps: tuple[str, ...] = ()

    def attach(self, model: SplitModel, seed: int) -> None:
        """The model is there and its trunk has run: take what is needed of it."""

    def companions(self) -> list[torch.nn.Parameter]:
        """Parameters that train with the model and are thrown away, at :data:`COMPANION_RATE`."""
        return []

    def partners(self) -> list[torch.nn.Parameter]:
        """Parameters that train with the model at its own rate and are thrown away."""
        return []

    def after_step(self) -> None:
        """The optimiser has moved the weights."""
