"""What models know of everyday words, and whether the probe falls when a model is spoiled.

``python -m benchmarks.retention``: two tables in Markdown for docs/evaluation.md. Minutes.
"""

from __future__ import annotations

import numpy as np

from benchmarks.common import services
from workbench import Services
from workbench.evaluation.retention import LANGUAGES, load_probe, probes_for
from workbench.models.lexical import CharTfidf
from workbench.training.worker import run_job

SAMPLE = 150  # items, as looks during training take them
# dictionary, base, recipe, parameters: as it is meant, and with a step that is far too large
RUNS = (
    ("汽车", "use", "instant", {}),
    ("汽车", "use", "instant", {"learning_rate": "0.1", "patience": "100"}),
    ("Consumer health", "minilm", "instant", {}),
    ("Consumer health", "minilm", "finetune", {"in_batch.learning_rate": "0.003"}),
)


def letters(language: str) -> float:
    """Recall@1 of character TF-IDF, ties against it."""
    probe = load_probe(language)
    scores = CharTfidf().fit(probe.related)(probe.terms).toarray()
    own = scores.diagonal().copy()
    np.fill_diagonal(scores, -1)
    return float(100 * np.mean(scores.max(axis=1) < own - 1e-6))


def known(opened: Services) -> None:
    print("| system | zh | en | sample zh | sample en |", "|---|---|---|---|---|", sep="\n")
    print(f"| character TF-IDF | {letters('zh'):.1f} | {letters('en'):.1f} | | |")
    for model in ("e5-small", "minilm", "use"):
        library = opened._workspace.library
        whole = opened.retention(model).scores
        samples = {}
        for probe in probes_for(opened._workspace.retention.languages(model)):
            some = probe.sample(SAMPLE)
            samples[probe.language] = some.score(library.vectors(model, some.texts))
        cells = [f"{whole[each].model:.1f}" if each in whole else "" for each in LANGUAGES]
        cells += [f"{samples[each]:.1f}" if each in samples else "" for each in LANGUAGES]
        print("| " + " | ".join([model, *cells]) + " |", flush=True)


def spoiled(opened: Services) -> None:
    print("| run | test Recall@1 | zh | en | overlap | lowest look |", "|---|---|---|---|---|---|", sep="\n")
    for dictionary, base, recipe, parameters in RUNS:
        run = opened.start_run(dictionary, base, recipe, parameters=parameters)
        opened._workspace.runs.claim_next()
        run_job(opened.settings, run.id)
        result = opened.run(run.id).result
        kept, test = result["retention"], result["test"]
        name = ", ".join([f"{recipe} on {base}", *(f"{key} {value}" for key, value in parameters.items())])
        cells = [f"{test['base']['recall']['1']:.1f} → {test['tuned']['recall']['1']:.1f}"]
        for each in LANGUAGES:
            cells.append(f"{kept[each]['base']:.1f} → {kept[each]['model']:.1f}" if each in kept else "")
        cells.append(" / ".join(f"{kept['overlap'][each]:.0f}" for each in ("general", "dictionary")))
        looks = [point.value for point in opened.curve(run.id) if point.series == "retention"]
        cells.append(f"{looks[0]:.1f} → {min(looks):.1f}" if looks else "")
        print("| " + " | ".join([name, *cells]) + " |", flush=True)


if __name__ == "__main__":
    with services(warm_worker=False) as opened:
        known(opened)
        spoiled(opened)
