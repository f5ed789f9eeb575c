"""What the dry run of an import and the check of a dictionary say to the expert, in both languages."""

from __future__ import annotations

from workbench.localtext import LocalText

NOTHING_CHANGES = LocalText(
    "导入不会改变任何内容：词典里已有 {ignored_count} 对，写法不同而沿用原写法 {changed_count} 对，"
    "被标为“不是近似词”而不导入 {refused_count} 对。",
    "Importing this changes nothing. Pairs already in the dictionary: {ignored_count}; there in another "
    "spelling, which stays: {changed_count}; left out because they are marked as not synonyms: "
    "{refused_count}.",
)
PLAN = {
    "new": LocalText(
        "新词典将有 {groups} 组、{added_count} 对。",
        "The new dictionary will have groups: {groups}, pairs: {added_count}.",
    ),
    "merge": LocalText(
        "将新增 {groups} 组（{added_count} 对），给已有的组补充 {merged_count} 个近似词。"
        "已有 {ignored_count} 对不变；写法不同的 {changed_count} 对沿用词典里的写法；"
        "被标为“不是近似词”的 {refused_count} 对不导入。",
        "New groups: {groups} (pairs: {added_count}); synonyms added to groups that are here: "
        "{merged_count}. Already here: {ignored_count}; in another spelling, the dictionary's stays: "
        "{changed_count}; left out because they are marked as not synonyms: {refused_count}.",
    ),
    "replace": LocalText(
        "将新增 {groups} 组（{added_count} 对），给已有的组补充 {merged_count} 个近似词，"
        "删除文件里没有的 {removed_count} 对，{changed_count} 对改用文件里的写法。"
        "{ignored_count} 对不变；被标为“不是近似词”的 {refused_count} 对不导入。",
        "New groups: {groups} (pairs: {added_count}); synonyms added to groups that are here: "
        "{merged_count}; removed because the file has them not: {removed_count}; taking the file's "
        "spelling: {changed_count}. Unchanged: {ignored_count}; left out because they are marked as not "
        "synonyms: {refused_count}.",
    ),
}
NEW_AMBIGUOUS = LocalText(
    "第 {row} 行的近似词“{term}”在词典里已属于标准词“{first}”，导入后也会属于“{second}”。请确认。",
    "Row {row}: the dictionary has the synonym “{term}” under “{first}”; after the import it belongs to "
    "“{second}” as well. Check that this is meant.",
)
NEW_CHAIN = LocalText(
    "第 {row} 行导入后，“{term}”既是标准词，又是“{standard}”的近似词，两组会连成一组。请确认。",
    "With row {row}, “{term}” is a standard term and a synonym of “{standard}” at once, which ties the two "
    "groups together. Check that this is meant.",
)
APART_JOINED = LocalText(
    "第 {row} 行导入后，“{first}”和“{second}”会同属“{standard}”，但它们已被标为“不是近似词”。请删去一个。",
    "With row {row}, “{first}” and “{second}” are both synonyms of “{standard}”, yet they are marked as not "
    "synonyms. Remove one of them.",
)

EMPTY = LocalText(
    "“{standard}”这一组里有空的词。请补上或删除。",
    "The group “{standard}” holds an empty term. Write it or delete it.",
)
DUPLICATE = LocalText(
    "“{standard}”—“{term}”出现了不止一次（另见第 {other} 行）。请删除多余的。",
    "“{standard}” – “{term}” is there more than once (see row {other}). Delete one.",
)
SELF_PAIR = LocalText(
    "近似词“{term}”与它的标准词相同。请删除。",
    "The synonym “{term}” is its own standard term. Delete it.",
)
AMBIGUOUS = LocalText(
    "近似词“{term}”属于 {count} 个标准词：{standards}。请确认，或只留一个。",
    "The synonym “{term}” belongs to more than one standard term (there are {count}): {standards}. "
    "Check that this is meant, or keep one.",
)
CHAIN = LocalText(
    "“{term}”既是标准词，又是“{standard}”的近似词，两组视为同一组。请确认，或标为“不是近似词”。",
    "“{term}” is a standard term and a synonym of “{standard}” as well, so the two groups count as one. "
    "Check that this is meant, or mark the two as not synonyms.",
)
CONTROL = LocalText(
    "“{term}”里有换行或不可见字符。请重新输入这个词。",
    "“{term}” holds line breaks or invisible characters. Type the term again.",
)
FAR_LONGER = LocalText(
    "“{start}”有 {count} 个字符，远长于其他词（一般是 {usual} 个）。请确认它是一个词，而不是说明文字。",
    "“{start}” has {count} characters, far more than the other terms (usual: {usual}). "
    "Check that it is a term and not an explanation.",
)
ONE_CHARACTER = LocalText(
    "“{term}”只有一个字符，容易与别的词混淆。请确认。",
    "“{term}” is a single character and easily mistaken for something else. Check that it is meant.",
)
NO_LETTERS = LocalText(
    "“{term}”只有数字或标点，模型学不到它的含义。请确认，或删除。",
    "“{term}” is digits or punctuation alone, from which no model learns a meaning. Check it, or delete it.",
)
NEAR = {
    "traditional": LocalText(
        "“{first}”与“{second}”只是繁体与简体之别{where}。{advice}",
        "“{first}” and “{second}” differ in traditional and simplified characters alone{where}. {advice}",
    ),
    "punctuation": LocalText(
        "“{first}”与“{second}”只差标点或空格{where}。{advice}",
        "“{first}” and “{second}” differ in punctuation or spaces alone{where}. {advice}",
    ),
    "typo": LocalText(
        "“{first}”与“{second}”写法很接近（{percent}%）{where}。{advice}",
        "“{first}” and “{second}” are spelt almost alike ({percent} %){where}. {advice}",
    ),
}
SAME_GROUP = LocalText("，在同一组里", ", in one group")
OTHER_GROUP = LocalText("，分属“{one}”和“{other}”", ", in the groups “{one}” and “{other}”")
KEEP_OR_DROP = LocalText("如果是笔误，请删除其中一个。", "If one is a slip, delete it.")
MERGE_OR_LEAVE = LocalText("如果是同一个概念，请合并。", "If they mean the same, merge the groups.")
SAID = LocalText("{said}", "{said}")
READING = LocalText("整理词语", "Reading the terms")
COMPARING = LocalText("查找写法相近的词", "Looking for terms that are spelt alike")
CHAINING = LocalText("查找连在一起的组", "Looking for groups that are tied together")
