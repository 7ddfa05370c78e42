"""Finite decision processes whose every value is known: by dynamic programming, by enumerating all episodes, by sampling logs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from medenvs.core.errors import BadValue
from medenvs.core.randomness import at, key, uniform

_WORLD = 0x57415244


class Played(NamedTuple):
    """Episodes that happened: (N, T) each but policy, (N, T, A); steps that were not lived count as reward 0, propensity 1.

    behaviour, policy: the exact propensities of what was done, and of all actions under the policy in question.
    """

    rewards: np.ndarray
    behaviour: np.ndarray
    states: np.ndarray
    actions: np.ndarray
    policy: np.ndarray
    lived: np.ndarray
    discount: float


@dataclass(frozen=True)
class World:
    """start (S,), moves (S, A, S), rewards (S, A, S) on arrival, ends (S,) True where an episode is over, the horizon in steps.

    A policy is (S, A) or, by step, (T, S, A). The horizon is part of the task, so values depend on the step.
    """

    start: np.ndarray
    moves: np.ndarray
    rewards: np.ndarray
    ends: np.ndarray
    horizon: int
    discount: float = 1.0

    def by_step(self, policy: Any) -> np.ndarray:
        """Return a policy as (T, S, A); raises BadValue unless it is one."""
        shape = (self.horizon, *self.moves.shape[:2])
        found = np.asarray(policy, float)
        if found.shape not in (shape, shape[1:]) or (found < 0.0).any() or not np.allclose(found.sum(-1), 1.0):
            raise BadValue(f"policy has shape {found.shape}; expected {shape[1:]} or {shape}, probabilities that add to 1 over actions.")
        return np.broadcast_to(found, shape)

    def q(self, policy: Any) -> np.ndarray:
        """Return Q (T, S, A) of a policy by backward induction; 0 in final states."""
        found = np.zeros((self.horizon, *self.moves.shape[:2]))
        after, plan = np.zeros(len(self.start)), self.by_step(policy)
        earned = (self.moves * self.rewards).sum(2)
        for step in reversed(range(self.horizon)):
            found[step] = np.where(self.ends[:, None], 0.0, earned + self.discount * (self.moves @ after))
            after = (found[step] * plan[step]).sum(1)
        return found

    def value(self, policy: Any) -> float:
        """Return the exact expected return of a policy."""
        return float(self.start @ (self.q(policy)[0] * self.by_step(policy)[0]).sum(1))

    def best(self) -> np.ndarray:
        """Return an optimal policy (T, S, A), deterministic."""
        plan = np.zeros((self.horizon, *self.moves.shape[:2]))
        after, earned = np.zeros(len(self.start)), (self.moves * self.rewards).sum(2)
        for step in reversed(range(self.horizon)):
            q = np.where(self.ends[:, None], 0.0, earned + self.discount * (self.moves @ after))
            plan[step] = np.eye(q.shape[1])[q.argmax(1)]
            after = q.max(1)
        return plan

    def sample(self, behaviour: Any, target: Any, patients: int, seed: int = 0) -> Played:
        """Return `patients` episodes under a behaviour policy, weighed for a target policy; patient i is the same whoever else is."""
        plan, ids = self.by_step(behaviour), np.arange(patients)
        own = key(seed, _WORLD, ids)
        states, actions = np.zeros((2, patients, self.horizon), np.int64)
        rewards, lived = np.zeros((patients, self.horizon)), np.zeros((patients, self.horizon), bool)
        here = _pick(np.broadcast_to(self.start, (patients, len(self.start))), uniform(own, 0))
        alive = ~self.ends[here]
        for step in range(self.horizon):
            now = at(own, step + 1)
            done = _pick(plan[step, here], uniform(now, 0))
            then = _pick(self.moves[here, done], uniform(now, 1))
            states[:, step], actions[:, step], lived[:, step] = here, done, alive
            rewards[:, step] = self.rewards[here, done, then]
            here, alive = np.where(alive, then, here), alive & ~self.ends[then]
        return self._played(behaviour, target, states, actions, rewards, lived)

    def tree(self, behaviour: Any, target: Any) -> tuple[Played, np.ndarray]:
        """Return every possible episode under a behaviour policy, and its probability; for small worlds."""
        found = list(self._branches(self.by_step(behaviour), 0, None, 1.0))
        rows = np.array([path + [(0, 0, 0.0, 0.0)] * (self.horizon - len(path)) for path, _ in found])
        states, actions = rows[:, :, 0].astype(np.int64), rows[:, :, 1].astype(np.int64)
        return self._played(behaviour, target, states, actions, rows[:, :, 2], rows[:, :, 3] > 0), np.array([p for _, p in found])

    def _branches(self, plan: np.ndarray, step: int, here: int | None, p: float) -> Iterator[tuple[list[tuple[float, ...]], float]]:
        if here is None:
            for first in np.flatnonzero(self.start):
                yield from self._branches(plan, 0, int(first), float(self.start[first]))
            return
        if step == self.horizon or self.ends[here]:
            yield [], p
            return
        for action in np.flatnonzero(plan[step, here]):
            for then in np.flatnonzero(self.moves[here, action]):
                moment = (here, action, self.rewards[here, action, then], 1.0)
                likely = p * plan[step, here, action] * self.moves[here, action, then]
                yield from (([moment, *rest], chance) for rest, chance in self._branches(plan, step + 1, int(then), likely))

    def _played(
        self, behaviour: Any, target: Any, states: np.ndarray, actions: np.ndarray, rewards: np.ndarray, lived: np.ndarray
    ) -> Played:
        step = np.arange(self.horizon)
        chance = self.by_step(behaviour)[step, states, actions]
        propensity = np.where(lived, chance, 1.0)
        return Played(rewards, propensity, states, actions, self.by_step(target)[step, states], lived, self.discount)


def _pick(chances: np.ndarray, u: np.ndarray) -> np.ndarray:
    """Return one choice for each row of (N, K) probabilities."""
    return np.minimum((u[:, None] >= np.cumsum(chances, 1)).sum(1), chances.shape[1] - 1)
