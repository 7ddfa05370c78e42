"""One logged data set judged: every estimator's word on every policy, what it rests on, and the curves that mislead."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from medenvs.cases.logged import Logged
from medenvs.evaluation.ope.crossfit import judge
from medenvs.evaluation.ope.dose_gap import dose_gap
from medenvs.evaluation.ope.evaluation import Estimate, Evaluation, Settings, evaluate, improvement
from medenvs.evaluation.ope.lstd import fixed_point
from medenvs.evaluation.ope.refit import refitted
from medenvs.evaluation.ope.strata import by_strata
from medenvs.evaluation.ope.trajectories import Log

from .chart import chances, chart, dense, features, groups, judged, severity
from .policies import Policy

ESTIMATORS = ("IS", "WIS", "PDIS", "WPDIS", "DR", "WDR", "FQE")
_HEADS = (5, 5)
_CROSSED = (5, 6, 8, 11, 13, 14, 18, 19, 20)  # pressor, map, cvp, pf, urine, lactate, gcs, given, passed
_EDGES = (-4.0, -2.5, -1.5, -1.0, -0.5, 0.0, 0.5, 1.0, 1.5, 2.5, 4.01)
CRITIC = fixed_point(_HEADS, _CROSSED, ridge=10.0, bounds=(0.0, 1.0))


@dataclass(frozen=True)
class Ward:
    """A logged data set made ready: features (N, steps, F), the first charts' groups, and severity signs at admission."""

    data: Logged
    states: np.ndarray
    labels: Mapping[str, np.ndarray]
    signs: np.ndarray

    def toward(self, policy: Policy) -> Log:
        """Return the log with a policy's chances."""
        return judged(self.data, self.states, chances(self.data, policy))


def ward(data: Logged) -> Ward:
    """Return a data set made ready."""
    seen = chart(data)
    first = {name: x[data.starts[:-1]] for name, x in seen.items()}
    return Ward(data, dense(data, features(seen)), groups(first), severity(first))


def estimates(here: Ward, policy: Policy, settings: Settings, refits: int = 0, closely: bool = False) -> dict[str, Any]:
    """Return what a log says of a policy: every estimator's value and interval, its improvement over the clinicians, and the support.

    refits: how often FQE's critic is fitted anew for its interval, 0 for none (stated with the CPU-seconds it took); closely: with
    estimates by group and the dose-gap curves.
    """
    log = here.toward(policy)
    flow = judge(log, CRITIC, 2, settings.seed)
    value, gain = evaluate(flow, settings), improvement(flow, settings)
    found = {
        "estimates": {e.estimator: _told(e) for e in value.estimates},
        "improvements": {e.estimator: _told(e) for e in gain.estimates},
        "support": _supported(value),
    }
    if refits:
        start = time.process_time()
        found["estimates"]["FQE"] = _told(refitted(log, CRITIC, refits, settings))
        found["refits"] = {"times": refits, "cpu_seconds": round(time.process_time() - start, 2)}
    if closely:
        lines = by_strata(flow.take(np.argsort(flow.patients)), _sorted(here, flow.patients), settings)
        found["groups"] = [
            {"group": x.group, "value": x.value, "patients": x.evaluation.support.patients} | _few(x.evaluation) for x in lines
        ]
        found["dose_gap"] = {"fluid": curve(here, log, 0), "pressor": curve(here, log, 1)}
    return found


def curve(here: Ward, log: Log, drug: int) -> list[dict[str, float]]:
    """Return mortality by the mean gap of advised less given dose (index steps; 0 fluid, 1 pressor), as seen and with severity equal."""
    steps = log.policy.reshape(*log.policy.shape[:2], *_HEADS).sum(3 - drug) @ np.arange(5.0)
    given = np.unravel_index(log.actions, _HEADS)[drug].astype(float)
    gaps = dose_gap(given, steps, log.flow.mask, 1.0 - (here.data.returns > 0.5), here.signs, _EDGES)
    return [g._asdict() for g in gaps]


def _sorted(here: Ward, patients: np.ndarray) -> dict[str, np.ndarray]:
    return {group: labels[np.argsort(patients)] for group, labels in here.labels.items()}


def _told(e: Estimate) -> dict[str, Any]:
    return {name: x for name, x in asdict(e).items() if name not in ("estimator", "truth")}


def _few(found: Evaluation) -> dict[str, Any]:
    return {"effective": min(found.support.effective), "estimates": {e.estimator: _told(e) for e in found.estimates}}


def _supported(found: Evaluation) -> dict[str, Any]:
    s = found.support
    return {
        "effective": list(s.effective),
        "needed": s.needed,
        "top": s.top,
        "mean": s.mean,
        "unmatched": s.unmatched,
        "refusal": s.refusal,
    }
