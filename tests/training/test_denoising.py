"""Mined terms that a cross-encoder holds for synonyms are no hard negatives (RocketQA)."""

import shutil

import numpy as np
import pytest

from workbench.errors import Stopped, TrainingProblem
from workbench.models.reranking import RERANKER
from workbench.training import denoising
from workbench.training.denoising import Denoiser
from workbench.training.registry import stage

torch = pytest.importorskip("torch")

FAST = {"epochs": 2, "learning_rate": 3e-3, "layers": "2", "batch_size": 16}


class Knows:
    """Holds for synonyms what is in ``alike``; counts what it is asked."""

    def __init__(self, *alike):
        self.alike, self.asked = set(alike), []

    def scores(self, pairs, progress=None):
        self.asked += pairs
        if progress:
            progress(1.0)
        return np.array([0.9 if pair in self.alike else 0.2 for pair in pairs], np.float32)


@pytest.fixture
def terms():
    return ("a", "b", "c", "d", "e")


def test_what_the_cross_encoder_holds_for_a_synonym_is_taken_out_and_the_next_one_moves_up(
    terms, new_reporter
):
    knows = Knows(("a", "c"), ("b", "d"), ("b", "e"))
    mined = torch.tensor([[2, 3, 4], [3, 4, -1], [0, -1, -1]])
    kept = Denoiser(knows, 0.5, new_reporter()).kept(terms, torch.tensor([0, 1, 2]), mined, 2)
    assert kept.tolist() == [[3, 4], [-1, -1], [0, -1]]


def test_the_threshold_is_kept_to(terms, new_reporter):
    mined = torch.tensor([[1, 2]])
    for threshold, kept in ((0.1, [-1, -1]), (0.5, [1, -1]), (0.95, [1, 2])):
        found = Denoiser(Knows(("a", "c")), threshold, new_reporter()).kept(
            terms, torch.tensor([0]), mined, 2
        )
        assert found.tolist() == [kept]


def test_no_pair_is_asked_for_twice(terms, new_reporter):
    knows = Knows()
    denoiser = Denoiser(knows, 0.5, new_reporter())
    for mined in ([[1, 2]], [[2, 3]]):
        denoiser.kept(terms, torch.tensor([0]), torch.tensor(mined), 2)
    assert knows.asked == [("a", "b"), ("a", "c"), ("a", "d")]


def test_nothing_mined_nothing_asked(terms, new_reporter):
    knows = Knows()
    mined = torch.full((2, 3), -1)
    assert Denoiser(knows, 0.5, new_reporter()).kept(terms, torch.tensor([0, 1]), mined, 2).eq(-1).all()
    assert knows.asked == []


def objective_of(data, vectors, **more):
    from workbench.training.stages.hard_negatives import MinedNegatives

    denoiser = more.pop("denoiser", None)
    objective = MinedNegatives(data, stage("hard_negatives").checked(more), denoiser)
    objective.before_epoch(0, lambda rows: vectors[rows])
    return objective.mined


def test_by_margin_by_cross_encoder_or_not_at_all(toy_data, new_reporter):
    """An unlisted synonym: a term of another concept that is nearer than the right answer."""
    generator = torch.Generator().manual_seed(0)
    vectors = torch.nn.functional.normalize(torch.randn(len(toy_data.terms), 16, generator=generator), dim=1)
    anchor, positive = int(toy_data.anchors[0]), int(toy_data.positives[0])
    other = int(toy_data.anchors[toy_data.concepts != toy_data.concepts[0]][0])
    for term, distance in ((positive, 0.3), (other, 0.05)):
        moved = vectors[anchor] + distance * vectors[term]
        vectors[term] = torch.nn.functional.normalize(moved, dim=0)
    assert other in objective_of(toy_data, vectors, denoise="none")[0].tolist()
    assert other not in objective_of(toy_data, vectors, denoise="margin")[0].tolist()
    pair = (toy_data.terms[anchor], toy_data.terms[other])
    sure = Denoiser(Knows(pair), 0.5, new_reporter())
    kept = objective_of(toy_data, vectors, denoise="cross_encoder", denoiser=sure)
    assert other not in kept[0].tolist()
    assert (kept[0] >= 0).all()  # the next ones take its place
    unsure = Denoiser(Knows(), 0.5, new_reporter())
    kept = objective_of(toy_data, vectors, denoise="cross_encoder", denoiser=unsure)
    assert torch.equal(kept, objective_of(toy_data, vectors, denoise="none"))


def test_the_stage_trains_a_cross_encoder_for_itself_and_leaves_nothing_of_it(train, monkeypatch):
    asked = []
    kept = Denoiser.kept

    def watched(self, *given):
        asked.append(self._reranker.folder)
        return kept(self, *given)

    monkeypatch.setattr(Denoiser, "kept", watched)
    trained = train("hard_negatives", {**FAST, "denoise": "cross_encoder"})
    assert asked == [asked[0]] * 2  # once an epoch
    assert asked[0].name == RERANKER
    assert not asked[0].exists()
    assert not [path for path in trained.folder.rglob("*") if RERANKER in path.name]
    steps = [step for series, step, _ in trained.reporter.points if series == "loss"]
    assert steps == sorted(set(steps))  # the curve is that of the stage alone
    assert "Looking for hard negatives" in trained.reporter.phases


def test_the_reranker_of_the_model_is_used_where_it_has_one(train, tiny_model_folder, tmp_path, monkeypatch):
    first = train("reranker", {**FAST, "epochs": 1})
    base = tmp_path / "with"
    shutil.copytree(first.folder, base)
    monkeypatch.setattr(denoising, "train", None)  # nothing is trained
    trained = train("hard_negatives", {**FAST, "epochs": 1, "denoise": "cross_encoder"}, base=base)
    assert trained.result.best.mrr10 >= trained.result.base.mrr10


def test_stop_while_the_cross_encoder_is_trained_leaves_nothing(train, new_reporter):
    with pytest.raises(Stopped):
        train(
            "hard_negatives",
            {**FAST, "denoise": "cross_encoder"},
            reporter=new_reporter(stop_at_phase="Looking for hard negatives"),
        )


def test_a_base_without_a_transformer_cannot_be_asked(train, monkeypatch):
    def refuse(*_):
        raise TrainingProblem(denoising.LocalText("这个基础模型做不到", "this base model cannot"))

    monkeypatch.setattr("workbench.training.cross_encoding.cross_split", refuse)
    with pytest.raises(TrainingProblem):
        train("hard_negatives", {**FAST, "denoise": "cross_encoder"})
