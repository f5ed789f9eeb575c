"""Terms of art of training, exploring and the map; ``glossary.py`` joins them with the others."""

from __future__ import annotations

TRAINING: dict[str, tuple[tuple[str, str], str, str]] = {
    "fine_tune": (
        ("微调", "Fine-tuning"),
        "用您的词典继续训练基础模型，让近似词靠近标准词。",
        "Training a base model further on your dictionary, so that synonyms come near their standard terms.",
    ),
    "recipe": (
        ("训练方案", "Recipe"),
        "依次进行的一个或几个训练阶段和它们的参数。每个阶段从前一个的结果开始。",
        "One or more stages of training in their order, with their settings. Each stage starts from what the "
        "one before left.",
    ),
    "instant_map": (
        ("即时变换", "Instant map"),
        "不动模型，只在它的向量上学一个变换，把近似词拉近，没见过的词也会跟着动。只要几秒。",
        "Leaves the model as it is and learns a map over its vectors that draws synonyms together, unseen "
        "ones too. Takes seconds.",
    ),
    "layers": (
        ("训练的层数", "Layers to train"),
        "模型由一层层组成。只训练最上面几层更快，改动也小；整个模型一起训练学得更多，也更慢。",
        "A model is built in layers. Training only the top ones is faster and changes less; training the "
        "whole model learns more and takes longer.",
    ),
    "epoch": (
        ("轮", "Epoch"),
        "把全部训练数据看一遍。轮数太少学不会，太多会死记硬背。",
        "One pass over all training data. Too few and little is learnt; too many and it is learnt by heart.",
    ),
    "batch": (
        ("批", "Batch"),
        "一步里一起看的例子数。批越大，同时要区分的词越多，也越占内存。",
        "How many examples are looked at in one step. A larger batch has more terms to tell apart, and takes "
        "more memory.",
    ),
    "learning_rate": (
        ("学习率", "Learning rate"),
        "每一步改动多大。太大会学坏，太小学得慢。",
        "How much each step changes. Too large spoils the model, too small learns slowly.",
    ),
    "temperature": (
        ("温度", "Temperature"),
        "越小，训练越看重最容易混淆的错误答案。常用 0.05。",
        "The smaller, the more training minds the wrong answers that are most alike. 0.05 is usual.",
    ),
    "loss": (
        ("损失", "Loss"),
        "训练要减小的数：模型离正确答案有多远。没有单位，只与同一次训练的前后相比。",
        "The number that training makes small: how far the model is from the right answers. It has no unit "
        "and compares only within one run.",
    ),
    "margin": (
        ("间隔", "Margin"),
        "正确答案要比错误答案至少近多少，以余弦计。",
        "By how much the right answer has to be nearer than a wrong one, as a cosine.",
    ),
    "in_batch": (
        ("批内负例", "In-batch negatives"),
        "同一批里别的标准词当作错误答案：每个近似词要从一批里找出自己的标准词。",
        "The other standard terms of a batch serve as wrong answers: each synonym has to find its own among "
        "them.",
    ),
    "hard_negatives": (
        ("难负例", "Hard negatives"),
        "看起来像、其实不对的答案。学会分开它们，进步最大。",
        "Answers that look right and are wrong. A model gains most from telling them apart.",
    ),
    "simcse": (
        ("SimCSE", "SimCSE"),
        "不需要标注：同一段文字带着随机遮挡读两遍，两次的向量应当最接近。",
        "Needs no labels: a text is read twice with random parts of the net switched off, and the two "
        "vectors should be nearest to each other.",
    ),
    "mlm": (
        ("掩码语言模型（MLM）", "Masked language model (MLM)"),
        "遮住文本里的一些词让模型猜，先熟悉这个行业的语言，再学近似词。",
        "Words of a text are hidden and guessed, so that the model gets used to the language of a field "
        "before it learns synonyms.",
    ),
    "retromae": (
        ("RetroMAE", "RetroMAE"),
        "把整段文字压进一个向量，再由一个弱的解码器还原。向量因此装下更多内容。",
        "A whole text is pressed into its vector, and a weak decoder has to rebuild it; so the vector learns "
        "to hold more.",
    ),
    "cosent": (
        ("CoSENT", "CoSENT"),
        "用标注句对训练：只要求标签高的比标签低的更相似，不要求分数本身。",
        "Trains on labelled pairs: those of a higher label are to be more alike than those of a lower one; "
        "only the order counts.",
    ),
    "lora": (
        ("低秩微调（LoRA）", "LoRA"),
        "不改模型本身，只训练旁边的小矩阵，保存时再合进去。改动小，忘得少。",
        "Trains only small matrices beside the model's own and merges them when it is saved. Changes and "
        "forgets less.",
    ),
    "merge": (
        ("与基础模型合并", "Merge with the base"),
        "在基础模型与训练所得之间取开发集上最好的一点：留住学到的，少忘原来的。",
        "Takes the point between the base and the trained model that is best on the development terms: keeps "
        "what was learnt and forgets less.",
    ),
    "postprocessing": (
        ("列出的词的调整", "Adjusting listed terms"),
        "训练之后只移动词典中训练部分的词，别的词一个不动（近义调整、retrofitting、counter-fitting）。",
        "After training, moves only the terms of the dictionary's training part and no other (synonym "
        "adjustment, retrofitting, counter-fitting).",
    ),
    "checkpoint": (
        ("存档点", "Checkpoint"),
        "训练途中保存的状态。中断后从最近的一个接着训练。",
        "The state of a run saved on the way. After an interruption training goes on from the newest one.",
    ),
    "early_stopping": (
        ("提前结束", "Early stopping"),
        "开发集成绩连续几次没有更好就结束，保留最好的状态。",
        "Training ends when the development score has not become better for several looks; the best state is "
        "kept.",
    ),
    "seed": (
        ("随机种子", "Random seed"),
        "决定所有随机选择的一个整数。相同的种子、数据和电脑，得到相同的结果。",
        "A whole number that decides all that is random. The same seed, data and machine give the same "
        "result.",
    ),
}

