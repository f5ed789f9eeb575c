"""The in-batch loss against a computation by hand, and the batches."""

import math

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from workbench.training.losses import MARKED_WEIGHT, HardNegatives, MarkedApart, batches, in_batch_loss  # noqa: E402


def by_hand(anchors, positives, concepts, temperature):
    """The definition, in loops and double precision."""

    def cosine(a, b):
        return float(np.dot(a, b) / (np.linalg.norm(a) * np.linalg.norm(b)))

    def one_way(rows, columns):
        total = 0.0
        for i, row in enumerate(rows):
            allowed = [j for j in range(len(columns)) if j == i or concepts[j] != concepts[i]]
            scores = {j: cosine(row, columns[j]) / temperature for j in allowed}
            total += math.log(sum(math.exp(s) for s in scores.values())) - scores[i]
        return total / len(rows)

    return (one_way(anchors, positives) + one_way(positives, anchors)) / 2


def vectors(count, dimension=6, seed=0):
    return np.random.default_rng(seed).standard_normal((count, dimension))


@pytest.mark.parametrize(
    "concepts", [[0, 1, 2, 3, 4], [0, 0, 1, 2, 1], [0, 0, 0, 0, 1], [3, 3, 3, 3, 3]], ids=str
)
@pytest.mark.parametrize("temperature", [0.05, 1.0])
def test_it_is_the_definition_with_pairs_of_one_concept_left_out(concepts, temperature):
    anchors, positives = vectors(5, seed=1), 3.0 * vectors(5, seed=2)
    loss = in_batch_loss(
        torch.from_numpy(anchors), torch.from_numpy(positives), torch.tensor(concepts), temperature
    )
    assert float(loss) == pytest.approx(by_hand(anchors, positives, concepts, temperature), abs=1e-9)


def test_a_pair_of_the_same_concept_is_pushed_nowhere():
    anchors = torch.tensor([[1.0, 0.1], [0.9, 0.3]], requires_grad=True)
    positives = torch.tensor([[1.0, 0.0], [0.8, 0.2]])
    in_batch_loss(anchors, positives, torch.tensor([7, 7]), 0.05).backward()
    assert float(anchors.grad.abs().max()) == 0.0
    anchors.grad = None
    in_batch_loss(anchors, positives, torch.tensor([7, 8]), 0.05).backward()
    assert float(anchors.grad.abs().max()) > 0.0


def test_right_pairs_cost_less_than_crossed_ones():
    points = torch.eye(4)
    concepts = torch.arange(4)
    assert in_batch_loss(points, points, concepts, 0.05) < 1e-6
    assert in_batch_loss(points, points.flip(0), concepts, 0.05) > 10


@pytest.mark.parametrize(
    ("count", "size", "expected"),
    [(10, 5, [5, 5]), (11, 5, [4, 4, 3]), (3, 5, [3]), (1, 5, [1]), (6, 5, [3, 3]), (3, 2, [3])],
)
def test_batches_are_as_large_as_each_other_and_none_is_of_a_single_pair(count, size, expected):
    order = torch.randperm(count)
    parts = batches(order, size)
    assert [len(part) for part in parts] == expected
    assert torch.equal(torch.cat(parts), order)


def by_hand_with_hard(anchors, positives, concepts, temperature, hard, of_anchors, of_positives):
    """The definition with extra columns for some rows, in loops."""

    def cosine(a, b):
        return float(np.dot(a, b) / (np.linalg.norm(a) * np.linalg.norm(b)))

    def one_way(rows, columns, allowed_hard):
        total = 0.0
        for i, row in enumerate(rows):
            allowed = [j for j in range(len(columns)) if j == i or concepts[j] != concepts[i]]
            scores = [cosine(row, columns[j]) / temperature for j in allowed]
            scores += [cosine(row, hard[k]) / temperature for k in range(len(hard)) if allowed_hard[i][k]]
            own = cosine(row, columns[i]) / temperature
            weight = MARKED_WEIGHT if any(allowed_hard[i]) else 1
            total += weight * (math.log(sum(math.exp(s) for s in scores)) - own)
        return total / len(rows)

    return (one_way(anchors, positives, of_anchors) + one_way(positives, anchors, of_positives)) / 2


def test_a_hard_negative_is_one_more_column_of_its_rows_alone():
    anchors, positives, hard = vectors(4, seed=1), vectors(4, seed=2), vectors(2, seed=3)
    of_anchors = [[True, False], [False, False], [True, True], [False, False]]
    of_positives = [[False, False], [False, True], [False, False], [False, False]]
    negatives = HardNegatives(torch.tensor([8, 9]), torch.tensor(of_anchors), torch.tensor(of_positives))
    loss = in_batch_loss(
        torch.from_numpy(anchors),
        torch.from_numpy(positives),
        torch.tensor([0, 0, 1, 2]),
        0.3,
        (negatives, torch.from_numpy(hard)),
    )
    expected = by_hand_with_hard(anchors, positives, [0, 0, 1, 2], 0.3, hard, of_anchors, of_positives)
    assert float(loss) == pytest.approx(expected, abs=1e-9)
    assert expected > by_hand(anchors, positives, [0, 0, 1, 2], 0.3)


def test_the_marked_terms_of_a_batch_are_found_from_both_sides():
    marked = MarkedApart(np.array([[5, 2], [5, 9], [1, 7]], np.int64))
    hard = marked.of_batch(torch.tensor([5, 4, 2]), torch.tensor([3, 7, 9]))
    assert hard.texts.tolist() == [1, 2, 5, 9]
    of = lambda mask: {(r, int(hard.texts[c])) for r, c in mask.nonzero().tolist()}
    assert of(hard.of_anchors) == {(0, 2), (0, 9), (2, 5)}
    assert of(hard.of_positives) == {(1, 1), (2, 5)}


def test_a_batch_without_marked_terms_has_no_hard_negatives():
    assert MarkedApart(np.zeros((0, 2), np.int64)).of_batch(torch.tensor([1]), torch.tensor([2])) is None
    assert MarkedApart(np.array([[5, 2]])).of_batch(torch.tensor([1]), torch.tensor([3])) is None
