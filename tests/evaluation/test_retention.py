"""The general probe: what it holds, how it is scored, and what is measured of models and kept."""

import csv
import unicodedata

import numpy as np
import pytest

from workbench.evaluation.retaining import RetentionMeasurer
from workbench.evaluation.retention import (
    LANGUAGES,
    RetentionFigures,
    RetentionProbe,
    RetentionScore,
    load_probe,
    measure_retention,
    neighbour_overlap,
    overlap_sample,
    probes_for,
)
from workbench.models.lexical import CharTfidf
from workbench.normalise import term_key
from workbench.settings import ASSETS
from workbench.storage.database import Database
from workbench.storage.retentions import RetentionStore

SMALL = RetentionProbe("en", ("big", "cat", "sea"), ("large", "kitten", "ocean"), ("s", "y", "s"))
each_language = pytest.mark.parametrize("language", LANGUAGES)


def vectors(probe, wrong=0, dimension=None):
    """Vectors under which all items but the first ``wrong`` are right."""
    related = np.eye(len(probe), dimension or len(probe))
    terms = related.copy()
    terms[:wrong] = np.roll(related, 1, axis=0)[:wrong]
    return np.concatenate([terms, related]).astype(np.float32)


# -- what the probes hold -----------------------------------------------------------------------------


@each_language
def test_a_probe_is_large_and_no_text_occurs_twice(language):
    probe = load_probe(language)
    assert len(probe) >= 500
    assert len(probe.texts) == 2 * len(probe)
    assert len({term_key(text) for text in probe.texts}) == len(probe.texts)
    assert len(set(probe.relations)) >= 10
    for text in (*probe.texts, *probe.relations):
        assert text == unicodedata.normalize("NFKC", text).strip()
        assert text


@each_language
def test_a_probe_knows_no_trade(language):
    trade = set()
    for path in (ASSETS / "samples").glob("*.csv"):
        with path.open(encoding="utf-8", newline="") as handle:
            trade |= {term_key(cell) for row in csv.reader(handle) for cell in row}
    assert len(trade) > 3000
    assert not [text for text in load_probe(language).texts if term_key(text) in trade]


@pytest.mark.parametrize(("language", "most"), [("zh", 30), ("en", 10)])
def test_letters_do_not_give_the_answers_away(language, most):
    probe = load_probe(language)
    scores = CharTfidf().fit(probe.related)(probe.terms).toarray()
    own = scores.diagonal().copy()
    np.fill_diagonal(scores, -1)
    assert 100 * np.mean(scores.max(axis=1) < own - 1e-6) < most


def test_the_languages_of_a_model_choose_its_probes():
    names = [[probe.language for probe in probes_for(each)] for each in (("en",), ("zh", "en", "ja"), ())]
    assert names == [["en"], ["zh", "en"], ["zh", "en"]]
    assert probes_for(("ja",)) == []
    with pytest.raises(ValueError, match="'ja'"):
        load_probe("ja")


# -- how they are scored ------------------------------------------------------------------------------


def test_the_score_is_the_share_of_terms_whose_related_one_is_nearest():
    assert SMALL.score(vectors(SMALL)) == 100
    assert SMALL.score(7 * vectors(SMALL)) == 100  # length says nothing
    assert SMALL.score(vectors(SMALL, wrong=2)) == pytest.approx(100 / 3)


def test_a_tie_and_what_is_no_number_count_against_the_model():
    assert SMALL.score(np.ones((6, 4))) == 0
    assert SMALL.score(np.zeros((6, 4))) == 0
    assert SMALL.score(np.full((6, 4), np.nan)) == 0
    with pytest.raises(ValueError, match="6 texts"):
        SMALL.score(np.ones((5, 4)))


