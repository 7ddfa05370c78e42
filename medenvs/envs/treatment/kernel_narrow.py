"""The rules of a treatment, seen through few columns and charged for few harms: the same world, a narrower view."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from medenvs.core.errors import unknown
from medenvs.core.fields import Numbers
from medenvs.core.lanes import PLAIN, Lanes
from medenvs.core.turn import Lane, Turn
from medenvs.worlds.sepsis.columns import COLUMNS, Column

from .kernel import COSTS, TreatmentKernel
from .state import State, side_by_side

PAO2 = Column("pao2", "mmHg", 0, 520, "4 h", "arterial oxygen tension: PaO2/FiO2 times FiO2")
KNOWN = {c.name: c for c in (*COLUMNS, PAO2)}


class NarrowKernel(TreatmentKernel):
    """TreatmentKernel with continuous doses; equal doses give equal courses. `shown`: columns in order; `charged`: the costs that count."""

    def __init__(
        self, stream: int, shown: Sequence[str], charged: Sequence[str], interval: int = 4, effect: str = "real", lanes: Lanes = PLAIN
    ) -> None:
        super().__init__(stream, True, interval, effect, lanes)
        for kind, names, allowed in (("column", shown, KNOWN), ("cost", charged, COSTS)):
            for name in names:
                if name not in allowed:
                    raise unknown(kind, name, allowed)
        self._narrow = stream, tuple(shown), tuple(charged), interval, effect
        self.shown, self._others = tuple(shown), [name for name in COSTS if name not in charged]
        low, high = (np.array([getattr(KNOWN[name], end) for name in shown], np.float32) for end in ("low", "high"))
        role = self.spec.roles[0]._replace(observation={"observation": Numbers((len(self.shown),), low, high)})
        self.spec = self.spec._replace(roles=(role,), costs=tuple(charged))

    def on(self, lanes: Lanes) -> NarrowKernel:
        """Return the same rules over other numbers."""
        return NarrowKernel(*self._narrow, lanes)

    def step(self, state: State, moves: Mapping[str, Any], active: Lane) -> tuple[State, Turn]:
        """Give the doses until the next decision."""
        s, turn = super().step(state, moves, active)
        for name in self._others:
            del turn.costs[name]
        return s, turn

    def observe(self, state: State, role: str, rows: Any = None) -> dict[str, Any]:
        """Return the columns that are shown, as float32."""
        return {"observation": shown(self.shown, state, rows)}


def shown(names: Sequence[str], s: State, rows: Any) -> Any:
    """Return columns by name, one row a patient."""
    made = {"gcs": lambda: 15 - 12 * s.cns, PAO2.name: lambda: s.pf * s.fio2}
    return side_by_side([made[n]() if n in made else getattr(s, n) for n in names], s.age, rows)
