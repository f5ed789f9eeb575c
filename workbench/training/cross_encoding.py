"""Trains a cross-encoder from a dictionary: the pairs that it learns from, the loss, the looks at dev."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from workbench.evaluation.reranked import BLENDS, DEPTHS, Ranked, blended, ranked, shortlists
from workbench.evaluation.retrieval import Benchmark, rank_rows
from workbench.localtext import LocalText
from workbench.training.checkpoints import signature_of
from workbench.training.common_parameters import layer_count
from workbench.training.cross_split import CrossSplit, cross_split, joined
from workbench.training.dataset import DevProbe, DevScores
from workbench.training.fitting import Fitted, fit
from workbench.training.looking import EVALUATION_SHARE, Look, Vectors, draw
from workbench.training.losses import MARKED_WEIGHT, batches
from workbench.training.mining import concept_of_terms, mine
from workbench.training.registry import StageContext
from workbench.training.unlabelled import CACHE_BYTES, state_width

if TYPE_CHECKING:
    import numpy as np
    import torch
    from numpy.typing import NDArray

NEAREST = 10  # the mined negatives of a term are drawn from so many
PAIR_TOKENS = 20  # of a usual pair of terms: what a pair is taken for where memory is planned
LOOK_QUERIES = 300  # development synonyms that are looked at while it trains
# Higher than where vectors are tuned: it has everything to learn of reading two terms together.
RATES = {"1": 4e-4, "2": 4e-4, "3": 4e-4, "4": 3e-4, "6": 2e-4, "all": 1.5e-4}
BUCKET = 20  # batches whose pairs are sorted by length together


@dataclass(frozen=True)
class PairTexts:
    """What a cross-encoder learns from.

    ``rows`` (n, 2 + k) number ``texts``: a synonym with its standard term, the same in the other order,
    and k pairs of terms of different concepts, one of them of this pair. ``apart`` (m, 2) are pairs
    marked as not synonyms, in both orders. ``left_out`` counts pairs beyond the limits.
    """

    texts: tuple[str, ...]
    rows: torch.Tensor
    apart: torch.Tensor
    left_out: int


def pair_texts(context: StageContext, parameters: dict[str, Any]) -> PairTexts:
    """The pairs of the train part with mined and random negatives, drawn by the seed.

    Mined are standard terms among the :data:`NEAREST` that the context's model finds for a synonym, of
    other concepts; half of all negatives, mined and random, stand in the other order.
    """
    import torch

    data, count = context.data, int(parameters["negatives"])
    generator = torch.Generator().manual_seed(context.seed)
    room = CACHE_BYTES // (4 * state_width(context) * PAIR_TOKENS * (2 + count))
    most = max(1, min(int(parameters["most_pairs"]), room))
    kept = torch.randperm(len(data.anchors), generator=generator)[:most].sort().values
    anchors, positives = torch.from_numpy(data.anchors)[kept], torch.from_numpy(data.positives)[kept]
    negatives = _negatives(context, kept, count, generator)
    texts: dict[str, int] = {}

    def numbers(first: torch.Tensor, second: torch.Tensor) -> torch.Tensor:
        pairs = zip(first.tolist(), second.tolist(), strict=True)
        return torch.tensor(
            [texts.setdefault(joined(data.terms[a], data.terms[b]), len(texts)) for a, b in pairs],
            dtype=torch.int64,
        )

    columns = [numbers(anchors, positives), numbers(positives, anchors)]
    for column in negatives.T:
        swap = torch.rand(len(column), generator=generator) < 0.5
        columns.append(numbers(torch.where(swap, column, anchors), torch.where(swap, anchors, column)))
    left, right = torch.from_numpy(data.apart).T
    apart = torch.stack([numbers(left, right), numbers(right, left)], 1)
    return PairTexts(tuple(texts), torch.stack(columns, 1), apart, len(data.anchors) - len(kept))


def _negatives(
    context: StageContext, kept: torch.Tensor, count: int, generator: torch.Generator
) -> torch.Tensor:
    """Terms (n, count) that are not of the kept pairs' concepts: mined ones, and the last column random."""
    import numpy as np
    import torch

    data = context.data
    standards = np.unique(data.positives)
    asked = np.unique(np.concatenate([data.anchors, standards]))
    vectors = torch.from_numpy(context.model.vectors(tuple(data.terms[term] for term in asked)))
    anchors, positives = (
        vectors[np.searchsorted(asked, side[kept.numpy()])] for side in (data.anchors, data.positives)
    )
    of_standards = concept_of_terms(data)[standards]
    concepts = torch.from_numpy(data.concepts)[kept]
    candidates = vectors[np.searchsorted(asked, standards)]
    found = mine(anchors, positives, candidates, concepts, of_standards, NEAREST, None)
    drawn = torch.rand(found.shape, generator=generator).argsort(1)[:, : count - 1]
    chosen = torch.full((len(kept), count), -1)
    chosen[:, : drawn.shape[1]] = found.gather(1, drawn)
    while bool((wrong := (chosen < 0) | (of_standards[chosen] == concepts[:, None])).any()):
        chosen[wrong] = torch.randint(len(standards), (int(wrong.sum()),), generator=generator)
    return torch.from_numpy(standards)[chosen]


