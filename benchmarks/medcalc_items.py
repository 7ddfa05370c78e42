"""MedCalc items at difficulty 5: whole episodes (reset on a fresh case, one answer) through gym.make, nothing remembered.

Beside it: how distinct 100,000 notes are, and the median of reasoning-gym's generators.
"""

from __future__ import annotations

import gymnasium as gym
from anchors import reasoning_gym_median
from measuring import finish, options, rates

import medenvs  # noqa: F401
from medenvs.cases.medcalc import MedCalcCases
from medenvs.core.randomness import unmix


def main() -> None:
    args = options(__doc__)
    seconds, notes = (0.2, 2_000) if args.quick else (2.0, 100_000)
    env = gym.make("medenvs/MedCalc-v0", difficulty=5)
    env.reset(seed=0)

    def episodes() -> int:
        for i in range(500):
            env.reset()
            env.step(f"<answer>{i}</answer>")
        return 500

    found = rates({"episodes": episodes}, seconds, args.repeats)
    source = MedCalcCases(difficulty=5)
    texts = set()
    for i in range(notes):
        case = unmix(i * 34_359)  # spread over the train split
        c = source.columns(case)
        texts.add(hash(source.prompt(case, c["variant"], c["facts"], c["shown"]).split("\n\n")[0]))
    anchor = reasoning_gym_median(0.05 if args.quick else 0.4, 8 if args.quick else None)
    more = {"unit": "episodes per CPU-second", "notes": notes, "distinct_notes": len(texts), "distinct_share": len(texts) / notes}
    more["anchor_is"] = f"reasoning-gym, median generation over {anchor[1]} data sets" if anchor else "reasoning-gym"
    target = "at least 20,000 items per CPU-second, 99.9 % of 100,000 notes distinct"
    finish("medcalc_items", found["episodes"], anchor[0] if anchor else None, target, more, args.save)


if __name__ == "__main__":
    main()
