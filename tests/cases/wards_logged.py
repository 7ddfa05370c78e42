"""A small ward of logged patients for tests: whole, and with one thing wrong."""

import numpy as np

from medenvs.cases.logged import Logged


def fields(lengths=(3, 1, 4), *, box=False, seed=0):
    """What `Logged` is made of, for patients with that many decisions."""
    rng, t, n = np.random.default_rng(seed), sum(lengths), len(lengths)
    starts = np.r_[0, np.cumsum(lengths)]
    hours = np.concatenate([4.0 * np.arange(many) for many in lengths])
    last = np.zeros(t, bool)
    last[starts[1:] - 1] = True
    died = rng.random(t) < 0.5
    return {
        "name": "ward",
        "observations": np.stack([hours, rng.uniform(50, 90, t)], 1).astype(np.float32),
        "last": np.stack([4.0 * np.array(lengths), rng.uniform(50, 90, n)], 1).astype(np.float32),
        "actions": rng.uniform(0, 0.6, (t, 2)).astype(np.float32) if box else rng.integers(0, 25, t),
        "rewards": rng.normal(size=t),
        "costs": rng.integers(0, 5, (t, 2)).astype(float),
        "cost_names": ("hypotension", "hypoxia"),
        "terminated": last & died,
        "truncated": last & ~died,
        "propensities": np.where(rng.random(t) < 0.1, np.nan, rng.uniform(0.01, 1, t)),
        "starts": starts,
        "cases": 1_000 + np.arange(n),
        "columns": ("hour", "map"),
        "about": {"interval": 4, "ranges": {"map": [25, 150]}, "behaviour": {"name": "medium", "quality": 0.5}, "seed": 3},
    }


def ward(lengths=(3, 1, 4), *, box=False, seed=0, **wrong):
    """A whole ward, or one in which some fields are replaced."""
    return Logged(**fields(lengths, box=box, seed=seed) | wrong)
