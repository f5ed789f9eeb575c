"""Makes labelled training pairs from a dictionary by a recipe: positives, negatives, each text checked."""

from __future__ import annotations

import random
from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Literal

from workbench.errors import BadParameter
from workbench.evaluation.split import distinct_terms
from workbench.localtext import LocalText
from workbench.normalise import term_key
from workbench.pairing import remarks
from workbench.pairing.material import Material, Numbers, choose_positives, gather
from workbench.pairing.negatives import Nearest, OtherConcepts, representatives
from workbench.pairing.recipe import GAP, NEGATIVE_KINDS, NegativeKind, PairRecipe
from workbench.pairing.sentences import Frame, Frames, find_frames
from workbench.types import LabelledPair, Pair, Split

Progress = Callable[[float, LocalText], None]
Origin = Literal["synonym", "apart", "random", "lexical", "mined"]
Context = Literal["term", "template", "sentence"]
ORIGINS: tuple[Origin, ...] = ("synonym", "apart", "random", "lexical", "mined")
CONTEXTS: tuple[Context, ...] = ("term", "template", "sentence")
MINING_FROM, MINING_SHARE = 0.65, 0.1  # where in the whole progress negatives are mined
_BETWEEN_REPORTS = 1_000
_SPARE = 1.3  # more positives are drawn than wanted, since some turn out to be duplicates
_ANCHORS_AT_ONCE = 2_000


@dataclass(frozen=True)
class MadePairs:
    """Labelled pairs, in a mixed order. ``origins`` and ``contexts`` are parallel to ``rows``.

    ``origins`` says where a row is from: "synonym" (label 1), the others are negatives. ``contexts`` says
    what its texts are: bare terms, a template, a sentence of the corpus. ``possible`` is the number of
    positives that there would be without the recipe's limit, near duplicates included.
    """

    rows: tuple[LabelledPair, ...]
    origins: tuple[Origin, ...]
    contexts: tuple[Context, ...]
    possible: int
    notes: tuple[LocalText, ...]

    @property
    def counts(self) -> dict[str, int]:
        """Rows by origin, then by context."""
        found = Counter[str](self.origins) + Counter[str](self.contexts)
        return {name: found[name] for name in (*ORIGINS, *CONTEXTS)}

    @property
    def positives(self) -> int:
        """Rows with label 1."""
        return self.counts["synonym"]


def make_pairs(
    recipe: PairRecipe,
    pairs: Sequence[Pair],
    split: Split,
    apart: Iterable[Pair] = (),
    *,
    corpus_texts: Iterable[str] = (),
    corpus_size: int = 0,
    nearest: Nearest | None = None,
    seed: int | None = None,
    progress: Progress | None = None,
) -> MadePairs:
    """Make pairs by ``recipe``; the same input and seed give the same rows.

    No text holds a term of the split's test or development part, not within a longer word either, and
    none stands for a held-out synonym. No negative joins two terms of one connected component, except
    those of ``apart``, which the expert marked as not synonyms: they are always among the negatives,
    however few rows are asked for. ``nearest`` finds "mined" negatives; ``seed`` goes before the recipe's.
    ``corpus_size`` is the number of texts, for progress only. ``progress`` may raise to stop.

    Raises:
        BadParameter: mined negatives without ``nearest``.
    """
    if recipe.share_of("mined") and recipe.positive_share < 1 and nearest is None:
        raise BadParameter(
            LocalText("挖掘负例需要一个模型。", "Mined negatives need a model."),
            LocalText(
                "请选一个模型，或把这种负例的份额设为 0。",
                "Choose a model, or set the share of this kind of negatives to 0.",
            ),
        )
    rng = random.Random(recipe.seed if seed is None else seed)
    report = progress or (lambda _share, _text: None)
    report(0.0, remarks.READING_DICTIONARY)
    material = gather(pairs, split, apart)
    frames = _frames(recipe, material, pairs, corpus_texts, corpus_size, rng, report)
    maker = _Maker(recipe, material, frames, nearest, rng, report)
    return maker.make()


def _frames(
    recipe: PairRecipe,
    material: Material,
    pairs: Sequence[Pair],
    texts: Iterable[str],
    size: int,
    rng: random.Random,
    report: Progress,
) -> Frames:
    if recipe.corpus is None or not recipe.sentences_per_term:
        return Frames()

    def tell(done: int) -> None:
        report(0.05 + 0.4 * min(1.0, done / max(1, size)), remarks.READING_CORPUS.format(count=done))

    return find_frames(
        material,
        [*distinct_terms(pairs).values(), *material.terms[material.usable :]],
        texts,
        per_term=recipe.sentences_per_term,
        near_duplicate=recipe.near_duplicate,
        rng=rng,
        report=tell,
    )


