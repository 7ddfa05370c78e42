"""Checks that any gymnasium environment should pass. Each raises Broken or Inapplicable; its name says what is promised."""

from __future__ import annotations

import copy
import json
import math
import pickle  # noqa: TID251  only what this process has made itself is read back
from typing import Any

import gymnasium as gym
import numpy as np
from gymnasium import wrappers
from gymnasium.envs.registration import EnvSpec
from gymnasium.utils.env_checker import check_env

from .subject import Broken, Check, Inapplicable, Moment, Target, episode

_SEEDS = (0, 1, 7)


def gymnasium_finds_nothing(where: Target) -> None:
    """Gymnasium's own checker passes."""
    check_env(where.make().unwrapped, skip_render_check=True)


def spaces_hold_what_is_returned(where: Target) -> None:
    """Every observation is in the observation space."""
    env = where.make()
    for seed in _SEEDS:
        for _, now in episode(env, seed):
            if not env.observation_space.contains(now.seen):
                raise Broken(f"seed {seed}: {now.seen!r:.200} is not in {env.observation_space}")


def rewards_are_finite_numbers(where: Target) -> None:
    """Every reward is one finite number, and ends are booleans."""
    env = where.make()
    for seed in _SEEDS:
        for _, now in episode(env, seed):
            if not (np.ndim(now.reward) == 0 and math.isfinite(float(now.reward))):
                raise Broken(f"seed {seed}: reward {now.reward!r:.100}")
            if not all(isinstance(end, (bool, np.bool_)) for end in (now.terminated, now.truncated)):
                raise Broken(f"seed {seed}: terminated {now.terminated!r}, truncated {now.truncated!r} should be booleans")


def same_seed_same_episode(where: Target) -> None:
    """Two copies with the same seed and actions give the same episode, and so does the first one again."""
    first, second = where.make(), where.make()
    for seed in _SEEDS:
        played = list(episode(first, seed))
        _compare(played, list(episode(second, seed, _actions(played))), f"seed {seed}, a second environment")
        _compare(played, list(episode(first, seed, _actions(played))), f"seed {seed}, the same environment again")


def neighbours_do_not_matter(where: Target) -> None:
    """An environment plays the same episode while another one is played in turns with it."""
    alone = list(episode(where.make(), 0))
    mine, other = episode(where.make(), 0, _actions(alone)), episode(where.make(), 99)
    played = []
    for now in mine:
        played.append(now)
        next(other, None)
    _compare(alone, played, "with a neighbour")


def global_generators_are_left_alone(where: Target) -> None:
    """Neither numpy's nor Python's global generator is drawn from or seeded."""
    import random  # noqa: TID251  its state is looked at, nothing is drawn

    before = random.getstate(), np.random.get_state()  # noqa: NPY002
    list(episode(where.make(), 0))
    after = random.getstate(), np.random.get_state()  # noqa: NPY002
    if written(before) != written(after):
        raise Broken("a global random state has changed. Draw from self.np_random")


def a_step_after_the_end_is_refused_or_finite(where: Target) -> None:
    """Stepping an episode that is over raises, or gives a finite reward; never NaN."""
    env = where.make()
    played = list(episode(env, 0))
    if not (played[-1][1].terminated or played[-1][1].truncated):
        raise Inapplicable("the episode is longer than what is played here")
    try:
        _, reward, *_ = env.step(played[-1][0])
    except Exception:  # noqa: BLE001  to refuse is right, whatever the error
        return
    if not math.isfinite(float(reward)):
        raise Broken(f"reward {reward!r} after the end")


def copies_go_on_alike(where: Target) -> None:
    """A deep copy and a pickled copy of a running environment go on as the original does."""
    env = where.make()
    played = list(episode(env, 3))
    half = (len(played) - 1) // 2
    for how, copied in (("deepcopy", copy.deepcopy), ("pickle", lambda live: pickle.loads(pickle.dumps(live)))):  # noqa: S301
        list(episode(env, 3, _actions(played)[:half]))
        twin: Any = copied(env)
        for step, (action, expected) in enumerate(played[1 + half :], half):
            _same(expected, Moment(*twin.step(action)), f"{how}, step {step}")


