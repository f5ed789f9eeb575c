"""What a preview of a retrieval set says to the expert, in both languages."""

from __future__ import annotations

from workbench.localtext import LocalText

NO_QUERY = LocalText("没有一个带答案的查询。", "There is not a single query with an answer.")
NO_QUERY_HINT = LocalText(
    "请检查是否选对了列，以及答案是否是语料文件中的段落（或其编号）。",
    "Check that the columns are the right ones, and that the answers are passages of the corpus file "
    "(or their ids).",
)
EMPTY_CELL = LocalText(
    "第 {row} 行“{column}”列是空的，已跳过。请补上内容，或删除这一行。",
    "Row {row}, column “{column}” is empty; it was skipped. Fill it in or delete the row.",
)
CONTROL = LocalText(
    "第 {row} 行“{column}”列含有换行或不可见字符，已去除。",
    "Row {row}, column “{column}” held line breaks or invisible characters, which were removed.",
)
DUPLICATE_PASSAGE = LocalText(
    "第 {row} 行的段落“{start}”与第 {other} 行完全相同，算作同一段落。请删除其中一行。",
    "Row {row}: the passage “{start}” is the same as in row {other}; both count as one answer. Delete one.",
)
MERGED_QUERY = LocalText(
    "第 {row} 行的查询“{query}”在第 {other} 行已有，答案已合并。",
    "Row {row}: the query “{query}” is in row {other} already; the answers were merged.",
)
DUPLICATE = LocalText(
    "第 {row} 行的查询“{query}”和答案与第 {other} 行重复，已跳过。",
    "Row {row}: the query “{query}” is in row {other} already with this answer; it was skipped.",
)
NO_ANSWER = LocalText(
    "第 {row} 行的查询“{query}”没有可用的答案，未导入。请补上答案。",
    "Row {row}: the query “{query}” has no answer that can be used and was left out. Give it one.",
)
ANSWER_ADDED = LocalText(
    "第 {row} 行“{column}”列的答案“{answer}”不在语料中，已加入语料。请检查写法是否一致。",
    "Row {row}, column “{column}”: the answer “{answer}” is not in the corpus; it was added to it. "
    "Check that it is written the same.",
)
ANSWER_IGNORED = LocalText(
    "第 {row} 行“{column}”列的答案“{answer}”不在语料中，已忽略。请检查写法是否一致。",
    "Row {row}, column “{column}”: the answer “{answer}” is not in the corpus and was ignored. "
    "Check that it is written the same.",
)
UNKNOWN_ID = LocalText(
    "第 {row} 行“{column}”列的编号“{answer}”在语料中不存在，已忽略。请改正它。",
    "Row {row}, column “{column}”: no passage has the id “{answer}”; it was ignored. Correct it.",
)
NEAR_IDENTICAL = LocalText(
    "有 {count} 个段落只有结尾不同，例如“{first}”和“{second}”。模型很难分清它们。",
    "Passages that differ in their ending only ({count} of them), such as “{first}” and “{second}”: "
    "a model can hardly tell them apart.",
)
LIMITED = LocalText(
    "{total} 个查询中有 {count} 个的答案另有几乎相同的段落，而它不算答案：Recall@1 会因此偏低。"
    "如果它们也对，请把它们也列为答案。",
    "For {count} of {total} queries an answer has an almost identical passage that does not count as one: "
    "this holds Recall@1 down. If these are right as well, list them as answers too.",
)
QUERY_IS_ANSWER = LocalText(
    "第 {row} 行的查询“{query}”与它的答案相同，任何模型都能找到。",
    "Row {row}: the query “{query}” is its own answer, which any model finds.",
)
QUERY_IS_PASSAGE = LocalText(
    "第 {row} 行的查询“{query}”本身也是一个段落，却不是它的答案，总会排在第一。请检查。",
    "Row {row}: the query “{query}” is itself a passage but not its answer, and will always come first. "
    "Check it.",
)
COLUMNS_UNSURE = LocalText(
    "列名不足以判断，暂把“{query}”当作查询，把“{answers}”当作答案。请检查，不对时手动选择列。",
    "The headings do not settle it: “{query}” was taken for the queries and “{answers}” for the answers. "
    "Check this, and choose the columns by hand if it is wrong.",
)
HEADING = LocalText(
    "第一行按表头读取，不是查询。如果不对，请说明没有表头。",
    "The first row was read as a heading, not as a query. If that is wrong, say that there is none.",
)
ANSWERS_ARE_NUMBERS = LocalText(
    "答案按段落的序号读取（从 1 数起；出现 0 时从 0 数起）。请检查预览。",
    "The answers were read as numbers of passages (counted from 1; from 0 where a 0 occurs). "
    "Check the preview.",
)
