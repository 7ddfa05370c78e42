"""Numbers with intervals: means, inter-quartile means, seeded bootstrap, paired differences."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np

from medenvs.core.randomness import key, word

RESAMPLES = 2000
_BOOTSTRAP = 0x424F4F54
_AT_ONCE = 4_000_000  # resampled values held in memory


class Estimate(NamedTuple):
    """A mean and its 95 % interval."""

    mean: float
    low: float
    high: float


def iqm(values: Sequence[float] | np.ndarray) -> float:
    """Return the mean of the middle half (a quarter of the values is cut off at each end)."""
    order = np.sort(np.asarray(values, float))
    cut = len(order) // 4
    return float(order[cut : len(order) - cut].mean())


def estimate(values: Sequence[float] | np.ndarray, seed: int = 0) -> Estimate:
    """Return the mean of at least one value with its percentile bootstrap interval (2,000 resamples, the same for the same seed)."""
    x = np.asarray(values, float)
    step = max(1, _AT_ONCE // len(x))
    means = np.concatenate([x[_draws(len(x), seed, first, min(step, RESAMPLES - first))].mean(1) for first in range(0, RESAMPLES, step)])
    low, high = np.percentile(means, (2.5, 97.5))
    return Estimate(float(x.mean()), float(low), float(high))


@lru_cache(maxsize=2)
def _draws(n: int, seed: int, first: int, count: int) -> np.ndarray:
    rows = np.arange(first, first + count)[:, None]
    return (word(key(seed, _BOOTSTRAP, rows), np.arange(n)) * n) >> 32


def difference(ours: Sequence[float], theirs: Sequence[float], seed: int = 0) -> Estimate:
    """Return how much more ours earned in the same episodes (both in the same order)."""
    return estimate(np.asarray(ours, float) - np.asarray(theirs, float), seed)


def floor(rows: Sequence[dict[str, Any]]) -> float:
    """Return what a failed episode counts: the worst return among all rows of a task, at most 0."""
    return min([0.0, *(r["return"] for r in rows if r["return"] is not None)])


def returns(rows: Sequence[dict[str, Any]], worst: float) -> list[float]:
    """Return the returns of rows, failed ones as the worst."""
    return [worst if r["return"] is None else r["return"] for r in rows]


def rates(rows: Sequence[dict[str, Any]], column: str, names: Iterable[str]) -> dict[str, float]:
    """Return the mean of each named term or cost over the episodes where it applied; a failed episode counts as one that earned 0."""
    found: dict[str, float] = {}
    for name in names:
        values = [float(r[column].get(name, 0.0)) for r in rows if name in r[column] or r["error"]]
        if values:
            found[name] = sum(values) / len(values)
    return found
