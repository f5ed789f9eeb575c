"""Finds the terms of a field in its raw text: words and word sequences that hold together."""

from __future__ import annotations

import math
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import cache

from workbench.models.words import word_cutter
from workbench.normalise import term_key

MOST_TEXTS = 50_000
LONGEST_SEQUENCE = 4  # words
MOST_TERMS = 20_000
_LENGTHS = range(2, 31)  # characters of a term
_FEWEST = 3  # occurrences
_COHESION = 0.35  # normalised pointwise mutual information, -1..1
_FREEDOM = 0.6  # nats: what stands beside it differs
_OFTEN = 20  # occurrences, from which on it need not be free
_SPECIFIC = 8.0  # times as frequent as in general Chinese
_CUT = re.compile(r"[^\W_]+(?:[-/'’.+][^\W_]+)*|\S")
_NUMBER = re.compile(r"[\d.,/:%-]+")
_HAN = re.compile("[㐀-鿿豈-﫿]")
Words = tuple[str, ...]
Run = list[tuple[str, int, int]]  # words with where they begin and end in their text

_FUNCTION_WORDS = """
的 了 和 与 及 或 在 是 有 对 为 以 被 不 从 到 由 于 其 该 此 这 那 等 并 而 且 但 也 都 就 把
将 给 向 按 应 应当 可以 可 能 会 须 必须 需要 进行 以及 或者 以上 以下 其他 有关 相关 根据 按照
前款 本 各 每 个 第 条 款 项 我 你 他 她 它 我们 他们 自己 上 下 中 内 外 前 后 时 者 所 之 使
让 得 着 过 地 很 更 最 还 又 再 没有 没 无 非 一 二 三 四 五 六 七 八 九 十 百 千 万 两 几 多
少 如 如果 因 因为 所以 则 即 若 当 既 只 仅 除 至 自
the a an of and or in on at to for by with from as is are was were be been being this that these
those it its their his her our your my we you they he she i not no nor but if then than so such
which who whom whose what when where how why can could may might shall should will would must do
does did has have had into onto over under between among after before during within without
about against per via also only more most less least very other another each any all some both
either neither same own here there up down out off
"""
_EDGE = frozenset(_FUNCTION_WORDS.split())  # no term begins or ends with one


@dataclass(frozen=True, slots=True)
class FoundTerm:
    """A term of a corpus: how it is mostly written, how often it stands there, and how well it holds."""

    text: str
    count: int
    score: float


@dataclass
class _Seen:
    """How a sequence is written, and the words that stand beside it ("" at an end of its run)."""

    written: Counter[str] = field(default_factory=Counter)
    before: Counter[str] = field(default_factory=Counter)
    after: Counter[str] = field(default_factory=Counter)


@dataclass(frozen=True)
class _Counts:
    """Occurrences of single words and of sequences, and of words in all."""

    words: Counter[str]
    sequences: Counter[Words]
    total: int

    def share(self, words: Words) -> float:
        """Of all words; a sequence that was not counted is as rare as can be."""
        count = self.words[words[0]] if len(words) == 1 else self.sequences[words]
        return max(1, count) / self.total


def discover_terms(
    texts: Sequence[str],
    known: Iterable[str] = (),
    *,
    fewest: int = _FEWEST,
    most: int = MOST_TERMS,
    progress: Callable[[float], None] | None = None,
) -> list[FoundTerm]:
    """Terms of ``texts`` that are not among ``known``, the most telling first; at most ``most``.

    Candidates are sequences of one to four words, never over punctuation, that begin and end with no
    function word and stand there at least ``fewest`` times. A sequence must hold together (normalised
    pointwise mutual information of its halves at the weakest joint, Bouma 2009) and be free at both
    ends (entropy of its neighbours, as in Luo and Sun 2003); a single Chinese word must be far more
    frequent than in general text, by the counts of jieba's dictionary. Score = count x freedom x cohesion
    (or the log of that ratio). Texts beyond 50,000 are sampled evenly.
    """
    runs = [
        (text, run) for text in texts[:: max(1, math.ceil(len(texts) / MOST_TEXTS))] for run in _runs(text)
    ]
    if progress:
        progress(0.4)
    sequences: Counter[Words] = Counter()
    for _, run in runs:
        sequences.update(words for words, _, _ in _sequences(run))
    if progress:
        progress(0.7)
    ones = Counter(word for _, run in runs for word, _, _ in run)
    counts = _Counts(ones, sequences, sum(ones.values()))
    seen: dict[Words, _Seen] = defaultdict(_Seen)
    for text, run in runs:
        _note(text, run, sequences, fewest, seen)
    out = {term_key(term) for term in known}
    terms: dict[str, FoundTerm] = {}
    for words, entry in seen.items():
        score = _score(words, entry, counts)
        written = entry.written.most_common(1)[0][0]
        key = term_key(written)
        if score > 0 and key not in out and (key not in terms or terms[key].score < score):
            terms[key] = FoundTerm(written, sequences[words], score)
    return sorted(_whole(terms), key=lambda term: (-term.score, term.text))[:most]


