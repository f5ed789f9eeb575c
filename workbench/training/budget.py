"""Makes a recipe fit a time budget: fewer layers and epochs, no fewer than needed, before the run begins."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from workbench.errors import BadParameter
from workbench.localtext import LocalText
from workbench.training.common_parameters import LAYER_CHOICES
from workbench.training.registry import stage

RESERVE = 0.85  # of the budget is planned for: an estimate is none to the second
LEAST_SECONDS = 10.0
_UNITS = {"": 1.0, "s": 1.0, "m": 60.0, "min": 60.0, "h": 3600.0}
_DURATION = re.compile(r"\s*(\d+(?:\.\d+)?)\s*(s|min|m|h)?\s*", re.IGNORECASE)
Configs = list[dict[str, Any]]


@dataclass(frozen=True)
class Plan:
    """The stages as they will be trained. ``fits``: whether the estimate stays within the budget."""

    configs: Configs
    seconds: float  # estimated
    fits: bool

    def changes(self, wished: Configs) -> list[dict[str, Any]]:
        """What is other than wished: place (from 1), parameter, before, after."""
        return [
            {"place": place, "stage": one["stage"], "parameter": name, "before": value, "after": after}
            for place, (one, other) in enumerate(zip(wished, self.configs, strict=True), 1)
            for name, value in one["parameters"].items()
            if (after := other["parameters"][name]) != value
        ]


def parse_seconds(text: str) -> float:
    """Seconds of a duration as people write it: "90", "90s", "5m", "1.5h".

    Raises:
        BadParameter: it is none, or shorter than ten seconds.
    """
    found = _DURATION.fullmatch(text)
    if found is None:
        raise BadParameter(
            LocalText("看不懂时间预算「{text}」。", "“{text}” is no time budget."),
            LocalText("例如 90s、5m 或 1h。", "It can be 90s, 5m or 1h, for instance."),
            text=text,
        )
    return checked_seconds(float(found[1]) * _UNITS[(found[2] or "").lower()])


def checked_seconds(seconds: float) -> float:
    """``seconds`` as a budget. Raises BadParameter below ten seconds."""
    if not LEAST_SECONDS <= seconds < float("inf"):
        raise BadParameter(
            LocalText("时间预算太短：{seconds} 秒。", "A time budget of {seconds} s is too short."),
            LocalText("至少 {least} 秒。", "It takes at least {least} s."),
            seconds=f"{seconds:g}",
            least=f"{LEAST_SECONDS:g}",
        )
    return seconds


def fit_to_budget(configs: Configs, budget: float, seconds_of: Callable[[Configs], float]) -> Plan:
    """The stages ``configs`` (with all parameters) made to fit ``budget`` seconds by ``seconds_of``.

    A recipe that fits is left as it is: more epochs than it has would be learnt by heart. Else, in this
    order and only as far as needed: fewer epochs, down to one; then fewer layers, down to one. (One pass
    through all layers teaches a model more than several through its top ones in the same time.) What does
    not fit even so is the shortest there is. ``epochs`` must be numbers, none of them 0 for "choose".
    """
    shortest: Plan | None = None
    for candidate in _shorter(configs):
        seconds = seconds_of(candidate)
        if shortest is None or seconds < shortest.seconds:
            shortest = Plan(candidate, seconds, seconds <= RESERVE * budget)
        if seconds <= RESERVE * budget:
            return Plan(candidate, seconds, True)
    assert shortest is not None  # the recipe itself is the first candidate
    return shortest


def _shorter(configs: Configs) -> Iterator[Configs]:
    """From the recipe as it is to the shortest."""
    yield configs
    deep = [_depth(entry) for entry in configs]
    # where layers are trained, the time goes there: a map over ready vectors keeps its epochs
    costly = [entry["parameters"].get("epochs", 0) for entry, d in zip(configs, deep, strict=True) if d]
    every = [entry["parameters"].get("epochs", 0) for entry in configs]
    most, deepest = max(costly or every, default=0), max(deep, default=0)
    shares = [epochs / most for epochs in range(most - 1, 0, -1)]
    steps: list[tuple[int, float | None]] = [(deepest, share) for share in shares]
    steps += [(depth, 1 / most if most else None) for depth in range(deepest - 1, 0, -1)]
    for depth, share in steps:
        yield [
            _cut(entry, depth, share if d or not costly else None)
            for entry, d in zip(configs, deep, strict=True)
        ]


def _depth(entry: dict[str, Any]) -> int:
    """The number of layers as a place in the choices, from 1; 0 for a stage without layers."""
    layers = entry["parameters"].get("layers")
    return LAYER_CHOICES.index(layers) + 1 if layers in LAYER_CHOICES else 0


def _cut(entry: dict[str, Any], depth: int, share: float | None) -> dict[str, Any]:
    parameters = dict(entry["parameters"])
    if _depth(entry) > depth:
        parameters["layers"] = LAYER_CHOICES[depth - 1]
    if share is not None and "epochs" in parameters:
        parameters["epochs"] = max(1, round(share * parameters["epochs"]))
    return {**entry, "parameters": stage(entry["stage"]).checked(parameters)}
