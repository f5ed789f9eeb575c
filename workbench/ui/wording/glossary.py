"""Every term of art of the page, once: its name and what it means, for tooltips and for docs/glossary."""

from __future__ import annotations

from dataclasses import dataclass

from workbench.localtext import LocalText
from workbench.ui.wording import glossary_training

# id: ((name in Chinese, in English), what it means in Chinese, in English)
_DATA: dict[str, tuple[tuple[str, str], str, str]] = {
    "standard_term": (
        ("标准词", "Standard term"),
        "一个概念约定使用的写法，例如“越野车”。模型的任务就是由近似词找到它。",
        "The agreed way to write a concept, such as “myocardial infarction”. What a model has to find, given "
        "a synonym.",
    ),
    "synonym": (
        ("近似词", "Synonym"),
        "意思与标准词相同的另一种说法，例如“SUV”。同一个标准词的近似词合成一组。",
        "Another way to say what a standard term says, such as “heart attack”. The synonyms of one standard "
        "term make a group.",
    ),
    "component": (
        ("相连的词组（概念）", "Connected group (concept)"),
        "直接或经由别的词连在一起的所有词：甲与乙近似、乙与丙近似，三个词就是一个概念。划分训练与测试时整组一"
        "起走。",
        "All terms that are linked as synonyms, directly or through others: if A goes with B and B with C, "
        "the three are one concept. It is never divided between training and test.",
    ),
    "split": (
        ("划分", "Split"),
        "词典按概念分成三份：七成训练、一成开发、两成测试。第一次使用某个版本时定下，之后不再变，所以成绩可以"
        "互相比较。",
        "A dictionary is divided by concepts: 70 % to train on, 10 % for development, 20 % to test on. It is "
        "fixed when a version is first used, so that results compare.",
    ),
    "dev": (
        ("开发集", "Development terms (dev)"),
        "约一成概念，不参加训练，只用来在训练过程中挑选：留哪一步的模型、用多大的权重。",
        "About a tenth of the concepts. Nothing is trained on them; they decide what is kept while training: "
        "which step, which weights.",
    ),
    "test": (
        ("测试集", "Test terms"),
        "约两成概念，既不参加训练也不参加挑选，只用来给排行榜打分。",
        "About a fifth of the concepts. Nothing is trained on or chosen by them; they only give the scores "
        "on the leaderboard.",
    ),
    "not_synonyms": (
        ("不是近似词的标记", "Marked as not synonyms"),
        "专家说明不是一个意思的两个词。它们不会再被建议，训练时用作难负例。",
        "Two terms of which an expert said that they differ in meaning. They are never suggested again, and "
        "training uses them as hard negatives.",
    ),
    "corpus": (
        ("语料", "Corpus (raw text)"),
        "没有标注的文本，一行一段。模型可以从中自学，也可以从中找新词。",
        "Text without labels, a passage a line. A model can learn from it by itself, and new terms can be "
        "found in it.",
    ),
    "retrieval_set": (
        ("检索集", "Retrieval set"),
        "问题、段落和“哪段回答哪个问题”的对照表，用来评测长一些的文本。",
        "Questions, passages, and which passage answers which question: a benchmark for longer texts.",
    ),
    "labelled_pairs": (
        ("标注句对", "Labelled pairs"),
        "每行两段文字和一个标签：相同记 1，不同记 0，也可以是中间的分数。",
        "Two texts in each row with a label: 1 for alike, 0 for not alike, or a degree in between.",
    ),
    "triplet": (
        ("三元组", "Triplet"),
        "一段文字、一段与它相似的和一段与它不相似的。模型学着让前两段更近。",
        "A text, one that is like it and one that is not. The model learns to put the first two nearer.",
    ),
}

