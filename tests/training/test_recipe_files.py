"""Recipes as YAML files, stored, and compared; and files that are none."""

import contextlib
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from workbench.errors import BadParameter, NameTaken, NotFound
from workbench.localtext import LocalText
from workbench.services.recipes import Recipes
from workbench.settings import Settings
from workbench.training.recipe_files import (
    LONGEST_FILE,
    MOST_STAGES,
    RecipeDifference,
    recipe_differences,
    recipe_from_yaml,
    recipe_to_yaml,
)
from workbench.training.recipes import RECIPES
from workbench.training.registry import stage, stages
from workbench.types import Recipe, StageConfig
from workbench.workspace import Workspace

ONE = Recipe("one", LocalText("一", "One"), LocalText("何时用", "When"), (StageConfig("in_batch"),))


@pytest.fixture
def recipes(tmp_path):
    workspace = Workspace(Settings.from_env({}, home=tmp_path))
    yield Recipes(workspace)
    workspace.close()


def spelled_out(recipe):
    entries = tuple(StageConfig(e.stage, stage(e.stage).checked(e.parameters)) for e in recipe.stages)
    return Recipe(recipe.name, recipe.title, recipe.help, entries)


def same(one, other):
    return (one.name, one.title.as_json(), one.help.as_json(), one.stages) == (
        other.name, other.title.as_json(), other.help.as_json(), other.stages
    )  # fmt: skip


@st.composite
def values(draw, parameter):
    if parameter.kind == "choice":
        return draw(st.sampled_from(list(parameter.choices)))
    if parameter.kind == "bool":
        return draw(st.booleans())
    if parameter.kind == "int":
        return draw(st.integers(int(parameter.minimum), int(parameter.maximum)))
    return draw(st.floats(parameter.minimum, parameter.maximum))


@st.composite
def a_recipe(draw):
    words = st.text(st.characters(exclude_categories=["C", "Z"]), min_size=1, max_size=30)
    entries = []
    for name in draw(st.lists(st.sampled_from(sorted(stages())), min_size=1, max_size=MOST_STAGES)):
        chosen = draw(st.lists(st.sampled_from([*stage(name).parameters]), unique_by=lambda p: p.name))
        entries.append(StageConfig(name, {p.name: draw(values(p)) for p in chosen}))
    title, sentence = (LocalText(draw(words), draw(words)) for _ in range(2))
    return Recipe(draw(words), title, sentence, tuple(entries))


@given(a_recipe())
@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
def test_what_is_written_is_read_again(recipe):
    assert same(recipe_from_yaml(recipe_to_yaml(recipe)), spelled_out(recipe))


@pytest.mark.parametrize("recipe", RECIPES, ids=lambda recipe: recipe.name)
def test_a_ready_recipe_is_read_again(recipe):
    assert same(recipe_from_yaml(recipe_to_yaml(recipe)), spelled_out(recipe))


def test_a_file_may_name_stages_alone():
    recipe = recipe_from_yaml("stages: [instant_map, in_batch]")
    assert [entry.stage for entry in recipe.stages] == ["instant_map", "in_batch"]
    assert recipe.stages[1].parameters == stage("in_batch").checked({})


BOMB = "a: &a [x,x,x,x,x,x,x,x,x]\n" + "".join(
    f"{c}: &{c} [{','.join(['*' + p] * 9)}]\n" for p, c in zip("abcdefghijk", "bcdefghijkl", strict=True)
)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "just words",
        "[1, 2]",
        "stages: in_batch",
        "stages: []",
        "stages: [1]",
        "stages: [[in_batch]]",
        "stages: [null]",
        "stages: [{parameters: {}}]",
        "stages: [{stage: in_batch, parameters: [1]}]",
        "stages: [{stage: in_batch, parameters: 7}]",
        "stages: [{stage: in_batch, parameters: {epochs: [4]}}]",
        "stages: [{stage: in_batch, parameters: {epochs: {a: 1}}}]",
        "stages: [{stage: in_batch, parameters: {epochs: -1}}]",
        "stages: [{stage: in_batch, parameters: {epochs: .nan}}]",
        "stages: [{stage: in_batch, parameters: {learning_rate: .inf}}]",
        "stages: [{stage: in_batch, parameters: {learning_rate: .nan}}]",
        "stages: [{stage: in_batch, parameters: {two_way: [1]}}]",
        "stages: [{stage: in_batch, parameters: {nonsense: 1}}]",
        "stages: [{stage: in_batch, parameters: {1: 2}}]",
        "name: [a]\nstages: [in_batch]",
        "name: {a: b}\nstages: [in_batch]",
        f"name: {'x' * 81}\nstages: [in_batch]",
        f"stages: [{','.join(['in_batch'] * (MOST_STAGES + 1))}]",
        "stages: !!python/object/apply:os.system ['true']",
        "!!python/object/apply:os.system ['true']",
        "stages: !!python/name:os.system ''",
        "a: &a [*a]\nstages: *a",
        "stages: &a [*a]",
        "stages: [&a {stage: in_batch, parameters: *a}]",
        "\x00",
        "\ud800",
        "{" * 5000,
        "- " * 20000 + "a",
        "a: 2001-99-99\nstages: [in_batch",
        "stages: [in_batch]\n---\nstages: [in_batch]",
        "stages" + ":" * 100,
        "stages: [in_batch] # " + "x" * LONGEST_FILE,
        BOMB + "stages: *l",
        "? [a]\n: b\nstages: [in_batch, {stage: [a]}]",
    ],
)
def test_a_file_that_is_no_recipe_is_refused_in_words(text):
    with pytest.raises(BadParameter) as caught:
        recipe_from_yaml(text)
    assert len(caught.value.text("zh")) < 2500
    assert "Traceback" not in caught.value.text("en")


