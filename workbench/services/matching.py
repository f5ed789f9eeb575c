"""Normalises a column of an expert's table against a dictionary: the standard term of each cell, or none."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from workbench.errors import InputError
from workbench.evaluation.measure import Subject
from workbench.ingest.one_column import OneColumn, one_column
from workbench.ingest.readers import read_table
from workbench.ingest.spreadsheets import RowsFormat, rows_bytes
from workbench.localtext import LocalText
from workbench.locks import KeyedCache
from workbench.search.matching import UNKNOWN_SHARE, Match, Matcher, Threshold
from workbench.workspace import Workspace

Progress = Callable[[float, LocalText], None]
MATCHERS_IN_MEMORY = 2
LONGEST_TEXT = 2000
ADDED = ("standard", "nearest", "score", "probability", "margin", "match")
_MATCHING = LocalText("正在与词典比对", "Looking the terms up")


@dataclass(frozen=True, slots=True)
class MatchReport:
    """A list of texts held against a dictionary.

    ``matches`` are parallel to the texts. ``known`` of them stand in the dictionary as they are,
    ``accepted`` more are good enough for the precision that was asked for, ``doubtful`` are not.
    """

    dictionary: str
    model: str
    threshold: Threshold
    matches: list[Match]
    known: int
    accepted: int
    doubtful: int

    @property
    def coverage(self) -> float:
        """The share (0..1) of texts that got a standard term."""
        return (self.known + self.accepted) / max(1, len(self.matches))

    @property
    def sentence(self) -> LocalText:
        """What an expert reads first."""
        if self.threshold.probability == float("inf"):
            return LocalText(
                "要达到 {wanted}% 的把握，这个模型一个词也不能认："
                "{known} 个词与词典完全相同，其余都标为「没有把握」。请降低要求，或先训练模型。",
                "To be right {wanted} % of the time this model may accept nothing: {known} terms are in the "
                "dictionary as they are, all others are marked as doubtful. Ask for less, or train a model.",
            ).format(wanted=_percent(self.threshold.wanted), known=self.known)
        return LocalText(
            "{known} 个词词典里就有，{accepted} 个找到了标准词，{doubtful} 个没有把握。"
            "在 {examples} 个开发词上，这个门槛的正确率是 {precision}%。",
            "{known} terms are in the dictionary as they are, {accepted} were matched to a standard term, "
            "{doubtful} are doubtful. On {examples} development terms this threshold was right {precision} % "
            "of the time.",
        ).format(
            known=self.known,
            accepted=self.accepted,
            doubtful=self.doubtful,
            examples=self.threshold.examples,
            precision=_percent(self.threshold.precision),
        )


class Matching:
    """Matching over one home folder; the last dictionaries stay in memory."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._matchers: KeyedCache[tuple[str, str, float], Matcher] = KeyedCache(MATCHERS_IN_MEMORY)

    def read(
        self, data: bytes, filename: str, *, column: str | int | None = None, encoding: str | None = None
    ) -> OneColumn:
        """The column of a file that is to be matched, its other columns beside it.

        Raises:
            FileProblem: nothing in it can be used; the sentence says why and what to do.
        """
        settings = self._workspace.settings
        table = read_table(
            data,
            filename,
            max_rows=settings.max_rows,
            max_bytes=settings.max_upload_bytes,
            encoding=encoding,
        )
        return one_column(table, column)

    def match(
        self,
        texts: Sequence[str],
        dictionary: str,
        model: str,
        *,
        precision: float = 0.95,
        unknown_share: float = UNKNOWN_SHARE,
        progress: Progress | None = None,
    ) -> MatchReport:
        """The best standard term of each text, accepted where it is right ``precision`` (0..1) of the time.

        ``unknown_share`` (0..1): how many of the texts the dictionary is thought not to have at all.

        Raises:
            InputError: a text is longer than 2,000 characters.
            BadParameter: the precision is not between 0 and 1.
            TooLittleData, NotFound: of the dictionary or model.
        """
        for row, text in enumerate(texts, 1):
            if len(text) > LONGEST_TEXT:
                raise InputError(
                    LocalText(
                        "第 {row} 个词太长（{count} 字）。", "Term {row} is too long ({count} characters)."
                    ),
                    LocalText("请不要超过 {most} 字。", "Keep it under {most}."),
                    row=row,
                    count=len(text),
                    most=LONGEST_TEXT,
                )
        workspace = self._workspace
        subject = workspace.measurer.subject(workspace.dictionaries.get(dictionary))
        matcher = self.matcher(subject, model, unknown_share=unknown_share, progress=progress)
        threshold = matcher.threshold(precision)
        vectors = workspace.library.vectors(model, texts, progress)
        tell = (lambda fraction: progress(fraction, _MATCHING)) if progress else None
        matches = matcher.match(texts, vectors, threshold, tell)
        known = sum(match.known for match in matches)
        accepted = sum(match.accepted for match in matches) - known
        doubtful = len(matches) - known - accepted
        return MatchReport(dictionary, model, threshold, matches, known, accepted, doubtful)

    def matcher(
        self,
        subject: Subject,
        model: str,
        *,
        unknown_share: float = UNKNOWN_SHARE,
        progress: Progress | None = None,
    ) -> Matcher:
        """A dictionary under a model, calibrated; the last ones stay in memory."""
        library = self._workspace.library
        key = (library.fingerprint(model, progress), subject.info.version_id, unknown_share)

        def build() -> Matcher:
            vectors = library.vectors(model, subject.terms, progress)
            return Matcher(
                subject.pairs,
                subject.terms,
                vectors,
                subject.split,
                subject.apart,
                unknown_share=unknown_share,
            )

        return self._matchers.get(key, build)

    @staticmethod
    def file(report: MatchReport, column: OneColumn, format: RowsFormat = "csv") -> bytes:
        """The expert's table with the columns ``ADDED`` behind its own, one row a row.

        ``standard`` is empty where there is no good match; ``nearest`` always says what was nearest.
        ``match`` is known, accepted or doubtful.
        """
        names = [*column.columns, *_distinct(ADDED, column.columns)]
        return rows_bytes(
            names,
            ((*row, *_cells(match)) for row, match in zip(column.rows, report.matches, strict=True)),
            format,
        )


def _cells(match: Match) -> tuple[str | float, ...]:
    kind = "known" if match.known else "accepted" if match.accepted else "doubtful"
    return (
        match.standard if match.accepted else "",
        match.nearest,
        round(match.score, 4),
        round(match.probability, 4),
        round(match.margin, 4),
        kind,
    )


def _distinct(wanted: Sequence[str], taken: Sequence[str]) -> list[str]:
    """The names of the new columns, changed where the table has such a column already."""
    return [name if name not in taken else f"match_{name}" for name in wanted]


def _percent(share: float) -> str:
    return f"{100 * share:.1f}".removesuffix(".0")
