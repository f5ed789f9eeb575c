"""Files of word vectors: every format round trips, and what is broken is said."""

import gzip
import struct

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from models.vector_file_data import FORMATS, PACKED, WORDS, as_binary, as_text, vectors_for

from workbench.errors import FileProblem
from workbench.models.vector_files import read_vectors


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("round-trip")


word = st.text(st.characters(codec="utf-8", categories=("L", "N", "P", "S")), min_size=1, max_size=8).filter(
    lambda w: (
        not w.replace(".", "").replace("-", "").isdigit()
        and w.split() == [w]
        and w.lower() not in ("nan", "inf")
    )
)
number = st.floats(-1e6, 1e6, width=32).map(lambda x: 0.0 if abs(x) < 1e-30 else x)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.lists(word, min_size=1, max_size=30, unique=True),
    st.integers(2, 9),
    st.sampled_from(sorted(FORMATS)),
    st.sampled_from(sorted(PACKED)),
    st.data(),
)
def test_whatever_was_written_is_read_again(folder, words, dimension, format_, packed, data):
    rows = [data.draw(st.lists(number, min_size=dimension, max_size=dimension)) for _ in words]
    vectors = np.array(rows, np.float32)
    path = folder / "any.vec"
    path.write_bytes(PACKED[packed](FORMATS[format_](words, vectors)))
    found = read_vectors(path)
    assert found.words == words
    np.testing.assert_array_equal(found.vectors, vectors)
    assert found.problems == ()
    assert not found.more


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=400), st.sampled_from(["", "3 2\n", "a 1 2\nb 3 4\n", "2 2\na 1 2\n"]))
def test_any_bytes_are_read_or_refused_in_words(folder, junk, start):
    path = folder / "junk.vec"
    path.write_bytes(start.encode() + junk)
    try:
        found = read_vectors(path)
    except FileProblem:
        return  # anything else that is raised fails the test
    assert np.isfinite(found.vectors).all()
    assert len(found.words) == len(found.vectors) > 0


@pytest.mark.parametrize("format_", sorted(FORMATS))
def test_words_may_hold_spaces_in_text(write, format_):
    if "binary" in format_:
        return  # a space ends the word there: word2vec itself writes phrases with an underscore
    vectors = vectors_for(WORDS)
    found = read_vectors(write(FORMATS[format_](WORDS, vectors)))
    if format_ == "tabs and CRLF":
        assert "new york" in found.words
    assert found.words == WORDS
    np.testing.assert_array_equal(found.vectors, vectors)


def test_only_the_first_words_are_kept_and_it_is_said_that_there_are_more(write):
    vectors = vectors_for(WORDS)
    for data in (
        as_text(WORDS, vectors),
        as_text(WORDS, vectors, header=False),
        as_binary(WORDS[:10], vectors[:10]),
    ):
        found = read_vectors(write(data), most_words=4)
        assert found.words == WORDS[:4]
        assert found.more
    assert not read_vectors(write(as_text(WORDS[:4], vectors[:4])), most_words=4).more


def test_what_does_not_fit_into_the_memory_is_refused_in_words(write, monkeypatch):
    real = np.empty

    def small(shape, *more, **named):
        if np.prod(shape) > 10**8:
            raise MemoryError
        return real(shape, *more, **named)

    monkeypatch.setattr(np, "empty", small)
    data = as_text(WORDS[:4], vectors_for(WORDS[:4], dimension=300))
    with pytest.raises(FileProblem) as caught:
        read_vectors(write(data), most_words=1_000_000)
    assert "1000000 words of 300 numbers need 1144 MB" in caught.value.text("en")
    assert "最多读多少个词" in caught.value.text("zh")


def test_chinese_files_in_gb18030_are_read(write):
    vectors = vectors_for(WORDS)
    found = read_vectors(write(as_text(WORDS, vectors, encoding="gb18030")))
    assert found.words == WORDS