class SameOrNot:
    """Binary cross-entropy over pairs: the same concept, or not. Both answers weigh the same in all."""

    def __init__(self, pairs: PairTexts, parameters: dict[str, Any]) -> None:
        import torch

        self._pairs = pairs
        self._size = int(parameters["batch_size"])
        self._lengths = torch.tensor([len(text) for text in pairs.texts])

    @property
    def examples(self) -> int:
        """Pairs of synonyms, and pairs marked apart."""
        return len(self._pairs.rows) + len(self._pairs.apart)

    def epoch(self, generator: torch.Generator) -> Sequence[torch.Tensor]:
        """Shuffled; within a few batches, those of like length together."""
        import torch

        order = torch.randperm(self.examples, generator=generator)
        parts = []
        for bucket in order.split(BUCKET * self._size):
            parts += batches(bucket[self._longest(bucket).argsort(stable=True)], self._size)
        return [parts[place] for place in torch.randperm(len(parts), generator=generator).tolist()]

    def loss(self, vectors: Vectors, rows: torch.Tensor) -> torch.Tensor:
        """The mean over the batch's pairs; ``vectors`` gives logits."""
        import torch
        from torch.nn import functional

        synonyms = self._pairs.rows[rows[rows < len(self._pairs.rows)]]
        apart = self._pairs.apart[rows[rows >= len(self._pairs.rows)] - len(self._pairs.rows)]
        negatives = synonyms.shape[1] - 2
        texts = torch.cat([synonyms.reshape(-1), apart.reshape(-1)])
        labels = torch.zeros(synonyms.shape)
        labels[:, :2] = 1.0
        weights = torch.full(synonyms.shape, 2.0 / negatives)
        weights[:, :2] = 1.0
        labels = torch.cat([labels.reshape(-1), torch.zeros(apart.numel())])
        weights = torch.cat([weights.reshape(-1), torch.full((apart.numel(),), MARKED_WEIGHT)])
        logits = vectors(texts)[:, 0]
        return functional.binary_cross_entropy_with_logits(logits, labels, weights)

    def _longest(self, rows: torch.Tensor) -> torch.Tensor:
        import torch

        all_rows = [self._lengths[self._pairs.rows].amax(1)]
        if len(self._pairs.apart):
            all_rows.append(self._lengths[self._pairs.apart].amax(1))
        return torch.cat(all_rows)[rows]


