"""The peers' loops that ours are measured against: GEM's guessing game, icu-sepsis, reasoning-gym's generators. None where absent."""

from __future__ import annotations

import importlib
import time
from typing import Any

import gymnasium as gym
import numpy as np
from _measuring import Work, stepping

from medenvs.worlds.tabular.icu_sepsis import folder

GEM_STEPS = 6.6  # steps of a random episode of GuessTheNumber-hard, counted over 20,000 steps


def _gem() -> Any:
    try:
        return importlib.import_module("gem")
    except ImportError:
        return None


def gem_single(steps: int = 2_000) -> Work | None:
    """Return GEM's single loop: random actions in GuessTheNumber-hard, reset on end; unit: environment steps."""
    gem = _gem()
    if gem is None:
        return None
    env = gem.make("game:GuessTheNumber-v0-hard")
    env.reset(seed=0)

    def work() -> int:
        for _ in range(steps):
            _, _, terminated, truncated, _ = env.step(env.sample_random_action())
            if terminated or truncated:
                env.reset()
        return steps

    return work


def gem_sync(n: int, steps: int = 4) -> Work | None:
    """Return GEM's synchronous vector loop over n environments with a fixed action list; unit: environment steps."""
    gem = _gem()
    if gem is None:
        return None
    envs = gem.make_vec(["game:GuessTheNumber-v0-hard"] * n, async_mode=False)
    envs.reset()
    action = gem.make("game:GuessTheNumber-v0-hard").sample_random_action()
    actions = [action] * n

    def work() -> int:
        for _ in range(steps):
            envs.step(actions)
        return n * steps

    return work


def icu_sepsis(n: int, shared: bool) -> Work | None:
    """Return the package's own vector loop over n environments under random doses, as they come or sharing one copy of the tables."""
    try:
        package = importlib.import_module("icu_sepsis")
        tables = importlib.import_module("icu_sepsis.utils.io").MDPParameters if shared else None
    except ImportError:
        return None
    more = {"params": tables(folder())} if tables else {}
    env = gym.make_vec(f"{package.__name__}:Sepsis/ICU-Sepsis-v2", num_envs=n, **more)
    return stepping(env, np.random.default_rng(0).integers(0, 25, (64, n)))


def icu_sepsis_both(quick: bool) -> dict[str, Work]:
    """Return eight environments as they come and 32 that share their tables, by name; the faster counts."""
    loops = {"anchor_8": icu_sepsis(2 if quick else 8, False), "anchor_32_shared": icu_sepsis(32, True)}
    return {name: loop for name, loop in loops.items() if loop is not None}


def reasoning_gym_median(seconds: float, limit: int | None = None) -> tuple[float, int] | None:
    """Return (median items per CPU-second, number of data sets) of reasoning-gym's generators, `seconds` each; seed 42.

    Data sets that cannot be built from their defaults, or need more than 5 CPU-seconds for their first item, are left out.
    """
    try:
        reasoning_gym = importlib.import_module("reasoning_gym")
        factory = importlib.import_module("reasoning_gym.factory")
    except ImportError:
        return None
    found = []
    skipped = {"composite", "number_sequence"}  # the first needs settings, the second runs past any limit
    for name in sorted(set(factory.DATASETS) - skipped)[:limit]:
        try:
            data = reasoning_gym.create_dataset(name, size=2_000, seed=42)
            start, i = time.process_time(), 0
            while (spent := time.process_time() - start) < seconds and i < 2_000:
                data[i]
                i += 1
        except Exception:  # noqa: BLE001  a peer's generator that fails is not counted
            continue
        if i and spent:
            found.append(i / spent)
    return (sorted(found)[len(found) // 2], len(found)) if found else None
