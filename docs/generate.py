"""Writes the pages that follow from the program: ``python docs/generate.py``; ``tests/docs`` compares them.

The glossary comes from ``workbench/ui/wording/glossary.py``, the recipes in plain words from
``workbench/training/recipes.py`` with the sentences below, their times from the stages' own estimates.
"""

from __future__ import annotations

import sys
from pathlib import Path

DOCS = Path(__file__).resolve().parent
sys.path.insert(0, str(DOCS.parent))

from workbench.localtext import Language  # noqa: E402
from workbench.training.recipes import DEFAULT_RECIPE, RECIPES  # noqa: E402
from workbench.training.registry import Workload, stage  # noqa: E402
from workbench.types import Recipe  # noqa: E402
from workbench.ui.wording.glossary import GLOSSARY, TOPICS  # noqa: E402

LANGUAGES: tuple[Language, ...] = ("en", "zh")
# Small: a dictionary like the samples. Middle: a few thousand pairs. Both with the default base, 12 layers.
SMALL = Workload(pairs=450, terms=900, layers=12, terms_per_second=400.0, labelled=1_000, corpus=2_000)
MIDDLE = Workload(pairs=2_500, terms=4_000, layers=12, terms_per_second=400.0, labelled=5_000, corpus=8_000)

# Of each recipe, in Chinese and English: what it does, in a sentence; what comes out of it.
PLAIN: dict[str, tuple[tuple[str, str], tuple[str, str]]] = {
    "instant": (
        (
            "像给地图换一种投影：词的位置整体调整，让近似词靠拢，模型里面不动。",
            "Like another projection of a map: all places are moved together so that synonyms come closer; "
            "inside, the model stays as it is.",
        ),
        (
            "原来的模型加一层小小的变换，和原来一样快。",
            "The base model with one small layer on top, as fast as before.",
        ),
    ),
    "finetune": (
        (
            "把一批近似词和标准词放在一起，让模型为每个近似词挑出自己的标准词，挑错就改，改的是整个模型。",
            "A batch of synonyms and standard terms lies on the table; the model picks each synonym's own, "
            "and where it errs, the whole model is corrected.",
        ),
        ("大小、速度都与原来相同的新模型。", "A new model of the same size and speed."),
    ),
    "finetune_long": (
        (
            "与「精调」相同，但遍数是四倍，每一步走得更小。",
            "The same as Fine-tune, in four times as many passes and smaller steps.",
        ),
        ("大小、速度都与原来相同的新模型。", "A new model of the same size and speed."),
    ),
    "labelled": (
        (
            "看许多标过“像”与“不像”的句对，让像的比不像的更近。",
            "Looks at many pairs marked alike or not alike, until the alike ones are nearer than the others.",
        ),
        (
            "善于判断两个文本像不像的模型；查近似词不一定更好。",
            "A model that tells alike from not alike; not necessarily better at finding synonyms.",
        ),
    ),
    "sapbert": (
        (
            "一个概念的所有叫法互相靠拢，专挑还离得远的和混进来的来改。",
            "All names of a concept are drawn together, with most care for those still far and for strangers "
            "among them.",
        ),
        ("大小、速度都与原来相同的新模型。", "A new model of the same size and speed."),
    ),
    "hard_negatives": (
        (
            "先精调，再把模型最容易认错的词找出来专门练，最后与原来的模型调和。",
            "Fine-tune; then the terms that it mistakes most easily are sought out and practised; then it is "
            "blended with the base.",
        ),
        (
            "更会区分只差一两个字的词、又少忘旧知识的模型。",
            "A model that keeps look-alikes apart better and forgets less.",
        ),
    ),
    "rerank": (
        (
            "先精调；再训练一个模型，把近似词和每个候选放在一起读，给前几名重新排队。",
            "Fine-tune; then a second model reads the synonym and each candidate together and puts the first "
            "few in a new order.",
        ),
        (
            "两个模型：一个找，一个排。问得慢一些；没有帮助时会说明，只留第一个。",
            "Two models, one that finds and one that orders. Questions take longer; where the second does "
            "not help, it says so and only the first is kept.",
        ),
    ),
    "simcse_in_batch": (
        (
            "先通读语料（没有就读词典里的词），学会把意思不同的话分开，再用词典精调。",
            "First reads raw text (or the dictionary's terms) and learns to hold different sentences apart, "
            "then fine-tunes on the dictionary.",
        ),
        ("大小、速度都与原来相同的新模型。", "A new model of the same size and speed."),
    ),
    "full": (
        (
            "像新员工入职：先读行业资料做填空，再分辨句子，再学词典，再练难题，最后不忘本。",
            "Like a new colleague: first reads the field's texts and fills gaps, then tells sentences apart, "
            "learns the dictionary, practises the hard cases, and keeps what it knew.",
        ),
        ("大小、速度都与原来相同的新模型。", "A new model of the same size and speed."),
    ),
    "vectors": (
        (
            "只把词典里列出的词挪到近似词旁边，别的词原地不动。",
            "Only the terms that the dictionary lists are moved next to their synonyms; all others stay.",
        ),
        (
            "原来的模型加一张“改过的词”的表；没见过的词与原来完全一样。",
            "The base model with a list of moved terms; unseen terms are exactly as before.",
        ),
    ),
    "word_vectors": (
        (
            "从语料里看哪些词常出现在相同的上下文中，由此得到每个词的向量，再按词典调整。",
            "Sees in raw text which words stand in the same company, makes a vector of each, and adjusts "
            "them by the dictionary.",
        ),
        (
            "一张很小的词表式模型，极快，不看语序。",
            "A small model like a table of words: very fast, blind to word order.",
        ),
    ),
}

