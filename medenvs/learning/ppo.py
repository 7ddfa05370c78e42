"""Proximal policy optimisation on arrays, wholly on one device; with a limit on costs it is PPO-Lagrangian.

Each round plays `steps` steps from the beginning of fresh episodes. The multiplier follows the cost of whole episodes as it is,
never a normalised advantage: with a limit that cannot be kept it rises without end.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from medenvs.core.errors import BadValue

from .advantage import gae, standard
from .array_policy import MASK, SEEN, ArrayPolicy
from .policy_loss import clipped, kl
from .rows import Field


@dataclass(frozen=True)
class Plan:
    """How it learns. `limit`: mean cost of an episode that is allowed (None: costs do not count); `costs`: those that count, () all."""

    rows: int = 2048
    steps: int = 20
    epochs: int = 4
    batch: int = 4096
    rate: float = 1e-3
    discount: float = 1.0
    trust: float = 0.95
    low: float = 0.2
    high: float = 0.2
    entropy: float = 0.003
    value: float = 0.5
    norm: float = 0.5
    limit: float | None = None
    costs: tuple[str, ...] = ()
    multiplier_rate: float = 0.05
    width: int = 64
    depth: int = 2
    seed: int = 0

    @property
    def critics(self) -> int:
        """Return how many values are learned."""
        return 1 if self.limit is None else 2


class Played(NamedTuple):
    """One round, flat over (step, row): what was scaled, the mask, raw actions, log-probabilities, advantages, targets."""

    seen: Any
    mask: Any
    done: Any
    likely: Any
    advantages: Any
    targets: Any


class PPO:
    """A policy, its optimiser and its multiplier; `round` plays and learns once. Its `state` is all that a resumed run needs."""

    def __init__(self, plan: Plan, rows: Field, policy: ArrayPolicy) -> None:
        import torch

        if policy.made_of[2] != plan.critics:
            raise BadValue(f"the policy has {policy.made_of[2]} critics; this plan needs {plan.critics}.")
        if unknown := set(plan.costs) - set(rows.costs):
            raise BadValue(f"costs {sorted(unknown)} are not charged here; allowed: {', '.join(rows.costs)}.")
        self.plan, self.rows, self.policy, self.torch = plan, rows, policy, torch
        self.optimizer = torch.optim.Adam(policy.nets.parameters(), lr=plan.rate, eps=1e-5)
        self.generator = torch.Generator(rows.device).manual_seed(plan.seed)
        self.rounds, self.multiplier = 0, 0.0

    def round(self, share: float = 1.0) -> dict[str, float]:
        """Play and learn once with this share of the learning rate; return what was measured. Raises BadValue where it diverges."""
        for group in self.optimizer.param_groups:
            group["lr"] = self.plan.rate * share
        played, report = self._play()
        report |= self._learn(played)
        self.rounds += 1
        return report

    def _play(self) -> tuple[Played, dict[str, float]]:
        torch, plan, policy, rows = self.torch, self.plan, self.policy, self.rows
        seen = rows.begin(self.rounds * (plan.steps + 1))
        if not self.rounds:
            policy.meet(seen[SEEN])
        log: list[tuple[Any, ...]] = []
        raw: list[Any] = []
        names = plan.costs or rows.costs
        for _ in range(plan.steps):
            raw.append(seen[SEEN])
            done, likely = policy.act(seen, self.generator)
            scaled, mask = policy.scaled(seen[SEEN]), seen.get(MASK)
            with torch.no_grad():
                value = policy.values(scaled)
            seen, reward, costs, ended, _ = rows.step(policy.move(done))
            log.append((scaled, mask, done, likely, value, reward, sum(costs[n] for n in names) + 0 * reward, ended))
        parts: list[Any] = [None if part[0] is None else torch.stack(part) for part in zip(*log, strict=True)]
        scaled, mask, done, likely, value, reward, cost, ended = parts
        with torch.no_grad():
            last = policy.values(policy.scaled(seen[SEEN]))
        policy.meet(torch.stack(raw))
        report = _episodes(torch, reward, cost, ended)
        gains = self._weigh(reward, cost, value, last, ended, report)
        targets = torch.stack([g + value[..., i] for i, g in enumerate(gains)], -1)
        both = standard(gains[0]) if len(gains) == 1 else standard((gains[0] - self.multiplier * gains[1]) / (1 + self.multiplier))
        flat = [None if x is None else x.flatten(0, 1) for x in (scaled, mask, done, likely, both, targets)]
        return Played(*flat), report

    def _weigh(self, reward: Any, cost: Any, value: Any, last: Any, ended: Any, report: dict[str, float]) -> list[Any]:
        """Return the advantages of reward and (with a limit) cost, and let the multiplier follow the cost of whole episodes."""
        plan = self.plan
        gains = [gae(reward, value[..., 0], ended, last[..., 0], plan.discount, plan.trust)]
        if plan.limit is not None:
            gains.append(gae(cost, value[..., 1], ended, last[..., 1], plan.discount, plan.trust))
            self.multiplier = max(0.0, self.multiplier + plan.multiplier_rate * (report["cost"] - plan.limit))
            report["multiplier"] = self.multiplier
        return gains

    def _learn(self, played: Played) -> dict[str, float]:
        torch, plan, policy = self.torch, self.plan, self.policy
        n, told = len(played.done), torch.zeros(3)
        for _ in range(plan.epochs):
            order = torch.randperm(n, generator=self.generator, device=self.generator.device)
            for part in order.split(plan.batch):
                seen, mask, done, likely, gain, target = (None if x is None else x[part] for x in played)
                scores = policy.scores(seen, mask)
                new = policy.likely(scores, done)
                unsure = policy.unsure(scores).mean()
                miss = ((policy.values(seen) - target) ** 2).mean()
                loss = clipped(new, likely, gain, plan.low, plan.high).mean() + plan.value * miss - plan.entropy * unsure
                self.optimizer.zero_grad(set_to_none=True)
                loss.backward()
                torch.nn.utils.clip_grad_norm_(policy.nets.parameters(), plan.norm)
                self.optimizer.step()
                with torch.no_grad():
                    told = told.to(loss.device) * 0.9 + 0.1 * torch.stack([kl(new, likely).mean(), unsure, miss])
        found: dict[str, float] = dict(zip(("kl", "entropy", "miss"), told.tolist(), strict=True))
        if not all(abs(x) < 1e12 for x in found.values()):
            raise BadValue(
                f"learning diverged in round {self.rounds}: {found}. Remedy: a lower rate than {plan.rate:g}; the last checkpoint is kept."
            )
        return found

    def state(self) -> dict[str, Any]:
        """Return all that a resumed run needs, as tensors and plain values."""
        return {
            "nets": self.policy.nets.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "generator": self.generator.get_state(),
            "rounds": self.rounds,
            "multiplier": self.multiplier,
        }

    def restore(self, state: Mapping[str, Any]) -> None:
        """Go on where `state` was taken."""
        self.policy.nets.load_state_dict(state["nets"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.generator.set_state(state["generator"])
        self.rounds, self.multiplier = int(state["rounds"]), float(state["multiplier"])


def _episodes(torch: Any, reward: Any, cost: Any, ended: Any) -> dict[str, float]:
    """Return the mean return, cost and length of the episodes that ended in the round: of each row the first, which began with it."""
    before = ended.cumsum(0) - ended.long()
    first = (before == 0).to(reward.dtype) * (ended.any(0)).to(reward.dtype)
    many = ended.any(0).sum().clip(min=1)
    return {name: float((x * first).sum() / many) for name, x in (("return", reward), ("cost", cost), ("length", first))}
