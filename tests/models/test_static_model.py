"""A model of word vectors: an ordinary one, whose words and means are those of the papers."""

from dataclasses import replace

import numpy as np
import pytest
from models.vector_file_data import WORDS, vectors_for

from workbench.models.encoder import TextEncoder
from workbench.models.loading import fingerprint, load_model
from workbench.models.static_model import (
    SIF_A,
    Segmentation,
    StaticTable,
    first_direction,
    write_static_model,
    zipf,
)

TEXTS = [
    "混凝土结构",
    "SUV",
    "越野车 concrete",
    "New York",
    "new york beam",
    "凝土",
    "?",
    "",
    "普拉多越野车2024",
]


def plainly(folder, texts):
    """As anybody would load it, with nothing of the workbench."""
    from sentence_transformers import SentenceTransformer

    model = SentenceTransformer(str(folder), device="cpu", local_files_only=True)
    return model.encode(list(texts), show_progress_bar=False)


def ours(folder, texts):
    return TextEncoder(load_model(folder)).encode(texts)


def built(tmp_path, words, vectors, pooling, **more):
    segmentation = Segmentation(words, zipf(len(words)))
    table = replace(StaticTable(segmentation, vectors, pooling), **more)
    write_static_model(tmp_path, table, "card")
    return table


@pytest.mark.parametrize("pooling", ["mean", "sif"])
def test_plain_sentence_transformers_gives_the_same_vectors(tmp_path, pooling):
    built(tmp_path, WORDS, vectors_for(WORDS), pooling)
    expected = plainly(tmp_path, TEXTS)
    np.testing.assert_allclose(ours(tmp_path, TEXTS), expected, atol=1e-6)
    lengths = np.linalg.norm(expected, axis=1)
    np.testing.assert_allclose(lengths[[0, 1, 2, 5, 8]], 1, atol=1e-6)
    assert not lengths[[6, 7]].any()  # nothing is known of them


def test_the_mean_is_the_mean_of_the_words(tmp_path):
    vectors = vectors_for(WORDS)
    built(tmp_path, WORDS, vectors, "mean")
    for text, words in (("混凝土结构", [1, 2]), ("越野车concrete", [3, 4, 6]), ("SUV beam", [8, 7])):
        mean = vectors[words].mean(axis=0)
        np.testing.assert_allclose(plainly(tmp_path, [text])[0], mean / np.linalg.norm(mean), atol=1e-6)


def test_a_character_that_is_no_word_is_the_mean_of_the_words_that_contain_it(tmp_path):
    vectors = vectors_for(WORDS)
    built(tmp_path, WORDS, vectors, "mean")
    mean = vectors[1] / 2 + vectors[9] / 2  # 泥 stands in 水泥 alone, 凝 in 混凝土 alone
    np.testing.assert_allclose(plainly(tmp_path, ["凝泥"])[0], mean / np.linalg.norm(mean), atol=1e-6)


def test_sif_is_the_formula_of_the_paper(tmp_path):
    """v(s) = (I - u u') 1/|s| sum a/(a+p(w)) v(w), u the first singular vector of the texts' means."""
    words = [word for word in WORDS if " " not in word]
    vectors, shares = vectors_for(words), zipf(len(words))
    texts = [[0, 1], [2], [3, 4], [5, 6, 7], [1, 2]]
    built(tmp_path, words, vectors, "sif", sample=texts)
    weighted = vectors * (SIF_A / (SIF_A + shares))[:, None]
    means = np.stack([weighted[ids].mean(axis=0) for ids in texts])
    u = np.linalg.svd(means, full_matrices=False)[2][0]
    means -= np.outer(means @ u, u)
    expected = means / np.linalg.norm(means, axis=1, keepdims=True)
    written = [" ".join(words[i] for i in ids) for ids in texts]
    np.testing.assert_allclose(plainly(tmp_path, written), expected, atol=2e-5)


def test_without_texts_the_direction_is_that_of_the_words():
    rows = vectors_for(range(500), 9)
    whole = np.linalg.svd(rows, full_matrices=False)[2][0]
    found = first_direction(iter([rows[:200], rows[200:]]))
    assert abs(float(found @ whole)) == pytest.approx(1, abs=1e-5)


def test_words_are_found_by_the_greatest_probability():
    words = ["的", "研究", "生命", "研究生", "起源", "命", "car", "cargo", "go", "the", "rapist", "therapist"]
    cut = Segmentation(words, zipf(len(words))).tokenizer
    assert cut.encode("研究生命的起源", add_special_tokens=False).tokens == ["研究", "生命", "的", "起源"]
    # a word of an alphabet is never taken apart, however frequent its parts
    assert cut.encode("cargo therapist", add_special_tokens=False).tokens == ["cargo", "therapist"]


def test_small_letters_are_made_only_where_the_vocabulary_has_no_others(tmp_path):
    small = Segmentation(["suv", "car"], zipf(2)).tokenizer
    assert small.encode("SUV ＣＡＲ", add_special_tokens=False).tokens == ["suv", "car"]
    mixed = Segmentation(["SUV", "suv", "car"], zipf(3)).tokenizer
    assert mixed.encode("SUV suv", add_special_tokens=False).tokens == ["SUV", "suv"]


def test_phrases_of_word2vec_are_found_across_a_space():
    words = ["New_York", "new", "york", "City"]
    cut = Segmentation(words, zipf(len(words))).tokenizer
    assert "New York" in cut.encode("New York City", add_special_tokens=False).tokens


def test_the_same_words_give_the_same_files(tmp_path):
    for place in ("a", "b"):
        built(tmp_path / place, WORDS, vectors_for(WORDS), "sif")
    assert fingerprint(tmp_path / "a") == fingerprint(tmp_path / "b")