WORDS: dict[Language, dict[str, str]] = {
    "en": {
        "glossary": "# Glossary\n\nEvery term of art of the page, as its tooltips say it. "
        "[中文](glossary.zh.md)\n",
        "of_program": "*Written by `python docs/generate.py`; a test compares.*\n",
        "recipes": "# Which recipe to choose\n\n"
        "A recipe is a way to train. There are {count} ready ones. If you read no further: **{default}** "
        "while you work on the dictionary, **{finetune}** for a model that leaves the house. What each "
        "brought on real dictionaries is [measured](../../recipes.md).\n",
        "question": "| what you have, or want | recipe |\n|---|---|\n"
        "| to see at once whether a model can learn your words | [{instant}](#{instant_id}) |\n"
        "| a model to hand on | [{finetune}](#{finetune_id}); where a point matters, "
        "[{finetune_long}](#{finetune_long_id}) |\n"
        "| concepts that differ by a word or two | [{hard_negatives}](#{hard_negatives_id}) |\n"
        "| concepts with three names and more | [{finetune}](#{finetune_id}), "
        "and [{sapbert}](#{sapbert_id}) to compare |\n"
        "| the right answer is often among ten, but not first | [{rerank}](#{rerank_id}) |\n"
        "| pairs marked alike or not alike | [{labelled}](#{labelled_id}) |\n"
        "| a base model that was never made for sentences | [{simcse_in_batch}](#{simcse_in_batch_id}) |\n"
        "| thousands of texts of a field that the base does not know | [{full}](#{full_id}) |\n"
        "| listed terms must find each other, and nothing else may change | [{vectors}](#{vectors_id}) |\n"
        "| a slow machine, and tens of thousands of texts | [{word_vectors}](#{word_vectors_id}) |\n",
        "times": "**Times** are estimates for two cores and the default base model, before anything was seen "
        "of a machine: a dictionary of {small} training pairs ({small_more}), and one of {middle} "
        "({middle_more}). They are modest on purpose; the estimate above the Train button learns from "
        "yours.\n",
        "more": "{labelled:,} labelled pairs, {corpus:,} texts",
        "when": "The page says",
        "does": "What it does",
        "needs": "What it needs",
        "long": "How long",
        "out": "What comes out",
        "steps": "Its stages",
        "dictionary": "a dictionary",
        "corpus": "raw text",
        "labels": "labelled pairs",
        "triplets": "triplets",
        "and": ", ",
        "colon": ": ",
        "seconds": "about {n} s",
        "minutes": "about {n} min",
        "two": "{small} (small) · {middle} (middle)",
    },
    "zh": {
        "glossary": "# 名词解释\n\n页面上的每个术语，与页面里的提示相同。[English](glossary.md)\n",
        "of_program": "*由 `python docs/generate.py` 生成，有测试核对。*\n",
        "recipes": "# 选哪种训练方案\n\n方案就是训练的办法，现成的有 {count} 种。只想知道一句话："
        "改词典时用**{default}**，要交付模型时用**{finetune}**。"
        "每种方案在真实词典上的成绩见[实测](../../recipes.md)（英文）。\n",
        "question": "| 您的情形 | 方案 |\n|---|---|\n"
        "| 想马上知道模型能不能学会您的词 | [{instant}](#{instant_id}) |\n"
        "| 要一个可以交付的模型 | [{finetune}](#{finetune_id})；差一分也要紧时用 "
        "[{finetune_long}](#{finetune_long_id}) |\n"
        "| 不同概念只差一两个字 | [{hard_negatives}](#{hard_negatives_id}) |\n"
        "| 一个概念有三个以上叫法 | [{finetune}](#{finetune_id})，可与 [{sapbert}](#{sapbert_id}) 比较 |\n"
        "| 正确答案常在前十名，却不在第一 | [{rerank}](#{rerank_id}) |\n"
        "| 手上有标过像与不像的句对 | [{labelled}](#{labelled_id}) |\n"
        "| 基础模型从来没有为句子训练过 | [{simcse_in_batch}](#{simcse_in_batch_id}) |\n"
        "| 有几千条行业文本，基础模型又不懂这一行 | [{full}](#{full_id}) |\n"
        "| 列出的词要互相找得到，别的什么都不许变 | [{vectors}](#{vectors_id}) |\n"
        "| 机器很慢，语料有几万条 | [{word_vectors}](#{word_vectors_id}) |\n",
        "times": "**时间** 是在两个核、默认基础模型上，对机器还一无所知时的估计："
        "一份有 {small} 对训练词对的词典（{small_more}），和一份有 {middle} 对的（{middle_more}）。"
        "估得偏保守；训练按钮上方的预计会按您的电脑修正。\n",
        "more": "{labelled:,} 对标注句对，{corpus:,} 条语料",
        "when": "页面上的说明",
        "does": "做什么",
        "needs": "需要什么",
        "long": "要多久",
        "out": "得到什么",
        "steps": "阶段",
        "dictionary": "词典",
        "corpus": "语料",
        "labels": "标注句对",
        "triplets": "三元组",
        "and": "、",
        "colon": "：",
        "seconds": "约 {n} 秒",
        "minutes": "约 {n} 分钟",
        "two": "{small}（小）· {middle}（中）",
    },
}