_MODELS: dict[str, tuple[tuple[str, str], str, str]] = {
    "embedding": (
        ("词向量（嵌入）", "Embedding (vector)"),
        "模型把一个词变成的一串数，例如 384 个。意思相近的词，数也相近。",
        "The list of numbers, say 384 of them, into which a model turns a term. Terms of like meaning get "
        "like numbers.",
    ),
    "dimension": (
        ("维数", "Dimensions"),
        "一个词向量有多少个数。越多越细，也越占内存。",
        "How many numbers an embedding has. More can tell more apart and take more memory.",
    ),
    "cosine": (
        ("余弦相似度", "Cosine"),
        "两个词向量的接近程度，从 −1 到 1，方向相同为 1。不同模型的余弦不能直接相比：有的模型所有词都在 0.8 "
        "以上。",
        "How alike two embeddings are, from −1 to 1, where 1 is the same direction. Cosines of different "
        "models do not compare: under some all terms lie above 0.8.",
    ),
    "base_model": (
        ("基础模型", "Base model"),
        "训练的起点：别人用大量公开文本训练好的模型，懂一般的语言，不一定懂您的行话。",
        "What training starts from: a model that others trained on much public text. It knows the language, "
        "though perhaps not the words of your trade.",
    ),
    "lexical": (
        ("字面方法（对照）", "Lexical baseline"),
        "不用模型、只比较字面的方法。一个好模型应当明显超过它们。",
        "A way that compares letters or words alone, without a model. A good model should clearly beat it.",
    ),
    "bm25": (
        ("BM25", "BM25"),
        "搜索引擎常用的字面打分：共有的词越少见，分越高。",
        "The usual score of search engines: it counts the words in common, and rare ones count more.",
    ),
    "tfidf": (
        ("TF-IDF", "TF-IDF"),
        "按共有的字串打分，这里取一到三个字：到处都有的轻，少见的重。",
        "Compares pieces of one to three characters: those that occur everywhere weigh little, rare ones "
        "much.",
    ),
    "hybrid": (
        ("混合检索", "Hybrid"),
        "把模型与一种字面方法的结果合在一起，合法由开发集选。单用其中一个同样好时，就不混合。",
        "A model and a lexical way together, joined as does best on the development terms. Where one part "
        "alone does as well, they are not mixed.",
    ),
    "reranker": (
        ("重排模型", "Reranker"),
        "第二个模型，把提问与候选放在一起读，重新排列最前面的几个。更准，每次查询也更慢。",
        "A second model that reads the query and a candidate together and puts the best answers in a new "
        "order. Sharper, and slower with each query.",
    ),
    "word_vectors": (
        ("静态词向量", "Word vectors"),
        "每个词一串固定的数，用时只查表（word2vec、fastText、GloVe）。很快，但不懂上下文。",
        "A fixed list of numbers for each word, which is only looked up (word2vec, fastText, GloVe). Very "
        "fast, and blind to context.",
    ),
}

