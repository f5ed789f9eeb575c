"""Questions about terms: under every model and why, in any place by any system, always as edited last."""

import json

import numpy as np
import pytest

from workbench.editing.edits import AddGroup, AddSynonyms, DeleteTerms, MarkApart, RenameTerm
from workbench.errors import BadParameter, InputError, ModelProblem, NotFound
from workbench.evaluation.systems import reranked_id, system_of
from workbench.normalise import term_key
from workbench.search import graph, shelves
from workbench.search import index as indexes
from workbench.search.neighbours import Neighbourhood
from workbench.search.sources import LISTS_IN_MEMORY, Filters, Source, language_of
from workbench.services import Services
from workbench.settings import Settings

ODD = ['<img src=x onerror="alert(1)">', "it's \"so\" & 'so'", "👩‍🔧🚗", "سيارة أجرة", "x" * 500, "=1+1"]


@pytest.fixture(scope="module")
def opened(tmp_path_factory, toy_csv):
    """Services whose dictionary may be edited."""
    home = tmp_path_factory.mktemp("exploring")
    services = Services(Settings.from_env({}, home=home, warm_worker=False, threads=1))
    services.save_dictionary("toy", services.preview_dictionary(toy_csv, "toy.csv"), source="toy.csv")
    yield services
    services.close()


@pytest.fixture
def edit(opened):
    """Carries an edit out on the newest version, and takes every one of them back in the end."""
    first = opened.dictionary("toy").version

    def carry_out(change):
        return opened.editor.apply("toy", change, based_on=opened.dictionary("toy").version)

    yield carry_out
    now = opened.dictionary("toy").version
    if now != first:
        opened.editor.restore("toy", first, based_on=now)


@pytest.fixture
def exploring(workshop):
    return workshop.exploring


def terms(column):
    return [hit.term for hit in column.hits]


# -- two terms --------------------------------------------------------------------------------------


def test_a_pair_is_told_under_every_model_and_why(exploring, workshop, toy_pairs, tiny_model_folder):
    base, pair = str(tiny_model_folder), toy_pairs[0]
    seen = []
    found = exploring.pair(
        f" {pair.standard} ",
        pair.synonym,
        ["tuned", base, "tuned"],
        "toy",
        lambda share, _: seen.append(share),
    )
    assert [each.model for each in found.answers] == ["tuned", base]
    assert seen
    for each in found.answers:
        assert each.similarity == workshop.similarity(pair.standard, pair.synonym, each.model, "toy")
    assert found.known
    assert not found.marked_apart
    assert (found.a, found.b) == (pair.standard, pair.synonym)
    why = found.why
    assert why.group_a == why.group_b == pair.standard
    known = {frozenset((each.standard, each.synonym)) for each in toy_pairs}
    assert frozenset((why.nearest_pair.standard, why.nearest_pair.synonym)) in known
    assert {why.nearest_pair.standard, why.nearest_pair.synonym} != {pair.standard, pair.synonym}
    assert all(-1 <= each.score_a <= 1 and -1 <= each.score_b <= 1 for each in why.neighbours)
    assert len(why.neighbours) <= 5


def test_without_names_every_model_that_is_ready_is_asked(exploring, workshop, monkeypatch):
    assert "tuned" in exploring.ready_models()
    assert set(exploring.ready_models()) <= {info.id for info in workshop.models() if info.ready}
    asked = []
    original = workshop._workspace.library.vectors

    def one_is_broken(model, texts, *rest, exact=False, **more):
        asked.extend([model] * exact)
        if model != "tuned":
            raise ModelProblem(*[_sentence()] * 2)
        return original(model, texts, *rest, exact=exact, **more)

    monkeypatch.setattr(workshop._workspace.library, "vectors", one_is_broken)
    monkeypatch.setattr(exploring, "ready_models", lambda: ["broken", "tuned"])
    monkeypatch.setattr(exploring._explorer, "_calibrator", _as_for_tuned(exploring._explorer._calibrator))
    found = exploring.pair("abcd", "dcba", None, "toy")
    assert asked == ["broken", "tuned"]
    assert [each.model for each in found.answers] == ["tuned"]


def _sentence():
    from workbench.localtext import LocalText

    return LocalText("坏", "broken")


