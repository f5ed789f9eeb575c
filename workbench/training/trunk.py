"""A model cut in two: a frozen trunk whose output is computed once for each text, and a head that trains."""

from __future__ import annotations

import os
from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from workbench.training.lengths import cut, equal_length_batches, groups_by_length

if TYPE_CHECKING:
    import torch


class SplitModel(ABC):
    """The trunk's output for a fixed list of texts, and a trainable head over it.

    The trunk's states lie in one flat tensor (all tokens, width) with an offset for each text, so
    that a batch is one gather. Texts are numbered as given to :meth:`prepare`.
    """

    def __init__(self) -> None:
        self._flat: torch.Tensor | None = None
        self._offsets: torch.Tensor
        self._lengths: torch.Tensor
        self._ids: list[list[int]]
        self._ran: torch.Tensor  # (texts,) whether the trunk has run over a text

    @abstractmethod
    def token_ids(self, texts: Sequence[str]) -> list[list[int]]:
        """Token ids of each text, special tokens included, cut at the model's limit."""

    @abstractmethod
    def trunk(
        self, ids: torch.Tensor, mask: torch.Tensor | None = None, places: torch.Tensor | None = None
    ) -> torch.Tensor:
        """Frozen states (b, L, width) of token ids (b, L): of one length, or ``mask`` tells the real ones.

        ``places`` (b, L) are positions in the text, from 0, where they are not those in the row.
        """

    @abstractmethod
    def head(self, hidden: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        """Sentence vectors (b, d) of states (b, L, width); mask (b, L) is true for real tokens."""

    @abstractmethod
    def trainable(self) -> list[torch.nn.Parameter]:
        """The head's parameters."""

    def groups(self, rate: float) -> list[dict[str, Any]]:
        """What trains, at which learning rate, as an optimiser of torch takes it."""
        return [{"params": self.trainable(), "lr": rate}]

    def learn_words(self, numbers: Sequence[int]) -> None:
        """The prepared texts ``numbers`` are what is learnt from: a head that holds words trains theirs."""
        return

    @abstractmethod
    def train(self, mode: bool) -> None:
        """Dropout on or off in the head."""

    @abstractmethod
    def twin(self) -> SplitModel:
        """The same model with a head of its own, equal at first; trunk and prepared texts are shared."""

    @abstractmethod
    def modules(self) -> list[torch.nn.Module]:
        """Every module of the head."""

    @abstractmethod
    def word_table(self) -> torch.Tensor:
        """The frozen vectors (vocabulary, width) of the tokens."""

    @property
    @abstractmethod
    def tokenizer(self) -> Any:
        """Of the transformers library, or None."""

    @abstractmethod
    def save(self, out: Path, base: Path) -> None:
        """Write the whole model into ``out``; ``base`` is the folder that it was loaded from."""

    def prepare(
        self,
        texts: Sequence[str],
        progress: Callable[[float], None],
        *,
        whole: int = 0,
        longest: int = 0,
        tail: int = 0,
        later: Collection[int] = (),
    ) -> None:
        """Run the trunk once over ``texts``, equal lengths together, so that nothing is padded.

        Texts between the first ``whole`` and the last ``tail`` are cut to ``longest`` tokens, where it is
        not 0. Those numbered in ``later`` have to wait until somebody asks for them.
        """
        import torch

        ids = self._take_ids(texts, whole, longest, tail)
        self._ids, self._ran = ids, torch.zeros(len(ids), dtype=torch.bool)
        self._flat = None
        self._run_trunk(sorted({*range(len(ids))}.difference(later)), progress)

    def _take_ids(self, texts: Sequence[str], whole: int, longest: int, tail: int) -> list[list[int]]:
        """Token ids of all texts, cut as :meth:`prepare` says; where each lies is noted."""
        import torch

        ids = self.token_ids(texts)
        if longest:
            middle = slice(whole, len(ids) - tail)
            ids[middle] = [cut(row, longest) for row in ids[middle]]
        self._lengths = torch.tensor([len(row) for row in ids])
        self._offsets = torch.cumsum(self._lengths, 0) - self._lengths
        return ids

    def _run_trunk(self, numbers: Sequence[int], progress: Callable[[float], None]) -> None:
        """Keep the trunk's states of the texts ``numbers``."""
        import torch

        total, done = sum(len(self._ids[number]) for number in numbers), 0
        with torch.inference_mode(), autocast():
            for rows in equal_length_batches(self._ids, numbers):
                states = self.trunk(torch.tensor([self._ids[row] for row in rows])).float()
                if self._flat is None:
                    # zeros: what is padded reads the next text's states, which must be numbers
                    self._flat = torch.zeros(int(self._lengths.sum()), states.shape[-1])
                length = states.shape[1]
                places = self._offsets[rows][:, None] + torch.arange(length)
                self._flat[places.reshape(-1)] = states.reshape(-1, states.shape[-1])
                done += length * len(rows)
                progress(done / total)
        self._ran[list(numbers)] = True

    def vectors(self, rows: torch.Tensor) -> torch.Tensor:
        """Sentence vectors (b, d), float32 and not normalised, of texts by number (b,)."""
        import torch

        if not bool(self._ran[rows].all()):
            self._run_trunk(torch.unique(rows[~self._ran[rows]]).tolist(), lambda _: None)
        order = torch.argsort(self._lengths[rows], stable=True)
        with autocast():  # around all: the weights are converted once
            return self._by_length(rows[order])[torch.argsort(order)]

    def _by_length(self, rows: torch.Tensor) -> torch.Tensor:
        """As :meth:`vectors`, of texts sorted by length."""
        import torch

        parts = rows.split(groups_by_length(self._lengths[rows].tolist()))
        return torch.cat([self._of_similar_length(part) for part in parts])

    def _of_similar_length(self, rows: torch.Tensor) -> torch.Tensor:
        """As :meth:`vectors`, all texts padded to the longest of them."""
        import torch

        assert self._flat is not None
        lengths = self._lengths[rows]
        steps = torch.arange(int(lengths.max()))
        mask = steps[None, :] < lengths[:, None]
        places = (self._offsets[rows][:, None] + steps).clamp(max=len(self._flat) - 1)
        return self.head(self._flat[places], mask).float()

    def padded(self, ids: Sequence[Sequence[int]]) -> tuple[torch.Tensor, torch.Tensor]:
        """Token ids as (b, L), and a mask (b, L) of the real ones."""
        import torch

        lengths = torch.tensor([len(row) for row in ids])
        mask = torch.arange(int(lengths.max()))[None, :] < lengths[:, None]
        filled = torch.full(mask.shape, getattr(self.tokenizer, "pad_token_id", None) or 0)
        filled[mask] = torch.tensor([token for row in ids for token in row])
        return filled, mask

    def states(
        self, ids: Sequence[Sequence[int]], places: Sequence[Sequence[int]] | None = None
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Frozen states (b, L, width) and mask (b, L) of texts that were not prepared, by their token ids."""
        import torch

        padded, mask = self.padded(ids)
        positions = None
        if places is not None:
            positions = torch.zeros(mask.shape, dtype=torch.int64)
            positions[mask] = torch.tensor([place for row in places for place in row])
        with torch.no_grad(), autocast():
            return self.trunk(padded, mask, positions).float(), mask

    def pooled(self, hidden: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        """Sentence vectors (b, d), float32, of the states that :meth:`states` gives."""
        with autocast():
            return self.head(hidden, mask).float()

    def all_vectors(
        self, rows: torch.Tensor, progress: Callable[[float], None] | None = None
    ) -> torch.Tensor:
        """Unit vectors (n, d) of many texts without gradients, dropout off, sorted by length inside."""
        import torch

        self.train(False)
        order = torch.argsort(self._lengths[rows], stable=True)
        parts = []
        with torch.inference_mode():
            for start in range(0, len(order), 256):
                parts.append(self.vectors(rows[order[start : start + 256]]))
                if progress:
                    progress(min(1.0, (start + 256) / len(order)))
        result = torch.empty(len(rows), parts[0].shape[1])
        result[order] = torch.nn.functional.normalize(torch.cat(parts), dim=1)
        self.train(True)
        return result

    def snapshot(self) -> list[torch.Tensor]:
        """A copy of the head's parameters."""
        return [parameter.detach().clone() for parameter in self.trainable()]

    def restore(self, values: Sequence[torch.Tensor]) -> None:
        """Put a copy back."""
        import torch

        with torch.no_grad():
            for parameter, value in zip(self.trainable(), values, strict=True):
                parameter.copy_(value)


def autocast() -> Any:
    """bfloat16 autocast where the processor computes it natively; else nothing.

    ``WORKBENCH_PRECISION=fp32`` turns it off.
    """
    import torch

    from workbench.models.encoder import bf16_is_fast

    enabled = os.environ.get("WORKBENCH_PRECISION") != "fp32" and bf16_is_fast()
    return torch.autocast("cpu", torch.bfloat16, enabled=enabled)
