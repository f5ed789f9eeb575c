"""From raw text to a layout: the map of the workbench against sentence-transformers and umap-learn.

    python -m benchmarks.bench_map --terms 5000 20000 100000 --results FILE.json

Each figure is a piece that is written to FILE when it is there; what is there already is not measured again.
The terms are pairs of words of a real dictionary, all different. "otherwise" encodes them with the same
weights (SentenceTransformer.encode) and calls umap.UMAP with its defaults and a seed, in a fresh process.
"""

from __future__ import annotations

import argparse
import json
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks.common import WORDNET, table
from workbench import Services, Settings
from workbench.types import Pair

CLOCK: Callable[[], float] = time.perf_counter

_PLAIN = """
import json, sys, time
CLOCK = getattr(time, sys.argv[4])
began = CLOCK()
from sentence_transformers import SentenceTransformer
import umap
terms = json.load(open(sys.argv[2], encoding="utf-8"))
vectors = SentenceTransformer(sys.argv[1], device="cpu").encode(terms, normalize_embeddings=True)
encoded = CLOCK() - began
began = CLOCK()
layout = umap.UMAP(metric="cosine", random_state=0).fit_transform(vectors)
laid_out = CLOCK() - began
sys.path.insert(0, sys.argv[3])
from workbench.embedding_map.projection import trustworthiness
print(json.dumps({"encode": encoded, "layout": laid_out, "trust": trustworthiness(vectors, layout)}))
"""


def terms_of(count: int) -> list[str]:
    """``count`` different texts of two words each, the same ones every time."""
    words = sorted(
        {line.split(",")[1] for line in WORDNET.read_text("utf-8").splitlines()[1:] if line.count(",") > 2}
    )
    draw, found = random.Random(5), dict[str, None]()
    while len(found) < count:
        found[f"{draw.choice(words)} {draw.choice(words)}"] = None
    return list(found)


def open_with(home: Path, count: int) -> tuple[Services, str]:
    """A workbench whose dictionary has ``count`` terms."""
    opened, name = Services(Settings.from_env({}, home=home, warm_worker=False)), f"map-{count}"
    if name not in {info.name for info in opened.dictionaries()}:
        terms = terms_of(count)
        pairs = [Pair(one, other) for one, other in zip(terms[::2], terms[1::2], strict=True)]
        opened._workspace.dictionaries.save(name, pairs, language="en", source="bench")
    return opened, name


def ours(home: Path, model: str, count: int) -> dict[str, Any]:
    """Seconds of encoding, of a layout from kept vectors, of one term added; and the trustworthiness."""
    opened, name = open_with(home, count)
    try:
        subject = opened._subject(name)
        began = CLOCK()
        opened._workspace.library.vectors(model, subject.terms)
        encoded = CLOCK() - began
        began = CLOCK()
        layout = opened.maps.layout(name, model)
        laid_out = CLOCK() - began
        began = CLOCK()
        opened.maps.colours(name, model, "cluster", layout=layout)
        clustered = CLOCK() - began
        return {"encode": encoded, "layout": laid_out, "trust": layout.trustworthiness, "cluster": clustered}
    finally:
        opened.close()


def added(home: Path, model: str, count: int) -> dict[str, Any]:
    """Seconds from an edit that adds a term to the layout with it, the map being open."""
    from workbench.editing.edits import AddSynonyms

    opened, name = open_with(home, count)
    try:
        opened.maps.layout(name, model)
        group = opened.editor.page(name).groups[0]
        edit = AddSynonyms(group.id, (f"new term {time.time():.0f}",))
        opened.editor.apply(name, edit, based_on=opened.dictionary(name).version)
        began = CLOCK()
        layout = opened.maps.layout(name, model)
        seconds = CLOCK() - began
        assert layout.updated >= 1
        opened.editor.undo(name, based_on=opened.dictionary(name).version)
        return {"added": seconds}
    finally:
        opened.close()


