"""What a dictionary knows, followed through edits, is what a fresh reading of it says."""

from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.normalise import term_key
from workbench.search.vocabulary import Vocabulary
from workbench.types import Entry, Pair

TERMS = ["a", "A", "b", "c", "d", "ｄ", "e", "f"]
entries = st.builds(
    Entry,
    group=st.just(1),
    position=st.just(0),
    standard=st.sampled_from(TERMS),
    synonym=st.sampled_from(TERMS),
    apart=st.booleans(),
)


def fresh(held):
    return Vocabulary(
        [Pair(each.standard, each.synonym) for each in held if not each.apart],
        [Pair(each.standard, each.synonym) for each in held if each.apart],
    )


@settings(max_examples=200, deadline=None)
@given(st.lists(entries, max_size=12), st.data())
def test_following_changes_gives_what_reading_anew_gives(held, data):
    vocabulary = fresh(held)
    for _ in range(data.draw(st.integers(1, 4))):
        ended = data.draw(st.lists(st.sampled_from(range(len(held))), unique=True)) if held else []
        added = data.draw(st.lists(entries, max_size=4))
        vocabulary = vocabulary.follow([held[i] for i in ended], added)
        held = [*(each for i, each in enumerate(held) if i not in set(ended)), *added]
    wanted, keys = fresh(held), {term_key(term) for term in TERMS}
    assert vocabulary.terms().keys() == wanted.terms().keys()
    written = {term for each in held if not each.apart for term in (each.standard, each.synonym)}
    assert set(vocabulary.terms().values()) <= written
    for key in keys:
        assert (key in vocabulary) == (key in wanted)
        assert vocabulary.synonyms(key) == wanted.synonyms(key)
        assert vocabulary.is_standard(key) == wanted.is_standard(key)
        assert (vocabulary.standard_of(key) is None) == (wanted.standard_of(key) is None)
        for other in keys:
            assert vocabulary.marked_apart(key, other) == wanted.marked_apart(key, other)
            assert vocabulary.known(key, other) == wanted.known(key, other) == wanted.known(other, key)


def test_what_was_followed_is_left_as_it_was():
    before = Vocabulary([Pair("a", "b"), Pair("b", "c")])
    after = before.follow([Entry(1, 0, "b", "c")], [Entry(2, 0, "x", "y"), Entry(0, 0, "a", "b", apart=True)])
    assert before.known("a", "c")
    assert not before.marked_apart("a", "b")
    assert "x" not in before
    assert not after.known("a", "b")
    assert after.known("x", "y")
    assert "c" not in after
    assert after.raw("c") is None


def test_a_standard_term_is_its_own_and_the_first_form_is_shown():
    vocabulary = Vocabulary([Pair("商品混凝土", "砼"), Pair("砼", "RC"), Pair("钢筋", "rc")])
    assert vocabulary.standard_of("砼") == "砼"
    assert vocabulary.standard_of("rc") == "砼"
    assert vocabulary.raw("rc") == "RC"
    assert vocabulary.standard_of("没有") is None
    assert len(vocabulary) == 4
