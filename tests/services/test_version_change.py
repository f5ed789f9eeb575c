"""What changed between two versions: the parts of a difference add up, each question is where it belongs."""

import numpy as np
import pytest

from workbench.editing.edits import AddGroup, AddSynonyms, DeleteGroups, DeleteTerms, MarkApart
from workbench.errors import BadParameter, InputError, NotFound
from workbench.evaluation.benchmarks import benchmark_id
from workbench.evaluation.retrieval import Benchmark
from workbench.evaluation.toplists import LENGTH, Toplists
from workbench.evaluation.version_change import (
    ORIGINS,
    Shift,
    VersionScores,
    change_between,
    recall_at,
)
from workbench.services import Services
from workbench.settings import Settings
from workbench.types import Split

TOY = "toy"


@pytest.fixture
def services(tmp_path, toy_csv):
    opened = Services(Settings.from_env({}, home=tmp_path / "home", warm_worker=False, threads=1))
    opened.save_dictionary(TOY, opened.preview_dictionary(toy_csv, "toy.csv"), source="toy.csv")
    yield opened
    opened.close()


def edit(services, change):
    version = services.editor.status(TOY).version
    return services.editor.apply(TOY, change, based_on=version).info.version


def asked_groups(services):
    """A group whose synonyms are asked for, and another one: (id, standard, synonyms) each."""
    case = services.evaluation._case(benchmark_id("dictionary", TOY))
    found = []
    for query in case.headline.queries:
        (group,) = services.editor.find(TOY, query)
        if group.standard not in [each.standard for each in found]:
            found.append(group)
    return found


def texts(change, origin):
    return {each.query for each in change.questions[origin]}


def adds_up(shift):
    total = shift.same + shift.regraded + shift.came + shift.went
    assert total == pytest.approx(shift.after - shift.before, abs=1e-9)
    shown = shift.rounded()
    tenths = {name: round(10 * value) for name, value in shown.items()}
    assert sum(tenths[origin] for origin in ORIGINS) == tenths["difference"]
    assert tenths["after"] - tenths["before"] == tenths["difference"]
    for name, value in shown.items():
        exact = shift.after - shift.before if name == "difference" else getattr(shift, name)
        assert abs(value - exact) <= 0.1 + 1e-9, name


def test_a_synonym_that_is_added_is_a_question_that_came(services):
    board = services.evaluation.evaluate(f"dictionary:{TOY}", "tfidf")[0]
    group = asked_groups(services)[0]
    edit(services, AddSynonyms(group.id, ("qqqzzzxxx",)))
    change = services.version_change.compare(TOY, "tfidf")
    assert (change.before, change.after) == (1, 2)
    assert texts(change, "came") == {"qqqzzzxxx"}
    (came,) = change.questions["came"]
    assert (came.reason, came.before, came.answers) == ("new", None, (group.standard,))
    assert came.after > 1
    assert change.counts == {"same": board.metrics.queries, "regraded": 0, "came": 1, "went": 0}
    assert change.answered == 0
    now = services.evaluation.evaluate(f"dictionary:{TOY}", "tfidf")[0]
    for k, shift in change.shifts.items():
        adds_up(shift)
        assert shift.before == pytest.approx(board.metrics.recall[k], abs=1e-9)
        assert shift.after == pytest.approx(now.metrics.recall[k], abs=1e-9)
        assert shift.came == pytest.approx(shift.after - shift.before, abs=1e-9)
        assert shift.same == shift.went == shift.regraded == 0.0
        assert shift.common_before == shift.common_after == shift.before
    assert change.shifts[1].came < 0


def test_a_group_that_is_deleted_takes_its_questions_and_its_standard_term(services):
    group, other = asked_groups(services)[:2]
    services.evaluation.evaluate(f"dictionary:{TOY}", "tfidf")
    edit(services, DeleteGroups((group.id,)))
    change = services.version_change.compare(TOY, "tfidf")
    went = {each.query: each for each in change.questions["went"]}
    assert set(group.synonyms) <= set(went)
    assert {went[synonym].reason for synonym in group.synonyms} == {"deleted"}
    assert all(went[synonym].after is None and went[synonym].before for synonym in group.synonyms)
    assert not set(other.synonyms) & set(went)
    assert change.corpus == (change.corpus[0], change.corpus[0] - 1, 0, 1)
    for shift in change.shifts.values():
        adds_up(shift)


def test_a_new_standard_term_that_is_more_alike_changes_the_answer_of_the_same_question(services):
    group = asked_groups(services)[0]
    query = group.synonyms[0]
    services.evaluation.evaluate(f"dictionary:{TOY}", "tfidf")
    edit(services, AddGroup(f"{query} {query}", ("rrrkkkppp",)))
    change = services.version_change.compare(TOY, "tfidf")
    moved = {each.query: each for each in change.questions["same"]}
    assert moved[query].displaced
    assert moved[query].first_after == f"{query} {query}"
    assert moved[query].after == moved[query].before + 1
    assert change.answered == len(moved)
    assert change.corpus[2:] == (1, 0)
    assert change.shifts[1].same <= 0
    for shift in change.shifts.values():
        adds_up(shift)


