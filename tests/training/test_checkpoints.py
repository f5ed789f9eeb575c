"""A stage that is taken up from a checkpoint ends as if it had never been interrupted."""

import itertools
from dataclasses import dataclass, field

import pytest
from training.conftest import Reporter, Working

from workbench.storage.artifacts import manifest_of
from workbench.training.checkpoints import Checkpoints
from workbench.training.material import Material
from workbench.training.registry import StageContext, stage, stages
from workbench.types import LabelledPair


class Cut(Exception):
    """The process is gone."""


@dataclass
class Cutting(Reporter):
    cut_at: int | None = None

    def steps(self, step, total):
        super().steps(step, total)
        if step == self.cut_at:
            raise Cut


@dataclass
class Everywhere(Checkpoints):
    """Saves after each step; knows where the curve was taken back to."""

    rewound: list = field(default_factory=list)

    def __init__(self, folder):
        self.rewound = []
        marks = itertools.count(1)
        super().__init__(folder, every=0.0, mark=lambda: next(marks), rewind=self.rewound.append)

    def due(self):
        return True


def small(name):
    """Parameters that make a stage short: two epochs, small batches."""
    wished = {"epochs": 2, "layers": "1", "batch_size": 32, "learning_rate": 1e-3, "most_texts": 100}
    return {
        p.name: max(wished[p.name], p.minimum) if p.kind == "int" else wished[p.name]
        for p in stage(name).parameters
        if p.name in wished
    }


@pytest.fixture(scope="module")
def material(toy_data):
    terms = toy_data.terms
    triplets = [
        LabelledPair(terms[a], terms[b], 1.0, terms[(b + 7) % len(terms)], row)
        for row, (a, b) in enumerate(zip(toy_data.anchors.tolist(), toy_data.positives.tolist(), strict=True))
    ]
    labelled = [LabelledPair(each.text1, each.text2, 1.0, "", each.row) for each in triplets]
    labelled += [LabelledPair(each.text1, each.negative, 0.0, "", each.row) for each in triplets]
    texts = tuple(f"{terms[a]} {terms[b]} ab" for a, b in itertools.pairwise(range(60)))
    return Material(texts, tuple(labelled), tuple(triplets))


@pytest.fixture
def work(tmp_path, toy_data, tiny_model_folder, material, fp32):
    numbers = itertools.count()

    def go(name, *, checkpoints=None, seed=0, parameters=None, **report):
        out = tmp_path / f"out-{next(numbers)}"
        out.mkdir()
        context = StageContext(
            toy_data, Working(tiny_model_folder), out, Cutting(**report), seed, material,
            tiny_model_folder, checkpoints,
        )  # fmt: skip
        spec = stage(name)
        result = spec.run(context, spec.checked({**small(name), **(parameters or {})}))
        return result, (out / "model.safetensors").read_bytes(), context.report

    return go


def fine_tuning():
    """The stages whose loop is that of ``fit_top_layers``."""
    import inspect
    import sys

    return [n for n, spec in stages().items() if "fit_top_layers" in vars(sys.modules[spec.run.__module__])
            or "fit_top_layers(" in inspect.getsource(spec.run)]  # fmt: skip


@pytest.mark.parametrize("name", fine_tuning())
def test_taken_up_after_a_kill_it_ends_with_the_same_model(work, tmp_path, name):
    whole, weights, told = work(name)
    checkpoints = Everywhere(tmp_path / "checkpoints")
    last = max(step for series, step, _ in told.points if series == "loss")
    cut = last // 2 + 1 if last > 2 else last
    with pytest.raises(Cut):
        work(name, checkpoints=checkpoints, cut_at=cut)
    result, again, report = work(name, checkpoints=checkpoints)
    assert again == weights
    assert (result.best, result.base, result.chosen) == (whole.best, whole.base, whole.chosen)
    assert min(step for series, step, _ in report.points if series == "loss") == cut
    assert checkpoints.rewound == [cut - 1]


