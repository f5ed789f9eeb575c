"""What the Leaderboard tab says of two versions of a dictionary under one model."""

TEXTS = {
    "change.open": ("与以前的版本比较", "What changed since…"),
    "change.from": ("从", "From"),
    "change.to": ("到", "to"),
    "change.version": ("第 {n} 版：{title}", "Version {n}: {title}"),
    "change.plain": ("第 {n} 版", "Version {n}"),
    "change.about": (
        "用同一个模型在两个版本上各测一遍：差别来自题目还是回答？题目按词比较，标准答案相同才算同一道题。",
        "The same model on both versions: do the questions or the answers make the difference? A question is "
        "the same when its term and its right answers are.",
    ),
    "change.working": ("正在比较两个版本", "Comparing the versions"),
    "change.col_same": ("相同的题", "Same questions"),
    "change.col_regraded": ("答案改过", "Other right answers"),
    "change.col_came": ("新增的题", "Came"),
    "change.col_went": ("去掉的题", "Went"),
    "change.list_same": ("回答不同", "Answered otherwise"),
    "change.list_regraded": ("答案改过", "Other right answers"),
    "change.list_came": ("新增的题", "Questions that came"),
    "change.list_went": ("去掉的题", "Questions that went"),
    "change.query": ("提问", "Query"),
    "change.answer": ("正确答案", "Right answer"),
    "change.rank": ("名次", "Rank"),
    "change.first": ("排在最前", "Put first"),
    "change.displaced": ("新的标准词", "new standard term"),
    "change.reason_new": ("新词", "new term"),
    "change.reason_asked_now": ("原有的词，现在用来测试", "known before, tested now"),
    "change.reason_deleted": ("词已删除", "term deleted"),
    "change.reason_not_asked": ("词还在，不再用来测试", "still a term, no longer tested"),
    "change.cut": ("只列出变动最大的 {n} 道。", "Only the {n} with the largest movement are listed."),
    "change.corpus": (
        "标准词 {before} → {after}（新增 {came}，去掉 {went}）",
        "Standard terms {before} → {after} ({came} came, {went} went)",
    ),
}
