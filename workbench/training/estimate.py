"""How long a run will take on this machine, from what was seen of its speed."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from workbench.errors import BadParameter
from workbench.evaluation.measure import Subject
from workbench.localtext import LocalText
from workbench.models.base_model import UNKNOWN_RATE
from workbench.models.catalogue import spec_of
from workbench.models.word_vectors import is_vectors
from workbench.training.budget import Plan, fit_to_budget
from workbench.training.common_parameters import epoch_count
from workbench.training.dataset import check_enough
from workbench.training.registry import Workload, stage
from workbench.workspace import Workspace

VECTORS_ENCODE_RATE = 20_000.0  # of imported word vectors
UNPACK_SECONDS = 12.0
START_SECONDS = 1.5


@dataclass(frozen=True, slots=True)
class Estimate:
    """How long a run will take here. Seconds."""

    seconds: float
    prepare_seconds: float  # unpacking the base model
    encode_seconds: float
    train_seconds: float
    pairs: int  # training pairs
    terms: int  # terms that are not encoded yet
    measured_here: bool  # whether the speed of this machine was seen before
    note: LocalText
    measure_seconds: float = 0.0  # on the test terms, after each stage

    @property
    def before_training(self) -> float:
        """Seconds until the first stage can learn."""
        return self.prepare_seconds + self.encode_seconds

    def as_json(self) -> dict[str, Any]:
        """For the run's row."""
        return {
            "seconds": round(self.seconds, 1),
            "prepare": round(self.prepare_seconds, 1),
            "encode": round(self.encode_seconds, 1),
            "train": round(self.train_seconds, 1),
            "measure": round(self.measure_seconds, 1),
            "measured_here": self.measured_here,
        }


def estimate_run(
    workspace: Workspace,
    subject: Subject,
    base: str,
    configs: list[dict[str, Any]],
    *,
    labelled: int = 0,
    corpus: int = 0,
) -> Estimate:
    """What a run of the stages ``configs`` from ``base`` would take.

    ``labelled`` and ``corpus`` count the labelled pairs and raw texts that it is given (0: not known).

    The encoding rate is the one last seen on this machine for this base; stages say what they cost
    in it, corrected by how far off the estimate was the last time.

    Raises:
        TooLittleData: the dictionary is too small to train on.
    """
    rates, library = workspace.rates, workspace.library
    check_enough(subject.pairs, subject.split)
    work = _workload(workspace, subject, base, labelled, corpus)
    spec = spec_of(base)
    ready = any(info.id == base and info.ready for info in library.bases())
    missing = library.missing(base, subject.terms) if ready else work.terms
    training = _training_seconds(workspace, work, base, configs)
    measure = len(configs) * _measuring_guess(work) * rates.get(measuring_name(base), 1.0)
    prepare = 0.0 if ready or spec is None else UNPACK_SECONDS
    encode = missing / work.terms_per_second
    note = LocalText(
        "{pairs} 对训练词对，{terms} 个词待编码。", "{pairs} training pairs, {terms} terms to encode."
    ).format(pairs=f"{work.pairs:,}", terms=f"{missing:,}")
    seen = rates.seen(f"encode:{base}")
    if not seen:
        note = LocalText(
            "{note}这台电脑还没有测过速，第一次只是粗略估计。",
            "{note} This machine was not timed yet: a rough guess the first time.",
        ).format(note=note)
    total = prepare + encode + training + measure
    return Estimate(total, prepare, encode, training, work.pairs, missing, seen, note, measure)


def plan_within(
    workspace: Workspace,
    subject: Subject,
    base: str,
    configs: list[dict[str, Any]],
    budget: float,
    *,
    labelled: int = 0,
    corpus: int = 0,
) -> tuple[Plan, Estimate]:
    """The stages ``configs`` made to fit ``budget`` seconds, and the estimate of what came of them.

    Raises:
        BadParameter: the budget is over before the first stage can learn.
        TooLittleData: the dictionary is too small to train on.
    """
    given: dict[str, Any] = {"labelled": labelled, "corpus": corpus}
    whole = estimate_run(workspace, subject, base, configs, **given)
    if whole.before_training + START_SECONDS >= budget:
        raise BadParameter(
            LocalText(
                "时间预算 {budget} 秒太短：训练开始之前的准备就要约 {before} 秒。",
                "A time budget of {budget} s is too short: all that comes before training takes about "
                "{before} s.",
            ),
            LocalText("请放宽预算，或选一个更快的基础模型。", "Allow more, or choose a faster base model."),
            budget=f"{budget:g}",
            before=f"{whole.before_training:.0f}",
        )
    work = _workload(workspace, subject, base, labelled, corpus)

    def seconds_of(candidate: list[dict[str, Any]]) -> float:
        return whole.seconds - whole.train_seconds + _training_seconds(workspace, work, base, candidate)

    counted = _counted(configs, work)
    plan = fit_to_budget(counted, budget, seconds_of)
    if plan.configs == counted:
        plan = replace(plan, configs=configs)
    return plan, estimate_run(workspace, subject, base, plan.configs, **given)


def _counted(configs: list[dict[str, Any]], work: Workload) -> list[dict[str, Any]]:
    """The stages with their numbers of epochs, where those were left to choose."""
    return [
        {**entry, "parameters": {**parameters, "epochs": epoch_count(parameters, work.pairs)}}
        if (parameters := entry["parameters"]).get("epochs") == 0
        else entry
        for entry in configs
    ]


def _training_seconds(
    workspace: Workspace, work: Workload, base: str, configs: list[dict[str, Any]]
) -> float:
    return START_SECONDS + sum(
        stage(entry["stage"]).estimate(work, entry["parameters"])
        * workspace.rates.get(factor_name(base, entry["stage"]), 1.0)
        for entry in configs
    )


def _measuring_guess(work: Workload) -> float:
    """Seconds to measure one model: its vectors of all terms, and the search."""
    return 1.0 + work.terms / work.terms_per_second


def observe_measuring(workspace: Workspace, subject: Subject, base: str, seconds: float) -> None:
    """Remember how the time of measuring one model compares with its estimate."""
    guess = _measuring_guess(_workload(workspace, subject, base, 0, 0))
    workspace.rates.observe(measuring_name(base), seconds / guess)


def observe_stage(
    workspace: Workspace,
    subject: Subject,
    base: str,
    entry: dict[str, Any],
    seconds: float,
    *,
    labelled: int = 0,
    corpus: int = 0,
) -> None:
    """Remember how a finished stage's training time compares with its estimate."""
    work = _workload(workspace, subject, base, labelled, corpus)
    guess = stage(entry["stage"]).estimate(work, entry["parameters"])
    workspace.rates.observe(factor_name(base, entry["stage"]), seconds / guess)


def _workload(workspace: Workspace, subject: Subject, base: str, labelled: int, corpus: int) -> Workload:
    spec = spec_of(base)
    first = spec.terms_per_second if spec else VECTORS_ENCODE_RATE if is_vectors(base) else UNKNOWN_RATE
    rate = workspace.rates.get(f"encode:{base}", first)
    pairs = max(0, subject.part_counts()["train"] - len(subject.split.held_out))
    layers = spec.layers if spec else 0 if is_vectors(base) else 12
    return Workload(pairs, len(subject.terms), layers, rate, labelled, corpus)


def measuring_name(base: str) -> str:
    """The rate under which the correction of the estimate of measuring is kept."""
    return f"factor:{base}:measuring"


def factor_name(base: str, stage_name: str) -> str:
    """The rate under which the correction of a stage's estimate is kept."""
    return f"factor:{base}:{stage_name}"
