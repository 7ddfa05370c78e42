"""The rules of a consultation: ask, examine or order, advise, diagnose. What a patient has and says follows from the case."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from medenvs.core.fields import Choice, KernelSpec, Numbers, Role
from medenvs.core.lanes import PLAIN, Lanes, numpy_lanes
from medenvs.core.randomness import Key
from medenvs.core.turn import Lane, Turn
from medenvs.worlds.consultation.actions import Move, actions
from medenvs.worlds.consultation.care import care_of
from medenvs.worlds.consultation.codes import NOT_ASKED, NOT_KNOWN
from medenvs.worlds.consultation.knowledge import knowledge
from medenvs.worlds.consultation.patients import patients_of
from medenvs.worlds.consultation.personas import UNKNOWN, YES
from medenvs.worlds.consultation.prices import DEAREST, LONGEST, QUESTION

from . import ending
from .opening import begun
from .outcomes import FREE, LOST
from .privileged import truth_of
from .rules import LAST_MESSAGE, Game, tables
from .shaping import potential
from .state import State, doctor_sees, patient_sees

STEP_TERMS = ("question", "test", "invalid", "repeat", "unknown", "informative")
PATIENT_TERMS = ("honest", "silent")
DOCTOR, PATIENT = range(2)


class ConsultationKernel:
    """One doctor, one patient. In an `open` game the patient's answers come from a role, else from the rules.

    Terms: question, test (list price), invalid, repeat, unknown, informative, and at the end correct, neighbour, recommendation, timeout.
    """

    nothing = Move(-1, -1)

    def __init__(self, size: str, stream: int, game: Game = Game(), lanes: Lanes = PLAIN) -> None:  # noqa: B008
        self.kb, self.actions, self.game, self.lanes = knowledge(size), actions(size), game, lanes
        self._made, self._dearest = (size, stream, game), FREE if game.original else DEAREST
        self.tables, self.care, self.patients = tables(size, lanes), care_of(size, lanes), patients_of(size, lanes)
        self._crowd = patients_of(size, numpy_lanes())
        a = self.actions
        seen = {"observation": Numbers((a.seen,), -2, 127, "int8"), "action_mask": Numbers((a.discrete,), 0, 1, "int8")}
        roles = (Role("doctor", Choice(a.labels), seen),)
        if game.open:
            roles += (Role("patient", Choice(("cannot say", "no", "yes")), {"observation": Numbers((3,), -1, a.asks, "int16")}),)
        terms = (*ending.TERMS, *STEP_TERMS, *(PATIENT_TERMS if game.open else ()), *(("shaping",) if game.shaped else ()))
        self.spec = KernelSpec(stream, roles, terms, ending.COSTS, LONGEST, draws=False)

    def on(self, lanes: Lanes) -> ConsultationKernel:
        """Return the same rules over other numbers."""
        return ConsultationKernel(*self._made, lanes)

    def pack(self, actions: Sequence[Move]) -> Move:
        """Return a batch of moves; shorter recommendations are filled with -1."""
        most = max(len(x.items) if x.act >= 0 else 0 for x in actions)
        items = np.full((len(actions), most), -1)
        for i, x in enumerate(actions) if most else ():
            if x.act >= 0 and x.items:
                items[i, : len(x.items)] = x.items
        return Move(np.array([x.act for x in actions]), items)

    def reset(self, case: Mapping[str, Lane], keys: Key, n: int | None) -> State:
        """Begin with the columns of `medenvs.cases.consultation`."""
        state = begun(self.lanes, self.actions, self.tables, case, n)
        state.potential = potential(state, self.actions) if self.game.shaped else None
        return state

    def step(self, state: State, moves: Mapping[str, Any], active: Lane) -> tuple[State, Turn]:
        """Play one message of the doctor, or one answer of the patient."""
        turn = self._doctor(state, moves["doctor"], active) if "doctor" in moves else self._patient(state, moves["patient"], active)
        if self.game.shaped:
            turn.terms["shaping"] = self._shaping(state, active, turn)
        return state, turn

    def _shaping(self, s: State, active: Lane, turn: Turn) -> Lane:
        """Return by how much the potential has grown in the active rows; it is 0 where the episode is over."""
        m, before = self.lanes, s.potential
        s.potential = m.where(active, m.where(m.either(turn.terminated, turn.truncated), 0.0, potential(s, self.actions)), before)
        return s.potential - before

    def _doctor(self, s: State, move: Any, active: Lane) -> Turn:
        m, a, t, o = self.lanes, self.actions, self.tables, self.tables.outcomes
        act, items = self._understood(s, move)
        at = act if items is None else m.minimum(act, a.unclear)
        place = t.place[at]
        unseen = m.pick(s.mask, place)
        new = unseen if items is None else self._new_detail(s, act, place, unseen)
        row = m.where(active, 2 * at + new, o.idle)
        dear = o.demand[row] + s.spent + QUESTION * (s.budget - s.turn - 1) > self._dearest
        row = m.where(dear, o.refused, row)
        s.spent, s.turn = s.spent + o.charged[row], s.turn + o.turns[row]
        s.last, s.event = m.where(active, act, s.last), m.where(active, o.event[row], s.event)
        ends, late = o.ends[row], m.both(s.turn >= s.budget, o.late[row])
        if self.game.original:
            late = m.both(late, act >= 0)  # a malformed message never uses up the turns
        asked, told = o.asked[row], o.told[row]
        if items is not None or self.game.open:
            s.topic = m.where(o.topical[row], place, s.topic)
        unknown = self._answered(s, row, (asked, told), unseen, place, m.both(active, m.no(late)) if self.game.open else active)
        self._noted(s, row, place, act, items)
        for r in m.only(ends):
            s.diagnosed = m.write(s.diagnosed, r, m.at(act, r) - a.diagnose)
            for i in range(_width(items)):
                ending.advise(m, self.care, a, s, r, m.look(items, r, i))
        heard = m.both(asked, m.either(late, m.no(told))) if self.game.open else asked  # what a role is asked, it answers later
        said = {"question": o.question[row], "test": o.test[row], "invalid": o.invalid[row], "repeat": o.repeat[row]}
        said |= {"unknown": m.number(unknown), "informative": m.number(m.both(heard, m.no(unknown)))}
        return self._told(s, active, act, m.either(ends, late), late, said)

    def _understood(self, s: State, move: Any) -> tuple[Lane, Any]:
        """Return (move, items): a follow-up means the question asked last; numbers that are no discrete move are nothing."""
        m, a = self.lanes, self.actions
        if not isinstance(move, Move):
            return m.where(m.both(move >= 0, move < a.discrete), move, -1), None
        act = move.act + 0
        for r in m.only(m.both(act >= a.follow, act < a.nowhere)):
            slot, topic = m.at(act, r) - a.follow, m.at(s.topic, r)
            meant = m.where(slot > 0, a.detail + 3 * topic + slot - 1, topic)
            act = m.write(act, r, m.where(topic >= 0, meant, a.nowhere))
        return act, move.items

    def _new_detail(self, s: State, act: Lane, place: Lane, unseen: Lane) -> Lane:
        """Return whether what is asked is new (0 or 1), with details by their own bits."""
        m, a, new = self.lanes, self.actions, unseen + 0
        for r in m.only(m.both(act >= a.detail, act < a.follow)):
            at, bits = m.at(place, r), m.look(s.told, r, m.at(place, r))
            bit = 1 << (m.at(act, r) - a.detail - 3 * at)
            new = m.write(new, r, m.whole((bits & bit) == 0))
        return new

    def _answered(self, s: State, row: Lane, said: tuple[Lane, Lane], unseen: Lane, place: Lane, alive: Lane) -> Lane:
        """Let the patient answer what is asked for the first time, or wait for the role; return where nothing is known."""
        m, t, o = self.lanes, self.tables, self.tables.outcomes
        (asked, told), unknown = said, o.lost[row]
        shown = m.both(asked, unseen)
        if self.game.open:
            s.mover = m.where(m.both(alive, m.either(unknown, told)), PATIENT, s.mover)
            shown = m.both(shown, m.no(m.both(alive, told)))  # nobody waits for the answer to a last message: the rules give it
            for r in m.only(m.both(alive, o.topical[row])):
                k, who = s.who(m, r)
                s.true = m.write(s.true, r, self.patients.answer(k, who, t.reveals_first[m.at(place, r)]))
        for r in m.only(shown):
            for rr, finding in m.items(r, t.reveals, m.at(place, r)):
                k, who = s.who(m, rr)
                m.mark(s.seen, rr, finding, t.code[self.patients.answer(k, who, finding)])
        for r in m.only(told):
            unknown = m.write(unknown, r, m.look(s.seen, r, t.reveals_first[m.at(place, r)]) == NOT_KNOWN)
        return m.both(unknown, m.no(alive)) if self.game.open else unknown

    def _noted(self, s: State, row: Lane, place: Lane, act: Lane, items: Any) -> None:
        """Write down what need not be asked, ordered or proposed again."""
        m, a, t, o = self.lanes, self.actions, self.tables, self.tables.outcomes
        for r in m.only(o.right[row]):
            m.mark(s.mask, r, m.at(place, r), 0)
        for r in m.only(o.details[row]) if items is not None else ():
            at = m.at(place, r)
            m.mark(s.told, r, at, m.look(s.told, r, at) | 1 << (m.at(act, r) - a.detail - 3 * at))
        for r in m.only(o.orders[row]):
            test = m.at(place, r) - (a.propose - len(self.kb.tests))
            s.needless = m.write(s.needless, r, m.at(s.needless, r) + t.needless[test * t.diseases + m.at(s.disease, r)])
        for r in m.only(o.proposes[row]):
            ending.propose(m, self.care, a, s, r, m.at(place, r) - a.propose)

    def _told(self, s: State, active: Lane, act: Lane, over: Lane, late: Lane, terms: dict[str, Lane]) -> Turn:
        """Return the turn; in the original nothing but the timeout counts in a late message, and badly formed ones end at last."""
        m, done = self.lanes, over
        cut = m.both(over, m.no(over))
        if self.game.original:
            cut = m.both(act < 0, s.turn >= m.maximum(s.budget, LAST_MESSAGE))
            terms, done = {name: m.where(late, 0.0, value) for name, value in terms.items()}, m.either(over, cut)
        zero = m.number(active) * 0.0
        terms |= zip(ending.TERMS, [zero + 0.0 for _ in ending.TERMS], strict=True)  # an array for each: they are written into
        costs: dict[str, Lane] = dict(zip(ending.COSTS, [zero + 0.0 for _ in ending.COSTS], strict=True))
        for r in m.only(m.both(active, done)):
            last = ending.ended(m, self.tables, s, r)
            for into, found in zip((terms, costs), last, strict=True):
                for name, value in found.items():
                    into[name] = m.write(into[name], r, value)
        if self.game.original:
            terms["timeout"] = zero + late  # a dialogue that is cut off is not late
        return Turn(terms, costs, over, cut, dict.fromkeys(ending.TERMS, m.no(done)))

    def _patient(self, s: State, move: Any, active: Lane) -> Turn:
        m, t = self.lanes, self.tables
        move = move.act if isinstance(move, Move) else move
        valid = m.both(move >= 0, move <= YES - UNKNOWN)
        answer = m.where(valid, move, 0) + UNKNOWN
        asked = s.event != LOST
        for r in m.only(m.both(active, m.both(asked, valid))):
            finding = t.reveals_first[m.at(s.topic, r)]
            known = m.look(s.seen, r, finding)
            m.mark(s.seen, r, finding, m.where(known == NOT_ASKED, t.code[m.at(answer, r)], known))  # a detail says nothing new of it
        for r in m.only(m.both(active, m.both(asked, m.no(valid)))):  # no answer at all: it may be asked again
            topic = m.at(s.topic, r)
            m.mark(s.mask, r, topic, m.whole(m.look(s.seen, r, t.reveals_first[topic]) == NOT_ASKED))
        s.mover = m.where(active, DOCTOR, s.mover)
        zero, unknown = m.number(active) * 0.0, m.both(valid, answer == UNKNOWN)
        terms = {"honest": zero + m.both(m.both(asked, valid), answer == s.true), "silent": zero + m.no(valid)}
        terms |= {"unknown": zero + unknown, "informative": zero + m.both(valid, m.no(unknown))}
        never = m.both(valid, m.no(valid))
        return Turn(terms, {}, never, never, {"honest": m.no(asked)})

    def mover(self, state: State) -> Lane:
        """Return whose turn it is."""
        return state.mover

    def truth(self, state: State, row: int | None) -> dict[str, Any]:
        """Return the case's truth: the next right discrete move, and what is right in words."""
        return truth_of(state, self.kb, self.actions, self._crowd, row)

    def observe(self, state: State, role: str, rows: Any = None) -> dict[str, Any]:
        """Return the numbers of a role."""
        return patient_sees(state, rows) if role == "patient" else doctor_sees(state, self.actions, self.tables, rows, self._dearest)


def _width(items: Any) -> int:
    """Return how many items a batch of recommendations, or one, holds at most."""
    return 0 if items is None else int(np.shape(items)[-1])
