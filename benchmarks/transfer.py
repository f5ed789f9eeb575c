"""Whether it helps to tune on another dictionary first: Recall@1 on unseen concepts, with and without.

Run: python -m benchmarks.transfer DATA --home FOLDER [--pairs 2500]

DATA is a folder as for ``benchmarks.recipe_table``. Every English dictionary is tuned from minilm, and from
what minilm has become on each of the others.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from benchmarks.against_plain import WAYS, Bench, cases, trained
from workbench import Services, Settings

BASE = "minilm"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("--home", type=Path, required=True)
    parser.add_argument("--pairs", type=int, default=2500)
    asked = parser.parse_args()
    english = [case for case in cases(asked.data) if case.base == BASE]
    opened = Services(Settings.from_env(home=asked.home))
    try:
        opened.start()
        bench = Bench(opened, asked.home / "results.json", asked.pairs, WAYS)
        tuned: dict[str, str] = {}
        print("| dictionary | from | before | after | seconds |\n|---|---|---|---|---|")

        def row(name: str, base: str, said: str) -> str:
            case = next(each for each in english if each.name == name)
            dictionary = bench.dictionary(case)
            run = bench.tuned(dictionary, base, WAYS["finetune"])
            before, after = bench.scores(base, dictionary), bench.scores(run.name, dictionary)
            figures = f"{before.metrics.recall[1]:.1f} | {after.metrics.recall[1]:.1f} | {trained(run):.0f}"
            print(f"| {name} | {said} | {figures} |", flush=True)
            return run.name

        for case in english:
            tuned[case.name] = row(case.name, BASE, BASE)
        for case in english:
            for first, model in tuned.items():
                if first != case.name:
                    row(case.name, model, f"{BASE} tuned on {first}")
    finally:
        opened.close()


if __name__ == "__main__":
    main()
