"""What the training tests share: a toy trade whose words can be learnt, and a stage run outside a worker."""

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest
from real_workers import home, open_services  # noqa: F401  (fixtures)

from workbench.errors import Stopped
from workbench.evaluation.split import make_split
from workbench.localtext import LocalText
from workbench.services import Services
from workbench.settings import Settings
from workbench.training.dataset import build_training_set
from workbench.training.material import Material
from workbench.training.registry import StageContext, stage
from workbench.training.worker import RunReporter, run_job
from workbench.types import Recipe, StageConfig

TUNING = {"epochs": 2, "layers": "1", "batch_size": 16, "learning_rate": 3e-3}
TWO = Recipe(
    "two",
    LocalText("两步", "Two"),
    LocalText("", ""),
    (StageConfig("instant_map", {"epochs": 4, "learning_rate": 0.01}), StageConfig("in_batch", TUNING)),
)


@dataclass
class Reporter:
    """Takes down what a stage reports; presses Stop at a step or phase when told to."""

    stop_at_step: int | None = None
    stop_at_phase: str | None = None
    phases: list[str] = field(default_factory=list)
    points: list[tuple[str, int, float]] = field(default_factory=list)
    stopped: bool = False

    def phase(self, text: LocalText, progress: float = 0.0) -> None:
        assert text.zh
        assert 0 <= progress <= 1
        self.phases.append(text.get("en"))
        if text.get("en") == self.stop_at_phase:
            self._stop()

    def progress(self, fraction: float) -> None:
        assert 0 <= fraction <= 1.0001

    def steps(self, step: int, total: int) -> None:
        assert 1 <= step <= total
        if step == self.stop_at_step:
            self._stop()

    def point(self, series: str, step: int, value: float) -> None:
        assert np.isfinite(value)
        self.points.append((series, step, value))

    def check_stop(self) -> None:
        pass

    def _stop(self) -> None:
        if not self.stopped:
            self.stopped = True
            raise Stopped(LocalText("停", "stop"))


class Working:
    """The model that a stage starts from, encoded in float32 and without a store."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.fingerprint = folder.name

    def vectors(self, texts):
        from workbench.models.encoder import TextEncoder
        from workbench.models.loading import load_model

        return TextEncoder(load_model(self.folder), precision="fp32").encode(texts)


@dataclass
class Trained:
    result: object
    folder: Path
    reporter: Reporter
    data: object


@pytest.fixture(scope="session")
def toy_split(toy_pairs):
    return make_split(toy_pairs, seed=13)


@pytest.fixture(scope="session")
def toy_data(toy_pairs, toy_split):
    return build_training_set(toy_pairs, toy_split)


@pytest.fixture(scope="session")
def fp32():
    """bfloat16 off, so that vectors can be compared to the last digit."""
    import torch

    threads = torch.get_num_threads()
    torch.set_num_threads(1)  # a tiny model gains nothing from more, and other work slows it down
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("WORKBENCH_PRECISION", "fp32")
        yield
    torch.set_num_threads(threads)


@pytest.fixture(scope="session")
def train(tmp_path_factory, toy_data, tiny_model_folder, fp32):
    """Runs a stage on the toy data: ``train(name, parameters, base=..., reporter=..., seed=...)``."""

    def run(
        name,
        parameters=None,
        *,
        base=None,
        reporter=None,
        seed=0,
        data=None,
        material=None,
        began_with=None,
        checkpoints=None,
    ) -> Trained:
        spec = stage(name)
        out = tmp_path_factory.mktemp(name)
        reporter = reporter or Reporter()
        data = data or toy_data
        material = material or Material()
        model = Working(base or tiny_model_folder)
        context = StageContext(
            data, model, out, reporter, seed, material, began_with, checkpoints, open_model=Working
        )
        return Trained(spec.run(context, spec.checked(parameters or {})), out, reporter, data)

    return run


@pytest.fixture(scope="session")
def recall_on_training_pairs(toy_data):
    """Share of training synonyms whose nearest standard term is their own, for vectors of all terms."""

    def recall(vectors) -> float:
        standards = np.unique(toy_data.positives)
        nearest = standards[(vectors[toy_data.anchors] @ vectors[standards].T).argmax(1)]
        return float((nearest == toy_data.positives).mean())

    return recall


@pytest.fixture
def new_reporter():
    """Makes reporters: ``new_reporter(stop_at_step=3)`` presses Stop at the third step."""
    return Reporter


# -- runs that are carried out here, without a process of their own ------------------------------------


@pytest.fixture
def services(tmp_path, toy_csv, fp32):
    opened = Services(Settings.from_env({}, home=tmp_path / "home", warm_worker=False, threads=1))
    opened.save_dictionary("toy", opened.preview_dictionary(toy_csv, "toy.csv"), source="toy.csv")
    yield opened
    opened.close()


@pytest.fixture
def start(services, tiny_model_folder):
    def go(recipe=TWO, **more):
        return services.start_run("toy", str(tiny_model_folder), recipe, **more)

    return go


@pytest.fixture
def carry_out(services):
    """Carries out the run that is next in the queue, as a worker would."""

    def go(run):
        assert services._workspace.runs.claim_next().id == run.id
        run_job(services.settings, run.id)
        return services.run(run.id)

    return go


@pytest.fixture
def press_stop(monkeypatch):
    """Presses Stop once, at a step of a stage."""

    def arrange(services, stage, step, *, keep):
        steps = RunReporter.steps
        told = []

        def at_step(self, now, total):
            if not told and self.stage["stage"] == stage and now == step:
                told.append(services.stop_run(self._run_id, keep=keep))
                self.flush()
            steps(self, now, total)

        monkeypatch.setattr(RunReporter, "steps", at_step)

    return arrange
