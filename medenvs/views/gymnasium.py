"""`gym.make`: one episode as a gymnasium.Env."""

from __future__ import annotations

from typing import Any

import gymnasium as gym
import numpy as np

from medenvs.core.episode import Episode
from medenvs.core.errors import BadValue, unknown
from medenvs.core.randomness import Key, key
from medenvs.core.system import System

from .info import revealed
from .options import Settings, only_role, read_options
from .picture import RENDER_MODES, drawn
from .spaces import spaces_of


class MedEnv(gym.Env[Any, Any]):
    """A system played by its first outside role.

    `reset(seed=s)` begins episode 0 of stream s; each further `reset()` begins the stream's next episode. A stream's cases
    depend on the seed alone.
    """

    metadata: dict[str, Any] = {"render_modes": list(RENDER_MODES), "render_fps": 1}  # noqa: RUF012  as gymnasium declares it

    def __init__(self, system: System, settings: Settings | None = None, render_mode: str | None = None) -> None:
        if render_mode is not None and render_mode not in RENDER_MODES:
            raise unknown("render_mode", render_mode, RENDER_MODES)
        self.settings = settings or Settings()
        self.system = system.weighing(self.settings.weights)
        self.render_mode = render_mode
        self.role = only_role(system)
        s = self.settings
        self.observation_space, self.action_space = spaces_of(system, self.role, s.words, s.longest, s.transcript)
        self._bare = not isinstance(self.observation_space, gym.spaces.Dict)
        self.play = Episode(self.system, words=s.words, longest=s.longest)
        self._more, self._reads, self._longest = s.reveal or s.obs_mode == "messages", s.obs_mode == "text", s.transcript
        self._simulated = self.system.simulated
        self._stream: int | None = None
        self._stream_key: Key = (0, 0)
        self._episode = -1
        self._over = True
        self._painter = system.painter if render_mode == "rgb_array" else None
        self._observed: list[dict[str, Any]] = []  # for the painter
        if self._painter is not None:
            self.metadata = {**self.metadata, "render_fps": self._painter.fps}

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[Any, dict[str, Any]]:
        """Begin an episode. Options: `case` (a number), `split` ("train", "validation", "test"), and the system's knobs."""
        if seed is not None or self._stream is None:
            if seed is not None and seed < 0:
                raise BadValue(f"seed is {seed}; allowed: 0 or more.")
            super().reset(seed=seed)
            self._stream = int(seed) if seed is not None else int(self.np_random.integers(1 << 31))
            self._stream_key, self._episode = key(self._stream), -1
        self._episode += 1
        if options:
            given = read_options(self.system, options)
            case = None if given.get("case") is None else int(given["case"])
            split = given.get("split", self.settings.split)
            self.play.start(self._stream, self._stream_key, self._episode, split, case, given["knobs"])
        else:
            self.play.start(self._stream, self._stream_key, self._episode, self.settings.split)
        self._over = False
        if self._painter is not None:
            self._observed = [self.play.kernel.observe(self.play.state, self.role)]
        info: dict[str, Any] = {"simulated": self._simulated}
        if self._more:
            self._add(info)
        return self._see(), info

    def step(self, action: Any) -> tuple[Any, float, bool, bool, dict[str, Any]]:
        """Play one action; raises BadValue when the episode is over."""
        if self._over:
            raise BadValue("this episode is over. Call reset() before the next step().")
        rewards, terms, applies, costs, terminated, truncated, clipped = self.play.act(self.role, action)
        self._over = terminated or truncated
        if self._painter is not None:
            self._observed.append(self.play.kernel.observe(self.play.state, self.role))
        cost = float(sum(costs.values())) if costs else 0.0
        info = {"terms": terms, "applies": applies, "cost": cost, "costs": costs, "clipped": clipped, "simulated": self._simulated}
        if self._more:
            self._add(info)
        return self._see(), rewards[self.role], terminated, truncated, info

    def _add(self, info: dict[str, Any]) -> None:
        if self.settings.obs_mode == "messages":
            info["messages"] = self.play.messages(self.role)
        if self.settings.reveal:
            info["privileged"] = revealed(self.system, self.role, self.play.truth())

    def _see(self) -> Any:
        if self._reads:
            seen = self.play.shown[self.role]
            return seen if len(seen) <= self._longest else seen[-self._longest :]
        if self.settings.words:
            return self.play.log[self.role][-1]
        numbers = self.play.see(self.role)
        return numbers["observation"] if self._bare else numbers

    def render(self) -> Any:
        """Return the conversation as a string ("ansi"), or ("rgb_array") a picture of it, or what the system's painter makes of it."""
        if self._painter is not None:
            if not self._observed:
                raise BadValue("nothing has been observed. Call reset() before render().")
            return self._painter.paint(self._observed)
        return drawn(self.render_mode, self.system.name, self._as_text())

    def _as_text(self) -> str:
        if self.settings.words:
            return str(self.play.see(self.role))
        with np.printoptions(precision=4, suppress=True):
            return "\n".join(f"{name}: {value}" for name, value in self.play.see(self.role).items())
