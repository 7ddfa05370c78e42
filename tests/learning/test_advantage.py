"""Advantages and losses against sums written out, torch's own distributions and hand-computed values."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from medenvs.learning.advantage import gae, standard
from medenvs.learning.policy_loss import clipped, kl

torch = pytest.importorskip("torch")
pytestmark = pytest.mark.torch


def by_hand(rewards, values, over, last, discount, trust):
    """Sum, for each step, the discounted surprises until the episode's end."""
    steps, found = len(rewards), []
    after = [*values[1:], last]
    surprises = [rewards[t] + (0.0 if over[t] else discount * after[t]) - values[t] for t in range(steps)]
    for t in range(steps):
        total, weight = 0.0, 1.0
        for k in range(t, steps):
            total += weight * surprises[k]
            if over[k]:
                break
            weight *= discount * trust
        found.append(total)
    return found


@settings(derandomize=True, deadline=None, max_examples=50)
@given(st.integers(0, 1 << 20), st.integers(1, 7), st.sampled_from([0.0, 0.9, 1.0]), st.sampled_from([0.0, 0.95, 1.0]))
def test_gae_is_the_sum_written_out(seed, steps, discount, trust):
    g = torch.Generator().manual_seed(seed)
    rewards, values = torch.randn(2, steps, 3, generator=g, dtype=torch.float64)
    over, last = torch.rand(steps, 3, generator=g) < 0.3, torch.randn(3, generator=g, dtype=torch.float64)
    found = gae(rewards, values, over, last, discount, trust)
    for row in range(3):
        wanted = by_hand(*(x[:, row].tolist() for x in (rewards, values, over)), float(last[row]), discount, trust)
        assert found[:, row].tolist() == pytest.approx(wanted, abs=1e-12)


def test_hand_computed_gae():
    found = gae(
        torch.tensor([[1.0], [0.0], [2.0]]),
        torch.tensor([[0.5], [1.0], [1.5]]),
        torch.tensor([[False], [True], [False]]),
        torch.tensor([3.0]),
        0.5,
        0.5,
    )
    # surprises 1 + 0.5 - 0.5 = 1, 0 - 1 = -1, 2 + 1.5 - 1.5 = 2; the first adds a quarter of the second
    assert found[:, 0].tolist() == [0.75, -1.0, 2.0]


def test_standard_advantages():
    assert standard(torch.tensor([1.0, 3.0])).tolist() == pytest.approx([-1.0, 1.0])
    assert standard(torch.ones(4)).tolist() == [0.0] * 4


@pytest.mark.parametrize(
    ("ratio", "advantage", "loss"),
    [(1.0, 2.0, -2.0), (1.5, 1.0, -1.2), (0.5, 1.0, -0.5), (1.5, -1.0, 1.5), (0.5, -1.0, 0.8), (1.35, 1.0, -1.2)],
)
def test_the_clipped_surrogate(ratio, advantage, loss):
    found = clipped(torch.tensor([math.log(ratio)]), torch.zeros(1), torch.tensor([advantage]), 0.2, 0.2)
    assert found.item() == pytest.approx(loss)
    wide = clipped(torch.tensor([math.log(ratio)]), torch.zeros(1), torch.tensor([advantage]), 0.2, 0.4)
    assert wide.item() == pytest.approx({1.5: -1.4, 1.35: -1.35}.get(ratio, loss) if advantage == 1.0 else loss)


def test_beyond_the_clip_nothing_pulls():
    new = torch.tensor([math.log(1.5), math.log(0.5), math.log(1.5)], requires_grad=True)
    clipped(new, torch.zeros(3), torch.tensor([1.0, -1.0, -1.0]), 0.2, 0.2).sum().backward()
    assert new.grad[:2].tolist() == [0.0, 0.0] and new.grad[2] > 0


def test_kl_is_estimated_without_bias_and_never_negative():
    old, new = (torch.tensor(p, dtype=torch.float64).log() for p in ([0.2, 0.3, 0.5], [0.4, 0.4, 0.2]))
    found = kl(new, old)
    assert (found >= 0).all()
    assert (old.exp() * found).sum() == pytest.approx(
        float(torch.distributions.kl_divergence(*(torch.distributions.Categorical(logits=x) for x in (old, new))))
    )
