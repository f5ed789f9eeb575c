"""The mathematics of the instant map: a softly whitened frame, and a residual linear map learnt within it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations, islice
from typing import TYPE_CHECKING, Any

from workbench.errors import Stopped
from workbench.training.dataset import DevProbe, DevScores, TrainingSet
from workbench.training.losses import MarkedApart, batches, in_batch_loss

if TYPE_CHECKING:
    import torch

ALPHAS = (0.3, 0.5, 0.7)
SIBLINGS = 6  # pairs of synonyms of one concept, at most
PATIENCE = 6  # epochs without a better development score


@dataclass(frozen=True)
class Candidate:
    """A map that was looked at: ``weight`` (d, d) is the residual L, used with strength ``alpha``."""

    scores: DevScores
    epoch: int
    alpha: float
    weight: torch.Tensor


@dataclass(frozen=True)
class Frame:
    """Where the map lives: ``x = normalise(P (e - mu))`` of base vectors e. mean (d,), soft (d, d)."""

    mean: torch.Tensor
    soft: torch.Tensor

    @classmethod
    def of(cls, vectors: torch.Tensor, power: float) -> Frame:
        """The frame of training vectors (n, d): their mean, and ``P = C^(-power/2)``, scaled.

        ``C`` is their covariance: each principal direction is divided by its spread to the power of
        ``power`` (Mu 2018, Su 2021), so that directions that all terms share count less.
        """
        import torch

        mean = vectors.mean(0)
        centred = vectors - mean
        covariance = centred.T @ centred / len(centred)
        values, directions = torch.linalg.eigh(covariance.double())
        spread = values.clamp(min=0).sqrt() + 1e-3  # directions without any spread must not be blown up
        factors = (spread / spread.mean()) ** -power
        return cls(mean, (directions * factors @ directions.T).float())

    def project(self, vectors: torch.Tensor) -> torch.Tensor:
        """Unit vectors (n, d) of base vectors (n, d)."""
        import torch

        return torch.nn.functional.normalize((vectors - self.mean) @ self.soft, dim=1)


def mapped(x: torch.Tensor, weight: torch.Tensor) -> torch.Tensor:
    """Unit vectors (n, d) of projected ones under the residual map ``I + weight``."""
    import torch

    with torch.inference_mode():
        return torch.nn.functional.normalize(x + x @ weight.T, dim=1)


def score(probe: DevProbe, needed: torch.Tensor, weight: torch.Tensor) -> DevScores:
    """Development scores of a map; ``needed`` are the projected vectors that the probe asks for."""
    return probe.score(mapped(needed, weight).numpy())


class MapFitting:
    """Learns L in ``z = x + L x`` over projected unit vectors ``x`` (n, d) of all terms of ``data``.

    The loss is the in-batch softmax over cosines in both directions (InfoNCE, van den Oord 2018), pairs
    of one concept left out of each other's negatives; synonyms of one concept are pairs too, and terms
    marked as not synonyms are hard negatives of each other. L is zero at the start, or ``weight``, with
    the step sizes that AdamW found in the fitting ``start``. Pairs with one of the terms ``always``
    (indices) are part of every batch, up to a quarter of it.
    """

    def __init__(
        self,
        x: torch.Tensor,
        data: TrainingSet,
        parameters: dict[str, Any],
        *,
        seed: int,
        start: MapFitting | None = None,
        weight: torch.Tensor | None = None,
        always: Sequence[int] = (),
    ) -> None:
        import torch

        self._x = x
        self._anchors, self._positives, self._concepts = _pairs(data)
        self._marked = MarkedApart(data.apart)
        self._temperature = float(parameters["temperature"])
        self._batch = int(parameters["batch_size"])
        self._residual = torch.nn.Linear(x.shape[1], x.shape[1], bias=False)
        with torch.no_grad():
            self._residual.weight.copy_(torch.zeros(x.shape[1], x.shape[1]) if weight is None else weight)
        self._optimizer = torch.optim.AdamW(
            self._residual.parameters(),
            lr=parameters["learning_rate"],
            weight_decay=parameters["weight_decay"],
        )
        if start is not None:
            self._adopt_step_sizes(start)
        self._generator = torch.Generator().manual_seed(seed)
        edited = torch.tensor(list(always), dtype=torch.long)
        chosen = torch.isin(self._anchors, edited) | torch.isin(self._positives, edited)
        self._always = chosen.nonzero()[: self._batch // 4, 0]
        chosen = torch.isin(torch.arange(len(chosen)), self._always)
        self._others = (~chosen).nonzero()[:, 0]

    @property
    def steps(self) -> int:
        """Steps in one epoch."""
        return len(batches(self._others, self._batch))

    def weight(self) -> torch.Tensor:
        """L as it is now, a copy."""
        return self._residual.weight.detach().clone()

    def epoch(self) -> Iterator[float]:
        """See every pair once; gives the loss after each step."""
        import torch

        order = self._others[torch.randperm(len(self._others), generator=self._generator)]
        for rows in batches(order, self._batch):
            loss = self._loss(torch.cat([self._always, rows]) if len(self._always) else rows)
            self._optimizer.zero_grad()
            loss.backward()
            self._optimizer.step()
            yield float(loss.detach())

    def _loss(self, rows: torch.Tensor) -> torch.Tensor:
        anchors, positives = self._anchors[rows], self._positives[rows]
        hard = self._marked.of_batch(anchors, positives)
        return in_batch_loss(
            self._moved(anchors),
            self._moved(positives),
            self._concepts[rows],
            self._temperature,
            (hard, self._moved(hard.texts)) if hard else None,
        )

    def _moved(self, texts: torch.Tensor) -> torch.Tensor:
        x = self._x[texts]
        return x + self._residual(x)

    def _adopt_step_sizes(self, other: MapFitting) -> None:
        """Take over the second moments, without which the first steps would be as long as at the start."""
        state = other._optimizer.state[other._residual.weight]
        if state:
            self._optimizer.state[self._residual.weight] = {
                "step": state["step"].clone(),
                "exp_avg": state["exp_avg"] * 0,
                "exp_avg_sq": state["exp_avg_sq"].clone(),
            }


def search(
    fitting: MapFitting,
    probe: DevProbe,
    needed: torch.Tensor,
    epochs: int,
    *,
    stepped: Callable[[int, float], None],
    scored: Callable[[int, DevScores], None],
) -> tuple[Candidate, bool]:
    """Fit for at most ``epochs``, then try weaker maps: the one best on dev, and whether it was stopped.

    ``needed`` are the projected vectors that ``probe`` asks for. ``stepped`` is told each step and its loss,
    ``scored`` each epoch's last step and scores; either may raise ``Stopped``, after which the best so far
    counts.
    """
    weight = fitting.weight()
    best = Candidate(score(probe, needed, weight), 0, 1.0, weight)
    step, stopped = 0, False
    try:
        for epoch in range(1, epochs + 1):
            for loss in fitting.epoch():
                step += 1
                stepped(step, loss)
            weight = fitting.weight()
            scores = score(probe, needed, weight)
            scored(step, scores)
            if scores.choice > best.scores.choice:
                best = Candidate(scores, epoch, 1.0, weight)
            elif epoch - best.epoch >= PATIENCE:
                break
    except Stopped:
        stopped = True
    return _weaker(best, needed, probe), stopped


def _weaker(best: Candidate, needed: torch.Tensor, probe: DevProbe) -> Candidate:
    """The best strength of the map: alpha costs no training, only another look at the dev synonyms."""
    for alpha in ALPHAS:
        scores = score(probe, needed, alpha * best.weight)
        if scores.choice > best.scores.choice:
            best = Candidate(scores, best.epoch, alpha, best.weight)
    return best


def _pairs(data: TrainingSet) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Anchors, positives, concepts (n,): synonym with standard term, and a few synonyms with one another."""
    import torch

    by_concept: dict[int, list[int]] = {}
    for anchor, concept in zip(data.anchors.tolist(), data.concepts.tolist(), strict=True):
        by_concept.setdefault(concept, []).append(anchor)
    extra = [
        (one, other, concept)
        for concept, members in by_concept.items()
        for one, other in islice(combinations(members, 2), SIBLINGS)
    ]
    siblings = torch.tensor(extra, dtype=torch.long).reshape(-1, 3)
    return (
        torch.cat([torch.from_numpy(data.anchors), siblings[:, 0]]),
        torch.cat([torch.from_numpy(data.positives), siblings[:, 1]]),
        torch.cat([torch.from_numpy(data.concepts), siblings[:, 2]]),
    )
