"""What was encoded once is never encoded again, in whatever order and company it is asked for."""

import numpy as np
import pytest

from workbench.errors import Stopped
from workbench.localtext import LocalText
from workbench.storage.embeddings import EmbeddingStore


class Encoder:
    """Gives each text a vector of its own and notes what it was asked for."""

    def __init__(self, dimension=4):
        self.asked = []
        self.dimension = dimension

    def __call__(self, texts):
        self.asked.append(list(texts))
        return np.array([self.of(text) for text in texts], np.float32).reshape(len(texts), self.dimension)

    def of(self, text):
        rng = np.random.default_rng([ord(c) for c in text] or [0])
        return rng.standard_normal(self.dimension).astype(np.float32)


@pytest.fixture
def store(tmp_path):
    return EmbeddingStore(tmp_path / "vectors")


def test_the_second_time_nothing_is_encoded_and_the_vectors_are_the_same(store):
    encoder, texts = Encoder(), ["越野车", "SUV", "砼"]
    first = store.encode("model", texts, encoder)
    second = store.encode("model", texts, encoder)
    assert encoder.asked == [texts]
    assert first.dtype == np.float32
    np.testing.assert_array_equal(first, second)
    np.testing.assert_array_equal(first, [encoder.of(text) for text in texts])


def test_only_what_is_missing_is_encoded(store):
    encoder = Encoder()
    store.encode("model", ["a", "b"], encoder)
    found = store.encode("model", ["c", "b", "d", "a"], encoder)
    assert encoder.asked[1:] == [["c", "d"]]
    np.testing.assert_array_equal(found, [encoder.of(text) for text in "cbda"])


def test_equal_texts_are_encoded_once_and_keep_their_places(store):
    encoder = Encoder()
    found = store.encode("model", ["a", "b", "a", "a", "b"], encoder)
    assert encoder.asked == [["a", "b"]]
    np.testing.assert_array_equal(found, [encoder.of(text) for text in "abaab"])
    again = store.encode("model", ["b", "b", "a"], encoder)
    assert len(encoder.asked) == 1
    np.testing.assert_array_equal(again, [encoder.of(text) for text in "bba"])


def test_texts_that_differ_only_in_case_or_blanks_are_different_texts(store):
    encoder, texts = Encoder(), ["SUV", "suv", " suv", "ＳＵＶ", ""]
    found = store.encode("model", texts, encoder)
    np.testing.assert_array_equal(found, [encoder.of(text) for text in texts])


def test_another_model_is_another_store(store):
    one, other = Encoder(4), Encoder(8)
    assert store.encode("one", ["a"], one).shape == (1, 4)
    assert store.encode("other", ["a"], other).shape == (1, 8)
    assert store.count_missing("one", ["a", "b", "b"]) == 1
    assert store.count_missing("third", ["a", "b", "b"]) == 2


def test_no_texts_is_an_empty_array(store):
    assert store.encode("model", [], Encoder()).shape == (0, 4)


def test_a_stop_in_the_middle_keeps_the_blocks_before(store):
    encoder, texts = Encoder(), [f"t{n}" for n in range(25)]

    def stopping(chunk):
        if len(encoder.asked) == 2:
            raise Stopped(LocalText("停", "stop"))
        return encoder(chunk)

    with pytest.raises(Stopped):
        store.encode("model", texts, stopping, block=10)
    assert store.count_missing("model", texts) == 5
    found = store.encode("model", texts, encoder, block=10)
    assert encoder.asked[2:] == [texts[20:]]
    np.testing.assert_array_equal(found, [encoder.of(text) for text in texts])


def test_more_texts_than_one_question_holds(store):
    encoder, texts = Encoder(), [f"t{n}" for n in range(2500)]
    store.encode("model", texts, encoder)
    backwards = store.encode("model", texts[::-1], encoder)
    assert len(encoder.asked) == 1
    np.testing.assert_array_equal(backwards, [encoder.of(text) for text in texts[::-1]])


def test_load_says_which_are_missing(store):
    encoder = Encoder()
    assert store.load("model", ["a", "b"])[0] is None
    store.save("model", ["b"], encoder(["b"]))
    vectors, missing = store.load("model", ["a", "b", "a"])
    assert missing == [0, 2]
    np.testing.assert_array_equal(vectors, [np.zeros(4), encoder.of("b"), np.zeros(4)])


def test_what_is_stored_stays_when_it_is_saved_again(store):
    store.save("model", ["a"], np.ones((1, 3), np.float32))
    store.save("model", ["a"], np.zeros((1, 3), np.float32))
    np.testing.assert_array_equal(store.load("model", ["a"])[0], np.ones((1, 3)))


def test_forgetting_one_model_leaves_the_others(store):
    encoder = Encoder()
    store.encode("one", ["a"], encoder)
    store.encode("other", ["a"], encoder)
    store.forget("one")
    store.forget("never there")
    assert store.count_missing("one", ["a"]) == 1
    assert store.count_missing("other", ["a"]) == 0


def test_a_damaged_file_is_only_a_cache_and_is_made_again(store, tmp_path):
    encoder = Encoder()
    store.encode("model", ["a", "b"], encoder)
    (path,) = (tmp_path / "vectors").glob("*.db")
    path.write_bytes(b"garbage " * 2000)
    found = store.encode("model", ["a", "b"], encoder)
    np.testing.assert_array_equal(found, [encoder.of("a"), encoder.of("b")])
    assert store.count_missing("model", ["a", "b"]) == 0
