"""The losses of the unsupervised stages are those of the papers, and of the library where it has them."""

import torch

from workbench.training.contrast import contrast, tension


def views(seed=0, count=6, dimension=5):
    generator = torch.Generator().manual_seed(seed)
    return [torch.randn(count, dimension, generator=generator) for _ in range(2)]


class Vectors(torch.nn.Module):
    """Stands in for a model in the library's losses: gives the vectors that it is asked for."""

    def forward(self, features):
        return features


def test_contrast_is_the_loss_of_the_library():
    from sentence_transformers.sentence_transformer.losses import MultipleNegativesRankingLoss

    first, second = views()
    library = MultipleNegativesRankingLoss(Vectors(), scale=20.0)
    expected = library([{"sentence_embedding": first}, {"sentence_embedding": second}], None)
    torch.testing.assert_close(contrast(first, second, 0.05), expected)


def test_tension_is_the_loss_of_the_library():
    from sentence_transformers.sentence_transformer.losses import ContrastiveTensionLoss

    first, second = views(count=4)
    # every pair of ours as a row of the library's: text i against texts i, i + 1, i + 2
    pairs = [(i, (i + k) % 4) for i in range(4) for k in range(3)]
    one = torch.stack([first[i] for i, _ in pairs])
    other = torch.stack([second[j] for _, j in pairs])
    labels = torch.tensor([float(i == j) for i, j in pairs])
    library = ContrastiveTensionLoss(Vectors())
    expected = library([{"sentence_embedding": one}, {"sentence_embedding": other}], labels)
    # the library adds up where ours is the mean
    torch.testing.assert_close(tension(first @ second.T, 2) * len(pairs), expected)


def test_texts_of_one_group_are_no_negatives_of_each_other():
    first, second = views(count=4)
    groups = torch.tensor([0, 0, 1, 2])
    scores = (
        torch.nn.functional.normalize(first, dim=1) @ torch.nn.functional.normalize(second, dim=1).T / 0.1
    )
    scores[0, 1] = scores[1, 0] = float("-inf")
    expected = torch.nn.functional.cross_entropy(scores, torch.arange(4))
    torch.testing.assert_close(contrast(first, second, 0.1, groups), expected)
    assert contrast(first, second, 0.1) > expected


def test_a_queue_is_more_negatives_for_every_row():
    first, second = views()
    queue = views(seed=3)[0]
    both = torch.cat([second, queue])
    unit = torch.nn.functional.normalize
    expected = torch.nn.functional.cross_entropy(unit(first) @ unit(both).T / 0.05, torch.arange(6))
    torch.testing.assert_close(contrast(first, second, 0.05, queue=queue), expected)
    torch.testing.assert_close(contrast(first, second, 0.05, queue=queue[:0]), contrast(first, second, 0.05))


def test_tension_takes_no_more_negatives_than_there_are():
    logits = torch.randn(3, 3, generator=torch.Generator().manual_seed(1))
    wanted = torch.eye(3)
    expected = torch.nn.functional.binary_cross_entropy_with_logits(logits, wanted)
    torch.testing.assert_close(tension(logits, 7), expected)
    torch.testing.assert_close(tension(logits, 2), expected)
    assert tension(logits, 1) != expected


def test_equal_views_far_from_others_cost_almost_nothing():
    unit = torch.eye(6)
    assert contrast(unit, unit, 0.05) < 1e-6
    assert contrast(unit, unit.roll(1, 0), 0.05) > 10
    assert tension(20 * (unit @ unit.T) - 10, 5) < 1e-3
