"""A model cut in two: a frozen trunk whose output is computed once for each text, and a head that trains."""

from __future__ import annotations

import copy
import os
from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from workbench.training.common_parameters import WHOLE
from workbench.training.lengths import cut, equal_length_batches, groups_by_length

if TYPE_CHECKING:
    import torch

_LEAST_COSINE = 0.999
_PROBES = ("SUV", "钢筋混凝土结构", "IL-2 gene expression and NF-kappa B activation")


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
        place = torch.argsort(order)
        parts = rows[order].split(groups_by_length(self._lengths[rows[order]].tolist()))
        with autocast():  # around all groups: the weights are converted once
            return torch.cat([self._of_similar_length(part) for part in parts])[place]

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
        additive = additive_mask(mask)
        for layer in self._top:
            hidden = first_of(layer(hidden, additive))
        return hidden

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


def split_model(folder: Path, layers: int) -> SplitModel:
    """Load a model and cut it below its top ``layers``; ``WHOLE`` trains its words as well.

    Architectures that have no layers train what they always train.

    Raises:
        TrainingProblem: its architecture has no stack of layers that could be cut, or cut in two it
            does not compute what it computes whole.
    """
    from workbench.errors import TrainingProblem
    from workbench.localtext import LocalText
    from workbench.models.encoder import is_static
    from workbench.models.loading import load_model

    model = load_model(folder)
    if is_static(model):
        from workbench.training.static_split import StaticSplit

        return StaticSplit(model)
    split: SplitModel | None = None
    if hasattr(model[0], "is_embedding"):
        from workbench.training.convolutional import ConvolutionalSplit

        split = ConvolutionalSplit(model)
    elif backbone(model) is not None:
        from workbench.training.whole_split import WholeSplit

        split = WholeSplit(model) if layers == WHOLE else LayerSplit(model, layers)
    if split is not None and _agrees(split, model):
        return split
    raise TrainingProblem(
        LocalText(
            "这个模型的结构（{kind}）还不能精调。",
            "Models of this architecture ({kind}) cannot be fine-tuned here.",
        ),
        LocalText(
            "请改用「即时」方案，或换一个 BERT 类模型。", "Use the Instant recipe, or a BERT-like model."
        ),
        kind=type(model[0]).__name__,
    )


def _agrees(split: SplitModel, model: Any) -> bool:
    """Whether trunk and head give the model's own vectors: cosine above 0.999 for every probe, in float32.

    Layers may need more than states and a mask (a relative position bias, say): some then fail, and
    some compute something else without a word.
    """
    import torch

    split.train(False)
    expected = model.encode(
        list(_PROBES), convert_to_tensor=True, normalize_embeddings=True, show_progress_bar=False
    )
    with torch.inference_mode():
        try:
            ids = split.token_ids(_PROBES)
            states = [split.trunk(torch.tensor([row]))[0] for row in ids]
            mask = torch.arange(max(map(len, ids)))[None, :] < torch.tensor([[len(row)] for row in ids])
            padded = torch.nn.utils.rnn.pad_sequence(states, batch_first=True)
            found = torch.nn.functional.normalize(split.head(padded, mask), dim=1)
        except (TypeError, ValueError, RuntimeError, LookupError, AttributeError):
            return False
    if found.shape != expected.shape:
        return False
    return bool((found * expected).sum(1).min() > _LEAST_COSINE)


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


def autocast() -> Any:
    """bfloat16 autocast where the processor computes it natively; else nothing.

    ``WORKBENCH_PRECISION=fp32`` turns it off.
    """
    import torch

    from workbench.models.encoder import bf16_is_fast

    enabled = os.environ.get("WORKBENCH_PRECISION") != "fp32" and bf16_is_fast()
    return torch.autocast("cpu", torch.bfloat16, enabled=enabled)


def additive_mask(mask: torch.Tensor) -> torch.Tensor:
    """What is added to attention scores for a mask (b, L) of the real tokens."""
    import torch

    return torch.where(mask, 0.0, -1e9)[:, None, None, :]


def first_of(output: Any) -> Any:
    """The states that a layer gives, which some wrap in a tuple."""
    return output[0] if isinstance(output, tuple) else output
