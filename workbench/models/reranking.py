"""A cross-encoder beside a model: it reads two terms together and says how surely they mean the same."""

from __future__ import annotations

import copy
import json
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from workbench.errors import ModelProblem
from workbench.localtext import LocalText
from workbench.models.encoder import batches_by_length, bf16_is_fast
from workbench.models.folder_format import RERANKER, write_json
from workbench.models.loading import no_progress_bars
from workbench.models.safety import check_folder

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from sentence_transformers import CrossEncoder

__all__ = ["RERANKER", "Reranker", "encodable", "is_cross_encoder", "no_reranker", "pair_tokenizer"]
__all__ += ["write_settings"]
SETTINGS = "reranking.json"
PAIRS_AT_ONCE = 16_384  # tokenised at a time, so that a long list does not fill the memory
_MOST_DIFFERENCE = 0.02  # of a probability, that bfloat16 may make
_PROBES = (
    ("SUV", "越野车"),
    ("钢筋混凝土", "RC 结构"),
    ("myocardial infarction", "heart attack"),
    ("a", "b"),
)
_Encoded = tuple[list[int], list[int]]  # token ids, and which of the two texts each is of


class Reranker:
    """The cross-encoder in ``folder``: an ordinary ``CrossEncoder`` folder with one score for a pair.

    ``depth`` says how many of the first stage's best it is to look at, ``blend`` (0..1) how much its
    probability counts against the first stage's score; both were chosen on development synonyms, and a
    ``blend`` of 0 says that reranking does not help. The weights are loaded when they are first needed.
    Safe to use from several threads.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.depth, self.blend = _read_settings(folder)
        self._loading = threading.Lock()
        self._network: _Network | None = None

    def scores(
        self, pairs: Sequence[tuple[str, str]], progress: Callable[[float], None] | None = None
    ) -> NDArray[np.float32]:
        """Probabilities (n,), 0..1, that the two terms of each pair mean the same.

        The order within a pair counts: what is looked for, then what was found. ``progress`` is told the
        share that is done after each batch, and may raise to stop.

        Raises:
            UnsafeModel: see :func:`workbench.models.safety.check_folder`.
            ModelProblem: the folder holds no cross-encoder, or a damaged one.
        """
        import numpy as np

        with self._loading:
            network = self._network = self._network or _Network(self.folder)
        unique = list(dict.fromkeys(pairs))
        out = np.zeros(len(unique), np.float32)
        done = 0
        for start in range(0, len(unique), PAIRS_AT_ONCE):
            encoded = network.encode(unique[start : start + PAIRS_AT_ONCE])
            for rows in batches_by_length([len(ids) for ids, _ in encoded]):
                out[start + np.array(rows)] = network.probabilities([encoded[row] for row in rows])
                done += len(rows)
                if progress:
                    progress(done / len(unique))
        place = {pair: row for row, pair in enumerate(unique)}
        return out[[place[pair] for pair in pairs]] if len(unique) != len(pairs) else out


class _Network:
    """The loaded cross-encoder; its transformer in bfloat16 where that is fast and changes little."""

    def __init__(self, folder: Path) -> None:
        import torch

        model = _load(folder)
        self._modules: list[Any] = list(model)
        tokenizer = model[0].tokenizer
        self._tokenizer = pair_tokenizer(tokenizer, model.max_seq_length)
        self._typed = "token_type_ids" in tokenizer.model_input_names
        if bf16_is_fast():
            exact = self.probabilities(self._probes())
            first = self._modules[0]
            self._modules[0] = copy.deepcopy(first).to(torch.bfloat16).eval()
            if abs(self.probabilities(self._probes()) - exact).max() > _MOST_DIFFERENCE:
                self._modules[0] = first

    def encode(self, pairs: Sequence[tuple[str, str]]) -> list[_Encoded]:
        """Each pair as tokens, cut at the model's limit."""
        return [(each.ids, each.type_ids) for each in self._tokenizer.encode_batch(encodable(pairs))]

    def probabilities(self, rows: list[_Encoded]) -> NDArray[np.float32]:
        """(b,), 0..1; the longest row comes last."""
        import numpy as np
        import torch

        with torch.inference_mode():
            features = self._features(rows)
            for module in self._modules:
                features = module(features)
                for name, value in features.items():
                    if isinstance(value, torch.Tensor) and value.is_floating_point():
                        features[name] = value.float()
            return np.asarray(torch.sigmoid(features["scores"][:, 0]).numpy(), np.float32)

    def _features(self, rows: list[_Encoded]) -> dict[str, Any]:
        import torch

        lengths = torch.tensor([len(ids) for ids, _ in rows])
        mask = torch.arange(int(lengths.max()))[None, :] < lengths[:, None]
        features = {"input_ids": torch.zeros(mask.shape, dtype=torch.long), "attention_mask": mask.long()}
        features["input_ids"][mask] = torch.tensor([token for ids, _ in rows for token in ids])
        if self._typed:
            features["token_type_ids"] = torch.zeros(mask.shape, dtype=torch.long)
            features["token_type_ids"][mask] = torch.tensor([kind for _, types in rows for kind in types])
        return features

    def _probes(self) -> list[_Encoded]:
        return sorted(self.encode(_PROBES), key=lambda each: len(each[0]))


