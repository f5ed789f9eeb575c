"""Pairs are made as asked, and nothing that tests a model is ever in them."""

import itertools
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.errors import BadParameter, Stopped
from workbench.evaluation.split import make_split, part_of, training_pairs
from workbench.localtext import LocalText
from workbench.normalise import term_key
from workbench.pairing.making import make_pairs
from workbench.pairing.recipe import PairRecipe
from workbench.types import Pair, Split

CARS = {
    "普拉多": ["霸道SUV", "Prado"],
    "普拉多中东版": ["中东霸道", "沙漠普拉"],
    "轿车": ["三厢车", "小轿"],
    "越野车": ["吉普", "off-roader"],
    "皮卡": ["pickup truck", "货卡"],
    "heart attack": ["myocardial infarction", "MI"],
}


def pairs_of(groups: dict[str, list[str]]) -> list[Pair]:
    return [Pair(standard, synonym) for standard, synonyms in groups.items() for synonym in synonyms]


def split_of(pairs: list[Pair], **parts: str) -> Split:
    """A split in which every concept is for training but those named (by their standard term)."""
    made = make_split(pairs)
    places = dict.fromkeys(made.parts, "train")
    for standard, part in parts.items():
        places[made.component_of[term_key(standard.replace("_", " "))]] = part
    return Split(0, places, made.component_of, frozenset(), "x")


ALL_TRAIN = pairs_of(CARS)
BARE = {"corpus": None, "templates": ()}


def made_of(recipe: PairRecipe, pairs=None, split=None, apart=(), **given):
    pairs = ALL_TRAIN if pairs is None else pairs
    return make_pairs(recipe, pairs, split or split_of(pairs), apart, **given)


def component(split: Split, term: str) -> str:
    return split.component_of[term_key(term)]


# -- positives --------------------------------------------------------------------------------------


def test_standard_terms_with_their_synonyms_or_every_two_of_a_group():
    one = made_of(PairRecipe(positive_share=1))
    assert {(r.text1, r.text2) for r in one.rows} == {(p.standard, p.synonym) for p in ALL_TRAIN}
    every = made_of(PairRecipe(positive_share=1, positives="all"))
    assert {frozenset((r.text1, r.text2)) for r in every.rows} == {
        frozenset(two) for s, y in CARS.items() for two in itertools.combinations([s, *y], 2)
    }
    assert every.counts["synonym"] == every.possible == 18
    assert {r.label for r in every.rows} == {1.0}


def test_a_concept_gives_no_more_than_its_cap():
    made = made_of(PairRecipe(positive_share=1, positives="all", cap_per_concept=2))
    split = split_of(ALL_TRAIN)
    counts = dict.fromkeys(split.component_of.values(), 0)
    for row in made.rows:
        counts[component(split, row.text1)] += 1
    assert set(counts.values()) == {2}


def test_two_standard_terms_joined_by_an_ambiguous_synonym_are_no_positives():
    pairs = [*ALL_TRAIN, Pair("吊车", "起重机"), Pair("塔吊", "起重机"), Pair("吊车", "吊机")]
    made = made_of(PairRecipe(positives="all"), pairs)
    found = {frozenset((r.text1, r.text2)): r.label for r in made.rows}
    assert found[frozenset(("起重机", "吊机"))] == 1
    assert frozenset(("吊车", "塔吊")) not in found
    assert frozenset(("吊机", "塔吊")) not in found


def test_a_group_of_thousands_is_drawn_from_and_not_written_out():
    pairs = [*ALL_TRAIN, *(Pair("大组", f"大组词{n}") for n in range(3000))]
    made = made_of(PairRecipe(positives="all", limit=500, near_duplicate=100), pairs)
    assert made.counts["synonym"] == 250
    assert made.possible <= 18 + 500


# -- templates and sentences ------------------------------------------------------------------------


def test_both_terms_are_put_into_the_same_template():
    recipe = PairRecipe(templates=("{}对比车型使用手册", "buy a {}!"), terms_alone=False)
    made = made_of(recipe)
    assert ("普拉多对比车型使用手册", "霸道SUV对比车型使用手册", 1.0) in {
        (r.text1, r.text2, r.label) for r in made.rows
    }
    assert set(made.contexts) == {"template"}
    for row in made.rows:
        ends = [
            (t.startswith("buy a ") and t.endswith("!"), t.endswith("对比车型使用手册"))
            for t in (row.text1, row.text2)
        ]
        assert ends[0] == ends[1] != (False, False)


