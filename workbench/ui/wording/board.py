"""What the Leaderboard tab says."""

TEXTS: dict[str, tuple[str, str]] = {
    "board.title": ("哪个模型最懂您的词", "Which model knows your terms best"),
    "board.lead": (
        "给模型一个近似词，看它能否从全部标准词中找出正确的那一个。测试用的词在训练时从未出现过。",
        "A model is given a synonym and has to find its standard term among all of them. "
        "The terms it is tested on were never seen in training.",
    ),
    "board.none": ("这份词典还没有评测结果", "Nothing is measured on this dictionary yet"),
    "board.none_hint": (
        "先评测对照方法和基础模型，之后每次训练都会自动排进来。",
        "Measure the baselines and base models first; every run joins them by itself.",
    ),
    "board.missing": (
        "还有 {n} 项没有评测：{names}。",
        "{n} not measured yet: {names}.",
    ),
    "board.measure": ("评测缺少的项目", "Measure what is missing"),
    "board.measuring": ("正在评测 {model}（{i}/{n}）：{words}", "Measuring {model} ({i} of {n}): {words}"),
    "board.measured": ("评测完成。", "Measured."),
    "board.waiting": ("正在准备", "getting ready"),
    "board.view_unseen": ("没见过的概念", "Unseen concepts"),
    "board.view_seen": ("见过的概念", "Seen concepts"),
    "board.about_unseen": (
        "主要成绩：整个概念都没有参加训练，最接近日后遇到新词的情形。",
        "The result that counts: whole concepts were kept out of training, as with the terms you will "
        "meet tomorrow.",
    ),
    "board.about_seen": (
        "仅供诊断：概念参加过训练，只是这个近似词没有。这个成绩偏乐观，不要拿来宣传。",
        "A diagnostic only: the concept was trained on, just not this synonym. It flatters; do not quote it.",
    ),
    "board.size": (
        "{queries} 个近似词作提问，{corpus} 个标准词作候选。",
        "{queries} synonyms asked for, {corpus} standard terms to choose from.",
    ),
    "board.col_model": ("模型", "Model"),
    "board.col_recall1": ("第 1 名命中率（95% 区间）", "Recall@1 with 95 % interval"),
    "board.col_5": ("R@5", "R@5"),
    "board.col_10": ("R@10", "R@10"),
    "board.col_mrr": ("MRR@10", "MRR@10"),
    "board.col_verdict": ("与它的基础模型相比", "Against its base model"),
    "board.help_1": (
        "正确标准词排在第 1 位的比例（%）",
        "share of synonyms whose standard term comes first (%)",
    ),
    "board.help_5": ("排进前 5 位的比例（%）", "share among the first five (%)"),
    "board.help_10": ("排进前 10 位的比例（%）", "share among the first ten (%)"),
    "board.help_mrr": (
        "正确答案名次倒数的平均值：越接近 100 越靠前",
        "mean reciprocal rank of the right answer: the nearer to 100, the higher it stands",
    ),
    "board.kind_tuned": ("训练所得", "tuned"),
    "board.kind_base": ("基础", "base"),
    "board.kind_baseline": ("对照", "baseline"),
    "board.kind_all": ("全部", "All"),
    "board.filter": ("按名称筛选", "Filter by name"),
    "board.csv": ("下载 CSV", "Download CSV"),
    "board.explain": (
        "R@K 是正确标准词出现在前 K 个候选中的比例。横条是第 1 名命中率，细线是 95% 置信区间："
        "两条线大幅重叠时，"
        "差别可能只是偶然。“对照”不用任何模型，只比较字面，一个好模型应当明显超过它们。",
        "R@K is how often the right standard term is among the first K. The bar is Recall@1, the thin "
        "line its 95 % "
        "interval: where two lines overlap widely the difference may be chance. Baselines compare "
        "letters alone, "
        "without a model; a good model should beat them clearly.",
    ),
    "board.next": ("下一步：用最好的模型找近义词", "Next: try the best model"),
    "board.not_seen_view": ("还没有评测这一项", "not measured"),
}
