"""The ready recipes: which stages, in which order, and when to use them."""

from __future__ import annotations

from workbench.errors import NotFound
from workbench.localtext import LocalText
from workbench.types import Recipe, StageConfig

RECIPES: tuple[Recipe, ...] = (
    Recipe(
        "instant",
        LocalText("即时", "Instant"),
        LocalText(
            "几秒钟就好。模型本身不变，只学一个作用在词向量上的变换。适合边改词典边看效果。",
            "Done in seconds. The model stays as it is; a map over its vectors is learnt. "
            "Use it while you work on the dictionary.",
        ),
        (StageConfig("instant_map"),),
    ),
    Recipe(
        "finetune",
        LocalText("精调", "Fine-tune"),
        LocalText(
            "十几秒到几分钟。把整个模型练一遍（词少时几遍），得到一个可以交付使用的模型。",
            "Seconds to minutes. The whole model is trained in one pass, or a few where there is little "
            "data: for a model that leaves the house.",
        ),
        (StageConfig("in_batch"),),
    ),
    Recipe(
        "finetune_long",
        LocalText("精调（多练几遍）", "Fine-tune, thorough"),
        LocalText(
            "约为「精调」的四倍时间：遍数是四倍，每一步走得更小。最后定稿的模型、差一分也要紧时用它。"
            "我们量过的：两万对的词典上好三分，几千对以下平均好不到一分。",
            "About four times as long as Fine-tune: four times as many passes, in smaller steps. For the "
            "final model, where a point matters: we measured three points more on a dictionary of 20,000 "
            "pairs, and less than one on average on those of a few thousand or fewer.",
        ),
        (StageConfig("in_batch", {"thorough": True}),),
    ),
    Recipe(
        "labelled",
        LocalText("标注句对", "Labelled pairs"),
        LocalText(
            "bge-m3 式的句对微调。手上有「两句话 + 像不像」的标注数据、要判断相似与否时用它；"
            "只想查同义词时，用「精调」更好。",
            "Pairs of texts with a label, as bge-m3 is tuned. Use it where you have such pairs and want to "
            "tell alike from not alike; for finding synonyms alone, Fine-tune is better.",
        ),
        (StageConfig("cosent"),),
    ),
    Recipe(
        "sapbert",
        LocalText("SapBERT 式", "SapBERT-style"),
        LocalText(
            "十几秒到几分钟。一个概念有三个以上叫法的词典（疾病、药品、零件）可以与「精调」一起试，"
            "在排行榜上比一比；我们量过的词典上，「精调」不比它差。",
            "Seconds to minutes. Worth trying beside Fine-tune where concepts have three terms or more "
            "(diseases, drugs); compare them on the leaderboard. On the dictionaries that we measured, "
            "Fine-tune was no worse.",
        ),
        (StageConfig("multi_similarity"),),
    ),
    Recipe(
        "hard_negatives",
        LocalText("难负例", "Hard negatives"),
        LocalText(
            "比「精调」多一步：再专门练习最容易认错的词，最后与基础模型合并，少忘旧知识。"
            "词典里有很多只差一两个字的不同概念时用它。",
            "Fine-tune, then the terms that are still mistaken, then a merge with the base so that less is "
            "forgotten. For dictionaries where different concepts differ by a word or two.",
        ),
        (StageConfig("in_batch"), StageConfig("hard_negatives"), StageConfig("merge")),
    ),
    Recipe(
        "rerank",
        LocalText("精调 + 重排", "Fine-tune + reranker"),
        LocalText(
            "先精调，再训练一个把两个词放在一起读的模型，对前几名重新排队。"
            "答案常在前十名里却不在第一名、又不急着要结果时可以一试；词典不过几千对时往往没有帮助，开发集会判断并明说。",
            "Fine-tune, then a second model that reads two terms together and puts the best answers in a "
            "new order. Worth a try where the right answer is often among the first ten but not the first, "
            "and queries may take longer. With some thousand pairs it often brings nothing: the development "
            "terms decide, and it is said.",
        ),
        (StageConfig("in_batch"), StageConfig("reranker")),
    ),
    Recipe(
        "simcse_in_batch",
        LocalText("SimCSE + 批内负例", "SimCSE + in-batch"),
        LocalText(
            "先不用标注地学行业语料（没有语料就学词典里的词），再用词典精调。"
            "基础模型没有为句向量训练过（如 ERNIE、BERT）时用它；现成的句向量模型往往用「精调」就够。",
            "First the field's raw text without labels (the terms themselves where there is none), then the "
            "dictionary. Use it for base models never trained for sentences (ERNIE, BERT); for a ready "
            "sentence model Fine-tune is often enough.",
        ),
        (StageConfig("simcse"), StageConfig("in_batch")),
    ),
    Recipe(
        "full",
        LocalText("完整流程", "Full pipeline"),
        LocalText(
            "领域预训练、SimCSE、批内负例、难负例、与基础模型合并，五步依次做，最慢。"
            "有几千条以上行业语料、基础模型又不懂这个行业时用它。",
            "Domain pre-training, SimCSE, in-batch negatives, hard negatives and a merge with the base, one "
            "after the other; the slowest. Use it with thousands of raw texts of a field that the base model "
            "does not know.",
        ),
        tuple(StageConfig(name) for name in ("mlm", "simcse", "in_batch", "hard_negatives", "merge")),
    ),
    Recipe(
        "vectors",
        LocalText("只改列出的词", "Listed terms only"),
        LocalText(
            "几秒钟就好（词很多时几分钟）。直接移动词典训练部分的词向量，其他词一点不变。"
            "想让词典里的词互相找得准、又不许别的词受影响时用它；"
            "没见过的词不会变好，要那样请用「即时」或「精调」。",
            "Takes seconds (minutes with very many terms). The vectors of the dictionary's training terms "
            "are moved, all others stay. Use it where listed terms must find each other and nothing else may "
            "change; unseen terms gain nothing, for those use Instant or Fine-tune.",
        ),
        (StageConfig("retrofitting"),),
    ),
    Recipe(
        "word_vectors",
        LocalText("词向量", "Word vectors"),
        LocalText(
            "从行业语料学词向量，再用词典调整，得到一个每秒查几万个词的小模型。语料有几万条以上、"
            "又要在很慢的机器上用时选它；质量一般不如「精调」，排行榜会说差多少。",
            "Word vectors are learnt from raw text, then adjusted by the dictionary: a small model that "
            "looks up tens of thousands of terms a second. Choose it with tens of thousands of texts and "
            "slow machines to run on; Fine-tune is usually better, and the leaderboard says by how much.",
        ),
        (StageConfig("word_vectors"), StageConfig("instant_map")),
    ),
)

DEFAULT_RECIPE = "instant"


def recipe(name: str) -> Recipe:
    """The recipe called ``name``.

    Raises:
        NotFound: there is none.
    """
    for candidate in RECIPES:
        if candidate.name == name:
            return candidate
    raise NotFound(
        LocalText("没有叫「{name}」的训练方案。", "There is no recipe called “{name}”."),
        LocalText("可用的：{names}。", "There are: {names}."),
        name=name,
        names=", ".join(candidate.name for candidate in RECIPES),
    )
