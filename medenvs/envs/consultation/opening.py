"""How a consultation begins: the chart is on the table, the complaints are known."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from medenvs.core.lanes import Lanes
from medenvs.core.turn import Lane
from medenvs.worlds.consultation.actions import BASICS, Actions
from medenvs.worlds.consultation.codes import FIRST, SECOND

from .rules import OPEN, Tables
from .state import State

_CASE = ("case", "disease", "sex", "persona", "first", "second", "budget", "items")
_NAUGHT = ("turn", "spent", "event", "true", "said", "good", "bad", "needless", "mover")
_NONE = ("last", "topic", "diagnosed")


def begun(m: Lanes, a: Actions, t: Tables, case: Mapping[str, Lane], n: int | None) -> State:
    """Return the state at the opening, out of the columns of cases."""
    seen, mask = m.grid(n, a.seen, 0, "int8"), m.grid(n, a.discrete, 1, "int8")
    m.paste(seen, a.chart - len(BASICS), case["basics"])
    m.paste(seen, a.chart, case["chart"])
    for name, code in (("second", SECOND), ("first", FIRST)):
        for r in m.only(case[name] >= 0):
            finding = m.at(case[name], r)
            m.mark(seen, r, finding, code)
            m.mark(mask, r, t.ask_of[finding], 0)
    for r in m.only(case["persona"] >= 0):  # in every row: a knob may have turned it
        m.mark(seen, r, a.chart - 3, case["persona"])
    lanes: dict[str, Any] = {name: case[name] for name in _CASE}
    lanes |= {name: m.full(n, 0) for name in _NAUGHT} | {name: m.full(n, -1) for name in _NONE}
    gold, against = (tuple(case[f"{name}{i}"] for i in range(t.words)) for name in ("gold", "against"))
    key, told = (case["key0"], case["key1"]), m.grid(n, a.asks, 0, "int8")
    return State(**lanes, key=key, gold=gold, against=against, seen=seen, mask=mask, told=told, verdict=m.full(n, OPEN))
