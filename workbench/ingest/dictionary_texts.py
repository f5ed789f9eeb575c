"""What a synonym dictionary's preview says to the expert, in both languages."""

from __future__ import annotations

from workbench.localtext import LocalText

ONE_COLUMN = LocalText(
    "文件只有一列，无法知道哪些词是同义的。",
    "The file has only one column, so nothing says which terms mean the same.",
)
ONE_COLUMN_HINT = LocalText(
    "请准备两列：一列标准词，一列近似词，用逗号、制表符或分号分隔，或使用 XLSX。"
    "如果每行是一组同义词，请把文件格式选为“每行一组”（groups）。",
    "Give it two columns, standard terms and synonyms, separated by commas, tabs or semicolons, or use XLSX. "
    "If each line is a group of synonyms, choose the format “one group a line” (groups).",
)
BAD_CHOICE = LocalText("选择的列不能用。", "The columns that were chosen cannot be used.")
BAD_CHOICE_HINT = LocalText(
    "请为标准词选一列，为近似词选另外一列或几列。文件的列：{names}。",
    "Choose one column for the standard terms and one or more others for the synonyms. Columns: {names}.",
)
NO_PAIR = LocalText(
    "{rows} 行中没有一对可用的标准词和近似词（标准词列：{standard}；近似词列：{synonyms}）。",
    "None of {rows} rows gives a standard term with a synonym (standard terms: column {standard}; "
    "synonyms: column {synonyms}).",
)
NO_PAIR_HINT = LocalText(
    "空单元格 {empty} 行，标准词与近似词相同 {same} 处，过长 {long} 处，列数不对 {ragged} 行。"
    "请检查是否选对了列，并在每行填写两个不同的词。",
    "Rows with an empty cell: {empty}; synonym same as the standard term: {same}; too long: {long}; "
    "wrong number of cells: {ragged}. Check that the columns are the right ones, and give each row two "
    "different terms.",
)
TOO_MANY_PAIRS = LocalText(
    "文件超过 {limit} 对词语的上限。", "The file has more than {limit} pairs, which is the limit."
)
SPLIT_FILE = LocalText(
    "请拆分成几个较小的文件，分别上传。没有导入任何内容。",
    "Split it into smaller files and upload those. Nothing was imported.",
)

EMPTY_CELL = LocalText(
    "第 {row} 行“{column}”列是空的，该行（或该单元格）已跳过。请补上词语，或删除这一行。",
    "Row {row}, column “{column}” is empty; it was skipped. Write the term or delete the row.",
)
SELF_PAIR = LocalText(
    "第 {row} 行的近似词“{term}”与标准词相同，已跳过。",
    "Row {row}: the synonym “{term}” is the standard term itself; it was skipped.",
)
DUPLICATE = LocalText(
    "第 {row} 行“{standard}”—“{term}”与第 {other} 行重复，已跳过。",
    "Row {row}: “{standard}” – “{term}” is in row {other} already; it was skipped.",
)
AMBIGUOUS = LocalText(
    "第 {row} 行的近似词“{term}”对应两个标准词：“{first}”（第 {other} 行）、“{second}”。两者都保留，请确认。",
    "Row {row}: the synonym “{term}” belongs to two standard terms, “{first}” (row {other}) and “{second}”. "
    "Both were kept; check that this is meant.",
)
CHAIN = LocalText(
    "第 {row} 行的近似词“{term}”（属于“{standard}”）在第 {other} 行又是标准词。两者都保留，视为同一组。",
    "Row {row}: “{term}”, a synonym of “{standard}”, is itself a standard term in row {other}. "
    "Both were kept and count as one concept.",
)
TOO_LONG = LocalText(
    "第 {row} 行“{column}”列以“{start}”开头的内容有 {count} 个字符（上限 {limit}），已跳过。"
    "请只填写词语。{who}",
    "Row {row}, column “{column}”: the text that starts with “{start}” has {count} characters "
    "(limit {limit}) and was skipped. Write the term only. {who}",
)
CONTROL = LocalText(
    "第 {row} 行“{column}”列含有换行或不可见字符，已去除：“{term}”。",
    "Row {row}, column “{column}” held line breaks or invisible characters, which were removed: “{term}”.",
)
SEVERAL = LocalText(
    "第 {row} 行“{column}”列像是有 {count} 个近似词写在一个单元格里。如果是，请打开“拆分单元格”。",
    "Row {row}, column “{column}” looks like {count} synonyms in one cell. "
    "If so, turn on “split cells with several synonyms”.",
)
COLUMNS_UNSURE = LocalText(
    "列名不足以判断，暂把“{standard}”当作标准词，把“{synonyms}”当作近似词。请检查，不对时手动选择列。",
    "The headings do not settle it: “{standard}” was taken for the standard terms and “{synonyms}” for the "
    "synonyms. Check this, and choose the columns by hand if it is wrong.",
)
ROWS_ABOVE = LocalText(
    "第 {first} 行之前的 {count} 行不是词语，已跳过。",
    "What stands above row {first} was skipped (rows: {count}): these are not terms.",
)
NO_HEADING = LocalText(
    "没有识别到表头，第 {row} 行按词语读取。如果它是表头，请按列名选择标准词列和近似词列。",
    "No heading was recognised, so row {row} was read as terms. "
    "If it is a heading, choose the columns by its names.",
)
DUPLICATE_HEADING = LocalText(
    "第 {row} 行的表头“{name}”出现了多次。请检查所选的列，或修改表头。",
    "Row {row}: the heading “{name}” occurs more than once. Check the columns, or rename one.",
)
