"""Raw texts for the unsupervised stages: which and how many, as tokens, in batches of like length."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from workbench.errors import TrainingProblem
from workbench.localtext import LocalText
from workbench.training.fitting import estimated_seconds
from workbench.training.layer_split import LayerSplit
from workbench.training.lengths import cut
from workbench.training.material import enough_texts
from workbench.training.objectives import Companion
from workbench.training.registry import StageContext, StageResult, Workload
from workbench.training.trunk import SplitModel

if TYPE_CHECKING:
    import torch

CACHE_BYTES = 1_500_000_000  # of the frozen layers' output for raw texts: well below the memory of a laptop
UNKNOWN_WIDTH = 768
BUCKET = 20  # batches whose texts are sorted by length together
TERM_TOKENS = 8  # of a usual term: the unit of the estimates


@dataclass(frozen=True)
class RawTexts:
    """Different texts, without any that is empty.

    ``groups[i]`` numbers what text i is about where that is known (terms of one concept), else it is
    a number of its own: texts of one group are never each other's negatives. ``left_out`` counts
    texts beyond the limits of number and memory.
    """

    texts: tuple[str, ...]
    groups: tuple[int, ...]
    left_out: int

    def told(self, result: StageResult) -> StageResult:
        """``result`` with the number of texts in what was chosen."""
        return replace(
            result, chosen={**result.chosen, "texts": len(self.texts), "texts_left_out": self.left_out}
        )


def raw_texts(context: StageContext, parameters: dict[str, Any], *, cached: bool) -> RawTexts:
    """The texts that a stage's ``sources``, ``most_texts`` and ``max_length`` name, drawn by the seed.

    ``cached``: the trunk's output is kept for all of them, so that memory limits them as well
    (:data:`CACHE_BYTES`). Of the dictionary only terms of training pairs are taken.

    Raises:
        TooLittleData: fewer than 16 different ones.
    """
    import numpy as np

    texts = _candidates(context, parameters.get("sources", "corpus"))
    enough_texts(list(texts))
    order = np.random.default_rng(context.seed).permutation(len(texts))[: int(parameters["most_texts"])]
    every = list(texts.items())
    room = CACHE_BYTES // (4 * state_width(context)) if cached else None
    taken: list[int] = []
    for number in order.tolist():
        if room is not None:
            room -= min(len(every[number][0]) + 4, int(parameters["max_length"]))
            if room < 0:
                break
        taken.append(number)
    taken.sort()
    return RawTexts(
        tuple(every[number][0] for number in taken),
        tuple(every[number][1] for number in taken),
        len(every) - len(taken),
    )


def _candidates(context: StageContext, sources: str) -> dict[str, int]:
    """Texts with their groups."""
    data, corpus = context.data, context.material.corpus
    texts: dict[str, int] = {}
    if sources != "corpus" or not corpus:
        concept_of = dict(zip(data.anchors.tolist(), data.concepts.tolist(), strict=True))
        concept_of |= dict(zip(data.positives.tolist(), data.concepts.tolist(), strict=True))
        texts = {data.terms[number]: concept_of[number] for number in data.training_terms.tolist()}
    if sources != "terms":
        for text in corpus:
            if text.strip():
                texts.setdefault(text, len(data.terms) + len(texts))
    return texts


def state_width(context: StageContext) -> int:
    """How many numbers a token's state has in the model that the stage starts from."""
    try:
        config = json.loads((context.model.folder / "config.json").read_text(encoding="utf-8"))
        return int(config.get("hidden_size", UNKNOWN_WIDTH))
    except (OSError, ValueError, AttributeError):
        return UNKNOWN_WIDTH


class TokenRows:
    """Raw texts as token ids, with the part of each that may be changed (no prompt, no special token)."""

    def __init__(self, model: SplitModel, texts: Sequence[str], longest: int) -> None:
        empty = model.token_ids([""])[0]
        special = set(getattr(model.tokenizer, "all_special_ids", ()))
        closing = 1 if empty and empty[-1] in special else 0
        opening = empty[: len(empty) - closing]
        self.ids = [cut(row, longest) for row in model.token_ids(texts)]
        self.spans = [(_shared(opening, row), len(row) - closing) for row in self.ids]

    def content(self, number: int) -> list[int]:
        """The token ids of text ``number`` that may be changed."""
        start, end = self.spans[number]
        return self.ids[number][start:end]

    def batches(self, generator: torch.Generator, size: int) -> list[torch.Tensor]:
        """Every text once, in a new order, those of like length together: little is padded."""
        import torch

        lengths = torch.tensor([len(row) for row in self.ids])
        parts: list[torch.Tensor] = []
        for some in torch.randperm(len(self.ids), generator=generator).split(size * BUCKET):
            parts += some[torch.argsort(lengths[some], stable=True)].split(size)
        order = torch.randperm(len(parts), generator=generator).tolist()
        return [parts[number] for number in order if len(parts[number]) > 1 or len(parts) == 1]


