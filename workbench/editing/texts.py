"""What the editor says: titles of steps, notes and refusals, in both languages."""

from __future__ import annotations

from collections.abc import Sequence

from workbench.localtext import LocalText

_SHOWN = 40  # characters of a term in a sentence


def short(term: str) -> str:
    """A term as it is quoted in a sentence."""
    return term if len(term) <= _SHOWN else term[: _SHOWN - 1] + "…"


def listed(terms: Sequence[str]) -> LocalText:
    """The first few terms, quoted, and how many there are."""
    zh = "、".join(f"「{short(term)}」" for term in terms[:3])
    en = ", ".join(f"“{short(term)}”" for term in terms[:3])
    if len(terms) <= 3:
        return LocalText("{zh}", "{zh}").format(zh=LocalText(zh, en))
    return LocalText("{first}等 {count} 个", "{first} and {count} in all").format(
        first=LocalText(zh, en), count=len(terms)
    )


# -- titles of steps --------------------------------------------------------------------------------

ADD_GROUP = LocalText("新建「{standard}」：{terms}", "Add “{standard}”: {terms}")
ADD_SYNONYMS = LocalText("给「{standard}」添加{terms}", "Add {terms} to “{standard}”")
RENAME = LocalText("重命名「{old}」为「{new}」", "Rename “{old}” to “{new}”")
DELETE_TERMS = LocalText("从「{standard}」删除{terms}", "Delete {terms} from “{standard}”")
DELETE_GROUPS = LocalText("删除词组{terms}", "Delete the groups {terms}")
DELETE_GROUP = LocalText("删除词组{terms}", "Delete the group {terms}")
MOVE = LocalText("把{terms}从「{standard}」移到「{to}」", "Move {terms} from “{standard}” to “{to}”")
DELETE_SEVERAL = LocalText("删除{terms}", "Delete {terms}")
MOVE_SEVERAL = LocalText("把{terms}移到{to}", "Move {terms} to {to}")
SPLIT = LocalText("从「{standard}」拆出{terms}", "Split {terms} off from “{standard}”")
MERGE = LocalText("把{terms}并入「{into}」", "Merge {terms} into “{into}”")
MAKE_STANDARD = LocalText(
    "把「{term}」设为标准词（原为「{old}」）", "Make “{term}” the standard term (was “{old}”)"
)
MARK_APART = LocalText(
    "标记「{first}」与「{second}」不是近似词", "Mark “{first}” and “{second}” as not synonyms"
)
MARK_PAIRS_APART = LocalText("标记 {count} 对不是近似词", "Mark pairs as not synonyms: {count}")
UNMARK_APART = LocalText(
    "取消「{first}」与「{second}」的非同义标记",
    "Take away the mark that “{first}” and “{second}” are not synonyms",
)
MERGE_PAIRS = LocalText("合并导入 {count} 对", "Merge in pairs: {count}")
PASTE = LocalText("粘贴 {count} 对", "Paste pairs: {count}")

# -- notes --------------------------------------------------------------------------------------------

CONTROLS = LocalText("已去掉「{term}」中看不见的字符。", "Invisible characters were removed from “{term}”.")
KNOWN = LocalText(
    "「{standard}」已有「{term}」，没有重复添加。", "“{standard}” has “{term}” already; not added again."
)
KNOWN_COUNT = LocalText(
    "已有的词对，没有重复添加：{count}。", "Pairs that were there already, not added again: {count}."
)
APART_COUNT = LocalText(
    "标为「不是近似词」的词对，没有导入：{count}。", "Pairs marked as not synonyms, left out: {count}."
)
SELF_COUNT = LocalText(
    "与标准词相同的近似词，没有添加：{count}。", "Synonyms equal to their standard term, left out: {count}."
)
ALSO_SYNONYM = LocalText(
    "「{term}」也是「{standard}」的近似词。", "“{term}” is also a synonym of “{standard}”."
)
ALSO_STANDARD = LocalText("「{term}」自己也是一个标准词。", "“{term}” is also a standard term of its own.")
MORE_SHARED = LocalText(
    "还有 {count} 处词语同时属于别的词组。", "There are {count} more terms that belong to another group too."
)
GROUP_GONE = LocalText(
    "词组「{standard}」没有近似词了，已删除。", "The group “{standard}” has no synonym left and was deleted."
)
WITH_STANDARD = LocalText(
    "「{standard}」是标准词，整个词组已删除。",
    "“{standard}” is the standard term: the whole group was deleted.",
)
ADDED_TO_EXISTING = LocalText(
    "「{standard}」已经是标准词，近似词加到了它的词组。",
    "“{standard}” is a standard term already; the synonyms were added to its group.",
)
ALREADY_APART = LocalText("这两个词已有这个标记。", "These two terms are marked so already.")
STILL_TOGETHER = LocalText(
    "两个词仍是「{standard}」的近似词，请移走其中一个。",
    "Both terms are still synonyms of “{standard}”: move one of them away.",
)

# -- refusals -----------------------------------------------------------------------------------------

