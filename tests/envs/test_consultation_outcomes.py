"""The table of what moves come to: what is charged is what is told, and nothing happens to who is not asked."""

from __future__ import annotations

import numpy as np
import pytest

from medenvs.core.lanes import numpy_lanes
from medenvs.envs.consultation.outcomes import AGAIN, FREE, LOST, QUESTION, REFUSED, SAID
from medenvs.envs.consultation.rules import tables
from medenvs.worlds.consultation.actions import DIAGNOSE, NOTHING, PROPOSE, actions


@pytest.mark.parametrize("size", ["tiny", "full"])
def test_what_is_charged_is_what_the_terms_tell(size: str) -> None:
    o = tables(size, numpy_lanes()).outcomes
    assert (o.charged == QUESTION * (o.question + o.invalid) + o.test).all()
    assert (o.test[o.orders] > 0).all() and not o.test[~o.orders].any()
    assert (o.demand == np.where(o.orders, o.charged, -FREE)).all()
    assert ((o.event == AGAIN) == (o.repeat == 1)).all()
    assert (o.right == (o.asked | o.proposes)).all() and not (o.asked & o.proposes).any() and (o.asked >= o.told).all()
    assert (o.event[o.right | o.ends] == SAID).all() and (o.event[o.lost] == LOST).all()


@pytest.mark.parametrize("size", ["tiny", "full"])
def test_rows_stand_where_moves_look_for_them(size: str) -> None:
    a, o = actions(size), tables(size, numpy_lanes()).outcomes
    for move in (-1, *range(a.unclear + 1)):
        old, new = (int(o.charged[2 * move + i]) for i in (0, 1))
        kind = a.kinds[move]
        if kind in (DIAGNOSE, NOTHING):
            assert old == new == (0 if kind == DIAGNOSE else QUESTION)
            assert bool(o.ends[2 * move]) == (kind == DIAGNOSE) and bool(o.invalid[2 * move]) == (kind == NOTHING)
        if kind == PROPOSE:
            assert (old, new) == (QUESTION, 0) and (o.turns[2 * move], o.turns[2 * move + 1]) == (1, 0)
    assert [int(o.turns[o.idle]), int(o.charged[o.idle]), int(o.turns[o.refused])] == [0, 0, 1]
    assert not any(t[o.idle] for t in (o.late, o.ends, o.right, o.asked, o.topical, o.lost, o.question, o.invalid, o.repeat))
    assert int(o.event[o.refused]) == REFUSED and o.late[o.refused] and not o.right[o.refused]
