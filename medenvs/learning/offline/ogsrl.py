"""Offline guarded safe reinforcement learning, after OGSRL (Yan et al. 2025): PPO-Lagrangian in a learned model, under a guardian.

Two constraints, each with a multiplier that follows what episodes cost as it is: the hours of harm, and the decisions that lie outside
the data. The model is never the judge of what was learned in it: that is the simulator, or off-policy estimates.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from medenvs.cases.logged import Logged
from medenvs.core.errors import BadData, BadValue
from medenvs.core.transcript import parse_json
from medenvs.learning import checkpoint, ppo
from medenvs.learning.array_policy import ArrayPolicy, Face
from medenvs.learning.training import LAST, Tell, keep_log, reread, resumed

from . import guardian
from .dynamics import Dynamics, Forecasting
from .imagined import Imagined, Watch
from .learned import Learned
from .learner import Learner, Nets
from .plan import Plan
from .sampler import Held


@dataclass(frozen=True)
class Ogsrl:
    """`rounds` of PPO in the model, from a policy cloned in that many updates (0: from scratch). policy.limit: hours of harm an episode
    may cost (None: costs do not count); guard: whether decisions outside the data count, of which an episode may hold `bound` (the
    clinicians have alpha of theirs outside); rate: of their price; clip: whether the model stays within the range of the data."""

    policy: ppo.Plan = field(default_factory=lambda: ppo.Plan(rows=1024, batch=1024, entropy=0.001))
    model: Forecasting = field(default_factory=Forecasting)
    cloned: int = 3_000
    rounds: int = 100
    guard: bool = True
    method: str = "kde"
    alpha: float = 0.05
    bound: float = 1.0
    rate: float = 0.02
    clip: bool = True

    def __post_init__(self) -> None:
        if self.rounds < 1 or min(self.bound, self.rate, self.cloned) < 0 or self.cloned % Plan.stretch:
            told = f"rounds is {self.rounds}, bound {self.bound}, rate {self.rate}, cloned {self.cloned}"
            raise BadValue(f"{told}; allowed: 1 or more, 0 or more, and of cloned a multiple of {Plan.stretch}.")

    def ablated(self) -> dict[str, Ogsrl]:
        """Return the plan without its guardian, without its limit, and without clipping."""
        return {
            "no guard": replace(self, guard=False),
            "no cost": replace(self, policy=replace(self.policy, limit=None)),
            "no clipping": replace(self, clip=False),
        }


class Rounds:
    """PPO and the rows that it plays, as one thing that learns in rounds."""

    def __init__(self, logged: Logged, plan: Ogsrl) -> None:
        self.about = Held.of(logged, plan.model.doses).about
        watch = Watch(guardian.fit(logged, plan.method, alpha=plan.alpha), plan.bound, plan.rate) if plan.guard else None
        model, chosen = Dynamics(logged, plan.model), plan.policy
        self.field = Imagined(model, logged, chosen.rows, chosen.steps, watch, clip=plan.clip, seed=chosen.seed)
        limit = None if chosen.limit is None else chosen.limit / self.field.unit
        chosen = replace(chosen, limit=limit, costs=chosen.costs or logged.cost_names)  # the guardian's cost has a price of its own
        policy = ArrayPolicy(Face(len(logged.columns), plan.model.doses), chosen.width, chosen.depth, chosen.critics, seed=chosen.seed)
        if plan.cloned:
            _clone(
                policy, logged, Plan("bc", plan.cloned, width=chosen.width, depth=chosen.depth, doses=plan.model.doses, seed=chosen.seed)
            )
        self.ppo = ppo.PPO(chosen, self.field, policy)

    @property
    def rounds(self) -> int:
        """Return how many rounds were learned."""
        return self.ppo.rounds

    def round(self, share: float) -> dict[str, float]:
        """Learn once; return what was measured inside the model, which is no judgement. Raises BadValue where it diverges."""
        report = self.ppo.round(share)
        report |= {"return": report["return"] * (1 + self.field.price), "cost": report["cost"] * self.field.unit}
        return report | {"price": self.field.price, "ood": self.field.state()["outside"] / max(1, self.field.state()["over"])}

    def state(self) -> dict[str, Any]:
        """Return all that a resumed run needs but the model and the guardian, which are fitted anew, the same."""
        return {**self.ppo.state(), "field": self.field.state()}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Go on where `state` was taken."""
        self.ppo.restore(state)
        self.field.restore(state["field"])


def _clone(policy: ArrayPolicy, logged: Logged, plan: Plan) -> None:
    """Let a policy begin as the clinicians' clone: its actor, and how it scales what it sees."""
    learner = Learner(logged, plan)
    for _ in range(plan.updates // plan.stretch):
        learner.round()
    kept = {name: x for name, x in learner.nets.policy.nets.state_dict().items() if not name.startswith("critic")}
    policy.nets.load_state_dict({**policy.nets.state_dict(), **kept})


def fit(logged: Logged, plan: Ogsrl, folder: Path | None = None, tell: Tell | None = None, *, every: int = 10) -> Learned:
    """Return the policy that OGSRL learns from a logged set of train patients; it goes on from the checkpoint in the folder, if there is
    one, bit for bit.

    Raises BadData for a set that cannot be learned from or a folder of another run, BadValue for unknown costs or where learning
    diverges (the last checkpoint is kept).
    """
    learner = Rounds(logged, plan)
    name = {"data": logged.name, "digest": learner.about, "columns": list(logged.columns), "policy": asdict(plan.policy)}
    name |= {"doses": plan.model.doses, "plan": json.dumps(asdict(plan))}
    lines = [] if folder is None else resumed(learner, folder, name, "cpu")
    while learner.rounds < plan.rounds:
        report = learner.round(max(0.05, 1 - learner.rounds / plan.rounds))
        lines.append({"round": learner.rounds, **report})
        if folder is not None and (learner.rounds % every == 0 or learner.rounds == plan.rounds):
            folder.mkdir(parents=True, exist_ok=True)
            keep_log(folder, lines)
            checkpoint.save(folder / LAST, {"about": json.dumps(name), **learner.state()})
        if tell is not None:
            tell(learner.rounds, report)
    return _agent(learner.ppo.policy, plan.model.doses, logged.columns)


def learned(path: Path) -> Learned:
    """Return the policy of a checkpoint; raises BadData where there is none."""
    state = checkpoint.load(path)
    try:
        about: Mapping[str, Any] = parse_json(state["about"])
        plan: ppo.Plan = reread(ppo.Plan, {"Plan": about["policy"]})
        policy = ArrayPolicy(Face(len(about["columns"]), about["doses"]), plan.width, plan.depth, plan.critics)
        policy.nets.load_state_dict(state["nets"])
    except (KeyError, TypeError, RuntimeError) as error:
        raise BadData(f"{path.name} is no checkpoint of OGSRL ({type(error).__name__}). Remedy: learn anew.") from None
    return _agent(policy, about["doses"], about["columns"])


def _agent(policy: ArrayPolicy, doses: int, columns: Any) -> Learned:
    """Return an agent that does what the policy finds likeliest."""
    nets = Nets(Plan("bc", doses=doses, width=1), len(columns))
    nets.policy = policy
    return Learned(nets, tuple(columns))
