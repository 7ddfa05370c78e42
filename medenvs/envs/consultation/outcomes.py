"""What a move comes to, as tables over (move, is it new): one look-up costs a batch what one comparison does, and stands for several."""

from __future__ import annotations

from typing import Any

import numpy as np

from medenvs.core.lanes import Lanes
from medenvs.worlds.consultation.actions import DETAIL, DIAGNOSE, NOWHERE, ORDER, PROPOSE, SEVERAL, UNCLEAR
from medenvs.worlds.consultation.prices import QUESTION

SAID, AGAIN, REFUSED, LOST = range(4)  # what became of a move; LOST: nothing on record was asked
FREE = 1 << 30  # where nothing has a price


class Outcomes:
    """Row ``2 * move + new`` of each table; two more rows stand for a doctor who is not asked (`idle`) and for an order `refused`."""

    def __init__(self, kinds: np.ndarray, price: np.ndarray, m: Lanes) -> None:
        kind, new = np.repeat(kinds, 2), np.tile((False, True), len(kinds))
        self.idle, self.refused = (len(kind) - 2, len(kind) - 1)  # in front of NOTHING, which is -1

        def table(column: Any, idle: Any, refused: Any) -> Any:
            return m.table(np.insert(column, self.idle, (idle, refused)))

        right, ends = (kind <= PROPOSE) & new, kind == DIAGNOSE
        asked, order, invalid = right & (kind <= ORDER), right & (kind == ORDER), kind >= SEVERAL
        charged = np.where(right | ends, np.repeat(price, 2), QUESTION)
        event = np.where(right | ends, SAID, np.where(kind <= PROPOSE, AGAIN, LOST))
        proposes = right & (kind == PROPOSE)
        self.demand = table(np.where(order, charged, -FREE), -FREE, -FREE)  # what must be left for it
        self.charged, self.turns = table(charged, 0, QUESTION), table(1 - proposes, 0, 1)
        self.event = table(event, LOST, REFUSED)
        self.ends, self.late = table(ends, False, False), table(~(ends | proposes), False, True)  # late: if no turns are left then
        self.right, self.asked = table(right, False, False), table(asked, False, False)
        self.told = table(asked & (kind <= DETAIL), False, False)  # by the patient
        self.topical = table(kind <= DETAIL, False, False)  # what a follow-up means from now on
        self.lost = table((kind >= UNCLEAR) & (kind <= NOWHERE), False, False)
        self.details, self.orders = table(right & (kind == DETAIL), False, False), table(order, False, False)
        self.proposes = table(proposes, False, False)
        # Terms
        question = (charged == QUESTION) & ~(invalid | order)
        self.question = table(question * 1.0, 0.0, 0.0)
        self.test = table(np.where(order, charged, 0) * 1.0, 0.0, 0.0)
        self.invalid = table(invalid * 1.0, 0.0, 1.0)
        self.repeat = table((event == AGAIN) * 1.0, 0.0, 0.0)
