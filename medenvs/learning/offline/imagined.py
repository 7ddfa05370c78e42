"""Episodes in a learned model, with the face of `Rows`: what a guardian does not know is charged as the cost "ood", and priced.

With a bound, the price of decisions outside the data follows how many an episode holds, as they are: it rises while there are more than
the bound, and is taken from the reward. Rewards, costs and prices are kept near 1, so that the critics' errors do not drown the actor's
gradient: costs are in units of what logged episodes cost on average, and all rewards shrink as the price rises.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from medenvs.cases.logged import Logged
from medenvs.core.errors import BadValue
from medenvs.core.randomness import key, word
from medenvs.learning.array_policy import SEEN
from medenvs.learning.rows import Stepped

from .dynamics import Dynamics
from .guardian import Guardian

OOD = "ood"


@dataclass(frozen=True)
class Watch:
    """A guardian, and how many decisions outside the data an episode may hold on average (None: they cost nothing); `rate`: how far the
    price moves a round for each one beyond. Raises BadValue for a guardian of several steps."""

    guardian: Guardian
    bound: float | None = None
    rate: float = 0.02

    def __post_init__(self) -> None:
        if self.guardian.reading.steps > 1:
            raise BadValue("this guardian reads several steps. Fit it with Reading('sa').")

    def outside(self, seen: Any, doses: Any) -> Any:
        """Return which decisions lie outside the data, or are no numbers at all."""
        return ~self.guardian.inside(self.guardian.reading.one(seen.numpy(), doses.numpy()))


class Imagined:
    """N rows that begin where logged patients began and go on as the model says, at most `steps` decisions; rewards are expected ones."""

    device = "cpu"

    def __init__(
        self, model: Dynamics, logged: Logged, n: int, steps: int, watch: Watch | None = None, *, clip: bool = True, seed: int = 0
    ) -> None:
        self.model, self.n, self.steps, self.watch, self.clip, self.seed = model, n, steps, watch, clip, seed
        self.unit = float(logged.episode_costs.sum(1).mean()) or 1.0
        self.costs = model.cost_names if watch is None else (*model.cost_names, OOD)
        self.price, self._outside, self._over = 0.0, 0.0, 0
        self._torch = model.torch
        self._first = self._torch.from_numpy(logged.observations[logged.starts[:-1]])
        self._generator = self._torch.Generator()

    def begin(self, start: int) -> dict[str, Any]:
        """Begin in every row, with the price that follows from the rows so far; what is drawn follows from seed and `start`."""
        watch = self.watch
        if watch is not None and watch.bound is not None and self._over:
            self.price = max(0.0, self.price + watch.rate * (self._outside / self._over - watch.bound))
        self._outside, self._over = 0.0, 0
        self._generator.manual_seed(int(word(key(self.seed, 11), start)))
        self._seen, self._age = self._fresh(self.n), self._torch.zeros(self.n, dtype=self._torch.int64)
        return {SEEN: self._seen}

    def _fresh(self, n: int) -> Any:
        return self._first[self._torch.randint(len(self._first), (n,), generator=self._generator)]

    def step(self, moves: Any) -> Stepped:
        """Play one dose in every row; rows that end begin anew."""
        torch = self._torch
        outside = torch.zeros(self.n) if self.watch is None else torch.from_numpy(self.watch.outside(self._seen, moves)).float()
        after, rewards, paid, ends = self.model.step(self._seen, moves, self._age, self._generator, self.clip)
        self._age += 1
        ended = (torch.rand(self.n, generator=self._generator) < ends) | (self._age >= self.steps)
        costs = dict(zip(self.model.cost_names, (paid / self.unit).unbind(-1), strict=True))
        if self.watch is not None:
            costs[OOD] = outside
        self._outside, self._over = self._outside + float(outside.sum()), self._over + int(ended.sum())
        self._seen = torch.where(ended[:, None], self._fresh(self.n), after)
        self._age[ended] = 0
        paying = (rewards - self.price / self.steps * outside) / (1 + self.price)
        return Stepped({SEEN: self._seen}, paying, costs, ended, {})

    def state(self) -> dict[str, Any]:
        """Return what a resumed run needs."""
        return {"price": self.price, "outside": self._outside, "over": self._over}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Go on where `state` was taken, at the beginning of a round."""
        self.price, self._outside, self._over = float(state["price"]), float(state["outside"]), int(state["over"])
