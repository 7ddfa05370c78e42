"""A policy from logged doses alone: `python agents/offline.py --algorithm iql --data medium --patients 5000`.

Learns by behaviour cloning, action-masked CQL or IQL from simulated logs of train patients (or an .npz of `medenvs data sepsis`), and ends
with a table on test patients: what is true in the simulator, and beside it what the clinician's log alone would estimate. Killed and
started again with the same words it goes on where it was. With `--limit` the mean cost of an episode is held down. What was learned plays
as `Learned`: `MEDENVS_RUN=runs/offline medenvs bench medenvs/Sepsis-v0 --agent agents/offline.py:Learned`.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from medenvs.cases import logged_file
from medenvs.cases.logged import Logged
from medenvs.core.errors import BadData, MedenvsError
from medenvs.evaluation.ope.evaluation import Settings, evaluate
from medenvs.evaluation.ope.trajectories import trajectories
from medenvs.learning.offline import guardian
from medenvs.learning.offline.fitting import fit, learned
from medenvs.learning.offline.learned import Learned as Policy
from medenvs.learning.offline.plan import PRESETS, SUPPORTS, Plan, preset
from medenvs.learning.training import LAST, Tell
from medenvs.systems.sepsis_logs import logged, record

RUN = "MEDENVS_RUN"
_NORMAL = 1.959964


class Learned(Policy):
    """Plays the policy of the run whose folder MEDENVS_RUN names (default runs/offline)."""

    def __init__(self) -> None:
        found = learned(Path(os.environ.get(RUN, "runs/offline")) / LAST)
        super().__init__(found.nets, found.columns, found.mask)


def parsed(argv: Sequence[str] | None) -> argparse.Namespace:
    """Return the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--algorithm", choices=PRESETS, default="iql")
    parser.add_argument("--data", default="medium", help="random, low, medium, high or mixed; or an .npz of `medenvs data sepsis`")
    parser.add_argument("--patients", type=int, default=5_000, help="to learn from, of a set that is made")
    parser.add_argument("--updates", type=int, default=Plan.updates, help="a multiple of 100")
    parser.add_argument("--rate", type=float, default=Plan.rate)
    parser.add_argument("--support", choices=SUPPORTS, help="doses that may be chosen (default: the algorithm's own)")
    parser.add_argument("--limit", type=float, help="mean cost of an episode that is allowed")
    parser.add_argument("--costs", default="", help="the costs that count, with commas between (default: all)")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, default=1, help="of torch")
    parser.add_argument("--out", type=Path, default=Path("runs/offline"))
    parser.add_argument("--test", type=int, default=5_000, help="test patients of the table at the end")
    parser.add_argument("--json", action="store_true")
    return parser.parse_args(argv)


def logs(args: argparse.Namespace, bar: Progress) -> Logged:
    """Return the set to learn from."""
    if args.data.endswith(".npz"):
        return logged_file.load(Path(args.data))
    task = bar.add_task("making logs")
    return logged(args.data, args.patients, args.seed, lambda _, done, whole: bar.update(task, completed=done, total=whole))


def summed(data: Logged) -> dict[str, float]:
    """Return what was true of the patients of a set."""
    costs = dict(zip(data.cost_names, data.episode_costs.mean(0).tolist(), strict=True))
    return {"mortality": 1 - float(data.returns.mean()), "cost": float(data.episode_costs.sum(1).mean()), **costs}


def table(policy: Policy, data: Logged, patients: int) -> dict[str, Any]:
    """Return what the policy does to test patients, what the clinicians did to the same ones, and the estimate from the latter's log.

    Raises BadData for logs of something else than the simulator.
    """
    about = data.about
    if not about.get("simulated") or about.get("behaviour", {}).get("name") == "custom":
        raise BadData(f"{data.name} was not made by `medenvs data sepsis`: nobody knows the truth. The policy is kept in the run's folder.")
    world = {**about["arguments"], "confounding": about["behaviour"]["confounding"]}
    theirs = logged(data.name, patients, about["seed"], split="test", **world)
    ours = record(lambda chart, ill, cases: policy.chances(chart), patients, about["seed"], "test", **world)
    apart = theirs.returns - ours.returns  # paired: the same patients
    error = float(apart.std(ddof=1)) / patients**0.5 if patients > 1 else 0.0
    interval = {"mean": float(apart.mean()), "low": float(apart.mean()) - _NORMAL * error, "high": float(apart.mean()) + _NORMAL * error}
    return {
        "test": patients,
        "clinician": summed(theirs),
        "learned": summed(ours),
        "deaths more than the clinician's": interval,
        "estimate": estimated(policy, theirs),
    }


