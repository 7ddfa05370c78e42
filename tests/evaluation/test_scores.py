"""Scores against values worked out by hand or by another way."""

import numpy as np
import pytest

from medenvs.evaluation import scores
from medenvs.evaluation.scores import difference, estimate, floor, iqm, rates, returns


def row(earned, error=None, terms=None, cost=0.0, costs=None):
    return {"return": earned, "error": error, "terms": terms or {}, "cost": cost, "costs": costs or {}}


def test_iqm_is_the_mean_of_the_middle_half():
    assert iqm([100, 1, 2, 3, 4, 5, 6, -100]) == pytest.approx((2 + 3 + 4 + 5) / 4)
    assert iqm([7.0]) == 7.0


def test_interval_covers_the_normal_one():
    x = np.arange(400) % 10
    mean, low, high = estimate(x)
    half = 1.96 * x.std() / 20
    assert mean == x.mean()
    assert low == pytest.approx(mean - half, abs=0.05) and high == pytest.approx(mean + half, abs=0.05)


def test_interval_is_the_same_for_a_seed_and_however_it_is_cut(monkeypatch):
    x = np.linspace(0, 1, 97) ** 2
    whole = estimate(x, 3)
    assert estimate(x, 3) == whole != estimate(x, 4)
    monkeypatch.setattr(scores, "_AT_ONCE", 97 * 300)
    assert estimate(x, 3) == whole


def test_difference_is_paired():
    ours, theirs = np.arange(50.0) + 1, np.arange(50.0)
    assert difference(ours, theirs) == (1.0, 1.0, 1.0)


def test_a_failed_episode_counts_as_the_worst():
    rows = [row(1.0), row(-0.1), row(None, "KeyError")]
    assert floor(rows) == -0.1
    assert returns(rows, floor(rows)) == [1.0, -0.1, -0.1]
    assert floor([row(0.5), row(None, "KeyError")]) == 0.0


def test_terms_count_where_they_apply_and_failures_always_do():
    rows = [
        row(1, terms={"correct": 1.0}),
        row(0, terms={"correct": 0.0, "rare": 1.0}),
        row(None, "ValueError"),
        row(1, terms={"correct": 1.0}),
    ]
    assert rates(rows, "terms", ("correct", "rare", "never")) == {"correct": 0.5, "rare": 0.5, "never": 0.0}
    assert rates(rows[:1], "terms", ("never",)) == {}
