"""Behaviour cloning, action-masked CQL (Kumar et al. 2020) and IQL (Kostrikov et al. 2022) for discrete doses, with a limit on costs.

With a limit a second critic evaluates what the policy costs, and the multiplier follows that cost of whole episodes as it is, never a
normalised advantage: with a limit that cannot be kept it rises without end. Inside, rewards are in units of the spread of logged returns
and costs in units of the mean logged cost, so that one plan fits any set; reports are in the units of the data.
"""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from dataclasses import replace
from typing import Any

import numpy as np

from medenvs.cases.logged import Logged
from medenvs.core.errors import BadValue
from medenvs.learning.array_policy import ArrayPolicy, Face, network, ready

from .allowed import Mask
from .plan import Plan
from .sampler import Batch, Held

_HEAVIEST = 100.0  # of one decision, against the mean one
_BEGINNINGS = 2_048  # patients on whose first decision the policy's cost is estimated
_BEYOND = 10.0  # a mean value this many times larger than any logged return has blown up


class Nets:
    """What decides: an actor, values of doses, and (with a limit) costs of doses, with the multiplier between them."""

    def __init__(self, plan: Plan, inputs: int) -> None:
        torch = ready()
        self.plan, self.torch, self.multiplier = plan, torch, 0.0
        self.policy = ArrayPolicy(Face(inputs, plan.doses), plan.width, plan.depth, plan.doses, seed=plan.seed)
        outputs = {"value": 1} if plan.algorithm == "iql" else {}
        if plan.limit is not None:
            outputs["cost"] = plan.doses
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(plan.seed + 1)
            self.more: Any = torch.nn.ModuleDict({name: network(inputs, plan.width, plan.depth, n) for name, n in outputs.items()})

    def chances(self, scaled: Any, mask: Any) -> Any:
        """Return the probability of each dose, (rows, doses), in the policy that is learned; nothing is learned from it."""
        with self.torch.no_grad():
            if self.plan.algorithm == "cql":
                worth = self.policy.values(scaled)
                if self.plan.limit is not None:
                    worth = worth - self.multiplier * self.more["cost"](scaled)
                scores = worth if mask is None else worth.masked_fill(~mask, -self.torch.inf)
            else:
                scores = self.policy.scores(scaled, mask)
            if self.plan.greedy:
                return self.torch.nn.functional.one_hot(scores.argmax(-1), self.plan.doses).to(scores.dtype)
            return scores.softmax(-1)

    def state(self) -> dict[str, Any]:
        """Return it as tensors and plain values."""
        return {"nets": self.policy.nets.state_dict(), "more": self.more.state_dict(), "multiplier": self.multiplier}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Become what `state` was taken of."""
        self.policy.nets.load_state_dict(state["nets"])
        self.more.load_state_dict(state["more"])
        self.multiplier = float(state["multiplier"])


class Learner:
    """Learns from a logged set; after each `round` it may be judged, saved or stopped."""

    def __init__(self, logged: Logged, plan: Plan, mask: Mask | None = None) -> None:
        held = Held.of(logged, plan.doses, plan.costs)
        self.plan, self.about, self.rounds, self.nets = plan, held.about, 0, Nets(plan, len(logged.columns))
        self.torch, policy = self.nets.torch, self.nets.policy
        policy.meet(held.seen)
        returns, paid = logged.returns, float(held.costs.sum()) / logged.patients
        self.earned = float(returns.std()) or float(np.abs(returns).max()) or 1.0
        self.paid = paid or 1.0
        self._most = _BEYOND * (1.0 + float(np.abs(returns).max()) / self.earned)
        scaled = {name: policy.scaled(getattr(held, name)) for name in ("seen", "after")}
        self.held = replace(held, rewards=held.rewards / self.earned, costs=held.costs / self.paid, **scaled)
        self._seen, self._after = (None if mask is None else self.torch.from_numpy(mask(x.numpy())) for x in (held.seen, held.after))
        self._targets = {
            "critic": deepcopy(policy.nets["critic"]),
            **{n: deepcopy(net) for n, net in self.nets.more.items() if n == "cost"},
        }
        self._online = {"critic": policy.nets["critic"], **dict(self.nets.more.items())}
        learned = [*policy.nets.parameters(), *self.nets.more.parameters()]
        self.optimizer = self.torch.optim.Adam(learned, lr=plan.rate)
        self.generator = self.torch.Generator().manual_seed(plan.seed)

    def round(self) -> dict[str, float]:
        """Learn `stretch` times; return what was measured. Raises BadValue where it diverges."""
        loss, batch = 0.0, self.held.batch(self.plan.batch, self.generator)
        for _ in range(self.plan.stretch):
            found = self._loss(batch)
            self.optimizer.zero_grad(set_to_none=True)
            found.backward()
            self.optimizer.step()
            self._follow()
            loss += float(found.detach()) / self.plan.stretch
            batch = self.held.batch(self.plan.batch, self.generator)
        self.rounds += 1
        report = self._measured(batch, loss)
        if self.plan.limit is not None:
            beyond = (report["cost"] - self.plan.limit) / self.paid
            self.nets.multiplier = report["multiplier"] = max(0.0, self.nets.multiplier + self.plan.multiplier_rate * beyond)
        return report

    def _loss(self, b: Batch) -> Any:
        loss = {"bc": self._copied, "cql": self._conservative, "iql": self._implicit}[self.plan.algorithm](b)
        if self.plan.limit is None:
            return loss
        with self.torch.no_grad():  # undiscounted: the limit is one of whole episodes
            later = (self._chances(b.after, self._after, b) * self._targets["cost"](b.after)).sum(-1)
        return loss + self._missed(self.nets.more["cost"](b.seen), b, b.costs + (~b.over) * later)

    def _copied(self, b: Batch) -> Any:
        likely = self.nets.policy.scores(b.seen, None).gather(-1, b.done[:, None])[:, 0]
        return -(likely if self.plan.limit is None else likely * self._weights(b, None)).mean()

    def _conservative(self, b: Batch) -> Any:
        """Return the loss of double Q-learning, and how much doses that may be chosen seem better than the logged one."""
        torch, plan, policy = self.torch, self.plan, self.nets.policy
        with torch.no_grad():
            later = (self._chances(b.after, self._after, b) * self._targets["critic"](b.after)).sum(-1)
        values, target = policy.values(b.seen), b.rewards + plan.discount * (~b.over) * later
        rivals = values
        if self._seen is not None:
            own = torch.nn.functional.one_hot(b.done, plan.doses).bool()
            rivals = values.masked_fill(~(self._seen[b.rows] | own), -torch.inf)
        better = rivals.logsumexp(-1) - values.gather(-1, b.done[:, None])[:, 0]
        return self._missed(values, b, target) + plan.caution * better.mean()

    def _implicit(self, b: Batch) -> Any:
        """Return the losses of V (an expectile of Q), Q (towards V) and the actor (likelier where Q is above V)."""
        plan, policy, torch = self.plan, self.nets.policy, self.torch
        value = self.nets.more["value"](b.seen)[:, 0]
        with torch.no_grad():
            gain = self._targets["critic"](b.seen).gather(-1, b.done[:, None])[:, 0] - value
            later = self.nets.more["value"](b.after)[:, 0]
        surprise = gain + value.detach() - value
        expected = ((plan.expectile - (gain < 0).to(gain.dtype)).abs() * surprise**2).mean()
        missed = self._missed(policy.values(b.seen), b, b.rewards + plan.discount * (~b.over) * later)
        likely = policy.scores(b.seen, None).gather(-1, b.done[:, None])[:, 0]
        return expected + missed - (likely * self._weights(b, gain)).mean()

    def _weights(self, b: Batch, gain: Any) -> Any:
        """Return how much a decision is worth copying: more for one that earned more than expected, less for one that cost more."""
        torch, worth = self.torch, 0.0
        with torch.no_grad():
            if gain is not None:
                worth = gain / (gain.std() + 1e-6)
            if self.plan.limit is not None:
                costs = self._targets["cost"](b.seen)
                dearer = costs.gather(-1, b.done[:, None])[:, 0] - (self._chances(b.seen, self._seen, b) * costs).sum(-1)
                worth = worth - self.nets.multiplier * dearer / (dearer.std() + 1e-6)
            return (self.plan.eagerness * torch.as_tensor(worth)).exp().clip(max=_HEAVIEST)

    def _missed(self, told: Any, b: Batch, target: Any) -> Any:
        return ((told.gather(-1, b.done[:, None])[:, 0] - target) ** 2).mean()

    def _chances(self, scaled: Any, masks: Any, b: Batch) -> Any:
        return self.nets.chances(scaled, None if masks is None else masks[b.rows])

    def _follow(self) -> None:
        with self.torch.no_grad():
            for name, target in self._targets.items():
                for old, new in zip(target.parameters(), self._online[name].parameters(), strict=True):
                    old.lerp_(new, self.plan.follow)

    def _measured(self, b: Batch, loss: float) -> dict[str, float]:
        """Return the loss, the mean value of logged doses, and the mean cost of an episode under the policy, from its first decisions."""
        report = {"loss": loss}
        with self.torch.no_grad():
            if self.plan.algorithm != "bc":
                report["value"] = float(self.nets.policy.values(b.seen).gather(-1, b.done[:, None]).mean()) * self.earned
            if self.plan.limit is not None:
                first = self.held.first[:_BEGINNINGS]
                chances = self.nets.chances(self.held.seen[first], None if self._seen is None else self._seen[first])
                report["cost"] = float((chances * self.nets.more["cost"](self.held.seen[first])).sum(-1).mean()) * self.paid
        told = [loss, report.get("value", 0.0) / self.earned, report.get("cost", 0.0) / self.paid / _BEYOND]
        if not all(abs(x) < self._most for x in told[1:]) or not abs(loss) < 1e9:
            shown = ", ".join(f"{name} {value:.4g}" for name, value in report.items())
            raise BadValue(
                f"learning diverged in round {self.rounds}: {shown}; logged returns and costs are far smaller. Remedy: a lower rate than "
                f"{self.plan.rate:g}, a slower follow than {self.plan.follow:g}, or support='near'; the last checkpoint is kept."
            )
        return report

    def state(self) -> dict[str, Any]:
        """Return all that a resumed run needs, as tensors and plain values."""
        return self.nets.state() | {
            "targets": {name: net.state_dict() for name, net in self._targets.items()},
            "optimizer": self.optimizer.state_dict(),
            "generator": self.generator.get_state(),
            "rounds": self.rounds,
        }

    def restore(self, state: Mapping[str, Any]) -> None:
        """Go on where `state` was taken."""
        self.nets.restore(state)
        for name, net in self._targets.items():
            net.load_state_dict(state["targets"][name])
        self.optimizer.load_state_dict(state["optimizer"])
        self.generator.set_state(state["generator"])
        self.rounds = int(state["rounds"])
