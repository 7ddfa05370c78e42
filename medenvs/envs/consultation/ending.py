"""Advice and its worth, and what is known only when a consultation ends."""

from __future__ import annotations

from typing import Any

from medenvs.core.lanes import Lanes
from medenvs.core.turn import Lane
from medenvs.worlds.consultation.actions import Actions
from medenvs.worlds.consultation.care import Care
from medenvs.worlds.consultation.codes import NOT_ASKED

from .rules import Tables
from .state import LATE, NEAR, RIGHT, WRONG, State

TERMS = ("correct", "neighbour", "recommendation", "timeout")
COSTS = ("missed_red_flag", "contraindicated", "needless_test")


def advise(m: Lanes, care: Care, a: Actions, s: State, r: Any, item: Lane) -> None:
    """Put an item on the plan of the selected rows (-1: none). Unknown items count as advised every time, known ones once."""
    other, plan, unseen = a.other, a.plan, a.chart - 1  # "spent" is written when it is looked at, so nothing shows there
    real = item >= 0
    place = m.where(real, item, other)
    fresh = m.both(real, m.either(place == other, m.look(s.seen, r, plan + m.minimum(place, other - 1)) == 0))
    good = m.both(fresh, care.contains([m.at(g, r) for g in s.gold], place))
    bad = m.both(fresh, care.contains([m.at(g, r) for g in s.against], place))
    s.said, s.good, s.bad = (m.write(x, r, m.at(x, r) + y) for x, y in ((s.said, fresh), (s.good, good), (s.bad, bad)))
    m.mark(s.seen, r, m.where(place == other, unseen, plan + place), 1)


def ended(m: Lanes, t: Tables, s: State, r: Any) -> tuple[dict[str, Lane], dict[str, Lane]]:
    """Return the terms and costs of the selected rows, whose consultations are over; their verdicts are written."""
    said, true = m.at(s.diagnosed, r), m.at(s.disease, r)
    named = said >= 0
    right = said == true
    near = m.both(named, t.near[true * (t.diseases + 1) + m.maximum(said, 0)])
    verdict = m.where(right, RIGHT, m.where(near, NEAR, m.where(named, WRONG, LATE)))
    s.verdict = m.write(s.verdict, r, verdict)
    f1 = m.ratio(2.0 * m.at(s.good, r), m.number(m.at(s.said, r) + m.at(s.items, r)))
    missed = true * 0
    for i in range(t.most_flags):
        flag = t.flags[true * t.most_flags + i]
        missed = missed + m.both(flag >= 0, m.look(s.seen, r, m.maximum(flag, 0)) == NOT_ASKED)
    terms = {"correct": m.number(right), "neighbour": m.number(near), "recommendation": m.number(f1), "timeout": m.number(m.no(named))}
    costs = (m.number(missed) * t.flag_share[true], m.number(m.at(s.bad, r)), m.number(m.at(s.needless, r)))
    return terms, dict(zip(COSTS, costs, strict=True))
