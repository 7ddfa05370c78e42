"""Logged decisions as flat tensors: a batch is one index."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from medenvs.cases.logged import Logged
from medenvs.core.errors import BadData, unknown
from medenvs.learning.array_policy import ready


@dataclass(frozen=True)
class Batch:
    """Decisions, one entry a row: what was seen, done, earned, paid (the sum of the costs that count), seen next, and whether it ended.

    `rows` says which decisions they are.
    """

    rows: Any
    seen: Any
    done: Any
    rewards: Any
    costs: Any
    after: Any
    over: Any


@dataclass(frozen=True, eq=False)
class Held:
    """A logged set of discrete doses as tensors; `first` are the rows where patients begin, `about` a digest of what is held."""

    seen: Any
    done: Any
    rewards: Any
    costs: Any
    after: Any
    over: Any
    first: Any
    about: str

    @classmethod
    def of(cls, logged: Logged, doses: int, costs: Sequence[str] = ()) -> Held:
        """Return a set as tensors; an episode that was cut goes on after its last row. Propensities are not needed.

        Raises BadData for a set that no discrete learner can learn from, UnknownName for costs that are not charged in it.
        """
        learnable(logged, doses)
        torch = ready()
        for name in costs:
            if name not in logged.cost_names:
                raise unknown("cost", name, logged.cost_names)
        paid = logged.costs if not costs else logged.costs[:, [logged.cost_names.index(name) for name in costs]]
        arrays = (logged.observations, logged.actions, logged.rewards.astype(np.float32), paid.sum(1).astype(np.float32))
        arrays += (logged.next_observations, logged.terminated, logged.starts[:-1])
        digest = hashlib.sha256(b"".join(array.tobytes() for array in arrays)).hexdigest()[:16]
        seen, done, rewards, spent, after, over, first = (torch.from_numpy(np.array(array)) for array in arrays)
        return cls(seen, done, rewards, spent, after, over, first, digest)

    def batch(self, size: int, generator: Any) -> Batch:
        """Return decisions drawn evenly, with replacement."""
        import torch

        rows = torch.randint(len(self.done), (size,), generator=generator)
        columns = (self.seen, self.done, self.rewards, self.costs, self.after, self.over)
        return Batch(rows, *(column[rows] for column in columns))


def learnable(logged: Logged, doses: int) -> None:
    """Raise BadData for a set that no learner of discrete doses can learn from."""
    if logged.box:
        raise BadData(f"{logged.name}: doses are two numbers. Make the set with box=False, or learn it with TD3+BC through d3rlpy.")
    if logged.patients < 2:
        raise BadData(f"{logged.name} holds one patient. Learning needs at least two.")
    if logged.actions.max() >= doses:
        raise BadData(
            f"{logged.name}: dose {logged.actions.max()} is not one of {doses}. Number the doses from 0, or set doses in the plan."
        )
    if (logged.actions == logged.actions[0]).all():
        raise BadData(
            f"{logged.name}: every decision is dose {logged.actions[0]}, so there is nothing to choose. Add patients treated otherwise."
        )
