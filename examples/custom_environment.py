"""A whole environment in one file, without anything of medenvs; `medenvs check examples/custom_environment.py:TriageEnv` passes.

Simulated; the urgencies are invented for the example and not for clinical use.
"""

from __future__ import annotations

from typing import Any, ClassVar

import gymnasium as gym
import numpy as np
from gymnasium import spaces

URGENCIES = ("immediate", "urgent", "standard")
PATIENTS = 8  # seen in one episode


class TriageEnv(gym.Env[np.ndarray, int]):
    """Sort patients by urgency from heart rate (1/min), systolic pressure (mmHg) and oxygen saturation (%).

    Reward: 1 for the right urgency. Cost, kept apart in info: 1 for each patient who waits longer than is safe.
    """

    metadata: ClassVar[dict[str, Any]] = {"render_modes": ["ansi"], "render_fps": 1}  # type: ignore[misc]

    def __init__(self, render_mode: str | None = None) -> None:
        if render_mode not in (None, "ansi"):
            raise ValueError(f"unknown render_mode {render_mode!r}. Allowed: None, 'ansi'.")
        self.render_mode = render_mode
        self.observation_space = spaces.Box(np.float32(0), np.float32(300), (3,), np.float32)
        self.action_space = spaces.Discrete(len(URGENCIES))
        self._patient = np.zeros(3, np.float32)
        self._seen = PATIENTS

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[np.ndarray, dict[str, Any]]:
        """Begin a shift."""
        super().reset(seed=seed)
        self._seen = 0
        return self._next(), {"simulated": True}

    def step(self, action: int) -> tuple[np.ndarray, float, bool, bool, dict[str, Any]]:
        """Give the patient an urgency; the shift ends with the last patient."""
        if self._seen >= PATIENTS:
            raise RuntimeError("this episode is over. Call reset() before the next step().")
        right = urgency(self._patient)
        self._seen += 1
        info = {"terms": {"correct": float(action == right)}, "cost": float(action > right), "simulated": True}
        return self._next(), info["terms"]["correct"], self._seen == PATIENTS, False, info

    def render(self) -> str | None:
        """Return the patient as a line of text."""
        return "heart rate {:.0f}, systolic {:.0f}, saturation {:.0f} %".format(*self._patient) if self.render_mode else None

    def _next(self) -> np.ndarray:
        rng = self.np_random
        self._patient = np.array([rng.integers(40, 160), rng.integers(70, 180), rng.integers(80, 101)], np.float32)
        return self._patient.copy()


def urgency(patient: np.ndarray) -> int:
    """Return the place in URGENCIES of the invented rule: one alarming value is immediate, one borderline value urgent."""
    heart_rate, systolic, saturation = patient
    if heart_rate > 130 or systolic < 90 or saturation < 88:
        return 0
    return 1 if heart_rate > 100 or systolic < 110 or saturation < 94 else 2


if __name__ == "__main__":
    env = TriageEnv(render_mode="ansi")
    seen, _ = env.reset(seed=0)
    earned = 0.0
    for _ in range(PATIENTS):
        seen, reward, *_ = env.step(urgency(seen))
        earned += reward
    print(f"the rule itself earns {earned:g} of {PATIENTS}")