@pytest.mark.parametrize("extra", ["help: " + "x" * 5000, "title: [1]", "help: {zh: 1, en: 2}", BOMB])
def test_what_else_a_file_holds_does_no_harm(extra):
    recipe = recipe_from_yaml(f"{extra}\nstages: [in_batch]")
    assert len(recipe.help.get("en")) <= 2000


def test_a_stage_that_does_not_exist_is_named():
    with pytest.raises(NotFound, match="magic"):
        recipe_from_yaml("stages: [magic]")


@given(st.text(max_size=300))
@settings(max_examples=80, deadline=None)
def test_whatever_the_text_it_is_a_recipe_or_a_refusal(text):
    with contextlib.suppress(BadParameter, NotFound):
        assert recipe_from_yaml("stages: [in_batch]\n" + text).stages


def test_the_difference_names_stage_and_parameter():
    other = Recipe("b", ONE.title, ONE.help, (StageConfig("in_batch", {"epochs": 9}), StageConfig("merge")))
    found = recipe_differences(ONE, other)
    assert found[0] == RecipeDifference(1, "in_batch", "epochs", stage("in_batch").checked({})["epochs"], 9)
    assert (found[1].place, found[1].parameter, found[1].first, found[1].second) == (2, "", None, "merge")
    assert recipe_differences(ONE, spelled_out(ONE)) == []


def test_recipes_are_stored_replaced_and_deleted(recipes):
    saved = recipes.save(ONE)
    assert same(saved, spelled_out(ONE))
    assert same(recipes.get("one"), saved)
    assert [each.name for each in recipes.all()] == [*(each.name for each in RECIPES), "one"]
    recipes.save(ONE)  # the same again changes nothing
    changed = Recipe("one", ONE.title, ONE.help, (StageConfig("in_batch", {"epochs": 9}),))
    with pytest.raises(NameTaken):
        recipes.save(changed)
    recipes.save(changed, replace=True)
    found = [each for each in recipes.difference("finetune", "one") if each.stage == "in_batch"]
    assert [(each.parameter, each.second) for each in found] == [("epochs", 9)]
    recipes.delete("one")
    assert recipes.own() == []
    with pytest.raises(NotFound):
        recipes.delete("one")
    recipes.save(ONE)  # the name is free again


def test_ready_recipes_stay_as_they_are(recipes):
    with pytest.raises(NameTaken):
        recipes.save(Recipe("instant", ONE.title, ONE.help, ONE.stages), replace=True)
    with pytest.raises(BadParameter):
        recipes.delete("instant")
    with pytest.raises(BadParameter):
        recipes.save(Recipe("  ", ONE.title, ONE.help, ONE.stages))
    with pytest.raises(BadParameter):
        recipes.save(Recipe("bad", ONE.title, ONE.help, (StageConfig("in_batch", {"epochs": -1}),)))


def test_a_stored_recipe_of_another_version_is_passed_over_and_said_when_it_is_asked_for(recipes):
    recipes.save(ONE)
    recipes._book._store.save("old", "stages: [a_stage_of_long_ago]")
    assert [each.name for each in recipes.own()] == ["one"]
    with pytest.raises(NotFound, match="a_stage_of_long_ago"):
        recipes.get("old")


def test_the_table_of_stages_in_the_documentation_is_current():
    from workbench.commands.recipes import stages_markdown

    page = (Path(__file__).resolve().parents[2] / "docs" / "training.md").read_text("utf-8")
    assert stages_markdown(list(stages().values())) in page, "stages list --markdown gives the table"