def _as_for_tuned(original):
    return lambda model, info, progress: original("tuned", info, progress)


def test_what_cannot_be_asked_is_refused_in_words(exploring):
    with pytest.raises(BadParameter):
        exploring.pair("a", "b", ["tfidf"], "toy")
    with pytest.raises(NotFound):
        exploring.pair("a", "b", ["没有!"], "toy")
    with pytest.raises(InputError):
        exploring.pair("a", " ", ["tuned"], "toy")
    with pytest.raises(NotFound):
        exploring.pair("a", "b", ["tuned"], "没有")


def test_marks_and_edits_are_told_at_once(opened, edit, tiny_model_folder, toy_pairs):
    model, pair = str(tiny_model_folder), toy_pairs[0]
    assert opened.exploring.pair(pair.standard, pair.synonym, [model], "toy").known
    edit(MarkApart(pair.synonym, pair.standard))
    found = opened.exploring.pair(pair.standard, pair.synonym, [model], "toy")
    assert (found.known, found.marked_apart) == (False, True)


# -- what is near -----------------------------------------------------------------------------------


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


@pytest.fixture(scope="module")
def cross_encoder(tmp_path_factory, tiny_model_folder):
    """A cross-encoder of random scores."""
    import torch
    from sentence_transformers import CrossEncoder, SentenceTransformer
    from sentence_transformers.base.modules import Dense
    from sentence_transformers.sentence_transformer.modules import Pooling

    folder = tmp_path_factory.mktemp("cross") / "encoder"
    torch.manual_seed(3)
    inner = SentenceTransformer(str(tiny_model_folder), device="cpu", local_files_only=True)[0]
    score = Dense(32, 1, activation_function=torch.nn.Identity(), module_output_name="scores")
    model = CrossEncoder(modules=[inner, Pooling(32, "mean"), score], device="cpu")
    model.save_pretrained(str(folder), create_model_card=False)
    (folder / "reranking.json").write_text(json.dumps({"depth": 10, "blend": 0.5}))
    return folder


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


# -- as edited last ---------------------------------------------------------------------------------


def whole(services, model, name="toy"):
    """The neighbourhood of a dictionary read anew."""
    info = services.dictionary(name)
    store, library = services._workspace.dictionaries, services._workspace.library
    pairs = store.pairs(info.version_id)
    texts = list(dict.fromkeys(t for pair in pairs for t in (pair.standard, pair.synonym)))
    return Neighbourhood(pairs, texts, library.vectors(model, texts), store.apart(info.version_id))


def test_every_edit_shows_at_once_and_nothing_is_read_anew(
    opened, edit, tiny_model_folder, toy_pairs, monkeypatch
):
    model = str(tiny_model_folder)
    opened.neighbours("abcd", model, "toy")
    store = opened._workspace.dictionaries
    monkeypatch.setattr(store, "pairs", lambda _: pytest.fail("the dictionary was read anew"))
    monkeypatch.setattr(opened._workspace.measurer, "subject", lambda _: pytest.fail("it was divided anew"))
    group = opened.editor.find("toy", toy_pairs[0].standard)[0]
    edits = [
        AddSynonyms(group.id, ("abcdx",)),
        RenameTerm(group.id, "abcdx", "ABCDX"),
        AddGroup("zzzz", ("yyyy", "xxxx")),
        DeleteTerms(group.id, (toy_pairs[1].synonym,)),
        MarkApart("zzzz", "yyyy"),
    ]
    for number, each in enumerate(edits):
        edit(each)
        found = {hit.term: hit for hit in opened.neighbours("abcd", model, "toy", 500)}
        assert ("abcdx" in found) == (number == 0)
        assert ("ABCDX" in found) == (number > 0)
        assert (toy_pairs[1].synonym in found) == (number < 3)
        assert ("zzzz" in found) == (number >= 2)
    assert [
        hit.known_synonym for hit in opened.neighbours("zzzz", model, "toy", 500) if hit.term == "xxxx"
    ] == [True]
    assert opened.vectors_ready(model, "toy")
    monkeypatch.undo()
    now = whole(opened, model)
    for text in ("abcd", "zzzz", toy_pairs[4].synonym):
        vector = opened._workspace.library.vectors(model, [text])[0]
        mine, wanted = opened.neighbours(text, model, "toy", 40), now.neighbours(text, vector, 40)
        assert [hit.score for hit in mine] == pytest.approx([hit.score for hit in wanted], abs=1e-5)
        assert {hit.term: hit for hit in mine}.keys() == {hit.term: hit for hit in wanted}.keys()
        assert {(hit.term, hit.known_synonym) for hit in mine} == {(h.term, h.known_synonym) for h in wanted}


