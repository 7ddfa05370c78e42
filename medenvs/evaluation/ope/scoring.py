"""Estimates against the truth, where a simulator tells it: bias, RMSE, coverage; rank correlation and regret across policies."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from medenvs.core.errors import BadValue

from .evaluation import Estimate


@dataclass(frozen=True)
class Score:
    """How an estimator did over estimates with a truth: how many there were and were supported; of those bias, RMSE and the mean width
    of the interval; coverage with its Wilson interval. None where nothing was supported, or nothing had an interval."""

    estimator: str
    estimates: int
    supported: int
    bias: float | None
    rmse: float | None
    width: float | None
    coverage: float | None
    coverage_low: float | None
    coverage_high: float | None


def score(found: Sequence[Estimate]) -> Score:
    """Return the score of one estimator's estimates (repeated logs, or policies); raises BadValue where a truth is missing."""
    names = {e.estimator for e in found}
    if len(names) != 1 or any(e.truth is None for e in found):
        raise BadValue(f"estimates by {sorted(names)}; expected those of one estimator, each with its truth.")
    errors = np.array([e.bias for e in found if e.bias is not None])
    widths = [e.high - e.low for e in found if e.high is not None and e.low is not None]
    covered = [e.covered for e in found if e.covered is not None]
    low, high = wilson(sum(covered), len(covered)) if covered else (None, None)
    return Score(
        names.pop(),
        len(found),
        len(errors),
        float(errors.mean()) if len(errors) else None,
        float(np.sqrt((errors * errors).mean())) if len(errors) else None,
        float(np.mean(widths)) if widths else None,
        sum(covered) / len(covered) if covered else None,
        low,
        high,
    )


def wilson(hits: int, of: int, z: float = 1.959964) -> tuple[float, float]:
    """Return Wilson's (1927) interval of a share, 95 % by default; (0, 1) of nothing."""
    if not of:
        return 0.0, 1.0
    share, extra = hits / of, z * z / of
    middle, half = share + extra / 2.0, z * float(np.sqrt(share * (1.0 - share) / of + extra / (4.0 * of)))
    return max(0.0, (middle - half) / (1.0 + extra)), min(1.0, (middle + half) / (1.0 + extra))


def ranks(values: Sequence[float]) -> np.ndarray:
    """Return ranks from 1, the mean rank for ties."""
    x = np.asarray(values, float)
    return (x[:, None] > x).sum(1) + ((x[:, None] == x).sum(1) + 1) / 2.0


def rank_correlation(estimates: Sequence[float], truths: Sequence[float]) -> float:
    """Return Spearman's correlation across policies; NaN where either is all ties, or fewer than two are left."""
    a, b = ranks(estimates), ranks(truths)
    a, b = a - a.mean(), b - b.mean()
    spread = float(np.sqrt((a * a).sum() * (b * b).sum()))
    return float((a * b).sum()) / spread if spread > 0.0 else float("nan")


def regret(estimates: Sequence[float | None], truths: Sequence[float], k: int = 1) -> float:
    """Return regret@k: the best truth less the best truth among the k policies with the highest estimates.

    A refused policy (None) cannot be chosen, but may be the best; NaN where all were refused. Ties go to the earlier policy.
    """
    if len(estimates) != len(truths) or not 1 <= k <= len(truths):
        raise BadValue(f"k is {k} for {len(estimates)} estimates and {len(truths)} truths; allowed: 1 to their number, the same for both.")
    chosen = sorted((i for i, e in enumerate(estimates) if e is not None), key=lambda i: -(estimates[i] or 0.0))[:k]
    return max(truths) - max(truths[i] for i in chosen) if chosen else float("nan")


@dataclass(frozen=True)
class Ranking:
    """How an estimator orders policies: how many it ranks of how many, Spearman's correlation over those, regret@1 and regret@3."""

    estimator: str
    ranked: int
    policies: int
    correlation: float
    regret_1: float
    regret_3: float


def ranking(found: Sequence[Estimate]) -> Ranking:
    """Return how one estimator orders policies, from its estimate of each, all with a truth."""
    truths = [e.truth for e in found if e.truth is not None]
    held = [(e.value, e.truth) for e in found if e.value is not None and e.truth is not None]
    if len(truths) != len(found) or not found:
        raise BadValue("a ranking needs at least one estimate, each with its truth.")
    correlation = rank_correlation([v for v, _ in held], [t for _, t in held]) if len(held) > 1 else float("nan")
    values = [e.value for e in found]
    return Ranking(
        found[0].estimator, len(held), len(found), correlation, regret(values, truths), regret(values, truths, min(3, len(found)))
    )
