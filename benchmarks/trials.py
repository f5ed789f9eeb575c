"""What was hoped to be better than fine-tuning, and is not in the program: on several splits, beside it.

Run: python -m benchmarks.trials DATA --home FOLDER [--only cars,health] [--splits 13,14] [--seeds 1]

As ``benchmarks.passes``: Recall@1 on the unseen concepts of both parts. Behind the tuned model: ranking with
less weight for hubs (CSLS, Conneau et al. 2018, arXiv:1710.04087), in the way that leaks and in the way that
does not, and soft whitening. While training: sharpness-aware steps (SAM, Foret et al. 2021,
arXiv:2010.01412), other temperatures, SimCSE's loss beside; alike pairs together, which the program has for
large dictionaries alone. What came of it: docs/benchmarks.md, "How deep, how long".
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from benchmarks.passes import PARAMETERS, Floats, Subject, arguments, plainly, subjects
from workbench.evaluation.retrieval import Benchmark
from workbench.training.stages.in_batch import AlikeTogether, InBatch

if TYPE_CHECKING:
    import torch

NEIGHBOURS = 10
RADIUS = 0.05  # of SAM
POWER = 0.15  # of the whitening: 0.5 would be whole
Texts = npt.NDArray[np.int64]


def main() -> None:
    asked = arguments(__doc__).parse_args()
    found: dict[str, list[tuple[float, float]]] = defaultdict(list)
    for subject in subjects(asked):
        for seed in range(asked.seeds):
            for way, scores in _tried(subject, seed):
                found[way].append(scores)
                print(f"{subject.name} | {way} | test {scores[0]:.1f} | dev {scores[1]:.1f}", flush=True)
    print("\n| way | test | dev |\n|---|---|---|")
    for way, rows in found.items():
        test, dev = np.mean(rows, axis=0)
        print(f"| {way} | {test:.1f} | {dev:.1f} |")


def _tried(subject: Subject, seed: int) -> list[tuple[str, tuple[float, float]]]:
    subject.tune(InBatch(subject.data, PARAMETERS), seed)
    vectors = subject.vectors()
    found = [("fine-tune", subject.recall1(vectors))]
    data = subject.data
    synonyms, training = np.unique(data.anchors), np.asarray(data.training_terms)
    standards = np.unique(data.indices([*subject.test.corpus, *subject.dev.corpus]))
    for name, texts, leaks in (
        ("CSLS among training terms (leaks)", training, True),
        ("CSLS among training synonyms", synonyms, False),
        ("CSLS among standard terms", standards, False),
    ):
        found.append((name, _csls(subject, vectors, texts, leaks)))
    found.append(("whitened", subject.recall1(_whitened(vectors, vectors[training]))))
    subject.tune(InBatch(data, PARAMETERS), seed, step=_sharpness_aware)
    found.append(("SAM", subject.recall1(subject.vectors())))
    for temperature in (0.02, 0.03, 0.1):
        subject.tune(InBatch(data, {**PARAMETERS, "temperature": temperature}), seed)
        found.append((f"temperature {temperature}", subject.recall1(subject.vectors())))
    for size in (4, 16):
        subject.tune(AlikeTogether(data, PARAMETERS, size), seed)
        found.append((f"{size} alike pairs together", subject.recall1(subject.vectors())))
    subject.tune(_WithSimCSE(data, PARAMETERS), seed)
    found.append(("with SimCSE's loss", subject.recall1(subject.vectors())))
    return found


def _csls(subject: Subject, vectors: Floats, texts: Texts, leaks: bool) -> tuple[float, float]:
    """Ranked by 2 cos(q, p) - r(p), r(p) the mean cosine of p and its nearest among ``texts``.

    ``leaks``: a concept's own terms count among them. A standard term that was trained has them near by and
    is set back, and no unseen query wants it: that looks like a better model.
    """
    data = subject.data
    concept = np.full(len(data.terms), -1)
    for anchor, positive, number in zip(data.anchors, data.positives, data.concepts, strict=True):
        concept[anchor] = concept[positive] = number

    def of(part: Benchmark) -> float:
        queries, corpus = subject.sides(part, vectors)
        cosines = corpus @ vectors[texts].T
        if not leaks:
            rows = data.indices(part.corpus)
            same = (concept[rows][:, None] == concept[texts][None, :]) & (concept[rows] >= 0)[:, None]
            cosines[same | (rows[:, None] == texts[None, :])] = -1.0
        near = np.sort(cosines, axis=1)[:, -NEIGHBOURS:].mean(axis=1, keepdims=True)
        ones = np.ones((len(queries), 1), np.float32)
        return subject.recall1_of(part, np.hstack([queries, ones]), np.hstack([2 * corpus, -near]))

    return of(subject.test), of(subject.dev)


def _whitened(vectors: Floats, seen: Floats) -> Floats:
    """Centred, and stretched along the axes of ``seen`` by their variance to the power of -POWER."""
    mean = seen.mean(axis=0)
    variances, axes = np.linalg.eigh(np.cov((seen - mean).T))
    moved = (vectors - mean) @ (axes * (variances.clip(0) + 1e-4) ** -POWER)
    return np.asarray(moved / np.linalg.norm(moved, axis=1, keepdims=True), np.float32)


def _sharpness_aware(parameters: list[torch.nn.Parameter], loss: Callable[[], torch.Tensor]) -> None:
    """The gradient at the worst point within :data:`RADIUS`."""
    import torch

    plainly(parameters, loss)
    with torch.no_grad():
        gradients = [each.grad for each in parameters if each.grad is not None]
        length = torch.stack([gradient.norm() for gradient in gradients]).norm().clamp(min=1e-12)
        away = [(each, each.grad * (RADIUS / length)) for each in parameters if each.grad is not None]
        for each, way in away:
            each.add_(way)
            each.grad = None
    plainly(parameters, loss)
    with torch.no_grad():
        for each, way in away:
            each.sub_(way)


class _WithSimCSE(InBatch):
    """And each text must find itself, dropped otherwise, among the batch's (Gao et al. 2021)."""

    def loss(self, vectors: Callable[[torch.Tensor], torch.Tensor], rows: torch.Tensor) -> Any:
        import torch

        texts = torch.unique(torch.cat([self._anchors[rows], self._positives[rows]]))
        one, other = (torch.nn.functional.normalize(vectors(texts), dim=1) for _ in range(2))
        cosines = one @ other.T / PARAMETERS["temperature"]
        itself = torch.nn.functional.cross_entropy(cosines, torch.arange(len(texts)))
        return super().loss(vectors, rows) + 0.3 * itself


if __name__ == "__main__":
    main()
