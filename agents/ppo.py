"""PPO from scratch on an environment with one role and an array mode: `python agents/ppo.py --env medenvs/Sepsis-v0 --rounds 600`.

Learns on train cases, keeps the policy that does best on validation cases, and ends with a table on test cases. Killed and started
again with the same words it goes on where it was. With `--limit` the multiplier of PPO-Lagrangian holds the mean cost of an episode
down. What was learned plays as `Learned`: `MEDENVS_RUN=runs/ppo medenvs bench medenvs/Sepsis-v0 --agent agents/ppo.py:Learned`.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import gymnasium as gym
import numpy as np
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

import medenvs
from medenvs.core.errors import MedenvsError
from medenvs.learning.array_policy import MASK, SEEN, ArrayPolicy
from medenvs.learning.judging import judged
from medenvs.learning.ppo import Plan
from medenvs.learning.rows import Rows
from medenvs.learning.training import BEST, learned, learner, train

gym.register_envs(medenvs)
RUN = "MEDENVS_RUN"


class Learned:
    """Plays the best policy of the run whose folder MEDENVS_RUN names (default runs/ppo), doing what is likeliest."""

    tracks = ("array",)

    def __init__(self) -> None:
        self.policy: ArrayPolicy = learned(Path(os.environ.get(RUN, "runs/ppo")) / BEST)

    def act(self, observation: Any, info: Mapping[str, Any]) -> Any:
        """Return one action."""
        return self.act_batch([observation], [info])[0]

    def act_batch(self, observations: Sequence[Any], infos: Sequence[Mapping[str, Any]]) -> Sequence[Any]:
        """Return one action for each observation."""
        torch, rows = self.policy.torch, [o if isinstance(o, dict) else {SEEN: o} for o in observations]
        seen = {name: torch.as_tensor(np.stack([row[name] for row in rows])) for name in (SEEN, MASK) if name in rows[0]}
        done, _ = self.policy.act(seen)
        moves = self.policy.move(done).numpy()
        return moves.tolist() if self.policy.face.moves else list(moves)


def parsed(argv: Sequence[str] | None) -> argparse.Namespace:
    """Return the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--env", default="medenvs/Sepsis-v0")
    parser.add_argument("--option", action="append", default=[], metavar="NAME=VALUE", help="an option of the environment; JSON, or text")
    parser.add_argument("--rounds", type=int, default=600, help="rounds of playing and learning")
    parser.add_argument("--rows", type=int, default=Plan.rows, help="episodes side by side")
    parser.add_argument("--steps", type=int, help="steps a round (default: the horizon of the environment)")
    parser.add_argument("--rate", type=float, default=Plan.rate)
    parser.add_argument("--entropy", type=float, default=Plan.entropy)
    parser.add_argument("--width", type=int, default=Plan.width)
    parser.add_argument("--limit", type=float, help="mean cost of an episode that is allowed")
    parser.add_argument("--costs", default="", help="the costs that count, with commas between (default: all)")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--threads", type=int, default=1, help="of torch, on a CPU")
    parser.add_argument("--out", type=Path, default=Path("runs/ppo"))
    parser.add_argument("--episodes", type=int, default=20_000, help="test cases of the table at the end")
    parser.add_argument("--json", action="store_true")
    return parser.parse_args(argv)


def option(text: str) -> tuple[str, Any]:
    """Return the name and the value of an option."""
    name, _, value = text.partition("=")
    try:
        return name, json.loads(value)
    except ValueError:
        return name, value


def table(policy: ArrayPolicy, system: Any, plan: Plan, args: argparse.Namespace) -> dict[str, Any]:
    """Return what the policy does on test cases: doing what is likeliest, drawing, and untrained."""
    fresh = learner(system, plan, args.device).policy
    drawn = policy.torch.Generator(args.device).manual_seed(args.seed)
    cast = {"learned": (policy, None), "learned, drawing": (policy, drawn), "untrained": (fresh, drawn)}
    rows = Rows(system, args.episodes, split="test", seed=plan.seed, device=args.device)
    return {name: judged(who, rows, plan.steps, by) for name, (who, by) in cast.items()}


def run(args: argparse.Namespace) -> dict[str, Any]:
    """Train and judge."""
    import torch

    torch.set_num_threads(args.threads)
    system = gym.make(args.env, obs_mode="numeric", **dict(map(option, args.option))).unwrapped.system  # pyright: ignore[reportAttributeAccessIssue]
    costs = tuple(filter(None, args.costs.split(",")))
    plan = Plan(
        args.rows, args.steps or system.kernel.spec.horizon, rate=args.rate, entropy=args.entropy, width=args.width,
        limit=args.limit, costs=costs, seed=args.seed,
    )  # fmt: skip
    began = time.process_time()
    with Progress(TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn(), disable=args.json) as bar:
        task = bar.add_task("learning", total=args.rounds)

        def tell(done: int, report: Mapping[str, float]) -> None:
            bar.update(task, completed=done, description=f"return {report['return']:.3f} cost {report['cost']:.1f}")

        train(system, plan, args.out, args.rounds, device=args.device, tell=tell)
    spent = time.process_time() - began
    found = table(learned(args.out / BEST, args.device), system, plan, args)
    return {"env": args.env, "plan": asdict(plan), "rounds": args.rounds, "cpu_seconds": round(spent, 1), "test": found}


def main(argv: Sequence[str] | None = None) -> int:
    """Run; print a table, or one JSON object."""
    args = parsed(argv)
    try:
        found = run(args)
    except MedenvsError as error:
        print(f"ppo: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print(f"ppo: stopped; the same command goes on from {args.out}", file=sys.stderr)
        return 130
    if args.json:
        print(json.dumps(found))
        return 0
    print(f"{args.env}: {args.episodes} test cases, {found['cpu_seconds']} CPU-seconds of learning (simulated; not for clinical use)")
    for name, row in found["test"].items():
        error = 1.96 * row["standard error"]
        print(f"{name:<18} return {row['return']:.4f} ± {error:.4f}   cost {row['cost']:.2f}   length {row['length']:.1f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
