"""Whether the data can say anything about a policy: effective patients, heavy weights, weights that do not average 1.

The gate refuses an estimate, with the reason and its numbers, where few patients decide it (Gottesman et al. 2018). Two further
reasons: the weights' mean is far from 1, as when the policy does what no clinician did, which no effective sample size shows; and,
for a bare critic, too few effective steps.

At the gate's edge intervals are not yet what they say: where the median log has 34 effective patients of 1,000, those of IS and PDIS held
the truth in 0.85 of the 113 logs of 200 that passed (benchmarks/ope_coverage.py), in 0.94 of 530 of 600 fresh logs of 1,000 to 2,000
patients. A gate of 50 is no remedy: it lets through the logs in which no heavy weight came up, and WIS then held it in 0.91 instead
of 0.93.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .trajectories import Trajectories
from .weights import cumulative, effective, ratios, top_share


@dataclass(frozen=True)
class Gate:
    """When an estimate is refused: fewer effective patients than `least` or `share` of all, or weights whose mean is more than
    `errors` standard errors and more than `gap` away from 1."""

    least: float = 30.0
    share: float = 0.01
    errors: float = 4.0
    gap: float = 0.05


GATE = Gate()


@dataclass(frozen=True)
class Support:
    """How far logged patients speak for a policy.

    effective: the effective sample size after each step; top: which part of the weight the heaviest 1 % of patients hold; mean, error:
    of the uncut weights at the end and its standard error; unmatched: share of patients whose weight is 0; steps: lived ones, and
    effective_steps the effective ones by single ratios; refusal, critic_refusal: why weighted estimates, and a bare critic's, are
    unsupported, or "".
    """

    patients: int
    effective: tuple[float, ...]
    needed: float
    top: float
    mean: float
    error: float
    unmatched: float
    steps: int
    effective_steps: float
    cap: float | None
    refusal: str
    critic_refusal: str


def support(data: Trajectories, gate: Gate = GATE, cap: float | None = None) -> Support:
    """Return how far the episodes speak for the target policy; effective sizes are of weights cut at `cap`, their mean of uncut ones."""
    free, cut = cumulative(data), cumulative(data, cap)
    end = free[:, -1]
    patients, steps = len(end), int(data.mask.sum())
    sizes = effective(cut)
    needed = max(gate.least, gate.share * patients)
    mean, error = float(end.mean()), float(end.std(ddof=1) / np.sqrt(patients)) if patients > 1 else float("inf")
    single = float(effective(ratios(data)[data.mask][:, None])[0])
    enough = max(gate.least, gate.share * steps)
    reason = ""
    if (smallest := float(sizes.min())) < needed:
        reason = f"{smallest:.1f} effective of {patients} patients at step {int(sizes.argmin())}; at least {needed:.0f} needed"
    elif abs(mean - 1.0) > max(gate.gap, gate.errors * error):
        reason = f"weights average {mean:.3f} (s.e. {error:.3f}), not 1: the policy does what was never logged, or propensities are wrong"
    few = f"{single:.1f} effective of {steps} steps; at least {enough:.0f} needed" if single < enough else ""
    return Support(
        patients,
        tuple(sizes.tolist()),
        needed,
        top_share(cut[:, -1]),
        mean,
        error,
        float((end == 0.0).mean()),
        steps,
        single,
        cap,
        reason,
        few,
    )
