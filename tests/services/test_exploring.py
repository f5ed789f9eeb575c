"""Two terms under every model and why, and a list of terms against itself."""

import pytest
from services.explored import ODD

from workbench.editing.edits import MarkApart
from workbench.errors import BadParameter, InputError, ModelProblem, NotFound

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
