"""Single text episodes through gym.make, resets included: unique answers (cold) and repeated ones (warm), beside GEM's single loop.

The cases come from a pool of 1,100 (the size of MedCalc-Bench's test split) whose notes are written once before the clock starts, as
a finite data set would be; the rate on endless fresh cases stands beside it. Our episodes have one step, GEM's six or seven: the
ratio of episodes is given too.
"""

from __future__ import annotations

import gymnasium as gym
from _anchors import GEM_STEPS, gem_single
from _measuring import Work, finish, options, rates

import medenvs  # noqa: F401

_POOL = 1_100


def loop(warm: bool, pool: int | None) -> Work:
    """Return a loop of whole episodes; unit: environment steps."""
    env = gym.make("medenvs/MedCalc-v0", pool=pool)
    env.reset(seed=0)
    for _ in range(20 * pool if pool else 0):
        env.reset()  # writes every note of the pool
    count = 0

    def work() -> int:
        nonlocal count
        step, reset = env.step, env.reset
        answers = ["<answer>12.5</answer>"] * 1_000 if warm else [f"<answer>{count + i}.25</answer>" for i in range(1_000)]
        count += 1_000
        for said in answers:
            step(said)
            reset()
        return 1_000

    return work


def main() -> None:
    args = options(__doc__)
    works = {"cold": loop(False, _POOL), "warm": loop(True, _POOL), "fresh": loop(False, None)}
    anchor = gem_single()
    if anchor is not None:
        works["gem"] = anchor
    found = rates(works, 0.2 if args.quick else 1.5, args.repeats)
    episodes = None if "gem" not in found else found["cold"] / (found["gem"] / GEM_STEPS)
    more = {
        "ratio_of_episodes": episodes,
        "unit": "steps per CPU-second, resets included",
        **{k: found[k] for k in ("cold", "warm", "fresh")},
    }
    target = "120,000 cold, 150,000 warm, cold at least 1.1x GEM's single loop"
    finish("single_steps", found["cold"], found.get("gem"), target, more, args.save)


if __name__ == "__main__":
    main()
