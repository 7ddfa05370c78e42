"""A recorded consultation: a doctor asks or concludes, a patient answers. The rules count turns; what was said is the words' business.

The paper's table (DoctorAgent-RL) in its order: what follows the end is worth nothing; a malformed message is fined and ends nothing, even
in the last turn; a diagnosis ends; anything else in the last turn is too late; then several questions, a repeat, an unknown, an answer.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from medenvs.core.fields import Choice, KernelSpec, Numbers, Role
from medenvs.core.lanes import PLAIN, Lanes
from medenvs.core.randomness import Key
from medenvs.core.turn import Lane, Turn

from .rules import LAST_MESSAGE

QUESTION, SEVERAL, DIAGNOSIS = 0, 1, 2  # what a doctor does; -1 is a malformed message
INFORMATIVE, UNKNOWN, REPEAT = 0, 1, 2  # what a patient does; -1 is no answer at all, for which nobody pays
OPEN, DIAGNOSED, LATE, CUT = 0, 1, 2, 3
HORIZON = 1_000


@dataclass(slots=True)
class State:
    """One consultation a row."""

    case: Lane
    budget: Lane
    turn: Lane  # messages of the doctor, malformed ones too
    questions: Lane  # how many reached the patient
    last: Lane  # the doctor's last move
    reply: Lane  # the patient's last move
    mover: Lane
    over: Lane  # OPEN, DIAGNOSED, LATE or CUT


class DialogueKernel:
    """Doctor: question, several, diagnosis, else nothing valid. Patient: informative, unknown, repeat, else silent.

    Columns: case, budget. `golds` gives the true texts of a case, for `truth`.
    """

    nothing = -1

    def __init__(self, stream: int, golds: Callable[[int], Mapping[str, str]], lanes: Lanes = PLAIN) -> None:
        self.golds, self.lanes = golds, lanes
        doctor = Role("doctor", Choice(("question", "several", "diagnosis")), {"observation": Numbers((4,), -1, HORIZON)})
        patient = Role("patient", Choice(("informative", "unknown", "repeat")), {"observation": Numbers((2,), -1, HORIZON)})
        terms = ("malformed", "late", "several", "asked", "diagnosed", "repeat", "unknown", "informative", "silent")
        self.spec = KernelSpec(stream, (doctor, patient), terms, (), HORIZON, draws=False)

    def on(self, lanes: Lanes) -> DialogueKernel:
        """Return the same rules over other numbers."""
        return DialogueKernel(self.spec.stream, self.golds, lanes)

    def reset(self, case: Mapping[str, Lane], keys: Key, n: int | None) -> State:
        """Begin with the columns case and budget."""
        m = self.lanes
        return State(case["case"], case["budget"], m.full(n, 0), m.full(n, 0), m.full(n, -1), m.full(n, -1), m.full(n, 0), m.full(n, OPEN))

    def step(self, state: State, moves: Mapping[str, Lane], active: Lane) -> tuple[State, Turn]:
        """Play one message."""
        m, live = self.lanes, self.lanes.both(active, state.over == OPEN)
        if "doctor" in moves:
            return state, self._doctor(state, moves["doctor"], live)
        return state, self._patient(state, moves["patient"], m.both(live, state.mover == 1))

    def _doctor(self, s: State, a: Lane, live: Lane) -> Turn:
        m = self.lanes
        live = m.both(live, s.mover == 0)
        s.turn = m.where(live, s.turn + 1, s.turn)
        diagnosed, asks = m.both(live, a == DIAGNOSIS), m.both(live, m.either(a == QUESTION, a == SEVERAL))
        malformed = m.both(live, m.no(m.either(diagnosed, asks)))
        late = m.both(asks, s.turn >= s.budget)
        several = m.both(asks, m.both(a == SEVERAL, m.no(late)))
        heard = m.both(asks, m.both(a == QUESTION, m.no(late)))
        cut = m.both(malformed, s.turn >= m.maximum(s.budget, LAST_MESSAGE))
        s.last = m.where(live, m.where(malformed, -1, a), s.last)
        s.reply = m.where(live, -1, s.reply)
        s.questions = m.where(heard, s.questions + 1, s.questions)
        s.mover = m.where(heard, 1, s.mover)
        s.over = m.where(diagnosed, DIAGNOSED, m.where(late, LATE, m.where(cut, CUT, s.over)))
        return self._turn(s, {"malformed": malformed, "late": late, "several": several, "asked": asks, "diagnosed": diagnosed})

    def _patient(self, s: State, b: Lane, live: Lane) -> Turn:
        m = self.lanes
        answered = m.both(b >= INFORMATIVE, b <= REPEAT)
        s.reply = m.where(live, m.where(answered, b, -1), s.reply)
        s.mover = m.where(live, 0, s.mover)
        terms = {"repeat": m.both(live, b == REPEAT), "unknown": m.both(live, b == UNKNOWN), "informative": m.both(live, b == INFORMATIVE)}
        return self._turn(s, {**terms, "silent": m.both(live, m.no(answered))})

    def _turn(self, s: State, terms: Mapping[str, Lane]) -> Turn:
        m = self.lanes
        ended = m.either(s.over == DIAGNOSED, s.over == LATE)
        return Turn({name: m.number(value) for name, value in terms.items()}, {}, ended, s.over == CUT)

    def mover(self, state: State) -> Lane:
        """Return whose turn it is."""
        return state.mover

    def observe(self, state: State, role: str, rows: Any = None) -> dict[str, Any]:
        """Return turn, turns left and the last two moves; for the patient turn and questions."""
        s = state
        lanes = (s.turn, s.questions) if role == "patient" else (s.turn, self.lanes.maximum(s.budget - s.turn, 0), s.last, s.reply)
        seen = np.stack([np.asarray(lane, np.float32) for lane in lanes], -1)
        return {"observation": seen if rows is None or seen.ndim == 1 else seen[rows]}

    def truth(self, state: State, row: int | None) -> dict[str, Any]:
        """Return the true texts of a row; `kind` lets the words say them."""
        case = int(state.case if row is None else state.case[row])
        return {"case": case, "action": DIAGNOSIS, "kind": case, **self.golds(case)}