def test_a_template_that_holds_a_test_term_is_not_used_and_said():
    split = split_of(ALL_TRAIN, 轿车="test")
    made = made_of(PairRecipe(templates=("{}和轿车",)), split=split)
    assert "template" not in made.contexts
    assert any("{}和轿车" in note.get("zh") for note in made.notes)


def test_the_rest_of_a_sentence_is_kept_to_the_letter():
    text = "  我的　ＰＲＡＤＯ，比 邻居的「皮卡」 更贵！"
    made = made_of(PairRecipe(corpus="c", terms_alone=False), corpus_texts=[text])
    assert set(made.contexts) == {"sentence"}
    for row in made.rows:
        assert row.text1 == text
        assert any(
            row.text2 == text.replace(old, new)
            for old in ("ＰＲＡＤＯ", "皮卡")
            for new in {t for s, y in CARS.items() for t in (s, *y)}
        )
    assert (text, text.replace("ＰＲＡＤＯ", "普拉多"), 1.0) in {
        (r.text1, r.text2, r.label) for r in made.rows
    }


def test_the_longest_term_is_the_one_that_is_replaced():
    made = made_of(PairRecipe(corpus="c", terms_alone=False), corpus_texts=["想买普拉多中东版。"])
    second = {r.text2 for r in made.rows if r.label}
    assert second == {"想买中东霸道。", "想买沙漠普拉。"}


def test_one_occurrence_is_replaced_at_a_time():
    made = made_of(PairRecipe(corpus="c", terms_alone=False, near_duplicate=100), corpus_texts=["皮卡换皮卡"])
    assert {r.text2 for r in made.rows if r.label} == {
        "货卡换皮卡",
        "皮卡换货卡",
        "pickup truck换皮卡",
        "皮卡换pickup truck",
    }


def test_a_sentence_with_a_test_term_anywhere_in_it_is_not_used():
    split = split_of(ALL_TRAIN, 普拉多="test", heart_attack="dev")
    texts = ["皮卡和霸道suv", "皮卡和普拉多中东版", "皮卡 after two Heart  Attacks", "皮卡很好"]
    made = made_of(PairRecipe(corpus="c"), split=split, corpus_texts=texts)
    sentences = {r.text1 for r, c in zip(made.rows, made.contexts, strict=True) if c == "sentence"}
    assert sentences == {"皮卡很好"}
    assert any("3 sentences" in note.get("en") for note in made.notes)


def test_a_training_term_that_contains_a_test_term_is_not_used_and_said():
    split = split_of(ALL_TRAIN, 普拉多="test")
    made = made_of(PairRecipe(), split=split)
    texts = {t for r in made.rows for t in (r.text1, r.text2)}
    assert "普拉多中东版" not in texts
    assert any("2 synonym pairs" in note.get("en") and "普拉多" in note.get("en") for note in made.notes)


def test_a_test_term_that_only_the_replacement_would_make_is_seen():
    pairs = [*ALL_TRAIN, Pair("大货卡", "重卡")]
    split = split_of(pairs, 大货卡="test")
    made = made_of(PairRecipe(corpus="c", templates=("大{}",)), pairs, split, corpus_texts=["买大皮卡"])
    assert not [t for r in made.rows for t in (r.text1, r.text2) if "大货卡" in t]
    assert ("买大皮卡", "买大pickup truck") in {(r.text1, r.text2) for r in made.rows}


def test_a_long_paragraph_is_used_sentence_by_sentence():
    text = "很长的一句。" * 100 + "我有一辆皮卡。" + "很长的一句。" * 100
    made = made_of(PairRecipe(corpus="c", terms_alone=False), corpus_texts=[text])
    assert {r.text1 for r in made.rows} == {"我有一辆皮卡。"}


def test_nearly_equal_sentences_count_once():
    texts = [f"本手册第{n}版：皮卡的日常使用、保养与维修说明" for n in range(1, 9)]
    loose = made_of(PairRecipe(corpus="c", terms_alone=False, near_duplicate=100), corpus_texts=texts)
    strict = made_of(PairRecipe(corpus="c", terms_alone=False, near_duplicate=90), corpus_texts=texts)
    assert len({r.text1 for r in loose.rows}) == 3
    assert len({r.text1 for r in strict.rows}) == 1


