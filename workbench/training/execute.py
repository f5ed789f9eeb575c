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
from workbench.storage.artifacts import staged_folder
from workbench.training.dataset import TrainingSet, build_training_set
from workbench.training.estimate import observe_measuring, observe_stage
from workbench.training.material import Material, load_material
from workbench.training.monitoring import Monitor
from workbench.training.registry import Reporter, StageContext, StageResult, stage
from workbench.training.run_folder import Outcome, RunFolder
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
    base_folder = workspace.library.folder(
        run.base_model, lambda fraction, text: reporter.phase(text, fraction)
    )
    reporter.tell("base_fingerprint", workspace.library.fingerprint_of_folder(base_folder))
    work = _Work(workspace, run, subject, data, material, base_folder, reporter)
    return work.carry_out(time.monotonic() - began)


class _Work:
    """The stages of one run in their order. One that an earlier attempt has carried out is not repeated."""

    def __init__(
        self,
        workspace: Workspace,
        run: Run,
        subject: Subject,
        data: TrainingSet,
        material: Material,
        base_folder: Path,
        reporter: RunReporter,
    ) -> None:
        self._workspace, self._run, self._subject = workspace, run, subject
        self._data, self._material, self._base_folder = data, material, base_folder
        self._reporter = reporter
        self._folder = RunFolder(workspace.settings, run)
        self._outcomes: list[Outcome] = []
        self._monitor = Monitor(
            _languages(workspace, run.base_model),
            reporter.tell,
            run.result if self._folder.next_stage() > 1 else None,  # what is done again is looked at again
        )

    def carry_out(self, prepare: float) -> tuple[RunState, LocalText, dict[str, Any]]:
        """All stages that are not done yet, and the measuring; see :func:`execute`."""
        model = self._base_folder
        count = len(self._folder.stages)
        try:
            for number in range(1, count + 1):
                outcome = self._folder.outcome(number) or self._do_stage(number, model)
                self._outcomes.append(outcome)
                if outcome.result.stopped_early:
                    return self._stopped(prepare)
                model = self._folder.stage(number)
                if number < count:
                    self._measure_stage(number)
            self._reporter.end_budget()  # it is of training: what was learnt is measured all the same
        except Stopped:
            return self._stopped(prepare)
        result = self._result(prepare)
        try:
            ending = _measure(
                self._workspace, self._run, self._subject, self._results, result, self._reporter
            )
            self._reporter.flush()
            if self._reporter.stop_request == "discard":
                raise Stopped(LocalText("已停止。", "Stopped."))
            return ending
        except Stopped:
            return self._stopped(prepare)

    @property
    def _results(self) -> list[StageResult]:
        return [outcome.result for outcome in self._outcomes]

    def _do_stage(self, number: int, folder: Path) -> Outcome:
        """One stage, from its newest checkpoint where there is one; its model lies whole when it is done."""
        began = time.monotonic()
        reporter, library = self._reporter, self._workspace.library
        entry = self._folder.stages[number - 1]
        before = self._outcomes[-1].curve if self._outcomes else 0
        reporter.begin_stage(number, entry, before)
        self._monitor.begin_stage(number)
        model = FolderModel(
            folder,
            library.fingerprint_of_folder(folder),
            library,
            reporter,
            self._run.base_model if number == 1 else "",
        )

        def rewind(curve: int | None) -> None:
            reporter.rewind(before if curve is None else curve)
            if curve is None:
                reporter.point("stage", 0, number)  # where the curve is to say that a stage begins

        checkpoints = self._folder.checkpoints(
            number,
            mark=reporter.mark,
            rewind=rewind,
        )
        if checkpoints.empty():
            rewind(None)
        seed = int(self._run.config["seed"])
        target = self._folder.stage(number)
        size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
        manifest = _manifest(self._run, number, entry)
        with staged_folder(target, needs_bytes=size, extra=manifest) as out:
            context = StageContext(
                self._data,
                model,
                out,
                reporter,
                seed,
                self._material,
                self._base_folder,
                checkpoints,
                self._monitor,
                self._open_model,
            )
            result = stage(entry["stage"]).run(context, entry["parameters"])
            if result.stopped_early and reporter.stop_request == "discard":
                raise Stopped(LocalText("已停止。", "Stopped."))
            spent = time.monotonic() - began - model.spent
            outcome = Outcome(result, model.spent, spent, reporter.seq)
            manifest["outcome"] = outcome.as_json()
        if result.vectors is not None:
            library.remember(target, self._data.terms, result.vectors)
        if not result.stopped_early:
            checkpoints.clear()
            self._folder.tidy()
            if number == 1 and self._run.attempt == 1:
                observe_stage(
                    self._workspace,
                    self._subject,
                    self._run.base_model,
                    entry,
                    spent,
                    labelled=len(self._material.labelled) + len(self._material.triplets),
                    corpus=len(self._material.corpus),
                )
        return outcome

    def _open_model(self, which: str | Path) -> FolderModel:
        """Another model for a stage, by its id or its folder."""
        library, reporter = self._workspace.library, self._reporter
        folder = which
        if isinstance(folder, str):
            folder = library.folder(folder, lambda fraction, text: reporter.phase(text, fraction))
        return FolderModel(folder, library.fingerprint_of_folder(folder), library, reporter, "")

    def _measure_stage(self, number: int) -> None:
        """A stage's model gets a row of its own on the leaderboard."""
        name, info = f"{self._run.name}#{number}", self._subject.info
        if not self._workspace.measurer.measured(name, info):
            self._reporter.phase(MEASURING)
            self._workspace.measurer.evaluate(name, info, lambda f, _: self._reporter.progress(f))
        self._workspace.retention.measure(name, self._subject.terms, lambda f, _: self._reporter.progress(f))

    def _stopped(self, prepare: float) -> tuple[RunState, LocalText, dict[str, Any]]:
        """What is kept after Stop: the best so far, or the stage before.

        Raises:
            Stopped: nothing of this attempt is kept.
        """
        if self._reporter.stop_request == "discard":
            self._folder.discard()
            raise Stopped(LocalText("已停止。", "Stopped."))
        done = len(self._outcomes)
        if done and self._results[-1].stopped_early:
            last = self._results[-1]
            if not last.chosen.get("epoch"):  # nothing was learnt in it that would be worth keeping
                shutil.rmtree(self._folder.stage(done))
                self._outcomes.pop()
        done = len(self._outcomes)
        if not done or (not self._results[-1].stopped_early and self._folder.offered() > done):
            raise Stopped(LocalText("已停止。", "Stopped."))  # an earlier attempt came further, perhaps
        if done < len(self._folder.stages):
            self._folder.adopt(done)
            if self._results[-1].stopped_early:
                shutil.rmtree(self._folder.stage(done))  # it is the run's model now, and no whole stage
        return "stopped", _stopped_text(self._results), self._result(prepare)

    def _result(self, prepare: float) -> dict[str, Any]:
        seconds = {"prepare": prepare, "encode": 0.0}
        for entry, outcome in zip(self._folder.stages, self._outcomes, strict=False):
            seconds["encode"] += outcome.encode_seconds
            seconds[entry["stage"]] = seconds.get(entry["stage"], 0.0) + outcome.train_seconds
        result = _result(self._results, seconds)
        result.update(self._reporter.facts)
        if self._material.left_out:
            result["left_out"] = self._material.left_out  # texts that would have told a test answer
        return result


