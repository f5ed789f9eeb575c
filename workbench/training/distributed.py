"""Several processes that train one model together: what they exchange, and who starts and ends them."""

from __future__ import annotations

import contextlib
import json
import os
import queue
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from workbench.errors import Stopped, TrainingProblem
from workbench.localtext import LocalText
from workbench.training.looking import Vectors

if TYPE_CHECKING:
    import torch

GRACE = 5.0  # seconds until a process that was killed is gone
LISTEN = 0.2  # seconds between two questions whether somebody pressed Stop


def gathered(mine: torch.Tensor) -> torch.Tensor:
    """The rows of all processes, in the order of their ranks, with gradients.

    ``mine`` (n, d) has equally many rows in each process; the result is (processes x n, d). Backwards, a
    process gets the sum of what all processes' losses say of its rows, as from one process with all of
    them when losses are added (sentence-transformers' ``all_gather_with_grad`` does the same).
    """
    import torch
    import torch.distributed as dist

    class Gather(torch.autograd.Function):  # type: ignore[misc]  # torch is typed Any here
        @staticmethod
        def forward(ctx: Any, rows: torch.Tensor) -> torch.Tensor:
            parts = [torch.empty_like(rows) for _ in range(dist.get_world_size())]
            dist.all_gather(parts, rows.contiguous())
            return torch.cat(parts)

        @staticmethod
        def backward(ctx: Any, *gradients: torch.Tensor) -> torch.Tensor:
            total = gradients[0].contiguous()
            dist.all_reduce(total)
            return total.chunk(dist.get_world_size())[dist.get_rank()]

    result: torch.Tensor = Gather.apply(mine)
    return result


