"""The map of a dictionary as the page and the command line are given it."""

import numpy as np
import pytest

from workbench.editing.edits import AddSynonyms
from workbench.embedding_map.colours import BY
from workbench.errors import BadParameter, InputError, NotFound
from workbench.normalise import term_key
from workbench.services import Services
from workbench.settings import Settings


@pytest.fixture(scope="module")
def base(tiny_model_folder):
    return str(tiny_model_folder)


@pytest.fixture
def opened(tmp_path, toy_csv):
    services = Services(Settings.from_env({}, home=tmp_path / "home", warm_worker=False, threads=1))
    services.save_dictionary("toy", services.preview_dictionary(toy_csv, "toy.csv"), source="toy.csv")
    yield services
    services.close()


def places(layout):
    return dict(zip(layout.terms, zip(layout.x.tolist(), layout.y.tolist(), strict=True), strict=True))


def test_every_term_has_a_place(workshop, base):
    layout = workshop.maps.layout("toy", base)
    assert len(set(layout.terms)) == len(layout.terms) == 270
    assert len(layout.groups) == len(layout.parts) == len(layout.is_standard) == 270
    assert layout.x.dtype == layout.y.dtype == np.float32
    assert np.abs(np.stack((layout.x, layout.y))).max() == pytest.approx(1, abs=1e-5)
    assert sum(layout.is_standard) == 90
    assert set(layout.parts) == {"train", "dev", "test"}
    assert 0.4 < layout.trustworthiness <= 1
    assert (layout.left_out, layout.updated, layout.before) == (0, 0, None)
    assert workshop.maps.layout("toy", base) is layout


def test_the_same_seed_gives_the_same_places_in_another_home(opened, workshop, base):
    for method in ("umap", "tsne", "pca"):
        assert places(opened.maps.layout("toy", base, method)) == places(
            workshop.maps.layout("toy", base, method)
        )


def test_a_trained_model_is_seen_to_pull_synonyms_together(workshop, base):
    layout = workshop.maps.layout("toy", "tuned", against=base)
    before = layout.before
    assert before.model == base
    assert before.synonym_distance_after < before.synonym_distance_before - 0.1
    assert 0 < before.synonym_distance_after < 0.9
    assert before.moved.shape == before.x.shape == (270,)
    assert np.allclose(before.moved, np.hypot(layout.x - before.x, layout.y - before.y), atol=1e-6)
    same = workshop.maps.layout("toy", base, against=base)
    assert same.before.synonym_distance_after == same.before.synonym_distance_before
    assert np.median(same.before.moved) < np.median(before.moved)


def test_an_added_term_is_on_the_map_at_once_and_nothing_jumps(opened, base):
    before = opened.maps.layout("toy", base)
    group = opened.editor.page("toy").groups[0]
    opened.editor.apply(
        "toy", AddSynonyms(group.id, ("abcdefgh",)), based_on=opened.dictionary("toy").version
    )
    after = opened.maps.layout("toy", base)
    assert after.version_id == opened.dictionary("toy").version_id != before.version_id
    assert after.updated == 1
    now = places(after)
    assert "abcdefgh" in now
    assert {term: now[term] for term in before.terms} == places(before)
    assert opened.maps.term("toy", base, "abcdefgh").standard == group.standard


def test_colours_of_every_kind(opened, base):
    preview = opened.corpora.preview(
        "\n".join(["abcd", *opened.maps.layout("toy", base).terms[:5] * 3]).encode(), "a.txt"
    )
    opened.corpora.save("text", preview, source="a.txt")
    layout = opened.maps.layout("toy", base)
    told = []
    for by in BY:
        colours = opened.maps.colours(
            "toy", base, by, layout=layout, progress=lambda share, _: told.append(share)
        )
        assert colours.by == by
        assert colours.values.shape == (270,)
        assert all(0 <= share <= 1 for share in told)
        assert colours.legend.zh != colours.legend.en
        if colours.kind == "categories":
            assert colours.values.dtype == np.int32
            assert set(colours.values.tolist()) <= {-1, *range(len(colours.names))}
        else:
            assert colours.low <= np.nanmin(colours.values)
            assert np.nanmax(colours.values) == colours.high
    assert len(told) >= 2  # ranks and frequencies


def test_colours_mean_what_they_say(opened, base):
    layout = opened.maps.layout("toy", base)
    maps, subject = opened.maps, opened._subject("toy")
    group = maps.colours("toy", base, "group", layout=layout)
    assert [group.names[value] for value in group.values] == list(layout.groups)
    part = maps.colours("toy", base, "part", layout=layout)
    titles = {"train": "Training", "dev": "Development", "test": "Test"}
    assert [part.names[value].en for value in part.values] == [titles[each] for each in layout.parts]
    component = maps.colours("toy", base, "component", layout=layout)
    concepts = [subject.split.component_of[term_key(term)] for term in layout.terms]
    assert len(set(zip(concepts, component.values.tolist(), strict=True))) == len(set(concepts)) == 90
    rank = maps.colours("toy", base, "rank", layout=layout)
    for i in range(0, 270, 30):
        assert maps.term("toy", base, layout.terms[i]).rank == rank.values[i]
    again = maps.colours("toy", base, "rank", layout=layout)
    assert np.array_equal(again.values, rank.values, equal_nan=True)


