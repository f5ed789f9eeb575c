"""A model proposes merges, misplaced terms and synonyms of a corpus; what was rejected never comes again."""

from zlib import crc32

import numpy as np
import pytest

from workbench.editing.edits import MarkApart
from workbench.errors import BadParameter, NotFound
from workbench.search.matching import Matcher
from workbench.services import Services
from workbench.settings import Settings
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
