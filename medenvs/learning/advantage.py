"""How much better what was done turned out than what was expected. Tensors of (steps, rows)."""

from __future__ import annotations

from typing import Any


def gae(rewards: Any, values: Any, over: Any, last: Any, discount: float, trust: float) -> Any:
    """Return generalised advantages (Schulman et al. 2016): sums of discounted surprises, each step's weighted by `trust` (lambda).

    `values` are those of what was seen before each step, `last` of what was seen after the last one; `over`: the episode ended there.
    """
    goes_on = 1.0 - over.to(values.dtype)
    found, later = rewards * 0.0, last * 0.0
    for t in range(len(rewards) - 1, -1, -1):
        after = last if t == len(rewards) - 1 else values[t + 1]
        surprise = rewards[t] + discount * goes_on[t] * after - values[t]
        later = surprise + discount * trust * goes_on[t] * later
        found[t] = later
    return found


def standard(advantages: Any) -> Any:
    """Return advantages with mean 0 and deviation 1; all alike they are 0."""
    return (advantages - advantages.mean()) / (advantages.std(correction=0) + 1e-8)
