"""A planted hidden confounder: off-policy estimates with propensities fitted from the chart, beside the exact ones and the truth.

Clinicians of quality 0 see how ill a patient looks, graded 0 to 1, and give more fluid to those who do. An analyst who knows their protocol
fits a multinomial logit (with lapses) of the dose given on the dose that the protocol asks for, on other patients, and asks what the same
clinicians with a little less or more fluid would be worth. Values are shown with the gate of `ope.support` lifted, and whether it
would have refused them.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from _measuring import finish, options

from medenvs.cases.logged import Logged
from medenvs.core.lanes import numpy_lanes
from medenvs.evaluation.ope.crossfit import judge
from medenvs.evaluation.ope.evaluation import Evaluation, Settings, evaluate, improvement
from medenvs.evaluation.ope.logit import fitted
from medenvs.evaluation.ope.scoring import wilson
from medenvs.evaluation.ope.sensitivity import sensitivity, tipping_point
from medenvs.evaluation.ope.support import Gate, support
from medenvs.evaluation.ope.trajectories import Trajectories
from medenvs.evaluation.sepsis.bench import plain
from medenvs.evaluation.sepsis.chart import chances, chart, dense, features, judged
from medenvs.evaluation.sepsis.estimates import CRITIC
from medenvs.evaluation.sepsis.policies import Policy
from medenvs.evaluation.sepsis.truth import mean, played
from medenvs.systems.sepsis_logs import clinician, record
from medenvs.worlds.sepsis.clinician import BAD, Manner, means, propensities

GRADES, SHIFT, ESTIMATORS = (0.0, 0.25, 0.5, 0.75, 1.0), 0.3, ("IS", "WIS", "PDIS", "WPDIS", "DR", "WDR", "FQE")
WHY = "propensities fitted from the chart; hidden confounding cannot be seen in the data"
_UNGATED = Gate(0.0, 0.0, float("inf"), float("inf"))


def shifted(name: str, index: float) -> Policy:
    """Return the clinicians' protocol with that many index steps more fluid."""
    who: Manner = replace(BAD, base=BAD.base + index)
    return Policy(name, "clinician", lambda seen: propensities(seen, who))


POLICIES = (shifted("less fluid", -SHIFT), shifted("the protocol", 0.0), shifted("more fluid", SHIFT))


def asked(seen: Mapping[str, np.ndarray]) -> np.ndarray:
    """Return what the protocol asks for: for each drug its rounded index, and how far it is from that."""
    fluid, pressor = means(numpy_lanes(), seen, BAD)
    found = list[np.ndarray]()
    for index, low in ((fluid, 0), (np.where(pressor > 0.3, pressor, -1.0), -1)):
        near = np.clip(np.rint(index), low, 4)
        which = (near[:, None] == np.arange(low, 5)).astype(float)
        found += [which, which * np.clip(index - near, -1.5, 1.5)[:, None]]
    return np.concatenate(found, 1)


def judged_by(data: Logged, policy: Policy, states: np.ndarray, odds: np.ndarray) -> tuple[Trajectories, Trajectories]:
    """Return the policy's episodes with exact and with fitted propensities, one critic for both."""
    exact = judge(judged(data, states, chances(data, policy)), CRITIC, 2).ordered()
    return exact, replace(exact, behaviour=dense(data, odds, 1.0)[np.argsort(data.cases)])


def told(found: Evaluation, gain: Evaluation, refusal: str) -> dict[str, Any]:
    """Return what was estimated, whether the truth is inside, whether a better policy was claimed, and the gate's word."""
    rows = {
        e.estimator: {"value": e.value, "low": e.low, "high": e.high, "covered": e.covered, "better": (gain[e.estimator].low or 0.0) > 0.0}
        for e in found.estimates
    }
    return {"estimates": rows, "refusal": refusal, "weight": found.support.mean, "effective": min(found.support.effective)}