_MEASURING: dict[str, tuple[tuple[str, str], str, str]] = {
    "recall": (
        ("召回率 R@K", "Recall@K"),
        "提问的正确标准词有多少排进前 K 位，对所有提问取平均，单位 %。一个提问有两个正确答案时，R@1 最多 50 "
        "%。",
        "The share of a query's right standard terms that stand among the first K, as the mean over all "
        "queries, in %. A query with two right answers can reach at most 50 % at K = 1.",
    ),
    "hit": (
        ("命中率 Hit@K", "Hit@K"),
        "前 K 位里至少有一个正确标准词的提问占多少，单位 %。只有一个正确答案时与召回率相同。",
        "The share of queries with at least one right standard term among the first K, in %. With one right "
        "answer it equals Recall@K.",
    ),
    "mrr": (
        ("MRR@10", "MRR@10"),
        "第一个正确答案名次的倒数，取平均，单位 %：第 1 位得 100，第 2 位得 50，十名以外得 0。",
        "The mean of 1 / rank of the first right answer, in %: first place counts 100, second 50, beyond ten "
        "0.",
    ),
    "ndcg": (
        ("nDCG@10", "nDCG@10"),
        "把前十位里所有正确答案按名次加权后的得分，单位 %：100 表示排得不能再好。",
        "A score, in %, of all right answers among the first ten, weighted by where they stand: 100 means "
        "that no order could be better.",
    ),
    "unseen": (
        ("没见过的概念", "Unseen concepts"),
        "主要成绩：提问的整个概念都没有参加训练，最接近日后遇到的新词。",
        "The result that counts: the whole concept of each query was kept out of training, as with the terms "
        "you will meet tomorrow.",
    ),
    "seen": (
        ("见过的概念", "Seen concepts"),
        "仅供诊断：概念参加过训练，只有这个近似词没有。成绩偏乐观。",
        "A diagnostic only: the concept was trained on, this one synonym was not. It flatters.",
    ),
    "interval": (
        ("95 % 区间", "95 % interval"),
        "换一批同类的测试概念时，成绩大致会落在这个范围里。两个区间大幅重叠时，差别可能只是偶然。",
        "Where the score would mostly lie with other test concepts of the same kind. Where two intervals "
        "overlap widely, the difference may be chance.",
    ),
    "verdict": (
        ("判定", "Verdict"),
        "与基础模型逐个提问相比：差别不像是偶然时，才说更好或更差（经多重比较校正后 p < 0.05），否则算分不出"
        "高下。",
        "Compared with the base query by query: better or worse only where the difference is unlikely to be "
        "chance (p < 0.05 after correction for many comparisons), else no difference that can be told.",
    ),
    "retention": (
        ("通用能力保持", "General ability kept"),
        "训练后对日常词语还剩下多少本事，以基础模型为 100 %，取降得最多的语言。低于 100 % 就是忘了一些。",
        "What is left, after training, of the knowledge of everyday words: in % of the base model, in the "
        "language that lost most. Below 100 %, something was forgotten.",
    ),
    "slice": (
        ("分组成绩", "Slice"),
        "只在一部分提问上算的成绩，例如没有相同字的词，或文件某一列的某个类别。",
        "The score on some of the queries only, such as those with no character in common, or one category "
        "of a column of your file.",
    ),
    "precision": (
        ("正确率", "Precision"),
        "自动认定的结果里有多少是对的，单位 %。要求越高，留给人看的越多。",
        "The share of what was accepted by itself that is right, in %. The more you ask, the more is left "
        "for you to look at.",
    ),
    "average_precision": (
        ("平均精确率 AP", "Average precision (AP)"),
        "把句对按相似度排列，看相同的是否都在前面，单位 %：100 表示没有一对排错。",
        "Pairs put in the order of their similarity: whether the alike ones stand first, in %. 100 means "
        "that none is out of place.",
    ),
    "threshold": (
        ("阈值", "Threshold"),
        "分数达到多少才算是：高于它接受，低于它不接受。",
        "The score from which something counts: what lies above is taken, what lies below is not.",
    ),
}


@dataclass(frozen=True, slots=True)
class Term:
    """A term of art; ``text`` says in a sentence or two what it is, with its unit, to a domain expert."""

    id: str
    topic: str
    name: LocalText
    text: LocalText


TOPICS: dict[str, LocalText] = {
    "data": LocalText("资料", "Data"),
    "models": LocalText("模型", "Models"),
    "measuring": LocalText("评测", "Measuring"),
    "training": LocalText("训练", "Training"),
    "exploring": LocalText("探索", "Exploring"),
    "map": LocalText("地图", "The map"),
}

GLOSSARY: tuple[Term, ...] = tuple(
    Term(key, topic, LocalText(*name), LocalText(zh, en))
    for topic, terms in (
        ("data", _DATA),
        ("models", _MODELS),
        ("measuring", _MEASURING),
        ("training", glossary_training.TRAINING),
        ("exploring", glossary_training.EXPLORING),
        ("map", glossary_training.MAP),
    )
    for key, (name, zh, en) in terms.items()
)

BY_ID: dict[str, Term] = {term.id: term for term in GLOSSARY}

# What the page's scripts read: ``term.<id>`` is the name, ``term.<id>.text`` what it means.
TEXTS: dict[str, tuple[str, str]] = {
    key: (said.zh, said.en)
    for term in GLOSSARY
    for key, said in ((f"term.{term.id}", term.name), (f"term.{term.id}.text", term.text))
}
