"""PromptBERT: what the model would put for "this text means ___" teaches its own sentence vector."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from workbench.localtext import LocalText
from workbench.training import common_parameters as common
from workbench.training.contrast import contrast
from workbench.training.fitting import fit_top_layers
from workbench.training.looking import Vectors
from workbench.training.registry import StageContext, StageResult, StageSpec, Workload, register
from workbench.training.trunk import SplitModel, autocast
from workbench.training.unlabelled import OverTexts, RawTexts, estimated, need_mask_token, raw_texts

if TYPE_CHECKING:
    import torch

CHINESE = re.compile("[\u4e00-\u9fff]")
# what stands before a text, between it and the gap, and after the gap: two ways of saying it
TEMPLATES = {
    "zh": (("这句话：“", "”的意思是", "。"), ("“", "”这句话说的是", "。")),
    "en": (('This sentence: "', '" means ', "."), ('This sentence of "', '" means ', ".")),
}


@dataclass(frozen=True)
class _Template:
    """Token ids around the text and around the gap."""

    before: list[int]
    between: list[int]
    after: list[int]


class Explained(OverTexts):
    """The gap's states under two templates agree with each other and with the plain sentence vector."""

    def __init__(self, raw: RawTexts, first: int, parameters: dict[str, Any]) -> None:
        import torch

        super().__init__(raw, parameters)
        self._first, self._groups = first, torch.tensor(raw.groups)
        self._temperature = float(parameters["temperature"])
        self._languages = ["zh" if CHINESE.search(text) else "en" for text in raw.texts]

    def attach(self, model: SplitModel, seed: int) -> None:
        """Cut texts and templates into tokens."""
        import torch

        self._model, self._gap = need_mask_token(model)
        self.tokenise(model)
        cut = model.tokenizer
        self._templates = {
            language: [
                _Template(*(cut(part, add_special_tokens=False)["input_ids"] for part in parts))
                for parts in both
            ]
            for language, both in TEMPLATES.items()
        }
        width = model.word_table().shape[1]
        with torch.no_grad():
            dimension = model.pooled(*model.states(self._rows.ids[:1])).shape[1]
        self._bridge = torch.nn.Linear(width, dimension, bias=False)
        torch.nn.init.eye_(self._bridge.weight)

    def companions(self) -> list[torch.nn.Parameter]:
        """From the gap's states to sentence vectors."""
        return list(self._bridge.parameters())

    def loss(self, vectors: Vectors, rows: torch.Tensor) -> torch.Tensor:
        """``contrast(gap A, gap B) + contrast(plain vector, gap A)``, gaps without their template's share."""
        groups = self._groups[rows]
        one, other = (self._explained(rows.tolist(), which) for which in (0, 1))
        plain = vectors(rows + self._first)
        return contrast(one, other, self._temperature, groups) + contrast(
            plain, self._bridge(one), self._temperature, groups
        )

    def _explained(self, numbers: Sequence[int], which: int) -> torch.Tensor:
        """States (b, width) of the gap, less those of the same template around nothing."""
        import torch

        full = [self._around(n, self._rows.content(n), which) for n in numbers]
        kinds = [(self._languages[n], len(self._rows.content(n))) for n in numbers]
        bare = dict(zip(kinds, numbers, strict=True))
        order = {kind: place for place, kind in enumerate(bare)}
        empty = [self._around(n, [], which, shifted=length) for (_, length), n in bare.items()]
        found, template = self._gap_states(full), self._gap_states(empty)
        return found - template[torch.tensor([order[kind] for kind in kinds])]

    def _around(
        self, number: int, content: list[int], which: int, shifted: int = 0
    ) -> tuple[list[int], list[int], int]:
        """Ids, their positions (behind the text ``shifted`` further), and the place of the gap."""
        template = self._templates[self._languages[number]][which]
        start, end = self._rows.spans[number]
        head = [*self._rows.ids[number][:start], *template.before, *content]
        tail = [*template.between, self._gap, *template.after, *self._rows.ids[number][end:]]
        places = [*range(len(head)), *range(len(head) + shifted, len(head) + shifted + len(tail))]
        return [*head, *tail], places, len(head) + len(template.between)

    def _gap_states(self, rows: Sequence[tuple[list[int], list[int], int]]) -> torch.Tensor:
        import torch

        states, real = self._model.states([ids for ids, _, _ in rows], [places for _, places, _ in rows])
        with autocast():
            hidden = self._model.top(states, real)
        return hidden[torch.arange(len(rows)), torch.tensor([gap for _, _, gap in rows])].float()


def run(context: StageContext, parameters: dict[str, Any]) -> StageResult:
    """Train the top layers by prompts with a gap (Jiang 2022, arXiv:2201.04337).

    h = state of [MASK] in "this text: ... means [MASK]", less that of the template alone at the same
    positions; two templates give the two views of SimCSE's loss. An ordinary sentence-transformers
    folder cannot pool the mask of a template, so the base's own pooling stays, and a second term draws
    the plain vector of a text to h through a linear map that is thrown away: what is saved learns from
    the prompts without needing them. Raw text is needed, or the dictionary's training terms.

    Raises:
        TooLittleData: fewer than 16 texts.
        TrainingProblem: no transformer layers, no mask token, or the loss is no number.
    """
    raw = raw_texts(context, parameters, cached=True)
    objective = Explained(raw, len(context.data.terms), parameters)
    return raw.told(fit_top_layers(context, parameters, objective, raw.texts))


def _estimate(work: Workload, parameters: dict[str, Any]) -> float:
    return estimated(work, parameters, cached=4.0, whole=4.0)


register(
    StageSpec(
        name="promptbert",
        title=LocalText("PromptBERT（无监督）", "PromptBERT (no labels)"),
        help=LocalText(
            "不用标注：让模型补全“这句话的意思是＿＿”，句向量向补出来的意思学习。"
            "基础模型还没有为句向量训练过时（如 BERT、ERNIE）可一试；较慢。",
            "No labels: the model completes “this sentence means ___”, and the sentence vector learns from "
            "what it puts there. For base models that were never trained for sentences (BERT, ERNIE). Slow.",
        ),
        needs=("dictionary",),
        parameters=(
            common.epochs(1),
            common.patience(),
            common.layers("2"),
            common.learning_rate(5e-5, most=1e-2),
            common.temperature(),
            common.batch_size(32, most=1024),
            common.sources(),
            common.most_texts(4000),
            common.max_length(48),
            common.keep("best"),
        ),
        estimate=_estimate,
        run=run,
        source="Jiang et al. 2022, arXiv:2201.04337",
    )
)