def test_odd_terms_are_found_as_they_were_written(opened, edit, tiny_model_folder):
    model = str(tiny_model_folder)
    edit(AddGroup(ODD[0], tuple(ODD[1:])))
    for column in opened.exploring.near(ODD[0], "dictionary:toy", [model, "tfidf"], k=600).columns:
        hits = {hit.term: hit for hit in column.hits}
        found = [term for term in ODD[1:] if term in hits]
        assert found == ODD[1:] or column.system == "tfidf"
        assert found
        assert all(hits[term].known and hits[term].standard == ODD[0] for term in found)
    (known,) = opened.exploring.near(
        ODD[4], "dictionary:toy", [model], k=10, filters=Filters(known="known", group=ODD[0][:9])
    ).columns
    assert set(terms(known)) == set(ODD) - {ODD[4]}
    why = opened.exploring.pair(ODD[0], ODD[1], [model], "toy").why
    assert why.group_a == why.group_b == ODD[0]


def test_an_undo_takes_it_back_and_a_large_import_is_read_anew(opened, tiny_model_folder):
    model = str(tiny_model_folder)
    opened.save_dictionary(
        "small", opened.preview_dictionary(b"a,b\nc,d\ne,f\ng,h\n", "s.csv"), source="s.csv"
    )
    names = lambda: {hit.term for hit in opened.neighbours("q", model, "small", 99)}
    assert len(names()) == 8
    opened.editor.apply("small", AddGroup("i", ("j",)), based_on=1)
    assert len(names()) == 10
    opened.editor.undo("small", based_on=2)
    assert len(names()) == 8
    preview = opened.preview_dictionary(b"k,l\nm,n\no,p\n", "t.csv")
    opened.save_dictionary("small", preview, source="t.csv", replace=True)
    assert names() == set("klmnop")
    near = opened.exploring.near("k", "dictionary:small", ["tfidf", model], k=3)
    assert len(near.columns[1].hits) == 3


def test_a_dictionary_too_small_to_calibrate_has_neighbours_without_probability(opened, tiny_model_folder):
    opened.save_dictionary("tiny", opened.preview_dictionary(b"a,b\nc,d\n", "s.csv"), source="s.csv")
    (column,) = opened.exploring.near("q", "dictionary:tiny", [str(tiny_model_folder)]).columns
    assert {hit.probability for hit in column.hits} == {None}
    assert len(column.hits) == 4
    found = opened.exploring.matrix(["a", "q"], str(tiny_model_folder), "tiny")
    assert found.probability is None


# -- a list against itself --------------------------------------------------------------------------


def test_a_matrix_says_what_each_pair_of_it_says(exploring, workshop, toy_pairs):
    chosen = [toy_pairs[0].standard, toy_pairs[0].synonym, toy_pairs[20].standard, *ODD]
    found = exploring.matrix([*chosen, " ", chosen[0].upper()], "tuned", "toy")
    assert sorted(found.terms) == sorted(chosen)
    place = {term: i for i, term in enumerate(found.terms)}
    for a, b in ((chosen[0], chosen[1]), (chosen[0], chosen[2]), (ODD[0], chosen[2])):
        told = workshop.similarity(a, b, "tuned", "toy")
        i, j = place[a], place[b]
        assert found.cosine[i, j] == pytest.approx(told.cosine, abs=1e-4)
        assert found.probability[i, j] == pytest.approx(told.probability, abs=1e-3)
        assert found.known[i, j] == told.known_synonyms
    assert exploring.matrix(chosen, "tuned").probability is None
    assert exploring.matrix_file(found).decode("utf-8-sig").count("\r\n") >= len(chosen) + 1
    with pytest.raises(BadParameter):
        exploring.matrix(chosen, "tfidf")


