"""Environments under a guardian: what lies outside the data is told, charged, ended, or replaced by the nearest supported dose."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import gymnasium as gym
import numpy as np

from medenvs.core.errors import BadValue, unknown

from .guardian import Guardian
from .vectors import DOSES, amounts

MODES = ("info", "penalty", "terminate", "project")


class Guarded(gym.Wrapper[Any, Any, Any, Any]):
    """A sepsis environment (numeric mode) whose steps are checked before they are played.

    info["ood_cost"] is 1.0 where state and dose lie outside what the guardian knows, else 0.0; it is no part of info["cost"]. `mode`:
    "info" changes nothing else; "penalty" adds `penalty` to the reward; "terminate" adds it and ends the episode; "project" plays the
    nearest supported dose instead (the best supported one where none is) and tells it as info["projected"].
    """

    def __init__(self, env: gym.Env[Any, Any], guardian: Guardian, mode: str = "info", penalty: float = -25.0) -> None:
        super().__init__(env)
        if mode not in MODES:
            raise unknown("mode", mode, MODES)
        shape = getattr(env.observation_space, "shape", None)
        if shape != (len(guardian.columns),):
            raise BadValue(
                f"the guardian reads {len(guardian.columns)} columns, this shows {shape}. Fit it on logs of it; use obs_mode='numeric'."
            )
        if mode == "project" and guardian.reading.what == "s":
            raise BadValue("a guardian of states alone cannot choose a dose. Fit it with Reading('sa').")
        self.guardian, self.mode, self.penalty = guardian, mode, penalty
        self.discrete = isinstance(env.action_space, gym.spaces.Discrete)
        self._past: list[np.ndarray] = []
        self._seen: Any = None

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[Any, dict[str, Any]]:
        """Begin an episode."""
        self._seen, info = self.env.reset(seed=seed, options=options)
        self._past = []
        return self._seen, info

    def step(self, action: Any) -> tuple[Any, Any, bool, bool, dict[str, Any]]:
        """Play one dose under the guardian."""
        given = amounts(np.asarray([action]))
        outside = not bool(self.guardian.inside(self._vectors(given))[0])
        played = self._nearest(given) if outside and self.mode == "project" else action
        self._past.append(self.guardian.reading.one(self._seen[None], amounts(np.asarray([played])))[0])
        self._seen, reward, terminated, truncated, info = self.env.step(played)
        info["ood_cost"] = float(outside)
        if played is not action:
            info["projected"] = played
        if outside and self.mode in ("penalty", "terminate"):
            reward = float(reward) + self.penalty
            terminated = terminated or self.mode == "terminate"
        return self._seen, reward, terminated, truncated, info

    def _vectors(self, doses: np.ndarray) -> np.ndarray:
        """Return what the guardian reads if each of the doses were given now."""
        now = self.guardian.reading.one(np.repeat(self._seen[None], len(doses), 0), doses)
        steps = self.guardian.reading.steps
        past = self._past[-(steps - 1) :] if steps > 1 else []
        parts = [np.repeat(p[None], len(doses), 0) for p in past]
        first = parts[0] if parts else now
        return np.concatenate([*[first] * (steps - 1 - len(parts)), *parts, now], -1)

    def _nearest(self, given: np.ndarray) -> Any:
        """Return the supported one of the twenty-five doses that is nearest (both drugs in units of their largest dose)."""
        scores = self.guardian.scores(self._vectors(DOSES))
        apart = (((DOSES - given) / DOSES.max(0)) ** 2).sum(1)
        allowed = scores >= self.guardian.threshold
        chosen = int(np.where(allowed, apart, np.inf).argmin()) if allowed.any() else int(scores.argmax())
        return chosen if self.discrete else DOSES[chosen].astype(np.float32)


def flags(guardian: Guardian, observations: np.ndarray, actions: np.ndarray) -> Mapping[str, np.ndarray]:
    """Return "ood_cost" and "score" of many decisions at once, for a reading of one step; raises BadValue for a longer one."""
    if guardian.reading.steps > 1:
        raise BadValue("the guardian reads several steps. Give it a logged set: guardian.inside(guardian.reading.of(logged)).")
    scores = guardian.scores(guardian.reading.one(observations, actions))
    return {"ood_cost": (scores < guardian.threshold).astype(float), "score": scores}
