"""How long a run will take on this machine, from what was seen of its speed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from workbench.evaluation.measure import Subject
from workbench.localtext import LocalText
from workbench.models.catalogue import spec_of
from workbench.training.dataset import check_enough
from workbench.training.registry import Workload, stage
from workbench.workspace import Workspace

# Short terms a second on two cores, before anything was seen of this machine: deliberately modest.
FIRST_ENCODE_RATES = {"e5-small": 400.0, "minilm": 900.0, "use": 2500.0}
UNKNOWN_ENCODE_RATE = 300.0
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
    training = START_SECONDS + sum(
        stage(entry["stage"]).estimate(work, entry["parameters"])
        * rates.get(factor_name(base, entry["stage"]), 1.0)
        for entry in configs
    )
    prepare = 0.0 if ready or spec is None else UNPACK_SECONDS
    encode = missing / work.terms_per_second
    note = LocalText(
        "{pairs} 对训练词对，{terms} 个词待编码。", "{pairs} training pairs, {terms} terms to encode."
    ).format(pairs=work.pairs, terms=missing)
    seen = rates.seen(f"encode:{base}")
    if not seen:
        note = LocalText(
            "{note}这台电脑还没有测过速，第一次只是粗略估计。",
            "{note} This machine was not timed yet: a rough guess the first time.",
        ).format(note=note)
    return Estimate(prepare + encode + training, prepare, encode, training, work.pairs, missing, seen, note)


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
    rate = workspace.rates.get(f"encode:{base}", FIRST_ENCODE_RATES.get(base, UNKNOWN_ENCODE_RATE))
    pairs = max(0, subject.part_counts()["train"] - len(subject.split.held_out))
    spec = spec_of(base)
    layers = spec.layers if spec else 12
    return Workload(pairs, len(subject.terms), layers, rate, labelled, corpus)


def factor_name(base: str, stage_name: str) -> str:
    """The rate under which the correction of a stage's estimate is kept."""
    return f"factor:{base}:{stage_name}"
