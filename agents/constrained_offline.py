"""Offline guarded safe reinforcement learning: `python agents/constrained_offline.py --data medium --patients 5000 --limit 30`.

After OGSRL (Yan et al. 2025): a guardian and a model of what happens next are fitted to logs of train patients, and PPO-Lagrangian learns
inside the model with two limits, on hours of harm and on decisions outside the data. It is judged in the simulator, and by what the
clinician's log alone would estimate, never in its own model. `--no-guard`, `--no-cost` and `--no-clip` are the ablations. Killed and
started again with the same words it goes on where it was. What was learned plays as `Learned`:
`MEDENVS_RUN=runs/ogsrl medenvs bench medenvs/Sepsis-v0 --agent agents/constrained_offline.py:Learned`.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from medenvs.core.loading import load
from medenvs.learning import ppo
from medenvs.learning.offline.dynamics import Dynamics, Forecasting, errors
from medenvs.learning.offline.learned import Learned as Policy
from medenvs.learning.offline.ogsrl import Ogsrl, fit, learned
from medenvs.learning.training import LAST
from medenvs.systems.sepsis_logs import logged

_SIBLING = Path(__file__).with_name("offline.py")
logs, table, finish, progress, telling = (load(f"{_SIBLING}:{name}") for name in ("logs", "table", "finish", "progress", "telling"))
RUN = "MEDENVS_RUN"


class Learned(Policy):
    """Plays the policy of the run whose folder MEDENVS_RUN names (default runs/ogsrl)."""

    def __init__(self) -> None:
        found = learned(Path(os.environ.get(RUN, "runs/ogsrl")) / LAST)
        super().__init__(found.nets, found.columns, found.mask)


def parsed(argv: Sequence[str] | None) -> argparse.Namespace:
    """Return the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", default="medium", help="random, low, medium, high or mixed; or an .npz of `medenvs data sepsis`")
    parser.add_argument("--patients", type=int, default=5_000, help="to learn from, of a set that is made")
    parser.add_argument("--rounds", type=int, default=Ogsrl.rounds)
    parser.add_argument("--rows", type=int, default=1_024, help="episodes side by side in the model")
    parser.add_argument("--limit", type=float, default=30.0, help="hours of harm that an episode may cost")
    parser.add_argument("--costs", default="", help="the costs that count, with commas between (default: all)")
    parser.add_argument("--bound", type=float, default=Ogsrl.bound, help="decisions outside the data that an episode may hold")
    parser.add_argument("--cloned", type=int, default=Ogsrl.cloned, help="updates of the clone it begins as; 0: from scratch")
    parser.add_argument("--model-updates", type=int, default=Forecasting.updates)
    parser.add_argument("--no-guard", action="store_true")
    parser.add_argument("--no-cost", action="store_true")
    parser.add_argument("--no-clip", action="store_true")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, default=1, help="of torch")
    parser.add_argument("--out", type=Path, default=Path("runs/ogsrl"))
    parser.add_argument("--test", type=int, default=5_000, help="test patients of the table at the end")
    parser.add_argument("--errors", action="store_true", help="tell the model's error 1, 5 and 20 steps ahead on patients not seen")
    parser.add_argument("--json", action="store_true")
    return parser.parse_args(argv)


def planned(args: argparse.Namespace) -> Ogsrl:
    """Return the plan of a command line."""
    whole, costs = Ogsrl(), tuple(filter(None, args.costs.split(",")))
    policy: ppo.Plan = replace(whole.policy, rows=args.rows, limit=None if args.no_cost else args.limit, costs=costs, seed=args.seed)
    model = Forecasting(updates=args.model_updates, seed=args.seed)
    return Ogsrl(policy, model, args.cloned, args.rounds, guard=not args.no_guard, bound=args.bound, clip=not args.no_clip)


def run(args: argparse.Namespace) -> dict[str, Any]:
    """Learn and judge."""
    import torch

    torch.set_num_threads(args.threads)
    plan = planned(args)
    with progress(args) as bar:
        data = logs(args, bar)
        began = time.process_time()
        policy = fit(data, plan, args.out, telling(bar, plan.rounds))
    spent = time.process_time() - began
    found = {"data": data.name, "patients": data.patients, "plan": asdict(plan), "cpu_seconds": round(spent, 1)}
    if args.errors:
        unseen = logged(data.name, 1_000, args.seed, split="validation", **data.about["arguments"])
        found["errors"] = errors(Dynamics(data, plan.model), unseen)
    return found | table(policy, data, args.test)


def main(argv: Sequence[str] | None = None) -> int:
    """Learn and judge as the command line says."""
    return finish(run, parsed(argv), "constrained_offline")


if __name__ == "__main__":
    sys.exit(main())
