"""Which columns of the two files of a retrieval set hold queries, answers, passages and their ids."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from itertools import islice

from workbench.errors import FileProblem
from workbench.ingest.cell_text import column_place
from workbench.ingest.columns import columns_of
from workbench.ingest.pair_columns import pair_heading_key
from workbench.ingest.table import Table
from workbench.localtext import LocalText

_LOOKED_AT = 2000


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


_QUERY = _names(
    "query queries question questions q search searchquery text anchor 查询 查询词 查询句 查询语句 "
    "问题 问句 提问 "
    "用户问题 用户问 用户问法 问法 检索词 检索式 检索语句 搜索词"
)
_ANSWER = _names(
    "answer answers passage passages doc docs document documents positive positives relevant response "
    "target gold passageid docid documentid corpusid answerid pid 答案 回答 段落 文档 正例 相关文档 标准答案 "
    "标准问 相关段落 段落编号 文档编号 答案编号 匹配段落 对应段落"
)
_PASSAGE = _names(
    "passage passages text texts doc docs document documents content sentence paragraph answer body "
    "段落 文本 文档 内容 正文 句子 "
    "答案 条文 语料 passagetext 段落内容"
)
_ID = _names(
    "id pid docid passageid documentid corpusid answerid no number index key 编号 序号 号 代码 "
    "段落编号 文档编号 "
    "答案编号 标识"
)
_CODE = re.compile(r"[A-Za-z_:.\-#]{0,12}\d[\w:.\-]*")
_TRAILING = re.compile(r"(\d+|[一二三四五六七八九十])$")


@dataclass(frozen=True, slots=True)
class QueryColumns:
    """Where the queries and their answers are. Columns count from 0; ``sure`` as everywhere."""

    query: int
    answers: tuple[int, ...]
    has_header: bool
    sure: bool = True


@dataclass(frozen=True, slots=True)
class PassageColumns:
    """Where the passages are, and their ids, if there are any."""

    text: int
    id: int | None
    has_header: bool
    sure: bool = True


def query_role(cell: str) -> str | None:
    """ "query" or "answer" for a heading that says so, else None."""
    key = _TRAILING.sub("", pair_heading_key(cell))
    return "query" if key in _QUERY else "answer" if key in _ANSWER else None


def guess_query_columns(
    table: Table,
    passages: Collection[str],
    *,
    one_answer: bool = False,
    has_header: bool | None = None,
) -> QueryColumns:
    """The columns of queries and answers: by a heading, else by which cells are ``passages`` (texts or ids).

    Without both, the first two columns that hold more than codes. ``one_answer``: of several columns that
    match, the last one only (the ids of queries look like those of passages).

    Raises FileProblem where there are no two columns.
    """
    heading = list(table.rows[0])
    roles = [query_role(cell) for cell in heading]
    if has_header is not False and "query" in roles and ("answer" in roles or len(heading) > 1):
        query = roles.index("query")
        answers = tuple(i for i, role in enumerate(roles) if role == "answer")
        answers = answers or tuple(i for i in range(query + 1, len(heading)) if _is_id(heading[i]))
        if answers:
            return QueryColumns(query, answers, True)
    start = 1 if len(table.rows) > 1 else 0
    samples = [_sample(table, column, start) for column in range(table.width)]
    filled = [column for column, cells in enumerate(samples) if cells]
    if len(filled) < 2:
        raise FileProblem(_ONE_COLUMN, _ONE_COLUMN_HINT)
    shares = {c: sum(cell in passages for cell in samples[c]) / len(samples[c]) for c in filled}
    best = max(shares.values())
    matching = [column for column in filled if best and shares[column] >= 0.5 * best]
    if one_answer:
        matching = matching[-1:]
    rest = [c for c in filled if c not in matching] or filled
    query = next((c for c in rest if not _is_code(samples[c])), rest[0])
    # Without a match the answers stand next to the queries; a query may itself be a passage.
    later = [c for c in filled if c != query and not _is_code(samples[c])] or [
        c for c in filled if c != query
    ]
    answers = tuple(c for c in matching if c != query) or tuple(later[:1])
    header = table.heading is True or roles.count(None) <= len(roles) - 2
    if not header and best == 1.0 and len(table.rows) >= 4:
        first = [heading[c].strip() for c in answers if c < len(heading)]
        header = bool(first) and all(cell and cell not in passages for cell in first)
    header = header if has_header is None else has_header
    return QueryColumns(query, answers, header, sure=best >= 0.5 or len(filled) == 2)


def guess_passage_columns(table: Table, *, has_header: bool | None = None) -> PassageColumns:
    """The column of passages and that of their ids: by a heading, else by looks (codes, longest texts)."""
    heading = list(table.rows[0])
    keys = [pair_heading_key(cell) for cell in heading]
    texts = [i for i, key in enumerate(keys) if key in _PASSAGE]
    ids = [i for i, key in enumerate(keys) if key in _ID and i not in texts]
    start = 1 if len(table.rows) > 1 else 0
    samples = [_sample(table, column, start) for column in range(table.width)]
    filled = [column for column, cells in enumerate(samples) if cells] or [0]
    worded = [column for column in filled if not _is_code(samples[column])] or filled
    longest = max(worded, key=lambda c: sum(map(len, samples[c])) / max(1, len(samples[c])))
    by_name = has_header is not False and bool(texts or (ids and len(filled) > 1))
    if by_name and texts and len(texts) > 1:
        texts.sort(key=lambda c: -sum(map(len, samples[c])) if c < len(samples) else 0)
    text = texts[0] if by_name and texts else longest
    coded = [c for c in filled if c != text and _is_unique_code(samples[c])]
    id_column = next((c for c in (ids if by_name else []) if c != text), coded[0] if coded else None)
    header = table.heading is True or by_name
    if not header and id_column is not None and has_header is None:
        cell = heading[id_column].strip() if id_column < len(heading) else ""
        header = bool(cell) and not any(c.isdigit() for c in cell)
    header = header if has_header is None else has_header
    return PassageColumns(text, id_column, header, sure=by_name or len(filled) - len(coded) == 1)


def share_of(table: Table, passages: Collection[str]) -> float:
    """The largest share of a column's cells that are ``passages``, 0..1, with or without the first row."""
    samples = (_sample(table, column, start) for column in range(table.width) for start in (0, 1))
    return max((sum(c in passages for c in cells) / len(cells) for cells in samples if cells), default=0.0)


