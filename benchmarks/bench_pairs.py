"""Finding terms in a corpus, and making pairs of them: a plain str.find loop against the pair maker."""

from __future__ import annotations

import random
import resource
from collections.abc import Sequence

from benchmarks.common import Row, timed

TERMS, SENTENCES = 100_000, 100_000
SMALL = 200  # sentences for the plain loop, whose time grows with terms x sentences
SYLLABLES = "安保车城大电钢管混凝土机件具楼路门模泥盘气墙桥热砂石水梯屋箱心压岩"


def made_up_terms(count: int, rng: random.Random) -> list[str]:
    """Distinct Chinese terms of 3 to 6 characters."""
    terms: dict[str, None] = {}
    while len(terms) < count:
        terms["".join(rng.choices(SYLLABLES, k=rng.randint(3, 6)))] = None
    return list(terms)


def made_up_sentences(terms: Sequence[str], count: int, rng: random.Random) -> list[str]:
    """Sentences of about 30 characters, two terms in each, in the full-width punctuation of real text."""
    filler = "的一是在不了有和人这中为上个国我以要他时来用们"
    return [
        f"{''.join(rng.choices(filler, k=8))}，{rng.choice(terms)}{''.join(rng.choices(filler, k=8))}"
        f"{rng.choice(terms)}（{number}）。"
        for number in range(count)
    ]


def plain_longest(terms: Sequence[str], sentences: Sequence[str]) -> list[list[tuple[int, int]]]:
    """What one would write first: every term looked for in every sentence, longest first, no overlaps."""
    ordered = sorted(terms, key=len, reverse=True)
    result = []
    for sentence in sentences:
        taken: list[tuple[int, int]] = []
        for term in ordered:
            start = sentence.find(term)
            while start >= 0:
                end = start + len(term)
                if all(end <= a or b <= start for a, b in taken):
                    taken.append((start, end))
                start = sentence.find(term, end)
        result.append(sorted(taken))
    return result


def run() -> list[Row]:
    from workbench.evaluation.split import make_split
    from workbench.pairing.making import make_pairs
    from workbench.pairing.occurrences import TermFinder
    from workbench.pairing.recipe import PairRecipe
    from workbench.types import Pair

    rng = random.Random(1)
    terms = made_up_terms(TERMS, rng)
    sentences = made_up_sentences(terms, SENTENCES, rng)
    finders: list[TermFinder] = []
    build = timed(lambda: finders.append(TermFinder(terms)))
    ours = timed(lambda: [finders[0].longest(sentence) for sentence in sentences])
    plain = timed(lambda: plain_longest(terms, sentences[:SMALL])) / SMALL * SENTENCES
    # terms long enough that few test terms lie within others by chance, as in a real dictionary
    long = [f"{a}{b}" for a, b in zip(terms[::2], terms[1::2], strict=True)] + [f"{t}号{t}" for t in terms]
    pairs = [Pair(long[n], long[n + 1]) for n in range(0, TERMS, 2)]
    split = make_split(pairs)
    texts = made_up_sentences(
        [term for pair in pairs for term in (pair.standard, pair.synonym)], SENTENCES, rng
    )
    recipe = PairRecipe(templates=("{}使用手册",), corpus="c", limit=100_000)
    made: list[int] = []
    whole = timed(lambda: made.append(len(make_pairs(recipe, pairs, split, corpus_texts=texts).rows)))
    mib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return [
        (
            f"{TERMS:,} terms in {SENTENCES:,} sentences, longest matches",
            f"str.find loop: {plain / 60:.0f} min (from {SMALL} sentences)",
            f"{build + ours:.1f} s ({build:.1f} s to build the automaton)",
            f"{plain / (build + ours):,.0f} × as fast",
        ),
        (
            f"pairs from {len(pairs):,} synonym pairs, a template and {SENTENCES:,} sentences",
            "",
            f"{whole:.0f} s for {made[0]:,} rows (peak {mib:.0f} MiB)",
            "",
        ),
    ]
