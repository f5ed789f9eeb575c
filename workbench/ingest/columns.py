"""Which columns of a table hold the standard terms and which the synonyms, by their names or their looks."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from itertools import islice
from typing import Literal

from workbench.errors import FileProblem
from workbench.ingest.dictionary_texts import ONE_COLUMN, ONE_COLUMN_HINT
from workbench.ingest.sheet_xml import column_letters
from workbench.ingest.table import KEEP_MARKS, ColumnChoice, Table
from workbench.normalise import term_key

_HEADING_ROWS = 10  # a title and remarks may stand above the heading
_LOOKED_AT = 2000
_CODE = re.compile(r"[A-Za-z_:.\-]*\d[\w:.\-]*")

__all__ = ["ColumnChoice", "columns_of", "guess_columns", "heading_key", "role_of"]

Role = Literal["standard", "name", "synonym", "other"]


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


# Keys as heading_key() makes them: no spaces, underscores, hyphens or trailing numbers.
_STANDARD = _names(
    "标准词 标准词语 标准词条 标准术语 标准名称 标准名 标准用语 标准说法 标准概念 标准 规范词 规范术语 "
    "规范名称 规范名 规范用语 规范表述 主词 主题词 正式名称 正式词 正名 首选词 首选术语 首选名称 优选词 "
    "优选术语 叙词 推荐词 本体词 中心词 归一词 标准实体 標準詞 標準名稱 標準術語 規範詞 標準語 見出し語 "
    "standard standardterm standardterms standardname standardword standardform standardlabel standardized "
    "standardised preferred preferredterm preferredname preferredlabel preflabel canonical canonicalterm "
    "canonicalname canonicalform canonicallabel headword mainterm officialname officialterm normalized "
    "normalised normalizedterm normalform"
)
_NAME = _names(
    "术语 术语名称 名称 名 词 词条 词语 词汇 概念 概念名 概念名称 实体 實體 中文名 中文名称 全称 术语名 "
    "術語 名稱 詞條 詞語 term terms name label concept conceptname conceptlabel entity entry word "
    "keyword title key main fullname official"
)
_SYNONYM = _names(
    "近似词 近似术语 近似名称 近似说法 近似 同义词 同义术语 同义名称 同义 近义词 近义 别名 别称 别号 "
    "俗称 俗名 又称 又名 亦称 也称 异名 异称 简称 缩写 略称 曾用名 旧称 旧名 昵称 绰号 相似词 相近词 "
    "等同词 替代词 代称 入口词 变体 变体词 口语词 口语 非标准词 非规范词 非正式名称 非首选词 待归一词 "
    "原始词 近似詞 同義詞 近義詞 同義語 類義語 別名 別稱 俗稱 簡稱 "
    "synonym synonyms syn syns synonymterm synonymname alias aliases alt altlabel "
    "altlabels altname alternative alternatives alternativename "
    "alternativenames alternativelabel alternativeterm alternate alternatename variant variants "
    "variantterm variantname nickname nicknames similar similarterm similarword nonstandard "
    "nonstandardterm nonpreferred nonpreferredterm abbreviation abbreviations abbr acronym acronyms aka "
    "alsoknownas akas othername othernames surfaceform mention mentions entryterm entryterms "
    "exactsynonym relatedsynonym hassynonym hasexactsynonym equivalent equivalents informal colloquial"
)
_OTHER = _names(
    "id conceptid termid 编号 序号 编码 代码 序 号 行号 code no num number index lang language 语言 语种 "
    "备注 说明 注释 note notes remark remarks comment comments 来源 出处 source 类别 分类 类型 领域 "
    "category type domain class 定义 释义 解释 definition description 日期 时间 date url link 链接 uri "
    "iri 相似度 得分 score similarity 权重 weight 频次 频率 count freq frequency 状态 status"
)


def guess_columns(table: Table) -> ColumnChoice:
    """The columns of standard terms and synonyms.

    By the names in a heading (Chinese or English, either order, within the first ten rows; every column
    of synonyms is used; ids, languages, remarks and so on are not). Without a heading: the first two
    columns that hold words, ``sure`` only where the table has exactly two columns. Where the format of
    the file says it (:class:`~workbench.ingest.table.Table`), nothing is guessed.

    Raises FileProblem where there is only one column with content.
    """
    if table.choice is not None:
        return table.choice
    _refuse_one_column(table)
    for index, row in enumerate(islice(table.rows, 1 if table.heading else _HEADING_ROWS)):
        choice = _by_names(table, row, index)
        if choice is not None:
            return choice
    choice = _by_looks(table)
    return replace(choice, has_header=True, sure=False) if table.heading else choice


def columns_of(table: Table, has_header: bool, skip_rows: int = 0) -> list[str]:
    """A distinct name for each column, for a chooser: the heading's, else the letter that Excel shows."""
    heading = table.rows[skip_rows] if has_header and skip_rows < len(table.rows) else ()
    width = max(table.width, len(heading))
    texts = [heading[column].strip() if column < len(heading) else "" for column in range(width)]
    while width > table.width and not texts[width - 1]:
        width -= 1
    repeated = {text for text in texts if texts.count(text) > 1} if len(texts) < 1000 else set(texts)
    names = []
    for column, text in enumerate(texts[:width]):
        letters = column_letters(column)
        names.append(f"{text} ({letters})" if text and text in repeated else text or letters)
    return names


