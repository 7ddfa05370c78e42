"""Active rows per CPU-second of medenvs/ICUSepsis-v0 at 16,384 rows, beside the package's own environment through its `gym.make_vec`.

Uniformly random doses in both. The package holds 205 MB per environment, so it plays eight of them, as they come, and 32 that share
one copy of the tables; the faster counts. `memory` is what 10,000 of our rows need at most, in MB, the reading of the tables included.
"""

from __future__ import annotations

import tracemalloc

import gymnasium as gym
import numpy as np
from _anchors import icu_sepsis_both
from _measuring import Work, finish, options, rates, stepping

import medenvs  # noqa: F401
from medenvs.core.errors import MissingExtra
from medenvs.worlds.tabular import icu_sepsis, values

_N, _MANY, _DOSES = 16_384, 10_000, 25


def ours(mode: str) -> Work:
    """Return array stepping in an autoreset mode."""
    env = gym.make_vec("medenvs/ICUSepsis-v0", num_envs=_N, obs_mode="numeric", autoreset_mode=mode)
    return stepping(env, np.random.default_rng(0).integers(0, _DOSES, (64, _N)), warm=4)  # the look-ahead reaches its depth


def memory() -> float:
    """Return the MB that 10,000 rows need at most, from reading the tables to the fortieth step."""
    icu_sepsis.load.cache_clear()
    doses = np.random.default_rng(0).integers(0, _DOSES, (64, _MANY))
    tracemalloc.start()
    env = gym.make_vec("medenvs/ICUSepsis-v0", num_envs=_MANY, obs_mode="numeric")
    env.reset(seed=0)
    for step in range(40):
        env.step(doses[step])
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    env.close()
    return peak / 1e6


def worth() -> dict[str, float]:
    """Return the exact survival of three policies."""
    mdp = icu_sepsis.load(icu_sepsis.folder())
    policies = {"random": values.uniform(mdp), "expert": mdp.expert, "optimal": values.always(mdp, values.best(mdp)[0])}
    return {name: round(values.exact(mdp, policy).expected, 6) for name, policy in policies.items()}


def main() -> None:
    args = options(__doc__)
    try:
        needed = memory()
    except MissingExtra as error:
        print(f"nothing is measured: {error}")
        return
    works = {mode: ours(mode) for mode in ("NEXT_STEP", "SAME_STEP")}
    works |= icu_sepsis_both(args.quick)
    found = rates(works, 0.2 if args.quick else 2.0, args.repeats)
    anchor = max((rate for name, rate in found.items() if name.startswith("anchor")), default=None)
    more = {"unit": "active rows per CPU-second, 16,384 rows", **found, "memory_mb_10000_rows": needed, "values": worth()}
    target = "1 M, and 60x icu-sepsis through gym.make_vec; under 20 MB for 10,000 episodes; values within 1e-4 of the linear solve"
    finish("icu_sepsis_steps", found["NEXT_STEP"], anchor, target, more, args.save)


if __name__ == "__main__":
    main()
