"""`gym.make_vec`: N episodes on arrays. This view alone owns autoreset."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import gymnasium as gym
import numpy as np
from gymnasium.vector.utils import batch_space

from medenvs.core.episodes import Episodes, Outcomes
from medenvs.core.errors import BadValue, unknown
from medenvs.core.lanes import Lanes
from medenvs.core.randomness import key
from medenvs.core.system import System

from .autoreset import AutoresetMode
from .info import masked, objects, revealed, stepped
from .options import Settings, only_role, read_options
from .spaces import UnicodeText, spaces_of

_MODES = {name: mode for mode in AutoresetMode for name in (mode.name, mode.value)}


class MedVectorEnv(gym.vector.VectorEnv[Any, Any, Any]):
    """A system played in `num_envs` rows. Row i plays stream seed + i // group_size: a group shares case, seed and budget.

    With group_size 1 it equals SyncVectorEnv over `gym.make`, value for value, in all three autoreset modes.
    """

    def __init__(
        self,
        system: System,
        num_envs: int,
        settings: Settings | None = None,
        *,
        autoreset_mode: AutoresetMode | str = AutoresetMode.NEXT_STEP,
        group_size: int = 1,
        max_episode_steps: int | None = None,
        lanes: Lanes | None = None,
        render_mode: str | None = None,
    ) -> None:
        if not 1 <= group_size <= num_envs or num_envs % group_size:
            raise BadValue(f"group_size is {group_size}; allowed: a divisor of num_envs ({num_envs}).")
        if render_mode is not None:
            raise BadValue("the vector view does not render. Use gym.make(..., render_mode=...) for one episode.")
        self.settings = s = settings or Settings()
        self.system = system.weighing(s.weights)
        self.num_envs, self.group_size, self.render_mode = num_envs, group_size, None
        self.mode = _mode(autoreset_mode)
        self.limit = max_episode_steps
        self.metadata = {"autoreset_mode": self.mode, "render_modes": []}
        self.role = only_role(system)
        self.single_observation_space, self.single_action_space = spaces_of(system, self.role, s.words, s.longest, s.transcript)
        self.observation_space, self.action_space = (
            _many(self.single_observation_space, num_envs),
            _many(self.single_action_space, num_envs),
        )
        self.play = Episodes(self.system, num_envs, words=s.words, lanes=lanes, longest=s.longest, logs=s.obs_mode == "messages")
        self._streams: np.ndarray | None = None

    def reset(self, *, seed: int | list[int | None] | None = None, options: dict[str, Any] | None = None) -> tuple[Any, dict[str, Any]]:
        """Begin an episode in every row, or in the rows of options["reset_mask"]; a list of seeds overrides groups."""
        given = read_options(self.system, options, ("reset_mask",))
        rows = None if "reset_mask" not in given else np.flatnonzero(_checked_mask(given["reset_mask"], self.num_envs))
        if self._streams is None:
            if rows is not None and len(rows) < self.num_envs:
                raise BadValue("the first reset() begins every row. Leave options['reset_mask'] out.")
            self._streams, self._episodes = np.zeros(self.num_envs, np.int64), np.full(self.num_envs, -1)
            self._done, self._steps = np.zeros(self.num_envs, bool), np.zeros(self.num_envs, np.int64)
            self._seed(self._entropy(), None)
        if seed is not None:
            self._seed(seed, rows)
        self._begin(rows, given.get("split", self.settings.split), given.get("case"), given["knobs"])
        started = np.ones(self.num_envs, bool) if rows is None else np.isin(np.arange(self.num_envs), rows)
        return self._see(), self._started(started)

    def _entropy(self) -> int:
        return int(np.random.SeedSequence().generate_state(1)[0]) >> 1

    def _seed(self, seed: Any, rows: np.ndarray | None) -> None:
        assert self._streams is not None  # reset made them
        if isinstance(seed, (int, np.integer)):
            streams = int(seed) + np.arange(self.num_envs) // self.group_size
            known = np.ones(self.num_envs, bool)
        elif len(seed) == self.num_envs:
            known = np.array([s is not None for s in seed])
            streams = np.array([0 if s is None else int(s) for s in seed], np.int64)
        else:
            raise BadValue(f"got {len(seed)} seeds for {self.num_envs} rows. Give one int, or one seed per row.")
        if rows is not None:
            known &= np.isin(np.arange(self.num_envs), rows)
        self._streams = np.where(known, streams, self._streams)
        self._episodes = np.where(known, -1, self._episodes)
        self._keys = key(self._streams)

    def _begin(self, rows: np.ndarray | None, split: str | None = None, case: Any = None, knobs: Mapping[str, int] | None = None) -> None:
        assert self._streams is not None
        at = slice(None) if rows is None else rows
        self._episodes[at] += 1
        self._done[at], self._steps[at] = False, 0
        streams = self._streams[at]
        cases = None
        if case is not None:
            cases = np.broadcast_to(np.asarray(case, np.int64), (self.num_envs,))[at].copy()
        keys = (self._keys[0][at], self._keys[1][at])
        self.play.start(streams, keys, self._episodes[at], split or self.settings.split, cases, rows, knobs)

    def step(self, actions: Any) -> tuple[Any, np.ndarray, np.ndarray, np.ndarray, dict[str, Any]]:
        """Play one action in every row; what happens to rows that have ended is the autoreset mode's business."""
        if self._streams is None:
            raise BadValue("call reset() before the first step().")
        if len(actions) != self.num_envs:
            raise BadValue(f"got {len(actions)} actions for {self.num_envs} rows.")
        if self.mode is AutoresetMode.DISABLED and self._done.any():
            raise BadValue(
                f"rows {np.flatnonzero(self._done)[:8].tolist()} have ended. Reset them with options={{'reset_mask': mask}} first."
            )
        waiting = self._done
        active = ~waiting
        if not active.any():
            self._begin(None)
            zero = np.zeros(self.num_envs)
            return self._see(), zero, zero > 0, zero > 0, self._started(~active)
        out = self.play.act(self.role, actions, active)
        self._steps += active
        terminated, truncated = out.terminated & active, out.truncated & active
        if self.limit is not None:
            truncated = truncated | (self._steps >= self.limit) & active  # also with terminated, as TimeLimit says it
        self._done = terminated | truncated
        rewards = np.where(active, out.rewards[self.role], 0.0) if waiting.any() else out.rewards[self.role]
        info = self._finish(out, active, waiting)
        return self._see(), rewards, terminated, truncated, info

    def _finish(self, out: Outcomes, active: np.ndarray, waiting: np.ndarray) -> dict[str, Any]:
        """Restart what this mode restarts now, and return the info."""
        if self.mode is AutoresetMode.SAME_STEP and self._done.any():
            ended, rows = self._done.copy(), np.flatnonzero(self._done)
            info = stepped(out, active & ~ended, self.system.simulated) if (active & ~ended).any() else {}
            final = {**stepped(out, ended, self.system.simulated), **self._words(ended)}
            seen = self._rows_seen(rows)
            self._begin(None if len(rows) == self.num_envs else rows)
            fresh = self._started(ended) if not info else {"simulated": ended | info["simulated"], "_simulated": ended | info["_simulated"]}
            info.update(fresh)
            info.update(self._words(active))
            info.update(masked({"final_obs": objects(self.num_envs, rows, seen), "final_info": final}, ended))
            return info
        info = stepped(out, active, self.system.simulated)
        every = active | waiting
        if waiting.any():
            self._begin(np.flatnonzero(waiting))
            info["simulated"], info["_simulated"] = every & self.system.simulated, every
        info.update(self._words(every))
        return info

    def _started(self, mask: np.ndarray) -> dict[str, Any]:
        return {**masked({"simulated": mask & self.system.simulated}, mask), **self._words(mask)}

    def _words(self, mask: np.ndarray) -> dict[str, Any]:
        extra: dict[str, Any] = {}
        if self.settings.obs_mode == "messages":
            rows = np.flatnonzero(mask).tolist()
            messages = objects(self.num_envs, rows, [self.play.messages(i, self.role) for i in rows])
            extra.update(masked({"messages": messages}, mask.copy()))
        if self.settings.reveal:
            for i in np.flatnonzero(mask).tolist():
                extra = self._add_info(extra, {"privileged": revealed(self.system, self.role, self.play.truth(i))}, i)
        return extra

    def _see(self) -> Any:
        mode = self.settings.obs_mode
        if mode == "numeric":
            return _bare(self.play.see(self.role), self.single_observation_space)
        if mode == "messages":
            return tuple([log[-1] for log in self.play.talk.log[self.role]])
        shown, longest = self.play.talk.shown[self.role], self.settings.transcript
        return tuple(shown) if max(map(len, shown)) <= longest else tuple([t[-longest:] for t in shown])

    def _rows_seen(self, rows: np.ndarray) -> list[Any]:
        if self.settings.words:
            seen = self._see()
            return [seen[i] for i in rows.tolist()]
        seen = _bare(self.play.see(self.role, rows), self.single_observation_space)
        if isinstance(seen, dict):
            return _dicts(seen)
        return list(seen)


