"""Active rows per CPU-second of medenvs/Consultation-v0 at 1,024 rows, full world, endless fresh cases: arrays, tagged and free questions.

Arrays play uniformly random moves (an episode lasts about five and a half). Texts are cold: each is unique, behind other thinking;
tagged ones name a topic by a phrase of the knowledge base, free ones put a phrase that was authored for the question matcher into
one of eight frames. Nothing is remembered between steps but the words themselves.
"""

from __future__ import annotations

# isort: off
import _one_thread  # noqa: F401

# isort: on
import json
from collections.abc import Callable
from importlib import resources
from typing import Any

import gymnasium as gym
import numpy as np
from _anchors import gem_sync
from _measuring import Work, finish, options, rates, stepping

import medenvs  # noqa: F401
from medenvs.envs.consultation.language import ConsultationLanguage
from medenvs.worlds.consultation.actions import actions

_N = 1_024
_FRAMES = (
    "Have you had {}?", "Do you notice {} at all?", "Tell me, is there any {}", "I understand this is hard. Have you had {} lately?",
    "Any {}?", "Could I ask about {}?", "Would you say there is {} these days?", "And {}?",
)  # fmt: skip


def arrays(mode: str) -> Work:
    """Return array stepping in an autoreset mode."""
    env = gym.make_vec("medenvs/Consultation-v0", num_envs=_N, obs_mode="numeric", autoreset_mode=mode)
    moves = np.random.default_rng(0).integers(0, actions("full").discrete, (64, _N))
    return stepping(env, moves, 256, warm=3)  # the look-ahead reaches its depth


def texts(write: Callable[[int, int], str]) -> Work:
    """Return text stepping with unique messages; `write(i, j)` makes the i-th, out of choice j."""
    env = gym.make_vec("medenvs/Consultation-v0", num_envs=_N)
    env.reset(seed=0)
    rng, count = np.random.default_rng(0), 0

    def messages() -> list[str]:
        nonlocal count
        count += _N
        return [write(count + i, j) for i, j in enumerate(rng.integers(0, 1 << 20, _N).tolist())]

    ready = [messages() for _ in range(400)]
    place = 0

    def work() -> int:
        nonlocal place
        for batch in ready[place : place + 10]:
            env.step(batch)
        place = (place + 10) % len(ready)
        return 10 * _N  # of twenty-one steps one begins new episodes: counted, it is the dearest

    return work


def tagged() -> Callable[[int, int], str]:
    """Return a writer of tagged messages."""
    known = list(ConsultationLanguage("full")._known)  # the messages that need no understanding
    return lambda i, j: f"<think>{i}</think>{known[j % len(known)]}"


def free() -> Callable[[int, int], str]:
    """Return a writer of free questions."""
    here = resources.files("medenvs.worlds.consultation")
    rows = [json.loads((here / f"{name}.json").read_text("utf-8"))[name] for name in ("asked", "examined", "ordered")]
    said = [phrase for table in rows for row in table.values() for phrase in row["say"]]
    return lambda i, j: f"<think>{i}</think><answer>Question: {_FRAMES[j % 8].format(said[j // 8 % len(said)])}</answer>"


def main() -> None:
    args = options(__doc__)
    works: dict[str, Any] = {f"arrays_{mode}": arrays(mode) for mode in ("NEXT_STEP", "SAME_STEP")}
    works |= {"text_tagged": texts(tagged()), "text_free": texts(free())}
    anchor = gem_sync(_N)
    if anchor is not None:
        works["gem"] = anchor
    found = rates(works, 0.2 if args.quick else 2.0, args.repeats)
    more = {"unit": "active rows per CPU-second, 1,024 rows", **{k: v for k, v in found.items() if k != "gem"}}
    target = "arrays 1 M in both modes; tagged text 300 k and 3x GEM's sync loop; free questions 60 k"
    finish("consultation_steps", found["text_tagged"], found.get("gem"), target, more, args.save)


if __name__ == "__main__":
    main()
