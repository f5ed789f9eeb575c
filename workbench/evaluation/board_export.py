"""The board as text for elsewhere: CSV, Markdown and LaTeX from one list of columns."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Literal

from workbench.errors import BadParameter
from workbench.evaluation.retrieval import KS
from workbench.ingest.spreadsheets import escape_cell
from workbench.localtext import Language, LocalText

if TYPE_CHECKING:
    from workbench.evaluation.leaderboard import BoardRow
    from workbench.evaluation.retention import RetentionFigures

BoardFormat = Literal["csv", "md", "tex"]
FORMATS: tuple[BoardFormat, ...] = ("csv", "md", "tex")


@dataclass(frozen=True, slots=True)
class Column:
    """A column of the board: its stable name, its heading, and what stands in it for a row."""

    name: str
    title: LocalText
    cell: Callable[[BoardRow, Language], str]
    number: bool = True


def board_csv(rows: Sequence[BoardRow], language: Language = "en") -> str:
    """The board as CSV text with a header; percentages with two decimals, verdicts in ``language``.

    Every column that there is, under its stable name. Text that a spreadsheet would take for a formula is
    preceded by an apostrophe.
    """
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(["rank", *(column.name for column in COLUMNS)])
    for rank, row in enumerate(rows, start=1):
        cells = (column.cell(row, language) for column in COLUMNS)
        writer.writerow([rank, *(escape_cell(cell) if not column.number else cell
                                 for column, cell in zip(COLUMNS, cells, strict=True))])  # fmt: skip
    return out.getvalue()


def board_markdown(
    rows: Sequence[BoardRow], language: Language = "en", columns: Sequence[str] | None = None
) -> str:
    """The board as a Markdown table of ``columns`` (those of a paper where left out)."""
    chosen = chosen_columns(columns)
    cells = [[_markdown_cell(each.cell(row, language)) for each in chosen] for row in rows]
    lines = [
        "| " + " | ".join(each.title.get(language) for each in chosen) + " |",
        "|" + "|".join("---:" if each.number else "---" for each in chosen) + "|",
        *("| " + " | ".join(line) + " |" for line in cells),
    ]
    return "\n".join(lines) + "\n"


def board_latex(
    rows: Sequence[BoardRow], language: Language = "en", columns: Sequence[str] | None = None
) -> str:
    r"""The board as a LaTeX ``tabular`` with booktabs' rules; the best number of a column is in bold.

    Chinese needs a document class that sets it (``ctexart``).
    """
    chosen = chosen_columns(columns)
    table = [[each.cell(row, language) for each in chosen] for row in rows]
    best = [_best([line[place] for line in table]) if each.name in HIGHER else None
            for place, each in enumerate(chosen)]  # fmt: skip
    lines = [
        r"% \usepackage{booktabs}",
        r"\begin{tabular}{" + "".join("r" if each.number else "l" for each in chosen) + "}",
        r"\toprule",
        " & ".join(_latex_cell(each.title.get(language)) for each in chosen) + r" \\",
        r"\midrule",
    ]
    for line in table:
        cells = [
            rf"\textbf{{{_latex_cell(cell)}}}" if cell and cell == best[place] else _latex_cell(cell)
            for place, cell in enumerate(line)
        ]
        lines.append(" & ".join(cells) + r" \\")
    return "\n".join([*lines, r"\bottomrule", r"\end{tabular}"]) + "\n"


def export_board(
    rows: Sequence[BoardRow],
    format: BoardFormat,
    language: Language = "en",
    columns: Sequence[str] | None = None,
) -> str:
    """The board as text. Raises BadParameter for an unknown format or column."""
    if format == "csv":
        return board_csv(rows, language)
    if format == "md":
        return board_markdown(rows, language, columns)
    if format == "tex":
        return board_latex(rows, language, columns)
    raise BadParameter(
        LocalText("不认识的格式「{format}」。", "Unknown format “{format}”."),
        LocalText("可用：{known}。", "There are: {known}."),
        format=format,
        known=", ".join(FORMATS),
    )


def chosen_columns(names: Sequence[str] | None) -> list[Column]:
    """Columns by their names. Raises BadParameter for one that there is not."""
    known = {column.name: column for column in COLUMNS}
    for name in names or ():
        if name not in known:
            raise BadParameter(
                LocalText("没有「{name}」这一列。", "There is no column “{name}”."),
                LocalText("可用：{known}。", "There are: {known}."),
                name=name,
                known=", ".join(known),
            )
    return [known[name] for name in (names or PAPER)]


def _best(cells: Sequence[str]) -> str | None:
    numbers = [cell for cell in cells if cell]
    return max(numbers, key=float) if numbers else None


def _markdown_cell(text: str) -> str:
    return text.replace("\\", "\\\\").replace("|", "\\|").replace("\n", " ")


_LATEX = {
    "\\": r"\textbackslash{}", "&": r"\&", "%": r"\%", "$": r"\$", "#": r"\#", "_": r"\_", "{": r"\{",
    "}": r"\}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}", "\n": " ",
}  # fmt: skip
_LATEX_SPECIAL = re.compile("|".join(map(re.escape, _LATEX)))


def _latex_cell(text: str) -> str:
    return _LATEX_SPECIAL.sub(lambda found: _LATEX[found[0]], text)


def _text(value: LocalText | None, language: Language) -> str:
    return value.get(language) if value else ""


def _column(
    name: str, zh: str, en: str, cell: Callable[[BoardRow, Language], str], number: bool = True
) -> Column:
    return Column(name, LocalText(zh, en), cell, number)


def _recall(k: int) -> Column:
    return _column(f"recall@{k}", f"Recall@{k}", f"Recall@{k}", lambda row, _: f"{row.metrics.recall[k]:.2f}")


def _hit(k: int) -> Column:
    return _column(f"hit@{k}", f"Hit@{k}", f"Hit@{k}", lambda row, _: f"{row.metrics.hit[k]:.2f}")


def _seen(k: int) -> Column:
    return _column(
        f"seen_recall@{k}",
        f"见过的概念 Recall@{k}",
        f"Seen concepts Recall@{k}",
        lambda row, _: f"{row.seen.recall[k]:.2f}" if row.seen else "",
    )


def _against(which: Literal["base", "reference"]) -> list[Column]:
    zh, en = ("相对基础", "Against base") if which == "base" else ("相对参照", "Against reference")

    def cell(pick: Callable[[BoardRow], str]) -> Callable[[BoardRow, Language], str]:
        return lambda row, _: pick(row) if getattr(row, f"against_{which}") else ""

    def of(row: BoardRow) -> tuple[float, float, float, float]:
        found = getattr(row, f"against_{which}")
        return found.difference, *found.ci95, found.p_value

    prefix = f"against_{which}"
    p_name = "p_value" if which == "base" else "reference_p_value"
    return [
        _column(prefix, zh, en, cell(lambda row: f"{of(row)[0]:.2f}")),
        _column(f"{prefix}_low95", f"{zh}（下限）", f"{en} (low)", cell(lambda row: f"{of(row)[1]:.2f}")),
        _column(f"{prefix}_high95", f"{zh}（上限）", f"{en} (high)", cell(lambda row: f"{of(row)[2]:.2f}")),
        _column(p_name, f"{zh} p 值", f"{en} p", cell(lambda row: f"{of(row)[3]:.4g}")),
    ]


def _retention() -> list[Column]:
    """What is left of the base's general knowledge, the points lost or gained, the scores themselves."""

    def cell(pick: Callable[[RetentionFigures], float | None]) -> Callable[[BoardRow, Language], str]:
        def show(row: BoardRow, _: Language) -> str:
            value = pick(row.retention) if row.retention else None
            return "" if value is None else f"{value:.2f}"

        return show

    def score(language: str) -> Callable[[RetentionFigures], float | None]:
        return lambda kept: kept.scores[language].model if language in kept.scores else None

    return [
        _column("retention", "通用词保持 %", "Keeps %", cell(lambda kept: kept.keeps)),
        _column("retention_difference", "通用词增减", "Everyday words", cell(lambda kept: kept.difference)),
        _column("retention_zh", "通用词（中文）", "Everyday words (zh)", cell(score("zh"))),
        _column("retention_en", "通用词（英文）", "Everyday words (en)", cell(score("en"))),
    ]