def test_a_header_that_is_wrong_about_the_numbers_is_said(write):
    found = read_vectors(write(as_text(WORDS, vectors_for(WORDS)).replace(b"12 6\n", b"12 300\n", 1)))
    assert found.words == WORDS
    assert found.counts == {"header": 1}
    assert "300" in found.problems[0].text.get("zh")


def test_each_broken_row_is_left_out_with_its_number_and_a_reason(write):
    rows = as_text(WORDS[:4], vectors_for(WORDS[:4], 3), header=False).decode().splitlines()
    rows += [
        "缺 1 2",
        "多 1 2 3 4",
        "字 1 x 3",
        "无 1 nan 3",
        "穷 1 inf 3",
        rows[0],
        "   ",
        "长" * 300 + " 1 2 3",
        "好 1 2 3",
    ]
    found = read_vectors(write("\n".join(rows).encode() + b"\n\xff\xfe\xfa 1 2 3\n"))
    assert found.words == [*WORDS[:4], "好"]
    assert [(each.row, each.code) for each in found.problems] == [
        (5, "dimension"),
        (6, "dimension"),
        (7, "no_number"),
        (8, "not_finite"),
        (9, "not_finite"),
        (10, "duplicate"),
        (12, "no_word"),
        (14, "unreadable"),
    ]
    for each in found.problems:
        for language in ("zh", "en"):
            assert str(each.row) in each.text.get(language)
            assert "{" not in each.text.get(language)


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "empty"),
        (b"A report about concrete.\nNothing else.\n", "no word vectors"),
        (b"standard,synonym\nlorry,truck\n", "no word vectors"),
        (b"3 1\na 1\nb 2\nc 3\n", "2 to 2000"),
        (b"3 99999\na 1\n", "2 to 2000"),
        (b"2 3\na nan 1 2\nb 1 2 inf\n", "no word that can be used"),
        (struct.pack("<i", 793712314) + b"\x0c\0\0\0" * 9, "fastText .bin"),
        (b"\x80\x04\x95\x10\0\0\0\0\0\0\0", "pickle"),
        (b"PK\x03\x04" + bytes(40), "archive"),
        (b"\x1f\x8b\x08\0" + b"rubbish" * 20, "damaged"),
        (b"a 1 2\n" + b"x" * 400_000 + b"\n", "too long"),
        (b"a 1 2\n" + b"".join(b"bad %d\n" % n for n in range(4000)), "Too much"),
        (b"5 4\nword", "no word vectors"),
        (b"5 4\n" + bytes(range(256)) * 40, "no word vectors"),
        (gzip.compress(b"", mtime=0), "empty"),
    ],
)
def test_what_is_no_file_of_word_vectors_is_refused_in_words(write, data, said):
    with pytest.raises(FileProblem) as caught:
        read_vectors(write(data))
    assert said in caught.value.text("en")
    for language in ("zh", "en"):
        assert "{" not in caught.value.text(language)
    assert caught.value.hint is not None


def test_a_file_that_is_not_there_is_said(tmp_path):
    with pytest.raises(FileProblem):
        read_vectors(tmp_path / "nowhere.vec")


@pytest.mark.parametrize("format_", ["word2vec text", "word2vec binary"])
@pytest.mark.parametrize("packed", ["plain", "gz", "bz2"])
def test_of_a_file_that_breaks_off_the_words_before_are_read(write, format_, packed):
    words = [f"词{n}" for n in range(8000)]  # more than the 900 kB that bzip2 unpacks at once
    data = PACKED[packed](FORMATS[format_](words, vectors_for(words, 40)))
    cut = read_vectors(write(data[: int(len(data) * 0.8)]))
    assert cut.words == words[: len(cut.words)]
    assert 1000 < len(cut.words) < 8000
    if not (format_ == "word2vec text" and packed == "plain"):
        assert cut.counts.get("cut_short") == 1


def test_the_progress_ends_at_one(write):
    seen = []
    read_vectors(write(as_text(WORDS, vectors_for(WORDS))), progress=lambda share, text: seen.append(share))
    assert seen == sorted(seen)
    assert seen[-1] == 1.0
