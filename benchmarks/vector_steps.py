"""Active rows per CPU-second at 1,024 rows: arrays in each autoreset mode, texts cold (all unique) and warm, beside GEM's sync loop.

Rows that a step only resets are not counted. "fresh" rows are endless new cases, drawn on the clock. "pool" rows come from a finite
set that is drawn, and whose notes are written, once before the clock starts: 65,536 cases for arrays, 1,100 for texts (the size of
MedCalc-Bench's test split). The answers are bare; texts with reasoning take the long way through the parser.
"""

from __future__ import annotations

from typing import Any

import gymnasium as gym
import numpy as np
from _anchors import gem_sync
from _measuring import Work, finish, options, rates

import medenvs  # noqa: F401

_N, _POOL = 1_024, 1_100


def _played(env: Any, actions: Any, mode: str, steps: int) -> int:
    """Step and count the rows that were active."""
    rows, everyone = 0, np.ones(_N, bool)
    for k in range(steps):
        _, _, _, _, info = env.step(actions(k))
        if mode == "DISABLED":
            env.reset(options={"reset_mask": everyone})
        active = info["_terms"] if "_terms" in info else info.get("_final_info")
        rows += 0 if active is None else _N
    return rows


def arrays(mode: str, pool: int | None) -> Work:
    """Return array stepping."""
    env = gym.make_vec("medenvs/MedCalc-v0", num_envs=_N, obs_mode="numeric", autoreset_mode=mode, pool=pool)
    env.reset(seed=0)
    answers = np.linspace(0, 100, _N)
    return lambda: _played(env, lambda k: answers, mode, 512)


def texts(warm: bool, pool: int | None) -> Work:
    """Return text stepping in NEXT_STEP."""
    env = gym.make_vec("medenvs/MedCalc-v0", num_envs=_N, pool=pool)
    env.reset(seed=0)
    for _ in range(40 if pool else 0):
        env.reset()  # writes the notes of the pool
    same = [f"<answer>{i}</answer>" for i in range(_N)]
    count = 0

    def unique(k: int) -> list[str]:
        nonlocal count
        if k % 2 == 0:
            count += _N
            return [f"<answer>{count + i}.5</answer>" for i in range(_N)]
        return same  # a reset step: its actions are not read

    return lambda: _played(env, (lambda k: same) if warm else unique, "NEXT_STEP", 8)


def main() -> None:
    args = options(__doc__)
    modes = ("NEXT_STEP", "SAME_STEP", "DISABLED")
    works = {f"arrays_{kind}_{mode}": arrays(mode, size) for kind, size in (("pool", 65_536), ("fresh", None)) for mode in modes}
    works |= {"text_cold": texts(False, _POOL), "text_warm": texts(True, _POOL), "text_fresh": texts(False, None)}
    anchor = gem_sync(_N)
    if anchor is not None:
        works["gem"] = anchor
    found = rates(works, 0.2 if args.quick else 1.5, args.repeats)
    more = {"unit": "active rows per CPU-second, 1,024 rows", **{k: v for k, v in found.items() if k != "gem"}}
    target = "arrays 3 M (1 M in every mode); text 300 k cold, 1 M warm, cold at least 3x GEM's sync loop"
    finish("vector_steps", found["text_cold"], found.get("gem"), target, more, args.save)


if __name__ == "__main__":
    main()
