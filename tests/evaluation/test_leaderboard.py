import csv
import io

import numpy as np
import pytest

from workbench.evaluation.board_export import board_csv
from workbench.evaluation.leaderboard import build_board, verdict_text
from workbench.evaluation.retrieval import Benchmark
from workbench.localtext import LocalText
from workbench.types import Comparison, Evaluation, Metrics, ModelInfo

N = 60
BENCHMARK = Benchmark(
    queries=tuple(f"q{i}" for i in range(N)),
    query_components=tuple(f"c{i // 2}" for i in range(N)),
    corpus=("a", "b"),
    relevant=((0,),) * N,
    masked=((),) * N,
    hash="board",
    part="test",
    view="unseen",
)


def evaluation(model, right, *, at=1.0, benchmark="board", per_query=True, mrr=50.0):
    outcome = np.zeros(N)
    outcome[list(right)] = 1.0
    share = 100 * float(outcome.mean())
    metrics = Metrics(
        N, 2, dict.fromkeys((1, 5, 10), share), dict.fromkeys((1, 5, 10), share), mrr, 60.0, (1.0, 99.0)
    )
    view = "seen" if benchmark == "seen" else "unseen"
    recall1 = tuple(outcome.tolist()) if per_query else ()
    return Evaluation(model, "f", "d", benchmark, view, "test", metrics, 1.5, at, recall1)


def model(name, kind="base", base=None):
    return ModelInfo(name, LocalText(name, name), kind, base, ("zh",), 8, 1, None, True)


MODELS = {
    m.id: m
    for m in (
        model("tfidf", "baseline"),
        model("e5"),
        model("good", "tuned", "e5"),
        model("same", "tuned", "e5"),
        model("bad", "tuned", "e5"),
        model("orphan", "tuned", "gone"),
    )
}


def board(*evaluations, **options):
    return build_board(evaluations, MODELS, BENCHMARK, resamples=1000, permutations=2000, **options)


def test_the_best_comes_first_and_each_tuned_model_is_judged_against_its_base():
    rows = board(
        evaluation("tfidf", range(20)),
        evaluation("bad", range(8)),
        evaluation("e5", range(30)),
        evaluation("good", range(50)),
        evaluation("same", range(1, 31)),
    )
    assert [row.model for row in rows] == ["good", "e5", "same", "tfidf", "bad"]
    by_model = {row.model: row for row in rows}
    verdicts = {name: row.against_base and row.against_base.verdict for name, row in by_model.items()}
    assert verdicts == {"good": "better", "e5": None, "same": "tied", "tfidf": None, "bad": "worse"}
    assert by_model["good"].against_base.difference == pytest.approx(100 / 3)
    assert by_model["good"].verdict.get("en").startswith("Better than its base by 33.3 points (interval ")
    assert by_model["bad"].verdict.get("en").endswith("do not use it.")
    assert "请不要使用" in by_model["bad"].verdict.get("zh")


def test_p_values_are_corrected_over_the_whole_board():
    # Twenty wins and seven losses: p is about 0.02 alone, and not below 0.05 as one of six.
    base = range(30)
    slight = [*range(7, 30), *range(30, 50)]
    alone = board(evaluation("e5", base), evaluation("good", slight))
    crowd = {f"copy {i}": model(f"copy {i}", "tuned", "e5") for i in range(5)}
    together = build_board(
        [evaluation(name, slight) for name in ("good", *crowd)] + [evaluation("e5", base)],
        {**MODELS, **crowd},
        BENCHMARK,
        resamples=1000,
        permutations=20000,
    )
    single = next(row.against_base for row in alone if row.model == "good")
    corrected = next(row.against_base for row in together if row.model == "good")
    assert corrected.p_value == pytest.approx(6 * single.p_value, rel=0.4)
    assert corrected.difference == single.difference


