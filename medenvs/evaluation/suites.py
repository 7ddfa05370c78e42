"""What is measured together: suites are data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import gymnasium as gym

from medenvs.core.errors import unknown
from medenvs.systems.catalog import CATALOG, entry

from .doctors import DOCTORS

TRACK = {"text": "text", "messages": "text", "numeric": "array"}  # observation mode -> where its agents are ranked
_BOTH = ("text", "numeric")
SEPSIS = "sepsis"  # no agents play here: policies are judged from what clinicians logged; see evaluation.sepsis.bench


@dataclass(frozen=True)
class Task:
    """One environment with its options, seen in one observation mode; `record` says what is kept of an episode besides the usual."""

    id: str
    mode: str = "text"
    options: Mapping[str, Any] = field(default_factory=dict)
    split: str = "test"
    record: str = ""

    @property
    def title(self) -> str:
        """Return what is ranked together, whatever the mode: id and options."""
        return " ".join([self.id, *(f"{name}={value}" for name, value in self.options.items())])

    @property
    def track(self) -> str:
        """Return the track of agents that are not privileged."""
        return TRACK[self.mode]

    def make(self, **more: Any) -> gym.Env[Any, Any]:
        """Return the environment; `more` overrides its keywords."""
        return gym.make(self.id, **{**self.options, "obs_mode": self.mode, "split": self.split, **more})


def judged_by(task: Task) -> list[dict[str, Any]]:
    """Return what stands beside everything that a task's judges score: who they are, the digest of the prompt, Cohen's kappa."""
    system = task.make().unwrapped.system  # pyright: ignore[reportAttributeAccessIssue]
    return [dict(getattr(judge, "marks", {"judge": type(judge).__name__})) for judge in system.judges]


@dataclass(frozen=True)
class Suite:
    """Tasks (none where a suite has its own way), how many episodes of each an agent plays for each seed, and which agents take part
    besides the embedded ones."""

    name: str
    about: str
    tasks: tuple[Task, ...]
    episodes: int
    agents: tuple[str, ...] = ()


def _suites() -> tuple[Suite, ...]:
    quick = tuple(Task(row.id, mode) for row in CATALOG if row.at_hand for mode in _BOTH)
    levels = tuple(Task("medenvs/MedCalc-v0", mode, {"difficulty": level}) for level in range(1, 6) for mode in _BOTH)
    seats = (("tiny", "numeric"), ("small", "numeric"), ("full", "numeric"), ("full", "text"))
    wards = tuple(Task("medenvs/Consultation-v0", mode, {"size": size}, record="consultation") for size, mode in seats)
    return (
        Suite("quick", "every registered environment whose extra is installed, in under a minute", quick, 300),
        Suite("medcalc", "clinical calculators, one table for each difficulty", levels, 1000),
        Suite("consultation", "doctors on three sizes of the simulated world", wards, 500, tuple(DOCTORS)),
        Suite(SEPSIS, "truth beside off-policy estimates on logged patients, in a world with effects and one without", (), 2_000),
    )


SUITES = {suite.name: suite for suite in _suites()}


def suite(name: str) -> Suite:
    """Return a suite, or the suite of one environment id; raises UnknownName with the nearest name."""
    if name in SUITES:
        return SUITES[name]
    ids = [row.id for row in CATALOG]
    if name.removeprefix("medenvs:") not in ids:
        raise unknown("suite", name, [*SUITES, *ids])
    env_id = entry(name).id
    return Suite(env_id.partition("/")[2], f"{env_id} alone", tuple(Task(env_id, mode) for mode in _BOTH), 300)
