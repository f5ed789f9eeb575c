"""How much there is to be had: several trainings asked together, with the base and the letters of the words.

Run: python -m benchmarks.ensembles DATA --home FOLDER [--only edam,cars] [--splits 13,14]

As ``benchmarks.passes``: Recall@1 on the unseen concepts of both parts, here of the plain script, of one
thorough training (four times the passes), and of sums of similarities: of three such, with the base, and
with character n-grams by TF-IDF, at fixed weights. None of them is one model; they say how far one
could come from the same pairs and base. Half a minute to six minutes a split.
"""

from __future__ import annotations

from collections import defaultdict

import numpy as np

from benchmarks.passes import PARAMETERS, Floats, Subject, arguments, subjects
from workbench.evaluation.retrieval import Benchmark
from workbench.training.stages.in_batch import objective_of

SEEDS, LONGER = 3, 4


def main() -> None:
    asked = arguments(__doc__).parse_args()
    found: dict[str, list[float]] = defaultdict(list)
    for subject in subjects(asked):
        script = subject.plain()
        found["plain script"].append((script.test + script.dev) / 2)
        parts = [(part, _letters(subject, part)) for part in (subject.test, subject.dev)]
        for way, models, weight in _ways(subject):
            scores = [_recall1(subject, part, models, weight * letters) for part, letters in parts]
            found[way].append(float(np.mean(scores)))
        print(subject.name, {way: round(rows[-1], 1) for way, rows in found.items()}, flush=True)
    print("\n| way | both parts |\n|---|---|")
    for way, rows in found.items():
        print(f"| {way} | {np.mean(rows):.1f} |")


def _ways(subject: Subject) -> list[tuple[str, list[tuple[float, Floats]], float]]:
    """Names, vectors with their weights, and the weight of the letters."""
    subject.restore()
    base = subject.vectors()
    tuned = []
    for seed in range(SEEDS):
        subject.tune(objective_of(subject.data, PARAMETERS), seed, LONGER)
        tuned.append((1 / SEEDS, subject.vectors()))
    return [
        ("base", [(1.0, base)], 0.0),
        ("thorough", [(1.0, tuned[0][1])], 0.0),
        ("three thorough", tuned, 0.0),
        ("three thorough and the base", [*tuned, (0.5, base)], 0.0),
        ("three thorough and letters", tuned, 0.2),
        ("three thorough, the base and letters", [*tuned, (0.5, base)], 0.2),
    ]


def _recall1(subject: Subject, part: Benchmark, models: list[tuple[float, Floats]], more: Floats) -> float:
    """By the sums of cosines and ``more`` (queries, corpus): they are their products with the unit matrix."""
    sides = subject.data.indices(part.queries), subject.data.indices(part.corpus)
    similar = more + sum(weight * vectors[sides[0]] @ vectors[sides[1]].T for weight, vectors in models)
    size = len(part.corpus)
    return subject.recall1_of(part, np.ascontiguousarray(similar, np.float32), np.eye(size, dtype=np.float32))


def _letters(subject: Subject, part: Benchmark) -> Floats:
    """Cosines by character n-grams: of 2 to 4 within words, of 1 to 3 where words are not divided."""
    from sklearn.feature_extraction.text import TfidfVectorizer

    terms = subject.data.terms
    english = all(term.isascii() for term in terms[:50])
    asked = {"analyzer": "char_wb", "ngram_range": (2, 4)} if english else {"analyzer": "char"}
    grams = TfidfVectorizer(**{"ngram_range": (1, 3), **asked}, sublinear_tf=True).fit_transform(terms)
    queries, corpus = (subject.data.indices(texts) for texts in (part.queries, part.corpus))
    cosines: Floats = (grams[queries] @ grams[corpus].T).toarray().astype(np.float32)
    return cosines


if __name__ == "__main__":
    main()