def heading_key(cell: str) -> str:
    """A heading's bare name: ``近似词（2）``, ``近似词 2`` and ``skos:近似词_2`` agree."""
    key = term_key(cell)[:60].rpartition(":")[2]
    key = re.sub(r"[(\[【].*?[)\]】]", "", key)
    key = re.sub(r"[\s_\-.*#/\"'“”]", "", key)
    return re.sub(r"(\d+|[一二三四五六七八九十]+)$", "", key)


def role_of(cell: str) -> Role | None:
    """What a heading says that its column holds; None for any other text."""
    if cell.lstrip("' ").startswith(KEEP_MARKS):
        return "other"
    key = heading_key(cell)
    if key in _STANDARD:
        return "standard"
    if key in _SYNONYM:
        return "synonym"
    if key in _NAME:
        return "name"
    return "other" if key in _OTHER else None


def _by_names(table: Table, row: Sequence[str], index: int) -> ColumnChoice | None:
    """The choice that ``row`` makes as a heading, or None if it is none."""
    roles: list[Role | None] = [role_of(cell) for cell in row]
    standard = _columns(roles, "standard")
    names = _columns(roles, "name")
    synonyms = _columns(roles, "synonym")
    free = [i for i, role in enumerate(roles) if role is None and _holds_words(table, i, index + 1)]
    sure = True
    if standard:
        chosen = standard[0]
        rest = synonyms or names or [i for i in free if i != chosen]
        sure = len(standard) == 1 and bool(synonyms or len(names) == 1)
        rest = rest if synonyms else rest[:1]
    elif synonyms and (names or free):
        chosen = (names or free)[0]
        rest = synonyms
        sure = len(names or free) == 1
    elif len(synonyms) == 2 and heading_key(row[synonyms[0]]) != heading_key(row[synonyms[1]]):
        chosen, rest, sure = synonyms[0], synonyms[1:], False
    elif len(names) == 2 and heading_key(row[names[0]]) == heading_key(row[names[1]]):
        chosen, rest, sure = names[0], names[1:], False  # term1, term2
    else:
        return None
    if not rest or len({cell.strip() for cell in row if cell.strip()}) < 2:
        return None
    return ColumnChoice(chosen, tuple(rest), True, index, sure)


def _columns(roles: Sequence[Role | None], role: Role) -> list[int]:
    return [index for index, found in enumerate(roles) if found == role]


def _by_looks(table: Table) -> ColumnChoice:
    filled = [column for column in range(table.width) if any(_cells(table, column, 0))]
    words = [column for column in filled if _holds_words(table, column, 0)]
    if len(words) < 2:
        words = filled if len(filled) >= 2 else [0, 1]
    named = sum(1 for cell in table.rows[0] if role_of(cell) is not None)
    return ColumnChoice(words[0], (words[1],), named >= 2, sure=len(filled) == 2 and named == 0)


def _cells(table: Table, column: int, skip: int) -> list[str]:
    rows = islice(table.rows, skip, skip + _LOOKED_AT)
    return [cell for row in rows if column < len(row) and (cell := row[column].strip())]


def _holds_words(table: Table, column: int, skip: int) -> bool:
    """False for a column of codes or numbers, and for one whose every cell says the same."""
    cells = _cells(table, column, skip)
    if not cells:
        return False
    if len(cells) >= 3 and len(set(cells)) == 1:
        return False
    return sum(1 for cell in cells if _CODE.fullmatch(cell)) < 0.9 * len(cells) or len(cells) < 3


def _refuse_one_column(table: Table) -> None:
    if any(sum(1 for cell in row if cell.strip()) > 1 for row in table.rows):
        return
    used = {i for row in islice(table.rows, _LOOKED_AT) for i, cell in enumerate(row) if cell.strip()}
    if len(used) <= 1:
        raise FileProblem(ONE_COLUMN, ONE_COLUMN_HINT)