def _day(seconds: float) -> str:
    return datetime.fromtimestamp(seconds).astimezone().strftime("%Y-%m-%d %H:%M")


COLUMNS: tuple[Column, ...] = (
    _column("model", "模型", "Model", lambda row, _: row.model, False),
    _column("kind", "类别", "Kind", lambda row, _: row.kind, False),
    _column("strategy", "训练方案", "Strategy", lambda row, language: _text(row.strategy, language), False),
    _column("base", "基础模型", "Base", lambda row, _: row.base or "", False),
    _column("queries", "查询数", "Queries", lambda row, _: str(row.metrics.queries)),
    _column("corpus", "文档数", "Documents", lambda row, _: str(row.metrics.corpus)),
    *(_recall(k) for k in KS),
    _column(
        "recall@1_low95", "R@1 下限", "R@1 low", lambda row, _: f"{row.metrics.recall1_ci95[0]:.2f}"
    ),
    _column(
        "recall@1_high95", "R@1 上限", "R@1 high", lambda row, _: f"{row.metrics.recall1_ci95[1]:.2f}"
    ),
    *(_hit(k) for k in KS),
    _column("mrr@10", "MRR@10", "MRR@10", lambda row, _: f"{row.metrics.mrr10:.2f}"),
    _column("ndcg@10", "nDCG@10", "nDCG@10", lambda row, _: f"{row.metrics.ndcg10:.2f}"),
    *(_seen(k) for k in KS),
    *_against("base"),
    _column("verdict", "结论", "Verdict", lambda row, language: row.verdict.get(language), False),
    *_against("reference"),
    _column(
        "reference_verdict", "相对参照的结论", "Against the reference",
        lambda row, language: _text(row.reference_verdict, language), False,
    ),
    _column("chosen", "选定", "Chosen on dev", lambda row, language: _text(row.told, language), False),
    *_retention(),
    _column(
        "size_mb", "大小 MB", "Size MB",
        lambda row, _: f"{row.size_bytes / 2**20:.1f}" if row.size_bytes else "",
    ),
    _column(
        "terms_per_second", "编码 词/秒", "Terms/s",
        lambda row, _: f"{row.encode_rate:.0f}" if row.encode_rate else "",
    ),
    _column(
        "training_seconds", "训练秒数", "Training s",
        lambda row, _: f"{row.training_seconds:.1f}" if row.training_seconds is not None else "",
    ),
    _column("seconds", "评测秒数", "Measuring s", lambda row, _: f"{row.seconds:.1f}"),
    _column("date", "日期", "Date", lambda row, _: _day(row.created_at), False),
    _column("note", "备注", "Note", lambda row, _: row.note, False),
)  # fmt: skip
PAPER = ("model", "strategy", "base", "recall@1", "recall@5", "recall@10", "mrr@10", "ndcg@10")
HIGHER = {f"{metric}@{k}" for metric in ("recall", "hit") for k in KS} | {"mrr@10", "ndcg@10"}