class CrossLooks:
    """Looks at development synonyms: the first stage's best ten in the order that the cross-encoder gives.

    ``first`` are the first stage's scores of the probe's benchmark, (q, n). Step 0 is the first stage.
    """

    def __init__(
        self, context: StageContext, model: CrossSplit, benchmark: Benchmark, first: NDArray[np.float64]
    ) -> None:
        self._context, self._model = context, model
        self._benchmark, self._first = benchmark, first
        self._listed = shortlists(first, benchmark.masked, DEPTHS[0])
        self._number = 0
        self.undrawn: Look | None = None

    def texts(self, after: int) -> tuple[str, ...]:
        """The pairs that are looked at; the model numbers them from ``after``."""
        self._number = after
        rows, columns = (self._listed >= 0).nonzero()
        return tuple(
            joined(self._benchmark.queries[row], self._benchmark.corpus[place])
            for row, place in zip(rows, self._listed[rows, columns], strict=True)
        )

    @property
    def _count(self) -> int:
        return int((self._listed >= 0).sum())

    def plan(self, examples: int, per_epoch: int, total: int) -> tuple[set[int], set[int]]:
        """The steps after which to look, one to four times in each epoch, by the work alone; none is wide."""
        often = max(1, min(4, int(EVALUATION_SHARE * 18 * examples / max(1, self._count))))
        every = max(1, per_epoch // often)
        steps = range(1, total + 1)
        return {s for s in steps if s == total or s % per_epoch == 0 or (s % per_epoch) % every == 0}, set()

    def take(self, step: int, epoch: float, *, wide: bool) -> Look:
        """The model as it is now, drawn, with the blend that serves it best."""
        import numpy as np
        import torch

        rows = torch.arange(self._number, self._number + self._count)
        probabilities = np.zeros(self._listed.shape)
        probabilities[self._listed >= 0] = torch.sigmoid(self.encode(rows))[:, 0].numpy()
        blend, scores = max(
            ((blend, self._scores(probabilities, blend)) for blend in (BLENDS[1:] if step else BLENDS[:1])),
            key=lambda each: each[1].choice,
        )
        self.undrawn = seen = Look(scores, epoch, 1.0, self._model.snapshot(), {"blend": blend})
        draw(self._context, step, scores)
        self.undrawn = None
        return seen

    @property
    def encode(self) -> Vectors:
        """Logits (n, 1) of pairs by number, which Stop may interrupt."""
        return lambda rows: self._model.logits(rows, self._context)

    def _scores(self, probabilities: NDArray[np.float64], blend: float) -> DevScores:
        final = blended(self._first, self._listed, probabilities, blend)
        ranking = rank_rows(self._benchmark, 0, len(final), final)
        return as_dev_scores(ranked([ranking], self._benchmark))


@dataclass(frozen=True)
class Dev:
    """The development synonyms of a run, with the scores of its first stage (q, n)."""

    benchmark: Benchmark
    scores: NDArray[np.float64]

    def rows(self, start: int, stop: int) -> NDArray[np.float64]:
        """As a first stage is asked."""
        return self.scores[start:stop]


def development(context: StageContext, queries: int = 600) -> Dev:
    """A fixed sample of the development synonyms; by default that which the other stages look at."""
    import numpy as np

    probe = DevProbe(context.data, max_queries=queries, max_documents=3000)
    benchmark = probe.benchmark
    vectors = context.model.vectors((*benchmark.queries, *benchmark.corpus)).astype(np.float64)
    count = len(benchmark.queries)
    return Dev(benchmark, vectors[:count] @ vectors[count:].T)


def as_dev_scores(figures: Ranked) -> DevScores:
    """The figures as stages give them back."""
    return DevScores(figures.recall1, figures.recall10, figures.mrr10)


def train(context: StageContext, parameters: dict[str, Any]) -> tuple[CrossSplit, Fitted, PairTexts]:
    """The cross-encoder after training, with the weights of its best look in place.

    ``parameters``: ``layers``, ``epochs``, ``learning_rate``, ``batch_size``, ``negatives``, ``most_pairs``.

    Raises:
        TrainingProblem: the base is no transformer, or the loss is no longer a number.
        Stopped: before the training began.
    """
    import torch

    torch.manual_seed(context.seed)
    rate = float(parameters["learning_rate"]) or RATES[str(parameters["layers"])]
    parameters = {**parameters, "learning_rate": rate}
    context.report.phase(LocalText("正在载入模型", "Loading the model"))
    layers = layer_count(parameters["layers"])
    model = cross_split(context.model.folder, layers)
    context.report.phase(LocalText("正在找难负例", "Looking for hard negatives"))
    pairs = pair_texts(context, parameters)
    dev = development(context, LOOK_QUERIES)
    looks = CrossLooks(context, model, dev.benchmark, dev.scores)
    context.report.phase(LocalText("正在计算冻结的各层", "Running the frozen layers once"))
    texts = [*pairs.texts, *looks.texts(len(pairs.texts))]
    model.prepare(texts, context.report.progress)
    context.report.phase(LocalText("正在测量基础模型", "Measuring the base model"))
    facts = "cross-encoder", context.model.fingerprint, parameters, context.seed, pairs.rows.tolist()
    fitted = fit(
        context, parameters, model, SameOrNot(pairs, parameters), looks, signature_of(*facts, texts=texts)
    )
    model.restore(fitted.best.weights)
    return model, fitted, pairs
