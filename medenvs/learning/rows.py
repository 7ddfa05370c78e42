"""Episodes that a learner steps without leaving the device: the rules on torch's lanes, rows that begin anew as they end.

What a row plays follows from seed, row and round: a run that is resumed at a round goes on bit for bit.
"""

from __future__ import annotations

from typing import Any, NamedTuple, Protocol

import numpy as np

from medenvs.backends.torch_lanes import torch_lanes
from medenvs.core.errors import BadValue
from medenvs.core.kernel import scatter
from medenvs.core.randomness import key
from medenvs.core.reward import Ledger
from medenvs.core.system import System


class Stepped(NamedTuple):
    """What a step led to, one entry a row: `seen` may already be of the next episode, `ended` says where."""

    seen: dict[str, Any]
    rewards: Any
    costs: dict[str, Any]
    ended: Any
    terms: dict[str, Any]


class Field(Protocol):
    """Rows of episodes that a learner may step, in the environment itself or in a model of it; `costs` are the names of those charged."""

    n: int
    device: str
    costs: tuple[str, ...]

    def begin(self, start: int) -> dict[str, Any]: ...
    def step(self, moves: Any) -> Stepped: ...


class Rows:
    """N rows of a system with one role outside and neither players nor judges; a limit from outside is not played."""

    def __init__(self, system: System, n: int, *, split: str = "train", seed: int = 0, device: str = "cpu") -> None:
        if len(system.kernel.spec.roles) > 1 or system.players or system.judges:
            raise BadValue(f"{system.name} has players or judges; rows play one role alone. Remedy: a learner that steps gym.make_vec.")
        self.system, self.n, self.split, self.seed = system, n, split, seed
        self.device, self.lanes = device, torch_lanes("float32", device)
        self.kernel = system.kernel.on(self.lanes)
        self.role, self.costs = self.kernel.spec.roles[0], tuple(self.kernel.spec.costs)
        self._ledger = Ledger(system.terms, self.role.name, True)
        self._streams = seed + np.arange(n)
        self._keys = key(self._streams)
        self._all = self.lanes.full(n, 1) == 1
        self._zero = self.lanes.full(n, 0.0)
        self._state: Any = None

    def begin(self, start: int) -> dict[str, Any]:
        """Begin episode number `start` in every row; return what is seen."""
        self._episodes = np.full(self.n, start)
        self._state = self._fresh(np.arange(self.n))
        return self._seen()

    def _seen(self) -> dict[str, Any]:
        return {name: self.lanes.table(seen) for name, seen in self.kernel.observe(self._state, self.role.name).items()}

    def _fresh(self, rows: np.ndarray) -> Any:
        """Return the beginnings of the rows' episodes. Cases are drawn on this machine, which costs a transfer of their columns."""
        streams, episodes = self._streams[rows], self._episodes[rows]
        cases = self.system.cases.draw((self._keys[0][rows], self._keys[1][rows]), episodes, self.split)
        columns = {name: self.lanes.table(column) for name, column in self.system.cases.columns(cases).items()}
        spec = self.kernel.spec
        keys = key(spec.stream, cases, streams, episodes) if spec.draws else (cases, cases)
        return self.kernel.reset(columns, (self.lanes.table(keys[0]), self.lanes.table(keys[1])), len(rows))

    def step(self, moves: Any) -> Stepped:
        """Play one move in every row; rows that end begin their next episode."""
        self._state, turn = self.kernel.step(self._state, {self.role.name: moves}, self._all)
        zero = self._zero
        terms = {t.name: zero + turn.terms[t.name] if t.name in turn.terms else zero for t in self.system.terms}
        for name, gone in turn.absent.items():
            if name in terms:
                terms[name] = self.lanes.where(gone, 0.0, terms[name])
        rewards = self._ledger.many(terms, zero)
        costs = {name: zero + cost for name, cost in turn.costs.items()}
        ended = self.lanes.either(turn.terminated, turn.truncated)
        for r in self.lanes.only(ended):
            rows = r.cpu().numpy()
            self._episodes[rows] += 1
            scatter(self._state, r, self._fresh(rows))
        return Stepped(self._seen(), rewards, costs, ended, terms)