# -- negatives --------------------------------------------------------------------------------------


def test_negatives_are_of_another_component_and_of_the_kinds_asked_for():
    pairs = pairs_of({f"标准{n}型": [f"叫法{n}甲", f"称呼{n}乙"] for n in range(60)})
    split = split_of(pairs)
    recipe = PairRecipe(negatives={"random": 1, "lexical": 3}, positive_share=0.25)
    made = made_of(recipe, pairs, split)
    negatives = [r for r in made.rows if not r.label]
    assert len(negatives) == 360
    assert all(component(split, r.text1) != component(split, r.text2) for r in negatives)
    assert made.counts["lexical"] == pytest.approx(270, abs=15)
    assert made.counts["synonym"] == 120


def test_lexical_negatives_look_alike():
    pairs = pairs_of(
        {f"{a}{b}{c}": [f"{a}-{b}-{c}" + "另称"] for a in "混钢砖木" for b in "凝筋石板" for c in "土墙柱梁"}
    )
    made = made_of(PairRecipe(negatives={"lexical": 1}), pairs)
    shared = [
        len(set(r.text1) & set(r.text2))
        for r, o in zip(made.rows, made.origins, strict=True)
        if o == "lexical"
    ]
    assert len(shared) > 20
    assert min(shared) >= 2


def test_mined_negatives_are_the_nearest_of_another_component():
    split = split_of(ALL_TRAIN)

    def nearest(queries, terms, k):
        return [[terms.index(q), *(n for n in range(len(terms)) if terms[n] != q)][:k] for q in queries]

    made = made_of(PairRecipe(negatives={"mined": 1}), split=split, nearest=nearest)
    rows = [r for r, o in zip(made.rows, made.origins, strict=True) if o == "mined"]
    assert len(rows) == 12
    assert all(component(split, r.text1) != component(split, r.text2) for r in rows)
    assert {component(split, r.text2) for r in rows} <= {
        component(split, "普拉多"),
        component(split, "普拉多中东版"),
    }


def test_mined_negatives_need_a_model():
    with pytest.raises(BadParameter):
        made_of(PairRecipe(negatives={"mined": 1}))
    assert made_of(PairRecipe(negatives={"mined": 1}, positive_share=1)).positives == 12


def test_a_copy_in_another_concept_is_no_negative():
    pairs = pairs_of(
        {
            "X-ray": ["Roentgen picture"],
            "x ray": ["radiograph"],
            "computed tomography": ["CT scan"],
            "computed tomografy": ["CAT"],
        }
    )
    made = made_of(PairRecipe(positive_share=0.2, negatives={"lexical": 1}, near_duplicate=90), pairs)
    negatives = {frozenset((r.text1, r.text2)) for r in made.rows if not r.label}
    assert frozenset(("X-ray", "x ray")) not in negatives
    assert frozenset(("computed tomography", "computed tomografy")) not in {
        frozenset((r.text1, r.text2)) for r, o in zip(made.rows, made.origins, strict=True) if o == "lexical"
    }


# -- pairs marked as not synonyms -------------------------------------------------------------------


def test_marked_pairs_are_always_negatives_and_never_positives():
    apart = [Pair("普拉多", "轿车"), Pair("Prado", "霸道SUV"), Pair("皮卡", "从未见过的词")]
    for limit in (1, 4, 1000):
        made = made_of(PairRecipe(positives="all", limit=limit), apart=apart)
        labels = {frozenset((r.text1, r.text2)): r.label for r in made.rows}
        for pair in apart:
            assert labels[frozenset((pair.standard, pair.synonym))] == 0
        assert made.counts["apart"] == 3
    assert "从未见过的词" not in {
        t for r, o in zip(made.rows, made.origins, strict=True) if o != "apart" for t in (r.text1, r.text2)
    }


