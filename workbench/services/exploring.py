"""Explore: two terms under every model and why, what is near by several systems, a list against itself."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from workbench.errors import BadParameter, NotFound
from workbench.evaluation.measure import baseline_infos
from workbench.evaluation.systems import reranked_id
from workbench.localtext import LocalText
from workbench.models.folder_format import RERANKER
from workbench.search.explorer import Explorer, PairAnswer, PairView
from workbench.search.indexing import IndexState
from workbench.search.matrix import Matrix, MatrixFormat, Values, chosen_terms, matrix_bytes
from workbench.search.near import Column, Near, NearHit
from workbench.search.serving import Place
from workbench.search.sources import Filters, KeptList, Kind, Lists, Shelf, Source
from workbench.search.why import KnownPair, SharedNeighbour, Why
from workbench.storage.history import HistoryStore
from workbench.training.run_folder import RunFolder
from workbench.types import DictionaryInfo, Hit, ModelInfo, Similarity
from workbench.workspace import Workspace

__all__ = [
    "Column",
    "Exploring",
    "Filters",
    "IndexState",
    "KeptList",
    "KnownPair",
    "Matrix",
    "Near",
    "NearHit",
    "PairAnswer",
    "PairView",
    "SharedNeighbour",
    "Source",
    "Why",
]
Progress = Callable[[float, LocalText], None]
ENOUGH_TO_CALIBRATE = 100  # pairs
MOST_MODELS = 12
MOST_SYSTEMS = 12
TERM: Kind = "term"
PASSAGE: Kind = "passage"


class Exploring:
    """Questions about terms over one home folder. ``models`` lists every model that there is."""

    def __init__(self, workspace: Workspace, models: Callable[[], list[ModelInfo]]) -> None:
        self._workspace = workspace
        self._models = models
        self._lists = Lists()
        self._explorer = Explorer(
            workspace.library,
            workspace.measurer,
            workspace.evaluations,
            workspace.dictionaries,
            HistoryStore(workspace.database),
            workspace.settings.cache_path / "indexes",
        )

    def close(self) -> None:
        """Stop building indexes."""
        self._explorer.close()

    # -- two terms ----------------------------------------------------------------------------

    def similarity(
        self, a: str, b: str, model: str, dictionary: str | None = None, progress: Progress | None = None
    ) -> Similarity:
        """How alike two terms are, calibrated on ``dictionary`` (the model's own, or the first that fits).

        Raises:
            InputError: a term is empty or too long. BadParameter: the model is a baseline.
            TrainingProblem: the dictionary is too small to calibrate anything on.
        """
        info = self._info(dictionary or self.calibration_dictionary(model, a, b))
        return self._explorer.similarity(a, b, vector_model(model), info, progress)

    def pair(
        self,
        a: str,
        b: str,
        models: Sequence[str] | None = None,
        dictionary: str | None = None,
        progress: Progress | None = None,
    ) -> PairView:
        """Two terms under several models, and why they are alike.

        ``models`` left out: every one that is ready, at most 12, the default first. ``dictionary`` says what
        is known and calibrates; left out, it is chosen as for :meth:`similarity`.

        Raises:
            InputError: a term is empty or too long.
            BadParameter, NotFound, ModelProblem: a model that was named cannot be asked.
        """
        chosen = list(dict.fromkeys(map(vector_model, models))) if models else self.ready_models()
        if not chosen:
            raise NotFound(
                LocalText("还没有可用的模型。", "There is no model yet."),
                LocalText("请在「模型」页准备一个。", "Get one ready on the page of models."),
            )
        info = self._info(dictionary or self.calibration_dictionary(chosen[0], a, b))
        return self._explorer.pair(a, b, chosen[:MOST_MODELS], info, progress, forgiving=not models)

    def ready_models(self) -> list[str]:
        """The models that can be asked without unpacking or fetching one first, the default first."""
        ready = [info for info in self._models() if info.ready]
        return [info.id for info in sorted(ready, key=lambda info: not info.default)][:MOST_MODELS]

    def calibration_dictionary(self, model: str, *terms: str) -> str:
        """The dictionary that a run was trained on; else the one that holds most of ``terms``.

        Raises:
            NotFound: there is none.
        """
        store = self._workspace.dictionaries
        own = self._workspace.library.dictionary_of(model)
        infos = store.all()
        if own in [info.name for info in infos]:
            return str(own)
        if not infos:
            raise NotFound(
                LocalText(
                    "没有词典可用来校准相似度。", "There is no dictionary to calibrate a similarity on."
                ),
                LocalText("请先导入一个。", "Import one first."),
            )
        texts = [term.strip() for term in terms]
        # A handful of pairs calibrates nothing, whatever terms it holds.
        return max(
            infos, key=lambda i: (i.pairs >= ENOUGH_TO_CALIBRATE, store.holds(i.version_id, texts))
        ).name

    # -- what is near -------------------------------------------------------------------------

    def neighbours(
        self, term: str, model: str, dictionary: str, k: int = 10, progress: Progress | None = None
    ) -> list[Hit]:
        """The dictionary's terms nearest to ``term`` (any text), nearest first."""
        return self._explorer.neighbours(term, vector_model(model), self._info(dictionary), k, progress)

    def near(
        self,
        text: str,
        source: str | Source,
        systems: Sequence[str],
        dictionary: str | None = None,
        *,
        k: int = 10,
        filters: Filters = Filters(),  # noqa: B008  # frozen
        rerank: str | None = None,
        progress: Progress | None = None,
    ) -> Near:
        """What is nearest to ``text`` in a source by each system, the moves against the first one.

        ``source`` is ``dictionary:NAME``, ``corpus:NAME`` or ``list:ID``; ``systems`` are model ids and what
        :func:`workbench.evaluation.systems.system_of` takes (``tfidf``, ``hybrid:M+tfidf``, ``rerank:M+R``).
        ``dictionary`` says what is known and calibrates probabilities: the source itself where it is one.
        Filters apply before the best ``k`` (1 to 1,000) are cut off. ``rerank`` is a run that has a
        cross-encoder (see :meth:`rerankers`): it puts the best of each system in order; all are models then.

        Raises:
            InputError: the text is empty or longer than 2,000 characters.
            BadParameter, NotFound, ModelProblem: there is no such source or system, or it cannot be loaded.
        """
        systems = systems if rerank is None else [reranked_id(each, rerank) for each in systems]
        where = source if isinstance(source, Source) else Source.parse(source)
        if not 1 <= len(systems) <= MOST_SYSTEMS:
            raise BadParameter(
                LocalText("请选 1 到 {most} 个检索方法。", "Choose 1 to {most} systems."), most=MOST_SYSTEMS
            )
        name = dictionary or (where.name if where.kind == "dictionary" else None)
        info = self._info(name) if name else None
        place = self._place(where, info, progress)
        return self._explorer.near(text, where, place, systems, info, k=k, filters=filters, progress=progress)

    def rerankers(self) -> list[str]:
        """The runs that have a cross-encoder beside their model, newest first."""
        workspace = self._workspace
        folders = {run.name: RunFolder(workspace.settings, run).model for run in workspace.runs.all()}
        return [name for name, folder in folders.items() if (folder / RERANKER).is_dir()]

    def keep_list(self, texts: Iterable[str], title: str = "") -> str:
        """Keep a pasted list or an uploaded column for :meth:`near`; its id. The last eight are kept.

        Raises:
            InputError: it is empty, has more than 100,000 texts, or one of more than 2,000 characters.
        """
        return self._lists.keep(texts, title).id

    def lists(self) -> list[KeptList]:
        """The lists that are kept."""
        return self._lists.all()

    def ready(self, model: str, dictionary: str) -> bool:
        """Whether a dictionary's terms are encoded by a model already, but for a handful."""
        return self._explorer.shelves.ready(vector_model(model), self._info(dictionary))

    def index_state(self, model: str, dictionary: str) -> IndexState:
        """How a dictionary is searched under a model: exactly or by a graph, and how far a graph is."""
        return self._explorer.shelves.index_state(vector_model(model), self._info(dictionary))

    def wait_for_indexes(self, timeout: float = 600.0) -> None:
        """Wait until the graphs that are being built are there."""
        self._explorer.shelves.graphs.wait(timeout)

    # -- a list against itself ----------------------------------------------------------------

    def matrix(
        self,
        terms: Sequence[str],
        model: str,
        dictionary: str | None = None,
        progress: Progress | None = None,
    ) -> Matrix:
        """2 to 200 terms against each other, in the order of their clustering.

        Raises:
            InputError: they are too few or too many, or one is too long.
            BadParameter, NotFound, ModelProblem: the model cannot be asked.
        """
        chosen = chosen_terms(terms)
        info = self._info(dictionary) if dictionary else None
        return self._explorer.matrix(chosen, vector_model(model), info, progress)

    @staticmethod
    def matrix_file(matrix: Matrix, format: MatrixFormat = "csv", values: Values = "cosine") -> bytes:
        """A matrix as a table ("csv", "xlsx"), its terms above and beside it."""
        return matrix_bytes(matrix, format, values)

    # -- inside -------------------------------------------------------------------------------

    def _info(self, dictionary: str) -> DictionaryInfo:
        return self._workspace.dictionaries.get(dictionary)

    def _place(self, source: Source, info: DictionaryInfo | None, progress: Progress | None) -> Place:
        shelves = self._explorer.shelves
        if source.kind == "dictionary":
            mine = self._info(source.name)
            return Place(
                "term",
                lambda: shelves.shelf(mine),
                lambda model: shelves.neighbourhood(model, mine, progress),
                mine,
            )
        if source.kind == "corpus":
            corpus = self._workspace.corpora.get(source.name)
            state, kind = f"corpus:{corpus.id}:{corpus.created_at}", PASSAGE
            texts: Callable[[], Iterable[str]] = lambda: self._workspace.corpora.texts(corpus.id)
        else:
            kept = self._lists.get(source.name)
            state, kind = f"list:{kept.id}", TERM
            texts = lambda: kept.texts

        def shelf() -> Shelf:
            return shelves.other_shelf(state, texts, kind)

        return Place(
            kind,
            shelf,
            lambda model: shelves.other_neighbourhood(model, state, shelf, progress),
            info,
        )


def vector_model(model: str) -> str:
    """A model that has vectors, by its id.

    Raises:
        BadParameter: it is a baseline.
    """
    if model in {info.id for info in baseline_infos()}:
        raise BadParameter(
            LocalText("「{model}」没有词向量。", "“{model}” has no vectors."),
            LocalText("请选一个模型。", "Choose a model."),
            model=model,
        )
    return model
