"""Texts are spoilt where they may be, as much as was asked, and their frame stays whole."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.training.corruption import double, exchange, mask, thin

GAP, OTHERS = 99, [50, 51, 52]


@st.composite
def rows(draw):
    """A row with an opening, a part that may be changed, and a closing."""
    content = draw(st.lists(st.integers(10, 40), min_size=1, max_size=30))
    opening = draw(st.lists(st.integers(0, 3), min_size=1, max_size=3))
    return [*opening, *content, 4], (len(opening), len(opening) + len(content))


shares = st.floats(0.05, 0.9)
seeds = st.integers(0, 10_000)


@given(rows(), shares, seeds)
def test_thinning_keeps_the_frame_the_order_and_something(row_and_span, share, seed):
    row, (start, end) = row_and_span
    thinned = thin(random.Random(seed), row, (start, end), share)
    assert thinned[:start] == row[:start]
    assert thinned[-1] == 4
    inner = iter(row[start:end])
    assert all(any(token == other for other in inner) for token in thinned[start:-1])
    assert len(thinned) > start + 1


@given(rows(), shares, seeds)
def test_doubling_repeats_tokens_in_place_and_no_more_than_asked(row_and_span, most, seed):
    row, (start, end) = row_and_span
    doubled = double(random.Random(seed), row, (start, end), most)
    added = len(doubled) - len(row)
    assert 0 <= added <= min(end - start, max(2, int(most * (end - start))))
    assert doubled[:start] == row[:start]
    assert doubled[-1] == 4
    place = 0
    for token in doubled:  # each token is the next one, or the last one once more
        if place < len(row) and token == row[place]:
            place += 1
        else:
            assert token == row[place - 1]
    assert place == len(row)


@given(rows(), shares, seeds)
def test_exchange_flags_exactly_what_is_another_token(row_and_span, share, seed):
    row, (start, end) = row_and_span
    ids, flags = exchange(random.Random(seed), row, (start, end), share, OTHERS)
    assert [a != b for a, b in zip(ids, row, strict=True)] == flags
    assert 1 <= sum(flags) <= max(1, round(share * (end - start)))
    assert not any(flags[:start])
    assert not flags[-1]


@given(rows(), shares, seeds)
def test_masking_hides_whole_units_and_remembers_what_stood_there(row_and_span, share, seed):
    row, (start, end) = row_and_span
    positions = list(range(end - start))
    units = [positions[i : i + 2] for i in range(0, len(positions), 2)]
    masked = mask(random.Random(seed), row, start, units, share, GAP, OTHERS)
    assert masked.wanted == [row[place] for place in masked.places]
    assert all(start <= place < end for place in masked.places)
    hidden = {place - start for place in masked.places}
    assert all(hidden.issuperset(unit) or hidden.isdisjoint(unit) for unit in units)
    assert 1 <= len(hidden) <= max(2, round(share * len(positions)))
    untouched = [p for p in range(len(row)) if p not in masked.places]
    assert [masked.ids[p] for p in untouched] == [row[p] for p in untouched]


def test_eight_of_ten_hidden_tokens_are_gaps_one_is_another_one_stays():
    row = [1, *([20] * 5000), 4]
    masked = mask(random.Random(0), row, 1, [[i] for i in range(5000)], 0.9, GAP, OTHERS)
    values = [masked.ids[place] for place in masked.places]
    assert len(values) == 4500
    assert values.count(GAP) / len(values) == pytest.approx(0.8, abs=0.03)
    assert values.count(20) / len(values) == pytest.approx(0.1, abs=0.03)


def test_a_text_without_words_has_nothing_to_hide():
    assert mask(random.Random(0), [1, 4], 1, [], 0.15, GAP, OTHERS).places == []
    assert thin(random.Random(0), [1, 4], (1, 1), 0.6) == [1, 4]
    assert exchange(random.Random(0), [1, 4], (1, 1), 0.6, OTHERS) == ([1, 4], [False, False])
    assert double(random.Random(0), [1, 4], (1, 1), 0.6) == [1, 4]
