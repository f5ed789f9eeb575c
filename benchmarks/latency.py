"""How soon things appear: the first page, the first loss point after the click, an answer to a query."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request

from benchmarks.common import Row, services
from workbench.services import Services
from workbench.types import Pair

QUERIES = 200


def run() -> list[Row]:
    return [first_page(), *first_points(), *queries()]


def first_page() -> Row:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with tempfile.TemporaryDirectory(prefix="workbench-bench-") as home:
        command = [sys.executable, "-m", "workbench", "--home", home, "serve", "--port", str(port)]
        began = time.perf_counter()
        server = subprocess.Popen(
            command, stdout=subprocess.DEVNULL, env={**os.environ, "WORKBENCH_WARM_WORKER": "0"}
        )
        try:
            while True:
                try:
                    with urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=5) as answer:
                        answer.read()
                    break
                except OSError:
                    time.sleep(0.05)
            seconds = time.perf_counter() - began
        finally:
            server.terminate()
            server.wait(timeout=20)
    return ("from the command to the first page, new home folder", "", f"{seconds:.1f} s", "")


def first_points() -> list[Row]:
    rows: list[Row] = []
    with services() as opened:
        base = next(model.id for model in opened.models() if model.default)
        opened.evaluate(base, "汽车")  # unpacks the model
        first = opened.start_run("汽车", base, "instant", name="warm-up")
        opened.start()
        _until_loss(opened, first.id)
        for recipe in ("instant", "finetune"):
            while opened.runs(1)[0].finished_at is None:
                time.sleep(0.1)
            time.sleep(20)  # the next worker's imports are done
            began = time.perf_counter()
            started = opened.start_run("汽车", base, recipe)
            _until_loss(opened, started.id)
            seconds = time.perf_counter() - began
            rows.append(
                (
                    f"from the click to the first loss point, {recipe}, terms encoded",
                    "",
                    f"{seconds:.1f} s",
                    "",
                )
            )
        opened.stop_run(started.id, keep=False)
        while opened.run(started.id).finished_at is None:
            time.sleep(0.1)
    return rows


def _until_loss(opened: Services, run_id: str) -> None:
    while not any(point.series == "loss" for point in opened.curve(run_id)):
        if opened.run(run_id).finished_at:
            raise SystemExit(str(opened.run(run_id).message))
        time.sleep(0.02)


def queries() -> list[Row]:
    import numpy as np

    from workbench.search.neighbours import Neighbourhood

    rows: list[Row] = []
    for count in (1_000, 10_000, 100_000):
        rng = np.random.default_rng(0)
        vectors = rng.normal(size=(count, 384)).astype(np.float32)
        vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
        terms = [f"term {i}" for i in range(count)]
        pairs = [Pair(terms[i], terms[i + 1]) for i in range(0, count - 1, 2)]
        hood = Neighbourhood(pairs, terms, vectors)
        ours, plain = [], []
        for i in range(QUERIES):
            began = time.perf_counter()
            hood.neighbours(terms[i], vectors[i], 10)
            ours.append(time.perf_counter() - began)
            began = time.perf_counter()
            scores = vectors @ vectors[i]
            [terms[j] for j in np.argsort(-scores)[1:11]]
            plain.append(time.perf_counter() - began)
        a, b = (1000 * float(np.percentile(each, 95)) for each in (plain, ours))
        rows.append(
            (
                f"10 nearest of {count:,} terms, p95",
                f"numpy {a:.2f} ms",
                f"{b:.2f} ms",
                f"{a / b:.1f} × as fast",
            )
        )
    return rows
