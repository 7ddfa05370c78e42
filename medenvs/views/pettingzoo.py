"""PettingZoo: the outside roles of a system as agents, in turn (AEC) or in step (parallel). Both play the same episode.

`reset(seed=s)` begins episode 0 of stream s, as in the other views; each further `reset()` begins the stream's next episode.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pettingzoo import AECEnv, ParallelEnv

from .seats import Seats

Seen = dict[str, Any]


class MedAECEnv(Seats, AECEnv[str, Seen, Any]):
    """One agent at a time, as the rules say whose turn it is.

    Rewards add up, and so do terms and costs in infos, from one move of a role to its next: what ``last()`` returns is what the
    role's last move has led to. All roles end together.
    """

    def reset(self, seed: int | None = None, options: Mapping[str, Any] | None = None) -> None:
        """Begin an episode. Options: `case` (a number), `split` ("train", "validation", "test")."""
        self._begin(seed, options)
        self.rewards = dict.fromkeys(self.agents, 0.0)
        self._cumulative_rewards = dict.fromkeys(self.agents, 0.0)
        self.terminations, self.truncations = dict.fromkeys(self.agents, False), dict.fromkeys(self.agents, False)
        self.infos = {role: self._info(role) for role in self.agents}
        self.agent_selection = self.play.mover()
        self._skip_agent_selection = None

    def step(self, action: Any) -> None:
        """Play the selected role's move; None takes a role that has ended off the table. Raises BadValue when nobody is left."""
        self._running()
        role = self.agent_selection
        if self.terminations[role] or self.truncations[role]:
            self._was_dead_step(action)
            return
        out = self._act(role, action)
        self.rewards = out.rewards
        self._cumulative_rewards[role] = 0.0
        self._accumulate_rewards()
        told = {r: self._info(r, out, role) for r in self.agents}
        self.infos = {r: info if r == role else _added(self.infos[r], info) for r, info in told.items()}
        if self._over:
            self.terminations, self.truncations = dict.fromkeys(self.agents, out.terminated), dict.fromkeys(self.agents, out.truncated)
            self._deads_step_first()
        else:
            self.agent_selection = self.play.mover()


class MedParallelEnv(Seats, ParallelEnv[str, Seen, Any]):
    """Every role sees every step; only the move of the role whose turn it is counts, whatever the others hand in.

    Rewards and infos are those of one move. Whose turn it is shows in ``action_mask`` and in ``turn()``.
    """

    def reset(self, seed: int | None = None, options: Mapping[str, Any] | None = None) -> tuple[dict[str, Seen], dict[str, dict[str, Any]]]:
        """Begin an episode. Options: `case` (a number), `split` ("train", "validation", "test")."""
        self._begin(seed, options)
        return {role: self.observe(role) for role in self.agents}, {role: self._info(role) for role in self.agents}

    def turn(self) -> str:
        """Return the role whose move counts next; raises BadValue when no episode is running."""
        self._running()
        return self.play.mover()

    def step(
        self, actions: Mapping[str, Any]
    ) -> tuple[dict[str, Seen], dict[str, float], dict[str, bool], dict[str, bool], dict[str, dict[str, Any]]]:
        """Play the move of the role whose turn it is; raises BadValue when it is not among the actions."""
        mover, roles = self.turn(), self.agents
        for name in actions:
            self._seated(name)
        out = self._act(mover, actions.get(mover))
        if self._over:
            self.agents = []
        seen = {role: self.observe(role) for role in roles}
        infos = {role: self._info(role, out, mover) for role in roles}
        return seen, out.rewards, dict.fromkeys(roles, out.terminated), dict.fromkeys(roles, out.truncated), infos


def _added(before: Mapping[str, Any], now: dict[str, Any]) -> dict[str, Any]:
    """Return the info of a role's last move with what has happened since."""
    if "terms" not in before:
        return now
    costs = {name: before["costs"][name] + value for name, value in now["costs"].items()}
    return {
        **now,
        "terms": {name: before["terms"][name] + value for name, value in now["terms"].items()},
        "applies": {name: before["applies"][name] or here for name, here in now["applies"].items()},
        "cost": float(sum(costs.values())),
        "costs": costs,
        "clipped": before["clipped"],
    }