def shared(vectors: Vectors) -> Vectors:
    """``vectors`` of a batch's texts, of which each process computes its share and gets the others'.

    Where the processes do not divide the texts evenly, some are computed twice and dropped.
    """
    import torch
    import torch.distributed as dist

    def computed(texts: torch.Tensor) -> torch.Tensor:
        share = -(-len(texts) // dist.get_world_size())
        places = torch.arange(share * dist.get_world_size()) % len(texts)
        own = texts[places.chunk(dist.get_world_size())[dist.get_rank()]]
        return gathered(vectors(own))[: len(texts)]

    return computed


def average_gradients(parameters: Sequence[torch.nn.Parameter]) -> None:
    """Give every process the mean of all processes' gradients."""
    import torch
    import torch.distributed as dist

    gradients = [each.grad if each.grad is not None else torch.zeros_like(each) for each in parameters]
    flat = torch.cat([gradient.reshape(-1) for gradient in gradients])
    dist.all_reduce(flat)
    flat /= dist.get_world_size()
    for each, part in zip(parameters, flat.split([g.numel() for g in gradients]), strict=True):
        each.grad = part.view_as(each)


class Heard(Protocol):
    """Who is asked, while one waits for the processes, whether to go on."""

    def check_stop(self) -> None:
        """Raise Stopped when not."""


class Hurried:
    """Waits for ``seconds`` and no longer."""

    def __init__(self, seconds: float) -> None:
        self._until = time.monotonic() + seconds

    def check_stop(self) -> None:
        """Raise Stopped when they are over."""
        if time.monotonic() > self._until:
            raise Stopped(LocalText("已停止。", "Stopped."))


class Team:
    """Processes that run ``module`` under torchrun, each as ``python -m module argument``; a context.

    What rank 0 writes to its standard output as lines of JSON objects is what :meth:`messages` gives. The
    standard input of all of them is a pipe from here: :func:`end_with_parent` ends them when it closes, so
    that none outlives this process, however it ends.
    """

    def __init__(self, module: str, argument: str, processes: int) -> None:
        # torchrun makes a folder for logs even where it writes none, and leaves it behind
        self._logs = tempfile.TemporaryDirectory(prefix="workbench-", ignore_cleanup_errors=True)
        command = [sys.executable, "-m", "torch.distributed.run", "--standalone"]
        command += ["--log-dir", self._logs.name]
        command += ["--nproc-per-node", str(processes), "-m", module, argument]
        threads = max(1, (os.cpu_count() or 1) // processes)
        environment = {**os.environ, "OMP_NUM_THREADS": str(threads), "PYTHONUNBUFFERED": "1"}
        if sys.platform == "linux":
            environment.setdefault("GLOO_SOCKET_IFNAME", "lo")  # all of them are on this machine
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment, text=True
        )
        self._heard: queue.Queue[dict[str, Any]] = queue.Queue()
        self._listener = threading.Thread(target=self._listen, daemon=True)
        self._listener.start()

    def __enter__(self) -> Team:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def members(self) -> list[Any]:
        """The launcher and what it started, as psutil sees them."""
        import psutil

        try:
            launcher = psutil.Process(self._process.pid)
            return [*launcher.children(recursive=True), launcher]
        except psutil.NoSuchProcess:
            return []

    def messages(self, report: Heard) -> Iterator[dict[str, Any]]:
        """What rank 0 says, until it is done.

        Raises:
            Stopped: ``report`` says so, such as when somebody pressed Stop.
            TrainingProblem: a process ended before the work was done.
        """
        while True:
            if self._process.poll():
                raise _died(self._process.returncode)
            try:
                message = self._heard.get(timeout=LISTEN)
            except queue.Empty:
                report.check_stop()
                if self._process.poll() == 0 and not self._listener.is_alive() and self._heard.empty():
                    raise _died(0) from None
                continue
            if message.get("problem"):
                raise TrainingProblem(LocalText(message["problem"]["zh"], message["problem"]["en"]))
            if message.get("done"):
                return
            yield message

    def close(self) -> None:
        """End all of them, by force: they hold nothing that was not handed over.

        Asked, a launcher that is still starting would not answer for seconds.
        """
        import psutil

        with contextlib.suppress(psutil.Error):  # so that it starts none while they are counted
            psutil.Process(self._process.pid).suspend()
        for process in self.members():
            with contextlib.suppress(psutil.Error):
                process.kill()
        self._process.wait()
        with contextlib.suppress(OSError):
            if self._process.stdin:
                self._process.stdin.close()
        self._listener.join(GRACE)  # it hears the end of the last of them
        if self._process.stdout:
            self._process.stdout.close()
        self._logs.cleanup()

    def _listen(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            with contextlib.suppress(ValueError):  # a library may print there, too
                message = json.loads(line)
                if isinstance(message, dict):
                    self._heard.put(message)


def _died(code: int) -> TrainingProblem:
    return TrainingProblem(
        LocalText(
            "一起训练的进程中有一个中途结束了（{code}），这次训练因此失败。",
            "One of the processes that trained together ended before the work was done ({code}); "
            "the run failed.",
        ),
        LocalText(
            "详情见运行日志。多半是内存不够：请把批大小或进程数调小再试。",
            "The run's log says more. Most often memory is short: try a smaller batch or fewer processes.",
        ),
        code=code,
    )


def say(message: dict[str, Any]) -> None:
    """Tell the parent, from rank 0."""
    sys.stdout.write(json.dumps(message, ensure_ascii=False) + "\n")
    sys.stdout.flush()


def end_with_parent() -> None:
    """End this process at once when the parent closes the pipe to its standard input, or dies."""

    def watch() -> None:
        while os.read(0, 4096):
            time.sleep(0)
        os._exit(0)

    threading.Thread(target=watch, daemon=True).start()


def write_whole(path: Path, tensors: dict[str, torch.Tensor]) -> None:
    """Tensors as safetensors under a name that is there only when the file is whole."""
    from safetensors.torch import save_file

    beside = path.with_suffix(".part")
    save_file(tensors, beside)
    beside.replace(path)
