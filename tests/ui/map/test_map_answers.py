"""What the map's functions answer, without a browser: whole and parallel, or refused in words."""

import base64
import json
import time

import pytest

from workbench.errors import WorkbenchError
from workbench.ui.page import Page
from workbench.ui.tabs import map_picked, map_reading

ASKED = {"dictionary": "toy", "model": "tuned", "method": "pca"}


@pytest.fixture(scope="module")
def ask(workshop):
    page = Page(workshop)
    made = [*map_reading.functions(page), *map_picked.functions(page), map_reading.choices(page)]
    by_name = {function.__name__: function for function in made}

    def asked(function, /, **data):
        reply = by_name[function](data)
        for _ in range(600):
            if "task" not in reply:
                break
            assert reply["task"]["error"] is None, reply
            time.sleep(0.02)
            reply = by_name[function](data)
        return json.loads(json.dumps(reply, allow_nan=False))

    yield asked
    page.close()


@pytest.fixture(scope="module")
def layout(ask):
    return ask("read_map", **ASKED, start=True)


def test_a_layout_is_parallel_lists_within_the_plane(layout, toy_pairs):
    terms = {pair.standard for pair in toy_pairs} | {pair.synonym for pair in toy_pairs}
    assert set(layout["terms"]) == terms
    count = len(layout["terms"])
    assert {len(layout[name]) for name in ("group", "standard", "x", "y")} == {count}
    assert max(map(abs, layout["x"] + layout["y"])) <= layout["steps"]
    standard = {pair.synonym: pair.standard for pair in toy_pairs}
    for term, group, own in zip(layout["terms"], layout["group"], layout["standard"], strict=True):
        assert layout["groups"][group] == (term if own else standard[term])


def test_who_has_the_map_of_now_is_not_sent_it_again(ask, layout):
    assert ask("read_map", **ASKED, known=layout["version"]) == {"same": True}
    assert ask("read_map", **ASKED, known=0)["terms"] == layout["terms"]


@pytest.mark.parametrize("by", ["group", "component", "part", "language", "rank", "cluster"])
def test_colours_are_parallel_to_the_terms(ask, layout, by):
    colours = ask("read_colours", **ASKED, by=by)
    assert len(colours["values"]) == len(layout["terms"])
    if colours["kind"] == "categories":
        assert all(-1 <= value < len(colours["names"]) for value in colours["values"])
    else:
        numbers = [value for value in colours["values"] if value is not None]
        assert colours["low"] <= min(numbers)
        assert max(numbers) <= colours["high"]
    assert set(colours["legend"]) == {"zh", "en"}


def test_lines_join_synonyms_the_least_alike_first(ask, layout, toy_pairs):
    lines = ask("read_lines", **ASKED)
    terms = layout["terms"]
    joined = {frozenset((terms[a], terms[b])) for a, b in zip(lines["a"], lines["b"], strict=True)}
    assert joined == {frozenset((pair.standard, pair.synonym)) for pair in toy_pairs}
    assert lines["similarity"] == sorted(lines["similarity"])


def test_a_card_has_the_true_neighbours_and_the_group_of_the_editor(ask, workshop, toy_pairs):
    card = ask("read_term", dictionary="toy", model="tuned", term=toy_pairs[0].synonym)
    assert card["standard"] == toy_pairs[0].standard
    assert [group["standard"] for group in card["groups"]] == [toy_pairs[0].standard]
    expected = workshop.neighbours(toy_pairs[0].synonym, "tuned", "toy", k=30)
    known = [hit.term for hit in expected if hit.term != toy_pairs[0].synonym][:10]
    assert [hit["term"] for hit in card["neighbours"]] == known


def test_the_page_of_a_map_needs_nothing_from_outside(ask):
    file = ask("read_html", **ASKED, by="group")
    assert file["name"] == "toy-map.html"
    assert b"<html" in base64.b64decode(file["data"])[:400].lower()


def test_models_to_compare_with_are_offered(ask):
    assert "tuned" in {model["id"] for model in ask("read_choices")["models"]}


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("read_map", {**ASKED, "method": "../etc"}),
        ("read_map", {**ASKED, "dictionary": "nowhere"}),
        ("read_map", {**ASKED, "known": "all"}),
        ("read_colours", {**ASKED, "by": "evil"}),
        ("read_term", {"dictionary": "toy", "model": "tuned", "term": "not in it"}),
        ("read_term", {"dictionary": "toy", "model": "tuned", "term": "x" * 5000}),
        ("group_options", {"name": "toy", "terms": ["one"]}),
        ("group_options", {"name": "toy", "terms": "abc"}),
        ("make_group", {"name": "toy", "terms": ["a", "b"], "standard": "c", "based_on": 1}),
        ("mark_terms_apart", {"name": "toy", "terms": [f"t{n}" for n in range(41)], "based_on": 1}),
        ("suggest_terms", {"name": "toy", "terms": [1, 2]}),
        ("export_terms", {"name": "toy", "terms": ["a"] * 100_001}),
    ],
)
def test_what_makes_no_sense_is_refused_in_words(ask, name, data):
    with pytest.raises(WorkbenchError) as refusal:
        ask(name, **data)
    assert refusal.value.text("zh")
    assert refusal.value.text("en")