@each_language
def test_the_score_is_that_of_a_plain_loop(language):
    probe = load_probe(language).sample(60)
    rng = np.random.default_rng(3)
    related = rng.normal(size=(60, 12))
    given = np.concatenate([related + rng.normal(size=(60, 12)), related])
    right = 0
    for i in range(60):
        cosines = [
            given[i] @ given[60 + j] / np.linalg.norm(given[i]) / np.linalg.norm(given[60 + j])
            for j in range(60)
        ]
        right += int(np.argmax(cosines)) == i
    assert 0 < right < 60
    assert probe.score(given) == pytest.approx(100 * right / 60)


@each_language
def test_a_sample_is_fixed_nested_and_of_all_relations(language):
    whole = load_probe(language)
    small, large = whole.sample(100), whole.sample(150)
    assert small == whole.sample(100)
    assert (len(small), len(large)) == (100, 150)
    pairs = set(zip(whole.terms, whole.related, whole.relations, strict=True))
    assert set(zip(small.terms, small.related, small.relations, strict=True)) <= pairs
    assert set(small.terms) < set(large.terms)
    for relation in set(whole.relations):
        share = whole.relations.count(relation) / len(whole)
        assert abs(large.relations.count(relation) - 150 * share) <= 1
    assert len(whole.sample(10_000)) == len(whole)
    assert small.hash != whole.hash


@each_language
def test_a_sample_falls_with_the_whole(language):
    whole = load_probe(language)
    sample = whole.sample(150)
    places = [whole.texts.index(text) for text in sample.texts]
    rng = np.random.default_rng(0)
    related = rng.normal(size=(len(whole), 24))
    clean = np.concatenate([related + 0.5 * rng.normal(size=related.shape), related])
    scores = []
    for noise in (0.0, 0.5, 1.0, 2.0):
        spoiled = clean + noise * rng.normal(size=clean.shape)
        scores.append((whole.score(spoiled), sample.score(spoiled[places])))
    assert scores == sorted(scores, reverse=True)
    assert scores[0][0] - scores[-1][0] > 50
    assert scores[0][1] - scores[-1][1] > 50


def test_measuring_asks_for_vectors_once_for_each_language():
    asked = []

    def vectors_of(texts):
        asked.append(len(texts))
        return np.random.default_rng(0).normal(size=(len(texts), 8))

    scores = measure_retention(vectors_of, ("zh", "en"))
    assert asked == [2 * len(load_probe(language)) for language in scores]
    assert all(score < 5 for score in scores.values())  # chance


# -- neighbours ---------------------------------------------------------------------------------------


def test_neighbours_overlap_wholly_with_a_turned_copy_and_hardly_with_noise():
    rng = np.random.default_rng(1)
    given = rng.normal(size=(400, 16))
    turned = 3 * given @ np.linalg.qr(rng.normal(size=(16, 16)))[0]
    assert neighbour_overlap(given, turned) == pytest.approx(100)
    assert neighbour_overlap(given, rng.normal(size=(400, 8))) < 6  # 10 of 399 by chance: 2.5 %
    near = given + 0.2 * rng.normal(size=given.shape)
    assert 30 < neighbour_overlap(given, near) < 95


def test_neighbours_are_counted_without_the_text_itself():
    line = np.array([[1.0, 0.0], [0.9, 0.1], [0.0, 1.0]])
    other = np.array([[1.0, 0.0], [0.1, 1.0], [0.0, 1.0]])
    # nearest under line: 1, 0, 1; under other: 1, 2, 1
    assert neighbour_overlap(line, other, k=1) == pytest.approx(200 / 3)
    assert neighbour_overlap(line, other, k=10) == 100  # both others, whatever the order
    assert neighbour_overlap(line[:1], other[:1]) == 100
    with pytest.raises(ValueError, match="3 and 2"):
        neighbour_overlap(line, other[:2])


def test_the_sample_for_overlaps_is_fixed_and_holds_each_term_once():
    terms = [f"term {i}" for i in range(900)]
    chosen = overlap_sample([*terms, "TERM 3"])
    assert chosen == overlap_sample(reversed(terms))
    assert len(chosen) == 500
    assert overlap_sample(["a", "A", "b"]) == ("a", "b")


