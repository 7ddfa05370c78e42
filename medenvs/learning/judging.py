"""How a policy on arrays does in whole episodes of the environment itself."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .array_policy import ArrayPolicy
from .rows import Rows

Policy = Callable[[dict[str, Any]], Any]


def episodes(policy: Policy, rows: Rows, steps: int, start: int = 0) -> dict[str, Any]:
    """Return what one episode a row came to, one entry a row: return, length, each "cost ..." and each "term ...".

    `policy` gives a move for each row of what is seen. Episodes that are longer than `steps` count as far as they went.
    """
    seen, live = rows.begin(start), rows.lanes.full(rows.n, 1.0)
    sums: dict[str, Any] = {}
    for _ in range(steps):
        seen, rewards, costs, ended, terms = rows.step(policy(seen))
        told = {
            "return": rewards,
            "length": 1.0,
            **{f"cost {n}": c for n, c in costs.items()},
            **{f"term {n}": v for n, v in terms.items()},
        }
        for name, value in told.items():
            sums[name] = sums.get(name, 0.0) + live * value
        live = live * (1.0 - ended.to(live.dtype))
        if not bool(live.any()):
            break
    return sums


def judged(policy: ArrayPolicy, rows: Rows, steps: int, generator: Any = None) -> dict[str, float]:
    """Return the means over one episode a row, the sum of all costs, and the standard error of the return.

    Without a generator the policy does what is likeliest.
    """
    sums = episodes(lambda seen: policy.move(policy.act(seen, generator)[0]), rows, steps)
    means = {name: float(value.mean()) for name, value in sums.items()}
    means["cost"] = sum(value for name, value in means.items() if name.startswith("cost "))
    means["standard error"] = float(policy.torch.std(sums["return"]) / rows.n**0.5)
    return means