def test_marked_pairs_are_put_into_templates_and_sentences_too():
    made = made_of(
        PairRecipe(templates=("{}手册",), corpus="c"),
        apart=[Pair("普拉多", "普拉多中东版")],
        corpus_texts=["想买普拉多中东版。"],
    )
    texts = {(r.text1, r.text2) for r, o in zip(made.rows, made.origins, strict=True) if o == "apart"}
    assert {
        ("普拉多", "普拉多中东版"),
        ("普拉多手册", "普拉多中东版手册"),
        ("想买普拉多中东版。", "想买普拉多。"),
    } == texts


def test_a_marked_pair_with_a_test_term_is_left_out_and_said():
    split = split_of(ALL_TRAIN, 轿车="test")
    made = made_of(PairRecipe(), split=split, apart=[Pair("普拉多", "轿车"), Pair("普拉多", "皮卡")])
    assert made.counts["apart"] == 1
    assert any("not synonyms" in note.get("en") and "1 pairs" in note.get("en") for note in made.notes)


# -- shares, limits, repeatability ------------------------------------------------------------------


@pytest.mark.parametrize("share", [0.1, 0.25, 0.5, 0.8, 1.0])
@pytest.mark.parametrize("limit", [40, 100_000])
def test_the_share_of_positives_is_as_asked(share, limit):
    pairs = pairs_of({f"词{n}": [f"甲{n}", f"乙{n}", f"丙{n}"] for n in range(100)})
    made = made_of(PairRecipe(positive_share=share, limit=limit), pairs)
    assert len(made.rows) <= limit
    assert made.positives / len(made.rows) == pytest.approx(share, abs=0.02)
    assert not any("Asked for" in note.get("en") for note in made.notes)


def test_a_share_that_cannot_be_met_is_said_with_the_reason():
    pairs = [
        *pairs_of({f"独{n}": [f"一{n}"] for n in range(3)}),
        *(Pair("大", f"大{n}号") for n in range(30)),
    ]
    split = split_of(pairs, **{f"独{n}": "test" for n in range(3)})
    made = made_of(PairRecipe(near_duplicate=100), pairs, split)
    assert made.positives == len(made.rows) == 30
    assert "100 %" in made.notes[0].get("zh")
    many = [
        Pair(a, b) for a, b in itertools.combinations(["普拉多", "轿车", "皮卡", "越野车", "普拉多中东版"], 2)
    ]
    made = made_of(PairRecipe(positive_share=0.9), apart=many)
    assert made.counts["apart"] == 10
    assert "not synonyms" in made.notes[0].get("en")


def test_the_same_seed_gives_the_same_rows_and_another_seed_others():
    recipe = PairRecipe(templates=("{}手册",), corpus="c", limit=30, positives="all")
    texts = [f"第{n}条：{term}的说明" for n, term in enumerate(["皮卡", "Prado", "轿车", "吉普"] * 5)]
    one, two, other = (made_of(recipe, corpus_texts=texts, seed=seed) for seed in (3, 3, 4))
    assert one == two
    assert one.rows != other.rows


def test_no_pair_of_texts_comes_twice_and_copies_of_terms_count_once():
    pairs = [
        *ALL_TRAIN,
        Pair("皮卡", "货 卡"),
        Pair("皮卡", "Pickup  truck"),
        Pair("heart attack", "myocardial infarctions"),
    ]
    made = made_of(PairRecipe(positive_share=1, near_duplicate=90), pairs)
    texts = [tuple(sorted((term_key(r.text1), term_key(r.text2)))) for r in made.rows]
    assert len(texts) == len(set(texts))
    second = {r.text2 for r in made.rows}
    assert ("myocardial infarction" in second) != ("myocardial infarctions" in second)


def test_numbers_make_terms_different_however_alike_they_are():
    pairs = [*ALL_TRAIN, *(Pair("电缆终端头接地装置", f"{n}kV电缆终端头接地装置总成") for n in (10, 35, 110))]
    made = made_of(PairRecipe(positive_share=1, near_duplicate=50), pairs)
    assert sum(r.text2.endswith("总成") for r in made.rows) == 3


def test_nothing_to_make_pairs_of_is_said():
    split = split_of(ALL_TRAIN, **{s.replace(" ", "_"): "test" for s in CARS})
    made = made_of(PairRecipe(), split=split)
    assert made.rows == ()
    assert "没有做出任何句对" in made.notes[0].get("zh")