def _runs(text: str) -> Iterable[Run]:
    """Words with where they stand, in runs that no punctuation parts."""
    run: Run = []
    for match in _CUT.finditer(text):
        piece = match.group()
        if not piece[0].isalnum():
            if run:
                yield run
            run = []
            continue
        place = match.start()
        parts = word_cutter()(piece) if _HAN.search(piece) else (piece,)
        for part in parts:
            run.append((term_key(part), place, place + len(part)))
            place += len(part)
    if run:
        yield run


def _sequences(run: Run) -> Iterable[tuple[Words, int, int]]:
    """Every candidate of a run with its first and last word's number."""
    for first, (word, begin, _) in enumerate(run):
        if word in _EDGE or _NUMBER.fullmatch(word):
            continue
        for last in range(first, min(first + LONGEST_SEQUENCE, len(run))):
            end, _, stop = run[last]
            if stop - begin >= _LENGTHS.stop:
                break
            if stop - begin in _LENGTHS and end not in _EDGE and not _NUMBER.fullmatch(end):
                yield tuple(part for part, _, _ in run[first : last + 1]), first, last


def _note(text: str, run: Run, counted: Counter[Words], fewest: int, seen: dict[Words, _Seen]) -> None:
    """What the sequences that stand often enough look like, and what stands beside them."""
    for words, first, last in _sequences(run):
        if counted[words] >= fewest:
            entry = seen[words]
            entry.written[text[run[first][1] : run[last][2]]] += 1
            entry.before[run[first - 1][0] if first else ""] += 1
            entry.after[run[last + 1][0] if last + 1 < len(run) else ""] += 1


def _score(words: Words, entry: _Seen, counts: _Counts) -> float:
    """0: no term."""
    count, share = counts.sequences[words], counts.sequences[words] / counts.total
    freedom = min(_entropy(entry.before), _entropy(entry.after))
    if len(words) == 1:
        ratio = _specific(words[0], share)
        return count * (0.5 + freedom) * math.log(ratio) if ratio >= _SPECIFIC else 0.0
    if freedom < _FREEDOM and count < _OFTEN:
        return 0.0
    joints = range(1, len(words))
    apart = (counts.share(words[:cut]) * counts.share(words[cut:]) for cut in joints)
    cohesion = min(math.log(share / chance) / -math.log(share) for chance in apart)
    return count * (0.5 + freedom) * cohesion if cohesion >= _COHESION else 0.0


def _specific(word: str, share: float) -> float:
    """How many times more frequent than in general text, where a word that jieba does not know hardly is."""
    if not _HAN.search(word):
        return _SPECIFIC if len(word) > 2 else 0.0
    general, total = _general()
    return share / (max(1, general.get(word, 0)) / total)


@cache
def _general() -> tuple[dict[str, int], int]:
    """Counts of words in general Chinese text, and their sum, as jieba's package has them."""
    import jieba  # type: ignore[import-untyped]  # it has no types

    tokenizer = jieba.Tokenizer()
    counts: tuple[dict[str, int], int] = tokenizer.gen_pfdict(tokenizer.get_dict_file())
    return counts


def _entropy(counts: Counter[str]) -> float:
    """In nats. An end of the text is another neighbour each time."""
    ends = counts.get("", 0)
    total = sum(counts.values())
    of_words = sum(-n / total * math.log(n / total) for word, n in counts.items() if word)
    return of_words + (ends / total * math.log(total) if ends else 0.0)


def _whole(terms: dict[str, FoundTerm]) -> Iterable[FoundTerm]:
    """Without what nearly always stands within one longer term."""
    inside: dict[str, int] = defaultdict(int)
    for key, term in terms.items():
        for start in range(len(key)):
            for stop in range(start + 2, len(key) + 1):
                part = key[start:stop]
                if part != key and part in terms:
                    inside[part] = max(inside[part], term.count)
    return [term for key, term in terms.items() if inside[key] < 0.9 * term.count]
