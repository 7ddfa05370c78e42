"""What a doctor makes of the numeric observation: the chart, what was answered, and what may still be done."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any, NamedTuple

import numpy as np

from medenvs.core.errors import BadValue, unknown
from medenvs.worlds.consultation import codes
from medenvs.worlds.consultation.actions import BASICS, Actions, actions
from medenvs.worlds.consultation.knowledge import SIZES
from medenvs.worlds.consultation.personas import UNASKED

Array = np.ndarray[Any, Any]


class Seen(NamedTuple):
    """Decoded observations, one row each. `answers` holds UNASKED … YES; complaints count as answered."""

    who: Mapping[str, Array]  # as Posterior wants it: age, sex, pregnancy, egfr, persona, first, second
    answers: Array
    left: Array  # messages, the diagnosis included
    charted: Array  # attributes with rates
    proposed: Array
    allowed: Array  # the action mask

    def rows(self, chosen: Array) -> Seen:
        """Return some of the rows."""
        who = {name: lane[chosen] for name, lane in self.who.items()}
        return Seen(who, *(part[chosen] for part in self[1:]))


class Reading:
    """Decodes the observations of one world."""

    def __init__(self, world: Actions) -> None:
        self.kb, self.actions = world.kb, world
        self._basics = world.chart - len(BASICS)  # where they begin

    def place(self, name: str) -> int:
        """Return where one of BASICS stands in an observation; raises UnknownName."""
        if name not in BASICS:
            raise unknown("number of the chart", name, BASICS)
        return self._basics + BASICS.index(name)

    def __call__(self, observations: Sequence[Mapping[str, Any]]) -> Seen:
        """Return what the observations say; raises BadValue if they are of another world."""
        a = self.actions
        grid = np.array([o["observation"] for o in observations]).astype(np.int64)
        allowed = np.array([o["action_mask"] for o in observations]).astype(bool)
        if grid.shape[1:] != (a.seen,) or allowed.shape[1:] != (a.discrete,):
            sizes = f"{grid.shape[1:]} and {allowed.shape[1:]}; expected {a.seen} and {a.discrete}"
            raise BadValue(f"observation and mask have {sizes} numbers for the world {self.kb.size!r}. Use a doctor of the same size.")
        known, basics, chart, plan = np.split(grid, (self._basics, a.chart, a.plan), axis=1)
        *chosen, left, _ = basics.T
        who = dict(zip(BASICS, chosen, strict=False))
        second = known == codes.SECOND
        who["first"] = (known == codes.FIRST).argmax(1)
        who["second"] = np.where(second.any(1), second.argmax(1), -1)
        return Seen(who, codes.answers(known), left, chart.astype(bool), plan.astype(bool), allowed)

    def open_moves(self, seen: Seen) -> Array:
        """Return which inquiries may teach something, as (rows, inquiries): allowed by the mask, and not answered."""
        unasked = seen.answers == UNASKED
        fresh = np.array([unasked[:, list(findings)].any(1) for findings in self.actions.shown]).T
        return fresh & seen.allowed[:, : self.actions.propose] & (seen.left > 1)[:, None]


@cache
def reading(size: str) -> Reading:
    """Return the reading of a world; raises UnknownName."""
    return Reading(actions(size))


def size_of(width: int) -> str:
    """Return which world has observations of that width; raises BadValue."""
    for size in SIZES:
        if actions(size).seen == width:
            return size
    widths = ", ".join(f"{actions(size).seen} ({size})" for size in SIZES)
    raise BadValue(f"an observation of {width} numbers is of no consultation; expected {widths}.")
