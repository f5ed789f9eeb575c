"""What is said about a file of word vectors: what is wrong with a row, and why a file is refused."""

from __future__ import annotations

from workbench.errors import FileProblem
from workbench.localtext import LocalText

# -- rows that are left out, by their code ----------------------------------------------------------

DIMENSION = LocalText(
    "第 {row} 行有 {found} 个数，应有 {wanted} 个：这个词没有读入。",
    "Row {row} has {found} numbers instead of {wanted}: the word was left out.",
)
NO_NUMBER = LocalText(
    "第 {row} 行「{word}」的向量里有不是数的内容：这个词没有读入。",
    "In row {row} the vector of “{word}” holds something that is no number: the word was left out.",
)
NOT_FINITE = LocalText(
    "第 {row} 行「{word}」的向量里有 NaN 或无穷大：这个词没有读入。",
    "In row {row} the vector of “{word}” holds NaN or infinity: the word was left out.",
)
DUPLICATE = LocalText(
    "第 {row} 行的词「{word}」前面已经有了：以前面的为准。",
    "The word “{word}” of row {row} was there before: the first one counts.",
)
UNREADABLE = LocalText(
    "第 {row} 行的词读不出来（编码有误）：没有读入。",
    "The word of row {row} cannot be read (broken encoding): it was left out.",
)
NO_WORD = LocalText(
    "第 {row} 行没有词，或词太长：没有读入。",
    "Row {row} has no word, or one that is too long: it was left out.",
)
HEADER = LocalText(
    "第 1 行说每个词有 {declared} 个数，实际有 {found} 个：按实际的读入。",
    "Row 1 says that a word has {declared} numbers, but it has {found}: read as it is.",
)
CUT_SHORT = LocalText(
    "文件在第 {row} 行处中断，可能没有下载完整：只读入了前面的词。",
    "The file breaks off at row {row}, as if it was not downloaded whole: the words before it were read.",
)

# -- files that are refused -------------------------------------------------------------------------

_FORMATS = LocalText(
    "可读的格式：word2vec（文本或二进制）、GloVe、fastText 的 .vec、中文词向量，"
    "也可以是它们的 .gz 或 .bz2 压缩文件。",
    "What can be read: word2vec (text or binary), GloVe, fastText's .vec, Chinese Word Vectors; also "
    "compressed as .gz or .bz2.",
)


def _refusal(zh: str, en: str, hint: LocalText = _FORMATS) -> tuple[LocalText, LocalText]:
    return LocalText(zh, en), hint


EMPTY = _refusal("文件「{name}」是空的。", "The file “{name}” is empty.")
NOT_VECTORS = _refusal(
    "文件「{name}」不是词向量文件：看过的前 {rows} 行里，没有一个词后面跟着成行的数。",
    "The file “{name}” holds no word vectors: in the first {rows} rows no word is followed by its numbers.",
)
NO_WORDS = _refusal(
    "文件「{name}」里没有一个能用的词。第一个问题：{first}",
    "The file “{name}” has no word that can be used. The first problem: {first}",
)
TOO_BROKEN = _refusal(
    "文件「{name}」坏得太多：{bad} 行读不了，只有 {good} 行能读。第一个问题：{first}",
    "Too much of the file “{name}” is broken: {bad} rows cannot be read and {good} can. "
    "The first problem: {first}",
)
BAD_DIMENSION = _refusal(
    "文件「{name}」说每个词有 {dimension} 个数，只能读 2 到 {most} 个的。",
    "The file “{name}” has {dimension} numbers a word; 2 to {most} can be read.",
)
LONG_LINE = _refusal(
    "文件「{name}」的第 {row} 行太长，不是词向量。",
    "Row {row} of the file “{name}” is too long for a word vector.",
)
FASTTEXT_BIN = _refusal(
    "「{name}」是 fastText 的 .bin 模型，不是词向量表。",
    "“{name}” is a fastText .bin model, not a table of word vectors.",
    LocalText(
        "请改用同一模型的 .vec 文件（fastText 训练时会一起写出，官网也提供下载）。",
        "Use the .vec file of the same model: fastText writes it beside the .bin, and its site offers it.",
    ),
)
PICKLED = _refusal(
    "「{name}」是 Python 的 pickle 格式（如 gensim 的 .model、.kv），里面可以夹带程序，这里不读。",
    "“{name}” is a Python pickle (such as gensim's .model or .kv), which can hide code: it is not read.",
    LocalText(
        "请在 gensim 里用 wv.save_word2vec_format('vectors.txt') 另存一份。",
        "In gensim, save it by wv.save_word2vec_format('vectors.txt').",
    ),
)
ARCHIVE = _refusal(
    "「{name}」是压缩包（zip、xz、7z 等）。",
    "“{name}” is an archive (zip, xz, 7z or the like).",
    LocalText(
        "请先解压，选择里面的词向量文件；.gz 和 .bz2 可以直接读。",
        "Unpack it and choose the file of vectors in it; .gz and .bz2 are read as they are.",
    ),
)
DAMAGED = _refusal(
    "文件「{name}」已损坏，解不开：{why}。",
    "The file “{name}” is damaged and cannot be unpacked: {why}.",
    LocalText("请重新下载。", "Download it again."),
)
UNREADABLE_FILE = _refusal(
    "读不了文件「{name}」：{why}。",
    "The file “{name}” cannot be read: {why}.",
    LocalText("请检查路径和权限。", "Check its path and whether it may be read."),
)
NO_MEMORY = _refusal(
    "内存不够：{words} 个词、每个 {dimension} 个数，需要 {need} MB。",
    "Not enough memory: {words} words of {dimension} numbers need {need} MB.",
    LocalText("请把「最多读多少个词」改小。", "Read fewer words at most."),
)


def refused(sentences: tuple[LocalText, LocalText], **values: object) -> FileProblem:
    """The error of a file that is not taken."""
    return FileProblem(sentences[0], sentences[1], **values)
