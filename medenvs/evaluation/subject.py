"""What is checked: an environment, and episodes of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import gymnasium as gym

from medenvs.core.errors import BadValue, MedenvsError, unknown
from medenvs.core.loading import load
from medenvs.systems.catalog import CATALOG, Entry

STEPS = 64  # of an episode that is followed; longer ones are left there


class Broken(Exception):
    """A promise is not kept; says which and how."""


class Inapplicable(Exception):
    """A check says nothing about this environment; says why."""


@dataclass(frozen=True)
class Target:
    """An environment to check: how to make a fresh one, and its row in the catalogue if it has one."""

    name: str
    make: Callable[..., Any]
    entry: Entry | None = None


Check = Callable[[Target], None]


def target(spec: str) -> Target:
    """Return the environment of a registered id, or of file.py:Class or module:Class; raises UnknownName or BadValue.

    Only the command line and code may pass a specification that is loaded.
    """
    bare = spec.removeprefix("medenvs:")
    row = next((r for r in CATALOG if r.id == bare), None)
    if row is not None or spec in gym.registry:
        return Target(bare, lambda **more: gym.make(bare, **more), row)
    if ":" not in spec or spec.startswith("medenvs:"):
        spaces = ("medenvs", spec.partition("/")[0])
        raise unknown("environment", spec, [*(i for i in gym.registry if i.partition("/")[0] in spaces), "file.py:Env"])
    place, _, name = spec.rpartition(":")
    shown = f"{Path(place).name}:{name}"
    try:
        kind: Any = load(spec)
    except MedenvsError:
        raise
    except Exception as error:
        raise BadValue(f"{shown} could not be imported ({type(error).__name__}: {error}).") from error
    if not callable(kind):
        raise BadValue(f"{shown} is no environment. Expected a gymnasium.Env class or a function that returns one.")
    return Target(shown, kind)


class Moment(NamedTuple):
    """What an environment gave at one point of an episode."""

    seen: Any
    reward: Any
    terminated: Any
    truncated: Any
    info: dict[str, Any]


def episode(env: gym.Env[Any, Any], seed: int, actions: Sequence[Any] | None = None) -> Iterator[tuple[Any, Moment]]:
    """Yield (action, what followed) of one episode; the first action is None. Without `actions` they are sampled by seed."""
    env.action_space.seed(seed)
    seen, info = env.reset(seed=seed)
    yield None, Moment(seen, 0.0, False, False, info)
    for step in range(STEPS if actions is None else len(actions)):
        action = env.action_space.sample() if actions is None else actions[step]
        now = Moment(*env.step(action))
        yield action, now
        if now.terminated or now.truncated:
            return
