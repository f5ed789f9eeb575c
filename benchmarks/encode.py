"""Encoding short terms: plain ``SentenceTransformer.encode`` with its defaults against ours, interleaved."""

from __future__ import annotations

import os

from benchmarks.common import Row, sample_terms, services, timed

ROUNDS = 3


def run() -> list[Row]:
    import numpy as np

    os.environ.update(HF_HUB_OFFLINE="1", TRANSFORMERS_OFFLINE="1")
    from workbench.models.catalogue import prepare
    from workbench.models.encoder import TextEncoder
    from workbench.models.loading import load_model

    rows: list[Row] = []
    with services() as opened:
        terms = sample_terms(opened)
        for name in ("e5-small", "minilm", "use"):
            model = load_model(prepare(name, opened.settings))
            encoder = TextEncoder(model)
            model.encode(terms[:64], show_progress_bar=False)
            encoder.encode(terms[:64])
            plain, ours = [], []
            for _ in range(ROUNDS):
                plain.append(timed(lambda m=model: m.encode(terms, show_progress_bar=False)))
                ours.append(timed(lambda e=encoder: e.encode(terms)))
            reference = model.encode(terms, show_progress_bar=False, normalize_embeddings=True)
            cosine = float((reference * encoder.encode(terms)).sum(1).min())
            a, b = float(np.median(plain)), float(np.median(ours))
            rows.append(
                (
                    f"encode {len(terms)} terms, {name} ({encoder.precision}; least cosine {cosine:.5f})",
                    f"{len(terms) / a:.0f} terms/s",
                    f"{len(terms) / b:.0f} terms/s",
                    f"{a / b:.2f} × as fast",
                )
            )
    return rows
