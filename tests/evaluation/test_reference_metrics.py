"""Our metrics are those of trec_eval, and our BM25 is that of bm25s."""

import random

import bm25s
import numpy as np
import pytest
import pytrec_eval

from workbench.evaluation.retrieval import Benchmark, outcomes_of_rows, outcomes_of_vectors
from workbench.models.bm25 import BagOfWords, Bm25
from workbench.models.words import character_pieces, words

MEASURES = {"recall_1,5,10", "success_1,5,10", "recip_rank", "ndcg_cut_10"}


def random_benchmark(rng, queries, documents, *, masks=True):
    relevant, masked = [], []
    for _ in range(queries):
        right = rng.sample(range(documents), rng.choice((1, 1, 1, 2, 3, 12)))
        relevant.append(tuple(sorted(right)))
        others = [d for d in range(documents) if d not in right]
        masked.append(tuple(rng.sample(others, rng.choice((0, 0, 1, 2)) if masks else 0)))
    return Benchmark(
        tuple(f"q{i}" for i in range(queries)),
        tuple(f"c{i // 2}" for i in range(queries)),
        tuple(f"d{i}" for i in range(documents)),
        tuple(relevant),
        tuple(masked),
        "hash",
        "test",
        "unseen",
    )


def trec(benchmark, scores):
    """What trec_eval says. It puts the larger document id first where scores tie: that of a wrong one."""
    judged, run = {}, {}
    for q, right in enumerate(benchmark.relevant):
        name = lambda d, right=right: f"{'a' if d in right else 'z'}{d:04}"
        judged[f"q{q}"] = {name(d): 1 for d in right}
        run[f"q{q}"] = {
            name(d): float(scores[q, d])
            for d in range(len(benchmark.corpus))
            if d not in benchmark.masked[q] and np.isfinite(scores[q, d])
        }
    return pytrec_eval.RelevanceEvaluator(judged, MEASURES).evaluate(run)


def agree(outcomes, expected):
    for q in range(len(outcomes.first_rank)):
        theirs = expected[f"q{q}"]
        for k in (1, 5, 10):
            assert outcomes.recall[k][q] == pytest.approx(theirs[f"recall_{k}"], abs=1e-9)
            assert outcomes.hit[k][q] == pytest.approx(theirs[f"success_{k}"], abs=1e-9)
        cut = theirs["recip_rank"] if theirs["recip_rank"] >= 0.1 - 1e-12 else 0.0
        assert outcomes.reciprocal_rank[q] == pytest.approx(cut, abs=1e-9)
        assert outcomes.ndcg10[q] == pytest.approx(theirs["ndcg_cut_10"], abs=1e-9)


@pytest.mark.parametrize("seed", range(6))
def test_metrics_are_those_of_trec_eval_with_ties_several_answers_and_missing_ones(seed):
    rng = random.Random(seed)
    benchmark = random_benchmark(rng, 40, 60)
    values = np.random.default_rng(seed)
    scores = values.integers(0, (3, 8, 40)[seed % 3], (40, 60)).astype(float)  # few values: many ties
    missing = values.random((40, 60)) < 0.1
    scores[missing] = -np.inf  # never retrieved
    agree(outcomes_of_rows(benchmark, lambda start, stop: scores[start:stop]), trec(benchmark, scores))


@pytest.mark.parametrize("block", [None, 1, 7])
def test_metrics_of_vectors_are_those_of_trec_eval(block):
    rng, values = random.Random(1), np.random.default_rng(1)
    benchmark = random_benchmark(rng, 30, 50)
    queries, corpus = values.normal(size=(30, 6)), values.normal(size=(50, 6))
    unit = lambda v: v / np.linalg.norm(v, axis=1, keepdims=True)
    outcomes = outcomes_of_vectors(benchmark, queries, corpus, block=block)
    agree(outcomes, trec(benchmark, unit(queries) @ unit(corpus).T))


@pytest.mark.parametrize("block", [None, 1, 7])
def test_the_ten_best_are_those_of_a_sort_with_wrong_ones_first_where_they_tie(block):
    rng, values = random.Random(3), np.random.default_rng(3)
    benchmark = random_benchmark(rng, 25, 45)
    scores = values.integers(0, 6, (25, 45)).astype(float)
    directions = np.linalg.qr(values.normal(size=(60, 60)))[0]
    corpus = directions[:45]
    outcomes = outcomes_of_rows(benchmark, lambda start, stop: scores[start:stop])
    if block:  # the same scores as inner products of unit vectors
        queries = scores @ corpus
        norms = np.linalg.norm(queries, axis=1)
        outcomes = outcomes_of_vectors(benchmark, queries, corpus, block=block)
        scores = scores / norms[:, None]
    for q in range(25):
        left = [d for d in range(45) if d not in benchmark.masked[q]]
        right = benchmark.relevant[q]
        order = sorted(left, key=lambda d: (-round(scores[q, d], 9), d in right))
        top = outcomes.top
        kept = [round(float(scores[q, d]), 5) for d in order[:10]]
        assert [round(float(s), 5) for s in top.scores[q]] == pytest.approx(kept, abs=2e-5)
        assert [d in right for d in top.documents[q]] == [d in right for d in order[:10]]
        assert set(top.documents[q]) <= set(left)
        assert top.answer_rank[q] == outcomes.first_rank[q]
        assert int(top.answer[q]) in right
        assert top.answer_score[q] == pytest.approx(max(scores[q, d] for d in right), abs=1e-6)


CORPUS = [
    "预拌混凝土的强度等级应符合设计要求",
    "钢筋 混凝土 结构 施工 规范",
    "Anti-lock braking system of a passenger car",
    "the braking distance of a car, car and car again",
    "施工现场临时用电安全技术规范",
    "",
    "++",
]
QUERIES = ["混凝土 强度", "car braking car", "临时用电规范", "没有的词", "", "++"]


@pytest.mark.parametrize("tokens", [words, character_pieces])
@pytest.mark.parametrize(("k1", "b"), [(1.5, 0.75), (0.9, 0.4)])
def test_bm25_is_that_of_bm25s(tokens, k1, b):
    reference = bm25s.BM25(method="lucene", k1=k1, b=b, dtype="float64")
    reference.index([list(tokens(text)) for text in CORPUS], show_progress=False)
    ours = Bm25(tokens, k1, b).fit(CORPUS)(QUERIES).toarray()
    assert ours.shape == (len(QUERIES), len(CORPUS))
    for row, query in zip(ours, QUERIES, strict=True):
        known = [token for token in tokens(query) if token in reference.vocab_dict]
        expected = reference.get_scores(known) if known else np.zeros(len(CORPUS))
        assert row == pytest.approx(expected, abs=1e-9)
    assert ours[0].argmax() in (0, 1)
    assert ours[1].argmax() == 3
    assert ours[5].argmax() == 6


def test_a_bag_of_words_is_the_cosine_of_counts():
    scores = BagOfWords(words).fit(["car car door", "door", "安全带"])(["car window", "系 安全带"]).toarray()
    assert scores[0] == pytest.approx([2 / (5**0.5 * 2**0.5), 0, 0])
    assert scores[1] == pytest.approx([0, 0, 1 / 2**0.5])


def test_words_are_cut_by_jieba_in_chinese_and_at_spaces_elsewhere():
    assert words("商品混凝土 ABS-200") == ["商品", "混凝土", "abs", "200"]
    assert words("＋＋") == ["++"]
    assert words("") == []
    assert character_pieces("Ab c") == ["a", "b", "c", "ab", "bc"]
