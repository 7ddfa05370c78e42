"""Plays the right answer. Shows what an environment pays at best; never ranked with agents that have to find out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gymnasium import Space, spaces

from medenvs.core.errors import BadValue


class Gold:
    """Reads ``info["privileged"]``: its "text" where actions are texts, else its "action"."""

    privileged = True
    tracks = ("text", "array")

    def __init__(self) -> None:
        self._name = "text"

    def bind(self, observation_space: Space[Any], action_space: Space[Any]) -> None:
        """Learn whether actions are texts."""
        self._name = "text" if isinstance(action_space, spaces.Text) else "action"

    def act(self, observation: Any, info: Mapping[str, Any]) -> Any:
        """Return the right action; raises BadValue where the environment does not reveal it."""
        if self._name not in info.get("privileged", {}):
            raise BadValue(f"info['privileged'][{self._name!r}] is missing. Make the environment with reveal=True.")
        return info["privileged"][self._name]
