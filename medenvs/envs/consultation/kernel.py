"""The rules of a consultation: ask, examine or order, advise, diagnose. What a patient has and says follows from the case."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from medenvs.core.fields import Choice, KernelSpec, Numbers, Role
from medenvs.core.lanes import PLAIN, Lanes, numpy_lanes
from medenvs.core.randomness import Key
from medenvs.core.turn import Lane, Turn
from medenvs.worlds.consultation.actions import DETAIL, DIAGNOSE, NOTHING, NOWHERE, ORDER, PROPOSE, SEVERAL, UNCLEAR, Move, actions
from medenvs.worlds.consultation.care import care_of
from medenvs.worlds.consultation.codes import NOT_ASKED, NOT_KNOWN
from medenvs.worlds.consultation.knowledge import knowledge
from medenvs.worlds.consultation.patients import patients_of
from medenvs.worlds.consultation.personas import UNKNOWN, YES
from medenvs.worlds.consultation.prices import DEAREST, LONGEST, QUESTION

from . import ending
from .opening import begun
from .privileged import truth_of
from .rules import FREE, LAST_MESSAGE, Game, tables
from .shaping import potential
from .state import AGAIN, LOST, REFUSED, SAID, State, doctor_sees, patient_sees

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
        m, a, t = self.lanes, self.actions, self.tables
        act, items = self._understood(s, move)
        at = m.minimum(act, a.unclear)
        kind, place, price = t.kind[at], t.place[at], t.price[at]
        topical, diagnosing = kind <= PROPOSE, kind == DIAGNOSE
        unseen = m.pick(s.mask, place) == 1
        new = unseen if items is None else self._new_detail(s, act, place, kind == DETAIL, unseen)
        order, proposing = m.both(kind == ORDER, new), m.both(kind == PROPOSE, new)
        dear = m.both(order, s.spent + price + QUESTION * (s.budget - s.turn - 1) > self._dearest)
        ok = m.both(m.both(topical, new), m.no(dear))
        does, meant = m.both(active, ok), m.either(ok, diagnosing)
        charged = m.where(meant, price, QUESTION)
        s.spent = s.spent + m.where(active, charged, 0)
        s.turn = s.turn + m.whole(m.both(active, m.no(proposing)))
        s.last = m.where(active, act, s.last)
        event = m.where(meant, SAID, m.where(dear, REFUSED, m.where(topical, AGAIN, LOST)))
        s.event = m.where(active, event, s.event)
        late = self._late(s, kind, diagnosing, proposing)
        asked, told = m.both(does, kind <= ORDER), kind <= DETAIL
        if items is not None or self.game.open:
            s.topic = m.where(m.both(active, told), place, s.topic)
        unknown = self._answered(s, asked, unseen, place, kind, m.both(active, m.no(late)))
        self._noted(s, does, kind, place, act)
        for r in m.only(m.both(active, diagnosing)):
            s.diagnosed = m.write(s.diagnosed, r, m.at(act, r) - a.diagnose)
            for i in range(_width(items)):
                ending.advise(m, self.care, a, s, r, m.look(items, r, i))
        invalid, tested = m.either(kind >= SEVERAL, dear), m.both(order, ok)
        question = m.both(charged == QUESTION, m.no(m.either(invalid, tested)))
        said = {"question": question, "test": m.where(tested, price, 0), "invalid": invalid, "repeat": event == AGAIN, "unknown": unknown}
        heard = m.both(asked, m.either(late, m.no(told))) if self.game.open else asked  # what a role is asked, it answers later
        said["informative"] = m.both(heard, m.no(unknown))
        return self._told(s, active, kind, m.either(diagnosing, late), late, said)

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

    def _new_detail(self, s: State, act: Lane, place: Lane, detail: Lane, unseen: Lane) -> Lane:
        """Return whether what is asked is new, with details by their own bits (which are set)."""
        m, new = self.lanes, self.lanes.both(unseen, unseen)
        for r in m.only(detail):
            at, bits = m.at(place, r), m.look(s.told, r, m.at(place, r))
            bit = 1 << (m.at(act, r) - self.actions.detail - 3 * at)
            new = m.write(new, r, (bits & bit) == 0)
        return new

    def _late(self, s: State, kind: Lane, diagnosing: Lane, proposing: Lane) -> Lane:
        """Return whether this message used up the turns without a diagnosis; in the original a malformed one never does."""
        m = self.lanes
        late = m.both(s.turn >= s.budget, m.no(m.either(diagnosing, proposing)))
        return m.both(late, kind != NOTHING) if self.game.original else late

    def _answered(self, s: State, asked: Lane, unseen: Lane, place: Lane, kind: Lane, alive: Lane) -> Lane:
        """Let the patient answer what is asked for the first time, or wait for the role; return where nothing is known."""
        m, t = self.lanes, self.tables
        lost, told = m.both(kind >= UNCLEAR, kind <= NOWHERE), m.both(asked, kind <= DETAIL)
        unknown, shown = m.both(lost, lost), m.both(asked, unseen)
        if self.game.open:
            s.mover = m.where(m.both(alive, m.either(lost, told)), PATIENT, s.mover)
            shown = m.both(shown, m.no(m.both(alive, told)))  # nobody waits for the answer to a last message: the rules give it
            for r in m.only(m.both(alive, kind <= DETAIL)):
                k, who = s.who(m, r)
                s.true = m.write(s.true, r, self.patients.answer(k, who, t.reveals_first[m.at(place, r)]))
        for r in m.only(shown):
            for rr, finding in m.items(r, t.reveals, m.at(place, r)):
                k, who = s.who(m, rr)
                m.mark(s.seen, rr, finding, t.code[self.patients.answer(k, who, finding)])
        for r in m.only(told):
            unknown = m.write(unknown, r, m.look(s.seen, r, t.reveals_first[m.at(place, r)]) == NOT_KNOWN)
        return m.both(unknown, m.no(alive)) if self.game.open else unknown

    def _noted(self, s: State, does: Lane, kind: Lane, place: Lane, act: Lane) -> None:
        """Write down what need not be asked, ordered or proposed again."""
        m, a, t = self.lanes, self.actions, self.tables
        for r in m.only(does):
            m.mark(s.mask, r, m.at(place, r), 0)
        for r in m.only(m.both(does, kind == DETAIL)):
            at = m.at(place, r)
            m.mark(s.told, r, at, m.look(s.told, r, at) | 1 << (m.at(act, r) - a.detail - 3 * at))
        for r in m.only(m.both(does, kind == ORDER)):
            test = m.at(place, r) - (a.propose - len(self.kb.tests))
            s.needless = m.write(s.needless, r, m.at(s.needless, r) + t.needless[test * t.diseases + m.at(s.disease, r)])
        for r in m.only(m.both(does, kind == PROPOSE)):
            ending.advise(m, self.care, a, s, r, m.at(place, r) - a.propose)

    def _told(self, s: State, active: Lane, kind: Lane, over: Lane, late: Lane, said: Mapping[str, Lane]) -> Turn:
        """Return the turn; in the original nothing but the timeout counts in a late message, and badly formed ones end at last."""
        m = self.lanes
        cut = m.both(over, m.no(over))
        if self.game.original:
            cut = m.both(kind == NOTHING, s.turn >= m.maximum(s.budget, LAST_MESSAGE))
            said = {name: m.where(late, 0, value) for name, value in said.items()}
        zero = m.number(active) * 0.0
        terms: dict[str, Lane] = {name: zero + value for name, value in said.items()}
        terms |= zip(ending.TERMS, [zero + 0.0 for _ in ending.TERMS], strict=True)  # an array for each: they are written into
        costs: dict[str, Lane] = dict(zip(ending.COSTS, [zero + 0.0 for _ in ending.COSTS], strict=True))
        for r in m.only(m.both(active, m.either(over, cut))):
            last = ending.ended(m, self.tables, s, r)
            for into, found in zip((terms, costs), last, strict=True):
                for name, value in found.items():
                    into[name] = m.write(into[name], r, value)
        if self.game.original:
            terms["timeout"] = zero + late  # a dialogue that is cut off is not late
        open_still = m.no(m.either(over, cut))
        return Turn(terms, costs, over, cut, dict.fromkeys(ending.TERMS, open_still))

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
