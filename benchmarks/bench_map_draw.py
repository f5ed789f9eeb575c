"""How long the page takes to draw a map: from the points to the picture, and a frame of panning.

    python -m benchmarks.bench_map_draw --points 10000 50000 100000

A real Chromium on the page itself; the layout is made up, so that drawing alone is measured.
"""

from __future__ import annotations

import argparse
import socket
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from workbench import Services, Settings
from workbench.embedding_map.layout import MapLayout
from workbench.ui.app import build_app, launch_arguments

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
ROUNDS = 3
_PAN = """async () => {
  const plot = document.getElementById("map-plot"), frames = [];
  for (let k = 0; k < 20; k++) {
    const began = performance.now();
    await WB.Plotly.relayout(plot, {"xaxis.range": [-1 + k / 50, 1 + k / 50]});
    await new Promise(requestAnimationFrame);
    frames.push(performance.now() - began);
  }
  return frames.sort((a, b) => a - b)[10];
}"""


def made_up(count: int, version: str, method: str) -> MapLayout:
    """``count`` terms in groups of three, in clouds."""
    random = np.random.default_rng(1)
    groups = -(-count // 3)
    group = np.arange(count) // 3
    clouds = random.uniform(-0.9, 0.9, (groups // 40 + 1, 2))
    middle = clouds[random.integers(0, len(clouds), groups)] + random.normal(0, 0.03, (groups, 2))
    xy = np.clip(middle[group] + random.normal(0, 0.008, (count, 2)), -1, 1).astype(np.float32)
    return MapLayout(
        terms=tuple(f"词语 number {i}" for i in range(count)),
        groups=tuple(f"词语 number {3 * k}" for k in group.tolist()),
        parts=("train",) * count,
        is_standard=tuple(i % 3 == 0 for i in range(count)),
        x=xy[:, 0].copy(),
        y=xy[:, 1].copy(),
        method=method,
        trustworthiness=0.9,
        left_out=0,
        version_id=version,
    )


def measure(count: int) -> dict[str, float]:
    """Milliseconds, the best of three loads: from the points' arrival to the drawn picture; a frame."""
    from ensure_browser import FLAGS, find_browser
    from playwright.sync_api import sync_playwright

    with tempfile.TemporaryDirectory() as folder, socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
        probe.close()
        services: Any = Services(Settings.from_env({}, home=Path(folder) / "home", warm_worker=False))
        services.maps.layout = lambda name, _model, method="umap", **_: made_up(
            count, services.dictionary(name).version_id, method
        )
        services.vectors_ready = lambda *_: True
        blocks = build_app(services)
        blocks.queue(default_concurrency_limit=8)
        arguments = launch_arguments(blocks, services, "127.0.0.1", port)
        _, url, _ = blocks.launch(**arguments, prevent_thread_lock=True)
        try:
            with sync_playwright() as playwright:
                browser = playwright.chromium.launch(executable_path=find_browser(), args=FLAGS)
                drawn, frames = [], []
                for _ in range(ROUNDS):
                    page = browser.new_page(viewport={"width": 1280, "height": 720})
                    page.goto(f"{url}#map")
                    page.wait_for_function("window.WB && WB.mapDrawn > 0", timeout=180_000)
                    drawn.append(float(page.evaluate("WB.mapDrawn")))
                    frames.append(float(page.evaluate(_PAN)))
                    page.close()
                browser.close()
        finally:
            blocks.page_work.close()
            blocks.close(verbose=False)
            services.close()
    return {"drawn": min(drawn), "frame": min(frames)}


def main() -> None:
    """Print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--points", type=int, nargs="+", default=[10_000, 50_000, 100_000])
    print("| points | drawn after | a frame of panning |\n|---|---|---|")
    for count in parser.parse_args().points:
        found = measure(count)
        print(f"| {count:,} | {found['drawn'] / 1000:.2f} s | {found['frame']:.0f} ms |", flush=True)


if __name__ == "__main__":
    main()
