"""After an edit the neighbours of its terms change, no split is stored for it, and the newest edit wins."""

import json
import threading
import time
from dataclasses import replace

import numpy as np
import pytest

import workbench.services.live as live_module
from workbench.editing.edits import AddSynonyms, DeleteTerms, MarkApart
from workbench.errors import BadParameter, NotFound
from workbench.normalise import term_key
from workbench.services import Services
from workbench.settings import Settings
from workbench.training.dataset import build_training_set

LONG = 60  # seconds, after which a test that hangs has failed


@pytest.fixture
def opened(tmp_path, toy_csv, monkeypatch):
    """Services over a new home with the dictionary "toy"."""
    monkeypatch.setattr(live_module, "WAIT", 0.02)
    services = Services(Settings.from_env({}, home=tmp_path, warm_worker=False, threads=1))
    services.save_dictionary("toy", services.preview_dictionary(toy_csv, "toy.csv"), source="toy.csv")
    yield services
    services.close()


@pytest.fixture
def model(tiny_model_folder):
    return str(tiny_model_folder)


def until(opened, version, *, name="toy", state="ready"):
    """The state once the answer for a version is there."""
    end = time.monotonic() + LONG
    while time.monotonic() < end:
        now = opened.live.state(name)
        if now["state"] == "problem" != state:
            raise AssertionError(now["message"])
        if now["state"] == state and (state == "problem" or now["version"] == version):
            return now
        time.sleep(0.005)
    raise AssertionError(f"still {now}")


def edit(opened, change, name="toy"):
    return opened.editor.apply(name, change, based_on=opened.dictionary(name).version).info.version


def concepts_of(opened, part):
    """(standard, synonyms) of the groups whose every pair is trained on, or of those of another part."""
    subject = opened._workspace.measurer.subject(opened.dictionary("toy"))
    held_out = {standard for standard, _ in subject.split.held_out}
    groups, _ = opened.groups_page("toy", size=500)
    return [
        group
        for group in groups
        if subject.split.parts[subject.split.component_of[term_key(group.standard)]] == part
        and term_key(group.standard) not in held_out
    ]


def rank_of(term, row, when):
    names = [hit["term"] for hit in row[when]]
    return names.index(term) if term in names else len(names)


def test_it_is_off_until_it_is_asked_for_and_after_it_is_turned_off(opened, model):
    assert opened.live.state("toy")["state"] == "off"
    opened.live.request("toy", [], model)
    assert opened.live.state("toy")["state"] in ("preparing", "training", "ready")
    until(opened, 1)
    opened.live.turn_off("toy")
    assert opened.live.state("toy")["state"] == "off"
    opened.live.request("toy", [], model)
    assert until(opened, 1)["terms"] == []


def test_the_first_version_has_nothing_before_it(opened, model):
    term = opened.groups_page("toy")[0][0].standard
    opened.live.request("toy", [term], model)
    state = until(opened, 1)
    (row,) = state["terms"]
    assert row["term"] == term
    assert row["before"] == row["after"]
    assert len(row["after"]) == 8
    assert [hit["score"] for hit in row["after"]] == sorted((h["score"] for h in row["after"]), reverse=True)
    assert json.loads(json.dumps(state)) == state
    assert state["model"] == model
    assert state["progress"] == 1.0
    assert state["seconds"] > 0
    assert state["message"] is None


def test_an_added_synonym_comes_nearer_to_its_standard_term(opened, model):
    group = concepts_of(opened, "train")[0]
    far = "zzyyxxww"
    opened.live.request("toy", [group.standard], model)
    until(opened, 1)
    version = edit(opened, AddSynonyms(opened.editor.find("toy", group.standard)[0].id, (far,)))
    opened.live.request("toy", [far, group.standard])
    state = until(opened, version)
    added, standard = state["terms"]
    assert not added["held_out"]
    kept = opened.live._kept["toy"]
    vectors = opened._workspace.library.vectors(model, [far, group.standard])
    nearness = [float(np.prod(each.map.move(vectors), axis=0).sum()) for each in (kept.before, kept.now)]
    assert nearness[1] > nearness[0] + 0.05
    assert rank_of(group.standard, added, "after") <= rank_of(group.standard, added, "before")
    assert far not in [hit["term"] for hit in standard["before"]]  # it was not there yet
    own = [hit for hit in added["after"] if hit["same_group"]]
    assert {hit["term"] for hit in own} <= {group.standard, *group.synonyms}
    assert all(hit["standard"] == group.standard for hit in own)


