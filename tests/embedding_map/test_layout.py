"""Layouts that are kept, and what an edit does to them."""

import numpy as np
import pytest

from workbench.embedding_map.kept import VERSIONS_KEPT, KeptLayouts
from workbench.embedding_map.layout import Space, lay_out
from workbench.embedding_map.projection import unit
from workbench.normalise import digest


class Asked:
    """Vectors by term, and how often they were asked for."""

    def __init__(self, turned=0.0):
        self.times = 0
        self.turned = turned

    def space(self, terms, lineage="a"):
        def vectors():
            self.times += 1
            # Terms are "<concept>-<number>": those of a concept are near each other.
            rows = [
                np.random.default_rng(int(term.split("-")[0])).normal(size=12)
                + (0.3 + self.turned) * np.random.default_rng(int(digest(term)[:8], 16)).normal(size=12)
                for term in terms
            ]
            return unit(np.array(rows))

        return Space(lineage, vectors)


@pytest.fixture
def terms():
    return tuple(f"{concept}-{number}" for concept in range(40) for number in range(5))


@pytest.fixture
def kept(tmp_path):
    return KeptLayouts(tmp_path / "maps")


def places(placed):
    return {term: tuple(row) for term, row in zip(placed.terms, placed.columns.tolist(), strict=True)}


def test_a_layout_is_computed_once(terms, kept, tmp_path):
    asked = Asked()
    first = lay_out(terms, asked.space(terms), "umap", kept)
    again = lay_out(terms, asked.space(terms), "umap", KeptLayouts(tmp_path / "maps"))
    assert asked.times == 1
    assert np.array_equal(first.columns, again.columns)
    assert first.trust == again.trust
    elsewhere = lay_out(terms, asked.space(terms), "umap", KeptLayouts(tmp_path / "other"))
    assert np.array_equal(first.columns, elsewhere.columns)
    other = lay_out(terms, asked.space(terms, "another model"), "umap", kept)
    assert asked.times == 3
    assert not other.added.any()


def test_adding_one_term_moves_no_other_and_puts_it_beside_its_own(terms, kept):
    asked = Asked()
    before = places(lay_out(terms, asked.space(terms), "umap", kept))
    more = (*terms[:77], "15-9", *terms[77:])
    placed = lay_out(more, asked.space(more), "umap", kept)
    now = places(placed)
    assert all(now[term] == before[term] for term in terms)
    assert [term for term, added in zip(more, placed.added, strict=True) if added] == ["15-9"]
    own = np.array([now[f"15-{k}"] for k in range(5)])
    others = np.array([now[term] for term in terms if not term.startswith("15-")])
    here = np.array(now["15-9"])
    assert np.linalg.norm(own - here, axis=1).min() < np.linalg.norm(others - here, axis=1).min()


def test_removing_and_undoing_moves_nothing(terms, kept):
    asked = Asked()
    before = places(lay_out(terms, asked.space(terms), "umap", kept))
    fewer = terms[:10] + terms[13:]
    now = lay_out(fewer, asked.space(fewer), "umap", kept)
    assert places(now) == {term: before[term] for term in fewer}
    assert now.gone == 3
    assert places(lay_out(terms, asked.space(terms), "umap", kept)) == before
    assert asked.times == 1


def test_much_change_is_a_new_layout_turned_onto_the_old_one(terms, kept):
    asked = Asked()
    before = places(lay_out(terms, asked.space(terms), "pca", kept))
    added = tuple(f"{concept}-7" for concept in range(30))
    placed = lay_out(terms + added, asked.space(terms + added), "pca", kept)
    assert not placed.added.any()
    now = places(placed)
    old, new = (np.array([each[term] for term in terms]) for each in (before, now))
    assert not np.array_equal(old, new)
    assert np.corrcoef(old[:, 0], new[:, 0])[0, 1] > 0.8
    assert np.corrcoef(old[:, 1], new[:, 1])[0, 1] > 0.8


def test_small_changes_add_up(terms, kept):
    asked = Asked()
    lay_out(terms, asked.space(terms), "pca", kept)
    grown, laid_out_anew = terms, []
    for step in range(4):
        grown = grown + tuple(f"{step}-{number}" for number in range(20, 24))
        laid_out_anew.append(not lay_out(grown, asked.space(grown), "pca", kept).added.any())
    assert laid_out_anew == [False, False, True, False]


def test_before_and_after_lie_in_one_frame_and_keep_their_places(terms, kept):
    base, tuned = Asked(), Asked(turned=0.2)

    def both(some):
        return lay_out(some, tuned.space(some, "b"), "umap", kept, before=base.space(some, "a"))

    placed = both(terms)
    assert placed.columns.shape == (200, 4)
    assert len(placed.trust) == 2
    assert np.abs(placed.columns).max() == pytest.approx(1, abs=1e-5)
    alone = lay_out(terms, base.space(terms, "a"), "umap", kept)
    scale = np.ptp(placed.columns[:, 2]) / np.ptp(alone.columns[:, 0])
    assert np.allclose(
        placed.columns[:, 2:] - placed.columns[0, 2:], scale * (alone.columns - alone.columns[0]), atol=1e-4
    )
    more = (*terms, "3-8")
    now = both(more)
    assert np.array_equal(now.columns[:200], placed.columns)
    assert now.added.sum() == 1


def test_the_same_model_before_and_after_hardly_moves(terms, kept):
    asked = Asked()
    placed = lay_out(terms, asked.space(terms, "b"), "umap", kept, before=asked.space(terms, "a"))
    moved = np.linalg.norm(placed.columns[:, :2] - placed.columns[:, 2:], axis=1)
    other = Asked(turned=0.9)
    changed = lay_out(terms, other.space(terms, "c"), "umap", kept, before=asked.space(terms, "a"))
    more = np.linalg.norm(changed.columns[:, :2] - changed.columns[:, 2:], axis=1)
    assert np.median(moved) < 0.15
    assert np.median(more) > 2 * np.median(moved)


def test_a_damaged_file_costs_a_new_layout_only(terms, kept, tmp_path):
    asked = Asked()
    first = lay_out(terms, asked.space(terms), "pca", kept)
    (file,) = (tmp_path / "maps").glob("*.npz")
    for damage in (b"", b"PK\x03\x04 torn", file.read_bytes()[:-300]):
        file.write_bytes(damage)
        assert np.array_equal(lay_out(terms, asked.space(terms), "pca", kept).columns, first.columns)


def test_old_layouts_go(terms, kept, tmp_path):
    asked = Asked()
    for number in range(VERSIONS_KEPT + 3):
        some = terms[: 200 - number]
        lay_out(some, asked.space(some), "pca", kept)
    assert len(list((tmp_path / "maps").glob("*.npz"))) == VERSIONS_KEPT
    assert kept.newest("a").terms == terms[: 200 - VERSIONS_KEPT - 2]


def test_any_text_is_kept(kept):
    odd = ("\ud83d", "👩‍🔬", "שלום", "a\x00b", "x" * 500, "</script>", '"', "\u2028")
    terms = odd + tuple(f"{n}-0" for n in range(30))
    lineage = Space("odd", lambda: unit(np.random.default_rng(0).normal(size=(len(terms), 6))))
    first = lay_out(terms, lineage, "pca", kept)
    assert kept.find("odd", terms).terms == terms
    assert np.array_equal(kept.find("odd", terms).columns, first.columns)
