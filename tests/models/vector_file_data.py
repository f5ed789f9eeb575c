"""Word vectors for the tests, and how each format writes them."""

import bz2
import gzip

import numpy as np

WORDS = [
    "的",
    "混凝土",
    "结构",
    "越野",
    "车",
    "汽车",
    "concrete",
    "beam",
    "SUV",
    "水泥",
    "new york",
    "普拉多",
]


def vectors_for(words, dimension=6, seed=0):
    return np.random.default_rng(seed).normal(size=(len(words), dimension)).astype(np.float32)


def as_text(words, vectors, *, header=True, mark=" ", end="\n", encoding="utf-8"):
    rows = [
        mark.join([word, *(repr(float(x)) for x in row)]) for word, row in zip(words, vectors, strict=True)
    ]
    head = [f"{len(words)} {vectors.shape[1]}"] if header else []
    return (end.join([*head, *rows]) + end).encode(encoding)


def as_binary(words, vectors, *, line_breaks=True):
    out = f"{len(words)} {vectors.shape[1]}\n".encode()
    for word, row in zip(words, vectors, strict=True):
        out += word.encode() + b" " + row.astype("<f4").tobytes() + (b"\n" if line_breaks else b"")
    return out


FORMATS = {
    "word2vec text": as_text,
    "fastText .vec": lambda w, v: as_text(w, v, mark=" ").replace(b"\n", b" \n").replace(b" \n", b"\n", 1),
    "GloVe": lambda w, v: as_text(w, v, header=False),
    "tabs and CRLF": lambda w, v: as_text(w, v, mark="\t", end="\r\n"),
    "BOM": lambda w, v: b"\xef\xbb\xbf" + as_text(w, v),
    "word2vec binary": as_binary,
    "gensim's binary": lambda w, v: as_binary(w, v, line_breaks=False),
}
PACKED = {"plain": lambda data: data, "gz": gzip.compress, "bz2": bz2.compress}
