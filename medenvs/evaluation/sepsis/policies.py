"""The policies of the sepsis suite, as probabilities over the twenty-five doses: naive, blind, clinicians, the rule, and softened ones."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from medenvs.worlds.sepsis.clinician import propensities, rules

Chart = Mapping[str, np.ndarray]
Chances = Callable[[Chart], np.ndarray]  # (rows, 25), each row sums to 1

PRESSORS = (0.0, 0.05, 0.15, 0.30, 0.60)
DOSES = 25
RANDOM, NOTHING, RULE = "random", "no treatment", "reference rule"
# The best constant and the best schedule that a search of state-blind policies found when the world was calibrated.
_CONSTANT = 11
_FLUIDS = (2, 2, 3, 3, 1, 2, 2, 2, 2, 2, 3, 3, 3, 3, 3, 3, 3, 3, 2, 2)
_PRESSED = (1, 0, 0, 0, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1)
SCHEDULE = 5 * np.array(_FLUIDS) + np.array(_PRESSED)
QUALITIES = (0.0, 0.25, 0.5, 0.75, 1.0)


@dataclass(frozen=True)
class Policy:
    """A policy. kind: "naive", "blind", "clinician", "rule" or "softened"; softened: how much of it is the logging clinician (guard 5),
    0 for none."""

    name: str
    kind: str
    chances: Chances
    softened: float = 0.0


def always(dose: int) -> Chances:
    """Return the policy that gives one dose to everybody."""
    return lambda chart: np.tile(np.eye(DOSES)[dose], (len(chart["age"]), 1))


def evenly(chart: Chart) -> np.ndarray:
    """Give every dose with the same probability."""
    return np.full((len(chart["age"]), DOSES), 1.0 / DOSES)


def scheduled(chart: Chart) -> np.ndarray:
    """Read the clock alone."""
    return np.eye(DOSES)[SCHEDULE[np.minimum(chart["hour"].astype(np.int64) // 4, len(SCHEDULE) - 1)]]


def clinician(quality: float) -> Chances:
    """Return a clinician who reads the chart only."""
    return lambda chart: propensities(chart, quality)


def ruled(chart: Chart) -> np.ndarray:
    """Give the reference dose: the best rule that reads the chart and is known."""
    return np.eye(DOSES)[rules(chart)]


def toward(policy: Policy, other: Chances, share: float) -> Policy:
    """Return a policy of which `share` (0 to 1) is the other, decision by decision: another policy, of another value."""

    def chances(chart: Chart) -> np.ndarray:
        return (1.0 - share) * policy.chances(chart) + share * other(chart)

    return Policy(f"{1 - share:.0%} {policy.name}", "softened", chances, share)


def policies(quality: float) -> dict[str, Policy]:
    """Return the policies of the table by name; softened ones leave the rest to the clinician of this quality, who logged the data."""
    naive = [(NOTHING, always(0)), ("most treatment", always(24)), (RANDOM, evenly), ("constant", always(10))]
    found = [Policy(name, "naive", chances) for name, chances in naive]
    blind, schedule = Policy("best constant", "blind", always(_CONSTANT)), Policy("best schedule", "blind", scheduled)
    rule = Policy(RULE, "rule", ruled)
    found += [blind, schedule, *(Policy(f"clinician q={q:g}", "clinician", clinician(q)) for q in QUALITIES), rule]
    whole = {policy.name: policy for policy in found}
    parts = (
        (RULE, 0.1),
        (RULE, 0.25),
        ("best schedule", 0.1),
        ("clinician q=1", 0.25),
        ("clinician q=0", 0.25),
        (NOTHING, 0.1),
        (RANDOM, 0.05),
    )
    found += [toward(whole[name], clinician(quality), 1.0 - part) for name, part in parts]
    return {policy.name: policy for policy in found}
