"""A model proposes merges, misplaced terms and synonyms of a corpus; what was rejected never comes again."""

from dataclasses import replace
from zlib import crc32

import numpy as np
import pytest
import torch

from workbench.editing.edits import AddSynonyms, MakeStandard, MarkApart, MergeGroups
from workbench.errors import BadParameter, NotFound, Stopped
from workbench.evaluation.split import part_of
from workbench.localtext import LocalText
from workbench.search.matching import Matcher
from workbench.services import Services
from workbench.services.proposing import shared_part
from workbench.settings import Settings
from workbench.storage.suggestions import Proposal
from workbench.training.dataset import build_training_set
from workbench.training.losses import MarkedApart
from workbench.types import Pair, Split

GROUPS = 120


@pytest.fixture
def world(tmp_path, monkeypatch):
    """A dictionary whose "model" knows that concepts 0 and 1 are one, and that a term of 2 belongs to 3."""
    services = Services(Settings.from_env({}, home=tmp_path, warm_worker=False, threads=1))
    pairs = [Pair(f"c{n} std", f"c{n} {letter}") for n in range(GROUPS) for letter in "xyz"]
    services._workspace.dictionaries.save("d", pairs, language="en", source="d.csv")
    centres = np.random.default_rng(4).normal(size=(GROUPS, 32))
    centres[1] = centres[0] + 0.05

    def vectors(model, texts, progress=None):
        rows = []
        for text in texts:
            number = int("".join(filter(str.isdigit, text.split()[0])) or 0)
            number = 3 if text == "c2 y" else number
            noise = np.random.default_rng(crc32(text.encode())).normal(size=32)
            rows.append(centres[number] + 0.35 * noise)
        array = np.array(rows, np.float32).reshape(-1, 32)
        return array / np.linalg.norm(array, axis=1, keepdims=True)

    library = services._workspace.library
    monkeypatch.setattr(library, "vectors", vectors)
    monkeypatch.setattr(library, "fingerprint", lambda model, progress=None: model)
    yield services
    services.close()


def queue(services, label):
    found, _ = services.suggestions.page("d", size=500)
    return [each for each in found if each.label == label]


def test_groups_that_are_one_come_first_and_are_merged_by_a_yes(world):
    done = world.proposer.propose("d", "m", ["merges"])
    assert done.new["merges"] == done.found["merges"] >= 1
    best = queue(world, 1.0)[0]
    assert {best.first, best.second} == {"c0 std", "c1 std"}
    assert best.score > 0.5
    assert "c0" in best.reason.get("zh")
    world.suggestions.accept([best.id])
    (group,) = [g for g in world.groups_page("d", size=500)[0] if g.standard == best.first]
    assert len(group.synonyms) == 7


def test_a_misplaced_term_is_proposed_and_marked_by_a_yes(world):
    world.proposer.propose("d", "m", ["strays"])
    (stray,) = [each for each in queue(world, 0.0) if each.second == "c2 y"]
    assert stray.first == "c2 std"
    assert len(queue(world, 0.0)) < 20
    world.suggestions.accept([stray.id])
    assert [(pair.standard, pair.synonym) for pair in world.editor.apart("d")] == [("c2 std", "c2 y")]


def test_what_was_rejected_or_marked_never_comes_again(world):
    world.proposer.propose("d", "m", ["merges"])
    best = queue(world, 1.0)[0]
    world.suggestions.reject([best.id])
    again = world.proposer.propose("d", "m", ["merges"])
    assert again.new["merges"] == 0
    assert best.id not in {each.id for each in queue(world, 1.0)}
    world.editor.apply("d", MarkApart("c2 std", "c2 y"), based_on=world.editor.status("d").version)
    world.proposer.propose("d", "m", ["strays"])
    assert "c2 y" not in {each.second for each in queue(world, 0.0)}


