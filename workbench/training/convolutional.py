"""The small convolutional encoder cut in two: its token table below, the whole net above."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from workbench.training.trunk import SplitModel

if TYPE_CHECKING:
    import torch


class ConvolutionalSplit(SplitModel):
    """The Universal Sentence Encoder: frozen token embeddings below, the whole small net above."""

    def __init__(self, model: Any) -> None:
        super().__init__()
        self._model = model
        self._net = model[0]
        for name, parameter in self._net.named_parameters():
            parameter.requires_grad_(not self._net.is_embedding(name))

    def token_ids(self, texts: Sequence[str]) -> list[list[int]]:
        """Token ids; this encoder knows no prompts."""
        rows: list[list[int]] = self._net.token_ids(list(texts))
        return rows

    def trunk(
        self, ids: torch.Tensor, mask: torch.Tensor | None = None, places: torch.Tensor | None = None
    ) -> torch.Tensor:
        """Rows of the embedding table."""
        states: torch.Tensor = self._net.embed(ids)
        return states

    def head(self, hidden: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        """The whole net above the table, and what follows it."""
        import torch

        # float32 throughout: the net ends in tanh of wide sums, where bfloat16 costs visible accuracy
        with torch.autocast("cpu", enabled=False):
            features: dict[str, Any] = {
                "sentence_embedding": self._net.head(hidden.float() * mask[..., None], mask)
            }
            for module in list(self._model)[1:]:
                features = module(features)
        vectors: torch.Tensor = features["sentence_embedding"]
        return vectors

    def trainable(self) -> list[torch.nn.Parameter]:
        """Everything but the embedding table."""
        return [p for p in self._net.parameters() if p.requires_grad]

    def train(self, mode: bool) -> None:
        """Dropout on or off."""
        self._net.train(mode)

    def twin(self) -> ConvolutionalSplit:
        """A copy of the net; its table is the same."""
        other = copy.copy(self)
        other._net = copy.deepcopy(self._net)
        return other

    def modules(self) -> list[torch.nn.Module]:
        """Of the net."""
        return list(self._net.modules())

    def word_table(self) -> torch.Tensor:
        """The embedding table."""
        table: torch.Tensor = self._net.embedding.weight
        return table

    @property
    def tokenizer(self) -> Any:
        """This encoder has one of its own kind."""
        return None

    def save(self, out: Path, base: Path) -> None:
        """The base's files with the net's tensors put in their places."""
        from safetensors.torch import load_file, save_file

        from workbench.models.adapter import copy_model

        copy_model(base, out, without=("model.safetensors",))
        tensors = load_file(base / "model.safetensors")
        for name, parameter in self._net.named_parameters():
            if parameter.requires_grad:
                tensors[name] = parameter.detach().contiguous()
        save_file(tensors, out / "model.safetensors", metadata={"format": "pt"})
