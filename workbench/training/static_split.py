"""A static model in training: the vectors of the words that occur move, all others stay as they are."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Collection, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from workbench.errors import TrainingProblem
from workbench.localtext import LocalText
from workbench.training.trunk import SplitModel

if TYPE_CHECKING:
    import torch

_TENSOR = "embedding.weight"
# Root mean square of the trained numbers. A step of the optimiser is as long for every number, whatever its
# size: so a table is trained at this scale, and the rates that suit transformer layers suit it.
SCALE = 0.01


class StaticSplit(SplitModel):
    """Word vectors whose mean is a text's vector, and what the model has above them.

    There is no trunk: a text is its piece ids. Only rows whose piece occurs in a prepared text train, in a
    table of their own, so memory goes with the words of the dictionary and not with the vocabulary.
    """

    def __init__(self, model: Any) -> None:
        import torch

        super().__init__()
        self._model = model
        self._table: torch.Tensor = model[0].embedding.weight.detach()
        self._dropout = torch.nn.Dropout(0.0)  # stages that need some switch it on
        self._used = torch.empty(0, dtype=torch.int64)  # ids of the trained rows, ascending
        self._rows = torch.nn.Parameter(torch.empty(0, self._table.shape[1]))
        self._scale = 1.0

    def token_ids(self, texts: Sequence[str]) -> list[list[int]]:
        """Piece ids with the model's default prompt before each text."""
        name = self._model.default_prompt_name
        prompt = self._model.prompts.get(name, "") if name else ""
        found = self._model[0].tokenizer.encode_batch_fast(
            [prompt + text for text in texts], add_special_tokens=False
        )
        return [encoding.ids for encoding in found]

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
        """Note the pieces of every text (``later`` makes no difference), and take out the rows that train."""
        import torch

        ids = self._take_ids(texts, whole, longest, tail)
        pieces = torch.tensor([piece for row in ids for piece in row], dtype=torch.int64)
        self._used, self._flat = torch.unique(pieces, return_inverse=True)
        taken = self._table[self._used]
        self._scale = float(taken.square().mean().sqrt()) / SCALE or 1.0
        self._rows = torch.nn.Parameter(taken / self._scale)
        progress(1.0)

    def vectors(self, rows: torch.Tensor) -> torch.Tensor:
        """Sentence vectors (b, d), float32, of texts by number (b,); zero for a text without a piece."""
        import torch

        assert self._flat is not None
        lengths = self._lengths[rows]
        starts = torch.cumsum(lengths, 0) - lengths
        steps = torch.arange(int(lengths.sum())) - torch.repeat_interleave(starts, lengths)
        pieces = self._flat[torch.repeat_interleave(self._offsets[rows], lengths) + steps]
        if self._dropout.training and self._dropout.p:
            owner = torch.repeat_interleave(torch.arange(len(rows)), lengths)
            states = self._dropout(torch.nn.functional.embedding(pieces, self._rows))
            total = torch.zeros(len(rows), states.shape[1]).index_add(0, owner, states)
            means = total / lengths.clamp(min=1)[:, None]
        else:
            means = torch.nn.functional.embedding_bag(pieces, self._rows, starts, mode="mean")
        return self._above(means * self._scale)

    def trunk(
        self, ids: torch.Tensor, mask: torch.Tensor | None = None, places: torch.Tensor | None = None
    ) -> torch.Tensor:
        """Rows of the table as it was loaded."""
        return self._table[ids]

    def head(self, hidden: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        """The mean of the real pieces, and what the model has above it."""
        real = mask[..., None].float()
        return self._above((hidden * real).sum(1) / real.sum(1).clamp(min=1.0))

    def states(
        self, ids: Sequence[Sequence[int]], places: Sequence[Sequence[int]] | None = None
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Refused: what is asked for states changes texts, and words know nothing of their neighbours.

        Raises:
            TrainingProblem: always.
        """
        raise TrainingProblem(
            LocalText(
                "词向量模型没有 Transformer 层，不懂上下文，不能用这种方法训练。",
                "A model of word vectors has no transformer layers and knows no context: "
                "this stage cannot train it.",
            ),
            LocalText(
                "请改用「即时映射」「批内负例」或标注句对的方法，或换一个 BERT 类模型。",
                "Use Instant map, In-batch negatives or the stages for labelled pairs, or a BERT-like model.",
            ),
        )

    def _above(self, means: torch.Tensor) -> torch.Tensor:
        import torch

        features: dict[str, Any] = {"sentence_embedding": means}
        with torch.autocast("cpu", enabled=False):
            for module in list(self._model)[1:]:
                features = module(features)
        vectors: torch.Tensor = features["sentence_embedding"]
        return vectors

    def trainable(self) -> list[torch.nn.Parameter]:
        """The rows of the pieces that occur."""
        return [self._rows]

    def train(self, mode: bool) -> None:
        """Dropout on or off, where a stage has switched it on at all."""
        self._dropout.train(mode)

    def twin(self) -> StaticSplit:
        """Copies of the rows; pieces and table are the same."""
        other = copy.copy(self)
        other._rows = copy.deepcopy(self._rows)
        return other

    def modules(self) -> list[torch.nn.Module]:
        """The dropout over the rows."""
        return [self._dropout]

    def word_table(self) -> torch.Tensor:
        """The table as it was loaded."""
        return self._table

    @property
    def tokenizer(self) -> Any:
        """It has one, but of another kind than the transformers library's."""
        return None

    def save(self, out: Path, base: Path) -> None:
        """The base's files with the trained rows put in their places."""
        import torch
        from safetensors.torch import load_file, save_file

        from workbench.models.adapter import copy_model

        with torch.no_grad():
            table = self._table.clone()
            table[self._used] = self._rows.detach() * self._scale
        place = _place_of_table(base)
        tensors = load_file(base / place) if place else {}
        if _TENSOR not in tensors:  # another layout (model2vec's): let the library write all of it
            self._model[0].embedding.weight.data = table
            self._model.save_pretrained(str(out), create_model_card=False)
            return
        copy_model(base, out, without=(place,))
        tensors[_TENSOR] = table.to(tensors[_TENSOR].dtype)
        (out / place).parent.mkdir(parents=True, exist_ok=True)
        save_file(tensors, out / place, metadata={"format": "pt"})


def _place_of_table(folder: Path) -> str:
    """The path of the table's file within a model folder; empty where it is somewhere unusual."""
    try:
        modules = json.loads((folder / "modules.json").read_text(encoding="utf-8"))
        place = (Path(modules[0]["path"]) / "model.safetensors").as_posix()
    except (OSError, ValueError, LookupError):
        return ""
    return place if (folder / place).is_file() else ""
