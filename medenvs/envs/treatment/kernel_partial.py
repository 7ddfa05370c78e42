"""The rules of a treatment, seen through a chart: the same world and doses, what is seen is noisy, and tests wait for an order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np

from medenvs.core.fields import Numbers
from medenvs.core.lanes import PLAIN, Lanes
from medenvs.core.randomness import Key
from medenvs.core.turn import Lane, Turn
from medenvs.worlds.sepsis.body import Body
from medenvs.worlds.sepsis.charting import LABS, PARTIAL, PARTIAL_NAMES, Chart, Charting
from medenvs.worlds.sepsis.clinician import rule
from medenvs.worlds.sepsis.sofa import heart_score, organs_score

from .kernel import TreatmentKernel
from .state import BODY, State, side_by_side

_LOW: Any = np.array([c.low for c in PARTIAL], np.float32)
_HIGH: Any = np.array([c.high for c in PARTIAL], np.float32)


@dataclass(slots=True)
class Charted(State):
    """A state, its chart, and SOFA without its cardiovascular item as the chart has it."""

    chart: Chart
    counted: Lane


class PartialKernel(TreatmentKernel):
    """The world of TreatmentKernel (discrete doses); equal doses give equal courses, ends and costs.

    The terms sofa, sofa_rise and ogsrl are counted from the chart, so that no term tells what nobody measured.
    """

    def __init__(self, stream: int, interval: int = 4, effect: str = "real", lanes: Lanes = PLAIN) -> None:
        super().__init__(stream, False, interval, effect, lanes)
        self._mine = stream, interval, effect
        role = self.spec.roles[0]._replace(observation={"observation": Numbers((len(PARTIAL),), _LOW, _HIGH)})
        self.spec = self.spec._replace(roles=(role,))
        self.charting = Charting(lanes)

    def on(self, lanes: Lanes) -> PartialKernel:
        """Return the same rules over other numbers."""
        return PartialKernel(*self._mine, lanes)

    def reset(self, case: Mapping[str, Lane], keys: Key, n: int | None) -> State:
        """Begin as TreatmentKernel does, and chart the first round."""
        s = super().reset(case, keys, n)
        chart = self.charting.begin(s, s.key, s.hour)
        return Charted(*(getattr(s, f.name) for f in fields(s)), chart=chart, counted=organs_score(self.lanes, _as_charted(s, chart)))

    def step(self, state: State, moves: Mapping[str, Any], active: Lane) -> tuple[State, Turn]:
        """Give the doses until the next decision, then chart."""
        m, (state, turn) = self.lanes, super().step(state, moves, active)
        s = _charted(state)
        fresh = self.charting.read(s, s.key, s.hour, self.interval, s.chart)
        s.chart = Chart(*(m.where(active, new, old) for new, old in zip(fresh, s.chart, strict=True)))
        body, before = _as_charted(s, s.chart), s.counted
        s.counted = m.where(active, organs_score(m, body), before)
        sofa = s.counted + heart_score(m, body, s.pressor)
        turn.terms.update({"sofa": sofa, "sofa_rise": s.counted - before, "ogsrl": -m.clip(sofa, 2.5, 12.5)})
        return s, turn

    def observe(self, state: State, role: str, rows: Any = None) -> dict[str, Any]:
        """Return the chart in the order of PARTIAL, as float32."""
        return {"observation": charted(state, rows)}

    def truth(self, state: State, row: int | None) -> dict[str, Any]:
        """Return hidden numbers, what the tests would show, and the dose of the reference clinician who reads this chart."""
        told = super().truth(state, row)
        rows = charted(state, None if row is None else [row]).reshape(-1, len(PARTIAL)).tolist()
        values = {lab.name: getattr(state, lab.name) for lab in LABS}
        told["hidden"] |= {n: v if row is None else v[row].item() for n, v in values.items()}
        return told | {"action": rule(dict(zip(PARTIAL_NAMES, rows[0], strict=True)))}


def charted(state: State, rows: Any) -> Any:
    """Return the columns of PARTIAL, one row a patient: float32, or a tensor of the lanes' own kind."""
    s = _charted(state)
    lanes: Sequence[Lane] = [getattr(s.chart if n in Chart._fields else s, n) for n in PARTIAL_NAMES]
    return side_by_side(lanes, s.age, rows)


def _charted(state: State) -> Charted:
    if not isinstance(state, Charted):
        raise TypeError(f"a {type(state).__name__} has no chart. Give a state that PartialKernel.reset has made.")
    return state


def _as_charted(s: State, c: Chart) -> Body:
    """Return the body that the chart shows."""
    body = Body(*(getattr(s, name) for name in BODY))
    body.map, body.urine, body.cns = c.map, c.urine, (14.75 - c.gcs) * (1 / 12)  # whole points, so a quarter off no limit
    body.pf, body.creatinine, body.platelets, body.bilirubin = c.pf, c.creatinine, c.platelets, c.bilirubin
    return body
