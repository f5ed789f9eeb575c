"""What a stage is, and the registry that the form, the command line, the docs and the tests follow."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from workbench.errors import BadParameter, NotFound, Stopped
from workbench.localtext import LocalText
from workbench.training.checkpoints import Checkpoints
from workbench.training.dataset import DevScores, TrainingSet
from workbench.training.material import Material
from workbench.training.monitoring import Monitor
from workbench.types import Parameter

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


class Reporter(Protocol):
    """How a stage tells where it is. Every method raises ``Stopped`` when the expert pressed Stop."""

    def phase(self, text: LocalText, progress: float = 0.0) -> None:
        """What is being done now, and how much of it is done (0..1)."""

    def progress(self, fraction: float) -> None:
        """How much of the current phase is done (0..1)."""

    def steps(self, step: int, total: int) -> None:
        """Which training step this is, of how many."""

    def point(self, series: str, step: int, value: float) -> None:
        """One value for the live curve: ``loss`` or ``dev_recall@1`` and the like (percent)."""

    def check_stop(self) -> None:
        """Only look whether to stop."""


class WorkingModel(Protocol):
    """The model that a stage starts from."""

    @property
    def folder(self) -> Path:
        """Where it lies; nobody changes it."""

    @property
    def fingerprint(self) -> str:
        """Its content hash."""

    def vectors(self, texts: tuple[str, ...]) -> NDArray[np.float32]:
        """Unit vectors, float32 (n, d); stored ones are read, others encoded and stored."""


@dataclass(frozen=True)
class StageContext:
    """All that a stage is given. It writes its model into ``out``, an empty staging folder.

    ``material`` holds the raw text and the labelled pairs that the expert chose for the run;
    ``base_folder`` is the model that the whole run began with (None: the one of this stage).
    """

    data: TrainingSet
    model: WorkingModel
    out: Path
    report: Reporter
    seed: int
    material: Material = field(default_factory=Material)
    base_folder: Path | None = None
    checkpoints: Checkpoints | None = None  # where a long loop saves itself; None: nowhere
    monitor: Monitor = field(default_factory=Monitor)  # watches for forgetting and collapse
    open_model: Callable[[str | Path], WorkingModel] | None = None  # another one, by its id or its folder

    def stopped_at(self, phase: LocalText) -> bool:
        """Begin a phase when there is something to keep: whether Stop was pressed (it is not raised)."""
        try:
            self.report.phase(phase)
        except Stopped:
            return True
        return False


@dataclass(frozen=True)
class StageResult:
    """What a stage gives back.

    ``vectors`` are those of ``data.terms`` under the new model where the stage has them at hand,
    float32 (n, d) of unit length; ``base`` and ``best`` the development scores before and after;
    ``chosen`` says in words which candidate was kept.
    """

    base: DevScores
    best: DevScores
    chosen: dict[str, Any]
    vectors: NDArray[np.float32] | None = None
    stopped_early: bool = False


@dataclass(frozen=True, slots=True)
class Workload:
    """What an estimate is made from."""

    pairs: int
    terms: int
    layers: int  # of the base model; 0 for one without transformer layers
    terms_per_second: float  # encoding speed of the base model on this machine
    labelled: int = 0  # labelled pairs and triplets; 0: not known
    corpus: int = 0  # texts of raw corpora; 0: not known


@dataclass(frozen=True, slots=True)
class StageSpec:
    """One technique. Registering it is all that is needed for it to appear everywhere."""

    name: str
    title: LocalText
    help: LocalText
    needs: tuple[str, ...]  # kinds of data: "dictionary", "corpus", "labels", "triplets"
    parameters: tuple[Parameter, ...]
    estimate: Callable[[Workload, dict[str, Any]], float]  # seconds of training, encoding not counted
    run: Callable[[StageContext, dict[str, Any]], StageResult]
    source: str = ""  # paper or formula

    def checked(self, given: dict[str, Any]) -> dict[str, Any]:
        """All parameters with their values: given ones checked and converted, others by default.

        Raises:
            BadParameter: an unknown name, or a value outside its range.
        """
        known = {parameter.name: parameter for parameter in self.parameters}
        for name in given:
            if name not in known:
                raise BadParameter(
                    LocalText(
                        "「{stage}」没有叫「{name}」的参数。", "“{stage}” has no parameter called “{name}”."
                    ),
                    LocalText("可用的参数：{names}。", "It has: {names}."),
                    stage=self.title,
                    name=name,
                    names=", ".join(known),
                )
        return {
            name: _checked(parameter, given.get(name, parameter.default)) for name, parameter in known.items()
        }


_BOOLEANS = {
    **dict.fromkeys(("1", "true", "yes", "on"), True),
    **dict.fromkeys(("0", "false", "no", "off"), False),
}


def _checked(parameter: Parameter, value: Any) -> Any:
    wrong = BadParameter(
        LocalText("「{title}」不能是 {value}。", "“{title}” cannot be {value}."),
        LocalText("请填 {range}。", "It can be {range}."),
        title=parameter.title,
        value=value,
        range=_range(parameter),
    )
    try:
        if parameter.kind == "choice":
            if str(value) not in parameter.choices:
                raise wrong
            return str(value)
        if parameter.kind == "bool":
            if str(value).lower() not in _BOOLEANS:
                raise wrong
            return _BOOLEANS[str(value).lower()]
        number: float = int(value) if parameter.kind == "int" else float(value)
        if parameter.kind == "int" and float(value) != number:
            raise wrong
    except (TypeError, ValueError, OverflowError) as error:
        raise wrong from error
    low = parameter.minimum if parameter.minimum is not None else number
    high = parameter.maximum if parameter.maximum is not None else number
    if not low <= number <= high:
        raise wrong
    return number


def _range(parameter: Parameter) -> str:
    if parameter.kind == "choice":
        return " / ".join(parameter.choices)
    if parameter.kind == "bool":
        return "true / false"
    return f"{parameter.minimum:g} – {parameter.maximum:g}"


_STAGES: dict[str, StageSpec] = {}


def register(spec: StageSpec) -> StageSpec:
    """Add a stage to the registry."""
    _STAGES[spec.name] = spec
    return spec


def stages() -> dict[str, StageSpec]:
    """Every stage by name. A file in ``training/stages/`` is found by being there."""
    import importlib
    import pkgutil

    import workbench.training.stages as package

    for module in pkgutil.iter_modules(package.__path__):
        importlib.import_module(f"{package.__name__}.{module.name}")
    return dict(_STAGES)


def stage(name: str) -> StageSpec:
    """The stage called ``name``.

    Raises:
        NotFound: there is none.
    """
    known = stages()
    if name not in known:
        raise NotFound(
            LocalText("没有叫「{name}」的训练方法。", "There is no stage called “{name}”."),
            LocalText("可用的：{names}。", "There are: {names}."),
            name=name,
            names=", ".join(known),
        )
    return known[name]