def test_terms_are_counted_in_raw_text(opened, base):
    layout = opened.maps.layout("toy", base)
    with pytest.raises(InputError) as refusal:
        opened.maps.colours("toy", base, "frequency", layout=layout)
    assert refusal.value.text("zh") != refusal.value.text("en")
    one, other = layout.terms[0], layout.terms[4]
    for name, text in (("a", f"{one} {one} und {other}\nx"), ("b", f"{other}!\n{one}{one}")):
        opened.corpora.save(name, opened.corpora.preview(text.encode(), f"{name}.txt"), source=name)
    counts = opened.maps.colours("toy", base, "frequency", layout=layout, corpus="a").values
    assert (counts[0], counts[4], counts.sum()) == (2, 1, 3)
    assert opened.maps.colours("toy", base, "frequency", layout=layout).values[4] == 2
    with pytest.raises(NotFound):
        opened.maps.colours("toy", base, "frequency", layout=layout, corpus="c")


def test_colours_belong_to_the_layout_also_after_an_edit(opened, base):
    layout = opened.maps.layout("toy", base)
    group = opened.editor.page("toy").groups[0]
    opened.editor.apply(
        "toy", AddSynonyms(group.id, ("abcdefgh",)), based_on=opened.dictionary("toy").version
    )
    for by in ("group", "component", "rank"):
        assert opened.maps.colours("toy", base, by, layout=layout).values.shape == (270,)
    assert len(opened.maps.lines("toy", base, layout=layout).a) == 180


def test_lines_are_synonym_pairs_the_least_alike_first(workshop, base):
    layout = workshop.maps.layout("toy", base)
    lines = workshop.maps.lines("toy", base, layout=layout)
    assert lines.a.dtype == lines.b.dtype == np.int32
    assert lines.similarity.dtype == np.float32
    assert (np.diff(lines.similarity) >= 0).all()
    pairs = {(layout.terms[a], layout.terms[b]) for a, b in zip(lines.a, lines.b, strict=True)}
    assert pairs == {(pair.standard, pair.synonym) for pair in workshop._subject("toy").pairs}
    a, b = layout.terms[lines.a[0]], layout.terms[lines.b[0]]
    assert workshop.similarity(a, b, base, "toy").cosine == pytest.approx(lines.similarity[0], abs=0.02)


def test_a_term_with_its_true_neighbours(workshop, base):
    term = workshop._subject("toy").pairs[0].synonym
    card = workshop.maps.term("toy", base, term, k=7)
    hits = workshop.neighbours(term, base, "toy", 7)
    assert [hit.term for hit in card.neighbours] == [hit.term for hit in hits]
    assert [hit.known_synonym for hit in card.neighbours] == [hit.known_synonym for hit in hits]
    assert card.standard == workshop._subject("toy").pairs[0].standard
    assert card.standard in card.synonyms
    assert term not in card.synonyms
    everything = workshop.maps.term("toy", base, term, k=200).neighbours
    first = next(i for i, hit in enumerate(everything, 1) if hit.known_synonym)
    assert card.rank == first
    with pytest.raises(NotFound):
        workshop.maps.term("toy", base, "no such term")


def test_a_limit_is_told(tmp_path, toy_csv, base):
    services = Services(Settings.from_env({}, home=tmp_path, warm_worker=False, threads=1, map_max_points=50))
    services.save_dictionary("toy", services.preview_dictionary(toy_csv, "toy.csv"), source="toy.csv")
    layout = services.maps.layout("toy", base, "pca")
    assert len(layout.terms) == 50
    assert layout.left_out == 220
    assert services.maps.colours("toy", base, "rank", layout=layout).values.shape == (50,)
    assert max(services.maps.lines("toy", base, layout=layout).b) < 50
    services.close()


def test_refusals_are_sentences(workshop, base):
    layout = workshop.maps.layout("toy", base, "pca")
    for ask, error in (
        (lambda: workshop.maps.layout("toy", "tfidf"), BadParameter),
        (lambda: workshop.maps.layout("toy", base, "mds"), BadParameter),
        (lambda: workshop.maps.layout("toy", base, against="tfidf"), BadParameter),
        (lambda: workshop.maps.layout("nowhere", base), NotFound),
        (lambda: workshop.maps.colours("toy", base, "taste", layout=layout), BadParameter),
        (lambda: workshop.maps.html("toy", base, by="taste"), BadParameter),
    ):
        with pytest.raises(error) as refusal:
            ask()
        assert len(refusal.value.text("zh")) > 5
        assert refusal.value.text("zh") != refusal.value.text("en")


def test_a_layout_can_be_stopped_and_begun_again(opened, base):
    class Enough(Exception):
        pass

    def stop(share, words):
        if "{" in words.get("zh") or "{" in words.get("en"):
            raise AssertionError(words)
        if share > 0.3 and "270" in words.get("en") and "Laying" in words.get("en"):
            raise Enough

    with pytest.raises(Enough):
        opened.maps.layout("toy", base, progress=stop)
    assert len(opened.maps.layout("toy", base).terms) == 270


def test_a_file_that_needs_nothing_else(workshop, base):
    page = workshop.maps.html("toy", "tuned", "pca", against=base, by="rank").decode()
    assert page.startswith("<!doctype html>")
    assert '"by":"rank"' in page
    assert "plotly.js v" in page
    assert "tuned" in page
    assert str(base) not in page  # a folder of this machine is nobody's business
    assert "{{" + "data}}" not in page
