"""A map that follows edits: it starts from the one before, learns the new pair, and disturbs nothing else."""

import numpy as np
import pytest

from workbench.evaluation.split import make_split
from workbench.training import live_map
from workbench.training.dataset import build_training_set
from workbench.types import Pair


def nothing(_fraction):
    pass


@pytest.fixture(scope="module")
def encode(tiny_model_folder, fp32):
    from workbench.models.encoder import TextEncoder
    from workbench.models.loading import load_model

    return TextEncoder(load_model(tiny_model_folder), precision="fp32").encode


@pytest.fixture(scope="module")
def first(toy_data, encode):
    return live_map.learn(toy_data, encode(toy_data.terms), nothing)


def edited(toy_pairs, toy_split, pair):
    pairs = [*toy_pairs, pair]
    data = build_training_set(pairs, make_split(pairs, seed=13, previous=toy_split))
    return data, data.indices([pair.standard, pair.synonym]).tolist()


def trained_standard(data):
    return data.terms[data.positives[0]]


def test_learning_finds_more_than_the_base_does(toy_data, first, encode):
    base = encode(toy_data.terms)
    np.testing.assert_allclose(first.move(base), first.vectors(), atol=1e-6)
    np.testing.assert_allclose(np.linalg.norm(first.vectors(), axis=1), 1, atol=1e-5)
    assert first.dev > live_map._probe(toy_data).score(base[live_map._probe(toy_data).needed]).choice


def test_the_new_pair_is_drawn_together_and_the_others_stay_where_they_were(
    toy_pairs, toy_split, first, encode
):
    pair = Pair(trained_standard(build_training_set(toy_pairs, toy_split)), "zzyyxxww")
    data, places = edited(toy_pairs, toy_split, pair)
    asked = []

    def vectors_of(texts):
        asked.append(list(texts))
        return encode(texts)

    second = live_map.follow(first, data, vectors_of, places, nothing)
    assert asked == [["zzyyxxww"]]  # alone
    base = encode([pair.standard, pair.synonym])
    before, after = (float(np.prod(each.move(base), axis=0).sum()) for each in (first, second))
    assert after > before + 0.05
    rows = encode(first.terms)
    same = (first.move(rows) * second.move(rows)).sum(axis=1)
    assert np.median(same) > 0.95


def test_an_unchanged_dictionary_is_not_encoded_again(toy_data, first):
    def vectors_of(_):
        raise AssertionError("nothing is new")

    again = live_map.follow(first, toy_data, vectors_of, [], nothing)
    assert again.terms == first.terms
    assert again.dev == first.dev


def test_with_mostly_new_terms_the_map_is_learnt_from_nothing(toy_pairs, toy_data, first, encode):
    others = [Pair(pair.standard[::-1] + "q", pair.synonym[::-1] + "q") for pair in toy_pairs]
    data = build_training_set(others, make_split(others, seed=13))
    fresh = live_map.follow(first, data, encode, [], nothing)
    np.testing.assert_array_equal(
        fresh.vectors(), live_map.learn(data, encode(data.terms), nothing).vectors()
    )


def test_where_development_suffers_half_of_the_change_is_made_or_all_is_learnt_anew(
    toy_data, first, encode, monkeypatch
):
    from dataclasses import replace

    scores = live_map.score
    looks = []

    def watched(probe, needed, residual):
        looks.append(residual.matrix())
        return scores(probe, needed, residual)

    monkeypatch.setattr(live_map, "score", watched)
    impossible = replace(first, dev=101 + live_map.SLACK)
    result = live_map.follow(impossible, toy_data, encode, [], nothing)
    assert len(looks) == 2
    half = (looks[0] + first.residual.matrix()) / 2
    np.testing.assert_allclose(looks[1].numpy(), half.numpy(), atol=1e-6)
    np.testing.assert_array_equal(result.vectors(), first.vectors())  # learnt anew: the same content


def test_it_can_be_stopped_at_any_step(toy_data, first, encode):
    class Enough(Exception):
        pass

    def stop(fraction):
        if fraction > 0.5:
            raise Enough

    with pytest.raises(Enough):
        live_map.follow(first, toy_data, encode, [], stop)
    with pytest.raises(Enough):
        live_map.learn(toy_data, encode(toy_data.terms), stop)


def test_the_edited_terms_are_in_every_batch(toy_data, first):
    from workbench.training.mapping import MapFitting

    parameters = {**live_map._parameters(), "batch_size": 16}
    term = int(toy_data.anchors[0])
    fitting = MapFitting(first.x, toy_data, parameters, seed=0, always=[term])
    seen = []
    loss = fitting._loss
    fitting._loss = lambda rows: (seen.append(set(rows.tolist())), loss(rows))[1]
    list(fitting.epoch())
    own = {
        row
        for row in range(len(fitting._anchors))
        if term in (fitting._anchors[row], fitting._positives[row])
    }
    assert own
    assert len(seen) == fitting.steps > 3
    assert all(own <= rows for rows in seen)
    assert set().union(*seen) == set(range(len(fitting._anchors)))