# -- very many terms --------------------------------------------------------------------------------


@pytest.fixture
def few_are_many(monkeypatch):
    """A graph is built from a hundred terms on."""
    monkeypatch.setattr(indexes, "MOST_EXACT", 100)


def test_many_terms_get_a_graph_in_the_background_that_follows_edits_and_is_kept(
    tmp_path, toy_csv, tiny_model_folder, few_are_many, monkeypatch
):
    model = str(tiny_model_folder)
    settings = Settings.from_env({}, home=tmp_path, warm_worker=False, threads=1)
    services = Services(settings)
    services.save_dictionary("toy", services.preview_dictionary(toy_csv, "toy.csv"), source="toy.csv")
    exploring = services.exploring
    assert exploring.index_state(model, "toy").kind == "exact"
    exact = services.neighbours("abcd", model, "toy", 10)  # answered while the graph is being built
    services.editor.apply("toy", AddGroup("abce", ("abcf",)), based_on=1)
    exploring.wait_for_indexes(60)
    found = services.neighbours("abcd", model, "toy", 12)
    state = exploring.index_state(model, "toy")
    assert (state.kind, state.size, state.building) == ("hnsw", 272, None)
    assert state.recall >= graph.LEAST_RECALL
    assert {"abce", "abcf"} & {hit.term for hit in services.neighbours("abce", model, "toy", 272)}
    assert {hit.term for hit in exact} <= {hit.term for hit in found}
    services.close()

    again = Services(settings)
    monkeypatch.setattr("workbench.search.indexing.build_graph", lambda *_: pytest.fail("built again"))
    encoded = []
    original = again._workspace.library.vectors

    def counted(model, texts, *rest, **more):
        encoded.extend(texts)
        return original(model, texts, *rest, **more)

    monkeypatch.setattr(again._workspace.library, "vectors", counted)
    now = again.neighbours("abcd", model, "toy", 12)
    assert set(encoded) <= {"abcd", "abce", "abcf"}  # nothing that the graph holds was read again
    assert again.exploring.index_state(model, "toy").kind == "hnsw"
    assert [hit.term for hit in now] == [hit.term for hit in found]
    again.close()


def test_so_many_edits_that_the_graph_is_worn_build_it_again(
    opened, edit, tiny_model_folder, few_are_many, monkeypatch
):
    monkeypatch.setattr(shelves, "_LARGE_CHANGE", 1.0)
    model = str(tiny_model_folder)
    opened.save_dictionary(
        "worn",
        opened.preview_dictionary("\n".join(f"s{i},t{i}" for i in range(150)).encode(), "w.csv"),
        source="w.csv",
    )
    opened.neighbours("q", model, "worn")
    opened.exploring.wait_for_indexes(60)
    opened.neighbours("q", model, "worn")
    first = opened.exploring.index_state(model, "worn")
    assert first.kind == "hnsw"
    preview = opened.preview_dictionary("\n".join(f"s{i},t{i}" for i in range(90)).encode(), "w.csv")
    opened.save_dictionary("worn", preview, source="w.csv", replace=True)
    terms_now = {hit.term for hit in opened.neighbours("q", model, "worn", 999)}
    assert terms_now == {f"{kind}{i}" for i in range(90) for kind in "st"}
    opened.exploring.wait_for_indexes(60)
    assert {hit.term for hit in opened.neighbours("q", model, "worn", 999)} == terms_now
    state = opened.exploring.index_state(model, "worn")
    assert (state.kind, state.size) == ("hnsw", 180)
    assert state.seconds != first.seconds


def test_keys_are_compared_and_raw_forms_are_shown(opened, edit, tiny_model_folder):
    edit(AddGroup("Ｘ－Ｒａｙ", ("ｘ线",)))
    found = {hit.term for hit in opened.neighbours("abc", str(tiny_model_folder), "toy", 500)}
    assert {"Ｘ－Ｒａｙ", "ｘ线"} <= found
    assert term_key("Ｘ－Ｒａｙ") not in found
    assert "Ｘ－Ｒａｙ" not in {
        hit.term for hit in opened.neighbours("x-ray", str(tiny_model_folder), "toy", 500)
    }


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
