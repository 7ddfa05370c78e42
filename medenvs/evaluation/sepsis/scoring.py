"""Estimates of many policies on many logs against the truth: errors, rankings, claims, and how far p-values can be believed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from statistics import NormalDist
from typing import Any

import numpy as np

from medenvs.evaluation.ope.evaluation import Estimate
from medenvs.evaluation.ope.scoring import Ranking, ranking, score, wilson
from medenvs.evaluation.ope.selection import improves

from .estimates import ESTIMATORS

LEVELS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 0.75)
Known = Mapping[str, Any]  # by policy: its truth
Log = Mapping[str, Any]  # by policy: what one log says


def made(told: Mapping[str, Any], name: str, truth: float | None) -> Estimate:
    """Return an estimate from a document."""
    return Estimate(name, **told, truth=truth)


def scores(known: Known, logs: Sequence[Log]) -> list[dict[str, Any]]:
    """Return bias, RMSE, width and coverage of each estimator over all policies and logs, of supported estimates only."""
    return [
        asdict(score([made(log[p]["estimates"][name], name, known[p]["return"]["mean"]) for log in logs for p in known]))
        for name in ESTIMATORS
    ]


def rankings(known: Known, logs: Sequence[Log]) -> list[dict[str, Any]]:
    """Return how each estimator orders the policies: means over logs of the rank correlation and of regret@1 and @3, where defined."""
    found: list[dict[str, Any]] = []
    for name in ESTIMATORS:
        each = [ranking([made(log[p]["estimates"][name], name, known[p]["return"]["mean"]) for p in known]) for log in logs]
        found.append(
            {
                "estimator": name,
                "policies": len(known),
                "ranked": float(np.mean([r.ranked for r in each])),
                **{field: _mean(each, field) for field in ("correlation", "regret_1", "regret_3")},
            }
        )
    return found


def _mean(each: Sequence[Ranking], field: str) -> float | None:
    values = [x for r in each if np.isfinite(x := getattr(r, field))]
    return float(np.mean(values)) if values else None


def claims(known: Known, logs: Sequence[Log], clinician: str) -> list[dict[str, Any]]:
    """Return how often each estimator calls a policy better than the logging clinicians, and how often that is false.

    A claim is an interval of the difference all above 0; it is false where the truth is 0 or less. `above` counts bare values above 0.
    Policies of one log share their patients, so the Wilson interval is a lower bound of the uncertainty.
    """
    given = known[clinician]["return"]["mean"]
    found: list[dict[str, Any]] = []
    for name in ESTIMATORS:
        asked = [(made(log[p]["improvements"][name], name, None), known[p]["return"]["mean"] - given) for log in logs for p in known]
        asked = [x for x, p in zip(asked, [p for _ in logs for p in known], strict=True) if p != clinician]
        said = [truth for e, truth in asked if improves(e)]
        false, above = sum(t <= 1e-12 for t in said), sum(e.value is not None and e.value > 1e-9 for e, _ in asked)
        supported = sum(e.supported for e, _ in asked)
        low, high = wilson(len(said), len(asked))
        found.append(
            {
                "estimator": name,
                "asked": len(asked),
                "supported": supported,
                "claimed": len(said),
                "false": false,
                "above": above,
                "share": len(said) / len(asked) if asked else None,
                "low": low,
                "high": high,
            }
        )
    return found


def calibration(logs: Sequence[Log], clinician: str) -> dict[str, Any]:
    """Return, where no dose does anything, which share of supported improvements has a one-sided p-value up to each level."""
    found = dict[str, Any]()
    for name in ESTIMATORS:
        told = [x["improvements"][name] for log in logs for p, x in log.items() if p != clinician]
        z = [t["value"] / t["error"] for t in told if t["value"] is not None and (t["error"] or 0.0) > 0.0]
        p = np.array([1.0 - NormalDist().cdf(x) for x in z])
        found[name] = {"tests": len(z), "shares": [float((p <= level).mean()) if len(z) else None for level in LEVELS]}
    return {"levels": list(LEVELS), "estimators": found}
