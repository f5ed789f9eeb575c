"""What the pair maker says: what it is doing, what it left out and why, what could not be had."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from workbench.localtext import LocalText
from workbench.pairing.material import Material
from workbench.pairing.recipe import PairRecipe
from workbench.pairing.sentences import LONGEST_SENTENCE, Frames

if TYPE_CHECKING:
    from workbench.pairing.making import MadePairs

READING_DICTIONARY = LocalText("正在读取词典", "Reading the dictionary")
READING_CORPUS = LocalText(
    "正在语料中找词：已读 {count} 段", "Looking for terms in the corpus: {count} texts"
)
MAKING_POSITIVES = LocalText("正在制作正例", "Making positive pairs")
MINING = LocalText("正在用模型挖掘负例", "Mining negatives with the model")
MAKING_NEGATIVES = LocalText("正在制作负例", "Making negative pairs")
BY_LIMIT = LocalText(
    "按行数上限，从 {possible} 个可能的正例中取了 {positives} 个。",
    "{positives} of {possible} possible positives were taken, by the limit of rows.",
)
NOTICEABLE = 0.02  # a share of positives that is off by less is as asked
KIND_NAMES = {
    "lexical": LocalText("字面相近", "close by letters"),
    "mined": LocalText("模型挖掘", "mined by the model"),
}


def remarks(
    recipe: PairRecipe,
    material: Material,
    frames: Frames,
    made: MadePairs,
    refused_templates: Sequence[str],
    dropped: Counter[str],
    short: Counter[str],
) -> tuple[LocalText, ...]:
    """Everything about a set of pairs that is not as one might think, most important first."""
    return (
        *_on_share(recipe, made),
        *_on_terms(material),
        *_on_templates(refused_templates),
        *(_on_corpus(frames, recipe) if recipe.corpus and recipe.sentences_per_term else ()),
        *_on_rows(made, dropped, short),
    )


def _on_share(recipe: PairRecipe, made: MadePairs) -> Iterator[LocalText]:
    if not made.rows:
        yield LocalText(
            "没有做出任何句对：训练部分没有可用的近似词。",
            "No pairs were made: the training part holds no synonyms that can be used.",
        )
        return
    share = made.positives / len(made.rows)
    if abs(share - recipe.positive_share) > NOTICEABLE and abs(made.positives - expected(recipe, made)) >= 1:
        reason = (
            LocalText(
                "标为不是近似词的词对一定会作为负例收入",
                "pairs marked as not synonyms are always among the negatives",
            )
            if share < recipe.positive_share
            else LocalText("没有足够的其他概念可作负例", "too few terms of other concepts can be negatives")
        )
        yield LocalText(
            "要求正例占 {asked} %，实际占 {share} %（{positives}/{rows}）：{reason}。",
            "Asked for {asked} % positives, got {share} % ({positives} of {rows}): {reason}.",
        ).format(
            asked=f"{recipe.positive_share * 100:.0f}",
            share=f"{share * 100:.0f}",
            positives=made.positives,
            rows=len(made.rows),
            reason=reason,
        )


def expected(recipe: PairRecipe, made: MadePairs) -> float:
    """The positives that so many rows would have at the share that was asked for."""
    return recipe.positive_share * len(made.rows)


def _on_terms(material: Material) -> Iterator[LocalText]:
    lost = material.lost.total()
    if lost:
        term, most = material.lost.most_common(1)[0]
        yield LocalText(
            "{lost} 对训练用近似词没有使用，因为其中含有验证或测试的词（最多的是「{term}」：{most} 对）。",
            "{lost} synonym pairs of the training part were not used because a development or test term is "
            "within one of their terms (most often “{term}”: {most}).",
        ).format(lost=lost, term=term, most=most)
    if material.apart_left_out:
        yield LocalText(
            "{count} 对标为不是近似词的词没有使用，因为它们属于验证或测试部分。",
            "{count} pairs marked as not synonyms were not used because they belong to the development or "
            "test part, or are held out.",
        ).format(count=material.apart_left_out)


def _on_templates(refused: Sequence[str]) -> Iterator[LocalText]:
    for template in refused:
        yield LocalText(
            "模板「{template}」没有使用，因为其中含有验证或测试部分的词。",
            "The template “{template}” was not used because it holds a development or test term.",
        ).format(template=template)


def _on_corpus(frames: Frames, recipe: PairRecipe) -> Iterator[LocalText]:
    if not frames:
        yield LocalText(
            "在语料的 {texts} 段文字中没有找到可用的句子。",
            "No sentence that can be used was found in the {texts} texts of the corpus.",
        ).format(texts=frames.texts)
    if frames.forbidden:
        yield LocalText(
            "{count} 个句子没有使用，因为其中含有验证、测试或留出的词。",
            "{count} sentences were not used because they hold a term of the development or test part, "
            "or one that is held out.",
        ).format(count=frames.forbidden)
    if frames.too_long:
        yield LocalText(
            "{count} 个句子超过 {longest} 个字，没有使用。",
            "{count} sentences of more than {longest} characters were not used.",
        ).format(count=frames.too_long, longest=LONGEST_SENTENCE)


def _on_rows(made: MadePairs, dropped: Counter[str], short: Counter[str]) -> Iterator[LocalText]:
    if dropped["duplicate"]:
        yield LocalText(
            "去掉了 {count} 个重复或近似重复的正例。",
            "{count} duplicate or nearly duplicate positives were dropped.",
        ).format(count=dropped["duplicate"])
    if dropped["forbidden"]:
        yield LocalText(
            "{count} 行没有使用，因为换词之后会出现验证或测试部分的词。",
            "{count} rows were not used because putting in a term would have made a development "
            "or test term.",
        ).format(count=dropped["forbidden"])
    for kind, count in sorted(short.items()):
        yield LocalText(
            "有 {count} 次找不到「{kind}」的负例，改用了随机的。",
            "{count} times there was no negative “{kind}”; a random one was taken.",
        ).format(count=count, kind=KIND_NAMES[kind])
    if made.possible > made.positives + dropped["duplicate"] + dropped["forbidden"]:
        yield BY_LIMIT.format(possible=made.possible, positives=made.positives)
