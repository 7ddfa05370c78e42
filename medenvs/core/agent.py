"""Who acts. Outside agents and inside players (a language-model patient) speak the same protocol."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol, runtime_checkable


@runtime_checkable
class Agent(Protocol):
    """A custom agent: one method. Used when present:

    ``tracks``: the observation modes it plays, ("text",) unless it says otherwise. ``privileged = True`` asks for
    ``info["privileged"]``; such an agent is ranked on its own track. ``bind(observation_space, action_space)`` before anything
    else (never the environment: the truth is inside it). ``fit(dataset)`` with (observation, right action) pairs of the train
    split. ``reset(seed)`` before each episode. ``act_batch`` for many observations at once; nothing may be carried from one
    episode to the next.
    """

    def act(self, observation: Any, info: Mapping[str, Any]) -> Any:
        """Return the action for one observation."""
        ...


class Player(Protocol):
    """Fills a role inside an environment, in batch."""

    def act_batch(self, observations: Sequence[Any], infos: Sequence[Mapping[str, Any]]) -> Sequence[Any]:
        """Return one action (text, or a numeric move) per observation."""
        ...


def acts(agent: Any, observations: Sequence[Any], infos: Sequence[Mapping[str, Any]]) -> Sequence[Any]:
    """Return an agent's actions for many observations, in one call where it can."""
    if hasattr(agent, "act_batch"):
        return agent.act_batch(observations, infos)
    return [agent.act(o, i) for o, i in zip(observations, infos, strict=True)]