def ranked(home: Path, model: str, count: int) -> dict[str, Any]:
    """Seconds of the exact ranks of all terms."""
    opened, name = open_with(home, count)
    try:
        layout = opened.maps.layout(name, model)
        began = CLOCK()
        opened.maps.colours(name, model, "rank", layout=layout)
        return {"rank": CLOCK() - began}
    finally:
        opened.close()


def plain(home: Path, model: str, count: int) -> dict[str, Any]:
    """The same by sentence-transformers and umap-learn, in a process of its own."""
    opened, _ = open_with(home, count)
    folder = opened._workspace.library.folder(model)
    opened.close()
    with tempfile.NamedTemporaryFile("w", suffix=".json", encoding="utf-8") as file:
        json.dump(terms_of(count), file)
        file.flush()
        root = str(Path(__file__).parents[1])
        answer = subprocess.run(
            [sys.executable, "-W", "ignore", "-c", _PLAIN, str(folder), file.name, root, CLOCK.__name__],
            capture_output=True,
            text=True,
            check=True,
        )
    found: dict[str, Any] = json.loads(answer.stdout.splitlines()[-1])
    return found


PIECES: dict[str, Callable[[Path, str, int], dict[str, Any]]] = {
    "ours": ours,
    "added": added,
    "plain": plain,
    "rank": ranked,
}


def main() -> None:
    """Measure what is missing, and print what there is."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--terms", type=int, nargs="+", default=[5000, 20_000])
    parser.add_argument("--model", default="minilm")
    parser.add_argument("--pieces", nargs="+", choices=list(PIECES), default=list(PIECES))
    parser.add_argument("--results", type=Path, default=Path(tempfile.gettempdir()) / "bench_map.json")
    parser.add_argument("--home", type=Path, default=Path(tempfile.gettempdir()) / "bench_map_home")
    parser.add_argument("--processor", action="store_true", help="processor seconds, for a busy machine")
    options = parser.parse_args()
    if options.processor:
        globals()["CLOCK"] = time.process_time
    known: dict[str, Any] = json.loads(options.results.read_text()) if options.results.exists() else {}
    for count in options.terms:
        for piece in options.pieces:
            key = f"{options.model} {count} {piece}"  # one file a machine and a clock
            if key not in known:
                known[key] = PIECES[piece](options.home, options.model, count)
                options.results.write_text(json.dumps(known, indent=1))
                print(key, known[key], flush=True)
    print(table([row for count in options.terms for row in _rows(known, options.model, count)]))


def _rows(known: dict[str, Any], model: str, count: int) -> list[tuple[str, str, str, str]]:
    def of(piece: str) -> dict[str, Any]:
        return dict(known.get(f"{model} {count} {piece}", {}))

    mine, other, rows = of("ours"), of("plain"), []
    if mine and other:
        both = other["encode"] + other["layout"]
        trust = f"trust {other['trust']:.3f}", f"trust {mine['trust']:.3f}"
        rows = [
            (
                f"raw text to layout, {count:,} terms, encoded before",
                f"{both:.1f} s, {trust[0]}",
                f"{mine['layout']:.1f} s, {trust[1]}",
                f"{both / mine['layout']:.1f} ×",
            ),
            (
                "the same, nothing encoded before",
                f"{both:.1f} s",
                f"{mine['encode'] + mine['layout']:.1f} s",
                f"{both / (mine['encode'] + mine['layout']):.1f} ×",
            ),
            (
                "layout alone",
                f"{other['layout']:.1f} s",
                f"{mine['layout']:.1f} s",
                f"{other['layout'] / mine['layout']:.1f} ×",
            ),
        ]
    if of("added"):
        rows.append(("one term added to the open map", "laid out anew", f"{of('added')['added']:.2f} s", ""))
    if mine:
        rows.append(("islands", "", f"{mine['cluster']:.1f} s", ""))
    if of("rank"):
        rows.append(("rank of each term's nearest synonym, exact", "", f"{of('rank')['rank']:.1f} s", ""))
    return rows


if __name__ == "__main__":
    main()
