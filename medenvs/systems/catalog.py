"""THE table of ids. Registration hands strings to Gymnasium; nothing is built or imported before `make`."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

import gymnasium as gym

from medenvs.core.errors import unknown

if TYPE_CHECKING:
    from medenvs.core.system import System
    from medenvs.views.gymnasium import MedEnv
    from medenvs.views.vector import MedVectorEnv


@dataclass(frozen=True)
class Entry:
    """One registered environment: its id, the module that composes it (a function `system`, an Options dataclass, a card as docstring)."""

    id: str
    module: str
    family: str
    summary: str
    optimum: str  # the best return there is and how it is known, or a reference and what it is


CATALOG: tuple[Entry, ...] = (
    Entry(
        "medenvs/MedCalc-v0", "medenvs.systems.medcalc", "question", "Read a clinical note and compute a score or formula.", "1.0, exact"
    ),
)


def entry(env_id: str) -> Entry:
    """Return the row of an id (with or without the "medenvs:" prefix); raises UnknownName with the nearest id."""
    bare = env_id.removeprefix("medenvs:")
    for row in CATALOG:
        if row.id == bare:
            return row
    raise unknown("environment id", env_id, [row.id for row in CATALOG])


def register_all() -> None:
    """Register every row with Gymnasium (idempotent)."""
    here = "medenvs.systems.catalog"
    for row in CATALOG:
        if row.id not in gym.registry:
            gym.register(
                row.id,
                entry_point=f"{here}:make_env",
                vector_entry_point=f"{here}:make_vector_env",
                disable_env_checker=True,  # `medenvs check` and the tests run the full checker on every id
                order_enforce=False,  # the view itself refuses a step before reset
                kwargs={"env_id": row.id},
            )


def build(env_id: str, **options: Any) -> System:
    """Return the system of an id; unknown options raise UnknownName."""
    module = importlib.import_module(entry(env_id).module)
    return module.system(module.Options(**_checked(options, module.Options)))


def make_env(env_id: str, render_mode: str | None = None, **kwargs: Any) -> MedEnv:
    """Return the single view of an id; options of the system and settings of the view in one list of keywords."""
    from medenvs.views.gymnasium import MedEnv
    from medenvs.views.options import Settings

    options, settings, _ = _sorted(env_id, kwargs, ())
    return MedEnv(build(env_id, **options), Settings(**settings), render_mode)


_VECTOR_OPTIONS = ("autoreset_mode", "group_size", "max_episode_steps", "lanes", "render_mode")


def make_vector_env(env_id: str, num_envs: int, **kwargs: Any) -> MedVectorEnv:
    """Return the native vector view of an id."""
    from medenvs.views.options import Settings
    from medenvs.views.vector import MedVectorEnv

    options, settings, rest = _sorted(env_id, kwargs, _VECTOR_OPTIONS)
    return MedVectorEnv(build(env_id, **options), num_envs, Settings(**settings), **rest)


def _sorted(env_id: str, kwargs: Mapping[str, Any], extra: tuple[str, ...]) -> tuple[dict[str, Any], dict[str, Any], dict[str, Any]]:
    from medenvs.views.options import Settings

    mine = {f.name for f in fields(importlib.import_module(entry(env_id).module).Options)}
    views = {f.name for f in fields(Settings)}
    for name in kwargs:
        if name not in mine | views | set(extra):
            raise unknown(f"option of {env_id}", name, mine | views | set(extra) | {"render_mode"})
    split = [{k: v for k, v in kwargs.items() if k in names} for names in (mine, views, set(extra))]
    return split[0], split[1], split[2]


def _checked(options: Mapping[str, Any], kind: type) -> Mapping[str, Any]:
    names = [f.name for f in fields(kind)]
    for name in options:
        if name not in names:
            raise unknown("option", name, names)
    return options
