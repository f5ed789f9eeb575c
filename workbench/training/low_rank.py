"""LoRA: small matrices beside the frozen ones of the top layers, merged into them before saving."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from workbench.errors import TrainingProblem
from workbench.localtext import LocalText
from workbench.training.cutting import split_model
from workbench.training.layer_split import LayerSplit

if TYPE_CHECKING:
    import torch

_NAME = "weight"


class LowRankSplit(LayerSplit):
    """A cut model whose top layers' matrices train as ``W + (scale / rank) B A`` (Hu 2021).

    W (out, in) of attention and feed-forward stays as it is; A (rank, in) starts random, B (out, rank)
    at zero. :meth:`snapshot` gives the merged matrices; the first :meth:`restore` merges for good.
    """

    _matrices: Sequence[torch.nn.Linear] = ()
    _adapted = False

    def __init__(self, model: Any, layers: int, rank: int, scale: float) -> None:
        import torch
        from torch.nn.utils import parametrize

        super().__init__(model, layers)
        for layer in self._top:
            layer.requires_grad_(False)
        self._matrices = [module for module in self.modules() if isinstance(module, torch.nn.Linear)]
        self._adapted = True
        for matrix in self._matrices:
            parametrize.register_parametrization(matrix, _NAME, _low_rank(matrix.weight, rank, scale))

    @classmethod
    def of(cls, split: LayerSplit, layers: int, rank: int, scale: float) -> LowRankSplit:
        """The model of ``split``, cut the same way."""
        return cls(split._model, layers, rank, scale)

    def trainable(self) -> list[torch.nn.Parameter]:
        """A and B of every matrix; merged, the matrices."""
        if not self._adapted:
            return [matrix.weight for matrix in self._matrices]
        return list(self._factors())

    def _factors(self) -> Iterator[torch.nn.Parameter]:
        for matrix in self._matrices:
            yield from matrix.parametrizations[_NAME][0].parameters()

    def snapshot(self) -> list[torch.Tensor]:
        """A copy of the matrices, the small ones merged in."""
        return [matrix.weight.detach().clone() for matrix in self._matrices]

    def restore(self, values: Sequence[torch.Tensor]) -> None:
        """Put merged matrices in; there are no small ones from then on."""
        from torch.nn.utils import parametrize

        if self._adapted:
            for matrix in self._matrices:
                parametrize.remove_parametrizations(matrix, _NAME, leave_parametrized=False)
            self._adapted = False
        super().restore(values)


def _low_rank(weight: torch.Tensor, rank: int, scale: float) -> torch.nn.Module:
    import torch

    class LowRank(torch.nn.Module):  # type: ignore[misc]  # torch is typed Any here
        """Adds ``factor * B A`` to a matrix."""

        def __init__(self) -> None:
            super().__init__()
            out, width = weight.shape
            self.a = torch.nn.Parameter(torch.randn(rank, width) / width**0.5)
            self.b = torch.nn.Parameter(torch.zeros(out, rank))

        def forward(self, matrix: torch.Tensor) -> torch.Tensor:
            return matrix + (scale / rank) * (self.b @ self.a)

    return LowRank()


def low_rank_split(folder: Path, layers: int, rank: int, scale: float) -> LowRankSplit:
    """Load a model, cut it, and put small matrices beside those of its top ``layers``.

    Raises:
        TrainingProblem: see :func:`split_model`; or it is no stack of transformer layers.
    """
    split = split_model(folder, layers)
    if not isinstance(split, LayerSplit):
        raise TrainingProblem(
            LocalText(
                "这个模型没有可加低秩矩阵的层。", "This model has no layers that small matrices fit to."
            ),
            LocalText(
                "请改用「批内负例精调」，或换一个 BERT 类模型。",
                "Use In-batch negatives, or a BERT-like model.",
            ),
        )
    return LowRankSplit.of(split, layers, rank, scale)
