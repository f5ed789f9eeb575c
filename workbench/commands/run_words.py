"""What the command line says of a run besides its figures: warnings, times, what a budget changed."""

from __future__ import annotations

from workbench.localtext import Language, LocalText
from workbench.types import Run

_ESTIMATED = LocalText("预计 {estimate}，实际 {actual}。", "Estimated {estimate}, took {actual}.")
_FELL = LocalText(
    "比训练前更差：测试集第 1 名命中率从 {before}% 降到 {after}%。请不要使用这个模型。",
    "WORSE THAN IT WENT IN: test Recall@1 fell from {before} % to {after} %. Do not use this model.",
)
_FELL_ON_DEV = LocalText(
    "比训练前更差：开发集第 1 名命中率从 {before}% 降到 {after}%。请不要使用这个模型。",
    "WORSE THAN IT WENT IN: development Recall@1 fell from {before} % to {after} %. Do not use this model.",
)
_NOTHING = LocalText(
    "训练没有带来好处（训练中最好 {after}%，训练前 {before}%），保存的是原来的模型。",
    "TRAINING MADE IT WORSE ({after} % at its best, {before} % before): what is saved is the model as it "
    "came in.",
)
_FITTED = LocalText("为了在 {budget} 内完成：{changes}。", "To fit {budget}: {changes}.")


def open_warnings(run: Run, language: Language) -> list[str]:
    """What the newest look has shown to be wrong."""
    found = run.result.get("warnings", ())
    return [LocalText.from_json(each["text"]).get(language) for each in found if each["open"]]


def worse_words(run: Run) -> LocalText | None:
    """That a run has come out worse than it went in, or that nothing came of it; None where neither is so."""
    dev, test = run.result.get("dev"), run.result.get("test")
    if run.state not in ("completed", "stopped") or not dev:
        return None
    before = dev["base"]["recall@1"]
    tried = next((each["tried"] for each in run.result.get("chosen", ()) if each.get("tried")), None)
    if tried is not None and dev["best"] == dev["base"]:
        return _filled(_NOTHING, before, tried["recall@1"])
    if test and test["tuned"]["recall"]["1"] < test["base"]["recall"]["1"]:
        beaten = run.result.get("beats_base") is False or test["difference"]["verdict"] == "worse"
        return _filled(_FELL, test["base"]["recall"]["1"], test["tuned"]["recall"]["1"]) if beaten else None
    if not test and dev["best"]["recall@1"] < before:
        return _filled(_FELL_ON_DEV, before, dev["best"]["recall@1"])
    return None


def duration_words(run: Run, language: Language) -> str:
    """How long it was to take and how long it took; empty where that is not known."""
    estimate = run.config.get("estimate", {}).get("seconds")
    if estimate is None or run.started_at is None or run.finished_at is None or run.attempt > 1:
        return ""
    actual = run.finished_at - run.started_at
    return _ESTIMATED.format(estimate=spelt(estimate), actual=spelt(actual)).get(language)


def fitted_words(run: Run, language: Language) -> str:
    """What a time budget has changed; empty where nothing."""
    changes = run.config.get("fitted")
    if not changes:
        return ""
    said = ", ".join(
        f"{each['place']}.{each['parameter']} {each['before']} → {each['after']}" for each in changes
    )
    return _FITTED.format(budget=spelt(run.config["budget"]), changes=said).get(language)


def record_words(run: Run) -> str:
    """What is needed to repeat the run, on a few lines."""
    config = run.config
    versions = " ".join(f"{name} {number}" for name, number in config.get("versions", {}).items())
    machine = " · ".join(str(value) for value in config.get("machine", {}).values())
    lines = [f"version {config.get('dictionary_version', run.version_id)}, split {run.split_hash}"]
    lines += [f"data {name} = {identity}" for name, identity in config.get("data", {}).items()]
    return "\n".join([*lines, *[each for each in (versions, machine) if each]])


def spelt(seconds: float) -> str:
    """``75`` as "1 min 15 s"."""
    whole = round(seconds)
    if whole < 60:
        return f"{seconds:.1f} s" if seconds < 10 else f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s" if whole % 60 else f"{whole // 60} min"
    return f"{whole // 3600} h {whole % 3600 // 60} min"


def _filled(sentence: LocalText, before: float, after: float) -> LocalText:
    return sentence.format(before=f"{before:.1f}", after=f"{after:.1f}")
