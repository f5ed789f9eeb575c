"""The losses over pairs and batches against the library's where it has them, and against their formulas."""

import math

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from workbench.training.metric_losses import guided_loss, multi_similarity_loss  # noqa: E402
from workbench.training.mining import mine  # noqa: E402
from workbench.training.pair_losses import (  # noqa: E402
    angle_loss,
    angle_similarities,
    batch_hard_triplet_loss,
    cosent_loss,
    cosine_loss,
    ranking_loss,
    triplet_loss,
)


def vectors(count, dimension=6, seed=0):
    return torch.from_numpy(np.random.default_rng(seed).standard_normal((count, dimension)))


def unit(values):
    return torch.nn.functional.normalize(values, dim=1)


@pytest.fixture(params=[6, 7], ids=["even", "odd"])
def sides(request):
    return vectors(9, request.param, 1), 2.5 * vectors(9, request.param, 2)


LABELS = torch.tensor([1.0, 0.0, 0.5, 0.5, 1.0, 0.2, 0.0, 0.9, 0.5], dtype=torch.float64)


def of_library(name, **more):
    import sentence_transformers.sentence_transformer.losses as losses

    return getattr(losses, name)(torch.nn.Identity(), **more)


def test_cosent_is_that_of_the_library(sides):
    expected = of_library("CoSENTLoss").compute_loss_from_embeddings(list(sides), LABELS)
    assert float(cosent_loss(*sides, LABELS, 20.0)) == pytest.approx(float(expected), rel=1e-9)


def test_angle_is_that_of_the_library_with_cosent_added(sides):
    expected = of_library("AnglELoss").compute_loss_from_embeddings(list(sides), LABELS)
    assert float(ranking_loss(angle_similarities(*sides), LABELS, 20.0)) == pytest.approx(float(expected))
    both = float(expected) + float(cosent_loss(*sides, LABELS, 20.0))
    assert float(angle_loss(*sides, LABELS, 20.0)) == pytest.approx(both)


