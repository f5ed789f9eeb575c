"""What a preview of labelled pairs says to the expert, in both languages."""

from __future__ import annotations

from workbench.localtext import LocalText

BAD_CHOICE = LocalText("选择的列不能用。", "The columns that were chosen cannot be used.")
BAD_CHOICE_HINT = LocalText(
    "请为两个文本和标签（或负例）各选一列。文件的列：{names}。",
    "Choose a different column for each text and for the label (or the negative). Columns: {names}.",
)
NO_NEGATIVE = LocalText("三元组需要一列负例。", "Triplets need a column of negatives.")
NO_PAIR = LocalText(
    "{rows} 行中没有一个可用的句对（文本：{text1}、{text2}；标签：{label}）。",
    "None of {rows} rows gives a usable pair (texts: {text1}, {text2}; label: {label}).",
)
NO_PAIR_HINT = LocalText(
    "空单元格 {empty} 处，标签不对 {label} 处，两个文本相同 {same} 处，过长 {long} 处，列数不对 {ragged} 行。"
    "请检查是否选对了列。",
    "Empty cells: {empty}; wrong labels: {label}; the same text twice: {same}; too long: {long}; wrong "
    "number of cells: {ragged}. Check that the columns are the right ones.",
)
TOO_MANY_PAIRS = LocalText(
    "文件超过 {limit} 个句对的上限。", "The file has more than {limit} pairs, which is the limit."
)
SPLIT_FILE = LocalText(
    "请拆分成几个较小的文件，分别上传。没有导入任何内容。",
    "Split it into smaller files and upload those. Nothing was imported.",
)
EMPTY_CELL = LocalText(
    "第 {row} 行“{column}”列是空的，该行已跳过。请补上内容，或删除这一行。",
    "Row {row}, column “{column}” is empty; the row was skipped. Fill it in or delete the row.",
)
TOO_LONG = LocalText(
    "第 {row} 行“{column}”列以“{start}”开头的文本有 {count} 个字符（上限 {limit}），该行已跳过。请缩短它。",
    "Row {row}, column “{column}”: the text that starts with “{start}” has {count} characters "
    "(limit {limit}); the row was skipped. Shorten it.",
)
CONTROL = LocalText(
    "第 {row} 行“{column}”列含有换行或不可见字符，已去除：“{start}”。",
    "Row {row}, column “{column}” held line breaks or invisible characters, which were removed: “{start}”.",
)
BAD_LABEL = LocalText(
    "第 {row} 行“{column}”列的标签“{label}”不是数字，也不是“是/否”，该行已跳过。"
    "请填写 0 或 1，或 0 到 5 的分数。",
    "Row {row}, column “{column}”: the label “{label}” is neither a number nor yes or no; the row was "
    "skipped. Write 0 or 1, or a score from 0 to 5.",
)
OUT_OF_RANGE = LocalText(
    "第 {row} 行“{column}”列的标签“{label}”超出范围（应为{allowed}），该行已跳过。请改正它。",
    "Row {row}, column “{column}”: the label “{label}” is out of range (it should be {allowed}); the row "
    "was skipped. Correct it.",
)
LABEL_RANGE = LocalText("0 或 1", "0 or 1")
SCORE_RANGE = LocalText("0 到 {top}", "from 0 to {top}")
SELF_PAIR = LocalText(
    "第 {row} 行的两个文本相同（“{shown}”），学不到东西，已跳过。",
    "Row {row} has the same text twice (“{shown}”), from which nothing is learnt; it was skipped.",
)
SELF_CONTRADICTION = LocalText(
    "第 {row} 行的两个文本相同（“{shown}”），标签却是 {label}，已跳过。请改正标签或文本。",
    "Row {row} has the same text twice (“{shown}”) but the label {label}; it was skipped. "
    "Correct the label or a text.",
)
TRIPLET_CONTRADICTION = LocalText(
    "第 {row} 行的负例“{shown}”与锚点或正例相同，已跳过。请改正它。",
    "Row {row}: the negative “{shown}” is the same as the anchor or the positive; it was skipped. "
    "Correct it.",
)
DUPLICATE = LocalText(
    "第 {row} 行“{text1}”—“{text2}”与第 {other} 行重复（顺序不计），已跳过。",
    "Row {row}: “{text1}” – “{text2}” is in row {other} already, in one order or the other; it was skipped.",
)
CONTRADICTION = LocalText(
    "第 {row} 行“{text1}”—“{text2}”的标签是 {second}，第 {other} 行却是 {first}。"
    "两行都未导入，请只保留正确的一行。",
    "Row {row}: “{text1}” – “{text2}” has the label {second}, but {first} in row {other}. Neither was "
    "imported; keep only the right one.",
)
SIDES = LocalText(
    "第 {row} 行：“{text2}”对“{text1}”来说既是正例又是负例（另见第 {other} 行）。两者都保留，请确认。",
    "Row {row}: “{text2}” is both a positive and a negative of “{text1}” (see row {other}). "
    "Both were kept; check them.",
)
COLUMNS_UNSURE = LocalText(
    "列名不足以判断，暂把“{text1}”“{text2}”当作两个文本，把“{label}”当作标签。请检查，不对时手动选择列。",
    "The headings do not settle it: “{text1}” and “{text2}” were taken for the texts and “{label}” for the "
    "label. Check this, and choose the columns by hand if it is wrong.",
)
ROWS_ABOVE = LocalText(
    "第 {first} 行之前的 {count} 行不是句对，已跳过。",
    "What stands above row {first} was skipped (rows: {count}): these are not pairs.",
)
NO_HEADING = LocalText(
    "没有识别到表头，第 {row} 行按句对读取。如果它是表头，请说明有表头。",
    "No heading was recognised, so row {row} was read as a pair. If it is a heading, say that there is one.",
)
NO_LABEL = LocalText(
    "没有标签列，所有句对都当作相似（标签 1）。如果有标签，请选择那一列。",
    "There is no column of labels, so every pair counts as alike (label 1). If there is one, choose it.",
)
SCALED = LocalText(
    "分数在 0 到 {top} 之间，已换算为 0 到 1。", "The scores run from 0 to {top}; they were scaled to 0 to 1."
)
