"""A retrieval set gives the numbers of a ten-line script, and its near-duplicates are found and said."""

import random

import numpy as np
import pytest

from workbench.errors import BadParameter, InputError, NotFound
from workbench.evaluation.benchmarks import retrieval_case, split_benchmark_id
from workbench.evaluation.twins import Twins, find_twins
from workbench.types import RetrievalSet

LETTERS = "汽车越野轿丰田混凝土砼钢筋商品预拌结构梁柱板墙发动机变速箱轮胎"


def safety_set(seed=4):
    """137 queries, 335 passages; 20 passages are another one with a suffix, 10 queries ask for one."""
    rng = random.Random(seed)
    passages = ["".join(rng.choices(LETTERS, k=rng.randint(14, 30))) for _ in range(315)]
    passages += [passages[i] + "(2)" for i in range(20)]
    queries, answers = [], []
    for number in range(137):
        place = number if number < 10 else rng.randrange(20, 315)
        words = list(passages[place][: rng.randint(6, 12)])
        words[rng.randrange(len(words))] = rng.choice(LETTERS)
        queries.append("".join(words) + f"{number}")
        answers.append(tuple(sorted({place} | ({rng.randrange(20, 315)} if number % 9 == 0 else set()))))
    return RetrievalSet(tuple(queries), tuple(passages), tuple(answers))


@pytest.fixture(scope="module")
def services(tmp_path_factory):
    from workbench.services import Services
    from workbench.settings import Settings

    opened = Services(Settings.from_env({}, home=tmp_path_factory.mktemp("home"), warm_worker=False))
    content = safety_set()
    opened._workspace.retrieval_sets.save("safety", content, source="made")
    yield opened
    opened.close()


def test_the_numbers_are_those_of_a_ten_line_script(services, tiny_model_folder):
    from sentence_transformers import SentenceTransformer

    content = safety_set()
    model = SentenceTransformer(str(tiny_model_folder), device="cpu")
    q = model.encode(list(content.queries), normalize_embeddings=True)
    p = model.encode(list(content.passages), normalize_embeddings=True)
    order = np.argsort(-(q @ p.T), axis=1)
    hits = np.array([[d in a for d in row] for row, a in zip(order, content.answers, strict=True)])
    each = list(zip(hits, content.answers, strict=True))
    script = {f"recall@{k}": 100 * np.mean([h[:k].sum() / len(a) for h, a in each]) for k in (1, 5, 10)}
    script |= {f"hit@{k}": 100 * hits[:, :k].any(axis=1).mean() for k in (1, 5, 10)}
    script["mrr@10"] = 100 * np.mean([1 / (1 + h.argmax()) if h[:10].any() else 0 for h in hits])

    found = services.evaluation.evaluate("retrieval:safety", str(tiny_model_folder))[0]
    ours = {f"recall@{k}": found.metrics.recall[k] for k in (1, 5, 10)}
    ours |= {f"hit@{k}": found.metrics.hit[k] for k in (1, 5, 10)}
    ours["mrr@10"] = found.metrics.mrr10
    assert (found.metrics.queries, found.metrics.corpus) == (137, 335)
    assert ours == pytest.approx(script, abs=5e-4)
    assert ours["recall@10"] != ours["hit@10"]


def test_the_near_duplicates_of_answers_are_said(services, tiny_model_folder):
    services.evaluation.evaluate("retrieval:safety", "tfidf")
    board = services.evaluation.board("retrieval:safety")
    assert (board.kind, board.queries, board.corpus) == ("retrieval", 137, 335)
    said = board.notes[-1].get("en")
    content = safety_set()
    twinned = [i for i, a in enumerate(content.answers) if any(place < 20 for place in a)]
    assert len(twinned) >= 10
    assert f"{len(twinned)} of 137 queries have a twin of their answer in the corpus" in said
    assert "Recall@1 can be at most" in said
    assert "副本" in board.notes[-1].get("zh")


