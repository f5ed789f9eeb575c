"""Parameters that several stages have, described once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from workbench.localtext import LocalText
from workbench.types import Parameter

LAYER_CHOICES = ("1", "2", "3", "4", "6", "all", "whole")  # from the least to the most
MANY = 10_000  # more layers than any model has
ENOUGH, MOST_PASSES = 1600, 4
THOROUGH = 4  # times the passes; eight times brought nothing over four
WHOLE = -1  # all layers, and the words besides


def epochs(default: int, most: int = 100) -> Parameter:
    """How often all examples are seen; a default of 0 lets :func:`epoch_count` choose."""
    return Parameter(
        "epochs",
        "int",
        default,
        LocalText("轮数", "Epochs"),
        LocalText(
            "把全部训练数据看几遍。太多会死记硬背。" + ("" if default else "0 表示按数据多少自动选。"),
            "How many times all training data is seen. Too many: learnt by heart."
            + ("" if default else " 0 chooses by how much data there is."),
        ),
        1 if default else 0,
        most,
    )


def thorough() -> Parameter:
    """Whether a stage that chooses its passes takes several times as many, in smaller steps."""
    return Parameter(
        "thorough",
        "bool",
        False,
        LocalText("多练几遍", "Thorough"),
        LocalText(
            "轮数为 0 时才起作用：轮数是自动选的四倍，每一步走得更小。时间约为四倍；几千对时一般好不到一分，"
            "两万对时好三分。",
            "Where epochs are 0: four times as many as would be chosen, in smaller steps. Takes about four "
            "times as long, for mostly less than a point on a few thousand pairs, and three on 20,000.",
        ),
    )


def epoch_count(parameters: Mapping[str, Any], examples: int) -> int:
    """Passes over ``examples``: those asked for, else the usual ones, or more where it is to be thorough."""
    more = THOROUGH if parameters.get("thorough") else 1
    return int(parameters["epochs"]) or more * usual_epochs(examples)


def usual_epochs(examples: int) -> int:
    """As many passes as show the model 1,600 of ``examples``, at most four.

    So many bring a whole model most of what it can gain (docs/benchmarks.md, "How deep, how long").
    """
    return max(1, min(MOST_PASSES, round(ENOUGH / max(1, examples))))


def layers(default: str = "2", *, words: bool = False) -> Parameter:
    """How many of the top layers are trained; ``words``: a stage may train the words as well."""
    return Parameter(
        "layers",
        "choice",
        default,
        LocalText("训练的层数", "Layers to train"),
        LocalText(
            "从最上层数起。层数越多，每一轮越慢；all 是全部层（词向量表不动）"
            + ("；whole 连训练词用到的字词向量也一起训练。" if words else "。"),
            "Counted from the top. More makes an epoch slower; “all” is every layer (the word table stays)"
            + ("; “whole” also the vectors of the training terms' word pieces." if words else "."),
        ),
        choices=LAYER_CHOICES if words else LAYER_CHOICES[:-1],
    )


def layer_count(choice: str) -> int:
    """How many layers a value of :func:`layers` is."""
    return {"all": MANY, "whole": WHOLE}[choice] if choice in ("all", "whole") else int(choice)


def learning_rate_by_layers() -> Parameter:
    """The learning rate of a fine-tuning stage; 0 chooses."""
    return Parameter(
        "learning_rate",
        "float",
        0.0,
        LocalText("学习率", "Learning rate"),
        LocalText(
            "每一步走多大；0 表示按层数和轮数自动选。",
            "How large each step is; 0 chooses by the number of layers and passes.",
        ),
        0.0,
        1e-2,
    )


def learning_rate(default: float, least: float = 1e-7, most: float = 1e-1) -> Parameter:
    """The learning rate of a stage that has one of its own."""
    return Parameter(
        "learning_rate",
        "float",
        default,
        LocalText("学习率", "Learning rate"),
        LocalText("每一步走多大。", "How large each step is."),
        least,
        most,
    )


def temperature(default: float = 0.05) -> Parameter:
    """Of a softmax over similarities."""
    return Parameter(
        "temperature",
        "float",
        default,
        LocalText("温度", "Temperature"),
        LocalText(
            "越小，越看重最像的错误答案。",
            "The smaller, the more the most alike wrong answers count.",
        ),
        0.01,
        1.0,
    )


def batch_size(default: int, most: int = 8192, least: int = 4) -> Parameter:
    """Examples in one step."""
    return Parameter(
        "batch_size",
        "int",
        default,
        LocalText("批大小", "Batch size"),
        LocalText("一步里互为反例的例子数。", "Examples in one step, each other's negatives."),
        least,
        most,
    )


def two_way(default: bool = True) -> Parameter:
    """Whether standard terms look for their synonyms, too."""
    return Parameter(
        "two_way",
        "bool",
        default,
        LocalText("双向", "Both ways"),
        LocalText(
            "近似词找标准词，同时标准词也找近似词；关掉则只练前一个方向。",
            "Synonyms look for standard terms and standard terms for synonyms; off: only the former.",
        ),
    )


INSTRUCTIONS = {
    "none": "",
    "query": "query: ",
    "bge_zh": "为这个句子生成表示以用于检索相关文章：",
    "bge_en": "Represent this sentence for searching relevant passages: ",
}


def instruction() -> Parameter:
    """The words that are put before the first text of a pair; see ``INSTRUCTIONS``."""
    return Parameter(
        "instruction",
        "choice",
        "none",
        LocalText("前缀指令", "Instruction"),
        LocalText(
            "只加在第一句前面的话，用于查询与文章不对称的数据（BGE、uniem 的做法）；"
            "以后查询时也要加同样的话。一般选 none。",
            "Words before the first text only, for data where a query meets a passage (as BGE and uniem do); "
            "later queries need the same words. Usually none.",
        ),
        choices=tuple(INSTRUCTIONS),
    )


def scale(default: float = 20.0) -> Parameter:
    """By which similarities are multiplied before they are compared."""
    return Parameter(
        "scale",
        "float",
        default,
        LocalText("放大倍数", "Scale"),
        LocalText(
            "越大，越只看排错得最厉害的句对。",
            "The larger, the more only the worst ordered pairs count.",
        ),
        1.0,
        100.0,
    )


def margin(default: float, help: LocalText, most: float = 1.0) -> Parameter:
    """How far apart two similarities are to be; ``help`` says which."""
    return Parameter("margin", "float", default, LocalText("间隔", "Margin"), help, 0.0, most)


def max_length(default: int = 64) -> Parameter:
    """Where raw texts are cut."""
    return Parameter(
        "max_length",
        "int",
        default,
        LocalText("文本长度上限", "Longest text"),
        LocalText(
            "语料里更长的文本只看开头这么多个词元（约等于汉字数）。越长越慢。",
            "Of longer texts only so many tokens are read (about as many as Chinese characters). "
            "Longer is slower.",
        ),
        8,
        512,
    )


def most_texts(default: int = 8000) -> Parameter:
    """How many raw texts are used at most."""
    return Parameter(
        "most_texts",
        "int",
        default,
        LocalText("最多用多少条文本", "Texts at most"),
        LocalText(
            "语料更大时按种子抽取这么多条。越多越慢。",
            "Of a larger corpus so many are drawn by the seed. More is slower.",
        ),
        16,
        200_000,
    )


def most_pairs(default: int = 20_000) -> Parameter:
    """How many labelled pairs or triplets are used at most."""
    return Parameter(
        "most_pairs",
        "int",
        default,
        LocalText("最多用多少条", "Examples at most"),
        LocalText(
            "数据更多时按种子抽取这么多条（内存不够时更少）。越多越慢。",
            "Of more data so many are drawn by the seed (fewer where memory is short). More is slower.",
        ),
        8,
        1_000_000,
    )


def keep(default: str) -> Parameter:
    """Which state a stage ends with."""
    return Parameter(
        "keep",
        "choice",
        default,
        LocalText("留下哪个状态", "State to keep"),
        LocalText(
            "last：训练完的状态，给下一个阶段打底；best：开发集上最好的，并与基础模型调和。",
            "“last” is the end of training, a ground for the next stage; "
            "“best” is the best on the development terms, blended with the base.",
        ),
        choices=("last", "best"),
    )


def patience(default: int = 8) -> Parameter:
    """After how many looks without a better one a stage ends."""
    return Parameter(
        "patience",
        "int",
        default,
        LocalText("提前结束", "Early stopping"),
        LocalText(
            "开发集连续这么多次没有更好就结束这一阶段（一轮看一到四次）；0 表示练满全部轮数。"
            "最好的状态总会保留；“留下哪个状态”为 last 时不起作用。",
            "After so many looks at the development terms without a better one the stage ends (there are one "
            "to four an epoch); 0: all epochs are trained. The best state is kept in any case. Of no effect "
            "where the last state is to be kept.",
        ),
        0,
        1000,
    )


def sources(default: str = "corpus") -> Parameter:
    """Which raw texts an unsupervised stage reads."""
    return Parameter(
        "sources",
        "choice",
        default,
        LocalText("学哪些文本", "Texts to learn from"),
        LocalText(
            "corpus 是所选语料（没有选时用训练词语）；terms 是训练词语；both 是两者。",
            "“corpus” is the chosen raw text (the training terms where none was chosen); "
            "“terms” the training terms; “both” both.",
        ),
        choices=("corpus", "terms", "both"),
    )


def share(name: str, default: float, title: LocalText, help_: LocalText, most: float = 0.9) -> Parameter:
    """A share of the tokens of a text."""
    return Parameter(name, "float", default, title, help_, 0.05, most)
