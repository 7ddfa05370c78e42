"""What policies of known kind earn in the sepsis world, and the harm they leave: the table behind normalised scores.

No treatment, random doses, clinicians of five qualities and the reference rule, each on the same `patients` of the test split, for both
effects and both intervals, with 95 % intervals (normal). `--save` writes medenvs/systems/sepsis_references.json.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
from _measuring import options

import medenvs
from medenvs.cases.logged import Logged
from medenvs.evaluation.provenance import hardware, versions
from medenvs.systems.sepsis_logs import QUALITIES, Chart, Policy, clinician, record, uniformly
from medenvs.worlds.sepsis.clinician import rules

TABLE = Path(medenvs.__file__).parent / "systems" / "sepsis_references.json"
PATIENTS, SEED = 40_000, 20_261_121
WORLDS = tuple((effect, interval) for interval in (4, 1) for effect in ("real", "null"))


def policies() -> dict[str, Policy]:
    """Return the table's policies by name."""
    return {"none": untreated, "random": uniformly} | {f"q={q:g}": clinician(q) for q in QUALITIES} | {"rule": rule}


def untreated(chart: Chart, ill: np.ndarray | None, cases: np.ndarray) -> np.ndarray:
    """Give nothing."""
    return np.eye(25)[np.zeros(len(cases), int)]


def rule(chart: Chart, ill: np.ndarray | None, cases: np.ndarray) -> np.ndarray:
    """Give what the reference rule says."""
    return np.eye(25)[rules(chart)]


def row(played: Logged) -> dict[str, Any]:
    """Return means over patients with their intervals; costs in hours."""
    costs, total = played.episode_costs, played.episode_costs.sum(1)
    found: dict[str, Any] = {"n": played.patients, "return": _mean(played.returns), "return_95": _interval(played.returns)}
    found |= {"mortality": _mean(played.returns < 0.5), "cost": _mean(total), "cost_95": _interval(total)}
    found["costs"] = {name: _mean(costs[:, i]) for i, name in enumerate(played.cost_names)}
    return found | {"costs_95": {name: _interval(costs[:, i]) for i, name in enumerate(played.cost_names)}}


def _mean(values: np.ndarray) -> float:
    return round(float(values.mean()), 5)


def _interval(values: np.ndarray) -> list[float]:
    half = 1.96 * values.std(ddof=1) / len(values) ** 0.5
    return [round(float(values.mean() - half), 5), round(float(values.mean() + half), 5)]


def main() -> None:
    args = options(__doc__)
    n, worlds = (200, WORLDS[:1]) if args.quick else (PATIENTS, WORLDS)
    table: dict[str, Any] = {}
    for effect, interval in worlds:
        where = table[f"{effect}, {interval} h"] = {}
        for name, policy in policies().items():
            where[name] = row(record(policy, n, SEED, "test", effect, interval))
            print(f"{effect}, {interval} h, {name}: {where[name]['return']:.4f}", file=sys.stderr)
    result = {"name": "sepsis_references", "split": "test", "seed": SEED, "worlds": table}
    result |= {"versions": versions(), "hardware": hardware(), "date": time.strftime("%Y-%m-%d")}
    if args.save:
        TABLE.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(result))


if __name__ == "__main__":
    main()