EMPTY = LocalText("词语不能为空。", "A term cannot be empty.")
TYPE_ONE = LocalText("请输入一个词。", "Type a term.")
TOO_LONG = LocalText(
    "「{term}」有 {length} 个字，超过上限 {limit}。",
    "“{term}” has {length} characters; the limit is {limit}.",
)
SHORTEN = LocalText("请缩短它，或把它分成几个词。", "Shorten it, or make several terms of it.")
ONLY_CHOSEN = LocalText(
    "只有删除、移动和合并可以合成一步。", "Only deleting, moving and merging can be done as one step."
)
NO_GROUP = LocalText("词组 {number} 不存在。", "There is no group {number}.")
LOAD_AGAIN = LocalText("它可能已被改动，请刷新后再看。", "It may have been changed: load the page again.")
NO_TERM = LocalText("「{standard}」没有近似词「{term}」。", "“{standard}” has no synonym “{term}”.")
SELF_PAIR = LocalText(
    "「{term}」与标准词相同，不能作它自己的近似词。",
    "“{term}” is the standard term itself and cannot be its own synonym.",
)
TAKE_ANOTHER = LocalText("请换一个词。", "Choose another term.")
APART = LocalText(
    "「{first}」与「{second}」已标为「不是近似词」。", "“{first}” and “{second}” are marked as not synonyms."
)
UNMARK_FIRST = LocalText(
    "如果它们是同义词，请先取消这个标记。", "If they are synonyms after all, take that mark away first."
)
STANDARD_TAKEN = LocalText(
    "「{term}」已是另一个词组的标准词。", "“{term}” is the standard term of another group already."
)
MERGE_INSTEAD = LocalText("请改用「合并」把两个词组并在一起。", "Merge the two groups instead.")
IN_GROUP = LocalText("「{standard}」已有「{term}」。", "“{standard}” has “{term}” already.")
DELETE_OR_PROMOTE = LocalText(
    "请删除多余的那个；要换标准词，请用「设为标准词」。",
    "Delete the one too many; to change the standard term, make the other the standard term.",
)
NO_SYNONYMS = LocalText("词组至少要有一个近似词。", "A group needs at least one synonym.")
NOTHING_CHOSEN = LocalText("没有选中任何词。", "No term is chosen.")
NO_GROUPS_CHOSEN = LocalText("没有选中可用的词组。", "No group is chosen that this can be done with.")
CHOOSE = LocalText("请先选择。", "Choose first.")
SAME_GROUP = LocalText("两个词组是同一个。", "The two groups are one and the same.")
IS_STANDARD = LocalText("「{term}」是这个词组的标准词。", "“{term}” is the standard term of this group.")
LAST_ONES = LocalText(
    "这样「{standard}」就没有近似词了。", "That would leave “{standard}” without a synonym."
)
LEAVE_ONE = LocalText("请至少留下一个，或改用「合并」。", "Leave at least one, or merge the groups instead.")
SPLIT_TWO = LocalText("拆分至少需要两个近似词。", "A split needs at least two synonyms.")
SPLIT_STANDARD = LocalText(
    "新词组的标准词必须是选中的词之一。", "The new standard term must be one of the chosen terms."
)
NOT_MARKED = LocalText(
    "「{first}」与「{second}」没有「不是近似词」的标记。",
    "“{first}” and “{second}” are not marked as not synonyms.",
)
SAME_TERM = LocalText("这是同一个词。", "These are one and the same term.")
PASTE_CELL = LocalText(
    "粘贴内容第 {row} 行第 {column} 列：{problem}", "Row {row}, column {column} of what was pasted: {problem}"
)
PASTE_STANDARD = LocalText("第一列的标准词是空的。", "the standard term in the first column is empty.")
PASTE_NOTHING = LocalText("粘贴的内容里没有词对。", "There is no pair in what was pasted.")
PASTE_SHAPE = LocalText(
    "每行应是：标准词、近似词……；只有一列时，请先选一个词组。",
    "Each row should be: standard term, synonyms; for a single column choose a group first.",
)
SET_LABEL = LocalText("{terms}的「{column}」设为「{value}」", "“{column}” of {terms} set to “{value}”")
CLEAR_LABEL = LocalText("去掉{terms}的「{column}」", "“{column}” of {terms} taken away")
SET_LABEL_SEVERAL = LocalText("设置{terms}的分类", "Labels of {terms} set")
COLUMNS_FULL = LocalText("最多保留 {limit} 个分类列。", "At most {limit} columns of labels are kept.")
CHOOSE_COLUMN = LocalText("请用已有的列：{names}。", "Use one of those there are: {names}.")
VALUES_FULL = LocalText(
    "「{column}」最多有 {limit} 个不同的值。", "“{column}” can have at most {limit} different values."
)
CHOOSE_VALUE = LocalText("请从已有的值里选一个。", "Choose one of the values that are there.")
NO_COLUMN = LocalText("没有说明是哪一列。", "No column is named.")
CHOOSE_COLUMN_NAME = LocalText("请写出列名，例如「类别」。", "Name the column, such as “category”.")
LABEL_LONG = LocalText(
    "「{term}」有 {length} 个字符，最多 {limit} 个。",
    "“{term}” has {length} characters; {limit} are allowed.",
)
