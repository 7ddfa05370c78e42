"""A policy learned from logs: it plays, and says how likely it is to give each dose."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from medenvs.core.errors import BadValue
from medenvs.core.randomness import key, uniform
from medenvs.learning.array_policy import SEEN

from .allowed import Mask
from .learner import Nets

_DRAWS = 0x0FF11


class Learned:
    """An agent of the array track. What it draws follows from the seed of `reset` and what it sees: nothing is carried along."""

    tracks = ("array",)

    def __init__(self, nets: Nets, columns: Sequence[str], mask: Mask | None = None) -> None:
        self.nets, self.columns, self.mask, self._seed = nets, tuple(columns), mask, 0

    def bind(self, observation_space: Any, action_space: Any) -> None:
        """Raise BadValue for an environment of other columns or doses."""
        space = getattr(observation_space, "spaces", {}).get(SEEN, observation_space)
        if space.shape != (len(self.columns),) or getattr(action_space, "n", None) != self.nets.plan.doses:
            raise BadValue(
                f"this policy reads {len(self.columns)} columns ({', '.join(self.columns[:4])}, ...) and gives one of "
                f"{self.nets.plan.doses} doses; the environment shows {space.shape} and takes {action_space}. Learn from logs of it."
            )

    def reset(self, seed: int) -> None:
        """Begin an episode whose draws depend on this seed."""
        self._seed = seed

    def probabilities(self, observations: Any) -> np.ndarray:
        """Return how likely each dose is, (rows, doses) float64, in raw observations (rows, columns); raises BadValue for others."""
        seen = np.asarray(observations, np.float32)
        if seen.ndim != 2 or seen.shape[1] != len(self.columns):
            raise BadValue(f"observations have shape {seen.shape}; allowed: (rows, {len(self.columns)}): {', '.join(self.columns)}.")
        if not np.isfinite(seen).all():
            raise BadValue("an observation is not a number. Impute it first.")
        torch, policy = self.nets.torch, self.nets.policy
        masks = None if self.mask is None else torch.from_numpy(self.mask(seen))
        found = self.nets.chances(policy.scaled(torch.from_numpy(seen)), masks).double()
        return (found / found.sum(-1, keepdim=True)).numpy()

    def chances(self, chart: Mapping[str, np.ndarray]) -> np.ndarray:
        """Return the same for columns by name; raises BadValue where one is missing."""
        if lacking := [name for name in self.columns if name not in chart]:
            raise BadValue(f"the chart has no column {', '.join(lacking)}; this policy reads {', '.join(self.columns)}.")
        return self.probabilities(np.stack([chart[name] for name in self.columns], -1))

    def doses(self, observations: Any) -> np.ndarray:
        """Return one dose a row: the likeliest, or drawn."""
        seen = np.asarray(observations, np.float32)
        found = self.probabilities(seen)
        if self.nets.plan.greedy:
            return found.argmax(-1)
        edges = found.cumsum(-1)
        drawn = uniform(key(self._seed, _DRAWS, *seen.view(np.int32).astype(np.int64).T), 0)
        return np.minimum((edges <= drawn[:, None] * edges[:, -1:]).sum(-1), found.shape[1] - 1)

    def act(self, observation: Any, info: Mapping[str, Any]) -> Any:
        """Return one dose."""
        return self.act_batch([observation], [info])[0]

    def act_batch(self, observations: Sequence[Any], infos: Sequence[Mapping[str, Any]]) -> Sequence[Any]:
        """Return one dose for each observation."""
        return self.doses(np.stack([o[SEEN] if isinstance(o, Mapping) else o for o in observations])).tolist()