def choose_query_columns(
    table: Table,
    guess: QueryColumns,
    query: str | int | None,
    answers: Sequence[str | int] | None,
) -> QueryColumns:
    """``guess`` with the columns replaced that a person named, or numbered from 0. Raises FileProblem."""
    if query is None and not answers:
        return guess
    header, columns = _columns_with(table, guess.has_header, [query, *(answers or ())])
    one = guess.query if query is None else column_place(query, columns)
    others = tuple(column_place(each, columns) for each in answers) if answers else guess.answers
    others = tuple(c for c in others if c != one) or tuple(c for c in range(len(columns)) if c != one)[:1]
    if not others:
        raise FileProblem(_ONE_COLUMN, _ONE_COLUMN_HINT)
    return QueryColumns(one, others, header)


def choose_passage_columns(
    table: Table, guess: PassageColumns, text: str | int | None, id_column: str | int | None
) -> PassageColumns:
    """``guess`` with the columns replaced that a person named, or numbered from 0. Raises FileProblem."""
    if text is None and id_column is None:
        return guess
    header, columns = _columns_with(table, guess.has_header, [text, id_column])
    one = guess.text if text is None else column_place(text, columns)
    other = guess.id if id_column is None else column_place(id_column, columns)
    return PassageColumns(one, None if other == one else other, header)


def _columns_with(
    table: Table, has_header: bool, names: Sequence[str | int | None]
) -> tuple[bool, list[str]]:
    """Whether there is a heading, and the columns' names: so that they hold ``names``, if that can be."""
    wanted = {name.strip() for name in names if isinstance(name, str)}
    for header in (has_header, not has_header):
        columns = columns_of(table, header)
        if wanted <= set(columns):
            return header, columns
    return True, columns_of(table, True)


def _sample(table: Table, column: int, start: int) -> list[str]:
    rows = islice(table.rows, start, start + _LOOKED_AT)
    return [cell for row in rows if column < len(row) and (cell := row[column].strip())]


def _is_code(cells: Sequence[str]) -> bool:
    return bool(cells) and sum(1 for cell in cells if _CODE.fullmatch(cell)) >= 0.9 * len(cells)


def _is_unique_code(cells: Sequence[str]) -> bool:
    return bool(cells) and len(set(cells)) == len(cells) and _is_code(cells)


def _is_id(cell: str) -> bool:
    return pair_heading_key(cell) in _ID


_ONE_COLUMN = LocalText(
    "查询文件里没有两列内容：一列查询，一列答案。",
    "The file of queries has no two columns, one of queries and one of answers.",
)
_ONE_COLUMN_HINT = LocalText(
    "请每行写一个查询和它的答案，用制表符分隔：查询<TAB>答案。",
    "Write one query and its answer a line, with a tab between them: query<TAB>answer.",
)
