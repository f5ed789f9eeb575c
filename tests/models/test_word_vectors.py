"""Files of word vectors: every format round trips, what is broken is said, the model is an ordinary one."""

import bz2
import gzip
import struct
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from workbench.errors import BadParameter, FileProblem, InputError, NameTaken, NotFound
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
from workbench.models.vector_files import read_vectors
from workbench.services import Services
from workbench.settings import Settings

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


@pytest.fixture
def write(tmp_path):
    def to(data: bytes, name="vectors.vec"):
        path = tmp_path / name
        path.write_bytes(data)
        return path

    return to


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("round-trip")


# -- reading ----------------------------------------------------------------------------------------

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


# -- the model --------------------------------------------------------------------------------------

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


# -- as a base model --------------------------------------------------------------------------------


@pytest.fixture
def services(tmp_path):
    opened = Services(Settings.from_env({}, home=tmp_path / "home", warm_worker=False, threads=1))
    yield opened
    opened.close()


@pytest.fixture
def vec(write):
    """A file whose words are the letters of the toy dictionary."""
    letters = list("abcdefghijklmnopqrstuvwxyz")
    return write(as_text(letters, vectors_for(letters, 12)), "letters.vec")


def test_an_imported_file_is_a_base_model_everywhere(services, vec, toy_csv):
    made = services.word_vectors.read_in(vec, "letters", pooling="mean")
    assert (made.id, made.words, made.dimension) == ("vectors:letters", 26, 12)
    info = next(each for each in services.models() if each.id == made.id)
    assert (info.kind, info.ready, info.dimension) == ("base", True, 12)
    assert "letters.vec" in info.note.get("zh")
    services.save_dictionary("toy", services.preview_dictionary(toy_csv, "toy.csv"), source="toy.csv")
    assert len(services.evaluate(made.id, "toy")) == 2
    rows = [row.model for row in services.leaderboard("toy").rows]
    assert made.id in rows
    assert services.neighbours("abcd", made.id, "toy", 3)
    assert services.similarity("abcd", "dcba", made.id, "toy").cosine == pytest.approx(1, abs=1e-4)
    assert len(services.maps.layout("toy", made.id, "pca").terms) > 20
    estimate = services.estimate("toy", made.id, "finetune")
    assert estimate.prepare_seconds == 0
    run = services.start_run("toy", made.id, "instant", name="on-letters")
    with pytest.raises(InputError) as used:
        services.delete_model(made.id)
    assert "on-letters" in used.value.text("zh")
    services.stop_run(run.id, keep=False)
    services.delete_run(run.id)
    services.delete_model(made.id)
    assert made.id not in {each.id for each in services.models()}
    with pytest.raises(NotFound):
        services.delete_model(made.id)


def test_a_run_goes_on_from_word_vectors(services, vec, toy_csv):
    from workbench.training.worker import run_job

    services.word_vectors.read_in(vec, "letters")
    services.save_dictionary("toy", services.preview_dictionary(toy_csv, "toy.csv"), source="toy.csv")
    run = services.start_run(
        "toy", "vectors:letters", "finetune", name="tuned", parameters={"epochs": 2, "learning_rate": 3e-3}
    )
    services._workspace.runs.claim_next()
    assert run_job(services.settings, run.id) == 0
    done = services.run("tuned")
    assert done.state == "completed"
    assert done.result["dev"]["best"]["mrr@10"] >= done.result["dev"]["base"]["mrr@10"]
    tuned = next(each for each in services.models() if each.id == "tuned")
    assert (tuned.base, tuned.kind) == ("vectors:letters", "tuned")


def test_words_that_are_written_alike_are_counted(services, write):
    words = ["car", "ｃａｒ", "bus", "车站"]  # the second is the first in wide letters
    made = services.word_vectors.read_in(write(as_text(words, vectors_for(words, 4)), "wide.vec"), "wide")
    assert made.words == 3
    assert made.counts == {"written_alike": 1}
    said = made.problems[-1].text
    assert said.get("en").startswith("1 word is written like")
    assert said.get("zh").startswith("有 1 个词")


def test_names_are_checked_and_unique(services, vec):
    services.word_vectors.read_in(vec, "  my   letters ")
    for name, error in (("my letters", NameTaken), ("", BadParameter), ("x" * 200, BadParameter)):
        with pytest.raises(error):
            services.word_vectors.read_in(vec, name)
    assert services.word_vectors.name_for("letters.vec.gz") == "letters"
    assert services.word_vectors.name_for("my letters.txt") == "my letters-2"
    for wrong in ({"pooling": "max"}, {"most_words": 0}, {"most_words": 10**9}):
        with pytest.raises(BadParameter):
            services.word_vectors.read_in(vec, "other", **wrong)
    odd = services.word_vectors.read_in(vec, "../../etc/passwd 向量")
    assert services.models()[-1].id == odd.id or any(each.id == odd.id for each in services.models())
    folders = [each.name for each in (services.settings.home / "vectors").iterdir() if each.is_dir()]
    assert all(set(name) <= set("0123456789abcdef") for name in folders)


def test_the_command_line_imports_lists_and_deletes(tmp_path, vec, capsys):
    import json

    from workbench.cli import main

    home = ["--home", str(tmp_path / "cli"), "--json"]
    assert main([*home, "models", "import-vectors", str(vec), "--pooling", "mean", "--most-words", "20"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert (document["id"], document["words"], document["more"]) == ("vectors:letters", 20, True)
    assert main([*home, "models", "list"]) == 0
    assert "vectors:letters" in {row["id"] for row in json.loads(capsys.readouterr().out)}
    assert main([*home, "models", "delete", "vectors:letters"]) == 0
    assert main([*home, "models", "delete", "vectors:letters"]) == 2
    assert main([*home, "models", "import-vectors", str(tmp_path / "missing.vec")]) == 2