def estimated(policy: Policy, log: Logged) -> dict[str, Any]:
    """Return the mortality that weighted importance sampling reads from a log alone, with its interval, or why there is none.

    Raises BadData for a log without propensities.
    """
    wanted = policy.probabilities(log.observations)[np.arange(log.rows), log.actions]
    shape, where = (log.patients, int(log.lengths.max())), (log.patient, log.step)
    rewards, behaviour, target, lived = (np.ones(shape), np.ones(shape), np.ones(shape), np.zeros(shape, bool))
    rewards[where], behaviour[where], target[where], lived[where] = log.rewards, log.propensities, wanted, True
    found = evaluate(trajectories(rewards, behaviour, target, lived), Settings(("WIS",)))["WIS"]
    told = {"by": "WIS", "mortality": found.value, "low": found.high, "high": found.low, "effective patients": found.effective}
    return {k: v if v is None or k not in ("mortality", "low", "high") else 1 - v for k, v in told.items()} | {"refusal": found.refusal}


def progress(args: argparse.Namespace) -> Progress:
    """Return progress bars."""
    bars = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    return Progress(*bars, disable=args.json)


def telling(bar: Progress, rounds: int) -> Tell:
    """Return what shows a learner's reports."""
    task = bar.add_task("learning", total=rounds)

    def tell(done: int, report: Mapping[str, float]) -> None:
        told = " ".join(f"{name} {value:.3g}" for name, value in report.items())
        bar.update(task, completed=done, description=told)

    return tell


def run(args: argparse.Namespace) -> dict[str, Any]:
    """Learn and judge."""
    import torch

    torch.set_num_threads(args.threads)
    costs = tuple(filter(None, args.costs.split(",")))
    own = {} if args.support is None else {"support": args.support}
    plan = preset(args.algorithm, updates=args.updates, rate=args.rate, limit=args.limit, costs=costs, seed=args.seed, **own)
    with progress(args) as bar:
        data = logs(args, bar)
        began = time.process_time()
        watch = guardian.fit(data) if plan.support == "guardian" else None
        policy = fit(data, plan, args.out, telling(bar, plan.updates // plan.stretch), guardian=watch)
    spent = time.process_time() - began
    about = {"data": data.name, "patients": data.patients, "plan": asdict(plan), "cpu_seconds": round(spent, 1)}
    return about | table(policy, data, args.test)


def show(found: Mapping[str, Any]) -> None:
    """Print a table."""
    print(f"{found['test']} test patients, {found['cpu_seconds']} CPU-seconds of learning (simulated; not for clinical use)")
    for name in ("clinician", "learned"):
        print(f"{name:<10} mortality {found[name]['mortality']:.4f}   cost {found[name]['cost']:.2f}")
    more, guess = found["deaths more than the clinician's"], found["estimate"]
    print(f"difference {more['mean']:+.4f} ({more['low']:+.4f} to {more['high']:+.4f}, paired)")
    said = guess["refusal"] or f"mortality {guess['mortality']:.4f} ({guess['low']:.4f} to {guess['high']:.4f})"
    print(f"from the clinician's log by {guess['by']}: {said}; {guess['effective patients']:.0f} effective patients")


def finish(run: Callable[[argparse.Namespace], Mapping[str, Any]], args: argparse.Namespace, name: str) -> int:
    """Run; print a table, or one JSON object. Return the exit status."""
    try:
        found = run(args)
    except MedenvsError as error:
        print(f"{name}: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print(f"{name}: stopped; the same command goes on from {args.out}", file=sys.stderr)
        return 130
    if args.json:
        print(json.dumps(found))
    else:
        show(found)
    return 0


def main(argv: Sequence[str] | None = None) -> int:
    """Learn and judge as the command line says."""
    return finish(run, parsed(argv), "offline")


if __name__ == "__main__":
    sys.exit(main())
