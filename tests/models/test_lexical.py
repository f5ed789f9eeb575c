import numpy as np
import pytest

from workbench.evaluation.retrieval import build_benchmark, outcomes_of_scores, summarise
from workbench.evaluation.split import make_split
from workbench.models.lexical import BASELINES, CharTfidf, ExactMatch
from workbench.types import Pair

CORPUS = ["预拌混凝土", "混凝土", "X-ray", "钢筋", "℃"]


def scores_of(system, queries, corpus=CORPUS):
    scores = system.fit(corpus)(queries)
    assert scores.shape == (len(queries), len(corpus))
    return scores.toarray()


def test_exact_match_sees_through_case_width_spaces_and_punctuation():
    scores = scores_of(ExactMatch(), ["ｘ ＲＡＹ", "钢 筋", "钢", "°c"])
    assert scores.tolist() == [[0, 0, 1, 0, 0], [0, 0, 0, 1, 0], [0, 0, 0, 0, 0], [0, 0, 0, 0, 1]]


def test_exact_match_tells_signs_apart():
    assert scores_of(ExactMatch(), ["++", "*"], ["+", "++"]).tolist() == [[0, 1], [0, 0]]


def test_tfidf_agrees_with_the_formula():
    corpus, query = ["aab", "bc"], "ab"
    grams = lambda text: [text[i : i + n] for n in (1, 2, 3) for i in range(len(text) - n + 1)]
    vocabulary = sorted({g for text in corpus for g in grams(text)})
    idf = {g: np.log((1 + 2) / (1 + sum(g in grams(t) for t in corpus))) + 1 for g in vocabulary}

    def vector(text):
        counts = [grams(text).count(g) for g in vocabulary]
        v = np.array([(1 + np.log(c)) * idf[g] if c else 0 for g, c in zip(vocabulary, counts, strict=True)])
        return v / np.linalg.norm(v)

    expected = [vector(query) @ vector(text) for text in corpus]
    assert scores_of(CharTfidf(), [query], corpus)[0] == pytest.approx(expected)


def test_tfidf_ranks_by_shared_characters_whatever_case_and_width():
    scores = scores_of(CharTfidf(), ["商品混凝土", "ｘ－ＲＡＹ", "苹果"])
    assert scores[0].argmax() == 1
    assert scores[0, 0] > scores[0, 3] == 0
    assert scores[1] == pytest.approx([0, 0, 1, 0, 0])
    assert not scores[2].any()


@pytest.mark.parametrize("name", list(BASELINES))
def test_every_baseline_has_a_title_and_runs_on_a_benchmark(name):
    baseline = BASELINES[name]
    assert baseline.id == name
    for text in (baseline.title, baseline.help):
        assert text.get("zh") != text.get("en") != ""
    pairs = [Pair(f"concrete type {c}", f"type-{c} concrete") for c in range(40)]
    pairs += [Pair(f"steel bar {c}", f"Steel-Bar-{c}") for c in range(40)]
    benchmark = build_benchmark(pairs, make_split(pairs))
    outcomes = outcomes_of_scores(benchmark, baseline.build().fit(benchmark.corpus))
    metrics = summarise(outcomes, benchmark.query_components)
    steel = np.array([query.startswith("Steel") for query in benchmark.queries])
    assert 0 < steel.sum() < len(steel)
    assert outcomes.recall[1][steel].all()
    if name == "exact":
        assert not outcomes.recall[10][~steel].any()
        assert metrics.recall[1] == pytest.approx(100 * steel.mean())
    else:
        assert metrics.recall[10] > 90


def test_the_board_always_has_every_baseline():
    assert list(BASELINES) == ["exact", "bow", "tfidf", "bm25_words", "bm25_chars"]
