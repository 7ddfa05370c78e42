"""Logged sepsis patients as off-policy evaluation wants them: patients x steps, and what an analyst would make of the chart."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from medenvs.cases.logged import Logged
from medenvs.evaluation.ope.trajectories import Log, log

from .policies import DOSES, PRESSORS, Chart, Policy

_HINGES = {"map": (56.0, 60.0, 64.0, 68.0, 72.0), "lactate": (1.5, 3.0, 4.5), "cvp": (9.0,), "balance": (40.0, 80.0, 160.0)}
_BINS = np.arange(60.0, 96.1, 4.0)  # mmHg
_SIGNS = (("map", 65.0, -1), ("lactate", 4.0, 1), ("pf", 200.0, -1), ("urine", 0.5, -1), ("creatinine", 2.0, 1), ("gcs", 13.0, -1))


def chart(data: Logged) -> dict[str, np.ndarray]:
    """Return the charted columns by name, float64, one entry a decision."""
    return dict(zip(data.columns, np.ascontiguousarray(data.observations.T, np.float64), strict=True))


def features(seen: Chart) -> np.ndarray:
    """Return (T, F): every charted column, bends where doctors look for thresholds, and what pressor is running."""
    columns = {**seen, "balance": (seen["given"] - seen["passed"]) / seen["weight"], "log lactate": np.log(seen["lactate"])}
    bends = [np.maximum(columns[name] - at, 0.0) for name, places in _HINGES.items() for at in places]
    running = np.stack([seen["pressor"] > dose - 1e-6 for dose in PRESSORS[1:]], 1).astype(float)
    below = (seen["map"][:, None] < _BINS).astype(float)
    flags = [seen["urine"] < 0.5, seen["pf"] < 150.0, seen["pf"] < 200.0, seen["hour"] < 8, seen["hour"] < 12]
    short = [running[:, 0] * np.maximum(at - seen["map"], 0.0) for at in (68.0, 76.0)]
    over = [running[:, 0] * np.maximum(seen["map"] - at, 0.0) for at in (68.0, 78.0, 88.0)]
    return np.column_stack([*columns.values(), *bends, *flags, *short, *over, running, below, below * running[:, :1]])


def dense(data: Logged, flat: np.ndarray, beyond: float = 0.0) -> np.ndarray:
    """Return one entry a decision as (N, steps, ...), filled with `beyond` after a patient's end."""
    found = np.full((data.patients, int(data.lengths.max()), *flat.shape[1:]), beyond, flat.dtype)
    found[data.patient, data.step] = flat
    return found


def chances(data: Logged, policy: Policy) -> np.ndarray:
    """Return (N, steps, 25): what the policy would have done in every charted situation; even chances after a patient's end."""
    return dense(data, policy.chances(chart(data)), 1.0 / DOSES)


def judged(data: Logged, states: np.ndarray, policy: np.ndarray) -> Log:
    """Return the log of a policy's chances (N, steps, 25); `states` are its features (N, steps, F)."""
    mask = dense(data, np.ones(data.rows, bool), False)
    actions, odds = dense(data, data.actions, 0), dense(data, data.propensities, 1.0)
    return log(dense(data, data.rewards), odds, states, actions, policy, mask, data.cases)


def severity(first: Chart) -> np.ndarray:
    """Return how many of six signs of organ failure a chart shows: pressure, lactate, lungs, urine, creatinine, consciousness."""
    return np.sum([sign * (first[name] - at) > 0 for name, at, sign in _SIGNS], 0)


def groups(first: Chart) -> Mapping[str, np.ndarray]:
    """Return a label for each patient by severity at admission, age and sex."""
    signs, age = severity(first), first["age"]
    return {
        "severity": np.select([signs == 0, signs == 1, signs == 2], ["no sign", "1 sign", "2 signs"], "3 or more"),
        "age": np.select([age < 55, age < 75], ["<55", "55-74"], "75+"),
        "sex": np.where(first["male"] > 0, "male", "female"),
    }