def test_a_win_that_does_not_survive_the_correction_is_tied():
    base, slight = (
        range(0, 40, 2),
        [*range(0, 40, 2), *range(1, 13, 2)],
    )  # six concepts won, none lost: p = 1/32
    alone = board(evaluation("e5", base), evaluation("good", slight))
    assert alone[0].against_base.p_value == pytest.approx(2 / 2**6)
    assert alone[0].against_base.verdict == "better"
    both = board(evaluation("e5", base), evaluation("good", slight), evaluation("same", slight))
    for row in both[:2]:
        assert row.against_base.p_value == pytest.approx(4 / 2**6)
        assert row.against_base.verdict == "tied"
        assert row.verdict.get("en").startswith("Probably better than its base (+10.0 points")


def test_the_newest_evaluation_of_this_benchmark_counts():
    rows = board(
        evaluation("e5", range(10), at=2.0),
        evaluation("e5", range(30), at=1.0),
        evaluation("e5", range(60), at=9.0, benchmark="another"),
        evaluation("unknown model", range(60)),
    )
    assert [(row.model, row.created_at) for row in rows] == [("e5", 2.0)]


def test_the_diagnostic_view_stands_beside_and_never_orders_the_board():
    rows = board(
        evaluation("e5", range(30)),
        evaluation("tfidf", range(20)),
        evaluation("tfidf", range(60), benchmark="seen"),
        seen_hash="seen",
    )
    assert [row.model for row in rows] == ["e5", "tfidf"]
    assert rows[0].seen is None
    assert rows[1].seen.recall[1] == 100.0


def test_without_its_base_on_the_board_a_tuned_model_says_what_to_do():
    (row,) = board(evaluation("orphan", range(30)))
    assert row.against_base is None
    assert "measure the model that it came from" in row.verdict.get("en")
    assert "请先" in row.verdict.get("zh")
    rows = board(evaluation("good", range(30)), evaluation("e5", range(3), per_query=False))
    assert [row.against_base for row in rows] == [None, None]


@pytest.mark.parametrize("kind", ["baseline", "base", "tuned"])
@pytest.mark.parametrize("verdict", ["better", "worse", "tied"])
def test_every_verdict_is_a_whole_sentence_in_both_languages(kind, verdict):
    sign = -1 if verdict == "worse" else 1
    low, high = sorted((3.1 * sign, 9.8 * sign))
    text = verdict_text(kind, Comparison(6.4 * sign, (low, high), 0.01, verdict))
    for sentence in (text.get("zh"), text.get("en")):
        assert sentence.endswith(("。", "."))
        assert "{" not in sentence
        if kind == "tuned":
            assert "6.4" in sentence
            assert sentence.index("3.1") < sentence.index("9.8") or verdict == "tied"


def test_the_csv_holds_the_board_and_no_formula():
    rows = board(evaluation("e5", range(30)), evaluation("good", range(50)))
    dangerous = {**MODELS, "=1+1": model("=1+1")}
    rows += build_board([evaluation("=1+1", range(6))], dangerous, BENCHMARK)
    table = list(csv.DictReader(io.StringIO(board_csv(rows))))
    assert [line["model"] for line in table] == ["good", "e5", "'=1+1"]
    assert table[0]["recall@1"] == "83.33"
    assert table[0]["against_base"] == "33.33"
    assert (table[1]["against_base"], table[1]["p_value"], table[1]["seen_recall@1"]) == ("", "", "")
    chinese = list(csv.DictReader(io.StringIO(board_csv(rows, "zh"))))
    assert "个百分点" in chinese[0]["verdict"]


def test_an_empty_board_is_a_header():
    assert board() == []
    assert board_csv([]).count("\n") == 1


@pytest.mark.parametrize(
    ("difference", "interval", "said"),
    [
        (3.0, (0.5, 6.0), "Probably better"),
        (-3.0, (-6.0, -0.5), "Probably worse"),
        (1.0, (-1.0, 3.0), "Cannot"),
    ],
)
def test_a_tie_says_which_way_it_leans(difference, interval, said):
    text = verdict_text("tuned", Comparison(difference, interval, 0.2, "tied"))
    assert text.get("en").startswith(said)
    assert "{" not in text.get("zh") + text.get("en")