def test_angle_is_the_formula_of_complex_numbers(sides):
    for first, second, found in zip(*sides, angle_similarities(*sides), strict=True):
        halves = [
            np.append(v / np.linalg.norm(v), [0.0] * (len(v) % 2)) for v in (first.numpy(), second.numpy())
        ]
        z, w = (h[: len(h) // 2] + 1j * h[len(h) // 2 :] for h in halves)
        product = (z * w.conj()).sum()
        assert float(found) == pytest.approx(abs(product.real + product.imag))


def test_cosine_is_that_of_the_library(sides):
    expected = torch.nn.functional.mse_loss(torch.cosine_similarity(*sides), LABELS)
    assert float(cosine_loss(*sides, LABELS)) == pytest.approx(float(expected))


def test_ranking_counts_only_pairs_of_different_labels():
    similarities = torch.tensor([0.9, 0.1, 0.4])
    assert float(ranking_loss(similarities, torch.tensor([1.0, 1.0, 1.0]), 20.0)) == pytest.approx(0.0)
    expected = math.log(1 + math.exp(20 * 0.3) + math.exp(20 * -0.5))
    assert float(ranking_loss(similarities, torch.tensor([1.0, 1.0, 0.0]), 20.0)) == pytest.approx(expected)


def test_triplets_are_the_formula():
    a, p, n = vectors(5, seed=1), vectors(5, seed=2), vectors(5, seed=3)
    terms = [
        max(
            0.0,
            0.4
            - float(torch.cosine_similarity(a[i], p[i], 0))
            + float(torch.cosine_similarity(a[i], n[i], 0)),
        )
        for i in range(5)
    ]
    assert float(triplet_loss(a, p, n, 0.4)) == pytest.approx(sum(terms) / 5)
    assert float(triplet_loss(a, a, -a, 0.4)) == 0.0


def test_the_hardest_of_a_batch_are_those_of_the_library():
    import sentence_transformers.sentence_transformer.losses as losses

    x, groups = vectors(12, seed=4), torch.tensor([0, 0, 0, 1, 1, 2, 2, 2, 3, 3, 4, 4])
    library = losses.BatchHardTripletLoss(
        torch.nn.Identity(), losses.BatchHardTripletLossDistanceFunction.cosine_distance, margin=0.3
    )
    expected = library.batch_hard_triplet_loss(groups, x)
    none = torch.zeros(12, 12, dtype=torch.bool)
    assert float(batch_hard_triplet_loss(x, groups, none, 0.3)) == pytest.approx(float(expected))


def test_texts_without_a_group_or_known_to_differ_are_strangers():
    x = torch.tensor([[1.0, 0.0], [1.0, 0.1], [0.0, 1.0]])
    groups, none = torch.tensor([0, 0, -1]), torch.zeros(3, 3, dtype=torch.bool)
    assert float(batch_hard_triplet_loss(x, groups, none, 0.2)) == 0.0
    apart = none.clone()
    apart[0, 1] = apart[1, 0] = True
    assert float(batch_hard_triplet_loss(x, groups, apart, 0.2)) == 0.0  # no positive is left
    one_group = torch.tensor([0, 0, 0])
    assert float(batch_hard_triplet_loss(x, one_group, apart, 0.2)) > 1.0


def multi_similarity_by_hand(x, concepts, a, b, base, margin):
    """The formula of the paper over the triplets that the miner keeps, in loops."""
    u = unit(x).numpy()
    count = len(u)
    positives, negatives = set(), set()
    for i in range(count):
        for p in range(count):
            for q in range(count):
                if p == i or concepts[p] != concepts[i] or concepts[q] == concepts[i]:
                    continue
                if np.linalg.norm(u[i] - u[q]) - np.linalg.norm(u[i] - u[p]) <= margin:
                    positives.add((i, p))
                    negatives.add((i, q))
    total = 0.0
    for i in range(count):
        pull = sum(math.exp(-a * (u[i] @ u[p] - base)) for j, p in positives if j == i)
        push = sum(math.exp(b * (u[i] @ u[q] - base)) for j, q in negatives if j == i)
        total += math.log(1 + pull) / a + math.log(1 + push) / b
    return total / count


@pytest.mark.parametrize("concepts", [[0, 0, 0, 1, 1, 2, 3], [0, 1, 2, 3, 4, 5, 6], [0] * 7], ids=str)
@pytest.mark.parametrize("margin", [0.0, 0.2, 2.0])
def test_multi_similarity_is_the_formula_over_the_mined_triplets(concepts, margin):
    x = vectors(7, seed=5)
    loss = multi_similarity_loss(
        x, torch.tensor(concepts), positive_weight=1.0, negative_weight=60.0, base=0.5, margin=margin
    )
    assert float(loss) == pytest.approx(
        multi_similarity_by_hand(x, concepts, 1.0, 60.0, 0.5, margin), abs=1e-9
    )


def test_a_batch_without_a_hard_triplet_teaches_nothing():
    x = torch.eye(4)[[0, 0, 1, 1]].clone().requires_grad_()
    multi_similarity_loss(
        x, torch.tensor([0, 0, 1, 1]), positive_weight=1.0, negative_weight=60.0, base=0.5, margin=0.2
    ).backward()
    assert float(x.grad.abs().max()) == 0.0


@pytest.mark.parametrize("margin", [0.0, 0.3])
def test_guided_is_that_of_the_library(margin):
    from sentence_transformers.sentence_transformer.losses import GISTEmbedLoss

    a, p, ga, gp = (vectors(8, seed=seed) for seed in range(4))
    library = GISTEmbedLoss.__new__(GISTEmbedLoss)  # its constructor wants whole models with tokenizers
    torch.nn.Module.__init__(library)
    values = {"a": (a, ga), "p": (p, gp)}
    library.model = lambda features: {"sentence_embedding": values[features["side"]][0]}
    library.guide = lambda features: {"sentence_embedding": values[features["side"]][1]}
    library.must_retokenize = library.gather_across_devices = False
    library.contrast_anchors = library.contrast_positives = True
    library.temperature, library.margin, library.margin_strategy = 0.05, margin, "absolute"
    library.similarity_fct, library.cross_entropy_loss = (
        torch.nn.CosineSimilarity(-1),
        torch.nn.CrossEntropyLoss(),
    )
    expected = library([{"side": "a"}, {"side": "p"}], None)
    found = guided_loss(a, p, unit(ga), unit(gp), torch.arange(8), temperature=0.05, margin=margin)
    assert float(found) == pytest.approx(float(expected))


def test_guided_leaves_out_the_same_concept_whatever_the_guide_says():
    a, p = vectors(4, seed=1), vectors(4, seed=2)
    same = torch.zeros(4, dtype=torch.int64)
    guide = unit(torch.eye(4, dtype=torch.float64))
    loss = guided_loss(a, p, guide, guide, same, temperature=0.05, margin=0.0)
    assert float(loss) == pytest.approx(0.0)


def test_mining_takes_the_nearest_allowed_and_says_where_there_are_no_more():
    anchors = torch.tensor([[1.0, 0.0]])
    candidates = unit(torch.tensor([[1.0, 0.01], [1.0, 0.3], [1.0, 1.0], [0.0, 1.0], [1.0, 0.9]]))
    positives = unit(torch.tensor([[1.0, 0.5]]))  # cosine 0.894
    of_candidates = torch.tensor([1, 0, 2, 3, 4])
    found = mine(anchors, positives, candidates, torch.tensor([0]), of_candidates, 4, 0.0)
    assert found.tolist() == [[4, 2, 3, -1]]  # 0 is nearer than the positive, 1 of the concept itself
    stricter = mine(anchors, positives, candidates, torch.tensor([0]), of_candidates, 1, 0.2)
    assert stricter.tolist() == [[2]]  # below 0.8 times 0.894 only
    many = mine(anchors, positives, candidates, torch.tensor([0]), of_candidates, 16, 0.0)
    assert many.shape == (1, 5)


def test_what_is_marked_apart_is_a_negative_whatever_the_guide_says():
    """The guide finds all alike and leaves all out; the marked text stays, and its row counts three times."""
    from workbench.training.losses import HardNegatives

    a, p, h = (torch.randn(n, 4, generator=torch.Generator().manual_seed(n)) for n in (3, 3, 1))
    guide, concepts = torch.ones(3, 1), torch.arange(3)
    nowhere = torch.zeros(3, 1, dtype=torch.bool)
    here = torch.tensor([[True], [False], [False]])
    marks = HardNegatives(torch.tensor([9]), here, nowhere)
    settings = {"temperature": 0.5, "margin": 0.1}
    loss = guided_loss(a, p, guide, guide, concepts, **settings, hard=(marks, h))
    scores = torch.stack([unit(a[:1]) @ unit(p[:1]).T, unit(a[:1]) @ unit(h).T]).flatten() / 0.5
    assert float(loss) == pytest.approx(3 * -float(torch.log_softmax(scores, 0)[0]) / 3)
    assert float(guided_loss(a, p, guide, guide, concepts, **settings)) == 0.0


def test_multi_similarity_pushes_what_is_marked_apart_however_far_it_is():
    x = torch.tensor([[1.0, 0.0], [0.9, 0.1], [-1.0, 0.2]], requires_grad=True)
    concepts = torch.tensor([0, 0, 1])
    settings = {"positive_weight": 1.0, "negative_weight": 60.0, "base": 0.5, "margin": 0.0}
    apart = torch.zeros(3, 3, dtype=torch.bool)
    apart[0, 2] = apart[2, 0] = True
    plain = multi_similarity_loss(x, concepts, **settings)
    none = multi_similarity_loss(x, concepts, **settings, apart=torch.zeros(3, 3, dtype=torch.bool))
    assert float(none) == float(plain)
    near = torch.tensor([[1.0, 0.0], [0.9, 0.1], [0.8, 0.3]])
    assert float(multi_similarity_loss(near, concepts, **settings, apart=apart)) > float(
        multi_similarity_loss(near, concepts, **settings)
    )
    (gradient,) = torch.autograd.grad(multi_similarity_loss(x, concepts, **settings, apart=apart)[None], x)
    assert torch.isfinite(gradient).all()


def test_marks_are_found_among_terms():
    from workbench.training.losses import MarkedApart

    marked = MarkedApart(np.array([[5, 2], [7, 9], [2, 9]]))
    found = marked.among(torch.tensor([2, 5, 9]))
    assert found.tolist() == [[False, True, True], [True, False, False], [True, False, False]]