class OverTexts(Companion):
    """What objectives share that go over raw texts as tokens; ``attach`` of each calls :meth:`tokenise`."""

    def __init__(self, raw: RawTexts, parameters: dict[str, Any]) -> None:
        self._raw = raw
        self._batch, self._longest = int(parameters["batch_size"]), int(parameters["max_length"])

    def tokenise(self, model: SplitModel) -> None:
        """Cut the texts into tokens."""
        self._rows = TokenRows(model, self._raw.texts, self._longest)

    @property
    def examples(self) -> int:
        """Texts."""
        return len(self._raw.texts)

    def epoch(self, generator: torch.Generator) -> Sequence[torch.Tensor]:
        """All texts in a new order, like lengths together."""
        return self._rows.batches(generator, self._batch)


def _shared(opening: Sequence[int], row: Sequence[int]) -> int:
    count = 0
    for one, other in zip(opening, row, strict=False):
        if one != other:
            break
        count += 1
    return count


def need_layers(model: SplitModel) -> LayerSplit:
    """The model as one with transformer layers.

    Raises:
        TrainingProblem: it has none.
    """
    if isinstance(model, LayerSplit):
        return model
    raise TrainingProblem(
        LocalText(
            "这个基础模型没有 Transformer 层，不能用这种方法训练。",
            "This base model has no transformer layers: this stage cannot train it.",
        ),
        LocalText(
            "请改用 SimCSE、ESimCSE、对比张力或 TSDAE，或换一个 BERT 类模型。",
            "Use SimCSE, ESimCSE, contrastive tension or TSDAE, or a BERT-like model.",
        ),
    )


def need_mask_token(model: SplitModel) -> tuple[LayerSplit, int]:
    """The model as one with transformer layers, and its token for a gap.

    Raises:
        TrainingProblem: it has no layers or no such token.
    """
    layered = need_layers(model)
    token = getattr(layered.tokenizer, "mask_token_id", None)
    if token is None:
        raise TrainingProblem(
            LocalText(
                "这个基础模型的词表里没有表示空缺的标记，不能用这种方法训练。",
                "This base model's vocabulary has no token for a gap: this stage cannot train it.",
            ),
            LocalText("请改用 SimCSE 或 TSDAE。", "Use SimCSE or TSDAE."),
        )
    return layered, int(token)


INPUT_DROPOUT = 0.1  # where the head has none


def ensure_dropout(model: SplitModel) -> None:
    """Two passes of one text must differ: dropout that is switched off in the head is switched on.

    Raises:
        TrainingProblem: the head knows no dropout.
    """
    import torch

    places = [module for module in model.modules() if isinstance(module, torch.nn.Dropout)]
    if not places:
        raise TrainingProblem(
            LocalText(
                "这个基础模型没有 dropout，同一文本两次编码完全一样，不能用这种方法训练。",
                "This base model has no dropout: a text encoded twice is the same, nothing could be learnt.",
            ),
            LocalText("请改用 TSDAE 或 ESimCSE。", "Use TSDAE or ESimCSE."),
        )
    if not any(module.p for module in places):
        for module in places:
            module.p = INPUT_DROPOUT


def estimated(
    work: Workload, parameters: dict[str, Any], cached: float, whole: float, *, corpus: bool = False
) -> float:
    """Seconds of a stage: for each raw text, ``cached`` trained and ``whole`` run through all layers.

    Raw texts are taken as half as long as they may be. Their number is ``most_texts`` where a
    ``corpus`` is needed and its size is not known.
    """
    most = int(parameters["most_texts"])
    known = work.corpus or (most if corpus else work.terms)
    texts = min(most, work.terms if parameters.get("sources") == "terms" else known)
    cost = max(1.0, int(parameters["max_length"]) / 2 / TERM_TOKENS)
    epochs = int(parameters["epochs"])
    return (
        estimated_seconds(work, parameters, int(cached * texts * cost))
        + (1.0 + whole * epochs) * texts * cost / work.terms_per_second
    )
