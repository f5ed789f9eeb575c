"""In-batch negatives over several graphics cards: each computes its share, all see the whole batch."""

from __future__ import annotations

import json
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

from workbench.errors import Stopped, TrainingProblem
from workbench.localtext import LocalText
from workbench.training import common_parameters as common
from workbench.training import replica
from workbench.training.distributed import Team
from workbench.training.fitting import Fitted, concluded, estimated_seconds
from workbench.training.looking import Look, Looks
from workbench.training.registry import StageContext, StageResult, StageSpec, Workload, register
from workbench.training.stages.in_batch import InBatch
from workbench.training.trunk import SplitModel, split_model
from workbench.types import Parameter

START_SECONDS = 20.0  # until the processes have their libraries


def run(context: StageContext, parameters: dict[str, Any]) -> StageResult:
    """Train the top layers with in-batch negatives gathered across processes (Qu 2021, arXiv:2010.08191).

    Loss and data as in the stage ``in_batch``, and the same gradients as there with the whole batch in
    one process. Each process encodes its share of a batch; vectors are gathered with gradients, gradients
    averaged. The processes only train: this one looks at their weights after the planned steps, keeps the
    best, blends it with the base and saves it as :func:`workbench.training.fitting.fit_top_layers` does.

    Raises:
        TrainingProblem: there are not several graphics cards, nor were processes asked for; a process
            ended before the work was done; the architecture cannot be cut; the loss is no number.
    """
    import torch

    processes = _processes(int(parameters["processes"]))
    torch.manual_seed(context.seed)
    context.report.phase(LocalText("正在载入模型", "Loading the model"))
    layers = common.layer_count(parameters["layers"])
    model = split_model(context.model.folder, layers)
    context.report.phase(LocalText("正在计算冻结的各层", "Running the frozen layers once"))
    terms, watched = context.data.terms, context.monitor.texts
    model.prepare([*terms, *watched], context.report.progress, whole=len(terms), tail=len(watched))
    context.report.phase(LocalText("正在测量基础模型", "Measuring the base model"))
    objective = InBatch(context.data, parameters)
    course = _Course(context, parameters, model, objective)
    with tempfile.TemporaryDirectory(prefix="workbench-") as place:
        fitted = course.run(Path(place), layers, processes)
    result = concluded(context, parameters, model, course.looks, fitted)
    return replace(result, chosen={**result.chosen, "processes": processes})


def _processes(wished: int) -> int:
    """How many processes there are to be."""
    import torch

    cards = torch.cuda.device_count()
    if wished > 1 or (not wished and cards > 1):
        return wished or cards
    raise TrainingProblem(
        LocalText(
            "这个阶段是给有多块显卡的机器用的，这里可用的显卡有 {cards} 块。",
            "This stage is for machines with several graphics cards; here there are {cards}.",
        ),
        LocalText(
            "一块显卡或只有处理器时，请用「批内负例精调」或「大批量负例」，结果相同。"
            "一定要在处理器上分几个进程，请填「进程数」。",
            "With one card or a processor alone use “In-batch negatives” or “Large batches”: the result is "
            "the same. To use several processes on the processor all the same, fill in “Processes”.",
        ),
        cards=cards,
    )


