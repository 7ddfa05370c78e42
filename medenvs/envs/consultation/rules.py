"""What moves cost and show in one world, as tables over the numbers in use; and how strictly the game is played."""

from __future__ import annotations

from functools import cache
from typing import NamedTuple

import numpy as np

from medenvs.core.lanes import Lanes
from medenvs.worlds.consultation.actions import DIAGNOSE, PROPOSE, Actions, actions
from medenvs.worlds.consultation.care import words_of
from medenvs.worlds.consultation.codes import CODES
from medenvs.worlds.consultation.knowledge import knowledge
from medenvs.worlds.consultation.model import Knowledge
from medenvs.worlds.consultation.prices import QUESTION, topic_prices

from .outcomes import Outcomes

OPEN, WRONG, NEAR, RIGHT, LATE = range(5)  # verdicts


class Game(NamedTuple):
    """Which rules hold. `original`: messages beyond the budget count as DoctorAgent-RL counts them. `open`: the patient is a role.

    `shaped`: there is a term "shaping", see shaping.py (not on tensors).
    """

    original: bool = False
    open: bool = False
    shaped: bool = False


LAST_MESSAGE = 10  # the original's trainer stops a dialogue here, however badly its messages are formed


class Tables:
    """Constant tables of a world, for lanes to look up."""

    def __init__(self, kb: Knowledge, a: Actions, m: Lanes) -> None:
        diseases = list(kb.diseases.values())
        place = {f: i for i, f in enumerate(kb.findings)}
        number = {d: i for i, d in enumerate(kb.diseases)}
        self.diseases, self.words = len(diseases), words_of(kb)
        price = np.where(a.kinds == PROPOSE, 0, np.where(a.kinds == DIAGNOSE, 0, QUESTION))
        price[: a.propose] = topic_prices(a)
        self.outcomes, self.place = Outcomes(a.kinds, price, m), m.table(a.place)
        self.list_prices = price[a.orders : a.propose].astype(np.int16)
        self.dearest = int(self.list_prices.max())
        self.affordable = np.greater_equal.outer(np.arange(self.dearest), self.list_prices).astype(np.int8)  # by what may still be spent
        self.kind, self.reveals = m.table(a.kinds), m.table(a.reveals)
        self.reveals_first = m.table(np.maximum(a.reveals[:, 0], 0))
        self.code = m.table(np.array(CODES))
        asked = {f: i for i, f in enumerate(a.topics[: a.asks])}
        self.ask_of = m.table(np.array([asked.get(f, 0) for f in kb.findings]))
        flags = [[place[f] for f in d.red_flags] for d in diseases]
        most = max(map(len, flags))
        rows = np.array([row + [-1] * (most - len(row)) for row in flags])
        self.flags = [(m.table(column >= 0), m.table(np.maximum(column, 0))) for column in rows.T]  # (is there one, which) by disease
        self.flag_share = m.table(np.array([1.0 / max(1, len(row)) for row in flags]))
        verdict = np.full((len(diseases), len(diseases) + 2), WRONG)  # by the true disease and one more than the named one
        verdict[:, 0] = LATE  # none was named; the last is a disease of no name here
        for i, d in enumerate(diseases):
            verdict[i, [1 + number[e] for e in d.neighbours]] = NEAR
            verdict[i, 1 + i] = RIGHT
        self.verdicts = m.table(verdict.ravel())
        own = [set(d.findings).union(*(kb.diseases[e].findings for e in d.neighbours)) for d in diseases]
        ordered = [[f for f, row in kb.findings.items() if row.test == t] for t in kb.tests]
        self.needless = m.table(np.array([[int(not own[i].intersection(fs)) for i in range(len(number))] for fs in ordered]).ravel())


@cache
def tables(size: str, lanes: Lanes) -> Tables:
    """Return the tables of a world of a size, built once."""
    return Tables(knowledge(size), actions(size), lanes)
