"""``make demo``: the whole main job in the terminal, on the sample dictionary, with the default base."""

from __future__ import annotations

import sys
import tempfile

from workbench.cli import main

DICTIONARY = "汽车"


def demo() -> int:
    with tempfile.TemporaryDirectory(prefix="workbench-demo-") as home:

        def step(said: str, *arguments: str) -> int:
            print(f"\n— {said}", flush=True)
            return main(["--home", home, *arguments])

        status = step(
            "the sample dictionary; training (Instant) on the default base",
            "train", "--dictionary", DICTIONARY, "--recipe", "instant", "--name", "demo",
        )  # fmt: skip
        status |= step(
            "the leaderboard, on concepts that training never saw", "leaderboard", "--dictionary", DICTIONARY
        )
        status |= step(
            "how alike are 霸道SUV and 丰田普拉多?", "similarity", "霸道SUV", "丰田普拉多", "--model", "demo"
        )
        status |= step(
            "what is near 波箱?",
            "neighbours",
            "波箱",
            "--model",
            "demo",
            "--dictionary",
            DICTIONARY,
            "-k",
            "5",
        )
    return status


if __name__ == "__main__":
    sys.exit(demo())
