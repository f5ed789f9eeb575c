"""From recipes, stages and runs to the JSON that the Train tab draws; sentences go in both languages."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from workbench.localtext import LocalText
from workbench.storage.runs import RESUMABLE
from workbench.training.estimate import Estimate
from workbench.training.recipe_files import RecipeDifference
from workbench.training.registry import StageSpec
from workbench.types import (
    CorpusInfo,
    CurvePoint,
    Metrics,
    PairSetInfo,
    Parameter,
    Recipe,
    Run,
    StageConfig,
)
from workbench.ui.present import both, run_json
from workbench.ui.text import text

KINDS = ("dictionary", "corpus", "labels", "triplets")
Specs = Mapping[str, StageSpec]


def recipe_json(recipe: Recipe, specs: Specs, *, own: bool) -> dict[str, Any]:
    """A recipe with every parameter of its stages spelled out, and what it must be given."""
    needs = {need for entry in recipe.stages for need in specs[entry.stage].needs}
    return {
        "name": recipe.name,
        "title": both(recipe.title),
        "help": both(recipe.help),
        "own": own,
        "needs": [kind for kind in KINDS if kind in needs],
        "stages": [config_json(entry, specs) for entry in recipe.stages],
    }


def config_json(entry: StageConfig, specs: Specs) -> dict[str, Any]:
    """A stage of a recipe."""
    return {"stage": entry.stage, "parameters": specs[entry.stage].checked(entry.parameters)}


def stage_json(spec: StageSpec) -> dict[str, Any]:
    """A stage as it stands in the registry."""
    return {
        "name": spec.name,
        "title": both(spec.title),
        "help": both(spec.help),
        "needs": [kind for kind in KINDS if kind in spec.needs],
        "takes_corpus": any(parameter.name == "sources" for parameter in spec.parameters),
        "source": spec.source,
        "parameters": [parameter_json(parameter) for parameter in spec.parameters],
    }


def parameter_json(parameter: Parameter) -> dict[str, Any]:
    """One knob of a stage."""
    return {
        "name": parameter.name,
        "kind": parameter.kind,
        "default": parameter.default,
        "title": both(parameter.title),
        "help": both(parameter.help),
        "low": parameter.minimum,
        "high": parameter.maximum,
        "choices": list(parameter.choices),
    }


def corpus_json(info: CorpusInfo) -> dict[str, Any]:
    """A corpus to choose."""
    return {"name": info.name, "size": info.texts}


def pair_set_json(info: PairSetInfo) -> dict[str, Any]:
    """A pair set to choose."""
    kind = "triplets" if info.kind == "triplets" else "labels"
    return {"name": info.name, "size": info.rows, "kind": kind, "trusted": info.trusted}


def estimate_json(found: Estimate) -> dict[str, Any]:
    """How long a run would take."""
    return {
        "seconds": found.seconds,
        "prepare": found.prepare_seconds,
        "encode": found.encode_seconds,
        "train": found.train_seconds,
        "measure": found.measure_seconds,
        "note": both(found.note),
    }


def difference_json(found: RecipeDifference, specs: Specs) -> dict[str, Any]:
    """One thing that two recipes do not share."""
    spec = specs.get(found.stage)
    titles = {parameter.name: parameter.title for parameter in spec.parameters} if spec else {}
    whole = not found.parameter
    return {
        "place": found.place,
        "stage": both(spec.title) if spec else found.stage,
        "parameter": None if whole else both(titles.get(found.parameter)) or found.parameter,
        "first": _stage_title(found.first, specs) if whole else found.first,
        "second": _stage_title(found.second, specs) if whole else found.second,
    }


def _stage_title(name: Any, specs: Specs) -> Any:
    return both(specs[name].title) if name in specs else name


def points_json(points: Iterable[CurvePoint]) -> list[list[Any]]:
    """A curve's points: series, step, value, seconds since the epoch."""
    return [[point.series, point.step, point.value, round(point.at, 2)] for point in points]


def run_detail_json(run: Run, specs: Specs, scores: Sequence[Metrics | None] = ()) -> dict[str, Any]:
    """A run with its stages, what it was given and why it came out as it did.

    ``scores`` are those of its base and of the model after each stage, where it had several.
    """
    stages = [_stage_of_run(entry, specs) for entry in run.config.get("stages", ())]
    for entry, chosen in zip(stages, run.result.get("chosen", ()), strict=False):
        entry["chosen"] = chosen
    return {
        **run_json(run),
        "stages": stages,
        "corpora": list(run.config.get("corpora", ())),
        "pair_sets": list(run.config.get("pair_sets", ())),
        "seed": run.config.get("seed", 0),
        "attempt": run.attempt,
        "resumable": run.state in RESUMABLE,
        "estimate": run.config.get("estimate", {}).get("seconds"),
        "budget": run.config.get("budget"),
        "record": _record(run),
        "table": _table(run, specs, scores),
        "why": [sentence.as_json() for sentence in _why(run, specs)] if run.result else [],
    }