@dataclass(frozen=True, slots=True)
class _Setting:
    """What two terms are put into, and what names it among all settings."""

    context: Context
    name: tuple[int, ...]
    frame: Frame

    def put(self, term: str) -> str:
        return self.frame.put(term)


_BARE = _Setting("term", (), Frame("", "", ""))


class _Maker:
    """One making of pairs: rows grow, what was made is remembered, so that nothing comes twice."""

    def __init__(
        self,
        recipe: PairRecipe,
        material: Material,
        frames: Frames,
        nearest: Nearest | None,
        rng: random.Random,
        report: Progress,
    ) -> None:
        self.recipe, self.material, self.frames = recipe, material, frames
        self.nearest, self.rng, self.report = nearest, rng, report
        self.others = OtherConcepts(material, recipe.near_duplicate, rng)
        self.alike = representatives(material, recipe.near_duplicate)
        self.rows: list[tuple[LabelledPair, Origin, Context]] = []
        self.texts: set[tuple[str, str]] = set()
        self.made: set[tuple[object, ...]] = set()
        self.dropped: Counter[str] = Counter()
        self.templates, self.refused_templates = self._usable_templates()

    def make(self) -> MadePairs:
        """Apart pairs first, which have the right of way; then positives, then their negatives."""
        self._add_apart()
        synonyms = choose_positives(self.material, self.recipe, self.rng)
        possible = sum(self._settings_of(pair) for pair in synonyms)
        share, limit = self.recipe.positive_share, self.recipe.limit
        wanted = min(round(limit * share) or 1, max(0, limit - len(self.rows)))
        anchors = self._add_positives(synonyms, possible, wanted)
        asked = round(len(anchors) * self.recipe.negatives_per_positive)
        room = min(asked, limit - len(anchors)) - len(self.rows) + len(anchors)
        short = self._add_negatives(anchors, max(0, room))
        self.rng.shuffle(self.rows)
        rows, origins, contexts = zip(*self.rows, strict=True) if self.rows else ((), (), ())
        made = MadePairs(rows, origins, contexts, possible, ())
        notes = remarks.remarks(
            self.recipe, self.material, self.frames, made, self.refused_templates, self.dropped, short
        )
        return MadePairs(rows, origins, contexts, possible, notes)

    # -- positives ------------------------------------------------------------------------------

    def _add_positives(
        self, synonyms: Sequence[Numbers], possible: int, wanted: int
    ) -> list[tuple[int, int, _Setting]]:
        """Positives from settings drawn evenly; gives (anchor, its synonym, setting) of each."""
        ends = list(accumulate(map(self._settings_of, synonyms)))
        drawn = self.rng.sample(range(possible), min(possible, int(wanted * _SPARE) + 100))
        anchors: list[tuple[int, int, _Setting]] = []
        for count, place in enumerate(drawn):
            if len(anchors) >= wanted:
                break
            if count % _BETWEEN_REPORTS == 0:
                self.report(0.45 + 0.2 * count / len(drawn), remarks.MAKING_POSITIVES)
            number = bisect_right(ends, place)
            anchor, other, setting = self._placed(synonyms[number], ends[number] - place - 1)
            if self._add(anchor, other, setting, "synonym"):
                anchors.append((anchor, other, setting))
        return anchors

    def _settings_of(self, pair: Numbers) -> int:
        return (
            int(self.recipe.terms_alone)
            + len(self.templates)
            + sum(len(self.frames.of_term.get(number, ())) for number in pair)
        )

    def _placed(self, pair: Numbers, place: int) -> tuple[int, int, _Setting]:
        """The pair in its setting number ``place``: (the term that stands there, the other one, setting)."""
        first, second = pair
        for setting in self._shared_settings():
            if place == 0:
                return first, second, setting
            place -= 1
        for anchor, other in ((first, second), (second, first)):
            found = self.frames.of_term.get(anchor, [])
            if place < len(found):
                return anchor, other, _Setting("sentence", (anchor, place), found[place])
            place -= len(found)
        raise IndexError(place)

    def _shared_settings(self) -> Iterator[_Setting]:
        if self.recipe.terms_alone:
            yield _BARE
        yield from self.templates

    def _usable_templates(self) -> tuple[list[_Setting], list[str]]:
        usable, refused = [], []
        for number, template in enumerate(self.recipe.templates):
            before, behind = template.split(GAP)
            if self.material.is_clean(f"{before}\0{behind}"):
                usable.append(_Setting("template", (number,), Frame(before, "", behind)))
            else:
                refused.append(template)
        return usable, refused

    # -- negatives ------------------------------------------------------------------------------

    def _add_apart(self) -> None:
        """Each marked pair as bare terms; then in the other settings, up to half of the negatives."""
        for first, second in self.material.apart:
            self._add(first, second, _BARE, "apart")
        more = [
            self._placed(pair, place)
            for pair in self.material.apart
            for place in range(int(self.recipe.terms_alone), min(self._settings_of(pair), 200))
        ]
        self.rng.shuffle(more)
        enough = self.recipe.limit * (1 - self.recipe.positive_share) / 2
        for anchor, other, setting in more:
            if len(self.rows) >= enough:
                break
            self._add(anchor, other, setting, "apart")

    def _add_negatives(self, anchors: list[tuple[int, int, _Setting]], wanted: int) -> Counter[str]:
        """``wanted`` negatives spread over the positives; gives how often a kind was not to be had."""
        short: Counter[str] = Counter()
        if not anchors or not wanted:
            return short
        tasks: list[tuple[int, _Setting, NegativeKind]] = []
        kinds = _kinds_in_turn(self.recipe)
        for number in range(wanted):
            anchor, other, setting = anchors[number % len(anchors)]
            if setting.context != "sentence" and self.rng.random() < 0.5:
                anchor = other  # in a sentence the term that stands there is kept
            tasks.append((anchor, setting, next(kinds)))
        mined = self._mine([anchor for anchor, _, kind in tasks if kind == "mined"])
        lexical: dict[int, list[int]] = {}
        enough = len(self.rows) + wanted
        for count, (anchor, setting, kind) in enumerate(tasks):
            if count % _BETWEEN_REPORTS == 0:
                self.report(0.75 + 0.25 * count / len(tasks), remarks.MAKING_NEGATIVES)
            if kind == "lexical" and anchor not in lexical:
                lexical[anchor] = self.others.lexical(anchor)
            near = {"mined": mined, "lexical": lexical, "random": {}}[kind].get(anchor, [])
            if any(self._add(anchor, other, setting, kind) for other in near):
                continue
            if kind != "random":
                short[kind] += 1
            self._add_random(anchor, setting)
        for anchor, other, setting in anchors * 3:  # what one term could not give others make up for
            if len(self.rows) >= enough:
                break
            self._add_random(anchor if setting.context == "sentence" else other, setting)
        return short

    def _add_random(self, anchor: int, setting: _Setting) -> None:
        for _ in range(5):
            other = self.others.random(anchor)
            if other is not None and self._add(anchor, other, setting, "random"):
                return

    def _mine(self, anchors: Sequence[int]) -> dict[int, list[int]]:
        distinct = list(dict.fromkeys(anchors))
        found: dict[int, list[int]] = {}
        for start in range(0, len(distinct), _ANCHORS_AT_ONCE):
            self.report(MINING_FROM + MINING_SHARE * start / len(distinct), remarks.MINING)
            assert self.nearest is not None
            found.update(self.others.mined(distinct[start : start + _ANCHORS_AT_ONCE], self.nearest))
        return found

    # -- rows -----------------------------------------------------------------------------------

    def _add(self, anchor: int, other: int, setting: _Setting, origin: Origin) -> bool:
        """Add a row, unless it was made before or a text of it may not be used."""
        terms = self.material.terms
        first = setting.put(setting.frame.term or terms[anchor])
        second = setting.put(terms[other])
        low, high = sorted((term_key(first), term_key(second)))
        alike = sorted((self.alike[anchor], self.alike[other]))
        name = (setting.context, *setting.name, origin == "synonym", *alike)
        if low == high or (low, high) in self.texts or name in self.made:
            self.dropped["duplicate"] += origin == "synonym"
            return False
        if not self.material.is_clean(first, second):
            self.dropped["forbidden"] += 1
            return False
        self.texts.add((low, high))
        self.made.add(name)
        self.rows.append((LabelledPair(first, second, float(origin == "synonym")), origin, setting.context))
        return True


def _kinds_in_turn(recipe: PairRecipe) -> Iterator[NegativeKind]:
    """Kinds of negatives without end, at every moment as near to their shares as can be."""
    given = Counter[str]()
    while True:
        total = given.total() + 1
        kind = max(NEGATIVE_KINDS, key=lambda kind: recipe.share_of(kind) * total - given[kind])
        given[kind] += 1
        yield kind
