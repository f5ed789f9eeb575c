"""The instant map learns what holds for unseen words, and its result is an ordinary model."""

import json

import numpy as np
import pytest

PARAMETERS = {"learning_rate": 1e-2}


@pytest.fixture(scope="session")
def trained(train):
    return train("instant_map", PARAMETERS)


def plainly(folder, texts):
    """As anybody would load it, with nothing of the workbench."""
    from sentence_transformers import SentenceTransformer

    model = SentenceTransformer(str(folder), device="cpu", local_files_only=True)
    return model.encode(list(texts), normalize_embeddings=True, show_progress_bar=False)


def ours(folder, texts):
    from workbench.models.encoder import TextEncoder
    from workbench.models.loading import load_model

    return TextEncoder(load_model(folder), precision="fp32").encode(texts)


def test_it_learns_words_that_it_was_not_trained_on(trained):
    assert trained.result.best.mrr10 > trained.result.base.mrr10 + 15
    assert trained.result.best.recall10 > trained.result.base.recall10 + 30


def test_it_learns_the_words_that_it_was_trained_on(trained, tiny_model_folder, recall_on_training_pairs):
    before = recall_on_training_pairs(ours(tiny_model_folder, trained.data.terms))
    after = recall_on_training_pairs(trained.result.vectors)
    assert after > before + 0.3


def test_the_saved_model_is_an_ordinary_one_and_gives_the_same_vectors(trained):
    terms = trained.data.terms
    mine, plain = ours(trained.folder, terms), plainly(trained.folder, terms)
    np.testing.assert_allclose(plain, mine, atol=1e-5)
    np.testing.assert_allclose(trained.result.vectors, mine, atol=1e-5)
    np.testing.assert_allclose(np.linalg.norm(trained.result.vectors, axis=1), 1, atol=1e-5)


def test_the_saved_model_names_only_modules_of_the_library(trained):
    modules = json.loads((trained.folder / "modules.json").read_text())
    assert all(module["type"].startswith("sentence_transformers.") for module in modules)
    assert [module["type"].rpartition(".")[2] for module in modules][-2:] == ["Dense", "Normalize"]
    assert not list(trained.folder.rglob("*.py"))


def test_the_base_is_not_changed(trained, tiny_model_folder):
    assert len(json.loads((tiny_model_folder / "modules.json").read_text())) == 3
    own = (trained.folder / "model.safetensors").stat().st_ino
    assert own != (tiny_model_folder / "model.safetensors").stat().st_ino  # somebody's folder is never shared


def test_a_map_can_be_put_upon_a_map(train, trained):
    second = train("instant_map", {**PARAMETERS, "epochs": 3}, base=trained.folder)
    terms = trained.data.terms
    np.testing.assert_allclose(plainly(second.folder, terms), second.result.vectors, atol=1e-5)
    assert second.result.base.mrr10 == pytest.approx(trained.result.best.mrr10, abs=3)
    assert second.result.best.mrr10 >= second.result.base.mrr10 - 10


def test_the_same_seed_gives_the_same_model_and_another_one_another(train, trained):
    again = train("instant_map", PARAMETERS)
    assert again.result.best == trained.result.best
    np.testing.assert_array_equal(again.result.vectors, trained.result.vectors)
    dense = "3_Dense/model.safetensors"
    assert (again.folder / dense).read_bytes() == (trained.folder / dense).read_bytes()
    other = train("instant_map", PARAMETERS, seed=1)
    assert not np.array_equal(other.result.vectors, trained.result.vectors)


def test_the_curve_begins_with_the_base_and_holds_the_best(trained):
    scores = [(step, value) for series, step, value in trained.reporter.points if series == "dev_mrr@10"]
    assert scores[0] == (0, trained.result.base.mrr10)
    assert max(value for _, value in scores[1:]) <= trained.result.best.mrr10 + 1e-9
    losses = [value for series, _, value in trained.reporter.points if series == "loss"]
    assert losses[-1] < losses[0]
    assert trained.reporter.phases[0] == "Encoding the terms"


def test_stop_keeps_the_best_so_far_as_a_whole_model(train, new_reporter):
    reporter = new_reporter(stop_at_step=4)
    stopped = train("instant_map", {**PARAMETERS, "batch_size": 64}, reporter=reporter)
    assert reporter.stopped
    assert stopped.result.stopped_early
    assert max(step for series, step, _ in reporter.points if series == "loss") == 4
    np.testing.assert_allclose(plainly(stopped.folder, stopped.data.terms), stopped.result.vectors, atol=1e-5)


def test_stop_before_training_leaves_nothing(train, new_reporter, tmp_path):
    from workbench.errors import Stopped

    with pytest.raises(Stopped):
        train("instant_map", reporter=new_reporter(stop_at_phase="Encoding the terms"))


def test_stop_while_saving_still_keeps_the_model(train, trained, new_reporter):
    stopped = train("instant_map", PARAMETERS, reporter=new_reporter(stop_at_phase="Saving the model"))
    assert stopped.result.stopped_early
    np.testing.assert_array_equal(stopped.result.vectors, trained.result.vectors)
    np.testing.assert_allclose(plainly(stopped.folder, stopped.data.terms), stopped.result.vectors, atol=1e-5)


FORMS = {"low_rank": {"form": "low_rank", "width": 16}, "mlp": {"form": "mlp", "width": 64}}


