"""What a preview of raw text says to the expert, in both languages."""

from __future__ import annotations

from workbench.localtext import LocalText

TOO_MANY = LocalText(
    "文件超过 {limit} 条文本的上限。", "The file has more than {limit} texts, which is the limit."
)
SPLIT_FILE = LocalText(
    "请拆分成几个较小的文件，分别上传。没有导入任何内容。",
    "Split it into smaller files and upload those. Nothing was imported.",
)
NO_TEXT = LocalText("文件里没有可用的文本。", "The file holds no text that can be used.")
EMPTY_HINT = LocalText(
    "请检查文件：每行一条文本，或用空行分段。",
    "Check the file: one text a line, or paragraphs with blank lines between.",
)
ENCODING_UNSURE = LocalText(
    "文件编码不能完全确定，按 {encoding} 读取。请检查预览中的文字；如有乱码，请手动选择编码。",
    "The encoding is not certain; it was read as {encoding}. Check the text in the preview, "
    "and choose the encoding by hand if it is garbled.",
)
COLUMN_CHOSEN = LocalText(
    "取了“{column}”列的文本（内容最长的一列）。不对时请手动选择列。",
    "The texts were taken from the column “{column}”, which holds the longest. "
    "If that is wrong, choose the column by hand.",
)
BROKEN = LocalText(
    "第 {row} 行有无法识别的字符（显示为 �）。请检查文件编码，或修改这一行。",
    "Row {row} has characters that cannot be read (shown as �). "
    "Check the encoding of the file, or correct the row.",
)
CONTROL = LocalText(
    "第 {row} 行含有制表符、换行或不可见字符，已去除。",
    "Row {row} held tabs, line breaks or invisible characters, which were removed.",
)
CUT = LocalText(
    "第 {row} 行的文本有 {count} 个字符（上限 {limit}），已按句子切开。",
    "The text in row {row} has {count} characters (limit {limit}); it was cut into sentences.",
)
NO_WORDS = LocalText(
    "第 {row} 行“{start}”没有文字，已跳过。",
    "Row {row}, “{start}”, holds no letter or digit; it was skipped.",
)
DUPLICATE = LocalText(
    "第 {row} 行“{start}”与前面的文本重复，已跳过。",
    "Row {row}, “{start}”, repeats an earlier text; it was skipped.",
)
