"""What the upload of word vectors on the Models tab says."""

TEXTS: dict[str, tuple[str, str]] = {
    "vectors.title": ("导入词向量", "Import word vectors"),
    "vectors.lead": (
        "手上有现成的词向量文件（word2vec、GloVe、fastText 的 .vec、中文词向量）时，可以把它当作基础模型："
        "查看、画地图、上排行榜、继续训练，和别的模型一样用。它每秒能编码几万个词，但不懂上下文，"
        "质量通常不如自带的模型。",
        "A file of word vectors (word2vec, GloVe, fastText's .vec, Chinese Word Vectors) can be a base "
        "model: explore it, map it, measure it, train from it like any other. It encodes tens of thousands "
        "of terms a second, but knows no context; the bundled models are usually better.",
    ),
    "vectors.file": ("词向量文件", "File of word vectors"),
    "vectors.name": ("名字", "Name"),
    "vectors.pooling": ("多个词怎样合成一个词语的向量", "How words make the vector of a term"),
    "vectors.pooling_sif": ("SIF：少见的词更重（推荐）", "SIF: rare words weigh more (recommended)"),
    "vectors.pooling_mean": ("简单平均", "Plain average"),
    "vectors.most": ("最多读多少个词", "Words to read at most"),
    "vectors.most_help": (
        "从最常用的读起。20 万个词、每个 300 个数，约占 240 MB。",
        "Beginning with the most frequent. 200,000 words of 300 numbers take about 240 MB.",
    ),
    "vectors.import": ("导入", "Import"),
    "vectors.importing": ("正在导入……", "Importing …"),
    "vectors.done": (
        "已导入“{name}”：{words} 个词，每个 {dimension} 个数。",
        "“{name}” is imported: {words} words of {dimension} numbers each.",
    ),
    "vectors.more": (
        "文件里还有更多的词没有读入。要多读，请调大“最多读多少个词”。",
        "The file has more words than were read. Raise “Words to read at most” for more of them.",
    ),
    "vectors.large": (
        "文件太大、上传不了时，请用命令行：python -m workbench models import-vectors 文件",
        "For a file that is too large to upload, use the command line: "
        "python -m workbench models import-vectors FILE",
    ),
    "vectors.problems": ("没有读入的行", "Rows that were left out"),
    "vectors.delete_text": (
        "它会从列表里消失，用它测过的成绩也会删除。原来的文件不受影响。",
        "It disappears from the lists, with everything that was measured with it. The file that it came "
        "from stays.",
    ),
}
