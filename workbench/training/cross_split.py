"""A model that reads two terms together and gives one score, cut in two for training."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from workbench.errors import ModelProblem, TrainingProblem
from workbench.localtext import LocalText
from workbench.models.reranking import RERANKER, encodable, pair_tokenizer
from workbench.training.cutting import split_model
from workbench.training.layer_split import LayerSplit, backbone
from workbench.training.registry import StageContext

if TYPE_CHECKING:
    import torch

_BETWEEN = "\0"  # no term holds it
_AT_ONCE = 256


def joined(first: str, second: str) -> str:
    """A pair as one text, as :class:`CrossSplit` takes it."""
    return f"{first}{_BETWEEN}{second}"


class CrossSplit(LayerSplit):
    """A BERT-like encoder over both terms at once, cut below its top layers, with one score on top.

    Its texts are pairs as :func:`joined` writes them, its "vectors" logits (n, 1). The score is a linear
    map of the base's own pooling, and begins as zero for every pair.
    """

    def __init__(self, model: Any, layers: int) -> None:
        import torch
        from sentence_transformers.base.modules import Dense
        from sentence_transformers.sentence_transformer.modules import Pooling

        width = int(backbone(model).config.hidden_size)  # type: ignore[union-attr]  # one that was split has one
        own = next((module for module in model if isinstance(module, Pooling)), None)
        fits = own is not None and own.get_embedding_dimension() == width
        self._pooling: Any = copy.deepcopy(own) if fits else Pooling(width, "mean")
        self._score: Any = Dense(
            width, 1, activation_function=torch.nn.Identity(), module_output_name="scores"
        )
        torch.nn.init.zeros_(self._score.linear.weight)
        torch.nn.init.zeros_(self._score.linear.bias)
        self._reads = pair_tokenizer(model.tokenizer, model.get_max_seq_length())
        self._typed = "token_type_ids" in model.tokenizer.model_input_names
        super().__init__(model, layers)
        self._words = int(self._bert.embeddings.word_embeddings.num_embeddings)

    def token_ids(self, texts: Sequence[str]) -> list[list[int]]:
        """Token ids of pairs; those of the second term count on past the words where its kind matters."""
        parts = [text.partition(_BETWEEN) for text in texts]
        encoded = self._reads.encode_batch(encodable([(first, second) for first, _, second in parts]))
        shift = self._words if self._typed else 0
        return [
            [token + shift * kind for token, kind in zip(each.ids, each.type_ids, strict=True)]
            for each in encoded
        ]

    def trunk(
        self, ids: torch.Tensor, mask: torch.Tensor | None = None, places: torch.Tensor | None = None
    ) -> torch.Tensor:
        """Embeddings and the layers below the cut, of pairs of equal length."""
        words, kinds = ids % self._words, ids // self._words
        hidden = self._bert.embeddings(input_ids=words, token_type_ids=kinds if self._typed else None)
        for layer in self._bert.encoder.layer[: self._cut]:
            output = layer(hidden, None)
            hidden = output[0] if isinstance(output, tuple) else output
        return hidden

    def pool(self, hidden: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        """Logits (b, 1), in float32."""
        import torch

        features: dict[str, Any] = {"token_embeddings": hidden.float(), "attention_mask": mask.long()}
        with torch.autocast("cpu", enabled=False):
            logits: torch.Tensor = self._score(self._pooling(features))["scores"]
        return logits

    def logits(self, rows: torch.Tensor, context: StageContext) -> torch.Tensor:
        """Logits (n, 1) of many pairs by number, without gradients and dropout; Stop may interrupt it."""
        import torch

        self.train(False)
        order = torch.argsort(self._lengths[rows], stable=True)
        result = torch.empty(len(rows), 1)
        with torch.inference_mode():
            for start in range(0, len(order), _AT_ONCE):
                part = order[start : start + _AT_ONCE]
                result[part] = self.vectors(rows[part])
                context.report.check_stop()
        self.train(True)
        return result

    def trainable(self) -> list[torch.nn.Parameter]:
        """Every parameter of the layers above the cut, and the score's."""
        return [*super().trainable(), *self._score.parameters()]

    def save(self, out: Path, base: Path) -> None:
        """The base's files as they are, and the cross-encoder in a folder beside them."""
        from workbench.models.adapter import copy_model

        copy_model(base, out)
        self.save_alone(out / RERANKER)

    def save_alone(self, folder: Path) -> None:
        """The cross-encoder, as an ordinary ``CrossEncoder`` folder."""
        from sentence_transformers import CrossEncoder

        from workbench.models.loading import no_progress_bars

        with no_progress_bars():
            whole = CrossEncoder(modules=[self._model[0], self._pooling, self._score], device="cpu")
            whole.save_pretrained(str(folder), create_model_card=False)


def cross_split(folder: Path, layers: int) -> CrossSplit:
    """Load the transformer of a model, to read pairs, and cut it below its top ``layers``.

    Raises:
        TrainingProblem: the model is no transformer that could be cut, or cannot read pairs.
    """
    try:
        split = split_model(folder, layers)
        if isinstance(split, LayerSplit):
            return CrossSplit(split.model, layers)
    except (TrainingProblem, ModelProblem) as error:
        raise _no_transformer() from error
    raise _no_transformer()


def _no_transformer() -> TrainingProblem:
    return TrainingProblem(
        LocalText(
            "重排模型要把两个词放在一起读，这个基础模型做不到：它不是 BERT 类模型，"
            "而是卷积模型、静态词向量之类。",
            "A reranker reads two terms together, and this base model cannot: it is no BERT-like model (a "
            "convolutional one, say, or static word vectors).",
        ),
        LocalText(
            "请换一个 BERT 类的基础模型（如 e5-small），或去掉「重排」这一步。",
            "Choose a BERT-like base model, such as e5-small, or take the reranker out of the recipe.",
        ),
    )
