"""Everyday words come out of a model's own vocabulary: whole words, none that something is measured on."""

import json

from workbench.training.everyday_words import everyday_words


def tokenizer(folder, vocabulary):
    folder.mkdir(exist_ok=True)
    (folder / "tokenizer.json").write_text(json.dumps({"model": {"vocab": vocabulary}}), encoding="utf-8")
    return folder


def test_of_a_wordpiece_vocabulary_whole_words_are_taken(tmp_path):
    pieces = ["[PAD]", "the", "##ing", "of", "river", "2024", "混", "汽车", "Phone", "!"]
    folder = tokenizer(tmp_path, {piece: i for i, piece in enumerate(pieces)})
    assert everyday_words(folder, []) == tuple(sorted(["the", "river", "混", "汽车", "Phone"]))


def test_of_a_vocabulary_with_marks_latin_words_need_theirs(tmp_path):
    pieces = [["<s>", 0.0], ["▁river", -1.0], ["ing", -2.0], ["▁of", -2.5], ["汽车", -3.0], ["▁汽", -4.0]]
    assert everyday_words(tokenizer(tmp_path, pieces), []) == tuple(sorted(["river", "汽车", "汽"]))


def test_what_something_is_measured_on_is_left_out_in_any_case(tmp_path):
    folder = tokenizer(tmp_path, {"river": 0, "bread": 1})
    assert everyday_words(folder, ["RIVER"]) == ("bread",)


def test_the_frequent_ones_come_first_and_always_the_same(tmp_path):
    words = [a + b + c for a in "abcdefgh" for b in "ijklmnop" for c in "qrstuvwx"]
    folder = tokenizer(tmp_path, {word: i for i, word in enumerate(words)})
    found = everyday_words(folder, [], 10)
    assert len(found) == 10
    assert found == everyday_words(folder, [], 10)
    assert set(found) <= set(words[:80])


def test_a_model_without_a_vocabulary_has_none(tmp_path):
    assert everyday_words(tmp_path, []) == ()