def test_terms_of_a_corpus_are_proposed_for_the_group_they_belong_to(world):
    lines = [f"{word} c7 widget {word}." for word in ("here", "twice", "again", "today", "now")] * 2
    world.corpora.save("raw", world.corpora.preview("\n".join(lines).encode(), "raw.txt"), source="raw.txt")
    done = world.proposer.propose("d", "m", ["corpus"], corpora=["raw"])
    assert done.new["corpus"] >= 1
    assert ("c7 std", "c7 widget") in {(each.first, each.second) for each in queue(world, 1.0)}


def test_refusals(world):
    for what in ([], ["nothing"], ["corpus"]):
        with pytest.raises(BadParameter):
            world.proposer.propose("d", "m", what)
    with pytest.raises(NotFound):
        world.proposer.propose("d", "m", ["corpus"], corpora=["none"])


def test_a_dictionary_of_one_concept_has_nothing_elsewhere():
    pairs = [Pair("a", "b"), Pair("a", "c")]
    split = Split(0, {"a": "dev"}, dict.fromkeys("abc", "a"), frozenset(), "h")
    matcher = Matcher(pairs, ["a", "b", "c"], np.eye(3), split)
    assert matcher.elsewhere() == []


def found(services, what, **more):
    """What is proposed of one kind, as pairs."""
    services.proposer.propose("d", "m", [what], **more)
    queued, _ = services.suggestions.page("d", what=what, size=500)
    return {(each.first, each.second): each for each in queued}


def edit(services, change):
    return services.editor.apply("d", change, based_on=services.editor.status("d").version)


def group_of(services, standard):
    return next(group for group in services.editor.find("d", standard) if group.standard == standard)


def test_a_single_term_next_to_another_group_is_a_pair_and_is_added_by_a_yes(world):
    pair = found(world, "pairs")["c3 std", "c2 y"]
    assert pair.details["home"] == "c3 std"
    assert pair.details["term"] == "c2 y"
    assert pair.details["nearest"].startswith("c3 ")
    assert ("c0 std", "c1 std") not in found(world, "pairs")  # whole groups are merged, not paired
    world.suggestions.accept([pair.id])
    assert "c2 y" in group_of(world, "c3 std").synonyms


def test_a_misplaced_term_of_a_large_group_is_no_reason_to_merge(world):
    edit(world, AddSynonyms(group_of(world, "c2 std").id, ("c2 v", "c2 w")))
    assert frozenset(("c2 std", "c3 std")) not in {frozenset(pair) for pair in found(world, "merges")}
    assert ("c3 std", "c2 y") in found(world, "pairs")


def test_one_question_at_a_time_about_a_term(world):
    world.proposer.propose("d", "m")
    about = [each.what for each in queue(world, 0.0) + queue(world, 1.0) if each.second == "c2 y"]
    assert about == ["strays"]


def test_whether_two_groups_are_one_is_asked_before_whether_a_term_is_misplaced(world, monkeypatch):
    monkeypatch.setattr("workbench.services.proposing.UNLIKELY", 0.0)
    world.proposer.propose("d", "m")
    merges = {frozenset((each.first, each.second)) for each in queue(world, 1.0) if each.what == "merges"}
    strays = [frozenset((each.first, each.details["home"])) for each in queue(world, 0.0)]
    assert merges
    assert not merges & set(strays)


def test_a_misplaced_term_is_found_between_groups_that_are_known_to_be_two(world):
    edit(world, MarkApart("c2 std", "c3 std"))
    assert ("c2 std", "c2 y") in found(world, "strays")
    assert ("c3 std", "c2 y") not in found(world, "pairs")


def test_a_term_that_was_put_out_of_its_group_is_proposed_for_the_one_that_it_belongs_to(world):
    stray = found(world, "strays")["c2 std", "c2 y"]
    world.suggestions.accept([stray.id])
    assert world.editor.find("d", "c2 y") == ()
    again = found(world, "pairs")
    assert ("c3 std", "c2 y") in again
    assert ("c2 std", "c2 y") not in again
    assert "no group" in again["c3 std", "c2 y"].reason.get("en")


