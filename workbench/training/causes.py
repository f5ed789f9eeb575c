"""How a run ended that did not end well, in a sentence, with what to try."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

from workbench.localtext import LocalText
from workbench.settings import size_text, who_can_change

FEWEST = 8  # a smaller batch is not advised
OUT_OF_MEMORY = LocalText("内存不够。{advice}", "Out of memory. {advice}")
_OVER_LIMIT = LocalText(
    "内存不够：用了 {held}，上限是 {limit}。{advice}{who}",
    "Out of memory: it took {held}, the limit is {limit}. {advice} {who}",
)
_AT_LIMIT = LocalText(
    "内存不够：上限是 {limit}。{advice}{who}", "Out of memory: the limit is {limit}. {advice} {who}"
)
INTERRUPTED = LocalText(
    "训练被中断（进程消失了）。可以继续它。",
    "The run was interrupted (its process is gone). It can be resumed.",
)
KILLED = LocalText(
    "训练进程被系统结束，可能是内存不够。可以继续它；若再次发生：{advice}",
    "The run's process was killed, perhaps for want of memory. It can be resumed; should it happen again: "
    "{advice}",
)
HUNG = LocalText(
    "训练进程超过 {seconds} 秒没有反应，已结束它。可以继续这次训练。",
    "The run's process did nothing for {seconds} s and was ended. It can be resumed.",
)
ENDED = LocalText(
    "训练进程意外退出（代码 {code}）。日志里有详细原因。",
    "The run's process ended unexpectedly (code {code}). The log has the details.",
)
STOPPED = LocalText("已停止，没有留下模型。", "Stopped; no model was kept.")
STOPPED_KEPT = LocalText(
    "已停止，留下了已经存好的模型。可在排行榜上测量它。",
    "Stopped; the model that was saved already is kept. The leaderboard can measure it.",
)
TIME_IS_UP = LocalText(
    "到了 {seconds} 秒的时间上限。{end}", "The time limit of {seconds} s was reached. {end}"
)
BUDGET_IS_UP = LocalText(
    "时间预算 {seconds} 秒用完了，比估计的慢。{end}点「继续」可以从这里接着训练，预算重新计算。",
    "The time budget of {seconds} s ran out: it took longer than estimated. {end} Resume goes on from here, "
    "with the same budget once more.",
)
_HALF_BATCH = LocalText(
    "请把批大小从 {batch} 调小，例如 {fits}。", "Try a smaller batch: {fits} instead of {batch}."
)
_SMALLER_BATCH = LocalText(
    "请把批大小从 {batch} 调小：{fits} 放得下。", "Try a smaller batch: {fits} fits, {batch} did not."
)
_LESS = LocalText("请关掉别的程序，或少训练几层。", "Close other programs, or train fewer layers.")
_OF_MEMORY = re.compile(r"alloc|out of memory|cannot allocate", re.IGNORECASE)


@dataclass(frozen=True)
class Memory:
    """What a stage was seen to need, in bytes: before its first step, and at most in a step of ``batch``.

    ``limit`` is what the process may take.
    """

    base: int
    peak: int
    batch: int
    limit: int

    @classmethod
    def of(cls, facts: dict[str, Any], limit: int, peak: int = 0) -> Memory | None:
        """From what the worker told. ``limit`` 0: what the machine has; ``peak``: more, seen since."""
        seen = facts.get("memory")
        if not seen:
            return None
        return cls(seen["base"], max(seen["peak"], peak), seen["batch"], limit or _machine_bytes())

    def fitting(self, batch: int) -> int:
        """The largest batch that is sure to fit where ``batch`` did not: at most half of it.

        Beyond the base, memory grows with the examples of a step. That many examples did not fit, so each
        needs at least its share of what was free; or more, where more was seen. A tenth is left over.
        """
        free = self.limit - self.base
        each = max((self.peak - self.base) / max(1, self.batch), free / batch)
        fits = int(0.9 * free / each) if free > 0 else 0
        powers = [2**n for n in range(14) if 2**n <= min(fits, batch // 2)]
        return powers[-1] if powers else 0


def out_of_memory(
    stage: dict[str, Any] | None, memory: Memory | None = None, *, limit: int = 0, held: int = 0
) -> LocalText:
    """That memory ran out in ``stage`` (an entry of the run's config), and what batch would fit.

    ``limit`` bytes that a run may take, where there is such a limit, and ``held``, what it took.
    """
    advice = smaller(stage, memory)
    if not limit:
        return OUT_OF_MEMORY.format(advice=advice)
    who = who_can_change("run_memory_bytes")
    words = _OVER_LIMIT.format(held=size_text(held, limit)) if held else _AT_LIMIT
    return words.format(limit=size_text(limit), advice=advice, who=who)


def smaller(stage: dict[str, Any] | None, memory: Memory | None = None) -> LocalText:
    """What to try in ``stage`` for less memory: a batch that fits, or half of it where nothing was seen."""
    parameters = (stage or {}).get("parameters", {})
    batch = parameters.get("chunk_size", parameters.get("batch_size"))  # what is in memory at one time
    if not isinstance(batch, int):
        return _LESS
    fits = memory.fitting(batch) if memory else batch // 2
    words = _SMALLER_BATCH if memory else _HALF_BATCH
    return words.format(batch=batch, fits=fits) if fits >= FEWEST else _LESS


def is_want_of_memory(error: BaseException) -> bool:
    """Whether an exception means that memory ran out: Python's own, or torch's."""
    return isinstance(error, MemoryError) or (
        isinstance(error, RuntimeError | OSError) and bool(_OF_MEMORY.search(str(error)))
    )


def unexpected(
    error: BaseException, stage: dict[str, Any] | None = None, memory: Memory | None = None, limit: int = 0
) -> LocalText:
    """A sentence for a failure that nobody foresaw; details are in the run's log."""
    if is_want_of_memory(error):
        return out_of_memory(stage, memory, limit=limit)
    return LocalText(
        "训练意外失败（{kind}）。详细原因在日志里。",
        "The run failed unexpectedly ({kind}). The log has the details.",
    ).format(kind=type(error).__name__)


def _machine_bytes() -> int:
    """What a process can have: the memory of the machine, or of the container."""
    total: int = psutil.virtual_memory().total
    for path in ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"):
        try:
            return min(total, int(Path(path).read_text("ascii")))
        except (OSError, ValueError):  # no such file, or "max"
            continue
    return total


def kills_for_memory() -> int:
    """How many processes the kernel has ended in this container for want of memory; 0 where unknown."""
    for path in ("/sys/fs/cgroup/memory.events", "/sys/fs/cgroup/memory/memory.oom_control"):
        try:
            found = re.search(r"^oom_kill (\d+)$", Path(path).read_text("ascii"), re.MULTILINE)
        except OSError:
            continue
        if found:
            return int(found.group(1))
    return 0
