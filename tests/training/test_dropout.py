"""Dropout from a table of masks does what torch's own does."""

import pytest

torch = pytest.importorskip("torch")

from workbench.training.dropout import PooledDropout, pool_dropout  # noqa: E402  # it is a torch module


@pytest.mark.parametrize("p", [0.1, 0.5])
def test_a_share_is_dropped_and_the_mean_stays(p):
    torch.manual_seed(0)
    states = torch.ones(400, 500)
    found = PooledDropout(p)(states)
    assert float((found == 0).float().mean()) == pytest.approx(p, abs=0.01)
    assert float(found.mean()) == pytest.approx(1.0, abs=0.02)
    assert len(found.unique()) == 2


def test_the_seed_decides_and_two_passes_differ():
    states, dropout = torch.ones(50, 70), PooledDropout(0.1)
    torch.manual_seed(3)
    first, second = dropout(states), dropout(states)
    torch.manual_seed(3)
    assert torch.equal(dropout(states), first)
    assert not torch.equal(first, second)


def test_nothing_is_dropped_where_nothing_is_learnt():
    states = torch.randn(9, 9)
    assert PooledDropout(0.5).eval()(states) is states
    assert PooledDropout(0.0)(states) is states


def test_gradients_go_the_way_of_the_mask():
    states = torch.ones(30, 30, requires_grad=True)
    found = PooledDropout(0.3)(states)
    found.sum().backward()
    assert torch.equal(states.grad, found.detach())


def test_every_dropout_below_is_replaced_once():
    inner = torch.nn.Sequential(torch.nn.Linear(3, 3), torch.nn.Dropout(0.2))
    whole = torch.nn.Sequential(inner, torch.nn.Dropout(0.4)).eval()
    pool_dropout([whole])
    pool_dropout([whole])
    assert [type(each) for each in (inner[1], whole[1])] == [PooledDropout, PooledDropout]
    assert [inner[1].p, whole[1].p, inner[1].training] == [0.2, 0.4, False]
