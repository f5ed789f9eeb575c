"""Word vectors: word2vec or fastText learnt from raw text, as a static model of their own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from workbench.errors import Stopped
from workbench.localtext import LocalText
from workbench.models.static_model import POOLINGS, Segmentation, StaticTable, means, write_static_model
from workbench.training import common_parameters as common
from workbench.training.corpus_words import WordTraining, cut_texts
from workbench.training.dataset import DevProbe, DevScores
from workbench.training.looking import draw
from workbench.training.material import enough_texts
from workbench.training.registry import StageContext, StageResult, StageSpec, Workload, register
from workbench.types import Parameter

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

CARD = """# Word vectors

Learnt from raw text by {method} ({dimension} numbers a word, {words} words, pooling {pooling}), as a static
model: a text's vector is the mean of the vectors of its words.
"""
_WORDS_PER_SECOND = 150_000.0  # of 100 numbers each, one thread, two times slower for fastText
_WORDS_PER_TEXT = 12


def run(context: StageContext, parameters: dict[str, Any]) -> StageResult:
    """Learn a vector for each word of raw text, and make them a model; the base is a reference only.

    Skip-gram with negative sampling (Mikolov 2013, arXiv:1310.4546): for words c near w
    ``L = -log s(v_w u_c) - sum_k log s(-v_w u_k)``; fastText (Bojanowski 2017, arXiv:1607.04606): v_w is
    the sum of w's character n-grams. A text's vector is the mean of its words', or SIF's (Arora 2017): see
    :class:`StaticTable`. Words are cut by jieba, training terms of the dictionary never. The epoch with the
    best development MRR@10 is kept, whether it is better than the base (step 0 of the curve) or not. Raw
    text is needed.

    Raises:
        TooLittleData: fewer than 16 texts, or fewer than 20 words that occur often enough.
    """
    texts = _texts(context, parameters)
    context.report.phase(LocalText("正在测量基础模型", "Measuring the base model"))
    probe = DevProbe(context.data, max_queries=600, max_documents=3000)
    terms = context.data.terms
    asked = [terms[number] for number in probe.needed]
    base = probe.score(context.model.vectors(tuple(asked)))
    draw(context, 0, base)
    context.report.phase(LocalText("正在切分词语", "Cutting the texts into words"))
    known = [terms[number] for number in context.data.training_terms]
    training = WordTraining(cut_texts(texts, known, context.report.progress), parameters, context.seed)
    segmentation = Segmentation(training.words, training.shares)
    probed, sample = segmentation.ids(asked), segmentation.ids(known)

    def table() -> StaticTable:
        return StaticTable(
            segmentation, training.vectors(), parameters["pooling"], training.fallback(), sample
        )

    context.report.phase(LocalText("正在训练", "Training"))
    best: tuple[int, DevScores, StaticTable] | None = None
    stopped, epochs = False, int(parameters["epochs"])
    try:
        for number in range(1, epochs + 1):
            loss = training.epoch(number - 1)
            now = table()
            scores = probe.score(_unit(means(now.matrix(), probed)))
            if best is None or scores.choice > best[1].choice:
                best = number, scores, now
            if loss:
                context.report.point("loss", number, loss)
            draw(context, number, scores)
            context.report.steps(number, epochs)
    except Stopped:
        if best is None:
            raise
        stopped = True
    assert best is not None  # there is at least one epoch
    epoch, scores, chosen = best
    stopped = context.stopped_at(LocalText("正在保存模型", "Saving the model")) or stopped
    words = len(segmentation.words)
    write_static_model(context.out, chosen, CARD.format(**parameters, words=words))
    facts = {
        "epoch": epoch,
        "words": words,
        "texts": len(texts),
        "words_missing": _missing(segmentation, known),
    }
    return StageResult(base, scores, facts, None, stopped_early=stopped)


def _texts(context: StageContext, parameters: dict[str, Any]) -> list[str]:
    """The texts of the corpora, at most as many as were asked for, drawn by the seed."""
    import numpy as np

    texts = [text for text in context.material.corpus if text.strip()]
    enough_texts(texts)
    most = int(parameters["most_texts"])
    if len(texts) <= most:
        return texts
    drawn = np.random.default_rng(context.seed).choice(len(texts), most, replace=False)
    return [texts[number] for number in np.sort(drawn)]


def _missing(segmentation: Segmentation, terms: list[str]) -> float:
    """Percent of the training terms without a word of the raw text: only characters stand for them."""
    words = len(segmentation.words)
    missing = sum(not any(piece < words for piece in ids) for ids in segmentation.ids(terms))
    return round(100 * missing / max(1, len(terms)), 1)


def _unit(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    import numpy as np

    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.asarray(vectors / np.maximum(lengths, 1e-12), np.float32)


def _estimate(work: Workload, parameters: dict[str, Any]) -> float:
    texts = min(int(parameters["most_texts"]), work.corpus or work.terms)
    slow = (2.0 if parameters["method"] == "fasttext" else 1.0) * (0.5 + int(parameters["dimension"]) / 200)
    words = texts * _WORDS_PER_TEXT
    return 4.0 + words / 50_000 + int(parameters["epochs"]) * (0.1 + slow * words / _WORDS_PER_SECOND)


register(
    StageSpec(
        name="word_vectors",
        title=LocalText("词向量（word2vec / fastText）", "Word vectors (word2vec, fastText)"),
        help=LocalText(
            "从行业语料学每个词的向量，得到一个查表即得的小模型，每秒编码几万个词。语料大（几万条以上）、"
            "要求快、或想看看不用神经网络能到哪一步时用它；基础模型只作对照，质量通常不如它。",
            "Learns a vector for each word of the field's raw text: a small model that only looks words up, "
            "tens of thousands of terms a second. Use it with much raw text, where speed counts, or to see "
            "how far one gets without a neural net; the base is only compared with, and is usually better.",
        ),
        needs=("corpus",),
        parameters=(
            Parameter(
                "method",
                "choice",
                "word2vec",
                LocalText("方法", "Method"),
                LocalText(
                    "word2vec 看词的上下文；fasttext 还看词里的字，语料里少见的词也学得到一些，慢一两倍。",
                    "“word2vec” looks at a word's neighbours; “fasttext” at its characters as well, which "
                    "helps rare words and takes two or three times as long.",
                ),
                choices=("word2vec", "fasttext"),
            ),
            Parameter(
                "dimension",
                "int",
                200,
                LocalText("维数", "Dimensions"),
                LocalText(
                    "每个词用几个数表示；语料小用 100，大用 300。",
                    "How many numbers stand for a word; 100 for little raw text, 300 for much.",
                ),
                8,
                1000,
            ),
            Parameter(
                "window",
                "int",
                5,
                LocalText("窗口", "Window"),
                LocalText(
                    "看左右各几个词。小则学词的用法，大则学话题。",
                    "How many words on either side count. Few: how a word is used; many: what it is about.",
                ),
                1,
                50,
            ),
            common.epochs(20, most=200),
            Parameter(
                "min_count",
                "int",
                2,
                LocalText("最少出现次数", "Least often"),
                LocalText(
                    "语料里出现得更少的词不学。语料越大可设得越大。",
                    "Words that occur less often are left out. With more raw text it can be higher.",
                ),
                1,
                1000,
            ),
            Parameter(
                "pooling",
                "choice",
                "sif",
                LocalText("多个词怎样合成", "How words make a text"),
                LocalText(
                    "sif：少见的词更重，并去掉所有词共有的成分；mean：简单平均。",
                    "“sif”: rare words weigh more, and what all words share is taken out; "
                    "“mean”: plain average.",
                ),
                choices=POOLINGS,
            ),
            common.most_texts(200_000),
        ),
        estimate=_estimate,
        run=run,
        source="Mikolov et al. 2013, arXiv:1310.4546; Bojanowski et al. 2017 (fastText), arXiv:1607.04606; "
        "pooling: Arora et al. 2017 (SIF), openreview.net/forum?id=SyK00v5xx",
    )
)