@pytest.mark.parametrize("swapped", [True, False])
def test_a_rejected_pair_comes_from_no_other_source_in_no_order(world, swapped):
    merge = next(iter(found(world, "merges").values()))
    world.suggestions.reject([merge.id])
    pair = (merge.second, merge.first) if swapped else (merge.first, merge.second)
    store, info = world._workspace.suggestions, world.dictionary("d")
    proposals = [Proposal(*pair), Proposal(*(f" {term.upper()}" for term in pair))]
    assert store.add("synonym", proposals, source="generation:x", dictionary_id=info.id) == 0
    assert store.add("synonym", proposals, source="model:y", dictionary_id=info.id, renew=True) == 0
    assert world.suggestions.get(merge.id) == replace(
        merge, state="rejected", decided_at=world.suggestions.get(merge.id).decided_at
    )


def test_a_rejected_merge_does_not_come_back_under_another_name(world):
    merge = next(each for each in found(world, "merges").values() if "c0" in each.first + each.second)
    world.suggestions.reject([merge.id])
    for number in (0, 1):
        edit(world, MakeStandard(group_of(world, f"c{number} std").id, f"c{number} x"))
    for what in ("merges", "pairs"):
        both = {frozenset(term[:2] for term in pair) for pair in found(world, what)}
        assert frozenset(("c0", "c1")) not in both


def test_a_term_that_the_expert_said_is_well_placed_is_not_asked_about_again(world):
    stray = found(world, "strays")["c2 std", "c2 y"]
    world.suggestions.reject([stray.id])
    assert world.editor.apart("d") == []
    edit(world, MakeStandard(group_of(world, "c2 std").id, "c2 x"))
    assert {pair[1] for pair in found(world, "strays")} & {"c2 y"} == set()


def test_behind_a_rejected_neighbour_the_next_one_is_seen():
    pairs = [Pair(f"g{n}", f"g{n} x") for n in range(60)]
    terms = [term for pair in pairs for term in (pair.standard, pair.synonym)]
    rng = np.random.default_rng(3)
    centres = rng.normal(size=(60, 16))
    centres[1], centres[2] = centres[0] + 0.05, centres[0] + 0.1
    vectors = np.repeat(centres, 2, axis=0) + 0.01 * rng.normal(size=(120, 16))
    keys = {term: term.split()[0] for term in terms}
    split = Split(0, dict.fromkeys(set(keys.values()), "dev"), keys, frozenset(), "h")
    matcher = Matcher(pairs, terms, vectors, split)
    near = {each.term: each.nearest_standard for each in matcher.elsewhere()}
    assert near["g0"] == "g1"
    first = matcher.elsewhere()
    assert matcher.passing_over(first, []) == first
    near = {each.term: each.nearest_standard for each in matcher.passing_over(first, [("G1 X", "g0")])}
    assert len(near) == len(first)
    assert near["g0"] == near["g0 x"] == "g2"
    assert near["g1"] == "g2"
    (new,) = matcher.strangers(["new"], vectors[:1], apart=[("new", "g0"), ("g1", "new"), ("?", "new")])
    assert (new.nearest_standard, new.standard, new.own) == ("g2", "", -1.0)
    assert matcher.strangers([], np.empty((0, 16))) == []


def test_what_waits_gets_the_score_of_the_newest_look_and_what_is_decided_keeps_its_own(world):
    before = found(world, "merges")
    waits, *decided = before.values()
    world.suggestions.reject([each.id for each in decided])
    with world._workspace.database.write() as db:
        db.conn.execute("UPDATE suggestions SET score = 0.01")
    world.proposer.propose("d", "other", ["merges"])
    now = world.suggestions.get(waits.id)
    assert (now.score, now.source) == (pytest.approx(waits.score), "model:other")
    assert [world.suggestions.get(each.id).score for each in decided] == [0.01] * len(decided)


