"""Recipes of several stages, and of labelled pairs, carried out as a worker does."""

import random
import re

import pytest

from workbench.errors import TrainingProblem
from workbench.training import recipes
from workbench.training.queueing import queue_run
from workbench.training.worker import run_job
from workbench.types import LabelledPair, Recipe, StageConfig

FAST = {"epochs": 2, "learning_rate": 3e-3, "batch_size": 16, "layers": "2"}


@pytest.fixture
def pair_set(services):
    """A stored set of labelled pairs whose words the dictionary does not have."""
    rng = random.Random(9)
    words = ["".join(rng.sample("nopqrstuvwxyz", 5)) for _ in range(80)]
    pairs = [
        LabelledPair(word, word[::-1] if number % 2 else words[number - 1], float(number % 2))
        for number, word in enumerate(words)
    ]
    lines = ["text1,text2,label", *(f"{p.text1},{p.text2},{p.label:g}" for p in pairs)]
    preview = services.pair_sets.preview("\n".join(lines).encode(), "pairs.csv")
    services.pair_sets.save("pairs", preview, source="pairs.csv")
    return "pairs"


@pytest.fixture
def add_recipe(monkeypatch):
    def add(name, *stages):
        made = Recipe(name, recipes.RECIPES[0].title, recipes.RECIPES[0].help, stages)
        monkeypatch.setattr(recipes, "RECIPES", (*recipes.RECIPES, made))
        return name

    return add


@pytest.fixture
def carry_out(services, tiny_model_folder):
    def go(recipe, **more):
        subject = services._subject("toy")
        settings = {"name": None, "parameters": None, "seed": 0, **more}
        run = queue_run(services._workspace, subject, str(tiny_model_folder), recipe, **settings)
        services._workspace.runs.claim_next()
        run_job(services.settings, run.id)
        return services.run(run.id)

    return go


def left(services, run):
    return sorted(path.name for path in (services.settings.runs_path / run.id).iterdir())


def test_three_stages_follow_one_another_and_leave_one_model(services, carry_out, add_recipe):
    add_recipe(
        "long",
        StageConfig("in_batch", FAST),
        StageConfig("hard_negatives", FAST),
        StageConfig("merge", {"steps": 4}),
    )
    run = carry_out("long", name="mine")
    assert run.state == "completed", run.message
    assert "model" in left(services, run)
    first, second, merged = run.result["chosen"]
    assert first["epoch"] > 0
    assert second.keys() == {"epoch", "alpha", "of_epochs"}
    assert merged["alpha"] in (0.25, 0.5, 0.75, 1.0)
    assert run.result["dev"]["best"]["mrr@10"] > run.result["dev"]["base"]["mrr@10"] + 5
    assert {"in_batch", "hard_negatives", "merge"} <= run.result["seconds"].keys()
    assert services.neighbours("abcd", "mine", "toy", 3)


def test_the_merge_is_with_the_model_that_the_whole_run_began_with(
    services, carry_out, add_recipe, tiny_model_folder
):
    """Two trainings in a row and a merge: the weights lie on the way from the base."""
    import numpy as np
    from safetensors.numpy import load_file

    stages = StageConfig("in_batch", FAST), StageConfig("multi_similarity", FAST)
    add_recipe("two", *stages)
    add_recipe("merged", *stages, StageConfig("merge", {"steps": 4}))
    two, merged = carry_out("two"), carry_out("merged")
    alpha = merged.result["chosen"][-1]["alpha"]
    base = load_file(tiny_model_folder / "model.safetensors")
    tuned, got = (
        load_file(services.settings.runs_path / run.id / "model" / "model.safetensors")
        for run in (two, merged)
    )
    for name, value in got.items():
        np.testing.assert_allclose(value, base[name] + alpha * (tuned[name] - base[name]), atol=1e-5)


def test_a_recipe_of_labelled_pairs_is_refused_without_them_and_carried_out_with_them(
    services, carry_out, pair_set
):
    with pytest.raises(TrainingProblem) as caught:
        carry_out("labelled")
    assert "句对" in caught.value.text("zh")
    assert "labelled pairs" in caught.value.text("en")
    run = carry_out("labelled", parameters=FAST, pair_sets=[pair_set])
    assert run.state == "completed", run.message
    assert "dev_spearman" not in run.result["chosen"][0]  # of 80 pairs a tenth is too few


def test_a_merge_after_nothing_fails_in_words_and_leaves_no_model(services, carry_out, add_recipe):
    run = carry_out(add_recipe("only", StageConfig("merge")))
    assert run.state == "failed"
    assert "nothing to merge" in run.message.get("en")
    assert left(services, run) == []


@pytest.mark.parametrize("name", ["labelled", "sapbert", "hard_negatives"])
def test_a_ready_recipe_says_when_to_use_it(name):
    made = recipes.recipe(name)
    assert made.title.zh != made.title.en
    assert re.search("用它|一起试", made.help.zh)
    assert made.help.en
