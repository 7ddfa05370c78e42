"""MedCalc items at difficulty 5: whole episodes on fresh cases (draw, note, one parsed answer, score), nothing remembered.

Through gym.make_vec (1,024 rows), and through gym.make beside it; how distinct 100,000 notes are; and the median rate at which
reasoning-gym's generators make an item.
"""

from __future__ import annotations

import gymnasium as gym
from _anchors import reasoning_gym_median
from _measuring import Work, finish, options, rates

import medenvs  # noqa: F401
from medenvs.cases.medcalc import MedCalcCases
from medenvs.core.randomness import unmix


def batch() -> Work:
    """Return episodes in a native batch; a step and the reset behind it are 1,024 of them."""
    envs = gym.make_vec("medenvs/MedCalc-v0", num_envs=1_024, difficulty=5, autoreset_mode="SAME_STEP")
    envs.reset(seed=0)
    count = 0

    def work() -> int:
        nonlocal count
        count += 1_024
        envs.step([f"<answer>{count + i}</answer>" for i in range(1_024)])
        return 1_024

    return work


def single() -> Work:
    """Return episodes one by one."""
    env = gym.make("medenvs/MedCalc-v0", difficulty=5)
    env.reset(seed=0)

    def work() -> int:
        for i in range(500):
            env.reset()
            env.step(f"<answer>{i}</answer>")
        return 500

    return work


def main() -> None:
    args = options(__doc__)
    seconds, notes = (0.2, 2_000) if args.quick else (2.0, 100_000)
    found = rates({"batch": batch(), "single": single()}, seconds, args.repeats)
    source = MedCalcCases(difficulty=5)
    texts = set()
    for i in range(notes):
        case = unmix(i * 34_359)  # spread over the train split
        c = source.columns(case)
        texts.add(hash(source.prompt(case, c["variant"], c["facts"], c["shown"]).split("\n\n")[0]))
    anchor = reasoning_gym_median(0.05 if args.quick else 0.4, 8 if args.quick else None)
    more = {
        "unit": "episodes per CPU-second",
        "batch": found["batch"],
        "single": found["single"],
        "notes": notes,
        "distinct_notes": len(texts),
        "distinct_share": len(texts) / notes,
    }
    more["anchor_is"] = f"reasoning-gym, median generation over {anchor[1]} data sets" if anchor else "reasoning-gym"
    target = "at least 20,000 items per CPU-second, 99.9 % of 100,000 notes distinct"
    finish("medcalc_items", found["batch"], anchor[0] if anchor else None, target, more, args.save)


if __name__ == "__main__":
    main()
