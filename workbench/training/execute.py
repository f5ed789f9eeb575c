"""Carries out one run inside the worker: its stages in order, the artefact, the measuring, the verdict."""

from __future__ import annotations

import logging
import shutil
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from workbench.errors import Stopped
from workbench.evaluation.leaderboard import verdict_text
from workbench.evaluation.measure import Subject, baseline_infos
from workbench.evaluation.significance import compare
from workbench.localtext import LocalText
from workbench.models.library import ModelLibrary
from workbench.storage.artifacts import link_or_copy, staged_folder
from workbench.training.dataset import TrainingSet, build_training_set
from workbench.training.estimate import observe_stage
from workbench.training.material import Material, load_material
from workbench.training.registry import Reporter, StageContext, StageResult, stage
from workbench.types import Comparison, Evaluation, Run, RunState
from workbench.workspace import Workspace

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from workbench.training.worker import RunReporter

log = logging.getLogger("workbench.execute")
MEASURING = LocalText("正在测试集上测量", "Measuring on the test terms")
UNPACKING = LocalText("正在准备基础模型", "Preparing the base model")


@dataclass
class FolderModel:
    """A model folder as a stage sees it; encoding tells the run's reporter how far it is."""

    folder: Path
    fingerprint: str
    library: ModelLibrary
    report: Reporter
    rate_name: str
    spent: float = 0.0  # seconds of encoding so far

    def vectors(self, texts: tuple[str, ...]) -> NDArray[np.float32]:
        """Unit vectors (n, d), from the store or encoded now."""

        def tell(fraction: float, _: LocalText) -> None:
            self.report.progress(fraction)

        began = time.monotonic()
        vectors = self.library.vectors_of_folder(self.folder, texts, tell, rate_name=self.rate_name)
        self.spent += time.monotonic() - began
        return vectors


def execute(
    workspace: Workspace, run: Run, reporter: RunReporter
) -> tuple[RunState, LocalText, dict[str, Any]]:
    """Do the run's stages and measure what came out.

    Returns the final state, the sentence to end with, and the result to store.

    Raises:
        Stopped: stopped before there was anything to keep.
        WorkbenchError: a refusal, in words.
    """
    began = time.monotonic()
    info = workspace.dictionaries.version(run.version_id)
    subject = workspace.measurer.subject(info)
    data = build_training_set(subject.pairs, subject.split, subject.apart)
    material = load_material(workspace, run.config, subject.pairs, subject.split)
    reporter.phase(UNPACKING)
    folder = workspace.library.folder(run.base_model, lambda fraction, text: reporter.phase(text, fraction))
    base_folder = folder
    seconds: dict[str, float] = {"prepare": time.monotonic() - began}
    results: list[StageResult] = []
    stages = run.config["stages"]
    for number, entry in enumerate(stages):
        target = (
            workspace.settings.runs_path
            / run.id
            / ("model" if number == len(stages) - 1 else f"stage-{number + 1}")
        )
        stage_began = time.monotonic()
        rate_name = run.base_model if number == 0 else ""
        model = FolderModel(
            folder, workspace.library.fingerprint_of_folder(folder), workspace.library, reporter, rate_name
        )
        results.append(_do_stage(model, data, material, base_folder, entry, target, run, reporter))
        spent = time.monotonic() - stage_began
        seconds["encode"] = seconds.get("encode", 0.0) + model.spent
        seconds[entry["stage"]] = spent - model.spent
        if number == 0 and not results[-1].stopped_early:
            observe_stage(workspace, subject, run.base_model, entry, spent - model.spent)
        folder = target
        if results[-1].stopped_early:
            break
    stopped = results[-1].stopped_early
    if stopped and len(results) == 1 and not results[0].chosen.get("epoch"):
        shutil.rmtree(folder)
        raise Stopped(LocalText("已停止。", "Stopped."))  # nothing was learnt yet that would be worth keeping
    if stopped and folder.name != "model":
        _adopt(folder, folder.parent / "model")
        folder = folder.parent / "model"
    for number in range(1, len(stages)):
        shutil.rmtree(folder.parent / f"stage-{number}", ignore_errors=True)
    result = _result(results, seconds)
    if material.left_out:
        result["left_out"] = material.left_out  # texts and pairs that would have told a test answer
    if stopped:
        return "stopped", _stopped_text(results), result
    try:
        ending = _measure(workspace, run, subject, results, result, reporter)
        reporter.flush()
        if reporter.stop_request == "discard":
            raise Stopped(LocalText("已停止。", "Stopped."))
        return ending
    except Stopped:
        if reporter.stop_request == "discard":
            shutil.rmtree(folder)
            raise
        return "stopped", _stopped_text(results), result


