"""The state of a consultation, and what its roles see of it in numbers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from medenvs.core.lanes import Lanes
from medenvs.core.randomness import Key
from medenvs.core.turn import Lane
from medenvs.worlds.consultation.actions import Actions
from medenvs.worlds.consultation.prices import QUESTION

from .outcomes import LOST
from .rules import Tables

DECIDING = ("disease", "sex", "persona", "first", "second")


@dataclass(slots=True)
class State:
    """One consultation a row. `gold` and `against` are sets of drugs; `seen`, `mask` and `told` are grids of small numbers."""

    case: Lane
    key: Key
    disease: Lane
    sex: Lane
    persona: Lane
    first: Lane
    second: Lane
    budget: Lane
    gold: tuple[Lane, ...]
    against: tuple[Lane, ...]
    items: Lane  # how many of them are right
    seen: Any  # what the doctor sees: answers (see worlds.consultation.codes), basics, chart, plan
    mask: Any  # 1 for each discrete move that would be new
    told: Any  # bits of the slots already asked, per question
    turn: Lane
    spent: Lane  # units
    last: Lane  # the last move as it was understood
    event: Lane  # what became of it
    topic: Lane  # the question asked last, for follow-ups
    true: Lane  # how the patient would answer it
    said: Lane  # items advised
    good: Lane
    bad: Lane
    needless: Lane
    diagnosed: Lane  # -1 before
    verdict: Lane
    mover: Lane
    potential: Any = None  # before the next move, in a shaped game

    def who(self, m: Lanes, r: Any) -> tuple[Key, Mapping[str, Lane]]:
        """Return what decides the facts of the selected rows: the key of the case and the patient's columns."""
        k = self.key
        return (m.at(k[0], r), m.at(k[1], r)), {name: m.at(getattr(self, name), r) for name in DECIDING}


def doctor_sees(s: State, a: Actions, t: Tables, rows: Any, dearest: int) -> dict[str, Any]:
    """Return the doctor's numbers: answers, basics, chart, plan; and which moves are new and affordable (up to `dearest` units in all)."""
    whole, left, spent = rows is None or isinstance(s.turn, int), _array(s.budget - s.turn), _array(s.spent)
    left, spent = (left, spent) if whole else (left[rows], spent[rows])
    room, orders = dearest - spent - QUESTION * (left - 1), slice(a.propose - len(a.kb.tests), a.propose)
    mask = np.array(_array(s.mask), np.int8) if whole else _array(s.mask)[rows].astype(np.int8)  # fresh ones
    if isinstance(s.turn, int):
        mask[orders] &= t.list_prices <= room
    else:
        tight = (room < t.dearest).nonzero()[0]  # the others may order anything
        mask[tight, orders] &= t.affordable.take(np.maximum(room[tight], 0), 0)
    seen = np.array(_array(s.seen), np.int8) if whole else _array(s.seen)[rows].astype(np.int8)
    seen[..., a.chart - 2], seen[..., a.chart - 1] = left, np.minimum(spent // (QUESTION // 2), 127)
    return {"observation": seen, "action_mask": mask}


def patient_sees(s: State, rows: Any) -> dict[str, Any]:
    """Return the patient's numbers: the question (-1: none on record), the answer its persona would give (0: none), the persona."""
    seen = np.stack([_array(x).astype(np.int16) for x in (s.topic, s.true, s.persona)], -1)
    seen[..., :2] = np.where(_array(s.event)[..., None] == LOST, (-1, 0), seen[..., :2])
    return {"observation": seen if seen.ndim == 1 or rows is None else seen[rows]}


def _array(lane: Lane) -> Any:
    """Return a lane as an array of this machine, wherever it lives."""
    return np.asarray(lane.cpu() if hasattr(lane, "cpu") else lane)
