"""Chooses at random among what the environment admits."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

import numpy as np
from gymnasium import Space, spaces

from medenvs.core.errors import BadValue
from medenvs.core.randomness import key, word

_SAMPLING = 0x52414E44  # keeps these draws apart from every other use of the same seed


class RandomValid:
    """Samples the action space; where the observation holds an ``action_mask``, only what it admits."""

    tracks = ("text", "array")

    def __init__(self) -> None:
        self._space: Space[Any] | None = None

    def bind(self, observation_space: Space[Any], action_space: Space[Any]) -> None:
        """Take a copy of the action space, so that its generator is this agent's own."""
        self._space = copy.deepcopy(action_space)
        self.reset(0)

    def reset(self, seed: int) -> None:
        """Begin an episode whose draws depend on `seed` alone."""
        if self._space is not None:
            self._space.seed(word(key(seed, _SAMPLING), 0))

    def act(self, observation: Any, info: Mapping[str, Any]) -> Any:
        """Return a sample; raises BadValue before bind()."""
        if self._space is None:
            raise BadValue("the random agent does not know what it may do. Call bind(env.observation_space, env.action_space) first.")
        if isinstance(self._space, spaces.Discrete) and isinstance(observation, Mapping) and "action_mask" in observation:
            return self._space.sample(mask=np.asarray(observation["action_mask"], np.int8))
        return self._space.sample()
