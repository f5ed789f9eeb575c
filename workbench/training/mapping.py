"""The mathematics of the instant map: a softly whitened frame, and a residual map learnt within it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations, islice
from typing import TYPE_CHECKING, Any, Literal

from workbench.errors import Stopped
from workbench.training.dataset import DevProbe, DevScores, TrainingSet
from workbench.training.losses import MarkedApart, batches, in_batch_loss

if TYPE_CHECKING:
    import torch

Form = Literal["linear", "low_rank", "mlp"]
ALPHAS = (0.7, 0.5, 0.3)
SIBLINGS = 6  # pairs of synonyms of one concept, at most
PATIENCE = 6  # epochs without a better development score


@dataclass(frozen=True)
class Residual:
    """What a map adds: ``z = x + f(x)`` of unit vectors x (n, d).

    ``linear``: f = L x, tensors (L (d, d)). ``low_rank``: f = B A x, tensors (A (r, d), B (d, r)).
    ``mlp``: f = U relu(W x + b), tensors (W (h, d), b (h,), U (d, h)). The last one is zero at the start,
    so that the map begins as the identity.
    """

    form: Form
    tensors: tuple[torch.Tensor, ...]

    @classmethod
    def zero(cls, form: Form, dimension: int, width: int, generator: torch.Generator) -> Residual:
        """The identity. ``width`` is r or h; the inner matrix is random, its rows of about unit length."""
        import torch

        if form == "linear":
            return cls(form, (torch.zeros(dimension, dimension),))
        inward = torch.randn(width, dimension, generator=generator) / dimension**0.5
        outward = torch.zeros(dimension, width)
        if form == "low_rank":
            return cls(form, (inward, outward))
        return cls(form, (inward, torch.zeros(width), outward))

    def __call__(self, x: torch.Tensor) -> torch.Tensor:
        """f(x), (n, d)."""
        import torch

        if self.form == "mlp":
            inward, bias, outward = self.tensors
            return torch.relu(x @ inward.T + bias) @ outward.T
        for tensor in self.tensors:
            x = x @ tensor.T
        return x

    def scaled(self, alpha: float) -> Residual:
        """``alpha f``."""
        return Residual(self.form, (*self.tensors[:-1], alpha * self.tensors[-1]))

    def copy(self) -> Residual:
        """As it is now, apart from the tensors that train on."""
        return Residual(self.form, tuple(tensor.detach().clone() for tensor in self.tensors))

    def matrix(self) -> torch.Tensor:
        """L (d, d) of a linear or low-rank one."""
        return self.tensors[0] if len(self.tensors) == 1 else self.tensors[1] @ self.tensors[0]


@dataclass(frozen=True)
class Candidate:
    """A map that was looked at: ``residual`` is used with strength ``alpha``."""

    scores: DevScores
    epoch: int
    alpha: float
    residual: Residual

    def used(self) -> Residual:
        """The residual at its strength."""
        return self.residual.scaled(self.alpha)


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


def mapped(x: torch.Tensor, residual: Residual) -> torch.Tensor:
    """Unit vectors (n, d) of projected ones under the map ``x + f(x)``."""
    import torch

    with torch.inference_mode():
        return torch.nn.functional.normalize(x + residual(x), dim=1)


def score(probe: DevProbe, needed: torch.Tensor, residual: Residual) -> DevScores:
    """Development scores of a map; ``needed`` are the projected vectors that the probe asks for."""
    return probe.score(mapped(needed, residual).numpy())


class MapFitting:
    """Learns f in ``z = x + f(x)`` (:class:`Residual`) over projected unit vectors x (n, d) of all terms.

    The loss is the in-batch softmax over cosines in both directions (InfoNCE, van den Oord 2018), pairs
    of one concept left out of each other's negatives; synonyms of one concept are pairs too, and terms
    marked as not synonyms are hard negatives of each other. f is zero at the start, or ``residual``, with
    the step sizes that AdamW found in the fitting ``start``. Pairs with one of the terms ``always``
    (indices) are part of every batch, up to a quarter of it.

    ``general`` (m, d) are projected vectors of everyday words: what the map moves them by, ``|f(g)|^2``
    on average, is added to the loss ``retention`` times, so that they stay where they are.
    """

    def __init__(
        self,
        x: torch.Tensor,
        data: TrainingSet,
        parameters: dict[str, Any],
        *,
        seed: int,
        start: MapFitting | None = None,
        residual: Residual | None = None,
        always: Sequence[int] = (),
        general: torch.Tensor | None = None,
    ) -> None:
        import torch

        self._x = x
        self._anchors, self._positives, self._concepts = _pairs(data)
        self._marked = MarkedApart(data.apart)
        self._temperature = float(parameters["temperature"])
        self._batch = int(parameters["batch_size"])
        self._generator = torch.Generator().manual_seed(seed)
        if residual is None:
            width = int(parameters["width"])
            residual = Residual.zero(parameters["form"], x.shape[1], width, self._generator)
        self._residual = residual.copy()
        for tensor in self._residual.tensors:
            tensor.requires_grad_(True)
        self._general = general if parameters["retention"] and general is not None else None
        self._retention = float(parameters["retention"])
        self._optimizer = torch.optim.AdamW(
            self._residual.tensors,
            lr=parameters["learning_rate"],
            weight_decay=parameters["weight_decay"],
        )
        if start is not None:
            self._adopt_step_sizes(start)
        edited = torch.tensor(list(always), dtype=torch.long)
        chosen = torch.isin(self._anchors, edited) | torch.isin(self._positives, edited)
        self._always = chosen.nonzero()[: self._batch // 4, 0]
        chosen = torch.isin(torch.arange(len(chosen)), self._always)
        self._others = (~chosen).nonzero()[:, 0]

    @property
    def steps(self) -> int:
        """Steps in one epoch."""
        return len(batches(self._others, self._batch))

    def residual(self) -> Residual:
        """f as it is now, a copy."""
        return self._residual.copy()

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
        loss = in_batch_loss(
            self._moved(anchors),
            self._moved(positives),
            self._concepts[rows],
            self._temperature,
            (hard, self._moved(hard.texts)) if hard else None,
        )
        if self._general is None:
            return loss
        return loss + self._retention * self._residual(self._general).square().sum(1).mean()

    def _moved(self, texts: torch.Tensor) -> torch.Tensor:
        x = self._x[texts]
        return x + self._residual(x)

    def _adopt_step_sizes(self, other: MapFitting) -> None:
        """Take over the second moments, without which the first steps would be as long as at the start."""
        for own, theirs in zip(self._residual.tensors, other._residual.tensors, strict=True):
            state = other._optimizer.state[theirs]
            if state:
                self._optimizer.state[own] = {
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
    patience: int = PATIENCE,
    keeps: Callable[[Residual], bool] = lambda _: True,
) -> tuple[Candidate | None, bool]:
    """Fit for at most ``epochs``, then try weaker maps: the one best on dev, and whether it was stopped.

    ``needed`` are the projected vectors that ``probe`` asks for. ``stepped`` is told each step and its loss,
    ``scored`` each epoch's last step and scores; either may raise ``Stopped``, after which the best so far
    counts. After ``patience`` epochs without a better score it ends (0: never). A map for which ``keeps``
    is false is not chosen; it is asked of the best epoch at each strength alone, best first. None: of none.
    """
    residual = fitting.residual()
    best = Candidate(score(probe, needed, residual), 0, 1.0, residual)
    step, stopped = 0, False
    try:
        for epoch in range(1, epochs + 1):
            for loss in fitting.epoch():
                step += 1
                stepped(step, loss)
            residual = fitting.residual()
            scores = score(probe, needed, residual)
            scored(step, scores)
            if scores.choice > best.scores.choice:
                best = Candidate(scores, epoch, 1.0, residual)
            elif patience and epoch - best.epoch >= patience:
                break
    except Stopped:
        stopped = True
    candidates = [best, *_weaker(best, needed, probe)]
    candidates.sort(key=lambda each: -each.scores.choice)  # of equals the strongest
    return next((each for each in candidates if keeps(each.used())), None), stopped


def _weaker(best: Candidate, needed: torch.Tensor, probe: DevProbe) -> list[Candidate]:
    """The map at smaller strengths: they cost no training, only another look at the dev synonyms.

    The last one adds nothing at all: there only the frame is left.
    """
    weaker = [
        Candidate(score(probe, needed, best.residual.scaled(alpha)), best.epoch, alpha, best.residual)
        for alpha in ALPHAS
    ]
    nothing = best.residual.scaled(0.0)
    return [*weaker, Candidate(score(probe, needed, nothing), 0, 1.0, nothing)]


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