def _languages(workspace: Workspace, base: str) -> tuple[str, ...]:
    """Those that the base model speaks; none where it does not say."""
    library = workspace.library
    infos = [*library.bases(), *library.tuned()]
    return next((info.languages for info in infos if info.id == base), ())


def _manifest(run: Run, number: int, entry: dict[str, Any]) -> dict[str, Any]:
    spec = stage(entry["stage"])
    return {
        "run": run.name,
        "base": run.base_model,
        "number": number,
        "stage": spec.name,
        "title": spec.title.as_json(),
        "parameters": entry["parameters"],
    }


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
    retention = workspace.retention.measure(run.name, subject.terms, lambda f, _: reporter.progress(f))
    result["retention"] = retention.as_json()
    spent = time.monotonic() - began
    result["seconds"]["measure"] = round(spent, 2)
    observe_measuring(workspace, subject, run.base_model, spent)
    dev_gain = results[-1].best.choice - results[0].base.choice
    result["beats_base"] = bool(dev_gain > 0 and comparison.verdict != "worse")
    tried = results[-1].chosen.get("tried") if dev_gain == 0 else None
    verdict = _verdict(comparison, dev_gain, tried, results[0].base.recall1)
    if all(each.chosen.get("listed") for each in results):  # unseen terms could not gain: no praise, no blame
        result["beats_base"] = False if comparison.verdict == "worse" else None
        verdict = verdict_text("tuned", comparison)
    if told := results[-1].chosen.get("told"):
        verdict = _with_warning(verdict, LocalText.from_json(told))
    return "completed", _with_warning(verdict, retention.warning()), result


def _as_tuned(workspace: Workspace, run: Run, subject: Subject, reporter: RunReporter) -> Evaluation:
    """Measure the new model. Its manifest is there, so the library finds it by the run's name."""
    return workspace.measurer.evaluate(run.name, subject.info, lambda f, _: reporter.progress(f))[0]


def _verdict(
    comparison: Comparison, dev_gain: float, tried: dict[str, float] | None, before: float
) -> LocalText:
    """``tried``: the best development scores that training came to, where the base was kept instead."""
    if tried is not None:
        return LocalText(
            "没有学到有用的东西：开发集 Recall@1 训练前 {before}%，训练中最好 {after}%。"
            "保存的是原来的模型，没有改动。",
            "Nothing was gained: development Recall@1 was {before} % before and {after} % at the best of "
            "training. What is saved is the model as it came in.",
        ).format(before=f"{before:.1f}", after=f"{tried['recall@1']:.1f}")
    sentence = verdict_text("tuned", comparison)
    if dev_gain > 0:
        return sentence
    return LocalText(
        "在开发集上没有超过基础模型，不建议使用。{verdict}",
        "It did not beat its base on the development terms: not offered as an improvement. {verdict}",
    ).format(verdict=sentence)


def _with_warning(verdict: LocalText, warning: LocalText | None) -> LocalText:
    if warning is None:
        return verdict
    return LocalText("{verdict}{warning}", "{verdict} {warning}").format(verdict=verdict, warning=warning)


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
