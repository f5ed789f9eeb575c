"""The nouns of the workbench: frozen dataclasses that every part speaks."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

from workbench.localtext import LocalText

Severity = Literal["error", "warning", "note"]
Part = Literal["train", "dev", "test"]
View = Literal["unseen", "seen"]
RunState = Literal[
    "queued", "starting", "running", "stopping", "completed", "stopped", "failed", "interrupted"
]
ACTIVE_STATES: tuple[RunState, ...] = ("starting", "running", "stopping")
FINAL_STATES: tuple[RunState, ...] = ("completed", "stopped", "failed", "interrupted")


@dataclass(frozen=True, slots=True)
class Pair:
    """One line of a dictionary: a standard term (标准词) and one synonym (近似词) of it.

    Both raw, as the expert wrote them, but for outer white space. ``row`` is the 1-based line of
    the file it came from, header included; 0 where there was no file.
    """

    standard: str
    synonym: str
    row: int = 0


@dataclass(frozen=True, slots=True)
class SynonymGroup:
    """One standard term with its synonyms, in the order of the dictionary."""

    standard: str
    synonyms: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Problem:
    """Something about a file that the expert should know, and where it is."""

    code: str  # stable, for filters and tests: "empty_cell", "self_pair", "duplicate", "ambiguous", ...
    severity: Severity
    text: LocalText
    row: int | None = None
    column: str | None = None


@dataclass(frozen=True, slots=True)
class DictionaryInfo:
    """A dictionary and its newest version, without its pairs."""

    id: str
    name: str
    version: int
    version_id: str
    pairs: int
    standards: int
    terms: int
    language: str  # "zh", "en" or "mixed"
    source: str  # the file's name as uploaded, for show only
    created_at: float  # seconds since the epoch
    sample: bool = False


@dataclass(frozen=True, slots=True)
class Split:
    """Which component is for training, which for development, which for testing.

    ``parts`` maps a component's id (its smallest term key) to its part; ``component_of`` maps each
    term key to its component's id. ``held_out`` are pairs of *train* components,
    ``(standard key, synonym key)``, kept out of training for the diagnostic view "seen concepts".
    ``hash`` is the content hash of parts and held_out.
    """

    seed: int
    parts: dict[str, Part]
    component_of: dict[str, str]
    held_out: frozenset[tuple[str, str]]
    hash: str


@dataclass(frozen=True, slots=True)
class Metrics:
    """What the board shows of one model on one view of a benchmark. All rates in percent.

    ``recall`` is the mean share of relevant documents in the top K, ``hit`` the share of queries
    with at least one there; the two are equal when each query has one relevant document.
    """

    queries: int
    corpus: int
    recall: dict[int, float]  # K -> percent, K in 1, 5, 10
    hit: dict[int, float]
    mrr10: float
    ndcg10: float
    recall1_ci95: tuple[float, float]


@dataclass(frozen=True, slots=True)
class Evaluation:
    """One model measured on one benchmark view, with each query's outcome for later tests."""

    model: str
    fingerprint: str
    dictionary: str
    benchmark_hash: str
    view: View
    part: Part
    metrics: Metrics
    seconds: float
    created_at: float
    recall1: tuple[float, ...] = ()  # per query, 0..1, in the order of the benchmark's queries
    reciprocal_rank: tuple[float, ...] = ()  # per query


@dataclass(frozen=True, slots=True)
class Comparison:
    """A model against another on the same queries. Differences in points of Recall@1."""

    difference: float
    ci95: tuple[float, float]
    p_value: float  # two-sided paired sign-flip permutation at component level, Holm-corrected on a board
    verdict: Literal["better", "worse", "tied"]


@dataclass(frozen=True, slots=True)
class Parameter:
    """One knob of a stage: its range is checked, its help is shown."""

    name: str
    kind: Literal["int", "float", "bool", "choice"]
    default: Any
    title: LocalText
    help: LocalText
    minimum: float | None = None
    maximum: float | None = None
    choices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class StageConfig:
    """A stage by name with its parameters."""

    stage: str
    parameters: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Recipe:
    """An ordered tuple of stages under a name."""

    name: str
    title: LocalText
    help: LocalText
    stages: tuple[StageConfig, ...]


@dataclass(frozen=True, slots=True)
class Run:
    """One training run as the database knows it."""

    id: str
    name: str
    dictionary: str
    version_id: str
    split_hash: str
    base_model: str
    recipe: str
    config: dict[str, Any]  # all that is needed to repeat it
    state: RunState
    phase: LocalText  # what it is doing now, in words
    progress: float  # 0..1 of the current phase
    step: int
    total_steps: int
    created_at: float
    started_at: float | None
    finished_at: float | None
    message: LocalText | None  # why it ended as it did
    result: dict[str, Any]  # dev scores of base and best, chosen merge, seconds per phase
    queue_place: int | None = None  # 1 = next; None when not queued


@dataclass(frozen=True, slots=True)
class CurvePoint:
    """One value of one series of a run's live curve. ``seq`` grows: ask for what is newer."""

    seq: int
    series: str  # "loss", "dev_recall@1", "dev_recall@10", "dev_mrr@10"
    step: int
    value: float
    at: float


@dataclass(frozen=True, slots=True)
class ModelInfo:
    """A model that can be chosen: a base model of the catalogue or the result of a run."""

    id: str
    title: LocalText
    kind: Literal["base", "tuned", "baseline"]
    base: str | None  # of a tuned model
    languages: tuple[str, ...]
    dimension: int | None
    size_bytes: int | None
    licence: str | None
    ready: bool  # on disk and loadable now
    default: bool = False
    note: LocalText | None = None


@dataclass(frozen=True, slots=True)
class Hit:
    """One neighbour. ``score`` is a cosine for vector models, 0..1 for lexical ones."""

    term: str
    score: float
    known_synonym: bool
    standard: str  # the standard term of the group that the hit belongs to


@dataclass(frozen=True, slots=True)
class Similarity:
    """How alike two terms are under a model."""

    cosine: float
    probability: float  # calibrated, 0..1, that they are synonyms
    percentile: float  # 0..100: share of random pairs of the dictionary's terms that are less alike
    known_synonyms: bool


@dataclass(frozen=True, slots=True)
class Projection:
    """A 2-D layout of a dictionary's terms. Arrays are parallel."""

    terms: tuple[str, ...]
    groups: tuple[str, ...]  # the standard term of each
    parts: tuple[Part, ...]
    is_standard: tuple[bool, ...]
    x: Any  # float32 (n,)
    y: Any  # float32 (n,)
    method: str
    trustworthiness: float | None
    left_out: int  # terms above the limit of points
