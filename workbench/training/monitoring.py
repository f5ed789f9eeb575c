"""Watches over a run: does it forget, does it collapse, is it worse than it went in?"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

from workbench.evaluation.retention import KNOWN, RetentionProbe, probes_for
from workbench.localtext import LocalText

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from workbench.training.dataset import TrainingSet
    from workbench.training.registry import Reporter

SAMPLE = 150  # items of each probe: enough to see a fall of two, cheap enough to ask often
SPREAD_TERMS = 200  # training terms whose cosines with one another are averaged
FALL = 1.0  # points below the base that are said
JUMP = 0.2  # of the cosine of unrelated terms
LEFT = 1 / 3  # of the base's distance between unrelated terms; below, they lie on one heap
Kind = Literal["dev", "retention", "collapse"]
Vectors = Callable[[], "NDArray[np.float32]"]


@dataclass(frozen=True)
class Reading:
    """One look. Percent; ``cosine`` is the mean cosine of unrelated terms. None: not looked at."""

    recall1: float
    retention: dict[str, float] = field(default_factory=dict)  # by language
    cosine: float | None = None

    @property
    def kept(self) -> float | None:
        """The mean over the languages."""
        return sum(self.retention.values()) / len(self.retention) if self.retention else None


@dataclass
class Finding:
    """What went wrong, as it stands: ``open`` while the newest look still shows it."""

    kind: Kind
    stage: int
    step: int  # of the look that showed it at its worst
    before: float
    now: float  # at the newest look that showed it
    worst: float
    open: bool = True

    def as_json(self) -> dict[str, Any]:
        """For the run's row, with a sentence: of now, or of the worst where it is over."""
        shown = self.now if self.open else self.worst
        sentence = _SAID[self.kind, self.open].format(
            before=_figure(self.kind, self.before), now=_figure(self.kind, shown), step=self.step
        )
        return {**asdict(self), "text": sentence.as_json()}


