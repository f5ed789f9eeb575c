"""What guesses words during training and is thrown away afterwards: language head, light decoders."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch

RANDOM_OTHERS = 1000
MOST_PIECES = 30_000
POSITIONS = 520


class Shortlist:
    """The part of a vocabulary that guesses are made from: a full softmax would cost most of the time.

    All tokens that occur in the texts (the most frequent :data:`MOST_PIECES`), and
    :data:`RANDOM_OTHERS` others drawn once by the seed, so that the words of the field are also told
    from words outside it. Others are no target.
    """

    def __init__(self, rows: Sequence[Sequence[int]], table: torch.Tensor, seed: int) -> None:
        import torch

        tokens = torch.tensor([token for row in rows for token in row])
        counts = torch.bincount(tokens, minlength=len(table))
        found = torch.argsort(counts, descending=True, stable=True)[: int((counts > 0).sum())][:MOST_PIECES]
        unseen = (counts == 0).nonzero()[:, 0]
        generator = torch.Generator().manual_seed(seed)
        drawn = unseen[torch.randperm(len(unseen), generator=generator)[:RANDOM_OTHERS]]
        self.pieces = torch.cat([found, drawn])
        self.vectors = table[self.pieces].detach().float()
        self.place = torch.full((len(table),), -100)
        self.place[self.pieces] = torch.arange(len(self.pieces))
        self.log_share = torch.log((counts[self.pieces].float() + 0.1) / len(tokens))

    def __len__(self) -> int:
        return len(self.pieces)


class LanguageHead:
    """States (n, width) to scores (n, shortlist): dense, GELU, norm, then the word table itself (tied).

    The table, its rows at unit length, stays as it is. The bias starts at the words' frequencies, so
    that the encoder is not bent to learn those.
    """

    def __init__(self, shortlist: Shortlist) -> None:
        from torch import nn
        from torch.nn import functional

        width = shortlist.vectors.shape[1]
        self._inner = nn.Sequential(nn.Linear(width, width), nn.GELU(), nn.LayerNorm(width))
        self._bias = nn.Parameter(shortlist.log_share.clone())
        self._table = functional.normalize(shortlist.vectors, dim=1)
        self._place = shortlist.place

    def parameters(self) -> list[torch.nn.Parameter]:
        """What trains."""
        return [*self._inner.parameters(), self._bias]

    def loss(self, states: torch.Tensor, wanted: torch.Tensor) -> torch.Tensor:
        """Cross entropy of guesses at states (n, width) for token ids (n,); unlisted ones are left out."""
        from torch.nn import functional

        scores = functional.linear(self._inner(states), self._table, self._bias)
        return functional.cross_entropy(scores.float(), self._place[wanted], ignore_index=-100)


class WritingDecoder:
    """Writes a text from its sentence vector, word after word (TSDAE, Wang 2021, arXiv:2104.06979).

    One transformer layer whose cross-attention sees the sentence vector and nothing else.
    """

    def __init__(self, shortlist: Shortlist, dimension: int, heads: int) -> None:
        from torch import nn

        width = shortlist.vectors.shape[1]
        self._head = LanguageHead(shortlist)
        self._parts = nn.ModuleDict(
            {
                "bridge": nn.Linear(dimension, width),
                "positions": nn.Embedding(POSITIONS, width),
                "norm": nn.LayerNorm(width),
                "layer": nn.TransformerDecoderLayer(
                    width, heads, 2 * width, batch_first=True, activation="gelu"
                ),
            }
        )

    def parameters(self) -> list[torch.nn.Parameter]:
        """What trains."""
        return [*self._parts.parameters(), *self._head.parameters()]

    def loss(
        self, vectors: torch.Tensor, ids: torch.Tensor, words: torch.Tensor, mask: torch.Tensor
    ) -> torch.Tensor:
        """Cross entropy of each next token: vectors (b, d), ids, mask (b, L), their words (b, L, width)."""
        import torch

        parts, length = self._parts, ids.shape[1] - 1
        before = parts["norm"](words[:, :-1] + parts["positions"](torch.arange(length)))
        hidden = parts["layer"](
            before,
            parts["bridge"](vectors)[:, None],
            tgt_mask=torch.nn.Transformer.generate_square_subsequent_mask(length),
            tgt_is_causal=True,
        )
        real = mask[:, 1:]
        return self._head.loss(hidden[real], ids[:, 1:][real])


class EnhancedDecoder:
    """Rebuilds every word from the sentence vector and few other words (Xiao 2022, arXiv:2205.12035).

    One layer. Query of place i: sentence vector + position i; keys and values: the sentence vector and
    the words themselves, of which each place sees its own random part, never its own word.
    """

    def __init__(self, head: LanguageHead, dimension: int, width: int, heads: int) -> None:
        from torch import nn

        self._head, self._heads = head, heads
        self._parts = nn.ModuleDict(
            {
                "bridge": nn.Linear(dimension, width),
                "positions": nn.Embedding(POSITIONS, width),
                "attention": nn.MultiheadAttention(width, heads, batch_first=True),
                "inner": nn.Sequential(nn.Linear(width, 2 * width), nn.GELU(), nn.Linear(2 * width, width)),
                **{f"norm{number}": nn.LayerNorm(width) for number in range(3)},
            }
        )

    def parameters(self) -> list[torch.nn.Parameter]:
        """What trains, the head's included."""
        return [*self._parts.parameters(), *self._head.parameters()]

    def loss(
        self,
        vectors: torch.Tensor,
        ids: torch.Tensor,
        words: torch.Tensor,
        mask: torch.Tensor,
        hidden_share: float,
    ) -> torch.Tensor:
        """Cross entropy of all tokens: vectors (b, d), ids and mask (b, L), their words (b, L, width)."""
        import torch

        parts, (size, length) = self._parts, ids.shape
        places = parts["positions"](torch.arange(length))
        sentence = parts["bridge"](vectors)[:, None]
        query = parts["norm0"](sentence + places)
        context = parts["norm0"](torch.cat([sentence, words + places], 1))
        blocked = torch.rand(size, length, length) < hidden_share
        blocked |= torch.eye(length, dtype=torch.bool) | ~mask[:, None, :]
        # the sentence vector is never hidden, so no row is blocked as a whole
        blocked = torch.cat([torch.zeros(size, length, 1, dtype=torch.bool), blocked], 2)
        blocked = blocked.repeat_interleave(self._heads, 0)
        found = parts["attention"](query, context, context, attn_mask=blocked, need_weights=False)[0]
        hidden = parts["norm1"](query + found)
        hidden = parts["norm2"](hidden + parts["inner"](hidden))
        return self._head.loss(hidden[mask], ids[mask])
