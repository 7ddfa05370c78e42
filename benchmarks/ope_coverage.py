"""How often nominal 95 % intervals hold the true value: 200 repeated logs of the thirty-state ward, for policies near and far.

Each condition is a clinician, a policy and a number of patients; every log has fresh patients, critics are cross-fitted in halves, the
truth is exact. A condition counts as supported where at least nine in ten of its logs are; elsewhere the report must refuse. Beside it
the same ward without any effect of a dose: the share of logs in which an estimator calls a policy better than the clinicians is its
false-positive rate.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import numpy as np
from _measuring import finish, options

from medenvs.evaluation.ope.crossfit import judge
from medenvs.evaluation.ope.evaluation import Evaluation, Settings, evaluate, improvement
from medenvs.evaluation.ope.fqe import tabular
from medenvs.evaluation.ope.guards import softened
from medenvs.evaluation.ope.scoring import score
from medenvs.evaluation.ope.selection import claims
from medenvs.evaluation.ope.trajectories import as_log
from medenvs.worlds.tabular.ward import NOTHING, STATES, always, clinician, ward

WEIGHTED = ("IS", "WIS", "PDIS", "WPDIS", "DR", "WDR")
CLINICIAN = clinician(0.4)
_FIRST = 6_000  # seeds below were used to choose the kind of interval
POLICIES = {
    "the clinician": CLINICIAN,
    "a little better": clinician(0.7),
    "much better": clinician(1.0),
    "worse": clinician(0.1),
    "greedy softened by 0.6": softened(clinician(1.0, 0.0), 0.6),
    "greedy": clinician(1.0, 0.0),
    "no treatment": always(NOTHING),
}


def repeated(
    policy: np.ndarray, patients: int, logs: int, settings: Settings
) -> tuple[list[Evaluation], list[Evaluation], list[Evaluation]]:
    """Return a policy's evaluations on fresh logs, its improvements over the clinicians, and those where no dose does anything."""
    world, null = ward(), ward(effect=False)
    truth, given = world.value(policy), world.value(CLINICIAN)
    found: tuple[list[Evaluation], list[Evaluation], list[Evaluation]] = ([], [], [])
    for seed in range(_FIRST, _FIRST + logs):
        data = judge(as_log(world.sample(CLINICIAN, policy, patients, seed)), tabular(STATES), 2)
        idle = judge(as_log(null.sample(CLINICIAN, policy, patients, seed)), tabular(STATES), 2)
        found[0].append(evaluate(data, settings, truth))
        found[1].append(improvement(data, settings, truth - given))
        found[2].append(improvement(idle, settings, 0.0))
    return found


def condition(name: str, patients: int, logs: int, settings: Settings) -> dict[str, Any]:
    """Return how every estimator did in one condition."""
    values, differences, null = repeated(POLICIES[name], patients, logs, settings)
    scores = [score([v[e] for v in values]) for e in settings.estimators]
    return {
        "policy": name,
        "patients": patients,
        "logs": logs,
        "supported": scores[0].supported / logs,
        "effective": float(np.median([min(v.support.effective) for v in values])),
        "scores": [asdict(s) for s in scores],
        "difference_coverage": {e: score([d[e] for d in differences]).coverage for e in settings.estimators},
        "null_claims": [asdict(c) for c in claims(null)],
    }


def told(row: dict[str, Any]) -> str:
    """Return one line on a condition."""
    shown = " ".join(f"{s['estimator']} {'-' if s['coverage'] is None else format(s['coverage'], '.3f')}" for s in row["scores"])
    return f"{row['policy']:24s} {row['patients']:5d} effective {row['effective']:7.1f} supported {row['supported']:.2f}  {shown}"


def report(rows: list[dict[str, Any]], settings: Settings, save: bool) -> None:
    """Print the result over all conditions."""
    held = [r for r in rows if r["supported"] >= 0.9]
    covered = _covered(held)
    partly = _covered([r for r in rows if 0.1 < r["supported"] < 0.9])
    more = {
        "unit": "smallest coverage over estimators and supported conditions",
        "smallest": min(covered),
        "largest": max(covered),
        "smallest_where_partly_supported": min(partly) if partly else None,
        "largest_false_positive_rate": max(c["share"] for r in held for c in r["null_claims"]),
        "interval": settings.interval,
        "resamples": settings.resamples,
        "conditions": rows,
    }
    target = "0.90 to 0.99 where at least nine in ten logs are supported; `anchor` is the nominal level"
    finish("ope_coverage", min(covered)[0], 0.95, target, more, save)


def _covered(rows: list[dict[str, Any]]) -> list[tuple[float, str]]:
    return [(s["coverage"], f"{s['estimator']}, {r['policy']}, {r['patients']} patients") for r in rows for s in r["scores"]]


def main() -> None:
    args = options(__doc__)
    logs, sizes = (10, (300,)) if args.quick else (200, (300, 1_000))
    settings = Settings(WEIGHTED, 200 if args.quick else 400)
    rows = list[dict[str, Any]]()
    for name in POLICIES:
        for patients in sizes:
            rows.append(condition(name, patients, logs, settings))
            print(told(rows[-1]), flush=True)
    report(rows, settings, args.save)


if __name__ == "__main__":
    main()
