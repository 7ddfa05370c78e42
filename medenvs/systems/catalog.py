"""THE table of ids. Registration hands strings to Gymnasium; nothing is built or imported before `make`."""

from __future__ import annotations

import importlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from importlib import metadata
from typing import TYPE_CHECKING, Any

import gymnasium as gym

from medenvs.core.errors import unknown

if TYPE_CHECKING:
    from medenvs.core.system import System
    from medenvs.views.gymnasium import MedEnv
    from medenvs.views.options import Settings
    from medenvs.views.vector import MedVectorEnv


@dataclass(frozen=True)
class Entry:
    """One registered environment: its id, the module that composes it (a function `system`, an Options dataclass, a card as docstring)."""

    id: str
    module: str
    family: str
    summary: str
    optimum: str  # the best return there is and how it is known, or a reference and what it is
    needs: str = ""  # the package of an extra without which `make` raises MissingExtra

    @property
    def at_hand(self) -> bool:
        """Whether what it needs is installed."""
        if not self.needs:
            return True
        try:
            return bool(metadata.version(self.needs))
        except metadata.PackageNotFoundError:
            return False


CATALOG: tuple[Entry, ...] = (
    Entry(
        "medenvs/MedCalc-v0", "medenvs.systems.medcalc", "question", "Read a clinical note and compute a score or formula.", "1.0, exact"
    ),
    Entry(
        "medenvs/Consultation-v0",
        "medenvs.systems.consultation",
        "consultation",
        "Question, examine and diagnose a simulated patient whose truth is computable.",
        "reference: the exact posterior with greedy information gain; optimum only on size 'tiny'",
    ),
    Entry(
        "medenvs/DoctorAgentRL-v0",
        "medenvs.systems.doctoragent_rl",
        "consultation",
        "The same consultation under DoctorAgent-RL's own format and reward table, flaws and all.",
        "10 for the right conclusion and 1 for each answered question before it: at most budget + 9",
    ),
    Entry(
        "medenvs/Sepsis-v0",
        "medenvs.systems.sepsis",
        "treatment",
        "Treat a simulated septic patient for 80 hours: 25 doses of fluid and vasopressor, real safety costs.",
        "reference: the best rule that reads the chart and is known, 0.826 survive; no optimum is known",
    ),
    Entry(
        "medenvs/SepsisBox-v0",
        "medenvs.systems.sepsis_box",
        "treatment",
        "The same septic patient with continuous doses.",
        "reference: the rule of medenvs/Sepsis-v0, 0.826 survive; no optimum is known",
    ),
    Entry(
        "medenvs/SepsisPartial-v0",
        "medenvs.systems.sepsis_partial",
        "treatment",
        "The same septic patient as a chart shows them: noisy vital signs, blood tests only when somebody worried ordered them.",
        "reference: the rule of medenvs/Sepsis-v0 reading this chart, 0.823 survive; no optimum is known",
    ),
    Entry(
        "medenvs/OGSRL-v0",
        "medenvs.systems.ogsrl",
        "treatment",
        "The same patients under OGSRL's state, costs and reward, with its coding errors mended.",
        "reference: the rule of medenvs/Sepsis-v0, which reads what is hidden here; no optimum is known",
    ),
    Entry(
        "medenvs/ICUSepsis-v0",
        "medenvs.systems.icu_sepsis",
        "treatment",
        "Treat sepsis in the public decision process derived from MIMIC-III (extra icu-sepsis); every value is exact.",
        "0.8751, exact (policy iteration and linear solve); random 0.7801, clinician 0.7818",
        needs="icu-sepsis",
    ),
)

# Played by several agents; PettingZoo has its own registry, so an id may stand in both. `medenvs.multi` registers them.
MULTI: tuple[Entry, ...] = (
    Entry(
        "medenvs/Consultation-v0",
        "medenvs.systems.consultation_pair",
        "consultation",
        "Doctor and patient as two agents; who plays the patient is paid for honest answers and for the right diagnosis.",
        "reference: the doctor of medenvs/Consultation-v0 with a patient who answers honestly",
    ),
)


def entry(env_id: str, rows: Sequence[Entry] = CATALOG) -> Entry:
    """Return the row of an id (with or without the "medenvs:" prefix); raises UnknownName with the nearest id."""
    bare = env_id.removeprefix("medenvs:")
    for row in rows:
        if row.id == bare:
            return row
    raise unknown("environment id", env_id, [row.id for row in rows])


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
    return _built(entry(env_id), options)


def make_env(env_id: str, render_mode: str | None = None, **kwargs: Any) -> MedEnv:
    """Return the single view of an id; options of the system and settings of the view in one list of keywords."""
    from medenvs.views.gymnasium import MedEnv

    system, settings, _ = composed(entry(env_id), kwargs, ())
    return MedEnv(system, settings, render_mode)


_VECTOR_OPTIONS = ("autoreset_mode", "group_size", "max_episode_steps", "lanes", "render_mode")


def make_vector_env(env_id: str, num_envs: int, **kwargs: Any) -> MedVectorEnv:
    """Return the native vector view of an id."""
    from medenvs.views.vector import MedVectorEnv

    system, settings, rest = composed(entry(env_id), kwargs, _VECTOR_OPTIONS)
    return MedVectorEnv(system, num_envs, settings, **rest)


def composed(row: Entry, kwargs: Mapping[str, Any], extra: Sequence[str]) -> tuple[System, Settings, dict[str, Any]]:
    """Return (system, settings, what is left for the view) of one list of keywords; others than these and `extra` raise UnknownName."""
    from medenvs.views.options import Settings

    mine = {f.name for f in fields(importlib.import_module(row.module).Options)}
    views = {f.name for f in fields(Settings)}
    for name in kwargs:
        if name not in mine | views | set(extra):
            raise unknown(f"option of {row.id}", name, mine | views | set(extra) | {"render_mode"})
    split = [{k: v for k, v in kwargs.items() if k in names} for names in (mine, views, set(extra))]
    return _built(row, split[0]), Settings(**split[1]), split[2]


def _built(row: Entry, options: Mapping[str, Any]) -> System:
    module = importlib.import_module(row.module)
    names = [f.name for f in fields(module.Options)]
    for name in options:
        if name not in names:
            raise unknown("option", name, names)
    return module.system(module.Options(**options))
