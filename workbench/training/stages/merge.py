"""Merge with the base: no training, only the best point between the base's weights and the tuned ones."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from workbench.errors import Stopped, TrainingProblem
from workbench.localtext import LocalText
from workbench.models.folder_format import RERANKER
from workbench.training.dataset import DevProbe, DevScores
from workbench.training.looking import draw
from workbench.training.registry import StageContext, StageResult, StageSpec, Workload, register
from workbench.types import Parameter

if TYPE_CHECKING:
    import numpy as np
    import torch
    from numpy.typing import NDArray
    from sentence_transformers import SentenceTransformer


def run(context: StageContext, parameters: dict[str, Any]) -> StageResult:
    """Save ``base + alpha (tuned - base)`` with the alpha that is best on dev (Wortsman 2022).

    ``base`` is the model that the whole run began with, ``tuned`` the one that this stage is given. On a
    tie the alpha nearest to the base wins: it forgets least. The curve's steps are alpha in percent, 0 is
    the base. Needs no data of its own.

    Raises:
        TrainingProblem: nothing was trained before, or the two are not of one structure.
    """
    tuned_folder, base_folder = context.model.folder, context.base_folder or context.model.folder
    context.report.phase(LocalText("正在载入模型", "Loading the model"))
    _check(tuned_folder, base_folder)
    blend = _Blend(base_folder, tuned_folder)
    probe = DevProbe(context.data, max_queries=600, max_documents=3000)
    texts = tuple(context.data.terms[number] for number in probe.needed)
    context.report.phase(LocalText("正在与基础模型调和", "Blending with the base model"))
    words = context.monitor.words(context.data)

    def look(candidate: float, scores: DevScores, wide: bool) -> None:
        draw(context, round(100 * candidate), scores)
        vectors = (lambda: blend.vectors(candidate, words)) if wide else None
        context.monitor.look(context.report, round(100 * candidate), scores.recall1, probe.queries, vectors)

    look(0.0, probe.score(blend.vectors(0.0, texts)), True)
    tuned = best = probe.score(blend.vectors(1.0, texts))
    alpha, stopped = 1.0, False
    try:
        for number, candidate in enumerate(alphas := _alphas(int(parameters["steps"])), 1):
            scores = tuned if candidate == 1.0 else probe.score(blend.vectors(candidate, texts))
            look(candidate, scores, candidate == 1.0)
            better = scores.choice > best.choice or (scores.choice == best.choice and candidate < alpha)
            if better:
                best, alpha = scores, candidate
            context.report.steps(number, len(alphas))
        seen = context.monitor.read(best.recall1, blend.vectors(alpha, words))
        context.monitor.settle(seen, probe.queries)
    except Stopped:
        stopped = True
    stopped = context.stopped_at(LocalText("正在保存模型", "Saving the model")) or stopped
    _save(base_folder, tuned_folder, context.out, alpha)
    return StageResult(tuned, best, {"epoch": 0, "alpha": alpha}, None, stopped_early=stopped)


def _alphas(steps: int) -> list[float]:
    return [round((number + 1) / steps, 4) for number in range(steps)]


class _Blend:
    """One model whose weights are put anywhere between two."""

    def __init__(self, base: Path, tuned: Path) -> None:
        from workbench.models.loading import load_model

        self._model: SentenceTransformer = load_model(tuned)
        state = load_model(base).state_dict()
        self._ends = {
            name: (state[name].clone(), value.detach().clone())
            for name, value in self._model.state_dict().items()
            if value.is_floating_point() and not bool((state[name] == value).all())
        }
        self._places: Mapping[str, torch.Tensor] = self._model.state_dict()

    def vectors(self, alpha: float, texts: tuple[str, ...]) -> NDArray[np.float32]:
        """Unit vectors (n, d) of ``texts`` with ``base + alpha (tuned - base)``."""
        import torch

        from workbench.models.encoder import TextEncoder

        with torch.no_grad():
            for name, (base, tuned) in self._ends.items():
                self._places[name].copy_(torch.lerp(base, tuned, alpha))
        exact = os.environ.get("WORKBENCH_PRECISION") == "fp32"
        return TextEncoder(self._model, precision="fp32" if exact else "auto").encode(texts)


def _weights(folder: Path) -> dict[str, Path]:
    """By name; those of a reranker beside the model are no part of it."""
    found = {path.relative_to(folder).as_posix(): path for path in sorted(folder.rglob("*.safetensors"))}
    return {name: path for name, path in found.items() if not name.startswith(f"{RERANKER}/")}


def _check(tuned: Path, base: Path) -> None:
    from safetensors import safe_open

    def shapes(folder: Path) -> dict[tuple[str, str], tuple[int, ...]]:
        found = {}
        for name, path in _weights(folder).items():
            with safe_open(path, "np") as tensors:
                found.update(
                    {(name, key): tuple(tensors.get_slice(key).get_shape()) for key in tensors.keys()}  # noqa: SIM118 - no mapping
                )
        return found

    if tuned == base:
        raise TrainingProblem(
            LocalText(
                "「与基础模型合并」之前没有训练，没有可合并的。",
                "There is nothing to merge: no training went before.",
            ),
            LocalText("请把它放在方案的最后一步。", "Make it the last stage of a recipe."),
        )
    if not _weights(tuned) or shapes(tuned) != shapes(base):
        raise TrainingProblem(
            LocalText(
                "训练后的模型与基础模型的结构不同，不能合并（例如「即时映射」多加了一层）。",
                "The trained model is not of the base's structure and cannot be merged with it "
                "(an instant map adds a layer, for one).",
            ),
            LocalText("请去掉方案里的合并或那一步。", "Take the merge, or that stage, out of the recipe."),
        )


def _save(base: Path, tuned: Path, out: Path, alpha: float) -> None:
    """The tuned model's files with the tensors put where ``alpha`` says, in their stored precision."""
    import torch
    from safetensors.torch import load_file, save_file

    from workbench.models.adapter import copy_model

    names = _weights(tuned)
    copy_model(tuned, out, without=tuple(names))
    for name, path in names.items():
        ends, tensors = load_file(_weights(base)[name]), load_file(path)
        for key, value in tensors.items():
            if value.is_floating_point() and not torch.equal(value, ends[key]):
                tensors[key] = torch.lerp(ends[key].float(), value.float(), alpha).to(value.dtype)
        (out / name).parent.mkdir(parents=True, exist_ok=True)
        save_file(tensors, out / name, metadata={"format": "pt"})


def _estimate(work: Workload, parameters: dict[str, Any]) -> float:
    return 4.0 + (int(parameters["steps"]) + 1) * min(work.terms, 3600) * 0.4 / work.terms_per_second


register(
    StageSpec(
        name="merge",
        title=LocalText("与基础模型合并", "Merge with the base"),
        help=LocalText(
            "不训练：在基础模型与训练后的模型之间取一个最好的中间点，既留住学到的，又少忘原来会的。放在方案最后。",
            "No training: takes the best point between the base and the trained model, which keeps what was "
            "learnt and forgets less of what the base knew. For the end of a recipe.",
        ),
        needs=(),
        parameters=(
            Parameter(
                "steps",
                "int",
                10,
                LocalText("试几个点", "Points to try"),
                LocalText(
                    "在两个模型之间均匀地试几个点；10 就是 0.1、0.2 … 1。",
                    "How many points between the two models are tried; 10 means 0.1, 0.2 … 1.",
                ),
                2,
                50,
            ),
        ),
        estimate=_estimate,
        run=run,
        source="Wortsman et al. 2022, arXiv:2203.05482",
    )
)