def glossary(language: Language) -> str:
    """The glossary page: a table for each topic."""
    other: Language = "zh" if language == "en" else "en"
    lines = [WORDS[language]["glossary"], WORDS[language]["of_program"]]
    for topic, title in TOPICS.items():
        lines += [f"## {title.get(language)}", "", "| | |", "|---|---|"]
        for term in GLOSSARY:
            if term.topic == topic:
                name, also = term.name.get(language), term.name.get(other)
                named = f"**{name}**" if name == also else f"**{name}**<br>{also}"
                lines.append(f"| {_cell(named)} | {_cell(term.text.get(language))} |")
        lines.append("")
    return "\n".join(lines)


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def recipes(language: Language) -> str:
    """The page on recipes, for somebody who is no programmer."""
    words = WORDS[language]
    titles = {recipe.name: recipe.title.get(language) for recipe in RECIPES}
    anchors = {f"{name}_id": name for name in titles}
    lines = [
        words["recipes"].format(default=titles[DEFAULT_RECIPE], count=len(RECIPES), **titles),
        words["of_program"],
    ]
    lines.append(words["question"].format(**titles, **anchors))
    more = {
        size: words["more"].format(labelled=work.labelled, corpus=work.corpus)
        for size, work in (("small_more", SMALL), ("middle_more", MIDDLE))
    }
    lines.append(words["times"].format(small=f"{SMALL.pairs:,}", middle=f"{MIDDLE.pairs:,}", **more))
    for recipe in RECIPES:
        lines += _recipe(recipe, language)
    return "\n".join(lines)


def _recipe(recipe: Recipe, language: Language) -> list[str]:
    words, colon = WORDS[language], WORDS[language]["colon"]
    does, out = ({"zh": pair[0], "en": pair[1]}[language] for pair in PLAIN[recipe.name])
    kinds = [kind for entry in recipe.stages for kind in stage(entry.stage).needs]
    needs = list(dict.fromkeys(["dictionary", *kinds]))
    long = words["two"].format(small=_time(recipe, SMALL, language), middle=_time(recipe, MIDDLE, language))
    steps = " → ".join(stage(entry.stage).title.get(language) for entry in recipe.stages)
    said = {
        "does": does,
        "when": recipe.help.get(language),
        "needs": words["and"].join(words[kind] for kind in needs),
        "long": long,
        "out": out,
        "steps": steps,
    }
    head = [f'<a id="{recipe.name}"></a>', "", f"## {recipe.title.get(language)} (`{recipe.name}`)", ""]
    return [*head, *(f"- **{words[key]}**{colon}{text}" for key, text in said.items()), ""]


def _time(recipe: Recipe, work: Workload, language: Language) -> str:
    seconds = work.terms / work.terms_per_second
    for entry in recipe.stages:
        spec = stage(entry.stage)
        seconds += spec.estimate(work, spec.checked(entry.parameters))
    if seconds < 90:
        return WORDS[language]["seconds"].format(n=max(5, 5 * round(seconds / 5)))
    return WORDS[language]["minutes"].format(n=round(seconds / 60))


def pages() -> dict[Path, str]:
    """Every generated page with its content."""
    return {
        DOCS / "glossary.md": glossary("en"),
        DOCS / "glossary.zh.md": glossary("zh"),
        **{DOCS / "guide" / language / "recipes.md": recipes(language) for language in LANGUAGES},
    }


if __name__ == "__main__":
    for path, text in pages().items():
        path.write_text(text, "utf-8")
