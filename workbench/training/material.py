"""What a run may learn from besides its dictionary: raw text and labelled pairs, without any test answer."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from workbench.errors import TooLittleData, TrainingProblem
from workbench.evaluation.split import distinct_terms
from workbench.localtext import LocalText
from workbench.normalise import term_key
from workbench.types import LabelledPair, Pair, PairSetInfo, Split

if TYPE_CHECKING:
    from workbench.workspace import Workspace

FEWEST_TEXTS = 16
FEWEST_PAIRS = 8


@dataclass(frozen=True)
class Material:
    """Raw text and labelled pairs of a run.

    ``corpus`` are different texts. ``labelled`` are pairs with a label of 0..1, of all chosen sets;
    ``triplets`` have a ``negative``. ``left_out`` counts texts and pairs that would have told a test
    answer (EVALUATION 3): they were dropped.
    """

    corpus: tuple[str, ...] = ()
    labelled: tuple[LabelledPair, ...] = ()
    triplets: tuple[LabelledPair, ...] = ()
    left_out: int = 0


def load_material(
    workspace: Workspace, config: dict[str, Any], pairs: Sequence[Pair], split: Split
) -> Material:
    """The corpora and pair sets that a run's ``config`` names, less what would tell a test answer.

    Raises:
        NotFound: one of them is gone.
    """
    answers = HiddenAnswers(pairs, split) if config.get("corpora") or config.get("pair_sets") else None
    if answers is None:
        return Material()
    texts: dict[str, None] = {}
    left_out = 0
    for name in config.get("corpora", ()):
        for text in workspace.corpora.texts(workspace.corpora.get(name).id):
            if answers.told_by(text):
                left_out += 1
            else:
                texts.setdefault(text)
    labelled: list[LabelledPair] = []
    triplets: list[LabelledPair] = []
    for name in config.get("pair_sets", ()):
        info = workspace.pair_sets.get(name)
        for pair in workspace.pair_sets.pairs(info.id):
            if answers.in_pair(pair):
                left_out += 1
            else:
                (triplets if info.kind == "triplets" else labelled).append(pair)
    return Material(tuple(texts), tuple(labelled), tuple(triplets), left_out)


class HiddenAnswers:
    """Knows the terms of the test and development parts, and where text would give one away."""

    def __init__(self, pairs: Sequence[Pair], split: Split) -> None:
        from workbench.pairing.occurrences import TermFinder

        hidden = {
            key: raw
            for key, raw in distinct_terms(pairs).items()
            if split.parts.get(split.component_of.get(key, "")) in ("test", "dev")
        }
        self._keys = frozenset(hidden)
        self._components = [split.component_of[key] for key in hidden]
        self._held_out = split.held_out | {(b, a) for a, b in split.held_out}
        self._finder = TermFinder(list(hidden.values()))

    def told_by(self, text: str) -> bool:
        """Whether a text states two terms of one hidden concept."""
        found = [self._components[each.term] for each in self._finder.longest(text)]
        return len(found) > len(set(found))

    def in_pair(self, pair: LabelledPair) -> bool:
        """Whether a labelled pair puts hidden terms side by side, or is a held-out pair."""
        one, other = term_key(pair.text1), term_key(pair.text2)
        if (one, other) in self._held_out or one in self._keys or other in self._keys:
            return True
        first = {self._components[each.term] for each in self._finder.longest(pair.text1)}
        return bool(first) and any(
            self._components[each.term] in first for each in self._finder.longest(pair.text2)
        )


def check_sets(needs: Iterable[str], corpora: Sequence[str], sets: Sequence[PairSetInfo]) -> None:
    """Refuse a recipe whose stages need what was not chosen.

    Raises:
        TrainingProblem: raw text or labelled pairs are missing, or a set is not trusted yet.
    """
    wanted = set(needs)
    if "corpus" in wanted and not corpora:
        raise TrainingProblem(
            LocalText("这个方案需要原始语料。", "This recipe needs raw text."),
            LocalText(
                "请选择一份语料，或先在「数据」页导入。", "Choose a corpus, or import one on the Data tab."
            ),
        )
    if "labels" in wanted and not any(info.kind != "triplets" for info in sets):
        raise TrainingProblem(
            LocalText("这个方案需要带标注的句对。", "This recipe needs labelled pairs."),
            LocalText(
                "请选择一个句对集，或先在「词对」页从词典生成一个。",
                "Choose a pair set, or make one from the dictionary on the Pairs tab.",
            ),
        )
    if "triplets" in wanted and not any(info.kind == "triplets" for info in sets):
        raise TrainingProblem(
            LocalText("这个方案需要三元组（锚点、正例、反例）。", "This recipe needs triplets."),
            LocalText("请导入并选择一个三元组集。", "Import a set of triplets and choose it."),
        )
    for info in sets:
        if not info.trusted:
            raise TrainingProblem(
                LocalText(
                    "句对集「{name}」的标注来自外部模型，还没有被认可。",
                    "The labels of the set “{name}” come from an outside model and are not accepted yet.",
                ),
                LocalText("请先查看并认可它。", "Look at it and accept it first."),
                name=info.name,
            )


def enough_texts(texts: Sequence[str]) -> None:
    """Raise TooLittleData for fewer than 16 texts."""
    if len(texts) < FEWEST_TEXTS:
        raise TooLittleData(
            LocalText(
                "文本太少：{count} 条（至少 {least} 条）。", "Too few texts: {count} (at least {least})."
            ),
            LocalText("请导入更多语料。", "Import more raw text."),
            count=len(texts),
            least=FEWEST_TEXTS,
        )


def enough_pairs(pairs: Sequence[LabelledPair]) -> None:
    """Raise TooLittleData for fewer than 8 labelled pairs, or where all have one label."""
    if len(pairs) < FEWEST_PAIRS or len({pair.label for pair in pairs}) < 2:
        raise TooLittleData(
            LocalText(
                "句对太少或标注全都一样：{count} 对（至少 {least} 对，且要有不同的标注）。",
                "Too few labelled pairs, or all of one label: {count} (at least {least}, of two labels).",
            ),
            LocalText("请补充句对，相似和不相似的都要有。", "Add pairs, alike and not alike."),
            count=len(pairs),
            least=FEWEST_PAIRS,
        )