def case(grade: float, seed: int, patients: int, truths: Mapping[str, float], resamples: int) -> dict[str, Any]:
    """Return one repetition: fit on one log, judge on another."""
    before, data = (record(clinician(0.0), patients, 2 * seed + i, confounding=grade) for i in range(2))
    model = fitted(asked(chart(before)), before.actions, (5, 5))
    odds = np.take_along_axis(model.chances(asked(chart(data))), data.actions[:, None], 1)[:, 0]
    states, settings = dense(data, features(chart(data))), Settings(ESTIMATORS, resamples, gate=_UNGATED, seed=seed)
    found: dict[str, Any] = {"grade": grade, "seed": seed, "logged": float(data.returns.mean()), "lapse": model.lapse, "policies": {}}
    for policy in POLICIES:
        both, row = judged_by(data, policy, states, odds), dict[str, Any]()
        for name, flow in zip(("exact", "fitted"), both, strict=True):
            row[name] = told(evaluate(flow, settings, truths[policy.name]), improvement(flow, settings), support(flow).refusal)
        row["bounds"] = [b._asdict() for b in sensitivity(both[1], (1.0, 1.02, 1.05, 1.1))]
        row["tipping_to_truth"] = tipping_point(both[1], truths[policy.name], 2.0)
        found["policies"][policy.name] = row
    return found


def summary(rows: list[dict[str, Any]], truths: Mapping[str, float]) -> list[dict[str, Any]]:
    """Return, by grade, policy, propensities and estimator: mean value, bias with its interval, coverage, and how often it is refused."""
    found = list[dict[str, Any]]()
    for grade in dict.fromkeys(r["grade"] for r in rows):
        for policy, truth in truths.items():
            for kind in ("exact", "fitted"):
                here = [r["policies"][policy][kind] for r in rows if r["grade"] == grade]
                found += [line(here, name, truth) | {"grade": grade, "policy": policy, "propensities": kind} for name in ESTIMATORS]
    return found


def line(here: list[dict[str, Any]], name: str, truth: float) -> dict[str, Any]:
    """Return one estimator's repetitions in brief."""
    each = [h["estimates"][name] for h in here]
    covered = [e["covered"] for e in each if e["covered"] is not None]
    return {
        "estimator": name,
        "truth": truth,
        "bias": mean(np.array([e["value"] - truth for e in each])),
        "coverage": sum(covered) / len(covered) if covered else None,
        "coverage_interval": list(wilson(sum(covered), len(covered))) if covered else None,
        "better": sum(e["better"] for e in each),
        "refused": sum(bool(h["refusal"]) for h in here),
        "weight": float(np.mean([h["weight"] for h in here])),
        "effective": float(np.median([h["effective"] for h in here])),
        "logs": len(each),
    }


def main() -> None:
    args = options(__doc__)
    patients, seeds, tests, resamples = (150, 1, 500, 100) if args.quick else (3_000, 6, 20_000, 300)
    start, grades = time.process_time(), (0.0, 1.0) if args.quick else GRADES
    values = {p.name: mean(played(p, tests, 1 << 30, "real").returns) for p in POLICIES}
    truths = {name: x["mean"] for name, x in values.items()}
    rows = list[dict[str, Any]]()
    for grade in grades:
        for seed in range(seeds):
            rows.append(case(grade, seed, patients, truths, resamples))
            wis = {n: round(r["fitted"]["estimates"]["WIS"]["value"], 3) for n, r in rows[-1]["policies"].items()}
            print(f"grade {grade:g}, seed {seed}: WIS with fitted propensities {wis}, truth {truths}", flush=True)
    lines = summary(rows, truths)
    shown = {(x["grade"], x["propensities"]): x["bias"]["mean"] for x in lines if (x["policy"], x["estimator"]) == ("less fluid", "WIS")}
    more = {
        "unit": "bias of WIS for less fluid, fitted propensities, at the highest grade; anchor: with exact ones",
        "why": WHY,
        "ratio": None,
    }
    more |= {"patients": patients, "seeds": seeds, "truths": values, "summary": lines, "cases": rows}
    more |= {"cpu_seconds": round(time.process_time() - start, 1)}
    biased, right = shown[grades[-1], "fitted"], shown[grades[-1], "exact"]
    finish("planted_confounder", biased, right, "a bias that is seen, beside that with exact propensities", plain(more), args.save)


if __name__ == "__main__":
    main()
