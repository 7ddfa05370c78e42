"""A run: rounds of learning with checkpoints, a log, and the best policy by a held-out split. Killed and resumed it is the same run."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any, Protocol

from medenvs.core.errors import BadData, BadValue
from medenvs.core.system import System
from medenvs.core.transcript import parse_json, read_jsonl

from . import checkpoint
from .array_policy import ArrayPolicy, Face
from .judging import judged
from .ppo import PPO, Plan
from .rows import Rows

LAST, BEST, LOG = "last.pt", "best.pt", "log.jsonl"
Tell = Callable[[int, Mapping[str, float]], None]


class Resumable(Protocol):
    """Learns in rounds, and goes on where its state was taken."""

    @property
    def rounds(self) -> int: ...
    def state(self) -> dict[str, Any]: ...
    def restore(self, state: Mapping[str, Any]) -> None: ...


def learner(system: System, plan: Plan, device: str = "cpu") -> PPO:
    """Return PPO on a system, untrained."""
    rows = Rows(system, plan.rows, seed=plan.seed, device=device)
    policy = ArrayPolicy(Face.of(rows.role), plan.width, plan.depth, plan.critics, device, plan.seed)
    return PPO(plan, rows, policy)


def train(
    system: System,
    plan: Plan,
    folder: Path,
    rounds: int,
    *,
    device: str = "cpu",
    every: int = 10,
    judges: int = 4096,
    tell: Tell | None = None,
) -> PPO:
    """Learn until `rounds` are done, going on with what stands in `folder`; every so many rounds judge on validation and save.

    The log has one JSON line a round. With a limit, "best" is the highest return among policies that keep it. Raises BadData where
    the folder holds another run, BadValue where learning diverges (the last checkpoint is kept).
    """
    if rounds < 1 or every < 1:
        raise BadValue(f"rounds is {rounds} and every is {every}; allowed: 1 or more.")
    ppo = learner(system, plan, device)
    name = {"system": system.name, "options": dict(system.options), Face.__name__: asdict(ppo.policy.face), Plan.__name__: asdict(plan)}
    lines = resumed(ppo, folder, name, device)
    field = Rows(system, judges, split="validation", seed=plan.seed, device=device)
    best = max((line["score"] for line in lines if "score" in line), default=float("-inf"))
    folder.mkdir(parents=True, exist_ok=True)
    while ppo.rounds < rounds:
        report = ppo.round(max(0.05, 1 - ppo.rounds / rounds))
        due = ppo.rounds % every == 0 or ppo.rounds == rounds
        if due:
            found = judged(ppo.policy, field, plan.steps)
            report |= {"judged": found["return"], "judged cost": found["cost"], "score": _score(plan, found)}
        lines.append({"round": ppo.rounds, **report})
        if due:
            if report["score"] > best:
                best = report["score"]
                checkpoint.save(folder / BEST, {"about": json.dumps(name), **ppo.state()})
            keep_log(folder, lines)
            checkpoint.save(folder / LAST, {"about": json.dumps(name), **ppo.state()})
        if tell is not None:
            tell(ppo.rounds, report)
    return ppo


def _score(plan: Plan, found: Mapping[str, float]) -> float:
    """Return what makes a policy the best: its return, less what it costs above the limit (which weighs more than any return)."""
    if plan.limit is None:
        return found["return"]
    cost = sum(found[f"cost {name}"] for name in plan.costs) if plan.costs else found["cost"]
    return found["return"] - 1e3 * max(0.0, cost - plan.limit)


def keep_log(folder: Path, lines: list[dict[str, Any]]) -> None:
    """Write a run's log, whole or not at all: one JSON line a round."""
    fresh = folder / f"{LOG}.part"
    fresh.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    fresh.replace(folder / LOG)


def resumed(learner: Resumable, folder: Path, name: Mapping[str, Any], device: str) -> list[dict[str, Any]]:
    """Go on where the folder's last checkpoint stands, if there is one; return the log so far."""
    if not (folder / LAST).exists():
        return []
    state = checkpoint.load(folder / LAST, device)
    if state["about"] != json.dumps(name):
        raise BadData(f"{folder.name} holds another run ({state['about'][:200]}). Remedy: another folder, or the same settings.")
    learner.restore(state)
    return [dict(line) for line in read_jsonl(folder / LOG) if line["round"] <= learner.rounds]


def learned(path: Path, device: str = "cpu") -> ArrayPolicy:
    """Return the policy of a checkpoint; raises BadData where there is none."""
    state = checkpoint.load(path, device)
    about: Any = parse_json(state["about"])
    face: Face = reread(Face, about)
    plan: Plan = reread(Plan, about)
    policy = ArrayPolicy(face, plan.width, plan.depth, plan.critics, device)
    policy.nets.load_state_dict(state["nets"])
    return policy


def reread(kind: Any, about: Mapping[str, Any]) -> Any:
    """Return a plan or a face as it was before it was JSON."""
    return kind(**{name: tuple(v) if isinstance(v, list) else v for name, v in about[kind.__name__].items()})  # pyright: ignore[reportUnknownArgumentType, reportUnknownVariableType]
