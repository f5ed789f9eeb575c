"""An instant map that follows a dictionary while it is edited: learnt once, then brought up to date."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import chain, islice
from typing import TYPE_CHECKING, Any

from workbench.training.dataset import DevProbe, TrainingSet
from workbench.training.mapping import Frame, MapFitting, Residual, mapped, score, search
from workbench.training.registry import stage

if TYPE_CHECKING:
    import numpy as np
    import torch
    from numpy.typing import NDArray

Check = Callable[[float], None]
"""Told how much of the fitting is done (0..1); raises to stop it."""

WARM_STEPS = 12  # an edited pair is in each of them: about as often as a whole run sees it
SLACK = 1.5  # points of development MRR@10 that a map brought up to date may be worse than when it was learnt
NEW_SHARE = 0.1  # of the training terms: with more new ones the map is learnt anew


@dataclass(frozen=True)
class LiveMap:
    """A map over some terms. ``x`` (n, d) are their projected vectors."""

    terms: tuple[str, ...]
    frame: Frame
    x: torch.Tensor
    residual: Residual  # linear
    fitting: MapFitting
    trained: frozenset[str]  # the terms that were in training pairs
    dev: float  # MRR@10 in percent when the map was learnt from nothing

    def vectors(self) -> NDArray[np.float32]:
        """Unit vectors (n, d) of ``terms`` under the map."""
        moved: NDArray[np.float32] = mapped(self.x, self.residual).numpy()
        return moved

    def move(self, vectors: NDArray[np.float32]) -> NDArray[np.float32]:
        """Unit vectors (k, d) under the map, of base vectors (k, d)."""
        import torch

        moved: NDArray[np.float32] = mapped(
            self.frame.project(torch.from_numpy(vectors)), self.residual
        ).numpy()
        return moved


def learn(data: TrainingSet, vectors: NDArray[np.float32], check: Check) -> LiveMap:
    """A map of ``data`` from nothing, as an Instant run with its default parameters learns it.

    ``vectors`` (n, d) are the base model's, of ``data.terms``.
    """
    import torch

    parameters = _parameters()
    base = torch.from_numpy(vectors)
    frame = Frame.of(base[torch.from_numpy(data.training_terms)], parameters["whitening"])
    x = frame.project(base)
    probe = _probe(data)
    fitting = MapFitting(x, data, parameters, seed=0)
    epochs = int(parameters["epochs"])
    total = epochs * fitting.steps
    best, _ = search(
        fitting,
        probe,
        x[torch.from_numpy(probe.needed)],
        epochs,
        stepped=lambda step, _: check(step / total),
        scored=lambda *_: None,
    )
    assert best is not None  # nothing was refused
    return LiveMap(data.terms, frame, x, best.used(), fitting, _trained(data), best.scores.choice)


def follow(
    former: LiveMap,
    data: TrainingSet,
    vectors_of: Callable[[Sequence[str]], NDArray[np.float32]],
    edited: Sequence[int],
    check: Check,
) -> LiveMap:
    """``former`` brought up to date with an edited dictionary, in a few steps that start from it.

    ``vectors_of`` gives the base model's vectors (k, d) of terms, and is asked for new ones alone;
    ``edited`` are the indices of the terms that were edited: their pairs are in every batch. Where
    development synonyms suffer, half of the change is tried, and then the map is learnt from nothing, as
    it is where many terms are new.
    """
    import torch

    trained = _trained(data)
    if len(trained - former.trained) > NEW_SHARE * len(trained):
        return learn(data, vectors_of(data.terms), check)
    x = _projected(former, data.terms, vectors_of)
    fitting = MapFitting(
        x, data, _parameters(), seed=0, start=former.fitting, residual=former.residual, always=edited
    )
    losses = chain.from_iterable(fitting.epoch() for _ in range(WARM_STEPS))
    for step, _ in enumerate(islice(losses, WARM_STEPS), 1):
        check(step / WARM_STEPS)
    probe = _probe(data)
    needed = x[torch.from_numpy(probe.needed)]
    for share in (1.0, 0.5):
        residual = _between(former.residual, fitting.residual(), share)
        if score(probe, needed, residual).choice >= former.dev - SLACK:
            return LiveMap(data.terms, former.frame, x, residual, fitting, trained, former.dev)
    return learn(data, vectors_of(data.terms), check)


def _between(former: Residual, later: Residual, share: float) -> Residual:
    """A linear map on the way from one to another."""
    import torch

    return Residual("linear", (torch.lerp(former.matrix(), later.matrix(), share),))


def _projected(
    former: LiveMap, terms: Sequence[str], vectors_of: Callable[[Sequence[str]], NDArray[np.float32]]
) -> torch.Tensor:
    """Vectors of ``terms`` in the frame of ``former``; known ones are taken over."""
    import torch

    place = {term: row for row, term in enumerate(former.terms)}
    x = former.x[torch.tensor([place.get(term, 0) for term in terms])]
    new = [row for row, term in enumerate(terms) if term not in place]
    if new:
        x[torch.tensor(new)] = former.frame.project(torch.from_numpy(vectors_of([terms[row] for row in new])))
    return x


def _trained(data: TrainingSet) -> frozenset[str]:
    return frozenset(data.terms[row] for row in data.training_terms.tolist())


def _probe(data: TrainingSet) -> DevProbe:
    return DevProbe(data, max_queries=300, max_documents=2000)


def _parameters() -> dict[str, Any]:
    return stage("instant_map").checked({})