def _dicts(seen: dict[str, Any]) -> list[dict[str, Any]]:
    """Return one dict per row of arrays (two names, which is common, written out: it is done for every row that ends)."""
    if len(seen) == 2:
        (a, first), (b, second) = seen.items()
        return [{a: x, b: y} for x, y in zip(first, second, strict=True)]
    return [dict(zip(seen, row, strict=True)) for row in zip(*seen.values(), strict=True)]


def _bare(seen: dict[str, Any], space: Any) -> Any:
    return seen if isinstance(space, gym.spaces.Dict) else seen["observation"]


def _many(space: Any, n: int) -> Any:
    # batch_space deep-copies a text space n times: 1.1 s at 8,192
    return gym.spaces.Tuple((space,) * n) if isinstance(space, UnicodeText) else batch_space(space, n)


def _mode(mode: AutoresetMode | str) -> AutoresetMode:
    if isinstance(mode, AutoresetMode):
        return mode
    if mode not in _MODES:
        raise unknown("autoreset_mode", mode, _MODES)
    return _MODES[mode]


def _checked_mask(mask: Any, n: int) -> np.ndarray:
    if not isinstance(mask, np.ndarray) or mask.shape != (n,) or mask.dtype != np.bool_ or not mask.any():
        raise BadValue(f"options['reset_mask'] must be a bool array of length {n} with at least one True.")
    return mask
