"""PPO from scratch on medenvs/Sepsis-v0 beside the clinicians: true deaths of the same 20,000 test patients, several seeds.

Learns on train cases, chooses its best policy on validation cases, and is judged once on test cases. Differences are paired by
patient; the interval over seeds is Student's. `--save` writes results/ppo_sepsis.json; runs go on where they were killed (--runs).
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import mean, stdev
from typing import Any

import numpy as np
from _measuring import RESULTS
from rich.progress import Progress

from medenvs.core.randomness import key
from medenvs.evaluation.provenance import hardware, versions
from medenvs.learning.array_policy import ArrayPolicy
from medenvs.learning.judging import episodes
from medenvs.learning.ppo import Plan
from medenvs.learning.rows import Rows
from medenvs.learning.training import BEST, learned, train
from medenvs.systems import sepsis
from medenvs.worlds.sepsis.clinician import drawn, propensities, rules
from medenvs.worlds.sepsis.columns import NAMES

_STUDENT = {2: 12.706, 3: 4.303, 4: 3.182, 5: 2.776, 6: 2.571, 7: 2.447, 8: 2.365, 9: 2.306, 10: 2.262}  # 95 %, by number of seeds
_ENTROPY = 0.001
_TEST = 1_000_000  # the test rows' seed
Doses = Callable[[np.ndarray], np.ndarray]


def clinician(quality: float | None) -> Doses:
    """Return the doses of a clinician of this quality, or of the reference rule (None)."""
    step = 0

    def act(chart: np.ndarray) -> np.ndarray:
        nonlocal step
        step += 1
        columns = dict(zip(NAMES, chart.T.astype(np.float64), strict=True))
        return rules(columns) if quality is None else drawn(propensities(columns, quality), key(_TEST, np.arange(len(chart))), step)

    return act


def deaths(rows: Rows, policy: Any) -> tuple[np.ndarray, dict[str, float]]:
    """Return who died, and the mean hours of each cost."""
    found = episodes(policy, rows, 20)
    return 1 - found["term survived"].numpy(), {n: float(v.mean()) for n, v in found.items() if n.startswith("cost ")}


def parsed(argv: Sequence[str] | None) -> argparse.Namespace:
    """Return the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--rounds", type=int, default=700)
    parser.add_argument("--patients", type=int, default=20_000)
    parser.add_argument("--runs", type=Path, default=Path("runs/ppo_sepsis"))
    parser.add_argument("--quick", action="store_true", help="a short run that only shows that it works")
    parser.add_argument("--save", action="store_true", help="write results/ppo_sepsis.json")
    args = parser.parse_args(argv)
    if args.quick:
        args.seeds, args.rounds, args.patients, args.runs = 2, 2, 500, args.runs / "quick"
    return args


def trained(args: argparse.Namespace, seed: int) -> tuple[ArrayPolicy, float]:
    """Return the best policy of one seed's run, and the CPU-seconds that it took here."""
    began, folder = time.process_time(), args.runs / f"seed{seed}"
    with Progress(disable=not sys.stderr.isatty()) as bar:
        task = bar.add_task(f"seed {seed}", total=args.rounds)
        plan = Plan(entropy=_ENTROPY, seed=seed * 100_000)
        train(sepsis.system(sepsis.Options()), plan, folder, args.rounds, tell=lambda n, _: bar.update(task, completed=n))
    return learned(folder / BEST), time.process_time() - began


def main(argv: Sequence[str] | None = None) -> int:
    """Train, judge, print one JSON object."""
    import torch

    args = parsed(argv)
    torch.set_num_threads(1)
    rows = Rows(sepsis.system(sepsis.Options()), args.patients, split="test", seed=_TEST)
    cast = {"clinician, q = 1": clinician(1.0), "clinician, q = 0.5": clinician(0.5), "reference rule": clinician(None)}
    died: dict[str, Any] = {}
    table: dict[str, Any] = {}
    for name, doses in cast.items():
        died[name], costs = deaths(rows, lambda seen, doses=doses: torch.as_tensor(doses(seen["observation"].numpy())))
        table[name] = {"mortality": float(died[name].mean()), "costs": costs}
    seeds: list[dict[str, Any]] = []
    for seed in range(args.seeds):
        policy, spent = trained(args, seed)
        dead, costs = deaths(rows, lambda seen, p=policy: p.move(p.act(seen)[0]))
        apart = {name: float((died[name] - dead).mean()) for name in died}
        seeds.append({"seed": seed, "mortality": float(dead.mean()), "lower by": apart, "cpu_seconds": round(spent), "costs": costs})
        print(json.dumps(seeds[-1]), file=sys.stderr)
    gaps = {name: _interval([s["lower by"][name] for s in seeds]) for name in died}
    found = {"name": "ppo_sepsis", "patients": args.patients, "rounds": args.rounds, "others": table, "seeds": seeds}
    found |= {"mortality": _interval([s["mortality"] for s in seeds]), "lower by": gaps}
    found |= {"versions": versions(), "hardware": hardware(), "date": time.strftime("%Y-%m-%d")}
    if args.save:
        RESULTS.mkdir(exist_ok=True)
        (RESULTS / "ppo_sepsis.json").write_text(json.dumps(found, indent=1) + "\n")
    print(json.dumps(found))
    return 0


def _interval(values: Sequence[float]) -> dict[str, float]:
    """Return the mean over seeds with its 95 % Student interval."""
    half = _STUDENT[len(values)] * stdev(values) / len(values) ** 0.5
    return {"mean": mean(values), "low": mean(values) - half, "high": mean(values) + half}


if __name__ == "__main__":
    sys.exit(main())
