"""What policies are worth, by simulation: fresh test patients, the same for every policy, so that differences are paired."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from medenvs.cases.logged import Logged
from medenvs.systems.sepsis_logs import record

from .chart import chart, groups
from .policies import Policy

_NORMAL = 1.959964


def played(policy: Policy, patients: int, seed: int, effect: str, split: str = "test", confounding: float = 0.0) -> Logged:
    """Return what happens to patients under a policy."""
    return record(lambda seen, ill, cases: policy.chances(seen), patients, seed, split, effect, confounding=confounding)


def mean(values: np.ndarray) -> dict[str, float]:
    """Return a mean with its normal 95 % interval; without an interval's width for one patient."""
    x = np.asarray(values, float)
    slack = _NORMAL * float(x.std(ddof=1)) / len(x) ** 0.5 if len(x) > 1 else 0.0
    return {"mean": float(x.mean()), "low": float(x.mean()) - slack, "high": float(x.mean()) + slack}


def truth(data: Logged) -> dict[str, Any]:
    """Return survival, return, hours of harm for each channel and what was given, each a mean with its interval, and survival by group.

    groups: {"severity": {"no sign": {patients, mean, low, high}, ...}, "age": ..., "sex": ...}.
    """
    survived, costs = data.returns, data.episode_costs
    fluid = np.add.reduceat((data.actions // 5).astype(float), data.starts[:-1]) / data.lengths
    pressed = np.maximum.reduceat(data.actions % 5 > 0, data.starts[:-1])
    return {
        "patients": data.patients,
        "survival": mean(data.terminated[data.ends] & (survived > 0.5)),
        "return": mean(survived),
        "cost": mean(costs.sum(1)),
        "costs": {name: mean(costs[:, i]) for i, name in enumerate(data.cost_names)},
        "fluid_index": mean(fluid),
        "ever_pressor": mean(pressed),
        "groups": _by_group(groups({name: x[data.starts[:-1]] for name, x in chart(data).items()}), survived),
    }


def _by_group(labels: Mapping[str, np.ndarray], survived: np.ndarray) -> dict[str, dict[str, Any]]:
    return {
        group: {str(v): {"patients": int((values == v).sum()), **mean(survived[values == v])} for v in sorted(set(values.tolist()))}
        for group, values in labels.items()
    }
