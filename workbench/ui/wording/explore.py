"""What the Explore tab says."""

from workbench.search.similarity import PROBABILITY_MEANING

TEXTS: dict[str, tuple[str, str]] = {
    "explore.title": ("问问模型", "Ask the model"),
    "explore.lead": (
        "两个词是不是一个意思？哪些词最接近它？可以用两个模型并排比较，看训练带来了什么。",
        "Do two terms mean the same? Which terms are nearest to one? Put two models side by side to see what "
        "training changed.",
    ),
    "explore.model": ("模型", "Model"),
    "explore.second": ("与之比较", "Compare with"),
    "explore.no_second": ("不比较", "No second model"),
    "explore.pair": ("两个词是不是近似词？", "Are two terms synonyms?"),
    "explore.first": ("第一个词", "First term"),
    "explore.other": ("第二个词", "Second term"),
    "explore.compare": ("比较", "Compare"),
    "explore.near": ("哪些词最接近？", "Which terms are nearest?"),
    "explore.term": ("输入一个词", "A term"),
    "explore.find": ("查找", "Find"),
    "explore.suggest": ("从词典中挑一个试试：", "Try one from the dictionary:"),
    "explore.other_suggestions": ("换一批", "Others"),
    "explore.pair_empty": ("输入两个词，看它们有多接近。", "Enter two terms to see how close they are."),
    "explore.near_empty": (
        "输入一个词，或点一个上面的例子。词典里没有的词也可以。",
        "Enter a term or click an example. It need not be in the dictionary.",
    ),
    "explore.preparing": (
        "第一次使用这个模型，正在为词典编码，之后就是即时的……",
        "First use of this model: the dictionary is being encoded. After that, answers are immediate …",
    ),
    "explore.verdict_sure": ("几乎可以肯定是近似词", "Almost certainly synonyms"),
    "explore.verdict_likely": ("很可能是近似词", "Probably synonyms"),
    "explore.verdict_maybe": ("说不准", "Hard to say"),
    "explore.verdict_unlikely": ("不太像近似词", "Probably not synonyms"),
    "explore.verdict_no": ("几乎肯定不是近似词", "Almost certainly not synonyms"),
    "explore.probability": ("是近似词的可能性：{p}%", "Chance of being synonyms: {p}%"),
    "explore.percentile": (
        "比词典中 {p}% 的随机词对更接近。",
        "Closer than {p}% of random pairs of the dictionary.",
    ),
    "explore.meaning_title": ("这个概率是什么意思？", "What does the probability mean?"),
    "explore.cosine": ("余弦相似度 {c}", "cosine {c}"),
    "explore.known": ("词典中已记为近似词", "the dictionary lists them as synonyms"),
    "explore.known_short": ("已知", "known"),
    "explore.is_standard": ("标准词", "standard term"),
    "explore.neighbours_of": ("“{term}”的近邻", "Nearest to “{term}”"),
    "explore.score": ("接近程度", "closeness"),
}

TEXTS["explore.meaning"] = (PROBABILITY_MEANING.zh, PROBABILITY_MEANING.en)
