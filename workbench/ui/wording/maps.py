"""What the Map tab says: the map itself, its colours and its search."""

TEXTS: dict[str, tuple[str, str]] = {
    "map.title": ("词义地图", "A map of meanings"),
    "map.lead": (
        "每个点是一个词，意思相近的词相邻。看哪些近似词还没聚到一起，并直接在图上改。",
        "Each point is a term; terms of like meaning lie together. See which synonyms do not yet, and edit "
        "right here.",
    ),
    "map.method": ("排布方法", "Layout"),
    "map.umap": ("UMAP：看谁与谁相邻", "UMAP: who is next to whom"),
    "map.tsne": ("t-SNE：看细小的群", "t-SNE: small clusters"),
    "map.pca": ("PCA：看整体走向", "PCA: the overall directions"),
    "map.colour": ("颜色表示", "Colour by"),
    "map.by_group": ("所属标准词", "Standard term"),
    "map.by_component": ("相连的词组", "Connected groups"),
    "map.by_part": ("训练与测试的划分", "Split"),
    "map.by_language": ("语言", "Language"),
    "map.by_frequency": ("语料中的次数", "Frequency in a corpus"),
    "map.by_rank": ("模型排错多远", "Rank error of the model"),
    "map.by_cluster": ("图上的群", "Cluster"),
    "map.needs_corpus": ("（先导入语料）", " (import a corpus first)"),
    "map.corpus": ("语料", "Corpus"),
    "map.against": ("与之比较", "Compare with"),
    "map.against_none": ("不比较", "No comparison"),
    "map.search": ("在地图上查找一个词", "Find a term on the map"),
    "map.found": ("找到 {n} 个", "{n} found"),
    "map.told_found": ("找到 {n} 个：{first}", "{n} found: {first}"),
    "map.told_ready": (
        "地图已排好：{n} 个词，{groups} 个标准词。",
        "The map is ready: {n} {n|term|terms}, {groups} standard {groups|term|terms}.",
    ),
    "map.told_middle": ("正中：{term}", "In the middle: {term}"),
    "map.told_empty": ("这里没有词。", "There are no terms here."),
    "map.told_term": ("{term}。真正的近邻：{near}", "{term}. True neighbours: {near}"),
    "map.pick_found": ("全部选中", "Pick all"),
    "map.stage_kind": ("地图", "map"),
    "map.stage": (
        "“{dictionary}”的地图，{n} 个词。方向键移动，加号和减号缩放，回车选取正中的词。",
        "Map of “{dictionary}”, {n} {n|term|terms}. Arrow keys move it, plus and minus zoom, Enter takes the "
        "term in the middle.",
    ),
    "map.working": ("正在排布地图", "Laying out the map"),
    "map.leave": (
        "可以离开这一页或刷新，排布会继续。",
        "You may leave or reload this page: the work goes on.",
    ),
    "map.updating": ("正在更新地图…", "Bringing the map up to date…"),
    "map.counts": (
        "{terms} 个词，{groups} 个标准词",
        "{terms} {terms|term|terms}, {groups} standard {groups|term|terms}",
    ),
    "map.left_out": (
        "另有 {n} 个词超出上限，没有画出",
        "{n} more terms are beyond the limit and not drawn",
    ),
    "map.trust": (
        "地图上的邻居有 {p}% 可信",
        "{p}% of what looks close is close",
    ),
    "map.trust_what": ("这个数字是什么意思", "What this number means"),
    "map.trust_help": (
        "这是可信度（trustworthiness，取每个词的 10 个近邻）：图上的邻居在多大程度上也是模型里真正的邻居，"
        "100% 为全是。平面装不下模型的所有方向，所以相隔很远的两群之间，距离没有多少意义。"
        "要看真正的近邻，请点一个词。",
        "Trustworthiness over the 10 nearest of each term: how far neighbours on the picture are neighbours "
        "in the model; 100% means all of them. A plane cannot hold all directions of a model, so the "
        "distance between far clusters says little. For the true neighbours of a term, click it.",
    ),
    "map.standard": ("标准词", "standard term"),
    "map.synonym": ("近似词", "synonym"),
    "map.of": ("近似词，标准词是 {standard}", "synonym of {standard}"),
    "map.click": ("点一下打开", "click to open"),
    "map.reset": ("显示全图", "Whole map"),
    "map.modes": ("鼠标拖动时", "What dragging does"),
    "map.mode_pan": ("移动", "Move"),
    "map.mode_pan_help": ("拖动移动地图", "Drag to move the map"),
    "map.mode_lasso": ("套索", "Lasso"),
    "map.mode_lasso_help": (
        "画一个圈，选中圈里的词（也可随时按住 Shift 拖动）",
        "Draw a line around terms to pick them (or drag with Shift at any time)",
    ),
    "map.mode_box": ("框选", "Box"),
    "map.mode_box_help": ("拖出一个方框，选中框里的词", "Drag a box around terms to pick them"),
    "map.idle": ("这张地图还没有排布", "This map is not laid out yet"),
    "map.idle_hint": (
        "需要先用这个模型为词典编码，再排布，通常要几秒到几分钟。之后随时可看。",
        "The dictionary is encoded with this model and laid out: seconds to a few minutes, once.",
    ),
    "map.start": ("排布地图", "Lay out the map"),
    "map.retry": ("重试", "Try again"),
    "map.legend_group": (
        "同一种颜色挨在一起的，属于同一个标准词。",
        "Points of one colour that lie together share a standard term.",
    ),
    "map.legend_component": (
        "同色相邻的词，由近似词一个连一个地连在一起。",
        "Points of one colour that lie together are linked by synonyms of synonyms.",
    ),
    "map.legend_part": ("用于训练、调试还是测试", "Used for training, development or the test"),
    "map.legend_language": ("词的语言", "The language of the term"),
    "map.legend_frequency": ("在语料中出现的次数", "How often the term stands in the corpus"),
    "map.legend_rank": (
        "最近的真正近似词排在第几位",
        "The rank of the nearest true synonym",
    ),
    "map.legend_cluster": (
        "图上挨在一起的群，以最典型的词命名",
        "Clusters of the picture, by a typical term",
    ),
    "map.colouring": ("正在计算颜色", "Computing the colours"),
    "map.isolate": ("只看这一类；再点一次看全部", "Only these; click again for all"),
    "map.no_value": ("没有", "none"),
    "map.more_classes": ("另有 {n} 类", "and {n} more"),
    "map.step": ("{low} 到 {high}：{n} 个词", "{low} to {high}: {n} {n|term|terms}"),
    "map.compare": ("前后对比", "Before and after"),
    "map.compare_sides": ("并排", "Side by side"),
    "map.compare_way": ("看词怎样移动", "Watch the terms move"),
    "map.play": ("播放", "Play"),
    "map.pause": ("暂停", "Pause"),
    "map.share": ("从之前到之后", "From before to after"),
    "map.nearer": (
        "近似词之间的距离，从随意两个词的 {before}% 变为 {after}%，近了 {n}%。",
        "Synonyms were {before}% as far apart as any two terms, and now are {after}%: {n}% closer.",
    ),
    "map.farther": (
        "近似词之间的距离，从随意两个词的 {before}% 变为 {after}%，远了 {n}%。",
        "Synonyms were {before}% as far apart as any two terms, and now are {after}%: {n}% farther.",
    ),
    "map.unmoved": (
        "近似词之间的距离没有变：之前是随意两个词的 {before}%，现在是 {after}%（相差 {n}%）。",
        "Synonyms are as far apart as before: {before}% of any two terms then, {after}% now ({n}% apart).",
    ),
    "map.trust_both": (
        "图上的邻居：之前 {before}% 可信，之后 {after}% 可信。",
        "Of what looks close, {before}% was close before and {after}% is now.",
    ),
}
