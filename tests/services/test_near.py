"""What is near a term: in any place, by any system, filtered, and put in another order."""

import numpy as np
import pytest
from services.explored import ODD, terms

from workbench.editing.edits import AddGroup
from workbench.errors import BadParameter, InputError, NotFound
from workbench.evaluation.systems import reranked_id, system_of
from workbench.search.sources import LISTS_IN_MEMORY, Filters, Source, language_of


def test_dense_is_what_a_whole_look_finds(exploring, workshop, toy_pairs):
    text = toy_pairs[3].synonym
    near = exploring.near(text, "dictionary:toy", ["dense:tuned"], k=12)
    assert near.source == Source("dictionary", "toy")
    (column,) = near.columns
    assert column.system == "tuned"
    distinct = list(dict.fromkeys(t for pair in toy_pairs for t in (pair.standard, pair.synonym)))
    vectors = workshop._workspace.library.vectors("tuned", [text, *distinct])
    cosines = vectors[1:] @ vectors[0]
    order = [distinct[i] for i in np.argsort(-cosines) if distinct[i] != text]
    assert terms(column) == order[:12]
    hits = workshop.neighbours(text, "tuned", "toy", 12)
    for hit, other in zip(column.hits, hits, strict=True):
        assert (hit.term, hit.known, hit.standard) == (other.term, other.known_synonym, other.standard)
        assert hit.score == pytest.approx(other.score)
        assert hit.probability == pytest.approx(
            workshop.similarity(text, hit.term, "tuned").probability, abs=0.03
        )
    assert [hit.rank for hit in column.hits] == list(range(1, 13))
    assert {hit.moved for hit in column.hits} == {0}


def test_lexical_systems_rank_as_they_are_measured(exploring, toy_pairs):
    from workbench.models.lexical import BASELINES

    text = toy_pairs[0].standard
    distinct = list(dict.fromkeys(t for pair in toy_pairs for t in (pair.standard, pair.synonym)))
    near = exploring.near(text, "dictionary:toy", ["tfidf", "bm25:chars", "exact"], k=10)
    assert [column.system for column in near.columns] == ["tfidf", "bm25_chars", "exact"]
    for column in near.columns:
        scores = BASELINES[column.system].build().fit(distinct)([text]).toarray()[0]
        order = [i for i in np.argsort(-scores, kind="stable") if scores[i] > 0 and distinct[i] != text]
        assert [hit.score for hit in column.hits] == pytest.approx([scores[i] for i in order[:10]])
        assert all(scores[distinct.index(hit.term)] == pytest.approx(hit.score) for hit in column.hits)
        assert {hit.probability for hit in column.hits} <= {None}
    assert near.columns[2].hits == ()


def test_moves_are_counted_against_the_first_system(exploring, toy_pairs):
    text = toy_pairs[0].synonym
    near = exploring.near(text, "dictionary:toy", ["tuned", "tfidf"], k=10)
    deep = terms(exploring.near(text, "dictionary:toy", ["tuned"], k=50).columns[0])
    moves = {hit.term: hit.moved for hit in near.columns[1].hits}
    for hit in near.columns[1].hits:
        wanted = deep.index(hit.term) + 1 - hit.rank if hit.term in deep else None
        assert moves[hit.term] == wanted
    assert None in moves.values()
    assert any(move for move in moves.values())


def test_a_hybrid_is_joined_as_the_leaderboard_chose_and_by_ranks_where_it_was_not_measured(
    workshop, exploring, toy_pairs
):
    from workbench.evaluation import fusion

    text, parts = toy_pairs[5].synonym, ("tuned", "bow")
    name = f"hybrid:{parts[0]}+{parts[1]}"
    ask = lambda: exploring.near(text, "dictionary:toy", [name, "tuned"], k=20)
    before = ask()
    assert before.columns[0].system == "hybrid(tuned+bow)"
    assert "reciprocal ranks" in before.columns[0].told.get("en")
    workshop.evaluation.evaluate("dictionary:toy", name)
    subject = workshop._workspace.measurer.subject(workshop.dictionary("toy"))
    details = workshop._workspace.evaluations.newest_details(
        subject.info.id,
        "hybrid(tuned+bow)",
        workshop._workspace.measurer.systems.fingerprint(
            workshop._workspace.measurer.systems.named("hybrid(tuned+bow)")
        ),
    )
    chosen = details["fusion"][0]
    after = ask()
    assert "leaderboard" in after.columns[0].told.get("en")
    if chosen["method"] == "model":
        assert terms(after.columns[0]) == terms(after.columns[1])
    forced = {**details, "fusion": [{**chosen, "method": "minmax", "weight": 0.3}]}
    store = workshop._workspace.evaluations
    original = store.newest_details
    store.newest_details = lambda *_: forced
    try:
        joined = ask().columns[0]
    finally:
        store.newest_details = original
    shelf = list(dict.fromkeys(t for pair in toy_pairs for t in (pair.standard, pair.synonym)))
    vectors = workshop._workspace.library.vectors("tuned", [text, *shelf])
    from workbench.models.lexical import BASELINES

    words = BASELINES["bow"].build().fit(shelf)([text]).toarray()
    scores = fusion.fuse((vectors[1:] @ vectors[0])[None], words, fusion.Variant("minmax", 0.3))[0]
    order = [shelf[i] for i in np.argsort(-scores, kind="stable") if shelf[i] != text]
    assert terms(joined)[:5] == order[:5]


