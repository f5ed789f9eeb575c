"""Models: listed, fetched, exported, deleted; what they say of terms and how well."""

from __future__ import annotations

from pathlib import Path

from workbench.evaluation.benchmarks import benchmark_id
from workbench.evaluation.measure import Board, baseline_infos
from workbench.evaluation.retention import RetentionFigures
from workbench.models.exporting import export_folder, export_zip
from workbench.models.word_vectors import is_vectors
from workbench.services.evaluation import Evaluations
from workbench.services.exploring import vector_model
from workbench.services.lifecycle import delete
from workbench.services.parts import Part, Progress
from workbench.training.registry import StageSpec, stages
from workbench.types import Evaluation, Hit, ModelInfo, Similarity


class Models(Part):
    """What ``Services`` does with models; the leaderboard in full is ``evaluation``, asking ``exploring``."""

    evaluation: Evaluations

    def models(self) -> list[ModelInfo]:
        """Base models, those from outside that were used, then tuned ones, newest first."""
        library = self._workspace.library
        return [*library.bases(), *library.outside(), *library.tuned()]

    def baselines(self) -> list[ModelInfo]:
        """The systems without a model: exact match, TF-IDF."""
        return baseline_infos()

    def fetch_model(self, model: str, progress: Progress | None = None) -> None:
        """Make sure that a model from outside (hub, folder) is here; the bundled ones unpack in the run.

        Raises:
            NotFound, ModelUnavailable, UnsafeModel: in words.
        """
        if model not in {info.id for info in self._workspace.library.bases()}:
            self._workspace.library.folder(model, progress)

    def delete_model(self, model: str) -> None:
        """Remove imported word vectors, or a run with all its models. Refused (InputError) while needed."""
        if is_vectors(model) and model not in self._workspace.runs.names():
            self.word_vectors.delete(model)
        else:
            delete(self._workspace, self._workspace.runs.get(model))

    def stages(self) -> list[StageSpec]:
        """Every registered stage."""
        return list(stages().values())

    def export_model(self, run: str, folder: Path) -> Path:
        """Write a tuned (or base) model into ``folder``, which must be new or empty.

        Raises:
            InputError: the folder holds something.
        """
        return export_folder(self._workspace.library.folder(run), folder)

    def export_model_zip(self, run: str, within: Path | None = None) -> Path:
        """The model as one zip file in a new folder ``within`` (by default ``home/uploads``), for download.

        Who asked for it deletes the folder; what is left there is removed after an hour (``mending``).
        """
        within = within or self.settings.uploads_path
        return export_zip(self._workspace.library.folder(run), run, within)

    # -- measuring ------------------------------------------------------------------------------

    def leaderboard(self, dictionary: str) -> Board:
        """What is measured on a dictionary, best first. Quick: computes nothing new but intervals."""
        return self.evaluation.board(benchmark_id("dictionary", dictionary))

    def evaluate(self, model: str, dictionary: str, progress: Progress | None = None) -> list[Evaluation]:
        """Measure a model or baseline on a dictionary's test terms and store it. May take a while."""
        return self._workspace.measurer.evaluate(model, self.dictionary(dictionary), progress)

    def retention(
        self, model: str, dictionary: str | None = None, progress: Progress | None = None
    ) -> RetentionFigures:
        """What a model still knows of everyday words, beside its base; measured where that is not stored.

        ``dictionary`` (its own where none is named) adds the overlap of neighbours among its terms.

        Raises:
            BadParameter: the model is a baseline.
            NotFound: there is no such model or dictionary.
        """
        own = self._workspace.library.dictionary_of(model)
        if dictionary is None and own in {info.name for info in self._workspace.dictionaries.all()}:
            dictionary = own
        terms = self._subject(dictionary).terms if dictionary else ()
        return self._workspace.retention.measure(vector_model(model), terms, progress)

    # -- asking ---------------------------------------------------------------------------------

    def similarity(self, a: str, b: str, model: str, dictionary: str | None = None) -> Similarity:
        """How alike two terms are, calibrated on ``dictionary`` (the model's own, or the first that fits).

        Raises:
            InputError: a term is empty, or the model is a baseline.
        """
        return self.exploring.similarity(a, b, model, dictionary)

    def calibration_dictionary(self, model: str, *terms: str) -> str:
        """The dictionary that a run was trained on; else the one that holds most of ``terms``."""
        return self.exploring.calibration_dictionary(model, *terms)

    def neighbours(self, term: str, model: str, dictionary: str, k: int = 10) -> list[Hit]:
        """The dictionary's terms nearest to ``term`` (any text), nearest first."""
        return self.exploring.neighbours(term, model, dictionary, k)

    def vectors_ready(self, model: str, dictionary: str) -> bool:
        """Whether a dictionary's terms are encoded by a model already, but for a handful."""
        return self.exploring.ready(model, dictionary)
