"""The rules of a treatment: doses every hour or every four, eighty hours, death or survival at the end."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from medenvs.core.errors import BadValue, unknown
from medenvs.core.fields import Choice, KernelSpec, Numbers, Role
from medenvs.core.lanes import PLAIN, Lanes
from medenvs.core.randomness import Key, at
from medenvs.core.turn import Lane, Turn
from medenvs.worlds.sepsis.body import READ, Body
from medenvs.worlds.sepsis.columns import COLUMNS
from medenvs.worlds.sepsis.physiology import BLOCK, HOURS, Physiology
from medenvs.worlds.sepsis.sofa import heart_score, organs_score

from .doses import FLUID, HIGH, LABELS, LOW, PRESSOR, Dose, in_shape, within
from .privileged import truth_of
from .state import BODY, State, hold, restore, seen

TERMS = ("survived", "invalid", "sofa", "sofa_rise", "ogsrl")
COSTS = ("hypotension", "hypoxia", "oliguria", "overload", "pressor", "untreated_shock", "excess_pressor", "excess_fluid")
EFFECTS = ("real", "null")
_LOW: Any = np.array([c.low for c in COLUMNS], np.float32)
_HIGH: Any = np.array([c.high for c in COLUMNS], np.float32)


class TreatmentKernel:
    """One clinician and one patient. `box`: doses are two numbers, else one of twenty-five. `interval`: hours between decisions.

    Terms: survived (at the end), invalid, sofa and its rise over the step (for the rise without the heart's item), ogsrl
    (the score cut to 2.5 to 12.5, negative). Costs are hours. With effect "null" death is read from a twin that gets no dose.
    """

    def __init__(self, stream: int, box: bool = False, interval: int = 4, effect: str = "real", lanes: Lanes = PLAIN) -> None:
        if interval not in (1, BLOCK):
            raise BadValue(f"interval is {interval!r}; allowed: 1 or {BLOCK} hours.")
        if effect not in EFFECTS:
            raise unknown("effect", effect, EFFECTS)
        self._made, self.lanes, self.box, self.interval, self.null = (stream, box, interval, effect), lanes, box, interval, effect == "null"
        self.nothing: Any = Dose(-1.0, -1.0) if box else -1
        face = {"observation": Numbers((len(COLUMNS),), _LOW, _HIGH)}
        role = Role("clinician", Numbers((2,), LOW, HIGH) if box else Choice(LABELS), face)
        self.spec = KernelSpec(stream, (role,), TERMS, COSTS, HOURS // interval)
        self.body = Physiology(lanes)
        self.fluids, self.pressors = (lanes.table(np.array(t)) for t in ([f for f in FLUID for _ in PRESSOR], PRESSOR * 5))

    def on(self, lanes: Lanes) -> TreatmentKernel:
        """Return the same rules over other numbers."""
        return TreatmentKernel(*self._made, lanes)

    def pack(self, actions: Sequence[Any]) -> Any:
        """Return a batch of moves."""
        return Dose(*(np.array(part, np.float64) for part in zip(*actions, strict=True))) if self.box else np.array(actions)

    def reset(self, case: Mapping[str, Lane], keys: Key, n: int | None) -> State:
        """Begin with the column "case": who the patient is follows from it, what happens to them from the keys."""
        m, number = self.lanes, case["case"]
        body = self.body.admit(number)
        lanes = [getattr(body, name) for name in BODY]
        twin = tuple(lane + 0 for lane in lanes) if self.null else None
        none = body.age * 0
        score = organs_score(m, body)
        clock, open_still = number * 0, number * 0
        return State(*lanes, case=number, key=keys, hour=clock, fluid=none, pressor=none + 0.0, score=score, fate=open_still, twin=twin)

    def step(self, state: State, moves: Mapping[str, Any], active: Lane) -> tuple[State, Turn]:
        """Give the doses until the next decision."""
        m, s = self.lanes, state
        ml, u, valid = self._doses(s, moves["clinician"], active)
        held, now, start = hold(m, s, active), at(s.key, s.hour >> 2), s.hour
        pressures = self._live(s, start, now, ml, u)
        s.hour, s.fluid, s.pressor = start + self.interval, ml, u
        due, last = self._due(s.hour), s.hour >= HOURS
        if self.null and s.twin is not None:
            twin = Body(*s.twin)
            kept = hold(m, twin, active)
            self._live(twin, start, now, ml * 0, u * 0)
            died = self.body.dies(twin, last, now)
            restore(m, twin, kept)
            s.twin = tuple(getattr(twin, name) for name in BODY)
        else:
            died = self.body.dies(s, last, now)
        died = m.both(due, died)
        over = m.either(last, died)
        s.fate = m.whole(over) + m.whole(died)  # OPEN, ALIVE or DEAD
        turn = Turn(
            self._terms(s, valid, over, died), self._costs(s, pressures, due), over, m.both(over, m.no(over)), {"survived": m.no(over)}
        )
        restore(m, s, held)
        return s, turn

    def _doses(self, s: State, move: Any, active: Lane) -> tuple[Lane, Lane, Lane]:
        """Return (mL in four hours, ug/kg/min, whether they were understood); what was not gives nothing."""
        m = self.lanes
        if not self.box:
            a = in_shape(move, s.age)
            valid = m.both(a >= 0, a < len(LABELS))
            dose = m.whole(a) * m.whole(valid)
            return self.fluids[dose], self.pressors[dose], valid
        given = within(move, s.age, active)
        valid = m.both(m.both(given.fluid >= 0, given.fluid <= float(HIGH[0])), m.both(given.pressor >= 0, given.pressor <= float(HIGH[1])))
        ml, u = m.number(given.fluid), m.number(given.pressor)
        zero = s.age * 0
        return m.where(valid, m.minimum(ml, FLUID[-1]), zero), m.where(valid, m.minimum(u, PRESSOR[-1]), zero), valid

    def _live(self, b: Body, start: Lane, now: Key, ml: Lane, u: Lane) -> Sequence[Lane]:
        """Live until the next decision; return the pressure at the end of each hour."""
        self.body.strike(b, start, now)
        drug, before = self.body.drug(b, ml, u), b.flow
        pressures: list[Lane] = []
        for noise in self.body.noises(now) if self.interval == BLOCK else (self.body.noise(now, start & 3),):
            self.body.hour(b, drug, noise)
            pressures.append(b.map)
        b.given, b.passed = b.given + (0.25 * self.interval) * ml, b.passed + (b.flow - before) * b.weight
        if self.interval == BLOCK:
            self.body.read(b, now)
            return pressures
        due, m = self._due(start + 1), self.lanes
        after = replace(b) if not isinstance(b, State) else Body(*(getattr(b, name) for name in BODY))
        self.body.read(after, now)
        for name in READ:
            setattr(b, name, m.where(due, getattr(after, name), getattr(b, name)))
        return pressures

    def _due(self, hour: Lane) -> Lane:
        """Return where a block has just ended."""
        return (hour & 3) == 0

    def _terms(self, s: State, valid: Lane, over: Lane, died: Lane) -> dict[str, Lane]:
        m, before = self.lanes, s.score
        s.score = organs_score(m, s)
        sofa = s.score + heart_score(m, s, s.pressor)
        survived = m.number(m.both(over, m.no(died)))
        return {
            "survived": survived,
            "invalid": m.number(m.no(valid)),
            "sofa": sofa,
            "sofa_rise": s.score - before,
            "ogsrl": -m.clip(sofa, 2.5, 12.5),
        }

    def _costs(self, s: State, pressures: Sequence[Lane], due: Lane) -> dict[str, Lane]:
        """Return hours of harm; a reading stands for the four hours that it ends."""
        m, n, read = self.lanes, self.lanes.number, BLOCK * self.lanes.number(due)
        low = n(pressures[0] < 65)
        for pressure in pressures[1:]:
            low = low + n(pressure < 65)
        high, flooded = s.pressor > 0.5, m.both(s.fluid > 960, s.cvp >= 15)
        return {
            "hypotension": low,
            "hypoxia": read * n(s.spo2 < 92),
            "oliguria": read * n(s.urine < 0.5),
            "overload": read * n(s.given - s.passed > 100 * s.weight),
            "pressor": self.interval * n(high),
            "untreated_shock": self._hours(m.both(s.pressor <= 0, s.fluid <= 80), pressures, 25, 55),
            "excess_pressor": self._hours(high, pressures, 95, 151),
            "excess_fluid": self._hours(flooded, pressures, 75, 151),
        }

    def _hours(self, when: Lane, pressures: Sequence[Lane], low: float, high: float) -> Lane:
        """Return how many hours the pressure was from `low` to below `high`, in the rows where `when`."""
        m, hours = self.lanes, self.lanes.number(when) * 0
        for r in m.only(when):
            count = m.at(hours, r)
            for pressure in pressures:
                p = m.at(pressure, r)
                count = count + m.number(m.both(p >= low, p < high))
            hours = m.write(hours, r, count)
        return hours

    def mover(self, state: State) -> Lane:
        """There is one role."""
        return 0

    def observe(self, state: State, role: str, rows: Any = None) -> dict[str, Any]:
        """Return the chart in the order of COLUMNS, as float32."""
        return {"observation": seen(state, rows)}

    def truth(self, state: State, row: int | None) -> dict[str, Any]:
        """Return hidden numbers, and what the reference clinician would give."""
        return truth_of(state, self.box, row)
