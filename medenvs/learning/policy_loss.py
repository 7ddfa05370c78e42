"""Losses of policy gradients: what pushes a policy towards what turned out well, and not too far at once."""

from __future__ import annotations

from typing import Any


def clipped(new: Any, old: Any, advantages: Any, low: float, high: float) -> Any:
    """Return the clipped surrogate of each sample (PPO; Schulman et al. 2017), to be minimised: log-probabilities and advantages in.

    The ratio of probabilities counts from 1 - low to 1 + high where going on would pay.
    """
    ratio = (new - old).exp()
    return -(ratio * advantages).minimum(ratio.clip(1 - low, 1 + high) * advantages)


def kl(new: Any, old: Any) -> Any:
    """Return an estimate, never negative, of KL(old, new) from samples of the old policy: r - 1 - log r with r = new / old."""
    log_ratio = new - old
    return log_ratio.exp() - 1 - log_ratio
