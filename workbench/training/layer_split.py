"""A BERT-like model cut in two: frozen layers below, those that train above."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from workbench.training.lengths import TOKENS_PER_ATTENTION, groups_by_length
from workbench.training.packing import Pack, run_layers, takes_packs
from workbench.training.trunk import SplitModel

if TYPE_CHECKING:
    import torch


class LayerSplit(SplitModel):
    """A BERT-like encoder (``embeddings`` and ``encoder.layer``) cut below its top layers."""

    def __init__(self, model: Any, layers: int) -> None:
        from workbench.training.dropout import pool_dropout

        super().__init__()
        self._model = model
        bert = backbone(model)
        assert bert is not None  # split_model has looked
        self._bert = bert
        stack = self._bert.encoder.layer
        self._cut = len(stack) - min(layers, len(stack))
        self._top = list(stack[self._cut :])
        pool_dropout(self._top)
        self._packs = takes_packs(self._top, self.heads)
        for parameter in self._bert.parameters():
            parameter.requires_grad_(False)
        for layer in self._top:
            layer.requires_grad_(True)

    def token_ids(self, texts: Sequence[str]) -> list[list[int]]:
        """Token ids with the model's default prompt before each text."""
        name = self._model.default_prompt_name
        prompt = self._model.prompts.get(name, "") if name else ""
        limit = self._model.get_max_seq_length() or 512
        encoded = self._model.tokenizer([prompt + text for text in texts], truncation=True, max_length=limit)
        rows: list[list[int]] = encoded["input_ids"]
        return rows

    def trunk(
        self, ids: torch.Tensor, mask: torch.Tensor | None = None, places: torch.Tensor | None = None
    ) -> torch.Tensor:
        """Embeddings and the layers below the cut."""
        # RoBERTa counts its positions from behind the padding token's number
        first = getattr(self._bert.embeddings, "padding_idx", None)
        if places is not None and first is not None:
            places = places + first + 1
        hidden = self._bert.embeddings(input_ids=ids, position_ids=places)
        additive = None if mask is None else additive_mask(mask)
        for layer in self._bert.encoder.layer[: self._cut]:
            hidden = first_of(layer(hidden, additive))
        return hidden

    def head(self, hidden: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        """The layers above the cut, then the model's own pooling and what follows it, in float32."""
        return self.pool(self.top(hidden, mask), mask)

    def top(self, hidden: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        """The layers above the cut: token states (b, L, width) of the trunk's."""
        import torch

        states = self.enter(hidden)
        if not self._packs:
            additive = additive_mask(mask)
            for layer in self._top:
                states = first_of(layer(states, additive))
            return states
        lengths, order = torch.sort(mask.sum(1), stable=True)
        pack = _pack(lengths)
        texts = order[pack.texts]
        found = run_layers(self._top, states[texts, pack.steps], pack, self.heads)
        real = slice(len(found) - pack.rest)
        unpacked = found.new_zeros(*mask.shape, found.shape[1])
        return unpacked.index_put((texts[real], pack.steps[real]), found[real])

    def enter(self, hidden: torch.Tensor) -> torch.Tensor:
        """What the first layer above the cut is given (b, L, width), of the trunk's states."""
        return hidden

    def _by_length(self, rows: torch.Tensor) -> torch.Tensor:
        import torch

        if not self._packs:
            return super()._by_length(rows)
        assert self._flat is not None
        pack = _pack(self._lengths[rows])
        # what is padded reads the next text's states, which attention and pooling are told to leave out
        places = (self._offsets[rows[pack.texts]] + pack.steps).clamp(max=len(self._flat) - 1)
        states = self.enter(self._flat[places][:, None])[:, 0]
        found = run_layers(self._top, states, pack, self.heads)
        vectors = []
        for group, part in zip(pack.groups, pack.split(found), strict=True):
            mask = torch.ones(part.shape[:2], dtype=torch.bool) if group.mask is None else group.mask
            vectors.append(self.pool(part, mask))
        return torch.cat(vectors).float()

    def pool(self, hidden: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        """Sentence vectors (b, d) of the last layer's states: the model's own pooling and what follows it."""
        import torch

        features: dict[str, Any] = {"token_embeddings": hidden.float(), "attention_mask": mask.long()}
        with torch.autocast("cpu", enabled=False):
            for module in list(self._model)[1:]:
                features = module(features)
        vectors: torch.Tensor = features["sentence_embedding"]
        return vectors

    def trainable(self) -> list[torch.nn.Parameter]:
        """Every parameter of the layers above the cut."""
        return [p for layer in self._top for p in layer.parameters()]

    def train(self, mode: bool) -> None:
        """Dropout on or off above the cut; below it there is none."""
        self._bert.eval()
        for layer in self._top:
            layer.train(mode)

    def twin(self) -> LayerSplit:
        """Copies of the layers above the cut."""
        other = copy.copy(self)
        other._top = copy.deepcopy(self._top)
        return other

    def modules(self) -> list[torch.nn.Module]:
        """Of the layers above the cut."""
        return [module for layer in self._top for module in layer.modules()]

    def word_table(self) -> torch.Tensor:
        """The input embeddings."""
        table: torch.Tensor = self._bert.embeddings.word_embeddings.weight
        return table

    @property
    def tokenizer(self) -> Any:
        """The model's own."""
        return self._model.tokenizer

    @property
    def model(self) -> Any:
        """The whole sentence-transformers model."""
        return self._model

    @property
    def depth(self) -> int:
        """Layers in all, frozen and trained."""
        return len(self._bert.encoder.layer)

    @property
    def heads(self) -> int:
        """Attention heads of a layer."""
        return int(self._bert.config.num_attention_heads)

    def _changed(self) -> list[torch.nn.Parameter]:
        """The model's parameters that are no longer the base's."""
        return self.trainable()

    def save(self, out: Path, base: Path) -> None:
        """The base's files with the trained tensors put in their places."""
        from safetensors.torch import load_file, save_file

        from workbench.models.adapter import copy_model

        weights = base / "model.safetensors"
        changed = self._changed()
        if not weights.exists():  # sharded or otherwise unusual: let the library write all of it
            self._model.save_pretrained(str(out), create_model_card=False)
            return
        copy_model(base, out, without=("model.safetensors",))
        tensors = load_file(weights)
        wanted = {id(value): name for name, value in self._bert.named_parameters()}
        for parameter in changed:
            name = wanted[id(parameter)]
            stored = next(known for known in tensors if known == name or known.endswith(f".{name}"))
            tensors[stored] = parameter.detach().to(tensors[stored].dtype).contiguous()
        save_file(tensors, out / "model.safetensors", metadata={"format": "pt"})


def _pack(lengths: torch.Tensor) -> Pack:
    """Texts of ascending ``lengths`` (n,) as one run of tokens."""
    return Pack(lengths, groups_by_length(lengths.tolist(), TOKENS_PER_ATTENTION))


def backbone(model: Any) -> Any | None:
    """The BERT-like module inside a SentenceTransformer, or None."""
    for name in ("model", "auto_model"):
        inner = getattr(model[0], name, None)
        if (
            inner is not None
            and hasattr(inner, "embeddings")
            and hasattr(getattr(inner, "encoder", None), "layer")
        ):
            return inner
    return None


def additive_mask(mask: torch.Tensor) -> torch.Tensor:
    """What is added to attention scores for a mask (b, L) of the real tokens."""
    import torch

    return torch.where(mask, 0.0, -1e9)[:, None, None, :]


def first_of(output: Any) -> Any:
    """The states that a layer gives, which some wrap in a tuple."""
    return output[0] if isinstance(output, tuple) else output
