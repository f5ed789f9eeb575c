import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.evaluation.significance import bootstrap_ci, compare, holm, sign_flip_p, with_p_value
from workbench.types import Comparison


def each_its_own(n):
    return [f"c{i}" for i in range(n)]


def test_the_bootstrap_interval_agrees_with_scipy_where_every_query_is_a_component():
    from scipy.stats import bootstrap

    values = np.random.default_rng(1).random(60)
    ours = bootstrap_ci(values, each_its_own(60), resamples=20000)
    theirs = bootstrap(
        (values,), np.mean, n_resamples=20000, method="percentile", rng=np.random.default_rng(2)
    ).confidence_interval
    assert ours == pytest.approx((theirs.low, theirs.high), abs=0.004)


def test_the_bootstrap_interval_of_zeros_and_ones_agrees_with_scipy():
    from scipy.stats import bootstrap

    values = np.array([1.0] * 30 + [0.0] * 70)
    ours = bootstrap_ci(values, each_its_own(100), resamples=20000)
    theirs = bootstrap(
        (values,), np.mean, n_resamples=20000, method="percentile", rng=np.random.default_rng(2)
    ).confidence_interval
    assert ours == pytest.approx((theirs.low, theirs.high), abs=0.011)


def test_components_are_drawn_whole_as_in_a_plain_loop():
    rng = np.random.default_rng(5)
    components = [f"c{i}" for i in range(25) for _ in range(1 + i % 4)]
    values = rng.integers(0, 2, len(components)).astype(float)
    members = [[i for i, c in enumerate(components) if c == name] for name in sorted(set(components))]
    means = []
    for _ in range(4000):
        drawn = [i for pick in rng.integers(0, len(members), len(members)) for i in members[pick]]
        means.append(values[drawn].mean())
    expected = np.percentile(means, (2.5, 97.5))
    assert bootstrap_ci(values, components, resamples=20000) == pytest.approx(tuple(expected), abs=0.02)


def test_queries_of_one_concept_widen_the_interval():
    values = np.tile([1.0, 0.0], 50)[np.argsort(np.tile([0, 1], 50), kind="stable")]
    alone = bootstrap_ci(values, each_its_own(100))
    together = bootstrap_ci(values, [f"c{i // 10}" for i in range(100)])
    assert together[1] - together[0] > 2 * (alone[1] - alone[0])


def test_the_same_seed_gives_the_same_numbers_and_the_order_of_queries_does_not_matter():
    rng = np.random.default_rng(0)
    a, b = rng.random(40), rng.random(40)
    components = [f"c{i // 2}" for i in range(40)]
    order = rng.permutation(40)
    assert compare(a, b, components, seed=4) == compare(a, b, components, seed=4)
    moved = compare(a[order], b[order], [components[i] for i in order], seed=4)
    assert moved.ci95 == pytest.approx(compare(a, b, components, seed=4).ci95)
    assert bootstrap_ci(a, components, seed=1) != bootstrap_ci(a, components, seed=2)


@pytest.mark.parametrize("n", [3, 6, 10])
def test_the_exact_permutation_test_agrees_with_scipy(n):
    from scipy.stats import permutation_test

    d = np.random.default_rng(n).normal(0.5, 1, n).round(6)
    theirs = permutation_test(
        (d, np.zeros(n)),
        lambda x, y, axis: (x - y).mean(axis=axis),
        permutation_type="samples",
        vectorized=True,
    )
    assert sign_flip_p(d, each_its_own(n)) == pytest.approx(theirs.pvalue)


def test_the_drawn_permutation_test_agrees_with_the_exact_binomial_one():
    from scipy.stats import binomtest

    d = np.array([1.0] * 20 + [-1.0] * 9 + [0.0] * 30)
    expected = binomtest(20, 29).pvalue
    assert sign_flip_p(d, each_its_own(59), permutations=100_000) == pytest.approx(expected, abs=0.004)


def test_signs_are_flipped_by_component_not_by_query():
    d = np.ones(40)
    assert sign_flip_p(d, each_its_own(40)) < 0.001
    assert sign_flip_p(d, [f"c{i // 10}" for i in range(40)]) == pytest.approx(2 / 2**4)


def test_a_clear_difference_is_better_one_way_and_worse_the_other():
    a = np.array([1.0] * 40 + [0.0] * 10)
    b = np.array([1.0] * 20 + [0.0] * 30)
    there, back = compare(a, b, each_its_own(50)), compare(b, a, each_its_own(50))
    assert (there.verdict, back.verdict) == ("better", "worse")
    assert there.difference == pytest.approx(40.0)
    assert back.difference == pytest.approx(-40.0)
    assert there.ci95[0] > 20
    assert there.p_value < 0.001


@given(st.lists(st.sampled_from([0.0, 0.5, 1.0]), min_size=1, max_size=60), st.integers(1, 5))
@settings(deadline=None, max_examples=40)
def test_identical_systems_are_tied(values, size):
    result = compare(
        values, values, [f"c{i // size}" for i in range(len(values))], resamples=200, permutations=200
    )
    assert (result.difference, result.ci95, result.p_value, result.verdict) == (0.0, (0.0, 0.0), 1.0, "tied")


def test_a_difference_on_too_few_concepts_is_tied():
    result = compare(np.ones(5), np.zeros(5), each_its_own(5))
    assert result.difference == 100.0
    assert result.verdict == "tied"


def test_a_model_as_good_as_another_is_seldom_called_different():
    rng = np.random.default_rng(3)
    components = [f"c{i // 2}" for i in range(120)]
    verdicts = [
        compare(
            rng.integers(0, 2, 120),
            rng.integers(0, 2, 120),
            components,
            resamples=400,
            permutations=400,
            seed=i,
        )
        for i in range(200)
    ]
    false_alarms = sum(v.verdict != "tied" for v in verdicts)
    assert false_alarms <= 20  # 5 % of 200 are expected; 20 or more happen once in a thousand times


def test_holm_by_hand():
    assert holm([0.01, 0.04, 0.03]) == pytest.approx([0.03, 0.06, 0.06])
    assert holm([0.5, 0.9]) == pytest.approx([1.0, 1.0])
    assert holm([0.02]) == [0.02]
    assert holm([]) == []


def test_a_corrected_p_value_changes_the_verdict_and_nothing_else():
    a = np.array([1.0] * 40 + [0.0] * 10)
    b = np.array([1.0] * 20 + [0.0] * 30)
    before = compare(a, b, each_its_own(50))
    after = with_p_value(before, 0.2)
    assert (after.verdict, after.p_value) == ("tied", 0.2)
    assert (after.difference, after.ci95) == (before.difference, before.ci95)


def test_other_queries_cannot_be_compared():
    with pytest.raises(ValueError, match="not the same queries"):
        compare([1.0], [1.0, 0.0], ["a", "b"])
    with pytest.raises(ValueError, match="values for"):
        bootstrap_ci([1.0, 0.0], ["a"])


def test_an_interval_that_holds_zero_is_tied_whatever_the_p_value():
    assert with_p_value(Comparison(2.0, (-0.1, 4.0), 0.5, "tied"), 0.01).verdict == "tied"
    assert with_p_value(Comparison(2.0, (0.0, 4.0), 0.5, "tied"), 0.01).verdict == "tied"
    assert with_p_value(Comparison(2.0, (0.1, 4.0), 0.5, "tied"), 0.01).verdict == "better"
    assert with_p_value(Comparison(-2.0, (-4.0, -0.1), 0.5, "tied"), 0.05).verdict == "tied"
