"""Texts of many lengths as one run of tokens through a BERT-like encoder: hardly any padding, few shapes.

Everything but attention works token by token, so all tokens of a batch go through it as one matrix, however
long their texts are (as "packed" or "unpadded" batches do: Krell et al. 2021, arXiv:2107.02027; Portes et al.
2023, arXiv:2312.17482). The number of its rows is rounded up to one of few: the library behind torch's
products on a processor (oneDNN) compiles each shape it meets for the first time, which takes longer than a
product of this size.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import torch

_STEPS = 8  # sizes between a power of two and the next: at most an eighth is added, a sixteenth on average
_LEAST = 64  # rows
_TOLERANCE = 1e-3
_PARTS = (
    "attention.self.query",
    "attention.self.key",
    "attention.self.value",
    "attention.self.dropout",
    "attention.output.dense",
    "attention.output.dropout",
    "attention.output.LayerNorm",
    "intermediate.dense",
    "intermediate.intermediate_act_fn",
    "output.dense",
    "output.dropout",
    "output.LayerNorm",
)


@dataclass(frozen=True)
class Group:
    """Texts that stand one behind the other and are attended to at once, padded to the longest of them."""

    texts: int
    length: int
    mask: torch.Tensor | None  # (texts, length), true for real tokens; None where nothing is padded


class Pack:
    """Where each token of some texts lies in one run of tokens. The texts are sorted by length."""

    def __init__(self, lengths: torch.Tensor, sizes: Sequence[int]) -> None:
        """``lengths`` (n,) ascend; ``sizes`` are how many texts each group has, in order."""
        import torch

        groups, texts, steps = [], [], []
        first = 0
        for size in sizes:
            own = lengths[first : first + size]
            longest = int(own[-1])
            step = torch.arange(longest, device=lengths.device)
            mask = None if int(own[0]) == longest else step[None, :] < own[:, None]
            groups.append(Group(size, longest, mask))
            text = torch.arange(first, first + size, device=lengths.device)
            texts.append(text.repeat_interleave(longest))
            steps.append(step.repeat(size))
            first += size
        self.groups = tuple(groups)
        tokens = sum(group.texts * group.length for group in groups)
        self.rest = rounded(tokens) - tokens
        spare = lengths.new_zeros(self.rest)
        self.texts = torch.cat([*texts, spare])  # (rows,) the text of each row
        self.steps = torch.cat([*steps, spare])  # (rows,) its place in the text, beyond the end where padded

    def split(self, states: torch.Tensor) -> list[torch.Tensor]:
        """States (rows, w) as one (texts, length, w) for each group; what fills up is left out."""
        sizes = [group.texts * group.length for group in self.groups]
        parts = states.split([*sizes, self.rest])
        return [
            part.view(group.texts, group.length, -1) for group, part in zip(self.groups, parts, strict=False)
        ]


def rounded(tokens: int) -> int:
    """The number of rows that stands for ``tokens``: the next of eight between two powers of two."""
    step = max(_LEAST, 1 << max(0, tokens.bit_length() - 1)) // _STEPS
    return -(-max(tokens, _LEAST) // step) * step


def takes_packs(layers: Sequence[Any], heads: int) -> bool:
    """Whether these layers are BERT's, so that :func:`run_layers` computes what they compute.

    The parts must be there by name, and one layer must give the same both ways, in the precision it has.
    """
    import torch

    if not all(_has_parts(layer) for layer in layers):
        return False
    if not layers:
        return True
    layer = layers[0]
    weight = layer.attention.self.query.weight
    generator = torch.Generator().manual_seed(0)
    states = torch.randn(7, weight.shape[1], generator=generator).to(weight)
    pack = Pack(torch.tensor([2, 2, 3], device=weight.device), [2, 1])
    training = layer.training
    layer.eval()
    try:
        with torch.inference_mode():
            full = states.new_zeros(len(pack.texts), states.shape[1])
            full[:7] = states
            found = pack.split(run_layers([layer], full, pack, heads))
            for part, given in zip(found, pack.split(full), strict=True):
                output = layer(given)
                expected = output[0] if isinstance(output, tuple) else output
                exact = weight.dtype == torch.float32
                if not torch.allclose(part, expected, atol=_TOLERANCE if exact else 50 * _TOLERANCE):
                    return False
    except (TypeError, ValueError, RuntimeError, LookupError, AttributeError):
        return False
    finally:
        layer.train(training)
    return True


def _has_parts(layer: Any) -> bool:
    for path in _PARTS:
        part = layer
        for name in path.split("."):
            part = getattr(part, name, None)
        if part is None:
            return False
    return not getattr(layer, "is_decoder", False) and not getattr(layer, "add_cross_attention", False)


def run_layers(layers: Sequence[Any], states: torch.Tensor, pack: Pack, heads: int) -> torch.Tensor:
    """Token states (rows, w) after the ``layers``, in the order of ``pack``; see :func:`takes_packs`."""
    for layer in layers:
        states = _run_layer(layer, states, pack, heads)
    return states


def _run_layer(layer: Any, states: torch.Tensor, pack: Pack, heads: int) -> torch.Tensor:
    """One layer (Devlin et al. 2019): attention and feed-forward, each added to its input and normalised."""
    attended = layer.attention.output
    context = attended.dropout(attended.dense(_attention(layer.attention.self, states, pack, heads)))
    states = attended.LayerNorm(context + states)
    inner = layer.intermediate.intermediate_act_fn(layer.intermediate.dense(states))
    return layer.output.LayerNorm(layer.output.dropout(layer.output.dense(inner)) + states)


def _attention(attention: Any, states: torch.Tensor, pack: Pack, heads: int) -> torch.Tensor:
    """Each text's tokens attend to those of its own: (rows, w)."""
    import torch

    if torch.is_autocast_enabled("cpu"):  # once, and not by each of the three products
        states = states.to(torch.get_autocast_dtype("cpu"))
    sides = [pack.split(side(states)) for side in (attention.query, attention.key, attention.value)]
    drop = attention.dropout.p if attention.dropout.training else 0.0
    contexts = []
    for group, *qkv in zip(pack.groups, *sides, strict=True):
        query, key, value = (part.unflatten(-1, (heads, -1)).transpose(1, 2) for part in qkv)
        mask = None if group.mask is None else group.mask[:, None, None, :]
        context = torch.nn.functional.scaled_dot_product_attention(
            query, key, value, attn_mask=mask, dropout_p=drop
        )
        contexts.append(context.transpose(1, 2).reshape(group.texts * group.length, -1))
    return torch.cat([*contexts, contexts[0].new_zeros(pack.rest, contexts[0].shape[1])])