class _Course:
    """The training as this process sees it: what the others tell, and looks at what they have come to."""

    def __init__(
        self, context: StageContext, parameters: dict[str, Any], model: SplitModel, objective: InBatch
    ) -> None:
        import torch

        self._context, self._parameters, self._model = context, parameters, model
        self.looks = Looks(context, model, objective, len(context.data.terms))
        self._per_epoch = len(objective.epoch(torch.Generator().manual_seed(context.seed)))
        self._epochs = int(parameters["epochs"])
        self._total = self._epochs * self._per_epoch
        self._due, self._wide = self.looks.plan(objective.examples, self._per_epoch, self._total)
        self._base = self.looks.take(0, 0.0, wide=True)
        self._best: Look | None = None
        self._worse = 0
        self._ended_at: float | None = None

    def run(self, folder: Path, layers: int, processes: int) -> Fitted:
        """Let the processes train, until they are done, patience runs out or Stop is pressed."""
        self._write_job(folder, layers)
        report = self._context.report
        stopped = False
        try:
            report.phase(LocalText("正在启动 {n} 个进程", "Starting {n} processes").format(n=processes))
            with Team(replica.__name__, str(folder), processes) as team:
                for message in team.messages(report):
                    self._take(folder, message)
                    if self._ended_at is not None:
                        break
        except Stopped:
            stopped = True
        return Fitted(self._base, self._best or self._base, stopped, self._ended_at, self._epochs)

    def _take(self, folder: Path, message: dict[str, Any]) -> None:
        report = self._context.report
        if "prepared" in message:
            report.progress(min(1.0, float(message["prepared"])))
        elif "point" in message:
            report.point(*message["point"])
        elif "step" in message:
            step = int(message["step"])
            if step == 1:
                report.phase(LocalText("正在训练", "Training"))
            report.point("loss", step, message["loss"])
            report.steps(step, self._total)
            if message["weights"]:
                self._look(folder / message["weights"], step)

    def _look(self, path: Path, step: int) -> None:
        from safetensors.torch import load_file

        weights = load_file(path)
        path.unlink()
        self._model.restore([weights[name] for name in sorted(weights)])
        seen = self.looks.take(step, step / self._per_epoch, wide=step in self._wide)
        better = self._best is None or seen.scores.choice > self._best.scores.choice
        self._best = seen if better else self._best
        self._worse = 0 if better else self._worse + 1
        patience = int(self._parameters["patience"])
        if patience and self._worse >= patience and step < self._total:
            self._ended_at = step / self._per_epoch

    def _write_job(self, folder: Path, layers: int) -> None:
        from safetensors.numpy import save_file

        context, data = self._context, self._context.data
        arrays = {name: getattr(data, name) for name in ("anchors", "positives", "concepts", "apart")}
        save_file(arrays, folder / replica.PAIRS)
        job = {
            "model": str(context.model.folder),
            "layers": layers,
            "terms": data.terms,
            "parameters": self._parameters,
            "seed": context.seed,
            "looks": sorted(self._due),
        }
        (folder / replica.JOB).write_text(json.dumps(job, ensure_ascii=False), encoding="utf-8")


def _estimate(work: Workload, parameters: dict[str, Any]) -> float:
    return START_SECONDS + estimated_seconds(work, parameters, 2 * work.pairs) / max(
        2, int(parameters["processes"])
    )


register(
    StageSpec(
        name="cross_device",
        title=LocalText("多显卡批内负例", "Negatives across devices"),
        help=LocalText(
            "给有多块显卡的机器：一批词对分给各卡计算，每个词仍与整批比较，反例更多而不慢。"
            "结果与「批内负例精调」用同样大的批相同；只有一块显卡或处理器时用不着它。",
            "For machines with several graphics cards: each computes its share of a batch, and every term is "
            "still compared with all of it: more negatives in the same time. The result is that of “In-batch "
            "negatives” with so large a batch; with one card or a processor alone it is of no use.",
        ),
        needs=("dictionary",),
        parameters=(
            common.epochs(4),
            common.patience(),
            common.layers("2"),
            common.learning_rate_by_layers(),
            common.temperature(),
            common.batch_size(256, most=8192),
            common.two_way(),
            Parameter(
                "processes",
                "int",
                0,
                LocalText("进程数", "Processes"),
                LocalText(
                    "分给多少个进程；0 表示每块显卡一个。没有那么多显卡时在处理器上计算。",
                    "Among how many processes the work is divided; 0: one for each graphics card. With fewer "
                    "cards than that they compute on the processor.",
                ),
                0,
                64,
            ),
        ),
        estimate=_estimate,
        run=run,
        source="Qu et al. 2021 (RocketQA), arXiv:2010.08191; Henderson et al. 2017, arXiv:1705.00652",
    )
)
