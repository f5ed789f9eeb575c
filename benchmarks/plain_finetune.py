"""What a user would otherwise run: fine-tuning with sentence-transformers as its documentation shows it.

Usage: python -m benchmarks.plain_finetune MODEL_FOLDER TRAIN_CSV OUT_FOLDER EPOCHS
TRAIN_CSV has the columns anchor, positive. Loss: MultipleNegativesRankingLoss, batch 64, lr 5e-5.
"""

from __future__ import annotations

import csv
import os
import sys
import time
from pathlib import Path

os.environ.update(HF_HUB_OFFLINE="1", TRANSFORMERS_OFFLINE="1")


def main(folder: str, train_csv: str, out: str, epochs: str) -> None:
    from datasets import Dataset
    from sentence_transformers import (
        SentenceTransformer,
        SentenceTransformerTrainer,
        SentenceTransformerTrainingArguments,
    )
    from sentence_transformers.sentence_transformer.losses import MultipleNegativesRankingLoss

    with Path(train_csv).open(encoding="utf-8", newline="") as handle:
        rows = list(csv.DictReader(handle))
    model = SentenceTransformer(folder, device="cpu")
    prompt = model.prompts.get(model.default_prompt_name or "", "")
    data = Dataset.from_dict({side: [prompt + row[side] for row in rows] for side in ("anchor", "positive")})
    arguments = SentenceTransformerTrainingArguments(
        output_dir=out + "-checkpoints",
        num_train_epochs=int(epochs),
        per_device_train_batch_size=64,
        learning_rate=5e-5,
        warmup_steps=0.1,
        save_strategy="no",
        logging_strategy="no",
        report_to=[],
        disable_tqdm=True,
        use_cpu=True,
        seed=0,
    )
    trainer = SentenceTransformerTrainer(
        model=model, args=arguments, train_dataset=data, loss=MultipleNegativesRankingLoss(model)
    )
    began = time.perf_counter()
    trainer.train()
    print(f"seconds {time.perf_counter() - began:.2f}")
    model.save_pretrained(out)


if __name__ == "__main__":
    main(*sys.argv[1:])
