"""A septic patient in shock, treated by the reference clinician, on the bedside monitor: the picture in the README.

`python examples/bedside_monitor.py [FILE.png]` writes the frame of hour 72; without a file it says what the monitor shows.
"""

from __future__ import annotations

import sys
from pathlib import Path

import gymnasium as gym
import numpy as np

import medenvs  # noqa: F401  registers the ids
from medenvs.envs.treatment.alarms import alarms
from medenvs.worlds.sepsis.clinician import rule
from medenvs.worlds.sepsis.columns import NAMES

SEED, HOUR = 20, 72


def frame(seed: int = SEED, hour: int = HOUR) -> tuple[np.ndarray, dict[str, float]]:
    """Return (the monitor's pixels, the chart) at an hour of an episode of the reference clinician, or at its end."""
    env = gym.make("medenvs/Sepsis-v0", obs_mode="numeric", render_mode="rgb_array")
    seen, _ = env.reset(seed=seed)
    chart, over = dict(zip(NAMES, seen.tolist(), strict=True)), False
    while not over and chart["hour"] < hour:
        seen, _, over, _, _ = env.step(rule(chart))
        chart = dict(zip(NAMES, seen.tolist(), strict=True))
    return np.asarray(env.render()), chart


def write(pixels: np.ndarray, file: Path) -> None:
    """Write a small PNG (96 colours)."""
    from PIL import Image

    Image.fromarray(pixels).quantize(96, dither=Image.Dither.NONE).save(file, optimize=True)


def main(file: str | None = None) -> str:
    """Draw, write the file if there is one, and return what is seen."""
    pixels, chart = frame()
    if file is not None:
        write(pixels, Path(file))
    sounds, (height, width, _) = ", ".join(alarms(chart)) or "no alarm", pixels.shape
    return f"hour {chart['hour']:.0f}: MAP {chart['map']:.0f}, urine {chart['urine']:.2f} mL/kg/h; {sounds}; {width} x {height} pixels"


if __name__ == "__main__":
    print(main(*sys.argv[1:2]))