def test_taken_up_after_a_kill_its_alike_pairs_stand_together_as_before(work, tmp_path):
    """The groups follow from the model as it was when the epoch began."""
    wished = {"alike": 3}
    whole, weights, told = work("in_batch", parameters=wished)
    assert weights != work("in_batch")[1]
    steps = max(step for series, step, _ in told.points if series == "loss")
    for cut in (2, steps // 2, steps - 1):
        checkpoints = Everywhere(tmp_path / f"checkpoints-{cut}")
        with pytest.raises(Cut):
            work("in_batch", parameters=wished, checkpoints=checkpoints, cut_at=cut)
        result, again, _ = work("in_batch", parameters=wished, checkpoints=checkpoints)
        assert again == weights
        assert (result.best, result.chosen) == (whole.best, whole.chosen)


@pytest.mark.parametrize("step", [1, 4, 5, 6])
def test_taken_up_after_stop_it_ends_with_the_same_model(work, tmp_path, step):
    whole, weights, _ = work("in_batch")
    checkpoints = Checkpoints(tmp_path / "checkpoints", every=1e9)
    stopped, _, _ = work("in_batch", checkpoints=checkpoints, stop_at_step=step)
    assert stopped.stopped_early
    result, again, report = work("in_batch", checkpoints=checkpoints)
    assert again == weights
    assert (result.best, result.chosen) == (whole.best, whole.chosen)
    assert min(at for series, at, _ in report.points if series == "loss") == step + 1


def test_only_the_two_newest_are_kept_and_a_damaged_one_is_passed_over(work, tmp_path):
    _, weights, _ = work("in_batch")
    checkpoints = Everywhere(tmp_path / "checkpoints")
    with pytest.raises(Cut):
        work("in_batch", checkpoints=checkpoints, cut_at=6)
    kept = sorted((tmp_path / "checkpoints").iterdir())
    assert [folder.name for folder in kept] == ["step-000000004", "step-000000005"]
    assert all(manifest_of(folder) for folder in kept)
    tensors = kept[-1] / "tensors.safetensors"
    data = bytearray(tensors.read_bytes())
    data[-8] ^= 0xFF  # the same size: only the hash tells
    tensors.write_bytes(data)
    _, again, report = work("in_batch", checkpoints=checkpoints)
    assert again == weights
    assert min(step for series, step, _ in report.points if series == "loss") == 5


@pytest.mark.parametrize("other", [{"seed": 1}, {"parameters": {"learning_rate": 2e-3}}])
def test_a_checkpoint_of_other_work_is_not_taken_up(work, tmp_path, other):
    checkpoints = Everywhere(tmp_path / "checkpoints")
    with pytest.raises(Cut):
        work("in_batch", checkpoints=checkpoints, cut_at=4)
    _, _, report = work("in_batch", checkpoints=checkpoints, **other)
    assert min(step for series, step, _ in report.points if series == "loss") == 1
    assert checkpoints.rewound == [None]


def test_a_full_disk_costs_the_checkpoint_and_not_the_run(work, tmp_path, monkeypatch):
    def full(*_, **__):
        raise OSError(28, "No space left on device")

    _, weights, _ = work("in_batch")
    monkeypatch.setattr("workbench.storage.artifacts._write_synced", full)
    _, again, _ = work("in_batch", checkpoints=Everywhere(tmp_path / "checkpoints"))
    assert again == weights
    assert list((tmp_path / "checkpoints").iterdir()) == []


def test_saving_takes_a_small_part_of_the_time(tmp_path, monkeypatch):
    import torch

    now = [0.0]
    monkeypatch.setattr("workbench.training.checkpoints.time.monotonic", lambda: now[0])

    def slow():
        now[0] += 5
        return 1

    checkpoints = Checkpoints(tmp_path, every=20, mark=slow)
    assert not checkpoints.due()
    now[0] = 20
    assert checkpoints.due()
    slow_save = monkeypatch.setattr("safetensors.torch.save_file", lambda *_: slow())
    assert slow_save is None
    checkpoints.save(1, {"a": torch.zeros(1)}, {})
    now[0] += 99
    assert not checkpoints.due()
    now[0] += 2
    assert checkpoints.due()


def saved_at(folder, *steps, signature):
    """Checkpoints of work of that signature, which an attempt before this one has left."""
    import torch

    left = Everywhere(folder)
    for step in steps:
        left.save(step, {"weight.0": torch.tensor([float(step)])}, {"signature": signature})
    return [path.name for path in sorted(folder.iterdir())]


def test_checkpoints_of_other_work_do_not_push_out_those_of_this(tmp_path):
    """They may be of later steps: of a longer epoch, say."""
    assert saved_at(tmp_path, 10, 20, 30, signature="other") == ["step-000000020", "step-000000030"]
    assert Everywhere(tmp_path).newest("this") is None
    assert saved_at(tmp_path, 1, 2, 3, signature="this") == ["step-000000002", "step-000000003"]
    assert Everywhere(tmp_path).newest("this").facts["step"] == 3


def test_damaged_checkpoints_do_not_push_out_whole_ones(tmp_path):
    saved_at(tmp_path, 10, 20, signature="this")
    (tmp_path / "step-000000020" / "tensors.safetensors").write_bytes(b"damaged")
    going_on = Everywhere(tmp_path)
    found = going_on.newest("this")
    assert found.facts["step"] == 10
    going_on.save(15, found.tensors, found.facts)
    assert [path.name for path in sorted(tmp_path.iterdir())] == ["step-000000010", "step-000000015"]


def test_a_checkpoint_at_the_step_that_was_taken_up_takes_its_place(tmp_path):
    saved_at(tmp_path, 10, 20, signature="this")
    going_on = Everywhere(tmp_path)
    found = going_on.newest("this")
    for step in (20, 30):
        going_on.save(step, found.tensors, found.facts)
    assert [path.name for path in sorted(tmp_path.iterdir())] == ["step-000000020", "step-000000030"]