def test_the_ceiling_counts_an_even_chance_between_twins_and_the_number_of_answers():
    texts = (
        "高处作业必须系好安全带",
        "高处作业必须系好安全带（续）",
        "别的段落内容完全不同",
        "第三段没有副本也不像",
    )
    case = retrieval_case("x", "id", RetrievalSet(("甲", "乙"), texts, ((0,), (2, 3))))
    twins = find_twins(case.headline)
    assert twins.of == {0: (1,)}
    assert twins.queries == (0,)
    assert twins.ceiling == pytest.approx(100 * (1 / 2 + 1 / 2) / 2)
    assert Twins.from_json(twins.as_json()) == twins


def test_where_all_twins_are_answers_nothing_is_said():
    texts = ("高处作业必须系好安全带", "高处作业必须系好安全带。", "别的段落内容完全不同")
    case = retrieval_case("x", "id", RetrievalSet(("甲",), texts, ((0, 1),)))
    assert find_twins(case.headline).sentence is None


def test_terms_that_differ_in_a_number_are_no_twins():
    from workbench.evaluation.retrieval import Benchmark

    corpus = ("diabetes mellitus type 1", "diabetes mellitus type 2", "cars", "car s")
    benchmark = Benchmark(("a", "b"), ("a", "b"), corpus, ((0,), (2,)), ((), ()), "h", "test", "unseen")
    assert find_twins(benchmark).of == {2: (3,)}


def test_connected_queries_are_one_component_and_those_without_an_answer_are_left_out():
    content = RetrievalSet(("a", "b", "c", "d", "A"), ("p", "q", "r", "d"), ((0,), (0, 1), (2,), (), (3,)))
    case = retrieval_case("x", "id", content)
    components = case.headline.query_components
    assert len(components) == 4
    assert components[0] == components[1] == components[3]  # "A" is "a"
    assert components[2] != components[0]
    assert "1 queries have no answer" in case.notes[0].get("en")
    with pytest.raises(InputError):
        retrieval_case("x", "id", RetrievalSet(("a",), ("p",), ((),)))


def test_the_prompts_belong_to_the_benchmark(services):
    assert not services.evaluation.symmetric("retrieval:safety")
    before = services.evaluation._case("retrieval:safety").headline
    services.evaluation.set_symmetric("retrieval:safety", True)
    after = services.evaluation._case("retrieval:safety").headline
    services.evaluation.set_symmetric("retrieval:safety", False)
    assert (before.query_kind, before.corpus_kind) == ("query", "passage")
    assert (after.query_kind, after.corpus_kind) == ("term", "term")
    assert before.hash != after.hash
    with pytest.raises(BadParameter):
        services.evaluation.set_symmetric("汽车", True)


def test_a_model_with_prompts_gets_them_for_query_and_passage(services, tiny_model_folder, tmp_path):
    from sentence_transformers import SentenceTransformer

    model = SentenceTransformer(str(tiny_model_folder), device="cpu")
    model.prompts = {"query": "abc ", "passage": "xyz ", "term": ""}
    folder = tmp_path / "prompted"
    model.save_pretrained(str(folder))
    library = services._workspace.library
    expected = {
        kind: model.encode([prompt + "汽车", prompt + "钢筋"], prompt="", normalize_embeddings=True)
        for kind, prompt in (("term", ""), ("query", "abc "), ("passage", "xyz "))
    }
    for _ in range(2):  # encoded, then read
        for kind in ("query", "term", "passage"):
            vectors = library.vectors(str(folder), ["汽车", "钢筋"], kind=kind)
            assert (vectors * expected[kind]).sum(axis=1) == pytest.approx(1, abs=2e-3)
    plain = library.vectors(str(tiny_model_folder), ["汽车"], kind="query")
    assert library.missing(str(tiny_model_folder), ["汽车"]) == 0  # no prompt: the same vector as of a term
    assert (plain == library.vectors(str(tiny_model_folder), ["汽车"])).all()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("retrieval:a:b", ("retrieval", "a:b")),
        ("pairs:x", ("pairs", "x")),
        ("汽车", ("dictionary", "汽车")),
        ("odd:name", ("dictionary", "odd:name")),
    ],
)
def test_a_benchmark_is_named_by_kind_and_name(text, expected):
    assert split_benchmark_id(text) == expected


def test_a_benchmark_without_a_name_is_refused():
    with pytest.raises(NotFound):
        split_benchmark_id(" ")