# -- what is said -------------------------------------------------------------------------------------


@pytest.mark.parametrize(("model", "said"), [(59.0, False), (58.9, True), (61.0, False), (20.0, True)])
def test_a_fall_of_more_than_a_point_is_said_in_both_languages(model, said):
    figures = RetentionFigures({"en": RetentionScore(70.0, 70.0), "zh": RetentionScore(model, 60.0)}, {})
    warning = figures.warning()
    assert (warning is not None) is said
    if warning:
        points = f"{60 - model:.1f}"
        assert f"退步 {points} 个百分点" in warning.get("zh")
        assert f"fell by {points} points" in warning.get("en")
        assert "merge" in warning.get("en")


def test_a_language_that_the_base_never_knew_is_no_loss():
    figures = RetentionFigures({"zh": RetentionScore(1.0, 12.0), "en": RetentionScore(60.0, 80.0)}, {})
    assert figures.fall == 20
    assert figures.keeps == pytest.approx(75)
    alone = RetentionFigures({"zh": RetentionScore(1.0, 12.0)}, {})
    assert (alone.fall, alone.keeps, alone.warning()) == (0, None, None)


def test_figures_as_they_stand_in_a_run():
    figures = RetentionFigures({"en": RetentionScore(68.123, 70.456)}, {"general": 81.2345})
    assert figures.as_json() == {
        "en": {"base": 70.46, "model": 68.12, "difference": -2.33},
        "overlap": {"general": 81.23},
    }
    base = RetentionFigures({"en": RetentionScore(70.0)}, {})
    assert base.as_json()["en"] == {"base": None, "model": 70.0, "difference": None}
    assert base.keeps is None


# -- what is measured of models and kept --------------------------------------------------------------


def test_a_run_leaves_its_retention_beside_its_base(workshop):
    run = workshop.run("tuned")
    kept = run.result["retention"]
    assert set(kept) == {"zh", "en", "overlap"}
    for language in LANGUAGES:
        row = kept[language]
        assert row["difference"] == pytest.approx(row["model"] - row["base"], abs=0.011)
    assert set(kept["overlap"]) == {"general", "dictionary"}
    assert 0 < kept["overlap"]["general"] < 100
    assert workshop.retention("tuned").as_json() == kept


def test_what_is_stored_is_found_without_encoding_anything(workshop, monkeypatch):
    base = workshop.run("tuned").base_model
    workspace = workshop._workspace

    def refuse(*_, **__):
        raise AssertionError("encoded")

    monkeypatch.setattr(type(workspace.library), "vectors_of_folder", refuse)
    known = workspace.retention_of(["tuned", base, "tfidf", "no such model"])
    assert set(known) == {"tuned", base}
    assert known["tuned"].scores["zh"].base == known[base].scores["zh"].model
    assert known[base].scores["zh"].base is None
    assert known[base].overlap == {}
    assert workshop.retention("tuned").scores == known["tuned"].scores  # measured once


def test_a_mapped_model_is_measured_from_its_bases_vectors(workshop, tmp_path, monkeypatch):
    """What a map over the base gives is what the saved model gives, and the base is encoded once."""
    from workbench.models.mapped import mapped_vectors
    from workbench.storage.artifacts import staged_folder

    library = workshop._workspace.library
    source, texts = library.folder(workshop.run("tuned").base_model), ["plain", "sea", "混凝土"]
    base, mapped = tmp_path / "base", tmp_path / "mapped"
    from workbench.models.adapter import append_dense, copy_model

    with staged_folder(base, needs_bytes=0, extra={}) as out:
        copy_model(source, out)
    own = library.vectors_of_folder(base, texts)
    size = own.shape[1]
    rng = np.random.default_rng(0)
    with staged_folder(mapped, needs_bytes=0, extra={}) as out:
        append_dense(
            base,
            out,
            rng.normal(size=(size, size)).astype(np.float32),
            rng.normal(size=size).astype(np.float32),
        )
    moved = mapped_vectors(base, mapped, own)
    np.testing.assert_allclose(moved, library.vectors_of_folder(mapped, texts), atol=1e-5)
    assert np.abs(moved - own).max() > 0.1
    assert mapped_vectors(mapped, base, own) is None
    assert mapped_vectors(source, mapped, own) is None  # somebody's own folder: its files have no hashes
    with staged_folder(tmp_path / "other", needs_bytes=0, extra={}) as out:
        append_dense(base, out, np.eye(size, dtype=np.float32), np.zeros(size, np.float32))
        config = out / "config.json"
        text = config.read_text()
        config.unlink()
        config.write_text(text + "\n")  # another base by one byte
    assert mapped_vectors(base, tmp_path / "other", own) is None


