"""A whole BERT-like encoder in training, its words included, as far as the training terms have them."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from workbench.training.common_parameters import MANY
from workbench.training.layer_split import LayerSplit

if TYPE_CHECKING:
    import torch

WORDS_FASTER = 5.0  # a word occurs in few steps, a layer in all: its vector may go that much further in each


class WholeSplit(LayerSplit):
    """All layers train, and the rows of the word table that occur in the texts that are learnt from.

    The "trunk" is a text's token ids and positions, which cost nothing to keep. The rows that train stand
    in a small table of their own, so the optimiser walks over the dictionary's words and not over the
    vocabulary: a table of 100,000 words would take longer than the layers.
    """

    def __init__(self, model: Any) -> None:
        import torch

        from workbench.training.dropout import pool_dropout

        super().__init__(model, MANY)
        self._table: torch.nn.Parameter = self._bert.embeddings.word_embeddings.weight
        self._row_of = torch.full((len(self._table),), -1)  # place among the rows that train
        self._rows = torch.nn.Parameter(self._table.new_empty(0, self._table.shape[1]))
        pool_dropout([self._bert.embeddings])

    def learn_words(self, numbers: Sequence[int]) -> None:
        """The tokens of the prepared texts ``numbers`` train from now on."""
        import torch

        used = torch.unique(torch.tensor([token for number in numbers for token in self._ids[number]]))
        self._row_of[used] = torch.arange(len(used))
        self._rows = torch.nn.Parameter(self._table.detach()[used].clone())

    def trunk(
        self, ids: torch.Tensor, mask: torch.Tensor | None = None, places: torch.Tensor | None = None
    ) -> torch.Tensor:
        """Token ids and positions (b, L, 2); exact in single precision up to 16 million."""
        import torch

        if places is None:
            places = torch.arange(ids.shape[1]).expand_as(ids)
        return torch.stack([ids, places], dim=-1)

    def enter(self, hidden: torch.Tensor) -> torch.Tensor:
        """The embeddings (b, L, width) of ids and positions (b, L, 2)."""
        import torch

        ids, places = hidden.long().unbind(-1)
        # RoBERTa counts its positions from behind the padding token's number
        first = getattr(self._bert.embeddings, "padding_idx", None)
        rows = self._row_of[ids]
        words = torch.nn.functional.embedding(ids, self._table.detach())
        if len(self._rows):
            trained = torch.nn.functional.embedding(rows.clamp(min=0), self._rows)
            words = torch.where((rows >= 0)[..., None], trained, words)
        states: torch.Tensor = self._bert.embeddings(
            inputs_embeds=words, position_ids=places if first is None else places + first + 1
        )
        return states

    def trainable(self) -> list[torch.nn.Parameter]:
        """The layers' parameters, then the rows."""
        return [*super().trainable(), self._rows]

    def groups(self, rate: float) -> list[dict[str, Any]]:
        """The rows at :data:`WORDS_FASTER` times the rate of the layers."""
        return [
            {"params": super().trainable(), "lr": rate},
            {"params": [self._rows], "lr": WORDS_FASTER * rate},
        ]

    def train(self, mode: bool) -> None:
        """Dropout on or off in the layers and on the words."""
        super().train(mode)
        self._bert.embeddings.train(mode)

    def twin(self) -> WholeSplit:
        """Copies of layers and rows."""
        other = copy.copy(self)
        other._top = copy.deepcopy(self._top)
        other._rows = copy.deepcopy(self._rows)
        return other

    def _changed(self) -> list[torch.nn.Parameter]:
        """The layers' parameters and the word table, the trained rows put into it."""
        import torch

        trained = torch.nonzero(self._row_of >= 0).flatten()
        with torch.no_grad():
            self._table[trained] = self._rows[self._row_of[trained]]
        return [*super().trainable(), self._table]
