"""How long the page takes to draw a map: from the points to the picture, and how fluently it is dragged.

    python -m benchmarks.bench_map_draw --points 10000 50000 100000

A real Chromium on the page itself; the layout is made up, so that drawing alone is measured.
"""

from __future__ import annotations

import argparse
import socket
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

from workbench import Services, Settings
from workbench.embedding_map.layout import MapLayout
from workbench.ui.app import build_app, launch_arguments

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
ROUNDS = 3
_COUNT_FRAMES = """() => {
  let last = performance.now();
  window.frames_seen = [];
  const tick = () => {
    const now = performance.now();
    window.frames_seen.push(now - last);
    last = now;
    requestAnimationFrame(tick);
  };
  requestAnimationFrame(tick);
}"""


def panned(page: Any) -> list[float]:
    """Milliseconds between the pictures while the map is dragged by the mouse for a second."""
    box = page.locator("#map-plot").bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.evaluate(_COUNT_FRAMES)
    page.mouse.move(x, y)
    page.mouse.down()
    page.evaluate("window.frames_seen.length = 0")
    for step in range(60):
        page.mouse.move(x + 4 * step, y + 2 * step)
        page.wait_for_timeout(16)
    frames = sorted(page.evaluate("window.frames_seen"))
    page.mouse.up()
    return [float(each) for each in frames]


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
    """Milliseconds, the best of three loads: from the points' arrival to the picture, from the page's
    address to the picture, and between two pictures while the map is dragged (median, 95th percentile)."""
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
                drawn, opened, middle, slow = [], [], [], []
                for _ in range(ROUNDS):
                    page = browser.new_page(viewport={"width": 1280, "height": 720})
                    began = time.perf_counter()
                    page.goto(f"{url}#map")
                    page.wait_for_function("window.WB && WB.mapDrawn > 0", timeout=180_000)
                    drawn.append(float(page.evaluate("WB.mapDrawn")))
                    opened.append(1000 * (time.perf_counter() - began))
                    frames = panned(page)
                    middle.append(frames[len(frames) // 2])
                    slow.append(frames[int(0.95 * len(frames))])
                    page.close()
                browser.close()
        finally:
            blocks.page_work.close()
            blocks.close(verbose=False)
            services.close()
    return {"drawn": min(drawn), "opened": min(opened), "frame": min(middle), "slow": min(slow)}


def main() -> None:
    """Print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--points", type=int, nargs="+", default=[10_000, 50_000, 100_000])
    print("| points | drawn | from the page's address on | a frame of panning | 95 % below |")
    print("|---|---|---|---|---|")
    for count in parser.parse_args().points:
        found = measure(count)
        times = f"{found['drawn'] / 1000:.2f} s | {found['opened'] / 1000:.1f} s"
        print(f"| {count:,} | {times} | {found['frame']:.0f} ms | {found['slow']:.0f} ms |", flush=True)


if __name__ == "__main__":
    main()
