import csv
import io

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.errors import BadParameter, InputError
from workbench.search.matrix import build_matrix, chosen_terms, matrix_bytes
from workbench.search.similarity import Calibrator

CALIBRATOR = Calibrator(10.0, -5.0, tuple(np.linspace(-1, 1, 1001)), 10, 10, ("dev",))


@settings(max_examples=60, deadline=None)
@given(st.integers(2, 30), st.integers(0, 2**32 - 1), st.booleans())
def test_it_is_symmetric_and_its_order_a_permutation(count, seed, calibrated):
    rng = np.random.default_rng(seed)
    terms = [f"t{i}" for i in range(count)]
    vectors = rng.normal(size=(count, 5))
    if seed % 3 == 0:
        vectors[0] = 0  # a text that a model knows nothing of
    if seed % 3 == 1:
        vectors[-1] = vectors[0]
    found = build_matrix("m", terms, vectors, CALIBRATOR if calibrated else None)
    assert sorted(found.terms) == sorted(terms)
    assert np.array_equal(found.cosine, found.cosine.T)
    assert (np.diag(found.cosine) == 1).all()
    assert np.abs(found.cosine).max() <= 1
    assert (found.probability is not None) == calibrated
    assert len(found.cluster) == count
    assert list(dict.fromkeys(found.cluster)) == list(range(max(found.cluster) + 1))
    runs = sum(a != b for a, b in zip(found.cluster, found.cluster[1:], strict=False))
    assert runs == max(found.cluster)  # a cluster stands together
    place = {term: i for i, term in enumerate(terms)}
    unit = vectors / np.where((n := np.linalg.norm(vectors, axis=1, keepdims=True)) == 0, 1, n)
    order = [place[term] for term in found.terms]
    wanted = np.clip((unit @ unit.T)[np.ix_(order, order)], -1, 1)
    np.fill_diagonal(wanted, 1)
    assert found.cosine == pytest.approx(wanted, abs=1e-5)
    # Every leaf and every merge but the last is merged once, and the last one holds all.
    ids = [each for one, other, _, _ in found.merges for each in (one, other)]
    assert sorted(ids) == list(range(2 * count - 2))
    assert found.merges[-1][3] == count
    heights = [merge[2] for merge in found.merges]
    assert heights == sorted(heights)


def test_like_terms_stand_together_and_are_cut_where_the_probability_is_a_half():
    angles = np.radians([0, 90, 10, 100])
    vectors = np.stack((np.cos(angles), np.sin(angles)), axis=1)
    found = build_matrix(
        "m", list("abcd"), vectors, CALIBRATOR, lambda key: {"a": {"c"}, "c": {"a"}}.get(key, ())
    )
    assert {frozenset(found.terms[:2]), frozenset(found.terms[2:])} == {frozenset("ac"), frozenset("bd")}
    assert found.cluster == (0, 0, 1, 1)
    a, c = found.terms.index("a"), found.terms.index("c")
    assert found.known.sum() == 2
    assert found.known[a, c]
    assert found.probability[a, c] == pytest.approx(CALIBRATOR.probability(np.cos(np.radians(10))), abs=1e-6)


def test_the_list_is_cleaned_and_its_length_is_checked():
    assert chosen_terms([" b ", "", "Ｂ", "a\t"]) == ["b", "a"]
    assert len(chosen_terms([f"t{i}" for i in range(200)])) == 200
    for terms in ([], ["a"], ["a", " A "], [f"t{i}" for i in range(201)]):
        with pytest.raises(InputError) as caught:
            chosen_terms(terms)
        assert "200" in caught.value.text("zh")
    with pytest.raises(InputError) as caught:
        chosen_terms(["a", "x" * 2001])
    assert "2" in caught.value.message.get("en")


ODD = ['<script>alert("1")</script>', 'it\'s "so"', "👩‍🔧🚗", "سيارة", "=1+1", "x" * 500, "a,b\tc"]


def test_odd_terms_go_through_a_file_unchanged():
    terms = chosen_terms(ODD)
    assert terms == ODD
    found = build_matrix("m", terms, np.random.default_rng(0).normal(size=(len(terms), 4)), CALIBRATOR)
    rows = list(csv.reader(io.StringIO(matrix_bytes(found).decode("utf-8-sig"))))
    shown = [f"'{term}" if term.startswith("=") else term for term in found.terms]
    assert rows[0] == ["", *shown]
    assert [row[0] for row in rows[1:]] == shown
    assert [[float(cell) for cell in row[1:]] for row in rows[1:]] == pytest.approx(found.cosine, abs=1e-4)
    chances = list(csv.reader(io.StringIO(matrix_bytes(found, values="probability").decode("utf-8-sig"))))
    assert float(chances[1][1]) == pytest.approx(CALIBRATOR.probability(1.0), abs=1e-4)
    assert matrix_bytes(found, "xlsx").startswith(b"PK")


def test_what_cannot_be_written_is_said():
    found = build_matrix("m", ["a", "b"], np.eye(2), None)
    with pytest.raises(BadParameter):
        matrix_bytes(found, "docx")
    with pytest.raises(BadParameter):
        matrix_bytes(found, values="probability")
