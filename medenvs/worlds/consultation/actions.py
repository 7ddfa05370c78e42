"""How a consultation's moves are numbered, and where its numbers stand in what a doctor sees.

The discrete moves come first; those that only words can make stand behind them.
"""

from __future__ import annotations

from functools import cache
from typing import Any, NamedTuple

import numpy as np

from .hearing_words import SLOTS
from .knowledge import knowledge
from .model import Knowledge

ASK, DETAIL, EXAMINE, ORDER, PROPOSE, DIAGNOSE, FOLLOW, UNCLEAR, NOWHERE, SEVERAL, NOTHING = range(11)  # kinds of moves
BASICS: tuple[str, ...] = ("age", "sex", "pregnancy", "egfr", "persona", "left", "spent")  # left: messages; spent: hundredths of reward
MOST_ITEMS = 16  # of a recommendation are read; what stands behind them is not heard


class Move(NamedTuple):
    """What a doctor does: the number of a move, and the items of a recommendation (-1 for none, `Actions.other` for unknown ones)."""

    act: Any
    items: Any


class Actions:
    """The moves of one world. `shown` lists the findings that each topic brings to light, `reveals` the same as a grid filled with -1."""

    def __init__(self, kb: Knowledge) -> None:
        self.kb = kb
        asks = [f for f, row in kb.findings.items() if not row.measured]
        exams = [f for f, row in kb.findings.items() if row.measured and row.test is None]
        self.topics = (*asks, *exams, *kb.tests)  # what one can ask about, by the number of the move
        self.asks, self.drugs, self.diseases = len(asks), len(kb.drugs), len(kb.diseases)
        self.orders = len(asks) + len(exams)  # the first order
        self.propose = len(self.topics)
        self.diagnose = self.propose + self.drugs
        self.discrete = self.diagnose + self.diseases
        verbs = ["ask"] * len(asks) + ["examine"] * len(exams) + ["order"] * len(kb.tests)
        names = [f"{verb} {topic}" for verb, topic in zip(verbs, self.topics, strict=True)]
        self.labels = (*names, *(f"propose {d}" for d in kb.drugs), *(f"diagnose {d}" for d in kb.diseases))
        self.unnamed = self.discrete  # a diagnosis that is none of this world's
        self.detail = self.unnamed + 1  # + 3 * ask + slot - 1
        self.follow = self.detail + 3 * self.asks  # + slot
        self.nowhere = self.follow + len(SLOTS)
        self.several = self.nowhere + 1
        self.unclear = self.several + 1  # + first * (topics + 1) + second, the last meaning none
        self.other = self.drugs  # an item that is not in the vocabulary
        self.number = {topic: i for i, topic in enumerate(self.topics)}
        counts = [len(asks), len(exams), len(kb.tests), self.drugs, self.diseases + 1, 3 * self.asks, len(SLOTS), 1, 1, 1, 1]
        kinds = (ASK, EXAMINE, ORDER, PROPOSE, DIAGNOSE, DETAIL, FOLLOW, NOWHERE, SEVERAL, UNCLEAR, NOTHING)
        self.kinds = np.repeat(kinds, counts)  # of move a: kinds[min(a, unclear)], NOTHING (the last) for -1
        place = np.arange(len(self.kinds))  # the discrete move that a move comes to
        place[self.detail : self.follow] = np.repeat(np.arange(self.asks), 3)
        self.place = np.where(self.kinds <= PROPOSE, place, 0)
        # What a doctor sees in numbers: the findings, seven basics, the chart, the plan
        self.chart = len(kb.findings) + len(BASICS)
        self.plan = self.chart + sum(a.rates is not None for a in kb.attributes.values())
        self.seen = self.plan + self.drugs
        self.shown = self._shown()
        width = max(map(len, self.shown))
        self.reveals = np.array([[*row, *[-1] * (width - len(row))] for row in self.shown])

    def _shown(self) -> tuple[tuple[int, ...], ...]:
        number, rows = self.kb.number, self.kb.findings.items()
        by_test = {t: tuple(number[f] for f, row in rows if row.test == t) for t in self.kb.tests}
        return tuple((number[t],) if t in number else by_test[t] for t in self.topics)

    def between(self, first: str, second: str | None) -> int:
        """Return the move that means: not sure which of the two topics is meant."""
        return self.unclear + self.number[first] * (len(self.topics) + 1) + (len(self.topics) if second is None else self.number[second])

    def candidates(self, act: int) -> tuple[str, ...]:
        """Return the topics between which a doctor was not understood."""
        both = divmod(act - self.unclear, len(self.topics) + 1)
        return tuple(self.topics[i] for i in both if i < len(self.topics))


@cache
def actions(size: str) -> Actions:
    """Return the numbering of the world of a size; raises UnknownName."""
    return Actions(knowledge(size))
