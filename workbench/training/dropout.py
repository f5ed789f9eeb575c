"""Dropout whose masks are slices of one random table: drawing them anew took a seventh of a training step."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

import torch

if TYPE_CHECKING:
    from collections.abc import Iterable

_TABLE = 1 << 24  # numbers; what is larger than half of it is dropped in the ordinary way


class PooledDropout(torch.nn.Dropout):  # type: ignore[misc]  # torch's modules are untyped
    """Dropout (Srivastava et al. 2014) by a slice of a table of random masks, at a random place.

    Each mask keeps a share 1 - p and scales it by 1 / (1 - p), as ``torch.nn.Dropout`` does. The place is
    drawn from torch's own generator: the same seed gives the same masks, two passes give different ones.
    """

    def forward(self, states: torch.Tensor) -> torch.Tensor:
        """``states`` of any shape, dropped while training."""
        if not self.training or not self.p:
            return states
        count = states.numel()
        if count > _TABLE // 2:
            return torch.nn.functional.dropout(states, self.p)
        place = int(torch.randint(0, _TABLE - count, (1,)))
        mask = _masks(self.p)[place : place + count].view(states.shape)
        return states * mask.to(states.dtype)


@cache
def _masks(p: float) -> torch.Tensor:
    """0 or 1 / (1 - p), bfloat16, always the same."""
    kept = torch.rand(_TABLE, generator=torch.Generator().manual_seed(0)) >= p
    return kept.to(torch.bfloat16) / (1.0 - p)


def pool_dropout(modules: Iterable[Any]) -> None:
    """Put :class:`PooledDropout` in the place of every ``torch.nn.Dropout`` below ``modules``."""
    for module in modules:
        for parent in list(module.modules()):
            for name, child in list(parent.named_children()):
                if type(child) is torch.nn.Dropout:
                    pooled = PooledDropout(child.p)
                    pooled.train(child.training)
                    setattr(parent, name, pooled)