def _do_stage(
    model: FolderModel,
    data: TrainingSet,
    material: Material,
    base_folder: Path,
    entry: dict[str, Any],
    target: Path,
    run: Run,
    reporter: RunReporter,
) -> StageResult:
    spec = stage(entry["stage"])
    size = sum(path.stat().st_size for path in model.folder.rglob("*") if path.is_file())
    extra = {"run": run.name, "base": run.base_model, "stage": spec.name, "parameters": entry["parameters"]}
    with staged_folder(target, needs_bytes=size, extra=extra) as out:
        seed = int(run.config["seed"])
        context = StageContext(data, model, out, reporter, seed, material, base_folder)
        result = spec.run(context, entry["parameters"])
        if result.stopped_early and reporter.stop_request == "discard":
            raise Stopped(LocalText("已停止。", "Stopped."))
    if result.vectors is not None:
        model.library.remember(target, data.terms, result.vectors)
    return result


def _adopt(stage_folder: Path, final: Path) -> None:
    """A recipe that was stopped between stages offers the last whole stage as its model."""
    with staged_folder(final) as out:
        for source in stage_folder.rglob("*"):
            if source.is_file() and source.name != "manifest.json":
                link_or_copy(source, out / source.relative_to(stage_folder))


def _measure(
    workspace: Workspace,
    run: Run,
    subject: Subject,
    results: Sequence[StageResult],
    result: dict[str, Any],
    reporter: RunReporter,
) -> tuple[RunState, LocalText, dict[str, Any]]:
    began = time.monotonic()
    reporter.phase(MEASURING)
    needed = [info.id for info in baseline_infos()] + [run.base_model]
    for system in needed:
        if not workspace.measurer.measured(system, subject.info):
            workspace.measurer.evaluate(system, subject.info, lambda f, _: reporter.progress(f))
    tuned = _as_tuned(workspace, run, subject, reporter)
    base = next(
        each
        for each in workspace.evaluations.of_benchmarks([subject.unseen.hash])
        if each.model == run.base_model
    )
    comparison = compare(tuned.recall1, base.recall1, subject.unseen.query_components)
    result["test"] = {
        "base": _numbers(base),
        "tuned": _numbers(tuned),
        "difference": asdict(comparison),
    }
    result["seconds"]["measure"] = time.monotonic() - began
    dev_gain = results[-1].best.choice - results[0].base.choice
    result["beats_base"] = bool(dev_gain > 0 and comparison.verdict != "worse")
    return "completed", _verdict(comparison, dev_gain), result


def _as_tuned(workspace: Workspace, run: Run, subject: Subject, reporter: RunReporter) -> Evaluation:
    """Measure the new model. Its manifest is there, so the library finds it by the run's name."""
    return workspace.measurer.evaluate(run.name, subject.info, lambda f, _: reporter.progress(f))[0]


def _verdict(comparison: Comparison, dev_gain: float) -> LocalText:
    sentence = verdict_text("tuned", comparison)
    if dev_gain > 0:
        return sentence
    return LocalText(
        "在开发集上没有超过基础模型，不建议使用。{verdict}",
        "It did not beat its base on the development terms: not offered as an improvement. {verdict}",
    ).format(verdict=sentence)


def _stopped_text(results: Sequence[StageResult]) -> LocalText:
    gain = results[-1].best.recall1 - results[0].base.recall1
    return LocalText(
        "已停止，留下了到此为止最好的模型（开发集 Recall@1 {gain} 个百分点）。可在排行榜上测量它。",
        "Stopped; the best model so far was kept (development Recall@1 {gain} points). "
        "The leaderboard can measure it.",
    ).format(gain=f"{gain:+.1f}")


def _result(results: Sequence[StageResult], seconds: dict[str, float]) -> dict[str, Any]:
    return {
        "dev": {"base": results[0].base.as_json(), "best": results[-1].best.as_json()},
        "chosen": [result.chosen for result in results],
        "seconds": {name: round(value, 2) for name, value in seconds.items()},
        "beats_base": bool(results[-1].best.choice > results[0].base.choice),
    }


def _numbers(evaluation: Evaluation) -> dict[str, Any]:
    metrics = evaluation.metrics
    return {"recall": metrics.recall, "mrr@10": metrics.mrr10, "recall@1_ci95": metrics.recall1_ci95}
