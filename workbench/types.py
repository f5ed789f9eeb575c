"""The nouns of the workbench: frozen dataclasses that every part speaks."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

from workbench.localtext import LocalText

Severity = Literal["error", "warning", "note"]
Part = Literal["train", "dev", "test"]
View = Literal["unseen", "seen", "all"]  # "all": the queries of a retrieval set, which has no parts
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


LABEL_COLUMNS = 5
LABEL_VALUES = 40
LABEL_LENGTH = 100  # characters
NO_LABEL = 255


@dataclass(frozen=True, slots=True)
class LabelColumn:
    """A column of an imported file that terms can be sorted by: a category, a department, a source.

    ``codes`` has one byte for each pair of the import: the place of its value in ``values`` (2 to 40 of
    them), or ``NO_LABEL`` where the cell is empty.
    """

    name: str
    values: tuple[str, ...]
    codes: bytes


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
    details: dict[str, Any] = field(default_factory=dict)  # what was chosen on dev; "told": in words


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
    attempt: int = 1  # 2 and more: taken up again after it had ended


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
    kind: Literal["base", "tuned", "baseline", "hybrid"]
    base: str | None  # of a tuned model; the model in a hybrid
    languages: tuple[str, ...]
    dimension: int | None
    size_bytes: int | None
    licence: str | None
    ready: bool  # on disk and loadable now
    default: bool = False
    note: LocalText | None = None
    run: str | None = None  # the run that left it
    stage: int | None = None  # which stage of a run of several, from 1


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


# -- editing a dictionary ---------------------------------------------------------------------------

StepKind = Literal["import", "edit", "undo", "redo", "restore"]
GroupFilter = Literal["all", "problems", "ambiguous", "chained", "untrained", "weakest"]
GroupSort = Literal["file", "name", "size", "recent"]


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of a dictionary version as it is stored: a synonym pair, or a pair marked as *not* synonyms.

    ``group`` is the id of the synonym group: it stays the same through every version, whatever the
    standard term is called. ``position`` orders the entries of a group. ``apart`` entries ("these two
    are not synonyms") belong to group 0; their two terms stand in ``standard`` and ``synonym``.
    """

    group: int
    position: int
    standard: str
    synonym: str
    row: int = 0
    apart: bool = False


@dataclass(frozen=True, slots=True)
class Group:
    """A synonym group as the editor shows it. ``changed`` is the number of the version that last
    changed it; ``flags`` are "ambiguous" (a synonym is in another group too), "chained" (its standard
    term is a synonym elsewhere, or a synonym of it a standard term elsewhere) and "untrained"
    (changed since the newest model was trained). ``marks`` gives the flags of single synonyms.
    ``labels`` gives, for each column kept with the dictionary, the values of those synonyms that have one."""

    id: int
    standard: str
    synonyms: tuple[str, ...]
    changed: int
    flags: tuple[str, ...] = ()
    marks: dict[str, tuple[str, ...]] = field(default_factory=dict)
    labels: dict[str, dict[str, str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Step:
    """One version of a dictionary in its history: what was done, by whom, when.

    The history only grows. An undo, a redo or a return to an earlier version is a step of its own
    whose content is that of version ``content_of``.
    """

    number: int  # of the version; 1 is the first import
    version_id: str
    kind: StepKind
    title: LocalText
    author: str  # "" where nobody gave a name
    created_at: float
    added: int  # pairs
    removed: int
    pairs: int
    content_of: int
    current: bool


@dataclass(frozen=True, slots=True)
class LabelChange:
    """A term whose value in a column is another one in another version; "" where it has none."""

    column: str
    term: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Difference:
    """What one version has and another has not; lists are cut at a limit, counts are whole."""

    added: tuple[Pair, ...]
    removed: tuple[Pair, ...]
    added_count: int
    removed_count: int
    apart_added: tuple[Pair, ...] = ()
    apart_removed: tuple[Pair, ...] = ()
    labels: tuple[LabelChange, ...] = ()
    label_count: int = 0


# -- labelled pairs, corpora, retrieval sets, suggestions ---------------------------------------------

PairSetKind = Literal["labels", "scores", "triplets"]
TextUnit = Literal["line", "paragraph"]
SuggestionKind = Literal["synonym", "sentence_pair", "question"]
SuggestionState = Literal["waiting", "accepted", "rejected", "later"]


@dataclass(frozen=True, slots=True)
class LabelledPair:
    """Two texts and how alike they are: ``label`` is 0 or 1 for "labels", 0..1 for "scores".

    For "triplets" the texts are anchor and positive, ``negative`` is the third, ``label`` is 1.
    """

    text1: str
    text2: str
    label: float
    negative: str = ""
    row: int = 0


@dataclass(frozen=True, slots=True)
class PairSetInfo:
    """A stored set of labelled pairs. ``trusted`` is false for labels that an outside model gave:
    they are used for training only once the expert has accepted the set. ``recipe`` says how a made
    set was made; empty for an import."""

    id: str
    name: str
    kind: PairSetKind
    rows: int
    positives: int
    trusted: bool
    source: str
    recipe: dict[str, Any]
    created_at: float


@dataclass(frozen=True, slots=True)
class CorpusInfo:
    """Stored raw text of the domain, without duplicates."""

    id: str
    name: str
    unit: TextUnit
    texts: int
    characters: int
    source: str
    created_at: float


@dataclass(frozen=True, slots=True)
class RetrievalSetInfo:
    """A stored benchmark: queries, a corpus of passages, and which passages answer which query."""

    id: str
    name: str
    queries: int
    passages: int
    answers: int
    source: str
    created_at: float


@dataclass(frozen=True, slots=True)
class RetrievalSet:
    """``answers[q]`` are the indices into ``passages`` that answer ``queries[q]``."""

    queries: tuple[str, ...]
    passages: tuple[str, ...]
    answers: tuple[tuple[int, ...], ...]


@dataclass(frozen=True, slots=True)
class Suggestion:
    """Something that waits for the expert's yes or no. ``score`` (0..1) orders the queue; ``label`` is
    what is proposed (1 alike, 0 not). ``first`` and ``second`` are a standard term and a synonym for
    "synonym", two sentences for "sentence_pair", a question and its passage for "question". ``what`` a
    model looked for: "merges", "strays", "pairs", "corpus"; "" else. ``details`` is what it found: the
    two terms that lie close (``term``, ``nearest``), their cosine, and the like."""

    id: int
    kind: SuggestionKind
    dictionary: str  # name; "" where it belongs to none
    first: str
    second: str
    label: float
    score: float | None
    source: str  # e.g. "generation:<job id>", "model:<run name>"
    reason: LocalText | None
    state: SuggestionState
    author: str
    created_at: float
    decided_at: float | None
    what: str = ""
    details: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class GenerationJob:
    """A job that asks a language model for rows. The key of the endpoint is never part of it."""

    id: str
    name: str
    config: dict[str, Any]
    state: RunState
    progress: float
    requests: int
    made: int  # rows that came
    kept: int  # rows that passed the filters and wait in the queue
    dropped: dict[str, int]  # filter -> rows it took out
    message: LocalText | None
    created_at: float
    finished_at: float | None
