"""Advice and its worth, and what is known only when a consultation ends."""

from __future__ import annotations

from typing import Any

from medenvs.core.lanes import Lanes
from medenvs.core.turn import Lane
from medenvs.worlds.consultation.actions import Actions
from medenvs.worlds.consultation.care import Care
from medenvs.worlds.consultation.codes import NOT_ASKED

from .rules import LATE, NEAR, RIGHT, Tables
from .state import State

TERMS = ("correct", "neighbour", "recommendation", "timeout")
COSTS = ("missed_red_flag", "contraindicated", "needless_test")


def advise(m: Lanes, care: Care, a: Actions, s: State, r: Any, item: Lane) -> None:
    """Put an item on the plan of the selected rows (-1: none). Unknown items count as advised every time, known ones once."""
    other, unseen = a.other, a.chart - 1 - a.plan  # "spent" is written when it is looked at, so nothing shows there
    real = item >= 0
    place = m.where(real, item, other)
    fresh = m.both(real, m.either(place == other, m.look(s.seen, r, a.plan + m.minimum(place, other - 1)) == 0))
    _advised(m, care, s, r, m.where(fresh, place, -1))
    m.mark(s.seen, r, a.plan + m.where(place == other, unseen, place), 1)


def propose(m: Lanes, care: Care, a: Actions, s: State, r: Any, item: Lane) -> None:
    """Put an item that is known and new on the plan of the selected rows."""
    _advised(m, care, s, r, item)
    m.mark(s.seen, r, a.plan + item, 1)


def _advised(m: Lanes, care: Care, s: State, r: Any, item: Lane) -> None:
    good, bad = (care.contains([m.at(word, r) for word in words], item) for words in (s.gold, s.against))
    s.said, s.good, s.bad = (m.write(x, r, m.at(x, r) + y) for x, y in ((s.said, item >= 0), (s.good, good), (s.bad, bad)))


def ended(m: Lanes, t: Tables, s: State, r: Any) -> tuple[dict[str, Lane], dict[str, Lane]]:
    """Return the terms and costs of the selected rows, whose consultations are over; their verdicts are written."""
    said, true = m.at(s.diagnosed, r), m.at(s.disease, r)
    verdict = t.verdicts[true * (t.diseases + 2) + said + 1]
    right, near, named = verdict == RIGHT, verdict == NEAR, verdict != LATE
    s.verdict = m.write(s.verdict, r, verdict)
    f1 = m.ratio(2.0 * m.at(s.good, r), m.number(m.at(s.said, r) + m.at(s.items, r)))
    missed = true * 0
    for there, flag in t.flags:
        missed = missed + m.both(there[true], m.look(s.seen, r, flag[true]) == NOT_ASKED)
    terms = {"correct": m.number(right), "neighbour": m.number(near), "recommendation": m.number(f1), "timeout": m.number(m.no(named))}
    costs = (m.number(missed) * t.flag_share[true], m.number(m.at(s.bad, r)), m.number(m.at(s.needless, r)))
    return terms, dict(zip(COSTS, costs, strict=True))
