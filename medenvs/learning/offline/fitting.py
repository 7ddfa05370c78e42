"""`fit`: from logged doses to a policy that plays. Killed and started again it is the same run, bit for bit."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from medenvs.cases.logged import Logged
from medenvs.core.errors import BadData
from medenvs.core.transcript import parse_json
from medenvs.learning import checkpoint
from medenvs.learning.training import LAST, Tell, keep_log, reread, resumed

from .allowed import Near, guarded, mask_of
from .guardian import Guardian
from .learned import Learned
from .learner import Learner, Nets
from .plan import Plan
from .sampler import learnable

SAVED = 10  # rounds between checkpoints


def fit(logged: Logged, plan: Plan, folder: Path | None = None, tell: Tell | None = None, *, guardian: Guardian | None = None) -> Learned:
    """Return the policy that a plan learns from a logged set, which should hold train patients only; propensities are not needed.

    With a folder it goes on from the checkpoint there, and keeps one and a log. `tell(round, report)` after each round. Raises BadData
    for a set that cannot be learned from or a folder of another run, UnknownName for unknown costs, BadValue where learning diverges
    (the last checkpoint is kept) or the plan needs a guardian that is not given.
    """
    if logged.about.get("split", "train") != "train":
        raise BadData(f"{logged.name} holds {logged.about['split']} patients. Learn from train patients only.")
    learnable(logged, plan.doses)
    mask = mask_of(logged, plan, guardian)
    learner = Learner(logged, plan, mask)
    name = {"data": logged.name, "digest": learner.about, "columns": list(logged.columns), Plan.__name__: asdict(plan)}
    lines = [] if folder is None else resumed(learner, folder, name, "cpu")
    while learner.rounds * plan.stretch < plan.updates:
        report = learner.round()
        lines.append({"round": learner.rounds, **report})
        if folder is not None and (learner.rounds % SAVED == 0 or learner.rounds * plan.stretch == plan.updates):
            folder.mkdir(parents=True, exist_ok=True)
            keep_log(folder, lines)
            near = {"near": mask.state()} if isinstance(mask, Near) else {}
            checkpoint.save(folder / LAST, {"about": json.dumps(name), **learner.state(), **near})
        if tell is not None:
            tell(learner.rounds, report)
    return Learned(learner.nets, logged.columns, mask)


def learned(path: Path, guardian: Guardian | None = None) -> Learned:
    """Return the policy of a checkpoint; raises BadData where there is none, BadValue where it needs a guardian that is not given."""
    state = checkpoint.load(path)
    try:
        about: Mapping[str, Any] = parse_json(state["about"])
        plan: Plan = reread(Plan, about)
        nets = Nets(plan, len(about["columns"]))
        nets.restore(state)
        near = Near.restored(state["near"]) if plan.support == "near" else None
    except (KeyError, TypeError, RuntimeError, AttributeError) as error:
        raise BadData(f"{path.name} is no checkpoint of an offline learner ({type(error).__name__}). Remedy: learn anew.") from None
    return Learned(nets, tuple(about["columns"]), guarded(guardian, plan) if plan.support == "guardian" else near)