def test_without_an_earlier_request_the_version_before_is_what_is_compared_with(opened, model):
    group = concepts_of(opened, "train")[0]
    version = edit(opened, AddSynonyms(opened.editor.find("toy", group.standard)[0].id, ("zzyyxxww",)))
    opened.live.request("toy", ["zzyyxxww"], model)
    (row,) = until(opened, version)["terms"]
    assert row["before"] != row["after"]
    assert opened.live._kept["toy"].before.version == version - 1


def test_a_term_of_a_tested_concept_is_shown_but_never_trained_on(opened, model):
    for part in ("test", "dev"):
        group = concepts_of(opened, part)[0]
        added = f"{group.standard}zz"
        version = edit(opened, AddSynonyms(opened.editor.find("toy", group.standard)[0].id, (added,)))
        opened.live.request("toy", [added, group.standard], model)
        state = until(opened, version)
        assert [row["held_out"] for row in state["terms"]] == [True, True]
        assert all(len(row["after"]) == 8 for row in state["terms"])
        now = opened.live._kept["toy"].now
        assert not now.map.trained & {added, group.standard, *group.synonyms}


def test_no_edit_freezes_a_split_and_the_stored_one_is_followed(opened, model):
    stored = opened._workspace.measurer.subject(opened.dictionary("toy")).split
    group = concepts_of(opened, "train")[0]
    version = edit(opened, AddSynonyms(opened.editor.find("toy", group.standard)[0].id, ("zzyyxxww",)))
    opened.live.request("toy", ["zzyyxxww"], model)
    until(opened, version)
    info = opened.dictionary("toy")
    assert opened._workspace.dictionaries.split(info.version_id) is None
    split = opened.live._kept["toy"].now.content.split
    tested = {key for key, part in stored.component_of.items() if stored.parts[part] != "train"}
    assert tested
    assert all(split.parts[split.component_of[key]] != "train" for key in tested)
    # What is frozen later is what the live effect has used.
    assert opened._workspace.measurer.subject(info).split.hash == split.hash


def test_terms_marked_apart_are_no_group_and_move_apart(opened, model):
    one, other = concepts_of(opened, "train")[:2]
    opened.live.request("toy", [one.standard], model)
    until(opened, 1)
    version = edit(opened, MarkApart(one.standard, other.standard))
    opened.live.request("toy", [one.standard, other.standard])
    until(opened, version)
    kept = opened.live._kept["toy"]
    assert kept.now.data.apart.shape == (1, 2)
    assert not kept.now.hood.known_synonyms(one.standard, other.standard)
    vectors = opened._workspace.library.vectors(model, [one.standard, other.standard])
    before, after = (float(np.prod(each.map.move(vectors), axis=0).sum()) for each in (kept.before, kept.now))
    assert after < before


def test_a_deleted_term_can_still_be_asked_about(opened, model):
    group = concepts_of(opened, "train")[0]
    opened.live.request("toy", [], model)
    until(opened, 1)
    gone = group.synonyms[0]
    version = edit(opened, DeleteTerms(opened.editor.find("toy", group.standard)[0].id, (gone,)))
    opened.live.request("toy", [gone, group.standard])
    deleted, standard = until(opened, version)["terms"]
    assert not deleted["held_out"]
    assert not any(hit["same_group"] for hit in deleted["after"])
    assert gone not in [hit["term"] for hit in standard["after"]]


