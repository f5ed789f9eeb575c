"""Which way a model is cut in two for training, and whether it computes the same afterwards."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from workbench.errors import TrainingProblem
from workbench.localtext import LocalText
from workbench.training.common_parameters import WHOLE
from workbench.training.convolutional import ConvolutionalSplit
from workbench.training.layer_split import LayerSplit, backbone
from workbench.training.static_split import StaticSplit
from workbench.training.trunk import SplitModel
from workbench.training.whole_split import WholeSplit

_LEAST_COSINE = 0.999
_PROBES = ("SUV", "钢筋混凝土结构", "IL-2 gene expression and NF-kappa B activation")


def split_model(folder: Path, layers: int) -> SplitModel:
    """Load a model and cut it below its top ``layers``; ``WHOLE`` trains its words as well.

    Architectures that have no layers train what they always train.

    Raises:
        TrainingProblem: its architecture has no stack of layers that could be cut, or cut in two it
            does not compute what it computes whole.
    """
    from workbench.models.encoder import is_static
    from workbench.models.loading import load_model

    model = load_model(folder)
    if is_static(model):
        return StaticSplit(model)
    split: SplitModel | None = None
    if hasattr(model[0], "is_embedding"):
        split = ConvolutionalSplit(model)
    elif backbone(model) is not None:
        split = WholeSplit(model) if layers == WHOLE else LayerSplit(model, layers)
    if split is not None and _agrees(split, model):
        return split
    raise TrainingProblem(
        LocalText(
            "这个模型的结构（{kind}）还不能精调。",
            "Models of this architecture ({kind}) cannot be fine-tuned here.",
        ),
        LocalText(
            "请改用「即时」方案，或换一个 BERT 类模型。", "Use the Instant recipe, or a BERT-like model."
        ),
        kind=type(model[0]).__name__,
    )


def _agrees(split: SplitModel, model: Any) -> bool:
    """Whether trunk and head give the model's own vectors: cosine above 0.999 for every probe, in float32.

    Layers may need more than states and a mask (a relative position bias, say): some then fail, and
    some compute something else without a word.
    """
    import torch

    split.train(False)
    expected = model.encode(
        list(_PROBES), convert_to_tensor=True, normalize_embeddings=True, show_progress_bar=False
    )
    with torch.inference_mode():
        try:
            ids = split.token_ids(_PROBES)
            states = [split.trunk(torch.tensor([row]))[0] for row in ids]
            mask = torch.arange(max(map(len, ids)))[None, :] < torch.tensor([[len(row)] for row in ids])
            padded = torch.nn.utils.rnn.pad_sequence(states, batch_first=True)
            found = torch.nn.functional.normalize(split.head(padded, mask), dim=1)
        except (TypeError, ValueError, RuntimeError, LookupError, AttributeError):
            return False
    if found.shape != expected.shape:
        return False
    return bool((found * expected).sum(1).min() > _LEAST_COSINE)
