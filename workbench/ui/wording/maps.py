"""What the Map tab says."""

TEXTS: dict[str, tuple[str, str]] = {
    "map.title": ("词义地图", "A map of meanings"),
    "map.lead": (
        "每个点是一个词，颜色相同的属于同一个标准词。好的模型会让近似词聚在一起。",
        "Each point is a term; points of one colour share a standard term. A good model brings synonyms "
        "together.",
    ),
    "map.method": ("排布方法", "Layout"),
    "map.umap": ("UMAP：看谁与谁相邻", "UMAP: who is next to whom"),
    "map.pca": ("PCA：看整体走向", "PCA: the overall directions"),
    "map.search": ("在地图上查找一个词", "Find a term on the map"),
    "map.found": ("找到 {n} 个", "{n} found"),
    "map.working": ("正在排布地图", "Laying out the map"),
    "map.counts": (
        "{terms} 个词，{groups} 个标准词",
        "{terms} terms, {groups} standard terms",
    ),
    "map.left_out": (
        "另有 {n} 个词超出上限，没有画出",
        "{n} more terms are beyond the limit and not drawn",
    ),
    "map.trust": (
        "地图上的邻居有 {p}% 可信",
        "{p}% of what looks close is close",
    ),
    "map.trust_help": (
        "可信度（trustworthiness）：地图上的近邻在多大程度上也是真正的近邻。",
        "Trustworthiness: how far neighbours on the map are neighbours in truth.",
    ),
    "map.standard": ("标准词", "standard term"),
    "map.of": ("近似词，标准词是 {standard}", "synonym of {standard}"),
    "map.click": ("点一下固定这一组", "click to keep this group"),
    "map.group": ("“{standard}”一组", "The group of “{standard}”"),
    "map.unpin": ("取消固定", "Let go"),
    "map.explore": ("点一个词，看它的近邻：", "Click a term to see its neighbours:"),
    "map.reset": ("显示全图", "Whole map"),
    "map.hint": (
        "滚轮缩放，拖动平移，指向一个点看它的近似词。",
        "Scroll to zoom, drag to move, point at a term to see its synonyms.",
    ),
    "map.idle": ("这张地图还没有排布", "This map is not laid out yet"),
    "map.idle_hint": (
        "需要先用这个模型为词典编码，再排布，通常要几秒到一两分钟。之后随时可看。",
        "The dictionary is encoded with this model and laid out: seconds to a minute or two, once.",
    ),
    "map.start": ("排布地图", "Lay out the map"),
    "map.retry": ("重试", "Try again"),
}
