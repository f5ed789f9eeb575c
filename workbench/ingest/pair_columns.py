"""Which columns of a table hold the two texts of a pair and its label, by their names or their looks."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import islice, pairwise
from typing import Literal

from workbench.errors import FileProblem
from workbench.ingest.cell_text import column_place, heading_row
from workbench.ingest.columns import columns_of, role_of
from workbench.ingest.labels import TOP, read_label
from workbench.ingest.table import Table
from workbench.localtext import LocalText
from workbench.normalise import term_key

_HEADING_ROWS = 10
_LOOKED_AT = 2000
_CODE = re.compile(r"[A-Za-z_:.\-]{0,8}\d[\w:.\-]*")

PairRole = Literal["text", "second", "label", "score", "anchor", "positive", "negative"]


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


# Keys as pair_heading_key() makes them. "text" are the halves of a pair whose names differ by a number
# or letter only; "anchor" can only be the first, "second" only the other one.
_ROLES: dict[PairRole, frozenset[str]] = {
    "text": _names(
        "text sentence sent question query term phrase word input s q sen txt doc document title string "
        "文本 句子 问句 问题 语句 短语 文 句 词 词语 术语 标题 内容 text文本"
    ),
    "anchor": _names(
        "anchor premise source src original reference left 锚点 锚 锚文本 原句 原文 前提 左 左句 基准 "
        "源句 query question 查询 提问 问法 用户问 标准问 标准词 standard"
    ),
    "second": _names(
        "hypothesis target trg tgt paraphrase candidate response answer passage right comparison 假设 "
        "改写 复述 改写句 目标句 右 右句 候选 答案 回答 段落 文档 匹配句 相似句 "
        "近似词 同义词 synonym doc document"
    ),
    "positive": _names("positive pos positives 正例 正样本 正 相似句 正例句 正文本"),
    "negative": _names("negative neg negatives hardnegative 负例 负样本 负 不相似句 负例句 难负例 负文本"),
    "label": _names(
        "label labels y isduplicate duplicate islabel goldlabel gold class target relevance relevant "
        "issimilar similar same match ismatch issynonym 标签 标注 是否相似 是否同义 "
        "是否匹配 是否重复 是否相关 "
        "结果 类别 判断"
    ),
    "score": _names(
        "score scores similarity sim similarityscore rating relatednessscore relatedness 得分 分数 评分 "
        "相似度 相似分 相似度得分 打分"
    ),
}
_NUMBERED = re.compile(r"(\d+|[一二三四五六七八九十甲乙ab])$")


@dataclass(frozen=True, slots=True)
class PairColumns:
    """Where the pairs are. Columns count from 0; ``label`` is None where every pair counts as alike.

    With ``negative`` the rows are triplets. ``score``: the heading calls the labels scores.
    ``skip_rows`` rows stand above the heading (above the first pair where there is none). ``sure`` is
    false where the columns were guessed by looks and a person should check.
    """

    text1: int
    text2: int
    label: int | None = None
    negative: int | None = None
    has_header: bool = True
    skip_rows: int = 0
    sure: bool = True
    score: bool = False


def pair_heading_key(cell: str) -> str:
    """A heading's bare name without spaces and signs; the number or letter behind it stays."""
    key = re.sub(r"[(\[【].*?[)\]】]", "", term_key(cell)[:60])
    return re.sub(r"[\s_\-.*#/\"'“”:]", "", key)


def pair_roles(cell: str) -> set[PairRole]:
    """What a heading may say that its column holds."""
    key = pair_heading_key(cell)
    bare = _NUMBERED.sub("", key)
    if key.startswith(("negative", "负例", "负样本")):
        return {"negative"}
    roles: set[PairRole] = {role for role, names in _ROLES.items() if key in names}
    if bare != key and bare in _ROLES["text"]:
        roles.add("text")
    return roles


def guess_pair_columns(table: Table) -> PairColumns:
    """The columns of a pair, by a heading within the first ten rows, else by looks.

    By looks: a column of nothing but 0, 1 or numbers up to 5 is the label (the last such column), the two
    other columns with the longest texts are the pair. Three columns of text are a triplet only under a
    heading. ``sure`` only under a heading, or where there are exactly two texts and a label.

    Raises FileProblem where there are no two columns of text.
    """
    for index, row in enumerate(islice(table.rows, _HEADING_ROWS)):
        found = _by_names(row, index)
        if found is not None:
            return found
    return _by_looks(table)


