"""A consultation that is over, seen with the exact posterior: what the doctor could have known when, beside the reference doctor's play."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from medenvs.core.episode import Episode
from medenvs.core.errors import BadValue, unknown
from medenvs.core.lanes import PLAIN
from medenvs.core.randomness import Key
from medenvs.core.system import System
from medenvs.worlds.consultation.actions import actions
from medenvs.worlds.consultation.knowledge import SIZES
from medenvs.worlds.consultation.model import Knowledge
from medenvs.worlds.consultation.patients import patients_of
from medenvs.worlds.consultation.personas import NO, UNASKED, UNKNOWN, YES

from .doctors import Mind, mind
from .greedy import Greedy
from .reading import Array, size_of

_ROLE = "doctor"
SIGNS = {YES: "+", NO: "−", UNKNOWN: "?"}


class Turn(NamedTuple):
    """What was known after a message; turn 0 is the opening. `learnt`: names with +, − or ? in front, what is present first."""

    turn: int
    learnt: tuple[str, ...]
    chance: float  # of the true disease
    likeliest: str
    share: float  # of the likeliest disease


class Side(NamedTuple):
    """How one doctor did. `named` is "" where no known disease was diagnosed, `paid` by the term that costs; all in reward."""

    turns: tuple[Turn, ...]
    named: str
    advised: tuple[str, ...]
    forbidden: tuple[str, ...]  # items advised that something speaks against
    earned: float
    paid: Mapping[str, float]


class Hindsight(NamedTuple):
    """The truth of a case, and how two doctors came near it."""

    case: int
    diagnosis: str
    recommendation: tuple[str, ...]
    against: Mapping[str, str]  # items that something about the patient speaks against, and what; of this disease's care, or advised
    missed: Mapping[str, bool]  # red flags nobody looked for, and whether they were there
    flags: int  # how many the disease has
    yours: Side
    reference: Side


def suits(system: System) -> bool:
    """Return whether hindsight can be had: a doctor alone plays, by the numbers of a known world; patient and reward are by rule."""
    seen = system.kernel.spec.roles[0].observation
    widths = [(actions(size).seen,) for size in SIZES]
    by_rule = system.roles == (_ROLE,) and not system.players and not system.judges
    return by_rule and list(seen) == ["observation", "action_mask"] and tuple(seen["observation"].shape) in widths


def hindsight(system: System, case: int, moves: Sequence[Any], knobs: Mapping[str, Any] | None = None) -> Hindsight:
    """Play the moves (texts, or numbers) of a doctor in a case of a consultation again, and let the reference doctor play it.

    `system` is that of an environment (``env.unwrapped.system``), `knobs` what its reset was given besides the case. Raises BadValue
    unless the system `suits`, UnknownName for other knobs.
    """
    if not suits(system):
        needs = "a doctor alone, a patient who follows the rules, and no judge"
        raise BadValue(f"{system.name} has no hindsight: it needs {needs}. Use medenvs/Consultation-v0 with patient='rules'.")
    columns = _numbers(system, knobs or {})
    given = iter(moves)
    yours = _Played(system, case, columns, bool(moves) and isinstance(moves[0], str))
    yours.play(lambda _: next(given, None))
    reference, doctor = _Played(system, case, columns, False), Greedy()
    reference.play(lambda seen: doctor.act(seen, {}))
    truth, kb = yours.truth, yours.mind.kb
    ill = kb.diseases[truth["disease"]]
    held = _held(kb, yours.key)
    right = tuple(truth["recommendation"].split("; "))
    items = dict.fromkeys((*(item for need in ill.care for item in kb.needs[need]), *yours.advised))
    against = {item: why for item in items if item not in right and (why := _why(kb, item, held))}
    known = yours.answers
    missed = {kb.findings[f].name: kb.number[f] in truth["present"] for f in ill.red_flags if known[kb.number[f]] == UNASKED}
    sides = (p.side(ill.id, lambda item: bool(_why(kb, item, held))) for p in (yours, reference))
    return Hindsight(case, ill.name, right, against, missed, len(ill.red_flags), *sides)


class _Played:
    """One play of the case, and what was observed after each message."""

    def __init__(self, system: System, case: int, knobs: Mapping[str, int], words: bool) -> None:
        self._episode = Episode(system, words=words)
        self._episode.start(0, (0, 0), 0, case=case, knobs=knobs)
        self._costs = {t.name: -t.weight for t in system.terms if t.weight < 0}
        first = self._observed()
        self.mind: Mind = mind(size_of(len(first["observation"])))
        self.seen, self.closing, self.earned, self.paid = [first], first, 0.0, dict.fromkeys(self._costs, 0.0)

    def _observed(self) -> dict[str, Any]:
        return self._episode.kernel.observe(self._episode.state, _ROLE)

    def play(self, doctor: Any) -> None:
        """Ask the doctor, who sees numbers, for moves until it is over or the doctor has none."""
        over, now = False, self.seen[0]
        while not over and (move := doctor(now)) is not None:
            out = self._episode.act(_ROLE, move)
            over, now = out.terminated or out.truncated, self._observed()
            self.earned += out.rewards[_ROLE]
            for name, price in self._costs.items():
                self.paid[name] += price * out.terms[name]
            if self._left(now) < self._left(self.seen[-1]) and not (over and self.truth["said_diagnosis"]):
                self.seen.append(now)
        self.closing = now

    def _left(self, seen: Mapping[str, Any]) -> int:
        return int(seen["observation"][self.mind.reading.place("left")])

    @property
    def truth(self) -> Mapping[str, Any]:
        return self._episode.truth()

    @property
    def key(self) -> Key:
        return self._episode.state.key

    @property
    def answers(self) -> Array:
        return self.mind.reading([self.closing]).answers[0]

    @property
    def advised(self) -> tuple[str, ...]:
        return tuple(x for x in self.truth["said_recommendation"].split("; ") if x)

    def side(self, disease: str, forbidden: Any) -> Side:
        kb, seen = self.mind.kb, self.mind.reading(self.seen)
        p = self.mind.posterior.of(seen.who, seen.answers)
        names, true = [d.name for d in kb.diseases.values()], list(kb.diseases).index(disease)
        best = p.argmax(1)
        turns = tuple(
            Turn(i, _learnt(kb, seen.answers, i), float(p[i, true]), names[best[i]], float(p[i, best[i]])) for i in range(len(self.seen))
        )
        wrong = tuple(item for item in self.advised if forbidden(item))
        return Side(turns, self.truth["said_diagnosis"], self.advised, wrong, self.earned, self.paid)


def _numbers(system: System, knobs: Mapping[str, Any]) -> dict[str, int]:
    """Return knobs as columns hold them: names by their place."""
    for name in knobs:
        if name not in system.knobs:
            raise unknown("knob", name, system.knobs)
    allowed = {name: system.knobs[name] for name in knobs}
    return {n: a.index(knobs[n]) if isinstance(a, tuple) else int(knobs[n]) for n, a in allowed.items()}


def _learnt(kb: Knowledge, answers: Array, i: int) -> tuple[str, ...]:
    """Return what row i of the answers holds that the row before does not."""
    fresh = np.flatnonzero(answers[i] != (answers[i - 1] if i else UNASKED))
    rows = list(kb.findings.values())
    return tuple(f"{SIGNS[int(answers[i, f])]} {rows[f].name}" for f in sorted(fresh.tolist(), key=lambda f: -answers[i, f]))


def _held(kb: Knowledge, k: Key) -> dict[str, str]:
    """Return what the patient of a case has that can speak against a drug, by id, in words."""
    patients = patients_of(kb.size, PLAIN)
    there = patients.attributes(k, patients.columns(k))
    return {a.id: a.text for a, has in zip(kb.attributes.values(), there, strict=True) if has}


def _why(kb: Knowledge, item: str, held: Mapping[str, str]) -> str:
    """Return what speaks against an item, "" if nothing does."""
    return "; ".join(f"{held[rule.attribute]}: {rule.why}" for rule in kb.rules if rule.drug == item and rule.attribute in held)