def test_a_cross_encoder_puts_the_best_fifty_of_a_model_in_its_own_order(exploring, toy_pairs, cross_encoder):
    from workbench.models.reranking import Reranker

    text = toy_pairs[0].synonym
    near = exploring.near(text, "dictionary:toy", ["tuned", f"rerank:tuned+{cross_encoder}"], k=60)
    first, second = (terms(column) for column in near.columns)
    scores = Reranker(cross_encoder).scores([(text, term) for term in first[:50]])
    assert second[:50] == [first[i] for i in np.argsort(-scores, kind="stable")]
    assert second[50:] == first[50:]
    assert first != second
    found = [hit.score for hit in near.columns[1].hits]
    assert found == sorted(found, reverse=True)
    assert "50" in near.columns[1].told.get("zh")
    filtered = exploring.near(
        text, "dictionary:toy", [f"rerank:tuned+{cross_encoder}"], k=5, filters=Filters(known="unknown")
    )
    assert not any(hit.known for hit in filtered.columns[0].hits)
    assert len(filtered.columns[0].hits) == 5


def test_filters_hold_before_the_list_is_cut(opened, edit, tiny_model_folder, toy_pairs):
    model, pair = str(tiny_model_folder), toy_pairs[0]
    edit(AddGroup("混凝土", ("砼", "SUV 越野车")))
    near = lambda **wanted: (
        opened.exploring.near(
            pair.standard,
            "dictionary:toy",
            [model, "tfidf", f"hybrid:{model}+tfidf"],
            k=4,
            filters=Filters(**wanted),
        ).columns
    )
    synonyms = {each.synonym for each in toy_pairs if each.standard == pair.standard}
    for column in near(known="known"):
        assert set(terms(column)) == synonyms
    for column in near(known="unknown"):
        assert len(column.hits) == 4
        assert not set(terms(column)) & synonyms
    dense, _, both = near(language="zh")
    assert set(terms(dense)) == set(terms(both)) == {"混凝土", "砼", "SUV 越野车"}
    assert {hit.term: hit.language for hit in dense.hits} == {
        "混凝土": "zh",
        "砼": "zh",
        "SUV 越野车": "mixed",
    }
    assert all(hit.language == "en" for column in near(language="en") for hit in column.hits)
    assert set(terms(near(group=" 凝土")[0])) == {"混凝土", "砼", "SUV 越野车"}
    assert terms(near(group="没有这样的")[0]) == []
    with pytest.raises(BadParameter):
        Filters(known="perhaps")


def test_a_list_is_looked_in_as_it_was_pasted(exploring, toy_pairs):
    pasted = [" 苹果 ", "", "ＡＰＰＬＥ", "apple", *ODD, toy_pairs[0].standard]
    list_id = exploring.keep_list(pasted, "mine")
    assert exploring.keep_list(pasted) == list_id
    near = exploring.near("pear", f"list:{list_id}", ["tuned", "tfidf"], "toy", k=100)
    found = terms(near.columns[0])
    assert set(found) == {"苹果", "ＡＰＰＬＥ", *ODD, toy_pairs[0].standard}  # as written, each once
    assert len(found) == len(set(found))
    hits = {hit.term: hit for hit in near.columns[0].hits}
    assert hits[toy_pairs[0].standard].standard == toy_pairs[0].standard
    assert hits["苹果"].standard is None
    assert 0 <= hits["苹果"].probability <= 1
    alone = exploring.near("pear", f"list:{list_id}", ["tuned"]).columns[0].hits[0]
    assert (alone.probability, alone.standard, alone.known) == (None, None, False)


def test_lists_are_kept_for_a_while(exploring):
    first = exploring.keep_list(["a"])
    others = [exploring.keep_list([f"b{i}"], f"title {i}") for i in range(LISTS_IN_MEMORY)]
    assert [each.id for each in exploring.lists()] == others
    with pytest.raises(NotFound) as caught:
        exploring.near("a", f"list:{first}", ["tuned"])
    assert "again" in caught.value.text("en")
    for bad in ([], [" "], ["x" * 2001], map(str, range(100_001))):
        with pytest.raises(InputError):
            exploring.keep_list(bad)