def the_spec_survives_json(where: Target) -> None:
    """An environment made from its spec after a trip through JSON plays the same episode."""
    env = where.make()
    if env.spec is None:
        raise Inapplicable("it is not registered, so it has no spec")
    again = gym.make(EnvSpec.from_json(env.spec.to_json()))
    played = list(episode(env, 0))
    _compare(played, list(episode(again, 0, _actions(played))), "from JSON")


def info_survives_json(where: Target) -> None:
    """Infos have text keys and hold what JSON can hold (arrays count as lists)."""
    for _, now in episode(where.make(), 0):
        try:
            json.dumps(plain(now.info), allow_nan=False)
        except (TypeError, ValueError) as error:
            raise Broken(f"info with keys {list(now.info)}: {error}") from None


def statistics_wrapper_works(where: Target) -> None:
    """RecordEpisodeStatistics sums up the rewards that were given."""
    env = wrappers.RecordEpisodeStatistics(where.make())
    played = list(episode(env, 0))
    last = played[-1][1]
    if not (last.terminated or last.truncated):
        raise Inapplicable("the episode is longer than what is played here")
    total = sum(float(now.reward) for _, now in played)
    if not math.isclose(float(last.info["episode"]["r"]), total, rel_tol=1e-5, abs_tol=1e-6):
        raise Broken(f"it says {last.info['episode']['r']}, the rewards sum to {total}")


def time_limit_wrapper_works(where: Target) -> None:
    """TimeLimit(1) ends every episode after one step, and the environment can be reset."""
    env = wrappers.TimeLimit(where.make(), 1)
    for seed in _SEEDS:
        played = list(episode(env, seed))
        if len(played) != 2 or not (played[-1][1].truncated or played[-1][1].terminated):
            raise Broken(f"seed {seed}: {len(played) - 1} steps, the last one ends with {played[-1][1][2:4]}")


def flatten_wrapper_works(where: Target) -> None:
    """FlattenObservation gives one array in its space."""
    env = where.make() if where.entry is None else where.make(obs_mode="numeric")
    if not env.observation_space.is_np_flattenable:
        raise Inapplicable(f"{env.observation_space} is not flattenable")
    flat = wrappers.FlattenObservation(env)
    for _, now in episode(flat, 0):
        if not flat.observation_space.contains(now.seen):
            raise Broken(f"{now.seen!r:.200} is not in {flat.observation_space}")


GENERAL: tuple[Check, ...] = (
    gymnasium_finds_nothing,
    spaces_hold_what_is_returned,
    rewards_are_finite_numbers,
    same_seed_same_episode,
    neighbours_do_not_matter,
    global_generators_are_left_alone,
    a_step_after_the_end_is_refused_or_finite,
    copies_go_on_alike,
    the_spec_survives_json,
    info_survives_json,
    statistics_wrapper_works,
    time_limit_wrapper_works,
    flatten_wrapper_works,
)


def _actions(played: list[tuple[Any, Moment]]) -> list[Any]:
    return [action for action, _ in played[1:]]


def _compare(ours: list[tuple[Any, Moment]], theirs: list[tuple[Any, Moment]], when: str) -> None:
    if len(ours) != len(theirs):
        raise Broken(f"{when}: {len(theirs) - 1} steps instead of {len(ours) - 1}")
    for step, ((_, a), (_, b)) in enumerate(zip(ours, theirs, strict=True)):
        _same(a, b, f"{when}, step {step}")


def _same(a: Moment, b: Moment, when: str) -> None:
    for part in Moment._fields:
        x, y = getattr(a, part), getattr(b, part)
        if written(x) != written(y):
            raise Broken(f"{when}: {part} differs: {x!r:.150} and {y!r:.150}")


def plain(value: Any) -> Any:
    """Return the value with arrays and NumPy numbers as lists and Python numbers."""
    if isinstance(value, (np.ndarray, np.generic)):
        return plain(value.tolist()) if value.dtype == object else value.tolist()
    if isinstance(value, dict):
        return {k: plain(v) for k, v in value.items()}
    return [plain(v) for v in value] if isinstance(value, (list, tuple)) else value


def written(value: Any) -> str:
    """Return a text that is the same for values that are equal bit for bit (NaN equals NaN, a list equals an array)."""
    return json.dumps(plain(value), sort_keys=True, default=repr)