@pytest.fixture(scope="session")
def formed(train):
    return {form: train("instant_map", {**PARAMETERS, **parameters}) for form, parameters in FORMS.items()}


@pytest.mark.parametrize("form", FORMS)
def test_every_form_learns_words_that_it_was_not_trained_on(formed, form):
    result = formed[form].result
    assert result.best.mrr10 > result.base.mrr10 + 15


@pytest.mark.parametrize("form", FORMS)
def test_every_form_is_saved_as_an_ordinary_model(formed, form):
    run = formed[form]
    terms = run.data.terms
    np.testing.assert_allclose(plainly(run.folder, terms), run.result.vectors, atol=1e-5)
    np.testing.assert_allclose(ours(run.folder, terms), run.result.vectors, atol=1e-5)
    modules = [
        each["type"].rpartition(".")[2] for each in json.loads((run.folder / "modules.json").read_text())
    ]
    block = ["Dense", "Normalize", "Dense", "Dense", "Normalize"] if form == "mlp" else ["Dense", "Normalize"]
    assert modules[3:] == block


def test_a_low_rank_map_moves_along_few_directions(train):
    import torch

    from workbench.training.mapping import Residual

    generator = torch.Generator().manual_seed(0)
    residual = Residual.zero("low_rank", 12, 3, generator)
    x = torch.randn(40, 12, generator=generator)
    assert not residual(x).any()  # the identity at the start
    residual.tensors[1].normal_(generator=generator)
    assert torch.linalg.matrix_rank(residual.matrix()) == 3
    torch.testing.assert_close(residual(x), x @ residual.matrix().T)
    torch.testing.assert_close(residual.scaled(0.5)(x), 0.5 * residual(x))


def test_a_small_net_is_what_its_formula_says():
    import torch

    from workbench.training.mapping import Residual

    generator = torch.Generator().manual_seed(0)
    inward, bias, outward = (torch.randn(*shape, generator=generator) for shape in ((5, 12), (5,), (12, 5)))
    residual = Residual("mlp", (inward, bias, outward))
    x = torch.randn(40, 12, generator=generator)
    expected = (x @ inward.T + bias).clamp(min=0) @ outward.T
    torch.testing.assert_close(residual(x), expected)
    torch.testing.assert_close(residual.scaled(0.3)(x), 0.3 * expected)
    assert not Residual.zero("mlp", 12, 5, generator)(x).any()


class Forgetful:
    """Watches over a run as the real one does, and takes every map but a weak one for forgetting."""

    whole_texts = ("abc", "cde", "efg", "xyz")

    def __init__(self, real, least):
        self._real, self._least, self._base = real, least, None

    def __getattr__(self, name):
        return getattr(self._real, name)

    def whole_retention(self, vectors):
        if self._base is None:
            self._base = vectors
            return {"en": 50.0}
        near = float((vectors * self._base).sum(axis=1).min())
        return {"en": 50.0 if near >= self._least else 48.5}


@pytest.fixture
def with_a_monitor(toy_data, tiny_model_folder, tmp_path, new_reporter, fp32):
    from workbench.training.monitoring import Monitor
    from workbench.training.registry import StageContext, stage

    def run(least, **parameters):
        monitor = Forgetful(Monitor(), least)
        model = Model(tiny_model_folder)
        context = StageContext(toy_data, model, tmp_path, new_reporter(), 0, monitor=monitor)
        spec = stage("instant_map")
        return spec.run(context, spec.checked({**PARAMETERS, **parameters}))

    return run


class Model:
    def __init__(self, folder):
        self.folder, self.fingerprint = folder, folder.name

    def vectors(self, texts):
        return ours(self.folder, texts)


def test_a_map_that_forgets_more_than_a_point_is_not_chosen(with_a_monitor, trained):
    free = with_a_monitor(least=-1.0)
    assert free.best == trained.result.best
    held = with_a_monitor(least=2.0)  # no map at all is good enough, nor is the frame
    assert held.chosen["epoch"] == held.chosen["alpha"] == 0
    assert held.best == held.base
    assert "tried" not in held.chosen  # it was not for want of a gain
    assert "general knowledge" in held.chosen["told"]["en"]


def test_general_words_that_are_held_stay_nearer(toy_data, tiny_model_folder, fp32):
    import torch

    from workbench.training.mapping import Frame, MapFitting
    from workbench.training.registry import stage

    vectors = torch.from_numpy(ours(tiny_model_folder, toy_data.terms))
    words = torch.from_numpy(ours(tiny_model_folder, ["混凝土", "越野车", "phone", "keyboard", "river"]))
    frame = Frame.of(vectors[torch.from_numpy(toy_data.training_terms)], 0.3)
    moved = {}
    for retention in (0.0, 10.0):
        parameters = stage("instant_map").checked({**PARAMETERS, "retention": retention})
        fitting = MapFitting(
            frame.project(vectors), toy_data, parameters, seed=0, general=frame.project(words)
        )
        for _ in range(20):
            list(fitting.epoch())
        moved[retention] = float(fitting.residual()(frame.project(words)).square().sum(1).mean())
    assert moved[10.0] < 0.5 * moved[0.0]


def test_words_are_held_in_a_whole_run(train, trained):
    held = train("instant_map", {**PARAMETERS, "retention": 1.0})
    assert held.result.best.mrr10 > held.result.base.mrr10 + 10
    assert held.result.best != trained.result.best
