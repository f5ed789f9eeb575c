"""Half an hour of use by two people in real browsers: does the server keep what it should have given back?

``python -m benchmarks.soak --minutes 30 --out soak.json`` starts a server on a new home folder, drives it
(:mod:`benchmarks.soak_use`), looks at it every 12 s from outside, and says what has grown.
``make reliability`` writes the figures into docs/reliability.md.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from collections.abc import Iterable
from datetime import date
from pathlib import Path
from typing import Any

import psutil

from benchmarks.soak_use import Asker, Maker, Person

ROOT = Path(__file__).resolve().parents[1]
EVERY = 12.0  # seconds between two looks
WARM_UP = 0.2  # of the time at least, and until each of the two has done everything twice
WINDOW = 0.25  # of the time after the warm-up: its beginning is compared with its end
TOLERANCE = 10.0  # percent that memory may have grown by
BREATH = 5  # threads or files more or less are the pools of the web server
BAD_LINE = re.compile(r"\b(ERROR|CRITICAL)\b|Traceback \(most recent call last\)|\w+(Error|Exception): ")
MEBIBYTE = 1 << 20


class Server:
    """The server as a person starts it, with a home and a folder for temporary files of its own."""

    def __init__(self, folder: Path) -> None:
        self.home, self.temporary = folder / "home", folder / "temporary"
        self.temporary.mkdir()
        self.output = folder / "server.txt"
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        self.address = f"http://127.0.0.1:{port}/"
        environment = {**os.environ, "TMPDIR": str(self.temporary), "PYTHONUNBUFFERED": "1"}
        command = [sys.executable, "-m", "workbench", "--home", str(self.home), "serve", "--port", str(port)]
        with self.output.open("wb") as out:
            self._process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=out, stderr=out)
        self.process = psutil.Process(self._process.pid)
        self.seen: dict[tuple[int, float], psutil.Process] = {}
        self._wait_for_page()

    def _wait_for_page(self) -> None:
        deadline = time.monotonic() + 120
        while True:
            try:
                with urllib.request.urlopen(self.address, timeout=10) as answer:
                    answer.read()
                return
            except OSError:
                if time.monotonic() > deadline or self._process.poll() is not None:
                    raise SystemExit(f"The page did not come up: {self.output.read_text()}") from None
                time.sleep(0.3)

    def look(self, began: float) -> dict[str, Any]:
        """What the server holds at this moment, as the system counts it. Sizes in MiB."""
        with self.process.oneshot():
            memory = self.process.memory_full_info()
            threads, files = self.process.num_threads(), self.process.num_fds()
        sockets = len(self.process.net_connections(kind="all"))
        children = self.process.children(recursive=True)
        self.seen.update(
            {(child.pid, child.create_time()): child for child in children if child.is_running()}
        )
        return {
            "at": round(time.monotonic() - began, 1),
            "rss": round(memory.rss / MEBIBYTE, 1),
            "uss": round(memory.uss / MEBIBYTE, 1),
            "swap": round(getattr(memory, "swap", 0) / MEBIBYTE, 1),
            "threads": threads,
            "files": files,
            "sockets": sockets,
            "children": len(children),
            "children_rss": round(sum(map(_rss, children)) / MEBIBYTE, 1),
            "temporary_files": count(self.temporary),
            "home_files": count(self.home),
            "database": round((self.home / "workbench.db").stat().st_size / MEBIBYTE, 2),
        }

    def close(self) -> dict[str, Any]:
        """End the server as Ctrl-C does; what it leaves behind."""
        began = time.monotonic()
        self._process.terminate()
        try:
            status: int | None = self._process.wait(timeout=60)
        except subprocess.TimeoutExpired:
            status = None
        seconds = time.monotonic() - began
        deadline = time.monotonic() + 10
        while (left := [p for p in self.seen.values() if _lives(p)]) and time.monotonic() < deadline:
            time.sleep(0.2)
        found = {
            "exit_status": status,
            "seconds": round(seconds, 1),
            "processes_started": len(self.seen),
            "processes_left": [process.pid for process in left],
            "temporary_files_left": sorted(
                str(p.relative_to(self.temporary)) for p in files_in(self.temporary)
            ),
        }
        if status is None:
            self._process.kill()
        return found

    def bad_lines(self) -> list[str]:
        """Errors and tracebacks in all logs of the home and in what the server printed."""
        logs = [self.output, *sorted(self.home.rglob("*.log")), *sorted(self.home.rglob("log.txt"))]
        found = []
        for log in logs:
            for line in log.read_text("utf-8", errors="replace").splitlines():
                if BAD_LINE.search(line):
                    found.append(f"{log.name}: {line[:300]}")
        return found


def _rss(process: psutil.Process) -> int:
    try:
        return int(process.memory_info().rss)
    except psutil.NoSuchProcess:
        return 0


def _lives(process: psutil.Process) -> bool:
    return process.is_running() and process.status() != psutil.STATUS_ZOMBIE


def files_in(folder: Path) -> Iterable[Path]:
    return (Path(place) / name for place, _, names in os.walk(folder) for name in names)


def count(folder: Path) -> int:
    return sum(1 for _ in files_in(folder))


# -- the verdict ------------------------------------------------------------------------------------------


def growth(looks: list[dict[str, Any]], warm: float, key: str) -> dict[str, float]:
    """How ``key`` has grown since second ``warm``: the median of the first quarter against that of the last.

    ``slope`` is that of the least-squares line through everything after the warm-up, per hour.
    """
    end = looks[-1]["at"]
    window = WINDOW * (end - warm)
    after = [x for x in looks if x["at"] >= warm]
    early = [x[key] for x in after if x["at"] < warm + window]
    late = [x[key] for x in after if x["at"] >= end - window]
    slope = statistics.linear_regression([x["at"] for x in after], [x[key] for x in after]).slope * 3600
    before, now = statistics.median(early), statistics.median(late)
    return {
        "before": round(before, 1),
        "after": round(now, 1),
        "percent": round(100 * (now - before) / before, 1) if before else 0.0,
        "slope_per_hour": round(slope, 1),
        "most": max(x[key] for x in looks),
        "least_before": min(early),
        "least_after": min(late),
    }


COUNTED = ("threads", "files", "sockets", "children", "temporary_files", "home_files")


def judged(document: dict[str, Any]) -> dict[str, bool]:
    """Each promise, and whether it was kept."""
    figures, end = document["growth"], document["end"]
    quiet, after = document["quiet_before"], document["quiet_after"]
    return {
        "memory flat within 10 % after warm-up": figures["rss"]["percent"] <= TOLERANCE,
        "no process left": not end["processes_left"],
        "no more children than before": after["children"] <= quiet["children"],
        "no threads leaked": _as_many(figures["threads"]),
        "no open files or sockets leaked": _as_many(figures["files"]) and _as_many(figures["sockets"]),
        # A run that is there, or under way, has some twenty files: what piles up is what is left when
        # they have been deleted.
        "no files pile up in the home folder": figures["home_files"]["least_after"]
        <= 1.05 * figures["home_files"]["least_before"] + 2,
        "no temporary file left": not end["temporary_files_left"],
        "no error in a log": not document["bad_lines"],
        "nothing refused or wrong on the page": not document["wrong"],
        "ended when asked": end["exit_status"] in (0, 130),
    }


def _as_many(figure: dict[str, float]) -> bool:
    """Whether something that is counted is not more than before: pools breathe by a few."""
    return figure["after"] - figure["before"] <= max(BREATH, TOLERANCE / 100 * figure["before"])


def markdown(document: dict[str, Any]) -> str:
    """The section of docs/reliability.md."""
    people = document["people"]
    said = [
        f"{document['minutes']:.0f} minutes on {document['date']}, {document['machine']}; "
        f"`{document['command']}`. Two browsers at once: "
        + "; ".join(
            f"{name} {each['rounds']} rounds, {sum(each['done'].values())} steps"
            for name, each in people.items()
        )
        + f". Looked at from outside {document['looks']} times. "
        f"The first {document['warm_up'] / 60:.0f} minutes count as warm-up: "
        f"{WARM_UP:.0%} of the time at least, and until both had done everything twice. "
        "After it the median of the first quarter is compared with that of the last.",
        "",
        "| | after warm-up | at the end | change | slope per hour | most |",
        "|---|---|---|---|---|---|",
    ]
    names = {
        "rss": "memory of the server (RSS, MiB)",
        "uss": "of that its own (USS, MiB)",
        "threads": "threads",
        "files": "open files and sockets",
        "sockets": "of these sockets",
        "children": "child processes",
        "temporary_files": "temporary files",
        "home_files": "files in the home folder",
        "database": "database (MiB)",
    }
    for key, name in names.items():
        row = document["growth"][key]
        said.append(
            f"| {name} | {row['before']:g} | {row['after']:g} | {row['percent']:+.1f} % "
            f"| {row['slope_per_hour']:+.1f} | {row['most']:g} |"
        )
    end = document["end"]
    said += [
        "",
        "What was done: "
        + "; ".join(
            f"{step.replace('_', ' ').strip()} {n}"
            for each in people.values()
            for step, n in each["done"].items()
        )
        + ".",
        "",
        f"Closed in {end['seconds']} s with status {end['exit_status']}; of {end['processes_started']} "
        f"processes that it had started {len(end['processes_left'])} were left, of its temporary files "
        f"{len(end['temporary_files_left'])}. Errors in the logs: {len(document['bad_lines'])}. "
        f"Wrong on the page: {len(document['wrong'])}.",
        "",
        "| promise | kept |",
        "|---|---|",
        *(f"| {promise} | {'yes' if kept else '**no**'} |" for promise, kept in document["promises"].items()),
    ]
    return "\n".join(said)


# -- the soak ---------------------------------------------------------------------------------------------


def soak(minutes: float, folder: Path) -> dict[str, Any]:
    """Everything that was seen, as one JSON document."""
    sys.path.insert(0, str(ROOT / "tests"))
    from ensure_browser import FLAGS, find_browser

    browser = find_browser()
    if browser is None:
        raise SystemExit("No Chromium is here: python tests/ensure_browser.py says what to do.")
    server = Server(folder)
    over = threading.Event()
    people: list[Person] = [each(server.address, browser, FLAGS, folder, over) for each in (Maker, Asker)]
    time.sleep(20)  # the libraries are imported, the first worker is warm
    began = time.monotonic()
    quiet, looks = server.look(began), []
    for person in people:
        person.start()
    warm = None
    while time.monotonic() - began < 60 * minutes and all(person.is_alive() for person in people):
        time.sleep(EVERY)
        looks.append(server.look(began))
        if warm is None and min(person.rounds for person in people) > 2:
            warm = looks[-1]["at"]
    warm = max(warm or 0.0, WARM_UP * looks[-1]["at"])
    over.set()
    for person in people:
        person.join(1800)  # what was begun is finished
    time.sleep(30)  # connections time out, the last worker is warm
    quiet_after = server.look(began)
    document: dict[str, Any] = {
        "date": date.today().isoformat(),
        "minutes": minutes,
        "machine": f"{os.cpu_count()} cores, {psutil.virtual_memory().total / 2**30:.0f} GiB of memory",
        "command": f"python -m benchmarks.soak --minutes {minutes:g}",
        "looks": len(looks),
        "warm_up": warm,
        "people": {p.name: {"rounds": p.rounds, "done": p.done, "slowest": p.slowest} for p in people},
        "wrong": [line for person in people for line in person.wrong],
        "quiet_before": quiet,
        "quiet_after": quiet_after,
        "growth": {
            key: growth(looks, warm, key) for key in ("rss", "uss", "children_rss", "database", *COUNTED)
        },
        "end": server.close(),
        "bad_lines": server.bad_lines(),
        "series": looks,
    }
    return {**document, "promises": judged(document)}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=30.0)
    parser.add_argument("--out", type=Path, help="where the figures go, as JSON")
    parser.add_argument("--keep", type=Path, help="a folder that is left as it is: logs, pictures, the home")
    options = parser.parse_args()
    if options.keep:
        options.keep.mkdir(parents=True)
        document = soak(options.minutes, options.keep.resolve())
    else:
        with tempfile.TemporaryDirectory(prefix="workbench-soak-", ignore_cleanup_errors=True) as folder:
            document = soak(options.minutes, Path(folder))
    if options.out:
        options.out.write_text(json.dumps(document, indent=1, ensure_ascii=False), encoding="utf-8")
    print(json.dumps({key: value for key, value in document.items() if key != "series"}, indent=1))
    print(markdown(document))
    return 0 if all(document["promises"].values()) else 1


if __name__ == "__main__":
    sys.exit(main())
