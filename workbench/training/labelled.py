"""Training from labelled pairs: their texts by number, a held-out tenth, and the objective of such stages."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from workbench.evaluation.split import connected
from workbench.normalise import term_key
from workbench.training.common_parameters import INSTRUCTIONS
from workbench.training.fitting import estimated_seconds, fit_top_layers
from workbench.training.looking import Vectors
from workbench.training.losses import batches
from workbench.training.material import enough_pairs
from workbench.training.registry import StageContext, StageResult, Workload
from workbench.training.unlabelled import CACHE_BYTES, TERM_TOKENS, state_width
from workbench.types import LabelledPair

if TYPE_CHECKING:
    import numpy as np
    import torch
    from numpy.typing import NDArray

PairLoss = Callable[["torch.Tensor", "torch.Tensor", "torch.Tensor"], "torch.Tensor"]
HELD_OUT_SHARE = 0.1
FEWEST_HELD_OUT = 8


def held_out(pairs: Sequence[LabelledPair], seed: int) -> tuple[list[LabelledPair], list[LabelledPair]]:
    """What is trained on, and about a tenth for looking, by text: no text is on both sides.

    Pairs go over in groups that share texts where the groups are small. Where most pairs hang together,
    a pair goes over as long as the pairs that then have a text on each side, and are dropped, stay with
    it within the tenth. Nothing is held out where that gives fewer than eight pairs, or one label.
    """
    room = int(len(pairs) * HELD_OUT_SHARE)
    order = list(range(len(pairs)))
    random.Random(seed).shuffle(order)
    keys = [(term_key(pair.text1), term_key(pair.text2)) for pair in pairs]
    group = _groups(keys)
    sizes = Counter(group)
    chosen: set[int] = set()
    for number in order:
        members = sizes[group[number]]
        if group[number] in chosen or members > max(1, room // 4) or members > room:
            continue
        chosen.add(group[number])
        room -= members
    looking = {text for number in order if group[number] in chosen for text in keys[number]}
    if room > int(len(pairs) * HELD_OUT_SHARE) // 2:
        looking |= _cut_out(keys, order, looking, room)
    held = [pair for pair, (a, b) in zip(pairs, keys, strict=True) if a in looking and b in looking]
    train = [pair for pair, (a, b) in zip(pairs, keys, strict=True) if a not in looking and b not in looking]
    if len(held) < FEWEST_HELD_OUT or len({pair.label for pair in held}) < 2:
        return list(pairs), []
    return train, held


def _groups(keys: Sequence[tuple[str, str]]) -> list[int]:
    """A number for each pair, equal for pairs that are connected by texts."""
    component_of = connected(keys)
    numbers: dict[str, int] = {}
    return [numbers.setdefault(component_of[one], len(numbers)) for one, _ in keys]


def _cut_out(keys: Sequence[tuple[str, str]], order: Sequence[int], taken: set[str], room: int) -> set[str]:
    """Texts of pairs that can go over although others share their texts, at the least loss."""
    touching: dict[str, set[int]] = {}
    for number, pair in enumerate(keys):
        for text in pair:
            touching.setdefault(text, set()).add(number)
    looking: set[str] = set()
    gone: set[int] = set()
    for number in sorted(order, key=lambda each: sum(len(touching[text]) for text in keys[each])):
        if number in gone or taken.intersection(keys[number]):
            continue
        lost = set().union(*(touching[text] for text in keys[number])) - gone
        if len(lost) > room:
            break
        room -= len(lost)
        gone |= lost
        looking.update(keys[number])
    return looking


def drawn(
    context: StageContext, parameters: dict[str, Any], examples: Sequence[LabelledPair]
) -> list[LabelledPair]:
    """``most_pairs`` of the examples by the seed; fewer where the frozen layers' output would fill memory."""
    order = list(range(len(examples)))
    random.Random(context.seed).shuffle(order)
    room = CACHE_BYTES // (4 * state_width(context))
    longest = int(parameters["max_length"])
    taken: list[int] = []
    for number in order[: int(parameters["most_pairs"])]:
        each = examples[number]
        room -= sum(min(len(text) + 4, longest) for text in (each.text1, each.text2, each.negative) if text)
        if room < 0:
            break
        taken.append(number)
    return [examples[number] for number in sorted(taken)]