class Monitor:
    """Looks at the models of one run, stage after stage, and tells what is to be warned of.

    ``languages`` are those that the base model speaks (none named: all that there is a probe for; None:
    no probe at all). ``tell`` is given a name and what is to be kept with the run under it: ``"warnings"``,
    ``"watched"`` (the base's reading and that of what was kept), ``"memory"``. ``known`` is what an
    earlier attempt had told.
    """

    def __init__(
        self,
        languages: Iterable[str] | None = None,
        tell: Callable[[str, Any], None] = lambda _name, _value: None,
        known: dict[str, Any] | None = None,
    ) -> None:
        self._languages = languages
        self._tell = tell
        self._stage = 1
        self._base: Reading | None = None
        self._kept: Reading | None = None
        self._findings: dict[str, Finding] = {}
        if known:
            self.restore(known)

    # -- what it wants to see ---------------------------------------------------------------------

    @cached_property
    def _probes(self) -> list[RetentionProbe]:
        if self._languages is None:
            return []
        return [probe.sample(SAMPLE) for probe in probes_for(self._languages)]

    @cached_property
    def _whole_probes(self) -> list[RetentionProbe]:
        return [] if self._languages is None else list(probes_for(self._languages))

    @cached_property
    def whole_texts(self) -> tuple[str, ...]:
        """The texts of the whole probes, for whoever has vectors at hand cheaply; each once."""
        return tuple(dict.fromkeys(text for probe in self._whole_probes for text in probe.texts))

    def whole_retention(self, vectors: NDArray[np.float32]) -> dict[str, float]:
        """The scores of the whole probes by language, of unit vectors (n, d) of :attr:`whole_texts`."""
        place = {text: number for number, text in enumerate(self.whole_texts)}
        return {
            probe.language: probe.score(vectors[[place[text] for text in probe.texts]])
            for probe in self._whole_probes
        }

    @property
    def texts(self) -> tuple[str, ...]:
        """The probes' texts."""
        return tuple(text for probe in self._probes for text in probe.texts)

    def terms(self, data: TrainingSet) -> NDArray[np.int64]:
        """Indices of the training terms whose spread is watched; always the same ones."""
        import numpy as np

        known = data.training_terms
        if len(known) <= SPREAD_TERMS:
            return known
        return np.sort(np.random.default_rng(0).choice(known, SPREAD_TERMS, replace=False))

    def words(self, data: TrainingSet) -> tuple[str, ...]:
        """Every text that a look asks for: :attr:`texts`, then :meth:`terms`."""
        return (*self.texts, *(data.terms[index] for index in self.terms(data)))

    # -- looking ----------------------------------------------------------------------------------

    def begin_stage(self, number: int) -> None:
        """The next stage begins; it is compared with what the whole run began with."""
        self._stage = number

    def look(
        self, report: Reporter, step: int, recall1: float, queries: int, vectors: Vectors | None = None
    ) -> Reading:
        """Draw what is seen at a step, and warn where it is worse than before the run.

        ``vectors`` gives unit vectors (n, d) of :meth:`words`; without it only ``recall1`` (percent, of
        ``queries`` development synonyms) is looked at. The first look of a run is the base.
        """
        reading = self.read(recall1, vectors() if vectors else None)
        if reading.kept is not None:
            report.point("retention", step, reading.kept)
            if len(reading.retention) > 1:
                for language, value in reading.retention.items():
                    report.point(f"retention_{language}", step, value)
        if reading.cosine is not None:
            report.point("random_cosine", step, reading.cosine)
        if self._base is None:
            self._base = reading
            self._tell_watched()
        else:
            self._judge(reading, step, queries)
        return reading

    def read(self, recall1: float, vectors: NDArray[np.float32] | None) -> Reading:
        """What vectors (n, d) of :meth:`words` tell; nothing is drawn."""
        if vectors is None:
            return Reading(recall1)
        retention, first = {}, 0
        for probe in self._probes:
            last = first + len(probe.texts)
            retention[probe.language] = probe.score(vectors[first:last])
            first = last
        return Reading(recall1, retention, mean_cosine(vectors[first:]))

    def settle(self, reading: Reading, queries: int) -> None:
        """A stage is done and keeps the model of ``reading``: only what holds for it is still warned of."""
        self._kept = reading
        for found in self._findings.values():
            found.open = False
        self._judge(reading, None, queries)
        self._tell("warnings", [each.as_json() for each in self._findings.values()])
        self._tell_watched()

    def memory(self, base: int, peak: int, batch: int) -> None:
        """Bytes that the process held before the first step, and at most in one; ``batch`` examples in it."""
        self._tell("memory", {"base": base, "peak": peak, "batch": batch, "stage": self._stage})

    def _judge(self, reading: Reading, step: int | None, queries: int) -> None:
        """``step`` None: of what is kept, which shows no finding that training has not shown."""
        assert self._base is not None
        before = [found.as_json() for found in self._findings.values()]
        for kind, was, now, bad in self._compared(self._base, reading, queries):
            known = self._findings.get(kind)
            if bad:
                self._findings[kind] = self._found(kind, step, was, now)
            elif known:
                known.open = False
        found = [each.as_json() for each in self._findings.values()]
        if found != before:
            self._tell("warnings", found)

    def _found(self, kind: Kind, step: int | None, before: float, now: float) -> Finding:
        known = self._findings.get(kind)
        sign = 1 if kind == "collapse" else -1
        if known is not None and sign * known.worst >= sign * now:
            return replace(known, now=now, open=True)
        return Finding(
            kind, self._stage, known.step if known and step is None else step or 0, before, now, now
        )

    @staticmethod
    def _compared(base: Reading, now: Reading, queries: int) -> list[tuple[Kind, float, float, bool]]:
        rows: list[tuple[Kind, float, float, bool]] = []
        fall = base.recall1 - now.recall1
        # one synonym more or less is chance, however many points it makes of a small set
        rows.append(("dev", base.recall1, now.recall1, fall > FALL and fall * queries > 150))
        shared = [k for k in now.retention if base.retention.get(k, 0.0) >= KNOWN]
        if shared:
            was, left = (sum(each.retention[k] for k in shared) / len(shared) for each in (base, now))
            rows.append(("retention", was, left, was - left > FALL))
        if now.cosine is not None and base.cosine is not None:
            rows.append(("collapse", base.cosine, now.cosine, collapsed(base.cosine, now.cosine)))
        return rows

    def _tell_watched(self) -> None:
        readings = {"base": self._base, "kept": self._kept}
        self._tell("watched", {name: asdict(each) for name, each in readings.items() if each})

    # -- being put away ---------------------------------------------------------------------------

    def state(self) -> dict[str, Any]:
        """All that it has in mind, as JSON: for a checkpoint."""
        return {
            "watched": {"base": asdict(self._base)} if self._base else {},
            "warnings": [asdict(found) for found in self._findings.values()],
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Back to a :meth:`state`, or to what was told."""
        watched = state.get("watched", {})
        self._base = Reading(**watched["base"]) if "base" in watched else None
        self._findings = {}
        names = Finding.__dataclass_fields__
        found = [
            Finding(**{k: v for k, v in each.items() if k in names}) for each in state.get("warnings", ())
        ]
        self._findings = {each.kind: each for each in found}


def mean_cosine(vectors: NDArray[np.float32]) -> float | None:
    """The mean cosine of all pairs of different rows of unit vectors (n, d): (|sum|^2 - n) / (n (n - 1))."""
    count = len(vectors)
    if count < 2:
        return None
    total = vectors.astype("float64").sum(axis=0)
    return float((total @ total - count) / (count * (count - 1)))


def collapsed(before: float, now: float) -> bool:
    """Whether unrelated terms have moved onto one heap: their mean cosine went from ``before`` to ``now``.

    It rose by more than 0.2, which good training never does (it pushes unrelated terms apart); or it left
    less than a third of the distance between them, for models such as e5 whose cosines begin at 0.8, where
    there is no room for 0.2.
    """
    return now - before > JUMP or 1 - now < LEFT * (1 - before)


def fitting_looks(looks: Sequence[int], affordable: float) -> set[int]:
    """Of the steps ``looks`` at most ``affordable`` (and one), evenly, the last among them."""
    count = max(1, min(len(looks), int(affordable)))
    stride = -(-len(looks) // count)
    return set(sorted(looks)[::-1][::stride])


def _figure(kind: Kind, value: float) -> str:
    return f"{value:.2f}" if kind == "collapse" else f"{value:.1f}"


_SAID: dict[tuple[Kind, bool], LocalText] = {
    ("dev", True): LocalText(
        "比训练前差：开发集第 1 名命中率从 {before}% 降到 {now}%。学习率可能太大，或数据有误。",
        "Worse than before training: development Recall@1 fell from {before} % to {now} %. The learning rate "
        "may be too large, or the data wrong.",
    ),
    ("dev", False): LocalText(
        "训练途中（第 {step} 步）开发集第 1 名命中率曾从 {before}% 降到 {now}%，现在已不再如此。",
        "On the way (step {step}) development Recall@1 fell from {before} % to {now} %; no longer so.",
    ),
    ("retention", True): LocalText(
        "正在遗忘：通用词的命中率从 {before}% 降到 {now}%。可调小学习率，或在方案最后加上“与基础模型合并”。",
        "It forgets: Recall@1 on everyday words fell from {before} % to {now} %. A smaller learning rate "
        "helps, or the merge stage at the end of the recipe.",
    ),
    ("retention", False): LocalText(
        "训练途中（第 {step} 步）通用词的命中率曾从 {before}% 降到 {now}%，现在已不再如此。",
        "On the way (step {step}) Recall@1 on everyday words fell from {before} % to {now} %; no longer so.",
    ),
    ("collapse", True): LocalText(
        "向量正在坍缩：无关词的平均相似度从 {before} 升到 {now}，所有词越来越像。请停止，调小学习率。",
        "The vectors collapse: unrelated terms went from a mean cosine of {before} to {now}, all terms look "
        "alike. Stop, and choose a smaller learning rate.",
    ),
    ("collapse", False): LocalText(
        "训练途中（第 {step} 步）向量曾坍缩（无关词的平均相似度从 {before} 升到 {now}），现在已不再如此。",
        "On the way (step {step}) the vectors collapsed (the mean cosine of unrelated terms went from "
        "{before} to {now}); no longer so.",
    ),
}
