"""Precision that was asked for and precision that came out, on synonyms taken out of a dictionary.

    python -m benchmarks.bench_match FILE MODEL [--home FOLDER]

FILE is a dictionary (standard and synonym columns). Of each test concept with several synonyms, half are
taken out of the dictionary and matched against what is left.
"""

from __future__ import annotations

import argparse
import random
import tempfile
import time
from pathlib import Path

from workbench import Services, Settings
from workbench.evaluation.split import connected_components, distinct_terms, make_split, part_of
from workbench.normalise import term_key
from workbench.search.matching import Matcher
from workbench.types import Pair, Split

PRECISIONS = (0.8, 0.9, 0.95)


def held_out(pairs: list[Pair], split: Split, seed: int = 0) -> list[Pair]:
    """Half of the synonyms of each test concept that has several, none of them in two groups."""
    standards = {term_key(pair.standard) for pair in pairs}
    times: dict[str, int] = {}
    for pair in pairs:
        times[term_key(pair.synonym)] = times.get(term_key(pair.synonym), 0) + 1
    groups: dict[str, list[Pair]] = {}
    for pair in pairs:
        key = term_key(pair.synonym)
        if part_of(pair.standard, split) == "test" and key not in standards and times[key] == 1:
            groups.setdefault(term_key(pair.standard), []).append(pair)
    draw = random.Random(seed)
    return [
        pair for group in groups.values() if len(group) > 1 for pair in draw.sample(group, len(group) // 2)
    ]


def main() -> None:
    """Print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("file", type=Path)
    parser.add_argument("model")
    parser.add_argument("--home", type=Path)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        services = Services(Settings.from_env({}, home=options.home or Path(folder), warm_worker=False))
        preview = services.preview_dictionary(options.file.read_bytes(), options.file.name)
        pairs = list(preview.pairs)
        split, component = make_split(pairs), connected_components(pairs)
        out = held_out(pairs, split)
        gone = {term_key(pair.synonym) for pair in out}
        left = [pair for pair in pairs if term_key(pair.synonym) not in gone]
        terms, texts = list(distinct_terms(left).values()), sorted({pair.synonym for pair in out})
        library = services._workspace.library
        vectors, asked = library.vectors(options.model, terms), library.vectors(options.model, texts)
        began = time.perf_counter()
        matcher = Matcher(left, terms, vectors, split)
        print("| asked | on dev | achieved | coverage | terms |\n|---|---|---|---|---|")
        for precision in PRECISIONS:
            threshold = matcher.threshold(precision)
            found = [match for match in matcher.match(texts, asked, threshold) if match.accepted]
            right = [component[term_key(m.standard)] == component[term_key(m.text)] for m in found]
            achieved = f"{100 * sum(right) / len(right):.1f}" if right else "–"
            print(
                f"| {100 * precision:.0f} | {100 * threshold.precision:.1f} | {achieved} "
                f"| {100 * len(found) / max(1, len(texts)):.1f} | {len(texts)} |"
            )
        print(f"{time.perf_counter() - began:.1f} s for {len(terms):,} terms, encoding not counted")
        services.close()


if __name__ == "__main__":
    main()