def test_a_spoiled_model_falls_and_is_warned_of(tmp_path):
    probe = load_probe("en")

    class Library:
        """A base that knows 90 % of the English probe and none of its Chinese, and a model of 70 %."""

        def bases(self):
            return []

        def base_of(self, model):
            return "base" if model == "spoiled" else None

        def fingerprint(self, model, progress=None):
            return f"print-{model}"

        def folder(self, model, progress=None):
            return tmp_path / model

        def missing(self, model, texts):
            return 0

        def is_here(self, model):
            return True

        def vectors(self, model, texts, progress=None):
            if tuple(texts) == probe.texts:
                return vectors(probe, wrong=len(probe) * (1 if model == "base" else 3) // 10)
            return np.ones((len(texts), 3), np.float32)

    database = Database(tmp_path / "workbench.db")
    measurer = RetentionMeasurer(RetentionStore(database), Library())
    figures = measurer.measure("spoiled", ["one", "two", "three"])
    assert figures.scores["en"].base == pytest.approx(90, abs=0.2)
    assert figures.fall == pytest.approx(20, abs=0.2)
    assert figures.keeps == pytest.approx(77.8, abs=0.2)
    assert figures.warning() is not None
    assert measurer.stored(["spoiled", "base"], ["one", "two", "three"])["spoiled"] == figures
    database.close()


@pytest.mark.model
def test_the_default_model_knows_most_of_both_probes_and_a_spoiled_copy_does_not(bundled_settings):
    from workbench.models.catalogue import default_spec, prepare
    from workbench.models.encoder import TextEncoder
    from workbench.models.loading import load_model

    encoder = TextEncoder(load_model(prepare(default_spec().id, bundled_settings, None)))
    for language in LANGUAGES:
        probe = load_probe(language).sample(150)
        given = encoder.encode(probe.texts)
        score = probe.score(given)
        assert 45 < score < 85
        rng = np.random.default_rng(0)
        spoiled = given + 0.05 * rng.normal(size=given.shape)
        assert probe.score(spoiled) < score - 10


def test_the_board_shows_what_a_model_keeps(workshop):
    from workbench.documents import row_document
    from workbench.evaluation.board_export import board_csv

    rows = workshop.leaderboard("toy").rows
    tuned = next(row for row in rows if row.model == "tuned")
    assert tuned.retention.as_json() | {"overlap": {}} == workshop.run("tuned").result["retention"] | {
        "overlap": {}
    }
    assert row_document("toy", tuned, "en")["retention"]["zh"]["model"] is not None
    known = RetentionFigures({"zh": RetentionScore(54.0, 60.0), "en": RetentionScore(66.0, 66.0)}, {})
    import dataclasses

    lines = board_csv([dataclasses.replace(tuned, retention=known), rows[-1]]).splitlines()
    table = [dict(zip(lines[0].split(","), next(csv.reader([line])), strict=True)) for line in lines[1:]]
    assert [table[0][name] for name in ("retention", "retention_difference")] == ["90.00", "-6.00"]
    assert [table[0][name] for name in ("retention_zh", "retention_en")] == ["54.00", "66.00"]
    baseline = next(row for row in rows if row.kind == "baseline")
    assert baseline.retention is None