def change_json(change: Mapping[str, Any], specs: Specs) -> dict[str, Any]:
    """One parameter that a time budget has changed."""
    spec = specs.get(change["stage"])
    titles = {parameter.name: parameter.title for parameter in spec.parameters} if spec else {}
    return {
        "stage": both(spec.title) if spec else change["stage"],
        "parameter": both(titles.get(change["parameter"])) or change["parameter"],
        "before": change["before"],
        "after": change["after"],
    }


def _record(run: Run) -> list[list[Any]]:
    """What is needed to repeat a run: rows of a title in both languages and a value."""
    config = run.config
    machine = {**config.get("machine", {})}
    if "memory" in machine:
        machine["memory"] = f"{machine['memory'] / 2**30:.1f} GiB"
    rows: list[tuple[str, Any]] = [
        ("run", run.id),
        ("author", config.get("author")),
        ("dictionary", f"{run.dictionary} · {config.get('dictionary_version', '')} · {run.version_id}"),
        ("split", run.split_hash),
        ("base", run.base_model),
        ("fingerprint", run.result.get("base_fingerprint")),
        ("seed", config.get("seed")),
        ("data", " · ".join(f"{name} = {identity}" for name, identity in config.get("data", {}).items())),
        ("versions", " · ".join(f"{name} {number}" for name, number in config.get("versions", {}).items())),
        ("machine", " · ".join(str(value) for value in machine.values() if value not in (None, ""))),
    ]
    for number, entry in enumerate(config.get("stages", ()), 1):
        assigned = " ".join(f"{name}={value}" for name, value in entry["parameters"].items())
        rows.append(("stage", f"{number}. {entry['stage']}: {assigned}"))
    return [[text(f"record.{name}").as_json(), str(value)] for name, value in rows if value not in (None, "")]


def _stage_of_run(entry: dict[str, Any], specs: Specs) -> dict[str, Any]:
    name = entry["stage"]
    title = both(specs[name].title) if name in specs else name
    return {"stage": name, "title": title, "parameters": entry["parameters"], "chosen": None}


def _table(run: Run, specs: Specs, scores: Sequence[Metrics | None]) -> list[dict[str, Any]] | None:
    """A row for the base and one for each stage, in percent; None where there is nothing to compare."""
    entries = run.config.get("stages", ())
    if len(entries) < 2 or not any(scores[1:]):
        return None
    titles = [text("train.row_base").as_json()]
    titles += [_stage_of_run(entry, specs)["title"] for entry in entries]
    return [
        {"title": title, **{str(k): found.recall.get(k) if found else None for k in (1, 5, 10)}}
        for title, found in zip(titles, scores, strict=False)
    ]


def _why(run: Run, specs: Specs) -> list[LocalText]:
    """What was chosen on the way, in words."""
    said: list[LocalText] = []
    names = [*run.config.get("corpora", ()), *run.config.get("pair_sets", ())]
    if names:
        said.append(text("train.why_sets", names=LocalText.listing(names)))
    if run.result.get("left_out"):
        said.append(text("train.why_left_out", n=run.result["left_out"]))
    for change in run.config.get("fitted", ()):
        words = change_json(change, specs)
        stage, parameter = (_local(words[name]) for name in ("stage", "parameter"))
        before, after = change["before"], change["after"]
        said.append(text("train.why_fitted", stage=stage, parameter=parameter, before=before, after=after))
    said += [LocalText.from_json(each["text"]) for each in run.result.get("warnings", ()) if not each["open"]]
    for entry, chosen in zip(run.config.get("stages", ()), run.result.get("chosen", ()), strict=False):
        title = specs[entry["stage"]].title if entry["stage"] in specs else entry["stage"]
        said += _why_stage(title, entry["parameters"], chosen)
    return said


def _local(words: Any) -> Any:
    return LocalText.from_json(words) if isinstance(words, dict) else words


def _why_stage(title: Any, parameters: Mapping[str, Any], chosen: Mapping[str, Any]) -> list[LocalText]:
    said = []
    epoch, alpha = chosen.get("epoch"), chosen.get("alpha")
    if chosen.get("texts"):
        said.append(text("train.why_texts", stage=title, n=chosen["texts"]))
    if epoch == 0 and not alpha:
        said.append(text("train.why_base_kept", stage=title))
    elif epoch and "epochs" in parameters and parameters.get("keep") != "last":
        planned = chosen.get("of_epochs", parameters["epochs"])
        said.append(text("train.why_epoch", stage=title, epoch=f"{epoch:g}", epochs=planned))
    if chosen.get("ended_at") is not None:
        ended = f"{chosen['ended_at']:g}"
        said.append(text("train.why_early", stage=title, epoch=ended, patience=parameters.get("patience", 0)))
    if alpha is not None and 0 < alpha < 1:
        share = round(100 * alpha)
        said.append(text("train.why_alpha", stage=title, share=share, rest=100 - share))
    if chosen.get("told"):
        said.append(LocalText.from_json(chosen["told"]))
    return said