def test_the_newest_request_wins_and_the_one_that_runs_is_given_up(opened, model, monkeypatch):
    group = concepts_of(opened, "train")[0]
    opened.live.request("toy", [group.standard], model)
    until(opened, 1)
    begun, go_on, fits = threading.Event(), threading.Event(), []
    follow = opened.live._effect.follow

    def slow(*arguments):
        fits.append(arguments[3])
        if len(fits) == 1:
            begun.set()
            assert go_on.wait(LONG)
        return follow(*arguments)

    monkeypatch.setattr(opened.live._effect, "follow", slow)
    group_id = opened.editor.find("toy", group.standard)[0].id
    edit(opened, AddSynonyms(group_id, ("zzyyxxww",)))
    opened.live.request("toy", ["zzyyxxww"])
    assert begun.wait(LONG)
    version = edit(opened, AddSynonyms(group_id, ("wwxxyyzz",)))
    opened.live.request("toy", ["wwxxyyzz"])
    go_on.set()
    state = until(opened, version)
    assert [row["term"] for row in state["terms"]] == ["wwxxyyzz"]
    assert fits == [("zzyyxxww",), ("wwxxyyzz",)]
    assert opened.live._kept["toy"].before.version == 1  # nobody has seen what lies between


def test_the_last_answer_stays_until_the_next_one_is_there(opened, model, monkeypatch):
    opened.live.request("toy", ["abc"], model)
    first = until(opened, 1)
    monkeypatch.setattr(live_module, "WAIT", LONG)
    opened.live.request("toy", ["abd"])
    waiting = opened.live.state("toy")
    assert waiting["state"] == "preparing"
    assert (waiting["version"], waiting["terms"]) == (1, first["terms"])
    opened.delete_dictionary("toy")
    assert opened.live.state("toy")["state"] == "off"


def test_requests_that_follow_each_other_closely_are_one(opened, model, monkeypatch):
    monkeypatch.setattr(live_module, "WAIT", 0.5)
    asked = []
    answer = opened.live._answer
    monkeypatch.setattr(opened.live, "_answer", lambda request: (asked.append(request), answer(request)))
    for number in range(5):
        opened.live.request("toy", [f"term {number}"], model)
    assert [row["term"] for row in until(opened, 1)["terms"]] == ["term 4"]
    assert len(asked) == 1


def test_two_dictionaries_do_not_cancel_each_other(opened, model, toy_pairs, toy_csv):
    preview = opened.preview_dictionary(toy_csv, "toy.csv")
    opened.save_dictionary("other", replace(preview, pairs=tuple(preview.pairs[:120])), source="other.csv")
    opened.live.request("toy", ["abc"], model)
    opened.live.request("other", ["abd"], model)
    assert until(opened, 1)["terms"][0]["term"] == "abc"
    assert until(opened, 1, name="other")["terms"][0]["term"] == "abd"


def test_what_cannot_be_trained_on_is_said_in_words_and_the_next_request_is_answered(opened, model):
    few = b"a,b\nabc,abd\nbcd,bce\ncde,cdf\ndef,deg\n"
    opened.save_dictionary("few", opened.preview_dictionary(few, "few.csv"), source="few.csv")
    opened.live.request("few", ["abc"], model)
    message = until(opened, 1, name="few", state="problem")["message"]
    assert "8" in message["zh"]
    assert "8" in message["en"]
    opened.live.request("toy", ["abc"], model)
    assert until(opened, 1)["terms"]


def test_an_unexpected_failure_is_a_sentence_without_a_path(opened, model, monkeypatch):
    def broken(*_):
        raise OSError("/secret/path")

    monkeypatch.setattr(opened.live._effect, "learn", broken)
    opened.live.request("toy", ["abc"], model)
    message = until(opened, 1, state="problem")["message"]
    assert "secret" not in str(message)
    assert "log" in message["en"]


def test_what_does_not_exist_is_refused_at_once(opened, model):
    with pytest.raises(NotFound):
        opened.live.request("nothing", ["abc"], model)
    with pytest.raises(BadParameter):
        opened.live.request("toy", ["abc"], "tfidf")
    assert opened.live.state("toy")["state"] == "off"


