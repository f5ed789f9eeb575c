"""How a run ended that did not end well, in a sentence, with what to try."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from workbench.localtext import LocalText

FEWEST = 8  # a smaller batch is not advised
OUT_OF_MEMORY = LocalText("内存不够。{advice}", "Out of memory. {advice}")
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
_SMALLER_BATCH = LocalText(
    "请把批大小从 {batch} 调小，例如 {half}。", "Try a smaller batch: {half} instead of {batch}."
)
_LESS = LocalText("请关掉别的程序，或少训练几层。", "Close other programs, or train fewer layers.")
_OF_MEMORY = re.compile(r"alloc|out of memory|cannot allocate", re.IGNORECASE)


def out_of_memory(stage: dict[str, Any] | None) -> LocalText:
    """That memory ran out in ``stage`` (an entry of the run's config), and half its batch as the advice."""
    return OUT_OF_MEMORY.format(advice=smaller(stage))


def smaller(stage: dict[str, Any] | None) -> LocalText:
    """What to try in ``stage`` for less memory."""
    batch = (stage or {}).get("parameters", {}).get("batch_size")
    if isinstance(batch, int) and batch // 2 >= FEWEST:
        return _SMALLER_BATCH.format(batch=batch, half=batch // 2)
    return _LESS


def is_want_of_memory(error: BaseException) -> bool:
    """Whether an exception means that memory ran out: Python's own, or torch's."""
    return isinstance(error, MemoryError) or (
        isinstance(error, RuntimeError | OSError) and bool(_OF_MEMORY.search(str(error)))
    )


def unexpected(error: BaseException, stage: dict[str, Any] | None = None) -> LocalText:
    """A sentence for a failure that nobody foresaw; details are in the run's log."""
    if is_want_of_memory(error):
        return out_of_memory(stage)
    return LocalText(
        "训练意外失败（{kind}）。详细原因在日志里。",
        "The run failed unexpectedly ({kind}). The log has the details.",
    ).format(kind=type(error).__name__)


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
