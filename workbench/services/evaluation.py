"""Everything about measuring: benchmarks, boards, comparisons, misses, slices, notes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from workbench.errors import BadParameter, NotFound
from workbench.evaluation.benchmarks import (
    BenchmarkKind,
    Case,
    benchmark_id,
    retrieval_case,
    split_benchmark_id,
)
from workbench.evaluation.board_export import BoardFormat, export_board
from workbench.evaluation.causes import CAUSES, TITLES, Cause, causes_of
from workbench.evaluation.leaderboard import Order, arrange, comparison_text, newest
from workbench.evaluation.measure import Board, Progress, baseline_infos
from workbench.evaluation.mistakes import SIDES, MistakeFilter, MistakePage, Side, mistakes
from workbench.evaluation.significance import compare
from workbench.evaluation.slices import Slice, slices_of
from workbench.localtext import Language, LocalText
from workbench.locks import KeyedCache
from workbench.names import tidy
from workbench.normalise import term_key
from workbench.services.board_details import BoardDetails
from workbench.services.pair_evaluation import PairEvaluations
from workbench.storage.evaluations import NO_NOTE
from workbench.types import Comparison, Evaluation, ModelInfo, Run
from workbench.workspace import Workspace

MOST_NOTE = 2000  # characters
SETS_IN_MEMORY = 4


@dataclass(frozen=True, slots=True)
class BenchmarkChoice:
    """A benchmark for the selector. ``queries`` and ``documents`` as far as they are known at once:
    pairs and standard terms of a dictionary, queries and passages, pairs and 0."""

    id: str
    kind: BenchmarkKind
    name: str
    queries: int
    documents: int
    sample: bool = False


@dataclass(frozen=True, slots=True)
class Versus:
    """System ``a`` against system ``b`` on a benchmark, by themselves (one comparison, not corrected)."""

    benchmark: str
    a: Evaluation
    b: Evaluation
    comparison: Comparison
    sentence: LocalText
    only_a: int  # queries that a puts first and b does not
    only_b: int
    both: int
    neither: int


@dataclass(frozen=True, slots=True)
class Misses:
    """A page of queries under one or two systems, with what the filters are called."""

    benchmark: str
    kind: BenchmarkKind
    a: str
    b: str | None
    k: int
    page: MistakePage
    cause_titles: dict[Cause, LocalText]
    notes: tuple[LocalText, ...]


class Evaluations:
    """Measuring on dictionaries, retrieval sets and labelled pairs of one home folder.

    ``models`` gives the models that there are. A benchmark is named by its id (``retrieval:<name>``); a bare
    name is a dictionary's.
    """

    def __init__(self, workspace: Workspace, models: Callable[[], list[ModelInfo]]) -> None:
        self._workspace = workspace
        self._models = models
        self._measurer = workspace.measurer
        self._store = workspace.evaluations
        self._details = BoardDetails(workspace)
        self._cases: KeyedCache[tuple[str, bool], Case] = KeyedCache(SETS_IN_MEMORY)
        self.pairs = PairEvaluations(workspace, models)
        self._causes: KeyedCache[str, list[Cause]] = KeyedCache(SETS_IN_MEMORY)

    # -- what there is to measure on ----------------------------------------------------------

    def benchmarks(self) -> list[BenchmarkChoice]:
        """Every benchmark: the dictionaries, the retrieval sets, the pair sets. Quick."""
        stores = self._workspace
        return [
            *(
                BenchmarkChoice(
                    benchmark_id("dictionary", each.name), "dictionary", each.name, each.pairs,
                    each.standards, each.sample,
                )
                for each in stores.dictionaries.all()
            ),
            *(
                BenchmarkChoice(
                    benchmark_id("retrieval", each.name), "retrieval", each.name, each.queries, each.passages
                )
                for each in stores.retrieval_sets.all()
            ),
            *(
                BenchmarkChoice(benchmark_id("pairs", each.name), "pairs", each.name, each.rows, 0)
                for each in stores.pair_sets.all()
                if each.rows
            ),
        ]  # fmt: skip

    def symmetric(self, benchmark: str) -> bool:
        """Whether query and passage of a retrieval set are of one kind and get the same prompt."""
        kind, name = split_benchmark_id(benchmark)
        return bool(self._store.options(benchmark_id(kind, name)).get("symmetric", False))

    def set_symmetric(self, benchmark: str, symmetric: bool) -> None:
        """Decide it. Numbers under the one and the other stand on boards of their own.

        Raises:
            BadParameter: it is no retrieval set. NotFound: there is none of that name.
        """
        kind, name = split_benchmark_id(benchmark)
        if kind != "retrieval":
            raise BadParameter(
                LocalText("只有检索集才分查询和段落。", "Only a retrieval set has queries and passages."),
            )
        self._workspace.retrieval_sets.get(name)
        self._store.save_options(benchmark_id(kind, name), {"symmetric": symmetric})

    # -- the board ----------------------------------------------------------------------------

    def board(self, benchmark: str, *, reference: str | None = None, order: Order = "best") -> Board:
        """What is measured on a dictionary or retrieval set. Quick: computes nothing but intervals.

        ``reference`` pins a row that every other is compared with (Holm-corrected); ``order="stages"`` puts
        the stages of a run together, as in an ablation table.

        Raises:
            NotFound: no such benchmark. BadParameter: it is a set of labelled pairs.
        """
        kind, name = split_benchmark_id(benchmark)
        models = self._models()
        if kind == "dictionary":
            info = self._workspace.dictionaries.get(name)
            board = self._measurer.board(info, models, reference)
        else:
            board = self._measurer.board_of(self._case(benchmark), models, reference=reference)
        rows = self._details.add(board.rows, {model.id: model for model in models})
        return replace(board, rows=tuple(arrange(rows, order)))

    def evaluate(
        self, benchmark: str, system: str, progress: Progress | None = None, *, again: bool = False
    ) -> list[Evaluation]:
        """Measure a system on a dictionary or retrieval set and store it; the headline comes first.

        ``system`` is a model (a run, a base model, a hub name, a folder), a lexical one, or
        ``hybrid(<model>+<lexical>)``. What was measured before is read, unless ``again``.

        Raises:
            NotFound, BadParameter, InputError, ModelProblem: in words.
        """
        return self._measurer.measure(self._case(benchmark), system, progress, again=again)

    def compare(self, benchmark: str, a: str, b: str, progress: Progress | None = None) -> Versus:
        """Two systems on the same queries, measured first where they are not."""
        case = self._case(benchmark)
        first = self._measurer.measure(case, a, progress)[0]
        second = self._measurer.measure(case, b, progress)[0]
        tops = [self._measurer.toplists(case, each, progress=progress) for each in (a, b)]
        found = mistakes(case.headline, self._causes_of(case), tops[0], tops[1], size=1)
        comparison = compare(first.recall1, second.recall1, case.headline.query_components)
        return Versus(
            case.id,
            first,
            second,
            comparison,
            comparison_text(comparison, self._title(second.model)),
            found.sides["only_a"],
            found.sides["only_b"],
            found.sides["both"],
            found.sides["neither"],
        )

    def export(
        self,
        benchmark: str,
        format: BoardFormat = "csv",
        language: Language = "en",
        *,
        reference: str | None = None,
        order: Order = "best",
        columns: Sequence[str] | None = None,
    ) -> str:
        """The board as CSV, Markdown ("md") or LaTeX ("tex") text; ``columns`` for the last two."""
        rows = self.board(benchmark, reference=reference, order=order).rows
        return export_board(rows, format, language, columns)

    # -- misses -------------------------------------------------------------------------------

    def misses(
        self,
        benchmark: str,
        a: str,
        b: str | None = None,
        *,
        sides: Sequence[Side] = (),
        causes: Sequence[Cause] = (),
        search: str = "",
        k: int = 1,
        page: int = 0,
        size: int = 50,
        view: Literal["headline", "seen"] = "headline",
        progress: Progress | None = None,
    ) -> Misses:
        """Which queries ``a`` finds and ``b`` does not, and so on, a page at a time; see MistakeFilter.

        Systems that are not measured are measured first. ``view="seen"``: the held-out synonyms of trained
        concepts of a dictionary.

        Raises:
            BadParameter: an unknown side, cause or view, or k below 1.
        """
        _check(sides, SIDES)
        _check(causes, CAUSES)
        if not 1 <= k <= 100:
            raise BadParameter(LocalText("k 要在 1 到 100 之间。", "k is between 1 and 100."))
        case = self._case(benchmark)
        if view == "seen":
            if len(case.views) < 2:
                raise BadParameter(
                    LocalText("没有「见过的概念」这一组测试。", "There is no test of seen concepts here.")
                )
            case = replace(case, views=(case.views[1], case.views[0]))
        top_a = self._measurer.toplists(case, a, case.headline, progress)
        top_b = self._measurer.toplists(case, b, case.headline, progress) if b else None
        wanted = MistakeFilter(tuple(sides), tuple(causes), search, k)
        found = mistakes(case.headline, self._causes_of(case), top_a, top_b, wanted, page=page, size=size)
        twins = self._measurer.twins(case).sentence
        return Misses(
            case.id,
            case.kind,
            self._measurer.systems.named(a).id,
            self._measurer.systems.named(b).id if b else None,
            k,
            found,
            dict(TITLES),
            (*case.notes, *([twins] if twins else [])),
        )

    def slices(
        self,
        benchmark: str,
        systems: Sequence[str] = (),
        *,
        columns: dict[str, str] | None = None,
    ) -> list[Slice]:
        """Recall@1 with its interval for parts of the queries, of the measured ``systems`` (all if empty).

        ``columns`` maps a query's key (``normalise.term_key``) to a value of the expert's own. The columns
        that were kept when a dictionary was imported are slices by themselves.
        """
        case = self._case(benchmark)
        wanted = {self._measurer.systems.named(each).id for each in systems}
        stored = [
            each
            for each in self._store.of_benchmarks([view.hash for view in case.views])
            if not wanted or each.model in wanted
        ]
        by_view = {
            view.hash: newest(e for e in stored if e.benchmark_hash == view.hash) for view in case.views
        }
        seen = None
        sizes: dict[str, int] | None = None
        labels: dict[str, dict[str, str]] = {}
        if case.kind == "dictionary":
            info = self._workspace.dictionaries.get(case.name)
            subject = self._measurer.subject(info)
            keys = {term_key(query) for query in case.headline.queries}
            labels = self._workspace.dictionaries.labels(info, keys)
            sizes = {}
            for component in subject.split.component_of.values():
                sizes[component] = sizes.get(component, 0) + 1
            if len(case.views) > 1:
                seen = (case.views[1], by_view[case.views[1].hash])
        headline = case.headline
        return slices_of(
            headline,
            by_view[headline.hash],
            group_sizes=sizes,
            columns=columns,
            labels=labels,
            seen=seen,
        )

    # -- what the expert says, and what a run says --------------------------------------------

    def note(self, model: str) -> str:
        """The note on a model; empty where there is none."""
        return self._store.notes().get(model, NO_NOTE).text

    def note_author(self, model: str) -> str:
        """Who wrote the note on a model; empty where there is none, or nobody gave a name."""
        return self._store.notes().get(model, NO_NOTE).author

    def set_note(self, model: str, note: str, author: str = "") -> None:
        """Write a note (备注) on a model; an empty one takes it off. ``author`` is who writes it.

        Raises:
            BadParameter: it is longer than 2,000 characters.
        """
        text = note.strip()
        if len(text) > MOST_NOTE:
            raise BadParameter(
                LocalText("备注最多 {most} 个字。", "A note has at most {most} characters."), most=MOST_NOTE
            )
        self._store.save_note(model, text, tidy(author))

    def run_verdict(self, run: Run) -> Comparison | None:
        """What the board says of a run's model against its base now; None where it is not on the board.

        The run page shows this one: it is corrected for all models that stand on the board, so the two never
        disagree.
        """
        try:
            board = self._measurer.board(self._workspace.dictionaries.get(run.dictionary), self._models())
        except NotFound:
            return None
        return next((row.against_base for row in board.rows if row.model == run.name), None)

    # -- inside -------------------------------------------------------------------------------

    def _case(self, benchmark: str) -> Case:
        kind, name = split_benchmark_id(benchmark)
        if kind == "dictionary":
            return self._measurer.subject(self._workspace.dictionaries.get(name)).case
        if kind == "pairs":
            raise BadParameter(
                LocalText(
                    "「{name}」是句对集，没有检索排名。",
                    "“{name}” is a set of labelled pairs: nothing is ranked.",
                ),
                LocalText("请看它的句对报告。", "Look at its report on pairs."),
                name=name,
            )
        info = self._workspace.retrieval_sets.get(name)
        symmetric = self.symmetric(benchmark)

        def build() -> Case:
            content = self._workspace.retrieval_sets.set(info.id)
            return retrieval_case(info.name, info.id, content, symmetric=symmetric)

        return self._cases.get((f"{info.id}\n{info.name}", symmetric), build)

    def _causes_of(self, case: Case) -> list[Cause]:
        return self._causes.get(
            case.headline.hash, lambda: causes_of(case.headline, self._measurer.twins(case))
        )

    def _title(self, model: str) -> LocalText:
        known: dict[str, Any] = {info.id: info.title for info in [*baseline_infos(), *self._models()]}
        title = known.get(model)
        return title if isinstance(title, LocalText) else LocalText(model, model)


def _check(values: Sequence[str], known: Sequence[str]) -> None:
    for value in values:
        if value not in known:
            raise BadParameter(
                LocalText("不认识的筛选条件「{value}」。", "Unknown filter “{value}”."),
                LocalText("可用：{known}。", "There are: {known}."),
                value=value,
                known=", ".join(known),
            )