def test_a_corpus_is_looked_in_and_says_no_probability(workshop, exploring):
    preview = workshop.corpora.preview("一辆汽车。\n混凝土结构很好。\n汽车的轮胎坏了。\n".encode(), "a.txt")
    workshop.corpora.save("about", preview, source="a.txt")
    try:
        near = exploring.near("汽车", "corpus:about", ["tuned", "bm25"], "toy", k=5)
        assert set(terms(near.columns[0])) == {"一辆汽车。", "混凝土结构很好。", "汽车的轮胎坏了。"}
        assert set(terms(near.columns[1])) == {"一辆汽车。", "汽车的轮胎坏了。"}
        assert {hit.probability for column in near.columns for hit in column.hits} == {None}
    finally:
        workshop.corpora.delete("about")


def test_what_cannot_be_looked_for_is_refused_in_words(exploring):
    for ask, error in (
        (lambda: exploring.near("a", "dictionary:没有", ["tuned"]), NotFound),
        (lambda: exploring.near("a", "corpus:没有", ["tuned"]), NotFound),
        (lambda: exploring.near("a", "toy", ["没有!"]), NotFound),
        (lambda: exploring.near("a", "toy", ["hybrid:tuned+nothing"]), BadParameter),
        (lambda: exploring.near("a", "toy", []), BadParameter),
        (lambda: exploring.near(" ", "toy", ["tuned"]), InputError),
        (lambda: Source.parse("corpus:"), BadParameter),
        (lambda: Source.parse(" "), BadParameter),
    ):
        with pytest.raises(error) as caught:
            ask()
        assert len(caught.value.text("zh")) > 3


def test_sources_are_read_as_they_are_written():
    assert Source.parse("汽车") == Source("dictionary", "汽车")
    assert Source.parse("dictionary:a:b") == Source("dictionary", "a:b")
    assert Source.parse(" corpus: x ") == Source("corpus", "x")
    assert Source.parse("C:x") == Source("dictionary", "C:x")
    assert str(Source("list", "abc")) == "list:abc"


def test_the_language_of_a_text_is_that_of_its_characters():
    assert [language_of(text) for text in ("混凝土", "SUV", "SUV 越野车", "9号楼", "123", "")] == [
        *("zh", "en", "mixed", "zh", "en", "en"),
    ]


# -- in another order --------------------------------------------------------------------------------


@pytest.fixture
def with_reranker(workshop, cross_encoder):
    """The tuned model's run brings this cross-encoder along, as the stage ``reranker`` leaves it."""
    import shutil

    folder = workshop._workspace.library.folder("tuned") / "reranker"
    shutil.copytree(cross_encoder, folder)
    yield folder
    shutil.rmtree(folder)


def test_the_best_of_a_model_are_put_in_order_by_the_reranker_of_a_run(
    exploring, with_reranker, toy_pairs, monkeypatch
):
    text, ask = toy_pairs[0].synonym, exploring.near
    assert exploring.rerankers() == ["tuned"]
    column = ask(text, "dictionary:toy", ["tuned"], k=20, rerank="tuned").columns[0]
    assert column == ask(text, "dictionary:toy", ["rerank:tuned+tuned"], k=20).columns[0]
    plain = terms(ask(text, "dictionary:toy", ["tuned"], k=20).columns[0])
    assert terms(column) != plain
    assert set(terms(column)[:10]) == set(plain[:10]), "as far as the run chose: the best ten"
    assert terms(column)[10:] == plain[10:]
    assert "as its run chose" in column.told.get("en")
    loaded = exploring._explorer._serving._systems.reranker(system_of("rerank:tuned+tuned"))
    monkeypatch.setattr(loaded, "blend", 0.0)
    unused = ask(text, "dictionary:toy", ["tuned"], k=20, rerank="tuned").columns[0]
    assert terms(unused) == plain
    assert "没有帮助" in unused.told.get("zh")


@pytest.mark.parametrize("run", ["C++ terms-rerank", "50% off", "a+b%2Bc"])
def test_a_reranker_of_any_name_is_meant_by_its_id(run):
    found = system_of(reranked_id("C++ terms", run))
    assert (found.kind, found.model, found.reranker) == ("rerank", "C++ terms", run)


def test_only_a_model_s_answers_are_reranked(exploring):
    with pytest.raises(BadParameter) as caught:
        exploring.near("abcd", "dictionary:toy", ["tuned", "tfidf"], rerank="tuned")
    assert "tfidf" in caught.value.text("zh")