def test_it_can_be_stopped():
    def stop(_share: float, text: LocalText) -> None:
        if "corpus" in text.get("en"):
            raise Stopped(text)

    with pytest.raises(Stopped):
        made_of(PairRecipe(corpus="c"), corpus_texts=["皮卡"], progress=stop)


# -- what must hold for every dictionary and corpus -------------------------------------------------

ALPHABET = ["车", "卡", "大", "A", "4", "ab", " ", "Ａ", "ß", "机"]
words = st.lists(st.sampled_from(ALPHABET), min_size=1, max_size=4).map(lambda p: "".join(p).strip() or "车")
dictionaries = st.lists(st.tuples(words, words), min_size=6, max_size=40)


def inside(key: str, text: str) -> bool:
    """Whether a term stands in a text: the slow way, written down another time."""
    text = term_key(text)
    for start in range(len(text) - len(key) + 1):
        if text[start : start + len(key)] != key:
            continue
        left, right = text[max(0, start - 1) : start + 1], text[start + len(key) - 1 : start + len(key) + 1]
        joined = [len(two) == 2 and all(c in "ab4s" for c in two) for two in (left if start else "", right)]
        if not any(joined):
            return True
    return False


@settings(max_examples=150, deadline=None)
@given(
    dictionaries,
    st.lists(words, max_size=3),
    st.lists(st.lists(words, max_size=5).map("的".join), max_size=20),
    st.data(),
)
def test_no_test_term_in_any_text_and_no_negative_within_a_component(lines, fillers, texts, data):
    pairs = [Pair(a, b) for a, b in lines]
    components = sorted({*make_components(pairs).values()})
    parts = {c: data.draw(st.sampled_from(["train", "train", "dev", "test"])) for c in components}
    split = Split(0, parts, make_components(pairs), frozenset(), "x")
    apart = data.draw(st.lists(st.sampled_from(pairs) | st.builds(Pair, words, words), max_size=3))
    recipe = PairRecipe(
        positives=data.draw(st.sampled_from(["all", "standard_synonym"])),
        templates=tuple("{}" + f for f in fillers),
        corpus="c",
        near_duplicate=data.draw(st.sampled_from([80, 100])),
        limit=60,
    )
    made = make_pairs(recipe, pairs, split, apart, corpus_texts=texts, seed=1)
    forbidden = [key for key, c in split.component_of.items() if parts[c] != "train"]
    marked = {frozenset((term_key(p.standard), term_key(p.synonym))) for p in apart}
    assert len(made.rows) <= max(60, len(apart))
    for row, origin, context in zip(made.rows, made.origins, made.contexts, strict=True):
        for text in (row.text1, row.text2):
            assert not [key for key in forbidden if inside(key, text)], text
        keys = term_key(row.text1), term_key(row.text2)
        assert keys[0] != keys[1]
        assert row.label == (origin == "synonym")
        if context == "term" and origin not in ("apart",):
            same = split.component_of[keys[0]] == split.component_of[keys[1]]
            assert same == (origin == "synonym")
            assert frozenset(keys) not in marked
            assert all(part_of(text, split) == "train" for text in keys)


def make_components(pairs: list[Pair]) -> dict[str, str]:
    from workbench.evaluation.split import connected_components

    return connected_components(pairs)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000))
def test_held_out_pairs_and_their_synonyms_are_never_used(seed):
    rng = random.Random(seed)
    pairs = [Pair(f"标准词{n}号", f"叫法{n}之{m}") for n in range(30) for m in range(rng.randint(1, 4))]
    split = make_split(pairs, seed=seed)
    texts = [f"这里有{p.synonym}，很好" for p in pairs]
    texts += [f"{p.standard}也在，旁边是{q.synonym}，很好" for p, q in itertools.pairwise(pairs)]
    made = make_pairs(PairRecipe(positives="all", corpus="c", limit=10_000), pairs, split, corpus_texts=texts)
    usable = {term_key(t) for p in training_pairs(pairs, split) for t in (p.standard, p.synonym)}
    unusable = [key for key in split.component_of if key not in usable]
    assert split.held_out
    joined = "\n".join(t + "，" for r in made.rows for t in (r.text1, r.text2))
    endings = ("，", "也")
    assert made.counts["sentence"] > 20
    assert not [key for key in unusable for end in endings if key + end in joined]
