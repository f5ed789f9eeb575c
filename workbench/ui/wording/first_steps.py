"""What the strip of first steps says."""

TEXTS: dict[str, tuple[str, str]] = {
    "steps.title": ("第一次使用", "First steps"),
    "steps.data": ("选样例或上传词典", "Take a sample or upload"),
    "steps.synonyms": ("看看近似词", "Look at the synonyms"),
    "steps.train": ("训练", "Train"),
    "steps.board": ("比较成绩", "Compare"),
    "steps.try": ("试一试", "Try it"),
    "steps.help_data": (
        "三份样例词典已经装好，可以直接用；自己的文件在“资料”页上传。",
        "Three samples are here already; upload a file of your own on the Data tab.",
    ),
    "steps.help_synonyms": (
        "在“词典编辑”页看标准词和近似词，改一处试试。",
        "See standard terms and their synonyms on the Synonyms tab, and change one.",
    ),
    "steps.help_train": (
        "在“训练”页选“即时变换”，几秒到几分钟就能得到一个模型。",
        "Choose Instant on the Train tab: a model in seconds to a few minutes.",
    ),
    "steps.help_board": (
        "在“排行榜”看它比基础模型和字面方法好多少。",
        "See on the Leaderboard how much better it is than its base and than letters alone.",
    ),
    "steps.help_try": (
        "在“探索”页问它两个词，或在“地图”上看全部。",
        "Ask it about two terms under Explore, or see them all on the Map.",
    ),
    "steps.done": ("已完成", "done"),
    "steps.next": ("下一步", "next"),
    "steps.todo": ("还没做", "to do"),
    "steps.all_done": ("都走过一遍了。", "You have been through it all."),
    "steps.dismiss": ("不再显示这些步骤", "Hide these steps"),
    # -- why a control cannot be used
    "why.save": ("先选文件，并改正上面指出的问题。", "Choose a file first, and mend what is said above."),
    "why.pairs": ("按现在的设置做不出句对。", "These settings make no pair."),
    "why.generate": (
        "先填接口地址，再选一个模型。",
        "Enter the address of the endpoint and choose a model first.",
    ),
    "why.find": ("至少勾选一种要找的。", "Tick at least one thing to look for."),
    "why.retrain": (
        "“{model}”都已学过，没有新的标注。",
        "“{model}” has learnt everything: there are no new labels.",
    ),
    "why.picked": ("至少勾选 {n} 个词。", "Tick {n} {n|term|terms} at least."),
    "why.decided": (
        "已经决定过，或词典里已没有这一组。",
        "It is decided already, or the dictionary has no such group any more.",
    ),
    "steps.open": ("第一次使用：要做的几步", "First steps: what to do"),
}