def test_what_no_longer_holds_is_withdrawn_and_what_others_proposed_stays(world):
    merge = next(each for each in found(world, "merges").values() if "c0" in each.first + each.second)
    store, info = world._workspace.suggestions, world.dictionary("d")
    store.add("synonym", [Proposal("c0 std", "c1 x")], source="generation:x", dictionary_id=info.id)
    groups = tuple(group_of(world, f"c{number} std").id for number in (0, 1))
    edit(world, MergeGroups(groups, groups[0]))
    done = world.proposer.propose("d", "m", ["merges"])
    assert done.withdrawn == 1
    with pytest.raises(NotFound):
        world.suggestions.get(merge.id)
    assert [each.source for each in queue(world, 1.0) if each.second == "c1 x"] == ["generation:x"]


def test_where_there_are_too_many_the_wanted_ones_are_kept(world, monkeypatch):
    monkeypatch.setattr("workbench.services.proposing.UNLIKELY", 0.0)
    every = {each.score for each in found(world, "pairs", most=10_000).values()}
    assert len(every) > 20
    rows = "DELETE FROM suggestions"
    kept = {}
    for by in ("probability", "uncertainty", "mixed"):
        with world._workspace.database.write() as db:
            db.conn.execute(rows)
        kept[by] = {each.score for each in found(world, "pairs", most=8, by=by).values()}
    assert kept["probability"] == set(sorted(every, reverse=True)[:8])
    assert kept["uncertainty"] == set(sorted(every, key=lambda score: abs(score - 0.5))[:8])
    assert len(kept["mixed"]) == 8
    assert max(every) in kept["mixed"]
    assert min(every, key=lambda score: abs(score - 0.5)) in kept["mixed"]


def test_a_look_that_is_stopped_puts_nothing_into_the_queue(world):
    def stop(fraction, words):
        raise Stopped(LocalText("停", "stop"))

    with pytest.raises(Stopped):
        world.proposer.propose("d", "m", progress=stop)
    assert world.suggestions.page("d")[1] == 0


def test_a_rejected_pair_is_a_hard_negative_of_the_next_training(world):
    info = world.dictionary("d")
    split = world._workspace.measurer.subject(info).split
    trained = [f"c{n}" for n in range(GROUPS) if part_of(f"c{n} std", split) == "train"][:2]
    pair = [f"{name} std" for name in trained]
    store = world._workspace.suggestions
    store.add("synonym", [Proposal(*pair)], source="model:m", dictionary_id=info.id)
    world.suggestions.reject([queue(world, 1.0)[0].id])
    subject = world._workspace.measurer.subject(world.dictionary("d"))
    data = build_training_set(subject.pairs, subject.split, subject.apart)
    assert [{data.terms[a], data.terms[b]} for a, b in data.apart] == [set(pair)]
    rows = [i for i, (a, b) in enumerate(zip(data.anchors, data.positives, strict=True)) if pair[0] in
            (data.terms[a], data.terms[b])]  # fmt: skip
    marked = MarkedApart(data.apart)
    hard = marked.of_batch(torch.from_numpy(data.anchors[rows]), torch.from_numpy(data.positives[rows]))
    assert [data.terms[number] for number in hard.texts] == [pair[1]]
    assert (hard.of_anchors | hard.of_positives).all()


def test_what_two_terms_have_in_common_as_written():
    assert shared_part("预拌混凝土", "商品混凝土") == "混凝土"
    assert shared_part("Ready-mix", "readymade") == "ready"
    assert shared_part("砼", "混凝土") == ""


def test_neighbours_know_of_an_accepted_suggestion_at_once(world):
    def known():
        return {hit.term for hit in world.neighbours("c0 std", "m", "d", k=12) if hit.known_synonym}

    merge = next(each for each in found(world, "merges").values() if "c0" in each.first + each.second)
    assert "c1 std" not in known()
    world.suggestions.accept([merge.id])
    assert "c1 std" in known()
    world.suggestions.undo([merge.id])
    assert "c1 std" not in known()