EXPLORING: dict[str, tuple[tuple[str, str], str, str]] = {
    "probability": (
        ("可能性（校准后）", "Probability (calibrated)"),
        "假如近似词与不是近似词的词对各占一半（后者一半很像），像这样接近的词对有百分之几是近似词。随便两个词"
        "远没有这么高。",
        "If synonym pairs were mixed with as many that are not, half of these look-alikes: the share of "
        "pairs this close that would be synonyms, in %. For two terms at random it is far less.",
    ),
    "percentile": (
        ("百分位", "Percentile"),
        "词典中有百分之几的随机词对没有这一对接近。它不作任何假设，比可能性更可靠。",
        "The share of random pairs of the dictionary that are less alike, in %. It assumes nothing and is "
        "firmer than the probability.",
    ),
    "neighbours": (
        ("近邻", "Neighbours"),
        "按模型与一个词最接近的词，按余弦从高到低。",
        "The terms nearest to one under a model, by their cosine.",
    ),
    "uncertainty": (
        ("不确定", "Uncertainty"),
        "模型最拿不准的，可能性接近一半。由您决定这些，模型学得最多。",
        "What the model can least decide, with a probability near one half. Your word on these teaches it "
        "most.",
    ),
}

MAP: dict[str, tuple[tuple[str, str], str, str]] = {
    "layout": (
        ("排布方法", "Layout"),
        "怎样把几百维的词向量画到一个平面上。任何画法都有所取舍：UMAP 看相邻，t-SNE 看小群，PCA 看整体。",
        "How embeddings of hundreds of dimensions are drawn on a plane. Each way gives something up: UMAP "
        "shows neighbours, t-SNE small clusters, PCA the overall directions.",
    ),
    "umap": (
        ("UMAP", "UMAP"),
        "把几百维的向量排到平面上，让相邻的词仍然相邻。远处的距离没有多少意义。",
        "Lays hundreds of dimensions out on a plane so that neighbours stay neighbours. Distances between "
        "far groups say little.",
    ),
    "tsne": (
        ("t-SNE", "t-SNE"),
        "另一种排布，把细小的群分得更开；群与群的距离没有意义。",
        "Another layout; it shows small clusters more clearly. Distances between clusters say nothing.",
    ),
    "pca": (
        ("PCA", "PCA"),
        "向变化最大的两个方向投影。保留整体走向，看不出细小的邻里关系。",
        "A projection onto the two directions of greatest change. It keeps the overall shape and hides small "
        "neighbourhoods.",
    ),
    "trustworthiness": (
        ("可信度", "Trustworthiness"),
        "图上的邻居在多大程度上也是模型里真正的邻居（每个词取 10 个），单位 %：100 表示全是。",
        "How far neighbours on the picture are neighbours in the model (ten of each term), in %: 100 means "
        "all of them.",
    ),
}
