"""A small consultation as a test resident: ask for findings, then diagnose. The table is made up; nothing here is medicine.

The patient is part of the rules (closed), or a role: played from outside, or by a Player inside (open).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np

from medenvs.core.cases import Case, Endless
from medenvs.core.fields import Choice, KernelSpec, Numbers, Role
from medenvs.core.lanes import PLAIN, Lanes
from medenvs.core.randomness import Key, below, key, uniform
from medenvs.core.reward import Term
from medenvs.core.services import Ending
from medenvs.core.system import System
from medenvs.core.turn import Lane, Turn

from .consultation_words import DISEASES, FINDINGS, Conversation

F, D = len(FINDINGS), len(DISEASES)
CANNOT_SAY, NO, YES = 0, 1, 2  # what a patient may answer; the grid of answers holds one more, 0 for "not asked"
OPEN, WRONG, RIGHT, LATE = 0, 1, 2, 3
_STREAM, _CASES = 9_001, 9_101
_SIXTEENTHS = ("E8220144B210", "2D911E048120", "14E8221D1B02", "81B2E4420D11", "4218D0E92214", "12408B1EE14D")


@dataclass
class State:
    """One consultation a row; every fact of the patient hangs on `key`."""

    case: Lane
    disease: Lane
    budget: Lane
    key: Key
    turn: Lane
    found: Lane  # how many findings have been answered
    answers: Any
    last: Lane  # the doctor's last move, -1 when there is none or nothing was understood
    true: Lane  # what an honest patient says to it
    reply: Lane
    mover: Lane
    verdict: Lane


class ConsultationKernel:
    """Doctor: 0..11 ask, 12..17 diagnose, else nothing valid. Patient: cannot say, no, yes."""

    nothing = -1

    def __init__(self, open_patient: bool, lanes: Lanes = PLAIN) -> None:
        self.open, self.lanes = open_patient, lanes
        moves = Choice([f"ask {f}" for f in FINDINGS] + [f"diagnose {d}" for d in DISEASES])
        seen = {"observation": Numbers((F + 1,), 0, 16), "action_mask": Numbers((F + D,), 0, 1, "int8")}
        doctor = Role("doctor", moves, seen)
        patient = Role("patient", Choice(["cannot say", "no", "yes"]), {"observation": Numbers((2,), 0, F + D)})
        terms = ("correct", "thorough", "invalid", "ask", *(("honest",) if open_patient else ()))
        self.spec = KernelSpec(_STREAM, (doctor, patient) if open_patient else (doctor,), terms, ("repeat",), 16)
        self.likely = lanes.table(np.array([int(c, 16) * 0.0625 for row in _SIXTEENTHS for c in row]))

    def on(self, lanes: Lanes) -> ConsultationKernel:
        return ConsultationKernel(self.open, lanes)

    def reset(self, case: Mapping[str, Lane], keys: Key, n: int | None) -> State:
        m = self.lanes
        zeros = [m.full(n, 0) for _ in range(6)]
        return State(case["case"], case["disease"], case["budget"], keys, zeros[0], zeros[1], m.grid(n, F, 0), m.full(n, -1), *zeros[2:])

    def fact(self, s: State, finding: Lane) -> Lane:
        """Return what an honest patient answers; asking later or in another order changes nothing."""
        m = self.lanes
        return m.where(m.number(uniform(s.key, finding)) < self.likely[s.disease * F + finding], YES, NO)

    def step(self, s: State, moves: Mapping[str, Lane], active: Lane) -> tuple[State, Turn]:
        return s, self._doctor(s, moves["doctor"], active) if "doctor" in moves else self._patient(s, moves["patient"], active)

    def _doctor(self, s: State, a: Lane, active: Lane) -> Turn:
        m = self.lanes
        ask, diagnose = m.both(a >= 0, a < F), m.both(a >= F, a < F + D)
        finding = m.where(ask, a, 0)
        repeat = m.both(ask, m.pick(s.answers, finding) > 0)
        s.turn = m.where(active, s.turn + 1, s.turn)
        s.last = m.where(active, m.where(m.either(ask, diagnose), a, -1), s.last)
        s.true = m.where(m.both(active, ask), self.fact(s, finding), s.true)
        if self.open:
            s.mover = m.where(m.both(active, ask), 1, s.mover)
        else:
            self._note(s, finding, s.true, m.both(active, ask))
        right, spent = m.both(diagnose, a - F == s.disease), s.turn >= s.budget
        late = m.both(m.no(diagnose), m.both(spent, m.no(ask)) if self.open else spent)
        said = {"invalid": m.number(m.no(m.either(ask, diagnose))), "ask": m.number(ask)}
        return self._end(s, active, right, diagnose, late, said, {"repeat": m.number(repeat)})

    def _patient(self, s: State, b: Lane, active: Lane) -> Turn:
        m = self.lanes
        finding, valid = m.clip(s.last, 0, F - 1), m.both(b >= 0, b <= YES)
        honest, answer = m.both(valid, b == s.true), m.where(valid, b, CANNOT_SAY)
        self._note(s, finding, answer, active)
        s.mover = m.where(active, 0, s.mover)
        never = m.both(valid, m.no(valid))
        return self._end(s, active, never, never, s.turn >= s.budget, {"honest": m.number(honest)}, {})

    def _note(self, s: State, finding: Lane, answer: Lane, when: Lane) -> None:
        m = self.lanes
        fresh = m.both(when, m.pick(s.answers, finding) == 0)
        s.found, s.reply = m.where(fresh, s.found + 1, s.found), m.where(when, answer, s.reply)
        m.put(s.answers, finding, answer + 1, when)

    def _end(
        self, s: State, active: Lane, right: Lane, diagnosed: Lane, late: Lane, terms: dict[str, Lane], costs: dict[str, Lane]
    ) -> Turn:
        m = self.lanes
        over, verdict = m.either(diagnosed, late), m.where(right, RIGHT, m.where(diagnosed, WRONG, LATE))
        s.verdict = m.where(m.both(active, over), verdict, s.verdict)
        terms = {"correct": m.number(right), "thorough": m.number(s.found) * 0.0625, **terms}
        still = m.no(over)
        return Turn(terms, costs, over, m.both(over, still), {"correct": still, "thorough": still})

    def mover(self, s: State) -> Lane:
        return s.mover

    def observe(self, s: State, role: str, rows: Any = None) -> dict[str, Any]:
        at = slice(None) if rows is None else rows
        if role == "patient":
            both = np.stack([np.asarray(np.maximum(np.asarray(s.last), 0), np.float32), np.asarray(s.true, np.float32)], -1)
            return {"observation": both if both.ndim == 1 else both[at]}
        answers, left = np.asarray(s.answers, np.float32), np.asarray(s.budget - s.turn, np.float32)
        if answers.ndim > 1:
            answers, left = answers[at], left[at]
        mask = np.ones((*left.shape, F + D), np.int8)
        mask[..., :F] = answers == 0
        return {"observation": np.concatenate([answers, left[..., None]], -1), "action_mask": mask}

    def truth(self, s: State, row: int | None) -> dict[str, Any]:
        case, disease = (s.case, s.disease) if row is None else (s.case[row].item(), s.disease[row].item())
        return {"case": case, "action": F + disease, "disease": DISEASES[disease]}


class Clinic(Endless):
    """Cases: which disease, and how many turns there are (3 to 8)."""

    def columns(self, cases: Lane) -> Mapping[str, Lane]:
        k = key(_CASES, cases)
        return {"case": cases, "disease": below(k, 0, D), "budget": 3 + below(k, 1, 6)}

    def __getitem__(self, case: int) -> Case:
        disease = DISEASES[self.columns(case)["disease"]]
        return Case(case, "A patient who does not feel well.", {"disease": disease}, (f"It is {disease}.",), {"split": self.split_of(case)})


@dataclass
class HonestPatient:
    """A Player that answers what its observation says is true; it counts its calls."""

    calls: int = 0
    rows: list[int] = field(default_factory=list)

    def act_batch(self, observations: Sequence[Any], infos: Sequence[Mapping[str, Any]]) -> list[Any]:
        self.calls += 1
        self.rows.append(len(observations))
        assert len(observations) == len(infos)
        return [self._answer(o) for o in observations]

    def _answer(self, seen: Any) -> Any:
        if isinstance(seen, str):
            finding, _, truth = seen.rpartition("Do you have ")[2].rstrip("?.)").partition("? (")
            return Conversation.canned(FINDINGS.index(finding), YES if truth == "You do" else NO)
        return int(seen["observation"][1])


@dataclass
class StubJudge:
    """Marks every third case's manner with 0, another third's with 1; has no verdict on the rest."""

    terms: tuple[str, ...] = ("manner",)
    calls: int = 0
    seen: list[Ending] = field(default_factory=list)

    def score(self, endings: Sequence[Ending]) -> list[Mapping[str, float] | None]:
        self.calls += 1
        self.seen += endings
        return [None if e.case % 3 == 2 else {"manner": float(e.case % 3)} for e in endings]


TERMS = (
    Term("correct", 1.0),
    Term("thorough", 0.5, gate="correct"),
    Term("invalid", -0.1),
    Term("ask", -0.01),
    Term("format", 0.05, source="words"),
)


def consultation(patient: Literal["rules", "inside", "outside"] = "rules", judged: bool = False) -> System:
    """Return the composition: the patient is part of the rules, an honest Player inside, or a role played from outside."""
    kernel = ConsultationKernel(patient != "rules")
    honest = (Term("honest", 0.5, role="patient"), Term("format", 0.25, role="patient", source="words")) if kernel.open else ()
    manner = (Term("manner", 0.3, source="judge", gate="correct"), Term("manner", 0.1, source="judge")) if judged else ()
    players = {"patient": HonestPatient()} if patient == "inside" else {}
    judges = (StubJudge(),) if judged else ()
    return System("tests/Consultation", kernel, Conversation(), Clinic(), (*TERMS, *honest, *manner), players, judges)
