"""Answers about terms follow every edit at once, however many terms there are."""

import pytest
from services.explored import ODD, terms

from workbench.editing.edits import AddGroup, AddSynonyms, DeleteTerms, MarkApart, RenameTerm
from workbench.normalise import term_key
from workbench.search import graph, shelves
from workbench.search import index as indexes
from workbench.search.neighbours import Neighbourhood
from workbench.search.sources import Filters
from workbench.services import Services
from workbench.settings import Settings

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