def test_a_synonym_that_moves_to_a_second_group_has_other_right_answers(services):
    one, other = asked_groups(services)[:2]
    services.evaluation.evaluate(f"dictionary:{TOY}", "tfidf")
    edit(services, AddSynonyms(other.id, (one.synonyms[0],)))
    change = services.version_change.compare(TOY, "tfidf")
    regraded = {each.query: each for each in change.questions["regraded"]}
    assert {*one.synonyms, *other.synonyms} <= set(regraded)
    found = regraded[one.synonyms[0]]
    assert found.answers_before == (one.standard,)
    assert set(found.answers) == {one.standard, other.standard}
    assert change.counts["came"] == change.counts["went"] == 0
    for shift in change.shifts.values():
        adds_up(shift)


def test_a_mark_not_synonyms_takes_the_question_away(services):
    group = asked_groups(services)[0]
    services.evaluation.evaluate(f"dictionary:{TOY}", "tfidf")
    edit(services, MarkApart(group.standard, group.synonyms[0]))
    change = services.version_change.compare(TOY, "tfidf")
    assert group.synonyms[0] in texts(change, "went")
    for shift in change.shifts.values():
        adds_up(shift)


def test_versions_that_were_never_used_are_divided_alike_and_nothing_is_kept_of_them(services):
    for number in range(4):
        edit(services, AddGroup(f"standard{number}", (f"fresh{number}a", f"fresh{number}b")))
    store = services._workspace.dictionaries
    versions = [
        services._workspace.dictionaries.version(
            services.editor._history.step(services.dictionary(TOY), number).version_id
        )
        for number in (1, 2, 3, 4, 5)
    ]
    services.evaluation.evaluate(f"dictionary:{TOY}", "tfidf")  # the newest alone has a frozen split
    change = services.version_change.compare(TOY, "tfidf", 2, 4)
    assert [store.split(each.version_id) is not None for each in versions] == [False] * 4 + [True]
    hashes = {benchmark for _, benchmark in services._workspace.evaluations.measured_versions(versions[0].id)}
    assert len(hashes) == 1
    fresh = {f"fresh{number}{letter}" for number in (1, 2) for letter in "ab"}
    assert texts(change, "came") <= fresh
    assert change.counts["went"] == change.counts["regraded"] == 0
    against = services.version_change.compare(TOY, "tfidf", 1)
    assert (against.before, against.after) == (1, 5)
    assert {each.query[:5] for each in against.questions["came"]} <= {"fresh"}
    assert against.counts["went"] == 0


def test_before_is_where_the_board_was_last_measured(services):
    group = asked_groups(services)[0]
    with pytest.raises(InputError):
        services.version_change.compare(TOY, "tfidf")
    services.evaluation.evaluate(f"dictionary:{TOY}", "tfidf")
    edit(services, AddSynonyms(group.id, ("jjjqqq",)))
    edit(services, AddSynonyms(group.id, ("vvvwww",)))
    services.evaluation.evaluate(f"dictionary:{TOY}", "exact")
    assert services.version_change.versions(TOY) == (1, 3)
    assert services.version_change.versions(TOY, 2) == (1, 2)
    edit(services, DeleteTerms(group.id, ("jjjqqq",)))
    assert services.version_change.versions(TOY) == (3, 4)
    change = services.version_change.compare(TOY, "tfidf", 1, 2)
    assert texts(change, "came") == {"jjjqqq"}
    back = services.version_change.compare(TOY, "tfidf", 2, 1)
    assert texts(back, "went") == {"jjjqqq"}
    assert back.shifts[1].before == change.shifts[1].after
    assert services.version_change.versions(TOY) == (3, 4)


def test_what_was_encoded_is_not_encoded_again(services, tiny_model_folder, monkeypatch):
    model = str(tiny_model_folder)
    group = asked_groups(services)[0]
    services.evaluation.evaluate(f"dictionary:{TOY}", model)
    edit(services, AddSynonyms(group.id, ("abcabcabc",)))
    systems = services._workspace.measurer.systems
    measured = []
    real = systems.measure
    monkeypatch.setattr(
        systems, "measure", lambda system, case, *rest: measured.append(case) or real(system, case, *rest)
    )
    told = []
    change = services.version_change.compare(TOY, model, progress=lambda f, words: told.append(f))
    assert [case.headline.hash for case in measured] == [
        services.evaluation._case(f"dictionary:{TOY}").headline.hash
    ]
    assert told == sorted(told)
    assert services.version_change.compare(TOY, model) == change
    assert len(measured) == 1
    assert any(row.model == model for row in services.evaluation.board(f"dictionary:{TOY}").rows)
    for shift in change.shifts.values():
        adds_up(shift)


def test_what_is_stored_gives_the_recall_that_was_measured(services, tiny_model_folder):
    found = services.evaluation.evaluate(f"dictionary:{TOY}", str(tiny_model_folder))[0]
    case = services.evaluation._case(f"dictionary:{TOY}")
    top = services._workspace.measurer.toplists(case, str(tiny_model_folder))
    for k in (1, 5, 10):
        mean = 100 * recall_at(top, case.headline, k).mean()
        assert mean == pytest.approx(found.metrics.recall[k], abs=1e-9)