def pair_tokenizer(tokenizer: Any, limit: int | None) -> Any:
    """A copy of a model's fast tokenizer that cuts pairs at ``limit`` tokens but never pads.

    Raises:
        ModelProblem: the model has no fast tokenizer.
    """
    from tokenizers import Tokenizer

    backend = getattr(tokenizer, "backend_tokenizer", None)
    if not isinstance(backend, Tokenizer):
        raise ModelProblem(
            LocalText(
                "这个模型的分词器不能把两个词放在一起读，不能做重排。",
                "This model's tokenizer cannot read two terms together, so it cannot rerank.",
            ),
            LocalText("请换一个 BERT 类模型。", "Choose a BERT-like model."),
        )
    mine = Tokenizer.from_str(backend.to_str())
    mine.no_padding()
    mine.no_truncation()
    if limit is not None and limit < 1_000_000:  # an unset limit is a huge number
        mine.enable_truncation(int(limit))
    return mine


def encodable(pairs: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
    """Pairs without lone surrogates, which no tokenizer takes."""
    return [
        (a.encode("utf-8", "replace").decode("utf-8"), b.encode("utf-8", "replace").decode("utf-8"))
        for a, b in pairs
    ]


def write_settings(folder: Path, depth: int, blend: float) -> None:
    """Write what was chosen for the cross-encoder in ``folder`` beside its weights."""
    write_json(folder / SETTINGS, {"depth": depth, "blend": blend})


def _read_settings(folder: Path) -> tuple[int, float]:
    """Depth and blend; where nothing was chosen, the best 20 in the cross-encoder's order."""
    path = folder / SETTINGS
    if not path.exists():
        return 20, 1.0
    try:
        raw = json.loads(path.read_text(encoding="utf-8"))
        depth, blend = int(raw["depth"]), float(raw["blend"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise _damaged(folder, SETTINGS) from error
    if depth < 1 or not 0.0 <= blend <= 1.0:
        raise _damaged(folder, SETTINGS)
    return depth, blend


def _load(folder: Path) -> CrossEncoder:
    import torch
    from sentence_transformers import CrossEncoder

    check_folder(folder)
    if not is_cross_encoder(folder):  # the library would give it a score of random weights
        raise no_reranker(folder.name)
    with no_progress_bars():
        try:
            model = CrossEncoder(
                str(folder),
                device="cpu",
                local_files_only=True,
                trust_remote_code=False,
                model_kwargs={"use_safetensors": True, "dtype": torch.float32},
            )
        except Exception as error:  # a damaged file can fail in any of three libraries, each in its own way
            raise _damaged(folder, type(error).__name__) from error
    if model.num_labels != 1:
        raise _damaged(folder, f"num_labels = {model.num_labels}")
    return model.eval()


def is_cross_encoder(folder: Path) -> bool:
    """Whether a folder says that it scores pairs: it was saved as a ``CrossEncoder``, or is a classifier."""
    kinds: list[Any] = []
    for name, key in (("config_sentence_transformers.json", "model_type"), ("config.json", "architectures")):
        try:
            found = json.loads((folder / name).read_text(encoding="utf-8")).get(key)
        except (OSError, ValueError, AttributeError):
            continue
        kinds += found if isinstance(found, list) else [found]
    return any(kind == "CrossEncoder" or str(kind).endswith("ForSequenceClassification") for kind in kinds)


def no_reranker(name: str) -> ModelProblem:
    """The refusal of a model that was taken for a cross-encoder."""
    return ModelProblem(
        LocalText("「{name}」里没有重排模型。", "There is no reranker in “{name}”."),
        LocalText(
            "请选用「精调 + 重排」方案（或「重排」这一步）训练出来的模型。",
            "Choose a run of the recipe “Fine-tune + reranker”, or of the stage “Reranker”.",
        ),
        name=name,
    )


def _damaged(folder: Path, why: str) -> ModelProblem:
    return ModelProblem(
        LocalText(
            "「{name}」里的重排模型无法使用：{why}。", "The reranker in “{name}” cannot be used: {why}."
        ),
        LocalText(
            "它的文件可能已损坏；请重新训练，或换一个模型。",
            "Its files may be damaged; train it again, or choose another model.",
        ),
        name=folder.parent.name,
        why=why,
    )
