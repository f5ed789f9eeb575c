"""Run twice under torchrun by test_cross_device: one batch by both processes, and the same by one alone."""

import json
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import torch
import torch.distributed as dist

from workbench.training.cutting import split_model
from workbench.training.distributed import average_gradients, shared
from workbench.training.losses import in_batch_loss
from workbench.training.stages.in_batch import InBatch

PARAMETERS = {"batch_size": 16, "temperature": 0.05, "two_way": True}


def flat(model):
    return torch.cat([each.grad.reshape(-1) for each in model.trainable()])


def everywhere(number):
    """The numbers of all processes."""
    numbers = [torch.zeros(1) for _ in range(dist.get_world_size())]
    dist.all_gather(numbers, torch.tensor([float(number)]))
    return [float(each) for each in numbers]


def batch(folder, pairs):
    """Loss and gradient of a batch with pairs of one concept, and terms that are marked apart."""
    model = split_model(folder, 1)
    model.prepare(
        [f"{'abcdefghijklm'[n % 13]}{'nopqrstuvwxyz'[n // 3 % 13]}{n}" for n in range(40)], lambda _: None
    )
    model.train(False)
    data = SimpleNamespace(
        anchors=np.arange(0, 20),
        positives=np.arange(20, 40) // 2 * 2,
        concepts=np.arange(20) // 2,
        apart=np.array([[0, 30], [4, 22], [21, 6]]),
    )
    objective, rows = InBatch(data, PARAMETERS), torch.arange(pairs)
    alone = objective.loss(model.vectors, rows)
    alone.backward()
    by_itself = flat(model).clone()
    for each in model.trainable():
        each.grad = None
    together = objective.loss(shared(model.vectors), rows)
    together.backward()
    average_gradients(model.trainable())
    return {
        "alone": float(alone),
        "losses": everywhere(float(together)),
        "gradient": flat(model).tolist(),
        "gradient_alone": by_itself.tolist(),
    }


def library():
    """The library's loss of 12 random pairs, and ours."""
    from sentence_transformers.sentence_transformer.losses import MultipleNegativesRankingLoss

    generator = torch.Generator().manual_seed(3)
    anchors, positives = (torch.randn(12, 8, generator=generator) for _ in range(2))
    share = slice(dist.get_rank() * 6, dist.get_rank() * 6 + 6)
    loss = MultipleNegativesRankingLoss(None, scale=20.0, gather_across_devices=True)
    theirs = everywhere(loss.compute_loss_from_embeddings([anchors[share], positives[share]], None))
    ours = in_batch_loss(anchors, positives, torch.arange(12), 0.05, two_way=False)
    return {"library": sum(theirs) / len(theirs), "one_way": float(ours)}


def main():
    dist.init_process_group("gloo")
    folder, out = map(Path, sys.argv[1:])
    found = {"batches": {pairs: batch(folder, pairs) for pairs in (12, 7, 2)}, **library()}
    if dist.get_rank() == 0:
        out.write_text(json.dumps(found))
    dist.destroy_process_group()


main()