def test_what_cannot_be_compared_is_said(services):
    edit(services, AddSynonyms(asked_groups(services)[0].id, ("jjjqqq",)))
    with pytest.raises(BadParameter):
        services.version_change.compare(TOY, "tfidf", 2, 2)
    with pytest.raises(NotFound):
        services.version_change.compare(TOY, "tfidf", 1, 9)
    with pytest.raises(NotFound):
        services.version_change.compare("none", "tfidf")
    with pytest.raises(BadParameter):
        services.version_change.compare(TOY, "tfidf", 0, 1)


# -- the arithmetic alone ---------------------------------------------------------------------------


def scores(number, corpus, asked):
    """``asked``: query -> (right answers, rank of the best). Recall follows from the rank."""
    queries = tuple(asked)
    relevant = tuple(tuple(corpus.index(each) for each in answers) for answers, _ in asked.values())
    ranks = np.array([rank for _, rank in asked.values()], np.int32)
    benchmark = Benchmark(
        queries, queries, tuple(corpus), relevant, ((),) * len(queries), str(number), "test", "unseen"
    )
    q = len(queries)
    top = Toplists(
        np.zeros((q, LENGTH), np.int32), np.ones((q, LENGTH), np.float32), np.zeros(q, np.int32),
        np.ones(q, np.float32), ranks,
    )  # fmt: skip
    recall = {k: np.array([(rank <= k) / len(each) for (each, rank) in asked.values()]) for k in (1, 10)}
    split = Split(13, {"x": "test"}, dict.fromkeys(queries, "x"), frozenset(), "")
    return VersionScores(number, benchmark, split, recall, top)


def test_the_parts_are_those_worked_out_by_hand():
    before = scores(1, ["A", "B"], {"a": (["A"], 1), "b": (["B"], 1), "c": (["B"], 2), "d": (["A"], 20)})
    after = scores(2, ["A", "B", "C"], {"a": (["A"], 2), "c": (["B", "C"], 1), "e": (["C"], 1)})
    change = change_between("x", "m", before, after)
    assert change.counts == {"same": 1, "regraded": 1, "came": 1, "went": 2}
    shift = change.shifts[1]
    assert (shift.before, shift.after) == (50.0, 50.0)
    assert shift.went == 0.0  # of a and c one is right before, as of all four
    assert shift.same == -50.0  # a: 1 -> 0, over two
    assert shift.regraded == 25.0  # c: 0 -> 1/2, over two
    assert shift.came == 25.0
    assert (shift.common_before, shift.common_after) == (100.0, 0.0)
    adds_up(shift)


def test_without_a_common_question_it_says_so():
    before = scores(1, ["A"], {"a": (["A"], 1)})
    after = scores(2, ["B"], {"b": (["B"], 2)})
    change = change_between("x", "m", before, after)
    assert change.shifts[1].came == -100.0
    assert change.shifts[1].common_before is None
    assert "no question in common" in change.sentence.get("en")
    adds_up(change.shifts[1])


def test_lists_are_bounded_and_counts_are_not():
    before = scores(1, ["A"], {"a": (["A"], 1)})
    after = scores(2, ["A"], {"a": (["A"], 1), **{f"q{i}": (["A"], 2) for i in range(300)}})
    change = change_between("x", "m", before, after)
    assert change.counts["came"] == 300
    assert len(change.questions["came"]) == 200


def test_rounded_parts_add_up_whatever_they_are():
    rng = np.random.default_rng(0)
    for _ in range(2000):
        same, regraded, came, went = (
            float(each) * bool(rng.integers(0, 2)) for each in rng.normal(0, 3, 4).tolist()
        )
        before = float(rng.uniform(30, 60))
        after = before + same + regraded + came + went
        shift = Shift(before, after, same, regraded, came, went, None, None)
        adds_up(shift)
        shown = shift.rounded()
        assert all(shown[origin] == 0 for origin in ORIGINS if getattr(shift, origin) == 0)


def test_the_sentence_has_the_numbers_in_both_languages(services):
    services.evaluation.evaluate(f"dictionary:{TOY}", "tfidf")
    group = asked_groups(services)[0]
    edit(services, AddSynonyms(group.id, ("qqqzzzxxx",)))
    change = services.version_change.compare(TOY, "tfidf")
    shown = change.shifts[1].rounded()
    for language in ("zh", "en"):
        said = change.sentence.get(language)
        assert f"{shown['before']:.1f}" in said
        assert f"{shown['after']:.1f}" in said
        assert "{" not in said
    assert "questions that came (1)" in change.sentence.get("en")


def test_a_version_with_the_very_same_questions_is_not_taken_for_before(services):
    services.evaluation.evaluate(f"dictionary:{TOY}", "tfidf")
    edit(services, AddSynonyms(asked_groups(services)[0].id, ("jjjqqq",)))
    services.editor.undo(TOY, based_on=2)
    assert services.version_change.versions(TOY) == (2, 3)