def test_a_model_that_is_not_to_be_had_is_a_problem_in_words(opened):
    opened.live.request("toy", ["abc"], "no-such-model")
    assert "no-such-model" in until(opened, 1, state="problem")["message"]["zh"]


def test_the_model_is_that_of_the_newest_run_and_else_the_default(opened, model):
    info = opened.dictionary("toy")
    default = next(each.id for each in opened.models() if each.default)
    assert opened.live._model(info, None) == default
    opened.start_run("toy", model, "instant", name="queued")
    assert opened.live._model(info, None) == model


def test_empty_and_repeated_terms_are_left_out(opened, model):
    opened.live.request("toy", ["  ", "abc", " ABC ", *(f"term {n}" for n in range(50))], model)
    terms = [row["term"] for row in until(opened, 1)["terms"]]
    assert terms[:2] == ["abc", "term 0"]
    assert len(terms) == live_module.MOST_TERMS


def test_after_closing_nothing_is_begun_and_no_thread_is_left(opened, model):
    opened.live.request("toy", ["abc"], model)
    opened.live.close()
    opened.live.request("toy", ["abc"], model)
    assert not [thread for thread in threading.enumerate() if thread.name == "live-effect"]


def test_the_weakest_synonyms_come_first_with_the_rank_of_their_own_standard_term(opened, model):
    found = opened.live.weakest("toy", model)
    pairs = opened._workspace.dictionaries.pairs(opened.dictionary("toy").version_id)
    standards = list(dict.fromkeys(pair.standard for pair in pairs))
    documents = opened._workspace.library.vectors(model, standards)
    expected = {}
    for pair in pairs:
        query = opened._workspace.library.vectors(model, [pair.synonym])[0]
        scores = documents @ query
        expected[pair.synonym] = int((scores >= scores[standards.index(pair.standard)] - 1e-6).sum())
    assert {synonym: rank for _, synonym, rank in found} == {s: r for s, r in expected.items() if r > 1}
    ranks = [rank for _, _, rank in found]
    assert ranks == sorted(ranks, reverse=True)
    assert ranks[0] > 5
    group, synonym, _ = found[0]
    assert synonym in opened.editor.group("toy", group).synonyms
    assert opened.live.weakest("toy", model, limit=3) == found[:3]


def test_the_weakest_of_a_version_are_ranked_once(opened, model, monkeypatch):
    found = opened.live.weakest("toy", model)
    monkeypatch.setattr(opened._workspace.library, "vectors", None)
    assert opened.live.weakest("toy", model) == found


def test_a_baseline_has_no_weakest(opened):
    with pytest.raises(BadParameter):
        opened.live.weakest("toy", "tfidf")


def test_marked_terms_reach_the_subject_that_runs_train_on(opened):
    one, other = concepts_of(opened, "train")[:2]
    edit(opened, MarkApart(one.standard, other.standard))
    subject = opened._workspace.measurer.subject(opened.dictionary("toy"))
    assert [(pair.standard, pair.synonym) for pair in subject.apart] == [(one.standard, other.standard)]
    assert build_training_set(subject.pairs, subject.split, subject.apart).apart.shape == (1, 2)
    assert not subject.same_concept(one.standard, other.standard)


def test_cutting_an_edge_divides_the_concept_in_the_next_split(opened):
    one, other = concepts_of(opened, "train")[:2]
    edit(opened, AddSynonyms(opened.editor.find("toy", one.standard)[0].id, (other.synonyms[0],)))
    joined = opened._workspace.measurer.subject(opened.dictionary("toy"))
    assert joined.same_concept(one.standard, other.standard)
    edit(opened, MarkApart(one.standard, other.synonyms[0]))
    cut = opened._workspace.measurer.subject(opened.dictionary("toy"))
    assert not cut.same_concept(one.standard, other.standard)
    assert not cut.same_concept(one.standard, other.synonyms[0])