def spearman(one: NDArray[np.float64], other: NDArray[np.float64]) -> float:
    """Spearman's rank correlation in percent; 0 where one of the two does not vary."""
    import numpy as np
    from scipy.stats import rankdata

    a, b = rankdata(one), rankdata(other)
    if a.std() == 0 or b.std() == 0:
        return 0.0
    return float(np.corrcoef(a, b)[0, 1] * 100)


class LabelledTexts:
    """Labelled pairs as numbers of texts, counted from ``first_number``; an instruction before text1.

    ``pairs`` (n, 2) int64, ``labels`` (n,) float32, ``texts`` those that the numbers mean.
    """

    def __init__(self, pairs: Sequence[LabelledPair], instruction: str, first_number: int) -> None:
        import torch

        numbers: dict[str, int] = {}

        def number(text: str) -> int:
            return first_number + numbers.setdefault(text, len(numbers))

        rows = [(number(instruction + pair.text1), number(pair.text2)) for pair in pairs]
        self.pairs = torch.tensor(rows, dtype=torch.int64).reshape(-1, 2)
        self.labels = torch.tensor([pair.label for pair in pairs], dtype=torch.float32)
        self.texts = list(numbers)


class LabelledPairs:
    """The objective over labelled pairs: ``pair_loss`` of two sides (b, d) each and labels (b,).

    A tenth is held out by text; how well cosines order it is watched as ``dev_spearman`` (percent).

    Raises:
        TooLittleData: fewer than eight different pairs, or of one label.
    """

    def __init__(self, context: StageContext, parameters: dict[str, Any], pair_loss: PairLoss) -> None:
        pairs = list({(p.text1, p.text2): p for p in context.material.labelled}.values())
        enough_pairs(pairs)
        pairs = drawn(context, parameters, pairs)
        train, held = held_out(pairs, context.seed)
        enough_pairs(train)
        instruction = INSTRUCTIONS[parameters["instruction"]]
        texts = LabelledTexts([*train, *held], instruction, len(context.data.terms))
        self.texts = texts.texts
        self._pairs, self._held = texts.pairs[: len(train)], texts.pairs[len(train) :]
        self._labels, self._held_labels = texts.labels[: len(train)], texts.labels[len(train) :]
        self._loss = pair_loss
        self._batch = int(parameters["batch_size"])

    @property
    def examples(self) -> int:
        """Pairs that are trained on."""
        return len(self._pairs)

    def epoch(self, generator: torch.Generator) -> Sequence[torch.Tensor]:
        """All pairs in a new order."""
        import torch

        return batches(torch.randperm(len(self._pairs), generator=generator), self._batch)

    def loss(self, vectors: Vectors, rows: torch.Tensor) -> torch.Tensor:
        """The loss of a batch of pairs."""
        first, second = vectors(self._pairs[rows].T.flatten()).chunk(2)
        return self._loss(first, second, self._labels[rows])

    def watch(self, encode: Vectors) -> dict[str, float]:
        """Spearman's correlation of cosines and labels over the held-out pairs."""
        if not len(self._held):
            return {}
        first, second = encode(self._held.T.flatten()).chunk(2)
        cosines = (first * second).sum(1).double().numpy()
        return {"dev_spearman": spearman(cosines, self._held_labels.double().numpy())}


def fit_labelled(context: StageContext, parameters: dict[str, Any], pair_loss: PairLoss) -> StageResult:
    """Train the top layers for ``pair_loss`` over the run's labelled pairs.

    Raises:
        TooLittleData: see :class:`LabelledPairs`.
        TrainingProblem: see :func:`workbench.training.fitting.fit_top_layers`.
    """
    objective = LabelledPairs(context, parameters, pair_loss)
    return fit_top_layers(context, parameters, objective, objective.texts)


def estimated_labelled(
    work: Workload, parameters: dict[str, Any], texts: int = 2, dictionary: int = 0
) -> float:
    """Seconds for labelled examples of ``texts`` texts each, with ``dictionary`` terms an epoch besides.

    Their number is taken to be that of the dictionary's pairs where it is not known, a text to be half as
    long as it may be.
    """
    count = texts * min(work.labelled or work.pairs, int(parameters["most_pairs"]))
    longer = max(1.0, int(parameters["max_length"]) / 2 / TERM_TOKENS)
    cached = count * longer / work.terms_per_second
    return cached + estimated_seconds(work, parameters, int(count * longer) + dictionary)