def choose_pair_columns(
    table: Table,
    *,
    text1: str | int | None = None,
    text2: str | int | None = None,
    label: str | int | None = None,
    negative: str | int | None = None,
    has_header: bool | None = None,
) -> PairColumns:
    """The recognised columns, with those replaced that are given by name or by number from 0.

    Raises FileProblem: no such column, or one column for two things.
    """
    named = heading_row(table.rows, [text1, text2, label, negative])
    guess: PairColumns | None = None
    try:
        guess = guess_pair_columns(table)
    except FileProblem:
        if text1 is None or text2 is None:
            raise
    header = guess.has_header if guess else named is not None
    skip = guess.skip_rows if guess else 0
    if named is not None:
        header, skip = True, named
    if has_header is not None and has_header != header:
        header, skip = has_header, 0
    if all(each is None for each in (text1, text2, label, negative)) and guess:
        return replace(guess, has_header=header, skip_rows=skip)
    columns = columns_of(table, header, skip)

    def place(wanted: str | int | None, otherwise: int | None) -> int | None:
        return otherwise if wanted is None else column_place(wanted, columns)

    given = {column_place(each, columns) for each in (text1, text2, label, negative) if each is not None}
    base = guess or PairColumns(-1, -1)

    def left(column: int | None) -> int | None:
        return None if column in given else column

    first, second = place(text1, left(base.text1)), place(text2, left(base.text2))
    others = [c for c in range(len(columns)) if c not in given | {first, second}]
    first = others.pop(0) if first is None and others else first
    second = others.pop(0) if second is None and others else second
    third, fourth = place(label, left(base.label)), place(negative, left(base.negative))
    if label is not None and negative is None:
        fourth = None
    used = [column for column in (first, second, third, fourth) if column is not None]
    if first is None or second is None or len(set(used)) < len(used):
        raise FileProblem(_SAME_COLUMN, _SAME_COLUMN_HINT, names=LocalText.listing(columns))
    score = third is not None and header and "score" in pair_roles(_cell(table, skip, third))
    return PairColumns(first, second, third, fourth, header, skip, True, score)


def _cell(table: Table, row: int, column: int) -> str:
    cells = table.rows[row] if row < len(table.rows) else ()
    return cells[column] if column < len(cells) else ""


def _by_names(row: Sequence[str], index: int) -> PairColumns | None:
    """The choice that ``row`` makes as a heading, or None if it is none."""
    roles = [pair_roles(cell) for cell in row]

    def first(*wanted: PairRole, but: int | None = None) -> int | None:
        return next((i for w in wanted for i, found in enumerate(roles) if w in found and i != but), None)

    label = first("label", "score")
    score = label is not None and "score" in roles[label] and "label" not in roles[label]
    negative = first("negative")
    texts = [i for i, found in enumerate(roles) if "text" in found and i not in (label, negative)]
    if negative is not None:
        one = first("anchor", "text")
        two = first("positive", "second", "text", but=one)
        if one is None or two is None:
            return None
        return PairColumns(one, two, None, negative, True, index)
    keys = [_NUMBERED.sub("", pair_heading_key(row[i])) for i in texts]
    twins = [(a, b) for n, a in enumerate(texts) for m, b in enumerate(texts) if n < m and keys[n] == keys[m]]
    if twins:
        return PairColumns(*twins[0], label, None, True, index, True, score)
    one = first("anchor", "text")
    two = first("second", "positive", "text", but=one)
    if one is None or two is None or two == label:
        return None
    return PairColumns(one, two, label, None, True, index, label is not None or bool(texts), score)


def _by_looks(table: Table) -> PairColumns:
    width = max(table.width, 1)
    samples = [_sample(table, column) for column in range(width)]
    headings = table.rows[0]
    labels = [c for c in range(width) if _is_label_column(samples[c])]
    texts = [c for c in range(width) if samples[c] and c not in labels and not _is_code_column(samples[c])]
    if len(texts) < 2:
        raise FileProblem(_NO_PAIRS, _NO_PAIRS_HINT)
    label = labels[-1] if labels else None
    # With extra columns the two longest texts are the pair: ids and categories are short.
    longest = sorted(texts, key=lambda c: -sum(map(len, samples[c])) / len(samples[c]))[:2]
    one, two = sorted(longest)
    header = label is not None and read_label(_cell(table, 0, label)) is None
    header = header or sum(1 for cell in headings if role_of(cell) or pair_roles(cell)) >= 2
    sure = label is not None and len(texts) == 2
    score = label is not None and header and "score" in pair_roles(_cell(table, 0, label))
    return PairColumns(one, two, label, None, header, 0, sure, score)


def _sample(table: Table, column: int) -> list[str]:
    rows = islice(table.rows, 1, 1 + _LOOKED_AT) if len(table.rows) > 1 else iter(table.rows)
    return [cell for row in rows if column < len(row) and (cell := row[column].strip())]


def _is_label_column(cells: Sequence[str]) -> bool:
    """Nearly all cells are numbers or words for yes and no, most of them on a scale, none just counted up."""
    values = [value for cell in cells if (value := read_label(cell)) is not None]
    if len(values) < max(1, 0.9 * len(cells)):
        return False
    if sum(1 for value in values if 0 <= value <= TOP) < 0.6 * len(values):
        return False
    return len(values) < 3 or any(after - before != 1 for before, after in pairwise(values))


def _is_code_column(cells: Sequence[str]) -> bool:
    return len(cells) >= 2 and sum(1 for cell in cells if _CODE.fullmatch(cell)) >= 0.9 * len(cells)


_SAME_COLUMN = LocalText(
    "同一列被选作两种内容，或没有选够两列文本。", "One column was chosen twice, or there are no two texts."
)
_SAME_COLUMN_HINT = LocalText(
    "请为两个文本和标签各选一列。文件的列：{names}。",
    "Choose a different column for each text and for the label. Columns: {names}.",
)
_NO_PAIRS = LocalText(
    "文件里没有两列文本，无法组成句对。", "The file has no two columns of text to make pairs of."
)
_NO_PAIRS_HINT = LocalText(
    "请准备三列：文本1、文本2、标签（0 或 1）；或两列文本。",
    "Give it three columns: text1, text2, label (0 or 1); or two columns of text.",
)
