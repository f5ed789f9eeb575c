"""What the board shows of a model besides its numbers: strategy, speed, training time, note, curve."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from workbench.evaluation.leaderboard import BoardRow
from workbench.localtext import LocalText
from workbench.models.library import split_stage_id
from workbench.storage.evaluations import NO_NOTE
from workbench.training.registry import stages
from workbench.training.thinning import thinned
from workbench.types import ModelInfo, Run
from workbench.workspace import Workspace

CURVE = "dev_recall@1"
CURVE_POINTS = 40


class BoardDetails:
    """Fills the rows of a board from runs, rates and notes. Computes nothing."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace

    def add(self, rows: Sequence[BoardRow], models: Mapping[str, ModelInfo]) -> list[BoardRow]:
        """The same rows with what is known of each model."""
        runs = {run.name: run for run in self._workspace.runs.all()}
        notes = self._workspace.evaluations.notes()
        compared = sum(row.against_base is not None for row in rows)
        kept = self._workspace.retention_of(row.model for row in rows if row.kind in ("base", "tuned"))
        return [
            replace(
                self._of_run(row, runs.get(row.run or split_stage_id(row.model)[0]), compared),
                encode_rate=self._rate(row),
                note=notes.get(row.model, NO_NOTE).text,
                note_author=notes.get(row.model, NO_NOTE).author,
                retention=kept.get(row.model),
                title=row.title or (models[row.model].title if row.model in models else None),
            )
            for row in rows
        ]

    def _of_run(self, row: BoardRow, run: Run | None, compared: int) -> BoardRow:
        if run is None or row.kind != "tuned":
            return row
        entries = run.config.get("stages", [])
        done = row.stage or len(entries)
        return replace(
            row,
            strategy=_strategy(entries[:done]),
            training_seconds=_seconds(run, entries, done),
            curve=self._curve(run.id) if done == len(entries) else (),
            run_verdict=_other_verdict(row, run, compared),
        )

    def _curve(self, run_id: str) -> tuple[float, ...]:
        points = [each for each in self._workspace.runs.curve(run_id) if each.series == CURVE]
        return tuple(round(point.value, 2) for point in thinned(points, CURVE_POINTS))

    def _rate(self, row: BoardRow) -> float | None:
        if row.kind == "baseline":
            return None
        for name in (row.model, self._workspace.library.base_of(row.model), row.base):
            rate = self._workspace.rates.get(f"encode:{name}", -1.0)
            if rate > 0:
                return rate
        return None


def _strategy(entries: Sequence[dict[str, object]]) -> LocalText:
    known = stages()
    titles = [known[str(entry["stage"])].title for entry in entries if str(entry["stage"]) in known]
    return LocalText(
        " → ".join(title.get("zh") for title in titles), " → ".join(title.get("en") for title in titles)
    )


def _seconds(run: Run, entries: Sequence[dict[str, object]], done: int) -> float | None:
    """Seconds until the model after ``done`` stages was there, without measuring it."""
    spent = run.result.get("seconds", {})
    if not spent:
        return None
    left_out = {"measure", *(str(entry["stage"]) for entry in entries[done:])}
    left_out -= {str(entry["stage"]) for entry in entries[:done]}
    return float(sum(value for name, value in spent.items() if name not in left_out))


def _other_verdict(row: BoardRow, run: Run, compared: int) -> LocalText | None:
    """Why the run by itself came to another verdict than the board; None where both agree."""
    alone = run.result.get("test", {}).get("difference", {}).get("verdict")
    if alone is None or row.against_base is None or row.model != run.name:
        return None
    if alone == row.against_base.verdict:
        return None
    return OTHER_VERDICT.format(alone=_NAMES[alone], here=_NAMES[row.against_base.verdict], count=compared)


_NAMES = {
    "better": LocalText("有进步", "better"),
    "worse": LocalText("变差", "worse"),
    "tied": LocalText("分不出高下", "tied"),
}
OTHER_VERDICT = LocalText(
    "这次训练结束时单独比较的结论是「{alone}」；排行榜上一共做了 {count} 个比较，更正（Holm）之后是"
    "「{here}」。以排行榜为准。",
    "When the run ended, the one comparison that there was said “{alone}”. The board makes {count} "
    "comparisons and corrects for that (Holm): “{here}”. The board counts.",
)
