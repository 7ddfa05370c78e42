"""Does the same thing whatever it sees."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from gymnasium import Space, spaces


class Constant:
    """Always the same action; without one, the plainest that the action space holds: "<answer>1</answer>", the first choice, ones."""

    tracks = ("text", "array")

    def __init__(self, action: Any = None) -> None:
        self._given = action
        self._action = "<answer>1</answer>" if action is None else action

    def bind(self, observation_space: Space[Any], action_space: Space[Any]) -> None:
        """Choose the action for this space, unless one was given."""
        if self._given is None:
            self._action = plainest(action_space)

    def act(self, observation: Any, info: Mapping[str, Any]) -> Any:
        """Return the action."""
        return self._action


def plainest(space: Space[Any]) -> Any:
    """Return a fixed member of a space."""
    match space:
        case spaces.Text():
            return "<answer>1</answer>"
        case spaces.Discrete():
            return int(space.start)
        case spaces.Box():
            return np.clip(np.ones(space.shape, space.dtype), space.low, space.high)
        case spaces.Dict():
            return {name: plainest(part) for name, part in space.spaces.items()}
        case spaces.Tuple():
            return tuple(plainest(part) for part in space.spaces)
        case _:  # MultiDiscrete, MultiBinary and the like: zeros
            return np.zeros(space.shape or (), space.dtype)
