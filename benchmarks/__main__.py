"""``make bench``: all of them, or those named: encode, training, latency, bench_editor, bench_check, …"""

from __future__ import annotations

import importlib
import sys

from benchmarks.common import Row, table

ALL = ("encode", "training", "latency", "bench_editor", "bench_live", "bench_check", "bench_pairs")


def main(names: list[str]) -> None:
    rows: list[Row] = []
    for name in names or ALL:
        rows += importlib.import_module(f"benchmarks.{name}").run()
    print(table(rows))


if __name__ == "__main__":
    main(sys.argv[1:])
